//! Two years after the last contact nobody can tell who a child was, and the accounts still hold.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use psypre::calendar::Month;
use psypre::children::{AgeBand, look_up};
use psypre::ids::ChildId;
use psypre::invoices::issue::{self, Issuance, Order};
use psypre::privacy::retention::{self, Done};
use psypre::schema;
use psypre::sessions::record::{self, Recording};
use psypre::sessions::{Attendance, Slot, approve};

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::dump;
use crate::support::world::{AUDITOR, CHENOVE_COORDINATOR, CLAIRE, DIJON_COORDINATOR, World, day, done};

fn at(app: &TestApp, instant: &str) {
    app.app.clock.set(instant.parse::<DateTime<Utc>>().unwrap());
}

fn run(app: &TestApp) -> Done {
    retention::run(&app.app.db, &app.app.vault, &app.app.clock, app.app.config.retention).unwrap()
}

/// A child seen once in October 2026, whose session is invoiced; the orientation ends with the year.
fn billed_child(world: &World<'_>) -> ChildId {
    let app = world.app;
    let child = world.entrusted_child(world.chenove, "Zébulonne", "Kérouzéré");
    let slot = Slot::new(day("2026-10-06"), "09:00:00".parse().unwrap(), psypre::hours::Minutes(45)).unwrap();
    let (who, clock, vault) = (world.psychologist(), &app.app.clock, &app.app.vault);
    let new = Recording { child, slot, attendance: Attendance::Held, place: None };
    let session = done(app, |tx| record::record(tx, clock, vault, &who, &new));
    done(app, |tx| approve::approve(tx, clock, &world.coordinator(world.chenove), session));
    let order = Order { month: Month::parse("2026-10").unwrap(), convention: world.convention, seen: None };
    done(app, |tx| issue::issue(tx, clock, Issuance::Own(&who), order));
    child
}

fn invoice_files(app: &TestApp) -> Vec<(String, Vec<u8>)> {
    use schema::invoice_files as f;
    app.read(|conn| f::table.select((f::kind, f::bytes)).order((f::invoice_id, f::kind)).load(conn))
}

/// The name, the relation and the telephone of a guardian, as they are kept.
type SealedGuardian = (Vec<u8>, Vec<u8>, Option<Vec<u8>>);

/// What is sealed of a child and of the guardians.
fn sealed(app: &TestApp, child: ChildId) -> Vec<Vec<u8>> {
    use schema::{children as c, guardians as g};
    app.read(|conn| {
        let own: (Vec<u8>, Vec<u8>, Vec<u8>, Option<Vec<u8>>) =
            c::table.find(child).select((c::first_name, c::last_name, c::born_on, c::school)).first(conn)?;
        let theirs: Vec<SealedGuardian> =
            g::table.filter(g::child_id.eq(child)).select((g::name, g::relation, g::phone)).load(conn)?;
        let mut all = vec![own.0, own.1, own.2];
        all.extend(own.3);
        for (name, relation, phone) in theirs {
            all.extend([name, relation]);
            all.extend(phone);
        }
        Ok(all)
    })
}

#[derive(diesel::QueryableByName)]
struct File {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::Binary)]
    bytes: Vec<u8>,
}

/// The files that a database is: those of the embedded one with its write-ahead log; on PostgreSQL, those of every table,
/// of every index and of what is set aside from them, as they stand on the disk.
fn files(app: &TestApp) -> Vec<File> {
    if dump::is_sqlite(app) {
        let read = |name: &str| {
            let bytes = std::fs::read(app.folder().join(name)).ok()?;
            Some(File { name: name.to_owned(), bytes })
        };
        return ["psypre.db", "psypre.db-wal"].into_iter().filter_map(read).collect();
    }
    app.read(|conn| {
        diesel::sql_query("CHECKPOINT").execute(conn)?;
        diesel::sql_query(
            "SELECT relname::text AS name, pg_read_binary_file(pg_relation_filepath(oid)) AS bytes FROM pg_class \
             WHERE relkind IN ('r', 'i', 't') AND relfilenode <> 0",
        )
        .load(conn)
    })
}

