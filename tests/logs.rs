//! What the log tells of who comes in, who is refused what, and that nobody writes a line of it but the program.
//!
//! The program itself serves and logs; `docs/security/log.md` is what an operator reads.

use psypre::accounts::scopes::Scope;
use psypre::accounts::{Role, tokens};
use psypre::clock::Clock;
use psypre::ids::AccountId;
use psypre::journal::Actor;

use crate::on_both_databases;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::browser::Browser;
use crate::support::served::Served;
use crate::support::wire;
use crate::support::world::{World, done};

const EMAIL: &str = "compta-du-journal@example.org";
const UNKNOWN: &str = "personne-de-connu@example.org";
const NEWCOMER: &str = "nouvelle-venue-du-journal@example.org";
const WRONG: &str = "un autre mot de passe";

/// A token that works now, for whatever scope.
fn token(app: &TestApp, account: AccountId, scope: &Scope) -> String {
    done(app, |tx| tokens::create(tx, &Clock::system(), Actor::System, account, "programme", 30, scope)).token
}

fn sign_in(browser: &mut Browser, email: &str, password: &str) -> u16 {
    browser.post("/connexion", &[("email", email), ("password", password)]).status
}

on_both_databases! {
    /// Each proof that somebody shows is a line: which kind, whose account if it is known, from where, and how it ended.
    fn each_proof_is_told(app: &TestApp) {
        let account = app.account(EMAIL, "Camille Journal", &[(Role::Accountant, None)]);
        let secret = app.telephone(account);
        let good_token = token(app, account, &Scope::whole());
        let served = Served::start(app, &[]);
        let id = format!("account={account}");
        let mut browser = Browser::new(&served.base_url);

        assert_eq!(sign_in(&mut browser, EMAIL, WRONG), 422);
        served.told(&["event=authentication.refused", "proof=password", &id, "address=127.0.0.1", "wrong_credentials"]);
        assert_eq!(sign_in(&mut browser, UNKNOWN, WRONG), 422);
        served.told(&["event=authentication.refused", "proof=password", "account=unknown", "wrong_credentials"]);
        assert_eq!(sign_in(&mut browser, EMAIL, PASSWORD), 303);
        let [line] = served.told(&["event=authentication.accepted", "proof=password"]).try_into().unwrap();
        assert!(line.contains(&id) && line.contains("address=127.0.0.1") && line.starts_with("20"), "{line}");

        // learns the token of the form
        browser.get("/connexion/code").expect(200);
        let code = secret.code_at(Clock::system().now()).unwrap();
        let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
        browser.post("/connexion/code", &[("code", &wrong)]).expect(422);
        served.told(&["event=authentication.refused", "proof=telephone_code", &id, "wrong_code"]);
        browser.post("/connexion/code", &[("recovery_code", "abcde-fghij-klmno")]).expect(422);
        served.told(&["event=authentication.refused", "proof=recovery_code", &id, "wrong_code"]);
        let code = secret.code_at(Clock::system().now()).unwrap();
        browser.post("/connexion/code", &[("code", &code)]).expect(303);
        served.told(&["event=authentication.accepted", "proof=telephone_code", &id]);

        let newcomer = app.account(NEWCOMER, "Dominique Journal", &[(Role::Accountant, None)]);
        let mut linking = Browser::new(&served.base_url);
        assert_eq!(sign_in(&mut linking, NEWCOMER, PASSWORD), 303);
        let page = linking.get("/mon-compte/second-facteur").expect(200).text();
        let key = page.split_once("name=\"key\" value=\"").unwrap().1.split('"').next().unwrap();
        let typed = [("key", key), ("current_password", PASSWORD), ("new_code", "12345")];
        linking.post("/mon-compte/second-facteur", &typed).expect(422);
        let newcomer = format!("account={newcomer}");
        served.told(&["event=authentication.refused", "proof=new_telephone", &newcomer, "wrong_code"]);

        Browser::with_bearer(&served.base_url, "no-token-of-ours").get("/api/v1/me").expect(401);
        served.told(&["event=authentication.refused", "proof=token", "account=unknown", "unknown_token"]);
        Browser::with_bearer(&served.base_url, &good_token).get("/api/v1/me").expect(200);
        served.told(&["event=authentication.accepted", "proof=token", &id]);
        Browser::new(&served.base_url).get("/agenda/no-feed-of-ours.ics").expect(404);
        served.told(&["event=authentication.refused", "proof=calendar_feed", "account=unknown"]);
        let passwords = [("password", WRONG), ("password_again", WRONG)];
        Browser::new(&served.base_url).post("/invitation/no-invitation-of-ours", &passwords).expect(404);
        served.told(&["event=authentication.refused", "proof=invitation", "account=unknown", "invitation_gone"]);
        Browser::new(&served.base_url).post("/mot-de-passe-oublie/no-link-of-ours", &passwords).expect(404);
        served.told(&["event=authentication.refused", "proof=password_link", "account=unknown", "link_gone"]);

        let mut guesser = Browser::new(&served.base_url);
        while sign_in(&mut guesser, UNKNOWN, WRONG) != 429 {}
        served.told(&["event=authentication.slowed", "proof=password", "account=unknown", "too_many_requests"]);
        served.told(&["event=rate.refused", "route=\"/connexion\"", "status=429", "account=unknown"]);

        let log = served.log();
        for secret in [EMAIL, NEWCOMER, UNKNOWN, PASSWORD, WRONG, "Camille", &good_token, "abcde-fghij", "-of-ours"] {
            assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
        }
    }

    /// Whoever asks for what is not theirs, or tries to go round what guards it, leaves a line: who, from where, by which
    /// route, and what refused; no name of a child, and nothing that was typed.
    fn who_was_refused_what_is_told(app: &TestApp) {
        let world = World::new(app);
        let child = world.child(world.longvic, "Zéphyrine", "Introuvable");
        let (_, account) = *world.coordinators.iter().find(|(programme, _)| *programme == world.chenove).unwrap();
        let all = token(app, account, &Scope::whole());
        let reading = token(app, account, &Scope::of_stored(true, None));
        let served = Served::start(app, &[]);
        let base = served.base_url.as_str();
        let id = format!("account={account}");
        let mut program = Browser::with_bearer(base, &all);

        program.get("/api/v1/audit").expect(403);
        served.told(&["WARN", "event=access.refused", "reason=\"forbidden\"", &id, "means=\"token\"", "route=\"/api/v1/audit\""]);
        program.get(&format!("/api/v1/children/{}", child.0)).expect(404);
        let told = ["event=access.refused", "reason=\"not_found\"", &id, "route=\"/api/v1/children/{child}\"", "status=404"];
        served.told(&told);
        Browser::with_bearer(base, &reading).post_json("/api/v1/children", &serde_json::json!({})).expect(403);
        served.told(&["event=access.refused", "reason=\"token_scope\"", &id, "method=\"POST\""]);
        Browser::new(base).get("/enfants").expect(303);
        served.told(&["INFO", "event=access.signed_out", "account=unknown", "route=\"/enfants\""]);
        program.get("/Z%C3%A9phyrine").expect(404);
        served.told(&["INFO", "event=address.unknown", &id, "route=\"unknown\""]);

        let mut browser = Browser::new(base);
        let email = program.get("/api/v1/me").json()["email"].as_str().unwrap().to_owned();
        assert_eq!(sign_in(&mut browser, &email, PASSWORD), 303);
        browser.post("/mon-compte/nom", &[("csrf", "of-another-sign-in"), ("display_name", "Zéphyrine")]).expect(403);
        served.told(&["event=forgery.refused", "reason=\"stale_form\"", &id, "means=\"sign_in\"", "route=\"/mon-compte/nom\""]);
        let form = "application/x-www-form-urlencoded";
        browser.send("/mon-compte/nom", form, "", &[("sec-fetch-site", "cross-site")]).expect(403);
        served.told(&["event=forgery.refused", "reason=\"other_site\"", "address=127.0.0.1"]);
        browser.post("/enfants/nouveau", &[("first_name", "Zéphyrine")]).expect(422);
        served.told(&["INFO", "event=rule.refused", &id, "route=\"/enfants/nouveau\"", "status=422"]);

        let json = "application/json";
        program.send("/api/v1/children", json, "{\"Zéphyrine\": 1}", &[]).expect(400);
        served.told(&["event=input.refused", "reason=\"unreadable\"", &id, "status=400"]);
        program.send("/api/v1/children", form, "a=1", &[]).expect(415);
        served.told(&["event=input.refused", "reason=\"other_kind\"", &id]);
        program.send("/api/v1/children", json, &"x".repeat(300 * 1024), &[]).expect(413);
        served.told(&["event=input.refused", "reason=\"too_large\"", &id]);
        program.ask("DELETE", &format!("/api/v1/children/{}", child.0), &[]).expect(405);
        served.told(&["event=input.refused", "reason=\"method_not_allowed\"", &id, "method=\"DELETE\""]);
        let long = format!("GET /{} HTTP/1.1\r\nHost: x", "a".repeat(9000));
        assert_eq!(wire::ask(base, &long).status, 414);
        served.told(&["event=input.refused", "status=414", "address=127.0.0.1"]);

        let log = served.log();
        for word in ["Zéphyrine", "Z%C3%A9", "Introuvable", &child.0.to_string(), &email, &all, "another-sign-in"] {
            assert!(!log.contains(word), "{word} is in the log:\n{log}");
        }
        drop(served);
        let narrow = Served::start(app, &[("PSYPRE_REQUESTS_PER_ACCOUNT", "2"), ("PSYPRE_REQUESTS_PER_ADDRESS", "6")]);
        let mut program = Browser::with_bearer(&narrow.base_url, &all);
        while program.get("/api/v1/me").status != 429 {}
        narrow.told(&["event=rate.refused", "reason=\"too_many_requests\"", &id, "means=\"token\""]);
        let mut anybody = Browser::new(&narrow.base_url);
        while anybody.get("/").status != 429 {}
        narrow.told(&["event=rate.refused", "reason=\"too_many_requests\"", "account=unknown", "means=\"none\""]);
    }
}

