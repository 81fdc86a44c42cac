//! Bearer tokens of the API.

use diesel::prelude::*;

use crate::db::{AnyConnection, Tx};
use crate::ids::{AccountId, ApiTokenId};
use crate::schema::{accounts, api_tokens};
use crate::sql_types::Ts;

/// A bearer token that works.
#[derive(Debug, Clone, Queryable)]
pub struct FoundToken {
    /// Which.
    pub id: ApiTokenId,
    /// Whose.
    pub account: AccountId,
    /// Whether it changes nothing.
    pub is_read_only: bool,
    /// The areas that it is for; absent for all.
    pub areas: Option<String>,
    /// When the account was last used.
    pub last_used_at: Option<Ts>,
}

/// The bearer token of a hash, neither revoked nor past its date.
///
/// # Errors
/// When the database fails.
pub fn find_api_token(conn: &mut AnyConnection, token_hash: &[u8], now: Ts) -> QueryResult<Option<FoundToken>> {
    api_tokens::table
        .inner_join(accounts::table)
        .filter(api_tokens::token_hash.eq(token_hash).and(api_tokens::revoked_at.is_null()))
        .filter(api_tokens::expires_at.gt(now))
        .select((
            api_tokens::id,
            api_tokens::account_id,
            api_tokens::is_read_only,
            api_tokens::areas,
            accounts::last_used_at,
        ))
        .first(conn)
        .optional()
}

/// A bearer token as its owner sees it: without the token.
#[derive(Debug, Clone, Queryable)]
pub struct StoredToken {
    /// Which.
    pub id: ApiTokenId,
    /// What its owner calls it.
    pub label: String,
    /// Since when.
    pub created_at: Ts,
    /// Until when.
    pub expires_at: Ts,
    /// Whether it changes nothing.
    pub is_read_only: bool,
    /// The areas that it is for; absent for all.
    pub areas: Option<String>,
}

/// The tokens of an account that still work, newest first.
///
/// # Errors
/// When the database fails.
pub fn tokens_of(conn: &mut AnyConnection, account: AccountId, now: Ts) -> QueryResult<Vec<StoredToken>> {
    api_tokens::table
        .filter(api_tokens::account_id.eq(account).and(api_tokens::revoked_at.is_null()))
        .filter(api_tokens::expires_at.gt(now))
        .order(api_tokens::created_at.desc())
        .select((
            api_tokens::id,
            api_tokens::label,
            api_tokens::created_at,
            api_tokens::expires_at,
            api_tokens::is_read_only,
            api_tokens::areas,
        ))
        .load(conn)
}

/// How many tokens of an account still work.
///
/// # Errors
/// When the database fails.
pub fn count_tokens(conn: &mut AnyConnection, account: AccountId, now: Ts) -> QueryResult<i64> {
    api_tokens::table
        .filter(api_tokens::account_id.eq(account).and(api_tokens::revoked_at.is_null()))
        .filter(api_tokens::expires_at.gt(now))
        .count()
        .get_result(conn)
}

/// Keeps a bearer token.
///
/// # Errors
/// When the database fails.
pub fn insert_token(
    tx: &mut Tx<'_>,
    account: AccountId,
    token_hash: &[u8],
    label: &str,
    (is_read_only, areas): (bool, Option<String>),
    (now, expires_at): (Ts, Ts),
) -> QueryResult<ApiTokenId> {
    let id = ApiTokenId::new();
    diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::id.eq(id),
            api_tokens::account_id.eq(account),
            api_tokens::token_hash.eq(token_hash),
            api_tokens::label.eq(label),
            api_tokens::created_at.eq(now),
            api_tokens::expires_at.eq(expires_at),
            api_tokens::is_read_only.eq(is_read_only),
            api_tokens::areas.eq(areas),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Revokes one token of an account. Returns whether it was in use.
///
/// # Errors
/// When the database fails.
pub fn revoke_token(tx: &mut Tx<'_>, account: AccountId, token: ApiTokenId, now: Ts) -> QueryResult<bool> {
    let revoked = diesel::update(api_tokens::table.find(token))
        .filter(api_tokens::account_id.eq(account).and(api_tokens::revoked_at.is_null()))
        .set(api_tokens::revoked_at.eq(now))
        .execute(&mut **tx)?;
    Ok(revoked == 1)
}

/// Revokes every token of an account.
///
/// # Errors
/// When the database fails.
pub fn revoke_tokens(tx: &mut Tx<'_>, account: AccountId, now: Ts) -> QueryResult<usize> {
    diesel::update(api_tokens::table.filter(api_tokens::account_id.eq(account)))
        .filter(api_tokens::revoked_at.is_null())
        .set(api_tokens::revoked_at.eq(now))
        .execute(&mut **tx)
}
