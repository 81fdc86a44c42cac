//! Approving, refusing, withdrawing: one by one, many at once, and each rule that refuses it.

use diesel::prelude::*;
use psypre::accounts::Coordinator;
use psypre::failure::Failure;
use psypre::ids::{ChildId, SessionId};
use psypre::schema::{session_decisions, sessions};
use psypre::sessions::approve::{Approval, approve};
use psypre::sessions::approve_many::{NotApproved, approve_many};
use psypre::sessions::refuse::refuse;
use psypre::sessions::withdraw::withdraw;
use psypre::sessions::{Attendance, DecisionKind, Phase, Reason, Slot};

use crate::booking::{held, slot};
use crate::on_both_databases;
use crate::recording::{phase, recorded};
use crate::support::world::{CHENOVE_COORDINATOR, CLAIRE, DIJON_COORDINATOR, World, done, refused};

fn three(world: &World, child: ChildId) -> Vec<SessionId> {
    let slots: [Slot; 3] =
        [slot("2026-11-17", "09:00", 60), slot("2026-11-18", "09:00", 60), slot("2026-11-14", "09:00", 120)];
    slots.into_iter().map(|slot| recorded(world, child, slot, Attendance::Held)).collect()
}

/// The decisions on a session: kind and what was seen.
fn decisions(world: &World, id: SessionId) -> Vec<(DecisionKind, serde_json::Value)> {
    let rows: Vec<(DecisionKind, String)> = world.app.read(|conn| {
        session_decisions::table
            .filter(session_decisions::session_id.eq(id))
            .order(session_decisions::decided_at)
            .select((session_decisions::kind, session_decisions::seen))
            .load(conn)
    });
    rows.into_iter().map(|(kind, seen)| (kind, serde_json::from_str(&seen).unwrap())).collect()
}

