//! What an amendment writes in a convention's own tables.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::conventions::BudgetYear;
use crate::db::{AnyConnection, Tx};
use crate::ids::{AmendmentId, BudgetYearId, ConventionId, SignatoryId};
use crate::money::Cents;
use crate::schema::{accounts, amendments, budget_years, contributions, conventions};

/// The number of the last amendment of a convention; 0 before the first.
pub fn last_amendment(conn: &mut AnyConnection, convention: ConventionId) -> QueryResult<i32> {
    conventions::table.find(convention).select(conventions::last_amendment).first(conn)
}

/// Counts an amendment; nothing when the last one is not the one that was seen. Who comes second waits here.
pub fn take_amendment_number(tx: &mut Tx<'_>, convention: ConventionId, seen: Option<i32>) -> QueryResult<Option<i32>> {
    let row = diesel::update(conventions::table.find(convention));
    let next = conventions::last_amendment.eq(conventions::last_amendment + 1);
    let changed = match seen {
        Some(seen) => row.filter(conventions::last_amendment.eq(seen)).set(next).execute(&mut **tx)?,
        None => row.set(next).execute(&mut **tx)?,
    };
    if changed == 1 { last_amendment(tx, convention).map(Some) } else { Ok(None) }
}

/// Changes what a signatory pays for a budget year; says how many rows changed.
pub fn update_contribution(
    tx: &mut Tx<'_>,
    year: BudgetYearId,
    signatory: SignatoryId,
    amount: Cents,
) -> QueryResult<usize> {
    diesel::update(contributions::table.find((year, signatory)))
        .set(contributions::amount_cents.eq(amount))
        .execute(&mut **tx)
}

/// Changes the sums of a budget year and the day by which it is called; its name and days stay.
pub fn update_budget_year(tx: &mut Tx<'_>, new: &BudgetYear) -> QueryResult<usize> {
    diesel::update(budget_years::table.find(new.id))
        .set((
            budget_years::budget_cents.eq(new.budget),
            budget_years::fixed_share_cents.eq(new.fixed_share),
            budget_years::ceiling_cents.eq(new.ceiling),
            budget_years::call_by_on.eq(new.call_by),
        ))
        .execute(&mut **tx)
}

/// An amendment in the list of a convention.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct AmendmentSummary {
    /// Which.
    pub id: AmendmentId,
    /// Its number, from 1.
    pub number: i32,
    /// The day on which the parties signed it.
    pub signed_on: NaiveDate,
    /// Why.
    pub reason: String,
    /// Who entered it.
    pub by: String,
}

impl AmendmentSummary {
    /// Its page.
    pub fn href(&self) -> String {
        crate::links::amendment(self.id)
    }
}

/// The amendments of a convention, in order.
pub fn amendments(conn: &mut AnyConnection, convention: ConventionId) -> QueryResult<Vec<AmendmentSummary>> {
    amendments::table
        .inner_join(accounts::table)
        .filter(amendments::convention_id.eq(convention))
        .select((amendments::id, amendments::number, amendments::signed_on, amendments::reason, accounts::display_name))
        .order(amendments::number)
        .load(conn)
}
