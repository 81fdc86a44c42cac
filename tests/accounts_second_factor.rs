//! The second factor: set at the first sign-in, proved at each, replaced once by a recovery code, reset by an administrator.

use chrono::Duration;
use psypre::accounts::Role;
use psypre::accounts::totp::Secret;
use psypre::outbox;

use crate::on_both_databases;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::browser::{Answer, Browser};
use crate::support::dump;

const EMAIL: &str = "compta@example.org";

/// What somebody holds: the key in their telephone, and the codes that they wrote down.
struct Telephone {
    secret: Secret,
    letters: String,
    codes: Vec<String>,
}

impl Telephone {
    fn code(&self, app: &TestApp) -> String {
        self.secret.code_at(app.app.clock.now()).unwrap()
    }
}

fn app_with_an_accountant(app: &TestApp) -> TestApp {
    let app = app.with_second_factor();
    app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
    app
}

/// The password: half of a sign-in.
fn password(app: &TestApp, email: &str) -> Browser {
    let mut browser = app.anonymous();
    let answer =
        browser.post("/connexion", &[("email", email), ("password", PASSWORD), ("suite", "/exports")]).expect(303);
    assert_eq!(answer.location(), "/connexion/code?suite=%2Fexports");
    browser
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).unwrap_or_else(|| panic!("no {before}: {text}")).1.split_once(after).unwrap().0
}

fn key_of(page: &Answer) -> String {
    between(&page.text(), "name=\"key\" value=\"", "\"").to_owned()
}

fn letters_of(page: &Answer) -> String {
    between(&page.text(), "<code class=\"secret\">", "<").replace(' ', "")
}

