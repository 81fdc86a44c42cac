//! Seals every value again with the newest key, while everybody works.
//!
//! What remains to be done is what another key sealed: stopped anywhere, it is taken up from there, and done twice it
//! changes nothing. A value is replaced only if it is still the one that was read: an edit made meanwhile stays.

use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::db::{Db, DbError, Retryable};
use crate::ids::SealedRowId;
use crate::journal;
use crate::keys::add::entry;
use crate::keys::check::Unreadable;
use crate::keys::{Instance, KeysError, instances, store};
use crate::vault::{Place, SEALED, SealedColumn, Vault};

/// How many values are replaced in one transaction.
const AT_ONCE: i64 = 200;
/// How long others may write between two of them.
const PAUSE: Duration = Duration::from_millis(20);
/// How often to look whether the servers follow.
const LOOK: Duration = Duration::from_millis(500);

/// Why the keys are not changed, or not wholly.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// Servers that run do not have the key.
    #[error(
        "{} of the servers at work do not have key {key}: {}. Give them the ring with that key (PSYPRE_KEYS, or the file \
         that they follow by themselves), restart those that read the environment, then ask again. A server that was \
         killed counts for two more minutes.", .servers.len(), .servers.join(", ")
    )]
    NotEverywhere {
        /// The key.
        key: u8,
        /// The servers.
        servers: Vec<String>,
    },
    /// The key sealed before, and was retired.
    #[error("key {0} was retired: add a new one (psypre keys add)")]
    Retired(u8),
    /// The key is not in the ring.
    #[error("key {0} is not in the ring: psypre keys list shows which are")]
    Unknown(u8),
    /// Servers went on sealing with an older key.
    #[error("servers still seal with another key than {key}: {}. Once they are restarted, ask again.", .servers.join(", "))]
    NotFollowed {
        /// The key.
        key: u8,
        /// The servers.
        servers: Vec<String>,
    },
    /// The ring or the database failed.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl From<DbError> for RotateError {
    fn from(e: DbError) -> Self {
        Self::Keys(e.into())
    }
}

impl From<diesel::result::Error> for RotateError {
    fn from(e: diesel::result::Error) -> Self {
        Self::Keys(e.into())
    }
}

impl Retryable for RotateError {
    fn database_error(&self) -> Option<&diesel::result::Error> {
        match self {
            Self::Keys(e) => e.database_error(),
            _ => None,
        }
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The column in hand.
    pub column: SealedColumn,
    /// How many values were sealed again since the start.
    pub values: u64,
}

/// What was done.
#[derive(Debug)]
pub struct Rotated {
    /// The key that sealed all.
    pub key: u8,
    /// How many values were sealed again.
    pub values: u64,
    /// Those that no key opens; they stay as they are.
    pub unreadable: Vec<Unreadable>,
}

/// Makes a key, the newest of the ring when none is named, the one that seals, and seals again what others sealed.
/// Waits so long for servers that seal with an older key.
///
/// # Errors
/// When a server lacks the key or does not follow, or the database fails.
pub fn rotate(
    (db, clock, vault): (&Db, &Clock, &Vault),
    to: Option<u8>,
    patience: Duration,
    tell: &mut dyn FnMut(Progress),
) -> Result<Rotated, RotateError> {
    vault.reload().map_err(KeysError::from)?;
    let key = to.or(vault.known().last().copied()).unwrap_or_default();
    let is_new = begin(db, clock, vault, key)?;
    vault.seal_with(key);
    let mut rotated = Rotated { key, values: 0, unreadable: Vec::new() };
    let started = Instant::now();
    loop {
        rotated.unreadable.clear();
        let others: Vec<Instance> = sealing_with_others(db, clock, key)?;
        let before = rotated.values;
        for column in SEALED {
            seal_again(db, vault, *column, &mut rotated, tell)?;
        }
        // one more pass for what was under way when the last server followed
        let is_still = rotated.values == before;
        if is_still && others.is_empty() {
            break;
        }
        if is_still && started.elapsed() > patience {
            let servers = others.into_iter().map(|instance| instance.label).collect();
            return Err(RotateError::NotFollowed { key, servers });
        }
        std::thread::sleep(LOOK);
    }
    if is_new || rotated.values > 0 {
        let facts = serde_json::json!({ "key": key, "values": rotated.values });
        db.write::<_, RotateError>(|tx| {
            Ok(journal::write(tx, clock, entry("key.rotated", key, Some(facts.clone())))?)
        })?;
    }
    Ok(rotated)
}

/// Makes the key the one that seals, if every server at work has it; tells whether it was not yet.
fn begin(db: &Db, clock: &Clock, vault: &Vault, key: u8) -> Result<bool, RotateError> {
    let fingerprint = vault.fingerprint(key).ok_or(RotateError::Unknown(key))?;
    db.write::<_, RotateError>(|tx| {
        store::lock(tx)?;
        let lacking: Vec<String> = instances(tx, clock.now())?
            .into_iter()
            .filter(|instance| !instance.knows(key))
            .map(|instance| instance.label)
            .collect();
        if !lacking.is_empty() {
            return Err(RotateError::NotEverywhere { key, servers: lacking });
        }
        let known = store::keys(tx)?;
        match known.iter().find(|known| known.id == key) {
            Some(known) if known.retired_at.is_some() => return Err(RotateError::Retired(key)),
            Some(known) if known.is_sealing => return Ok(false),
            _ => {}
        }
        store::insert_key(tx, key, &fingerprint, false, clock.now())?;
        store::set_sealing(tx, key, clock.now())?;
        journal::write(tx, clock, entry("key.seals", key, None))?;
        Ok(true)
    })
}

fn sealing_with_others(db: &Db, clock: &Clock, key: u8) -> Result<Vec<Instance>, RotateError> {
    let mut found = db.read::<_, RotateError>(|conn| Ok(instances(conn, clock.now())?))?;
    found.retain(|instance| instance.sealing != i32::from(key));
    Ok(found)
}

/// Seals again the values of a column that another key sealed.
fn seal_again(
    db: &Db,
    vault: &Vault,
    column: SealedColumn,
    rotated: &mut Rotated,
    tell: &mut dyn FnMut(Progress),
) -> Result<(), RotateError> {
    let mut after = SealedRowId(uuid::Uuid::nil());
    loop {
        let found =
            db.read::<_, RotateError>(|conn| Ok(store::values_of_others(conn, column, rotated.key, after, AT_ONCE)?))?;
        let Some(last) = found.last() else { return Ok(()) };
        after = last.id;
        // opened and sealed before the transaction: it only writes
        let mut sealed = Vec::with_capacity(found.len());
        for old in &found {
            let place = Place { column: column.name, row: old.id.0 };
            match vault.open(place, &old.value) {
                Ok(text) => sealed.push((old, vault.seal(place, &text).map_err(KeysError::from)?)),
                Err(why) => rotated.unreadable.push(Unreadable { row: old.id.0, why }),
            }
        }
        let replaced = db.write::<_, RotateError>(|tx| {
            let mut replaced = 0;
            for (old, new) in &sealed {
                replaced += u64::from(store::replace(tx, column, old, new)?);
            }
            Ok(replaced)
        })?;
        rotated.values += replaced;
        tell(Progress { column, values: rotated.values });
        std::thread::sleep(PAUSE);
    }
}
