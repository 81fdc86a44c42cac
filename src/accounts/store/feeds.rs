//! Calendar feeds.

use diesel::prelude::*;

use crate::db::{AnyConnection, Tx};
use crate::ids::AccountId;
use crate::schema::{accounts, calendar_feeds};
use crate::sql_types::Ts;

/// A calendar feed as its owner sees it: without its address.
#[derive(Debug, Clone, Copy, Queryable)]
pub struct StoredFeed {
    /// Since when.
    pub created_at: Ts,
    /// When a calendar last read it.
    pub last_read_at: Option<Ts>,
}

/// The feed of an account, if it has one.
///
/// # Errors
/// When the database fails.
pub fn find_feed(conn: &mut AnyConnection, account: AccountId) -> QueryResult<Option<StoredFeed>> {
    calendar_feeds::table
        .find(account)
        .select((calendar_feeds::created_at, calendar_feeds::last_read_at))
        .first(conn)
        .optional()
}

/// Keeps the feed of an account that has none.
///
/// # Errors
/// When the database fails.
pub fn insert_feed(tx: &mut Tx<'_>, account: AccountId, token_hash: &[u8], now: Ts) -> QueryResult<()> {
    let new = (
        calendar_feeds::account_id.eq(account),
        calendar_feeds::token_hash.eq(token_hash),
        calendar_feeds::created_at.eq(now),
    );
    diesel::insert_into(calendar_feeds::table).values(new).execute(&mut **tx)?;
    Ok(())
}

/// Deletes the feed of an account. Returns whether it had one.
///
/// # Errors
/// When the database fails.
pub fn delete_feed(tx: &mut Tx<'_>, account: AccountId) -> QueryResult<bool> {
    Ok(diesel::delete(calendar_feeds::table.find(account)).execute(&mut **tx)? == 1)
}

/// Whose feed a token opens, if the account is open.
///
/// # Errors
/// When the database fails.
pub fn find_feed_owner(conn: &mut AnyConnection, token_hash: &[u8]) -> QueryResult<Option<AccountId>> {
    calendar_feeds::table
        .inner_join(accounts::table)
        .filter(calendar_feeds::token_hash.eq(token_hash).and(accounts::disabled_at.is_null()))
        .select(accounts::id)
        .first(conn)
        .optional()
}

/// Notes that a feed is read, unless it was since an instant. Returns whether it was not.
///
/// # Errors
/// When the database fails.
pub fn note_feed_read(tx: &mut Tx<'_>, account: AccountId, since: Ts, now: Ts) -> QueryResult<bool> {
    let noted = diesel::update(calendar_feeds::table.find(account))
        .filter(calendar_feeds::last_read_at.is_null().or(calendar_feeds::last_read_at.le(since)))
        .set(calendar_feeds::last_read_at.eq(now))
        .execute(&mut **tx)?;
    Ok(noted == 1)
}
