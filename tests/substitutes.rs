//! A coordinator names who approves in their place: what it lends, to whom, between which days, and nothing more.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use psypre::accounts::Role;
use psypre::db::DbError;
use psypre::ids::SessionId;
use psypre::router::{Audience, ROUTES};
use psypre::schema::{journal_entries, mails, role_grants, session_decisions, substitutions};
use psypre::sessions::{Attendance, Phase};
use psypre::substitutions::name::{self, NameRefusal, Naming};

use crate::booking::slot;
use crate::on_both_databases;
use crate::recording::{phase, recorded};
use crate::support::app::TestApp;
use crate::support::world::{
    ACCOUNTANT, CHENOVE_COORDINATOR, CHENOVE_REFERENT, CLAIRE, DIJON_COORDINATOR, LONGVIC_COORDINATOR, World, day,
    done, refused,
};

const PAGE: &str = "/validations/remplacements";

fn at(app: &TestApp, instant: &str) {
    app.app.clock.set(instant.parse::<DateTime<Utc>>().unwrap());
}

/// Chloé, of Chenôve, names somebody from Monday 23 November to Friday 4 December.
fn named(world: &World, substitute: psypre::ids::AccountId) -> psypre::ids::SubstitutionId {
    let naming =
        Naming { programme: world.chenove, substitute, starts_on: day("2026-11-23"), ends_on: day("2026-12-04") };
    let (clock, who) = (&world.app.app.clock, world.coordinator(world.chenove));
    done(world.app, |tx| name::name(tx, clock, &who, naming))
}

fn david(world: &World) -> psypre::ids::AccountId {
    world.coordinators[1].1
}

fn kinds_of_mails(app: &TestApp, to: &str) -> Vec<(String, String)> {
    app.read(|conn| {
        mails::table.filter(mails::recipient.eq(to)).order(mails::id).select((mails::kind, mails::text_body)).load(conn)
    })
}

