//! What is left open is closed: accounts that nobody uses; and tokens open no more than was asked.

use std::sync::mpsc::channel;

use chrono::Duration;
use diesel::prelude::*;
use psypre::accounts::scopes::{self, Area, Scope};
use psypre::accounts::unused::{self, Tidied};
use psypre::accounts::{Role, tokens};
use psypre::db::DbError;
use psypre::failure::Failure;
use psypre::ids::AccountId;
use psypre::journal::Actor;
use psypre::router::ROUTES;

use crate::on_both_databases;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::browser::Browser;

const EMAIL: &str = "compta@example.org";

fn tidy(app: &TestApp) -> (usize, usize) {
    let Tidied { warned, closed } = unused::run(&app.app.db, &app.app.clock).unwrap();
    (warned, closed)
}

fn program(app: &TestApp, account: AccountId, scope: &Scope) -> Browser {
    let made: Result<_, Failure<tokens::TokenRefusal>> =
        app.app.db.write(|tx| tokens::create(tx, &app.app.clock, Actor::System, account, "essai", 365, scope));
    Browser::with_bearer(&app.base_url, &made.unwrap().token)
}

/// A route of the API that no area holds would be closed to narrow tokens without anybody deciding it.
#[test]
fn every_address_of_the_api_has_an_area() {
    let orphans: Vec<&str> = ROUTES
        .iter()
        .map(|route| route.path)
        .filter(|path| path.starts_with("/api/v1/"))
        .filter(|path| scopes::area_of(path).is_none() && !scopes::is_always_open(path))
        .collect();
    assert!(orphans.is_empty(), "add to AREAS in src/accounts/scopes.rs: {orphans:?}");
}

