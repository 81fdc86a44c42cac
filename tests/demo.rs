//! The demonstration plays by the rules, and shows every state that people will meet.

use diesel::prelude::*;
use psypre::demo;
use psypre::schema::{data_requests, invoices, sessions};

use crate::on_both_databases;

on_both_databases! {
    /// Sessions and invoices in every state; when the application goes away, every invariant is verified.
    fn three_months_of_life_in_every_state(app: &TestApp) {
        let played = demo::fill(&app.app).unwrap();
        assert!(played.accounts.len() >= 10, "{played:?}");
        let states: Vec<(String, i64)> = app.read(|conn| {
            sessions::table.group_by(sessions::state).select((sessions::state, diesel::dsl::count_star())).load(conn)
        });
        for state in ["booked", "recorded", "approved", "refused", "invoiced"] {
            assert!(states.iter().any(|(known, n)| known == state && *n > 0), "{state}: {states:?}");
        }
        let absences: i64 = app.read(|conn| sessions::table.filter(sessions::attendance.eq("excused_absence")).count().get_result(conn));
        assert!(absences > 0);
        let invoiced: Vec<(String, String)> =
            app.read(|conn| invoices::table.select((invoices::kind, invoices::state)).load(conn));
        let has = |kind: &str, state: &str| invoiced.iter().any(|(k, s)| k == kind && s == state);
        assert!(has("invoice", "paid") && has("invoice", "ordered") && has("invoice", "credited"), "{invoiced:?}");
        assert!(invoiced.iter().any(|(kind, _)| kind == "credit_note"), "{invoiced:?}");
        let asked: Vec<(String, String)> = app.read(|conn| {
            data_requests::table.order(data_requests::number).select((data_requests::kind, data_requests::state)).load(conn)
        });
        let asked: Vec<_> = asked.iter().map(|(kind, state)| (kind.as_str(), state.as_str())).collect();
        assert_eq!(asked, [("access", "answered"), ("rectification", "open")]);
        let mut browser = app.anonymous();
        let who = played.accounts.iter().find(|account| account.role == "Comptabilité").unwrap();
        browser.post("/connexion", &[("email", &who.email), ("password", demo::PASSWORD)]).expect(303);
        demo::end_month(&app.app, &played).unwrap();
    }

    /// Once the real convention is over, the same terms go on under a title that says so.
    fn the_demonstration_outlives_the_convention(app: &TestApp) {
        app.app.clock.set("2027-04-15T09:00:00Z".parse().unwrap());
        demo::fill(&app.app).unwrap();
        let late: i64 = app.read(|conn| {
            sessions::table.filter(sessions::session_on.ge("2027-01-01".parse::<chrono::NaiveDate>().unwrap())).count().get_result(conn)
        });
        assert!(late > 50, "{late} sessions in 2027");
    }
}
