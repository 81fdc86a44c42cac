//! A psychologist or a coordinator books a session: its minutes are reserved from then on.

use crate::calendar::{french_day, french_time};
use crate::clock::Clock;
use crate::conventions::ServiceType;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::{ChildId, PsychologistId, SeriesId, SessionId};
use crate::requests::AnswerRefusal;
use crate::sessions::admission::{self, AdmissionRefusal};
use crate::sessions::notices::{self, Planned};
use crate::sessions::warnings::Warning;
use crate::sessions::{Scope, Session, Slot, State, Viewer, facts, store};
use crate::sql_types::Ts;
use crate::vault::Vault;

/// What is booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Whom.
    pub child: ChildId,
    /// With whom.
    pub psychologist: PsychologistId,
    /// When.
    pub slot: Slot,
    /// Where, if it is said.
    pub place: Option<String>,
}

/// Why a session is not booked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookRefusal {
    /// It would have started already.
    #[error(
        "Le {} à {} est déjà passé. Enregistrez la séance, ou choisissez une heure à venir.",
        french_day(slot.on),
        french_time(slot.start_time())
    )]
    Past {
        /// When.
        slot: Slot,
    },
    /// It is unusual then, and nobody insisted.
    #[error("{} Prenez-le quand même, ou choisissez une autre date.", sentences(warnings))]
    Unusual {
        /// Why.
        warnings: Vec<Warning>,
    },
    /// It was to answer a request, which it does not.
    #[error(transparent)]
    Request(#[from] AnswerRefusal),
    /// It may not take place then.
    #[error(transparent)]
    Admission(#[from] AdmissionRefusal),
}

fn sentences(warnings: &[Warning]) -> String {
    warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

impl Refusal for BookRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Past { .. } => "booking_in_the_past",
            Self::Unusual { .. } => "booking_unusual",
            Self::Request(refusal) => refusal.code(),
            Self::Admission(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Past { .. } | Self::Unusual { .. } => Some("session_on"),
            Self::Request(refusal) => refusal.field(),
            Self::Admission(refusal) => refusal.field(),
        }
    }
}

/// Books a session of a child with a psychologist, and tells those who did not.
///
/// # Errors
/// When the child is not theirs, or a rule refuses it.
pub fn book(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Viewer,
    booking: &Booking,
) -> Result<SessionId, Failure<BookRefusal>> {
    let session = enter(tx, clock, vault, who, booking, None)?;
    notices::planned(tx, clock, who.account, Planned::Booked, std::slice::from_ref(&session))?;
    Ok(session.id)
}

/// Books a session, alone or with those of a series.
///
/// # Errors
/// As [`book`].
pub(super) fn enter(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Viewer,
    booking: &Booking,
    series_id: Option<SeriesId>,
) -> Result<Session, Failure<BookRefusal>> {
    if matches!(who.scope, Scope::Psychologist(own) if own != booking.psychologist) {
        return Err(Failure::NotFound);
    }
    let programme = store::load_programme_of(tx, &who.scope, booking.child)?;
    let (slot, now) = (booking.slot, clock.now());
    check_it_is_to_come(slot, now)?;
    let (admitted, quota) =
        admission::admit_and_hold(tx, clock, vault, programme, (booking.child, booking.psychologist), slot)
            .map_err(|failure| failure.map(BookRefusal::Admission))?;
    let session = Session {
        id: SessionId::new(),
        programme_id: programme,
        quota_id: quota,
        child_id: booking.child,
        referral_id: admitted.eligible.referral_id,
        psychologist_id: booking.psychologist,
        service_type: ServiceType::Interview,
        slot,
        quota_minutes: slot.duration,
        billed_minutes: Minutes::ZERO,
        place: booking.place.clone(),
        created_by: who.account,
        created_at: now,
        booked_at: Some(now),
        series_id,
        wants_earlier: false,
        state: State::Booked,
    };
    store::insert(tx, &session).map_err(|e| admission::overlap(e, slot).map(BookRefusal::Admission))?;
    facts::write(tx, clock, who.account, "session.booked", None, &session)?;
    Ok(session)
}

/// A session is booked for a time to come.
pub(super) fn check_it_is_to_come(slot: Slot, now: Ts) -> Result<(), Failure<BookRefusal>> {
    if slot.starts_at <= now { refuse(BookRefusal::Past { slot }) } else { Ok(()) }
}
