//! Whose right it is, where one person is several or changes: several roles, several programmes, a loan of some days, an
//! account that is closed, a child whom another programme follows from now on. And field by field, what each role reads.

pub mod fields;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use psypre::accounts::{Psychologist, Role};
use psypre::conventions::ServiceType;
use psypre::documents::VatRegime;
use psypre::ids::{AccountId, ChildId, ReferralId, SessionId};
use psypre::schema::accounts;
use psypre::sessions::record::{Recording, record};
use psypre::sessions::{Attendance, Phase};
use serde_json::{Value, json};

use crate::booking::{held, slot};
use crate::on_both_databases;
use crate::recording::{phase, recorded};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::browser::Browser;
use crate::support::world::{
    self, ACCOUNTANT, ADMINISTRATOR, AUDITOR, CHENOVE_COORDINATOR, CHENOVE_REFERENT, CLAIRE, DENIS, DIJON_COORDINATOR,
    LONGVIC_COORDINATOR, World, day, done,
};

/// Somebody who holds several roles.
const MARIE: &str = "marie.plusieurs@example.org";

/// Marie, with these roles; she is a psychologist who can bill.
fn marie(world: &World, grants: &[(Role, Option<psypre::ids::ProgrammeId>)]) -> Psychologist {
    let account = world.app.account(MARIE, "Marie Plusieurs", grants);
    let id = world::psychologist(world.app, account, "Marie Plusieurs", "90000002700012", "10100000024", "00335");
    Psychologist { account, id }
}

fn recorded_by(world: &World, who: &Psychologist, child: ChildId, on: &str, at: &str) -> SessionId {
    let (clock, vault) = (&world.app.app.clock, &world.app.app.vault);
    let new = Recording { child, slot: slot(on, at, 60), attendance: Attendance::Held, place: None };
    done(world.app, |tx| record(tx, clock, vault, who, &new))
}

fn account_of(app: &TestApp, email: &str) -> AccountId {
    app.read(|conn| accounts::table.filter(accounts::email.eq(email)).select(accounts::id).first(conn))
}

fn at(app: &TestApp, instant: &str) {
    app.app.clock.set(instant.parse::<DateTime<Utc>>().unwrap());
}

/// What a list of the API holds under a key, in order.
fn listed(browser: &mut Browser, path: &str, key: &str) -> Vec<String> {
    let page = browser.get(path).expect(200).json();
    let mut found: Vec<String> =
        page["items"].as_array().unwrap().iter().map(|item| item[key].as_str().unwrap().to_owned()).collect();
    found.sort();
    found
}

/// The same identifiers as texts, in the same order.
fn texts<T: ToString>(ids: &[T]) -> Vec<String> {
    let mut texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
    texts.sort();
    texts
}

fn choose(browser: &mut Browser, role: &str) {
    browser.post("/role", &[("role", role)]).expect(303);
}

