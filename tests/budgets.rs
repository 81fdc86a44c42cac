//! The year at a glance: figures checked by hand, each role's part, and the alert that the pace gives.

use chrono::NaiveTime;
use diesel::prelude::*;
use psypre::accounts::Accountant;
use psypre::calendar::{self, Month};
use psypre::hours::Minutes;
use psypre::ids::{AccountId, BudgetYearId, ChildId, SessionId};
use psypre::invoices::issue::{self, Issuance, Order};
use psypre::invoices::{deposit, order_payment, pay};
use psypre::reminders;
use psypre::schema::{accounts, budget_years, mails, quotas};
use psypre::sessions::book::{self, Booking};
use psypre::sessions::record::{self, Recording};
use psypre::sessions::{Attendance, Slot, Viewer, approve};
use serde_json::json;

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::world::{ACCOUNTANT, ADMINISTRATOR, CLAIRE, DENIS, LONGVIC_COORDINATOR, World, day, done};

fn slot(on: &str, minutes: i32) -> Slot {
    Slot::new(day(on), NaiveTime::from_hms_opt(9, 0, 0).unwrap(), Minutes(minutes)).unwrap()
}

fn record(world: &World<'_>, child: ChildId, on: &str, minutes: i32) -> SessionId {
    let new = Recording { child, slot: slot(on, minutes), attendance: Attendance::Held, place: None };
    let app = &world.app.app;
    done(world.app, |tx| record::record(tx, &app.clock, &app.vault, &world.psychologist(), &new))
}

/// An autumn in Longvic, an hour a week: October paid, November to approve, a rendez-vous to come; 11 h 40 allotted.
fn autumn<'a>(app: &'a TestApp) -> World<'a> {
    let world = World::new(app);
    let child = world.child(world.longvic, "Bérénice", "Essai");
    world.referral(child, world.claire, 2400);
    let clock = &app.app.clock;
    let coordinator = world.coordinator(world.longvic);
    for on in ["2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26", "2026-11-02"] {
        let id = record(&world, child, on, 60);
        done(app, |tx| approve::approve(tx, clock, &coordinator, id));
    }
    record(&world, child, "2026-11-09", 60);
    record(&world, child, "2026-11-17", 120);
    let booking = Booking { child, psychologist: world.claire, slot: slot("2026-11-26", 60), place: None };
    let who = Viewer::from(&world.psychologist());
    done(app, |tx| book::book(tx, clock, &app.app.vault, &who, &booking));

    let order = Order { month: Month::of(day("2026-10-01")), convention: world.convention, seen: None };
    let invoice = done(app, |tx| issue::issue(tx, clock, Issuance::Own(&world.psychologist()), order));
    let email = accounts::email.eq(ACCOUNTANT);
    let account: AccountId = app.read(|conn| accounts::table.filter(email).select(accounts::id).first(conn));
    let (who, on) = (Accountant { account }, clock.today());
    done(app, |tx| deposit::deposit(tx, clock, &who, invoice, on));
    done(app, |tx| order_payment::order_payment(tx, clock, &who, invoice, on));
    done(app, |tx| pay::pay(tx, clock, &who, invoice, on));
    let (programme, year) = (world.longvic, year_of(app, "2026"));
    app.write(|tx| {
        diesel::update(quotas::table.filter(quotas::programme_id.eq(programme).and(quotas::budget_year_id.eq(year))))
            .set(quotas::allotted_minutes.eq(700))
            .execute(&mut **tx)
    });
    world
}

fn year_of(app: &TestApp, label: &str) -> BudgetYearId {
    app.read(|conn| budget_years::table.filter(budget_years::label.eq(label)).select(budget_years::id).first(conn))
}

/// What is alone on its line in HTML is one word here.
fn has(page: &str, words: &[&str]) {
    for expected in words {
        assert!(page.contains(expected), "{expected}: {page}");
    }
}

