//! What a person changes of their own account: name, password, how they are told.

use crate::accounts::passwords::{self, PasswordRefusal};
use crate::accounts::prove::{self, ProofRefusal, Prover};
use crate::accounts::throttle;
use crate::accounts::{Means, Person, Visitor, store, trace};
use crate::app::App;
use crate::clock::Clock;
use crate::db::{DbError, Tx};
use crate::failure::{Failure, Refusal, refuse};
use crate::logs::events::{self, Proof};
use crate::mails::{SecurityChanged, SecurityEvent};
use crate::outbox;

/// Why a password stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordRefusal {
    /// The old one is wrong.
    #[error("Le mot de passe actuel ne convient pas. Vérifiez-le, puis essayez à nouveau.")]
    Wrong,
    /// The new one does not fit.
    #[error("{0}")]
    New(#[from] PasswordRefusal),
    /// The two new ones differ.
    #[error("Les deux mots de passe diffèrent. Tapez le même deux fois.")]
    Different,
    /// Too many tries.
    #[error("{0}")]
    TooMany(#[from] throttle::TooMany),
    /// The second factor is not proved.
    #[error("{0}")]
    Proof(#[from] ProofRefusal),
}

impl Refusal for ChangePasswordRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Wrong => "wrong_credentials",
            Self::New(refusal) => refusal.code(),
            Self::Different => "passwords_differ",
            Self::TooMany(_) => "too_many_requests",
            Self::Proof(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Proof(_) => "code",
            Self::Wrong | Self::TooMany(_) => "current_password",
            Self::New(_) => "password",
            Self::Different => "password_again",
        })
    }
}

/// What somebody types to change their password.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    /// The old one.
    pub old: &'a str,
    /// The new one.
    pub new: &'a str,
    /// The new one again.
    pub again: &'a str,
    /// A code of their second factor, if they have set one.
    pub code: &'a str,
}

/// Changes one's password, knowing the old one and proving the second factor; every other sign-in ends, and one is told.
///
/// # Errors
/// When the old one is wrong, the new one does not fit, the code does not either, or there were too many tries.
pub fn change_password(
    app: &App,
    who: &Person,
    typed: Typed<'_>,
    visitor: &Visitor,
) -> Result<(), Failure<ChangePasswordRefusal>> {
    let (db, clock) = (&app.db, &app.clock);
    confirm_password(app, who, typed.old, visitor)?;
    let local = db.read::<_, DbError>(|conn| Ok(store::local_words(conn)?))?;
    passwords::check(typed.new, &[&who.email, &who.display_name], &local).map_err(|e| Failure::Refused(e.into()))?;
    if typed.new != typed.again {
        return refuse(ChangePasswordRefusal::Different);
    }
    if who.has_second_factor {
        prove::prove(app, Prover::again(who), typed.code, visitor).map_err(|failure| failure.map(Into::into))?;
    }
    let hash = passwords::hash(typed.new).map_err(DbError::from)?;
    let kept = if let Means::SignIn { id, .. } = who.means { Some(id) } else { None };
    db.write(|tx| {
        store::set_password_hash(tx, who.account, &hash)?;
        store::end_sign_ins(tx, who.account, kept, clock.now())?;
        trace::write(tx, clock, who.actor(), who.account, "account.password_changed", (None, None))?;
        let (recipient, at) = (who.email.clone(), clock.now());
        let mail = SecurityChanged { recipient, event: SecurityEvent::PasswordChanged, at };
        outbox::enqueue(tx, clock, mail.message()?)?;
        Ok(())
    })
}

/// Asks the password again before what protects the account changes.
///
/// # Errors
/// When it is wrong, or there were too many tries.
pub fn confirm_password(
    app: &App,
    who: &Person,
    password: &str,
    visitor: &Visitor,
) -> Result<(), Failure<ChangePasswordRefusal>> {
    let outcome = try_password(app, who, password);
    events::proved(Proof::Password, Some(who.account), &visitor.address, &outcome);
    outcome
}

fn try_password(app: &App, who: &Person, password: &str) -> Result<(), Failure<ChangePasswordRefusal>> {
    let (db, clock) = (&app.db, &app.clock);
    let turn = throttle::Subject::account(&who.email);
    throttle::take_turn(db, clock, &turn)?.map_err(|e| Failure::Refused(e.into()))?;
    let found = db.read(|conn| store::find_credentials(conn, &who.email).map_err(DbError::from))?;
    let hash = found.and_then(|account| account.password_hash);
    if !passwords::verify(password, hash.as_deref()) {
        return refuse(ChangePasswordRefusal::Wrong);
    }
    db.write::<_, DbError>(|tx| Ok(throttle::forget(tx, &turn)?))?;
    Ok(())
}

/// Changes one's name.
///
/// # Errors
/// When the database fails.
pub fn rename(tx: &mut Tx<'_>, clock: &Clock, who: &Person, name: &str) -> Result<(), DbError> {
    store::set_display_name(tx, who.account, name)?;
    let (before, after) = (serde_json::json!({ "name": who.display_name }), serde_json::json!({ "name": name }));
    trace::write(tx, clock, who.actor(), who.account, "account.renamed", (Some(before), Some(after)))?;
    Ok(())
}

/// Chooses to be told of each session to approve at once, or once a day.
///
/// # Errors
/// When the database fails.
pub fn choose_when_told(tx: &mut Tx<'_>, who: &Person, at_once: bool) -> Result<(), DbError> {
    Ok(store::set_told_at_once(tx, who.account, at_once)?)
}
