//! Signs a person in and out, and recognises them on each request.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use sha2::{Digest, Sha256};

use crate::accounts::add_passkey::{self, AddRefusal};
use crate::accounts::enrol::{self, EnrolRefusal};
use crate::accounts::open::{self, OpenRefusal, Opened, Proofs};
use crate::accounts::prove::{self, ProofRefusal, Prover};
use crate::accounts::scopes::Scope;
use crate::accounts::throttle::{self, Subject, TooMany};
use crate::accounts::{Halfway, Known, Means, Person, Role, Visitor, passwords, second_factor_is_due, store};
use crate::app::App;
use crate::clock::Clock;
use crate::config::SignInLimits;
use crate::db::{Db, DbError};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::SignInId;
use crate::logs::events::{self, Proof};
use crate::sql_types::Ts;
use crate::vault;

/// How often the use of a sign-in is noted.
const NOTED_EVERY_MINUTES: i64 = 5;

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// The address or the password is wrong; which one is not said.
    #[error("L’adresse ou le mot de passe ne convient pas. Vérifiez-les, puis essayez à nouveau.")]
    Wrong,
    /// The account opens nothing.
    #[error("{0}")]
    Open(#[from] OpenRefusal),
    /// Too many tries for this account, known or not, or from this address.
    #[error("{0}")]
    TooMany(#[from] TooMany),
}

impl Refusal for SignInRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::TooMany(_) => "too_many_requests",
            Self::Wrong => "wrong_credentials",
            Self::Open(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("email")
    }
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

/// Signs in with an address and a password; takes as long whether or not the account exists.
///
/// # Errors
/// When they do not match, there were too many tries, or the account is closed or holds no role.
pub fn sign_in(
    app: &App,
    (email, password): (&str, &str),
    visitor: &Visitor,
) -> Result<Opened, Failure<SignInRefusal>> {
    let email = email.trim().to_lowercase();
    let found = app.db.read(|conn| store::find_credentials(conn, &email).map_err(DbError::from))?;
    let account = found.as_ref().map(|account| account.id);
    let outcome = try_password(app, (&email, password), found, visitor);
    events::proved(Proof::Password, account, &visitor.address, &outcome);
    outcome
}

fn try_password(
    app: &App,
    (email, password): (&str, &str),
    found: Option<store::Credentials>,
    visitor: &Visitor,
) -> Result<Opened, Failure<SignInRefusal>> {
    let (db, clock) = (&app.db, &app.clock);
    let account_tries = match prove::known_device(app, email, visitor)? {
        Some(device) => Subject::device(email, &device),
        None => Subject::account(email),
    };
    let address_tries = Subject::address(&visitor.address);
    for subject in [&account_tries, &address_tries] {
        throttle::take_turn(db, clock, subject)?.map_err(|e| Failure::Refused(e.into()))?;
    }
    let hash = found.as_ref().and_then(|account| account.password_hash.as_deref());
    let matches = passwords::verify(password, hash);
    let Some(account) = found.filter(|account| matches && account.disabled_at.is_none()) else {
        return refuse(SignInRefusal::Wrong);
    };
    db.write::<_, Failure<SignInRefusal>>(|tx| {
        throttle::forget(tx, &account_tries)?;
        throttle::give_back(tx, clock, &address_tries)?;
        open::open(tx, clock, app.config.second_factor, account.id, Proofs::One, visitor)
            .map_err(|failure| failure.map(SignInRefusal::from))
    })
}

/// Why the second step does not let somebody in.
#[derive(Debug, thiserror::Error)]
pub enum SecondStepRefusal {
    /// The code does not prove it.
    #[error("{0}")]
    Proof(#[from] ProofRefusal),
    /// The second factor is not set.
    #[error("{0}")]
    Enrol(#[from] EnrolRefusal),
    /// The passkey is not added.
    #[error("{0}")]
    Add(#[from] AddRefusal),
    /// The first step was too long ago, or served.
    #[error("Cette connexion a trop attendu. Recommencez avec votre mot de passe.")]
    Gone,
    /// The account opens nothing.
    #[error("{0}")]
    Open(#[from] OpenRefusal),
}

impl Refusal for SecondStepRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Proof(refusal) => refusal.code(),
            Self::Enrol(refusal) => refusal.code(),
            Self::Add(refusal) => refusal.code(),
            Self::Gone => "sign_in_gone",
            Self::Open(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Proof(refusal) => refusal.field(),
            Self::Enrol(refusal) => refusal.field(),
            Self::Add(refusal) => refusal.field(),
            Self::Gone | Self::Open(_) => None,
        }
    }
}

/// Whether who is halfway has a second factor to prove; if not, they set one.
///
/// # Errors
/// When the database fails.
pub fn has_factor(db: &Db, who: &Halfway) -> Result<bool, DbError> {
    db.read(|conn| Ok(store::find_factor(conn, who.account)?.is_some()))
}

/// The second step: a code of the telephone, a recovery code, or what a passkey answered.
///
/// # Errors
/// When it does not prove it, or the first step no longer counts.
pub fn prove_second(
    app: &App,
    who: &Halfway,
    given: &str,
    visitor: &Visitor,
) -> Result<Opened, Failure<SecondStepRefusal>> {
    let prover = Prover { account: who.account, email: &who.email, asked_of: Some(who.asked_of()) };
    prove::prove(app, prover, given, visitor).map_err(|failure| failure.map(SecondStepRefusal::from))?;
    app.db.write(|tx| {
        if !store::delete_half_sign_in(tx, who.id)? {
            return refuse(SecondStepRefusal::Gone);
        }
        open::open(tx, &app.clock, app.config.second_factor, who.account, Proofs::Two, visitor)
            .map_err(|failure| failure.map(SecondStepRefusal::from))
    })
}

/// The second step of whoever has set no second factor: they set it, and are in. Gives their recovery codes.
///
/// # Errors
/// When the code is not that of the key, or the first step no longer counts.
pub fn set_second(
    app: &App,
    who: &Halfway,
    (carried, code): (&str, &str),
    visitor: &Visitor,
) -> Result<(Opened, Vec<String>), Failure<SecondStepRefusal>> {
    let ready = enrol::prepare(app, who.account, carried, code).map_err(|failure| failure.map(SecondStepRefusal::from));
    events::proved(Proof::NewTelephone, Some(who.account), &visitor.address, &ready);
    let ready = ready?;
    app.db.write(|tx| {
        // whoever has one proves it: setting another in its place takes more than a password
        if !store::delete_half_sign_in(tx, who.id)? || store::find_factor(tx, who.account)?.is_some() {
            return refuse(SecondStepRefusal::Gone);
        }
        let codes = enrol::keep(tx, &app.clock, (who.account, &who.email), &ready, None)?;
        let opened = open::open(tx, &app.clock, app.config.second_factor, who.account, Proofs::Two, visitor)
            .map_err(|failure| failure.map(SecondStepRefusal::from))?;
        Ok((opened, codes))
    })
}

/// The second step of whoever has set no second factor, with a passkey: it is added, and they are in. Gives their recovery
/// codes.
///
/// # Errors
/// When the passkey does not verify, or the first step no longer counts.
pub fn set_second_by_passkey(
    app: &App,
    who: &Halfway,
    (name, answer): (&str, &str),
    visitor: &Visitor,
) -> Result<(Opened, Vec<String>), Failure<SecondStepRefusal>> {
    let ready = add_passkey::check(app, (who.account, who.asked_of()), answer, visitor)
        .map_err(|failure| failure.map(SecondStepRefusal::from))?;
    app.db.write(|tx| {
        if !store::delete_half_sign_in(tx, who.id)? {
            return refuse(SecondStepRefusal::Gone);
        }
        let codes = add_passkey::keep(tx, app, (who.account, &who.email), (&ready, name), None)
            .map_err(|failure| failure.map(SecondStepRefusal::from))?;
        // whoever has a second factor proves it: a passkey beside it takes more than a password
        let Some(codes) = codes else { return refuse(SecondStepRefusal::Gone) };
        let opened = open::open(tx, &app.clock, app.config.second_factor, who.account, Proofs::Two, visitor)
            .map_err(|failure| failure.map(SecondStepRefusal::from))?;
        Ok((opened, codes))
    })
}

/// Ends a sign-in.
///
/// # Errors
/// When the database fails.
pub fn sign_out(db: &Db, clock: &Clock, id: SignInId) -> Result<(), DbError> {
    db.write(|tx| store::end_sign_in(tx, id, clock.now()).map_err(DbError::from))
}

/// Takes another role: what the cookie holds changes with what it opens. Gives what it holds from now on.
///
/// # Errors
/// When the database fails.
pub fn switch_role(db: &Db, id: SignInId, role: Role) -> Result<String, DbError> {
    let token = new_token()?;
    db.write::<_, DbError>(|tx| Ok(store::set_role_in_use(tx, id, role, &passwords::token_hash(&token))?))?;
    Ok(token)
}

/// Whom a cookie names, unless what it opened is over. Whoever must have a second factor and has none is nobody here:
/// the sign-in has them set one.
///
/// # Errors
/// When the database fails.
pub fn recognise_cookie(app: &App, token: &str) -> Result<Option<Known>, DbError> {
    let (db, now) = (&app.db, app.clock.now());
    let hash = passwords::token_hash(token);
    let found = db.read(|conn| store::find_sign_in(conn, &hash).map_err(DbError::from))?;
    let Some(sign_in) = found else { return recognise_halfway(db, token, &hash, now) };
    if !is_open(app.config.sign_in_limits, &sign_in, now) {
        return Ok(None);
    }
    if now.utc() - sign_in.last_seen_at.utc() > Duration::minutes(NOTED_EVERY_MINUTES) {
        db.write::<_, DbError>(|tx| Ok(store::touch_sign_in(tx, sign_in.id, sign_in.account, now)?))?;
    }
    let means = Means::SignIn { id: sign_in.id, csrf: csrf_token(token) };
    let today = app.clock.today();
    let person = db.read(|conn| {
        store::find_person(conn, sign_in.account, Some(sign_in.role), means, today).map_err(DbError::from)
    })?;
    let setting = app.config.second_factor;
    // who vouched for them asked two proofs
    let is_vouched_for = sign_in.closes_at.is_some();
    let has_proved = |who: &Person| {
        let is_due = || second_factor_is_due(setting, who.grants.iter().map(|one| one.role));
        is_vouched_for || who.has_second_factor || !is_due()
    };
    Ok(person.filter(has_proved).map(|person| Known::Person(Box::new(person))))
}

fn recognise_halfway(db: &Db, token: &str, hash: &[u8], now: Ts) -> Result<Option<Known>, DbError> {
    let found = db.read::<_, DbError>(|conn| Ok(store::find_half_sign_in(conn, hash, now)?))?;
    Ok(found.map(|(id, account, email, display_name)| {
        Known::Halfway(Halfway { id, account, email, display_name, csrf: csrf_token(token) })
    }))
}

/// The person whose bearer token this is, and what it may do of what they may.
///
/// # Errors
/// When the database fails.
pub fn recognise_token(db: &Db, clock: &Clock, token: &str) -> Result<Option<(Person, Scope)>, DbError> {
    let now = clock.now();
    let found = db.read::<_, DbError>(|conn| {
        let Some(found) = store::find_api_token(conn, &passwords::token_hash(token), now)? else { return Ok(None) };
        let person = store::find_person(conn, found.account, None, Means::Token(found.id), clock.today())?;
        Ok(person.map(|person| (person, found)))
    })?;
    let Some((person, found)) = found else { return Ok(None) };
    if found.last_used_at.is_none_or(|at| now.utc() - at.utc() > Duration::days(1)) {
        db.write::<_, DbError>(|tx| Ok(store::note_used(tx, person.account, now)?))?;
    }
    Ok(Some((person, Scope::of_stored(found.is_read_only, found.areas.as_deref()))))
}

fn is_open(limits: SignInLimits, sign_in: &store::StoredSignIn, now: Ts) -> bool {
    now.utc() - sign_in.last_seen_at.utc() < Duration::hours(i64::from(limits.idle_hours))
        && now.utc() - sign_in.created_at.utc() < Duration::days(i64::from(limits.absolute_days))
        && sign_in.closes_at.is_none_or(|at| now < at)
}

/// What the forms of a sign-in carry: known from the cookie's token, which another site cannot read.
fn csrf_token(token: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"csrf:");
    hasher.update(token.as_bytes());
    URL_SAFE_NO_PAD.encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::ids::AccountId;

    #[test]
    fn each_sign_in_has_its_own_token_for_forms() {
        let (one, other) = (csrf_token("one"), csrf_token("other"));
        assert_eq!((one.len(), other.len()), (43, 43));
        assert!(one != other && one == csrf_token("one"));
    }

    #[test]
    fn a_sign_in_is_open_until_its_first_limit() {
        let limits = SignInLimits { idle_hours: 8, absolute_days: 30 };
        let begun = Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let after = |of: Duration| Ts::new(begun.utc() + of);
        let sign_in = |last_seen_at, closes_at| store::StoredSignIn {
            id: SignInId::new(),
            account: AccountId::new(),
            role: Role::Accountant,
            created_at: begun,
            last_seen_at,
            closes_at,
        };
        let second = Duration::seconds(1);
        let is_open_around = |sign_in: &store::StoredSignIn, end: Duration| {
            [end - second, end].map(|at| is_open(limits, sign_in, after(at)))
        };
        assert_eq!(is_open_around(&sign_in(begun, None), Duration::hours(8)), [true, false], "unused");
        let used = sign_in(after(Duration::days(30) - Duration::hours(1)), None);
        assert_eq!(is_open_around(&used, Duration::days(30)), [true, false], "old");
        let vouched_for = sign_in(begun, Some(after(Duration::hours(2))));
        assert_eq!(is_open_around(&vouched_for, Duration::hours(2)), [true, false], "vouched for until then");
    }
}
