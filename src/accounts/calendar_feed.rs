//! The private calendar feed of a psychologist or a coordinator: a secret address, made, replaced, taken back. Only its
//! hash is kept, as for a bearer token; whoever has the address reads dates, places and references, and changes nothing.

use chrono::Duration;

use crate::accounts::sign_in::new_token;
use crate::accounts::{Means, Person, Role, passwords, store, trace};
use crate::clock::Clock;
use crate::db::{Db, DbError, Tx};
use crate::error::AppError;
use crate::sql_types::Ts;

/// How far apart two readings of a feed are, in seconds: calendars come back by the hour.
pub const SECONDS_BETWEEN: i64 = 5;

/// Whether somebody has sessions that a calendar could show.
///
/// # Errors
/// When they hold neither role.
pub fn may_have_one(who: &Person) -> Result<(), AppError> {
    if who.holds(Role::Psychologist) || who.holds(Role::Coordinator) {
        Ok(())
    } else {
        Err(AppError::Forbidden(Role::Psychologist.french()))
    }
}

/// Makes the feed of a person; the address that they had stops working. Gives the token, which is kept nowhere.
///
/// # Errors
/// When the database fails.
pub fn create(tx: &mut Tx<'_>, clock: &Clock, who: &Person) -> Result<String, DbError> {
    let token = new_token()?;
    let replaced = store::delete_feed(tx, who.account)?;
    store::insert_feed(tx, who.account, &passwords::token_hash(&token), clock.now())?;
    let after = serde_json::json!({ "replaces_another": replaced });
    trace::write(tx, clock, who.actor(), who.account, "calendar_feed.created", (None, Some(after)))?;
    Ok(token)
}

/// Takes the address of a person's feed back. Gives whether they had one.
///
/// # Errors
/// When the database fails.
pub fn revoke(tx: &mut Tx<'_>, clock: &Clock, who: &Person) -> Result<bool, DbError> {
    let had_one = store::delete_feed(tx, who.account)?;
    if had_one {
        trace::write(tx, clock, who.actor(), who.account, "calendar_feed.revoked", (None, None))?;
    }
    Ok(had_one)
}

/// The person whose feed a token opens. A closed account, and a person who holds no role any more, have none.
///
/// An address that does not exist costs one reading of an index and writes nothing: 256 random bits need no count of
/// tries, and a stranger is given no way to make the database write.
///
/// # Errors
/// When there is no such feed, it was read just now, or the database fails.
pub fn open(db: &Db, clock: &Clock, token: &str) -> Result<Person, AppError> {
    let now = clock.now();
    let person = db.read::<_, DbError>(|conn| {
        let Some(account) = store::find_feed_owner(conn, &passwords::token_hash(token))? else { return Ok(None) };
        Ok(store::find_person(conn, account, None, Means::Feed, clock.today())?)
    })?;
    let person = person.filter(|person| may_have_one(person).is_ok()).ok_or(AppError::NotFound)?;
    let since = Ts::new(now.utc() - Duration::seconds(SECONDS_BETWEEN));
    let noted = db.write::<_, DbError>(|tx| Ok(store::note_feed_read(tx, person.account, since, now)?))?;
    if noted { Ok(person) } else { Err(AppError::TooMany(SECONDS_BETWEEN.unsigned_abs())) }
}