/// What would begin a line of its own, paint a terminal, end a terminal's window, or turn what stands around it.
const FORGED: &str = "a\r\n2020-01-01T00:00:00.000000Z  INFO psypre::server: forged\u{1b}[31m\u{9b}2J\u{85}\u{2028}b\u{2029}\u{202e}c\u{7f}\u{8}";

/// Sends it in every place where something can be sent, with everything that the program can log.
fn ask_with_forged_values(served: &Served) {
    let base = served.base_url.as_str();
    let encoded = serde_urlencoded::to_string([("x", FORGED)]).unwrap();
    let encoded = encoded.trim_start_matches("x=");
    // as far as HTTP lets it stand in a header: lines of its own make other headers, which is what a proxy may let through
    let header: String = FORGED.chars().filter(|c| !c.is_ascii_control()).collect();
    let folded = FORGED.replace('\u{1b}', "").replace(['\u{7f}', '\u{8}'], "");
    for head in [
        format!("GET /{encoded} HTTP/1.1\r\nHost: x"),
        format!("GET /enfants?q={encoded} HTTP/1.1\r\nHost: x"),
        format!("GET /enfants/{encoded} HTTP/1.1\r\nHost: x"),
        format!("GET /agenda/{encoded}.ics HTTP/1.1\r\nHost: x"),
        format!("GET /{FORGED} HTTP/1.1\r\nHost: x"),
        format!("GET / HTTP/1.1\r\nHost: {header}"),
        format!("GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: {header}"),
        format!("GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: {folded}"),
        format!("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {header}, {folded}"),
        format!("GET / HTTP/1.1\r\nHost: x\r\nCookie: psypre={header}; psypre-appareil={header}"),
        format!("GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {header}"),
        format!("POST /connexion HTTP/1.1\r\nHost: x\r\nOrigin: {header}\r\nContent-Length: 0"),
        format!("POST /connexion HTTP/1.1\r\nHost: x\r\nContent-Type: {header}\r\nContent-Length: 0"),
        format!(
            "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nIdempotency-Key: {header}\r\nX-CSRF-Token: {header}\r\nContent-Length: 0"
        ),
        format!("FORGED{FORGED} / HTTP/1.1\r\nHost: x"),
    ] {
        let mut connection = wire::Wire::to(base);
        connection.send(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes());
        connection.read();
    }
    let mut browser = Browser::new(base);
    for (path, field) in [("/connexion", "email"), ("/connexion", "password"), ("/connexion", "suite")] {
        browser.post(path, &[("email", UNKNOWN), ("password", WRONG), (field, FORGED)]);
    }
    browser.post("/mot-de-passe-oublie", &[("email", &format!("a@example.org{FORGED}"))]);
    browser.post(&format!("/invitation/{encoded}"), &[("password", FORGED), ("password_again", FORGED)]);
}

