//! Tells a person by mail that an identity of ProConnect opens their account, or no longer does.

use diesel::QueryResult;

use crate::accounts::recipients;
use crate::clock::Clock;
use crate::db::Tx;
use crate::ids::AccountId;
use crate::mails::ProConnectChanged;
use crate::outbox;

/// Tells the owner of an account.
///
/// # Errors
/// When the database fails.
pub fn changed(
    tx: &mut Tx<'_>,
    clock: &Clock,
    account: AccountId,
    identity: Option<String>,
    is_linked: bool,
) -> QueryResult<()> {
    let Some(reader) = recipients::of(tx, account)? else { return Ok(()) };
    let mail = ProConnectChanged { recipient: reader.email, identity, is_linked };
    outbox::enqueue(tx, clock, mail.message()?).map(drop)
}
