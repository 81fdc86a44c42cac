//! Accounts that nobody uses: warned, then closed. An open account is a door; who left the programme does not say so.

use chrono::Duration;

use crate::accounts::close::{self, CloseRefusal};
use crate::accounts::store::UnusedAccount;
use crate::accounts::{store, trace};
use crate::clock::Clock;
use crate::db::{Db, DbError, Tx};
use crate::failure::Failure;
use crate::journal::Actor;
use crate::mails::AccountUnused;
use crate::outbox;
use crate::sql_types::Ts;

/// An account not used for so long is closed.
pub const CLOSED_AFTER_DAYS: i64 = 365;
/// How long before that its person is told, at least.
pub const WARNED_DAYS: i64 = 30;
/// How many at once.
const BATCH: i64 = 100;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Whose people were told.
    pub warned: usize,
    /// Closed.
    pub closed: usize,
}

/// Warns the people of accounts that nobody used for eleven months, and closes those that nobody used for a year and
/// whose people were warned a month before. The last administrator's stays.
///
/// # Errors
/// When the database fails.
pub fn run(db: &Db, clock: &Clock) -> Result<Tidied, DbError> {
    let now = clock.now();
    let before = |days: i64| Ts::new(now.utc() - Duration::days(days));
    // read first: most rounds find nothing, and then keep no writer waiting
    let (quiet_since, unused_since, warned_before) =
        (before(CLOSED_AFTER_DAYS - WARNED_DAYS), before(CLOSED_AFTER_DAYS), before(WARNED_DAYS));
    let (to_warn, to_close) = db.read::<_, DbError>(|conn| {
        let to_warn = store::unused_unwarned(conn, quiet_since, BATCH)?;
        let to_close = store::unused_warned(conn, unused_since, warned_before, BATCH)?;
        Ok((to_warn, to_close))
    })?;
    let mut tidied = Tidied::default();
    for account in &to_warn {
        if db.write::<_, DbError>(|tx| warn(tx, clock, account, quiet_since))? {
            tidied.warned += 1;
        }
    }
    for account in &to_close {
        let closed = db.write::<_, Failure<CloseRefusal>>(|tx| {
            // its person may have come back since it was read
            if !store::is_still_unused(tx, account.id, unused_since, warned_before)? {
                return Err(Failure::NotFound);
            }
            close::disable(tx, clock, Actor::System, account.id)?;
            Ok(tell(tx, clock, account, None)?)
        });
        match closed {
            Ok(()) => tidied.closed += 1,
            // the last administrator's stays, and whoever came back meanwhile is not our business
            Err(Failure::Refused(_) | Failure::NotFound) => {}
            Err(Failure::Db(e)) => return Err(e),
        }
    }
    Ok(tidied)
}

/// Returns whether their person is told: not again, and not that the last administrator's account will close.
fn warn(tx: &mut Tx<'_>, clock: &Clock, account: &UnusedAccount, quiet_since: Ts) -> Result<bool, DbError> {
    if store::is_administrator(tx, account.id)? && !store::has_other_administrator(tx, account.id)? {
        return Ok(false);
    }
    if !store::note_warned(tx, account.id, quiet_since, clock.now())? {
        return Ok(false);
    }
    trace::write(tx, clock, Actor::System, account.id, "account.warned_unused", (None, None))?;
    let on = Ts::new(clock.now().utc() + Duration::days(WARNED_DAYS));
    tell(tx, clock, account, Some(on))?;
    Ok(true)
}

fn tell(tx: &mut Tx<'_>, clock: &Clock, account: &UnusedAccount, closes_at: Option<Ts>) -> Result<(), DbError> {
    let mail = AccountUnused { recipient: account.email.clone(), name: account.display_name.clone(), closes_at };
    outbox::enqueue(tx, clock, mail.message()?)?;
    Ok(())
}
