//! A session does not take place, or its psychologist gives up what they recorded: its minutes are given back.

use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::SessionId;
use crate::sessions::{Obstacle, Phase, Reason, Scope, Session, Stamp, Viewer, admission, facts, store};

/// Why a session is not cancelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CancelRefusal {
    /// It stands elsewhere.
    #[error("Cette séance {} : elle ne s’annule plus. {}", phase.clause(), what_instead(*phase))]
    NotCancellable {
        /// Where it stands.
        phase: Phase,
    },
    /// What was recorded belongs to the psychologist.
    #[error("Cette séance {} : seule la psychologue peut l’annuler. Refusez-la en donnant le motif.", phase.clause())]
    NotTheirs {
        /// Where it stands.
        phase: Phase,
    },
}

fn what_instead(phase: Phase) -> &'static str {
    match phase {
        Phase::Approved => "La coordination peut retirer la validation.",
        Phase::Invoiced => "Seul un avoir corrige une facture.",
        _ => "Il n’y a rien à faire.",
    }
}

impl Refusal for CancelRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotCancellable { .. } => "session_not_cancellable",
            Self::NotTheirs { .. } => "session_recorded_by_psychologist",
        }
    }
}

/// Cancels a booked session; the psychologist may also give up one that is recorded or refused.
///
/// # Errors
/// When it is not theirs, or stands elsewhere.
pub fn cancel(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Viewer,
    id: SessionId,
    reason: Option<&Reason>,
) -> Result<(), Failure<CancelRefusal>> {
    let before = facts::load_alone(tx, &who.scope, id)?;
    let phase = before.state.phase();
    if matches!(who.scope, Scope::Programmes(_)) && matches!(phase, Phase::Recorded | Phase::Refused) {
        return refuse(CancelRefusal::NotTheirs { phase });
    }
    let stamp = Stamp { by: who.account, at: clock.now() };
    let state = match before.state.clone().cancelled(stamp, reason.map(|reason| reason.as_str().to_owned())) {
        Ok(state) => state,
        Err(Obstacle::Elsewhere(_) | Obstacle::OwnRecord) => return refuse(CancelRefusal::NotCancellable { phase }),
    };
    admission::give_back(tx, &before)?;
    let after = Session { quota_minutes: Minutes::ZERO, billed_minutes: Minutes::ZERO, state, ..before.clone() };
    store::change(tx, phase, &after)?;
    Ok(facts::write(tx, clock, who.account, "session.cancelled", Some(&before), &after)?)
}
