//! Passkeys: added at the first sign-in or later, proved at each, refused when anything about them is not as it must.

use chrono::Duration;
use psypre::accounts::{Role, store};
use psypre::config::SecondFactor;
use psypre::ids::AccountId;
use psypre::{checks, outbox, purge};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::authenticator::Authenticator;
use crate::support::browser::{Answer, Browser};
use crate::support::dump;

const EMAIL: &str = "compta@example.org";

fn app_with_an_accountant(app: &TestApp, second_factor: SecondFactor) -> TestApp {
    let app = app.with_passkeys(second_factor);
    app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
    app
}

fn account(app: &TestApp, email: &str) -> AccountId {
    app.read(|conn| store::find_account(conn, email)).unwrap()
}

/// What a page asks of passkeys, in an attribute.
fn asked(page: &Answer, attribute: &str) -> Value {
    let text = page.text();
    let (_, rest) = text.split_once(&format!("{attribute}=\"")).unwrap_or_else(|| panic!("no {attribute}: {text}"));
    let written = rest.split('"').next().unwrap().replace("&#34;", "\"").replace("&quot;", "\"").replace("&amp;", "&");
    serde_json::from_str(&written).unwrap_or_else(|e| panic!("{e}: {written}"))
}

fn wanted(page: &Answer) -> Value {
    asked(page, "data-passkey-wanted")
}

fn proof_wanted(page: &Answer) -> Value {
    asked(page, "data-passkey-asked")
}

/// The password: half of a sign-in.
fn password(app: &TestApp, email: &str) -> Browser {
    let mut browser = app.anonymous();
    browser.post("/connexion", &[("email", email), ("password", PASSWORD)]).expect(303);
    browser
}

