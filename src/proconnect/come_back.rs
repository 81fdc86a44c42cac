//! The browser comes back from ProConnect: nothing of what it brings is believed before it is verified.

use chrono::Duration;

use crate::accounts::come_in::{self, ComeInRefusal};
use crate::accounts::open::Opened;
use crate::accounts::throttle::{self, Subject, TooMany};
use crate::accounts::{Means, Person, Visitor};
use crate::app::App;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::AccountId;
use crate::links;
use crate::logs::events::{self, Proof};
use crate::proconnect::claims::{Asked, IdToken, UserInfo};
use crate::proconnect::link::{self, LinkRefusal};
use crate::proconnect::provider::{Provider, ProviderError};
use crate::proconnect::{Flow, Identity, Purpose, SESSION_HOURS, Tampered, store};

/// Why somebody who comes back gets nothing.
#[derive(Debug, thiserror::Error)]
pub enum ComeBackRefusal {
    /// No round trip of this browser waits for that return: it began elsewhere, long ago, or ended already.
    #[error(
        "Cette connexion par ProConnect n’a pas commencé dans ce navigateur, date de plus de dix minutes ou a déjà servi. \
         Recommencez."
    )]
    NotAwaited,
    /// ProConnect says that it did not go through.
    #[error("La connexion par ProConnect n’est pas allée à son terme. Recommencez, ou utilisez votre mot de passe.")]
    Interrupted,
    /// ProConnect does not answer as it must.
    #[error("ProConnect ne répond pas. Réessayez dans quelques minutes, ou utilisez votre mot de passe.")]
    Unreachable,
    /// What came in its name is not its own, or not for us.
    #[error(
        "La réponse de ProConnect n’a pas pu être vérifiée : rien n’a été ouvert. Recommencez ; si cela se répète, \
         prévenez l’administration de la Métropole."
    )]
    Untrusted(Tampered),
    /// No second factor was asked of the person.
    #[error(
        "ProConnect ne vous a pas demandé de second facteur, et PsyPRE l’exige. Activez la double authentification de \
         votre identité ProConnect, ou utilisez votre mot de passe."
    )]
    NoSecondFactor,
    /// The identity opens no account, or one that is closed: the two are not told apart.
    #[error(
        "Cette identité ProConnect n’ouvre aucun compte de PsyPRE. Si vous avez un mot de passe, connectez-vous avec lui, \
         puis reliez ProConnect depuis « Mon compte ». Sinon, demandez une invitation à l’administration de la Métropole."
    )]
    Unknown,
    /// The account is not let in.
    #[error("{0}")]
    ComeIn(ComeInRefusal),
    /// The account or the identity is linked already.
    #[error("{0}")]
    Link(LinkRefusal),
    /// Too many failures from that address.
    #[error("{0}")]
    TooMany(#[from] TooMany),
}

impl Refusal for ComeBackRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAwaited => "proconnect_not_awaited",
            Self::Interrupted => "proconnect_interrupted",
            Self::Unreachable => "proconnect_unreachable",
            Self::Untrusted(_) => "proconnect_untrusted",
            Self::NoSecondFactor => "proconnect_no_second_factor",
            Self::Unknown => "proconnect_unknown",
            Self::ComeIn(refusal) => refusal.code(),
            Self::Link(refusal) => refusal.code(),
            Self::TooMany(_) => "too_many_requests",
        }
    }
}

impl From<ProviderError> for ComeBackRefusal {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Unreachable(_) => Self::Unreachable,
            // a code that is refused was used, or is past its thirty seconds
            ProviderError::CodeRefused => Self::NotAwaited,
            ProviderError::Untrusted(Tampered::Level) => Self::NoSecondFactor,
            ProviderError::Untrusted(tampered) => Self::Untrusted(tampered),
        }
    }
}

impl From<ComeInRefusal> for ComeBackRefusal {
    fn from(refusal: ComeInRefusal) -> Self {
        match refusal {
            ComeInRefusal::Closed => Self::Unknown,
            other => Self::ComeIn(other),
        }
    }
}

/// What a browser brings back.
#[derive(Debug, Clone)]
pub struct Returned {
    /// What it kept meanwhile, sealed.
    pub cookie: Option<String>,
    /// `state`.
    pub state: Option<String>,
    /// `code`.
    pub code: Option<String>,
    /// `error`, when it did not go through.
    pub error: Option<String>,
    /// `iss` (RFC 9207), when it is said.
    pub issuer: Option<String>,
    /// Who is signed in on it.
    pub who: Option<Person>,
    /// From where it asks.
    pub from: Visitor,
}

/// How a round trip ends well.
#[derive(Debug)]
pub enum CameBack {
    /// Somebody comes in.
    In {
        /// Their sign-in.
        opened: Opened,
        /// Where they go.
        to: String,
        /// What signs them out of ProConnect.
        id_token: String,
    },
    /// The account is linked.
    Linked,
}

/// Ends a round trip: verifies all that it brings, then does what it was for. A return serves once.
///
/// # Errors
/// When anything is not as it must be; nothing is opened then.
pub fn come_back(app: &App, provider: &Provider, returned: Returned) -> Result<CameBack, Failure<ComeBackRefusal>> {
    let address = returned.from.address.clone();
    let mut account = None;
    let outcome = end(app, provider, returned, &mut account);
    events::proved(Proof::ProConnect, account, &address, &outcome);
    outcome
}

