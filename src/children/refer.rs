//! Entrusts a child to a psychologist (*orientation*): minutes, period, guardians' consents.

use chrono::NaiveDate;

use crate::accounts::Coordinator;
use crate::calendar::short_date;
use crate::children::add_consent::{self, ConsentRefusal, GivenConsent};
use crate::children::{Child, Origin, Referral, look_up, store};
use crate::clock::Clock;
use crate::conventions::{self, Period};
use crate::db::{AnyConnection, Tx};
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::{ChildId, ProgrammeId, PsychologistId, ReferralId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::vault::Vault;

/// What a coordinator grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// To whom the child is entrusted.
    pub psychologist: PsychologistId,
    /// How many minutes.
    pub minutes: Minutes,
    /// From when to when.
    pub period: Period,
    /// Who asked for it and why.
    pub origin: Origin,
}

/// Why a child is not entrusted, or a referral not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferRefusal {
    /// No such psychologist, or their account is closed.
    #[error("Cette psychologue n’a pas de compte ouvert. Choisissez-en une autre.")]
    UnknownPsychologist,
    /// Not a positive multiple of 15 minutes (rule 5).
    #[error("Les heures d’une orientation se comptent par quarts d’heure, par exemple 6 h ou 7 h 30.")]
    Quarters,
    /// More than a year of weekly sessions could take.
    #[error("Une orientation ne dépasse pas {} ; vérifiez les heures.", Minutes::from_hours(200))]
    TooLong,
    /// The last day comes before the first.
    #[error("Le dernier jour vient avant le premier. Corrigez l’une des deux dates.")]
    Inverted,
    /// Some day is of no convention of the programme.
    #[error("Ces dates sortent de la convention ({0}). Choisissez une période qui y tient.")]
    OutsideConvention(Period),
    /// The programme takes part in no convention at all.
    #[error("Ce PRE ne relève d’aucune convention à cette date. Voyez avec la Métropole.")]
    NoConvention,
    /// The follow-up is over.
    #[error("Le suivi est clos depuis le {}. Rouvrez-le avant d’orienter l’enfant.", short_date(*.0))]
    Closed(NaiveDate),
    /// The child is entrusted to the same psychologist on some of these days already.
    #[error("Une orientation vers cette psychologue vaut déjà {0}. Prolongez-la, ou choisissez d’autres dates.")]
    Overlap(Period),
    /// More than that is held by sessions.
    #[error("Les séances prévues et faites prennent déjà {held} : l’orientation ne peut descendre à {asked}.")]
    MoreIsHeld {
        /// What they hold.
        held: Minutes,
        /// What was asked.
        asked: Minutes,
    },
    /// A session comes after the last day.
    #[error("Une séance est prévue ou saisie le {}. Annulez-la d’abord, ou choisissez une date à partir de ce jour.", short_date(*.0))]
    SessionAfter(NaiveDate),
    /// A consent is refused.
    #[error(transparent)]
    Consent(#[from] ConsentRefusal),
}

impl Refusal for ReferRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownPsychologist => "unknown_psychologist",
            Self::Quarters => "not_quarters",
            Self::TooLong => "referral_too_long",
            Self::Inverted => "inverted_period",
            Self::OutsideConvention(_) => "outside_convention",
            Self::NoConvention => "no_convention",
            Self::Closed(_) => "child_closed",
            Self::Overlap(_) => "referral_overlaps",
            Self::MoreIsHeld { .. } => "more_is_held",
            Self::SessionAfter(_) => "session_after",
            Self::Consent(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::UnknownPsychologist => Some("psychologist"),
            Self::Quarters | Self::TooLong | Self::MoreIsHeld { .. } => Some("minutes"),
            Self::Inverted | Self::OutsideConvention(_) | Self::SessionAfter(_) => Some("ends_on"),
            Self::NoConvention | Self::Overlap(_) => Some("starts_on"),
            Self::Closed(_) => None,
            Self::Consent(refusal) => refusal.field(),
        }
    }
}

