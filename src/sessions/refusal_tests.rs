//! What programs read of a refusal about a session, and the field that a page shows it beside.

use chrono::{NaiveDate, NaiveTime};

use super::admission::AdmissionRefusal;
use super::approve::ApproveRefusal;
use super::book::BookRefusal;
use super::book_many::ManyRefused;
use super::cancel::CancelRefusal;
use super::correct::CorrectRefusal;
use super::record::RecordRefusal;
use super::record_usual::RecordUsualRefusal;
use super::refuse::RefuseRefusal;
use super::reschedule::MoveRefusal;
use super::undo_record::UndoRecordRefusal;
use super::withdraw::WithdrawRefusal;
use super::{Phase, Slot, SlotRefusal};
use crate::calendar::Month;
use crate::children::eligibility::EligibilityRefusal;
use crate::children::{ChildReference, ReferralRefusal};
use crate::failure::assert_told;
use crate::hours::Minutes;
use crate::quotas::QuotaRefusal;
use crate::requests::AnswerRefusal;

fn day() -> NaiveDate {
    "2026-10-05".parse().unwrap()
}

fn reference() -> ChildReference {
    ChildReference::new("CHE", 2026, 1)
}

fn slot() -> Slot {
    Slot::new(day(), NaiveTime::from_hms_opt(10, 0, 0).unwrap(), Minutes(60)).unwrap()
}

fn busy() -> AdmissionRefusal {
    AdmissionRefusal::ChildBusy { slot: slot() }
}

fn past() -> BookRefusal {
    BookRefusal::Past { slot: slot() }
}

#[test]
fn what_is_not_admitted_stands_beside_its_field() {
    let exhausted =
        || ReferralRefusal::Exhausted { reference: reference(), remaining: Minutes(15), asked: Minutes(60) };
    assert_told(&[
        (&AdmissionRefusal::Slot(SlotRefusal::Length { asked: Minutes(5) }), "session_length", Some("duration")),
        (
            &AdmissionRefusal::Slot(SlotRefusal::NoSuchTime { on: day(), time: NaiveTime::MIN }),
            "no_such_time",
            Some("starts_at"),
        ),
        (&AdmissionRefusal::OutsideConvention { on: day(), last_day: None }, "outside_convention", Some("session_on")),
        (
            &AdmissionRefusal::Eligibility(EligibilityRefusal::Closed { reference: reference(), closed_on: day() }),
            "child_closed",
            Some("child"),
        ),
        (
            &EligibilityRefusal::Age { reference: reference(), age: 20, on: day(), min: 2, max: 18 },
            "child_age",
            Some("session_on"),
        ),
        (&EligibilityRefusal::Referral(exhausted()), "referral_exhausted", Some("duration")),
        (&AdmissionRefusal::Referral(exhausted()), "referral_exhausted", Some("duration")),
        (&AdmissionRefusal::Quota(QuotaRefusal::NoQuota), "no_quota", Some("session_on")),
        (&AdmissionRefusal::PsychologistBusy { slot: slot() }, "psychologist_busy", Some("starts_at")),
        (&busy(), "child_busy", Some("starts_at")),
    ]);
}

#[test]
fn a_refused_booking_stands_beside_its_field() {
    let many = |asked, refused| ManyRefused { asked, refused };
    let unusual = || BookRefusal::Unusual { warnings: Vec::new() };
    assert!(many(2, vec![(day(), unusual())]).is_only_unusual());
    assert!(!many(2, vec![(day(), unusual()), (day(), past())]).is_only_unusual());
    assert_told(&[
        (&past(), "booking_in_the_past", Some("session_on")),
        (&unusual(), "booking_unusual", Some("session_on")),
        (&BookRefusal::Request(AnswerRefusal::OtherChild), "request_of_another_child", Some("child")),
        (&BookRefusal::Admission(busy()), "child_busy", Some("starts_at")),
        // of one alone, what is the matter with it; of several, that they are refused
        (&many(1, vec![(day(), past())]), "booking_in_the_past", Some("session_on")),
        (&many(2, vec![(day(), past())]), "bookings_refused", None),
        (&MoveRefusal::NotBooked { phase: Phase::Recorded }, "session_not_booked", None),
        (&MoveRefusal::Many(many(1, vec![(day(), past())])), "booking_in_the_past", Some("session_on")),
        (&CancelRefusal::NotCancellable { phase: Phase::Invoiced }, "session_not_cancellable", None),
        (&CancelRefusal::NotTheirs { phase: Phase::Recorded }, "session_recorded_by_psychologist", None),
    ]);
}

