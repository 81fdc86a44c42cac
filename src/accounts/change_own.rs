//! What a person changes of their own account: name, password, how they are told.

use crate::accounts::passwords::{self, PasswordRefusal};
use crate::accounts::throttle;
use crate::accounts::{Means, Person, store, trace};
use crate::clock::Clock;
use crate::db::{Db, DbError, Tx};
use crate::failure::{Failure, Refusal, refuse};

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
}

impl Refusal for ChangePasswordRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Wrong => "wrong_credentials",
            Self::New(refusal) => refusal.code(),
            Self::Different => "passwords_differ",
            Self::TooMany(_) => "too_many_requests",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Wrong | Self::TooMany(_) => "current_password",
            Self::New(_) => "password",
            Self::Different => "password_again",
        })
    }
}

/// Changes one's password, knowing the old one; every other sign-in ends.
///
/// # Errors
/// When the old one is wrong, the new one does not fit, or there were too many tries.
pub fn change_password(
    db: &Db,
    clock: &Clock,
    who: &Person,
    old: &str,
    new: &str,
    again: &str,
) -> Result<(), Failure<ChangePasswordRefusal>> {
    let turn = throttle::Subject::account(&who.email);
    throttle::take_turn(db, clock, &turn)?.map_err(|e| Failure::Refused(e.into()))?;
    let found = db.read(|conn| store::find_credentials(conn, &who.email).map_err(DbError::from))?;
    let hash = found.and_then(|account| account.password_hash);
    if !passwords::verify(old, hash.as_deref()) {
        return refuse(ChangePasswordRefusal::Wrong);
    }
    passwords::check(new, &[&who.email, &who.display_name]).map_err(|e| Failure::Refused(e.into()))?;
    if new != again {
        return refuse(ChangePasswordRefusal::Different);
    }
    let hash = passwords::hash(new).map_err(DbError::from)?;
    let kept = if let Means::SignIn { id, .. } = who.means { Some(id) } else { None };
    db.write(|tx| {
        throttle::forget(tx, &turn)?;
        store::set_password_hash(tx, who.account, &hash)?;
        store::end_sign_ins(tx, who.account, kept, clock.now())?;
        trace::write(tx, clock, who.actor(), who.account, "account.password_changed", (None, None))?;
        Ok(())
    })
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
