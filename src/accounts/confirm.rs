//! Asks again who is there before what opens an account changes: an unattended browser is not its owner.

use crate::accounts::change_own::{self, ChangePasswordRefusal};
use crate::accounts::prove::{self, ProofRefusal, Prover};
use crate::accounts::{Person, Visitor, store};
use crate::app::App;
use crate::db::{Db, DbError};
use crate::failure::{Failure, Refusal, refuse};

/// Why somebody is not taken for the owner of their account.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmRefusal {
    /// The password is wrong.
    #[error("{0}")]
    Password(#[from] ChangePasswordRefusal),
    /// The second factor is not proved.
    #[error("{0}")]
    Proof(#[from] ProofRefusal),
    /// The account has no password.
    #[error(
        "Votre compte n’a pas de mot de passe. Demandez une invitation à l’administration de la Métropole : elle vous \
         laissera en choisir un."
    )]
    NoPassword,
}

impl Refusal for ConfirmRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Password(refusal) => refusal.code(),
            Self::Proof(refusal) => refusal.code(),
            Self::NoPassword => "no_password",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Password(refusal) => refusal.field(),
            Self::Proof(refusal) => refusal.field(),
            Self::NoPassword => Some("current_password"),
        }
    }
}

/// Whether this account has a password.
///
/// # Errors
/// When the database fails.
pub fn has_password(db: &Db, who: &Person) -> Result<bool, DbError> {
    db.read(|conn| Ok(store::has_password(conn, who.account)?))
}

/// Checks one's password, and a code of one's second factor when one has set one.
///
/// # Errors
/// When one of them is wrong, there is no password, or there were too many tries.
pub fn confirm(
    app: &App,
    who: &Person,
    (password, code): (&str, &str),
    visitor: &Visitor,
) -> Result<(), Failure<ConfirmRefusal>> {
    if !has_password(&app.db, who)? {
        return refuse(ConfirmRefusal::NoPassword);
    }
    change_own::confirm_password(app, who, password, visitor).map_err(|failure| failure.map(Into::into))?;
    if who.has_second_factor {
        prove::prove(app, Prover::again(who), code, visitor).map_err(|failure| failure.map(Into::into))?;
    }
    Ok(())
}
