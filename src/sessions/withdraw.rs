//! A coordinator takes an approval back before any invoice, for a reason: what was used is reserved again.

use crate::accounts::Approver;
use crate::children::ledger as referral_ledger;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::SessionId;
use crate::quotas::ledger as quota_ledger;
use crate::sessions::{DecisionKind, Phase, Reason, Session, Stamp, Viewer, facts, store};
use crate::sql_types::Ts;

/// Why an approval is not withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawRefusal {
    /// It stands elsewhere.
    #[error("Cette séance {} : il n’y a pas de validation à retirer. {}", phase.clause(), what_instead(*phase))]
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
            Self::NotApproved { .. } => "session_not_approved",
        }
    }
}

/// Withdraws the approval of a session of the coordinator's programmes: it waits for approval again.
///
/// # Errors
/// When it is not theirs, or is not approved, or is invoiced already.
pub fn withdraw(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: impl Into<Approver>,
    id: SessionId,
    reason: &Reason,
) -> Result<(), Failure<WithdrawRefusal>> {
    let who = &who.into();
    let before = facts::load_alone(tx, &Viewer::from(who).scope, id)?;
    let Ok(state) = before.state.clone().withdrawn() else {
        return refuse(WithdrawRefusal::NotApproved { phase: before.state.phase() });
    };
    let stamp = Stamp { by: who.account, at: clock.now() };
    facts::keep_decision(tx, &before, (DecisionKind::Withdrawal, Some(reason)), who, stamp)?;
    quota_ledger::reopen(tx, before.quota_id, before.quota_minutes)?;
    referral_ledger::reopen(tx, before.referral_id, before.quota_minutes)?;
    let after = Session { state, ..before.clone() };
    store::change(tx, Phase::Approved, &after)?;
    Ok(facts::write(tx, clock, who.account, "session.approval_withdrawn", Some(&before), &after)?)
}

/// Withdraws all that the coordinator approved at one instant and that is not invoiced yet. Gives how many.
///
/// # Errors
/// When the database fails.
pub fn undo_approvals(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: impl Into<Approver>,
    at: Ts,
) -> Result<usize, Failure<WithdrawRefusal>> {
    let who = &who.into();
    let ids = store::approved_at(tx, &Viewer::from(who).scope, who.account, at)?;
    for quota in store::quotas_of(tx, &ids)? {
        store::lock_quota(tx, quota)?;
    }
    let reason = Reason::undone();
    for id in &ids {
        withdraw(tx, clock, who, *id, &reason)?;
    }
    Ok(ids.len())
}
