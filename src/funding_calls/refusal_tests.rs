//! What programs read of a refusal about a funding call, and the field that a page shows it beside.

use super::draft::DraftRefusal;
use super::receive::ReceiveRefusal;
use super::reverse::ReverseRefusal;
use super::send::SendRefusal;
use crate::documents::DocumentError;
use crate::failure::assert_told;
use crate::money::Cents;

#[test]
fn a_refused_receipt_stands_beside_its_field() {
    let day: chrono::NaiveDate = "2026-11-02".parse().unwrap();
    assert_told(&[
        (&ReceiveRefusal::NotSent, "call_not_sent", None),
        (&ReceiveRefusal::AllReceived, "call_received", None),
        (&ReceiveRefusal::NotPositive, "amount_not_positive", Some("amount")),
        (&ReceiveRefusal::TooMuch { owed: Cents(1), amount: Cents(2) }, "more_than_owed", Some("amount")),
        (&ReceiveRefusal::InTheFuture(day), "date_in_the_future", Some("received_on")),
        (&ReceiveRefusal::BeforeTheCall(day), "date_before_the_call", Some("received_on")),
        (&ReverseRefusal::AlreadyReversed, "receipt_already_reversed", None),
        (&ReverseRefusal::YearClosed { year: "2026".to_owned(), since: day }, "budget_year_closed", None),
        (&ReverseRefusal::NoReason, "reason_missing", Some("reason")),
        (&ReverseRefusal::LongReason(1), "reason_too_long", Some("reason")),
    ]);
}

#[test]
fn a_refused_call_has_a_name() {
    assert_told(&[
        (&DraftRefusal::NobodyToCall, "nobody_to_call", None),
        (&SendRefusal::AlreadySent(String::new()), "call_already_sent", None),
        (&SendRefusal::AmountChanged(Cents(1)), "amount_changed", None),
        (&SendRefusal::NothingOwed, "nothing_owed", None),
        (&SendRefusal::Address(String::new()), "address", Some("to")),
        (&SendRefusal::Document(DocumentError::NoLine), "letter_not_made", None),
    ]);
}
