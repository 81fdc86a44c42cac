//! What is not a child's session: recorded by who led it, approved by the administrator, within the budget lines.

use std::sync::Barrier;

use chrono::NaiveTime;
use diesel::prelude::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use psypre::accounts::{Administrator, Psychologist, Role};
use psypre::checks;
use psypre::conventions::{ServiceType, reopen_month};
use psypre::documents::VatRegime;
use psypre::failure::{Failure, Refusal};
use psypre::hours::Minutes;
use psypre::ids::{BudgetLineId, ServiceId};
use psypre::money::Cents;
use psypre::psychologists::DatedVatRegime;
use psypre::psychologists::set_vat_regime::set_vat_regime;
use psypre::schema::{accounts, budget_lines, budget_years, journal_entries, mails, psychologists, services};
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
                .set(psychologists::vat_number.eq("FR59900000001"))
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
        assert_eq!(done(app, |tx| approve(tx, clock, &ada, id)), Approval::AlreadyDone);
        assert_eq!(held(&w, ANALYSIS), (Part::NONE, part(240, 24_000)));
        assert_eq!(mails_of(&w, CLAIRE).iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), ["services_approved"]);
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

    /// At 72 € an hour with tax, 3 800 € pay for fifty-two hours and three quarters, whatever hours are left.
    fn euros_run_out_before_hours(app: &TestApp) {
        let w = ready(app);
        open_line(&w, TRAINING, 1800, 30_000);
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
    }

    /// A line is never set under what it holds, nor the lines over the fixed share of 4 400 €.
    fn lines_are_fixed_within_the_fixed_share(app: &TestApp) {
        let w = ready(app);
        let (clock, by) = (&app.app.clock, author(&administrator(&w)));
        approved(&w, &w.psychologist(), &said(ANALYSIS, "2026-11-02", "09:00", 240));
        let refusal = |kind, minutes, cents| refused(app, |tx| allot(tx, clock, by, allotment(&w, kind, minutes, cents)));
        let over = refusal(ANALYSIS, 600, 60_100);
        assert_eq!(over.to_string(), "La part fixe de 2026 est de 4\u{202f}400,00\u{a0}€ et l’autre ligne en prend 3\u{202f}800,00\u{a0}€ : il reste 600,00\u{a0}€ pour celle-ci.");
        let under = refusal(ANALYSIS, 225, 60_000);
        assert_eq!(under.to_string(), "4\u{a0}h et 240,00\u{a0}€ d’analyse de la pratique sont déjà saisis ou validés en 2026 : la ligne ne peut pas descendre au-dessous.");
        assert!(matches!(refusal(ANALYSIS, 600, 23_999), AllotRefusal::UnderHeld { .. }));
        assert_eq!(refusal(ServiceType::Interview, 600, 0), AllotRefusal::Session);
        done(app, |tx| allot(tx, clock, by, allotment(&w, ANALYSIS, 240, 24_000)));
        let full = not_entered(&w, &said(ANALYSIS, "2026-11-03", "09:00", 15));
        assert!(full.to_string().starts_with("Il reste 0\u{a0}h d’analyse de la pratique pour 2026"), "{full}");
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
            if n % 2 == 0 {
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
        for words in ["À valider", "9 participants", "120,00 € HT (2 h à 60,00 € l’heure), 120,00 € TTC", "8 h et 480,00 € TTC sur la ligne 2026", "Tous les PRE"] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
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
}
