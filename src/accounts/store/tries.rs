//! Counts of tries.

use diesel::prelude::*;

use crate::db::{AnyConnection, Tx};
use crate::each;
use crate::schema::throttles;
use crate::sql_types::Ts;

/// Begins to count the failures of a subject.
///
/// # Errors
/// When the database fails.
pub fn begin_throttle(tx: &mut Tx<'_>, subject: &[u8], now: Ts) -> QueryResult<()> {
    let new = (
        throttles::subject.eq(subject),
        throttles::failures.eq(0),
        throttles::last_failure_at.eq(now),
        throttles::blocked_until.eq(now),
    );
    let conn = &mut **tx;
    each!(conn => diesel::insert_into(throttles::table).values(new).on_conflict_do_nothing().execute(conn))?;
    Ok(())
}

/// Forgets the failures of a subject whose last one is before an instant.
///
/// # Errors
/// When the database fails.
pub fn forget_old_failures(tx: &mut Tx<'_>, subject: &[u8], before: Ts) -> QueryResult<()> {
    diesel::update(throttles::table.find(subject))
        .filter(throttles::last_failure_at.le(before))
        .set(throttles::failures.eq(0))
        .execute(&mut **tx)?;
    Ok(())
}

/// Counts a try of a subject that need not wait; gives how many there are, or nothing when it must wait. The row stays
/// locked until the transaction ends.
///
/// # Errors
/// When the database fails.
pub fn count_try(tx: &mut Tx<'_>, subject: &[u8], now: Ts) -> QueryResult<Option<i32>> {
    diesel::update(throttles::table.find(subject))
        .filter(throttles::blocked_until.le(now))
        .set((throttles::failures.eq(throttles::failures + 1), throttles::last_failure_at.eq(now)))
        .returning(throttles::failures)
        .get_result(&mut **tx)
        .optional()
}

/// Makes a subject wait.
///
/// # Errors
/// When the database fails.
pub fn block_until(tx: &mut Tx<'_>, subject: &[u8], until: Ts) -> QueryResult<()> {
    diesel::update(throttles::table.find(subject)).set(throttles::blocked_until.eq(until)).execute(&mut **tx)?;
    Ok(())
}

/// Until when a subject waits.
///
/// # Errors
/// When the database fails.
pub fn blocked_until(conn: &mut AnyConnection, subject: &[u8]) -> QueryResult<Ts> {
    throttles::table.find(subject).select(throttles::blocked_until).first(conn)
}

/// Forgets a subject.
///
/// # Errors
/// When the database fails.
pub fn delete_throttle(tx: &mut Tx<'_>, subject: &[u8]) -> QueryResult<()> {
    diesel::delete(throttles::table.find(subject)).execute(&mut **tx)?;
    Ok(())
}

/// Takes one try off a subject, which need not wait any more.
///
/// # Errors
/// When the database fails.
pub fn give_try_back(tx: &mut Tx<'_>, subject: &[u8], now: Ts) -> QueryResult<()> {
    diesel::update(throttles::table.find(subject))
        .filter(throttles::failures.gt(0))
        .set((throttles::failures.eq(throttles::failures - 1), throttles::blocked_until.eq(now)))
        .execute(&mut **tx)?;
    Ok(())
}