/// Which of these values stand in the files of the database, with the file.
fn found_in_files(app: &TestApp, values: &[Vec<u8>]) -> BTreeSet<(usize, String)> {
    let files = files(app);
    assert!(!files.is_empty(), "the files are read");
    let search = aho_corasick::AhoCorasick::new(values).unwrap();
    let found = |file: &File| {
        let name = file.name.clone();
        search
            .find_overlapping_iter(&file.bytes)
            .map(move |one| (one.pattern().as_usize(), name.clone()))
            .collect::<Vec<_>>()
    };
    files.iter().flat_map(found).collect()
}

fn mails(app: &TestApp, kind: &str) -> Vec<(String, String)> {
    use schema::mails as m;
    app.read(|conn| {
        m::table.filter(m::kind.eq(kind)).select((m::recipient, m::text_body)).order(m::created_at).load(conn)
    })
}

on_both_databases! {
    /// Told a month before, destroyed once on the day, by whichever instance; what money and statistics need stays.
    fn an_identity_is_destroyed_two_years_after_the_last_contact(app: &TestApp) {
        let world = World::new(app);
        let child = billed_child(&world);
        let reference = world.reference(child).to_string();
        let (files, sealed_before) = (invoice_files(app), sealed(app, child));
        at(app, "2028-11-30T09:00:00Z");
        assert_eq!(run(app), Done::default(), "the orientation ended on 31 December 2026");
        at(app, "2028-12-01T09:00:00Z");
        assert_eq!(run(app), Done { told: vec![reference.clone()], destroyed: vec![] });
        assert_eq!(run(app), Done::default(), "told once");
        let notices = mails(app, "retention_notice");
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].0, CHENOVE_COORDINATOR);
        assert!(notices[0].1.contains(&reference) && !notices[0].1.contains("Kérouzéré"), "{}", notices[0].1);
        let mut coordinator = app.signed_in(CHENOVE_COORDINATOR);
        let page = coordinator.get("/enfants/conservation").expect(200).words();
        for word in ["Zébulonne Kérouzéré", &reference, "31/12/2026", "31/12/2028", "Prévenu le 01/12/2028"] {
            assert!(page.contains(word), "{word}: {page}");
        }
        let report = app.signed_in(AUDITOR).get("/conservation").expect(200);
        assert!(report.words().contains(&reference) && !report.text().contains("Kérouzéré"));
        assert!(!app.signed_in(DIJON_COORDINATOR).get("/enfants/conservation").expect(200).text().contains(&reference));

        at(app, "2028-12-31T08:59:00Z");
        assert_eq!(run(app), Done::default(), "thirty days of notice, to the minute");
        at(app, "2028-12-31T09:00:00Z");
        let there: BTreeSet<usize> = found_in_files(app, &sealed_before).into_iter().map(|(value, _)| value).collect();
        assert_eq!(there.len(), sealed_before.len(), "the search finds what is there");
        let runs: Vec<Done> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| run(app))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let destroyed: Vec<String> = runs.iter().flat_map(|done| &done.destroyed).map(ToString::to_string).collect();
        assert_eq!(destroyed, [reference.as_str()], "once, of four instances");
        // PostgreSQL keeps what a transaction that began before may still see, until the next sweep
        let swept = (0..20).any(|_| {
            run(app);
            let is_clean = found_in_files(app, &sealed_before).is_empty();
            if !is_clean {
                std::thread::sleep(std::time::Duration::from_millis(250));
            }
            is_clean
        });
        assert!(swept, "left in the files: {:?}", found_in_files(app, &sealed_before));
        assert!(sealed(app, child).iter().all(|value| !sealed_before.contains(value)));
        let reports = mails(app, "retention_report");
        assert_eq!(reports.len(), 1);
        assert!(reports[0].0 == AUDITOR && reports[0].1.contains(&reference));

        // whoever could read the file finds it no more
        let mut coordinator = app.signed_in(CHENOVE_COORDINATOR);
        for path in [format!("/enfants/{child}"), format!("/api/v1/children/{child}"), format!("/enfants/{child}/conservation")] {
            coordinator.get(&path).expect(404);
            assert_ne!(app.signed_in(CLAIRE).get(&path).status, 200, "{path}");
        }
        assert_eq!(coordinator.get("/api/v1/children?status=all").expect(200).json()["total"], 0);
        // what was done stays, by reference
        for email in [CHENOVE_COORDINATOR, CLAIRE] {
            let sessions = app.signed_in(email).get("/seances?mois=2026-10").expect(200).words();
            assert!(sessions.contains(&reference) && !sessions.contains("Kérouzéré"), "{sessions}");
        }
        let listed = app.signed_in(AUDITOR).get("/conservation").expect(200).words();
        assert!(listed.contains("1 identité détruite") && listed.contains(&reference), "{listed}");
        assert_eq!(invoice_files(app), files, "what was issued is the same to the byte");
        let bands = app.read(|conn| look_up::age_bands(conn, &app.app.vault, &[child], day("2026-10-31")));
        assert_eq!(bands.get(&child), Some(&AgeBand::SixToTen), "nine years old then");
        assert_eq!(run(app), Done::default());
    }

    /// A coordinator keeps a file longer with a reason, not for ever, and the journal knows it.
    fn a_coordinator_keeps_a_file_longer(app: &TestApp) {
        let world = World::new(app);
        let child = billed_child(&world);
        at(app, "2028-12-01T09:00:00Z");
        run(app);
        let mut coordinator = app.signed_in(CHENOVE_COORDINATOR);
        let path = format!("/enfants/{child}/conservation");
        let shown = coordinator.get(&path).expect(200).words();
        assert!(shown.contains("31 décembre 2026") && shown.contains("31 décembre 2028"), "{shown}");
        for (until, reason, sentence) in [
            ("2028-12-31", "litigation", "déjà gardée jusqu’au 31/12/2028"),
            ("2030-12-02", "litigation", "jusqu’au 01/12/2030 au plus"),
            ("2029-06-30", "autre", ""),
            ("", "litigation", ""),
        ] {
            let answer = coordinator.post(&path, &[("until_on", until), ("reason", reason)]).expect(422);
            assert!(answer.words().contains(sentence), "{until} {reason}: {}", answer.words());
        }
        coordinator.post(&path, &[("until_on", "2029-06-30"), ("reason", "litigation")]).expect(303);
        let longer = serde_json::json!({ "until_on": "2029-07-31", "reason": "duty" });
        coordinator.post_json(&format!("/api/v1/children/{child}/retention-extensions"), &longer).expect(204);
        app.signed_in(DIJON_COORDINATOR).post(&path, &[("until_on", "2029-06-30"), ("reason", "family")]).expect(404);
        let journal = app.signed_in(AUDITOR).get("/journal?geste=retention.extended").expect(200).words();
        assert!(journal.contains("Conservation d’une identité prolongée") && journal.contains("litigation"), "{journal}");
        at(app, "2028-12-31T12:00:00Z");
        assert_eq!(run(app).destroyed, []);
        at(app, "2029-07-01T09:00:00Z");
        assert_eq!(run(app).told.len(), 1, "told again before the new day");
        let due = app.signed_in(CHENOVE_COORDINATOR).get("/api/v1/retention?until=2029-07-31").expect(200).json();
        assert_eq!(due["items"][0]["due_on"], "2029-07-31");
        assert_eq!(due["items"][0]["extended_for"], "duty");
        at(app, "2029-07-31T08:00:00Z");
        assert_eq!(run(app).destroyed, []);
        at(app, "2029-07-31T10:00:00Z");
        assert_eq!(run(app).destroyed.len(), 1);
    }

    /// A file that was opened again, or corrected, was in contact: the two years begin anew.
    fn a_new_contact_begins_the_time_anew(app: &TestApp) {
        let world = World::new(app);
        let child = billed_child(&world);
        at(app, "2028-06-15T09:00:00Z");
        let mut coordinator = app.signed_in(CHENOVE_COORDINATOR);
        coordinator.post(&format!("/enfants/{child}/cloture"), &[("closed_on", "2028-06-15")]).expect(303);
        coordinator.post(&format!("/enfants/{child}/reouverture"), &[]).expect(303);
        let kept = app.read(|conn| retention::of_child(conn, app.app.config.retention, child)).unwrap();
        assert_eq!((kept.last_contact_on, kept.due_on()), (day("2028-06-15"), day("2030-06-15")));
    }
}
