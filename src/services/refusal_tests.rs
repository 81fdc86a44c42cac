//! What programs read of a refusal about a service, and the field that a page shows it beside.

use chrono::{NaiveDate, NaiveTime};

use super::admission::AdmissionRefusal;
use super::allot::AllotRefusal;
use super::approve::ApproveRefusal;
use super::correct::CorrectRefusal;
use super::give_up::GiveUpRefusal;
use super::ledger::LineRefusal;
use super::refuse::RefuseRefusal;
use super::withdraw_approval::WithdrawRefusal;
use super::{Part, Phase, Slot};
use crate::calendar::Month;
use crate::conventions::ServiceType;
use crate::failure::assert_told;
use crate::hours::Minutes;
use crate::money::Cents;

fn line() -> LineRefusal {
    LineRefusal::Hours { left: Minutes(15), asked: Minutes(60), what: String::new(), year: "2026".to_owned() }
}

#[test]
fn what_is_not_admitted_stands_beside_its_field() {
    let on: NaiveDate = "2026-10-05".parse().unwrap();
    let slot = Slot::new(on, NaiveTime::from_hms_opt(10, 0, 0).unwrap(), Minutes(60)).unwrap();
    let kind = ServiceType::Training;
    assert_told(&[
        (&AdmissionRefusal::Session, "service_of_a_child", Some("kind")),
        (&AdmissionRefusal::Length { asked: Minutes(5) }, "service_length", Some("duration")),
        (&AdmissionRefusal::NoSuchTime { on, time: NaiveTime::MIN }, "no_such_time", Some("starts_at")),
        (&AdmissionRefusal::NotOver { slot }, "service_not_over", Some("starts_at")),
        (&AdmissionRefusal::TooLate { month: Month::of(on), until: on }, "month_closed", Some("service_on")),
        (&AdmissionRefusal::NoLine { kind, on }, "no_budget_line", Some("service_on")),
        (&AdmissionRefusal::WhichConvention { kind, on }, "several_conventions", Some("convention")),
        (&AdmissionRefusal::NoRate { kind, on }, "rate_missing", Some("kind")),
        (&AdmissionRefusal::NoVatRegime { on }, "vat_regime_missing", Some("kind")),
        (&AdmissionRefusal::Participants, "participants", Some("participants")),
        (&AdmissionRefusal::Text { field: "label" }, "text_length", Some("label")),
        (&AdmissionRefusal::OtherProgramme, "programme_of_another_convention", Some("programmes")),
        (&AdmissionRefusal::Busy { slot }, "psychologist_busy", Some("starts_at")),
        (&AdmissionRefusal::Line(line()), "budget_line_hours_exhausted", Some("duration")),
        (
            &LineRefusal::Euros { left: Cents(1), asked: Cents(2), what: String::new(), year: "2026".to_owned() },
            "budget_line_euros_exhausted",
            Some("duration"),
        ),
    ]);
}

#[test]
fn what_is_not_allotted_stands_beside_its_field() {
    let year = || "2026".to_owned();
    let held = Part { time: Minutes(60), cost: Cents(6000) };
    assert_told(&[
        (&AllotRefusal::Session, "service_of_a_child", Some("kind")),
        (&AllotRefusal::Negative, "negative", Some("euros")),
        (&AllotRefusal::Quarters(Minutes(5)), "not_quarters", Some("hours")),
        (&AllotRefusal::UnderHeld { held, what: String::new(), year: year() }, "budget_line_under_held", Some("hours")),
        (
            &AllotRefusal::OverFixedShare { fixed: Cents(1), others: Cents(2), year: year() },
            "budget_line_over_fixed_share",
            Some("euros"),
        ),
    ]);
}

#[test]
fn a_refused_decision_has_a_name() {
    let phase = Phase::Invoiced;
    assert_told(&[
        (&CorrectRefusal::NotCorrectable { phase }, "service_not_correctable", None),
        (&CorrectRefusal::Admission(AdmissionRefusal::Participants), "participants", Some("participants")),
        (&GiveUpRefusal::Decided { phase }, "service_decided", None),
        (&ApproveRefusal::NotRecorded { phase }, "service_not_recorded", None),
        (&ApproveRefusal::OwnRecord, "own_record", None),
        (&RefuseRefusal::NotRecorded { phase }, "service_not_recorded", None),
        (&WithdrawRefusal::NotApproved { phase }, "service_not_approved", None),
    ]);
}

#[test]
fn a_refused_decision_says_what_to_do_instead() {
    let correct = |phase| CorrectRefusal::NotCorrectable { phase }.to_string();
    let give_up = |phase| GiveUpRefusal::Decided { phase }.to_string();
    let refuse = |phase| RefuseRefusal::NotRecorded { phase }.to_string();
    let withdraw = |phase| WithdrawRefusal::NotApproved { phase }.to_string();
    for (said, instead) in [
        (correct(Phase::Approved), "Demandez à la Métropole de retirer la validation."),
        (correct(Phase::Invoiced), "Seul un avoir corrige une facture."),
        (correct(Phase::Withdrawn), "Enregistrez une nouvelle prestation."),
        (give_up(Phase::Approved), "Demandez à la Métropole de retirer d’abord la validation."),
        (give_up(Phase::Invoiced), "Seul un avoir corrige une facture."),
        (give_up(Phase::Withdrawn), "Il n’y a rien à faire."),
        (refuse(Phase::Approved), "Retirez d’abord la validation."),
        (refuse(Phase::Invoiced), "Seul un avoir corrige une facture."),
        (refuse(Phase::Refused), "Il n’y a rien à faire."),
        (withdraw(Phase::Recorded), "Vous pouvez la refuser."),
        (withdraw(Phase::Invoiced), "Seul un avoir corrige une facture."),
        (withdraw(Phase::Refused), "Il n’y a rien à faire."),
    ] {
        assert!(said.ends_with(instead), "{said}");
    }
    for (phase, clause) in [
        (Phase::Recorded, "attend sa validation"),
        (Phase::Approved, "est validée"),
        (Phase::Refused, "est refusée"),
        (Phase::Withdrawn, "est retirée"),
        (Phase::Invoiced, "est facturée"),
    ] {
        assert!(refuse(phase).starts_with(&format!("Cette prestation {clause} : ")), "{}", refuse(phase));
    }
}
