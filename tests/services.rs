//! What is not a child's session: recorded by who led it, approved by the administrator, within the budget lines.

use std::sync::Barrier;

use chrono::{NaiveTime, TimeDelta};
use diesel::prelude::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use psypre::accounts::{Administrator, Psychologist, Role};
use psypre::calendar::Month;
use psypre::checks;
use psypre::conventions::{ServiceType, reopen_month};
use psypre::documents::VatRegime;
use psypre::failure::{Failure, Refusal};
use psypre::hours::Minutes;
use psypre::ids::{BudgetLineId, ConventionId, ProgrammeId, ServiceId};
use psypre::invoices::files::FileRequest;
use psypre::invoices::issue::{Issuance, Order, issue};
use psypre::invoices::{Invoice, look_up as invoices};
use psypre::money::Cents;
use psypre::psychologists::DatedVatRegime;
use psypre::psychologists::set_vat_regime::set_vat_regime;
use psypre::schema::{
    accounts, budget_lines, budget_years, invoice_lines, journal_entries, mails, psychologists, rates, services,
};
use psypre::services::admission::AdmissionRefusal;
use psypre::services::allot::{AllotRefusal, Allotment, allot, author};
use psypre::services::approve::{ApproveRefusal, approve};
use psypre::services::approve_many::approve_many;
use psypre::services::correct::{CorrectRefusal, correct};
use psypre::services::give_up::give_up;
use psypre::services::ledger::LineRefusal;
use psypre::services::record::record;
use psypre::services::refuse::refuse;
use psypre::services::withdraw_approval::withdraw_approval;
use psypre::services::{Part, Phase, Reader, Said, look_up};
use psypre::sessions::approve::Approval;
use psypre::sessions::{Attendance, Reason};
use serde_json::json;

use crate::booking::slot;
use crate::on_both_databases;
use crate::recording::recorded;
use crate::support::app::TestApp;
use crate::support::world::{ADMINISTRATOR, CLAIRE, DENIS, World, day, done, refused};

const ANALYSIS: ServiceType = ServiceType::PracticeAnalysis;
const TRAINING: ServiceType = ServiceType::Training;

pub fn administrator(w: &World<'_>) -> Administrator {
    let account =
        w.app.read(|conn| accounts::table.filter(accounts::email.eq(ADMINISTRATOR)).select(accounts::id).first(conn));
    Administrator { account }
}

pub fn denis(w: &World<'_>) -> Psychologist {
    Psychologist { account: w.denis_account, id: w.denis }
}

fn part(minutes: i32, cents: i64) -> Part {
    Part { time: Minutes(minutes), cost: Cents(cents) }
}

fn allotment(w: &World<'_>, kind: ServiceType, minutes: i32, cents: i64) -> Allotment {
    let label = budget_years::label.eq("2026");
    let year = w.app.read(|conn| budget_years::table.filter(label).select(budget_years::id).first(conn));
    Allotment { convention: w.convention, year, kind, part: part(minutes, cents) }
}

/// The line of 2026 for a type.
pub fn open_line(w: &World<'_>, kind: ServiceType, minutes: i32, cents: i64) -> BudgetLineId {
    let (by, new) = (author(&administrator(w)), allotment(w, kind, minutes, cents));
    done(w.app, |tx| allot(tx, &w.app.app.clock, by, new))
}

/// Somebody's tax for a type, from January 2026 on.
pub fn charge(w: &World<'_>, who: &Psychologist, service: ServiceType, regime: VatRegime) {
    if regime == VatRegime::Standard {
        w.app.write(|tx| {
            diesel::update(psychologists::table.find(who.id))
                .set(psychologists::vat_number.eq("FR25900000019"))
                .execute(&mut **tx)
        });
    }
    let new = DatedVatRegime { service, from: day("2026-01-01"), regime };
    done(w.app, |tx| set_vat_regime(tx, &w.app.app.clock, who, new));
}

pub fn said(kind: ServiceType, on: &str, at: &str, minutes: i32) -> Said {
    Said {
        kind,
        convention: None,
        on: day(on),
        starts_at: at.parse::<NaiveTime>().unwrap(),
        duration: Minutes(minutes),
        place: "Salle des exemples".to_owned(),
        participants: 8,
        label: "Groupe des référents".to_owned(),
        programmes: Vec::new(),
    }
}

fn ready<'a>(app: &'a TestApp) -> World<'a> {
    let w = World::new(app);
    open_line(&w, ANALYSIS, 600, 60_000);
    open_line(&w, TRAINING, 1800, 380_000);
    charge(&w, &w.psychologist(), ANALYSIS, VatRegime::Franchise);
    charge(&w, &denis(&w), TRAINING, VatRegime::Standard);
    w
}

pub fn enter(w: &World<'_>, who: &Psychologist, said: &Said) -> ServiceId {
    done(w.app, |tx| record(tx, &w.app.app.clock, who, said))
}

fn not_entered(w: &World<'_>, said: &Said) -> AdmissionRefusal {
    refused(w.app, |tx| record(tx, &w.app.app.clock, &w.psychologist(), said))
}

pub fn approved(w: &World<'_>, who: &Psychologist, said: &Said) -> ServiceId {
    let id = enter(w, who, said);
    done(w.app, |tx| approve(tx, &w.app.app.clock, &administrator(w), id));
    id
}

/// What the line of a type holds: reserved, then used.
fn held(w: &World<'_>, kind: ServiceType) -> (Part, Part) {
    let (reserved, used): ((Minutes, Cents), (Minutes, Cents)) = w.app.read(|conn| {
        budget_lines::table
            .filter(budget_lines::service_type.eq(kind))
            .select((
                (budget_lines::reserved_minutes, budget_lines::reserved_cents),
                (budget_lines::used_minutes, budget_lines::used_cents),
            ))
            .first(conn)
    });
    let read = |(time, cost)| Part { time, cost };
    (read(reserved), read(used))
}

fn phase(w: &World<'_>, id: ServiceId) -> Phase {
    w.app.read(|conn| services::table.find(id).select(services::state).first(conn))
}

