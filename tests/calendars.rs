//! Calendars: what others understand of a feed, when it changes, and who may read it.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use psypre::accounts::{Role, close};
use psypre::hours::Minutes;
use psypre::ids::{ChildId, SessionId};
use psypre::journal::Actor;
use psypre::mailer::Mailer;
use psypre::schema::{calendar_feeds, journal_entries, mails, role_grants, session_revisions};
use psypre::sessions::book::{self, Booking};
use psypre::sessions::cancel;
use psypre::sessions::{Attendance, Slot, Viewer, record};

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::browser::Answer;
use crate::support::world::{ACCOUNTANT, CHENOVE_COORDINATOR, CHENOVE_REFERENT, CLAIRE, DENIS, World, day, done};

const PAGE: &str = "/mon-compte/calendrier";

/// What a strict parser of another project understands, with the Python of `TEST_CALENDAR_JUDGE`; `None` without one,
/// which `make test` does not allow.
pub fn understood(calendar: &[u8]) -> Option<serde_json::Value> {
    let Some(python) = std::env::var_os("TEST_CALENDAR_JUDGE") else {
        assert!(
            std::env::var_os("TEST_REQUIRE_ALL").is_none(),
            "TEST_CALENDAR_JUDGE is not set: run scripts/setup test"
        );
        return None;
    };
    let mut judge = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/calendar/judge.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    judge.stdin.take().unwrap().write_all(calendar).unwrap();
    let said = judge.wait_with_output().unwrap();
    let refused = || format!("{}\n{}", String::from_utf8_lossy(&said.stderr), String::from_utf8_lossy(calendar));
    assert!(said.status.success(), "{}", refused());
    Some(serde_json::from_slice(&said.stdout).unwrap())
}

fn at(app: &TestApp, instant: &str) {
    app.app.clock.set(instant.parse::<DateTime<Utc>>().unwrap());
}

/// Later, so that a feed may be read again.
fn later(app: &TestApp) {
    app.app.clock.advance(chrono::Duration::seconds(10));
}

fn booked(world: &World, child: ChildId, on: &str, time: &str, place: Option<&str>) -> SessionId {
    let slot = Slot::new(day(on), time.parse().unwrap(), Minutes(90)).unwrap();
    let booking = Booking { child, psychologist: world.claire, slot, place: place.map(str::to_owned) };
    let (app, viewer) = (world.app, Viewer::from(&world.psychologist()));
    done(app, |tx| book::book(tx, &app.app.clock, &app.app.vault, &viewer, &booking))
}

/// The path of a feed just made by this person through the page.
fn subscribed(app: &TestApp, email: &str) -> String {
    let page = app.signed_in(email).post(PAGE, &[]).expect(200).text();
    let rest = page.split("/agenda/").nth(1).unwrap_or_else(|| panic!("no address: {page}"));
    format!("/agenda/{}", rest.split(['"', '<']).next().unwrap())
}

fn read(app: &TestApp, path: &str) -> Answer {
    later(app);
    app.anonymous().get(path)
}

fn cancelled(world: &World, id: SessionId) {
    let (app, viewer) = (world.app, Viewer::from(&world.psychologist()));
    done(app, |tx| cancel::cancel(tx, &app.app.clock, &viewer, id, None));
}

