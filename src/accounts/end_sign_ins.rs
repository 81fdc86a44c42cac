//! A person sees where they are signed in, and ends what they do not know.

use chrono::Duration;
use diesel::QueryResult;

use crate::accounts::store::ListedSignIn;
use crate::accounts::{Means, Person, store, trace};
use crate::clock::Clock;
use crate::config::SignInLimits;
use crate::db::{AnyConnection, DbError, Tx};
use crate::failure::{Failure, Never};
use crate::ids::{AccountId, SignInId};
use crate::sql_types::Ts;

/// More than anybody has: the list needs no pages.
const LISTED: i64 = 50;

/// The open sign-ins of an account, last used first.
///
/// # Errors
/// When the database fails.
pub fn open_ones(
    conn: &mut AnyConnection,
    clock: &Clock,
    limits: SignInLimits,
    account: AccountId,
) -> QueryResult<Vec<ListedSignIn>> {
    let now = clock.now().utc();
    let used_since = Ts::new(now - Duration::hours(i64::from(limits.idle_hours)));
    let opened_since = Ts::new(now - Duration::days(i64::from(limits.absolute_days)));
    store::open_sign_ins(conn, account, (used_since, opened_since, Ts::new(now)), LISTED)
}

/// Ends one of a person's own sign-ins.
///
/// # Errors
/// When it is not theirs, or not open.
pub fn end_one(tx: &mut Tx<'_>, clock: &Clock, who: &Person, id: SignInId) -> Result<(), Failure<Never>> {
    if !store::end_own_sign_in(tx, who.account, id, clock.now())? {
        return Err(Failure::NotFound);
    }
    let before = serde_json::json!({ "sign_in": id });
    trace::write(tx, clock, who.actor(), who.account, "account.sign_in_ended", (Some(before), None))?;
    Ok(())
}

/// Ends all of a person's sign-ins but the one in use. Gives how many ended.
///
/// # Errors
/// When the database fails.
pub fn end_others(tx: &mut Tx<'_>, clock: &Clock, who: &Person) -> Result<usize, DbError> {
    let kept = if let Means::SignIn { id, .. } = who.means { Some(id) } else { None };
    let ended = store::end_sign_ins(tx, who.account, kept, clock.now())?;
    if ended > 0 {
        let before = serde_json::json!({ "sign_ins": ended });
        trace::write(tx, clock, who.actor(), who.account, "account.sign_ins_ended", (Some(before), None))?;
    }
    Ok(ended)
}
