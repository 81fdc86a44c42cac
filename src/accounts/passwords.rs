//! Passwords: argon2id, and a bound on how many are hashed at once.

use std::sync::{Condvar, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use sha2::{Digest, Sha256};

/// The fewest characters of a password (OWASP ASVS 5.0, 6.2.1 and 6.2.9).
pub const SHORTEST: usize = 15;
/// The most characters of a password.
pub const LONGEST: usize = 128;

/// Why a password cannot be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct HashError(String);

/// Hashes take memory and time: no more than this many at once, the others wait.
const AT_ONCE: usize = 4;
static RUNNING: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

struct Turn;

impl Turn {
    fn take() -> Self {
        let (running, freed) = &RUNNING;
        let mut count = running.lock().unwrap_or_else(PoisonError::into_inner);
        while *count >= AT_ONCE {
            count = freed.wait(count).unwrap_or_else(PoisonError::into_inner);
        }
        *count += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (running, freed) = &RUNNING;
        *running.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        freed.notify_one();
    }
}

/// Hashes a password with argon2id (19 MiB, two passes: OWASP's minimum) and its own salt.
///
/// # Errors
/// When the machine gives no randomness.
pub fn hash(password: &str) -> Result<String, HashError> {
    let _turn = Turn::take();
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|e| HashError(e.to_string()))?;
    Ok(hash.to_string())
}

/// Whether a password is the one that was hashed. Without a hash it takes the same time, and is wrong.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    /// Of a password that nobody has, with the parameters of [`hash`].
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGF0IGFsbCE$qX7hSgUWvMd0Kqk2lyTrvlv0Q0Kf0xgO5gk1mZ3bW2s";
    let _turn = Turn::take();
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && hash.is_some()
}

/// The hash under which a token that we made is kept: it is random enough to need no salt.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_and_no_other() {
        let hashed = hash("une phrase bien longue").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(verify("une phrase bien longue", Some(&hashed)));
        assert!(!verify("une autre phrase longue", Some(&hashed)));
        assert!(!verify("une phrase bien longue", None));
    }
}
