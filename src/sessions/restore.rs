//! What was cancelled by mistake is booked again, if its place is still free.

use chrono::NaiveDate;

use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::SessionId;
use crate::sessions::admission;
use crate::sessions::book::{self, BookRefusal};
use crate::sessions::book_many::{ManyRefused, lock_days};
use crate::sessions::notices::{self, Planned};
use crate::sessions::{Phase, Session, State, Viewer, facts, store};
use crate::vault::Vault;

/// Why a cancellation is not undone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreRefusal {
    /// Only what was cancelled comes back.
    #[error("Cette séance {} : seul un rendez-vous annulé se rétablit.", phase.clause())]
    NotCancelled {
        /// Where it stands.
        phase: Phase,
    },
    /// Its place is taken, or its minutes are.
    #[error(transparent)]
    Many(#[from] ManyRefused),
}

impl Refusal for RestoreRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotCancelled { .. } => "session_not_cancelled",
            Self::Many(refusal) => refusal.code(),
        }
    }
}

/// Books again a session that was cancelled, and those of its series that were cancelled in the same gesture: all, or
/// none. Gives them in order.
///
/// # Errors
/// When it is not theirs or not cancelled, or a rule refuses some: the refusal names each.
pub fn restore(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Viewer,
    id: SessionId,
) -> Result<Vec<SessionId>, Failure<RestoreRefusal>> {
    let first = store::load(tx, &who.scope, id)?;
    let State::Cancelled(stamp, _) = &first.state else {
        return refuse(RestoreRefusal::NotCancelled { phase: first.state.phase() });
    };
    let cancelled = match first.series_id {
        Some(series) => store::cancelled_together(tx, &who.scope, series, stamp.at)?,
        None => vec![first.clone()],
    };
    lock_days(tx, first.programme_id, &cancelled.iter().map(|session| session.slot.on).collect::<Vec<NaiveDate>>())?;
    let (mut restored, mut refused) = (Vec::new(), Vec::new());
    for before in &cancelled {
        match tx.attempt(|tx| book_again(tx, clock, vault, who, before)) {
            Ok(after) => restored.push(after),
            Err(Failure::Refused(refusal)) => refused.push((before.slot.on, refusal)),
            Err(Failure::NotFound) => return Err(Failure::NotFound),
            Err(Failure::Db(e)) => return Err(Failure::Db(e)),
        }
    }
    if !refused.is_empty() {
        return refuse(RestoreRefusal::Many(ManyRefused { asked: cancelled.len(), refused }));
    }
    notices::planned(tx, clock, who.account, Planned::Restored, &restored)?;
    Ok(restored.into_iter().map(|session| session.id).collect())
}

fn book_again(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Viewer,
    before: &Session,
) -> Result<Session, Failure<BookRefusal>> {
    let slot = before.slot;
    book::check_it_is_to_come(slot, clock.now())?;
    let both = (before.child_id, before.psychologist_id);
    let (admitted, quota_id) = admission::admit_and_hold(tx, clock, vault, before.programme_id, both, slot)
        .map_err(|failure| failure.map(BookRefusal::Admission))?;
    let Ok(state) = before.state.clone().restored() else { return Err(Failure::NotFound) };
    let after = Session {
        quota_id,
        referral_id: admitted.eligible.referral_id,
        quota_minutes: slot.duration,
        state,
        ..before.clone()
    };
    store::change(tx, Phase::Cancelled, &after).map_err(|e| admission::overlap(e, slot).map(BookRefusal::Admission))?;
    facts::write(tx, clock, who.account, "session.restored", Some(before), &after)?;
    Ok(after)
}
