//! Passkeys (WebAuthn): a pair of keys, of which the private half never leaves what its owner holds: a telephone, a
//! computer, a small object. It signs what we ask, for our address only, once its owner has shown a finger, a face or a
//! PIN; so that nobody who imitates our pages gets anything.
//!
//! The crate `webauthn-rs` verifies; here stands what it is told, and where its keys are sealed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;
use webauthn_rs::prelude::{Passkey, Webauthn, WebauthnBuilder, WebauthnError};

use crate::accounts::store::StoredPasskey;
use crate::accounts::{Halfway, Means, Person};
use crate::app::App;
use crate::db::DbError;
use crate::ids::{AskedOfId, PasskeyId};
use crate::vault::{Place, Vault, VaultError};

/// The longest name of a passkey, in characters.
pub const LONGEST_NAME: usize = 60;
/// How many passkeys an account may have: a browser is told of all of them at each sign-in.
pub const MOST: i64 = 10;

/// Why a passkey cannot be handled; never what somebody did.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// It does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// It is not written as it must be.
    #[error("what is kept of a passkey: {0}")]
    Kept(#[from] serde_json::Error),
    /// No challenge can be made.
    #[error("a challenge for a passkey: {0:?}")]
    Challenge(WebauthnError),
}

impl From<PasskeyError> for DbError {
    fn from(e: PasskeyError) -> Self {
        Self::Query(diesel::result::Error::QueryBuilderError(e.into()))
    }
}

/// Who asks passkeys to sign: the address that people use, from the settings and never from a request. None where
/// browsers allow no passkey: without TLS, unless on one's own machine, or at a bare number.
pub fn relying_party(app: &App) -> Option<Webauthn> {
    of_address(&app.config.base_url)
}

fn of_address(base_url: &str) -> Option<Webauthn> {
    let origin = Url::parse(base_url).ok()?;
    let host = origin.domain()?;
    if origin.scheme() != "https" && host != "localhost" {
        return None;
    }
    WebauthnBuilder::new(host, &origin).ok()?.rp_name("PsyPRE").build().ok()
}

/// A name by which an authenticator knows a passkey, as it is stored.
pub fn written(credential: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(credential)
}

fn place(id: PasskeyId) -> Place {
    Place { column: "passkeys.public_key", row: id.0 }
}

/// Seals a passkey for its row: its public half is no secret, but must not be exchanged for another.
///
/// # Errors
/// When the machine gives no randomness.
pub fn sealed(vault: &Vault, id: PasskeyId, passkey: &Passkey) -> Result<Vec<u8>, PasskeyError> {
    Ok(vault.seal(place(id), &serde_json::to_string(passkey)?)?)
}

/// Opens a passkey that is kept.
///
/// # Errors
/// When it was altered or moved.
pub fn opened(vault: &Vault, stored: &StoredPasskey) -> Result<Passkey, PasskeyError> {
    Ok(serde_json::from_str(&vault.open(place(stored.id), &stored.public_key)?)?)
}

impl Person {
    /// What a challenge to this person is bound to: their sign-in. A token answers none.
    pub fn asked_of(&self) -> Option<AskedOfId> {
        if let Means::SignIn { id, .. } = self.means { Some(AskedOfId(id.0)) } else { None }
    }
}

impl Halfway {
    /// What a challenge to them is bound to: their half of a sign-in.
    pub fn asked_of(&self) -> AskedOfId {
        AskedOfId(self.id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_for_addresses_where_browsers_allow_them() {
        for base_url in ["https://psypre.example.org", "https://psypre.example.org:8443", "http://localhost:8080"] {
            let party = of_address(base_url).unwrap();
            assert_eq!(party.get_allowed_origins(), [Url::parse(base_url).unwrap()], "{base_url}");
        }
        for base_url in
            ["http://127.0.0.1:8080", "https://192.0.2.7", "http://psypre.example.org", "http://localhost.example.org"]
        {
            assert!(of_address(base_url).is_none(), "{base_url}");
        }
    }
}
