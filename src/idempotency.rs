//! Pressed twice, done once: the same key gives the same answer, and the same key with another request is refused.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::db::{Db, Tx};
use crate::each;
use crate::failure::Failure;
use crate::ids::AccountId;
use crate::schema::idempotency_keys;

/// What a request is known by: whose it is, its key, and a hash of all that it asks.
#[derive(Debug, Clone)]
pub struct Key {
    account: AccountId,
    key: String,
    request_hash: Vec<u8>,
}

const LONGEST_KEY: usize = 128;

impl Key {
    /// Makes the key of a request; `None` when the text cannot be a key.
    pub fn new(account: AccountId, key: &str, verb: &str, request: &[u8]) -> Option<Self> {
        let fits = (8..=LONGEST_KEY).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic());
        let mut hasher = Sha256::new();
        hasher.update(verb.as_bytes());
        hasher.update([0]);
        hasher.update(request);
        fits.then(|| Self { account, key: key.to_owned(), request_hash: hasher.finalize().to_vec() })
    }
}

/// What [`once`] found.
#[derive(Debug)]
pub enum Once<T> {
    /// Done now, or done before with this answer.
    Answer(T),
    /// The key was used for another request.
    KeyReused,
}

/// Runs the work once for a key, in its transaction: its answer is kept with what it wrote, or neither is.
///
/// # Errors
/// As the work says.
pub fn once<T, R>(
    tx: &mut Tx<'_>,
    clock: &Clock,
    key: Option<&Key>,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T, Failure<R>>,
) -> Result<Once<T>, Failure<R>>
where
    T: Serialize + DeserializeOwned,
{
    let Some(key) = key else { return work(tx).map(Once::Answer) };
    if !claim(tx, clock, key)? {
        return answered(tx, key).map_err(Into::into);
    }
    let answer = work(tx)?;
    let text = serde_json::to_string(&answer).map_err(|e| DieselError::SerializationError(e.into()))?;
    diesel::update(idempotency_keys::table.find((key.account, &key.key)))
        .set(idempotency_keys::answer.eq(text))
        .execute(&mut **tx)?;
    Ok(Once::Answer(answer))
}

/// [`once`] in a transaction of its own, away from the threads that answer requests.
///
/// # Errors
/// As the work says.
pub async fn write_once<T, R>(
    db: &Db,
    clock: &Clock,
    key: Option<Key>,
    mut work: impl FnMut(&mut Tx<'_>) -> Result<T, Failure<R>> + Send + 'static,
) -> Result<Once<T>, Failure<R>>
where
    T: Serialize + DeserializeOwned + Send + 'static,
    R: Send + 'static,
{
    let clock = clock.clone();
    db.write_async(move |tx| once(tx, &clock, key.as_ref(), &mut work)).await
}

/// Inserts the key; waits for another transaction that holds it, and then finds it taken.
fn claim(tx: &mut Tx<'_>, clock: &Clock, key: &Key) -> QueryResult<bool> {
    let row = (
        idempotency_keys::account_id.eq(key.account),
        idempotency_keys::key.eq(&key.key),
        idempotency_keys::request_hash.eq(&key.request_hash),
        idempotency_keys::answer.eq(""),
        idempotency_keys::created_at.eq(clock.now()),
    );
    let conn = &mut **tx;
    let written =
        each!(conn => diesel::insert_into(idempotency_keys::table).values(row).on_conflict_do_nothing().execute(conn))?;
    Ok(written == 1)
}

fn answered<T: DeserializeOwned>(tx: &mut Tx<'_>, key: &Key) -> QueryResult<Once<T>> {
    let (hash, answer): (Vec<u8>, String) = idempotency_keys::table
        .find((key.account, &key.key))
        .select((idempotency_keys::request_hash, idempotency_keys::answer))
        .first(&mut **tx)?;
    if hash != key.request_hash {
        return Ok(Once::KeyReused);
    }
    let answer = serde_json::from_str(&answer).map_err(|e| DieselError::DeserializationError(e.into()))?;
    Ok(Once::Answer(answer))
}