on_both_databases! {
    /// Psychologist in one programme, coordinator of another: each role chosen shows its own children and sessions, with
    /// the fields of that role, and a role that is not held is not to be chosen.
    fn each_role_of_one_person_shows_its_own(app: &TestApp) {
        let world = World::new(app);
        let marie = marie(&world, &[(Role::Psychologist, None), (Role::Coordinator, Some(world.dijon))]);
        let seen = world.child(world.chenove, "Zoé", "Suivie");
        world.referral(seen, marie.id, 600);
        let coordinated = world.entrusted_child(world.dijon, "Léo", "Coordonné");
        let neither = world.entrusted_child(world.chenove, "Ada", "Ailleurs");
        let own = recorded_by(&world, &marie, seen, "2026-11-17", "09:00");
        let decided = recorded(&world, coordinated, slot("2026-11-17", "09:00", 60), Attendance::Held);
        let others = recorded(&world, neither, slot("2026-11-18", "09:00", 60), Attendance::Held);
        let mut browser = app.signed_in(MARIE);
        let file = |child: ChildId| format!("/enfants/{child}");
        for (role, child, other, session, hidden) in [
            ("psychologist", seen, coordinated, own, decided),
            ("coordinator", coordinated, seen, decided, own),
            ("psychologist", seen, coordinated, own, decided),
        ] {
            choose(&mut browser, role);
            assert_eq!(listed(&mut browser, "/api/v1/children", "id"), texts(&[child]), "{role}");
            assert_eq!(listed(&mut browser, "/api/v1/referrals", "child_id"), texts(&[child]), "{role}");
            assert_eq!(listed(&mut browser, "/api/v1/sessions", "id"), texts(&[session]), "{role}");
            let whole = browser.get(&format!("/api/v1/children/{child}")).expect(200).json();
            assert_eq!(whole["born_on"].is_null(), role == "psychologist", "{role}: {whole}");
            let page = browser.get(&file(child)).expect(200).words();
            assert_eq!(page.contains("École des Exemples"), role == "coordinator", "{role}: {page}");
            for absent in [other, neither] {
                browser.get(&format!("/api/v1/children/{absent}")).expect(404);
                browser.get(&file(absent)).expect(404);
            }
            browser.get(&format!("/seances/{session}")).expect(200);
            browser.get(&format!("/seances/{others}")).expect(404);
            // a mail leads to a session to decide on from whatever page: only the other way round is it not found
            let decides_elsewhere = if role == "psychologist" { 200 } else { 404 };
            browser.get(&format!("/seances/{hidden}")).expect(decides_elsewhere);
            let list = browser.get("/enfants").expect(200).words();
            assert!(!list.contains("Ailleurs"), "{role}: {list}");
            assert_eq!((list.contains("Suivie"), list.contains("Coordonné")), (child == seen, child == coordinated));
        }
        for role in ["administrator", "accountant", "auditor", "referent"] {
            browser.post("/role", &[("role", role)]).expect(403);
        }
        for path in ["/comptes", "/exports", "/journal", "/api/v1/audit", "/api/v1/conventions", "/api/v1/readings"] {
            browser.get(path).expect(403);
        }
    }

    /// A psychologist who keeps accounts too reads all invoices with that role, and her own with the other.
    fn invoices_follow_the_role_chosen(app: &TestApp) {
        let world = World::new(app);
        let marie = marie(&world, &[(Role::Psychologist, None), (Role::Accountant, None)]);
        let child = world.child(world.chenove, "Zoé", "Exemple");
        world.referral(child, marie.id, 600);
        let other = world.entrusted_child(world.chenove, "Léo", "Exemple");
        let own = recorded_by(&world, &marie, child, "2026-10-06", "09:00");
        let claires = recorded(&world, other, slot("2026-10-06", "09:00", 60), Attendance::Held);
        let mut chloe = world.program(world.coordinator(world.chenove).account);
        chloe.post_json("/api/v1/approvals", &json!({ "session_ids": [own, claires] })).expect(200);
        let issued = |email: &str| -> String {
            let mut program = world.program(account_of(app, email));
            let invoice = program.post_json("/api/v1/invoices", &json!({ "month": "2026-10" })).expect(201).json();
            invoice["id"].as_str().unwrap().to_owned()
        };
        let [hers, claires] = [MARIE, CLAIRE].map(issued);
        let mut browser = app.signed_in(MARIE);
        choose(&mut browser, "psychologist");
        assert_eq!(listed(&mut browser, "/api/v1/invoices", "id"), texts(&[&hers]));
        browser.get(&format!("/factures/{claires}")).expect(404);
        browser.get(&format!("/api/v1/invoices/{claires}")).expect(404);
        choose(&mut browser, "accountant");
        assert_eq!(listed(&mut browser, "/api/v1/invoices", "id"), texts(&[&hers, &claires]));
        browser.get(&format!("/factures/{claires}")).expect(200);
    }

    /// Both roles in one person do not make two people: another approves what she recorded, session or service.
    fn nobody_approves_what_they_recorded(app: &TestApp) {
        let world = World::new(app);
        let roles = [(Role::Psychologist, None), (Role::Coordinator, Some(world.dijon)), (Role::Administrator, None)];
        let marie = marie(&world, &roles);
        let child = world.child(world.dijon, "Zoé", "Exemple");
        world.referral(child, marie.id, 600);
        let own = recorded_by(&world, &marie, child, "2026-11-17", "09:00");
        let mut browser = app.signed_in(MARIE);
        let mut program = world.program(marie.account);
        let body = json!({ "session_ids": [own] });
        for role in ["psychologist", "coordinator", "administrator"] {
            choose(&mut browser, role);
            let said = browser.post(&format!("/seances/{own}/validation"), &[]).expect(422).words();
            assert!(said.contains("Vous avez enregistré cette séance"), "{role}: {said}");
            let many = browser.post_json("/api/v1/approvals", &body).expect(200).json();
            assert_eq!(many[0]["outcome"], "own_record", "{role}: {many}");
        }
        let alone = program.post_json(&format!("/api/v1/sessions/{own}/approval"), &json!({})).expect(422).json();
        assert_eq!(alone["code"], "own_record");
        assert_eq!(phase(&world, own), Phase::Recorded);
        app.signed_in(DIJON_COORDINATOR).post(&format!("/seances/{own}/validation"), &[]).expect(303);
        assert_eq!(phase(&world, own), Phase::Approved);

        crate::services::open_line(&world, ServiceType::PracticeAnalysis, 600, 60_000);
        crate::services::charge(&world, &marie, ServiceType::PracticeAnalysis, VatRegime::Franchise);
        let said = crate::services::said(ServiceType::PracticeAnalysis, "2026-11-18", "14:00", 60);
        let service = done(app, |tx| psypre::services::record::record(tx, &app.app.clock, &marie, &said));
        let path = format!("/api/v1/services/{service}/approval");
        let refused = program.post_json(&path, &json!({})).expect(422).json();
        assert_eq!(refused["code"], "own_record");
        choose(&mut browser, "administrator");
        browser.post(&format!("/prestations/{service}/validation"), &[]).expect(303);
        let page = browser.get(&format!("/prestations/{service}")).expect(200).words();
        assert!(page.contains("Vous avez enregistré"), "{page}");
        let approved = world.program(account_of(app, ADMINISTRATOR)).post_json(&path, &json!({})).expect(200).json();
        assert_eq!(approved["state"], "approved");
    }

    /// A coordinator of two programmes sees and decides both; a third is as absent as what does not exist.
    fn two_programmes_and_not_a_third(app: &TestApp) {
        let world = World::new(app);
        let grants = [(Role::Coordinator, Some(world.chenove)), (Role::Coordinator, Some(world.dijon))];
        let account = app.account(MARIE, "Marie Plusieurs", &grants);
        let children = [world.chenove, world.dijon, world.longvic].map(|of| world.entrusted_child(of, "Zoé", "Exemple"));
        let [first, second, third] = children;
        let sessions: Vec<SessionId> = (17..)
            .zip(children)
            .map(|(day, child)| recorded(&world, child, slot(&format!("2026-11-{day}"), "09:00", 60), Attendance::Held))
            .collect();
        let mut program = world.program(account);
        assert_eq!(listed(&mut program, "/api/v1/children", "id"), texts(&[first, second]));
        assert_eq!(listed(&mut program, "/api/v1/sessions", "id"), texts(&sessions[..2]));
        assert_eq!(listed(&mut program, "/api/v1/approvals", "id"), texts(&sessions[..2]));
        let quotas = program.get("/api/v1/quotas").expect(200).json();
        let of: Vec<&str> = quotas.as_array().unwrap().iter().map(|quota| quota["programme_id"].as_str().unwrap()).collect();
        assert_eq!(of.len(), 2, "{of:?}");
        assert!(!of.contains(&world.longvic.to_string().as_str()), "{of:?}");
        let outcomes = program.post_json("/api/v1/approvals", &json!({ "session_ids": sessions })).expect(200).json();
        let told: Vec<&str> = (0..3).map(|n| outcomes[n]["outcome"].as_str().unwrap()).collect();
        assert_eq!(told, ["done", "done", "not_found"]);
        assert_eq!(phase(&world, sessions[2]), Phase::Recorded);
        let mut browser = app.signed_in(MARIE);
        for child in [first, second] {
            browser.get(&format!("/enfants/{child}")).expect(200);
            browser.get(&format!("/enfants/{child}/modification")).expect(200);
        }
        for path in ["", "/modification", "/cloture", "/orientation", "/consultations"] {
            browser.get(&format!("/enfants/{third}{path}")).expect(404);
        }
        program.get(&format!("/api/v1/children/{third}")).expect(404);
        browser.get(&format!("/seances/{}", sessions[2])).expect(404);
        browser.post(&format!("/seances/{}/validation", sessions[2]), &[]).expect(404);
        browser.post(&format!("/seances/{}/refus", sessions[2]), &[("reason", "Une autre durée")]).expect(404);
        // one of the two is withdrawn: it is gone at once, for the sign-in and the program alike
        let withdrawn = [("role", &*format!("coordinator:{}", world.dijon))];
        app.signed_in(ADMINISTRATOR).post(&format!("/comptes/{account}/roles/retrait"), &withdrawn).expect(303);
        browser.get(&format!("/enfants/{first}")).expect(200);
        browser.get(&format!("/enfants/{second}")).expect(404);
        assert_eq!(listed(&mut program, "/api/v1/children", "id"), texts(&[first]));
        program.get(&format!("/api/v1/children/{second}")).expect(404);
    }

    /// A substitute decides by reference from the first day to the last; no file, no name, and nothing before or after.
    fn a_substitute_decides_by_reference_on_the_days_lent(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Imaginaire");
        let sessions = ["2026-11-17", "2026-11-18", "2026-11-19"]
            .map(|on| recorded(&world, child, slot(on, "09:00", 60), Attendance::Held));
        let david = world.coordinator(world.dijon).account;
        let lent = json!({
            "programme_id": world.chenove, "substitute_id": david, "starts_on": "2026-11-23", "ends_on": "2026-12-04",
        });
        world.program(world.coordinator(world.chenove).account).post_json("/api/v1/substitutions", &lent).expect(200);
        let mut program = world.program(david);
        let approve = |id: SessionId| format!("/api/v1/sessions/{id}/approval");
        let lent_nothing = |program: &mut Browser, id: SessionId| {
            assert_eq!(program.get("/api/v1/approvals").expect(200).json()["total"], 0);
            program.post_json(&approve(id), &json!({})).expect(404);
            app.signed_in(DIJON_COORDINATOR).get(&format!("/seances/{id}")).expect(404);
        };
        for instant in ["2026-11-20T09:00:00Z", "2026-11-22T22:59:59Z"] {
            at(app, instant);
            lent_nothing(&mut program, sessions[0]);
        }
        for (instant, id) in [("2026-11-22T23:00:00Z", sessions[0]), ("2026-12-04T22:59:59Z", sessions[1])] {
            at(app, instant);
            let waiting = program.get("/api/v1/approvals").expect(200);
            assert_eq!(waiting.json()["items"][0]["child_reference"], "CHE-2026-0001");
            let mut david = app.signed_in(DIJON_COORDINATOR);
            let pages = [david.get("/validations"), david.get(&format!("/seances/{id}"))];
            for answer in pages.into_iter().chain([waiting]) {
                let said = answer.expect(200).text();
                assert!(!said.contains("Zoé") && !said.contains("Imaginaire"), "{said}");
            }
            david.get(&format!("/enfants/{child}")).expect(404);
            program.get(&format!("/api/v1/children/{child}")).expect(404);
            assert_eq!(program.get("/api/v1/children?status=all").expect(200).json()["total"], 0);
            assert_eq!(program.get("/api/v1/sessions").expect(200).json()["total"], 0);
            program.post_json(&approve(id), &json!({})).expect(200);
            assert_eq!(phase(&world, id), Phase::Approved);
        }
        at(app, "2026-12-04T23:00:00Z");
        lent_nothing(&mut program, sessions[2]);
        assert_eq!(phase(&world, sessions[2]), Phase::Recorded);
        let withdrawal = json!({ "reason": "Une autre durée" });
        program.post_json(&format!("/api/v1/sessions/{}/approval-withdrawal", sessions[0]), &withdrawal).expect(404);
    }

    /// One press of the administrator, and every way in is shut: the page, the program, the calendar, another sign-in.
    fn a_disabled_account_is_out_everywhere_at_once(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let mut browser = app.signed_in(CLAIRE);
        let mut program = world.program(world.claire_account);
        let url = browser.post_json("/api/v1/me/calendar-feed", &json!({})).expect(200).json()["url"].clone();
        let (_, feed) = url.as_str().unwrap().split_once("/agenda/").unwrap();
        let feed = format!("/agenda/{feed}");
        let file = format!("/enfants/{child}");
        browser.get(&file).expect(200);
        program.get(&format!("/api/v1/children/{child}")).expect(200);
        app.anonymous().get(&feed).expect(200);
        let mut ada = app.signed_in(ADMINISTRATOR);
        ada.post(&format!("/comptes/{}/desactivation", world.claire_account), &[]).expect(303);
        // a feed is read every few seconds at most
        app.app.clock.advance(chrono::Duration::seconds(10));
        assert!(browser.get(&file).expect(303).location().starts_with("/connexion"));
        browser.get(&format!("/api/v1/children/{child}")).expect(401);
        program.get(&format!("/api/v1/children/{child}")).expect(401);
        let new = json!({ "child_id": child, "duration_minutes": 60 });
        program.post_json("/api/v1/sessions", &new).expect(401);
        app.anonymous().get(&feed).expect(404);
        app.anonymous().post("/connexion", &[("email", CLAIRE), ("password", PASSWORD)]).expect(422);
        assert_eq!(held(&world, world.chenove), (0, 0));
        // opened again, the account starts afresh: what was given out before stays dead
        ada.post(&format!("/comptes/{}/reactivation", world.claire_account), &[]).expect(303);
        assert!(browser.get(&file).expect(303).location().starts_with("/connexion"));
        program.get("/api/v1/me").expect(401);
        app.anonymous().get(&feed).expect(404);
        app.signed_in(CLAIRE).get(&file).expect(200);
    }
}

