//! The SQL of accounts, grants, sign-ins and tokens.

mod factors;
mod feeds;
mod links;
mod listing;
mod opened;
mod passkeys;
mod people;
mod tokens;
mod tries;

pub use factors::*;
pub use feeds::*;
pub use links::*;
pub use listing::*;
pub use opened::*;
pub use passkeys::*;
pub use people::*;
pub use tokens::*;
pub use tries::*;

use diesel::prelude::*;

use crate::accounts::{Grant, Role, RoleIn};
use crate::db::{AnyConnection, Tx};
use crate::ids::{AccountId, ProgrammeId, PsychologistId, RoleGrantId};
use crate::schema::{accounts, programmes, psychologists, role_grants};
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
            accounts::last_used_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// What choosing another password by mail needs to know of an account.
#[derive(Debug, Clone, Queryable)]
pub struct StoredPassword {
    /// Its address.
    pub email: String,
    /// The name of its person.
    pub display_name: String,
    /// Absent until the invitation is accepted.
    pub password_hash: Option<String>,
}

/// The password of an open account.
///
/// # Errors
/// When the database fails.
pub fn find_password(conn: &mut AnyConnection, account: AccountId) -> QueryResult<Option<StoredPassword>> {
    accounts::table
        .filter(accounts::id.eq(account).and(accounts::disabled_at.is_null()))
        .select((accounts::email, accounts::display_name, accounts::password_hash))
        .first(conn)
        .optional()
}

/// Sets another password in the place of one. Returns whether it was still that one.
///
/// # Errors
/// When the database fails.
pub fn replace_password_hash(tx: &mut Tx<'_>, account: AccountId, old: &str, new: &str) -> QueryResult<bool> {
    let replaced = diesel::update(accounts::table.find(account))
        .filter(accounts::password_hash.eq(old).and(accounts::disabled_at.is_null()))
        .set(accounts::password_hash.eq(new))
        .execute(&mut **tx)?;
    Ok(replaced == 1)
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

/// What a verb on accounts needs to know of one.
#[derive(Debug, Clone, Queryable)]
pub struct StoredAccount {
    /// Which.
    pub id: AccountId,
    /// Its address.
    pub email: String,
    /// The name of its person.
    pub display_name: String,
    /// Whether its person is told of each session to approve at once.
    pub told_at_once: bool,
    /// Since when it exists.
    pub created_at: Ts,
    /// When it was closed, if it was.
    pub disabled_at: Option<Ts>,
}

/// An account, which must exist.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load_account(conn: &mut AnyConnection, account: AccountId) -> QueryResult<StoredAccount> {
    accounts::table
        .find(account)
        .select((
            accounts::id,
            accounts::email,
            accounts::display_name,
            accounts::told_at_once,
            accounts::created_at,
            accounts::disabled_at,
        ))
        .first(conn)
}

/// The account of an address, if there is one.
///
/// # Errors
/// When the database fails.
pub fn find_account(conn: &mut AnyConnection, email: &str) -> QueryResult<Option<AccountId>> {
    accounts::table.filter(accounts::email.eq(email.to_lowercase())).select(accounts::id).first(conn).optional()
}

/// Whether its person has chosen a password.
///
/// # Errors
/// When the database fails.
pub fn has_password(conn: &mut AnyConnection, account: AccountId) -> QueryResult<bool> {
    accounts::table.find(account).select(accounts::password_hash.is_not_null()).first(conn)
}

/// Makes other writers of an account wait until the transaction ends; the account must exist.
///
/// # Errors
/// When there is no such account, or the database fails.
pub fn lock_account(tx: &mut Tx<'_>, account: AccountId) -> QueryResult<()> {
    let found = diesel::update(accounts::table.find(account))
        .set(accounts::told_at_once.eq(accounts::told_at_once))
        .execute(&mut **tx)?;
    if found == 1 { Ok(()) } else { Err(diesel::result::Error::NotFound) }
}

