//! The quotas that pay for sessions, which are locked before minutes move, and the months reopened for late entries.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::calendar::Month;
use crate::db::{AnyConnection, Tx};
use crate::ids::{ConventionId, ProgrammeId, QuotaId, SessionId};
use crate::schema::{budget_years, month_reopenings, quotas, sessions};

/// The quotas that pay for some sessions, in the order in which they are locked.
///
/// # Errors
/// When the database fails.
pub fn quotas_of(conn: &mut AnyConnection, ids: &[SessionId]) -> QueryResult<Vec<QuotaId>> {
    sessions::table
        .filter(sessions::id.eq_any(ids))
        .select(sessions::quota_id)
        .distinct()
        .order(sessions::quota_id)
        .load(conn)
}

/// Waits for whoever is moving minutes of a quota; the embedded database has one writer already.
///
/// # Errors
/// When there is no such quota, or the database fails.
pub fn lock_quota(tx: &mut Tx<'_>, quota: QuotaId) -> QueryResult<()> {
    match &mut **tx {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Pg(conn) => {
            quotas::table.find(quota).select(quotas::id).for_update().first::<QuotaId>(conn).map(|_| ())
        }
    }
}

/// Waits for whoever is moving minutes of some quotas, always in the same order, so that nobody waits for each other.
///
/// # Errors
/// When the database fails.
pub fn lock_quotas(tx: &mut Tx<'_>, ids: &[QuotaId]) -> QueryResult<()> {
    match &mut **tx {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Pg(conn) => quotas::table
            .filter(quotas::id.eq_any(ids))
            .order(quotas::id)
            .select(quotas::id)
            .for_update()
            .load::<QuotaId>(conn)
            .map(drop),
    }
}

/// The quotas of a programme that pay for the days of a period.
///
/// # Errors
/// When the database fails.
pub fn quotas_between(
    conn: &mut AnyConnection,
    programme: ProgrammeId,
    (from, until): (NaiveDate, NaiveDate),
) -> QueryResult<Vec<QuotaId>> {
    quotas::table
        .inner_join(budget_years::table)
        .filter(quotas::programme_id.eq(programme))
        .filter(budget_years::starts_on.le(until).and(budget_years::ends_on.ge(from)))
        .select(quotas::id)
        .load(conn)
}

/// Until when a month was reopened for late entries, if it was.
///
/// # Errors
/// When the database fails.
pub fn reopened_until(
    conn: &mut AnyConnection,
    convention: ConventionId,
    month: Month,
) -> QueryResult<Option<NaiveDate>> {
    month_reopenings::table
        .filter(month_reopenings::convention_id.eq(convention).and(month_reopenings::month_on.eq(month.first())))
        .select(diesel::dsl::max(month_reopenings::until_on))
        .first(conn)
}
