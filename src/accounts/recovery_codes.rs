//! Recovery codes: ten of them, each replaces the telephone once. They are kept as passwords are, since a person types them.

use crate::accounts::passwords::{self, HashError};
use crate::vault::{self, VaultError};

/// How many are made at once.
pub const COUNT: usize = 10;
/// Letters that nobody takes for another: no I, L, O or U.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code: 50 bits.
const LENGTH: usize = 10;

/// Codes just made: shown once, and kept as hashes.
#[derive(Debug, Clone)]
pub struct NewCodes {
    /// As their owner writes them down: `ABCDE-12345`.
    pub codes: Vec<String>,
    /// Under which they are hashed, all alike: one hash tells whether a code is among them.
    pub salt: Vec<u8>,
    /// Their hashes.
    pub hashes: Vec<Vec<u8>>,
}

/// Why no codes are made.
#[derive(Debug, thiserror::Error)]
pub enum CodesError {
    /// The machine gives no randomness.
    #[error(transparent)]
    Random(#[from] VaultError),
    /// They cannot be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
}

impl From<CodesError> for crate::db::DbError {
    fn from(e: CodesError) -> Self {
        Self::Query(diesel::result::Error::QueryBuilderError(e.into()))
    }
}

/// Makes ten codes.
///
/// # Errors
/// When the machine gives no randomness.
pub fn make() -> Result<NewCodes, CodesError> {
    let salt = vault::random::<16>()?.to_vec();
    let codes = (0..COUNT).map(|_| code()).collect::<Result<Vec<_>, _>>()?;
    let hashes = codes.iter().map(|code| hash(code, &salt)).collect::<Result<Vec<_>, _>>()?;
    Ok(NewCodes { codes, salt, hashes })
}

/// Whether a text could be a code of the telephone rather than one of these.
pub fn is_of_telephone(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The hash of a code, however it is typed.
///
/// # Errors
/// When it cannot be hashed.
pub fn hash(code: &str, salt: &[u8]) -> Result<Vec<u8>, HashError> {
    passwords::hash_with(&plain(code), salt)
}

fn code() -> Result<String, VaultError> {
    let bytes = vault::random::<LENGTH>()?;
    let letters: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let (first, second) = letters.split_at(LENGTH / 2);
    Ok(format!("{first}-{second}"))
}

/// Upper case, without what only helps to read, and with what is easily taken for another put right.
fn plain(typed: &str) -> String {
    let letters = typed.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_uppercase());
    letters
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_different_ones_kept_as_hashes() {
        let new = make().unwrap();
        let different: std::collections::BTreeSet<&String> = new.codes.iter().collect();
        assert_eq!((different.len(), new.hashes.len()), (COUNT, COUNT));
        for (code, kept) in new.codes.iter().zip(&new.hashes) {
            assert_eq!((code.len(), code.find('-')), (LENGTH + 1, Some(5)));
            assert_eq!(&hash(&code.to_lowercase().replace('-', " "), &new.salt).unwrap(), kept);
        }
        // a hundred letters drawn from thirty-two
        let letters: std::collections::BTreeSet<char> = new.codes.concat().chars().collect();
        assert!(letters.len() > 16, "{letters:?}");
        assert_ne!(hash(&new.codes[0], b"another salt 16b").unwrap(), new.hashes[0]);
    }

    #[test]
    fn what_looks_alike_is_alike() {
        assert_eq!(plain("oiL0 1-ab"), "01101AB");
        assert!(is_of_telephone("123456") && !is_of_telephone("12345") && !is_of_telephone("ABCDE-12345"));
    }
}
