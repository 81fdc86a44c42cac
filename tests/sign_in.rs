//! Signing in and out, and what a form must carry.

use psypre::accounts::Role;

use crate::on_both_databases;
use crate::support::app::PASSWORD;

on_both_databases! {
    /// Whoever is signed out is sent to the sign-in, and back where they wanted to go.
    fn whoever_is_signed_out_signs_in_and_goes_on(app: &TestApp) {
        app.account("compta@example.org", "Camille Exemple", &[(Role::Accountant, None)]);
        let mut browser = app.anonymous();
        assert_eq!(browser.get("/").expect(303).location(), "/connexion");
        let page = browser.get("/connexion?suite=%2Ffactures%3Fmois%3D2026-10").expect(200);
        assert!(page.text().contains("value=\"/factures?mois=2026-10\""), "{}", page.text());
        let fields = [("email", "Compta@Example.org"), ("password", PASSWORD), ("suite", "/factures?mois=2026-10")];
        let answer = browser.post("/connexion", &fields).expect(303);
        assert_eq!(answer.location(), "/factures?mois=2026-10");
        browser.post("/deconnexion", &[]).expect(303);
        browser.get("/").expect(303);
    }

    /// The answer does not tell a wrong password from an unknown address, and keeps the address.
    fn a_wrong_password_says_no_more_than_an_unknown_address(app: &TestApp) {
        app.account("compta@example.org", "Camille Exemple", &[(Role::Accountant, None)]);
        let mut browser = app.anonymous();
        let sentence = "L’adresse ou le mot de passe ne convient pas.";
        for email in ["compta@example.org", "personne@example.org"] {
            let page = browser.post("/connexion", &[("email", email), ("password", "faux")]).expect(422);
            assert!(page.words().contains(sentence), "{}", page.words());
            assert!(page.text().contains(email));
        }
    }

    /// A form without the token of the sign-in is refused, and so is one from another site.
    fn another_site_cannot_post(app: &TestApp) {
        app.account("compta@example.org", "Camille Exemple", &[(Role::Accountant, None)]);
        let mut browser = app.signed_in("compta@example.org");
        browser.post("/deconnexion", &[("csrf", "faux")]).expect(403);
        let kind = "application/x-www-form-urlencoded";
        // nor do forms for people who are not signed in, whose token is empty
        for form in ["/connexion", "/mot-de-passe-oublie", "/mot-de-passe-oublie/lien", "/invitation/lien"] {
            browser.send(form, kind, "email=a", &[("sec-fetch-site", "cross-site")]).expect(403);
            browser.send(form, kind, "email=a", &[("origin", "https://evil.example")]).expect(403);
        }
        browser.post("/deconnexion", &[]).expect(303);
    }

    /// Our own page posts, known by the configured address behind a proxy, and by the host that was asked otherwise.
    fn our_own_page_posts_by_either_address(app: &TestApp) {
        let (mut browser, ours) = (app.anonymous(), app.app.config.base_url.clone());
        let kind = "application/x-www-form-urlencoded";
        for origin in [ours.as_str(), "http://interne.example:8080"] {
            browser.send("/connexion", kind, "email=a", &[("origin", origin), ("host", "interne.example:8080")]).expect(422);
        }
        browser.send("/connexion", kind, "email=a", &[("origin", "http://interne.example")]).expect(403);
        // a link of a mail is followed from elsewhere
        browser.get_with("/connexion", &[("sec-fetch-site", "cross-site")]).expect(200);
    }

    /// A sign-in ends by itself: after twelve hours without use, after seven days whatever the use.
    fn a_sign_in_ends_by_itself(app: &TestApp) {
        app.account("compta@example.org", "Camille Exemple", &[(Role::Accountant, None)]);
        let mut idle = app.signed_in("compta@example.org");
        let mut used = app.signed_in("compta@example.org");
        for _ in 0..15 {
            app.app.clock.advance(chrono::Duration::hours(11));
            assert_ne!(used.get("/").location(), "/connexion");
        }
        assert_eq!(idle.get("/").location(), "/connexion");
        app.app.clock.advance(chrono::Duration::hours(11));
        assert_eq!(used.get("/").location(), "/connexion");
    }
}
