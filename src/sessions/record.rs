//! A psychologist records what happened: at a session that was booked, or at one that was not.

use chrono::NaiveDate;

use crate::accounts::Psychologist;
use crate::calendar::{self, Month, french_date, french_day, french_time};
use crate::clock::Clock;
use crate::conventions::ServiceType;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{ChildId, SessionId};
use crate::sessions::admission::{self, AdmissionRefusal, Admitted};
use crate::sessions::{
    Attendance, Effect, Obstacle, Phase, Record, Session, Slot, State, Viewer, facts, has_happened, last_entry_day,
    notices, store,
};
use crate::sql_types::Ts;
use crate::vault::Vault;

/// What is recorded of a session that was not booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Whom.
    pub child: ChildId,
    /// When.
    pub slot: Slot,
    /// What happened.
    pub attendance: Attendance,
    /// Where, if it is said.
    pub place: Option<String>,
}

/// Why a session is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordRefusal {
    /// It is not over yet.
    #[error(
        "La séance finit le {} à {} ; il est {}. Enregistrez-la une fois finie.",
        french_day(slot.on),
        french_time(slot.end_time()),
        french_time(calendar::local_time(*now))
    )]
    NotOver {
        /// When.
        slot: Slot,
        /// The time now.
        now: Ts,
    },
    /// It has not started: nobody is absent yet.
    #[error(
        "La séance commence le {} à {} ; une absence s’enregistre à partir de là. Pour renoncer avant, annulez le rendez-vous.",
        french_day(slot.on),
        french_time(slot.start_time())
    )]
    NotStarted {
        /// When.
        slot: Slot,
    },
    /// The month is closed.
    #[error(
        "Les séances de {} s’enregistraient jusqu’au {}. Demandez à la Métropole de rouvrir le mois.",
        month.french(),
        french_date(*until)
    )]
    TooLate {
        /// The month of the session.
        month: Month,
        /// The last day on which it could be.
        until: NaiveDate,
    },
    /// It stands elsewhere.
    #[error("Cette séance {} : elle ne s’enregistre plus.", phase.clause())]
    NotBooked {
        /// Where it stands.
        phase: Phase,
    },
    /// It may not take place then.
    #[error(transparent)]
    Admission(#[from] AdmissionRefusal),
}

impl Refusal for RecordRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotOver { .. } => "session_not_over",
            Self::NotStarted { .. } => "session_not_started",
            Self::TooLate { .. } => "month_closed",
            Self::NotBooked { .. } => "session_not_booked",
            Self::Admission(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotOver { .. } | Self::NotStarted { .. } => Some("starts_at"),
            Self::TooLate { .. } => Some("session_on"),
            Self::NotBooked { .. } => None,
            Self::Admission(refusal) => refusal.field(),
        }
    }
}

/// Records a session that was not booked.
///
/// # Errors
/// When the child was not entrusted to the psychologist, or a rule refuses it.
pub fn record(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Psychologist,
    new: &Recording,
) -> Result<SessionId, Failure<RecordRefusal>> {
    let programme = store::load_programme_of(tx, &Viewer::from(who).scope, new.child)?;
    let now = clock.now();
    check_it_happened(new.slot, new.attendance, now)?;
    let admitted = admission::admit(tx, vault, programme, (new.child, who.id), new.slot.on).map_err(said)?;
    check_the_month_is_open(tx, &admitted, new.slot.on, calendar::local_date(now))?;
    let effect = Effect::of(&admitted.terms, new.attendance, new.slot.duration);
    let referral = admitted.eligible.referral_id;
    let quota = admission::hold(tx, clock, programme, referral, new.slot.on, effect.quota).map_err(said)?;
    let session = Session {
        id: SessionId::new(),
        programme_id: programme,
        quota_id: quota,
        child_id: new.child,
        referral_id: referral,
        psychologist_id: who.id,
        service_type: ServiceType::Interview,
        slot: new.slot,
        quota_minutes: effect.quota,
        billed_minutes: effect.billed,
        place: new.place.clone(),
        created_by: who.account,
        created_at: now,
        booked_at: None,
        series_id: None,
        wants_earlier: false,
        state: State::Recorded(Record { attendance: new.attendance, by: who.account, at: now }),
    };
    store::insert(tx, &session).map_err(|e| admission::overlap(e, new.slot).map(RecordRefusal::Admission))?;
    facts::write(tx, clock, who.account, "session.recorded", None, &session)?;
    notices::recorded(tx, clock, &session)?;
    Ok(session.id)
}

/// Records what happened at a booked session: its place and time stay, what an absence does not count is given back.
///
/// # Errors
/// When it is not the psychologist's, is no longer booked, has not happened, or its month is closed.
pub fn record_booked(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Psychologist,
    id: SessionId,
    attendance: Attendance,
) -> Result<(), Failure<RecordRefusal>> {
    let before = facts::load_alone(tx, &Viewer::from(who).scope, id)?;
    let now = clock.now();
    let state = before
        .state
        .clone()
        .recorded(Record { attendance, by: who.account, at: now })
        .or_else(|obstacle| refuse(RecordRefusal::NotBooked { phase: stands(&obstacle, &before) }))?;
    let slot = before.slot;
    check_it_happened(slot, attendance, now)?;
    let both = (before.child_id, before.psychologist_id);
    let admitted = admission::admit(tx, vault, before.programme_id, both, slot.on).map_err(said)?;
    check_the_month_is_open(tx, &admitted, slot.on, calendar::local_date(now))?;
    let effect = Effect::of(&admitted.terms, attendance, slot.duration);
    admission::give_back(tx, &before)?;
    let quota =
        admission::hold(tx, clock, before.programme_id, before.referral_id, slot.on, effect.quota).map_err(said)?;
    let after = Session {
        quota_id: quota,
        quota_minutes: effect.quota,
        billed_minutes: effect.billed,
        state,
        ..before.clone()
    };
    store::change(tx, Phase::Booked, &after)?;
    facts::write(tx, clock, who.account, "session.recorded", Some(&before), &after)?;
    Ok(notices::recorded(tx, clock, &after)?)
}

fn said(failure: Failure<AdmissionRefusal>) -> Failure<RecordRefusal> {
    failure.map(RecordRefusal::Admission)
}

/// Where a session stands that an obstacle was met on.
fn stands(obstacle: &Obstacle, session: &Session) -> Phase {
    match obstacle {
        Obstacle::Elsewhere(phase) => *phase,
        Obstacle::OwnRecord => session.state.phase(),
    }
}

/// A session is not recorded before it happened (rule 5).
pub(super) fn check_it_happened(slot: Slot, attendance: Attendance, now: Ts) -> Result<(), Failure<RecordRefusal>> {
    if has_happened(slot, attendance, now) {
        return Ok(());
    }
    refuse(match attendance {
        Attendance::Held => RecordRefusal::NotOver { slot, now },
        _ => RecordRefusal::NotStarted { slot },
    })
}

/// Nor later than the late-entry window, unless the month was reopened (rule 5).
pub(super) fn check_the_month_is_open(
    tx: &mut Tx<'_>,
    admitted: &Admitted,
    on: NaiveDate,
    today: NaiveDate,
) -> Result<(), Failure<RecordRefusal>> {
    let month = Month::of(on);
    if today <= last_entry_day(&admitted.terms, on, None) {
        return Ok(());
    }
    let reopened = store::reopened_until(tx, admitted.convention.id, month)?;
    let until = last_entry_day(&admitted.terms, on, reopened);
    if today <= until { Ok(()) } else { refuse(RecordRefusal::TooLate { month, until }) }
}
