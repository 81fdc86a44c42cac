//! The day before: psychologists are told of tomorrow, guardians who agreed are reminded; once, and only of what stands.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use psypre::children::agree_to_reminders::{self, RemindersRefusal};
use psypre::children::{GuardianContact, edit_guardian, look_up};
use psypre::ids::{ChildId, GuardianId, SessionId};
use psypre::mailer::{Mailer, Round};
use psypre::schema::{journal_entries, mails};
use psypre::sessions::book::{self, Booking};
use psypre::sessions::{Attendance, Reason, Viewer, cancel, refuse};
use psypre::{calendar, day_before, reminders};

use crate::booking::slot;
use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::dump;
use crate::support::world::{CHENOVE_COORDINATOR, CLAIRE, DIJON_COORDINATOR, World, day, done, refused};

const FAMILY: &str = "famille.imaginaire@courriel.example";

fn at(app: &TestApp, instant: &str) {
    app.app.clock.set(instant.parse::<DateTime<Utc>>().unwrap());
}

fn booked(world: &World, child: ChildId, on: &str, time: &str) -> SessionId {
    let (app, viewer) = (world.app, Viewer::from(&world.psychologist()));
    let place = Some("Maison du Mail".to_owned());
    let booking = Booking { child, psychologist: world.claire, slot: slot(on, time, 60), place };
    done(app, |tx| book::book(tx, &app.app.clock, &app.app.vault, &viewer, &booking))
}

fn cancelled(world: &World, id: SessionId) {
    let (app, viewer) = (world.app, Viewer::from(&world.psychologist()));
    done(app, |tx| cancel::cancel(tx, &app.app.clock, &viewer, id, None));
}

/// The guardian of a child, reachable by mail.
fn guardian(world: &World, child: ChildId) -> GuardianId {
    let (app, who) = (world.app, world.coordinator(world.chenove));
    let seen = world.seen(child);
    let id = app.read(|conn| look_up::guardians(conn, &app.app.vault, &seen))[0].id;
    let contact = GuardianContact {
        name: "Ana Exemple".to_owned(),
        relation: "mère".to_owned(),
        phone: None,
        email: Some(FAMILY.to_owned()),
    };
    done(app, |tx| edit_guardian::edit(tx, &app.app.vault, &app.app.clock, &who, child, id, &contact));
    id
}

fn agreed(world: &World, child: ChildId, guardian: GuardianId, on: Option<&str>) {
    let (app, who) = (world.app, world.coordinator(world.chenove));
    let on = on.map(day);
    done(app, |tx| agree_to_reminders::agree(tx, &app.app.vault, &app.app.clock, &who, (child, guardian), on));
}

fn queued(app: &TestApp, of: &str) -> i64 {
    app.read(|conn| mails::table.filter(mails::kind.eq(of)).count().get_result(conn))
}

fn sent(app: &TestApp) -> Round {
    day_before::mailer(&app.app).unwrap().drain(&app.app.db, &app.app.clock, &|| false).unwrap()
}

/// Those of them that tell of tomorrow.
fn of_tomorrow(app: &TestApp) -> Vec<String> {
    let mut letters = letters(app);
    letters.retain(|letter| letter.contains("Votre rendez-vous du") || letter.contains("Un rendez-vous est prévu"));
    letters
}

/// The mails that left, in order, decoded as a reader shows them.
fn letters(app: &TestApp) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(app.folder().join("mails")) else { return Vec::new() };
    let mut files: Vec<_> = folder.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| quoted_printable(&std::fs::read_to_string(file).unwrap())).collect()
}

fn quoted_printable(text: &str) -> String {
    let joined = text.replace("=\r\n", "").replace(" \r\n", " ");
    let mut bytes = Vec::with_capacity(joined.len());
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'=').then(|| after.get(..2)).flatten();
        let decoded = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn run(app: &TestApp) {
    reminders::run(&app.app.db, &app.app.clock).unwrap();
}

