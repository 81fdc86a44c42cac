//! Synthetic data: of the size asked, by the rules, the same for the same seed, and never mixed with anything.

use diesel::prelude::*;
use psypre::schema::{children, invoices, psychologists, sessions};
use psypre::seed::{self, SeedError, Seeded, Size};
use psypre::{demo, journal};

use crate::on_both_databases;
use crate::support::app::TestApp;

/// A few of everything.
const SMALL: Size = Size { programmes: 2, psychologists: 2, children: 5, sessions: 160, months: 2 };
const TINY: Size = Size { programmes: 1, psychologists: 1, children: 1, sessions: 12, months: 1 };

fn fill(app: &TestApp, size: Size, seed: u64) -> Seeded {
    let mut lines = Vec::new();
    let seeded = seed::fill(&app.app, size, seed, &mut |line| lines.push(line)).unwrap();
    let all = format!("{} of {} sessions", size.sessions, size.sessions);
    assert!(lines.iter().any(|line| line.contains(&all)), "{lines:?}");
    seeded
}

/// What does not depend on identifiers, in one order.
fn told(app: &TestApp) -> Vec<(String, String, String, i32)> {
    app.read(|conn| {
        sessions::table
            .inner_join(children::table)
            .order((sessions::starts_at, children::reference))
            .select((children::reference, sessions::state, sessions::session_on, sessions::duration_minutes))
            .load::<(String, String, chrono::NaiveDate, psypre::hours::Minutes)>(conn)
    })
    .into_iter()
    .map(|(reference, state, on, duration)| (reference, state, on.to_string(), duration.0))
    .collect()
}

on_both_databases! {
    /// When the application goes away every invariant is verified, the journal's chains among them.
    fn as_many_as_asked_in_the_states_of_life(app: &TestApp) {
        let seeded = fill(app, SMALL, 1);
        let count = |conn: &mut psypre::db::AnyConnection| Ok((
            children::table.count().get_result::<i64>(conn)?,
            psychologists::table.count().get_result::<i64>(conn)?,
            sessions::table.count().get_result::<i64>(conn)?,
            invoices::table.count().get_result::<i64>(conn)?,
        ));
        assert_eq!(app.read(count), (5, 2, 160, i64::from(seeded.invoices)));
        assert_eq!(seeded.invoices, 2);
        let states: Vec<(String, i64)> = app.read(|conn| {
            sessions::table.group_by(sessions::state).select((sessions::state, diesel::dsl::count_star())).load(conn)
        });
        let of = |state: &str| states.iter().find(|(known, _)| known == state).map_or(0, |(_, n)| *n);
        assert!(of("approved") + of("invoiced") > 100, "{states:?}");
        for state in ["booked", "recorded", "refused", "cancelled", "approved", "invoiced"] {
            assert!(of(state) > 0, "{state}: {states:?}");
        }
        assert_eq!(app.read(journal::verify), []);
        let mut browser = app.anonymous();
        let who = seeded.accounts.iter().find(|account| account.role == "Comptabilité").unwrap();
        browser.post("/connexion", &[("email", &who.email), ("password", demo::PASSWORD)]).expect(303);
    }

    fn nothing_is_mixed_with_what_is_there(app: &TestApp) {
        fill(app, TINY, 1);
        let again = seed::fill(&app.app, TINY, 1, &mut |_| {});
        assert!(matches!(again, Err(SeedError::NotEmpty { entries }) if entries > 0), "{again:?}");
    }
}

/// On both databases too: what one seed gives does not depend on which.
#[test]
fn the_same_seed_gives_the_same_sessions_on_both_databases() {
    let (one, other, third) = (TestApp::sqlite(), TestApp::postgres(), TestApp::sqlite());
    fill(&one, TINY, 5);
    fill(&other, TINY, 5);
    fill(&third, TINY, 6);
    assert_eq!(told(&one), told(&other));
    assert_ne!(told(&one), told(&third));
}
