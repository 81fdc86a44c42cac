//! Seals what could name a child or a family: XChaCha20-Poly1305, a fresh nonce each time, and the place of the value as
//! associated data, so that a value moved to another row or column does not open.
//!
//! A sealed value is the number of its key, the nonce, then the text and its tag. The ring of keys comes from the
//! environment or from a file; the database says which of them seals (`src/keys`).

mod ring;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead, Payload};
use hmac::Mac;
use uuid::Uuid;

pub use ring::FINGERPRINT_BYTES;
use ring::Ring;

const NONCE_LENGTH: usize = 24;

/// A column that holds sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    /// `table.column`, as in [`Place`].
    pub name: &'static str,
    /// The column that holds the identifier of the row, as in [`Place`].
    pub row: &'static str,
}

impl SealedColumn {
    const fn of(name: &'static str) -> Self {
        Self { name, row: "id" }
    }

    /// Its table.
    pub fn table(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(table, _)| table)
    }

    /// Its name in the table.
    pub fn column(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, column)| column)
    }
}

/// Every column that holds sealed values: what a rotation seals again, and what a check opens.
pub const SEALED: &[SealedColumn] = &[
    SealedColumn::of("children.first_name"),
    SealedColumn::of("children.last_name"),
    SealedColumn::of("children.born_on"),
    SealedColumn::of("children.school"),
    SealedColumn::of("guardians.name"),
    SealedColumn::of("guardians.relation"),
    SealedColumn::of("guardians.phone"),
    SealedColumn::of("guardians.email"),
    SealedColumn { name: "second_factors.secret", row: "account_id" },
    SealedColumn::of("passkeys.public_key"),
    SealedColumn::of("passkey_challenges.state"),
];

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

/// The keys that seal and open. Its clones share one ring.
#[derive(Clone)]
pub struct Vault {
    ring: Arc<RwLock<Arc<Ring>>>,
    /// Where the ring is written, when it is in a file: it may change there while the program runs.
    file: Option<Arc<PathBuf>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("sealing", &self.sealing()).finish_non_exhaustive()
    }
}

impl Vault {
    /// Reads keys written `id:hex[,id:hex…]`; the highest id seals until [`Vault::seal_with`].
    ///
    /// # Errors
    /// When they are not written so.
    pub fn from_text(text: &str) -> Result<Self, VaultError> {
        Ok(Self::holding(Ring::from_text(text)?, None))
    }

    /// Reads the file of keys; makes it, readable by its owner only, when it is not there.
    ///
    /// # Errors
    /// When it cannot be read, made or understood.
    pub fn from_file(path: &Path) -> Result<Self, VaultError> {
        if !path.exists() {
            let text = format!("{}\n", ring::new_part(1)?);
            ring::create(path, &text).map_err(|e| VaultError::File(path.display().to_string(), e))?;
        }
        Ok(Self::holding(Ring::from_text(&read(path)?)?, Some(path)))
    }

    fn holding(ring: Ring, file: Option<&Path>) -> Self {
        let file = file.map(|path| Arc::new(path.to_owned()));
        Self { ring: Arc::new(RwLock::new(Arc::new(ring))), file }
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The numbers of its keys, in order.
    pub fn known(&self) -> Vec<u8> {
        self.ring().keys.keys().copied().collect()
    }

    /// The number of the key that seals.
    pub fn sealing(&self) -> u8 {
        self.ring().sealing
    }

    /// What tells a key from any other without telling it.
    pub fn fingerprint(&self, key: u8) -> Option<[u8; FINGERPRINT_BYTES]> {
        self.ring().keys.get(&key).map(|key| key.fingerprint)
    }

    /// Seals with this key from now on, if it is here; tells whether it is.
    pub fn seal_with(&self, key: u8) -> bool {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        let is_known = ring.keys.contains_key(&key);
        if is_known && ring.sealing != key {
            *ring = Arc::new(Ring::clone(&ring).sealing_as(key));
        }
        is_known
    }

    /// Reads the file of keys again; tells whether it changed. Keys of the environment never do.
    ///
    /// # Errors
    /// When it cannot be read or understood; the ring is then as before.
    pub fn reload(&self) -> Result<bool, VaultError> {
        let Some(path) = &self.file else { return Ok(false) };
        let read = Ring::from_text(&read(path)?)?;
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        let changed = !ring.has_the_keys_of(&read);
        if changed {
            *ring = Arc::new(read.sealing_as(ring.sealing));
        }
        Ok(changed)
    }

    /// Makes a new key: added to the file of keys, or given to be added to the environment.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&self, key: u8) -> Result<NewKey, VaultError> {
        let part = ring::new_part(key)?;
        let Some(path) = &self.file else { return Ok(NewKey::ForEnvironment(part)) };
        self.rewrite(path, |text| Ok(ring::with(text, part.clone())))?;
        Ok(NewKey::InFile)
    }

