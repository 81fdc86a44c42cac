//! Who is told of something by mail: the people of a role whose account is open.

use chrono::NaiveDate;
use diesel::QueryResult;

use crate::accounts::{Recipient, Role, store};
use crate::db::AnyConnection;
use crate::ids::{AccountId, ProgrammeId};

/// The coordinators of a programme.
///
/// # Errors
/// When the database fails.
pub fn coordinators(conn: &mut AnyConnection, programme: ProgrammeId) -> QueryResult<Vec<Recipient>> {
    store::holders(conn, Role::Coordinator, Some(programme))
}

/// Those who approve the sessions of a programme on a day: its coordinators, and who stands in for one of them.
///
/// # Errors
/// When the database fails.
pub fn approvers(conn: &mut AnyConnection, programme: ProgrammeId, on: NaiveDate) -> QueryResult<Vec<Recipient>> {
    let mut all = coordinators(conn, programme)?;
    for lent in store::substitutes(conn, programme, on)? {
        if !all.iter().any(|known| known.account == lent.account) {
            all.push(lent);
        }
    }
    Ok(all)
}

/// The people of a role that has the whole convention as its scope.
///
/// # Errors
/// When the database fails.
pub fn holders(conn: &mut AnyConnection, role: Role) -> QueryResult<Vec<Recipient>> {
    store::holders(conn, role, None)
}

/// The person of an account, if it is open.
///
/// # Errors
/// When the database fails.
pub fn of(conn: &mut AnyConnection, account: AccountId) -> QueryResult<Option<Recipient>> {
    let found = store::load_account(conn, account)?;
    let recipient = Recipient { account, email: found.email, told_at_once: found.told_at_once };
    Ok(found.disabled_at.is_none().then_some(recipient))
}
