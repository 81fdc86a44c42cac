//! Records the payment of an invoice.

use chrono::NaiveDate;
use serde_json::json;

use super::step::{Step, StepRefusal, begin, end};
use super::{InvoiceState, notices, store};
use crate::accounts::Accountant;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::Failure;
use crate::ids::InvoiceId;

const STEP: Step = Step {
    to: InvoiceState::Paid,
    wanted: "seule une facture mandatée peut être payée",
    action: "invoice.paid",
    for_credit_notes: false,
};

/// Records the payment on a day.
///
/// # Errors
/// As [`StepRefusal`] says, when there is no such invoice, or when the database fails.
pub fn pay(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Accountant,
    id: InvoiceId,
    on: NaiveDate,
) -> Result<(), Failure<StepRefusal>> {
    let invoice = begin(tx, clock, id, STEP, on)?;
    let changed = store::set_paid(tx, id, on)?;
    end(tx, clock, who, &invoice, STEP, changed, json!({ "state": STEP.to, "on": on }))?;
    Ok(notices::paid(tx, clock, &invoice, on)?)
}