    /// Takes a key out of the file of keys; what verifies the seals that it made of the journal stays. Tells whether
    /// there is a file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn remove(&self, key: u8) -> Result<bool, VaultError> {
        let Some(path) = &self.file else { return Ok(false) };
        self.rewrite(path, |text| ring::without(text, key))?;
        Ok(true)
    }

    fn rewrite(
        &self,
        path: &Path,
        change: impl FnOnce(&str) -> Result<Vec<String>, VaultError>,
    ) -> Result<(), VaultError> {
        let parts = change(&read(path)?)?;
        // never leave a file that the next start would refuse
        Ring::from_text(&parts.join(","))?;
        ring::replace(path, &parts).map_err(|e| VaultError::File(path.display().to_string(), e))?;
        self.reload().map(drop)
    }

    /// Seals a text for its place.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn seal(&self, place: Place, text: &str) -> Result<Vec<u8>, VaultError> {
        let ring = self.ring();
        let id = ring.sealing;
        let nonce = random::<NONCE_LENGTH>()?;
        let data = associated(place, id);
        let key = ring.keys.get(&id).ok_or(VaultError::UnknownKey(place.column, id))?;
        let sealed = key
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: text.as_bytes(), aad: &data })
            .map_err(|_| VaultError::Altered(place.column))?;
        let mut value = Vec::with_capacity(1 + NONCE_LENGTH + sealed.len());
        value.push(id);
        value.extend_from_slice(&nonce);
        value.extend_from_slice(&sealed);
        Ok(value)
    }

    /// Opens a value at its place.
    ///
    /// # Errors
    /// When it was altered or moved, or sealed with a key that is not here.
    pub fn open(&self, place: Place, value: &[u8]) -> Result<String, VaultError> {
        match open_with(&self.ring(), place, value) {
            // the key may have come into the file since it was read
            Err(VaultError::UnknownKey(..)) if self.reload()? => open_with(&self.ring(), place, value),
            opened => opened,
        }
    }

    /// What proves that a text comes from who has the keys, and the number of the key that proves it.
    ///
    /// # Errors
    /// When the key that seals is not here.
    pub fn sign(&self, text: &[u8]) -> Result<(u8, [u8; 32]), VaultError> {
        let ring = self.ring();
        let id = ring.sealing;
        let mac = ring.mac(id, text).ok_or(VaultError::UnknownKey("the journal", id))?;
        Ok((id, mac.finalize().into_bytes().into()))
    }

    /// What verifies the seals that a key made of the journal, written as a part of the ring; it opens no value.
    pub fn journal_part(&self, key: u8) -> Option<String> {
        self.ring().journal_part(key)
    }

    /// Whether a proof is that of this text; `None` when its key is not here.
    pub fn verify(&self, key: u8, text: &[u8], proof: &[u8]) -> Option<bool> {
        Some(self.ring().mac(key, text)?.verify_slice(proof).is_ok())
    }
}

