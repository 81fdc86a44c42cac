//! A round trip to ProConnect that has begun: what its return must answer, kept by the browser in a sealed cookie, so
//! that whichever server meets the return knows it, and no other browser can bring it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::proconnect::Purpose;
use crate::sql_types::Ts;
use crate::vault::{Place, Vault, VaultError, random};

/// How long one may take at ProConnect.
pub const FLOW_MINUTES: i64 = 10;

/// The place of the sealed cookie: a value sealed for a column does not open there, nor the reverse.
const PLACE: Place = Place { column: "cookies.proconnect", row: Uuid::nil() };

/// A round trip that has begun.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Flow {
    /// What the return must bring back: 256 bits.
    pub state: String,
    /// What the token of identity must hold: 256 bits.
    pub nonce: String,
    /// The secret of PKCE (RFC 7636): 256 bits; sent only where PKCE is on.
    pub verifier: String,
    /// What it is for.
    pub purpose: Purpose,
    /// When it began, in seconds since 1970.
    begun_at: i64,
}

impl Flow {
    /// Begins one.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn begin(purpose: Purpose, now: Ts) -> Result<Self, VaultError> {
        let [state, nonce, verifier] = [secret()?, secret()?, secret()?];
        Ok(Self { state, nonce, verifier, purpose, begun_at: now.utc().timestamp() })
    }

    /// As the browser keeps it.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn seal(&self, vault: &Vault) -> Result<String, VaultError> {
        seal(vault, PLACE, self)
    }

    /// What a browser kept, unless it is not ours or began too long ago.
    pub fn open(vault: &Vault, cookie: &str, now: Ts) -> Option<Self> {
        let flow: Self = open(vault, PLACE, cookie)?;
        let age = now.utc().timestamp() - flow.begun_at;
        (0..=Duration::minutes(FLOW_MINUTES).num_seconds()).contains(&age).then_some(flow)
    }

    /// Whether a return brings back what was sent.
    pub fn is_answered_by(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }

    /// What of the verifier is told beforehand.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }

    /// Under which its return is noted.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.state.as_bytes()).to_vec()
    }
}

/// 43 characters that nobody guesses: ProConnect wants 32 at least.
///
/// # Errors
/// When the machine gives none.
pub fn secret() -> Result<String, VaultError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// Seals what a cookie keeps.
///
/// # Errors
/// When the machine gives no randomness.
pub fn seal(vault: &Vault, place: Place, what: &impl serde::Serialize) -> Result<String, VaultError> {
    let text = serde_json::to_string(what).map_err(|_| VaultError::Altered(place.column))?;
    Ok(URL_SAFE_NO_PAD.encode(vault.seal(place, &text)?))
}

/// Opens what a cookie kept, if it is ours.
pub fn open<T: serde::de::DeserializeOwned>(vault: &Vault, place: Place, cookie: &str) -> Option<T> {
    let sealed = URL_SAFE_NO_PAD.decode(cookie).ok()?;
    serde_json::from_str(&vault.open(place, &sealed).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn opens_where_it_was_sealed_and_for_ten_minutes() {
        let vault = Vault::from_text(&format!("1:{}", "ab".repeat(32))).unwrap();
        let clock = Clock::fixed("2026-11-20T09:00:00Z".parse().unwrap());
        let flow = Flow::begin(Purpose::SignIn { wanted: "/".to_owned() }, clock.now()).unwrap();
        assert!(flow.state.len() >= 32 && flow.nonce.len() >= 32 && flow.verifier.len() >= 43);
        let cookie = flow.seal(&vault).unwrap();
        assert!(cookie.len() < 1000, "{}", cookie.len());
        assert_eq!(Flow::open(&vault, &cookie, clock.now()), Some(flow.clone()));
        let other = Vault::from_text(&format!("1:{}", "cd".repeat(32))).unwrap();
        assert_eq!(Flow::open(&other, &cookie, clock.now()), None);
        assert_eq!(Flow::open(&vault, &cookie[1..], clock.now()), None);
        clock.advance(Duration::minutes(10));
        assert!(Flow::open(&vault, &cookie, clock.now()).is_some());
        clock.advance(Duration::seconds(1));
        assert_eq!(Flow::open(&vault, &cookie, clock.now()), None);
        assert!(flow.is_answered_by(&flow.state) && !flow.is_answered_by(&flow.nonce) && !flow.is_answered_by(""));
    }
}