#[test]
fn a_refused_record_stands_beside_its_field() {
    let month = Month::of(day());
    let not_started = || RecordRefusal::NotStarted { slot: slot() };
    assert_told(&[
        (&RecordRefusal::NotOver { slot: slot(), now: slot().starts_at }, "session_not_over", Some("starts_at")),
        (&not_started(), "session_not_started", Some("starts_at")),
        (&RecordRefusal::TooLate { month, until: day() }, "month_closed", Some("session_on")),
        (&RecordRefusal::NotBooked { phase: Phase::Cancelled }, "session_not_booked", None),
        (&RecordRefusal::Admission(busy()), "child_busy", Some("starts_at")),
        (&RecordUsualRefusal::TimeMissing { on: day() }, "start_missing", Some("starts_at")),
        (&RecordUsualRefusal::NoRoom { duration: Minutes(60) }, "no_free_time", Some("starts_at")),
        (&RecordUsualRefusal::Record(not_started()), "session_not_started", Some("starts_at")),
        (&CorrectRefusal::NotCorrectable { phase: Phase::Invoiced }, "session_not_correctable", None),
        (&CorrectRefusal::Record(not_started()), "session_not_started", Some("starts_at")),
        (&UndoRecordRefusal::NotRecorded { phase: Phase::Booked }, "session_not_recorded", None),
        (&UndoRecordRefusal::Admission(busy()), "child_busy", None),
    ]);
}

#[test]
fn a_refused_decision_has_a_name() {
    let phase = Phase::Booked;
    assert_told(&[
        (&ApproveRefusal::NotRecorded { phase }, "session_not_recorded", None),
        (&ApproveRefusal::OwnRecord, "own_record", None),
        (&RefuseRefusal::NotRecorded { phase }, "session_not_recorded", None),
        (&WithdrawRefusal::NotApproved { phase }, "session_not_approved", None),
    ]);
}

#[test]
fn a_refused_decision_says_what_to_do_instead() {
    let cancel = |phase| CancelRefusal::NotCancellable { phase }.to_string();
    let correct = |phase| CorrectRefusal::NotCorrectable { phase }.to_string();
    let refuse = |phase| RefuseRefusal::NotRecorded { phase }.to_string();
    let withdraw = |phase| WithdrawRefusal::NotApproved { phase }.to_string();
    for (said, instead) in [
        (cancel(Phase::Approved), "La coordination peut retirer la validation."),
        (cancel(Phase::Invoiced), "Seul un avoir corrige une facture."),
        (cancel(Phase::Cancelled), "Il n’y a rien à faire."),
        (correct(Phase::Booked), "Annulez le rendez-vous et prenez-en un autre."),
        (correct(Phase::Approved), "Demandez à la coordination de retirer la validation."),
        (correct(Phase::Invoiced), "Seul un avoir corrige une facture."),
        (correct(Phase::Cancelled), "Enregistrez une nouvelle séance."),
        (refuse(Phase::Booked), "Annulez le rendez-vous s’il n’a pas lieu."),
        (refuse(Phase::Approved), "Retirez d’abord la validation."),
        (refuse(Phase::Invoiced), "Seul un avoir corrige une facture."),
        (refuse(Phase::Refused), "Il n’y a rien à faire."),
        (withdraw(Phase::Recorded), "Vous pouvez la refuser."),
        (withdraw(Phase::Invoiced), "Seul un avoir corrige une facture."),
        (withdraw(Phase::Booked), "Il n’y a rien à faire."),
    ] {
        assert!(said.ends_with(instead), "{said}");
    }
}