fn codes_of(page: &Answer) -> Vec<String> {
    let text = page.text();
    let list = between(&text, "<ol class=\"recovery-codes\">", "</ol>");
    list.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// Sets the second factor at the first sign-in, in a browser that has given the password.
fn enrol(app: &TestApp, browser: &mut Browser) -> Telephone {
    let page = browser.get("/connexion/second-facteur?suite=%2Fexports").expect(200);
    assert!(page.text().contains("<svg class=\"qr-code\""));
    let letters = letters_of(&page);
    let secret = Secret::from_letters(&letters).unwrap();
    let code = secret.code_at(app.app.clock.now()).unwrap();
    let fields = [("key", key_of(&page)), ("new_code", code), ("suite", "/exports".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.post("/connexion/second-facteur", &fields).expect(200);
    Telephone { secret, letters, codes: codes_of(&page) }
}

fn enrolled(app: &TestApp) -> (Browser, Telephone) {
    let mut browser = password(app, EMAIL);
    let telephone = enrol(app, &mut browser);
    (browser, telephone)
}

fn second_step(browser: &mut Browser, code: &str) -> Answer {
    browser.get("/connexion/code");
    browser.post("/connexion/code", &[("code", code)])
}

fn subjects(app: &TestApp) -> Vec<String> {
    outbox::lease(&app.app.db, &app.app.clock, 100).unwrap().into_iter().map(|mail| mail.subject).collect()
}

on_both_databases! {
    /// After the password nothing opens but the page that sets the second factor; then the person is in, with ten codes.
    fn the_first_sign_in_sets_the_second_factor(app: &TestApp) {
        let app = &app_with_an_accountant(app);
        let mut browser = password(app, EMAIL);
        assert_eq!(browser.get("/connexion/code?suite=%2Fexports").expect(303).location(), "/connexion/second-facteur?suite=%2Fexports");
        for path in ["/factures", "/mon-compte", "/mon-compte/second-facteur", "/connexion/code/x"] {
            assert_ne!(browser.get(path).status, 200, "{path}");
        }
        let first = browser.cookie("psypre").unwrap().to_owned();
        let page = browser.get("/connexion/second-facteur").expect(200);
        let (key, letters) = (key_of(&page), letters_of(&page));
        let wrong = browser.post("/connexion/second-facteur", &[("key", &key), ("new_code", "12345")]).expect(422);
        assert!(wrong.words().contains("Ce code ne convient pas.") && key_of(&wrong) == key, "the same key is shown again");
        let telephone = enrol(app, &mut browser);
        assert_eq!(telephone.codes.len(), 10);
        assert_ne!(browser.cookie("psypre").unwrap(), first, "another cookie once in");
        assert_eq!(browser.get("/").location(), "/factures");
        assert_eq!(browser.get("/connexion/second-facteur").expect(303).location(), "/");
        assert_eq!(subjects(app), ["PsyPRE : votre second facteur est en place"]);
        let rows = format!("{:?}", dump::rows(app));
        for secret in telephone.codes.iter().chain([&telephone.letters]) {
            assert!(!rows.contains(secret.as_str()), "{secret} stands in the database");
        }
        let mut stolen = app.anonymous();
        stolen.post("/connexion", &[("email", EMAIL), ("password", PASSWORD)]).expect(303);
        let page = stolen.get("/connexion/second-facteur").expect(303);
        assert_eq!(page.location(), "/connexion/code", "a password alone sets no other telephone");
        stolen.get("/connexion/code").expect(200);
        // nor a key that was shown to them before there was one
        let code = Secret::from_letters(&letters).unwrap().code_at(app.app.clock.now()).unwrap();
        let refused = stolen.post("/connexion/second-facteur", &[("key", &key), ("new_code", &code)]);
        assert_ne!(refused.status, 200, "{}", refused.words());
        assert_ne!(stolen.get("/factures").status, 200);
    }

    /// Each sign-in asks for a code: that of now, the one before or the one after, once.
    fn a_code_opens_once(app: &TestApp) {
        let app = &app_with_an_accountant(app);
        let (_, telephone) = enrolled(app);
        let code = telephone.code(app);
        let again = second_step(&mut password(app, EMAIL), &code).expect(422);
        assert!(again.words().contains("Ce code a déjà servi."), "{}", again.words());
        app.app.clock.advance(Duration::seconds(30));
        let late = telephone.code(app);
        app.app.clock.advance(Duration::seconds(30));
        let mut browser = password(app, EMAIL);
        let spaced = format!("{} {}", &late[..3], &late[3..]);
        assert_eq!(second_step(&mut browser, &spaced).expect(303).location(), "/");
        assert_eq!(browser.get("/").location(), "/factures");
        app.app.clock.advance(Duration::seconds(90));
        let old = telephone.code(app);
        app.app.clock.advance(Duration::seconds(60));
        second_step(&mut password(app, EMAIL), &old).expect(422);
        let mut slow = password(app, EMAIL);
        slow.get("/connexion/code").expect(200);
        app.app.clock.advance(Duration::minutes(15));
        assert!(slow.post("/connexion/code", &[("code", &telephone.code(app))]).expect(303).location().starts_with("/connexion"));
    }

    /// A recovery code replaces the telephone once, and its owner is told how many are left.
    fn a_recovery_code_opens_once(app: &TestApp) {
        let app = &app_with_an_accountant(app);
        let (_, telephone) = enrolled(app);
        let typed = telephone.codes[3].to_lowercase();
        let mut browser = password(app, EMAIL);
        browser.get("/connexion/code");
        browser.post("/connexion/code", &[("recovery_code", &typed)]).expect(303);
        assert_eq!(browser.get("/").location(), "/factures");
        assert!(subjects(app).contains(&"PsyPRE : un code de secours a servi".to_owned()));
        let mut again = password(app, EMAIL);
        again.get("/connexion/code");
        again.post("/connexion/code", &[("recovery_code", &typed)]).expect(422);
        app.app.clock.advance(Duration::seconds(60));
        let fields = [("current_password", PASSWORD), ("code", &telephone.code(app))];
        let page = browser.post("/mon-compte/second-facteur/codes", &fields).expect(200);
        assert!(page.words().contains("Vos codes sont remplacés") && !page.words().contains("Votre téléphone est relié"));
        let renewed = codes_of(&page);
        assert_eq!(renewed.len(), 10);
        let mut old = password(app, EMAIL);
        old.get("/connexion/code");
        old.post("/connexion/code", &[("recovery_code", &telephone.codes[4])]).expect(422);
        old.post("/connexion/code", &[("recovery_code", &renewed[0])]).expect(303);
    }

    /// Whoever knows the password guesses at most twenty-five codes an hour, and the owner comes in from their browser.
    fn guessing_codes_slows_down(app: &TestApp) {
        let app = &app_with_an_accountant(app);
        let (mut owner, telephone) = enrolled(app);
        owner.post("/deconnexion", &[]).expect(303);
        let (mut tries, mut elapsed, mut thief) = (0, 0, password(app, EMAIL));
        while elapsed < 3600 {
            let answer = second_step(&mut thief, "000000");
            match answer.status {
                422 => tries += 1,
                429 => {
                    let seconds: i64 = answer.header("retry-after").unwrap().parse().unwrap();
                    elapsed += seconds;
                    app.app.clock.advance(Duration::seconds(seconds));
                }
                _ => thief = password(app, EMAIL),
            }
        }
        assert!((4..=25).contains(&tries), "{tries} tries in an hour");
        owner.post("/connexion", &[("email", EMAIL), ("password", PASSWORD)]).expect(303);
        assert_eq!(second_step(&mut owner, &telephone.code(app)).expect(303).location(), "/");
    }

    /// A referent alone need not have one; with another role beside, they must.
    fn only_the_referent_needs_none(app: &TestApp) {
        let app = app.with_second_factor();
        let programme = crate::support::world::World::new(&app).chenove;
        app.account("roger@example.org", "Roger Référent", &[(Role::Referent, Some(programme))]);
        let mut roger = app.signed_in("roger@example.org");
        assert_eq!(roger.get("/").location(), "/enfants");
        let account = app.read(|conn| psypre::accounts::store::find_account(conn, "roger@example.org")).unwrap();
        let now = app.app.clock.now();
        app.write(|tx| psypre::accounts::store::insert_grant(tx, account, Role::Auditor, None, now));
        assert_eq!(roger.get("/").location(), "/connexion", "the new role asks for a second factor at once");
        enrol(&app, &mut password(&app, "roger@example.org"));
    }

    /// An administrator takes a second factor away: the person is out, told, and sets another.
    fn an_administrator_resets_a_second_factor(app: &TestApp) {
        let app = &app_with_an_accountant(app);
        let (mut browser, telephone) = enrolled(app);
        app.account("ada@example.org", "Ada Exemple", &[(Role::Administrator, None)]);
        let mut ada = password(app, "ada@example.org");
        enrol(app, &mut ada);
        let account = |email| app.read(|conn| psypre::accounts::store::find_account(conn, email)).unwrap();
        subjects(app);
        assert!(ada.get(&format!("/comptes/{}", account(EMAIL))).words().contains("Second facteur en place"));
        ada.post(&format!("/comptes/{}/second-facteur/retrait", account(EMAIL)), &[]).expect(303);
        assert_eq!(browser.get("/").location(), "/connexion");
        assert_eq!(subjects(app), ["PsyPRE : votre second facteur est retiré"]);
        assert!(ada.get("/journal").words().contains("Second facteur retiré par l’administration"));
        let other = enrol(app, &mut password(app, EMAIL));
        assert_ne!(other.letters, telephone.letters);
        let own = ada.post(&format!("/comptes/{}/second-facteur/retrait", account("ada@example.org")), &[]).expect(422);
        assert!(own.words().contains("C’est votre compte"), "{}", own.words());
    }

    /// Changing the telephone or the password asks for the password and for a code in force; other devices are out.
    fn changing_what_protects_asks_for_it(app: &TestApp) {
        let app = &app_with_an_accountant(app);
        let (mut browser, telephone) = enrolled(app);
        app.app.clock.advance(Duration::seconds(60));
        let mut elsewhere = password(app, EMAIL);
        second_step(&mut elsewhere, &telephone.code(app)).expect(303);
        app.app.clock.advance(Duration::seconds(60));
        let page = browser.get("/mon-compte/second-facteur").expect(200);
        let (key, new) = (key_of(&page), Secret::from_letters(&letters_of(&page)).unwrap());
        let new_code = new.code_at(app.app.clock.now()).unwrap();
        for (password, code, sentence) in [
            ("un autre mot de passe", telephone.code(app), "Le mot de passe actuel ne convient pas."),
            (PASSWORD, "000000".to_owned(), "Ce code ne convient pas."),
            (PASSWORD, String::new(), "Ce code ne convient pas."),
        ] {
            let fields = [("key", key.as_str()), ("new_code", &new_code), ("current_password", password), ("code", &code)];
            let refused = browser.post("/mon-compte/second-facteur", &fields).expect(422);
            assert!(refused.words().contains(sentence), "{}", refused.words());
        }
        let code = telephone.code(app);
        let fields = [("key", key.as_str()), ("new_code", &new_code), ("current_password", PASSWORD), ("code", &code)];
        browser.post("/mon-compte/second-facteur", &fields).expect(200);
        assert_eq!(elsewhere.get("/").location(), "/connexion");
        assert_eq!(browser.get("/").location(), "/factures");
        app.app.clock.advance(Duration::seconds(60));
        let chosen = "cheval agrafe pile correct";
        let fields = [("current_password", PASSWORD), ("password", chosen), ("password_again", chosen)];
        browser.post("/mon-compte/mot-de-passe", &fields).expect(422);
        let code = new.code_at(app.app.clock.now()).unwrap();
        let fields = [("current_password", PASSWORD), ("password", chosen), ("password_again", chosen), ("code", &code)];
        browser.post("/mon-compte/mot-de-passe", &fields).expect(303);
        assert!(subjects(app).contains(&"PsyPRE : votre mot de passe est changé".to_owned()));
    }
}
