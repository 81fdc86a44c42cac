//! What the tokens of ProConnect say, and whether it answers what was asked (OpenID Connect Core 3.1.3.7 and 5.3.4).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::proconnect::Tampered;
use crate::sql_types::Ts;

/// How far two clocks may be apart, in seconds.
const LEEWAY_SECONDS: i64 = 30;
/// A token issued longer ago answers nothing that was just asked, in seconds.
const OLDEST_SECONDS: i64 = 600;

/// For whom a token is.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// Whether it is for a service, and for no other.
    fn is_only(&self, client_id: &str) -> bool {
        match self {
            Self::One(one) => one == client_id,
            Self::Several(several) => several.len() == 1 && several.iter().all(|one| one == client_id),
        }
    }
}

/// What both tokens say.
#[derive(Debug, Clone, serde::Deserialize)]
struct Envelope {
    iss: String,
    aud: Audience,
    sub: String,
    iat: Option<i64>,
    exp: Option<i64>,
}

/// What a token must agree with.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who was asked.
    pub issuer: &'a str,
    /// Who asked.
    pub client_id: &'a str,
    /// Now.
    pub now: Ts,
}

impl Envelope {
    fn check(&self, asked: Asked<'_>) -> Result<(), Tampered> {
        let now = asked.now.utc().timestamp();
        if self.iss != asked.issuer {
            return Err(Tampered::Issuer);
        }
        if !self.aud.is_only(asked.client_id) {
            return Err(Tampered::Audience);
        }
        if self.exp.is_some_and(|exp| exp.saturating_add(LEEWAY_SECONDS) <= now) {
            return Err(Tampered::Expired);
        }
        if self.iat.is_some_and(|iat| iat > now + LEEWAY_SECONDS || iat < now - OLDEST_SECONDS) {
            return Err(Tampered::IssuedAt);
        }
        if self.sub.is_empty() || self.sub.len() > 255 {
            return Err(Tampered::Subject);
        }
        Ok(())
    }
}

/// The token of identity: that somebody signed in, for us, just now, and how surely.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct IdToken {
    #[serde(flatten)]
    envelope: Envelope,
    nonce: Option<String>,
    acr: Option<String>,
    at_hash: Option<String>,
}

impl IdToken {
    /// Who signed in.
    pub fn subject(&self) -> &str {
        &self.envelope.sub
    }

    /// Whether it answers our question, came with this access token, and holds a second factor.
    ///
    /// # Errors
    /// What it holds that it should not.
    pub fn check(&self, asked: Asked<'_>, nonce: &str, access_token: &str, levels: &[String]) -> Result<(), Tampered> {
        self.envelope.check(asked)?;
        if self.envelope.exp.is_none() {
            return Err(Tampered::Expired);
        }
        if self.envelope.iat.is_none() {
            return Err(Tampered::IssuedAt);
        }
        let said = self.nonce.as_deref().unwrap_or_default();
        if !bool::from(said.as_bytes().ct_eq(nonce.as_bytes())) {
            return Err(Tampered::Nonce);
        }
        if self.at_hash.as_ref().is_some_and(|hash| *hash != half_hash(access_token)) {
            return Err(Tampered::AccessToken);
        }
        if !self.acr.as_ref().is_some_and(|acr| levels.contains(acr)) {
            return Err(Tampered::Level);
        }
        Ok(())
    }
}

/// `at_hash`: the first half of the hash of the access token.
fn half_hash(access_token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(access_token.as_bytes())[..16])
}

/// What ProConnect says of the person.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct UserInfo {
    #[serde(flatten)]
    envelope: Envelope,
    email: Option<String>,
}

impl UserInfo {
    /// Whether it is about whom the token of identity names, and for us.
    ///
    /// # Errors
    /// What it holds that it should not.
    pub fn check(&self, asked: Asked<'_>, subject: &str) -> Result<(), Tampered> {
        self.envelope.check(asked)?;
        if self.envelope.sub == subject { Ok(()) } else { Err(Tampered::Subject) }
    }

    /// The address of that identity, when it looks like one.
    pub fn email(&self) -> Option<String> {
        let plain = |email: &&String| {
            email.len() <= 254 && email.contains('@') && !email.contains(|c: char| c.is_control() || c.is_whitespace())
        };
        self.email.as_ref().filter(plain).cloned()
    }
}