fn codes_of(page: &Answer) -> Vec<String> {
    let text = page.text();
    let list = text.split_once("<ol class=\"recovery-codes\">").unwrap().1.split_once("</ol>").unwrap().0;
    list.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// The first sign-in, in a browser that has given the password: a passkey is the second factor. Gives the recovery codes.
fn enrol(browser: &mut Browser, key: &mut Authenticator) -> Vec<String> {
    let page = browser.get("/connexion/second-facteur").expect(200);
    let made = key.create(&wanted(&page)).to_string();
    codes_of(&browser.post("/connexion/cle", &[("key_name", "Clé du bureau"), ("passkey", &made)]).expect(200))
}

fn enrolled(app: &TestApp) -> (Browser, Authenticator, Vec<String>) {
    let (mut browser, mut key) = (password(app, EMAIL), Authenticator::new(&app.base_url));
    let codes = enrol(&mut browser, &mut key);
    (browser, key, codes)
}

/// The second step with a passkey.
fn second_step(browser: &mut Browser, key: &mut Authenticator) -> Answer {
    let page = browser.get("/connexion/code").expect(200);
    let answer = key.get(&proof_wanted(&page)).to_string();
    browser.post("/connexion/code", &[("passkey", &answer)])
}

/// What a passkey of this person answers on a page of their account.
fn proof(browser: &mut Browser, path: &str, key: &mut Authenticator) -> String {
    let page = browser.get(path).expect(200);
    key.get(&proof_wanted(&page)).to_string()
}

/// Asks for another passkey from one's account, proving oneself with one that there is; gives what the browser is told.
fn begin_another(browser: &mut Browser, key: &mut Authenticator) -> Value {
    let proof = proof(browser, "/mon-compte/cles/nouvelle", key);
    let fields = [("key_name", "Téléphone"), ("current_password", PASSWORD), ("passkey", &proof)];
    let answer = browser.post("/mon-compte/cles/nouvelle", &fields).expect(303);
    assert_eq!(answer.location(), "/mon-compte/cles/enregistrement");
    wanted(&browser.get("/mon-compte/cles/enregistrement").expect(200))
}

fn record(browser: &mut Browser, made: &Value) -> Answer {
    browser.post("/mon-compte/cles/enregistrement", &[("passkey", &made.to_string())])
}

fn subjects(app: &TestApp) -> Vec<String> {
    outbox::lease(&app.app.db, &app.app.clock, 100).unwrap().into_iter().map(|mail| mail.subject).collect()
}

/// How often the journal holds an action.
fn journaled(app: &TestApp, action: &str) -> usize {
    dump::rows(app).values().flatten().filter(|row| row.contains(action)).count()
}

/// Something that is not as it must be: with a passkey that is, the answer to what is asked.
type Tampering = fn(&mut Authenticator, &Value) -> Value;

/// Changes one byte of a part of an answer.
fn altered(mut answer: Value, part: &str) -> Value {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut bytes = URL_SAFE_NO_PAD.decode(answer["response"][part].as_str().unwrap()).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    answer["response"][part] = json!(URL_SAFE_NO_PAD.encode(bytes));
    answer
}

const OTHER_CHALLENGE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

on_both_databases! {
    /// The first sign-in may set a passkey instead of a telephone: what the browser is told is what we say we ask, ten
    /// recovery codes come with it, and the next sign-in opens with it.
    fn the_first_sign_in_may_set_a_passkey(app: &TestApp) {
        let app = &app_with_an_accountant(app, SecondFactor::Required);
        let mut browser = password(app, EMAIL);
        let page = browser.get("/connexion/second-facteur").expect(200);
        let options = &wanted(&page)["publicKey"];
        assert_eq!((&options["rp"]["id"], &options["attestation"]), (&json!("localhost"), &json!("none")));
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(options["authenticatorSelection"]["requireResidentKey"], false);
        assert_eq!(options["excludeCredentials"], json!([]));
        let none = browser.post("/connexion/cle", &[("key_name", "Clé du bureau"), ("passkey", "")]).expect(422);
        assert!(none.words().contains("il lui faut JavaScript"), "{}", none.words());
        browser.post("/connexion/cle", &[("key_name", ""), ("passkey", "{}")]).expect(422);
        let mut key = Authenticator::new(&app.base_url);
        let codes = enrol(&mut browser, &mut key);
        assert_eq!(codes.len(), 10);
        assert_eq!(browser.get("/").location(), "/factures");
        assert_eq!(subjects(app), ["PsyPRE : une clé d’accès est ajoutée"]);
        let listed = browser.get("/mon-compte/second-facteur").expect(200).words();
        assert!(listed.contains("Clé du bureau") && listed.contains("Pas encore"), "{listed}");
        let rows = format!("{:?}", dump::rows(app));
        assert!(codes.iter().all(|code| !rows.contains(code.as_str())), "a recovery code stands in the database");

        let mut again = password(app, EMAIL);
        let page = again.get("/connexion/code").expect(200);
        assert!(!page.words().contains("Code à six chiffres"), "there is no telephone");
        let options = &proof_wanted(&page)["publicKey"];
        assert_eq!((&options["rpId"], &options["userVerification"]), (&json!("localhost"), &json!("required")));
        assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
        assert_eq!(again.get("/connexion/second-facteur").expect(303).location(), "/connexion/code");
        assert_eq!(again.post("/connexion/cle", &[("key_name", "Voleur"), ("passkey", "{}")]).location(), "/connexion/code");
        assert_eq!(second_step(&mut again, &mut key).expect(303).location(), "/");
        assert_eq!(again.get("/").location(), "/factures");
        assert!(!again.get("/mon-compte/second-facteur").words().contains("Pas encore"), "it has served");
        let mut lost = password(app, EMAIL);
        lost.get("/connexion/code").expect(200);
        lost.post("/connexion/code", &[("code", &codes[0])]).expect(303);
        assert_eq!(journaled(app, "account.passkey_added"), 1);
    }

    /// Whoever cannot use passkeys at the address that is configured is offered none, whatever the request says.
    fn passkeys_are_for_the_configured_address(app: &TestApp) {
        let app = app.with_second_factor();
        app.account(EMAIL, "Camille Exemple", &[(Role::Accountant, None)]);
        let mut browser = password(&app, EMAIL);
        let page = browser.get_with("/connexion/second-facteur", &[("host", "localhost")]).expect(200);
        assert!(!page.text().contains("data-passkey-wanted"));
        let refused = browser.post("/connexion/cle", &[("key_name", "Clé"), ("passkey", "{}")]).expect(422);
        assert!(refused.words().contains("ne fonctionnent pas à cette adresse"), "{}", refused.words());
    }

    /// A new passkey is refused when any part of the ceremony is not as it must; the same, done well, is accepted.
    fn a_new_passkey_is_refused_when_anything_is_wrong(app: &TestApp) {
        let app = &app_with_an_accountant(app, SecondFactor::Required);
        let (mut browser, mut key, _) = enrolled(app);
        let tamperings: [(&str, Tampering); 8] = [
            ("another challenge", |key, asked| {
                let mut other = asked.clone();
                other["publicKey"]["challenge"] = json!(OTHER_CHALLENGE);
                key.create(&other)
            }),
            ("another origin", |key, asked| {
                key.origin = "https://psypre.example.net".to_owned();
                key.create(asked)
            }),
            ("another port", |key, asked| {
                key.origin = "http://localhost:1".to_owned();
                key.create(asked)
            }),
            ("another relying party", |key, asked| {
                key.rp_id = "example.net".to_owned();
                key.create(asked)
            }),
            ("nobody verified", |key, asked| {
                key.verifies = false;
                key.create(asked)
            }),
            ("the answer to another kind of question", |key, asked| {
                let mut made = key.create(asked);
                made["response"]["clientDataJSON"] = key.get(asked)["response"]["clientDataJSON"].clone();
                made
            }),
            ("an object cut short", |key, asked| {
                let mut made = key.create(asked);
                let object = made["response"]["attestationObject"].as_str().unwrap()[..80].to_owned();
                made["response"]["attestationObject"] = json!(object);
                made
            }),
            ("nothing of the kind", |_, _| json!({ "id": 1 })),
        ];
        for (what, tampering) in tamperings {
            let asked = begin_another(&mut browser, &mut key);
            let mut other = Authenticator::new(&app.base_url);
            let refused = record(&mut browser, &tampering(&mut other, &asked)).expect(422);
            assert!(refused.words().contains("n’a pas pu être vérifiée"), "{what}: {}", refused.words());
            // the question has served: the honest answer comes too late
            let honest = Authenticator::new(&app.base_url).create(&asked);
            let late = record(&mut browser, &honest).expect(422);
            assert!(late.words().contains("a déjà servi"), "{what}: {}", late.words());
        }
        let asked = begin_another(&mut browser, &mut key);
        assert_eq!(asked["publicKey"]["excludeCredentials"].as_array().unwrap().len(), 1, "the one that there is");
        let known = record(&mut browser, &key.create(&asked)).expect(422);
        assert!(known.words().contains("est déjà enregistrée"), "{}", known.words());
        let asked = begin_another(&mut browser, &mut key);
        app.app.clock.advance(Duration::minutes(15));
        let made = Authenticator::new(&app.base_url).create(&asked);
        assert!(record(&mut browser, &made).expect(422).words().contains("a trop attendu"));
        assert_eq!(browser.get("/mon-compte/cles/enregistrement").location(), "/mon-compte/cles/nouvelle");
        assert!(purge::run(&app.app.db, &app.app.clock).unwrap().passkey_challenges >= 1);

        let asked = begin_another(&mut browser, &mut key);
        let mut elsewhere = password(app, EMAIL);
        second_step(&mut elsewhere, &mut key).expect(303);
        let made = Authenticator::new(&app.base_url).create(&asked);
        let refused = record(&mut elsewhere, &made).expect(422);
        assert!(refused.words().contains("a trop attendu, ou a déjà servi"), "asked of another sign-in: {}", refused.words());
        assert_eq!(record(&mut browser, &made).expect(303).location(), "/mon-compte/second-facteur");
        assert_eq!(elsewhere.get("/").location(), "/connexion", "other devices are out");
        assert_eq!(app.read(|conn| store::count_passkeys(conn, account(app, EMAIL))), 2);
    }

    /// A passkey of somebody else's opens no second account.
    fn a_passkey_is_of_one_account(app: &TestApp) {
        let app = &app_with_an_accountant(app, SecondFactor::Required);
        let (_, mut key, _) = enrolled(app);
        app.account("denis@example.org", "Denis Essai", &[(Role::Accountant, None)]);
        let mut denis = password(app, "denis@example.org");
        let page = denis.get("/connexion/second-facteur").expect(200);
        let made = key.create(&wanted(&page)).to_string();
        let refused = denis.post("/connexion/cle", &[("key_name", "Clé"), ("passkey", &made)]).expect(422);
        assert!(refused.words().contains("est déjà enregistrée"), "{}", refused.words());
        let mut own = Authenticator::new(&app.base_url);
        enrol(&mut denis, &mut own);
        let mut thief = password(app, EMAIL);
        let refused = second_step(&mut thief, &mut own).expect(422);
        assert!(refused.words().contains("n’a pas été reconnue"), "{}", refused.words());
        own.credential_id.clone_from(&key.credential_id);
        second_step(&mut thief, &mut own).expect(422);
        assert_eq!(thief.get("/").location(), "/connexion");
    }

    /// An answer that is not as it must be lets nobody in, one thing after the other; and what was asked serves once.
    fn a_proof_is_refused_when_anything_is_wrong(app: &TestApp) {
        let app = &app_with_an_accountant(app, SecondFactor::Required);
        let (_, mut key, _) = enrolled(app);
        let tamperings: [(&str, Tampering); 9] = [
            ("another challenge", |key, asked| {
                let mut other = asked.clone();
                other["publicKey"]["challenge"] = json!(OTHER_CHALLENGE);
                key.get(&other)
            }),
            ("another origin", |key, asked| {
                key.origin = "https://localhost".to_owned();
                key.get(asked)
            }),
            ("another relying party", |key, asked| {
                key.rp_id = "example.net".to_owned();
                key.get(asked)
            }),
            ("nobody verified", |key, asked| {
                key.verifies = false;
                key.get(asked)
            }),
            ("another signature", |key, asked| altered(key.get(asked), "signature")),
            ("other data of the authenticator", |key, asked| altered(key.get(asked), "authenticatorData")),
            ("the answer to another kind of question", |key, asked| {
                let mut answer = key.get(asked);
                answer["response"]["clientDataJSON"] = key.create(asked)["response"]["clientDataJSON"].clone();
                answer
            }),
            ("another name", |key, asked| {
                let mut answer = key.get(asked);
                answer["rawId"] = json!("AAAA");
                answer
            }),
            ("nothing of the kind", |_, _| json!({})),
        ];
        let honest = (key.origin.clone(), key.rp_id.clone());
        for (what, tampering) in tamperings {
            // each waits as long as whoever guesses
            app.app.clock.advance(Duration::hours(25));
            let mut thief = password(app, EMAIL);
            let asked = proof_wanted(&thief.get("/connexion/code").expect(200));
            let refused = thief.post("/connexion/code", &[("passkey", &tampering(&mut key, &asked).to_string())]).expect(422);
            assert!(refused.words().contains("n’a pas été reconnue"), "{what}: {}", refused.words());
            (key.origin, key.rp_id) = honest.clone();
            key.verifies = true;
            let late = thief.post("/connexion/code", &[("passkey", &key.get(&asked).to_string())]).expect(422);
            assert!(!late.words().contains("Aujourd’hui"), "{what}: what was asked has served");
            assert_eq!(thief.get("/").location(), "/connexion", "{what}");
        }
        app.app.clock.advance(Duration::hours(25));
        let mut browser = password(app, EMAIL);
        let asked = proof_wanted(&browser.get("/connexion/code").expect(200));
        let answer = key.get(&asked).to_string();
        let mut other = password(app, EMAIL);
        other.get("/connexion/code").expect(200);
        let refused = other.post("/connexion/code", &[("passkey", &answer)]).expect(422);
        assert!(refused.words().contains("n’a pas été reconnue"), "asked of another sign-in: {}", refused.words());
        browser.post("/connexion/code", &[("passkey", &answer)]).expect(303);
        let mut replayed = password(app, EMAIL);
        replayed.get("/connexion/code").expect(200);
        replayed.post("/connexion/code", &[("passkey", &answer)]).expect(422);
    }

    /// A passkey that counts less than before may be a copy: it is refused, journaled, and its owner is told. One that
    /// never counts is not suspected.
    fn a_passkey_that_counts_backwards_is_refused(app: &TestApp) {
        let app = &app_with_an_accountant(app, SecondFactor::Required);
        let (_, mut key, _) = enrolled(app);
        second_step(&mut password(app, EMAIL), &mut key).expect(303);
        subjects(app);
        let then = key.count;
        for before in [then.map(|count| count - 1), then.map(|count| count - 2)] {
            key.count = before;
            let mut thief = password(app, EMAIL);
            let refused = second_step(&mut thief, &mut key).expect(422);
            assert!(refused.words().contains("quelqu’un en a peut-être une copie"), "{}", refused.words());
            assert_eq!(thief.get("/").location(), "/connexion");
            assert_eq!(subjects(app), ["PsyPRE : une de vos clés d’accès est refusée"]);
        }
        assert_eq!(journaled(app, "account.passkey_refused"), 2);
        key.count = then;
        second_step(&mut password(app, EMAIL), &mut key).expect(303);

        app.account("denis@example.org", "Denis Essai", &[(Role::Accountant, None)]);
        let mut still = Authenticator::new(&app.base_url);
        still.count = None;
        enrol(&mut password(app, "denis@example.org"), &mut still);
        for _ in 0..2 {
            second_step(&mut password(app, "denis@example.org"), &mut still).expect(303);
        }
    }

    /// Wrong answers of passkeys are counted with wrong codes: whoever tries waits.
    fn wrong_passkeys_slow_down(app: &TestApp) {
        let app = &app_with_an_accountant(app, SecondFactor::Required);
        enrolled(app);
        let mut thief = password(app, EMAIL);
        let mut statuses = Vec::new();
        for _ in 0..6 {
            thief.get("/connexion/code").expect(200);
            statuses.push(thief.post("/connexion/code", &[("passkey", "{}")]).status);
        }
        assert_eq!(statuses, [422, 422, 422, 422, 429, 429]);
    }

    /// What protects an account is changed with a passkey as with a code; what was asked waits a quarter of an hour. Where
    /// one is compulsory, the last thing that proves somebody stays.
    fn the_last_that_proves_stays_where_one_is_compulsory(app: &TestApp) {
        let app = &app_with_an_accountant(app, SecondFactor::Required);
        let (mut browser, mut key, _) = enrolled(app);
        let first = app.read(|conn| store::passkeys_of(conn, account(app, EMAIL)))[0].id;
        let path = format!("/mon-compte/cles/{first}");
        assert!(browser.get(&path).expect(200).words().contains("C’est votre seul second facteur"));
        let fields = [("current_password", PASSWORD), ("passkey", "{}")];
        let held = browser.post(&format!("{path}/retrait"), &fields).expect(422);
        assert!(held.words().contains("vous n’avez que celui-ci"), "{}", held.words());

        let chosen = "cheval agrafe pile correct";
        let answer = proof(&mut browser, "/mon-compte", &mut key);
        app.app.clock.advance(Duration::minutes(15));
        let mut fields = [("current_password", PASSWORD), ("password", chosen), ("password_again", chosen), ("passkey", answer.as_str())];
        let late = browser.post("/mon-compte/mot-de-passe", &fields).expect(422);
        assert!(late.words().contains("Cette demande a trop attendu"), "{}", late.words());
        let answer = proof(&mut browser, "/mon-compte", &mut key);
        fields[3].1 = &answer;
        browser.post("/mon-compte/mot-de-passe", &fields).expect(303);
        browser.post("/mon-compte/mot-de-passe", &fields).expect(422);

        let mut second = Authenticator::new(&app.base_url);
        let answer = proof(&mut browser, "/mon-compte/cles/nouvelle", &mut key);
        let fields = [("key_name", "Téléphone"), ("current_password", chosen), ("passkey", answer.as_str())];
        browser.post("/mon-compte/cles/nouvelle", &fields).expect(303);
        let asked = wanted(&browser.get("/mon-compte/cles/enregistrement").expect(200));
        record(&mut browser, &second.create(&asked)).expect(303);
        subjects(app);
        let answer = proof(&mut browser, &path, &mut second);
        let wrong = [("current_password", PASSWORD), ("passkey", answer.as_str())];
        browser.post(&format!("{path}/retrait"), &wrong).expect(422);
        let fields = [("current_password", chosen), ("passkey", answer.as_str())];
        assert_eq!(browser.post(&format!("{path}/retrait"), &fields).expect(303).location(), "/mon-compte/second-facteur");
        assert_eq!(subjects(app), ["PsyPRE : une clé d’accès est retirée"]);
        browser.get(&path).expect(404);
        browser.post("/deconnexion", &[]).expect(303);
        browser.post("/connexion", &[("email", EMAIL), ("password", chosen)]).expect(303);
        assert!(second_step(&mut browser, &mut key).expect(422).words().contains("n’a pas été reconnue"));
        second_step(&mut browser, &mut second).expect(303);
    }

    /// A telephone beside a passkey: either opens, each is taken away alone; the last goes too where none is compulsory,
    /// and the recovery codes with it.
    fn a_telephone_and_a_passkey_stand_beside_each_other(app: &TestApp) {
        let app = &app_with_an_accountant(app, SecondFactor::Optional);
        let whose = account(app, EMAIL);
        let mut browser = app.signed_in(EMAIL);
        assert_eq!(browser.get("/mon-compte/second-facteur/retrait").location(), "/mon-compte/second-facteur");
        assert_eq!(browser.post("/mon-compte/second-facteur/retrait", &[]).location(), "/mon-compte/second-facteur");
        let fields = [("key_name", "Clé"), ("current_password", PASSWORD)];
        browser.post("/mon-compte/cles/nouvelle", &[("key_name", "Clé"), ("current_password", "faux")]).expect(422);
        browser.post("/mon-compte/cles/nouvelle", &fields).expect(303);
        let asked = wanted(&browser.get("/mon-compte/cles/enregistrement").expect(200));
        let mut key = Authenticator::new(&app.base_url);
        assert_eq!(codes_of(&record(&mut browser, &key.create(&asked)).expect(200)).len(), 10);
        let telephone = app.telephone(whose);
        app.app.clock.advance(Duration::minutes(1));
        for by_key in [true, false] {
            let mut again = password(app, EMAIL);
            let opened = if by_key {
                second_step(&mut again, &mut key)
            } else {
                again.get("/connexion/code").expect(200);
                again.post("/connexion/code", &[("code", &telephone.code_at(app.app.clock.now()).unwrap())])
            };
            assert_eq!(opened.expect(303).location(), "/");
        }
        app.app.clock.advance(Duration::minutes(1));
        let code = telephone.code_at(app.app.clock.now()).unwrap();
        browser.get("/mon-compte/second-facteur/retrait").expect(200);
        let fields = [("current_password", PASSWORD), ("code", code.as_str())];
        browser.post("/mon-compte/second-facteur/retrait", &fields).expect(303);
        assert!(subjects(app).contains(&"PsyPRE : votre téléphone n’est plus relié".to_owned()));
        app.app.clock.advance(Duration::minutes(1));
        let mut again = password(app, EMAIL);
        again.get("/connexion/code").expect(200);
        again.post("/connexion/code", &[("code", &telephone.code_at(app.app.clock.now()).unwrap())]).expect(422);
        let id = app.read(|conn| store::passkeys_of(conn, whose))[0].id;
        let answer = proof(&mut browser, &format!("/mon-compte/cles/{id}"), &mut key);
        let fields = [("current_password", PASSWORD), ("passkey", answer.as_str())];
        browser.post(&format!("/mon-compte/cles/{id}/retrait"), &fields).expect(303);
        assert!(app.read(|conn| store::find_factor(conn, whose)).is_none());
        assert_eq!(app.read(|conn| store::recovery_codes_left(conn, whose)), 0);
        assert_eq!(app.signed_in(EMAIL).get("/").location(), "/factures", "the password alone opens again");
    }

    /// Nobody has more passkeys than a browser should be told of.
    fn passkeys_are_few(app: &TestApp) {
        let app = &app_with_an_accountant(app, SecondFactor::Required);
        let (mut browser, mut key, _) = enrolled(app);
        for _ in 1..10 {
            let asked = begin_another(&mut browser, &mut key);
            record(&mut browser, &Authenticator::new(&app.base_url).create(&asked)).expect(303);
        }
        let proof = proof(&mut browser, "/mon-compte/cles/nouvelle", &mut key);
        let fields = [("key_name", "De trop"), ("current_password", PASSWORD), ("passkey", &proof)];
        let refused = browser.post("/mon-compte/cles/nouvelle", &fields).expect(422);
        assert!(refused.words().contains("a déjà 10 clés d’accès"), "{}", refused.words());
    }

    /// An administrator who takes a second factor away takes the passkeys too; one that was exchanged in the database for
    /// another's opens nothing.
    fn passkeys_go_with_the_second_factor(app: &TestApp) {
        let app = &app_with_an_accountant(app, SecondFactor::Required);
        let (mut browser, mut key, _) = enrolled(app);
        app.account("ada@example.org", "Ada Exemple", &[(Role::Administrator, None)]);
        let (mut ada, mut hers) = (password(app, "ada@example.org"), Authenticator::new(&app.base_url));
        enrol(&mut ada, &mut hers);
        let keys = |email| app.read(|conn| store::passkeys_of(conn, account(app, email))).remove(0);
        let (own, other) = (keys(EMAIL), keys("ada@example.org"));
        app.write(|tx| store::note_passkey_used(tx, own.id, &other.public_key, 5, app.app.clock.now()));
        let broken = password(app, EMAIL).get("/connexion/code");
        assert!(broken.status == 500 && !broken.text().contains("data-passkey-asked"), "a key that was moved is not asked");
        app.write(|tx| store::note_passkey_used(tx, own.id, &own.public_key, 6, app.app.clock.now()));
        key.count = Some(6);
        second_step(&mut password(app, EMAIL), &mut key).expect(303);
        subjects(app);
        ada.post(&format!("/comptes/{}/second-facteur/retrait", account(app, EMAIL)), &[]).expect(303);
        assert_eq!(browser.get("/").location(), "/connexion");
        assert_eq!(subjects(app), ["PsyPRE : votre second facteur est retiré"]);
        assert_eq!(app.read(|conn| store::count_passkeys(conn, account(app, EMAIL))), 0);
        let mut again = password(app, EMAIL);
        assert_eq!(again.get("/connexion/code").expect(303).location(), "/connexion/second-facteur");
        enrol(&mut again, &mut key);
        assert_eq!(app.read(checks::run), []);
    }
}
