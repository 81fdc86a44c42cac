//! Whether a psychologist may see a child on a day: follow-up, age, referral and consent (rules 2 and 4).

use chrono::NaiveDate;

use crate::calendar::short_date;
use crate::children::{ChildReference, Referral, ReferralRefusal, store};
use crate::conventions::Terms;
use crate::db::AnyConnection;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{ChildId, ProgrammeId, PsychologistId, ReferralId};
use crate::vault::Vault;

/// A child who may be seen, and under which referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eligible {
    /// The referral that gives the minutes.
    pub referral_id: ReferralId,
    /// The programme whose quota pays.
    pub programme_id: ProgrammeId,
    /// The child, as the session and its mails call them.
    pub reference: ChildReference,
}

/// Why a child may not be seen on a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EligibilityRefusal {
    /// The follow-up was over.
    #[error(
        "Le suivi de {reference} est clos depuis le {}. La coordination du PRE peut le rouvrir.",
        short_date(*closed_on)
    )]
    Closed {
        /// The child.
        reference: ChildReference,
        /// Its last day.
        closed_on: NaiveDate,
    },
    /// The child is too young, or too old (rule 2).
    #[error(
        "{reference} a {age} ans le {} ; la convention concerne les enfants de {min} à {max} ans. Choisissez une autre date.",
        short_date(*on)
    )]
    Age {
        /// The child.
        reference: ChildReference,
        /// The age on that day, in whole years.
        age: i32,
        /// The day asked.
        on: NaiveDate,
        /// The youngest.
        min: i32,
        /// The oldest.
        max: i32,
    },
    /// The referral does not allow it.
    #[error(transparent)]
    Referral(#[from] ReferralRefusal),
}

impl Refusal for EligibilityRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Closed { .. } => "child_closed",
            Self::Age { .. } => "child_age",
            Self::Referral(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Closed { .. } => Some("child"),
            Self::Age { .. } => Some("session_on"),
            Self::Referral(refusal) => refusal.field(),
        }
    }
}

/// Checks that a psychologist may see a child on a day, under the convention's rules of that day. The minutes are
/// reserved apart ([`crate::children::ledger`]).
///
/// # Errors
/// When there is no such child, or a rule forbids it.
pub fn check(
    conn: &mut AnyConnection,
    vault: &Vault,
    terms: &Terms,
    child: ChildId,
    psychologist: PsychologistId,
    on: NaiveDate,
) -> Result<Eligible, Failure<EligibilityRefusal>> {
    let child = store::load_child(conn, vault, child)?;
    let reference = child.reference.clone();
    if let Some(closed_on) = child.closed_on.filter(|_| child.is_closed_on(on)) {
        return refuse(EligibilityRefusal::Closed { reference, closed_on });
    }
    if !terms.allows_age(child.identity.born_on, on) {
        let age = child.identity.age_on(on);
        return refuse(EligibilityRefusal::Age { reference, age, on, min: terms.min_age, max: terms.max_age });
    }
    let referral =
        load_valid(conn, child.id, &reference, psychologist, on).map_err(|e| e.map(EligibilityRefusal::Referral))?;
    Ok(Eligible { referral_id: referral.id, programme_id: child.programme_id, reference })
}

/// The referral of a child to a psychologist that is valid on a day, with a guardian's consent given by that day.
fn load_valid(
    conn: &mut AnyConnection,
    child: ChildId,
    reference: &ChildReference,
    psychologist: PsychologistId,
    on: NaiveDate,
) -> Result<Referral, Failure<ReferralRefusal>> {
    let reference = || reference.clone();
    let referrals = store::referrals_between(conn, child, psychologist)?;
    let Some(nearest) = referrals.iter().copied().min_by_key(|referral| days_away(*referral, on)) else {
        return refuse(ReferralRefusal::NoReferral { reference: reference() });
    };
    if !nearest.period().contains(on) {
        return refuse(ReferralRefusal::OtherDays { reference: reference(), period: nearest.period(), on });
    }
    if !store::is_consented(conn, nearest.id, on)? {
        return refuse(ReferralRefusal::NoConsent { reference: reference(), on });
    }
    Ok(nearest)
}

/// How many days a referral is away from a day; none when the day is in it.
fn days_away(referral: Referral, day: NaiveDate) -> i64 {
    let after_end = (day - referral.ends_on).num_days();
    let before_start = (referral.starts_on - day).num_days();
    after_end.max(before_start).max(0)
}
