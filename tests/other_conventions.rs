//! Conventions of other shapes are data too: a school year outside the priority neighbourhoods under a ceiling, and two
//! yearly grants without an hour. Figures by hand.

use chrono::NaiveTime;
use diesel::prelude::*;
use psypre::accounts::{Administrator, Role};
use psypre::amendments::sign::sign;
use psypre::amendments::{AmendmentRefusal, Change, Faults, Proposal};
use psypre::calendar::Month;
use psypre::conventions::{Period, file, import, look_up};
use psypre::failure::Failure;
use psypre::funding_calls::draft::{DraftRefusal, draft};
use psypre::hours::Minutes;
use psypre::ids::{AccountId, BudgetYearId, ConventionId, ProgrammeId};
use psypre::invoices::issue::{self, Issuance, Order};
use psypre::journal::Actor;
use psypre::money::Cents;
use psypre::schema::{accounts, budget_years, invoices};
use psypre::sessions::book::{Booking, book};
use psypre::sessions::record::{Recording, record};
use psypre::sessions::{Attendance, Slot, Viewer, approve};
use serde_json::json;

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::world::{ADMINISTRATOR, World, day, done, refused};

/// The school year of the deliberation, ten years later: that of the clock.
fn pep21() -> String {
    let text = include_str!("../conventions/pep21-2016-2017.toml");
    text.replace("2017", "2027").replace("2016", "2026")
}

const MPDM: &str = include_str!("../conventions/mpdm-2024-2026.toml");

fn entered(app: &TestApp, text: &str) -> ConventionId {
    let read = file::read(text).unwrap();
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
    let clock = &app.app.clock;
    done(app, |tx| Ok(import::import(tx, clock, Actor::System, &read.file)?.convention()))
}

fn administrator(app: &TestApp) -> Administrator {
    let email = accounts::email.eq(ADMINISTRATOR);
    let account: AccountId = app.read(|conn| accounts::table.filter(email).select(accounts::id).first(conn));
    Administrator { account }
}

fn years_of(app: &TestApp, convention: ConventionId) -> Vec<BudgetYearId> {
    app.read(|conn| {
        let of = budget_years::table.filter(budget_years::convention_id.eq(convention));
        of.select(budget_years::id).order(budget_years::starts_on).load(conn)
    })
}

fn slot(on: &str, minutes: i32) -> Slot {
    Slot::new(day(on), NaiveTime::from_hms_opt(14, 0, 0).unwrap(), Minutes(minutes)).unwrap()
}

fn has(page: &str, words: &[&str]) {
    for expected in words {
        assert!(page.contains(expected), "{expected}: {page}");
    }
}

