//! What other features ask of conventions: which one, its rules, budget year, rate and buyer on a day.

use chrono::NaiveDate;
use diesel::QueryResult;

pub use super::store::{
    AmendmentSummary, allotted, amendments, budget_years, buyer, contributions, conventions, conventions_of_programme,
    granted, grants, last_amendment, load_convention, named_grants, neighbourhoods, programmes, psychologist_names,
    rates, reopenings, signatories, terms,
};
use super::{BudgetYear, Convention, Period, Rate, ServiceType, Terms, rate_in_force, store};
use crate::db::AnyConnection;
use crate::ids::{ConventionId, ProgrammeId, PsychologistId};

/// The conventions in force on a day, the latest begun first; they may run side by side.
///
/// # Errors
/// When the database fails.
pub fn conventions_on(conn: &mut AnyConnection, day: NaiveDate) -> QueryResult<Vec<Convention>> {
    let mut all = store::conventions(conn)?;
    all.retain(|convention| convention.period.contains(day));
    Ok(all)
}

/// The convention under which a programme works on a day; it has one at most.
///
/// # Errors
/// When the database fails.
pub fn convention_of(
    conn: &mut AnyConnection,
    programme: ProgrammeId,
    day: NaiveDate,
) -> QueryResult<Option<Convention>> {
    Ok(store::conventions_of_programme(conn, programme, Period { from: day, until: day })?.pop())
}

/// The last day of the last convention of a programme, if it ever had one.
///
/// # Errors
/// When the database fails.
pub fn last_day_of(conn: &mut AnyConnection, programme: ProgrammeId) -> QueryResult<Option<NaiveDate>> {
    let ever = Period { from: NaiveDate::default(), until: NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default() };
    let last_days = store::conventions_of_programme(conn, programme, ever)?.into_iter().map(|c| c.period.until);
    Ok(last_days.max())
}

/// The rules of a convention on a day.
///
/// # Errors
/// When the database fails.
pub fn terms_on(conn: &mut AnyConnection, convention: ConventionId, day: NaiveDate) -> QueryResult<Option<Terms>> {
    Ok(store::terms(conn, convention)?.into_iter().find(|terms| terms.period.contains(day)))
}

/// The budget year of a convention on a day.
///
/// # Errors
/// When the database fails.
pub fn budget_year_on(
    conn: &mut AnyConnection,
    convention: ConventionId,
    day: NaiveDate,
) -> QueryResult<Option<BudgetYear>> {
    Ok(store::budget_years(conn, convention)?.into_iter().find(|year| year.period.contains(day)))
}

/// The rate of a psychologist for a service type on a day: their own, or else the convention's (rule 8).
///
/// # Errors
/// When the database fails.
pub fn rate_on(
    conn: &mut AnyConnection,
    convention: ConventionId,
    psychologist: PsychologistId,
    service: ServiceType,
    day: NaiveDate,
) -> QueryResult<Option<Rate>> {
    Ok(rate_in_force(&store::rates(conn, convention)?, psychologist, service, day).copied())
}
