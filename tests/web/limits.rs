//! Nobody takes the service from the others: by asking too much, too often or too slowly.

use std::time::{Duration, Instant};

use chrono::Duration as Days;

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::wire::Wire;
use crate::support::world::{CLAIRE, DENIS, World};

on_both_databases! {
    /// An account has its share of a minute, by page and by program together; then it waits as long as it is told.
    fn an_account_that_asks_too_often_waits(app: &TestApp) {
        let world = World::new(app);
        let base = app.served_again(|config| config.requests_per_account = 12);
        let (mut claire, mut denis) = (app.signed_in(CLAIRE), app.signed_in(DENIS));
        let mut program = world.program(world.claire_account).at(&base);
        (claire, denis) = (claire.at(&base), denis.at(&base));
        let answered: Vec<u16> = (0..6).flat_map(|_| [claire.get("/seances").status, program.get("/api/v1/me").status]).collect();
        assert_eq!(answered, [200; 12]);
        let page = claire.get("/seances").expect(429);
        assert_eq!(page.header("retry-after"), Some("5"));
        assert!(page.words().contains("Trop de demandes en peu de temps. Réessayez dans 5 s"), "{}", page.words());
        let problem = program.get("/api/v1/me").expect(429);
        assert_eq!((problem.header("retry-after"), problem.json()["code"].as_str()), (Some("5"), Some("too_many_requests")));
        denis.get("/seances").expect(200);
        app.app.clock.advance(Days::seconds(5));
        claire.get("/seances").expect(200);
        claire.get("/seances").expect(429);
    }

    /// An address of the network has its share too, whoever asks; files of the frontend are not counted.
    fn an_address_that_asks_too_often_waits(app: &TestApp) {
        let base = app.served_again(|config| config.requests_per_address = 5);
        let mut browser = Browser::new(&base);
        assert!((0..20).all(|_| browser.get("/static/base.css").status == 200));
        assert!((0..5).all(|_| browser.get("/connexion").status == 200));
        let page = browser.get("/connexion").expect(429);
        assert_eq!(page.header("retry-after"), Some("12"));
        assert_eq!(browser.get("/api/v1/me").expect(429).json()["status"], 429);
        // what another writes of itself changes nothing: no proxy of ours said it
        browser.get_with("/connexion", &[("x-forwarded-for", "203.0.113.9")]).expect(429);
    }
}

/// Whoever says little for long is cut off: the head of a request first.
#[test]
fn a_slow_head_is_cut_off() {
    let app = TestApp::sqlite();
    let mut wires: Vec<Wire> = (0..50).map(|_| Wire::to(&app.base_url)).collect();
    for wire in &mut wires {
        wire.send(b"GET /connexion HTTP/1.1\r\nHost: x\r\n");
    }
    // one header at a time, for ever
    let began = Instant::now();
    let mut dripping = Wire::to(&app.base_url);
    dripping.send(b"GET /connexion HTTP/1.1\r\nHost: x\r\n");
    while began.elapsed() < Duration::from_secs(20) && dripping.send(b"X-A: b\r\n") {
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(began.elapsed() < Duration::from_secs(15), "still listening after {:?}", began.elapsed());
    app.anonymous().get("/connexion").expect(200);
    for wire in wires {
        let (answer, waited) = wire.read();
        assert!(answer.is_none_or(|answer| answer.status == 408) && waited < Duration::from_secs(10));
    }
}

/// Then its body.
#[test]
fn a_slow_body_is_cut_off() {
    let app = TestApp::sqlite();
    let mut wire = Wire::to(&app.base_url);
    wire.send(
        b"POST /connexion HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
          Content-Length: 1000\r\n\r\nemail=a",
    );
    let (answer, waited) = wire.read();
    let answer = answer.expect("an answer");
    answer.assert_protected();
    assert_eq!(answer.status, 408);
    assert!((9..20).contains(&waited.as_secs()), "{waited:?}");
}

/// A body that says that it is too long is not read: whoever goes on sending is cut off.
#[test]
fn a_long_body_is_not_read() {
    let app = TestApp::sqlite();
    let mut wire = Wire::to(&app.base_url);
    wire.send(
        b"POST /connexion HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
          Content-Length: 99999999999\r\n\r\n",
    );
    let (began, part) = (Instant::now(), vec![b'a'; 0x10000]);
    while began.elapsed() < Duration::from_secs(20) && wire.send(&part) {}
    assert!(began.elapsed() < Duration::from_secs(15), "still taken after {:?}", began.elapsed());
    if let Some(answer) = wire.read().0 {
        assert_eq!(answer.status, 413);
    }
}

/// A body in chunks that says no length is answered at its limit; what follows is dropped as it comes.
#[test]
fn a_body_of_no_length_is_not_kept() {
    let app = TestApp::sqlite();
    let mut wire = Wire::to(&app.base_url);
    wire.send(
        b"POST /connexion HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
          Transfer-Encoding: chunked\r\n\r\n",
    );
    let chunk = [b"10000\r\n".to_vec(), vec![b'a'; 0x10000], b"\r\n".to_vec()].concat();
    for _ in 0..64 {
        wire.send(&chunk);
    }
    wire.send(b"0\r\n\r\n");
    assert_eq!(wire.read().0.map(|answer| answer.status), Some(413));
}
