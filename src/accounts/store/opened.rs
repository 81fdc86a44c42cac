//! Signed-in states, and those who have proved one thing of two.

use diesel::prelude::*;

use super::note_used;
use crate::accounts::Role;
use crate::db::{AnyConnection, Tx};
use crate::ids::{AccountId, HalfSignInId, SignInId};
use crate::schema::{accounts, half_sign_ins, sign_ins};
use crate::sql_types::Ts;

/// A signed-in state to open.
#[derive(Debug, Clone, Copy)]
pub struct OpenedSignIn<'a> {
    /// Whose.
    pub account: AccountId,
    /// The hash of what the cookie holds.
    pub token_hash: &'a [u8],
    /// The role whose pages are shown first.
    pub role: Role,
    /// From what browser, roughly.
    pub browser: &'a str,
    /// The hash of what that browser keeps.
    pub device_hash: &'a [u8],
}

/// Opens a signed-in state.
///
/// # Errors
/// When the database fails.
pub fn insert_sign_in(tx: &mut Tx<'_>, new: OpenedSignIn<'_>, now: Ts) -> QueryResult<SignInId> {
    let id = SignInId::new();
    note_used(tx, new.account, now)?;
    diesel::insert_into(sign_ins::table)
        .values((
            sign_ins::id.eq(id),
            sign_ins::account_id.eq(new.account),
            sign_ins::token_hash.eq(new.token_hash),
            sign_ins::role_in_use.eq(new.role),
            sign_ins::created_at.eq(now),
            sign_ins::last_seen_at.eq(now),
            sign_ins::browser.eq(new.browser),
            sign_ins::device_hash.eq(Some(new.device_hash)),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Says when a signed-in state ends whatever its use: as late as the session of who vouched for its person.
///
/// # Errors
/// When the database fails.
pub fn close_sign_in_at(tx: &mut Tx<'_>, token_hash: &[u8], at: Ts) -> QueryResult<()> {
    let opened = sign_ins::table.filter(sign_ins::token_hash.eq(token_hash));
    diesel::update(opened).set(sign_ins::closes_at.eq(at)).execute(&mut **tx)?;
    Ok(())
}

/// Ends a signed-in state.
///
/// # Errors
/// When the database fails.
pub fn end_sign_in(tx: &mut Tx<'_>, id: SignInId, now: Ts) -> QueryResult<()> {
    diesel::update(sign_ins::table.find(id)).set(sign_ins::ended_at.eq(now)).execute(&mut **tx)?;
    Ok(())
}

/// Notes that a signed-in state is in use.
///
/// # Errors
/// When the database fails.
pub fn touch_sign_in(tx: &mut Tx<'_>, id: SignInId, account: AccountId, now: Ts) -> QueryResult<()> {
    note_used(tx, account, now)?;
    diesel::update(sign_ins::table.find(id)).set(sign_ins::last_seen_at.eq(now)).execute(&mut **tx)?;
    Ok(())
}

/// Changes the role whose pages are shown, and what the cookie holds.
///
/// # Errors
/// When the database fails.
pub fn set_role_in_use(tx: &mut Tx<'_>, id: SignInId, role: Role, token_hash: &[u8]) -> QueryResult<()> {
    diesel::update(sign_ins::table.find(id))
        .set((sign_ins::role_in_use.eq(role), sign_ins::token_hash.eq(token_hash)))
        .execute(&mut **tx)?;
    Ok(())
}

/// A signed-in state as it is stored.
#[derive(Debug, Clone, Queryable)]
pub struct StoredSignIn {
    /// Which.
    pub id: SignInId,
    /// Whose.
    pub account: AccountId,
    /// The role in use.
    pub role: Role,
    /// Since when.
    pub created_at: Ts,
    /// Last used.
    pub last_seen_at: Ts,
    /// When it ends whatever its use, for whom another service vouched.
    pub closes_at: Option<Ts>,
}

/// The open signed-in state of a token.
///
/// # Errors
/// When the database fails.
pub fn find_sign_in(conn: &mut AnyConnection, token_hash: &[u8]) -> QueryResult<Option<StoredSignIn>> {
    sign_ins::table
        .filter(sign_ins::token_hash.eq(token_hash).and(sign_ins::ended_at.is_null()))
        .select((
            sign_ins::id,
            sign_ins::account_id,
            sign_ins::role_in_use,
            sign_ins::created_at,
            sign_ins::last_seen_at,
            sign_ins::closes_at,
        ))
        .first(conn)
        .optional()
}

/// Ends the sign-ins of an account, but one to keep; those who had proved one thing of two begin again.
///
/// # Errors
/// When the database fails.
pub fn end_sign_ins(tx: &mut Tx<'_>, account: AccountId, kept: Option<SignInId>, now: Ts) -> QueryResult<usize> {
    delete_half_sign_ins(tx, account)?;
    let open = sign_ins::table.filter(sign_ins::account_id.eq(account).and(sign_ins::ended_at.is_null()));
    match kept {
        Some(kept) => {
            diesel::update(open.filter(sign_ins::id.ne(kept))).set(sign_ins::ended_at.eq(now)).execute(&mut **tx)
        }
        None => diesel::update(open).set(sign_ins::ended_at.eq(now)).execute(&mut **tx),
    }
}

/// Whether somebody signed in to the account of an address from a device.
///
/// # Errors
/// When the database fails.
pub fn is_device_of(conn: &mut AnyConnection, email: &str, device_hash: &[u8]) -> QueryResult<bool> {
    let found = sign_ins::table
        .inner_join(accounts::table)
        .filter(sign_ins::device_hash.eq(device_hash).and(accounts::email.eq(email)))
        .count()
        .get_result::<i64>(conn)?;
    Ok(found > 0)
}

/// A sign-in as its owner sees it.
#[derive(Debug, Clone, Queryable)]
pub struct ListedSignIn {
    /// Which.
    pub id: SignInId,
    /// From what browser, roughly; empty when it did not say.
    pub browser: String,
    /// Since when.
    pub created_at: Ts,
    /// Last used, to within some minutes.
    pub last_seen_at: Ts,
}

/// The sign-ins of an account that nobody ended and that limits keep open, last used first; at most some.
///
/// # Errors
/// When the database fails.
pub fn open_sign_ins(
    conn: &mut AnyConnection,
    account: AccountId,
    (used_since, opened_since, now): (Ts, Ts, Ts),
    limit: i64,
) -> QueryResult<Vec<ListedSignIn>> {
    sign_ins::table
        .filter(sign_ins::account_id.eq(account).and(sign_ins::ended_at.is_null()))
        .filter(sign_ins::last_seen_at.gt(used_since).and(sign_ins::created_at.gt(opened_since)))
        .filter(sign_ins::closes_at.is_null().or(sign_ins::closes_at.gt(now)))
        .order((sign_ins::last_seen_at.desc(), sign_ins::id))
        .limit(limit)
        .select((sign_ins::id, sign_ins::browser, sign_ins::created_at, sign_ins::last_seen_at))
        .load(conn)
}

/// Ends one sign-in of an account. Returns whether it was open.
///
/// # Errors
/// When the database fails.
pub fn end_own_sign_in(tx: &mut Tx<'_>, account: AccountId, id: SignInId, now: Ts) -> QueryResult<bool> {
    let ended = diesel::update(sign_ins::table.find(id))
        .filter(sign_ins::account_id.eq(account).and(sign_ins::ended_at.is_null()))
        .set(sign_ins::ended_at.eq(now))
        .execute(&mut **tx)?;
    Ok(ended == 1)
}

/// Keeps who has proved one thing of two.
///
/// # Errors
/// When the database fails.
pub fn insert_half_sign_in(
    tx: &mut Tx<'_>,
    account: AccountId,
    token_hash: &[u8],
    now: Ts,
    expires_at: Ts,
) -> QueryResult<()> {
    diesel::insert_into(half_sign_ins::table)
        .values((
            half_sign_ins::id.eq(HalfSignInId::new()),
            half_sign_ins::account_id.eq(account),
            half_sign_ins::token_hash.eq(token_hash),
            half_sign_ins::created_at.eq(now),
            half_sign_ins::expires_at.eq(expires_at),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Whose half a sign-in is, with their address and name, if it still works and the account is open.
///
/// # Errors
/// When the database fails.
pub fn find_half_sign_in(
    conn: &mut AnyConnection,
    token_hash: &[u8],
    now: Ts,
) -> QueryResult<Option<(HalfSignInId, AccountId, String, String)>> {
    half_sign_ins::table
        .inner_join(accounts::table)
        .filter(half_sign_ins::token_hash.eq(token_hash).and(half_sign_ins::expires_at.gt(now)))
        .filter(accounts::disabled_at.is_null())
        .select((half_sign_ins::id, accounts::id, accounts::email, accounts::display_name))
        .first(conn)
        .optional()
}

/// Uses a half sign-in up. Returns whether it was still there.
///
/// # Errors
/// When the database fails.
pub fn delete_half_sign_in(tx: &mut Tx<'_>, id: HalfSignInId) -> QueryResult<bool> {
    Ok(diesel::delete(half_sign_ins::table.find(id)).execute(&mut **tx)? == 1)
}

/// Forgets who has proved one thing of two for an account.
///
/// # Errors
/// When the database fails.
pub fn delete_half_sign_ins(tx: &mut Tx<'_>, account: AccountId) -> QueryResult<()> {
    diesel::delete(half_sign_ins::table.filter(half_sign_ins::account_id.eq(account))).execute(&mut **tx)?;
    Ok(())
}
