//! The SQL of substitutions. Rows are loaded through who looks, or not found.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::accounts::Role;
use crate::db::{AnyConnection, MultiBackend, Tx};
use crate::ids::{AccountId, ProgrammeId, SubstitutionId};
use crate::schema::{accounts, programmes, role_grants, substitutions};
use crate::sql_types::Ts;
use crate::substitutions::name::Naming;
use crate::substitutions::{Party, Substitution};

type Row = (SubstitutionId, (ProgrammeId, String), AccountId, (AccountId, String), NaiveDate, NaiveDate, Option<Ts>);

/// Keeps a naming.
///
/// # Errors
/// When it overlaps another (`substitutions_one_at_a_time`, `substitutions_one_place_at_a_time`), or the database fails.
pub fn insert(tx: &mut Tx<'_>, now: Ts, by: AccountId, naming: Naming) -> QueryResult<SubstitutionId> {
    let id = SubstitutionId::new();
    diesel::insert_into(substitutions::table)
        .values((
            substitutions::id.eq(id),
            substitutions::programme_id.eq(naming.programme),
            substitutions::named_by.eq(by),
            substitutions::substitute_id.eq(naming.substitute),
            substitutions::starts_on.eq(naming.starts_on),
            substitutions::ends_on.eq(naming.ends_on),
            substitutions::created_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Ends one that nobody ended. Returns whether it was open.
///
/// # Errors
/// When the database fails.
pub fn end(tx: &mut Tx<'_>, id: SubstitutionId, by: AccountId, now: Ts) -> QueryResult<bool> {
    let ended = diesel::update(substitutions::table.find(id))
        .filter(substitutions::ended_at.is_null())
        .set((substitutions::ended_at.eq(now), substitutions::ended_by.eq(by)))
        .execute(&mut **tx)?;
    Ok(ended == 1)
}

fn through(who: &Party) -> substitutions::BoxedQuery<'_, MultiBackend> {
    substitutions::table
        .filter(substitutions::substitute_id.eq(who.account).or(substitutions::programme_id.eq_any(&who.programmes)))
        .into_boxed()
}

/// One that is theirs.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load(conn: &mut AnyConnection, who: &Party, id: SubstitutionId) -> QueryResult<Substitution> {
    let found: SubstitutionId = through(who).filter(substitutions::id.eq(id)).select(substitutions::id).first(conn)?;
    told(conn, &[found])?.pop().ok_or(diesel::result::Error::NotFound)
}

/// One, for the mails that tell of it.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load_told(conn: &mut AnyConnection, id: SubstitutionId) -> QueryResult<Substitution> {
    told(conn, &[id])?.pop().ok_or(diesel::result::Error::NotFound)
}

/// How many are theirs.
///
/// # Errors
/// When the database fails.
pub fn count(conn: &mut AnyConnection, who: &Party) -> QueryResult<i64> {
    through(who).count().get_result(conn)
}

/// Theirs, the latest first: so many after so many others.
///
/// # Errors
/// When the database fails.
pub fn list(conn: &mut AnyConnection, who: &Party, (offset, limit): (i64, i64)) -> QueryResult<Vec<Substitution>> {
    let ids: Vec<SubstitutionId> = through(who)
        .order((substitutions::starts_on.desc(), substitutions::id.desc()))
        .offset(offset)
        .limit(limit)
        .select(substitutions::id)
        .load(conn)?;
    told(conn, &ids)
}

fn told(conn: &mut AnyConnection, ids: &[SubstitutionId]) -> QueryResult<Vec<Substitution>> {
    let rows: Vec<Row> = substitutions::table
        .inner_join(programmes::table)
        .inner_join(accounts::table.on(accounts::id.eq(substitutions::substitute_id)))
        .filter(substitutions::id.eq_any(ids))
        .order((substitutions::starts_on.desc(), substitutions::id.desc()))
        .select((
            substitutions::id,
            (programmes::id, programmes::name),
            substitutions::named_by,
            (accounts::id, accounts::display_name),
            substitutions::starts_on,
            substitutions::ends_on,
            substitutions::ended_at,
        ))
        .load(conn)?;
    let named_by: Vec<AccountId> = rows.iter().map(|row| row.2).collect();
    let names: Vec<(AccountId, String)> = accounts::table
        .filter(accounts::id.eq_any(named_by))
        .select((accounts::id, accounts::display_name))
        .load(conn)?;
    let name_of = |id: AccountId| names.iter().find(|(known, _)| *known == id).map(|(_, name)| name.clone());
    Ok(rows
        .into_iter()
        .map(|(id, programme, named_by, substitute, starts_on, ends_on, ended_at)| Substitution {
            id,
            programme: programme.0,
            programme_name: programme.1,
            named_by,
            named_by_name: name_of(named_by).unwrap_or_default(),
            substitute: substitute.0,
            substitute_name: substitute.1,
            starts_on,
            ends_on,
            ended_at,
        })
        .collect())
}

/// A role held for a programme: account and name, role, programme and its name.
pub type Held = ((AccountId, String), Role, (ProgrammeId, String));

/// The roles held for a programme by people who can sign in, by name.
///
/// # Errors
/// When the database fails.
pub fn care_circle(conn: &mut AnyConnection) -> QueryResult<Vec<Held>> {
    accounts::table
        .inner_join(role_grants::table.inner_join(programmes::table))
        .filter(role_grants::role.eq_any([Role::Coordinator, Role::Referent]))
        .filter(accounts::disabled_at.is_null().and(accounts::password_hash.is_not_null()))
        .order((accounts::display_name, accounts::id, role_grants::role, programmes::name))
        .select(((accounts::id, accounts::display_name), role_grants::role, (programmes::id, programmes::name)))
        .load(conn)
}
