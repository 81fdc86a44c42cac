//! The administrator takes an approval back before any invoice, for a reason: what was used is reserved again.

use crate::accounts::Administrator;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::ServiceId;
use crate::services::{Phase, Reader, Service, State, facts, ledger, store};
use crate::sessions::{DecisionKind, Reason, Stamp};
use crate::sql_types::Ts;

/// Why an approval is not withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawRefusal {
    /// It stands elsewhere.
    #[error("Cette prestation {} : il n’y a pas de validation à retirer. {}", phase.clause(), what_instead(*phase))]
    NotApproved {
        /// Where it stands.
        phase: Phase,
    },
}

fn what_instead(phase: Phase) -> &'static str {
    match phase {
        Phase::Recorded => "Vous pouvez la refuser.",
        Phase::Invoiced => "Seul un avoir corrige une facture.",
        _ => "Il n’y a rien à faire.",
    }
}

impl Refusal for WithdrawRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotApproved { .. } => "service_not_approved",
        }
    }
}

/// Withdraws the approval of a service: it waits for approval again.
///
/// # Errors
/// When there is none, or it is not approved, or is invoiced already.
pub fn withdraw_approval(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    id: ServiceId,
    reason: &Reason,
) -> Result<(), Failure<WithdrawRefusal>> {
    let before = facts::load_alone(tx, Reader::from(who), id)?;
    let phase = before.state.phase();
    if phase != Phase::Approved {
        return refuse(WithdrawRefusal::NotApproved { phase });
    }
    let stamp = Stamp { by: who.account, at: clock.now() };
    facts::keep_decision(tx, &before, (DecisionKind::Withdrawal, Some(reason)), stamp)?;
    ledger::reopen(tx, before.line, before.part())?;
    let after = Service { state: State::Recorded, ..before.clone() };
    store::change(tx, phase, &after)?;
    Ok(facts::write(tx, clock, who.account, "service.approval_withdrawn", Some(&before), &after)?)
}

/// Withdraws all that the administrator approved at one instant and that is not invoiced yet. Gives how many.
///
/// # Errors
/// When the database fails.
pub fn undo_approvals(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    at: Ts,
) -> Result<usize, Failure<WithdrawRefusal>> {
    let ids = store::approved_at(tx, who.account, at)?;
    store::lock_lines_of(tx, &ids)?;
    let reason = Reason::undone();
    for id in &ids {
        withdraw_approval(tx, clock, who, *id, &reason)?;
    }
    Ok(ids.len())
}