on_both_databases! {
    /// PEP 21: from September to August, in territories that are no priority neighbourhood, never over 49 975 €.
    fn a_school_year_outside_the_priority_neighbourhoods(app: &TestApp) {
        let mut world = World::new(app);
        let convention = entered(app, &pep21());
        let programmes = app.read(|conn| look_up::programmes(conn, convention));
        let north: ProgrammeId = programmes[0].id;
        let coordinator = app.account("nord@example.org", "Nora Coordination", &[(Role::Coordinator, Some(north))]);
        world.coordinators.push((north, coordinator));
        let names: Vec<String> =
            app.read(|conn| look_up::neighbourhoods(conn, &[north])).into_iter().map(|home| home.name).collect();
        assert_eq!(names, ["Varennes Toison d'Or", "Drapeau Clémenceau"]);

        let child = world.child(north, "Zoé", "Exemple");
        let school_year = Period { from: day("2026-09-01"), until: day("2027-08-31") };
        world.referral_for(child, world.claire, 600, school_year, Some(school_year.from));
        let (clock, vault, who) = (&app.app.clock, &app.app.vault, world.psychologist());
        for (on, minutes) in [("2026-10-06", 45), ("2026-10-13", 60), ("2026-11-17", 45)] {
            let new = Recording { child, slot: slot(on, minutes), attendance: Attendance::Held, place: None };
            let id = done(app, |tx| record(tx, clock, vault, &who, &new));
            if minutes != 45 || on.starts_with("2026-10") {
                done(app, |tx| approve::approve(tx, clock, &world.coordinator(north), id));
            }
        }
        let asked = Booking { child, psychologist: world.claire, slot: slot("2026-12-01", 60), place: None };
        done(app, |tx| book(tx, clock, vault, &Viewer::from(&who), &asked));
        // before its first day there is neither convention nor quota
        let early = Recording { child, slot: slot("2026-08-31", 45), attendance: Attendance::Held, place: None };
        assert!(app.app.db.write(|tx| record(tx, clock, vault, &who, &early)).is_err());

        let order = Order { month: Month::of(day("2026-10-01")), convention, seen: None };
        let invoice = done(app, |tx| issue::issue(tx, clock, Issuance::Own(&who), order));
        let net: Cents = app.read(|conn| invoices::table.find(invoice).select(invoices::net_cents).first(conn));
        // 1 h 45 at 55,50 €: 97,125 €, half-up
        assert_eq!(net, Cents(9_713));

        let page = app.signed_in("nord@example.org").get("/annee").expect(200).words();
        // 200 h: 1 h 45 used, 1 h 45 reserved
        has(&page, &["L’année 2026-2027", "Équipe du nord de Dijon", "200 h", "196 h 30", "11 100,00 €", "97,13 €"]);
        let year = years_of(app, convention)[0];
        let page = app.signed_in(ADMINISTRATOR).get(&format!("/annee?exercice={year}")).expect(200).words();
        // 45 min of November and 1 h of December are to come, each month its line: 41,625 € and 55,50 €, half-up
        // 49 975 − 97,13 − 41,63 − 55,50
        has(&page, &["Équipe du sud de Dijon", "49 975,00 €", "97,13 €", "49 780,74 €"]);
        let answer = world.program(administrator(app).account).get("/api/v1/budgets?year=2026-2027").expect(200).json();
        assert_eq!(
            answer[0]["whole"],
            json!({ "budgeted_cents": 4_997_500, "committed_cents": 9_713, "invoiced_cents": 9_713, "paid_cents": 0 })
        );

        let drafted = done(app, |tx| draft(tx, clock, &administrator(app), year));
        let call = app.read(|conn| psypre::funding_calls::look_up::load(conn, drafted[0]));
        assert_eq!((drafted.len(), call.signatory_name.as_str(), call.amount), (1, "Ville de Dijon", Cents(4_997_500)));

        // the ceiling holds against an amendment
        let (who, more) = (administrator(app), Cents(4_997_600));
        let asked = Proposal {
            changes: vec![
                Change::Contribution { budget_year_id: year, signatory_id: call.signatory, amount_cents: more },
                Change::Budget { budget_year_id: year, amount_cents: more },
            ],
            signed_on: day("2026-11-20"),
            reason: "Un euro de plus".to_owned(),
            seen: None,
        };
        let Faults(faults) = refused(app, |tx| sign(tx, clock, &who, convention, &asked));
        assert!(matches!(faults[..], [AmendmentRefusal::OverCeiling { ceiling: Cents(4_997_500), .. }]), "{faults:?}");
    }

    /// MPDM: 220 000 € and 280 000 € a year, no PRE, no hour, and nobody to call.
    fn two_yearly_grants_and_no_hours(app: &TestApp) {
        World::new(app);
        let convention = entered(app, MPDM);
        let years = years_of(app, convention);
        assert_eq!(years.len(), 3);
        let mut browser = app.signed_in(ADMINISTRATOR);
        let page = browser.get(&format!("/annee?exercice={}", years[2])).expect(200).words();
        // 220 000 + 280 000
        has(&page, &["L’année 2026", "Cette convention ne fixe pas d’heures", "500 000,00 €"]);
        let who = administrator(app);
        for year in years {
            let refusal = refused(app, |tx| draft(tx, &app.app.clock, &who, year));
            assert_eq!(refusal, DraftRefusal::NobodyToCall);
            let page = browser.get(&format!("/appels-de-fonds?exercice={year}")).expect(200).words();
            has(&page, &["Aucun appel de fonds"]);
        }
        let page = browser.get("/convention?convention=mpdm-2024-2026").expect(200).words();
        has(&page, &["Dijon Métropole 500 000,00 € 500 000,00 € 500 000,00 €", "État En vigueur"]);
        assert!(!page.contains("Transférer des heures"), "{page}");
        // the real convention works beside it
        let page = browser.get("/convention").expect(200).words();
        has(&page, &["PRE de Longvic"]);
        let form = browser.get(&format!("/convention/{convention}/avenants/nouveau")).expect(200).words();
        has(&form, &["Exercice 2026", "Participations"]);
        let outcome = app.app.db.write(|tx| {
            let asked = Proposal { changes: Vec::new(), signed_on: day("2026-11-20"), reason: "x".to_owned(), seen: None };
            sign(tx, &app.app.clock, &who, convention, &asked)
        });
        assert!(matches!(outcome, Err(Failure::Refused(Faults(faults))) if faults == [AmendmentRefusal::NoChange]));
    }
}
