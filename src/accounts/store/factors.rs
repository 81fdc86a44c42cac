//! Second factors: what an account has beside its password, the telephone among it, and the codes that replace it once.

use diesel::prelude::*;

use crate::db::{AnyConnection, Tx};
use crate::ids::AccountId;
use crate::schema::{passkeys, recovery_codes, second_factors};
use crate::sql_types::Ts;

/// A second factor as it is stored.
#[derive(Debug, Clone, Queryable)]
pub struct StoredFactor {
    /// The key shared with the telephone, sealed; absent when only passkeys prove who comes.
    pub secret: Option<Vec<u8>>,
    /// The step whose code was used last.
    pub last_step: i32,
    /// Under which the recovery codes are hashed.
    pub codes_salt: Vec<u8>,
    /// Since when; that of the telephone, when there is one.
    pub created_at: Ts,
}

/// The second factor of an account, if it has one.
///
/// # Errors
/// When the database fails.
pub fn find_factor(conn: &mut AnyConnection, account: AccountId) -> QueryResult<Option<StoredFactor>> {
    second_factors::table
        .find(account)
        .select((
            second_factors::secret,
            second_factors::last_step,
            second_factors::codes_salt,
            second_factors::created_at,
        ))
        .first(conn)
        .optional()
}

/// Gives an account its second factor. Passkeys that it has already stay; another telephone takes the place of the one
/// that it had.
///
/// # Errors
/// When the database fails.
pub fn put_factor(tx: &mut Tx<'_>, account: AccountId, new: &StoredFactor) -> QueryResult<()> {
    let changed = diesel::update(second_factors::table.find(account))
        .set((
            second_factors::secret.eq(&new.secret),
            second_factors::last_step.eq(new.last_step),
            second_factors::codes_salt.eq(&new.codes_salt),
            second_factors::created_at.eq(new.created_at),
        ))
        .execute(&mut **tx)?;
    if changed == 1 {
        return Ok(());
    }
    diesel::insert_into(second_factors::table)
        .values((
            second_factors::account_id.eq(account),
            second_factors::secret.eq(&new.secret),
            second_factors::last_step.eq(new.last_step),
            second_factors::codes_salt.eq(&new.codes_salt),
            second_factors::created_at.eq(new.created_at),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Takes the telephone of an account away. Its passkeys and recovery codes stay.
///
/// # Errors
/// When the database fails.
pub fn forget_telephone(tx: &mut Tx<'_>, account: AccountId) -> QueryResult<()> {
    diesel::update(second_factors::table.find(account))
        .set(second_factors::secret.eq(None::<Vec<u8>>))
        .execute(&mut **tx)?;
    Ok(())
}

/// Takes the second factor of an account away: telephone, passkeys and recovery codes. Returns whether it had one.
///
/// # Errors
/// When the database fails.
pub fn delete_factor(tx: &mut Tx<'_>, account: AccountId) -> QueryResult<bool> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::account_id.eq(account))).execute(&mut **tx)?;
    diesel::delete(passkeys::table.filter(passkeys::account_id.eq(account))).execute(&mut **tx)?;
    Ok(diesel::delete(second_factors::table.find(account)).execute(&mut **tx)? == 1)
}

/// Uses the code of a step up. Returns whether it was later than the last one used.
///
/// # Errors
/// When the database fails.
pub fn use_step(tx: &mut Tx<'_>, account: AccountId, step: i32) -> QueryResult<bool> {
    let used = diesel::update(second_factors::table.find(account))
        .filter(second_factors::last_step.lt(step))
        .set(second_factors::last_step.eq(step))
        .execute(&mut **tx)?;
    Ok(used == 1)
}

/// Keeps new recovery codes in the place of those there were.
///
/// # Errors
/// When the database fails.
pub fn put_recovery_codes(tx: &mut Tx<'_>, account: AccountId, salt: &[u8], hashes: &[Vec<u8>]) -> QueryResult<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::account_id.eq(account))).execute(&mut **tx)?;
    diesel::update(second_factors::table.find(account)).set(second_factors::codes_salt.eq(salt)).execute(&mut **tx)?;
    for hash in hashes {
        diesel::insert_into(recovery_codes::table)
            .values((recovery_codes::account_id.eq(account), recovery_codes::code_hash.eq(hash)))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// Uses a recovery code up. Returns whether it was one that had not served.
///
/// # Errors
/// When the database fails.
pub fn use_recovery_code(tx: &mut Tx<'_>, account: AccountId, hash: &[u8], now: Ts) -> QueryResult<bool> {
    let used = diesel::update(recovery_codes::table.find((account, hash)))
        .filter(recovery_codes::used_at.is_null())
        .set(recovery_codes::used_at.eq(now))
        .execute(&mut **tx)?;
    Ok(used == 1)
}

/// How many recovery codes of an account have not served.
///
/// # Errors
/// When the database fails.
pub fn recovery_codes_left(conn: &mut AnyConnection, account: AccountId) -> QueryResult<i64> {
    recovery_codes::table
        .filter(recovery_codes::account_id.eq(account).and(recovery_codes::used_at.is_null()))
        .count()
        .get_result(conn)
}
