//! Chooses another password by mail, for whoever forgot theirs.
//!
//! Who asks learns nothing: the answer and the work are the same whether or not the account exists. The link is made when
//! the mail leaves and is kept nowhere: it holds, sealed, whose it is, until when, and a mark of the password that it
//! replaces. Once another is chosen the mark is wrong, so that a link serves once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::accounts::accept_invitation::Typed;
use crate::accounts::open::{self, Opened, Proofs};
use crate::accounts::passwords::{self, PasswordRefusal};
use crate::accounts::prove::{self, ProofRefusal, Prover};
use crate::accounts::store::StoredPassword;
use crate::accounts::throttle::{self, Subject, TooMany};
use crate::accounts::{Visitor, store, trace};
use crate::app::App;
use crate::clock::Clock;
use crate::db::{AnyConnection, DbError};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::AccountId;
use crate::journal::Actor;
use crate::logs::events::{self, Proof};
use crate::mails::{PasswordForgotten, SecurityChanged, SecurityEvent};
use crate::outbox::{self, Message};
use crate::sql_types::Ts;
use crate::vault::{self, Place, Vault};

/// How long a link works.
pub const VALID_MINUTES: i64 = 30;

/// Why another password is not chosen.
#[derive(Debug, thiserror::Error)]
pub enum ForgottenRefusal {
    /// The link served, or is past its time.
    #[error("Ce lien ne sert plus. Demandez-en un autre.")]
    Gone,
    /// The password does not fit.
    #[error("{0}")]
    Password(#[from] PasswordRefusal),
    /// The two passwords differ.
    #[error("Les deux mots de passe diffèrent. Tapez le même deux fois.")]
    Different,
    /// The second factor is not proved.
    #[error("{0}")]
    Proof(#[from] ProofRefusal),
    /// Too many links asked, for this account, known or not, or from this address.
    #[error("{0}")]
    TooMany(#[from] TooMany),
}

impl Refusal for ForgottenRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Gone => "link_gone",
            Self::Password(refusal) => refusal.code(),
            Self::Different => "passwords_differ",
            Self::Proof(refusal) => refusal.code(),
            Self::TooMany(_) => "too_many_requests",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Gone => None,
            Self::Password(_) => Some("password"),
            Self::Different => Some("password_again"),
            Self::Proof(refusal) => refusal.field(),
            Self::TooMany(_) => Some("email"),
        }
    }
}

/// What a mail with a link is written from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    forgotten: String,
    at: Ts,
}

/// Queues the mail with a link for an address. The same row is written whether or not an account answers to it.
///
/// # Errors
/// When too many links were asked, or the database fails.
pub fn ask(app: &App, email: &str, visitor: &Visitor) -> Result<(), Failure<ForgottenRefusal>> {
    let (db, clock) = (&app.db, &app.clock);
    for subject in [Subject::forgotten(email), Subject::address(&visitor.address)] {
        throttle::take_turn(db, clock, &subject)?.map_err(|e| Failure::Refused(e.into()))?;
    }
    let asked = Asked { forgotten: email.trim().to_lowercase(), at: clock.now() };
    let from = serde_json::to_string(&asked)
        .map_err(|e| DbError::Query(diesel::result::Error::SerializationError(e.into())))?;
    db.write::<_, DbError>(|tx| {
        let key = format!("password_forgotten:{}", Uuid::new_v4());
        outbox::enqueue_unwritten(tx, clock, "password_forgotten", key, from.clone())?;
        Ok(())
    })?;
    Ok(())
}

/// What a mail to write was queued as, if it is one of these.
pub fn asked(from: &str) -> Option<Asked> {
    serde_json::from_str(from).ok()
}

/// Writes the mail, with its link; nothing when no open account that has a password answers to the address, or when it
/// waited longer than the link works.
///
/// # Errors
/// When the database fails.
pub fn written(
    conn: &mut AnyConnection,
    vault: &Vault,
    clock: &Clock,
    asked: &Asked,
) -> Result<Option<Message>, DbError> {
    if clock.now().utc() >= until(asked.at).utc() {
        return Ok(None);
    }
    let Some(account) = store::find_account(conn, &asked.forgotten)? else { return Ok(None) };
    let Some(token) = token_of(conn, vault, asked.at, account)? else { return Ok(None) };
    let found = store::load_account(conn, account)?;
    let mail = PasswordForgotten { recipient: found.email, name: found.display_name, token, until: until(asked.at) };
    Ok(Some(mail.message()?))
}

fn until(asked_at: Ts) -> Ts {
    Ts::new(asked_at.utc() + Duration::minutes(VALID_MINUTES))
}

fn place(account: AccountId) -> Place {
    Place { column: "accounts.forgotten", row: account.0 }
}

/// A mark of a password that tells nothing of it.
fn mark(password_hash: &str) -> String {
    vault::to_hex(&passwords::token_hash(password_hash))
}

