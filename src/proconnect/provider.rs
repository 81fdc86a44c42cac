//! ProConnect as a server: its addresses, its keys, and the two questions that are asked of it behind the browser.
//!
//! It is the only call outside but the mail. Each has a limit of time and of length, follows no redirection, and goes to
//! the host that is configured and to no other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::http::Response;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};
use url::Url;

use crate::config::{ProConnect, SigningAlgorithm, is_safe_address};
use crate::proconnect::Tampered;
use crate::proconnect::jws::{self, Jwk};
use crate::sql_types::Ts;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long a connection may take.
const PATIENCE_TO_CONNECT: Duration = Duration::from_secs(3);
/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: u64 = 64 * 1024;
/// How long addresses and keys are kept when their answer does not say, in seconds.
const USUALLY_KEPT_SECONDS: i64 = 300;
/// How long they are kept at least and at most, in seconds: an unknown key is looked for once a minute.
const KEPT_SECONDS: (i64, i64) = (60, 24 * 3600);

/// Why ProConnect gives nothing that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or not as it must. For who operates this: it holds no secret.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The code was used, is past its thirty seconds, or is none.
    #[error("code_refused")]
    CodeRefused,
    /// What it answers is not to be trusted.
    #[error(transparent)]
    Untrusted(#[from] Tampered),
}

/// Where to ask what.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Endpoints {
    issuer: String,
    /// Where people sign in.
    pub authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    /// Where people sign out.
    pub end_session_endpoint: String,
    jwks_uri: String,
}

/// What is given for a code.
#[derive(serde::Deserialize)]
pub struct Tokens {
    /// That somebody signed in.
    pub id_token: String,
    /// What opens what ProConnect says of them, for a minute.
    pub access_token: String,
}

#[derive(serde::Deserialize)]
struct Keys {
    keys: Vec<Jwk>,
}

#[derive(Debug, Clone)]
struct Kept<T> {
    what: T,
    since: Ts,
    until: Ts,
}

#[derive(Debug, Default)]
struct Known {
    endpoints: Option<Kept<Endpoints>>,
    keys: Option<Kept<Vec<Jwk>>>,
}

#[derive(Debug)]
struct Inner {
    settings: ProConnect,
    agent: Agent,
    known: Mutex<Known>,
}

/// ProConnect as this service knows it; its clones share what is kept.
#[derive(Debug, Clone)]
pub struct Provider(Arc<Inner>);

/// An answer, read.
struct Answer {
    status: u16,
    kind: String,
    kept_seconds: i64,
    body: String,
}

impl Provider {
    /// That of these settings. Nothing is asked yet.
    pub fn new(settings: ProConnect) -> Self {
        let roots: Vec<Certificate<'static>> = rustls_native_certs::load_native_certs()
            .certs
            .iter()
            .map(|der| Certificate::from_der(der.as_ref()).to_owned())
            .collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .https_only(settings.issuer.starts_with("https://"))
            .tls_config(tls)
            .timeout_global(Some(PATIENCE))
            .timeout_connect(Some(PATIENCE_TO_CONNECT))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent("PsyPRE")
            .build()
            .new_agent();
        Self(Arc::new(Inner { settings, agent, known: Mutex::default() }))
    }

    /// As it is registered.
    pub fn settings(&self) -> &ProConnect {
        &self.0.settings
    }

    /// Its addresses.
    ///
    /// # Errors
    /// When it does not answer, or answers for another.
    pub fn endpoints(&self, now: Ts) -> Result<Endpoints, ProviderError> {
        if let Some(kept) = self.known().endpoints.as_ref().filter(|kept| now < kept.until) {
            return Ok(kept.what.clone());
        }
        let answer = self.get(&format!("{}/.well-known/openid-configuration", self.settings().issuer), None)?;
        let endpoints: Endpoints = answer.json()?;
        self.check(&endpoints)?;
        self.known().endpoints = Some(answer.keep(endpoints.clone(), now));
        Ok(endpoints)
    }

    /// Every address is on the host that is configured: nothing that it answers sends a secret elsewhere.
    fn check(&self, endpoints: &Endpoints) -> Result<(), ProviderError> {
        let origin = |address: &str| Url::parse(address).map(|url| url.origin()).ok();
        let home = origin(&self.settings().issuer);
        let all = [
            &endpoints.authorization_endpoint,
            &endpoints.token_endpoint,
            &endpoints.userinfo_endpoint,
            &endpoints.end_session_endpoint,
            &endpoints.jwks_uri,
        ];
        let ours = |address: &&String| is_safe_address(address) && origin(address) == home;
        if endpoints.issuer == self.settings().issuer && all.iter().all(ours) {
            Ok(())
        } else {
            Err(Tampered::Issuer.into())
        }
    }

