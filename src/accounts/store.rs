//! The SQL of accounts, grants, sign-ins and tokens.

use diesel::prelude::*;

use crate::accounts::{Grant, Means, Person, Role};
use crate::db::{AnyConnection, Tx};
use crate::ids::{AccountId, ApiTokenId, ProgrammeId, PsychologistId, RoleGrantId, SignInId};
use crate::schema::{accounts, api_tokens, programmes, psychologists, role_grants, sign_ins};
use crate::sql_types::Ts;

/// What signing in needs to know of an account.
#[derive(Debug, Clone, Queryable)]
pub struct Credentials {
    /// The account.
    pub id: AccountId,
    /// Absent until the invitation is accepted.
    pub password_hash: Option<String>,
    /// When it was closed, if it was.
    pub disabled_at: Option<Ts>,
}

/// The credentials of an address, if there is such an account.
///
/// # Errors
/// When the database fails.
pub fn find_credentials(conn: &mut AnyConnection, email: &str) -> QueryResult<Option<Credentials>> {
    accounts::table
        .filter(accounts::email.eq(email))
        .select((accounts::id, accounts::password_hash, accounts::disabled_at))
        .first(conn)
        .optional()
}

/// The roles of an account, in the order of [`Role::ALL`], then by programme.
///
/// # Errors
/// When the database fails.
pub fn grants_of(conn: &mut AnyConnection, account: AccountId) -> QueryResult<Vec<Grant>> {
    let rows: Vec<(Role, Option<ProgrammeId>, Option<String>)> = role_grants::table
        .left_join(programmes::table)
        .filter(role_grants::account_id.eq(account))
        .select((role_grants::role, role_grants::programme_id, programmes::name.nullable()))
        .load(conn)?;
    let mut grants: Vec<Grant> =
        rows.into_iter().map(|(role, programme, programme_name)| Grant { role, programme, programme_name }).collect();
    grants.sort_by(|a, b| (a.role, &a.programme_name).cmp(&(b.role, &b.programme_name)));
    Ok(grants)
}

/// Inserts an account without a password.
///
/// # Errors
/// When the address is taken (`accounts_email_unique`), or the database fails.
pub fn insert_account(tx: &mut Tx<'_>, email: &str, display_name: &str, now: Ts) -> QueryResult<AccountId> {
    let id = AccountId::new();
    diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(id),
            accounts::email.eq(email.to_lowercase()),
            accounts::display_name.eq(display_name),
            accounts::told_at_once.eq(false),
            accounts::created_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Sets the password of an account.
///
/// # Errors
/// When the database fails.
pub fn set_password_hash(tx: &mut Tx<'_>, account: AccountId, hash: &str) -> QueryResult<()> {
    diesel::update(accounts::table.find(account)).set(accounts::password_hash.eq(hash)).execute(&mut **tx)?;
    Ok(())
}

/// Gives a role.
///
/// # Errors
/// When it is given already (`role_grants_once…`), or the database fails.
pub fn insert_grant(
    tx: &mut Tx<'_>,
    account: AccountId,
    role: Role,
    programme: Option<ProgrammeId>,
    now: Ts,
) -> QueryResult<()> {
    diesel::insert_into(role_grants::table)
        .values((
            role_grants::id.eq(RoleGrantId::new()),
            role_grants::account_id.eq(account),
            role_grants::role.eq(role),
            role_grants::programme_id.eq(programme),
            role_grants::granted_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Opens a signed-in state.
///
/// # Errors
/// When the database fails.
pub fn insert_sign_in(
    tx: &mut Tx<'_>,
    account: AccountId,
    token_hash: &[u8],
    role: Role,
    now: Ts,
) -> QueryResult<SignInId> {
    let id = SignInId::new();
    diesel::insert_into(sign_ins::table)
        .values((
            sign_ins::id.eq(id),
            sign_ins::account_id.eq(account),
            sign_ins::token_hash.eq(token_hash),
            sign_ins::role_in_use.eq(role),
            sign_ins::created_at.eq(now),
            sign_ins::last_seen_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(id)
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
pub fn touch_sign_in(tx: &mut Tx<'_>, id: SignInId, now: Ts) -> QueryResult<()> {
    diesel::update(sign_ins::table.find(id)).set(sign_ins::last_seen_at.eq(now)).execute(&mut **tx)?;
    Ok(())
}

/// Changes the role whose pages are shown.
///
/// # Errors
/// When the database fails.
pub fn set_role_in_use(tx: &mut Tx<'_>, id: SignInId, role: Role) -> QueryResult<()> {
    diesel::update(sign_ins::table.find(id)).set(sign_ins::role_in_use.eq(role)).execute(&mut **tx)?;
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
        ))
        .first(conn)
        .optional()
}

/// The account of a bearer token that is neither revoked nor past its date.
///
/// # Errors
/// When the database fails.
pub fn find_api_token(
    conn: &mut AnyConnection,
    token_hash: &[u8],
    now: Ts,
) -> QueryResult<Option<(ApiTokenId, AccountId)>> {
    api_tokens::table
        .filter(api_tokens::token_hash.eq(token_hash).and(api_tokens::revoked_at.is_null()))
        .filter(api_tokens::expires_at.gt(now))
        .select((api_tokens::id, api_tokens::account_id))
        .first(conn)
        .optional()
}

/// The person of an account that is open and holds a role.
///
/// # Errors
/// When the database fails.
pub fn find_person(
    conn: &mut AnyConnection,
    account: AccountId,
    role_in_use: Option<Role>,
    means: Means,
) -> QueryResult<Option<Person>> {
    let row: Option<(String, String, Option<PsychologistId>)> = accounts::table
        .left_join(psychologists::table)
        .filter(accounts::id.eq(account).and(accounts::disabled_at.is_null()))
        .select((accounts::email, accounts::display_name, psychologists::id.nullable()))
        .first(conn)
        .optional()?;
    let Some((email, display_name, psychologist_id)) = row else { return Ok(None) };
    let grants = grants_of(conn, account)?;
    let held = |role: &Role| grants.iter().any(|grant| grant.role == *role);
    let Some(role_in_use) = role_in_use.filter(held).or_else(|| grants.first().map(|grant| grant.role)) else {
        return Ok(None);
    };
    Ok(Some(Person { account, email, display_name, grants, psychologist_id, role_in_use, means }))
}
