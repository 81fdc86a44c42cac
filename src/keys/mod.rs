//! The keys of the vault as the database knows them: which one seals, which are needed still, which servers have which.
//!
//! A key comes in three steps, so that no server meets a value that it cannot open: it is added to the ring of every
//! server; each announces that it has it; only then does the database say that it seals, and the older values are sealed
//! again, in small batches, while everybody works. The keys themselves never stand in the database.

pub mod add;
pub mod announce;
pub mod check;
pub mod open;
pub mod retire;
pub mod rotate;
mod store;

use chrono::Duration;

use crate::db::{AnyConnection, DbError, Retryable};
use crate::sql_types::Ts;
use crate::vault::{FINGERPRINT_BYTES, VaultError, to_hex};

pub use store::{Counted, Instance};

/// A server that was silent for longer is taken for gone.
const SILENT_MINUTES: i64 = 2;

/// A key that seals or sealed values of this database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// Its number.
    pub id: u8,
    /// What tells it from any other.
    pub fingerprint: Vec<u8>,
    /// Since when it sealed or seals.
    pub since: Ts,
    /// Whether it seals now.
    pub is_sealing: bool,
    /// Since when no value needs it.
    pub retired_at: Option<Ts>,
}

impl Instance {
    /// Whether it may be at work.
    fn is_live(&self, now: Ts) -> bool {
        self.seen_at.utc() + Duration::minutes(SILENT_MINUTES) >= now.utc()
    }

    /// Whether it has a key.
    pub fn knows(&self, key: u8) -> bool {
        self.known.split(',').any(|id| id == key.to_string())
    }
}

/// Why the keys and the database do not go together. For who operates it: it names keys and columns, never a value.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The ring cannot be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A key that values need is not in the ring.
    #[error(
        "key {id} (fingerprint {}) sealed names of this database, and is not in PSYPRE_KEYS or PSYPRE_KEYS_FILE: put it \
         back, without it they cannot be read", to_hex(.fingerprint)
    )]
    Missing {
        /// Its number.
        id: u8,
        /// What tells it from any other.
        fingerprint: Vec<u8>,
    },
    /// The ring has another key under its number.
    #[error(
        "key {id} is not the one that sealed this database: its fingerprint is {}, not {}; put the right one back in \
         PSYPRE_KEYS or PSYPRE_KEYS_FILE, or take another database", to_hex(.here), to_hex(.fingerprint)
    )]
    NotTheSame {
        /// Its number.
        id: u8,
        /// What tells the one that sealed.
        fingerprint: Vec<u8>,
        /// What tells the one of the ring.
        here: [u8; FINGERPRINT_BYTES],
    },
    /// The file of keys went away.
    #[error("the file of keys {0} is not there, and names of this database are sealed: put it back")]
    NoFile(String),
    /// Values exist that no key opens, in a database that does not know its keys yet.
    #[error("{0} of this database: these are not the keys that sealed it")]
    DoesNotOpen(VaultError),
}

impl From<diesel::result::Error> for KeysError {
    fn from(e: diesel::result::Error) -> Self {
        Self::Db(e.into())
    }
}

impl Retryable for KeysError {
    fn database_error(&self) -> Option<&diesel::result::Error> {
        match self {
            Self::Db(e) => e.database_error(),
            _ => None,
        }
    }
}

/// The keys that the database knows, in order.
///
/// # Errors
/// When the database fails.
pub fn known(conn: &mut AnyConnection) -> diesel::QueryResult<Vec<KnownKey>> {
    store::keys(conn)
}

/// How many values each key sealed, in each column.
///
/// # Errors
/// When the database fails.
pub fn counted(conn: &mut AnyConnection) -> diesel::QueryResult<Vec<Counted>> {
    store::count(conn)
}

/// The servers that are at work.
///
/// # Errors
/// When the database fails.
pub fn instances(conn: &mut AnyConnection, now: Ts) -> diesel::QueryResult<Vec<Instance>> {
    let all = store::instances(conn)?;
    Ok(all.into_iter().filter(|instance| instance.is_live(now)).collect())
}