/// Notes that an account is in use.
///
/// # Errors
/// When the database fails.
pub fn note_used(tx: &mut Tx<'_>, account: AccountId, now: Ts) -> QueryResult<()> {
    diesel::update(accounts::table.find(account))
        .set((accounts::last_used_at.eq(now), accounts::warned_unused_at.eq(None::<Ts>)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Notes that the person of an account was told that it will close. Returns whether they were not before.
///
/// # Errors
/// When the database fails.
pub fn note_warned(tx: &mut Tx<'_>, account: AccountId, since: Ts, now: Ts) -> QueryResult<bool> {
    let warned = diesel::update(accounts::table.find(account))
        .filter(accounts::warned_unused_at.is_null().and(accounts::last_used_at.le(since)))
        .set(accounts::warned_unused_at.eq(now))
        .execute(&mut **tx)?;
    Ok(warned == 1)
}

/// An account that nobody uses.
#[derive(Debug, Clone, Queryable)]
pub struct UnusedAccount {
    /// Which.
    pub id: AccountId,
    /// Its address.
    pub email: String,
    /// The name of its person.
    pub display_name: String,
}

/// Open accounts that nobody used since an instant, whose people were not told yet; at most some.
///
/// # Errors
/// When the database fails.
pub fn unused_unwarned(conn: &mut AnyConnection, since: Ts, limit: i64) -> QueryResult<Vec<UnusedAccount>> {
    accounts::table
        .filter(accounts::disabled_at.is_null().and(accounts::last_used_at.le(since)))
        .filter(accounts::warned_unused_at.is_null())
        .order((accounts::last_used_at, accounts::id))
        .limit(limit)
        .select((accounts::id, accounts::email, accounts::display_name))
        .load(conn)
}

/// Open accounts that nobody used since an instant, whose people were told before another; at most some.
///
/// # Errors
/// When the database fails.
pub fn unused_warned(
    conn: &mut AnyConnection,
    since: Ts,
    warned_before: Ts,
    limit: i64,
) -> QueryResult<Vec<UnusedAccount>> {
    accounts::table
        .filter(accounts::disabled_at.is_null().and(accounts::last_used_at.le(since)))
        .filter(accounts::warned_unused_at.le(warned_before))
        .order((accounts::last_used_at, accounts::id))
        .limit(limit)
        .select((accounts::id, accounts::email, accounts::display_name))
        .load(conn)
}

/// Whether an account, locked until the transaction ends, is still one that [`unused_warned`] gives.
///
/// # Errors
/// When there is no such account, or the database fails.
pub fn is_still_unused(tx: &mut Tx<'_>, account: AccountId, since: Ts, warned_before: Ts) -> QueryResult<bool> {
    lock_account(tx, account)?;
    let still: i64 = accounts::table
        .find(account)
        .filter(accounts::disabled_at.is_null().and(accounts::last_used_at.le(since)))
        .filter(accounts::warned_unused_at.le(warned_before))
        .count()
        .get_result(&mut **tx)?;
    Ok(still == 1)
}

/// Closes an account, or opens it.
///
/// # Errors
/// When the database fails.
pub fn set_disabled_at(tx: &mut Tx<'_>, account: AccountId, at: Option<Ts>) -> QueryResult<()> {
    diesel::update(accounts::table.find(account)).set(accounts::disabled_at.eq(at)).execute(&mut **tx)?;
    Ok(())
}

/// Changes the name of a person.
///
/// # Errors
/// When the database fails.
pub fn set_display_name(tx: &mut Tx<'_>, account: AccountId, name: &str) -> QueryResult<()> {
    diesel::update(accounts::table.find(account)).set(accounts::display_name.eq(name)).execute(&mut **tx)?;
    Ok(())
}

/// Changes when a person is told of sessions to approve.
///
/// # Errors
/// When the database fails.
pub fn set_told_at_once(tx: &mut Tx<'_>, account: AccountId, at_once: bool) -> QueryResult<()> {
    diesel::update(accounts::table.find(account)).set(accounts::told_at_once.eq(at_once)).execute(&mut **tx)?;
    Ok(())
}

/// Gives a role; a psychologist gets the empty record in which they fill in how they bill.
///
/// # Errors
/// When it is given already (`role_grants_once…`), or the database fails.
pub fn give_role(tx: &mut Tx<'_>, account: AccountId, role: RoleIn, now: Ts) -> QueryResult<()> {
    insert_grant(tx, account, role.role, role.programme, now)?;
    if role.role == Role::Psychologist {
        begin_psychologist(tx, account, now)?;
    }
    Ok(())
}

/// Makes the record of a psychologist unless it is there from before: who loses the role keeps what they billed.
fn begin_psychologist(tx: &mut Tx<'_>, account: AccountId, now: Ts) -> QueryResult<()> {
    let known =
        psychologists::table.filter(psychologists::account_id.eq(account)).count().get_result::<i64>(&mut **tx)?;
    if known > 0 {
        return Ok(());
    }
    let name: String = accounts::table.find(account).select(accounts::display_name).first(&mut **tx)?;
    diesel::insert_into(psychologists::table)
        .values((
            psychologists::id.eq(PsychologistId::new()),
            psychologists::account_id.eq(account),
            psychologists::legal_name.eq(name),
            psychologists::siret.eq(""),
            psychologists::iban.eq(""),
            psychologists::street.eq(""),
            psychologists::postcode.eq(""),
            psychologists::city.eq(""),
            psychologists::created_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Withdraws a role.
///
/// # Errors
/// When the database fails.
pub fn delete_grant(tx: &mut Tx<'_>, account: AccountId, role: RoleIn) -> QueryResult<()> {
    let held = role_grants::account_id.eq(account).and(role_grants::role.eq(role.role));
    match role.programme {
        Some(programme) => diesel::delete(role_grants::table.filter(held.and(role_grants::programme_id.eq(programme))))
            .execute(&mut **tx)?,
        None => diesel::delete(role_grants::table.filter(held)).execute(&mut **tx)?,
    };
    Ok(())
}

/// Whether an account holds the role of administrator.
///
/// # Errors
/// When the database fails.
pub fn is_administrator(conn: &mut AnyConnection, account: AccountId) -> QueryResult<bool> {
    let held = role_grants::account_id.eq(account).and(role_grants::role.eq(Role::Administrator));
    Ok(role_grants::table.filter(held).count().get_result::<i64>(conn)? > 0)
}

/// Whether an open account other than this one administers, and can sign in. Administrators stay locked until the
/// transaction ends, so that two of them cannot close each other.
///
/// # Errors
/// When the database fails.
pub fn has_other_administrator(tx: &mut Tx<'_>, account: AccountId) -> QueryResult<bool> {
    let administrators =
        role_grants::table.filter(role_grants::role.eq(Role::Administrator)).select(role_grants::account_id);
    diesel::update(accounts::table.filter(accounts::id.eq_any(administrators)))
        .set(accounts::told_at_once.eq(accounts::told_at_once))
        .execute(&mut **tx)?;
    let others = accounts::table
        .filter(accounts::id.eq_any(administrators))
        .filter(accounts::id.ne(account).and(accounts::disabled_at.is_null()))
        .filter(accounts::password_hash.is_not_null())
        .count()
        .get_result::<i64>(&mut **tx)?;
    Ok(others > 0)
}

/// The programmes, by name: to give roles in them.
///
/// # Errors
/// When the database fails.
pub fn programmes(conn: &mut AnyConnection) -> QueryResult<Vec<(ProgrammeId, String)>> {
    programmes::table.order(programmes::name).select((programmes::id, programmes::name)).load(conn)
}

/// The programme of a code, such as `LON`.
///
/// # Errors
/// When the database fails.
pub fn find_programme(conn: &mut AnyConnection, code: &str) -> QueryResult<Option<ProgrammeId>> {
    programmes::table.filter(programmes::code.eq(code.to_uppercase())).select(programmes::id).first(conn).optional()
}

/// What anybody here knows and could put in a password: the names and the towns of the programmes.
///
/// # Errors
/// When the database fails.
pub fn local_words(conn: &mut AnyConnection) -> QueryResult<Vec<String>> {
    let rows: Vec<(String, String)> = programmes::table.select((programmes::name, programmes::town)).load(conn)?;
    Ok(rows.into_iter().flat_map(|(name, town)| [name, town]).collect())
}
