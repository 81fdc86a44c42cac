//! The list of accounts.

use diesel::prelude::*;

use super::{StoredAccount, grants_of};
use crate::accounts::{Grant, Role};
use crate::db::AnyConnection;
use crate::schema::{accounts, role_grants};

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