/// A child of Chenôve whom Claire saw, and the same child in Dijon, entrusted to Denis.
struct Moved {
    before: ChildId,
    referral_before: ReferralId,
    approved: SessionId,
    recorded: SessionId,
    invoice: String,
    after: ChildId,
    referral_after: ReferralId,
    session_after: SessionId,
}

fn id<T: std::str::FromStr>(answer: &Value, key: &str) -> T {
    let text = answer[key].as_str().unwrap_or_else(|| panic!("no {key} in {answer}"));
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

/// Lives the autumn in Chenôve: two sessions, an invoice for the first month, and the follow-up is closed.
fn followed_in_chenove(world: &World) -> (ChildId, ReferralId, [SessionId; 2], String) {
    let app = world.app;
    let mut entry = world.entry(world.chenove, "Zoé", "Imaginaire", day("2017-03-15"));
    entry.referent_id = Some(world.referent);
    let guardians = [psypre::children::GuardianContact {
        name: "Ana Imaginaire".to_owned(),
        relation: "mère".to_owned(),
        phone: Some("06 00 00 00 01".to_owned()),
        email: None,
    }];
    let (who, clock, vault) = (world.coordinator(world.chenove), &app.app.clock, &app.app.vault);
    let child = done(app, |tx| {
        psypre::children::create_child::create(tx, vault, clock, &who, world.chenove, &entry, &guardians)
    });
    let referral = world.referral(child, world.claire, 600);
    let approved = recorded(world, child, slot("2026-10-06", "09:00", 60), Attendance::Held);
    let waits = recorded(world, child, slot("2026-11-17", "09:00", 90), Attendance::Held);
    let mut chloe = app.signed_in(CHENOVE_COORDINATOR);
    chloe.post(&format!("/seances/{approved}/validation"), &[]).expect(303);
    let mut claire = world.program(world.claire_account);
    let invoice = claire.post_json("/api/v1/invoices", &json!({ "month": "2026-10" })).expect(201).json();
    let page = chloe.get(&format!("/enfants/{child}/cloture")).expect(200).words();
    assert!(page.contains("Si un autre PRE suit l’enfant, il l’inscrit sous une nouvelle référence."), "{page}");
    chloe.post(&format!("/enfants/{child}/cloture"), &[("closed_on", "2026-11-18")]).expect(303);
    (child, referral, [approved, waits], id(&invoice, "id"))
}

/// Moves house: Dijon enters the child as it enters any other, and entrusts them to Denis, who sees them.
fn moved(world: &World) -> Moved {
    let (before, referral_before, [approved, recorded], invoice) = followed_in_chenove(world);
    let mut david = world.program(world.coordinator(world.dijon).account);
    let entry = json!({
        "programme_id": world.dijon, "first_name": "Zoé", "last_name": "Imaginaire", "born_on": "2017-03-15",
        "gender": "girl", "neighbourhood_id": world.neighbourhoods(world.dijon)[0], "followed_since": "2026-11-19",
        "guardians": [{ "name": "Ana Imaginaire", "relation": "mère", "phone": "06 00 00 00 01" }],
    });
    let created = david.post_json("/api/v1/children", &entry).expect(201).json();
    assert_eq!(created["reference"], "DIJ-2026-0001");
    let after: ChildId = id(&created, "id");
    let file = david.get(&format!("/api/v1/children/{after}")).expect(200).json();
    let referral = json!({
        "child_id": after, "psychologist_id": world.denis, "minutes": 300, "starts_on": "2026-11-19",
        "ends_on": "2026-12-31",
        "consents": [{ "guardian_id": file["guardians"][0]["id"], "given_on": "2026-11-19" }],
    });
    let referral_after = id(&david.post_json("/api/v1/referrals", &referral).expect(201).json(), "id");
    let seen = json!({
        "child_id": after, "attendance": "held", "session_on": "2026-11-19", "starts_at": "14:00:00",
        "duration_minutes": 45,
    });
    let session = world.program(world.denis_account).post_json("/api/v1/sessions", &seen).expect(200).json();
    let session_after = id(&session, "id");
    Moved { before, referral_before, approved, recorded, invoice, after, referral_after, session_after }
}

on_both_databases! {
    /// The history of a child who moved stays readable to those who lived it, and to nobody else; nor do they read on.
    fn a_child_who_moves_leaves_their_history_to_those_who_lived_it(app: &TestApp) {
        let world = World::new(app);
        let moved = moved(&world);
        let old = [
            format!("/enfants/{}", moved.before),
            format!("/api/v1/children/{}", moved.before),
            format!("/orientations/{}", moved.referral_before),
        ];
        let old_sessions = [moved.approved, moved.recorded].map(|id| format!("/seances/{id}"));
        let new = [
            format!("/enfants/{}", moved.after),
            format!("/api/v1/children/{}", moved.after),
            format!("/orientations/{}", moved.referral_after),
        ];
        let new_sessions = [format!("/seances/{}", moved.session_after)];
        let ask = |email: &str, paths: &[String], status: u16| {
            let mut browser = app.signed_in(email);
            for path in paths {
                let answer = browser.get(path);
                assert_eq!(answer.status, status, "{email} {path}: {}", answer.words());
            }
        };
        let (all_old, all_new) = ([&old[..], &old_sessions[..]].concat(), [&new[..], &new_sessions[..]].concat());
        for (lived, read, absent) in [
            ([CHENOVE_COORDINATOR, CLAIRE], &all_old, &all_new),
            ([DIJON_COORDINATOR, DENIS], &all_new, &all_old),
        ] {
            for email in lived {
                ask(email, read, 200);
                ask(email, absent, 404);
            }
        }
        // the referent of before reads the file and the referral of before: sessions are none of theirs
        ask(CHENOVE_REFERENT, &old, 200);
        ask(CHENOVE_REFERENT, &new, 404);
        ask(CHENOVE_REFERENT, &[&old_sessions[..], &new_sessions[..]].concat(), 403);
        ask(LONGVIC_COORDINATOR, &[&all_old[..], &all_new[..]].concat(), 404);
        for email in [ADMINISTRATOR, ACCOUNTANT, AUDITOR] {
            ask(email, &[&all_old[..], &all_new[..]].concat(), 403);
        }
        // what is asked beside the path, and what lists show
        let of = |child: ChildId| format!("child_id={child}");
        for (account, mine, theirs, sessions) in [
            (world.coordinator(world.chenove).account, moved.before, moved.after, vec![moved.approved, moved.recorded]),
            (world.claire_account, moved.before, moved.after, vec![moved.approved, moved.recorded]),
            (world.coordinator(world.dijon).account, moved.after, moved.before, vec![moved.session_after]),
            (world.denis_account, moved.after, moved.before, vec![moved.session_after]),
        ] {
            let mut program = world.program(account);
            assert_eq!(listed(&mut program, "/api/v1/children?status=all", "id"), texts(&[mine]));
            assert_eq!(listed(&mut program, "/api/v1/sessions", "id"), texts(&sessions));
            assert_eq!(listed(&mut program, &format!("/api/v1/sessions?{}", of(mine)), "id"), texts(&sessions));
            // a list narrowed to what is not theirs is as empty as one narrowed to what does not exist
            for nobodys in [theirs, ChildId::new()] {
                for list in [format!("/api/v1/sessions?{}", of(nobodys)), format!("/api/v1/referrals?child={nobodys}")] {
                    assert_eq!(program.get(&list).expect(200).json()["total"], 0, "{list}");
                }
            }
        }
        // the invoice: who issued it, and who pays it
        let invoice = [format!("/factures/{}", moved.invoice), format!("/api/v1/invoices/{}", moved.invoice)];
        ask(CLAIRE, &invoice, 200);
        ask(ACCOUNTANT, &invoice, 200);
        ask(DENIS, &invoice, 404);
        for email in [CHENOVE_COORDINATOR, DIJON_COORDINATOR] {
            ask(email, &invoice, 403);
        }
        // who opened the file before is told to the programme of before
        let mut chloe = world.program(world.coordinator(world.chenove).account);
        let readers = listed(&mut chloe, &format!("/api/v1/children/{}/readings", moved.before), "account");
        assert!(readers.contains(&world.claire_account.to_string()), "{readers:?}");
        assert!(!readers.contains(&world.denis_account.to_string()), "{readers:?}");
        let david = world.coordinator(world.dijon).account;
        world.program(david).get(&format!("/api/v1/children/{}/readings", moved.before)).expect(404);
    }

    /// Nothing more happens under the old reference, what was lived is still decided there, and each programme's hours
    /// count its own sessions.
    fn a_child_who_moved_is_seen_and_counted_where_they_are(app: &TestApp) {
        let world = World::new(app);
        let moved = moved(&world);
        assert_eq!(held(&world, world.chenove), (90, 60));
        assert_eq!(held(&world, world.dijon), (45, 0));
        let (mut claire, mut chloe) = (world.program(world.claire_account), world.program(world.coordinator(world.chenove).account));
        let record = |child: ChildId| json!({
            "child_id": child, "attendance": "held", "session_on": "2026-11-19", "starts_at": "09:00:00",
            "duration_minutes": 45,
        });
        let book = |child: ChildId| json!({
            "child_id": child, "psychologist_id": world.claire, "session_on": "2026-11-24", "starts_at": "09:00:00",
            "duration_minutes": 45,
        });
        let closed = "child_closed";
        assert_eq!(claire.post_json("/api/v1/sessions", &record(moved.before)).expect(422).json()["code"], closed);
        for program in [&mut claire, &mut chloe] {
            assert_eq!(program.post_json("/api/v1/bookings", &book(moved.before)).expect(422).json()["code"], closed);
            program.post_json("/api/v1/bookings", &book(moved.after)).expect(404);
        }
        claire.post_json("/api/v1/sessions", &record(moved.after)).expect(404);
        let mut denis = world.program(world.denis_account);
        denis.post_json("/api/v1/sessions", &record(moved.before)).expect(404);
        let mut david = world.program(world.coordinator(world.dijon).account);
        david.post_json(&format!("/api/v1/sessions/{}/approval", moved.recorded), &json!({})).expect(404);
        chloe.post_json(&format!("/api/v1/sessions/{}/approval", moved.session_after), &json!({})).expect(404);
        // what was lived before the last day is approved by who coordinated it then
        chloe.post_json(&format!("/api/v1/sessions/{}/approval", moved.recorded), &json!({})).expect(200);
        david.post_json(&format!("/api/v1/sessions/{}/approval", moved.session_after), &json!({})).expect(200);
        assert_eq!(held(&world, world.chenove), (0, 150));
        assert_eq!(held(&world, world.dijon), (0, 45));
        for (program, own, minutes) in [(&mut chloe, world.chenove, 150), (&mut david, world.dijon, 45)] {
            let quotas = program.get("/api/v1/quotas").expect(200).json();
            assert_eq!((quotas[0]["programme_id"].clone(), quotas[0]["used_minutes"].clone()), (json!(own), json!(minutes)));
        }
        // the list of those followed says where the child is
        assert_eq!(listed(&mut chloe, "/api/v1/children", "id"), Vec::<String>::new());
        assert_eq!(listed(&mut david, "/api/v1/children", "id"), texts(&[moved.after]));
    }
}
