//! Chooses a password by an invitation, and signs in.

use crate::accounts::passwords::{self, PasswordRefusal};
use crate::accounts::sign_in::{self, NewSignIn};
use crate::accounts::{OpenInvitation, store, trace};
use crate::clock::Clock;
use crate::db::{Db, DbError};
use crate::failure::{Failure, Refusal, refuse};
use crate::journal::Actor;

/// Why an invitation is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptRefusal {
    /// It was used, withdrawn, replaced by a newer one, or is past its date.
    #[error("Cette invitation ne sert plus : elle a été utilisée, remplacée, ou sa date est passée.")]
    Gone,
    /// The password does not fit.
    #[error("{0}")]
    Password(#[from] PasswordRefusal),
    /// The two passwords differ.
    #[error("Les deux mots de passe diffèrent. Tapez le même deux fois.")]
    Different,
}

impl Refusal for AcceptRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Gone => "invitation_gone",
            Self::Password(refusal) => refusal.code(),
            Self::Different => "passwords_differ",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Gone => None,
            Self::Password(_) => Some("password"),
            Self::Different => Some("password_again"),
        }
    }
}

/// The invitation of a token, if it still works.
///
/// # Errors
/// When the database fails.
pub fn find(db: &Db, clock: &Clock, token: &str) -> Result<Option<OpenInvitation>, DbError> {
    db.read(|conn| Ok(store::find_open_invitation(conn, &passwords::token_hash(token), clock.now())?))
}

/// Sets the password, uses the invitation up, ends every other sign-in of the account, and signs in.
///
/// # Errors
/// When the invitation no longer works, or the password does not fit.
pub fn accept(
    db: &Db,
    clock: &Clock,
    token: &str,
    password: &str,
    again: &str,
) -> Result<NewSignIn, Failure<AcceptRefusal>> {
    let Some(invitation) = find(db, clock, token)? else { return refuse(AcceptRefusal::Gone) };
    passwords::check(password, &[&invitation.email, &invitation.display_name])
        .map_err(|refusal| Failure::Refused(refusal.into()))?;
    if password != again {
        return refuse(AcceptRefusal::Different);
    }
    let hash = passwords::hash(password).map_err(DbError::from)?;
    let new_token = sign_in::new_token()?;
    let account = invitation.account;
    let role = db.write(|tx| {
        let now = clock.now();
        if !store::use_invitation(tx, invitation.id, now)? {
            return refuse(AcceptRefusal::Gone);
        }
        store::set_password_hash(tx, account, &hash)?;
        store::end_sign_ins(tx, account, None, now)?;
        let Some(role) = store::grants_of(tx, account)?.first().map(|grant| grant.role) else {
            return refuse(AcceptRefusal::Gone);
        };
        store::insert_sign_in(tx, account, &passwords::token_hash(&new_token), role, now)?;
        trace::write(tx, clock, Actor::Account(account), account, "account.invitation_accepted", (None, None))?;
        Ok(role)
    })?;
    Ok(NewSignIn { token: new_token, role })
}