fn mails_of(w: &World<'_>, to: &str) -> Vec<(String, String)> {
    w.app.read(|conn| {
        mails::table.filter(mails::recipient.eq(to)).order(mails::id).select((mails::kind, mails::text_body)).load(conn)
    })
}

on_both_databases! {
    /// Ten hours a year, of which two and a half are left; every figure by hand.
    fn a_practice_analysis_lives_from_record_to_approval(app: &TestApp) {
        let w = ready(app);
        let (clock, claire, ada) = (&app.app.clock, w.psychologist(), administrator(&w));
        let id = enter(&w, &claire, &said(ANALYSIS, "2026-11-02", "09:00", 240));
        assert_eq!(held(&w, ANALYSIS), (part(240, 24_000), Part::NONE));
        let told = mails_of(&w, ADMINISTRATOR);
        assert_eq!(told.len(), 1);
        assert!(told[0].1.contains("Analyse de la pratique, lundi 2 novembre : 4\u{a0}h, 240,00\u{a0}€ TVA comprise. Claire Essai"), "{}", told[0].1);

        let own = Administrator { account: w.claire_account };
        assert_eq!(refused(app, |tx| approve(tx, clock, &own, id)), ApproveRefusal::OwnRecord);
        assert_eq!(done(app, |tx| approve(tx, clock, &ada, id)), Approval::Done);
        let told = || mails_of(&w, CLAIRE).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
        assert_eq!(told(), ["services_approved"]);
        assert_eq!(done(app, |tx| approve(tx, clock, &ada, id)), Approval::AlreadyDone);
        assert_eq!(held(&w, ANALYSIS), (Part::NONE, part(240, 24_000)));
        assert_eq!(told(), ["services_approved"], "who is told once is not told again");
        let stays = refused(app, |tx| correct(tx, clock, &claire, id, &said(ANALYSIS, "2026-11-02", "09:00", 60)));
        assert_eq!(stays, CorrectRefusal::NotCorrectable { phase: Phase::Approved });

        let reason = Reason::new("La durée est de 3 h 30").unwrap();
        done(app, |tx| withdraw_approval(tx, clock, &ada, id, &reason));
        assert_eq!(held(&w, ANALYSIS), (part(240, 24_000), Part::NONE));
        done(app, |tx| refuse(tx, clock, &ada, id, &reason));
        assert_eq!((held(&w, ANALYSIS), phase(&w, id)), ((Part::NONE, Part::NONE), Phase::Refused));
        done(app, |tx| correct(tx, clock, &claire, id, &said(ANALYSIS, "2026-11-02", "09:00", 210)));
        assert_eq!((held(&w, ANALYSIS), phase(&w, id)), ((part(210, 21_000), Part::NONE), Phase::Recorded));
        done(app, |tx| approve(tx, clock, &ada, id));
        let second = approved(&w, &claire, &said(ANALYSIS, "2026-11-03", "09:00", 240));

        let over = not_entered(&w, &said(ANALYSIS, "2026-11-04", "09:00", 180));
        assert_eq!(over.to_string(), "Il reste 2\u{a0}h\u{a0}30 d’analyse de la pratique pour 2026 ; cette prestation en demande 3\u{a0}h. Réduisez la durée, ou demandez à la Métropole d’augmenter la ligne de budget.");
        assert_eq!(over.code(), "budget_line_hours_exhausted");
        let third = enter(&w, &claire, &said(ANALYSIS, "2026-11-04", "09:00", 150));
        done(app, |tx| give_up(tx, clock, &claire, third));
        assert_eq!((phase(&w, third), held(&w, ANALYSIS)), (Phase::Withdrawn, (Part::NONE, part(450, 45_000))));
        let decided = refused(app, |tx| give_up(tx, clock, &claire, second));
        assert_eq!(decided.code(), "service_decided");
        let told: Vec<String> = app.read(|conn| {
            journal_entries::table.filter(journal_entries::subject.eq("service")).order(journal_entries::id).select(journal_entries::action).load(conn)
        });
        assert_eq!(told.len(), 10, "{told:?}");
        let facts: Vec<Option<String>> = app.read(|conn| {
            journal_entries::table.filter(journal_entries::subject.eq("service")).select(journal_entries::after).load(conn)
        });
        assert!(facts.iter().flatten().all(|fact| !fact.contains("référents") && !fact.contains("Salle")), "{facts:?}");
    }

    /// A correction says everything anew: what is kept, and what the lines hold, is what it says.
    fn a_correction_says_everything_anew(app: &TestApp) {
        let w = ready(app);
        let (clock, claire, ada) = (&app.app.clock, w.psychologist(), administrator(&w));
        charge(&w, &claire, TRAINING, VatRegime::Standard);
        let dearer = rates::table.filter(rates::service_type.eq(TRAINING));
        app.write(|tx| diesel::update(dearer).set(rates::hourly_cents.eq(Cents(7_000))).execute(&mut **tx));
        let id = enter(&w, &claire, &said(ANALYSIS, "2026-11-02", "09:00", 60));
        clock.advance(TimeDelta::hours(1));
        let new = Said {
            place: "Autre salle".to_owned(),
            participants: 12,
            label: "Toute l’équipe".to_owned(),
            programmes: vec![w.dijon],
            ..said(TRAINING, "2026-11-03", "14:00", 120)
        };
        done(app, |tx| correct(tx, clock, &claire, id, &new));
        let kept = app.read(|conn| look_up::load_told(conn, Reader::from(&claire), id)).service;
        assert_eq!((kept.kind, kept.slot, &kept.place), (TRAINING, slot("2026-11-03", "14:00", 120), &new.place));
        assert_eq!((kept.participants, &kept.label, &kept.programmes), (12, &new.label, &new.programmes));
        // two hours at 70 €, and 28 € of tax
        assert_eq!((kept.hourly, kept.vat, kept.gross), (Cents(7_000), VatRegime::Standard, Cents(16_800)));
        assert_eq!((kept.recorded.by, kept.recorded.at), (claire.account, clock.now()));
        assert_eq!(held(&w, ANALYSIS), (Part::NONE, Part::NONE));
        assert_eq!(held(&w, TRAINING), (part(120, 16_800), Part::NONE));
        // within its month for ever, into another while that one is open
        clock.advance(TimeDelta::days(60));
        done(app, |tx| correct(tx, clock, &claire, id, &said(ANALYSIS, "2026-11-04", "09:00", 60)));
        let closed = refused(app, |tx| correct(tx, clock, &claire, id, &said(ANALYSIS, "2026-10-05", "09:00", 60)));
        assert_eq!(closed.code(), "month_closed");
        // what is refused is given up, and holds nothing
        done(app, |tx| refuse(tx, clock, &ada, id, &Reason::new("Elle n’a pas eu lieu").unwrap()));
        done(app, |tx| give_up(tx, clock, &claire, id));
        assert_eq!((phase(&w, id), held(&w, ANALYSIS)), (Phase::Withdrawn, (Part::NONE, Part::NONE)));
    }

    /// At 72 € an hour with tax, 300 € pay for four hours and ten minutes, even when an hour more is left.
    fn euros_run_out_before_hours(app: &TestApp) {
        let w = ready(app);
        open_line(&w, TRAINING, 270, 30_000);
        let denis = denis(&w);
        let id = enter(&w, &denis, &said(TRAINING, "2026-11-02", "09:00", 210));
        // 3 h 30 × 60 € = 210 €, and 42 € of tax
        assert_eq!(held(&w, TRAINING), (part(210, 25_200), Part::NONE));
        let over = refused(app, |tx| record(tx, &app.app.clock, &denis, &said(TRAINING, "2026-11-03", "09:00", 60)));
        assert_eq!(over.to_string(), "Il reste 48,00\u{a0}€ de formation pour 2026, TVA comprise ; cette prestation coûte 72,00\u{a0}€. Réduisez la durée, ou demandez à la Métropole d’augmenter la ligne de budget.");
        assert!(matches!(over, AdmissionRefusal::Line(LineRefusal::Euros { .. })));
        assert_eq!(phase(&w, id), Phase::Recorded);
    }

    /// Not to come, not too late, not in two places, not without a price, not for a child.
    fn what_may_not_be_recorded_is_refused(app: &TestApp) {
        let w = ready(app);
        let code = |said: &Said| not_entered(&w, said).code();
        assert_eq!(code(&said(ANALYSIS, "2026-11-20", "09:30", 60)), "service_not_over");
        assert_eq!(code(&said(ANALYSIS, "2026-09-30", "09:00", 60)), "month_closed");
        assert_eq!(code(&said(ANALYSIS, "2023-12-31", "09:00", 60)), "no_budget_line");
        assert_eq!(code(&said(ANALYSIS, "2026-11-02", "09:00", 50)), "service_length");
        assert_eq!(code(&said(ANALYSIS, "2026-11-02", "09:00", 495)), "service_length");
        assert_eq!(code(&said(ServiceType::Interview, "2026-11-02", "09:00", 60)), "service_of_a_child");
        assert_eq!(code(&said(TRAINING, "2026-11-02", "09:00", 60)), "vat_regime_missing");
        assert_eq!(code(&Said { participants: 0, ..said(ANALYSIS, "2026-11-02", "09:00", 60) }), "participants");
        assert_eq!(code(&Said { label: "é".repeat(101), ..said(ANALYSIS, "2026-11-02", "09:00", 60) }), "text_length");
        let elsewhere = Said { programmes: vec![w.dijon, ProgrammeId::new()], ..said(ANALYSIS, "2026-11-02", "09:00", 60) };
        assert_eq!(code(&elsewhere), "programme_of_another_convention");
        let other = Said { convention: Some(ConventionId::new()), ..said(ANALYSIS, "2026-11-02", "09:00", 60) };
        assert_eq!(code(&other), "no_budget_line");
        let child = w.entrusted_child(w.chenove, "Zoé", "Exemple");
        recorded(&w, child, slot("2026-11-03", "10:00", 45), Attendance::Held);
        assert_eq!(code(&said(ANALYSIS, "2026-11-03", "09:00", 75)), "psychologist_busy");
        let id = enter(&w, &w.psychologist(), &said(ANALYSIS, "2026-11-03", "09:00", 60));
        assert_eq!(code(&said(ANALYSIS, "2026-11-03", "09:45", 15)), "psychologist_busy");
        let recording = psypre::sessions::record::Recording { child, slot: slot("2026-11-03", "09:30", 30), attendance: Attendance::Held, place: None };
        let busy = refused(app, |tx| psypre::sessions::record::record(tx, &app.app.clock, &app.app.vault, &w.psychologist(), &recording));
        assert_eq!(busy.code(), "psychologist_busy");
        done(app, |tx| give_up(tx, &app.app.clock, &w.psychologist(), id));
        done(app, |tx| psypre::sessions::record::record(tx, &app.app.clock, &app.app.vault, &w.psychologist(), &recording));
        assert_eq!(held(&w, ANALYSIS), (Part::NONE, Part::NONE));

        let until = reopen_month::NewReopening { month: psypre::calendar::Month::parse("2026-09").unwrap(), reason: "Oubli".to_owned(), until: day("2026-11-27") };
        done(app, |tx| reopen_month::reopen_month(tx, &app.app.clock, &administrator(&w), w.convention, &until));
        enter(&w, &w.psychologist(), &said(ANALYSIS, "2026-09-30", "09:00", 60));
        // it ends now, under the one convention that there is, for two of its programmes
        let (convention, programmes) = (Some(w.convention), vec![w.chenove, w.dijon]);
        enter(&w, &w.psychologist(), &Said { convention, programmes, ..said(ANALYSIS, "2026-11-20", "09:00", 60) });
    }

    /// A line is never set under what it holds, nor the lines over the fixed share of 4 400 €.
    fn lines_are_fixed_within_the_fixed_share(app: &TestApp) {
        let w = ready(app);
        let (clock, by) = (&app.app.clock, author(&administrator(&w)));
        approved(&w, &w.psychologist(), &said(ANALYSIS, "2026-11-02", "09:00", 240));
        // nor does an amendment take back what the lines share out
        let body = json!({
            "changes": [{ "kind": "fixed_share", "budget_year_id": allotment(&w, ANALYSIS, 0, 0).year, "amount_cents": 430_000 }],
            "signed_on": "2026-11-19", "reason": "Une formation de moins", "last_number": 0,
        });
        let path = format!("/api/v1/conventions/{}/amendments", w.convention);
        let under = w.program(administrator(&w).account).post_json(&path, &body).expect(422).json();
        assert_eq!(under["code"], "fixed_share_under_lines");
        let refusal = |kind, minutes, cents| refused(app, |tx| allot(tx, clock, by, allotment(&w, kind, minutes, cents)));
        let over = refusal(ANALYSIS, 600, 60_100);
        assert_eq!(over.to_string(), "La part fixe de 2026 est de 4\u{202f}400,00\u{a0}€ et l’autre ligne en prend 3\u{202f}800,00\u{a0}€ : il reste 600,00\u{a0}€ pour celle-ci.");
        let under = refusal(ANALYSIS, 225, 60_000);
        assert_eq!(under.to_string(), "4\u{a0}h et 240,00\u{a0}€ d’analyse de la pratique sont déjà saisis ou validés en 2026 : la ligne ne peut pas descendre au-dessous.");
        assert!(matches!(refusal(ANALYSIS, 600, 23_999), AllotRefusal::UnderHeld { .. }));
        assert_eq!(refusal(ServiceType::Interview, 600, 0), AllotRefusal::Session);
        assert_eq!(refusal(TRAINING, 0, -928), AllotRefusal::Negative);
        assert_eq!(refusal(TRAINING, -15, 0), AllotRefusal::Quarters(Minutes(-15)));
        // nor is an amount so large that a sum with it would pass for a small one
        let line = json!({ "convention_id": w.convention, "budget_year_id": allotment(&w, TRAINING, 0, 0).year,
            "service": "training", "minutes": 1800, "cents": i64::MAX });
        let unreadable = w.program(administrator(&w).account).post_json("/api/v1/budget-lines", &line).expect(400).text();
        assert!(unreadable.contains("un montant va de"), "{unreadable}");
        let mut ada = app.signed_in(ADMINISTRATOR);
        let typed = [("year", line["budget_year_id"].as_str().unwrap()), ("kind", "training"), ("hours", "30 h"), ("euros", "92 233 720 368 547 758,07")];
        assert!(ada.post("/prestations/lignes", &typed).expect(422).words().contains("un montant en euros, par exemple 60,50"));
        done(app, |tx| allot(tx, clock, by, allotment(&w, ANALYSIS, 240, 24_000)));
        let full = not_entered(&w, &said(ANALYSIS, "2026-11-03", "09:00", 15));
        assert!(full.to_string().starts_with("Il reste 0\u{a0}h d’analyse de la pratique pour 2026"), "{full}");
        // an amendment may leave just what the lines share out
        let mut body = body;
        body["changes"][0]["amount_cents"] = json!(404_000);
        w.program(administrator(&w).account).post_json(&path, &body).expect(201);
    }

    /// Two hundred attempts of a quarter of an hour on ten hours, from twenty threads: forty fit.
    fn the_last_hours_of_a_line_are_given_once(app: &TestApp) {
        let w = ready(app);
        let (claire, barrier) = (w.psychologist(), Barrier::new(20));
        let (barrier, claire) = (&barrier, &claire);
        let attempt = |n: usize| {
            let at = format!("{:02}:{:02}", 8 + n % 40 / 4, n % 4 * 15);
            let said = said(ANALYSIS, &format!("2026-11-{:02}", 2 + n / 40), &at, 15);
            app.app.db.write(|tx| record(tx, &app.app.clock, claire, &said))
        };
        let attempt = &attempt;
        let outcomes: Vec<Result<ServiceId, Failure<AdmissionRefusal>>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..20).map(|thread| scope.spawn(move || {
                barrier.wait();
                (thread..200).step_by(20).map(attempt).collect::<Vec<_>>()
            })).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let full = |outcome: &&Result<_, _>| matches!(outcome, Err(Failure::Refused(AdmissionRefusal::Line(LineRefusal::Hours { .. }))));
        assert_eq!((outcomes.iter().filter(|o| o.is_ok()).count(), outcomes.iter().filter(full).count()), (40, 160));
        assert_eq!(held(&w, ANALYSIS), (part(600, 60_000), Part::NONE));
    }

    /// Forty attempts at the same hour: one has it, sessions and services together.
    fn the_same_hour_is_given_once(app: &TestApp) {
        let w = ready(app);
        let child = w.entrusted_child(w.chenove, "Zoé", "Exemple");
        let (claire, barrier) = (w.psychologist(), Barrier::new(20));
        let (barrier, claire) = (&barrier, &claire);
        let attempt = |n: usize| -> bool {
            if n.is_multiple_of(2) {
                let said = said(ANALYSIS, "2026-11-03", "09:00", 60);
                return app.app.db.write(|tx| record(tx, &app.app.clock, claire, &said)).is_ok();
            }
            let recording = psypre::sessions::record::Recording { child, slot: slot("2026-11-03", "09:30", 60), attendance: Attendance::Held, place: None };
            app.app.db.write(|tx| psypre::sessions::record::record(tx, &app.app.clock, &app.app.vault, claire, &recording)).is_ok()
        };
        let attempt = &attempt;
        let given: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..20).map(|thread| scope.spawn(move || {
                barrier.wait();
                (thread..40).step_by(20).filter(|n| attempt(*n)).count()
            })).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(given, 1);
    }

    /// Through pages and programs: who leads records and corrects, who administers decides on many at once and undoes.
    fn pages_and_programs_tell_the_same(app: &TestApp) {
        let w = ready(app);
        let mut claire = app.signed_in(CLAIRE);
        assert!(claire.get("/prestations").expect(200).words().contains("Aucune prestation encore"));
        let form = [
            ("kind", "practice_analysis"), ("service_on", "02/11/2026"), ("starts_at", "14:00"), ("duration", "120m"),
            ("place", "Maison des exemples"), ("participants", "9"), ("label", "Groupe de novembre"),
        ];
        let wrong: Vec<(&str, &str)> = form.iter().map(|(name, value)| if *name == "duration" { (*name, "50m") } else { (*name, *value) }).collect();
        let again = claire.post("/prestations/saisie", &wrong).expect(422);
        assert!(again.words().contains("par quarts d’heure") && again.text().contains("Groupe de novembre"), "{}", again.words());
        let page = claire.post("/prestations/saisie", &form).expect(303).location().to_owned();
        let shown = claire.get(&page).expect(200).words();
        for words in ["Analyse de la pratique, lundi 2 novembre de 14 h 00 à 16 h 00", "À valider", "9 participants", "120,00 € HT (2 h à 60,00 € l’heure), 120,00 € TTC", "8 h et 480,00 € TTC sur la ligne 2026", "Tous les PRE"] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        let own = claire.get(&page).expect(200).text();
        assert!(own.contains(&format!("{page}/correction")) && !own.contains(&format!("{page}/refus")), "who leads corrects");
        claire.post(&format!("{page}/validation"), &[]).expect(403);
        app.signed_in(DENIS).get(&page).expect(404);

        let mut program = w.program(w.claire_account);
        let body = json!({
            "service": "practice_analysis", "service_on": "2026-11-03", "starts_at": "14:00:00", "duration_minutes": 60,
            "place": "Maison des exemples", "participants": 9, "label": "Groupe de novembre", "programme_ids": [w.chenove],
        });
        let made = program.post_json("/api/v1/services", &body).expect(200).json();
        assert_eq!((made["state"].as_str(), made["gross_cents"].as_i64()), (Some("recorded"), Some(6000)));
        let listed = program.get("/api/v1/services?state=recorded").expect(200).json();
        assert_eq!(listed["total"], 2);

        let mut ada = app.signed_in(ADMINISTRATOR);
        let list = ada.get("/prestations?etat=recorded").expect(200);
        assert!(list.words().contains("2 prestations attendent votre décision") && list.words().contains("Claire Essai"), "{}", list.words());
        let first = page.rsplit('/').next().unwrap();
        let both = [("service", first), ("service", made["id"].as_str().unwrap())];
        ada.post("/prestations/validations", &both).expect(303);
        assert_eq!(held(&w, ANALYSIS), (Part::NONE, part(180, 18_000)));
        assert!(mails_of(&w, CLAIRE).iter().any(|(kind, _)| kind == "services_approved"));
        let undo = format!("/prestations/validations/annulation/{}", app.app.clock.now().utc().timestamp_micros());
        ada.post(&undo, &[]).expect(303);
        assert_eq!(held(&w, ANALYSIS), (part(180, 18_000), Part::NONE));
        ada.post(&format!("{page}/refus"), &[("reason", "")]).expect(422);
        ada.post(&format!("{page}/refus"), &[("reason", "La feuille de présence manque")]).expect(303);
        assert!(claire.get(&page).expect(200).words().contains("« La feuille de présence manque »"));
        assert!(mails_of(&w, CLAIRE).iter().all(|(_, text)| !text.contains("feuille") && !text.contains("Groupe")));
        claire.post(&format!("{page}/correction"), &form).expect(303);
        claire.post(&format!("{page}/abandon"), &[]).expect(303);
        assert_eq!(held(&w, ANALYSIS), (part(60, 6000), Part::NONE));

        let lines = ada.get("/prestations/lignes").expect(200).words();
        assert!(lines.contains("part fixe de 4 400,00 €") && lines.contains("Reste 9 h sur 10 h"), "{lines}");
        let year = app.read(|conn| budget_years::table.filter(budget_years::label.eq("2026")).select(budget_years::id).first::<psypre::ids::BudgetYearId>(conn)).to_string();
        let set = [("year", year.as_str()), ("kind", "practice_analysis"), ("hours", "12 h"), ("euros", "500")];
        ada.post("/prestations/lignes", &set).expect(303);
        let answer = w.program(administrator(&w).account).get("/api/v1/budget-lines").expect(200).json();
        let analysis = answer.as_array().unwrap().iter().find(|line| line["service"] == "practice_analysis").unwrap().clone();
        assert_eq!((analysis["allotted_minutes"].as_i64(), analysis["left_minutes"].as_i64(), analysis["left_cents"].as_i64()), (Some(720), Some(660), Some(44_000)));
    }

    /// Whatever is done in whatever order, what a line holds is what its services say, and stays within it.
    fn any_sequence_keeps_the_lines_true(app: &TestApp) {
        let w = ready(app);
        let second = app.account("adele@example.org", "Adèle Administration", &[(Role::Administrator, None)]);
        let (clock, claire, ada) = (&app.app.clock, w.psychologist(), Administrator { account: second });
        let reason = Reason::new("À revoir").unwrap();
        let steps = proptest::collection::vec((0_usize..6, 0_usize..8, 1_i32..17), 1..25);
        let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
        let outcome = runner.run(&steps, |steps| {
            let known: Vec<ServiceId> = app.read(|conn| services::table.order(services::id).select(services::id).load(conn));
            let mut known = known;
            for (step, which, quarters) in steps {
                let said = said(ANALYSIS, &format!("2026-11-{:02}", 2 + which), "08:00", quarters * 15);
                let Some(id) = known.get(which).copied().filter(|_| step > 0) else {
                    if let Ok(id) = app.app.db.write(|tx| record(tx, clock, &claire, &said)) {
                        known.push(id);
                    }
                    continue;
                };
                match step {
                    1 => drop(app.app.db.write(|tx| correct(tx, clock, &claire, id, &said))),
                    2 => drop(app.app.db.write(|tx| give_up(tx, clock, &claire, id))),
                    3 => drop(app.app.db.write(|tx| approve_many(tx, clock, &ada, &[id]))),
                    4 => drop(app.app.db.write(|tx| refuse(tx, clock, &ada, id, &reason))),
                    _ => drop(app.app.db.write(|tx| withdraw_approval(tx, clock, &ada, id, &reason))),
                }
            }
            let broken = app.read(checks::run);
            prop_assert!(broken.is_empty(), "{broken:?}");
            Ok(())
        });
        outcome.unwrap();
        let count = app.read(|conn| look_up::count(conn, Reader::from(&w.psychologist()), psypre::services::Filter::default()));
        assert!(count > 0);
    }

    /// Care under article 261 and practice analysis under 293 B: two invoices in sequence, from one gesture.
    fn care_and_franchise_make_two_invoices(app: &TestApp) {
        let w = ready(app);
        let (clock, claire) = (&app.app.clock, w.psychologist());
        october_session(&w, &claire);
        let analysis = approved(&w, &claire, &said(ANALYSIS, "2026-10-06", "14:00", 120));
        let waiting = enter(&w, &claire, &said(ANALYSIS, "2026-10-07", "14:00", 60));
        let seen = october(&w, &claire);
        let codes: Vec<&str> = seen.findings().iter().map(psypre::invoices::preflight::Finding::code).collect();
        assert_eq!(codes, ["several_invoices", "services_waiting"]);
        assert_eq!((seen.items(), seen.gross(), seen.time()), (2, Cents(18_000), Minutes(180)));
        let mut browser = app.signed_in(CLAIRE);
        let page = browser.get("/factures/apercu?mois=2026-10").expect(200).words();
        for words in ["1 séance et 1 prestation, 3 h", "2 factures seront émises ensemble", "Facture 1 : 60,00 €", "Facture 2 : 120,00 €", "Commun aux PRE"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        let page = browser.get(&format!("/factures/emission?mois=2026-10&convention={}", w.convention)).expect(200).words();
        assert!(page.contains("2 factures, de 60,00 € et 120,00 €") && page.contains("Émettre les 2 factures"), "{page}");
        let convention = w.convention.to_string();
        let form = [("mois", "2026-10"), ("convention", convention.as_str()), ("sessions", "2"), ("gross", "18000")];
        let changed = [form[0], form[1], ("sessions", "3"), form[3]];
        assert!(browser.post("/factures", &changed).expect(422).words().contains("ont changé"));
        browser.post("/factures", &form).expect(303);
        let [care, franchise] = two(&w, &claire);
        assert_eq!((care.number.as_str(), care.net, care.vat, care.gross), ("F2026-0001", Cents(6000), Cents::ZERO, Cents(6000)));
        assert_eq!((franchise.number.as_str(), franchise.net, franchise.vat, franchise.gross), ("F2026-0002", Cents(12_000), Cents::ZERO, Cents(12_000)));
        let (first, second) = (xml(&w, &care, "exempt"), xml(&w, &franchise, "franchise"));
        assert!(first.contains("VATEX-FR-CGI261-4") && !first.contains("FRANCHISE"), "{first}");
        assert!(second.contains("VATEX-FR-FRANCHISE") && !second.contains("CGI261") && second.contains("Analyse de la pratique"), "{second}");
        assert!(!second.contains("référents") && !second.contains("Salle"), "{second}");
        let content = app.read(|conn| invoices::content(conn, franchise.id)).statement.unwrap();
        assert_eq!((content.rows.len(), content.services.len(), content.services[0].participants), (0, 1, 8));
        assert_eq!((phase(&w, analysis), phase(&w, waiting)), (Phase::Invoiced, Phase::Recorded));
        let reason = Reason::new("Trop tard").unwrap();
        let frozen = refused(app, |tx| withdraw_approval(tx, clock, &administrator(&w), analysis, &reason));
        assert!(frozen.to_string().contains("Seul un avoir"), "{frozen}");

        // the credit note frees its service, and the new invoice bills it with what was approved since
        done(app, |tx| approve(tx, clock, &administrator(&w), waiting));
        let made = done(app, |tx| psypre::invoices::reissue::reissue(tx, clock, &claire, franchise.id, "Le libellé"));
        let (note, again) = app.read(|conn| Ok((invoices::load(conn, made.credit_note)?, invoices::load(conn, made.invoice)?)));
        assert_eq!((note.number.as_str(), note.gross, again.number.as_str(), again.gross), ("F2026-0003", Cents(12_000), "F2026-0004", Cents(18_000)));
        xml(&w, &note, "franchise-credit");
        assert_eq!((phase(&w, analysis), phase(&w, waiting)), (Phase::Invoiced, Phase::Invoiced));
        assert_eq!(held(&w, ANALYSIS), (Part::NONE, part(180, 18_000)));
    }

    /// Care and 20 % share an invoice: 60 € exempt, 210 € and 42 € of tax.
    fn care_and_twenty_percent_share_an_invoice(app: &TestApp) {
        let w = ready(app);
        let denis = denis(&w);
        october_session(&w, &denis);
        approved(&w, &denis, &said(TRAINING, "2026-10-06", "09:00", 210));
        let seen = october(&w, &denis);
        assert_eq!((seen.parts.len(), seen.findings().len()), (1, 0), "{:?}", seen.findings());
        let id = done(app, |tx| issue(tx, &app.app.clock, Issuance::Own(&denis), order(&w)));
        let invoice = app.read(|conn| invoices::load(conn, id));
        assert_eq!((invoice.net, invoice.vat, invoice.gross), (Cents(27_000), Cents(4200), Cents(31_200)));
        let text = xml(&w, &invoice, "mixed");
        for words in ["VATEX-FR-CGI261-4", "<ram:CalculatedAmount>42.00</ram:CalculatedAmount>", "<ram:BasisAmount>210.00</ram:BasisAmount>", "<ram:GrandTotalAmount>312.00</ram:GrandTotalAmount>"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let lines = app.read(|conn| invoices::lines(conn, id));
        let told: Vec<_> = lines.iter().map(|line| (line.shown.programme.as_str(), line.service, line.counted())).collect();
        assert_eq!(told, [("PRE de Chenôve", ServiceType::Interview, "1".to_owned()), ("Commun aux PRE", TRAINING, "1\u{a0}prestation".to_owned())]);
        assert_eq!((lines[0].programme, lines[1].programme), (Some(w.chenove), None));

        let export = app.read(|conn| psypre::exports::look_up::month(conn, &app.app.clock, october_month()));
        let totals = export.totals();
        assert_eq!((totals.sessions, totals.time, totals.net, totals.vat), (1, Minutes(270), Cents(27_000), Cents(4200)));
        let names: Vec<_> = export.by_programme().into_iter().map(|one| (one.name, one.net)).collect();
        assert_eq!(names, [("Commun aux PRE".to_owned(), Cents(21_000)), ("PRE de Chenôve".to_owned(), Cents(6000))]);
        let mut accountant = app.signed_in(crate::support::world::ACCOUNTANT);
        let csv = accountant.get("/api/v1/exports/invoices?month=2026-10&format=json").expect(200).text();
        assert!(csv.contains("Commun aux PRE") && csv.contains("training") && !csv.contains("référents"), "{csv}");
        for format in ["csv", "xlsx", "zip"] {
            accountant.get(&format!("/exports/2026-10.{format}")).expect(200);
        }
        accountant.get(&format!("/factures/{id}")).expect(200);
    }

    /// One regime only: a provider who sees no child bills services alone.
    fn services_alone_make_an_invoice(app: &TestApp) {
        let w = ready(app);
        let (claire, denis) = (w.psychologist(), denis(&w));
        approved(&w, &claire, &said(ANALYSIS, "2026-10-06", "14:00", 90));
        approved(&w, &denis, &said(TRAINING, "2026-10-06", "09:00", 420));
        for (who, name, sums) in [(&claire, "franchise-only", (9000, 0, 9000)), (&denis, "standard", (42_000, 8400, 50_400))] {
            let id = done(app, |tx| issue(tx, &app.app.clock, Issuance::Own(who), order(&w)));
            let invoice = app.read(|conn| invoices::load(conn, id));
            assert_eq!((invoice.net.0, invoice.vat.0, invoice.gross.0), sums, "{name}");
            xml(&w, &invoice, name);
        }
        let both = refused(app, |tx| issue(tx, &app.app.clock, Issuance::Own(&denis), order(&w)));
        assert_eq!(both.code(), "nothing_to_invoice");
    }

    /// Practice analysis and training take no registration, care does: the page, the verb and the database say so.
    fn who_is_not_registered_bills_services_but_no_care(app: &TestApp) {
        let w = ready(app);
        let denis = denis(&w);
        let page = |address: &str| app.signed_in(DENIS).get(address).expect(200).words();
        register(&w, &denis, None);
        assert!(!page("/facturation").contains("Votre identité est incomplète"), "{}", page("/facturation"));
        let list = app.signed_in(ADMINISTRATOR).get("/psychologues").expect(200).words();
        assert!(list.contains("Complète, hors séances"), "{list}");
        approved(&w, &denis, &said(TRAINING, "2026-10-06", "09:00", 420));
        let services = done(app, |tx| issue(tx, &app.app.clock, Issuance::Own(&denis), order(&w)));
        let invoice = app.read(|conn| invoices::load(conn, services));
        let xml = xml(&w, &invoice, "unregistered");
        assert!(!xml.contains("RPPS") && !xml.contains("ADELI"), "{xml}");

        october_session(&w, &denis);
        let refusal = refused(app, |tx| issue(tx, &app.app.clock, Issuance::Own(&denis), order(&w)));
        assert_eq!(refusal.code(), "rpps");
        let told = "les séances d’enfants ne se facturent pas sans lui";
        assert!(refusal.to_string().contains(told), "{refusal}");
        for address in ["/factures/apercu?mois=2026-10", "/facturation"] {
            assert!(page(address).contains(told), "{address}: {}", page(address));
        }
        assert!(page("/factures").contains("1 point manque"), "{}", page("/factures"));
        let care = |vat: &str, kind: ServiceType| {
            let programme = (kind == ServiceType::Interview).then_some(w.chenove);
            app.app.db.write::<_, psypre::db::DbError>(|tx| {
                let row = (
                    (invoice_lines::invoice_id.eq(services), invoice_lines::position.eq(2)),
                    (invoice_lines::programme_id.eq(programme), invoice_lines::service_type.eq(kind)),
                    (invoice_lines::session_count.eq(1), invoice_lines::minutes.eq(60)),
                    (invoice_lines::hourly_cents.eq(6000), invoice_lines::net_cents.eq(6000)),
                    invoice_lines::vat_regime.eq(vat.to_owned()),
                );
                Ok(diesel::insert_into(invoice_lines::table).values(row).execute(&mut **tx)?)
            })
        };
        for (vat, kind) in [("exempt_care", ServiceType::Interview), ("franchise", ServiceType::Interview), ("exempt_care", TRAINING)] {
            let error = format!("{:?}", care(vat, kind).unwrap_err());
            assert!(error.contains("invoice_lines_registered"), "{vat} {kind:?}: {error}");
        }

        register(&w, &denis, Some("219300001"));
        let care = done(app, |tx| issue(tx, &app.app.clock, Issuance::Own(&denis), order(&w)));
        // the register changes later: what was billed can still be taken back
        register(&w, &denis, None);
        let credit = done(app, |tx| psypre::invoices::credit::credit(tx, &app.app.clock, &denis, care, "Erreur"));
        assert_eq!(app.read(|conn| invoices::load(conn, credit)).kind, psypre::invoices::InvoiceKind::CreditNote);
    }

    /// Who follows no child reads the lines of what they lead, common to all, and their own euros.
    fn who_leads_services_alone_sees_their_part_of_the_year(app: &TestApp) {
        let w = ready(app);
        let denis = denis(&w);
        approved(&w, &denis, &said(TRAINING, "2026-10-06", "09:00", 210));
        enter(&w, &w.psychologist(), &said(ANALYSIS, "2026-11-03", "14:00", 60));
        let page = app.signed_in(DENIS).get("/annee").expect(200).words();
        // 30 h − 3 h 30; 3 800 − 252
        for words in ["Formation Reste 26 h 30 sur 30 h", "3 800,00 €", "3 548,00 €", "Euros de vos prestations", "252,00 €"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        for words in ["Analyse de la pratique", "Heures par PRE", "ne fixe pas d’heures", "Lire le bilan"] {
            assert!(!page.contains(words), "{words}: {page}");
        }
        let answer = w.program(denis.account).get("/api/v1/budgets").expect(200).json();
        let services = &answer[0]["services"];
        assert_eq!((&services[0]["allotted_minutes"], &services[1]["allotted_minutes"]), (&json!(0), &json!(1800)));
        assert_eq!(services[1]["money"]["committed_cents"], 25_200);
        assert!(answer[0]["whole"].is_null() && answer[0]["fixed_share"].is_null(), "{answer}");
        app.write(|tx| diesel::delete(psypre::schema::vat_regimes::table).execute(&mut **tx));
        app.write(|tx| diesel::update(services::table).set(services::psychologist_id.eq(w.claire)).execute(&mut **tx));
        let page = app.signed_in(DENIS).get("/annee").expect(200).words();
        assert!(page.contains("Aucun exercice à montrer"), "{page}");
    }

    /// A line of each type: fixed, committed, invoiced, paid, in hours and in euros with tax.
    fn the_year_shows_their_lines(app: &TestApp) {
        let w = ready(app);
        let (clock, claire, denis) = (&app.app.clock, w.psychologist(), denis(&w));
        approved(&w, &claire, &said(ANALYSIS, "2026-10-06", "14:00", 120));
        enter(&w, &claire, &said(ANALYSIS, "2026-11-03", "14:00", 60));
        approved(&w, &denis, &said(TRAINING, "2026-10-06", "09:00", 210));
        done(app, |tx| issue(tx, clock, Issuance::Own(&claire), order(&w)));
        let id = done(app, |tx| issue(tx, clock, Issuance::Own(&denis), order(&w)));
        let who = psypre::accounts::Accountant { account: administrator(&w).account };
        done(app, |tx| psypre::invoices::deposit::deposit(tx, clock, &who, id, day("2026-11-20")));
        done(app, |tx| psypre::invoices::order_payment::order_payment(tx, clock, &who, id, day("2026-11-20")));
        done(app, |tx| psypre::invoices::pay::pay(tx, clock, &who, id, day("2026-11-20")));
        let answer = w.program(administrator(&w).account).get("/api/v1/budgets").expect(200).json();
        assert_eq!(answer[0]["services"], json!([
            {
                "service": "practice_analysis", "allotted_minutes": 600, "reserved_minutes": 60, "used_minutes": 120,
                "money": { "budgeted_cents": 60_000, "committed_cents": 6000, "invoiced_cents": 12_000, "paid_cents": 0 },
            },
            {
                "service": "training", "allotted_minutes": 1800, "reserved_minutes": 0, "used_minutes": 210,
                "money": { "budgeted_cents": 380_000, "committed_cents": 0, "invoiced_cents": 25_200, "paid_cents": 25_200 },
            },
        ]));
        assert_eq!(answer[0]["fixed_share"]["invoiced_cents"], 37_200);
        let page = app.signed_in(ADMINISTRATOR).get("/annee").expect(200).words();
        // 10 h − 3 h; 600 − 60 − 120; 3 800 − 252; 20 000 − 60 − 372
        for words in ["Analyse de la pratique Reste 7 h sur 10 h", "420,00 €", "3 548,00 €", "19 568,00 €"] {
            assert!(page.contains(words), "{words}: {page}");
        }
    }
}

fn october_month() -> Month {
    Month::parse("2026-10").unwrap()
}

fn order(w: &World<'_>) -> Order {
    Order { month: october_month(), convention: w.convention, seen: None }
}

fn october(w: &World<'_>, who: &Psychologist) -> psypre::invoices::preview::Preview {
    w.app.read(|conn| psypre::invoices::preview::preview(conn, &w.app.app.clock, who.id, october_month(), w.convention))
}

/// Gives a provider an ADELI number as their only registration, or none.
fn register(w: &World<'_>, who: &Psychologist, adeli: Option<&str>) {
    let none: Option<&str> = None;
    w.app.write(|tx| {
        diesel::update(psychologists::table.find(who.id))
            .set((psychologists::rpps.eq(none), psychologists::adeli.eq(adeli)))
            .execute(&mut **tx)
    });
}

/// An hour with a child of Chenôve, approved.
fn october_session(w: &World<'_>, who: &Psychologist) {
    let child = w.child(w.chenove, "Zoé", "Exemple");
    w.referral(child, who.id, 600);
    let recording = psypre::sessions::record::Recording {
        child,
        slot: slot("2026-10-05", "09:00", 60),
        attendance: Attendance::Held,
        place: None,
    };
    let (clock, vault) = (&w.app.app.clock, &w.app.app.vault);
    let id = done(w.app, |tx| psypre::sessions::record::record(tx, clock, vault, who, &recording));
    done(w.app, |tx| psypre::sessions::approve::approve(tx, clock, &w.coordinator(w.chenove), id));
}

/// The two invoices of somebody, by number.
fn two(w: &World<'_>, who: &Psychologist) -> [Invoice; 2] {
    let mut all = w.app.read(|conn| invoices::of_psychologist(conn, who.id));
    all.sort_by(|a, b| a.number.cmp(&b.number));
    all.try_into().unwrap()
}

/// The XML of an invoice; its files are left in a folder for the judges, when one is named.
fn xml(w: &World<'_>, invoice: &Invoice, name: &str) -> String {
    let get = |request| {
        w.app
            .app
            .db
            .read(|conn| psypre::invoices::files::file(conn, psypre::invoices::Reader::Accountant, invoice.id, request))
    };
    if let Some(folder) = std::env::var_os("INVOICE_PREVIEWS") {
        let folder = std::path::Path::new(&folder);
        std::fs::write(folder.join(format!("{name}.pdf")), get(FileRequest::FacturX).unwrap().bytes).unwrap();
        if let Ok(statement) = get(FileRequest::Statement) {
            std::fs::write(folder.join(format!("{name}-statement.pdf")), statement.bytes).unwrap();
        }
    }
    String::from_utf8(get(FileRequest::Cii).unwrap().bytes).unwrap()
}

/// What was frozen before there were services reads as before, and is written as before.
#[test]
fn what_was_frozen_before_stays_as_it_was() {
    let before = r#"{"invoice_number":"F2026-0001","issued_on":"2026-11-02","period_start":"2026-10-01","period_end":"2026-10-31","seller_name":"Claire Essai (EI)","seller_siret":"90000000100017","buyer_name":"Dijon Métropole","rows":[]}"#;
    let content: psypre::documents::StatementContent = serde_json::from_str(before).unwrap();
    assert!(content.services.is_empty());
    assert_eq!(serde_json::to_string(&content).unwrap(), before);
}
