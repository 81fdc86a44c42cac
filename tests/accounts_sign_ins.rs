//! Sign-ins: seen and ended by their person, bounded in time, renewed with what they open; and what they keep of a device.

use chrono::Duration;
use psypre::accounts::Role;

use crate::on_both_databases;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::browser::Browser;

const EMAIL: &str = "compta@example.org";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn signed_in_with(app: &TestApp, user_agent: &str) -> Browser {
    let mut browser = app.anonymous();
    let body = serde_urlencoded::to_string([("email", EMAIL), ("password", PASSWORD)]).unwrap();
    let kind = "application/x-www-form-urlencoded";
    browser.send("/connexion", kind, &body, &[("user-agent", user_agent)]).expect(303);
    browser
}

/// The first address of a page that ends a sign-in.
fn first_end(page: &str) -> String {
    let (_, rest) = page.split_once("action=\"/mon-compte/connexions/").expect("a form");
    format!("/mon-compte/connexions/{}", rest.split('"').next().unwrap())
}

on_both_databases! {
    /// A person sees where they are signed in, ends one, then all others; nobody else's.
    fn one_sees_and_ends_ones_sign_ins(app: &TestApp) {
        app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        app.account("autre@example.org", "Alix Autre", &[(Role::Accountant, None)]);
        let mut here = app.signed_in(EMAIL);
        let mut others = [signed_in_with(app, FIREFOX), app.signed_in(EMAIL), app.signed_in(EMAIL)];
        let page = here.get("/mon-compte/connexions").expect(200);
        assert!(page.words().contains("Firefox, Linux") && page.words().contains("C’est ici."), "{}", page.words());
        assert_eq!(page.text().matches("/fin\"").count(), 4, "three others, and all of them");
        let end = first_end(&page.text());
        app.signed_in("autre@example.org").post(&end, &[]).expect(404);
        here.post(&end, &[]).expect(303);
        here.post(&end, &[]).expect(404);
        assert_eq!(others.iter_mut().map(|one| one.get("/").location() == "/connexion").filter(|out| *out).count(), 1);
        here.post("/mon-compte/connexions/fin", &[]).expect(303);
        assert!(here.get("/mon-compte/connexions").words().contains("Les 2 autres appareils sont déconnectés."));
        assert!(others.iter_mut().all(|one| one.get("/").location() == "/connexion"));
        assert_eq!(here.get("/").location(), "/factures");
    }

    /// Those that ended by themselves are not shown.
    fn what_is_over_is_not_listed(app: &TestApp) {
        app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        let _idle = signed_in_with(app, FIREFOX);
        app.app.clock.advance(Duration::hours(12));
        let page = app.signed_in(EMAIL).get("/mon-compte/connexions").expect(200);
        assert!(!page.words().contains("Firefox"), "{}", page.words());
    }

    /// What the cookie holds is new at each sign-in and with each role, and the old one opens nothing.
    fn the_cookie_is_renewed_with_what_it_opens(app: &TestApp) {
        app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None), (Role::Auditor, None)]);
        let mut browser = app.signed_in(EMAIL);
        let first = browser.cookie("psypre").unwrap().to_owned();
        assert!(first.len() >= 43, "256 bits: {first}");
        browser.post("/connexion", &[("email", EMAIL), ("password", PASSWORD)]).expect(303);
        let second = browser.cookie("psypre").unwrap().to_owned();
        browser.post("/role", &[("role", "auditor")]).expect(303);
        let third = browser.cookie("psypre").unwrap().to_owned();
        assert!(first != second && second != third);
        let with = |cookie: &str| app.anonymous().get_with("/", &[("cookie", &format!("psypre={cookie}"))]).location().to_owned();
        assert_eq!(with(&first), "/connexion", "signing in again ends what the browser held");
        assert_eq!(with(&second), "/connexion");
        assert_eq!(with(&third), "/journal");
        let answer = app.anonymous().post("/connexion", &[("email", EMAIL), ("password", PASSWORD)]);
        let cookies: Vec<&str> =
            answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect();
        assert_eq!(cookies.len(), 2);
        assert!(cookies.iter().all(|one| one.contains("HttpOnly") && one.contains("SameSite=Lax") && one.contains("Path=/")));
    }

    /// A browser where somebody signed in before does not wait for those who guess elsewhere.
    fn who_came_in_before_does_not_wait_for_those_who_guess(app: &TestApp) {
        app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        let mut known = app.signed_in(EMAIL);
        known.post("/deconnexion", &[]).expect(303);
        let attempt = |browser: &mut Browser, password: &str| {
            browser.post("/connexion", &[("email", EMAIL), ("password", password)]).status
        };
        for _ in 0..4 {
            assert_eq!(attempt(&mut app.anonymous(), "faux"), 422);
        }
        assert_eq!(attempt(&mut app.anonymous(), PASSWORD), 429);
        assert_eq!(attempt(&mut known, PASSWORD), 303);
        assert_eq!(attempt(&mut app.anonymous(), PASSWORD), 429, "what was guessed elsewhere stays counted");
        for _ in 0..4 {
            assert_eq!(attempt(&mut known, "faux"), 422);
        }
        assert_eq!(attempt(&mut known, PASSWORD), 429, "a stolen browser guesses no faster");
        app.account("autre@example.org", "Alix Autre", &[(Role::Accountant, None)]);
        let other = known.post("/connexion", &[("email", "autre@example.org"), ("password", "faux")]);
        assert_eq!(other.status, 422, "it is known for one account only");
    }

    /// Guessing a password: at most twenty-five tries an hour.
    fn an_hour_holds_few_passwords(app: &TestApp) {
        app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        let (mut tries, mut elapsed) = (0, 0);
        while elapsed < 3600 {
            let answer = app.anonymous().post("/connexion", &[("email", EMAIL), ("password", "faux")]);
            if answer.status == 429 {
                let seconds: i64 = answer.header("retry-after").unwrap().parse().unwrap();
                elapsed += seconds;
                app.app.clock.advance(Duration::seconds(seconds));
            } else {
                tries += 1;
            }
        }
        assert!((4..=25).contains(&tries), "{tries} tries in an hour");
    }
}
