//! Signing in with ProConnect, through a provider that signs what it says, and lies when it is told to.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use psypre::accounts::{Role, close, passwords, store};
use psypre::config::{SecondFactor, SigningAlgorithm};
use psypre::ids::AccountId;
use psypre::journal::Actor;
use psypre::schema::{journal_entries, mails, sign_ins};
use psypre::sql_types::Ts;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::browser::{Answer, Browser};
use crate::support::database::Database;
use crate::support::proconnect::Provider;

const START: &str = "/connexion/proconnect";
const OWN: &str = "/mon-compte/proconnect";
const EMAIL: &str = "compta@example.org";
const INVITATION: &str = "une-invitation-que-personne-ne-devine";

/// What the sentences of the refusals hold.
const NOT_AWAITED: &str = "n’a pas commencé dans ce navigateur, date de plus de dix minutes ou a déjà servi";
const UNTRUSTED: &str = "n’a pas pu être vérifiée : rien n’a été ouvert";
const NO_SECOND_FACTOR: &str = "ne vous a pas demandé de second facteur";
const UNKNOWN: &str = "n’ouvre aucun compte de PsyPRE";
const UNREACHABLE: &str = "ProConnect ne répond pas";

/// Runs each story on both databases, beside a provider that signs with RSA.
macro_rules! beside_a_provider {
    ($($(#[$meta:meta])* fn $name:ident($at:ident: &Place) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            fn story($at: &Place) $body

            #[test]
            fn sqlite() {
                story(&Place::new(Database::sqlite(), SigningAlgorithm::Rs256, |_| {}));
            }

            #[test]
            fn postgres() {
                story(&Place::new(Database::postgres(), SigningAlgorithm::Rs256, |_| {}));
            }
        }
    )+};
}

/// The application and the provider that it knows.
struct Place {
    app: TestApp,
    provider: Provider,
}

impl Place {
    fn new(
        database: Database,
        algorithm: SigningAlgorithm,
        register: impl FnOnce(&mut psypre::config::ProConnect),
    ) -> Self {
        Self::asking(SecondFactor::Optional, database, algorithm, register)
    }

    fn asking(
        second_factor: SecondFactor,
        database: Database,
        algorithm: SigningAlgorithm,
        register: impl FnOnce(&mut psypre::config::ProConnect),
    ) -> Self {
        let provider = Provider::start(algorithm);
        let mut registered = provider.registered(algorithm);
        register(&mut registered);
        let app = TestApp::with_proconnect(database, second_factor, registered);
        let place = Self { app, provider };
        place.provider.set(json!({ "site": place.app.base_url, "now": place.now().timestamp() }));
        place
    }

    fn now(&self) -> DateTime<Utc> {
        self.app.app.clock.now().utc()
    }

    /// Time passes, for the provider too.
    fn wait(&self, by: Duration) {
        self.app.app.clock.advance(by);
        self.provider.set(json!({ "now": self.now().timestamp() }));
    }

    /// The provider behaves again, and every count of failures is forgotten.
    fn rest(&self) {
        self.provider.set(json!({ "wrong": {}, "acr": "eidas2" }));
        self.wait(Duration::minutes(61));
    }

    /// An account whose person comes in by ProConnect, as if the invitation's story had been told.
    fn linked(&self, email: &str, subject: &str) -> AccountId {
        use psypre::proconnect::{Identity, store as links};
        let account = self.app.account(email, "Camille Exemple", &[(Role::Accountant, None)]);
        let issuer = self.provider.registered(SigningAlgorithm::Rs256).issuer;
        let identity = Identity { issuer, subject: subject.to_owned(), email: None };
        let now = self.app.app.clock.now();
        self.app.write(|tx| links::insert_link(tx, account, &identity, now));
        account
    }

    /// Where the provider sends the browser back, as a path of ours.
    fn through(&self, address: &str) -> String {
        let (status, to) = self.provider.visit(address);
        assert_eq!(status, 302, "{address}");
        to.strip_prefix(&self.app.base_url).unwrap_or_else(|| panic!("{to} is not ours")).to_owned()
    }

    /// From a page of ours to the provider: gives the path of the return.
    fn leave(&self, browser: &mut Browser, from: &str) -> String {
        let question = browser.get(from).expect(303).location().to_owned();
        self.through(&question)
    }

