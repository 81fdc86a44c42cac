//! What an amendment may change of a convention, once [`crate::amendments`] has checked it: each statement is one of
//! its lines.

use diesel::QueryResult;
use diesel::result::Error as DieselError;

use super::{BudgetYear, store};
use crate::db::Tx;
use crate::ids::{BudgetYearId, ConventionId, GrantId, SignatoryId};
use crate::money::Cents;

/// Takes the number of the next amendment, and holds the convention until the transaction ends; none when another was
/// signed since the one that was seen.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub fn take_number(tx: &mut Tx<'_>, convention: ConventionId, seen: Option<i32>) -> QueryResult<Option<i32>> {
    store::load_convention(tx, convention)?;
    store::take_amendment_number(tx, convention, seen)
}

/// Sets what a signatory pays for a budget year.
///
/// # Errors
/// When it pays nothing for that year by the convention, or the database fails.
pub fn set_contribution(tx: &mut Tx<'_>, year: BudgetYearId, signatory: SignatoryId, amount: Cents) -> QueryResult<()> {
    changed_one(store::update_contribution(tx, year, signatory, amount)?)
}

/// Sets what a budget year gives to a grant.
///
/// # Errors
/// When the convention names no such grant for that year, or the database fails.
pub fn set_grant(tx: &mut Tx<'_>, year: BudgetYearId, grant: GrantId, amount: Cents) -> QueryResult<()> {
    changed_one(store::update_year_grant(tx, year, grant, amount)?)
}

/// Sets the sums of a budget year and the day by which it is called.
///
/// # Errors
/// When there is no such budget year, or the database fails.
pub fn set_budget_year(tx: &mut Tx<'_>, new: &BudgetYear) -> QueryResult<()> {
    changed_one(store::update_budget_year(tx, new)?)
}

fn changed_one(rows: usize) -> QueryResult<()> {
    if rows == 1 { Ok(()) } else { Err(DieselError::NotFound) }
}
