//! The administrator fixes what a budget year keeps for a type of service: hours, and euros with tax.

use serde_json::json;

use crate::accounts::Administrator;
use crate::clock::Clock;
use crate::conventions::{ServiceType, look_up};
use crate::db::{Tx, violated};
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::{BudgetLineId, BudgetYearId, ConventionId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::money::Cents;
use crate::services::{KINDS, Part, of_kind, store};

/// What is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allotment {
    /// The convention.
    pub convention: ConventionId,
    /// Its budget year.
    pub year: BudgetYearId,
    /// For what.
    pub kind: ServiceType,
    /// How much.
    pub part: Part,
}

/// Why a line is not fixed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllotRefusal {
    /// A child's session is paid by the quotas.
    #[error(
        "Les entretiens avec les enfants se paient sur les quotités des PRE. Choisissez l’analyse de la pratique ou la formation."
    )]
    Session,
    /// Less than nothing.
    #[error("Le montant d’une ligne ne descend pas au-dessous de zéro.")]
    Negative,
    /// Not a whole number of quarters of an hour, or less than nothing.
    #[error("Les heures se comptent par quarts d’heure ; {0} ne convient pas.")]
    Quarters(Minutes),
    /// Less than what is held already.
    #[error("{} et {} {what} sont déjà saisis ou validés en {year} : la ligne ne peut pas descendre au-dessous.", held.time, held.cost)]
    UnderHeld {
        /// What is held.
        held: Part,
        /// `d’analyse de la pratique`.
        what: String,
        /// The budget year.
        year: String,
    },
    /// More than the convention keeps.
    #[error("La part fixe de {year} est de {fixed} et l’autre ligne en prend {others} : il reste {} pour celle-ci.", *fixed - *others)]
    OverFixedShare {
        /// What the budget year keeps for these services.
        fixed: Cents,
        /// What the other lines take of it.
        others: Cents,
        /// The budget year.
        year: String,
    },
}

impl Refusal for AllotRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Session => "service_of_a_child",
            Self::Negative => "negative",
            Self::Quarters(_) => "not_quarters",
            Self::UnderHeld { .. } => "budget_line_under_held",
            Self::OverFixedShare { .. } => "budget_line_over_fixed_share",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Session => "kind",
            Self::Quarters(_) | Self::UnderHeld { .. } => "hours",
            Self::Negative | Self::OverFixedShare { .. } => "euros",
        })
    }
}

/// Fixes a line, new or not: never under what is held, and all together never over the fixed share of the budget year.
///
/// # Errors
/// As [`AllotRefusal`] says, when there is no such budget year, or when the database fails.
pub fn allot(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: Actor,
    new: Allotment,
) -> Result<BudgetLineId, Failure<AllotRefusal>> {
    let Allotment { convention, year, kind, part } = new;
    // whoever changes the year's fixed share waits, or is seen
    store::lock_year(tx, year)?;
    let years = look_up::budget_years(tx, convention)?;
    let Some(year) = years.into_iter().find(|known| known.id == year) else { return Err(Failure::NotFound) };
    if !KINDS.contains(&kind) {
        return refuse(AllotRefusal::Session);
    }
    if part.time < Minutes::ZERO || part.time.0 % Minutes::QUARTER.0 != 0 {
        return refuse(AllotRefusal::Quarters(part.time));
    }
    if part.cost < Cents::ZERO {
        return refuse(AllotRefusal::Negative);
    }
    let lines = store::lines_of_year(tx, year.id)?;
    let others: Cents = lines.iter().filter(|line| line.kind != kind).map(|line| line.allotted.cost).sum();
    if others + part.cost > year.fixed_share {
        return refuse(AllotRefusal::OverFixedShare { fixed: year.fixed_share, others, year: year.label });
    }
    let former = lines.into_iter().find(|line| line.kind == kind);
    let under = |held| AllotRefusal::UnderHeld { held, what: of_kind(kind), year: year.label.clone() };
    let id = match &former {
        Some(line) => {
            store::set_allotted(tx, line.id, part).map_err(|e| {
                if violated(&e, "budget_lines_within_minutes") || violated(&e, "budget_lines_within_cents") {
                    let held =
                        Part { time: line.reserved.time + line.used.time, cost: line.reserved.cost + line.used.cost };
                    Failure::Refused(under(held))
                } else {
                    e.into()
                }
            })?;
            line.id
        }
        None => store::insert_line(tx, year.id, kind, part)?,
    };
    let fact =
        |part: Part| json!({ "budget_year": year.id, "service": kind, "minutes": part.time, "cents": part.cost });
    let entry = Entry {
        chain: Chain::Convention(convention),
        actor: who,
        action: "budget_line.set",
        subject: "budget_line",
        subject_id: id.0,
        before: former.map(|line| fact(line.allotted)),
        after: Some(fact(part)),
    };
    journal::write(tx, clock, entry)?;
    Ok(id)
}

/// An administrator as the author of what they fix.
pub fn author(who: &Administrator) -> Actor {
    Actor::Account(who.account)
}
