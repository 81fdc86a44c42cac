//! A psychologist or a coordinator books a session: its minutes are reserved from then on.

use crate::calendar::{french_day, french_time};
use crate::clock::Clock;
use crate::conventions::ServiceType;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::{ChildId, PsychologistId, SessionId};
use crate::sessions::admission::{self, AdmissionRefusal};
use crate::sessions::{Scope, Session, Slot, State, Viewer, facts, store};
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
    /// It may not take place then.
    #[error(transparent)]
    Admission(#[from] AdmissionRefusal),
}

impl Refusal for BookRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Past { .. } => "booking_in_the_past",
            Self::Admission(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Past { .. } => Some("session_on"),
            Self::Admission(refusal) => refusal.field(),
        }
    }
}

/// Books a session of a child with a psychologist.
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
    if matches!(who.scope, Scope::Psychologist(own) if own != booking.psychologist) {
        return Err(Failure::NotFound);
    }
    let programme = store::load_programme_of(tx, &who.scope, booking.child)?;
    if booking.slot.starts_at <= clock.now() {
        return refuse(BookRefusal::Past { slot: booking.slot });
    }
    let slot = booking.slot;
    let (admitted, quota) = (|| {
        let admitted = admission::admit(tx, vault, programme, (booking.child, booking.psychologist), slot.on)?;
        let quota = admission::hold(tx, clock, programme, admitted.eligible.referral_id, slot.on, slot.duration)?;
        Ok((admitted, quota))
    })()
    .map_err(|failure: Failure<AdmissionRefusal>| failure.map(BookRefusal::Admission))?;
    let now = clock.now();
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
        state: State::Booked,
    };
    store::insert(tx, &session).map_err(|e| admission::overlap(e, slot).map(BookRefusal::Admission))?;
    facts::write(tx, clock, who.account, "session.booked", None, &session)?;
    Ok(session.id)
}
