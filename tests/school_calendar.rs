//! The school calendar: entered with the program, replaced by the ministry's file, and missed in time.

use diesel::prelude::*;
use psypre::schema::journal_entries;
use psypre::school_calendar::import::{ACADEMY, PUBLISHED, enter_published, import};
use psypre::school_calendar::{SchoolCalendar, file, look_up};

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::world::{ADMINISTRATOR, CLAIRE, LONGVIC_COORDINATOR, World, day};

fn calendar(app: &TestApp) -> SchoolCalendar {
    app.read(look_up::calendar)
}

on_both_databases! {
    /// What the repository holds is there without a gesture, once however often the program starts.
    fn the_published_years_are_there_from_the_first_start(app: &TestApp) {
        let known = calendar(app);
        assert_eq!(known.break_on(day("2026-12-31")).unwrap().name, "Vacances de Noël");
        assert_eq!(known.next_break(day("2026-11-20")).unwrap().starts_on, day("2026-12-19"));
        enter_published(&app.app.db).unwrap();
        assert_eq!(calendar(app), known);
        let again = file::read(PUBLISHED, ACADEMY).unwrap();
        let done = app.write(|tx| import(tx, &app.app.clock, &again));
        assert_eq!(done.len(), 3);
        assert!(done.iter().all(|year| !year.is_changed && year.breaks == 6), "{done:?}");
        assert_eq!(calendar(app), known);
    }

    /// The ministry moves a holiday and publishes a year: the file says it, and a restart does not take it back.
    fn a_later_file_replaces_the_years_it_holds(app: &TestApp) {
        let moved = PUBLISHED.replace("2026-12-18T23:00:00+00:00", "2026-12-17T23:00:00+00:00")
            + "Vacances de Noël;-;2027-12-17T23:00:00+00:00;2028-01-02T23:00:00+00:00;Dijon;Zone A;2027-2028\n"
            + "Vacances d'Été;-;2028-07-07T22:00:00+00:00;2028-08-31T22:00:00+00:00;Dijon;Zone A;2027-2028\n";
        let given = file::read(&moved, ACADEMY).unwrap();
        let done = app.write(|tx| import(tx, &app.app.clock, &given));
        let changed: Vec<_> = done.iter().filter(|year| year.is_changed).map(|year| year.school_year.as_str()).collect();
        assert_eq!(changed, ["2026-2027", "2027-2028"]);
        // the journal tells what they were and what they are; the same file again tells nothing
        app.write(|tx| import(tx, &app.app.clock, &given));
        let told: Vec<(String, Option<String>, Option<String>)> = app.read(|conn| {
            journal_entries::table
                .filter(journal_entries::action.eq("school_year.imported"))
                .select((journal_entries::chain, journal_entries::before, journal_entries::after))
                .order(journal_entries::position)
                .load(conn)
        });
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|(chain, ..)| chain == "installation"));
        let (before, after) = (told[0].1.as_deref().unwrap(), told[0].2.as_deref().unwrap());
        assert!(before.contains("\"from\":\"2026-12-19\"") && after.contains("\"from\":\"2026-12-18\""), "{before} {after}");
        assert!(told[1].1.is_none() && told[1].2.as_deref().unwrap().contains("2027-2028"));
        enter_published(&app.app.db).unwrap();
        let known = calendar(app);
        assert!(known.break_on(day("2026-12-18")).is_some());
        assert_eq!(known.known_until(day("2026-11-20")), Some(day("2028-08-31")));
    }

    /// Those who plan and those who can import are told in time; the others are left in peace.
    fn one_is_warned_when_the_known_years_run_out(app: &TestApp) {
        let _world = World::new(app);
        let shows = |email: &str, path: &str, words: &str| app.signed_in(email).get(path).expect(200).words().contains(words);
        let (title, date) = ("Calendrier scolaire à compléter", "31 août 2027");
        assert!(!shows(CLAIRE, "/", title) && !shows(ADMINISTRATOR, "/annee", date));
        app.app.clock.set("2027-06-10T09:00:00Z".parse().unwrap());
        assert!(shows(CLAIRE, "/", title) && shows(ADMINISTRATOR, "/annee", date));
        assert!(!shows(LONGVIC_COORDINATOR, "/annee", date));
        let page = app.signed_in(ADMINISTRATOR).get("/annee").expect(200).words();
        assert!(page.contains("31 août 2027") && page.contains("2027-2028"), "{page}");
    }
}