/// The calendar that a mail carries, as a mail program saves it.
fn attached(eml: &str) -> Vec<u8> {
    let part = eml
        .split("Content-Type: text/calendar; charset=utf-8; method=PUBLISH")
        .nth(1)
        .unwrap_or_else(|| panic!("{eml}"));
    assert!(part.contains("Content-Disposition: attachment; filename=\"rendez-vous.ics\""), "{part}");
    let body = part.split("\r\n\r\n").nth(1).unwrap();
    let letters: String = body.chars().filter(|letter| !letter.is_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(letters.split("--psypre").next().unwrap()).unwrap()
}

/// The lines of the event of a session, unfolded.
fn event_of(calendar: &str, id: SessionId) -> String {
    let unfolded = calendar.replace("\r\n ", "");
    let events: Vec<&str> =
        unfolded.split("BEGIN:VEVENT").skip(1).filter(|event| event.contains(&id.to_string())).collect();
    let [one] = events[..] else { panic!("{} events of {id}: {unfolded}", events.len()) };
    one.to_owned()
}

on_both_databases! {
    /// A psychologist subscribes; a strict reader of another project understands times on both sides of both changes.
    fn a_strict_reader_understands_a_feed(app: &TestApp) {
        let world = World::new(app);
        let period = psypre::conventions::Period { from: day("2026-01-05"), until: day("2026-12-31") };
        at(app, "2026-10-20T09:00:00Z");
        let child = world.child(world.chenove, "Zoé", "Exemple");
        world.referral_for(child, world.claire, 1200, period, Some(period.from));
        let place = "Maison de quartier du Mail ; salle « Les Érables », 2e étage, au fond du couloir à gauche";
        let days = [("2026-10-24", "14:30:00"), ("2026-10-25", "01:45:00"), ("2026-10-25", "14:30:00"), ("2026-12-31", "22:45:00")];
        let ids = days.map(|(on, time)| booked(&world, child, on, time, Some(place)));
        let path = subscribed(app, CLAIRE);
        let answer = read(app, &path).expect(200);
        assert_eq!(answer.header("content-type"), Some("text/calendar; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
        let text = answer.text();
        for word in ["Zoé", "Exemple", "sychologue", "Claire"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        let Some(understood) = understood(&answer.body) else { return };
        let events = understood["events"].as_array().unwrap();
        let times: Vec<(&str, &str)> =
            events.iter().map(|event| (event["starts"].as_str().unwrap(), event["ends"].as_str().unwrap())).collect();
        assert_eq!(times, [
            ("2026-10-24T12:30:00Z", "2026-10-24T14:00:00Z"),
            // an hour and a half from a quarter to two, in the night when an hour is lived twice
            ("2026-10-24T23:45:00Z", "2026-10-25T01:15:00Z"),
            ("2026-10-25T13:30:00Z", "2026-10-25T15:00:00Z"),
            ("2026-12-31T21:45:00Z", "2026-12-31T23:15:00Z"),
        ]);
        for (event, id) in events.iter().zip(ids) {
            assert_eq!(event["uid"], format!("{id}@psypre"));
            assert_eq!((event["summary"].as_str(), event["location"].as_str()), (Some("CHE-2026-0001"), Some(place)));
            assert_eq!((event["zone"].as_str(), event["sequence"].as_i64()), (Some("Europe/Paris"), Some(0)));
        }
        assert_eq!((understood["method"].as_str(), understood["name"].as_str()), (Some(""), Some("PsyPRE")));
    }

    /// The version of an event rises with what a calendar shows of it, and only then; what is cancelled stays a while.
    fn a_change_raises_the_version_of_its_event(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let [kept, lost] = [("2026-11-23", "14:00:00"), ("2026-11-24", "14:00:00")].map(|(on, time)| booked(&world, child, on, time, None));
        let path = subscribed(app, CLAIRE);
        let first = read(app, &path).expect(200);
        let tag = first.header("etag").unwrap().to_owned();
        later(app);
        let same = app.anonymous().get_with(&path, &[("if-none-match", &tag)]);
        assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, Some(tag.as_str())));
        cancelled(&world, lost);
        later(app);
        let changed = app.anonymous().get_with(&path, &[("if-none-match", &tag)]).expect(200).text();
        let event = event_of(&changed, lost);
        assert!(event.contains("SEQUENCE:1\r\n") && event.contains("STATUS:CANCELLED") && event.contains("LAST-MODIFIED:20261120T0900"), "{event}");
        assert!(event_of(&changed, kept).contains("SEQUENCE:0\r\n"));
        // what happened there is no business of a calendar
        at(app, "2026-11-23T17:00:00Z");
        done(app, |tx| record::record_booked(tx, &app.app.clock, &app.app.vault, &world.psychologist(), kept, Attendance::UnexcusedAbsence));
        let text = read(app, &path).expect(200).text();
        assert!(event_of(&text, kept).contains("SEQUENCE:0\r\n") && !text.contains("absence"), "{text}");
        at(app, "2027-01-23T12:00:00Z");
        assert!(event_of(&read(app, &path).expect(200).text(), lost).contains("STATUS:CANCELLED"));
        at(app, "2027-01-24T12:00:00Z");
        assert!(!read(app, &path).expect(200).text().contains("BEGIN:VEVENT"), "sixty days later it is forgotten");
        let revisions: i64 = app.read(|conn| session_revisions::table.count().get_result(conn));
        assert_eq!(revisions, 2);
    }

    /// A coordinator sees their programme, a psychologist their own work, and who is both, both.
    fn each_reads_what_is_theirs(app: &TestApp) {
        let world = World::new(app);
        let [here, there] = [(world.chenove, "Zoé"), (world.dijon, "Léo")].map(|(programme, name)| world.entrusted_child(programme, name, "Exemple"));
        booked(&world, here, "2026-11-23", "14:00:00", None);
        booked(&world, there, "2026-11-24", "14:00:00", None);
        let references = |path: &str| {
            let text = read(app, path).expect(200).text();
            ["CHE-2026-0001", "DIJ-2026-0001"].map(|reference| text.contains(reference))
        };
        let (claire, chloe, denis) = (subscribed(app, CLAIRE), subscribed(app, CHENOVE_COORDINATOR), subscribed(app, DENIS));
        assert_eq!((references(&claire), references(&chloe), references(&denis)), ([true, true], [true, false], [false, false]));
        app.write(|tx| psypre::accounts::store::insert_grant(tx, world.denis_account, Role::Coordinator, Some(world.dijon), app.app.clock.now()));
        assert_eq!(references(&denis), [false, true]);
        // a right that is withdrawn takes its sessions away, and the last one the feed
        app.write(|tx| diesel::delete(role_grants::table.filter(role_grants::account_id.eq(world.denis_account))).execute(&mut **tx));
        read(app, &denis).expect(404);
    }

    /// The address is told once and kept nowhere; replaced, taken back, or its account closed, it is as if it never was.
    fn an_address_is_secret_and_taken_back(app: &TestApp) {
        let world = World::new(app);
        let first = subscribed(app, CLAIRE);
        let mut claire = app.signed_in(CLAIRE);
        let page = claire.get(PAGE).expect(200);
        assert!(!page.text().contains("/agenda/") && page.words().contains("Aucun agenda ne l’a encore lue."), "{}", page.words());
        read(app, &first).expect(200);
        assert!(claire.get(PAGE).expect(200).words().contains("Un agenda l’a lue pour la dernière fois le 20 novembre 2026"));
        let second = subscribed(app, CLAIRE);
        assert_ne!(first, second);
        let absent = read(app, "/agenda/une-adresse-qui-n-existe-pas.ics").expect(404);
        let gone = read(app, &first).expect(404);
        let reference_free = |answer: &Answer| answer.text().replace(|letter: char| letter.is_ascii_alphanumeric(), "");
        assert_eq!(reference_free(&gone), reference_free(&absent));
        read(app, &second).expect(200);
        claire.post("/mon-compte/calendrier/retrait", &[]).expect(303);
        read(app, &second).expect(404);
        claire.post("/mon-compte/calendrier/retrait", &[]).expect(303);
        assert!(claire.get(PAGE).expect(200).words().contains("Il n’y avait plus d’adresse à retirer."));
        let mut program = world.program(world.claire_account);
        let made = program.post_json("/api/v1/me/calendar-feed", &serde_json::json!({})).expect(200).json();
        let url = made["url"].as_str().unwrap().to_owned();
        let told = program.get("/api/v1/me/calendar-feed").expect(200).json();
        assert_eq!((told["exists"].as_bool(), told["url"].as_str()), (Some(true), None));
        let path = url.strip_prefix(&app.base_url).unwrap();
        read(app, path).expect(200);
        let tokens: Vec<String> = [&first, &second, &path.to_owned()].map(|path| path["/agenda/".len()..].trim_end_matches(".ics").to_owned()).to_vec();
        let kept = format!("{:?}", crate::support::dump::rows(app));
        assert!(tokens.iter().all(|token| token.len() == 43 && !kept.contains(token.as_str())));
        let author = Actor::System;
        done(app, |tx| close::disable(tx, &app.app.clock, author, world.claire_account));
        read(app, path).expect(404);
        done(app, |tx| close::enable(tx, &app.app.clock, author, world.claire_account));
        read(app, path).expect(404);
        let left: i64 = app.read(|conn| calendar_feeds::table.count().get_result(conn));
        assert_eq!(left, 0);
        let actions: Vec<String> = app.read(|conn| {
            journal_entries::table.filter(journal_entries::action.like("calendar_feed.%"))
                .order(journal_entries::position).select(journal_entries::action).load(conn)
        });
        assert_eq!(actions.iter().filter(|action| action.ends_with("created")).count(), 3);
        assert_eq!(actions.iter().filter(|action| action.ends_with("revoked")).count(), 1);
        for (who, status) in [(CHENOVE_REFERENT, 403), (ACCOUNTANT, 403), (CHENOVE_COORDINATOR, 200)] {
            app.signed_in(who).get(PAGE).expect(status);
        }
    }

    /// Who books, moves or cancels for somebody sends them the event: one UID, a version that rises, nobody asked to answer.
    fn mails_of_bookings_carry_the_event(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let mut program = world.program(world.coordinators[0].1);
        let new = serde_json::json!({
            "child_id": child, "psychologist_id": world.claire, "session_on": "2026-11-24", "starts_at": "14:00:00",
            "duration_minutes": 60, "place": "Maison du Mail",
        });
        let booked = program.post_json("/api/v1/bookings", &new).expect(200).json();
        let id = booked["id"].as_str().or_else(|| booked["sessions"][0]["id"].as_str()).unwrap().to_owned();
        later(app);
        let to = serde_json::json!({ "session_on": "2026-11-25", "starts_at": "15:00:00", "duration_minutes": 60, "although_unusual": true });
        program.post_json(&format!("/api/v1/sessions/{id}/move"), &to).expect(200);
        later(app);
        program.post_json(&format!("/api/v1/sessions/{id}/cancellation"), &serde_json::json!({})).expect(200);
        let sent: Vec<(String, Option<String>)> = app.read(|conn| {
            mails::table.filter(mails::kind.eq("bookings_changed")).order(mails::id).select((mails::recipient, mails::calendar)).load(conn)
        });
        assert!(sent.len() == 3 && sent.iter().all(|(to, _)| to == CLAIRE), "{sent:?}");
        let mut mailer = Mailer::new(&app.app.config).unwrap();
        assert_eq!(mailer.drain(&app.app.db, &app.app.clock, &|| false).unwrap().accepted, 3);
        let mut files: Vec<_> = std::fs::read_dir(app.folder().join("mails")).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        let expected = [(0, "2026-11-24T13:00:00Z", "CONFIRMED"), (1, "2026-11-25T14:00:00Z", "CONFIRMED"), (2, "2026-11-25T14:00:00Z", "CANCELLED")];
        for (file, (sequence, starts, status)) in files.iter().zip(expected) {
            let calendar = attached(&std::fs::read_to_string(file).unwrap());
            let Some(understood) = understood(&calendar) else { return };
            let events = understood["events"].as_array().unwrap();
            assert_eq!((events.len(), understood["method"].as_str()), (1, Some("PUBLISH")));
            let event = &events[0];
            assert_eq!(event["uid"], format!("{id}@psypre"));
            assert_eq!((event["sequence"].as_i64(), event["starts"].as_str(), event["status"].as_str()), (Some(sequence), Some(starts), Some(status)));
            assert_eq!((event["summary"].as_str(), event["organizer"].as_str()), (Some("CHE-2026-0001"), Some("mailto:psypre@example.org")));
        }
    }

    /// A feed is not read twice within seconds; whoever tries addresses makes the database write nothing.
    fn readings_are_spaced_out(app: &TestApp) {
        World::new(app);
        let path = subscribed(app, CLAIRE);
        read(app, &path).expect(200);
        let soon = app.anonymous().get(&path).expect(429);
        assert_eq!(soon.header("retry-after"), Some("5"));
        read(app, &path).expect(200);
        let before = crate::support::dump::rows(app);
        for n in 0..20 {
            app.anonymous().get(&format!("/agenda/essai-{n}.ics")).expect(404);
        }
        assert_eq!(crate::support::dump::rows(app), before);
    }
}

/// Who is both sees a session that is theirs twice once.
#[test]
fn a_session_that_is_theirs_twice_is_shown_once() {
    let app = TestApp::sqlite();
    let world = World::new(&app);
    let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
    booked(&world, child, "2026-11-23", "14:00:00", None);
    app.write(|tx| {
        psypre::accounts::store::insert_grant(
            tx,
            world.claire_account,
            Role::Coordinator,
            Some(world.chenove),
            app.app.clock.now(),
        )
    });
    let text = read(&app, &subscribed(&app, CLAIRE)).expect(200).text();
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 1);
}
