//! Rule 5: a session is recorded in time, or after an administrator reopened its month with a reason.

use diesel::prelude::*;
use psypre::hours::Minutes;
use psypre::schema::journal_entries;
use psypre::sessions::record::{self, RecordRefusal, Recording};
use psypre::sessions::{Attendance, Slot};

use crate::on_both_databases;
use crate::support::world::{ADMINISTRATOR, CLAIRE, World, day, done, refused};

on_both_databases! {
    /// A session of August is refused in November; once the month is reopened, it is recorded.
    fn a_late_session_waits_for_its_month_to_be_reopened(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.longvic, "Bérénice", "Essai");
        let slot = Slot::new(day("2026-08-25"), "14:00:00".parse().unwrap(), Minutes(60)).unwrap();
        let late = Recording { child, slot, attendance: Attendance::Held, place: None };
        let (clock, vault, who) = (&app.app.clock, &app.app.vault, world.psychologist());
        let refusal = refused(app, |tx| record::record(tx, clock, vault, &who, &late));
        assert!(matches!(refusal, RecordRefusal::TooLate { until, .. } if until == day("2026-09-30")), "{refusal:?}");

        let mut browser = app.signed_in(ADMINISTRATOR);
        let form = format!("/convention/{}/reouverture", world.convention);
        browser.get(&form).expect(200);
        let reopen = [("month", "2026-08"), ("until", "2026-11-27"), ("reason", "Arrêt maladie de la psychologue")];
        browser.post(&form, &reopen).expect(303);
        let page = browser.get("/convention").expect(200);
        for words in ["août 2026", "27/11/2026", "Arrêt maladie de la psychologue", "Ada Administration"] {
            assert!(page.words().contains(words), "{words}: {}", page.words());
        }
        done(app, |tx| record::record(tx, clock, vault, &who, &late));

        let told: Vec<(String, Option<String>)> = app.read(|conn| {
            journal_entries::table
                .filter(journal_entries::action.eq("month.reopened"))
                .select((journal_entries::chain, journal_entries::after))
                .load(conn)
        });
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].0, format!("convention:{}", world.convention));
        assert!(told[0].1.as_deref().unwrap().contains("Arrêt maladie"));
    }

    /// What would change nothing, or says nothing, is refused beside its field and keeps what was typed.
    fn a_reopening_needs_a_reason_and_a_day(app: &TestApp) {
        let world = World::new(app);
        let form = format!("/convention/{}/reouverture", world.convention);
        let mut browser = app.signed_in(ADMINISTRATOR);
        for (month, until, reason, sentence) in [
            ("2026-08", "2026-11-27", "", "Indiquez le motif"),
            ("2026-08", "2026-11-19", "Oubli", "Le 19 novembre 2026 est passé"),
            ("2026-10", "2026-11-27", "Oubli", "Ce mois (octobre 2026) est déjà ouvert à la saisie jusqu’au 30 novembre 2026"),
            ("2023-08", "2026-11-27", "Oubli", "n’est pas dans la convention"),
        ] {
            let page = browser.post(&form, &[("month", month), ("until", until), ("reason", reason)]).expect(422);
            assert!(page.words().contains(sentence), "{sentence}: {}", page.words());
            assert!(page.text().contains(&format!("value=\"{until}\"")));
        }
        app.signed_in(CLAIRE).post(&form, &[]).expect(403);
        browser.get("/convention/00000000-0000-0000-0000-000000000000/reouverture").expect(404);
    }
}
