//! Seals what could name a child or a family: XChaCha20-Poly1305, a fresh nonce each time, and the place of the value as
//! associated data, so that a value moved to another row or column does not open.

use std::collections::BTreeMap;
use std::path::Path;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use uuid::Uuid;

const NONCE_LENGTH: usize = 24;

/// Why a value cannot be sealed or opened, or the keys not read. Never holds the value.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The keys are not written as they must be.
    #[error("the keys must be written id:hex[,id:hex…], with 1 ≤ id ≤ 255 and 64 hexadecimal digits each: {0}")]
    Keys(String),
    /// The file of keys cannot be read or made.
    #[error("the file of keys {0}: {1}")]
    File(String, std::io::Error),
    /// A value was sealed by a key that is not here.
    #[error("a value of {0} was sealed with key {1}, which is not configured")]
    UnknownKey(&'static str, u8),
    /// A value does not open: altered, or moved from its place.
    #[error("a value of {0} does not open: it was altered or moved")]
    Altered(&'static str),
    /// The machine gives no randomness.
    #[error("no randomness: {0}")]
    Random(String),
}

/// Where a sealed value stands: `table.column` and its row.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Such as `children.first_name`.
    pub column: &'static str,
    /// The identifier of the row.
    pub row: Uuid,
}

/// The keys that seal and open; the highest id seals.
#[derive(Clone)]
pub struct Vault {
    keys: BTreeMap<u8, XChaCha20Poly1305>,
    current: u8,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("current", &self.current).finish_non_exhaustive()
    }
}

impl Vault {
    /// Reads keys written `id:hex[,id:hex…]`.
    ///
    /// # Errors
    /// When they are not written so.
    pub fn from_text(text: &str) -> Result<Self, VaultError> {
        let mut keys = BTreeMap::new();
        for part in text.trim().split(',') {
            let (id, hex) = part.trim().split_once(':').ok_or_else(|| VaultError::Keys("no colon".into()))?;
            let id: u8 = id.parse().ok().filter(|id| *id > 0).ok_or_else(|| VaultError::Keys("bad id".into()))?;
            let key =
                from_hex(hex).ok_or_else(|| VaultError::Keys(format!("key {id} is not 64 hexadecimal digits")))?;
            keys.insert(id, XChaCha20Poly1305::new(&key.into()));
        }
        let current = keys.keys().next_back().copied().ok_or_else(|| VaultError::Keys("no key".into()))?;
        Ok(Self { keys, current })
    }

    /// Reads the file of keys; makes it, readable by its owner only, when it is not there.
    ///
    /// # Errors
    /// When it cannot be read, made or understood.
    pub fn from_file(path: &Path) -> Result<Self, VaultError> {
        let failed = |e| VaultError::File(path.display().to_string(), e);
        match std::fs::read_to_string(path) {
            Ok(text) => Self::from_text(&text),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let text = format!("1:{}\n", to_hex(&random::<32>()?));
                write_private(path, &text).map_err(failed)?;
                Self::from_text(&text)
            }
            Err(e) => Err(failed(e)),
        }
    }

    /// Seals a text for its place.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn seal(&self, place: Place, text: &str) -> Result<Vec<u8>, VaultError> {
        let nonce = random::<NONCE_LENGTH>()?;
        let data = associated(place, self.current);
        let sealed = self
            .key(place, self.current)?
            .encrypt(&XNonce::from(nonce), Payload { msg: text.as_bytes(), aad: &data })
            .map_err(|_| VaultError::Altered(place.column))?;
        let mut value = Vec::with_capacity(1 + NONCE_LENGTH + sealed.len());
        value.push(self.current);
        value.extend_from_slice(&nonce);
        value.extend_from_slice(&sealed);
        Ok(value)
    }

    /// Opens a value at its place.
    ///
    /// # Errors
    /// When it was altered or moved, or sealed with a key that is not here.
    pub fn open(&self, place: Place, value: &[u8]) -> Result<String, VaultError> {
        let altered = || VaultError::Altered(place.column);
        let (id, rest) = value.split_first().ok_or_else(altered)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or_else(altered)?;
        let data = associated(place, *id);
        let text = self
            .key(place, *id)?
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &data })
            .map_err(|_| altered())?;
        String::from_utf8(text).map_err(|_| altered())
    }

    fn key(&self, place: Place, id: u8) -> Result<&XChaCha20Poly1305, VaultError> {
        self.keys.get(&id).ok_or(VaultError::UnknownKey(place.column, id))
    }
}

fn associated(place: Place, key: u8) -> Vec<u8> {
    format!("{}:{}:{key}", place.column, place.row).into_bytes()
}

/// Random bytes from the operating system.
///
/// # Errors
/// When it gives none.
pub fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|e| VaultError::Random(e.to_string()))?;
    Ok(bytes)
}

/// Bytes as hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut key = [0u8; 32];
    for (i, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(key)
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault::from_text(&format!("1:{}", "ab".repeat(32))).unwrap()
    }

    fn place(column: &'static str) -> Place {
        Place { column, row: Uuid::from_u128(7) }
    }

    #[test]
    fn opens_what_it_sealed_and_nothing_moved() {
        let vault = vault();
        let sealed = vault.seal(place("children.first_name"), "Zoé").unwrap();
        assert_eq!(vault.open(place("children.first_name"), &sealed).unwrap(), "Zoé");
        assert!(vault.open(place("children.last_name"), &sealed).is_err());
        assert!(vault.open(Place { column: "children.first_name", row: Uuid::from_u128(8) }, &sealed).is_err());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(vault.open(place("children.first_name"), &altered).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_newer_key_seals_and_the_older_still_opens() {
        let old = vault().seal(place("guardians.name"), "x").unwrap();
        let both = Vault::from_text(&format!("1:{},2:{}", "ab".repeat(32), "cd".repeat(32))).unwrap();
        assert_eq!(both.open(place("guardians.name"), &old).unwrap(), "x");
        assert_eq!(both.seal(place("guardians.name"), "x").unwrap()[0], 2);
    }

    #[test]
    fn makes_a_private_file_once() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let sealed = Vault::from_file(&path).unwrap().seal(place("a.b"), "x").unwrap();
        assert_eq!(Vault::from_file(&path).unwrap().open(place("a.b"), &sealed).unwrap(), "x");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn refuses_bad_keys() {
        for text in ["", "1", "0:00", "x:00", "1:zz", "256:00"] {
            assert!(Vault::from_text(text).is_err(), "{text}");
        }
    }
}
