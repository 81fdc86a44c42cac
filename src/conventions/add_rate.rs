//! Gives a psychologist an hourly rate of their own from a day on.

use chrono::NaiveDate;

use super::{Period, Rate, ServiceType, store};
use crate::calendar::{Month, short_date};
use crate::clock::Clock;
use crate::db::{Tx, violated};
use crate::failure::{Failure, Refusal};
use crate::ids::{ConventionId, PsychologistId, RateId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::money::Cents;

/// A rate to enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRate {
    /// Whose it is.
    pub psychologist: PsychologistId,
    /// For what.
    pub service: ServiceType,
    /// Euros an hour.
    pub hourly: Cents,
    /// The first day on which it is in force.
    pub from: NaiveDate,
}

/// Why a rate is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateRefusal {
    /// Nothing, or less.
    #[error("Un tarif horaire est plus grand que zéro.")]
    NotPositive,
    /// A day outside the convention.
    #[error("Choisissez une date dans la convention, qui va {0}.")]
    OutsideConvention(Period),
    /// The sessions of that month are on an invoice that stands.
    #[error(
        "Les séances jusqu’à {0} sont déjà facturées à l’ancien tarif : choisissez une date à partir du {date}.",
        date = short_date(.0.next().first())
    )]
    AlreadyInvoiced(Month),
    /// Another rate begins on the same day.
    #[error("Un tarif de cette prestation commence déjà le {date} pour cette personne : choisissez un autre jour.", date = short_date(*.0))]
    SameDay(NaiveDate),
}

impl Refusal for RateRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotPositive => "rate_not_positive",
            Self::OutsideConvention(_) => "rate_outside_convention",
            Self::AlreadyInvoiced(_) => "rate_already_invoiced",
            Self::SameDay(_) => "rate_same_day",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotPositive => "hourly",
            _ => "from",
        })
    }
}

/// Enters a psychologist's own rate; it takes the place of the convention's, and of their former one, from its day on.
///
/// # Errors
/// As [`RateRefusal`] says, when the convention or the psychologist does not exist, or when the database fails.
pub fn add_rate(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: Actor,
    convention: ConventionId,
    new: NewRate,
) -> Result<RateId, Failure<RateRefusal>> {
    let NewRate { psychologist, service, hourly, from } = new;
    let refuse = |refusal| Err(Failure::Refused(refusal));
    let period = store::load_convention(tx, convention)?.period;
    if !store::psychologist_names(tx)?.iter().any(|(id, _)| *id == psychologist) {
        return Err(Failure::NotFound);
    }
    if hourly <= Cents::ZERO {
        return refuse(RateRefusal::NotPositive);
    }
    if !period.contains(from) {
        return refuse(RateRefusal::OutsideConvention(period));
    }
    if let Some(month) = store::last_invoiced_month(tx, psychologist)?.filter(|month| from <= month.last()) {
        return refuse(RateRefusal::AlreadyInvoiced(month));
    }
    let rates = store::rates(tx, convention)?;
    let own = |rate: &&Rate| rate.psychologist == Some(psychologist) && rate.service == service;
    if rates.iter().filter(own).any(|rate| rate.from == from) {
        return refuse(RateRefusal::SameDay(from));
    }
    let before = super::rate_in_force(&rates, psychologist, service, from).map(|rate| rate.hourly);
    let inserted =
        store::insert_rate(tx, convention, &Rate { psychologist: Some(psychologist), service, hourly, from });
    let id = match inserted {
        Err(e) if violated(&e, "rates_once") => return refuse(RateRefusal::SameDay(from)),
        other => other?,
    };
    let fact = |hourly: Cents| serde_json::json!({ "psychologist": psychologist, "service": service, "hourly_cents": hourly, "from": from });
    let entry = Entry {
        chain: Chain::Convention(convention),
        actor: who,
        action: "rate.added",
        subject: "rate",
        subject_id: id.0,
        before: before.map(fact),
        after: Some(fact(hourly)),
    };
    journal::write(tx, clock, entry)?;
    Ok(id)
}
