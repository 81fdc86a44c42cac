//! Every address, for whoever asks, by each method, and each kind of error: what each answer carries is held to by
//! `Answer::assert_protected`, in these stories and in every other.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use psypre::router::ROUTES;

use super::reach::{PEOPLE, address};
use crate::on_both_databases;
use crate::support::app::PASSWORD;
use crate::support::browser::Browser;
use crate::support::wire::{self, Wire};
use crate::support::world::{CLAIRE, World};

on_both_databases! {
    /// Every address, to nobody and to one of each role.
    fn every_answer_is_protected(app: &TestApp) {
        World::new(app);
        let mut browsers = vec![app.anonymous()];
        browsers.extend(PEOPLE.iter().map(|(_, email)| app.signed_in(email)));
        let mut statuses = BTreeSet::new();
        for (at, browser) in browsers.iter_mut().enumerate() {
            for route in ROUTES.iter().filter(|route| route.path != "/deconnexion") {
                let path = address(route);
                let answer = match (route.method, path.starts_with("/api/")) {
                    ("GET", _) => browser.get(&path),
                    (_, true) => browser.post_json(&path, &serde_json::json!({})),
                    (_, false) => browser.post(&path, &[]),
                };
                assert!(answer.status < 500, "{} {path} for {at}: {}", route.method, answer.status);
                statuses.insert(answer.status);
            }
        }
        for status in [200, 303, 400, 401, 403, 404, 422] {
            assert!(statuses.contains(&status), "none answered {status}: {statuses:?}");
        }
    }

    /// Each kind of error is dressed and protected, on pages and in the API.
    fn every_error_is_protected(app: &TestApp) {
        World::new(app);
        let mut claire = app.signed_in(CLAIRE);
        let long = "a".repeat(300 * 1024);
        let (form, json) = ("application/x-www-form-urlencoded", "application/json");
        for (path, kind) in [("/connexion", form), ("/api/v1/sessions", json)] {
            let errors = [
                (405, claire.ask("PUT", path, &[])),
                (405, claire.ask("DELETE", path, &[])),
                (404, claire.get(&format!("{path}/absent/absent"))),
                (406, claire.get_with(path, &[("accept-encoding", "identity;q=0, *;q=0")])),
                (413, claire.send(path, kind, &long, &[("x-csrf-token", "…")])),
                (414, claire.get(&format!("{path}?q={}", &long[..9000]))),
                (415, claire.send(path, "multipart/form-data; boundary=x", "--x--", &[])),
                (431, claire.get_with(path, &[("x-long", &long[..17_000])])),
            ];
            for (status, answer) in errors {
                let problem = answer.header("content-type") == Some("application/problem+json");
                // a body without its token is refused before it is read
                let refused = [status, 403].contains(&answer.status);
                assert!(refused, "{path}: {status} expected, {} answered: {}", answer.status, answer.words());
                assert_eq!(problem, path.starts_with("/api/"), "{path} {status}");
                let dressed = if problem { answer.json()["detail"].is_string() } else { answer.words().contains("PsyPRE") };
                assert!(dressed, "{path} {status}: {}", answer.text());
            }
        }
        let answer = claire.ask("PUT", "/connexion", &[]);
        assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"));
    }

    /// A failure of ours shows a reference, and nothing of its cause.
    fn a_failure_of_ours_says_nothing_of_its_cause(app: &TestApp) {
        World::new(app);
        let mut claire = app.signed_in(CLAIRE);
        app.write(|tx| tx.batch_execute("ALTER TABLE openings RENAME TO openings_away"));
        let page = claire.get("/permanences");
        let problem = claire.get("/api/v1/openings");
        app.write(|tx| tx.batch_execute("ALTER TABLE openings_away RENAME TO openings"));
        assert_eq!((page.status, problem.status), (500, 500));
        assert_eq!(problem.json()["reference"].as_str().unwrap().len(), 8);
        for text in [page.text(), problem.text()] {
            let told = text.to_lowercase();
            assert!(!told.contains("openings_away") && !told.contains("no such table") && !told.contains("relation"), "{text}");
        }
    }

    /// HEAD is GET without its body; a method that an address does not have is not allowed; TRACE echoes nothing.
    fn methods_are_those_of_the_table(app: &TestApp) {
        World::new(app);
        let paths: BTreeSet<String> = ROUTES.iter().map(address).collect();
        for path in &paths {
            let known = |method: &str| ROUTES.iter().any(|route| route.method == method && address(route) == *path);
            for method in ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW"] {
                let answer = wire::ask(&app.base_url, &format!("{method} {path} HTTP/1.1\r\nHost: x\r\nX-Secret: 42"));
                answer.assert_protected();
                assert!(!answer.text().contains("X-Secret"), "{method} {path} echoes");
                if method == "HEAD" && known("GET") {
                    assert_ne!(answer.status, 405, "{method} {path}");
                    assert!(answer.body.is_empty(), "{method} {path}: {}", answer.text());
                } else {
                    assert_eq!(answer.status, 405, "{method} {path}");
                    assert!(answer.header("allow").is_some(), "{method} {path}");
                }
            }
        }
        let mut browser = app.anonymous();
        assert_eq!(browser.ask("HEAD", "/connexion", &[]).header("content-type"), browser.get("/connexion").header("content-type"));
    }

    /// Over TLS: the browser is told to come in no other way, and binds the cookie to this host.
    fn over_tls_nothing_travels_in_clear(app: &TestApp) {
        World::new(app);
        let base = app.served_again(|config| config.base_url = "https://psypre.example.org".to_owned());
        let mut browser = Browser::new(&base);
        for path in ["/connexion", "/absent", "/static/base.css", "/api/v1/me", "/healthz"] {
            let answer = browser.get(path);
            assert_eq!(answer.header("strict-transport-security"), Some("max-age=63072000; includeSubDomains"), "{path}");
        }
        assert_eq!(app.anonymous().get("/connexion").header("strict-transport-security"), None);
        let fields = format!("email={CLAIRE}&password={PASSWORD}");
        let answer = browser.send("/connexion", "application/x-www-form-urlencoded", &fields, &[]);
        let set: Vec<&str> = answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect();
        assert!(set.iter().any(|cookie| cookie.starts_with("__Host-psypre=")), "{set:?}");
        for cookie in set {
            for part in ["__Host-", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
                assert!(cookie.contains(part), "{part} is not in {cookie}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
        let answer = browser.post("/mon-compte/nom", &[("name", "Claire Autre-Nom")]).expect(303);
        let message = answer.header("set-cookie").unwrap();
        assert!(message.starts_with("__Host-message=") && message.contains("; Secure"), "{message}");
        assert!(browser.get("/mon-compte").expect(200).text().contains("flash--good"), "the message is shown");
        // whoever signs out leaves nothing behind in the browser
        let answer = browser.post("/deconnexion", &[]).expect(303);
        assert_eq!(answer.header("clear-site-data"), Some("\"cache\", \"storage\""));
    }

    /// Neither the sources, nor a list of files, nor the pages of developers are served.
    fn only_what_is_meant_is_served(app: &TestApp) {
        let mut browser = app.anonymous();
        for path in [
            "/.git/config", "/.git/HEAD", "/.env", "/Cargo.toml", "/static", "/static/", "/static/js/", "/static/../Cargo.toml",
            "/static/%2e%2e/Cargo.toml", "/static/..%2fCargo.toml", "/_composants", "/server-status", "/debug", "/actuator",
        ] {
            assert_eq!(browser.get(path).status, 404, "{path}");
        }
    }

    /// What is no HTTP never reaches a handler: an empty answer, and the connection is closed.
    fn what_is_no_http_is_cut_off(app: &TestApp) {
        for bytes in ["\u{1}\u{2}\u{3}\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"] {
            let mut wire = Wire::to(&app.base_url);
            wire.send(bytes.as_bytes());
            let (answer, _) = wire.read();
            let answer = answer.unwrap_or_else(|| panic!("no answer to {bytes:?}"));
            assert_eq!((answer.status, answer.text().as_str()), (400, ""), "{bytes:?}");
        }
        // two lengths, or a length and chunks: no proxy may read another request in it than we do
        for bytes in [
            "POST /connexion HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
            "POST /connexion HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        ] {
            let mut wire = Wire::to(&app.base_url);
            wire.send(bytes.as_bytes());
            let (answer, _) = wire.read();
            assert_eq!(answer.map(|answer| answer.status), Some(400), "{bytes:?}");
        }
    }
}
