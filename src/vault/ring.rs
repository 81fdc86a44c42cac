//! The ring of keys: how it is written, read from its file, and changed there.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{VaultError, random, to_hex};

const KEY_BYTES: usize = 32;
/// How many bytes tell keys apart without telling them.
pub const FINGERPRINT_BYTES: usize = 8;

const FINGERPRINT: &[u8] = b"psypre key fingerprint v1";
const JOURNAL: &[u8] = b"psypre journal seal v1";

/// A key, and what is derived from it.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) cipher: XChaCha20Poly1305,
    pub(super) fingerprint: [u8; FINGERPRINT_BYTES],
}

/// The keys by number, and those that only seal the journal: derived from a key, they stay when it is retired.
#[derive(Clone)]
pub(super) struct Ring {
    pub(super) keys: BTreeMap<u8, Key>,
    journal: BTreeMap<u8, [u8; KEY_BYTES]>,
    /// The one that seals.
    pub(super) sealing: u8,
}

impl Ring {
    /// Reads `id:hex` and `sid:hex`, separated by commas or ends of lines; the highest id seals until told otherwise.
    pub(super) fn from_text(text: &str) -> Result<Self, VaultError> {
        let mut ring = Self { keys: BTreeMap::new(), journal: BTreeMap::new(), sealing: 0 };
        for part in parts(text) {
            let Part { id, is_journal, key } = Part::read(part)?;
            let twice = if is_journal {
                ring.journal.insert(id, key).is_some()
            } else {
                let known = Key {
                    cipher: XChaCha20Poly1305::new(&key.into()),
                    fingerprint: first_bytes(&derive(&key, FINGERPRINT)?),
                };
                ring.keys.insert(id, known).is_some() || ring.journal.insert(id, derive(&key, JOURNAL)?).is_some()
            };
            if twice {
                return Err(VaultError::Keys(format!("key {id} is written twice")));
            }
        }
        ring.sealing = ring.keys.keys().next_back().copied().ok_or_else(|| VaultError::Keys("no key".into()))?;
        Ok(ring)
    }

    /// The same ring, sealing as before when it still can.
    pub(super) fn sealing_as(mut self, sealing: u8) -> Self {
        if self.keys.contains_key(&sealing) {
            self.sealing = sealing;
        }
        self
    }

    /// Whether another ring has the same keys.
    pub(super) fn has_the_keys_of(&self, other: &Self) -> bool {
        self.journal == other.journal && self.keys.keys().eq(other.keys.keys())
    }

    /// What verifies the seals that a key made of the journal, written as a part of a ring.
    pub(super) fn journal_part(&self, id: u8) -> Option<String> {
        Some(format!("s{id}:{}", to_hex(self.journal.get(&id)?)))
    }

    /// What proves that a text comes from who has a key; `None` without that key.
    pub(super) fn mac(&self, id: u8, text: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.journal.get(&id)?).ok()?;
        mac.update(text);
        Some(mac)
    }
}

struct Part {
    id: u8,
    is_journal: bool,
    key: [u8; KEY_BYTES],
}

impl Part {
    fn read(text: &str) -> Result<Self, VaultError> {
        let (id, hex) = text.split_once(':').ok_or_else(|| VaultError::Keys("no colon".into()))?;
        let (is_journal, id) = id.strip_prefix('s').map_or((false, id), |id| (true, id));
        let id: u8 = id.parse().ok().filter(|id| *id > 0).ok_or_else(|| VaultError::Keys("bad id".into()))?;
        let key = from_hex(hex).ok_or_else(|| VaultError::Keys(format!("key {id} is not 64 hexadecimal digits")))?;
        Ok(Self { id, is_journal, key })
    }
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty())
}

fn derive(key: &[u8; KEY_BYTES], purpose: &[u8]) -> Result<[u8; KEY_BYTES], VaultError> {
    let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).map_err(|e| VaultError::Keys(e.to_string()))?;
    Ok(mac.chain_update(purpose).finalize().into_bytes().into())
}

fn first_bytes(bytes: &[u8; KEY_BYTES]) -> [u8; FINGERPRINT_BYTES] {
    let mut first = [0; FINGERPRINT_BYTES];
    first.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    first
}

fn from_hex(text: &str) -> Option<[u8; KEY_BYTES]> {
    let text = text.trim();
    if text.len() != 2 * KEY_BYTES || !text.is_ascii() {
        return None;
    }
    let mut key = [0u8; KEY_BYTES];
    for (i, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(key)
}

/// A new key, written `id:hex`.
pub(super) fn new_part(id: u8) -> Result<String, VaultError> {
    Ok(format!("{id}:{}", to_hex(&random::<KEY_BYTES>()?)))
}

/// The parts of a ring without a key: what is derived from it to verify the seals of the journal stays in its place.
pub(super) fn without(text: &str, id: u8) -> Result<Vec<String>, VaultError> {
    let keep = |part: &str| {
        let read = Part::read(part)?;
        Ok(if read.id == id && !read.is_journal {
            format!("s{id}:{}", to_hex(&derive(&read.key, JOURNAL)?))
        } else {
            part.to_owned()
        })
    };
    parts(text).map(keep).collect()
}

/// The parts of a ring and one more.
pub(super) fn with(text: &str, part: String) -> Vec<String> {
    parts(text).map(str::to_owned).chain([part]).collect()
}

/// Makes the file of keys, readable by its owner only; tells whether it was not there.
pub(super) fn create(path: &Path, text: &str) -> std::io::Result<bool> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match file {
        Ok(mut file) => {
            file.write_all(text.as_bytes())?;
            file.sync_all().map(|()| true)
        }
        // another instance made it first
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(e),
    }
}

/// Replaces the file of keys by another, whole: who reads it meanwhile finds the one or the other.
pub(super) fn replace(path: &Path, parts: &[String]) -> std::io::Result<()> {
    let path = path.canonicalize()?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let draft = path.with_file_name(name);
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(format!("{}\n", parts.join("\n")).as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&draft, &path)?;
    path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
}
