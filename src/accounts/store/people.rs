//! Persons with all that they may do, and who is told of something.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::grants_of;
use crate::accounts::{Means, Person, Recipient, Role, StandIn};
use crate::db::AnyConnection;
use crate::ids::{AccountId, ProgrammeId, PsychologistId};
use crate::schema::{accounts, programmes, psychologists, role_grants, second_factors, substitutions};

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
    let row: Option<(String, String, Option<PsychologistId>, Option<AccountId>)> = accounts::table
        .left_join(psychologists::table)
        .left_join(second_factors::table)
        .filter(accounts::id.eq(account).and(accounts::disabled_at.is_null()))
        .select((
            accounts::email,
            accounts::display_name,
            psychologists::id.nullable(),
            second_factors::account_id.nullable(),
        ))
        .first(conn)
        .optional()?;
    let Some((email, display_name, psychologist_id, factor)) = row else { return Ok(None) };
    let grants = grants_of(conn, account)?;
    let held = |role: &Role| grants.iter().any(|grant| grant.role == *role);
    let Some(role_in_use) = role_in_use.filter(held).or_else(|| grants.first().map(|grant| grant.role)) else {
        return Ok(None);
    };
    let stands_in = stands_in(conn, account, today)?;
    let has_second_factor = factor.is_some();
    Ok(Some(Person {
        account,
        email,
        display_name,
        grants,
        stands_in,
        psychologist_id,
        has_second_factor,
        role_in_use,
        means,
    }))
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
