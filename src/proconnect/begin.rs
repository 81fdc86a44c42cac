//! Begins a round trip: where the browser goes, and what it keeps until it comes back.

use serde_json::json;
use url::Url;

use crate::app::App;
use crate::error::AppError;
use crate::links;
use crate::proconnect::provider::{Provider, ProviderError};
use crate::proconnect::{Flow, Purpose};

/// What is asked about the person: which one they are, and the address by which they know that identity again.
const SCOPE: &str = "openid email";

/// A round trip that begins.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub href: String,
    /// What it keeps, sealed.
    pub cookie: String,
}

/// Begins a round trip.
///
/// # Errors
/// [`AppError::Unavailable`] when ProConnect does not say where to go.
pub fn begin(app: &App, provider: &Provider, purpose: Purpose) -> Result<Begun, AppError> {
    let now = app.clock.now();
    let endpoint = provider.endpoints(now).map_err(|e| unavailable(&e))?.authorization_endpoint;
    let flow = Flow::begin(purpose, now)?;
    let href = question(app, provider, &endpoint, &flow).ok_or(AppError::Unavailable)?;
    Ok(Begun { href, cookie: flow.seal(&app.vault)? })
}

fn unavailable(error: &ProviderError) -> AppError {
    tracing::warn!(%error, "ProConnect does not say where people sign in");
    AppError::Unavailable
}

/// The parameters that ProConnect lists, and no other: it answers Y000400 to any that it does not.
fn question(app: &App, provider: &Provider, endpoint: &str, flow: &Flow) -> Option<String> {
    let settings = provider.settings();
    let mut url = Url::parse(endpoint).ok()?;
    let levels = json!({ "id_token": { "acr": { "essential": true, "values": settings.levels } } });
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &settings.client_id)
        .append_pair("redirect_uri", &app.url(links::PROCONNECT_RETURN))
        .append_pair("scope", SCOPE)
        .append_pair("state", &flow.state)
        .append_pair("nonce", &flow.nonce)
        .append_pair("claims", &levels.to_string());
    if settings.pkce {
        url.query_pairs_mut()
            .append_pair("code_challenge", &flow.challenge())
            .append_pair("code_challenge_method", "S256");
    }
    Some(url.into())
}
