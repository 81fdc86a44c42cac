//! What programs read of a refusal about an invoice, and the field that a page shows it beside.

use super::credit::CreditRefusal;
use super::freeze::FreezeRefusal;
use super::issue::IssueRefusal;
use super::preflight::Finding;
use super::reissue::ReissueRefusal;
use super::step::StepRefusal;
use crate::calendar::Month;
use crate::documents::DocumentError;
use crate::failure::assert_told;

fn freeze() -> FreezeRefusal {
    FreezeRefusal::Document(DocumentError::NoLine)
}

#[test]
fn a_refused_step_stands_beside_its_field() {
    let day: chrono::NaiveDate = "2026-11-02".parse().unwrap();
    assert_told(&[
        (&StepRefusal::NotFrom { title: String::new(), state: "payée", wanted: "déposée" }, "invoice_state", None),
        (&StepRefusal::CreditNote, "credit_note_not_paid", None),
        (&StepRefusal::InTheFuture(day), "date_in_the_future", Some("on")),
        (&StepRefusal::BeforeThePrevious { on: day, previous: day }, "date_before_previous_step", Some("on")),
        (&StepRefusal::NoReason, "reason_missing", Some("reason")),
    ]);
}

#[test]
fn a_refused_invoice_or_credit_note_has_a_name() {
    let month = Month::of("2026-10-05".parse().unwrap());
    assert_told(&[
        (&IssueRefusal::Preflight(vec![Finding::Nothing(month), Finding::BuyerSiret]), "nothing_to_invoice", None),
        (&IssueRefusal::Changed, "preview_changed", None),
        (&IssueRefusal::WhichConvention(month), "several_conventions", None),
        (&IssueRefusal::NoMandate(String::new()), "no_billing_mandate", None),
        (&IssueRefusal::Freeze(freeze()), "invoice_not_written", None),
        (&CreditRefusal::CreditNote, "credit_note_not_credited", None),
        (&CreditRefusal::NotFrom { number: String::new(), state: "payée" }, "invoice_state", None),
        (&CreditRefusal::NoReason, "reason_missing", Some("reason")),
        (&CreditRefusal::Freeze(freeze()), "credit_note_not_written", None),
        (&ReissueRefusal::Credit(CreditRefusal::NoReason), "reason_missing", Some("reason")),
        (&ReissueRefusal::Issue(IssueRefusal::Changed), "preview_changed", None),
    ]);
}
