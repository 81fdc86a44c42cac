//! Links by which a person chooses a password.

use diesel::prelude::*;

use crate::accounts::OpenInvitation;
use crate::db::{AnyConnection, Tx};
use crate::ids::{AccountId, InvitationId};
use crate::schema::{accounts, invitations, second_factors};
use crate::sql_types::Ts;

/// Keeps an invitation.
///
/// # Errors
/// When the database fails.
pub fn insert_invitation(
    tx: &mut Tx<'_>,
    account: AccountId,
    token_hash: &[u8],
    now: Ts,
    expires_at: Ts,
) -> QueryResult<InvitationId> {
    let id = InvitationId::new();
    diesel::insert_into(invitations::table)
        .values((
            invitations::id.eq(id),
            invitations::account_id.eq(account),
            invitations::token_hash.eq(token_hash),
            invitations::created_at.eq(now),
            invitations::expires_at.eq(expires_at),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Makes the invitations of an account that still worked end now. Returns how many did.
///
/// # Errors
/// When the database fails.
pub fn withdraw_invitations(tx: &mut Tx<'_>, account: AccountId, now: Ts) -> QueryResult<usize> {
    diesel::update(invitations::table.filter(invitations::account_id.eq(account)))
        .filter(invitations::used_at.is_null().and(invitations::expires_at.gt(now)))
        .set(invitations::expires_at.eq(now))
        .execute(&mut **tx)
}

/// Until when the invitation of an account works, if one does.
///
/// # Errors
/// When the database fails.
pub fn invited_until(conn: &mut AnyConnection, account: AccountId, now: Ts) -> QueryResult<Option<Ts>> {
    invitations::table
        .filter(invitations::account_id.eq(account).and(invitations::used_at.is_null()))
        .filter(invitations::expires_at.gt(now))
        .select(invitations::expires_at)
        .first(conn)
        .optional()
}

/// The invitation of a token that still works, of an open account.
///
/// # Errors
/// When the database fails.
pub fn find_open_invitation(
    conn: &mut AnyConnection,
    token_hash: &[u8],
    now: Ts,
) -> QueryResult<Option<OpenInvitation>> {
    invitations::table
        .inner_join(accounts::table.left_join(second_factors::table))
        .filter(invitations::token_hash.eq(token_hash).and(invitations::used_at.is_null()))
        .filter(invitations::expires_at.gt(now).and(accounts::disabled_at.is_null()))
        .select((
            invitations::id,
            accounts::id,
            accounts::email,
            accounts::display_name,
            second_factors::account_id.nullable().is_not_null(),
        ))
        .first(conn)
        .optional()
}

/// Uses an invitation up. Returns whether it still worked: it works once.
///
/// # Errors
/// When the database fails.
pub fn use_invitation(tx: &mut Tx<'_>, id: InvitationId, now: Ts) -> QueryResult<bool> {
    let used = diesel::update(invitations::table.find(id))
        .filter(invitations::used_at.is_null().and(invitations::expires_at.gt(now)))
        .set(invitations::used_at.eq(now))
        .execute(&mut **tx)?;
    Ok(used == 1)
}
