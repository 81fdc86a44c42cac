//! A server says which keys it has, follows the file of keys, and seals with the key that the database says.

use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::db::{Db, DbError};
use crate::ids::InstanceId;
use crate::keys::open::settle;
use crate::keys::{Instance, KeysError, KnownKey, store};
use crate::sql_types::Ts;
use crate::vault::Vault;

/// How often a server says that it is there.
const BEAT: Duration = Duration::from_secs(30);
/// A server that was silent for so long is forgotten.
const FORGOTTEN_DAYS: i64 = 1;

/// What a server says of itself, and when it last said so.
#[derive(Debug)]
pub struct Announcer {
    id: InstanceId,
    label: String,
    said: Option<(Instant, String, u8)>,
}

impl Announcer {
    /// A server, known by its machine and process.
    pub fn new() -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Self { id: InstanceId::new(), label: format!("{}:{}", host.trim(), std::process::id()), said: None }
    }

    /// Follows the file of keys and the database, and says what this server has when that changed or was said long ago.
    ///
    /// # Errors
    /// When a key that values need is not here, or the database fails.
    pub fn follow(&mut self, db: &Db, clock: &Clock, vault: &Vault) -> Result<(), KeysError> {
        vault.reload()?;
        let known = db.read::<_, KeysError>(|conn| Ok(store::keys(conn)?))?;
        settle(vault, &known)?;
        let (keys, sealing) = (numbers(vault), vault.sealing());
        let is_said = self
            .said
            .as_ref()
            .is_some_and(|(at, known, sealed)| at.elapsed() < BEAT && *known == keys && *sealed == sealing);
        if is_said {
            return Ok(());
        }
        let known = self.say(db, clock, &keys, sealing)?;
        // the key may have changed since it was read; from now on it changes only if this server has the next one
        settle(vault, &known)?;
        self.said = Some((Instant::now(), keys, sealing));
        Ok(())
    }

    fn say(&self, db: &Db, clock: &Clock, known: &str, sealing: u8) -> Result<Vec<KnownKey>, DbError> {
        let now = clock.now();
        let instance = Instance {
            id: self.id,
            label: self.label.clone(),
            known: known.to_owned(),
            sealing: i32::from(sealing),
            seen_at: now,
        };
        db.write::<_, DbError>(|tx| {
            store::lock(tx)?;
            store::announce(tx, &instance)?;
            store::forget_silent(tx, Ts::new(now.utc() - chrono::Duration::days(FORGOTTEN_DAYS)))?;
            Ok(store::keys(tx)?)
        })
    }

    /// Says that this server stops.
    ///
    /// # Errors
    /// When the database fails.
    pub fn leave(&self, db: &Db) -> Result<(), DbError> {
        db.write::<_, DbError>(|tx| Ok(store::leave(tx, self.id)?))
    }
}

impl Default for Announcer {
    fn default() -> Self {
        Self::new()
    }
}

fn numbers(vault: &Vault) -> String {
    vault.known().iter().map(u8::to_string).collect::<Vec<_>>().join(",")
}