    /// The whole round trip.
    fn round_trip(&self, browser: &mut Browser, from: &str) -> Answer {
        let back = self.leave(browser, from);
        browser.get(&back)
    }

    fn comes_in(&self, browser: &mut Browser) {
        let answer = self.round_trip(browser, START).expect(303);
        assert_eq!(answer.location(), "/", "{}", browser.get("/connexion").words());
        assert!(browser.get("/mon-compte").expect(200).words().contains("Mon compte"));
    }

    /// What a refused return tells.
    fn is_refused(&self, browser: &mut Browser, answer: Answer, words: &str, what: &str) {
        let mut answer = answer.expect(303);
        while answer.status == 303 {
            let to = answer.location().to_owned();
            assert!(!to.contains("state") && !to.contains("code"), "{to}");
            answer = browser.get(&to);
        }
        let page = answer.expect(200).words();
        assert!(page.contains(words), "{what}: {page}");
    }

    fn sign_ins(&self) -> i64 {
        self.app.read(|conn| sign_ins::table.count().get_result(conn))
    }

    fn journaled(&self, action: &str) -> i64 {
        self.app.read(|conn| journal_entries::table.filter(journal_entries::action.eq(action)).count().get_result(conn))
    }

    fn mailed(&self) -> Vec<String> {
        let told = mails::table.filter(mails::kind.eq("proconnect_changed")).order(mails::id);
        self.app.read(|conn| told.select(mails::subject).load(conn))
    }

    /// Somebody who has an invitation and no password.
    fn invite(&self, email: &str) -> AccountId {
        let now = self.app.app.clock.now();
        let until = Ts::new(now.utc() + Duration::days(7));
        self.app.write(|tx| {
            let account = store::insert_account(tx, email, "Nino Invention", now)?;
            store::insert_grant(tx, account, Role::Auditor, None, now)?;
            store::insert_invitation(tx, account, &passwords::token_hash(INVITATION), now, until)?;
            Ok(account)
        })
    }
}

/// Where the page of the way out leads.
fn refresh(answer: &Answer) -> String {
    answer.header("refresh").unwrap().strip_prefix("0;url=").unwrap().to_owned()
}

on_both_databases! {
    /// Without its settings ProConnect does not exist: neither button nor address.
    fn proconnect_is_off_by_default(app: &TestApp) {
        app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        let mut browser = app.anonymous();
        assert!(!browser.get("/connexion").expect(200).text().contains("ProConnect"));
        for path in [START, "/connexion/proconnect/retour?code=a&state=b", "/deconnexion/proconnect"] {
            browser.get(path).expect(404);
        }
        let mut camille = app.signed_in(EMAIL);
        camille.get(OWN).expect(404);
        assert!(!camille.get("/mon-compte").expect(200).text().contains("ProConnect"));
        assert_eq!(camille.post("/deconnexion", &[]).expect(303).location(), "/connexion");
    }
}

