//! A psychologist records a session as usual: today, as long as last time, over just now, unless they say otherwise.

use chrono::{NaiveDate, NaiveTime};

use crate::accounts::Psychologist;
use crate::calendar::french_day;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::{ChildId, SessionId};
use crate::sessions::admission::AdmissionRefusal;
use crate::sessions::record::{self, RecordRefusal, Recording};
use crate::sessions::{Attendance, Slot, SlotRefusal, Viewer, latest_free_start, look_up, store};
use crate::vault::Vault;

/// How long a child's first session lasts, unless one says otherwise.
pub const FIRST_LENGTH: Minutes = Minutes(60);

/// What is said of a session; what is not is as usual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usual {
    /// Whom.
    pub child: ChildId,
    /// Which day, if not today.
    pub on: Option<NaiveDate>,
    /// From when, if it is not just over.
    pub time: Option<NaiveTime>,
    /// How long, if not as long as last time.
    pub duration: Option<Minutes>,
    /// What happened.
    pub attendance: Attendance,
    /// Where, if it is said.
    pub place: Option<String>,
}

/// Why a session is not recorded as usual.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordUsualRefusal {
    /// Of another day, the time is not guessed.
    #[error("Indiquez l’heure de début de la séance du {}.", french_day(*on))]
    TimeMissing {
        /// The day.
        on: NaiveDate,
    },
    /// Sessions follow each other without room for one more.
    #[error("Aucune heure libre de {duration} ne précède maintenant. Indiquez l’heure de début.")]
    NoRoom {
        /// How long.
        duration: Minutes,
    },
    /// It is not recorded.
    #[error(transparent)]
    Record(#[from] RecordRefusal),
}

impl Refusal for RecordUsualRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::TimeMissing { .. } => "start_missing",
            Self::NoRoom { .. } => "no_free_time",
            Self::Record(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::TimeMissing { .. } | Self::NoRoom { .. } => Some("starts_at"),
            Self::Record(refusal) => refusal.field(),
        }
    }
}

/// Records a session, with what is usual for what is not said.
///
/// # Errors
/// When the time cannot be guessed, or as [`record::record`] says.
pub fn record_usual(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Psychologist,
    said: &Usual,
) -> Result<SessionId, Failure<RecordUsualRefusal>> {
    let slot = slot_of(tx, clock, who, said)?;
    let Usual { child, attendance, ref place, .. } = *said;
    let recording = Recording { child, slot, attendance, place: place.clone() };
    record::record(tx, clock, vault, who, &recording).map_err(|e| e.map(RecordUsualRefusal::Record))
}

fn slot_of(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    said: &Usual,
) -> Result<Slot, Failure<RecordUsualRefusal>> {
    let on = said.on.unwrap_or_else(|| clock.today());
    let duration = match said.duration {
        Some(duration) => duration,
        None => last_length(tx, who, said.child)?,
    };
    let wrong = |refusal| RecordUsualRefusal::Record(RecordRefusal::Admission(AdmissionRefusal::Slot(refusal)));
    if !duration.is_session_length() {
        return refuse(wrong(SlotRefusal::Length { asked: duration }));
    }
    let time = match said.time {
        Some(time) => time,
        None if on != clock.today() => return refuse(RecordUsualRefusal::TimeMissing { on }),
        None => just_over(tx, clock, who, duration)?,
    };
    Slot::new(on, time, duration).or_else(|refusal| refuse(wrong(refusal)))
}

fn last_length(tx: &mut Tx<'_>, who: &Psychologist, child: ChildId) -> diesel::QueryResult<Minutes> {
    let last = store::latest_of_children(tx, who.id, &[child])?;
    Ok(last.first().map_or(FIRST_LENGTH, |(_, _, length)| *length))
}

fn just_over(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    duration: Minutes,
) -> Result<NaiveTime, Failure<RecordUsualRefusal>> {
    let (now, today) = (clock.now(), clock.today());
    let sessions = look_up::sessions_on(tx, &Viewer::from(who).scope, today)?;
    let busy: Vec<Slot> = sessions.iter().map(|session| session.slot).collect();
    latest_free_start(today, duration, &busy, now).map_or_else(|| refuse(RecordUsualRefusal::NoRoom { duration }), Ok)
}
