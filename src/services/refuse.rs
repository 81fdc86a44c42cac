//! The administrator refuses to certify a service, for a reason: what it held is given back until it is corrected.

use crate::accounts::Administrator;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal};
use crate::ids::ServiceId;
use crate::services::{Phase, Reader, Service, State, facts, ledger, notices, store};
use crate::sessions::{DecisionKind, Reason, Stamp};

/// Why a service is not refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefuseRefusal {
    /// It stands elsewhere.
    #[error("Cette prestation {} : elle ne se refuse pas. {}", phase.clause(), what_instead(*phase))]
    NotRecorded {
        /// Where it stands.
        phase: Phase,
    },
}

fn what_instead(phase: Phase) -> &'static str {
    match phase {
        Phase::Approved => "Retirez d’abord la validation.",
        Phase::Invoiced => "Seul un avoir corrige une facture.",
        _ => "Il n’y a rien à faire.",
    }
}

impl Refusal for RefuseRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotRecorded { .. } => "service_not_recorded",
        }
    }
}

/// Refuses a recorded service, and tells who gave it.
///
/// # Errors
/// When there is none, or it stands elsewhere.
pub fn refuse(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    id: ServiceId,
    reason: &Reason,
) -> Result<(), Failure<RefuseRefusal>> {
    let before = facts::load_alone(tx, Reader::from(who), id)?;
    let phase = before.state.phase();
    if phase != Phase::Recorded {
        return crate::failure::refuse(RefuseRefusal::NotRecorded { phase });
    }
    let stamp = Stamp { by: who.account, at: clock.now() };
    facts::keep_decision(tx, &before, (DecisionKind::Refusal, Some(reason)), stamp)?;
    ledger::release(tx, before.line, before.part())?;
    let after = Service { state: State::Refused(stamp, reason.as_str().to_owned()), ..before.clone() };
    store::change(tx, phase, &after)?;
    facts::write(tx, clock, who.account, "service.refused", Some(&before), &after)?;
    Ok(notices::refused(tx, clock, &after)?)
}