/// Where a new key is.
#[derive(Debug)]
pub enum NewKey {
    /// In the file of keys.
    InFile,
    /// Nowhere yet: `id:hex`, to be added to the environment.
    ForEnvironment(String),
}

fn open_with(ring: &Ring, place: Place, value: &[u8]) -> Result<String, VaultError> {
    let altered = || VaultError::Altered(place.column);
    let (id, rest) = value.split_first().ok_or_else(altered)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or_else(altered)?;
    let key = ring.keys.get(id).ok_or(VaultError::UnknownKey(place.column, *id))?;
    let data = associated(place, *id);
    let text = key.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &data }).map_err(|_| altered())?;
    String::from_utf8(text).map_err(|_| altered())
}

/// The number of the key that sealed a value; 0, which no key has, for what is no sealed value.
pub fn key_of(value: &[u8]) -> u8 {
    value.first().copied().unwrap_or(0)
}

fn associated(place: Place, key: u8) -> Vec<u8> {
    format!("{}:{}:{key}", place.column, place.row).into_bytes()
}

fn read(path: &Path) -> Result<String, VaultError> {
    std::fs::read_to_string(path).map_err(|e| VaultError::File(path.display().to_string(), e))
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
        let twice = format!("1:{0},1:{0}", "ab".repeat(32));
        let none = format!("s1:{}", "ab".repeat(32));
        for text in ["", "1", "0:00", "x:00", "1:zz", "256:00", &twice, &none] {
            assert!(Vault::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_comes_into_the_file_and_leaves_it_while_the_program_runs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let (one, other) = (Vault::from_file(&path).unwrap(), Vault::from_file(&path).unwrap());
        let (first, proof) = one.sign(b"head").unwrap();
        let old = one.seal(place("a.b"), "x").unwrap();
        assert!(matches!(one.add(2).unwrap(), NewKey::InFile));
        assert_eq!((one.known(), one.sealing()), (vec![1, 2], 1), "known, not used before it is told");
        assert!(one.seal_with(2) && !one.seal_with(3));
        let new = one.seal(place("a.b"), "y").unwrap();
        // the other has not read the file again
        assert_eq!(other.open(place("a.b"), &new).unwrap(), "y");
        assert!(one.remove(1).unwrap());
        assert!(matches!(one.open(place("a.b"), &old), Err(VaultError::UnknownKey("a.b", 1))));
        assert_eq!(one.open(place("a.b"), &new).unwrap(), "y");
        // what it sealed of the journal is verified still, by a key that opens no name
        assert_eq!(Vault::from_file(&path).unwrap().verify(first, b"head", &proof), Some(true));
        assert_eq!(one.verify(first, b"tail", &proof), Some(false));
        assert_eq!(one.verify(9, b"head", &proof), None);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("s1:") && text.contains("\n2:"), "one key opens, one verifies");
    }

    proptest::proptest! {
        /// Whatever stands in a column, opening it gives an error, not a panic.
        #[test]
        fn no_bytes_open_nor_break_it(bytes: Vec<u8>, keyed: bool) {
            let value = if keyed { [vec![1], bytes].concat() } else { bytes };
            proptest::prop_assert!(vault().open(place("children.school"), &value).is_err());
        }

        /// Whatever is sealed opens in its place, and in no other.
        #[test]
        fn what_is_sealed_opens_in_its_place_only(text: String, row: u128, other: u128) {
            let vault = vault();
            let at = |row| Place { column: "guardians.name", row: Uuid::from_u128(row) };
            let sealed = vault.seal(at(row), &text).unwrap();
            proptest::prop_assert_eq!(vault.open(at(row), &sealed).unwrap(), text);
            proptest::prop_assert_eq!(vault.open(at(other), &sealed).is_ok(), row == other);
        }

        /// Whatever is written as keys is read or refused, not a panic.
        #[test]
        fn no_text_of_keys_breaks_it(text in "[s0-9a-f:, \n]{0,200}") {
            let _ = Vault::from_text(&text);
        }
    }
}
