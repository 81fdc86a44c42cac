//! A booked session would take an earlier place: it is proposed when one is freed.

use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::SessionId;
use crate::sessions::{Phase, Session, Viewer, facts, store};

/// Why a session is not marked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EarlierRefusal {
    /// Only what is to come may come earlier.
    #[error("Cette séance {} : seul un rendez-vous peut être avancé.", phase.clause())]
    NotBooked {
        /// Where it stands.
        phase: Phase,
    },
}

impl Refusal for EarlierRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotBooked { .. } => "session_not_booked",
        }
    }
}

/// Marks a booked session as one that would take an earlier place, or no longer. Said twice, it is said once.
///
/// # Errors
/// When it is not theirs, or not booked.
pub fn want_earlier(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Viewer,
    id: SessionId,
    wanted: bool,
) -> Result<(), Failure<EarlierRefusal>> {
    let before = facts::load_alone(tx, &who.scope, id)?;
    let phase = before.state.phase();
    if phase != Phase::Booked {
        return refuse(EarlierRefusal::NotBooked { phase });
    }
    if before.wants_earlier == wanted {
        return Ok(());
    }
    let after = Session { wants_earlier: wanted, ..before.clone() };
    store::change(tx, Phase::Booked, &after)?;
    Ok(facts::write(tx, clock, who.account, "session.earlier_wanted", Some(&before), &after)?)
}
