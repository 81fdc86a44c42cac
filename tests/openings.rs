//! Openings: where and when a psychologist can be booked, what closes a day, and what is free.

use chrono::NaiveTime;
use diesel::prelude::*;
use psypre::hours::Minutes;
use psypre::ids::OpeningId;
use psypre::openings::look_up::{self, Filter};
use psypre::openings::take_leave::LeaveRefusal;
use psypre::openings::{
    Closed, Reach, Rhythm, Span, Terms, TermsRefusal, change, close, create, remove_day, take_leave,
};
use psypre::schema::journal_entries;
use psypre::sessions::book::{Booking, book};
use psypre::sessions::{Slot, Viewer};

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::world::{CHENOVE_COORDINATOR, CLAIRE, World, day, done, refused};

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

/// Tuesdays from two to five, from 24 November 2026, in school weeks.
pub fn tuesdays() -> Terms {
    Terms {
        programme: None,
        place: "Maison des exemples".to_owned(),
        rhythm: Rhythm::Weekly,
        starts_on: day("2026-11-24"),
        until_on: None,
        span: Span { from: time("14:00:00"), until: time("17:00:00") },
        is_school_only: true,
    }
}

fn opened(world: &World<'_>, terms: &Terms) -> OpeningId {
    let (clock, who) = (&world.app.app.clock, world.psychologist());
    done(world.app, |tx| create::create(tx, clock, &who, terms))
}

fn days(app: &TestApp, reach: &Reach, from: &str, until: &str) -> Vec<String> {
    let all = app.read(|conn| look_up::occurrences(conn, reach, Filter::default(), (day(from), day(until))));
    all.iter().map(|o| o.on.to_string()).collect()
}

fn free(app: &TestApp, reach: &Reach, on: &str) -> Vec<String> {
    let asked = (reach, Filter::default());
    let period = (day(on), day(on));
    let places = app.read(|conn| look_up::places(conn, &app.app.clock, asked, period, Minutes(60)));
    places.iter().map(|(_, place)| place.start.format("%H:%M").to_string()).collect()
}

