//! Seals of the journal: once a day the heads of all its chains, with a proof by a key that is not in the database, kept
//! and mailed. Who has the database alone can recompute every chain, and no seal.
//!
//! A seal is written as a text of short lines that survives a mail, a print and a copy; what is proved is that text.

pub mod seal;
mod store;
pub mod verify;

use sha2::{Digest, Sha256};

use crate::sql_types::Ts;
use crate::vault::{Vault, VaultError, to_hex};

/// The head of a chain of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The chain.
    pub chain: String,
    /// How many entries it has.
    pub length: i64,
    /// The hash of the last one.
    pub hash: Vec<u8>,
}

impl Head {
    fn line(&self) -> String {
        format!("{} {} {}", self.chain, self.length, to_hex(&self.hash))
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (chain, length, hash) = (words.next()?, words.next()?, words.next()?);
        let is_whole = words.next().is_none() && !chain.is_empty();
        is_whole.then_some(Self { chain: chain.to_owned(), length: length.parse().ok()?, hash: bytes(hash)? })
    }
}

/// A seal of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// From 1, without a hole.
    pub number: i64,
    /// When.
    pub sealed_at: Ts,
    /// How many entries all the chains had.
    pub entries: i64,
    /// The proof of the seal before; empty for the first.
    pub previous: Vec<u8>,
    /// The hash of the heads.
    pub digest: Vec<u8>,
    /// The heads, where they are known: a mail's text has only their hash, its attachment has them.
    pub heads: Option<Vec<Head>>,
    /// The number of the key that proves it.
    pub key: u8,
    /// The proof.
    pub proof: Vec<u8>,
}

const BEGIN: &str = "-----BEGIN PSYPRE SEAL-----";
const END: &str = "-----END PSYPRE SEAL-----";

impl Seal {
    /// Seals heads.
    ///
    /// # Errors
    /// When no key seals.
    fn make(vault: &Vault, number: i64, at: Ts, previous: Vec<u8>, heads: Vec<Head>) -> Result<Self, VaultError> {
        let entries = heads.iter().map(|head| head.length).sum();
        let digest = digest(&heads);
        let mut seal =
            Self { number, sealed_at: at, entries, previous, digest, heads: Some(heads), key: 0, proof: Vec::new() };
        let (key, proof) = vault.sign(seal.proved().as_bytes())?;
        (seal.key, seal.proof) = (key, proof.to_vec());
        Ok(seal)
    }

    /// The text that is proved.
    fn proved(&self) -> String {
        format!(
            "number: {}\nsealed-at: {}\nentries: {}\nprevious: {}\ndigest: {}\n",
            self.number,
            self.sealed_at.rfc3339(),
            self.entries,
            to_hex(&self.previous),
            to_hex(&self.digest)
        )
    }

    /// The seal as a text, without its heads: for a mail's words.
    pub fn short(&self) -> String {
        format!("{BEGIN}\n{}key: {}\nproof: {}\n{END}\n", self.proved(), self.key, to_hex(&self.proof))
    }

    /// The seal as a text, with its heads: for its file.
    pub fn whole(&self) -> String {
        let heads: String = self.heads.iter().flatten().map(|head| format!("head: {}\n", head.line())).collect();
        format!("{BEGIN}\n{}key: {}\nproof: {}\n{heads}{END}\n", self.proved(), self.key, to_hex(&self.proof))
    }

    /// The first seal that a text holds, be it quoted or indented.
    pub fn read(text: &str) -> Option<Self> {
        let (_, after) = text.split_once(BEGIN)?;
        let (block, _) = after.split_once(END)?;
        let lines: Vec<(&str, &str)> = block.lines().filter_map(field).collect();
        let value = |name: &str| lines.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let heads: Option<Vec<Head>> =
            lines.iter().filter(|(name, _)| *name == "head").map(|(_, line)| Head::read(line)).collect();
        let at = chrono::DateTime::parse_from_rfc3339(value("sealed-at")?).ok()?;
        Some(Self {
            number: value("number")?.parse().ok()?,
            sealed_at: Ts::new(at.to_utc()),
            entries: value("entries")?.parse().ok()?,
            previous: bytes(value("previous")?)?,
            digest: bytes(value("digest")?)?,
            heads: heads.filter(|heads| !heads.is_empty()),
            key: value("key")?.parse().ok()?,
            proof: bytes(value("proof")?)?,
        })
    }

