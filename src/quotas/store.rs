//! The SQL of quotas: every change is relative, and conditional when it could pass a bound.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::{AnyConnection, Tx};
use crate::hours::Minutes;
use crate::ids::{ProgrammeId, QuotaId};
use crate::quotas::Quota;
use crate::schema::{budget_years, programmes, quotas};

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
    diesel::update(quotas::table.find(id))
        .filter((quotas::reserved_minutes + quotas::used_minutes + minutes.0).le(quotas::allotted_minutes))
        .set(quotas::reserved_minutes.eq(quotas::reserved_minutes + minutes.0))
        .returning(quotas::all_columns)
        .get_result(&mut **tx)
        .optional()
}

/// Moves the two sums; the CHECK refuses what would be negative or too much.
///
/// # Errors
/// When a bound would be passed, or the database fails.
pub fn shift(tx: &mut Tx<'_>, id: QuotaId, reserved: i32, used: i32) -> QueryResult<()> {
    let changed = diesel::update(quotas::table.find(id))
        .set((
            quotas::reserved_minutes.eq(quotas::reserved_minutes + reserved),
            quotas::used_minutes.eq(quotas::used_minutes + used),
        ))
        .execute(&mut **tx)?;
    if changed == 1 { Ok(()) } else { Err(diesel::result::Error::NotFound) }
}