on_both_databases! {
    /// An opening gives places in school weeks; what is booked is no longer free; what is cancelled is free again.
    fn places_are_free_until_they_are_booked(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        opened(&world, &tuesdays());
        let own = Reach::Psychologist(world.claire);
        assert_eq!(days(app, &own, "2026-12-08", "2027-01-05"), ["2026-12-08", "2026-12-15", "2027-01-05"]);
        assert_eq!(free(app, &own, "2026-11-24"), ["14:00", "15:00", "16:00"]);
        let slot = Slot::new(day("2026-11-24"), time("15:00:00"), Minutes(60)).unwrap();
        let booking = Booking { child, psychologist: world.claire, slot, place: None };
        let viewer = Viewer::from(&world.psychologist());
        let id = done(app, |tx| book(tx, &app.app.clock, &app.app.vault, &viewer, &booking));
        assert_eq!(free(app, &own, "2026-11-24"), ["14:00", "16:00"]);
        done(app, |tx| psypre::sessions::cancel::cancel(tx, &app.app.clock, &viewer, id, None));
        assert_eq!(free(app, &own, "2026-11-24"), ["14:00", "15:00", "16:00"]);
        // at a quarter past two, two o'clock is no place any more
        app.app.clock.set("2026-11-24T13:15:00Z".parse().unwrap());
        assert_eq!(free(app, &own, "2026-11-24"), ["15:00", "16:00"]);
    }

    /// A coordinator sees what is open to the children of their programme, and nothing else.
    fn a_coordinator_sees_the_openings_for_their_programme(app: &TestApp) {
        let world = World::new(app);
        let seen = |programme| days(app, &Reach::Programmes(vec![programme]), "2026-11-23", "2026-11-29").len();
        let refusal = refused(app, |tx| {
            create::create(tx, &app.app.clock, &world.psychologist(), &Terms { programme: Some(world.chenove), ..tuesdays() })
        });
        assert_eq!(refusal, TermsRefusal::Programme);
        opened(&world, &tuesdays());
        // for all, but nobody of Chenôve is entrusted to her yet
        assert_eq!((seen(world.chenove), seen(world.dijon)), (0, 0));
        world.entrusted_child(world.chenove, "Zoé", "Exemple");
        world.entrusted_child(world.dijon, "Léo", "Exemple");
        assert_eq!((seen(world.chenove), seen(world.dijon)), (1, 1));
        let mornings = Span { from: time("09:00:00"), until: time("12:00:00") };
        opened(&world, &Terms { programme: Some(world.chenove), span: mornings, ..tuesdays() });
        assert_eq!((seen(world.chenove), seen(world.dijon), seen(world.longvic)), (2, 1, 0));
        let who = app.read(|conn| look_up::psychologists_of(conn, &[world.chenove]));
        assert_eq!(who, [(world.claire, "Claire Essai".to_owned())]);
    }

    /// A day taken out, a leave: the places go, the sessions stay and are shown as to be moved; both can be undone.
    fn what_is_booked_is_never_lost_silently(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let id = opened(&world, &tuesdays());
        let (clock, who) = (&app.app.clock, world.psychologist());
        let own = Reach::Psychologist(world.claire);
        for (on, hour) in [("2026-11-24", "14:00:00"), ("2026-12-01", "16:00:00"), ("2026-12-02", "09:00:00")] {
            let slot = Slot::new(day(on), time(hour), Minutes(60)).unwrap();
            let booking = Booking { child, psychologist: world.claire, slot, place: None };
            done(app, |tx| book(tx, clock, &app.app.vault, &Viewer::from(&who), &booking));
        }
        let to_move = || app.read(|conn| look_up::to_move(conn, clock, world.claire));
        let opening = app.read(|conn| look_up::load(conn, world.claire, id));
        let planned = app.read(|conn| look_up::days_to_come(conn, clock, &opening, 3));
        assert_eq!(planned.iter().map(|day| day.booked).collect::<Vec<_>>(), [1, 1, 0]);
        done(app, |tx| remove_day::remove_day(tx, clock, &who, id, day("2026-12-01")));
        done(app, |tx| remove_day::remove_day(tx, clock, &who, id, day("2026-12-01")));
        assert!(free(app, &own, "2026-12-01").is_empty());
        assert_eq!(to_move().iter().map(|(b, why)| (b.on, why.clone())).collect::<Vec<_>>(), [(day("2026-12-01"), Closed::Removed)]);
        done(app, |tx| remove_day::restore_day(tx, clock, &who, id, day("2026-12-01")));
        assert_eq!(free(app, &own, "2026-12-01"), ["14:00", "15:00"]);
        let not_its_day = refused(app, |tx| remove_day::remove_day(tx, clock, &who, id, day("2026-12-02")));
        assert!(not_its_day.to_string().contains("mercredi 2 décembre 2026"), "{not_its_day}");

        let leave = done(app, |tx| take_leave::take_leave(tx, clock, &who, (day("2026-12-01"), day("2026-12-04"))));
        assert_eq!(to_move().len(), 2);
        assert!(free(app, &own, "2026-12-01").is_empty());
        let span = Span { from: time("14:00:00"), until: time("15:00:00") };
        let closed = |on: &str| app.read(|conn| look_up::closed(conn, world.claire, day(on), span));
        assert!(matches!(closed("2026-12-03"), Some(Closed::Away(_))));
        assert_eq!(closed("2026-11-24"), None);
        assert!(matches!(closed("2026-12-22"), Some(Closed::NoSchool(Some(_)))));
        let taken = refused(app, |tx| take_leave::take_leave(tx, clock, &who, (day("2026-12-04"), day("2026-12-11"))));
        assert!(matches!(taken, LeaveRefusal::Taken { .. }), "{taken}");
        let denis = psypre::accounts::Psychologist { account: world.denis_account, id: world.denis };
        let lost = app.app.db.write(|tx| take_leave::give_back_leave(tx, clock, &denis, leave));
        assert!(matches!(lost, Err(psypre::failure::Failure::NotFound)));
        done(app, |tx| take_leave::give_back_leave(tx, clock, &who, leave));
        assert!(to_move().is_empty());
        let actions: Vec<String> = app.read(|conn| {
            let ours = journal_entries::table.filter(journal_entries::action.like("opening%").or(journal_entries::action.like("leave%")));
            ours.order(journal_entries::position).select(journal_entries::action).load(conn)
        });
        assert_eq!(actions, ["opening.created", "opening.day_removed", "opening.day_restored", "leave.created", "leave.withdrawn"]);
    }

    /// Nobody is in two places at once; an opening that ends leaves its time to another; a change keeps to the rules.
    fn two_openings_never_meet(app: &TestApp) {
        let world = World::new(app);
        let (clock, who) = (&app.app.clock, world.psychologist());
        let first = opened(&world, &tuesdays());
        let late = Span { from: time("16:30:00"), until: time("18:00:00") };
        let other = Terms { span: late, rhythm: Rhythm::Fortnightly, starts_on: day("2026-11-17"), ..tuesdays() };
        let said = refused(app, |tx| create::create(tx, clock, &who, &other)).to_string();
        assert_eq!(
            said,
            "Le 1er décembre 2026, vous avez déjà une permanence de 14\u{a0}h\u{a0}00 à 17\u{a0}h\u{a0}00 (Maison des exemples). \
             Changez l’heure, ou modifiez l’autre permanence."
        );
        done(app, |tx| close::close(tx, clock, &who, first, Some(day("2026-11-30"))));
        let second = done(app, |tx| create::create(tx, clock, &who, &Terms { starts_on: day("2026-12-01"), ..other.clone() }));
        let sooner = refused(app, |tx| close::close(tx, clock, &who, first, Some(day("2026-12-20"))));
        assert_eq!(sooner.to_string(), "Cette permanence finit déjà le 30 novembre 2026 : choisissez un jour avant.");
        let back = refused(app, |tx| change::change(tx, clock, &who, first, &tuesdays()));
        assert!(matches!(back, TermsRefusal::Meets { .. }), "{back}");
        done(app, |tx| change::change(tx, clock, &who, first, &Terms { place: "Ailleurs".to_owned(), until_on: Some(day("2026-11-30")), ..tuesdays() }));
        // what never began leaves nothing behind
        done(app, |tx| close::close(tx, clock, &who, second, None));
        let own = Reach::Psychologist(world.claire);
        assert_eq!(app.read(|conn| look_up::count(conn, &own, Filter::default())), 1);
        let denis = psypre::accounts::Psychologist { account: world.denis_account, id: world.denis };
        done(app, |tx| create::create(tx, clock, &denis, &tuesdays()));
    }

    /// By the pages: opened, refused with what was typed, a day taken out with what stays booked, away and back.
    fn a_psychologist_opens_and_closes_by_the_pages(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let mut browser = app.signed_in(CLAIRE);
        assert!(browser.get("/permanences").expect(200).words().contains("Vous n’avez pas de permanence"));
        let form = [
            ("place", "Maison des exemples"), ("rhythm", "weekly"), ("starts_on", "2026-11-24"),
            ("starts_at", "14:00"), ("ends_at", "13:00"), ("is_school_only", "on"), ("programme", ""), ("until_on", ""),
        ];
        let page = browser.post("/permanences/nouvelle", &form).expect(422);
        assert!(page.words().contains("elle doit finir après 14 h 00"), "{}", page.words());
        assert!(page.text().contains("value=\"Maison des exemples\""));
        let mut right = form;
        right[4].1 = "17:00";
        let here = browser.post("/permanences/nouvelle", &right).expect(303).location().to_owned();
        let page = browser.get(&here).expect(200).words();
        assert!(page.contains("Chaque mardi de 14 h 00 à 17 h 00") && page.contains("Fermée, Vacances de Noël"), "{page}");
        let slot = Slot::new(day("2026-12-01"), time("14:00:00"), Minutes(60)).unwrap();
        let booking = Booking { child, psychologist: world.claire, slot, place: None };
        let viewer = Viewer::from(&world.psychologist());
        done(app, |tx| book(tx, &app.app.clock, &app.app.vault, &viewer, &booking));
        browser.post(&format!("{here}/retrait"), &[("on", "2026-12-01")]).expect(303);
        let page = browser.get("/permanences").expect(200).words();
        for words in ["1 rendez-vous reste à déplacer ou à annuler", "Zoé Exemple", "jour retiré", "semaines scolaires seulement"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        let coordinator = app.signed_in(CHENOVE_COORDINATOR).get("/permanences").expect(200).words();
        assert!(coordinator.contains("Claire Essai") && !coordinator.contains("Zoé"), "{coordinator}");
        browser.post(&format!("{here}/retablissement"), &[("on", "2026-12-01")]).expect(303);
        browser.post("/permanences/absences", &[("leave_starts_on", "2026-11-30"), ("leave_ends_on", "2026-12-04")]).expect(303);
        let page = browser.get("/permanences").expect(200).words();
        assert!(page.contains("Absence du 30 novembre 2026 au 4 décembre 2026") && page.contains("Zoé Exemple"), "{page}");
        let again = [("leave_starts_on", "2026-12-04"), ("leave_ends_on", "2026-12-05")];
        assert!(browser.post("/permanences/absences", &again).expect(422).words().contains("Une absence est déjà notée"));
        browser.post(&format!("{here}/fermeture"), &[("after", "")]).expect(303);
        assert!(browser.get("/permanences").expect(200).words().contains("Vous n’avez pas de permanence"));
    }

    /// By the API: what is opened gives places to the coordinator's program; the same key opens once.
    fn programs_open_and_ask_for_places(app: &TestApp) {
        let world = World::new(app);
        world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let mut program = world.program(world.claire_account);
        let body = serde_json::json!({
            "place": "Maison des exemples", "rhythm": "weekly", "starts_on": "2026-11-24",
            "starts_at": "14:00:00", "ends_at": "16:00:00", "is_school_only": true
        });
        let opened = program.post_json("/api/v1/openings", &body).expect(200).json();
        let refused = program.post_json("/api/v1/openings", &body).expect(422).json();
        assert_eq!(refused["code"], "opening_overlap", "{refused}");
        let (_, account) = world.coordinators[0];
        let mut coordinator = world.program(account);
        let asked = "/api/v1/openings/places?from=2026-11-23&until=2026-11-29&duration_minutes=60";
        let places = coordinator.get(asked).expect(200).json();
        let starts: Vec<&str> = places.as_array().unwrap().iter().map(|p| p["start_time"].as_str().unwrap()).collect();
        assert_eq!(starts, ["14:00:00", "15:00:00"]);
        assert_eq!(coordinator.get("/api/v1/openings").expect(200).json()["total"], 1);
        coordinator.get("/api/v1/openings/places?from=2026-11-23&until=2027-11-29").expect(422);
        let here = format!("/api/v1/openings/{}", opened["id"].as_str().unwrap());
        program.post_json(&format!("{here}/removal"), &serde_json::json!({ "on": "2026-11-24" })).expect(200);
        assert_eq!(coordinator.get(asked).expect(200).json(), serde_json::json!([]));
        program.post_json(&format!("{here}/restoration"), &serde_json::json!({ "on": "2026-11-24" })).expect(200);
        let leave = serde_json::json!({ "starts_on": "2026-11-23", "ends_on": "2026-11-24" });
        let leave = program.post_json("/api/v1/leaves", &leave).expect(200).json();
        assert_eq!(coordinator.get(asked).expect(200).json(), serde_json::json!([]));
        let away = format!("/api/v1/leaves/{}/withdrawal", leave["id"].as_str().unwrap());
        program.post_json(&away, &serde_json::json!({})).expect(200);
        assert_eq!(program.get("/api/v1/leaves").expect(200).json(), serde_json::json!([]));
        program.post_json(&format!("{here}/closing"), &serde_json::json!({ "after": "2026-11-30" })).expect(200);
        assert_eq!(coordinator.get("/api/v1/openings").expect(200).json()["items"][0]["until_on"], "2026-11-30");
    }
}