on_both_databases! {
    /// A token is no cookie: no other site makes a browser send it, so that a program posts from wherever it is.
    fn a_program_posts_from_elsewhere(app: &TestApp) {
        let account = app.account(EMAIL, "Camille Exemple", &[(Role::Administrator, None)]);
        let mut program = program(app, account, &Scope::whole());
        let elsewhere = [("sec-fetch-site", "cross-site"), ("origin", "https://outil.example")];
        program.send("/api/v1/service-approvals", "application/json", "[]", &elsewhere).expect(400);
        app.anonymous().send("/api/v1/service-approvals", "application/json", "[]", &elsewhere).expect(403);
    }

    /// A narrow token answers 403 to every address outside of what it names, and to every change when it only reads,
    /// before anything is looked at; inside, what its person may is what it may.
    fn a_narrow_token_opens_what_it_names(app: &TestApp) {
        let account = app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None), (Role::Auditor, None)]);
        let narrow = Scope::of(true, [Area::Money].into());
        let mut narrow_program = program(app, account, &narrow);
        for route in ROUTES.iter().filter(|route| route.path.starts_with("/api/v1/") || !route.path.contains('{')) {
            let path = route.path.replace(['{', '}'], "");
            let (is_reading, is_api) = (route.method == "GET", path.starts_with("/api/"));
            if path.starts_with("/static") || (!is_api && !is_reading) {
                continue;
            }
            let answer = if is_reading { narrow_program.get(&path) } else { narrow_program.post_json(&path, &serde_json::json!({})) };
            let is_refused = answer.status == 403 && (!is_api || answer.json()["code"] == "token_scope");
            assert_eq!(is_refused, !narrow.allows(is_reading, route.path), "{} {path}: {}", route.method, answer.status);
        }
        assert_eq!(narrow_program.get("/api/v1/me").status, 200);
        let mut reader = program(app, account, &Scope::of(true, [].into()));
        assert_eq!(reader.get("/api/v1/audit").status, 200);
        assert_eq!(reader.post_json("/api/v1/me/calendar-feed", &serde_json::json!({})).json()["code"], "token_scope");
        let mut journal = program(app, account, &Scope::of(false, [Area::Journal].into()));
        assert_eq!((journal.get("/api/v1/audit").status, journal.get("/api/v1/invoices?month=2026-10").status), (200, 403));
        let mut browser = app.signed_in(EMAIL);
        let fields = [("label", "tableur"), ("days", "30"), ("rights", "read"), ("areas", "money")];
        let page = browser.post("/mon-compte/jetons", &fields).expect(200);
        assert!(page.words().contains("Lecture seule : Factures, exports, appels de fonds"), "{}", page.words());
        browser.post("/mon-compte/jetons", &[("label", "tableur"), ("days", "30"), ("areas", "tout")]).expect(422);
    }

    /// A token that leaked makes no other: it would outlive its end, its revocation, and its scope.
    fn a_token_makes_no_token(app: &TestApp) {
        let account = app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        let mut leaked = program(app, account, &Scope::whole());
        let answer = leaked.post("/mon-compte/jetons", &[("label", "porte"), ("days", "365")]).expect(422);
        assert!(answer.words().contains("Un jeton n’en crée pas d’autre"), "{}", answer.words());
        let known: i64 = app.read(|conn| psypre::schema::api_tokens::table.count().get_result(conn));
        assert_eq!(known, 1);
    }

    /// Whoever comes back while the accounts that nobody uses are being closed keeps theirs.
    fn whoever_comes_back_meanwhile_keeps_their_account(app: &TestApp) {
        app.account("ada@example.org", "Ada Exemple", &[(Role::Administrator, None)]);
        let account = app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        app.app.clock.advance(Duration::days(335));
        assert_eq!(tidy(app), (1, 0));
        app.app.clock.advance(Duration::days(30));
        let ((coming, came), (end, ended)) = (channel::<()>(), channel::<()>());
        std::thread::scope(|scope| {
            scope.spawn(move || {
                app.write(|tx| {
                    psypre::accounts::store::note_used(tx, account, app.app.clock.now())?;
                    coming.send(()).unwrap();
                    ended.recv().unwrap();
                    Ok(())
                });
            });
            came.recv().unwrap();
            let tidying = scope.spawn(|| tidy(app));
            // long enough for it to read who is to be closed, and to wait for the row
            std::thread::sleep(std::time::Duration::from_millis(500));
            end.send(()).unwrap();
            assert_eq!(tidying.join().unwrap(), (0, 0));
        });
        app.signed_in(EMAIL);
    }

    /// Of two administrators who both stayed away, the account of one stays: somebody must be able to open the others.
    fn of_two_unused_administrators_one_stays(app: &TestApp) {
        let both = ["ada@example.org", "ben@example.org"];
        for email in both {
            app.account(email, "Personne Exemple", &[(Role::Administrator, None)]);
        }
        app.app.clock.advance(Duration::days(335));
        assert_eq!(tidy(app), (2, 0));
        app.app.clock.advance(Duration::days(30));
        assert_eq!(tidy(app), (0, 1));
        assert_eq!(tidy(app), (0, 0), "the last stays");
        let sign_in = |email| app.anonymous().post("/connexion", &[("email", email), ("password", PASSWORD)]).status;
        let mut met = both.map(sign_in);
        met.sort_unstable();
        assert_eq!(met, [303, 422]);
    }

    /// After eleven months its person is warned, after a year it closes; whoever comes back keeps it.
    fn an_account_that_nobody_uses_closes(app: &TestApp) {
        app.account("ada@example.org", "Ada Exemple", &[(Role::Administrator, None)]);
        app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        let program_account = app.account("logiciel@example.org", "Un Logiciel", &[(Role::Accountant, None)]);
        app.account("partie@example.org", "Partie Depuis", &[(Role::Accountant, None)]);
        let mut machine = program(app, program_account, &Scope::whole());
        app.app.clock.advance(Duration::days(334));
        assert_eq!(tidy(app), (0, 0));
        assert_eq!(machine.get("/api/v1/me").status, 200);
        app.app.clock.advance(Duration::days(1));
        assert_eq!(tidy(app), (2, 0), "not the last administrator, whose account stays");
        assert_eq!(tidy(app), (0, 0), "once");
        let mails = app.mails();
        assert_eq!(mails.len(), 2);
        assert!(mails.iter().all(|mail| mail.subject.contains("va fermer") && mail.text_body.contains("20 novembre 2027")), "{}", mails[0].text_body);
        app.signed_in(EMAIL);
        app.app.clock.advance(Duration::days(30) - Duration::seconds(1));
        assert_eq!(tidy(app), (0, 0));
        app.app.clock.advance(Duration::seconds(1));
        assert_eq!(tidy(app), (0, 1), "the last administrator's stays");
        assert!(app.mails().iter().any(|mail| mail.recipient == "partie@example.org" && mail.subject.contains("est fermé")));
        let sign_in = |email: &str| app.anonymous().post("/connexion", &[("email", email), ("password", PASSWORD)]).status;
        assert_eq!((sign_in("partie@example.org"), sign_in(EMAIL), sign_in("ada@example.org")), (422, 303, 303));
        assert_eq!(sign_in("logiciel@example.org"), 303, "what a token does is use");
        let closed = app.app.db.read::<_, DbError>(|conn| Ok(psypre::accounts::store::find_account(conn, "partie@example.org")?));
        let mut ada = app.signed_in("ada@example.org");
        ada.post(&format!("/comptes/{}/reactivation", closed.unwrap().unwrap()), &[]).expect(303);
        assert_eq!(tidy(app), (0, 0), "who is let in again has a year");
        assert_eq!(sign_in("partie@example.org"), 303);
    }
}
