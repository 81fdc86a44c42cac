//! A new key comes into the ring. It seals nothing before a rotation.

use crate::clock::Clock;
use crate::db::Db;
use crate::journal::{self, Actor, Chain, Entry};
use crate::keys::{KeysError, store};
use crate::vault::{NewKey, Vault, VaultError};

/// Makes a key under the next number.
///
/// # Errors
/// When the file of keys cannot be written, or the database fails.
pub fn add(db: &Db, clock: &Clock, vault: &Vault) -> Result<(u8, NewKey), KeysError> {
    let known = db.read::<_, KeysError>(|conn| Ok(store::keys(conn)?))?;
    let last = known.iter().map(|key| key.id).chain(vault.known()).max().unwrap_or(0);
    let id = last.checked_add(1).ok_or_else(|| VaultError::Keys("every number was used".to_owned()))?;
    let new = vault.add(id)?;
    db.write::<_, KeysError>(|tx| Ok(journal::write(tx, clock, entry("key.added", id, None))?))?;
    Ok((id, new))
}

/// What the journal tells of a key: its number.
pub(super) fn entry(action: &'static str, id: u8, facts: Option<serde_json::Value>) -> Entry {
    Entry {
        chain: Chain::Installation,
        actor: Actor::System,
        action,
        subject: "key",
        subject_id: uuid::Uuid::from_u128(u128::from(id)),
        before: None,
        after: Some(facts.unwrap_or_else(|| serde_json::json!({ "key": id }))),
    }
}
