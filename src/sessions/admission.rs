//! What every booking and every recording must satisfy: a day inside a convention, a child whom the psychologist may
//! see, minutes left on the quota and on the referral, nobody in two places at once (rules 1 to 5).

use chrono::NaiveDate;

use crate::calendar::{french_date, french_day, french_time};
use crate::children::eligibility::{self, EligibilityRefusal, Eligible};
use crate::children::{ReferralRefusal, ledger as referral_ledger};
use crate::clock::Clock;
use crate::conventions::{Convention, Terms, look_up};
use crate::db::{DbError, Tx, violated};
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::{ChildId, ProgrammeId, PsychologistId, QuotaId, ReferralId};
use crate::quotas::{self, QuotaRefusal, ledger as quota_ledger};
use crate::sessions::{Session, Slot, SlotRefusal};
use crate::vault::Vault;

/// Why a session is neither booked nor recorded then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionRefusal {
    /// The length or the time is no session's.
    #[error(transparent)]
    Slot(#[from] SlotRefusal),
    /// No convention covers that day.
    #[error("Aucune convention ne couvre le {} pour ce PRE. {}", french_date(*on), when_instead(*last_day))]
    OutsideConvention {
        /// The day asked.
        on: NaiveDate,
        /// The last day of the last convention of the programme, if it ever had one.
        last_day: Option<NaiveDate>,
    },
    /// The child may not be seen by that psychologist on that day.
    #[error(transparent)]
    Eligibility(#[from] EligibilityRefusal),
    /// The referral has not enough left.
    #[error(transparent)]
    Referral(#[from] ReferralRefusal),
    /// The quota has not enough left.
    #[error(transparent)]
    Quota(#[from] QuotaRefusal),
    /// The psychologist has another session then.
    #[error(
        "La psychologue a déjà une séance le {} entre {} et {}. Choisissez une autre heure.",
        french_day(slot.on),
        french_time(slot.start_time()),
        french_time(slot.end_time())
    )]
    PsychologistBusy {
        /// When.
        slot: Slot,
    },
    /// The child has another session then.
    #[error(
        "L’enfant a déjà une séance le {} entre {} et {}. Choisissez une autre heure.",
        french_day(slot.on),
        french_time(slot.start_time()),
        french_time(slot.end_time())
    )]
    ChildBusy {
        /// When.
        slot: Slot,
    },
}

fn when_instead(last_day: Option<NaiveDate>) -> String {
    match last_day {
        Some(day) => format!("La dernière finit le {} : choisissez une date d’ici là.", french_date(day)),
        None => "Voyez avec la Métropole.".to_owned(),
    }
}

impl Refusal for AdmissionRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Slot(refusal) => refusal.code(),
            Self::OutsideConvention { .. } => "outside_convention",
            Self::Eligibility(refusal) => refusal.code(),
            Self::Referral(refusal) => refusal.code(),
            Self::Quota(refusal) => refusal.code(),
            Self::PsychologistBusy { .. } => "psychologist_busy",
            Self::ChildBusy { .. } => "child_busy",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Slot(refusal) => refusal.field(),
            Self::OutsideConvention { .. } => Some("session_on"),
            Self::Eligibility(refusal) => refusal.field(),
            Self::Referral(refusal) => refusal.field(),
            Self::Quota(refusal) => refusal.field(),
            Self::PsychologistBusy { .. } | Self::ChildBusy { .. } => Some("starts_at"),
        }
    }
}

/// What allows a session: the rules of its day and the referral.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The convention of that day.
    pub convention: Convention,
    /// Its rules of that day.
    pub terms: Terms,
    /// The referral and the child's reference.
    pub eligible: Eligible,
}

/// Finds what allows a psychologist to see a child of a programme on a day.
///
/// # Errors
/// When no convention covers the day, or the child may not be seen then.
pub fn admit(
    tx: &mut Tx<'_>,
    vault: &Vault,
    programme: ProgrammeId,
    (child, psychologist): (ChildId, PsychologistId),
    on: NaiveDate,
) -> Result<Admitted, Failure<AdmissionRefusal>> {
    let (convention, terms) = rules_of(tx, programme, on)?;
    let eligible = eligibility::check(tx, vault, &terms, child, psychologist, on)
        .map_err(|failure| failure.map(AdmissionRefusal::Eligibility))?;
    Ok(Admitted { convention, terms, eligible })
}

fn rules_of(
    tx: &mut Tx<'_>,
    programme: ProgrammeId,
    on: NaiveDate,
) -> Result<(Convention, Terms), Failure<AdmissionRefusal>> {
    if let Some(convention) = look_up::convention_of(tx, programme, on)?
        && let Some(terms) = look_up::terms_on(tx, convention.id, on)?
    {
        return Ok((convention, terms));
    }
    let last_day = look_up::last_day_of(tx, programme)?;
    refuse(AdmissionRefusal::OutsideConvention { on, last_day })
}

/// Reserves minutes of the quota of a day, then of the referral: always in that order. Gives the quota, and tells
/// those who watch over it when it nears its end.
///
/// # Errors
/// When either has too little left.
pub fn hold(
    tx: &mut Tx<'_>,
    clock: &Clock,
    programme: ProgrammeId,
    referral: ReferralId,
    on: NaiveDate,
    minutes: Minutes,
) -> Result<QuotaId, Failure<AdmissionRefusal>> {
    let quota = quota_ledger::reserve(tx, programme, on, minutes).map_err(|e| e.map(AdmissionRefusal::Quota))?;
    referral_ledger::reserve(tx, referral, minutes).map_err(|e| e.map(AdmissionRefusal::Referral))?;
    quotas::notices::reserved(tx, clock, quota, minutes)?;
    Ok(quota.id)
}

/// Finds what allows a session to come, and reserves its minutes.
///
/// # Errors
/// As [`admit`] and [`hold`].
pub fn admit_and_hold(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    programme: ProgrammeId,
    both: (ChildId, PsychologistId),
    slot: Slot,
) -> Result<(Admitted, QuotaId), Failure<AdmissionRefusal>> {
    let admitted = admit(tx, vault, programme, both, slot.on)?;
    let quota = hold(tx, clock, programme, admitted.eligible.referral_id, slot.on, slot.duration)?;
    Ok((admitted, quota))
}

/// Gives back what a session reserved of its quota, then of its referral.
///
/// # Errors
/// When the database fails.
pub fn give_back(tx: &mut Tx<'_>, session: &Session) -> diesel::QueryResult<()> {
    quota_ledger::release(tx, session.quota_id, session.quota_minutes)?;
    referral_ledger::release(tx, session.referral_id, session.quota_minutes)
}

/// Says in French which of the two is in two places at once, when that is why the database refused a session.
pub fn overlap(error: diesel::result::Error, slot: Slot) -> Failure<AdmissionRefusal> {
    if violated(&error, "sessions_psychologist_overlap") {
        return Failure::Refused(AdmissionRefusal::PsychologistBusy { slot });
    }
    if violated(&error, "sessions_child_overlap") {
        return Failure::Refused(AdmissionRefusal::ChildBusy { slot });
    }
    Failure::Db(DbError::Query(error))
}
