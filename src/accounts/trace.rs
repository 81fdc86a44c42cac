//! The entries of an account's chain in the journal.

use diesel::QueryResult;
use serde_json::Value;

use crate::clock::Clock;
use crate::db::Tx;
use crate::ids::AccountId;
use crate::journal::{self, Actor, Chain, Entry};

/// Writes what happened to an account on its chain, with the facts before and after.
///
/// # Errors
/// When the database fails.
pub fn write(
    tx: &mut Tx<'_>,
    clock: &Clock,
    actor: Actor,
    account: AccountId,
    action: &'static str,
    (before, after): (Option<Value>, Option<Value>),
) -> QueryResult<()> {
    let chain = Chain::Account(account);
    journal::write(tx, clock, Entry { chain, actor, action, subject: "account", subject_id: account.0, before, after })
}
