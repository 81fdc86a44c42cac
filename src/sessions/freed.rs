//! A place that a cancellation freed, and who would rather be there.

use diesel::QueryResult;

use crate::clock::Clock;
use crate::db::{AnyConnection, Tx};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::SessionId;
use crate::requests::look_up as requests;
use crate::sessions::look_up::{self, Listed};
use crate::sessions::reschedule::{self, Move, MoveRefusal};
use crate::sessions::{Phase, Scope, Session, Slot, Viewer, store};
use crate::vault::Vault;

/// How many are proposed.
const MOST_PROPOSED: i64 = 20;

/// The booked sessions that would rather be in the place of a cancelled one: marked so, later than it, with the same
/// psychologist, no longer than it, of a child who is free then. The nearest first; none once the place is past.
///
/// # Errors
/// When the database fails.
pub fn waiting(conn: &mut AnyConnection, clock: &Clock, scope: &Scope, freed: &Session) -> QueryResult<Vec<Listed>> {
    if freed.state.phase() != Phase::Cancelled || freed.slot.starts_at <= clock.now() {
        return Ok(Vec::new());
    }
    let sessions = store::waiting_for_earlier(conn, scope, freed.psychologist_id, freed.slot, MOST_PROPOSED)?;
    look_up::told(conn, sessions)
}

/// The requests that would take the place of a cancelled session: marked so, no longer than it, from its day on at the
/// latest, on a day that suits, of a child entrusted to its psychologist. The oldest first; none once the place is past.
///
/// # Errors
/// When the database fails.
pub fn requests(
    conn: &mut AnyConnection,
    clock: &Clock,
    scope: &Scope,
    freed: &Session,
) -> QueryResult<Vec<requests::Listed>> {
    if freed.state.phase() != Phase::Cancelled || freed.slot.starts_at <= clock.now() {
        return Ok(Vec::new());
    }
    let Slot { on, duration, .. } = freed.slot;
    let mut open =
        requests::waiting_for_place(conn, &scope.reader(), freed.psychologist_id, (on, duration), MOST_PROPOSED)?;
    open.retain(|request| request.asked.weekdays.suits(on));
    requests::told(conn, open)
}

/// Why nobody takes a freed place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TakeRefusal {
    /// The session whose place it was is not cancelled.
    #[error("Ce rendez-vous {} : sa place n’est pas libre.", phase.clause())]
    NotFreed {
        /// Where it stands.
        phase: Phase,
    },
    /// It may not take place then.
    #[error(transparent)]
    Move(#[from] MoveRefusal),
}

impl Refusal for TakeRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFreed { .. } => "place_not_freed",
            Self::Move(refusal) => refusal.code(),
        }
    }
}

/// Moves a session to the place of a cancelled one: at its start, as long as it was itself, where the cancelled one was
/// to take place.
///
/// # Errors
/// When one of the two is not theirs, the first is not cancelled, or a rule refuses the move.
pub fn take(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Viewer,
    freed: SessionId,
    taker: SessionId,
) -> Result<(), Failure<TakeRefusal>> {
    let (freed, taker) = (store::load(tx, &who.scope, freed)?, store::load(tx, &who.scope, taker)?);
    if freed.state.phase() != Phase::Cancelled {
        return refuse(TakeRefusal::NotFreed { phase: freed.state.phase() });
    }
    let to = Move {
        slot: Slot { duration: taker.slot.duration, ..freed.slot },
        place: freed.place,
        with_following: false,
        // whoever booked the freed place knew what was unusual about it
        although_unusual: true,
    };
    let moved = reschedule::reschedule(tx, clock, vault, who, taker.id, &to);
    moved.map(drop).map_err(|failure| failure.map(TakeRefusal::Move))
}
