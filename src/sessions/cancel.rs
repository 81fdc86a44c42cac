//! A session does not take place, alone or with those that follow it in its series, or its psychologist gives up what
//! they recorded: its minutes are given back.

use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::SessionId;
use crate::sessions::notices::{self, Planned};
use crate::sessions::{Obstacle, Phase, Reason, Scope, Session, Stamp, Viewer, admission, facts, store};
use crate::sql_types::Ts;

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
    let was_to_come = before.state.phase() == Phase::Booked;
    give_up(tx, clock, who, &before, reason, clock.now())?;
    if was_to_come {
        notices::planned(tx, clock, who.account, Planned::Cancelled, &[before])?;
    }
    Ok(())
}

/// Cancels a booked session and those of its series that come after it and are still booked. Gives them in order.
///
/// # Errors
/// When it is not theirs, or stands elsewhere.
pub fn cancel_with_following(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Viewer,
    id: SessionId,
    reason: Option<&Reason>,
) -> Result<Vec<SessionId>, Failure<CancelRefusal>> {
    let sessions = facts::load_with_following(tx, &who.scope, id)?;
    // one instant for all: by it they are restored together
    let at = clock.now();
    for session in &sessions {
        give_up(tx, clock, who, session, reason, at)?;
    }
    notices::planned(tx, clock, who.account, Planned::Cancelled, &sessions)?;
    Ok(sessions.into_iter().map(|session| session.id).collect())
}

fn give_up(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Viewer,
    before: &Session,
    reason: Option<&Reason>,
    at: Ts,
) -> Result<(), Failure<CancelRefusal>> {
    let phase = before.state.phase();
    if matches!(who.scope, Scope::Programmes(_)) && matches!(phase, Phase::Recorded | Phase::Refused) {
        return refuse(CancelRefusal::NotTheirs { phase });
    }
    let stamp = Stamp { by: who.account, at };
    let state = match before.state.clone().cancelled(stamp, reason.map(|reason| reason.as_str().to_owned())) {
        Ok(state) => state,
        Err(Obstacle::Elsewhere(_) | Obstacle::OwnRecord) => return refuse(CancelRefusal::NotCancellable { phase }),
    };
    admission::give_back(tx, before)?;
    let after = Session { quota_minutes: Minutes::ZERO, billed_minutes: Minutes::ZERO, state, ..before.clone() };
    store::change(tx, phase, &after)?;
    Ok(facts::write(tx, clock, who.account, "session.cancelled", Some(before), &after)?)
}
