//! Accounts: invited, given roles, closed; and what slows down whoever guesses passwords.

use chrono::Duration;
use psypre::accounts::scopes::Scope;
use psypre::accounts::throttle::{self, Subject};
use psypre::accounts::{Role, store, tokens};
use psypre::journal::Actor;
use psypre::outbox::Mail;

use crate::on_both_databases;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::browser::Browser;

const ADMINISTRATOR: &str = "admin@example.org";
const NEW_PASSWORD: &str = "cheval agrafe pile correct";

fn administrator(app: &TestApp) -> Browser {
    app.account(ADMINISTRATOR, "Ada Exemple", &[(Role::Administrator, None)]);
    app.signed_in(ADMINISTRATOR)
}

/// The mails queued since the last look, oldest first.
fn mails(app: &TestApp) -> Vec<Mail> {
    app.mails()
}

/// The path of the invitation that a mail holds.
fn invitation_in(app: &TestApp, mail: &Mail) -> String {
    let (_, rest) = mail.text_body.split_once(&format!("{}/invitation/", app.base_url)).expect("a link");
    format!("/invitation/{}", rest.split_whitespace().next().unwrap())
}

/// Invites somebody through the page; gives the page of their account and the path of their invitation.
fn invite(app: &TestApp, browser: &mut Browser, email: &str, role: &str) -> (String, String) {
    let fields = [("name", "Nino Invention"), ("email", email), ("roles", role)];
    let page = browser.post("/comptes", &fields).expect(303).location().to_owned();
    let sent = mails(app);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].recipient, email.to_lowercase());
    (page, invitation_in(app, &sent[0]))
}

fn accept(app: &TestApp, path: &str) -> Browser {
    let mut browser = app.anonymous();
    browser.post(path, &[("password", NEW_PASSWORD), ("password_again", NEW_PASSWORD)]).expect(303);
    browser
}

fn sign_in(app: &TestApp, email: &str, password: &str) -> u16 {
    app.anonymous().post("/connexion", &[("email", email), ("password", password)]).status
}

