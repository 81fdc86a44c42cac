//! What was just recorded by mistake is undone: a booked session is to come again, another is cancelled.

use crate::accounts::Psychologist;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::SessionId;
use crate::sessions::admission::{self, AdmissionRefusal};
use crate::sessions::cancel::{self, CancelRefusal};
use crate::sessions::{Phase, Session, Viewer, facts, store};

/// Why a recording is not undone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UndoRecordRefusal {
    /// It stands elsewhere.
    #[error("Cette séance {} : sa saisie ne s’annule plus.", phase.clause())]
    NotRecorded {
        /// Where it stands.
        phase: Phase,
    },
    /// The booked session holds more than its absence did, and it is no longer left.
    #[error(transparent)]
    Admission(#[from] AdmissionRefusal),
    /// It is not cancelled.
    #[error(transparent)]
    Cancel(#[from] CancelRefusal),
}

impl Refusal for UndoRecordRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotRecorded { .. } => "session_not_recorded",
            Self::Admission(refusal) => refusal.code(),
            Self::Cancel(refusal) => refusal.code(),
        }
    }
}

/// Undoes a recording that nobody has decided on.
///
/// # Errors
/// When it is not the psychologist's, stands elsewhere, or its minutes are no longer left.
pub fn undo_record(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    id: SessionId,
) -> Result<(), Failure<UndoRecordRefusal>> {
    let viewer = Viewer::from(who);
    let before = facts::load_alone(tx, &viewer.scope, id)?;
    let Ok(state) = before.state.clone().unrecorded() else {
        return refuse(UndoRecordRefusal::NotRecorded { phase: before.state.phase() });
    };
    if before.booked_at.is_none() {
        return cancel::cancel(tx, clock, &viewer, id, None).map_err(|e| e.map(UndoRecordRefusal::Cancel));
    }
    admission::give_back(tx, &before)?;
    let (slot, referral) = (before.slot, before.referral_id);
    let quota = admission::hold(tx, clock, before.programme_id, referral, slot.on, slot.duration)
        .map_err(|e| e.map(UndoRecordRefusal::Admission))?;
    let after = Session {
        quota_id: quota,
        quota_minutes: slot.duration,
        billed_minutes: Minutes::ZERO,
        state,
        ..before.clone()
    };
    store::change(tx, Phase::Recorded, &after)?;
    Ok(facts::write(tx, clock, who.account, "session.unrecorded", Some(&before), &after)?)
}