/// Ends a round trip, and notes whose account it is about as soon as it is known.
fn end(
    app: &App,
    provider: &Provider,
    returned: Returned,
    about: &mut Option<AccountId>,
) -> Result<CameBack, Failure<ComeBackRefusal>> {
    let turn = Subject::address(&returned.from.address);
    throttle::take_turn(&app.db, &app.clock, &turn)?.map_err(|e| Failure::Refused(e.into()))?;
    let flow = awaited(app, &returned)?;
    let code = answered(provider, &returned)?;
    let (identity, id_token) = identify(app, provider, &flow, code).map_err(|error| {
        // which check failed, for who operates this: no part of a token, no name
        tracing::warn!(%error, "what came back from ProConnect is refused");
        Failure::Refused(error.into())
    })?;
    let done = app.db.write::<_, Failure<ComeBackRefusal>>(|tx| {
        let done = fulfil(tx, app, &flow.purpose, &returned, &identity, about)?;
        throttle::give_back(tx, &app.clock, &turn)?;
        Ok(done)
    })?;
    Ok(match done {
        Some((opened, to)) => CameBack::In { opened, to, id_token },
        None => CameBack::Linked,
    })
}

/// The round trip that this return ends: begun in this browser, and not ended before.
fn awaited(app: &App, returned: &Returned) -> Result<Flow, Failure<ComeBackRefusal>> {
    let now = app.clock.now();
    let flow = returned.cookie.as_deref().and_then(|cookie| Flow::open(&app.vault, cookie, now));
    let state = returned.state.as_deref().unwrap_or_default();
    let Some(flow) = flow.filter(|flow| flow.is_answered_by(state)) else {
        return refuse(ComeBackRefusal::NotAwaited);
    };
    let hash = flow.hash();
    let is_first = app.db.write::<_, Failure<ComeBackRefusal>>(|tx| Ok(store::note_return(tx, &hash, now)?))?;
    if is_first { Ok(flow) } else { refuse(ComeBackRefusal::NotAwaited) }
}

/// The code, when ProConnect itself gave one.
fn answered<'a>(provider: &Provider, returned: &'a Returned) -> Result<&'a str, Failure<ComeBackRefusal>> {
    if returned.issuer.as_ref().is_some_and(|issuer| *issuer != provider.settings().issuer) {
        return refuse(ComeBackRefusal::Untrusted(Tampered::Issuer));
    }
    match (&returned.error, &returned.code) {
        (None, Some(code)) => Ok(code),
        _ => refuse(ComeBackRefusal::Interrupted),
    }
}

/// Who ProConnect says that it is, by both tokens; and the one that signs out.
fn identify(app: &App, provider: &Provider, flow: &Flow, code: &str) -> Result<(Identity, String), ProviderError> {
    let (now, settings) = (app.clock.now(), provider.settings());
    let tokens = provider.exchange(code, &app.url(links::PROCONNECT_RETURN), &flow.verifier, now)?;
    let asked = Asked { issuer: &settings.issuer, client_id: &settings.client_id, now };
    let id_token: IdToken = provider.verified(&tokens.id_token, now)?;
    id_token.check(asked, &flow.nonce, &tokens.access_token, &settings.levels)?;
    let said: UserInfo = provider.user_info(&tokens.access_token, now)?;
    said.check(asked, id_token.subject())?;
    let (issuer, subject, email) = (settings.issuer.clone(), id_token.subject().to_owned(), said.email());
    Ok((Identity { issuer, subject, email }, tokens.id_token))
}

/// Does what the round trip was for; gives the sign-in that it opens and where it leads, if it opens one.
fn fulfil(
    tx: &mut Tx<'_>,
    app: &App,
    purpose: &Purpose,
    returned: &Returned,
    identity: &Identity,
    about: &mut Option<AccountId>,
) -> Result<Option<(Opened, String)>, Failure<ComeBackRefusal>> {
    let clock = &app.clock;
    let (account, to) = match purpose {
        Purpose::SignIn { wanted } => {
            let Some(account) = store::find_account(tx, identity)? else { return refuse(ComeBackRefusal::Unknown) };
            (account, wanted.clone())
        }
        Purpose::Accept { invitation } => {
            let account = come_in::accept(tx, app, invitation).map_err(|e| e.map(Into::into))?;
            link::link(tx, clock, account, identity).map_err(|e| e.map(ComeBackRefusal::Link))?;
            (account, links::HOME.to_owned())
        }
        Purpose::Link { account, sign_in } => {
            let same = |who: &&Person| {
                who.account == *account && matches!(who.means, Means::SignIn { id, .. } if id == *sign_in)
            };
            *about = Some(*account);
            if returned.who.as_ref().filter(same).is_none() {
                return refuse(ComeBackRefusal::NotAwaited);
            }
            link::link(tx, clock, *account, identity).map_err(|e| e.map(ComeBackRefusal::Link))?;
            return Ok(None);
        }
    };
    *about = Some(account);
    let lasts = Duration::hours(SESSION_HOURS);
    let opened = come_in::come_in(tx, app, account, lasts, &returned.from).map_err(|e| e.map(Into::into))?;
    Ok(Some((opened, to)))
}