    /// The seal that a file holds: a saved mail, its text, or its attachment; with the heads when one of them has them.
    pub fn read_file(file: &[u8]) -> Option<Self> {
        let mut texts = vec![String::from_utf8_lossy(file).into_owned()];
        if let Ok(mail) = mailparse::parse_mail(file) {
            texts.extend(mail.parts().filter_map(|part| part.get_body().ok()));
        }
        let seals: Vec<Self> = texts.iter().filter_map(|text| Self::read(text)).collect();
        seals.iter().find(|seal| seal.heads.is_some()).or(seals.first()).cloned()
    }

    /// Whether the proof is that of these words; `None` when its key is not here.
    pub fn is_authentic(&self, vault: &Vault) -> Option<bool> {
        vault.verify(self.key, self.proved().as_bytes(), &self.proof)
    }

    /// The beginning of the hash of the heads, to compare by eye.
    pub fn digest_start(&self) -> String {
        to_hex(&self.digest).chars().take(16).collect()
    }
}

/// `name: value`, whatever a mail program put before it.
fn field(line: &str) -> Option<(&str, &str)> {
    line.trim_start_matches(['>', ' ', '\t']).trim_end().split_once(": ").or_else(|| {
        // the first seal has no proof before it, and a mail program cuts the spaces at the end
        line.trim_start_matches(['>', ' ', '\t']).trim_end().strip_suffix(':').map(|name| (name, ""))
    })
}

fn digest(heads: &[Head]) -> Vec<u8> {
    let lines: String = heads.iter().map(|head| format!("{}\n", head.line())).collect();
    Sha256::digest(lines.as_bytes()).to_vec()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> (Vault, Seal) {
        let vault = Vault::from_text(&format!("1:{}", "ab".repeat(32))).unwrap();
        let at = Ts::new("2026-11-20T05:00:00Z".parse().unwrap());
        let heads = vec![
            Head { chain: "account:1".to_owned(), length: 3, hash: vec![1; 32] },
            Head { chain: "installation".to_owned(), length: 1, hash: vec![2; 32] },
        ];
        let seal = Seal::make(&vault, 1, at, Vec::new(), heads).unwrap();
        (vault, seal)
    }

    #[test]
    fn a_seal_is_read_as_it_was_written_and_whatever_a_mail_program_does_to_it() {
        let (vault, seal) = seal();
        assert_eq!(Seal::read(&seal.whole()).unwrap(), seal);
        let short = Seal { heads: None, ..seal.clone() };
        assert_eq!(Seal::read(&seal.short()).unwrap(), short);
        let quoted: String = seal.short().lines().map(|line| format!("> {line}\r\n")).collect();
        assert_eq!(Seal::read(&format!("Bonjour\r\n{quoted}Merci")).unwrap(), short);
        assert_eq!(Seal::read_file(seal.whole().as_bytes()).unwrap(), seal);
        assert_eq!(seal.is_authentic(&vault), Some(true));
        assert!(seal.short().lines().all(|line| line.len() <= 76), "no line is folded by a mail");
    }

    #[test]
    fn no_word_of_a_seal_can_be_changed() {
        let (vault, seal) = seal();
        for changed in [
            Seal { number: 2, ..seal.clone() },
            Seal { entries: 5, ..seal.clone() },
            Seal { sealed_at: Ts::new("2026-11-21T05:00:00Z".parse().unwrap()), ..seal.clone() },
            Seal { previous: vec![0], ..seal.clone() },
            Seal { digest: vec![0; 32], ..seal.clone() },
            Seal { proof: vec![0; 32], ..seal.clone() },
        ] {
            assert_eq!(changed.is_authentic(&vault), Some(false), "{changed:?}");
        }
        assert_eq!(Seal { key: 2, ..seal }.is_authentic(&vault), None);
    }

    proptest::proptest! {
        #[test]
        fn no_file_breaks_the_reader(bytes: Vec<u8>, inside in "[a-z0-9: \\n-]{0,200}") {
            let _ = Seal::read_file(&bytes);
            let _ = Seal::read_file(format!("{BEGIN}\n{inside}{END}").as_bytes());
        }
    }
}