    /// Gives a code back for its tokens.
    ///
    /// # Errors
    /// When it does not answer, or the code is worth nothing.
    pub fn exchange(&self, code: &str, return_to: &str, verifier: &str, now: Ts) -> Result<Tokens, ProviderError> {
        let settings = self.settings();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", &settings.client_id),
            ("client_secret", &settings.client_secret),
            ("redirect_uri", return_to),
            ("code", code),
        ];
        if settings.pkce {
            form.push(("code_verifier", verifier));
        }
        let endpoint = self.endpoints(now)?.token_endpoint;
        let answer = read(self.0.agent.post(&endpoint).header("accept", "application/json").send_form(form))?;
        if answer.status == 400 {
            return Err(ProviderError::CodeRefused);
        }
        answer.json()
    }

    /// What ProConnect says of the person, which it signs.
    ///
    /// # Errors
    /// When it does not answer, or what it says is not signed as registered.
    pub fn user_info<T: DeserializeOwned>(&self, access_token: &str, now: Ts) -> Result<T, ProviderError> {
        let answer = self.get(&self.endpoints(now)?.userinfo_endpoint, Some(access_token))?;
        if answer.status != 200 {
            return Err(ProviderError::Unreachable(format!("{} to userinfo", answer.status)));
        }
        if !answer.kind.eq_ignore_ascii_case("application/jwt") {
            return Err(Tampered::Algorithm.into());
        }
        self.verified(answer.body.trim(), now)
    }

    /// What a token says, once its signature is verified. A key that is not known is looked for again, once a minute:
    /// ProConnect may have changed its keys.
    ///
    /// # Errors
    /// When the signature is not ProConnect's, or its keys cannot be read.
    pub fn verified<T: DeserializeOwned>(&self, token: &str, now: Ts) -> Result<T, ProviderError> {
        let settings = self.settings();
        let verify = |keys: &[Jwk]| jws::verify(token, settings.algorithm, &settings.client_secret, keys);
        let said = if settings.algorithm == SigningAlgorithm::Hs256 {
            verify(&[])?
        } else {
            let kept = self.keys(now)?;
            match verify(&kept.what) {
                Err(Tampered::Key) if (now.utc() - kept.since.utc()).num_seconds() >= KEPT_SECONDS.0 => {
                    verify(&self.fetch_keys(now)?.what)?
                }
                said => said?,
            }
        };
        serde_json::from_slice(&said).map_err(|_| Tampered::Malformed.into())
    }

    fn keys(&self, now: Ts) -> Result<Kept<Vec<Jwk>>, ProviderError> {
        let kept = self.known().keys.as_ref().filter(|kept| now < kept.until).cloned();
        kept.map_or_else(|| self.fetch_keys(now), Ok)
    }

    fn fetch_keys(&self, now: Ts) -> Result<Kept<Vec<Jwk>>, ProviderError> {
        let answer = self.get(&self.endpoints(now)?.jwks_uri, None)?;
        let keys: Keys = answer.json()?;
        let kept = answer.keep(keys.keys, now);
        self.known().keys = Some(kept.clone());
        Ok(kept)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, address: &str, bearer: Option<&str>) -> Result<Answer, ProviderError> {
        let mut request = self.0.agent.get(address);
        if let Some(token) = bearer {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        read(request.call())
    }
}

fn read(answer: Result<Response<Body>, ureq::Error>) -> Result<Answer, ProviderError> {
    let unreachable = |e: ureq::Error| ProviderError::Unreachable(e.to_string());
    let mut answer = answer.map_err(unreachable)?;
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = header("content-type").split(';').next().unwrap_or_default().trim().to_owned();
    let kept_seconds = max_age(header("cache-control"));
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_string().map_err(unreachable)?;
    Ok(Answer { status, kind, kept_seconds, body })
}

/// How long an answer may be kept, in seconds.
fn max_age(cache_control: &str) -> i64 {
    let said = cache_control.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok());
    said.unwrap_or(USUALLY_KEPT_SECONDS).clamp(KEPT_SECONDS.0, KEPT_SECONDS.1)
}

impl Answer {
    fn json<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        if self.status != 200 {
            return Err(ProviderError::Unreachable(format!("{} answered", self.status)));
        }
        serde_json::from_str(&self.body).map_err(|_| ProviderError::Unreachable("no such JSON".to_owned()))
    }

    fn keep<T>(&self, what: T, now: Ts) -> Kept<T> {
        Kept { what, since: now, until: Ts::new(now.utc() + chrono::Duration::seconds(self.kept_seconds)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_as_long_as_is_said_within_reason() {
        assert_eq!(max_age("public, max-age=1800"), 1800);
        assert_eq!(max_age("max-age=0"), 60);
        assert_eq!(max_age("max-age=99999999"), 86_400);
        assert_eq!(max_age("max-age=soon"), 300);
        assert_eq!(max_age(""), 300);
    }
}
