//! Takes the keys at the start, and refuses those that cannot read this database: better no page than pages that fail.

use crate::clock::Clock;
use crate::config::KeySource;
use crate::db::{Db, Tx};
use crate::ids::SealedRowId;
use crate::keys::{Counted, KeysError, KnownKey, store};
use crate::vault::{Place, Vault, VaultError};

/// Reads the ring, and seals with the key that the database says. A database that knows no key yet learns those that
/// sealed it.
///
/// # Errors
/// When the ring cannot be read, or lacks a key that values need.
pub fn open(db: &Db, clock: &Clock, source: &KeySource) -> Result<Vault, KeysError> {
    let known = db.read::<_, KeysError>(|conn| Ok(store::keys(conn)?))?;
    let vault = match source {
        KeySource::Text(text) => Vault::from_text(text)?,
        // a new file would hide that the old one is lost
        KeySource::File(path) if !known.is_empty() && !path.exists() => {
            return Err(KeysError::NoFile(path.display().to_string()));
        }
        KeySource::File(path) => Vault::from_file(path)?,
    };
    let known = if known.is_empty() { learn(db, clock, &vault)? } else { known };
    settle(&vault, &known)?;
    Ok(vault)
}

/// Verifies that the ring has every key that values need, and seals with the one that the database says.
pub(super) fn settle(vault: &Vault, known: &[KnownKey]) -> Result<(), KeysError> {
    for key in known.iter().filter(|key| key.retired_at.is_none()) {
        let fingerprint = key.fingerprint.clone();
        match vault.fingerprint(key.id) {
            None => return Err(KeysError::Missing { id: key.id, fingerprint }),
            Some(here) if here.as_slice() != fingerprint => {
                return Err(KeysError::NotTheSame { id: key.id, fingerprint, here });
            }
            Some(_) => {}
        }
        if key.is_sealing {
            vault.seal_with(key.id);
        }
    }
    Ok(())
}

/// Writes down the keys that sealed a database which does not know them yet, once they were seen to open it, and the one
/// that seals: the highest, as always.
fn learn(db: &Db, clock: &Clock, vault: &Vault) -> Result<Vec<KnownKey>, KeysError> {
    db.write::<_, KeysError>(|tx| {
        let mut needed = used(tx, vault)?;
        needed.push(vault.sealing());
        for id in needed {
            if let Some(fingerprint) = vault.fingerprint(id) {
                store::insert_key(tx, id, &fingerprint, id == vault.sealing(), clock.now())?;
            }
        }
        Ok(store::keys(tx)?)
    })
}

/// The keys that sealed values; all must be here, and each column is tried on its first value.
fn used(tx: &mut Tx<'_>, vault: &Vault) -> Result<Vec<u8>, KeysError> {
    let counted = store::count(tx)?;
    for Counted { column, key, .. } in &counted {
        if vault.fingerprint(*key).is_none() {
            return Err(KeysError::DoesNotOpen(VaultError::UnknownKey(column.name, *key)));
        }
        for found in store::values(tx, *column, SealedRowId(uuid::Uuid::nil()), 1)? {
            let place = Place { column: column.name, row: found.id.0 };
            vault.open(place, &found.value).map_err(KeysError::DoesNotOpen)?;
        }
    }
    Ok(counted.into_iter().map(|counted| counted.key).collect())
}
