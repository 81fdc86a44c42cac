//! The SQL of the links with ProConnect, and of its returns.

use diesel::prelude::*;

use crate::db::{AnyConnection, Tx};
use crate::each;
use crate::ids::AccountId;
use crate::proconnect::{Identity, Linked};
use crate::schema::{proconnect_links, proconnect_returns};
use crate::sql_types::Ts;

/// Notes a return. Says whether it is the first with its state.
///
/// # Errors
/// When the database fails.
pub fn note_return(tx: &mut Tx<'_>, state_hash: &[u8], now: Ts) -> QueryResult<bool> {
    let new = (proconnect_returns::state_hash.eq(state_hash), proconnect_returns::returned_at.eq(now));
    let conn = &mut **tx;
    let noted = each!(conn =>
        diesel::insert_into(proconnect_returns::table).values(new).on_conflict_do_nothing().execute(conn))?;
    Ok(noted == 1)
}

/// The account of an identity, if one is linked with it.
///
/// # Errors
/// When the database fails.
pub fn find_account(conn: &mut AnyConnection, identity: &Identity) -> QueryResult<Option<AccountId>> {
    proconnect_links::table
        .filter(proconnect_links::issuer.eq(&identity.issuer).and(proconnect_links::subject.eq(&identity.subject)))
        .select(proconnect_links::account_id)
        .first(conn)
        .optional()
}

/// The identity linked with an account, if one is.
///
/// # Errors
/// When the database fails.
pub fn find_link(conn: &mut AnyConnection, account: AccountId) -> QueryResult<Option<Linked>> {
    proconnect_links::table
        .find(account)
        .select((proconnect_links::email, proconnect_links::linked_at))
        .first(conn)
        .optional()
}

/// Links an identity with an account.
///
/// # Errors
/// When the account has one, the identity another account (`proconnect_links_one_account`), or the database fails.
pub fn insert_link(tx: &mut Tx<'_>, account: AccountId, identity: &Identity, now: Ts) -> QueryResult<()> {
    diesel::insert_into(proconnect_links::table)
        .values((
            proconnect_links::account_id.eq(account),
            proconnect_links::issuer.eq(&identity.issuer),
            proconnect_links::subject.eq(&identity.subject),
            proconnect_links::email.eq(&identity.email),
            proconnect_links::linked_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Undoes the link of an account. Says whether it had one.
///
/// # Errors
/// When the database fails.
pub fn delete_link(tx: &mut Tx<'_>, account: AccountId) -> QueryResult<bool> {
    Ok(diesel::delete(proconnect_links::table.find(account)).execute(&mut **tx)? == 1)
}
