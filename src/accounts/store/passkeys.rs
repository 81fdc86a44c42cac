//! Passkeys, and what they are asked to sign.

use diesel::prelude::*;

use crate::accounts::PasskeyPurpose;
use crate::db::{AnyConnection, Tx};
use crate::ids::{AccountId, AskedOfId, PasskeyChallengeId, PasskeyId};
use crate::schema::{passkey_challenges, passkeys};
use crate::sql_types::Ts;

/// A passkey as it is stored.
#[derive(Debug, Clone, Queryable)]
pub struct StoredPasskey {
    /// Which.
    pub id: PasskeyId,
    /// As its owner calls it.
    pub name: String,
    /// Its public half, sealed.
    pub public_key: Vec<u8>,
    /// Since when.
    pub created_at: Ts,
    /// Last used.
    pub last_used_at: Option<Ts>,
}

/// A passkey to keep.
#[derive(Debug, Clone, Copy)]
pub struct NewPasskey<'a> {
    /// Which.
    pub id: PasskeyId,
    /// Whose.
    pub account: AccountId,
    /// As its owner calls it.
    pub name: &'a str,
    /// By which the authenticator knows it, in base64url.
    pub credential_id: &'a str,
    /// Its public half, sealed.
    pub public_key: &'a [u8],
}

/// The passkeys of an account, oldest first.
///
/// # Errors
/// When the database fails.
pub fn passkeys_of(conn: &mut AnyConnection, account: AccountId) -> QueryResult<Vec<StoredPasskey>> {
    passkeys::table
        .filter(passkeys::account_id.eq(account))
        .order((passkeys::created_at, passkeys::id))
        .select((passkeys::id, passkeys::name, passkeys::public_key, passkeys::created_at, passkeys::last_used_at))
        .load(conn)
}

/// How many passkeys an account has.
///
/// # Errors
/// When the database fails.
pub fn count_passkeys(conn: &mut AnyConnection, account: AccountId) -> QueryResult<i64> {
    passkeys::table.filter(passkeys::account_id.eq(account)).count().get_result(conn)
}

/// The passkey of an account that an authenticator knows by this name, in base64url.
///
/// # Errors
/// When the database fails.
pub fn find_passkey_of_credential(
    conn: &mut AnyConnection,
    account: AccountId,
    credential_id: &str,
) -> QueryResult<Option<StoredPasskey>> {
    passkeys::table
        .filter(passkeys::account_id.eq(account).and(passkeys::credential_id.eq(credential_id)))
        .select((passkeys::id, passkeys::name, passkeys::public_key, passkeys::created_at, passkeys::last_used_at))
        .first(conn)
        .optional()
}

/// Whether an authenticator's name for a passkey is registered, for whatever account.
///
/// # Errors
/// When the database fails.
pub fn is_credential_known(conn: &mut AnyConnection, credential_id: &str) -> QueryResult<bool> {
    let found = passkeys::table.filter(passkeys::credential_id.eq(credential_id)).count().get_result::<i64>(conn)?;
    Ok(found > 0)
}

/// Keeps a passkey.
///
/// # Errors
/// When it is registered already (`passkeys_credential_unique`), or the database fails.
pub fn insert_passkey(tx: &mut Tx<'_>, new: NewPasskey<'_>, now: Ts) -> QueryResult<()> {
    diesel::insert_into(passkeys::table)
        .values((
            passkeys::id.eq(new.id),
            passkeys::account_id.eq(new.account),
            passkeys::name.eq(new.name),
            passkeys::credential_id.eq(new.credential_id),
            passkeys::public_key.eq(new.public_key),
            passkeys::sign_count.eq(0_i64),
            passkeys::created_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Notes that a passkey served, and its count. Returns whether the count went forward, or the authenticator does not count.
///
/// # Errors
/// When the database fails.
pub fn note_passkey_used(
    tx: &mut Tx<'_>,
    id: PasskeyId,
    public_key: &[u8],
    sign_count: i64,
    now: Ts,
) -> QueryResult<bool> {
    // an authenticator that does not count says 0 each time
    let most_before = (sign_count - 1).max(0);
    let used = diesel::update(passkeys::table.find(id))
        .filter(passkeys::sign_count.le(most_before))
        .set((passkeys::public_key.eq(public_key), passkeys::sign_count.eq(sign_count), passkeys::last_used_at.eq(now)))
        .execute(&mut **tx)?;
    Ok(used == 1)
}

/// Takes a passkey of an account away. Returns whether it was there.
///
/// # Errors
/// When the database fails.
pub fn delete_passkey(tx: &mut Tx<'_>, account: AccountId, id: PasskeyId) -> QueryResult<bool> {
    let deleted =
        diesel::delete(passkeys::table.find(id)).filter(passkeys::account_id.eq(account)).execute(&mut **tx)?;
    Ok(deleted == 1)
}

/// What was asked of a browser, as it is stored.
#[derive(Debug, Clone, Queryable)]
pub struct StoredChallenge {
    /// Which.
    pub id: PasskeyChallengeId,
    /// All of it, sealed.
    pub state: Vec<u8>,
    /// Until when it may be answered.
    pub expires_at: Ts,
}

/// What a sign-in was asked for a purpose and may still answer at an instant.
///
/// # Errors
/// When the database fails.
pub fn find_challenge(
    conn: &mut AnyConnection,
    asked_of: AskedOfId,
    purpose: PasskeyPurpose,
    at: Ts,
) -> QueryResult<Option<StoredChallenge>> {
    passkey_challenges::table
        .filter(passkey_challenges::asked_of_id.eq(asked_of).and(passkey_challenges::purpose.eq(purpose)))
        .filter(passkey_challenges::expires_at.gt(at))
        .select((passkey_challenges::id, passkey_challenges::state, passkey_challenges::expires_at))
        .first(conn)
        .optional()
}

/// Keeps what a sign-in is asked for a purpose, in the place of what it was asked before.
///
/// # Errors
/// When the database fails.
pub fn put_challenge(
    tx: &mut Tx<'_>,
    asked_of: AskedOfId,
    purpose: PasskeyPurpose,
    new: &StoredChallenge,
) -> QueryResult<()> {
    let before = passkey_challenges::table
        .filter(passkey_challenges::asked_of_id.eq(asked_of).and(passkey_challenges::purpose.eq(purpose)));
    diesel::delete(before).execute(&mut **tx)?;
    diesel::insert_into(passkey_challenges::table)
        .values((
            passkey_challenges::id.eq(new.id),
            passkey_challenges::asked_of_id.eq(asked_of),
            passkey_challenges::purpose.eq(purpose),
            passkey_challenges::state.eq(&new.state),
            passkey_challenges::expires_at.eq(new.expires_at),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Uses up what a sign-in was asked. Returns whether it was still there.
///
/// # Errors
/// When the database fails.
pub fn delete_challenge(tx: &mut Tx<'_>, id: PasskeyChallengeId) -> QueryResult<bool> {
    Ok(diesel::delete(passkey_challenges::table.find(id)).execute(&mut **tx)? == 1)
}

/// Forgets all that a sign-in was asked: the passkeys that may answer changed.
///
/// # Errors
/// When the database fails.
pub fn delete_challenges_of(tx: &mut Tx<'_>, asked_of: AskedOfId) -> QueryResult<()> {
    let asked = passkey_challenges::table.filter(passkey_challenges::asked_of_id.eq(asked_of));
    diesel::delete(asked).execute(&mut **tx)?;
    Ok(())
}
