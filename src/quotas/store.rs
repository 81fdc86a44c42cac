//! The SQL of quotas: every change is relative, and conditional when it could pass a bound.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::{AnyConnection, MultiBackend, Tx};
use crate::hours::Minutes;
use crate::ids::{BudgetYearId, ProgrammeId, PsychologistId, QuotaId};
use crate::prepared::prepared;
use crate::quotas::{Quota, Reach};
use crate::schema::{budget_years, children, convention_programmes, programmes, quotas, referrals};

/// The quota of a programme on a day, if a convention gives one.
///
/// # Errors
/// When the database fails.
pub fn find_on(conn: &mut AnyConnection, programme: ProgrammeId, on: NaiveDate) -> QueryResult<Option<QuotaId>> {
    quotas::table
        .inner_join(budget_years::table)
        .filter(quotas::programme_id.eq(programme))
        .filter(budget_years::starts_on.le(on).and(budget_years::ends_on.ge(on)))
        .select(quotas::id)
        .first(conn)
        .optional()
}

/// A quota as it stands.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load(conn: &mut AnyConnection, id: QuotaId) -> QueryResult<Quota> {
    quotas::table.find(id).first(conn)
}

/// The names that a refusal gives: the programme's and the budget year's.
///
/// # Errors
/// When there is none, or the database fails.
pub fn names(conn: &mut AnyConnection, id: QuotaId) -> QueryResult<(String, String)> {
    quotas::table
        .inner_join(budget_years::table)
        .inner_join(programmes::table)
        .filter(quotas::id.eq(id))
        .select((programmes::name, budget_years::label))
        .first(conn)
}

/// Reserves minutes if they are left. Gives the quota after, or nothing when they are not.
///
/// # Errors
/// When the database fails.
pub fn reserve_if_left(tx: &mut Tx<'_>, id: QuotaId, minutes: Minutes) -> QueryResult<Option<Quota>> {
    let reserve = diesel::update(quotas::table.find(id))
        .filter((quotas::reserved_minutes + quotas::used_minutes + minutes.0).le(quotas::allotted_minutes))
        .set(quotas::reserved_minutes.eq(quotas::reserved_minutes + minutes.0))
        .returning(quotas::all_columns);
    prepared(reserve).get_result(&mut **tx).optional()
}

/// Moves the two sums; the CHECK refuses what would be negative or too much.
///
/// # Errors
/// When a bound would be passed, or the database fails.
pub fn shift(tx: &mut Tx<'_>, id: QuotaId, reserved: i32, used: i32) -> QueryResult<()> {
    let shift = diesel::update(quotas::table.find(id)).set((
        quotas::reserved_minutes.eq(quotas::reserved_minutes + reserved),
        quotas::used_minutes.eq(quotas::used_minutes + used),
    ));
    let changed = shift.execute(&mut **tx)?;
    if changed == 1 { Ok(()) } else { Err(diesel::result::Error::NotFound) }
}

/// Allots another time, if what is reserved and used fits in it and the time before is still the one said.
///
/// # Errors
/// When the database fails.
pub fn allot_if_held_fits(tx: &mut Tx<'_>, id: QuotaId, before: Minutes, after: Minutes) -> QueryResult<bool> {
    let changed = diesel::update(quotas::table.find(id))
        .filter(quotas::allotted_minutes.eq(before))
        .filter((quotas::reserved_minutes + quotas::used_minutes).le(after))
        .set(quotas::allotted_minutes.eq(after))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}

/// A quota with the names it is told with.
#[derive(Debug, Clone, Queryable)]
pub struct QuotaLine {
    /// The figures.
    pub quota: Quota,
    /// The programme's name.
    pub programme: String,
    /// The budget year's name.
    pub year: String,
    /// The first day of the budget year.
    pub starts_on: NaiveDate,
    /// The last day of the budget year.
    pub ends_on: NaiveDate,
    /// Why it is what it is, when the convention says so.
    pub note: Option<String>,
}

/// The quotas that somebody sees, of the budget years that hold a day, by programme.
///
/// # Errors
/// When the database fails.
pub fn lines_on(conn: &mut AnyConnection, reach: &Reach, on: NaiveDate) -> QueryResult<Vec<QuotaLine>> {
    let years = budget_years::table
        .filter(budget_years::starts_on.le(on).and(budget_years::ends_on.ge(on)))
        .select(budget_years::id)
        .load(conn)?;
    lines(conn, reach, years)
}

/// The quotas that somebody sees, of the budget years of a name, by programme.
///
/// # Errors
/// When the database fails.
pub fn lines_of_year(conn: &mut AnyConnection, reach: &Reach, label: &str) -> QueryResult<Vec<QuotaLine>> {
    let years = budget_years::table.filter(budget_years::label.eq(label)).select(budget_years::id).load(conn)?;
    lines(conn, reach, years)
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
    lines(conn, reach, vec![year])
}

fn lines(conn: &mut AnyConnection, reach: &Reach, years: Vec<BudgetYearId>) -> QueryResult<Vec<QuotaLine>> {
    let query = quotas::table
        .inner_join(budget_years::table)
        .inner_join(programmes::table)
        .inner_join(
            convention_programmes::table.on(convention_programmes::programme_id
                .eq(quotas::programme_id)
                .and(convention_programmes::convention_id.eq(budget_years::convention_id))),
        )
        .filter(quotas::budget_year_id.eq_any(years))
        .order((programmes::name, budget_years::starts_on))
        .select((
            quotas::all_columns,
            programmes::name,
            budget_years::label,
            budget_years::starts_on,
            budget_years::ends_on,
            convention_programmes::note,
        ))
        .into_boxed::<MultiBackend>();
    match reach {
        Reach::Everything => query.load(conn),
        Reach::Programmes(ids) => query.filter(quotas::programme_id.eq_any(ids)).load(conn),
        Reach::Psychologist(id) => {
            let theirs = programmes_of(conn, *id)?;
            query.filter(quotas::programme_id.eq_any(theirs)).load(conn)
        }
    }
}

/// The programmes whose children were entrusted to a psychologist.
fn programmes_of(conn: &mut AnyConnection, psychologist: PsychologistId) -> QueryResult<Vec<ProgrammeId>> {
    referrals::table
        .inner_join(children::table)
        .filter(referrals::psychologist_id.eq(psychologist))
        .select(children::programme_id)
        .distinct()
        .load(conn)
}
