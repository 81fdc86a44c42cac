//! What may be read of quotas.

use chrono::NaiveDate;
use diesel::QueryResult;

pub use super::store::QuotaLine;
use super::{Reach, store};
use crate::db::AnyConnection;
use crate::ids::BudgetYearId;

/// The quotas that somebody sees, of the budget years that hold a day, by programme.
///
/// # Errors
/// When the database fails.
pub fn lines_on(conn: &mut AnyConnection, reach: &Reach, on: NaiveDate) -> QueryResult<Vec<QuotaLine>> {
    store::lines_on(conn, reach, on)
}

/// The quotas that somebody sees, of the budget years of a name, by programme.
///
/// # Errors
/// When the database fails.
pub fn lines_of_year(conn: &mut AnyConnection, reach: &Reach, label: &str) -> QueryResult<Vec<QuotaLine>> {
    store::lines_of_year(conn, reach, label)
}

/// The quotas of a budget year that somebody sees, by programme.
///
/// # Errors
/// When the database fails.
pub fn lines_of_budget_year(
    conn: &mut AnyConnection,
    reach: &Reach,
    year: BudgetYearId,
) -> QueryResult<Vec<QuotaLine>> {
    store::lines_of_budget_year(conn, reach, year)
}
