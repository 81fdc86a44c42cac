//! Moves hours from one programme to another of the same budget year, in one gesture: it is an amendment of two lines.

use chrono::NaiveDate;

use super::sign::{conclude, take_number};
use super::{AmendmentRefusal, Change, Faults, Proposal, YearFigures, look_up};
use crate::accounts::Administrator;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::Failure;
use crate::hours::Minutes;
use crate::ids::{AmendmentId, BudgetYearId, ConventionId, ProgrammeId};

/// Hours to move.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The budget year.
    pub budget_year_id: BudgetYearId,
    /// The programme that gives them.
    pub from_programme_id: ProgrammeId,
    /// The programme that receives them.
    pub to_programme_id: ProgrammeId,
    /// How many minutes.
    pub minutes: Minutes,
    /// The day on which the parties signed.
    pub signed_on: NaiveDate,
    /// Why; kept, so it names no child.
    pub reason: String,
}

impl Transfer {
    /// The two quotas that it changes.
    ///
    /// # Errors
    /// When it names what the convention does not have, or moves what is not free.
    pub fn changes(&self, years: &[YearFigures]) -> Result<Vec<Change>, Failure<Faults>> {
        let year = years.iter().find(|of| of.year.id == self.budget_year_id).ok_or(Failure::NotFound)?;
        let of = |id| year.quotas.iter().find(|quota| quota.programme.id == id).ok_or(Failure::NotFound);
        let (from, to) = (of(self.from_programme_id)?, of(self.to_programme_id)?);
        let refuse = |refusal: AmendmentRefusal| Err(Failure::Refused(refusal.into()));
        if from.id == to.id {
            return refuse(AmendmentRefusal::SameProgramme);
        }
        if self.minutes <= Minutes::ZERO || self.minutes.0 % Minutes::QUARTER.0 != 0 {
            return refuse(AmendmentRefusal::NothingMoved);
        }
        let free = from.allotted - from.held();
        if self.minutes > free {
            let (name, year) = (from.programme.name.clone(), year.year.label.clone());
            return refuse(AmendmentRefusal::NotFree { name, year, free, asked: self.minutes });
        }
        let quota = |programme_id, minutes| Change::Quota { budget_year_id: year.year.id, programme_id, minutes };
        Ok(vec![
            quota(from.programme.id, from.allotted - self.minutes),
            quota(to.programme.id, Minutes(to.allotted.0.saturating_add(self.minutes.0))),
        ])
    }

    /// The amendment that it is.
    ///
    /// # Errors
    /// As [`Self::changes`] says.
    pub fn proposal(&self, years: &[YearFigures]) -> Result<Proposal, Failure<Faults>> {
        let (signed_on, reason) = (self.signed_on, self.reason.clone());
        Ok(Proposal { changes: self.changes(years)?, signed_on, reason, seen: None })
    }
}

/// Signs a transfer of hours, whatever was amended before it.
///
/// # Errors
/// As [`Faults`] says, when something that it names does not exist, or when the database fails.
pub fn transfer(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    convention: ConventionId,
    asked: &Transfer,
) -> Result<AmendmentId, Failure<Faults>> {
    let number = take_number(tx, convention, None)?;
    let proposal = asked.proposal(&look_up::figures(tx, convention)?)?;
    conclude(tx, clock, who, (convention, number), &proposal)
}