on_both_databases! {
    /// Each figure of the year by hand: 5 h approved, 4 h reserved, an hour a week, out of hours in the week of 14 December.
    fn the_year_of_a_programme_by_hand(app: &TestApp) {
        let world = autumn(app);
        let mut program = world.program(world.coordinator(world.longvic).account);
        let answer = program.get("/api/v1/budgets").expect(200).json();
        let longvic = json!([{
            "programme_id": world.longvic, "programme": "PRE de Longvic",
            "allotted_minutes": 700, "reserved_minutes": 240, "used_minutes": 300, "remaining_minutes": 160,
            // 6 h in the six whole weeks; then 2 h, then an hour a week: 12 h on 14 December, and no school after it
            "outlook": {
                "kind": "runs_out", "minutes_a_week": 60, "runs_out_on": "2026-12-14", "missing_minutes": 20,
                "left_minutes": null,
            },
            // 700 min at 60 €; 5 h to invoice, 4 h invoiced and paid
            "money": { "budgeted_cents": 70_000, "committed_cents": 30_000, "invoiced_cents": 24_000, "paid_cents": 24_000 },
        }]);
        assert_eq!(answer[0]["programmes"], longvic);
        assert_eq!((&answer[0]["whole"], &answer[0]["fixed_share"]), (&json!(null), &json!(null)));
        let weeks = answer[0]["weeks"].as_array().unwrap();
        assert_eq!(weeks.len(), 53);
        let week = |monday: &str| weeks.iter().find(|week| week["monday"] == monday).unwrap().clone();
        assert_eq!(week("2026-10-05"), json!({ "monday": "2026-10-05", "is_off": false, "used_minutes": 60, "reserved_minutes": 0 }));
        assert_eq!(week("2026-11-16"), json!({ "monday": "2026-11-16", "is_off": false, "used_minutes": 0, "reserved_minutes": 120 }));
        assert_eq!(week("2026-12-21")["is_off"], true);
        assert_eq!(program.get("/api/v1/budgets?year=1999").expect(200).json(), json!([]));
    }

    /// `psypre year`: the same figures as the page, or the API's answer.
    fn the_command_prints_the_year(app: &TestApp) {
        autumn(app);
        let (code, said, _) = app.command(&["year", "--year", "2026"]);
        assert_eq!(code, 0);
        has(&said, &[
            "PRE de Longvic 11 h 40 4 h 5 h 2 h 40",
            "PRE de Longvic 700,00 € 300,00 € 240,00 € 240,00 € 160,00 €",
            "Ensemble 20 000,00 € 300,00 € 240,00 € 240,00 € 19 460,00 €",
        ]);
        let (code, said, _) = app.command(&["year", "--year", "2026", "--json"]);
        let answer: serde_json::Value = serde_json::from_str(&said).unwrap();
        let whole = json!({ "budgeted_cents": 2_000_000, "committed_cents": 30_000, "invoiced_cents": 24_000, "paid_cents": 24_000 });
        assert_eq!((code, &answer[0]["whole"]), (0, &whole));
        let (code, said, complained) = app.command(&["year", "--year", "1999"]);
        assert!(code == 1 && said.is_empty() && complained.contains("« 1999 »"), "{complained}");
    }

    /// The administrator sees the whole convention, a coordinator their programmes, a psychologist their own euros.
    fn each_role_sees_its_part(app: &TestApp) {
        autumn(app);
        let mut administrator = app.signed_in(ADMINISTRATOR);
        assert_eq!(administrator.get("/").expect(303).location(), "/annee");
        let page = administrator.get("/annee").expect(200).words();
        has(&page, &[
            "L’année 2026",
            "PRE de Longvic : à ce rythme, les heures s’épuisent la semaine du lundi 14 décembre. Il manquerait 20 min.",
            "PRE de Chenôve", "Part fixe", "4 400,00 €", "Budget 2026", "20 000,00 €",
            // 20 000 − 300 − 240
            "19 460,00 €",
        ]);
        let page = app.signed_in(LONGVIC_COORDINATOR).get("/annee").expect(200).words();
        has(&page, &["PRE de Longvic", "700,00 €", "300,00 €", "240,00 €", "160,00 €", "1 h"]);
        for hidden in ["Chenôve", "Part fixe", "20 000,00 €"] {
            assert!(!page.contains(hidden), "{hidden}: {page}");
        }
        let page = app.signed_in(CLAIRE).get("/annee").expect(200).words();
        has(&page, &["Euros de vos séances", "300,00 €", "240,00 €", "Reste 2 h 40 sur 11 h 40"]);
        assert!(!page.contains("700,00 €") && !page.contains("Chenôve"), "{page}");
        let page = app.signed_in(DENIS).get("/annee").expect(200).words();
        has(&page, &["Aucun exercice à montrer"]);
    }

    /// A past year is shown without forecast; what is not a budget year of theirs is not found.
    fn another_year_is_asked_for(app: &TestApp) {
        autumn(app);
        let past = year_of(app, "2025");
        let mut administrator = app.signed_in(ADMINISTRATOR);
        let page = administrator.get(&format!("/annee?exercice={past}&pre=LON")).expect(200).words();
        has(&page, &["L’année 2025", "La courbe de l’exercice, PRE de Longvic"]);
        assert!(!page.contains("À surveiller") && !page.contains("Insuffisante"), "{page}");
        administrator.get("/annee?exercice=2025").expect(404);
        administrator.get("/annee?exercice=00000000-0000-0000-0000-000000000000").expect(404);
        app.signed_in(DENIS).get(&format!("/annee?exercice={past}")).expect(404);
    }

    /// The curve is a picture with a name and words, and its figures stand in a table.
    fn the_curve_says_what_it_shows(app: &TestApp) {
        autumn(app);
        let answer = app.signed_in(LONGVIC_COORDINATOR).get("/annee").expect(200);
        has(&answer.text(), &[
            "role=\"img\" aria-labelledby=\"curve-title curve-description\"",
            "<title id=\"curve-title\">Heures cumulées de l’exercice, PRE de Longvic</title>",
            "class=\"curve__pace\"", "class=\"curve__end\"",
        ]);
        has(&answer.words(), &[
            "Au rythme de 1 h par semaine, les heures s’épuisent la semaine du lundi 14 décembre",
            "16/11/2026 0 h 2 h 5 h 8 h",
        ]);
    }

    /// The coordinators and the administrators are told once that the hours will not last.
    fn the_pace_is_told_once(app: &TestApp) {
        autumn(app);
        let told = || -> Vec<(String, String)> {
            app.read(|conn| {
                mails::table
                    .filter(mails::kind.eq("quota_runs_out"))
                    .select((mails::recipient, mails::subject))
                    .order(mails::recipient)
                    .load(conn)
            })
        };
        for on in ["2026-11-20", "2026-11-20", "2026-11-21", "2026-11-25"] {
            let morning = NaiveTime::from_hms_opt(10, 0, 0).unwrap();
            app.app.clock.set(calendar::instant(day(on), morning).unwrap().utc());
            reminders::run(&app.app.db, &app.app.clock).unwrap();
            let subject = "Quotité 2026 du PRE de Longvic : épuisée à ce rythme la semaine du lundi 14 décembre";
            let expected = [ADMINISTRATOR, LONGVIC_COORDINATOR].map(|to| (to.to_owned(), subject.to_owned()));
            assert_eq!(told(), expected, "{on}");
        }
    }
}