/// All of it with all that the program and what it is made of can say.
#[test]
fn nobody_writes_a_line_of_the_log_in_text() {
    let app = TestApp::sqlite();
    let served = Served::start(&app, &[("RUST_LOG", "trace")]);
    ask_with_forged_values(&served);
    let log = served.log();
    assert!(log.lines().count() > 100, "{log}");
    for line in log.split_terminator('\n') {
        assert_written_by_the_program(line);
        let time = line.split(' ').next().unwrap();
        assert!(!time.starts_with("2020") && time.parse::<chrono::DateTime<chrono::Utc>>().is_ok(), "{line:?}");
    }
    served.told(&["event=authentication.refused", "proof=calendar_feed"]);
}

/// The same in the other format, in the files of a folder; the server itself deletes those that are too old.
#[test]
fn nobody_writes_a_line_of_the_log_in_json() {
    let app = TestApp::sqlite();
    let folder = app.folder().join("logs");
    let (old, kept) = (folder.join("psypre.2001-02-03.log"), folder.join("notes.txt"));
    std::fs::create_dir(&folder).unwrap();
    for file in [&old, &kept] {
        std::fs::write(file, "").unwrap();
    }
    let folder_text = folder.display().to_string();
    let settings = [("RUST_LOG", "trace"), ("PSYPRE_LOG_FORMAT", "json"), ("PSYPRE_LOG_FOLDER", &folder_text)];
    let served = Served::start(&app, &settings);
    ask_with_forged_values(&served);
    assert_eq!(served.log(), "", "everything goes to the folder");
    let began = std::time::Instant::now();
    while old.exists() {
        assert!(began.elapsed().as_secs() < 30, "the log of 2001 is still there");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let today = folder.join(format!("psypre.{}.log", Clock::system().now().utc().format("%Y-%m-%d")));
    assert!(kept.exists() && today.exists(), "a file a day");
    let files = std::fs::read_dir(&folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let log: String = files.collect();
    let mut refused = 0;
    for line in log.split_terminator('\n') {
        assert_written_by_the_program(line);
        let event: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
        assert!(!event["timestamp"].as_str().unwrap().starts_with("2020"), "{line:?}");
        refused += usize::from(event["event"] == "authentication.refused" && event["account"] == "unknown");
    }
    assert!(refused > 4, "{log}");
}

#[track_caller]
fn assert_written_by_the_program(line: &str) {
    let misleads = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}');
    assert!(!line.contains(misleads), "{line:?}");
}
