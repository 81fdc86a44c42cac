//! Rejects an invoice, with the reason that the psychologist needs to correct it.

use serde_json::json;

use super::step::{Step, StepRefusal, begin, end};
use super::{InvoiceState, notices, store};
use crate::accounts::Accountant;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, refuse};
use crate::ids::InvoiceId;

const STEP: Step = Step {
    to: InvoiceState::Rejected,
    wanted: "seule une facture émise ou déposée peut être rejetée",
    action: "invoice.rejected",
    for_credit_notes: false,
};

/// Rejects an invoice today. Its sessions stay on it until a credit note takes it back.
///
/// # Errors
/// As [`StepRefusal`] says, when there is no such invoice, or when the database fails.
pub fn reject(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Accountant,
    id: InvoiceId,
    reason: &str,
) -> Result<(), Failure<StepRefusal>> {
    let (on, reason) = (clock.today(), reason.trim());
    let invoice = begin(tx, clock, id, STEP, on)?;
    if reason.is_empty() {
        return refuse(StepRefusal::NoReason);
    }
    let changed = store::set_rejected(tx, id, on, reason)?;
    end(tx, clock, who, &invoice, STEP, changed, json!({ "state": STEP.to, "on": on, "reason": reason }))?;
    Ok(notices::rejected(tx, clock, &invoice, reason)?)
}
