//! Recording what happened, correcting it, undoing it; and each rule that refuses it.

use chrono::{Datelike, TimeDelta};
use diesel::prelude::*;
use psypre::conventions::Period;
use psypre::hours::Minutes;
use psypre::ids::{ChildId, ReferralId, SessionId};
use psypre::schema::{budget_years, month_reopenings, quotas, sessions, terms};
use psypre::sessions::book::{Booking, book};
use psypre::sessions::correct::{Correction, correct};
use psypre::sessions::record::{Recording, record, record_booked};
use psypre::sessions::refuse::refuse;
use psypre::sessions::undo_record::undo_record;
use psypre::sessions::{Attendance, Phase, Reason, Slot, Viewer};

use crate::booking::{held, leave, slot};
use crate::on_both_databases;
use crate::planning::next_year_begins;
use crate::support::world::{CHENOVE_COORDINATOR, CLAIRE, DENIS, World, day, done, refused};

fn recording(child: ChildId, slot: Slot, attendance: Attendance) -> Recording {
    Recording { child, slot, attendance, place: None }
}

/// Records a session of Claire's.
pub fn recorded(world: &World, child: ChildId, slot: Slot, attendance: Attendance) -> SessionId {
    let app = &world.app.app;
    let new = recording(child, slot, attendance);
    done(world.app, |tx| record(tx, &app.clock, &app.vault, &world.psychologist(), &new))
}

fn refusal(world: &World, child: ChildId, slot: Slot, attendance: Attendance) -> String {
    let app = &world.app.app;
    let new = recording(child, slot, attendance);
    refused(world.app, |tx| record(tx, &app.clock, &app.vault, &world.psychologist(), &new)).to_string()
}

/// Where a session stands.
pub fn phase(world: &World, id: SessionId) -> Phase {
    world.app.read(|conn| sessions::table.find(id).select(sessions::state).first(conn))
}

