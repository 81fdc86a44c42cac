//! A key that no value needs leaves the ring.

use crate::clock::Clock;
use crate::db::{Db, DbError, Retryable};
use crate::journal;
use crate::keys::add::entry;
use crate::keys::{KeysError, instances, store};
use crate::outbox;
use crate::vault::Vault;

/// Why a key stays.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    /// It sealed nothing of this database.
    #[error("key {0} seals nothing of this database and never did: if it is in the ring, take it out of there")]
    Unknown(u8),
    /// It is the one that seals.
    #[error("key {0} is the one that seals: add another and rotate first (psypre keys add, psypre keys rotate)")]
    Seals(u8),
    /// Values need it.
    #[error("key {key} still seals {values} values: psypre keys rotate seals them again")]
    Needed {
        /// The key.
        key: u8,
        /// How many.
        values: i64,
    },
    /// Mails that wait to leave need it.
    #[error("key {key} still seals {mails} mails that wait to leave: retire it once they have left")]
    Mails {
        /// The key.
        key: u8,
        /// How many.
        mails: usize,
    },
    /// Servers seal with it.
    #[error("servers still seal with key {key}: {}", .servers.join(", "))]
    InUse {
        /// The key.
        key: u8,
        /// The servers.
        servers: Vec<String>,
    },
    /// The ring or the database failed.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl From<DbError> for RetireError {
    fn from(e: DbError) -> Self {
        Self::Keys(e.into())
    }
}

impl From<diesel::result::Error> for RetireError {
    fn from(e: diesel::result::Error) -> Self {
        Self::Keys(e.into())
    }
}

impl Retryable for RetireError {
    fn database_error(&self) -> Option<&diesel::result::Error> {
        match self {
            Self::Keys(e) => e.database_error(),
            _ => None,
        }
    }
}

/// Writes down that a key is needed no more, and takes it out of the file of keys; tells whether there is one. Asked
/// again, it finishes what was stopped.
///
/// # Errors
/// When a value or a server needs the key, or the file cannot be written.
pub fn retire(db: &Db, clock: &Clock, vault: &Vault, key: u8) -> Result<bool, RetireError> {
    db.write::<_, RetireError>(|tx| {
        store::lock(tx)?;
        let known = store::keys(tx)?.into_iter().find(|known| known.id == key).ok_or(RetireError::Unknown(key))?;
        if known.is_sealing {
            return Err(RetireError::Seals(key));
        }
        let values: i64 = store::count(tx)?.iter().filter(|counted| counted.key == key).map(|c| c.values).sum();
        if values > 0 {
            return Err(RetireError::Needed { key, values });
        }
        let mails = outbox::keys_waiting(tx)?.into_iter().filter(|sealed_with| *sealed_with == key).count();
        if mails > 0 {
            return Err(RetireError::Mails { key, mails });
        }
        let mut servers = instances(tx, clock.now())?;
        servers.retain(|instance| instance.sealing == i32::from(key));
        if !servers.is_empty() {
            return Err(RetireError::InUse { key, servers: servers.into_iter().map(|server| server.label).collect() });
        }
        if known.retired_at.is_none() {
            store::retire(tx, key, clock.now())?;
            journal::write(tx, clock, entry("key.retired", key, None))?;
        }
        Ok(())
    })?;
    Ok(vault.remove(key).map_err(KeysError::from)?)
}
