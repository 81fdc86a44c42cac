//! The SQL of accounts, grants, sign-ins and tokens.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::accounts::{Grant, Means, OpenInvitation, Person, Recipient, Role, RoleIn, StandIn};
use crate::db::{AnyConnection, Tx};
use crate::each;
use crate::ids::{AccountId, ApiTokenId, InvitationId, ProgrammeId, PsychologistId, RoleGrantId, SignInId};
use crate::schema::{
    accounts, api_tokens, calendar_feeds, invitations, programmes, psychologists, role_grants, sign_ins, substitutions,
    throttles,
};
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

/// The person of an account that is open and holds a role, as they are on a day.
///
/// # Errors
/// When the database fails.
pub fn find_person(
    conn: &mut AnyConnection,
    account: AccountId,
    role_in_use: Option<Role>,
    means: Means,
    today: NaiveDate,
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
    let stands_in = stands_in(conn, account, today)?;
    Ok(Some(Person { account, email, display_name, grants, stands_in, psychologist_id, role_in_use, means }))
}

/// In whose place an account approves on a day. What a coordinator lent ends with their own right: when they leave the
/// programme, or their account is closed.
fn stands_in(conn: &mut AnyConnection, account: AccountId, on: NaiveDate) -> QueryResult<Vec<StandIn>> {
    substitutions::table
        .inner_join(programmes::table)
        .inner_join(accounts::table.on(accounts::id.eq(substitutions::named_by)))
        .inner_join(
            role_grants::table.on(role_grants::account_id
                .eq(substitutions::named_by)
                .and(role_grants::programme_id.eq(substitutions::programme_id.nullable()))
                .and(role_grants::role.eq(Role::Coordinator))),
        )
        .filter(substitutions::substitute_id.eq(account).and(substitutions::ended_at.is_null()))
        .filter(substitutions::starts_on.le(on).and(substitutions::ends_on.ge(on)))
        .filter(accounts::disabled_at.is_null())
        .order((programmes::name, substitutions::id))
        .select((substitutions::id, programmes::id, programmes::name, accounts::display_name, substitutions::ends_on))
        .load(conn)
}

/// The open accounts that approve in a coordinator's place on a day in a programme, by address.
///
/// # Errors
/// When the database fails.
pub fn substitutes(conn: &mut AnyConnection, programme: ProgrammeId, on: NaiveDate) -> QueryResult<Vec<Recipient>> {
    accounts::table
        .inner_join(substitutions::table.on(substitutions::substitute_id.eq(accounts::id)))
        .filter(substitutions::programme_id.eq(programme).and(substitutions::ended_at.is_null()))
        .filter(substitutions::starts_on.le(on).and(substitutions::ends_on.ge(on)))
        .filter(accounts::disabled_at.is_null())
        .order(accounts::email)
        .select((accounts::id, accounts::email, accounts::told_at_once))
        .distinct()
        .load(conn)
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

/// Ends the sign-ins of an account, but one to keep.
///
/// # Errors
/// When the database fails.
pub fn end_sign_ins(tx: &mut Tx<'_>, account: AccountId, kept: Option<SignInId>, now: Ts) -> QueryResult<usize> {
    let open = sign_ins::table.filter(sign_ins::account_id.eq(account).and(sign_ins::ended_at.is_null()));
    match kept {
        Some(kept) => {
            diesel::update(open.filter(sign_ins::id.ne(kept))).set(sign_ins::ended_at.eq(now)).execute(&mut **tx)
        }
        None => diesel::update(open).set(sign_ins::ended_at.eq(now)).execute(&mut **tx),
    }
}

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
        .inner_join(accounts::table)
        .filter(invitations::token_hash.eq(token_hash).and(invitations::used_at.is_null()))
        .filter(invitations::expires_at.gt(now).and(accounts::disabled_at.is_null()))
        .select((invitations::id, accounts::id, accounts::email, accounts::display_name))
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
        .select((api_tokens::id, api_tokens::label, api_tokens::created_at, api_tokens::expires_at))
        .load(conn)
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
    now: Ts,
    expires_at: Ts,
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

/// What one looks for in the list of accounts.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter {
    /// Part of a name or an address.
    pub words: Option<String>,
    /// A role.
    pub role: Option<Role>,
}

/// An account of the list.
#[derive(Debug, Clone)]
pub struct ListedAccount {
    /// The account.
    pub account: StoredAccount,
    /// Whether its person has chosen a password.
    pub has_password: bool,
    /// Its roles.
    pub grants: Vec<Grant>,
}

/// The accounts that a filter keeps, by name; a page of them, and how many there are.
///
/// # Errors
/// When the database fails.
pub fn list_accounts(
    conn: &mut AnyConnection,
    filter: &AccountFilter,
    page: impl Fn(i64) -> (i64, i64),
) -> QueryResult<(Vec<ListedAccount>, i64)> {
    let total = kept_by(filter).count().get_result(conn)?;
    let (offset, limit) = page(total);
    let rows: Vec<(StoredAccount, bool)> = kept_by(filter)
        .order((accounts::display_name, accounts::id))
        .offset(offset)
        .limit(limit)
        .select((
            (
                accounts::id,
                accounts::email,
                accounts::display_name,
                accounts::told_at_once,
                accounts::created_at,
                accounts::disabled_at,
            ),
            accounts::password_hash.is_not_null(),
        ))
        .load(conn)?;
    let mut listed = Vec::with_capacity(rows.len());
    for (account, has_password) in rows {
        let grants = grants_of(conn, account.id)?;
        listed.push(ListedAccount { account, has_password, grants });
    }
    Ok((listed, total))
}

fn kept_by(filter: &AccountFilter) -> accounts::BoxedQuery<'static, crate::db::MultiBackend> {
    let mut kept = accounts::table.into_boxed();
    if let Some(words) = &filter.words {
        let pattern = format!("%{}%", words.to_lowercase().replace(['\\', '%', '_'], ""));
        let name = diesel::dsl::sql::<diesel::sql_types::Text>("LOWER(accounts.display_name)");
        kept = kept.filter(accounts::email.like(pattern.clone()).or(name.like(pattern)));
    }
    if let Some(role) = filter.role {
        let holders = role_grants::table.filter(role_grants::role.eq(role)).select(role_grants::account_id);
        kept = kept.filter(accounts::id.eq_any(holders));
    }
    kept
}

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

/// The open accounts that hold a role, for a programme when one is named, by address.
///
/// # Errors
/// When the database fails.
pub fn holders(conn: &mut AnyConnection, role: Role, programme: Option<ProgrammeId>) -> QueryResult<Vec<Recipient>> {
    let mut query = accounts::table
        .inner_join(role_grants::table)
        .filter(role_grants::role.eq(role).and(accounts::disabled_at.is_null()))
        .order(accounts::email)
        .select((accounts::id, accounts::email, accounts::told_at_once))
        .distinct()
        .into_boxed();
    if let Some(programme) = programme {
        query = query.filter(role_grants::programme_id.eq(programme));
    }
    query.load(conn)
}

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