beside_a_provider! {
    /// Invited, one comes in by ProConnect without ever choosing a password; leaves by it too, and comes back.
    fn an_invitation_is_accepted_with_proconnect(at: &Place) {
        at.invite("nino@example.org");
        let mut nino = at.app.anonymous();
        // nobody who was not invited gets anything, whatever their address
        at.provider.set(json!({ "email": "nino@example.org" }));
        let answer = at.round_trip(&mut nino, START);
        at.is_refused(&mut nino, answer, UNKNOWN, "the address of an account opens nothing");
        let page = nino.get(&format!("/invitation/{INVITATION}")).expect(200);
        assert!(page.text().contains(&format!("/invitation/{INVITATION}/proconnect")), "{}", page.text());
        let accept = format!("/invitation/{INVITATION}/proconnect");
        assert_eq!(at.round_trip(&mut nino, &accept).expect(303).location(), "/");
        assert!(nino.get("/mon-compte").expect(200).words().contains("nino@example.org"));
        nino.get(&accept).expect(404);
        at.app.anonymous().get(&format!("/invitation/{INVITATION}")).expect(404);
        for action in ["account.invitation_accepted", "proconnect.linked", "account.signed_in"] {
            assert_eq!(at.journaled(action), 1, "{action}");
        }
        assert_eq!(at.mailed(), ["ProConnect ouvre désormais votre compte"]);
        // without a password, undoing the link would lock them out
        let page = nino.get(OWN).expect(200).words();
        assert!(page.contains("nino@example.org ouvre votre compte") && page.contains("ne pourriez plus entrer"), "{page}");
        nino.post("/mon-compte/proconnect/retrait", &[("current_password", "")]).expect(422);

        let out = nino.post("/deconnexion", &[]).expect(303).location().to_owned();
        assert_eq!(out, "/deconnexion/proconnect");
        let leaving = nino.get(&out).expect(200);
        let back = at.through(&refresh(&leaving));
        // somebody else's way out is not theirs
        assert!(!nino.clone().get("/deconnexion/proconnect/retour?state=x").header("set-cookie").unwrap_or_default().contains("message"));
        assert_eq!(nino.get(&back).expect(303).location(), "/connexion");
        assert!(nino.get("/connexion").words().contains("déconnecté de PsyPRE et de ProConnect"));
        nino.get(&out).expect(303);

        let answer = at.round_trip(&mut nino, "/connexion/proconnect?suite=%2Fjournal%3Fpage%3D1").expect(303);
        assert_eq!(answer.location(), "/journal?page=1");
        for elsewhere in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example"] {
            let mut other = at.app.anonymous();
            let answer = at.round_trip(&mut other, &format!("/connexion/proconnect?suite={elsewhere}")).expect(303);
            assert_eq!(answer.location(), "/", "{elsewhere}");
        }
        // ProConnect's session lasts twelve hours: ours no longer, even in use
        for _ in 0..2 {
            at.wait(Duration::hours(5));
            nino.get("/mon-compte").expect(200);
        }
        at.wait(Duration::hours(2));
        assert_eq!(nino.get("/mon-compte").expect(303).location(), "/connexion?suite=%2Fmon-compte");
    }

    /// Whoever has a password links ProConnect from their own page, with the password, and undoes it the same way.
    fn an_account_is_linked_by_its_owner(at: &Place) {
        at.app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        at.app.account("autre@example.org", "Dominique Exemple", &[(Role::Accountant, None)]);
        let mut camille = at.app.signed_in(EMAIL);
        let page = camille.post(OWN, &[("current_password", "faux")]).expect(422);
        assert!(page.words().contains("Le mot de passe actuel ne convient pas"), "{}", page.words());
        let link = |browser: &mut Browser| {
            let leaving = browser.post(OWN, &[("current_password", PASSWORD)]).expect(200);
            assert!(leaving.header("content-security-policy").unwrap().contains("form-action 'self'"));
            at.through(&refresh(&leaving))
        };
        let back = link(&mut camille);
        assert_eq!(camille.get(&back).expect(303).location(), OWN);
        let page = camille.get(OWN).expect(200).words();
        assert!(page.contains("il suffit désormais pour y entrer") && page.contains("camille@agents.example"), "{page}");
        let mut elsewhere = at.app.anonymous();
        at.comes_in(&mut elsewhere);
        assert!(camille.get("/donnees-personnelles").expect(200).words().contains("se connecter avec ProConnect"));
        // one account for an identity, one identity for an account
        let mut dominique = at.app.signed_in("autre@example.org");
        let back = link(&mut dominique);
        let answer = dominique.get(&back);
        at.is_refused(&mut dominique, answer, "ouvre déjà un autre compte", "an identity that opens another");
        at.provider.set(json!({ "subject": "une-autre-identite" }));
        let back = link(&mut camille);
        let answer = camille.get(&back);
        at.is_refused(&mut camille, answer, "déjà relié à une identité", "a second identity");
        // the link is for the account that asked, on the browser that asked, while it is signed in
        let back = link(&mut dominique);
        dominique.post("/deconnexion", &[]).expect(303);
        let answer = dominique.get(&back);
        at.is_refused(&mut dominique, answer, NOT_AWAITED, "whoever signed out meanwhile");
        at.provider.set(json!({ "subject": "sub-de-camille" }));

        camille.post("/mon-compte/proconnect/retrait", &[("current_password", "faux")]).expect(422);
        camille.post("/mon-compte/proconnect/retrait", &[("current_password", PASSWORD)]).expect(303);
        assert_eq!(elsewhere.get("/").location(), "/connexion", "what that identity opened is over");
        assert!(camille.get(OWN).expect(200).words().contains("ProConnect n’ouvre plus votre compte"));
        let mut other = at.app.anonymous();
        let answer = at.round_trip(&mut other, START);
        at.is_refused(&mut other, answer, UNKNOWN, "a link that was undone");
        assert_eq!((at.journaled("proconnect.linked"), at.journaled("proconnect.unlinked")), (1, 1));
        assert_eq!(at.mailed(), ["ProConnect ouvre désormais votre compte", "ProConnect n’ouvre plus votre compte"]);
    }

    /// An invitation sent to who forgot a password does not let a mailbox go round what protects the account.
    fn an_account_with_a_password_is_not_taken_by_an_invitation(at: &Place) {
        let account = at.app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        let now = at.app.app.clock.now();
        let until = Ts::new(now.utc() + Duration::days(7));
        at.app.write(|tx| store::insert_invitation(tx, account, &passwords::token_hash(INVITATION), now, until));
        let mut browser = at.app.anonymous();
        let answer = at.round_trip(&mut browser, &format!("/invitation/{INVITATION}/proconnect"));
        at.is_refused(&mut browser, answer, "", "an invitation of an account that has a password");
        assert_eq!((at.sign_ins(), at.journaled("proconnect.linked")), (0, 0));
        // the invitation itself still serves
        browser.get(&format!("/invitation/{INVITATION}")).expect(200);
    }

    /// Whoever is closed out is answered as whoever is unknown.
    fn a_closed_account_stays_closed(at: &Place) {
        let account = at.linked(EMAIL, "sub-de-camille");
        at.comes_in(&mut at.app.anonymous());
        let mut camille = at.app.anonymous();
        at.comes_in(&mut camille);
        at.app.app.db.write(|tx| close::disable(tx, &at.app.app.clock, Actor::System, account)).unwrap();
        camille.get("/mon-compte").expect(303);
        let mut browser = at.app.anonymous();
        let answer = at.round_trip(&mut browser, START);
        at.is_refused(&mut browser, answer, UNKNOWN, "a closed account");
        at.provider.set(json!({ "subject": "personne" }));
        let answer = at.round_trip(&mut browser, START);
        at.is_refused(&mut browser, answer, UNKNOWN, "an unknown identity");
    }

    /// security.md S14: whatever is altered in what ProConnect says, nothing is opened.
    fn nothing_tampered_opens_anything(at: &Place) {
        at.linked(EMAIL, "sub-de-camille");
        let hour_ago = at.now().timestamp() - 3600;
        let claims = |kind: &str, name: &str, value: Value| json!({ kind: { name: value } });
        let mut tampered: Vec<(Value, &str)> = Vec::new();
        for kind in ["id_claims", "user_claims"] {
            for (name, value) in [
                ("iss", json!("https://evil.example/api/v2")),
                ("iss", json!(null)),
                ("aud", json!("another-service")),
                ("aud", json!(["psypre", "another-service"])),
                ("aud", json!([])),
                ("aud", json!(null)),
                ("exp", json!(hour_ago)),
                ("exp", json!("never")),
                ("iat", json!(hour_ago)),
                ("iat", json!(hour_ago + 3 * 24 * 3600)),
                ("sub", json!("")),
                ("sub", json!(null)),
            ] {
                tampered.push((claims(kind, name, value), UNTRUSTED));
            }
        }
        for (name, value) in [
            ("nonce", json!("un-nonce-qui-n-est-pas-celui-de-ce-navigateur")),
            ("nonce", json!("")),
            ("nonce", json!(null)),
            ("exp", json!(null)),
            ("iat", json!(null)),
            ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ] {
            tampered.push((claims("id_claims", name, value), UNTRUSTED));
        }
        for level in [json!(null), json!("eidas1"), json!(""), json!("eidas2 eidas1"), json!("EIDAS2")] {
            tampered.push((claims("id_claims", "acr", level), NO_SECOND_FACTOR));
        }
        tampered.push((claims("user_claims", "sub", json!("sub-de-quelqu-un-d-autre")), UNTRUSTED));
        for kind in ["id_signed", "user_signed"] {
            for how in [
                "none", "none_with_signature", "hmac_of_public_key", "hmac_of_secret", "other_key", "unknown_kid", "no_kid",
                "key_of_its_own", "critical", "altered", "cut",
            ] {
                tampered.push((json!({ kind: how }), UNTRUSTED));
            }
        }
        tampered.push((json!({ "user_plain": true }), UNTRUSTED));
        tampered.push((json!({ "user_elsewhere": true }), UNREACHABLE));
        tampered.push((json!({ "back": { "iss": "https://evil.example/api/v2" } }), UNTRUSTED));
        tampered.push((json!({ "back": { "state": "un-etat-qui-n-est-pas-celui-de-ce-navigateur" } }), NOT_AWAITED));
        tampered.push((json!({ "back": { "state": null } }), NOT_AWAITED));
        tampered.push((json!({ "back": { "code": "un-code-qui-n-existe-pas" } }), NOT_AWAITED));
        tampered.push((json!({ "back": { "code": null, "error": "access_denied" } }), "n’est pas allée à son terme"));
        for (wrong, words) in &tampered {
            at.rest();
            at.provider.set(json!({ "wrong": wrong }));
            let mut browser = at.app.anonymous();
            let answer = at.round_trip(&mut browser, START);
            at.is_refused(&mut browser, answer, words, &wrong.to_string());
            browser.get("/mon-compte").expect(303);
            assert!(browser.cookie("psypre-proconnect").is_none(), "{wrong}: the round trip goes on");
        }
        assert_eq!((at.sign_ins(), at.journaled("account.signed_in")), (0, 0));
        println!("proconnect: {} tamperings refused", tampered.len());
        // and what nobody altered opens
        at.rest();
        at.comes_in(&mut at.app.anonymous());
    }

    /// A return serves once, in the browser that awaits it, for ten minutes.
    fn a_return_serves_once_where_it_is_awaited(at: &Place) {
        at.linked(EMAIL, "sub-de-camille");
        let mut camille = at.app.anonymous();
        let back = at.leave(&mut camille, START);
        // another browser, with no round trip of its own, then with one
        let mut other = at.app.anonymous();
        let answer = other.get(&back);
        at.is_refused(&mut other, answer, NOT_AWAITED, "another browser");
        at.leave(&mut other, START);
        let answer = other.get(&back);
        at.is_refused(&mut other, answer, NOT_AWAITED, "another browser's callback");
        // a cookie that we did not seal
        let flow = camille.cookie("psypre-proconnect").unwrap().to_owned();
        let mut forger = at.app.anonymous();
        let (head, tail) = flow.split_at(60);
        let other = if tail.starts_with('A') { "B" } else { "A" };
        forger.set_cookie("psypre-proconnect", &format!("{head}{other}{}", &tail[1..]));
        let answer = forger.get(&back);
        at.is_refused(&mut forger, answer, NOT_AWAITED, "a forged cookie");
        let before = at.provider.asked()["token"].clone();
        assert_eq!(before, 0, "nothing is asked for what nobody awaits");

        let mut again = camille.clone();
        assert_eq!(camille.get(&back).expect(303).location(), "/");
        let answer = again.get(&back);
        at.is_refused(&mut again, answer, NOT_AWAITED, "a replayed callback");
        assert_eq!(at.provider.asked()["token"], 1, "a replayed callback asks nothing");
        // a code that served already, brought back to a new round trip of the same browser
        let code = back.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
        let fresh = at.leave(&mut again, START);
        let own = fresh.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
        let answer = again.get(&fresh.replace(&own, &code));
        at.is_refused(&mut again, answer, NOT_AWAITED, "a replayed code");
        // a code lives thirty seconds, and a round trip ten minutes
        for (later, what) in [(31, "a code past its time"), (601, "a round trip past its time")] {
            let mut late = at.app.anonymous();
            let back = at.leave(&mut late, START);
            at.wait(Duration::seconds(later));
            let answer = late.get(&back);
            at.is_refused(&mut late, answer, NOT_AWAITED, what);
        }
        assert_eq!(at.sign_ins(), 1);
    }

    /// Another server of the same application ends what one began; and what one ended, none ends again.
    fn any_server_ends_a_round_trip_once(at: &Place) {
        at.linked(EMAIL, "sub-de-camille");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let second = format!("http://{}", listener.local_addr().unwrap());
        let served = at.app.app.clone();
        std::thread::spawn(move || {
            let serve = async { psypre::server::serve(served, listener, 1).unwrap().await.unwrap() };
            actix_web::rt::System::new().block_on(serve);
        });
        let mut camille = at.app.anonymous();
        let back = at.leave(&mut camille, START);
        let mut there = camille.at(&second);
        assert_eq!(there.get(&back).expect(303).location(), "/");
        there.get("/mon-compte").expect(200);
        let answer = camille.get(&back);
        at.is_refused(&mut camille, answer, NOT_AWAITED, "what the other server ended");
    }

    /// When ProConnect changes its keys, the new ones are looked for: once, and once a minute at most.
    fn changed_keys_are_looked_for_once(at: &Place) {
        at.linked(EMAIL, "sub-de-camille");
        at.comes_in(&mut at.app.anonymous());
        at.comes_in(&mut at.app.anonymous());
        assert_eq!((&at.provider.asked()["jwks"], &at.provider.asked()["discovery"]), (&json!(1), &json!(1)));
        at.provider.set(json!({ "rotate": true }));
        let mut browser = at.app.anonymous();
        let answer = at.round_trip(&mut browser, START);
        at.is_refused(&mut browser, answer, UNTRUSTED, "a key that is not known, within the minute");
        assert_eq!(at.provider.asked()["jwks"], 1);
        at.wait(Duration::seconds(60));
        at.comes_in(&mut at.app.anonymous());
        assert_eq!(at.provider.asked()["jwks"], 2);
        at.provider.set(json!({ "wrong": { "id_signed": "unknown_kid" } }));
        for _ in 0..3 {
            let answer = at.round_trip(&mut browser, START);
            at.is_refused(&mut browser, answer, UNTRUSTED, "a key that nobody has");
        }
        assert_eq!(at.provider.asked()["jwks"], 2);
        // kept as long as was said: an hour
        at.rest();
        at.comes_in(&mut at.app.anonymous());
        assert_eq!((&at.provider.asked()["jwks"], &at.provider.asked()["discovery"]), (&json!(3), &json!(2)));
    }

    /// What is asked is what ProConnect lists; the way in and the way out are the ones that are registered.
    fn only_what_is_listed_is_asked(at: &Place) {
        let question = at.app.anonymous().get(START).expect(303).location().to_owned();
        let (_, query) = question.split_once('?').unwrap();
        let asked: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
        let names: Vec<&str> = asked.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "claims"]);
        let claims: Value = serde_json::from_str(&asked[6].1).unwrap();
        let level = json!({ "essential": true, "values": ["eidas2", "eidas3"] });
        assert_eq!(claims, json!({ "id_token": { "acr": level } }));
        assert_eq!(asked[3].1, "openid email");
        assert!(asked[4].1.len() >= 32 && asked[5].1.len() >= 32 && asked[4].1 != asked[5].1);
        // ours refuses what the real one refuses
        assert_eq!(at.provider.visit(&format!("{question}&code_challenge=x")).0, 400);
        let page = at.app.anonymous().get("/connexion?suite=%2Ffactures%3Fmois%3D2026-10").expect(200);
        assert!(page.text().contains("/connexion/proconnect?suite=%2Ffactures%3Fmois%3D2026%2D10"), "{}", page.text());
        assert!(page.words().contains("S’identifier avec ProConnect") && page.words().contains("Qu’est-ce que ProConnect ?"));
    }

    /// A provider that fails, is slow to be found or answers for another opens nothing, and the page says so.
    fn a_provider_that_fails_opens_nothing(at: &Place) {
        at.linked(EMAIL, "sub-de-camille");
        for discovery in [
            json!({ "issuer": "https://evil.example/api/v2" }),
            json!({ "token_endpoint": "https://evil.example/token" }),
            json!({ "authorization_endpoint": "http://127.0.0.1:1/authorize" }),
            json!({ "jwks_uri": null }),
        ] {
            at.rest();
            at.provider.set(json!({ "wrong": { "discovery": discovery } }));
            let mut browser = at.app.anonymous();
            let answer = browser.get(START);
            at.is_refused(&mut browser, answer, UNREACHABLE, &discovery.to_string());
        }
        for wrong in [json!({ "token_status": 500 }), json!({ "token_status": 302 }), json!({ "long": true })] {
            at.rest();
            at.provider.set(json!({ "wrong": wrong }));
            let mut browser = at.app.anonymous();
            let answer = at.round_trip(&mut browser, START);
            at.is_refused(&mut browser, answer, UNREACHABLE, &wrong.to_string());
        }
        assert_eq!(at.sign_ins(), 0);
    }

    /// Whoever fails again and again waits, like whoever guesses passwords.
    fn failures_are_counted_by_address(at: &Place) {
        at.provider.set(json!({ "acr": "eidas1" }));
        let mut browser = at.app.anonymous();
        let mut answers = (0..30).map(|_| at.round_trip(&mut browser, START).status);
        let refused = answers.position(|status| status == 429).unwrap();
        assert!((20..25).contains(&refused), "{refused}");
    }

    /// Its pages ask for a sign-in where they are one's own, and change nothing from another site.
    fn its_pages_are_ones_own(at: &Place) {
        at.app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        let mut nobody = at.app.anonymous();
        nobody.get(OWN).expect(303);
        for path in [OWN, "/mon-compte/proconnect/retrait"] {
            assert!(nobody.post(path, &[]).expect(303).location().starts_with("/connexion"));
            let mut camille = at.app.signed_in(EMAIL);
            camille.post(path, &[("csrf", "faux"), ("current_password", PASSWORD)]).expect(403);
        }
        // a link from another site signs nobody out
        let mut camille = at.app.signed_in(EMAIL);
        assert_eq!(camille.get("/deconnexion/proconnect").expect(303).location(), "/");
        camille.get("/mon-compte").expect(200);
        // and who came in with a password has nowhere else to leave
        camille.post("/deconnexion", &[]).expect(303);
        assert_eq!(camille.get("/deconnexion/proconnect").expect(303).location(), "/connexion");
    }
}

