//! A forgotten password: a link by mail that serves once, tells nothing to who asks, and needs the second factor; and
//! links of mails that stand nowhere in clear.

use chrono::Duration;
use psypre::accounts::{Role, store};

use crate::on_both_databases;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::dump;

const EMAIL: &str = "compta@example.org";
const NEW_PASSWORD: &str = "cheval agrafe pile correct";

fn ask(app: &TestApp, email: &str) -> String {
    app.anonymous().post("/mot-de-passe-oublie", &[("email", email)]).expect(200).words()
}

/// The link of the last mail that was sent.
fn last_link(app: &TestApp) -> String {
    let mail = app.sent().into_iter().rev().find(|mail| mail.contains("/mot-de-passe-oublie/")).expect("a mail");
    let (_, rest) = mail.split_once("/mot-de-passe-oublie/").unwrap();
    let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    format!("/mot-de-passe-oublie/{token}")
}

fn sign_in(app: &TestApp, password: &str) -> u16 {
    app.anonymous().post("/connexion", &[("email", EMAIL), ("password", password)]).status
}

const CHOICE: [(&str, &str); 2] = [("password", NEW_PASSWORD), ("password_again", NEW_PASSWORD)];

on_both_databases! {
    /// The link sets another password once; sign-ins end, and the person is told.
    fn a_forgotten_password_is_chosen_again(app: &TestApp) {
        app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        let mut before = app.signed_in(EMAIL);
        assert!(ask(app, "Compta@Example.org ").contains("Si un compte répond à cette adresse"));
        let link = last_link(app);
        let mut browser = app.anonymous();
        assert!(browser.get(&link).expect(200).words().contains(EMAIL));
        let short = browser.post(&link, &[("password", "court"), ("password_again", "court")]).expect(422);
        assert!(short.words().contains("au moins 15 caractères"));
        assert_eq!(before.get("/").location(), "/factures", "nothing ends before another is chosen");
        browser.post(&link, &CHOICE).expect(303);
        assert_eq!(browser.get("/").location(), "/factures");
        assert_eq!(before.get("/").location(), "/connexion");
        assert_eq!((sign_in(app, PASSWORD), sign_in(app, NEW_PASSWORD)), (422, 303));
        app.anonymous().get(&link).expect(404);
        app.anonymous().post(&link, &CHOICE).expect(404);
        assert!(app.sent().iter().any(|mail| mail.contains("votre mot de passe est chang")));
        ask(app, EMAIL);
        let late = last_link(app);
        app.app.clock.advance(Duration::minutes(30));
        app.anonymous().get(&late).expect(404);
        let altered = format!("{}A", &link[..link.len() - 1]);
        app.anonymous().get(&altered).expect(404);
    }

    /// Who asks learns nothing: known, unknown, closed or only invited, the page and the work are the same.
    fn who_asks_learns_nothing(app: &TestApp) {
        let now = app.app.clock.now();
        app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        let closed = app.account("fermee@example.org", "Fermée", &[(Role::Accountant, None)]);
        app.write(|tx| store::set_disabled_at(tx, closed, Some(now)));
        app.write(|tx| store::insert_account(tx, "invitee@example.org", "Invitée", now));
        let mut said = Vec::new();
        let mut written = Vec::new();
        for email in [EMAIL, "personne@example.org", "fermee@example.org", "invitee@example.org"] {
            let before = dump::rows(app);
            said.push(ask(app, email));
            let moved: Vec<(String, usize)> = dump::rows(app)
                .into_iter()
                .filter(|(table, rows)| before[table] != *rows)
                .map(|(table, rows)| (table.clone(), rows.len() - before[&table].len()))
                .collect();
            written.push(moved);
        }
        assert!(said.iter().all(|page| *page == said[0]), "{said:?}");
        assert!(written[1..].iter().all(|moved| moved.iter().any(|(table, rows)| table == "mails" && *rows == 1)), "{written:?}");
        assert!(written[1..].iter().all(|moved| *moved == written[1]), "{written:?}");
        assert_eq!(app.sent().len(), 1, "one person has a link to receive");
    }

    /// Whoever has linked a telephone proves it too: reading their mail is not enough.
    fn a_forgotten_password_needs_the_second_factor(app: &TestApp) {
        let app = &app.with_second_factor();
        let account = app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        let secret = app.telephone(account);
        ask(app, EMAIL);
        let link = last_link(app);
        let mut browser = app.anonymous();
        assert!(browser.get(&link).expect(200).words().contains("Code de votre téléphone"));
        for code in ["", "000000", "ABCDE-12345"] {
            let refused = browser.post(&link, &[CHOICE[0], CHOICE[1], ("code", code)]).expect(422);
            assert!(refused.words().contains("Ce code ne convient pas."), "{}", refused.words());
        }
        assert_eq!(sign_in(app, NEW_PASSWORD), 422);
        let code = secret.code_at(app.app.clock.now()).unwrap();
        browser.post(&link, &[CHOICE[0], CHOICE[1], ("code", &code)]).expect(303);
        assert_eq!(browser.get("/").location(), "/factures");
    }

    /// Links are not asked for without end, for an account known or not.
    fn asking_slows_down(app: &TestApp) {
        app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        for email in [EMAIL, "personne@example.org"] {
            for _ in 0..4 {
                ask(app, email);
            }
            let answer = app.anonymous().post("/mot-de-passe-oublie", &[("email", email)]).expect(429);
            assert_eq!(answer.header("retry-after"), Some("2"));
        }
    }

    /// The link of an invitation waits sealed, and nothing of it is left once the mail has gone.
    fn no_link_stands_in_clear(app: &TestApp) {
        app.account("ada@example.org", "Ada Exemple", &[(Role::Administrator, None)]);
        let mut ada = app.signed_in("ada@example.org");
        ada.post("/comptes", &[("name", "Nino Invention"), ("email", "nino@example.org"), ("roles", "auditor")]).expect(303);
        app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        ask(app, EMAIL);
        let in_clear = |what: &str| format!("{:?}", dump::rows(app)).contains(what);
        assert!(in_clear("sealed:") && !in_clear("/invitation/") && !in_clear("/mot-de-passe-oublie/"));
        let sent = app.sent();
        assert!(sent.iter().any(|mail| mail.contains("/invitation/")));
        assert!(sent.iter().any(|mail| mail.contains("/mot-de-passe-oublie/")));
        assert!(!in_clear("sealed:") && !in_clear("/invitation/") && !in_clear("/mot-de-passe-oublie/"));
    }
}