on_both_databases! {
    /// The administrator invites, the mail holds the link, the link sets the password once and signs in.
    fn an_invitation_opens_an_account_once(app: &TestApp) {
        let mut ada = administrator(app);
        let (page, link) = invite(app, &mut ada, "Nino@Example.org", "psychologist");
        assert!(ada.get(&page).expect(200).words().contains("Invité"));
        let mut nino = app.anonymous();
        let page = nino.get(&link).expect(200).words();
        assert!(page.contains("nino@example.org") && page.contains("Au moins 15 caractères"), "{page}");
        for (password, again, sentence) in [
            ("trop court", "trop court", "au moins 15 caractères"),
            ("je m’appelle Nino Invention", "je m’appelle Nino Invention", "contient votre nom"),
            (NEW_PASSWORD, "cheval agrafe pile faux", "diffèrent"),
        ] {
            let refused = nino.post(&link, &[("password", password), ("password_again", again)]).expect(422);
            assert!(refused.words().contains(sentence), "{}", refused.words());
            assert!(!refused.text().contains(password), "a password is never shown again");
        }
        nino.post(&link, &[("password", NEW_PASSWORD), ("password_again", NEW_PASSWORD)]).expect(303);
        assert!(nino.get("/").expect(200).words().contains("Aujourd’hui"), "a psychologist's own page");
        let again = app.anonymous().get(&link).expect(404).words();
        assert!(again.contains("demandez une nouvelle invitation"), "{again}");
        app.anonymous().post(&link, &[("password", NEW_PASSWORD), ("password_again", NEW_PASSWORD)]).expect(404);
        assert_eq!(sign_in(app, "nino@example.org", NEW_PASSWORD), 303);
    }

    /// A newer invitation replaces the older; one withdrawn, or older than seven days, no longer works.
    fn an_invitation_is_replaced_withdrawn_and_ends(app: &TestApp) {
        let mut ada = administrator(app);
        let (page, first) = invite(app, &mut ada, "nino@example.org", "accountant");
        ada.post(&format!("{page}/invitation"), &[]).expect(303);
        let second = invitation_in(app, &mails(app)[0]);
        assert_ne!(first, second);
        app.anonymous().get(&first).expect(404);
        app.anonymous().get(&second).expect(200);
        ada.post(&format!("{page}/invitation/annulation"), &[]).expect(303);
        app.anonymous().get(&second).expect(404);
        ada.post(&format!("{page}/invitation"), &[]).expect(303);
        let third = invitation_in(app, &mails(app)[0]);
        app.app.clock.advance(Duration::days(7) - Duration::seconds(1));
        app.anonymous().get(&third).expect(200);
        app.app.clock.advance(Duration::seconds(1));
        app.anonymous().get(&third).expect(404);
    }

    /// Whoever forgot their password gets a link; the old password holds until it is used, and sign-ins end then.
    fn a_forgotten_password_is_chosen_again_by_link(app: &TestApp) {
        let mut ada = administrator(app);
        let nino = app.account("nino@example.org", "Nino Invention", &[(Role::Accountant, None)]);
        let mut before = app.signed_in("nino@example.org");
        ada.post(&format!("/comptes/{nino}/invitation"), &[]).expect(303);
        assert_eq!(before.get("/").location(), "/factures");
        accept(app, &invitation_in(app, &mails(app)[0]));
        assert_eq!(before.get("/").location(), "/connexion");
        assert_eq!(sign_in(app, "nino@example.org", PASSWORD), 422);
        assert_eq!(sign_in(app, "nino@example.org", NEW_PASSWORD), 303);
    }

    /// What cannot be invited is said beside its field, and what was typed stays.
    fn a_wrong_invitation_is_refused(app: &TestApp) {
        let mut ada = administrator(app);
        let page = ada.post("/comptes", &[("name", "Nino Invention"), ("email", ADMINISTRATOR), ("roles", "auditor")]);
        assert!(page.expect(422).words().contains("Un compte existe déjà pour admin@example.org."));
        let page = ada.post("/comptes", &[("name", "Nino Invention"), ("email", "nino@example.org")]).expect(422);
        assert!(page.words().contains("Choisissez au moins un rôle") && page.text().contains("Nino Invention"));
        let fields = [("name", "Nino Invention"), ("email", "nino@example.org"), ("roles", "coordinator")];
        assert!(ada.post("/comptes", &fields).expect(422).words().contains("se donne pour un PRE"));
        assert!(mails(app).is_empty());
    }

    /// Three failures are free; then each waits twice as long, known address or not, whatever the password.
    fn guessing_slows_down(app: &TestApp) {
        app.account("compta@example.org", "Camille Exemple", &[(Role::Accountant, None)]);
        for email in ["compta@example.org", "personne@example.org"] {
            for _ in 0..4 {
                assert_eq!(sign_in(app, email, "faux"), 422, "{email}");
            }
            let answer = app.anonymous().post("/connexion", &[("email", email), ("password", PASSWORD)]).expect(429);
            assert_eq!(answer.header("retry-after"), Some("2"));
            assert!(answer.words().contains("Trop d’essais. Réessayez dans 2 s."), "{}", answer.words());
        }
        app.app.clock.advance(Duration::seconds(2));
        assert_eq!(sign_in(app, "COMPTA@example.org", "faux"), 422);
        app.app.clock.advance(Duration::seconds(3));
        assert_eq!(sign_in(app, "compta@example.org", PASSWORD), 429);
        app.app.clock.advance(Duration::seconds(1));
        assert_eq!(sign_in(app, "compta@example.org", PASSWORD), 303, "nobody is locked out for good");
        for _ in 0..3 {
            assert_eq!(sign_in(app, "compta@example.org", "faux"), 422, "success forgets the failures");
        }
        assert_eq!(sign_in(app, "compta@example.org", PASSWORD), 303);
    }

    /// From where people come in nobody waits, however many they are; who fails there is counted still.
    fn whoever_comes_in_makes_nobody_wait(app: &TestApp) {
        let office = Subject::address("203.0.113.9");
        let may_try = || throttle::take_turn(&app.app.db, &app.app.clock, &office).unwrap().is_ok();
        for _ in 0..40 {
            assert!(may_try());
            app.write(|tx| throttle::give_back(tx, &app.app.clock, &office));
        }
        assert_eq!((0..22).filter(|_| may_try()).count(), 21, "twenty failures are free");
    }

    /// An address that tries many accounts waits too; the others do not.
    fn an_address_that_tries_many_accounts_waits(app: &TestApp) {
        app.account("compta@example.org", "Camille Exemple", &[(Role::Accountant, None)]);
        for n in 0..21 {
            assert_eq!(sign_in(app, &format!("personne{n}@example.org"), "faux"), 422, "{n}");
        }
        assert_eq!(sign_in(app, "compta@example.org", PASSWORD), 429);
        app.app.clock.advance(Duration::seconds(2));
        assert_eq!(sign_in(app, "compta@example.org", PASSWORD), 303);
    }

    /// Tries that come together do not slip through together.
    fn tries_at_once_are_counted_one_by_one(app: &TestApp) {
        app.account("compta@example.org", "Camille Exemple", &[(Role::Accountant, None)]);
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..12).map(|_| scope.spawn(|| sign_in(app, "compta@example.org", "faux"))).collect();
            tries.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|status| **status == 422).count(), 4, "{answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 429).count(), 8, "{answers:?}");
    }

    /// Roles are given and withdrawn, told by mail, and somebody always administers.
    fn roles_change_and_somebody_always_administers(app: &TestApp) {
        let mut ada = administrator(app);
        let nino = app.account("nino@example.org", "Nino Invention", &[(Role::Accountant, None)]);
        let page = format!("/comptes/{nino}");
        let mut browser = app.signed_in("nino@example.org");
        ada.post(&format!("{page}/roles"), &[("role", "psychologist")]).expect(303);
        let sent = mails(app);
        assert!(sent[0].text_body.contains("- Psychologue\n- Comptabilité"), "{}", sent[0].text_body);
        browser.post("/role", &[("role", "psychologist")]).expect(303);
        assert!(ada.post(&format!("{page}/roles"), &[("role", "psychologist")]).expect(422).words().contains("déjà ce rôle"));
        ada.post(&format!("{page}/roles/retrait"), &[("role", "psychologist")]).expect(303);
        assert_eq!(browser.get("/").location(), "/factures", "a role withdrawn is no longer used");
        let only = ada.post(&format!("{page}/roles/retrait"), &[("role", "accountant")]).expect(422);
        assert!(only.words().contains("C’est le seul rôle de ce compte."));
        let own = app.read(|conn| store::find_account(conn, ADMINISTRATOR)).unwrap();
        let own = format!("/comptes/{own}");
        ada.post(&format!("{own}/roles"), &[("role", "auditor")]).expect(303);
        let last = ada.post(&format!("{own}/roles/retrait"), &[("role", "administrator")]).expect(422);
        assert!(last.words().contains("C’est le seul compte d’administration en service."));
        ada.post(&format!("{page}/roles"), &[("role", "administrator")]).expect(303);
        ada.post(&format!("{own}/roles/retrait"), &[("role", "administrator")]).expect(303);
        ada.get("/comptes").expect(403);
    }

    /// A closed account is out at once, with its tokens; nobody closes their own, nor the last administrator's.
    fn a_closed_account_is_out_at_once(app: &TestApp) {
        let mut ada = administrator(app);
        let nino = app.account("nino@example.org", "Nino Invention", &[(Role::Accountant, None)]);
        let mut browser = app.signed_in("nino@example.org");
        let page = browser.post("/mon-compte/jetons", &[("label", "compta"), ("days", "30")]).expect(200).text();
        let token = page.split_once("class=\"secret\">").unwrap().1.split('<').next().unwrap().to_owned();
        let mut program = Browser::with_bearer(&app.base_url, &token);
        assert_eq!(program.get("/").location(), "/factures");
        ada.post(&format!("/comptes/{nino}/desactivation"), &[]).expect(303);
        assert_eq!(browser.get("/").location(), "/connexion");
        assert_eq!(program.get("/").location(), "/connexion");
        assert_eq!(sign_in(app, "nino@example.org", PASSWORD), 422);
        ada.post(&format!("/comptes/{nino}/reactivation"), &[]).expect(303);
        assert_eq!(sign_in(app, "nino@example.org", PASSWORD), 303);
        assert_eq!(program.get("/").location(), "/connexion", "tokens stay revoked");
        let own = app.read(|conn| store::find_account(conn, ADMINISTRATOR)).unwrap();
        let refused = ada.post(&format!("/comptes/{own}/desactivation"), &[]).expect(422);
        assert!(refused.words().contains("Vous ne pouvez pas désactiver votre propre compte."));
        ada.get(&format!("/comptes/{}", psypre::ids::AccountId::new())).expect(404);
    }

    /// One changes one's name and password; the old password is needed, and other devices are signed out.
    fn one_keeps_ones_own_account(app: &TestApp) {
        app.account("compta@example.org", "Camille Exemple", &[(Role::Accountant, None)]);
        let mut here = app.signed_in("compta@example.org");
        let mut elsewhere = app.signed_in("compta@example.org");
        here.post("/mon-compte/nom", &[("name", "Camille Nouveau-Nom")]).expect(303);
        assert!(here.get("/mon-compte").expect(200).words().contains("Camille Nouveau-Nom"));
        let change = |old: &'static str| {
            [("current_password", old), ("password", NEW_PASSWORD), ("password_again", NEW_PASSWORD)]
        };
        let refused = here.post("/mon-compte/mot-de-passe", &change("faux")).expect(422);
        assert!(refused.words().contains("Le mot de passe actuel ne convient pas."));
        here.post("/mon-compte/mot-de-passe", &change(PASSWORD)).expect(303);
        here.get("/mon-compte").expect(200);
        assert_eq!(elsewhere.get("/").location(), "/connexion");
        assert_eq!(sign_in(app, "compta@example.org", NEW_PASSWORD), 303);
    }

    /// A token is shown once, ends by itself, and only its owner revokes it.
    fn a_token_is_shown_once_and_ends(app: &TestApp) {
        app.account("compta@example.org", "Camille Exemple", &[(Role::Accountant, None)]);
        app.account("autre@example.org", "Alix Exemple", &[(Role::Auditor, None)]);
        let mut camille = app.signed_in("compta@example.org");
        camille.post("/mon-compte/jetons", &[("label", "compta"), ("days", "366")]).expect(422);
        let shown = camille.post("/mon-compte/jetons", &[("label", "compta"), ("days", "30")]).expect(200).text();
        let token = shown.split_once("class=\"secret\">").unwrap().1.split('<').next().unwrap();
        let page = camille.get("/mon-compte").expect(200).text();
        assert!(!page.contains(token));
        let revoke = page.split_once("action=\"/mon-compte/jetons/").unwrap().1.split('"').next().unwrap();
        let revoke = format!("/mon-compte/jetons/{revoke}");
        app.signed_in("autre@example.org").post(&revoke, &[]).expect(404);
        let mut program = Browser::with_bearer(&app.base_url, token);
        assert_eq!(program.get("/").location(), "/factures");
        app.app.clock.advance(Duration::days(30));
        assert_eq!(program.get("/").location(), "/connexion");
        let mut camille = app.signed_in("compta@example.org");
        camille.post(&revoke, &[]).expect(303);
        camille.post(&revoke, &[]).expect(404);
    }

    /// Twenty tokens of an account work at once, asked for together or not; one that is revoked makes room.
    fn an_account_has_twenty_tokens_at_most(app: &TestApp) {
        let account = app.account("compta@example.org", "Camille Exemple", &[(Role::Accountant, None)]);
        let attempt = |_| app.app.db.write(|tx| tokens::create(tx, &app.app.clock, Actor::Account(account), account, "tableur", 30, &Scope::whole()));
        let made: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| (0..5).map(attempt).filter(Result::is_ok).count())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(made, 20);
        let mut camille = app.signed_in("compta@example.org");
        let full = camille.post("/mon-compte/jetons", &[("label", "un de plus"), ("days", "30")]).expect(422).text();
        assert!(full.contains("Ce compte a déjà 20 jetons") && full.contains("value=\"un de plus\""), "{full}");
        let revoke = full.split_once("action=\"/mon-compte/jetons/").unwrap().1.split('"').next().unwrap();
        camille.post(&format!("/mon-compte/jetons/{revoke}"), &[]).expect(303);
        camille.post("/mon-compte/jetons", &[("label", "un de plus"), ("days", "30")]).expect(200);
    }

    /// The list is searched by name and address, and filtered by role.
    fn the_list_is_searched_and_filtered(app: &TestApp) {
        let mut ada = administrator(app);
        for n in 0..60 {
            app.account(&format!("psy{n:02}@example.org"), &format!("Psy Numéro {n:02}"), &[(Role::Psychologist, None)]);
        }
        app.account("compta@example.org", "Camille Exemple", &[(Role::Accountant, None)]);
        let all = ada.get("/comptes").expect(200).words();
        assert!(all.contains("62 comptes") && all.contains("Psy Numéro 02") && !all.contains("Psy Numéro 59"), "{all}");
        assert!(ada.get("/comptes?page=2").words().contains("Psy Numéro 59"));
        let found = ada.get("/comptes?q=CAMILLE").expect(200).words();
        assert!(found.contains("1 compte") && found.contains("compta@example.org"), "{found}");
        assert!(ada.get("/comptes?role=accountant").words().contains("1 compte"));
        assert!(ada.get("/comptes?q=%25").words().contains("62 comptes"));
        assert!(ada.get("/comptes?q=absent").words().contains("Aucun compte ne répond"));
    }
}