/// The other two algorithms that one may register: each opens, and no other does in its place.
#[test]
fn the_algorithm_is_the_registered_one() {
    for (algorithm, others) in [
        (SigningAlgorithm::Es256, ["rsa", "hmac_of_secret", "hmac_of_public_key", "none", "altered", "other_key"]),
        (SigningAlgorithm::Hs256, ["rsa", "none_with_signature", "hmac_of_public_key", "none", "altered", "cut"]),
    ] {
        let at = Place::new(Database::sqlite(), algorithm, |_| {});
        at.linked(EMAIL, "sub-de-camille");
        at.comes_in(&mut at.app.anonymous());
        for kind in ["id_signed", "user_signed"] {
            for how in others {
                at.rest();
                at.provider.set(json!({ "wrong": { kind: how } }));
                let mut browser = at.app.anonymous();
                let answer = at.round_trip(&mut browser, START);
                at.is_refused(&mut browser, answer, UNTRUSTED, &format!("{algorithm:?} {kind} {how}"));
            }
        }
        assert_eq!(at.sign_ins(), 1);
    }
}

/// The second factor of ProConnect is the second factor, where one is compulsory: no telephone is asked for.
#[test]
fn the_second_factor_is_proconnects() {
    let at = Place::asking(SecondFactor::Required, Database::sqlite(), SigningAlgorithm::Rs256, |_| {});
    at.invite("nino@example.org");
    let mut nino = at.app.anonymous();
    let accept = format!("/invitation/{INVITATION}/proconnect");
    assert_eq!(at.round_trip(&mut nino, &accept).expect(303).location(), "/");
    nino.get("/journal").expect(200);
    // and it is listed among the places where one is signed in, until it ends by itself
    assert!(nino.get("/mon-compte/connexions").expect(200).words().contains("Mes connexions"));
}

/// Where the provider knows PKCE, the code is worth nothing without the verifier of the browser that began.
#[test]
fn pkce_binds_the_code_where_it_is_on() {
    let at = Place::new(Database::sqlite(), SigningAlgorithm::Rs256, |registered| registered.pkce = true);
    at.linked(EMAIL, "sub-de-camille");
    at.provider.set(json!({ "pkce": true }));
    at.comes_in(&mut at.app.anonymous());
    let asked = at.provider.asked();
    assert_eq!(asked["authorize"]["code_challenge_method"], "S256");
    assert_eq!(asked["authorize"]["code_challenge"].as_str().unwrap().len(), 43);
    // a code stolen from one browser, brought to the round trip of another
    let (mut camille, mut thief) = (at.app.anonymous(), at.app.anonymous());
    let stolen = at.leave(&mut camille, START);
    let own = at.leave(&mut thief, START);
    let code = |back: &str| back.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
    let answer = thief.get(&own.replace(&code(&own), &code(&stolen)));
    at.is_refused(&mut thief, answer, NOT_AWAITED, "a stolen code");
}
