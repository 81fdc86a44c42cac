//! Records that the buyer received an invoice: from that day run the thirty days.

use chrono::NaiveDate;
use serde_json::json;

use super::step::{Step, StepRefusal, begin, end};
use super::{InvoiceState, due_on, store};
use crate::accounts::Accountant;
use crate::clock::Clock;
use crate::conventions;
use crate::db::Tx;
use crate::failure::Failure;
use crate::ids::InvoiceId;

const STEP: Step = Step {
    to: InvoiceState::Deposited,
    wanted: "seule une facture émise peut être déposée",
    action: "invoice.deposited",
    for_credit_notes: true,
};

/// Records the deposit on a day (Chorus Pro's notification), and counts the due date from the later of it and of the
/// last approval of its sessions.
///
/// # Errors
/// As [`StepRefusal`] says, when there is no such invoice, or when the database fails.
pub fn deposit(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Accountant,
    id: InvoiceId,
    on: NaiveDate,
) -> Result<(), Failure<StepRefusal>> {
    let invoice = begin(tx, clock, id, STEP, on)?;
    let payment_days = conventions::look_up::buyer(tx, invoice.convention)?.payment_days;
    let due_on = due_on(on, store::service_done_on(tx, id)?, payment_days);
    let changed = store::set_deposited(tx, id, on, due_on)?;
    let after = json!({ "state": STEP.to, "on": on, "due_on": due_on });
    end(tx, clock, who, &invoice, STEP, changed, after)
}
