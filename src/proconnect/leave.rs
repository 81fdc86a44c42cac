//! Signs out of ProConnect after PsyPRE: the browser goes there with the token that it kept, and comes back.

use subtle::ConstantTimeEq;
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::links;
use crate::proconnect::flow::{open, seal, secret};
use crate::proconnect::provider::{Provider, ProviderError};
use crate::vault::{Place, VaultError};

/// The place of the sealed cookie.
const PLACE: Place = Place { column: "cookies.proconnect_exit", row: Uuid::nil() };

/// What a browser keeps for the way out.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Exit {
    /// Signed in: the token that says by whom.
    In(String),
    /// On the way out: what must come back.
    Leaving(String),
}

/// Why nobody leaves by ProConnect.
#[derive(Debug, thiserror::Error)]
pub enum LeaveError {
    /// Nobody came in by it on this browser.
    #[error("nobody came in")]
    NobodyCameIn,
    /// It does not say where people sign out.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// Nothing can be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What a browser keeps while its person is signed in.
///
/// # Errors
/// When the machine gives no randomness.
pub fn remember(app: &App, id_token: &str) -> Result<String, VaultError> {
    seal(&app.vault, PLACE, &Exit::In(id_token.to_owned()))
}

/// Where the browser goes to sign out, and what it keeps until it comes back.
///
/// # Errors
/// When nobody came in by ProConnect on this browser, or it does not say where to go.
pub fn leave(app: &App, provider: &Provider, cookie: &str) -> Result<(String, String), LeaveError> {
    let Some(Exit::In(id_token)) = open(&app.vault, PLACE, cookie) else { return Err(LeaveError::NobodyCameIn) };
    let endpoint = provider.endpoints(app.clock.now())?.end_session_endpoint;
    let mut url = Url::parse(&endpoint).map_err(|e| ProviderError::Unreachable(e.to_string()))?;
    let state = secret()?;
    url.query_pairs_mut()
        .append_pair("id_token_hint", &id_token)
        .append_pair("state", &state)
        .append_pair("post_logout_redirect_uri", &app.url(links::PROCONNECT_SIGNED_OUT));
    Ok((url.into(), seal(&app.vault, PLACE, &Exit::Leaving(state))?))
}

/// Whether a browser comes back from signing out.
pub fn has_left(app: &App, cookie: &str, state: &str) -> bool {
    match open(&app.vault, PLACE, cookie) {
        Some(Exit::Leaving(sent)) => sent.as_bytes().ct_eq(state.as_bytes()).into(),
        _ => false,
    }
}