on_both_databases! {
    /// Home, child, record: three presses; as long as last time, over just now; and undone.
    fn a_usual_session_takes_three_presses(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        recorded(&world, child, slot("2026-11-17", "14:00", 45), Attendance::Held);
        let mut browser = app.signed_in(CLAIRE);
        let home = browser.get("/").expect(200);
        assert!(home.text().contains("href=\"/seances/saisie\""));
        let form = browser.get("/seances/saisie").expect(200);
        assert!(form.words().contains("45 min comme mardi 17 novembre · reste 9 h 15"), "{}", form.words());
        let child = child.to_string();
        let done = browser.post("/seances/saisie", &[("child", child.as_str())]).expect(303);
        assert_eq!(done.location(), "/");
        let home = browser.get("/").expect(200);
        let said = "La séance est enregistrée : CHE-2026-0001, vendredi 20 novembre de 9 h 15 à 10 h 00.";
        assert!(home.words().contains(said), "{}", home.words());
        assert_eq!(held(&world, world.chenove), (90, 0));
        let undo = home.text().split("action=\"").find_map(|rest| {
            let action = rest.split('"').next().unwrap();
            action.ends_with("/saisie/annulation").then(|| action.to_owned())
        });
        browser.post(&undo.unwrap(), &[]).expect(303);
        assert_eq!(held(&world, world.chenove), (45, 0));
    }

    /// A booked session is recorded by one press; an absence gives its minutes back.
    fn a_booked_session_is_recorded_by_one_press(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let who = Viewer::from(&world.psychologist());
        let mut ids = Vec::new();
        for time in ["11:00", "12:00"] {
            let asked = Booking { child, psychologist: world.claire, slot: slot("2026-11-20", time, 60), place: None };
            ids.push(done(app, |tx| book(tx, &app.app.clock, &app.app.vault, &who, &asked)));
        }
        let psychologist = world.psychologist();
        let early = |id, what| {
            refused(app, |tx| record_booked(tx, &app.app.clock, &app.app.vault, &psychologist, id, what)).to_string()
        };
        app.app.clock.advance(TimeDelta::minutes(90));
        let said = early(ids[0], Attendance::Held);
        assert_eq!(said, "La séance finit le vendredi 20 novembre à 12\u{a0}h\u{a0}00 ; il est 11\u{a0}h\u{a0}30. Enregistrez-la une fois finie.");
        let said = early(ids[1], Attendance::ExcusedAbsence);
        assert!(said.starts_with("La séance commence le vendredi 20 novembre à 12\u{a0}h\u{a0}00 ;"), "{said}");
        app.app.clock.advance(TimeDelta::minutes(120));
        let mut browser = app.signed_in(CLAIRE);
        let home = browser.get("/").expect(200).words();
        assert!(home.contains("À faire 2 séances à enregistrer 11 h 00 Zoé Exemple"), "{home}");
        browser.post(&format!("/seances/{}/presence", ids[0]), &[("attendance", "held")]).expect(303);
        browser.post(&format!("/seances/{}/presence", ids[1]), &[("attendance", "unexcused_absence")]).expect(303);
        assert_eq!(held(&world, world.chenove), (60, 0));
        let home = browser.get("/").expect(200).words();
        assert!(home.contains("Absence non excusée : CHE-2026-0001"), "{home}");
        assert!(!home.contains("À faire"), "{home}");
        // undone, it is to come again and holds its hour again
        done(app, |tx| undo_record(tx, &app.app.clock, &psychologist, ids[1]));
        assert_eq!(phase(&world, ids[1]), Phase::Booked);
        assert_eq!(held(&world, world.chenove), (120, 0));
        // and bills nothing
        done(app, |tx| undo_record(tx, &app.app.clock, &psychologist, ids[0]));
        let billed: Vec<Minutes> =
            app.read(|conn| sessions::table.filter(sessions::id.eq_any(&ids)).select(sessions::billed_minutes).load(conn));
        assert_eq!((held(&world, world.chenove), billed), ((120, 0), vec![Minutes::ZERO; 2]));
    }

    /// An absence counts and is billed as the convention of its day says.
    fn absences_follow_the_rules_of_their_day(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        app.write(|tx| diesel::update(terms::table)
            .set((terms::unexcused_absence_counted.eq(true), terms::unexcused_absence_billed.eq(false)))
            .execute(&mut **tx));
        let id = recorded(&world, child, slot("2026-11-18", "09:00", 60), Attendance::UnexcusedAbsence);
        recorded(&world, child, slot("2026-11-19", "09:00", 60), Attendance::ExcusedAbsence);
        assert_eq!(held(&world, world.chenove), (60, 0));
        let billed: Minutes = app.read(|conn| sessions::table.find(id).select(sessions::billed_minutes).first(conn));
        assert_eq!(billed, Minutes::ZERO);
    }

    /// A month stays open until the end of the next; then an administrator reopens it.
    fn a_closed_month_opens_again_with_a_reason(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        recorded(&world, child, slot("2026-10-06", "09:00", 60), Attendance::Held);
        let september = slot("2026-09-08", "09:00", 60);
        let said = refusal(&world, child, september, Attendance::Held);
        assert_eq!(said, "Les séances de septembre 2026 s’enregistraient jusqu’au 31 octobre 2026. Demandez à la Métropole de rouvrir le mois.");
        let opened_at = app.app.clock.now();
        app.write(|tx| diesel::insert_into(month_reopenings::table).values((
            (month_reopenings::id.eq(psypre::ids::JournalSubjectId(uuid::Uuid::now_v7())), month_reopenings::convention_id.eq(world.convention)),
            month_reopenings::month_on.eq(september.on.with_day0(0).unwrap()),
            month_reopenings::reason.eq("Retour de congé"),
            month_reopenings::until_on.eq(app.app.clock.today()),
            month_reopenings::opened_by.eq(world.claire_account),
            month_reopenings::opened_at.eq(opened_at),
        )).execute(&mut **tx));
        recorded(&world, child, september, Attendance::Held);
        app.app.clock.advance(TimeDelta::days(1));
        let said = refusal(&world, child, slot("2026-09-09", "09:00", 60), Attendance::Held);
        assert!(said.contains("jusqu’au 20 novembre 2026"), "{said}");
    }

    /// A refused session is corrected: what it holds follows what is said.
    fn a_refused_session_is_corrected(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let id = recorded(&world, child, slot("2026-11-19", "09:00", 120), Attendance::Held);
        let coordinator = world.coordinator(world.chenove);
        let reason = Reason::new("La séance a duré une heure.").unwrap();
        done(app, |tx| refuse(tx, &app.app.clock, &coordinator, id, &reason));
        assert_eq!(held(&world, world.chenove), (0, 0));
        let mut browser = app.signed_in(CLAIRE);
        let home = browser.get("/").expect(200).words();
        assert!(home.contains("« La séance a duré une heure. »"), "{home}");
        let page = browser.get(&format!("/seances/{id}/correction")).expect(200);
        assert!(page.text().contains("value=\"09:00\"") && page.words().contains("La coordination a refusé cette séance"));
        let fields = [("attendance", "held"), ("session_on", "2026-11-19"), ("starts_at", "09:00"), ("duration", "60m")];
        browser.post(&format!("/seances/{id}/correction"), &fields).expect(303);
        assert_eq!((phase(&world, id), held(&world, world.chenove)), (Phase::Recorded, (60, 0)));
        // a correction that does not fit changes nothing
        leave(&world, world.chenove, 90);
        let psychologist = world.psychologist();
        let longer = Correction { slot: slot("2026-11-19", "09:00", 120), attendance: Attendance::Held, place: None };
        let said = refused(app, |tx| correct(tx, &app.app.clock, &app.app.vault, &psychologist, id, &longer)).to_string();
        assert!(said.starts_with("Il reste 1\u{a0}h\u{a0}30 sur la quotité 2026 du PRE de Chenôve"), "{said}");
        assert_eq!((phase(&world, id), held(&world, world.chenove)), (Phase::Recorded, (60, 0)));
    }

    /// What was entered in time is corrected later within its month; into another only while that one is open.
    fn a_correction_goes_to_no_closed_month(app: &TestApp) {
        let world = World::new(app);
        let (child, psychologist) = (world.entrusted_child(world.chenove, "Zoé", "Exemple"), world.psychologist());
        let id = recorded(&world, child, slot("2026-11-19", "09:00", 60), Attendance::Held);
        let at = |on: &str| Correction { slot: slot(on, "09:00", 60), attendance: Attendance::Held, place: None };
        let (clock, vault) = (&app.app.clock, &app.app.vault);
        let said = refused(app, |tx| correct(tx, clock, vault, &psychologist, id, &at("2026-09-08"))).to_string();
        assert!(said.starts_with("Les séances de septembre 2026 s’enregistraient jusqu’au 31 octobre 2026."), "{said}");
        done(app, |tx| correct(tx, clock, vault, &psychologist, id, &at("2026-10-08")));
        // both months are closed
        clock.advance(TimeDelta::days(60));
        done(app, |tx| correct(tx, clock, vault, &psychologist, id, &at("2026-10-09")));
        refused(app, |tx| correct(tx, clock, vault, &psychologist, id, &at("2026-11-19")));
    }

    /// A correction takes its minutes of the year, and of the referral, of the day that it says; and the place said.
    fn a_correction_holds_what_its_day_holds(app: &TestApp) {
        let world = World::new(app);
        let (child, psychologist) = (world.child(world.chenove, "Zoé", "Exemple"), world.psychologist());
        let period = |from: &str, until: &str| Period { from: day(from), until: day(until) };
        let [earlier, later] = [period("2026-01-05", "2026-11-15"), period("2026-11-16", "2026-12-31")]
            .map(|period| world.referral_for(child, world.claire, 300, period, Some(period.from)));
        next_year_begins(&world, "2026-11-16");
        let id = recorded(&world, child, slot("2026-11-19", "09:00", 60), Attendance::Held);
        let kept = || app.read(|conn| {
            sessions::table
                .find(id)
                .inner_join(quotas::table.inner_join(budget_years::table))
                .select((budget_years::label, sessions::referral_id, sessions::place))
                .first::<(String, ReferralId, Option<String>)>(conn)
        });
        assert_eq!(kept(), ("2027".to_owned(), later, None));
        let (at, place) = (slot("2026-11-12", "09:00", 60), Some("École".to_owned()));
        let correction = Correction { slot: at, attendance: Attendance::Held, place: place.clone() };
        done(app, |tx| correct(tx, &app.app.clock, &app.app.vault, &psychologist, id, &correction));
        assert_eq!(kept(), ("2026".to_owned(), earlier, place));
    }

    /// A length that is none, a time to say, another's child, a role that does not record.
    fn what_cannot_be_recorded_is_said(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let id = child.to_string();
        let mut browser = app.signed_in(CLAIRE);
        let mut said = |fields: &[(&str, &str)]| {
            let mut all = vec![("child", id.as_str())];
            all.extend_from_slice(fields);
            browser.post("/seances/saisie", &all).expect(422).words()
        };
        assert!(said(&[("duration", "50 min")]).contains("50 min ne convient pas. Choisissez 45 min ou 1 h."));
        assert!(said(&[("session_on", "2026-11-18")]).contains("Indiquez l’heure de début de la séance du mercredi 18 novembre."));
        assert!(said(&[("starts_at", "9:30")]).contains("La séance finit le vendredi 20 novembre à 10 h 30 ; il est 10 h 00."));
        assert!(said(&[("place", &"é".repeat(101))]).contains("100 caractères au plus, il y en a 1 de trop"));
        assert!(browser.post("/seances/saisie", &[]).expect(422).words().contains("Choisissez un enfant."));
        app.signed_in(DENIS).post("/seances/saisie", &[("child", id.as_str())]).expect(404);
        app.signed_in(CHENOVE_COORDINATOR).post("/seances/saisie", &[("child", id.as_str())]).expect(403);
        assert_eq!(held(&world, world.chenove), (0, 0));
    }

    /// The API records as usual, answers the same to the same key, and tells the rule that refuses by a code.
    fn programs_record_once_for_a_key(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let mut browser = app.signed_in(CLAIRE);
        let csrf = browser.token();
        let headers = [("x-csrf-token", csrf.as_str()), ("idempotency-key", "01990000-0001")];
        let body = format!("{{\"child_id\":\"{child}\",\"duration_minutes\":60}}");
        let mut post = |body: &str| browser.send("/api/v1/sessions", "application/json", body, &headers);
        let first = post(&body).expect(200).json();
        assert_eq!((first["state"].as_str(), first["child_reference"].as_str()), (Some("recorded"), Some("CHE-2026-0001")));
        assert_eq!(first["starts_at"], "2026-11-20T08:00:00Z");
        assert_eq!(post(&body).expect(200).json(), first);
        assert_eq!(held(&world, world.chenove), (60, 0));
        let other = post(&body.replace("60", "75")).expect(422).json();
        assert_eq!(other["code"], "idempotency_key_reused");
        let list = browser.get("/api/v1/sessions?month=2026-11&state=recorded").expect(200).json();
        assert_eq!((list["total"].as_i64(), &list["items"][0]["id"]), (Some(1), &first["id"]));
        let text = list.to_string();
        assert!(!text.contains("Zoé") && !text.contains("Exemple"));
        let headers = [("x-csrf-token", csrf.as_str())];
        let body = format!("{{\"child_id\":\"{child}\",\"duration_minutes\":50}}");
        let refused = browser.send("/api/v1/sessions", "application/json", &body, &headers).expect(422).json();
        assert_eq!((refused["code"].as_str(), refused["field"].as_str()), (Some("session_length"), Some("duration")));
    }
}