on_both_databases! {
    /// From the first day to the last, midnight to midnight in Dijon, in summer time as in winter.
    fn a_substitute_approves_between_two_days(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let slots = [slot("2026-11-17", "09:00", 60), slot("2026-11-18", "09:00", 60), slot("2026-11-19", "09:00", 60)];
        let [first, second, third] = slots.map(|slot| recorded(&world, child, slot, Attendance::Held));
        let mut chloe = app.signed_in(CHENOVE_COORDINATOR);
        let david_id = david(&world).to_string();
        let page = chloe.get(PAGE).expect(200);
        assert!(page.words().contains("David Coordination (Coordination, PRE de Dijon)"), "{}", page.words());
        let asked = [("substitute", david_id.as_str()), ("starts_on", "23/11/2026"), ("ends_on", "04/12/2026")];
        chloe.post(PAGE, &asked).expect(303);
        let page = chloe.get(PAGE).expect(200).words();
        assert!(page.contains("David Coordination valide à la place de vous") && page.contains("À venir"), "{page}");
        let mail = kinds_of_mails(app, DIJON_COORDINATOR);
        assert_eq!(mail.len(), 1);
        assert!(mail[0].1.contains("du 23 novembre 2026 au 4 décembre 2026, à la place de Chloé Coordination"), "{}", mail[0].1);

        // Sunday 22 November, a second before midnight in Dijon
        at(app, "2026-11-22T22:59:59Z");
        let approve = |id: SessionId| format!("/seances/{id}/validation");
        let mut david = app.signed_in(DIJON_COORDINATOR);
        david.post(&approve(first), &[]).expect(404);
        david.get(&format!("/seances/{first}")).expect(404);
        assert!(david.get("/validations").expect(200).words().contains("Aucune séance à valider"));

        at(app, "2026-11-22T23:00:00Z");
        let page = david.get("/validations").expect(200);
        let words = page.words();
        assert!(words.contains("Vous validez les séances du PRE de Chenôve à la place de Chloé Coordination"), "{words}");
        assert!(words.contains("CHE-2026-0001") && !words.contains("Zoé"), "{words}");
        david.post(&approve(first), &[]).expect(303);
        let shown = david.get(&format!("/seances/{first}")).expect(200).words();
        let said = "par David Coordination, en remplacement de Chloé Coordination";
        assert!(shown.contains(said) && !shown.contains("Zoé") && !shown.contains("Annuler la séance"), "{shown}");
        let seen = app.signed_in(CLAIRE).get(&format!("/seances/{first}")).expect(200).words();
        assert!(seen.contains(said), "{seen}");

        // Friday 4 December, the last second of it
        at(app, "2026-12-04T22:59:59Z");
        let mut david = app.signed_in(DIJON_COORDINATOR);
        david.post("/validations", &[("session", &second.to_string())]).expect(303);
        assert_eq!(phase(&world, second), Phase::Approved);
        at(app, "2026-12-04T23:00:00Z");
        david.post(&approve(third), &[]).expect(404);
        assert_eq!(phase(&world, third), Phase::Recorded);
        let page = app.signed_in(CHENOVE_COORDINATOR).get(PAGE).expect(200).words();
        assert!(page.contains("Fini"), "{page}");

        let told: Vec<(String, Option<psypre::ids::AccountId>)> = app.read(|conn| {
            journal_entries::table
                .filter(journal_entries::action.like("substitution.%").or(journal_entries::action.eq("session.approved")))
                .order(journal_entries::position)
                .select((journal_entries::action, journal_entries::actor_id))
                .load(conn)
        });
        let chloe = world.coordinators[0].1;
        let by_david = ("session.approved".to_owned(), Some(super::david(&world)));
        assert_eq!(told, [("substitution.named".to_owned(), Some(chloe)), by_david.clone(), by_david]);
    }

    /// A referent named has the queue, its three decisions, and no other address that a coordinator has.
    fn nothing_else_is_lent(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let id = recorded(&world, child, slot("2026-11-17", "09:00", 60), Attendance::Held);
        let id_text = id.to_string();
        app.signed_in(CHENOVE_REFERENT).get("/validations").expect(403);
        named(&world, world.referent);
        at(app, "2026-11-24T09:00:00Z");
        let mut rose = app.signed_in(CHENOVE_REFERENT);
        let lent = ["/validations", "/seances/{session}", "/api/v1/approvals"];
        for route in ROUTES.iter().filter(|route| route.method == "GET" && !route.path.contains("{child}")) {
            let Audience::Roles(roles) = route.audience else { continue };
            if !roles.contains(&Role::Coordinator) || roles.contains(&Role::Referent) {
                continue;
            }
            let path = route.path.replace("{session}", &id_text);
            let status = rose.get(&path).status;
            let expected = if lent.contains(&route.path) { 200 } else { 403 };
            // what an address names is looked for before who asks: the other names here name nothing
            let names_nothing = path.contains('{') && status == 404;
            assert!(status == expected || names_nothing, "GET {path}: {status}");
        }
        let home = rose.get("/enfants").expect(200);
        assert!(home.words().contains("À valider"), "{}", home.words());
        rose.get(&format!("/enfants/{child}")).expect(404);
        for denied in ["/seances/reservation", "/enfants/nouveau"] {
            rose.post(denied, &[]).expect(403);
        }
        rose.post(&format!("/seances/{id}/annulation"), &[]).expect(403);
        rose.post(&format!("/seances/{id}/refus"), &[("reason", "Une autre durée")]).expect(303);
        assert_eq!(phase(&world, id), Phase::Refused);
        let mut program = world.program(world.referent);
        let me = program.get("/api/v1/me").expect(200).json();
        assert_eq!(me["stands_in"][0]["in_place_of"], "Chloé Coordination");
        let other = recorded(&world, child, slot("2026-11-18", "09:00", 60), Attendance::Held);
        let waiting = program.get("/api/v1/approvals").expect(200).json();
        assert_eq!((waiting["total"].as_i64(), waiting["items"][0]["child_reference"].as_str()), (Some(1), Some("CHE-2026-0001")));
        let answer = program.post_json("/api/v1/approvals", &serde_json::json!({ "session_ids": [other] })).expect(200).json();
        assert_eq!(answer[0]["outcome"], "done");
        program.post_json(&format!("/api/v1/sessions/{other}/approval-withdrawal"), &serde_json::json!({ "reason": "Trop tôt" })).expect(200);
        let kept: Vec<Option<psypre::ids::SubstitutionId>> =
            app.read(|conn| session_decisions::table.select(session_decisions::substitution_id).load(conn));
        assert!(kept.len() == 3 && kept.iter().all(Option::is_some), "{kept:?}");
    }

    /// Who recorded a session does not approve it, whatever they were lent.
    fn a_substitute_does_not_approve_what_they_recorded(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let id = recorded(&world, child, slot("2026-11-17", "09:00", 60), Attendance::Held);
        app.write(|tx| psypre::accounts::store::insert_grant(tx, world.claire_account, Role::Coordinator, Some(world.dijon), app.app.clock.now()));
        named(&world, world.claire_account);
        at(app, "2026-11-24T09:00:00Z");
        let mut claire = app.signed_in(CLAIRE);
        let page = claire.get("/validations").expect(200).words();
        assert!(page.contains("Enregistrée par vous : une autre personne la valide."), "{page}");
        let refusal = claire.post(&format!("/seances/{id}/validation"), &[]).expect(422).words();
        assert!(refusal.contains("Vous avez enregistré cette séance"), "{refusal}");
        assert_eq!(phase(&world, id), Phase::Recorded);
    }

    /// Either ends it early; what was lent ends at once, and the other is told.
    fn either_ends_it_early(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let id = recorded(&world, child, slot("2026-11-17", "09:00", 60), Attendance::Held);
        let first = named(&world, world.referent);
        at(app, "2026-11-24T09:00:00Z");
        let mut rose = app.signed_in(CHENOVE_REFERENT);
        rose.get("/validations").expect(200);
        app.signed_in(LONGVIC_COORDINATOR).post(&format!("{PAGE}/{first}/fin"), &[]).expect(404);
        app.signed_in(CLAIRE).post(&format!("{PAGE}/{first}/fin"), &[]).expect(403);
        rose.post(&format!("{PAGE}/{first}/fin"), &[]).expect(303);
        let page = rose.get(PAGE).expect(200).words();
        assert!(page.contains("Vous validez à la place de Chloé Coordination") && page.contains("Terminé avant la fin"), "{page}");
        rose.get("/validations").expect(403);
        rose.post(&format!("/seances/{id}/validation"), &[]).expect(403);
        rose.post(&format!("{PAGE}/{first}/fin"), &[]).expect(303);
        assert!(rose.get(PAGE).expect(200).words().contains("Ce remplacement est déjà terminé"));
        let told = kinds_of_mails(app, CHENOVE_COORDINATOR);
        assert_eq!(told.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), ["substitution_ended"]);
        assert!(told[0].1.contains("Rose Référente ne valide plus les séances du PRE de Chenôve à votre place"), "{}", told[0].1);
        // the days are free again
        let mut program = world.program(world.coordinators[0].1);
        let new = serde_json::json!({
            "programme_id": world.chenove, "substitute_id": david(&world), "starts_on": "2026-11-24", "ends_on": "2026-11-24",
        });
        let answer = program.post_json("/api/v1/substitutions", &new).expect(200).json();
        assert_eq!((answer["standing"].as_str(), answer["substitute_name"].as_str()), (Some("in_force"), Some("David Coordination")));
        let end = format!("/api/v1/substitutions/{}/end", answer["id"].as_str().unwrap());
        assert_eq!(program.post_json(&end, &serde_json::json!({})).expect(200).json()["standing"], "ended_early");
        assert_eq!(program.post_json(&end, &serde_json::json!({})).expect(422).json()["code"], "substitution_over");
        assert_eq!(program.get("/api/v1/substitutions").expect(200).json()["total"], 2);
        assert_eq!(kinds_of_mails(app, DIJON_COORDINATOR).len(), 2);
    }

    /// What a coordinator lent does not outlive their own right, nor the substitute's account.
    fn what_is_lent_ends_with_the_right_of_who_lent_it(app: &TestApp) {
        let world = World::new(app);
        named(&world, world.referent);
        at(app, "2026-11-24T09:00:00Z");
        let mut rose = app.signed_in(CHENOVE_REFERENT);
        rose.get("/validations").expect(200);
        let chloe = world.coordinators[0].1;
        app.write(|tx| diesel::delete(role_grants::table.filter(role_grants::account_id.eq(chloe))).execute(&mut **tx));
        rose.get("/validations").expect(403);
    }

    /// Each rule that refuses a naming, in words; nothing typed is lost.
    fn a_naming_that_does_not_stand_is_refused_in_words(app: &TestApp) {
        let world = World::new(app);
        named(&world, david(&world));
        let (clock, who) = (&app.app.clock, world.coordinator(world.chenove));
        let naming = |substitute, from: &str, until: &str| Naming {
            programme: world.chenove, substitute, starts_on: day(from), ends_on: day(until),
        };
        let refusal = |naming| refused(app, |tx| name::name(tx, clock, &who, naming));
        assert_eq!(refusal(naming(world.referent, "2026-11-19", "2026-11-21")), NameRefusal::Past(day("2026-11-19")));
        assert_eq!(refusal(naming(world.referent, "2026-12-08", "2026-12-07")), NameRefusal::Backwards(day("2026-12-08")));
        assert_eq!(refusal(naming(world.referent, "2027-01-01", "2027-07-03")), NameRefusal::Long(184));
        done(app, |tx| name::name(tx, clock, &who, naming(world.referent, "2027-01-01", "2027-07-02")));
        assert_eq!(refusal(naming(world.denis_account, "2026-12-08", "2026-12-09")), NameRefusal::NotEligible);
        assert_eq!(refusal(naming(who.account, "2026-12-08", "2026-12-09")), NameRefusal::NotEligible);
        assert_eq!(refusal(naming(world.referent, "2026-12-04", "2026-12-09")), NameRefusal::Overlaps);
        let second = app.account("second.chenove@example.org", "Sam Coordination", &[(Role::Coordinator, Some(world.chenove))]);
        let sam = psypre::accounts::Coordinator { account: second, programmes: vec![world.chenove] };
        let taken = refused(app, |tx| name::name(tx, clock, &sam, naming(david(&world), "2026-12-01", "2026-12-02")));
        assert_eq!(taken, NameRefusal::SubstituteTaken);
        let elsewhere = app.app.db.write(|tx| {
            name::name(tx, clock, &sam, Naming { programme: world.dijon, ..naming(world.referent, "2026-12-08", "2026-12-09") })
        });
        assert!(matches!(elsewhere, Err(psypre::failure::Failure::NotFound)), "{elsewhere:?}");
        let rose = world.referent.to_string();
        let asked = [("substitute", rose.as_str()), ("starts_on", "03/12/2026"), ("ends_on", "09/12/2026")];
        let page = app.signed_in(CHENOVE_COORDINATOR).post(PAGE, &asked).expect(422);
        assert!(page.words().contains("Vous avez déjà nommé quelqu’un pour une partie de ces jours."), "{}", page.words());
        assert!(page.text().contains("03/12/2026") && page.text().contains("09/12/2026"));
        app.signed_in(ACCOUNTANT).get(PAGE).expect(403);
        let forced = app.app.db.write::<_, DbError>(|tx| {
            let same = (substitutions::ends_on.eq(day("2026-01-01")),);
            diesel::update(substitutions::table).set(same).execute(&mut **tx).map_err(Into::into)
        });
        assert!(forced.is_err(), "{forced:?}");
    }

    /// The certificate that pays names both; the substitute is told of what waits each morning.
    fn the_certificate_says_in_whose_place(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let id = recorded(&world, child, slot("2026-11-17", "09:00", 60), Attendance::Held);
        named(&world, david(&world));
        at(app, "2026-11-24T09:00:00Z");
        psypre::reminders::run(&app.app.db, &app.app.clock).unwrap();
        let told = kinds_of_mails(app, DIJON_COORDINATOR);
        assert_eq!(told.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), ["substitution_named", "sessions_to_approve"]);
        app.signed_in(DIJON_COORDINATOR).post(&format!("/seances/{id}/validation"), &[]).expect(303);
        let month = psypre::calendar::Month::parse("2026-11").unwrap();
        let rows = app.read(|conn| psypre::exports::look_up::certified(conn, month));
        let by: Vec<&str> = rows.values().flatten().map(|row| row.approved_by.as_str()).collect();
        assert_eq!(by, ["David Coordination, en remplacement de Chloé Coordination"]);
    }
}
