//! Conventions of other shapes are data too: a school year outside the priority neighbourhoods under a ceiling, and two
//! yearly grants without an hour. Figures by hand.

use chrono::NaiveTime;
use diesel::prelude::*;
use psypre::accounts::{Administrator, Role};
use psypre::amendments::sign::sign;
use psypre::amendments::{AmendmentRefusal, Change, Faults, Proposal, fields};
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

use crate::convention_drafts::change;
use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::browser::Answer;
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

/// The value of a hidden field of a page.
fn fields_of(page: &Answer, name: &str) -> String {
    let html = page.text();
    let (_, rest) = html.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
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

    /// MPDM: no PRE, no hour, nobody to call, and two grants for 2024, by the third and the fourth point of the decision
    /// of 21 December 2023 (the deliberation has no articles): « verser la subvention 2024 de 220 000 € […] pour le
    /// financement du dispositif de médiation sociale », « […] de 280 000 € […] de prévention spécialisée ». Both are
    /// Dijon Métropole's; the town's own 121 000 € are told, and not decided there.
    fn two_yearly_grants_and_no_hours(app: &TestApp) {
        let world = World::new(app);
        let convention = entered(app, MPDM);
        let years = years_of(app, convention);
        assert_eq!(years.len(), 3);
        let decided = [("Médiation sociale".to_owned(), Cents(22_000_000)), ("Prévention spécialisée".to_owned(), Cents(28_000_000))];
        assert_eq!(app.read(|conn| look_up::named_grants(conn, years[0])), decided);
        let mut browser = app.signed_in(ADMINISTRATOR);
        let page = browser.get(&format!("/annee?exercice={}", years[0])).expect(200).words();
        has(&page, &["L’année 2024", "Médiation sociale 220 000,00 €", "Prévention spécialisée 280 000,00 €"]);
        let page = browser.get(&format!("/annee?exercice={}", years[2])).expect(200).words();
        // 220 000 + 280 000
        has(&page, &["L’année 2026", "Cette convention ne fixe pas d’heures", "500 000,00 €"]);
        let who = administrator(app);
        for year in &years {
            let refusal = refused(app, |tx| draft(tx, &app.app.clock, &who, *year));
            assert_eq!(refusal, DraftRefusal::NobodyToCall);
            let page = browser.get(&format!("/appels-de-fonds?exercice={year}")).expect(200).words();
            has(&page, &["Aucun appel de fonds"]);
        }
        let page = browser.get("/convention?convention=mpdm-2024-2026").expect(200).words();
        has(&page, &[
            "Dijon Métropole 500 000,00 € 500 000,00 € 500 000,00 €", "État En vigueur", "Subventions par exercice",
            "Médiation sociale 220 000,00 € 220 000,00 € 220 000,00 €",
            "Prévention spécialisée 280 000,00 € 280 000,00 € 280 000,00 €",
        ]);
        assert!(!page.contains("Transférer des heures"), "{page}");
        // the real convention works beside it
        let page = browser.get("/convention").expect(200).words();
        has(&page, &["PRE de Longvic"]);
        assert!(!page.contains("Subventions par exercice"), "{page}");
        let form = browser.get(&format!("/convention/{convention}/avenants/nouveau")).expect(200).words();
        has(&form, &["Exercice 2026", "Participations", "Subventions Médiation sociale"]);
        let outcome = app.app.db.write(|tx| {
            let asked = Proposal { changes: Vec::new(), signed_on: day("2026-11-20"), reason: "x".to_owned(), seen: None };
            sign(tx, &app.app.clock, &who, convention, &asked)
        });
        assert!(matches!(outcome, Err(Failure::Refused(Faults(faults))) if faults == [AmendmentRefusal::NoChange]));

        // an amendment of 2026 moves 10 000 € from one to the other
        let mut program = world.program(who.account);
        let grants = app.read(|conn| look_up::grants(conn, convention));
        let change = |n: usize, cents: i64| json!({
            "kind": "grant", "budget_year_id": years[2], "grant_id": grants[n].id, "amount_cents": cents,
        });
        let amend = |changes: serde_json::Value| json!({ "changes": changes, "signed_on": "2026-11-20", "reason": "Essai" });
        let path = format!("/api/v1/conventions/{convention}/amendments");
        let refusal = program.post_json(&path, &amend(json!([change(0, 21_000_000)]))).expect(422).json();
        assert_eq!(refusal["code"], "grants_not_the_budget");
        // 210 000 + 280 000
        has(refusal["detail"].as_str().unwrap(), &["490\u{202f}000,00", "500\u{202f}000,00"]);
        let signed = program.post_json(&path, &amend(json!([change(0, 21_000_000), change(1, 29_000_000)]))).expect(201).json();
        assert_eq!((&signed["lines"][0]["kind"], &signed["lines"][0]["grant_id"]), (&json!("grant"), &json!(grants[0].id)));
        let page = browser.get(&format!("/avenants/{}", signed["id"].as_str().unwrap())).expect(200).words();
        has(&page, &["Subvention : Médiation sociale 2026 220 000,00 € 210 000,00 € −10 000,00 €"]);
        let told = program.get("/api/v1/budgets?year=2026").expect(200).json();
        let told = told.as_array().unwrap().iter().find(|one| one["id"] == json!(years[2])).unwrap();
        assert_eq!(
            told["grants"],
            json!([
                { "name": "Médiation sociale", "amount_cents": 21_000_000 },
                { "name": "Prévention spécialisée", "amount_cents": 29_000_000 },
            ])
        );
        // by the pages as well: read again, signed
        let forms = format!("/convention/{convention}/avenants");
        let name = |n: usize| fields::grant(years[2], grants[n].id);
        let (first, second) = (name(0), name(1));
        let back = [
            (first.as_str(), "220 000"), (second.as_str(), "280 000"), ("seen", "1"), ("signed_on", "2026-11-20"), ("reason", "Retour"),
        ];
        has(&browser.post(&format!("{forms}/nouveau"), &back).expect(200).words(), &["Les subventions font 500 000,00 €, comme le budget"]);
        browser.post(&forms, &back).expect(303);
        assert_eq!(app.read(|conn| look_up::named_grants(conn, years[2])), decided);
    }

    /// The convention that follows MPDM's: its grants are copied, renamed, and weighed against the budget.
    fn grants_are_prepared_on_screen(app: &TestApp) {
        World::new(app);
        let convention = entered(app, MPDM).to_string();
        let mut browser = app.signed_in(ADMINISTRATOR);
        let draft = browser.post("/convention/brouillons", &[("from", &convention)]).expect(303).location().to_owned();
        has(&browser.get(&draft).expect(200).words(), &["Rien à corriger", "Subventions 2 subventions", "aucun PRE", "aucune ligne"]);
        change(&mut browser, &draft, "subventions", &[("name-1", "Prévention auprès des jeunes"), ("name-2", "Étude")]).expect(303);
        change(&mut browser, &draft, "exercices", &[("grant-0-etude", "1 000"), ("grant-0-mediation-sociale", "219 000,50")]).expect(303);
        has(&browser.get(&draft).expect(200).words(), &[
            "3 subventions", "Exercice 2027, subventions : les subventions font 500 000,50 €, et le budget de l’exercice 500 000,00 €",
        ]);
        change(&mut browser, &draft, "exercices", &[("grant-0-mediation-sociale", "219 000")]).expect(303);
        has(&browser.get(&draft).expect(200).words(), &["Rien à corriger"]);
        // who is removed takes its amounts along
        change(&mut browser, &draft, "subventions", &[("remove-2", "on")]).expect(303);
        has(&browser.get(&draft).expect(200).words(), &["les subventions font 499 000,00 €"]);
        change(&mut browser, &draft, "exercices", &[("grant-0-mediation-sociale", "220 000")]).expect(303);
        let version = fields_of(&browser.get(&draft).expect(200), "version");
        let signed = browser.post(&format!("{draft}/signature"), &[("version", &version), ("signed_on", "2026-11-20")]).expect(303);
        let page = browser.get(signed.location()).expect(200).words();
        has(&page, &["Prévention auprès des jeunes 280 000,00 € 280 000,00 € 280 000,00 €"]);
    }
}
