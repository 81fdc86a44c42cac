//! A booked session takes place at another time, alone or with those that follow it in its series. Its minutes follow it
//! to the quota of its new day.

use chrono::NaiveDate;

use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::SessionId;
use crate::sessions::admission::{self, AdmissionRefusal};
use crate::sessions::book::{self, BookRefusal};
use crate::sessions::book_many::{ManyRefused, lock_days, period};
use crate::sessions::notices;
use crate::sessions::warnings::{self, Surroundings};
use crate::sessions::{Phase, Session, Slot, SlotRefusal, Viewer, facts, store};
use crate::vault::Vault;

/// Where a session goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Its new time.
    pub slot: Slot,
    /// Its new place, or none.
    pub place: Option<String>,
    /// Whether those of its series that come after it move by as many days, to the same time of day and length.
    pub with_following: bool,
    /// Whether it is wanted although the time is unusual (a holiday, outside the openings).
    pub although_unusual: bool,
}

/// Why a session is not moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoveRefusal {
    /// Only what is to come moves.
    #[error("Cette séance {} : seul un rendez-vous se déplace.", phase.clause())]
    NotBooked {
        /// Where it stands.
        phase: Phase,
    },
    /// It may not take place then; or of those that follow, some may not.
    #[error(transparent)]
    Many(#[from] ManyRefused),
}

impl Refusal for MoveRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotBooked { .. } => "session_not_booked",
            Self::Many(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotBooked { .. } => None,
            Self::Many(refusal) => refusal.field(),
        }
    }
}

/// Moves a booked session, and if it is asked those that follow it in its series: all, or none. Gives them in order.
///
/// # Errors
/// When it is not theirs or not booked, or a rule refuses some: the refusal names each.
pub fn reschedule(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Viewer,
    id: SessionId,
    to: &Move,
) -> Result<Vec<SessionId>, Failure<MoveRefusal>> {
    let steps = steps(tx, who, id, to)?;
    let days: Vec<NaiveDate> = steps.iter().map(|step| step.on).collect();
    let unusual = match (steps.first(), period(&days)) {
        (Some(first), Some(period)) if !to.although_unusual => {
            Some(warnings::surroundings(tx, first.before.psychologist_id, period)?)
        }
        _ => None,
    };
    let (mut moved, mut refused) = (Vec::new(), Vec::new());
    for Step { before, on, slot } in &steps {
        let outcome = tx.attempt(|tx| {
            let slot = (*slot).map_err(|e| Failure::Refused(BookRefusal::Admission(AdmissionRefusal::Slot(e))))?;
            check_it_is_usual(unusual.as_ref(), slot)?;
            shift(tx, clock, vault, who, before, slot, to.place.as_ref())
        });
        match outcome {
            Ok(after) => moved.push((before.clone(), after)),
            Err(Failure::Refused(refusal)) => refused.push((*on, refusal)),
            Err(Failure::NotFound) => return Err(Failure::NotFound),
            Err(Failure::Db(e)) => return Err(Failure::Db(e)),
        }
    }
    if !refused.is_empty() {
        refused.sort_by_key(|(on, _)| *on);
        return refuse(MoveRefusal::Many(ManyRefused { asked: steps.len(), refused }));
    }
    moved.sort_by_key(|(_, after)| after.slot.starts_at);
    notices::moved(tx, clock, who.account, &moved)?;
    Ok(moved.into_iter().map(|(_, after)| after.id).collect())
}

/// A session that moves, and where to.
struct Step {
    before: Session,
    on: NaiveDate,
    slot: Result<Slot, SlotRefusal>,
}

/// The sessions that move, in an order in which each finds the place of the one before it free: the latest first when
/// they go later, the earliest first when they come earlier.
fn steps(tx: &mut Tx<'_>, who: &Viewer, id: SessionId, to: &Move) -> Result<Vec<Step>, Failure<MoveRefusal>> {
    let asked = store::load(tx, &who.scope, id)?;
    let days = to.slot.on - asked.slot.on;
    let time = to.slot.start_time();
    let known = match (to.with_following, asked.series_id) {
        (true, Some(series)) => store::booked_of_series(tx, &who.scope, series)?,
        _ => Vec::new(),
    };
    let both_days = known.iter().chain([&asked]).flat_map(|session| [session.slot.on, session.slot.on + days]);
    lock_days(tx, asked.programme_id, &both_days.collect::<Vec<_>>())?;
    let sessions = if to.with_following {
        facts::load_with_following(tx, &who.scope, id)?
    } else {
        vec![facts::load_alone(tx, &who.scope, id)?]
    };
    let phase = sessions.first().map_or(Phase::Booked, |first| first.state.phase());
    if phase != Phase::Booked {
        return refuse(MoveRefusal::NotBooked { phase });
    }
    let mut steps: Vec<Step> = sessions
        .into_iter()
        .map(|before| {
            let on = before.slot.on + days;
            Step { on, slot: Slot::new(on, time, to.slot.duration), before }
        })
        .collect();
    if days.num_days() > 0 {
        steps.reverse();
    }
    Ok(steps)
}

fn check_it_is_usual(unusual: Option<&Surroundings>, slot: Slot) -> Result<(), Failure<BookRefusal>> {
    let warnings = unusual.map(|unusual| unusual.warnings(slot)).unwrap_or_default();
    if warnings.is_empty() { Ok(()) } else { refuse(BookRefusal::Unusual { warnings }) }
}

/// Gives back what the session held, holds it on its new day, and writes it there.
fn shift(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Viewer,
    before: &Session,
    slot: Slot,
    place: Option<&String>,
) -> Result<Session, Failure<BookRefusal>> {
    book::check_it_is_to_come(slot, clock.now())?;
    admission::give_back(tx, before)?;
    let both = (before.child_id, before.psychologist_id);
    let (admitted, quota_id) = admission::admit_and_hold(tx, clock, vault, before.programme_id, both, slot)
        .map_err(|failure| failure.map(BookRefusal::Admission))?;
    let after = Session {
        quota_id,
        referral_id: admitted.eligible.referral_id,
        slot,
        quota_minutes: slot.duration,
        place: place.cloned(),
        // who asked for an earlier place has one now
        wants_earlier: before.wants_earlier && slot.starts_at >= before.slot.starts_at,
        ..before.clone()
    };
    store::change(tx, Phase::Booked, &after).map_err(|e| admission::overlap(e, slot).map(BookRefusal::Admission))?;
    facts::write(tx, clock, who.account, "session.moved", Some(before), &after)?;
    Ok(after)
}
