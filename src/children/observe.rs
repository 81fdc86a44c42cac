//! What the yearly report counts of the children of a budget year: neither name nor reference, and of the birth only what an
//! age asks for.

use chrono::NaiveDate;
use diesel::QueryResult;

use crate::children::{Gender, store};
use crate::db::AnyConnection;
use crate::ids::{BudgetYearId, ChildId, NeighbourhoodId};
use crate::vault::Vault;

/// A child of whom a session was approved in a budget year. Not printable: it holds a birth date.
pub struct Observed {
    /// Whose sessions to look for.
    pub id: ChildId,
    /// Birth date: it gives ages, and goes no further.
    pub born_on: NaiveDate,
    /// Gender.
    pub gender: Gender,
    /// Where the child lives.
    pub neighbourhood: NeighbourhoodId,
    /// The first day of the follow-up.
    pub followed_since: NaiveDate,
    /// The last day of the follow-up, once it is over.
    pub closed_on: Option<NaiveDate>,
}

/// The children of whom a session was approved or invoiced in a budget year, read at once.
///
/// # Errors
/// When a birth date does not open, or the database fails.
pub fn of_year(conn: &mut AnyConnection, vault: &Vault, year: BudgetYearId) -> QueryResult<Vec<Observed>> {
    let rows = store::observed(conn, vault, year)?;
    let read = |(id, born_on, gender, neighbourhood, (followed_since, closed_on))| Observed {
        id,
        born_on,
        gender,
        neighbourhood,
        followed_since,
        closed_on,
    };
    Ok(rows.into_iter().map(read).collect())
}
