//! Records the payment order (*mandatement*) of an invoice.

use chrono::NaiveDate;
use serde_json::json;

use super::step::{Step, StepRefusal, begin, end};
use super::{InvoiceState, store};
use crate::accounts::Accountant;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::Failure;
use crate::ids::InvoiceId;

const STEP: Step = Step {
    to: InvoiceState::Ordered,
    wanted: "seule une facture déposée peut être mandatée",
    action: "invoice.ordered",
    for_credit_notes: false,
};

/// Records the payment order on a day.
///
/// # Errors
/// As [`StepRefusal`] says, when there is no such invoice, or when the database fails.
pub fn order_payment(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Accountant,
    id: InvoiceId,
    on: NaiveDate,
) -> Result<(), Failure<StepRefusal>> {
    let invoice = begin(tx, clock, id, STEP, on)?;
    let changed = store::set_ordered(tx, id, on)?;
    end(tx, clock, who, &invoice, STEP, changed, json!({ "state": STEP.to, "on": on }))
}
