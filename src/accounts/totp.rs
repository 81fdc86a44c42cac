//! The codes that a telephone shows: six digits of thirty seconds (RFC 6238), from a key that both sides keep.

use qrcodegen::{QrCode, QrCodeEcc};
use totp_rs::{Builder, Totp, TotpError};

use crate::sql_types::Ts;
use crate::vault::{self, VaultError};

/// How the telephone names where the code serves.
const ISSUER: &str = "PsyPRE";

/// The key of a telephone. It is shown to its owner once, as a drawing and as letters.
#[derive(Clone)]
pub struct Secret([u8; 20]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a key cannot be used: a fault of ours, never of its owner.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It is not what this module writes.
    #[error("a second factor's key cannot be read")]
    Unreadable,
    /// The library refuses it.
    #[error("a second factor's key cannot be used: {0}")]
    Totp(#[from] TotpError),
    /// It cannot be sealed or opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<SecretError> for crate::db::DbError {
    fn from(e: SecretError) -> Self {
        Self::Query(diesel::result::Error::DeserializationError(e.into()))
    }
}

impl Secret {
    /// A new key of 160 bits.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn random() -> Result<Self, SecretError> {
        Ok(Self(vault::random::<20>()?))
    }

    /// The key in letters, for whoever cannot take the drawing.
    pub fn letters(&self) -> String {
        totp_rs::Secret::new_stack(self.0).to_base32()
    }

    /// Reads the letters of a key.
    ///
    /// # Errors
    /// When they are not those of a key.
    pub fn from_letters(letters: &str) -> Result<Self, SecretError> {
        let read = totp_rs::Secret::try_from_base32(letters).map_err(|_| SecretError::Unreadable)?;
        read.as_bytes().try_into().map(Self).map_err(|_| SecretError::Unreadable)
    }

    /// The step whose code this is: that of now, the one before or the one after.
    ///
    /// # Errors
    /// When the library refuses the key.
    pub fn step_of(&self, code: &str, now: Ts) -> Result<Option<i32>, SecretError> {
        let found = self.totp("")?.check(code, seconds(now));
        Ok(found.and_then(|step| i32::try_from(step).ok()))
    }

    /// The code of an instant.
    ///
    /// # Errors
    /// When the library refuses the key.
    pub fn code_at(&self, at: Ts) -> Result<String, SecretError> {
        Ok(self.totp("")?.generate(seconds(at)).to_string())
    }

    /// The drawing that a telephone reads, for the account of an address.
    ///
    /// # Errors
    /// When the library refuses the key or the address.
    pub fn drawing(&self, email: &str) -> Result<Drawing, SecretError> {
        let address = self.totp(&email.replace(':', ""))?.to_url()?;
        let code = QrCode::encode_text(&address, QrCodeEcc::Medium).map_err(|_| SecretError::Unreadable)?;
        Ok(Drawing::of(&code))
    }

    fn totp(&self, account: &str) -> Result<Totp, SecretError> {
        let secret = totp_rs::Secret::new_stack(self.0);
        Ok(Builder::new()
            .with_secret(secret)
            .with_skew(1)
            .with_issuer(Some(ISSUER))
            .with_account_name(account)
            .build()?)
    }
}

fn seconds(at: Ts) -> u64 {
    u64::try_from(at.utc().timestamp()).unwrap_or_default()
}

/// A drawing of dark squares on a light ground, as the path of an SVG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// How many squares wide and high, with the light border that readers need.
    pub size: i32,
    /// The squares.
    pub path: String,
}

impl Drawing {
    const BORDER: i32 = 4;

    fn of(code: &QrCode) -> Self {
        let mut path = String::new();
        for y in 0..code.size() {
            for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
                path.push_str(&format!("M{} {}h1v1h-1z", x + Self::BORDER, y + Self::BORDER));
            }
        }
        Self { size: code.size() + 2 * Self::BORDER, path }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    const STEP_SECONDS: i64 = 30;

    fn at(seconds: i64) -> Ts {
        Ts::new(DateTime::<Utc>::from_timestamp(seconds, 0).unwrap())
    }

    /// The last six of the eight digits of RFC 6238, appendix B, for SHA-1.
    #[test]
    fn shows_the_codes_of_the_standard() {
        let secret = Secret(*b"12345678901234567890");
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert_eq!(secret.code_at(at(seconds)).unwrap(), code);
        }
    }

    #[test]
    fn takes_the_code_before_and_the_one_after() {
        let (secret, now) = (Secret::random().unwrap(), 1_800_000_000);
        let step = i32::try_from(now / STEP_SECONDS).unwrap();
        for (away, found) in [(-60, None), (-30, Some(step - 1)), (0, Some(step)), (30, Some(step + 1)), (60, None)] {
            let code = secret.code_at(at(now + away)).unwrap();
            assert_eq!(secret.step_of(&code, at(now)).unwrap(), found, "{away}");
        }
        assert_eq!(secret.step_of("abc", at(now)).unwrap(), None);
    }

    #[test]
    fn is_read_back_from_its_letters() {
        let secret = Secret::random().unwrap();
        assert_eq!(Secret::from_letters(&secret.letters()).unwrap().0, secret.0);
        assert!(Secret::from_letters("AB").is_err());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn is_drawn_with_its_border() {
        let drawing = Secret::random().unwrap().drawing("camille@example.org").unwrap();
        assert!(drawing.size > 37 && drawing.path.starts_with("M4 4h1v1h-1z"), "{}", drawing.size);
        // the corners that readers look for stand four squares from the edge
        let far = drawing.size - 5;
        for corner in [format!("M{far} 4h"), format!("M4 {far}h")] {
            assert!(drawing.path.contains(&corner), "{corner} of {}", drawing.size);
        }
        assert!(!drawing.path.contains(&format!("M{} ", far + 1)), "nor nearer: {}", drawing.size);
    }
}
