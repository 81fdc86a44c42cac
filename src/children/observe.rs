//! What the yearly report counts of the children of a budget year: neither name nor reference, and of the birth only what an
//! age asks for.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use diesel::QueryResult;

use crate::calendar::age_on;
use crate::children::{AgeBand, Gender, store};
use crate::db::AnyConnection;
use crate::ids::{BudgetYearId, ChildId, NeighbourhoodId};
use crate::vault::Vault;

/// A child of whom a session was approved in a budget year. Not printable: it holds a birth date.
pub struct Observed {
    /// Whose sessions to look for.
    pub id: ChildId,
    /// Birth date, until the identity is destroyed.
    born_on: Option<NaiveDate>,
    /// The age bands that were kept when it was, by year.
    bands: Vec<(i32, AgeBand)>,
    /// Gender.
    pub gender: Gender,
    /// Where the child lives.
    pub neighbourhood: NeighbourhoodId,
    /// The first day of the follow-up.
    pub followed_since: NaiveDate,
    /// The last day of the follow-up, once it is over.
    pub closed_on: Option<NaiveDate>,
}

impl Observed {
    /// The age band on a day; once the identity is destroyed, the one that was kept of that year, or of the nearest.
    pub fn band_on(&self, day: NaiveDate) -> Option<AgeBand> {
        let kept = || self.bands.iter().min_by_key(|(year, _)| year.abs_diff(day.year())).map(|(_, band)| *band);
        self.born_on.map(|born_on| AgeBand::of(age_on(born_on, day))).or_else(kept)
    }
}

/// The children of whom a session was approved or invoiced in a budget year, read at once.
///
/// # Errors
/// When a birth date does not open, or the database fails.
pub fn of_year(conn: &mut AnyConnection, vault: &Vault, year: BudgetYearId) -> QueryResult<Vec<Observed>> {
    let rows = store::observed(conn, vault, year)?;
    let destroyed: Vec<ChildId> = rows.iter().filter(|row| row.1.is_none()).map(|row| row.0).collect();
    let mut kept: BTreeMap<ChildId, Vec<(i32, AgeBand)>> = BTreeMap::new();
    for (child, year, band) in store::frozen_bands(conn, &destroyed)? {
        kept.entry(child).or_default().push((year, band));
    }
    let read = |(id, born_on, gender, neighbourhood, (followed_since, closed_on))| Observed {
        id,
        born_on,
        bands: kept.remove(&id).unwrap_or_default(),
        gender,
        neighbourhood,
        followed_since,
        closed_on,
    };
    Ok(rows.into_iter().map(read).collect())
}