/// What a link asked for at an instant holds; nothing when the account is closed, or has no password yet.
///
/// # Errors
/// When it cannot be sealed, or the database fails.
pub fn token_of(
    conn: &mut AnyConnection,
    vault: &Vault,
    asked_at: Ts,
    account: AccountId,
) -> Result<Option<String>, DbError> {
    let Some(hash) = store::find_password(conn, account)?.and_then(|found| found.password_hash) else {
        return Ok(None);
    };
    let text = format!("{}|{}", until(asked_at).utc().timestamp(), mark(&hash));
    let sealed = vault
        .seal(place(account), &text)
        .map_err(|e| DbError::Query(diesel::result::Error::SerializationError(e.into())))?;
    let mut bytes = account.0.as_bytes().to_vec();
    bytes.extend_from_slice(&sealed);
    Ok(Some(URL_SAFE_NO_PAD.encode(bytes)))
}

/// Whose a link that works is.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The account.
    account: AccountId,
    /// Its address.
    pub email: String,
    /// The name of its person.
    display_name: String,
    /// The password that the link replaces.
    old_hash: String,
    /// Whether the person has set a second factor.
    pub has_factor: bool,
}

/// Whose a link is, while it works.
///
/// # Errors
/// When the database fails.
pub fn find(app: &App, token: &str) -> Result<Option<Claim>, DbError> {
    let Some((account, until, mark_then)) = read(&app.vault, token) else { return Ok(None) };
    if app.clock.now().utc() >= until.utc() {
        return Ok(None);
    }
    app.db.read(|conn| {
        let found = store::find_password(conn, account)?;
        let Some(StoredPassword { email, display_name, password_hash: Some(old_hash) }) = found else {
            return Ok(None);
        };
        if mark(&old_hash) != mark_then {
            return Ok(None);
        }
        let has_factor = store::find_factor(conn, account)?.is_some();
        Ok(Some(Claim { account, email, display_name, old_hash, has_factor }))
    })
}

/// What a link holds: whose it is, until when, and the mark of the password that it replaces.
fn read(vault: &Vault, token: &str) -> Option<(AccountId, Ts, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (id, sealed) = bytes.split_first_chunk::<16>()?;
    let account = AccountId(Uuid::from_bytes(*id));
    let text = vault.open(place(account), sealed).ok()?;
    let (until, mark) = text.split_once('|')?;
    let until = DateTime::from_timestamp(until.parse().ok()?, 0)?;
    Some((account, Ts::new(until), mark.to_owned()))
}

/// Sets the password, ends every sign-in of the account, tells its person, and signs in. Whoever has set a second factor
/// proves it: who reads their mail is not yet them.
///
/// # Errors
/// When the link no longer works, the password does not fit, or the second factor is not proved.
pub fn choose(
    app: &App,
    token: &str,
    typed: Typed<'_>,
    visitor: &Visitor,
) -> Result<Opened, Failure<ForgottenRefusal>> {
    let (db, clock) = (&app.db, &app.clock);
    let Some(claim) = find(app, token)? else {
        let outcome = refuse(ForgottenRefusal::Gone);
        events::proved(Proof::PasswordLink, None, &visitor.address, &outcome);
        return outcome;
    };
    let local = db.read::<_, DbError>(|conn| Ok(store::local_words(conn)?))?;
    passwords::check(typed.password, &[&claim.email, &claim.display_name], &local)
        .map_err(|refusal| Failure::Refused(refusal.into()))?;
    if typed.password != typed.again {
        return refuse(ForgottenRefusal::Different);
    }
    let hash = passwords::hash(typed.password).map_err(DbError::from)?;
    let account = claim.account;
    let proofs = if claim.has_factor {
        let prover = Prover { account, email: &claim.email, asked_of: None };
        prove::prove(app, prover, typed.code, visitor).map_err(|failure| failure.map(Into::into))?;
        Proofs::Two
    } else {
        Proofs::One
    };
    let outcome = db.write(|tx| {
        if !store::replace_password_hash(tx, account, &claim.old_hash, &hash)? {
            return refuse(ForgottenRefusal::Gone);
        }
        store::end_sign_ins(tx, account, None, clock.now())?;
        trace::write(tx, clock, Actor::Account(account), account, "account.password_recovered", (None, None))?;
        let (recipient, at) = (claim.email.clone(), clock.now());
        let mail = SecurityChanged { recipient, event: SecurityEvent::PasswordChanged, at };
        outbox::enqueue(tx, clock, mail.message()?)?;
        open::open(tx, clock, app.config.second_factor, account, proofs, visitor)
            .map_err(|failure| failure.map(|_| ForgottenRefusal::Gone))
    });
    events::proved(Proof::PasswordLink, Some(account), &visitor.address, &outcome);
    outcome
}