/// Entrusts a child of the coordinator's programmes to a psychologist. Consents may be added later: without one, no
/// session is booked nor recorded.
///
/// # Errors
/// When the child is not theirs, or a rule refuses.
pub fn refer(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    who: &Coordinator,
    child: ChildId,
    grant: Grant,
    consents: &[GivenConsent],
) -> Result<ReferralId, Failure<ReferRefusal>> {
    store::lock_child(tx, child)?;
    let child = look_up::load_for(tx, vault, who, child)?;
    verify(tx, &child, grant)?;
    let referral = Referral {
        id: ReferralId::new(),
        child_id: child.id,
        psychologist_id: grant.psychologist,
        minutes: grant.minutes,
        reserved: Minutes::ZERO,
        used: Minutes::ZERO,
        starts_on: grant.period.from,
        ends_on: grant.period.until,
        source: grant.origin.source,
        reason: grant.origin.reason,
    };
    store::insert_referral(tx, &referral, who.account, clock.now())?;
    let entry = Entry {
        chain: Chain::Programme(child.programme_id),
        actor: Actor::Account(who.account),
        action: "referral.created",
        subject: "referral",
        subject_id: referral.id.0,
        before: None,
        after: Some(referral.facts(&child.reference)),
    };
    journal::write(tx, clock, entry)?;
    for consent in consents {
        add_consent::add(tx, vault, clock, who, referral.id, *consent).map_err(|e| e.map(ReferRefusal::Consent))?;
    }
    Ok(referral.id)
}

fn verify(conn: &mut AnyConnection, child: &Child, grant: Grant) -> Result<(), Failure<ReferRefusal>> {
    let psychologists = conventions::look_up::psychologist_names(conn)?;
    if !psychologists.iter().any(|(id, _)| *id == grant.psychologist) {
        return refuse(ReferRefusal::UnknownPsychologist);
    }
    if let Some(closed_on) = child.closed_on {
        return refuse(ReferRefusal::Closed(closed_on));
    }
    verify_minutes(grant.minutes)?;
    verify_period(conn, child.programme_id, grant.period)?;
    let others = store::referrals_between(conn, child.id, grant.psychologist)?;
    verify_no_overlap(&others, grant.period)
}

/// Checks that minutes are quarters of an hour, and not too many.
pub(super) fn verify_minutes(minutes: Minutes) -> Result<(), Failure<ReferRefusal>> {
    if minutes < Minutes::QUARTER || minutes.0 % Minutes::QUARTER.0 != 0 {
        return refuse(ReferRefusal::Quarters);
    }
    if minutes > Minutes::from_hours(200) {
        return refuse(ReferRefusal::TooLong);
    }
    Ok(())
}

/// Checks that every day is of a convention of the programme; one may follow another.
pub(super) fn verify_period(
    conn: &mut AnyConnection,
    programme: ProgrammeId,
    period: Period,
) -> Result<(), Failure<ReferRefusal>> {
    if period.is_inverted() {
        return refuse(ReferRefusal::Inverted);
    }
    let all: Vec<Period> = conventions::look_up::conventions_of_programme(conn, programme, period)?
        .into_iter()
        .map(|convention| convention.period)
        .collect();
    match all.first() {
        None => refuse(ReferRefusal::NoConvention),
        Some(_) if period.gaps(&all).is_empty() => Ok(()),
        Some(first) => {
            let until = all.iter().map(|one| one.until).max().unwrap_or(first.until);
            refuse(ReferRefusal::OutsideConvention(Period { from: first.from, until }))
        }
    }
}

/// Checks that no other referral to the same psychologist shares a day.
pub(super) fn verify_no_overlap(others: &[Referral], period: Period) -> Result<(), Failure<ReferRefusal>> {
    match others.iter().find(|other| other.period().overlaps(period)) {
        Some(other) => refuse(ReferRefusal::Overlap(other.period())),
        None => Ok(()),
    }
}
