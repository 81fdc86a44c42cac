//! A coordinator refuses to certify a session, for a reason: its minutes are given back until it is corrected.

use crate::accounts::Approver;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal};
use crate::hours::Minutes;
use crate::ids::SessionId;
use crate::sessions::{DecisionKind, Phase, Reason, Session, Stamp, Viewer, admission, facts, notices, store};

/// Why a session is not refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefuseRefusal {
    /// It stands elsewhere.
    #[error("Cette séance {} : elle ne se refuse pas. {}", phase.clause(), what_instead(*phase))]
    NotRecorded {
        /// Where it stands.
        phase: Phase,
    },
}

fn what_instead(phase: Phase) -> &'static str {
    match phase {
        Phase::Booked => "Annulez le rendez-vous s’il n’a pas lieu.",
        Phase::Approved => "Retirez d’abord la validation.",
        Phase::Invoiced => "Seul un avoir corrige une facture.",
        _ => "Il n’y a rien à faire.",
    }
}

impl Refusal for RefuseRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotRecorded { .. } => "session_not_recorded",
        }
    }
}

/// Refuses a recorded session of the coordinator's programmes.
///
/// # Errors
/// When it is not theirs, or stands elsewhere.
pub fn refuse(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: impl Into<Approver>,
    id: SessionId,
    reason: &Reason,
) -> Result<(), Failure<RefuseRefusal>> {
    let who = &who.into();
    let before = facts::load_alone(tx, &Viewer::from(who).scope, id)?;
    let stamp = Stamp { by: who.account, at: clock.now() };
    let Ok(state) = before.state.clone().refused(stamp, reason.as_str().to_owned()) else {
        return crate::failure::refuse(RefuseRefusal::NotRecorded { phase: before.state.phase() });
    };
    facts::keep_decision(tx, &before, (DecisionKind::Refusal, Some(reason)), who, stamp)?;
    admission::give_back(tx, &before)?;
    let after = Session { quota_minutes: Minutes::ZERO, billed_minutes: Minutes::ZERO, state, ..before.clone() };
    store::change(tx, Phase::Recorded, &after)?;
    facts::write(tx, clock, who.account, "session.refused", Some(&before), &after)?;
    Ok(notices::refused(tx, clock, &after)?)
}
