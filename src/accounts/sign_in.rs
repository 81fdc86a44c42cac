//! Signs a person in and out, and recognises them on each request.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use sha2::{Digest, Sha256};

use crate::accounts::throttle::{self, Subject, TooMany};
use crate::accounts::{Means, Person, Role, passwords, store};
use crate::clock::Clock;
use crate::db::{Db, DbError};
use crate::failure::{Failure, Refusal};
use crate::ids::SignInId;
use crate::journal::{self, Actor, Chain, Entry};
use crate::sql_types::Ts;
use crate::vault;

/// A sign-in not used for this long is over.
const IDLE_HOURS: i64 = 12;
/// A sign-in this old is over.
const ABSOLUTE_DAYS: i64 = 7;
/// How often the use of a sign-in is noted.
const NOTED_EVERY_MINUTES: i64 = 5;

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// The address or the password is wrong; which one is not said.
    #[error("L’adresse ou le mot de passe ne convient pas. Vérifiez-les, puis essayez à nouveau.")]
    Wrong,
    /// The account holds no role any more.
    #[error("Ce compte n’a plus de rôle. Demandez à l’administration de la Métropole de lui en donner un.")]
    NoRole,
    /// Too many tries for this account, known or not, or from this address.
    #[error("{0}")]
    TooMany(#[from] TooMany),
}

impl Refusal for SignInRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::TooMany(_) => "too_many_requests",
            Self::Wrong => "wrong_credentials",
            Self::NoRole => "no_role",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("email")
    }
}

/// A new sign-in: the token goes to the browser and is kept nowhere else.
#[derive(Debug)]
pub struct NewSignIn {
    /// What the cookie holds.
    pub token: String,
    /// The role whose pages are shown first.
    pub role: Role,
}

/// A random token of 256 bits.
///
/// # Errors
/// When the machine gives no randomness.
pub fn new_token() -> Result<String, DbError> {
    vault::random::<32>()
        .map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
        .map_err(|e| DbError::Query(diesel::result::Error::QueryBuilderError(e.into())))
}

/// Signs in with an address and a password, from an address of the network; takes as long whether or not the account
/// exists.
///
/// # Errors
/// When they do not match, there were too many tries, or the account is closed or holds no role.
pub fn sign_in(
    db: &Db,
    clock: &Clock,
    (email, password): (&str, &str),
    from: &str,
) -> Result<NewSignIn, Failure<SignInRefusal>> {
    let email = email.trim().to_lowercase();
    let (account_tries, address_tries) = (Subject::account(&email), Subject::address(from));
    for subject in [&account_tries, &address_tries] {
        throttle::take_turn(db, clock, subject)?.map_err(|e| Failure::Refused(e.into()))?;
    }
    let found = db.read(|conn| store::find_credentials(conn, &email).map_err(DbError::from))?;
    let hash = found.as_ref().and_then(|account| account.password_hash.as_deref());
    let matches = passwords::verify(password, hash);
    let Some(account) = found.filter(|account| matches && account.disabled_at.is_none()) else {
        return Err(Failure::Refused(SignInRefusal::Wrong));
    };
    let token = new_token()?;
    let role = db.write::<_, Failure<SignInRefusal>>(|tx| {
        throttle::forget(tx, &account_tries)?;
        throttle::give_back(tx, clock, &address_tries)?;
        let Some(role) = store::grants_of(tx, account.id)?.first().map(|grant| grant.role) else {
            return Err(Failure::Refused(SignInRefusal::NoRole));
        };
        let id = store::insert_sign_in(tx, account.id, &passwords::token_hash(&token), role, clock.now())?;
        journal::write(
            tx,
            clock,
            Entry {
                chain: Chain::Account(account.id),
                actor: Actor::Account(account.id),
                action: "account.signed_in",
                subject: "sign_in",
                subject_id: id.0,
                before: None,
                after: None,
            },
        )?;
        Ok(role)
    })?;
    Ok(NewSignIn { token, role })
}

/// Ends a sign-in.
///
/// # Errors
/// When the database fails.
pub fn sign_out(db: &Db, clock: &Clock, id: SignInId) -> Result<(), DbError> {
    db.write(|tx| store::end_sign_in(tx, id, clock.now()).map_err(DbError::from))
}

/// The person whose cookie this is, unless the sign-in is over.
///
/// # Errors
/// When the database fails.
pub fn recognise_cookie(db: &Db, clock: &Clock, token: &str) -> Result<Option<Person>, DbError> {
    let now = clock.now();
    let found = db.read(|conn| store::find_sign_in(conn, &passwords::token_hash(token)).map_err(DbError::from))?;
    let Some(sign_in) = found.filter(|sign_in| is_open(sign_in, now)) else { return Ok(None) };
    if now.utc() - sign_in.last_seen_at.utc() > Duration::minutes(NOTED_EVERY_MINUTES) {
        db.write::<_, DbError>(|tx| Ok(store::touch_sign_in(tx, sign_in.id, now)?))?;
    }
    let means = Means::SignIn { id: sign_in.id, csrf: csrf_token(token) };
    let today = clock.today();
    db.read(|conn| store::find_person(conn, sign_in.account, Some(sign_in.role), means, today).map_err(DbError::from))
}

/// The person whose bearer token this is.
///
/// # Errors
/// When the database fails.
pub fn recognise_token(db: &Db, clock: &Clock, token: &str) -> Result<Option<Person>, DbError> {
    db.read(|conn| {
        let found = store::find_api_token(conn, &passwords::token_hash(token), clock.now())?;
        let Some((id, account)) = found else { return Ok(None) };
        Ok(store::find_person(conn, account, None, Means::Token(id), clock.today())?)
    })
}

fn is_open(sign_in: &store::StoredSignIn, now: Ts) -> bool {
    now.utc() - sign_in.last_seen_at.utc() < Duration::hours(IDLE_HOURS)
        && now.utc() - sign_in.created_at.utc() < Duration::days(ABSOLUTE_DAYS)
}

/// What the forms of a sign-in carry: known from the cookie's token, which another site cannot read.
fn csrf_token(token: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"csrf:");
    hasher.update(token.as_bytes());
    URL_SAFE_NO_PAD.encode(hasher.finalize())
}
