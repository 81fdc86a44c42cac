//! Signing in with ProConnect, the identity of those who work for the State and its partners (OpenID Connect, code flow).
//!
//! Off until it is configured: no button, and its addresses answer that they do not exist. It opens an account that
//! exists already, and only by the identifier (`sub`) that was linked to it: by the invitation's own link, or from « Mon
//! compte » with the password and the second factor. No account is ever found by an e-mail address
//! (`docs/decisions/0012-proconnect-opens-what-was-linked.md`).

pub mod begin;
mod claims;
pub mod come_back;
mod flow;
mod jws;
pub mod leave;
pub mod link;
mod notices;
pub mod pages;
pub mod pages_own;
pub mod pages_sign_out;
pub mod provider;
pub mod store;

use crate::ids::{AccountId, SignInId};
use crate::links;
use crate::sql_types::Ts;

pub use flow::Flow;

/// How long ProConnect's own session lasts: ours ends no later.
pub const SESSION_HOURS: i64 = 12;

/// What a round trip to ProConnect is for. The browser keeps it, sealed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signing in, and going on to a page of ours.
    SignIn {
        /// Its path.
        wanted: String,
    },
    /// Accepting an invitation without choosing a password.
    Accept {
        /// Its token.
        invitation: String,
    },
    /// Linking one's account, signed in on this browser.
    Link {
        /// The account.
        account: AccountId,
        /// The sign-in that asked.
        sign_in: SignInId,
    },
}

impl Purpose {
    /// Where one goes when it fails.
    pub fn back(&self) -> String {
        match self {
            Self::SignIn { .. } => links::SIGN_IN.to_owned(),
            Self::Accept { invitation } => links::invitation(invitation),
            Self::Link { .. } => links::MY_PROCONNECT.to_owned(),
        }
    }
}

/// Who ProConnect says somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who says so.
    pub issuer: String,
    /// What names the person there, and in our service only.
    pub subject: String,
    /// The address of that identity: shown to its owner, and used for nothing else.
    pub email: Option<String>,
}

/// The identity linked to an account, as its owner sees it.
#[derive(Debug, Clone, diesel::Queryable)]
pub struct Linked {
    /// Its address, when ProConnect gave it.
    pub email: Option<String>,
    /// Since when.
    pub linked_at: Ts,
}

/// What an answer in ProConnect's name holds that ProConnect would not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Tampered {
    /// It is no signed token, or not the one that is asked for.
    #[error("malformed")]
    Malformed,
    /// It is signed otherwise than was registered, or not at all.
    #[error("algorithm")]
    Algorithm,
    /// The provider has no such key.
    #[error("key")]
    Key,
    /// The signature is not the provider's.
    #[error("signature")]
    Signature,
    /// Another provider says so.
    #[error("issuer")]
    Issuer,
    /// It is meant for another service.
    #[error("audience")]
    Audience,
    /// It is past its time.
    #[error("expired")]
    Expired,
    /// It comes from later than now, or from long ago.
    #[error("issued_at")]
    IssuedAt,
    /// It answers another question.
    #[error("nonce")]
    Nonce,
    /// It came with another access token.
    #[error("access_token")]
    AccessToken,
    /// It tells of another person.
    #[error("subject")]
    Subject,
    /// No second factor was asked of the person.
    #[error("level")]
    Level,
}