on_both_databases! {
    /// From five in the afternoon, one mail with the list of tomorrow, from however many instances.
    fn a_psychologist_is_told_of_tomorrow_once(app: &TestApp) {
        let world = World::new(app);
        let [zoe, leo] = ["Zoé", "Léo"].map(|name| world.entrusted_child(world.chenove, name, "Exemple"));
        booked(&world, zoe, "2026-11-24", "09:00");
        booked(&world, leo, "2026-11-24", "14:30");
        booked(&world, leo, "2026-11-25", "09:00");
        at(app, "2026-11-23T15:59:00Z");
        run(app);
        assert_eq!(queued(app, "sessions_tomorrow"), 0);
        at(app, "2026-11-23T16:00:00Z");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| run(app));
            }
        });
        assert_eq!(queued(app, "sessions_tomorrow"), 1);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| sent(app));
            }
        });
        run(app);
        sent(app);
        let letters = letters(app);
        assert_eq!(letters.len(), 1, "{letters:?}");
        let words = &letters[0];
        assert!(words.contains(&format!("To: {CLAIRE}")), "{words}");
        assert!(words.contains("9\u{a0}h\u{a0}00 à 10\u{a0}h\u{a0}00, CHE-2026-0001, Maison du Mail"), "{words}");
        assert!(words.contains("14\u{a0}h\u{a0}30 à 15\u{a0}h\u{a0}30, CHE-2026-0002, Maison du Mail"), "{words}");
        assert!(!words.contains("Zoé") && !words.contains("Exemple"), "{words}");
    }

    /// What is cancelled or moved between the queue and the peer is not told.
    fn nothing_is_told_of_what_no_longer_stands(app: &TestApp) {
        let world = World::new(app);
        let zoe = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let family = guardian(&world, zoe);
        agreed(&world, zoe, family, Some("2026-11-19"));
        let [lost, kept] = ["09:00", "14:30"].map(|time| booked(&world, zoe, "2026-11-24", time));
        at(app, "2026-11-23T17:00:00Z");
        run(app);
        assert_eq!((queued(app, "sessions_tomorrow"), queued(app, "guardian_reminder")), (1, 2));
        // a way out that cannot write them leaves them where they are
        let round = Mailer::new(&app.app.config).unwrap().drain(&app.app.db, &app.app.clock, &|| false).unwrap();
        assert_eq!((round.accepted, round.put_off), (0, 3));
        app.app.clock.advance(Duration::minutes(2));
        cancelled(&world, lost);
        assert_eq!(sent(app).accepted, 2);
        let told = letters(app).join("\n");
        assert!(told.contains("14\u{a0}h\u{a0}30") && !told.contains("9\u{a0}h\u{a0}00"), "{told}");
        run(app);
        assert_eq!((sent(app).accepted, queued(app, "guardian_reminder")), (0, 1));
        // all of a day
        let alone = booked(&world, zoe, "2026-11-26", "09:00");
        at(app, "2026-11-25T17:00:00Z");
        run(app);
        cancelled(&world, alone);
        assert_eq!((sent(app).accepted, queued(app, "sessions_tomorrow")), (0, 1));
        // an agreement that is taken back
        booked(&world, zoe, "2026-11-27", "09:00");
        at(app, "2026-11-26T10:00:00Z");
        run(app);
        agreed(&world, zoe, family, None);
        assert_eq!(sent(app), Round::default());
        // a mail that could not leave in time
        agreed(&world, zoe, family, Some("2026-11-19"));
        run(app);
        at(app, "2026-11-27T08:00:00Z");
        assert_eq!(sent(app), Round::default());
        assert!(kept != lost && queued(app, "guardian_reminder") == 1);
    }

    /// A guardian is reminded in neutral words, by day; their address stands nowhere in clear.
    fn a_guardian_who_agreed_is_reminded_in_neutral_words(app: &TestApp) {
        let world = World::new(app);
        let [zoe, leo] = ["Zoé", "Léo"].map(|name| world.entrusted_child(world.chenove, name, "Exemple"));
        let family = guardian(&world, zoe);
        guardian(&world, leo);
        booked(&world, zoe, "2026-11-24", "14:30");
        booked(&world, leo, "2026-11-24", "16:00");
        let mut chloe = app.signed_in(CHENOVE_COORDINATOR);
        let page = format!("/enfants/{zoe}/responsables/{family}/rappels");
        chloe.get(&page).expect(200);
        chloe.post(&page, &[("agreed_on", "21/11/2026")]).expect(422);
        chloe.post(&page, &[("agreed_on", "19/11/2026")]).expect(303);
        assert!(chloe.get(&page).expect(200).words().contains("accord donné le 19 novembre 2026"));
        app.signed_in(DIJON_COORDINATOR).get(&page).expect(404);
        for (instant, expected) in [("2026-11-23T08:59:00Z", 0), ("2026-11-23T09:00:00Z", 1), ("2026-11-23T18:59:00Z", 1)] {
            at(app, instant);
            run(app);
            assert_eq!(queued(app, "guardian_reminder"), expected, "{instant}");
        }
        let in_clear = || format!("{:?}", dump::rows(app)).contains("imaginaire");
        assert!(!in_clear());
        sent(app);
        assert!(!in_clear());
        let told: Vec<String> = letters(app).into_iter().filter(|letter| letter.contains(FAMILY)).collect();
        assert_eq!(told.len(), 1, "only for the child whose guardian agreed");
        let letter = &told[0];
        assert!(letter.contains("From: psypre@example.org"), "{letter}");
        for words in ["mardi 24 novembre à 14\u{a0}h\u{a0}30", "Lieu : Maison du Mail", CHENOVE_COORDINATOR, "Pour ne plus le recevoir"] {
            assert!(letter.contains(words), "{words}: {letter}");
        }
        let body = letter.split_once("\r\n\r\n").unwrap().1;
        for word in ["Zoé", "Exemple", "sychologue", "PRE", "CHE-", "soin", "enfant", "séance"] {
            assert!(!body.replace("psypre", "").contains(word), "{word}: {letter}");
        }
        // by the API, no longer
        let mut program = world.program(world.coordinators[0].1);
        let reminders = format!("/api/v1/children/{zoe}/guardians/{family}/reminders");
        program.post_json(&reminders, &serde_json::json!({})).expect(204);
        let told: Vec<Option<String>> = app.read(|conn| {
            journal_entries::table.filter(journal_entries::action.eq("guardian.reminders_changed"))
                .order(journal_entries::position).select(journal_entries::after).load(conn)
        });
        assert!(told.len() == 2 && told[0].as_deref().unwrap().contains("2026-11-19"), "{told:?}");
    }

    /// Whoever cannot be reached by mail is not asked.
    fn an_agreement_needs_an_address_and_a_day_that_came(app: &TestApp) {
        let world = World::new(app);
        let zoe = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let seen = world.seen(zoe);
        let family = app.read(|conn| look_up::guardians(conn, &app.app.vault, &seen))[0].id;
        let who = world.coordinator(world.chenove);
        let refusal = |on| refused(app, |tx| agree_to_reminders::agree(tx, &app.app.vault, &app.app.clock, &who, (zoe, family), Some(day(on))));
        assert_eq!(refusal("2026-11-19"), RemindersRefusal::NoEmail);
        guardian(&world, zoe);
        assert_eq!(refusal("2026-11-21"), RemindersRefusal::Future(day("2026-11-21")));
    }

    /// Every half hour of the nights when clocks change and of the end of the year: once each, at the hour of Dijon.
    fn the_nights_when_clocks_change_send_nothing_twice(app: &TestApp) {
        let world = World::new(app);
        at(app, "2026-01-06T09:00:00Z");
        let zoe = world.child(world.chenove, "Zoé", "Exemple");
        let year = psypre::conventions::Period { from: day("2026-01-05"), until: day("2026-12-31") };
        world.referral_for(zoe, world.claire, 1200, year, Some(year.from));
        let family = guardian(&world, zoe);
        agreed(&world, zoe, family, Some("2026-01-06"));
        let spans = [
            ("2026-03-27T12:00:00Z", ["2026-03-28", "2026-03-29", "2026-03-30"]),
            ("2026-10-23T12:00:00Z", ["2026-10-24", "2026-10-25", "2026-10-26"]),
            ("2026-12-28T12:00:00Z", ["2026-12-29", "2026-12-30", "2026-12-31"]),
        ];
        for (_, days) in spans {
            for on in days {
                booked(&world, zoe, on, "07:00");
            }
        }
        for (from, days) in spans {
            let before = of_tomorrow(app).len();
            at(app, from);
            for _ in 0..(2 * 24 * 4) {
                let already = of_tomorrow(app).len();
                run(app);
                sent(app);
                let hour = calendar::local(app.app.clock.now()).format("%Hh%M").to_string();
                let new = of_tomorrow(app).len() - already;
                assert!(new == 0 || ["13h00", "14h00", "10h00", "17h00"].contains(&hour.as_str()), "{new} at {hour}");
                app.app.clock.advance(Duration::minutes(30));
            }
            let told = of_tomorrow(app).split_off(before);
            assert_eq!(told.len(), 6, "{from}");
            for on in days {
                let words = calendar::french_day(day(on));
                assert_eq!(told.iter().filter(|letter| letter.contains(&words)).count(), 2, "{on}");
            }
        }
    }

    /// Who did not come twice under a referral, without an excuse, shows as such to the coordinator, in words.
    fn who_missed_twice_shows_as_such(app: &TestApp) {
        let world = World::new(app);
        let [zoe, leo] = ["Zoé", "Léo"].map(|name| world.entrusted_child(world.chenove, name, "Exemple"));
        let missed = |child, on, kind| crate::recording::recorded(&world, child, slot(on, "09:00", 60), kind);
        let shown = |words: &str| {
            let mut chloe = app.signed_in(CHENOVE_COORDINATOR);
            ["/enfants", "/validations"].map(|page| chloe.get(page).expect(200).words().matches(words).count())
        };
        missed(zoe, "2026-11-16", Attendance::UnexcusedAbsence);
        missed(leo, "2026-11-18", Attendance::ExcusedAbsence);
        missed(leo, "2026-11-19", Attendance::ExcusedAbsence);
        assert_eq!(shown("sans excuse"), [0, 0]);
        let second = missed(zoe, "2026-11-17", Attendance::UnexcusedAbsence);
        assert_eq!(shown("Absent 2 fois sans excuse"), [1, 2]);
        assert!(!app.signed_in(CLAIRE).get("/enfants").expect(200).words().contains("sans excuse"));
        // what the coordinator disputes does not count
        let (who, reason) = (world.coordinator(world.chenove), Reason::new("Prévenue").unwrap());
        done(app, |tx| refuse::refuse(tx, &app.app.clock, &who, second, &reason));
        assert_eq!(shown("sans excuse"), [0, 0]);
    }
}