on_both_databases! {
    /// A coordinator chooses all, approves, and takes it back in one press.
    fn a_coordinator_approves_many_and_takes_it_back(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let ids = three(&world, child);
        let mut browser = app.signed_in(CHENOVE_COORDINATOR);
        assert_eq!(browser.get("/").expect(303).location(), "/validations");
        let page = browser.get("/validations").expect(200).words();
        assert!(page.contains("3 séances attendent votre décision"), "{page}");
        assert!(page.contains("Zoé Exemple") && page.contains("Un samedi") && page.contains("6 h sur l’orientation"), "{page}");
        let chosen: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let fields: Vec<(&str, &str)> = chosen.iter().map(|id| ("session", id.as_str())).collect();
        browser.post("/validations", &fields).expect(303);
        let page = browser.get("/validations").expect(200);
        assert!(page.words().contains("3 séances sont validées."), "{}", page.words());
        assert_eq!(held(&world, world.chenove), (0, 240));
        let undo = page.text().split("action=\"").find_map(|rest| {
            let action = rest.split('"').next().unwrap();
            action.starts_with("/validations/annulation/").then(|| action.to_owned())
        });
        browser.post(&undo.unwrap(), &[]).expect(303);
        assert!(browser.get("/validations").expect(200).words().contains("3 validations sont annulées"));
        assert_eq!(held(&world, world.chenove), (240, 0));
        let kept = decisions(&world, ids[0]);
        assert_eq!(kept.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [DecisionKind::Approval, DecisionKind::Withdrawal]);
        let seen = &kept[0].1;
        assert_eq!((seen["reference"].as_str(), seen["referral_remaining_minutes"].as_i64()), (Some("CHE-2026-0001"), Some(360)));
        assert_eq!((seen["date"].as_str(), seen["quota_remaining_minutes"].as_i64()), (Some("2026-11-17"), Some(3360)));
        browser.post("/validations", &[]).expect(303);
        assert!(browser.get("/validations").expect(200).words().contains("Choisissez au moins une séance à valider."));
    }

    /// Each of many is answered by itself: done, done before, refused, not theirs.
    fn each_of_many_is_answered_by_itself(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let ids = three(&world, child);
        let other = world.entrusted_child(world.dijon, "Léo", "Ailleurs");
        let elsewhere = recorded(&world, other, slot("2026-11-19", "09:00", 60), Attendance::Held);
        let who = world.coordinator(world.chenove);
        let reason = Reason::new("Doublon").unwrap();
        done(app, |tx| approve(tx, &app.app.clock, &who, ids[0]));
        done(app, |tx| refuse(tx, &app.app.clock, &who, ids[1], &reason));
        let asked = [ids[0], ids[1], elsewhere, ids[2], ids[2]];
        let approvals = done(app, |tx| approve_many(tx, &app.app.clock, &who, &asked));
        let answers: Vec<_> = approvals.answers.into_iter().map(|(_, answer)| answer).collect();
        assert_eq!(answers[0], Ok(Approval::AlreadyDone));
        let Err(NotApproved::Refused(refusal)) = &answers[1] else { panic!("{answers:?}") };
        assert_eq!(refusal.to_string(), "Cette séance est refusée : elle ne se valide pas. Elle revient ici dès que la psychologue l’a corrigée.");
        assert_eq!(answers[2..], [Err(NotApproved::NotFound), Ok(Approval::Done), Ok(Approval::AlreadyDone)]);
        assert_eq!(held(&world, world.chenove), (0, 180));
        assert_eq!(held(&world, world.dijon), (60, 0));
        let mut browser = app.signed_in(CHENOVE_COORDINATOR);
        let csrf = browser.token();
        let body = serde_json::json!({ "session_ids": [ids[0], elsewhere] }).to_string();
        let answer = browser.send("/api/v1/approvals", "application/json", &body, &[("x-csrf-token", &csrf)]).expect(200).json();
        assert_eq!((answer[0]["outcome"].as_str(), answer[1]["outcome"].as_str()), (Some("already_done"), Some("not_found")));
    }

    /// A refusal needs a reason of at most 500 characters, which the psychologist reads.
    fn a_refusal_says_why(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let id = three(&world, child)[0];
        let mut browser = app.signed_in(CHENOVE_COORDINATOR);
        let refus = format!("/seances/{id}/refus");
        let page = browser.post(&refus, &[("reason", "  ")]).expect(422);
        assert!(page.words().contains("Indiquez le motif : la psychologue le lira."), "{}", page.words());
        let long = "é".repeat(503);
        let page = browser.post(&refus, &[("reason", &long)]).expect(422);
        assert!(page.words().contains("500 caractères au plus, il y en a 3 de trop") && page.text().contains(&long));
        assert_eq!(phase(&world, id), Phase::Recorded);
        browser.post(&refus, &[("reason", "Ce jour était férié.")]).expect(303);
        assert_eq!(phase(&world, id), Phase::Refused);
        let page = app.signed_in(CLAIRE).get(&format!("/seances/{id}")).expect(200).words();
        assert!(page.contains("« Ce jour était férié. »") && page.contains("Chloé Coordination"), "{page}");
        let page = browser.post(&refus, &[("reason", "Encore")]).expect(422);
        assert!(page.words().contains("Cette séance est refusée : elle ne se refuse pas."), "{}", page.words());
    }

    /// An approval is withdrawn with a reason, and not twice.
    fn an_approval_is_withdrawn_for_a_reason(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let id = three(&world, child)[0];
        let who = world.coordinator(world.chenove);
        done(app, |tx| approve(tx, &app.app.clock, &who, id));
        assert_eq!(held(&world, world.chenove), (180, 60));
        let mut browser = app.signed_in(CHENOVE_COORDINATOR);
        browser.post(&format!("/seances/{id}/retrait"), &[("reason", "")]).expect(422);
        browser.post(&format!("/seances/{id}/retrait"), &[("reason", "Mauvaise durée")]).expect(303);
        assert_eq!((phase(&world, id), held(&world, world.chenove)), (Phase::Recorded, (240, 0)));
        let reason = Reason::new("Encore").unwrap();
        let said = refused(app, |tx| withdraw(tx, &app.app.clock, &who, id, &reason)).to_string();
        assert_eq!(said, "Cette séance attend sa validation : il n’y a pas de validation à retirer. Vous pouvez la refuser.");
    }

    /// Whoever holds both roles does not approve what they recorded; the database would not take it either.
    fn nobody_approves_what_they_recorded(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let id = three(&world, child)[0];
        let both = Coordinator { account: world.claire_account, programmes: vec![world.chenove] };
        let said = refused(app, |tx| approve(tx, &app.app.clock, &both, id)).to_string();
        assert_eq!(said, "Vous avez enregistré cette séance : une autre personne de la coordination doit la valider.");
        let forced = app.app.db.write::<_, psypre::db::DbError>(|tx| {
            let recorded_by = sessions::recorded_by;
            diesel::update(sessions::table.find(id))
                .set((sessions::state.eq(Phase::Approved), sessions::decided_by.eq(recorded_by), sessions::decided_at.eq(sessions::recorded_at)))
                .execute(&mut **tx)
                .map_err(Into::into)
        });
        let Err(psypre::db::DbError::Query(error)) = forced else { panic!("{forced:?}") };
        assert!(psypre::db::violated(&error, "sessions_not_self_approved"), "{error}");
    }

    /// Another programme's session is as one that does not exist, and a psychologist decides nothing.
    fn what_is_not_theirs_is_not_found(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let id = three(&world, child)[0];
        let absent = SessionId::new();
        let dijon = world.coordinator(world.dijon);
        let outcome = app.app.db.write(|tx| approve(tx, &app.app.clock, &dijon, id));
        assert!(matches!(outcome, Err(Failure::NotFound)), "{outcome:?}");
        let mut browser = app.signed_in(DIJON_COORDINATOR);
        for path in ["", "/validation", "/refus", "/retrait", "/annulation"] {
            let ask = |browser: &mut crate::support::browser::Browser, id: SessionId| match path {
                "" => browser.get(&format!("/seances/{id}")),
                _ => browser.post(&format!("/seances/{id}{path}"), &[("reason", "motif")]),
            };
            let (theirs, none) = (ask(&mut browser, id).expect(404), ask(&mut browser, absent).expect(404));
            assert_eq!(theirs.words(), none.words(), "{path}");
        }
        let mut browser = app.signed_in(CLAIRE);
        browser.post(&format!("/seances/{id}/validation"), &[]).expect(403);
        browser.get("/validations").expect(403);
        assert_eq!(phase(&world, id), Phase::Recorded);
    }
}
