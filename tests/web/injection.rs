//! What somebody writes stays what it is: no link leads elsewhere, no header is added, no cell is a formula.

use diesel::prelude::*;
use psypre::accounts::Role;
use psypre::openapi::Description;
use psypre::outbox::Mail;
use psypre::router::ROUTES;
use psypre::schema::mails;
use utoipa::OpenApi;

use super::reach::{PEOPLE, address, who};
use crate::on_both_databases;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::browser::Answer;
use crate::support::wire;
use crate::support::world::{ADMINISTRATOR, CLAIRE, World};

/// What could lead a browser elsewhere.
const ELSEWHERE: [&str; 12] = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nLocation: https://evil.example",
    "\t//evil.example",
    "javascript:alert(1)",
    "https:evil.example",
    "/%09/evil.example\u{0}",
];

/// The mails that wait.
fn stored(app: &TestApp) -> Vec<Mail> {
    app.read(|conn| mails::table.load(conn))
}

/// Where an answer sends to, as a browser reads it: without tabs and line ends.
fn leads_elsewhere(answer: &Answer) -> bool {
    let to: String = answer.location().chars().filter(|c| !c.is_ascii_control()).collect();
    !to.is_empty() && (!to.starts_with('/') || to.starts_with("//") || to.starts_with("/\\"))
}

on_both_databases! {
    /// After signing in one goes where one wanted, and never to another site.
    fn signing_in_leads_nowhere_else(app: &TestApp) {
        World::new(app);
        for wanted in ELSEWHERE {
            let query = serde_urlencoded::to_string([("suite", wanted)]).unwrap();
            let mut browser = app.anonymous();
            assert!(!browser.get(&format!("/connexion?{query}")).text().contains("evil.example"), "{wanted:?} is kept");
            let fields = [("email", CLAIRE), ("password", PASSWORD), ("suite", wanted)];
            let answer = browser.post("/connexion", &fields).expect(303);
            assert!(!leads_elsewhere(&answer) && !answer.location().contains("evil"), "{wanted:?}: {}", answer.location());
            let answer = browser.get(&format!("/connexion?{query}")).expect(303);
            assert!(!leads_elsewhere(&answer), "{wanted:?}: {}", answer.location());
        }
    }

    /// No address of ours, whatever stands in any parameter that could name a place to go to, sends elsewhere.
    fn no_parameter_leads_elsewhere(app: &TestApp) {
        World::new(app);
        let names = ["suite", "retour", "next", "url", "redirect", "return", "from", "to"];
        for (_, email) in PEOPLE {
            let mut browser = app.signed_in(email);
            for route in ROUTES.iter().filter(|r| r.path != "/deconnexion" && !r.path.starts_with("/api/")) {
                for wanted in ["https://evil.example", "//evil.example", "/\t/evil.example"] {
                    let fields: Vec<(&str, &str)> = names.iter().map(|name| (*name, wanted)).collect();
                    let query = serde_urlencoded::to_string(&fields).unwrap();
                    let answer = match route.method {
                        "GET" => browser.get(&format!("{}?{query}", address(route))),
                        _ => browser.post(&format!("{}?{query}", address(route)), &fields),
                    };
                    assert!(!leads_elsewhere(&answer), "{} {}: {}", route.method, route.path, answer.location());
                }
            }
        }
    }

    /// Links come from the configuration: what a request says of the host is nowhere repeated.
    fn links_do_not_believe_the_request(app: &TestApp) {
        let world = World::new(app);
        let hosts = [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-server", "evil.example"),
            ("x-original-url", "https://evil.example/"),
            ("x-rewrite-url", "/evil.example"),
            ("forwarded", "host=evil.example;proto=https"),
        ];
        for path in ["/", "/connexion", "/absent", "/mentions-legales", "/api/v1/me", "/static", "/seances?page=2"] {
            let head: String = hosts.iter().skip(1).map(|(name, value)| format!("\r\n{name}: {value}")).collect();
            for target in [path.to_owned(), format!("http://evil.example{path}")] {
                let answer = wire::ask(&app.base_url, &format!("GET {target} HTTP/1.1\r\nHost: evil.example{head}"));
                assert!(!answer.text().contains("evil.example"), "{target}: {}", answer.text());
                assert!(!answer.headers.iter().any(|(_, value)| value.contains("evil.example")), "{:?}", answer.headers);
            }
        }
        // the link of an invitation, and the address of a private calendar
        let mut ada = app.signed_in(ADMINISTRATOR);
        let fields = format!("name=Nino+Invention&email=nino@example.org&roles=auditor&csrf={}", ada.token());
        ada.send("/comptes", "application/x-www-form-urlencoded", &fields, &hosts[1..]).expect(303);
        let mails = stored(app);
        assert!(mails.iter().all(|mail| !format!("{mail:?}").contains("evil.example")));
        let made = world.program(world.claire_account).send("/api/v1/me/calendar-feed", "application/json", "{}", &hosts[1..]);
        assert!(made.expect(200).json()["url"].as_str().unwrap().starts_with(&app.base_url));
    }

    /// What a body may hold is a list: a further key is refused at every address of the API, before anything is done.
    fn no_further_key_is_taken(app: &TestApp) {
        World::new(app);
        let description = serde_json::to_value(Description::openapi()).unwrap();
        for (_, email) in PEOPLE {
            let mut browser = app.signed_in(email);
            for route in ROUTES.iter().filter(|route| route.method == "POST" && who(route) == email) {
                if description["paths"][route.path]["post"]["requestBody"].is_object() {
                    let answer = browser.post_json(&address(route), &serde_json::json!({ "roles": ["administrator"] }));
                    assert_eq!(answer.status, 400, "{}: {}", route.path, answer.text());
                }
            }
        }
    }

    /// A parameter said twice is refused by the API, and what the address says does not fill a form.
    fn a_parameter_counts_once_and_in_its_place(app: &TestApp) {
        World::new(app);
        app.signed_in(CLAIRE).get("/api/v1/sessions?month=2026-11&month=2026-10").expect(400);
        let kind = "application/x-www-form-urlencoded";
        let path = format!("/connexion?email={CLAIRE}&password=un+mot+de+passe+de+test");
        app.anonymous().send(&path, kind, "email=&password=", &[]).expect(422);
        let twice = format!("email=personne%40example.org&email={CLAIRE}&password=un+mot+de+passe+de+test");
        app.anonymous().send("/connexion", kind, &twice, &[]).expect(422);
    }

    /// A line end in an address is no address; in a name it stays out of the headers of mails.
    fn a_line_end_adds_no_header_to_a_mail(app: &TestApp) {
        app.account(ADMINISTRATOR, "Ada Administration", &[(Role::Administrator, None)]);
        let mut ada = app.signed_in(ADMINISTRATOR);
        for email in ["a@example.org\r\nBcc: b@example.org", "a@example.org\nRCPT TO:<b@example.org>", "a@example.org%0d%0aBcc: b", "a,b@example.org", "a@example.org>"] {
            let page = ada.post("/comptes", &[("name", "Nino"), ("email", email), ("roles", "auditor")]);
            assert_eq!(page.status, 422, "{email:?}: {}", page.words());
        }
        assert_eq!(stored(app).len(), 0);
        let name = "Nino\r\nBcc: espion@example.org\r\n\r\nCorps";
        ada.post("/comptes", &[("name", name), ("email", "nino@example.org"), ("roles", "auditor")]);
        for mail in stored(app) {
            assert!(!mail.subject.contains(['\r', '\n']), "{}", mail.subject);
            assert_eq!(mail.recipient, "nino@example.org");
        }
    }
}
