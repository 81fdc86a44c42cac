//! Chooses a password by an invitation, and signs in.

use crate::accounts::open::{self, Opened, Proofs};
use crate::accounts::passwords::{self, PasswordRefusal};
use crate::accounts::prove::{self, ProofRefusal, Prover};
use crate::accounts::{OpenInvitation, Visitor, store, trace};
use crate::app::App;
use crate::clock::Clock;
use crate::db::{Db, DbError};
use crate::failure::{Failure, Refusal, refuse};
use crate::journal::Actor;
use crate::logs::events::{self, Proof};

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
    /// The second factor is not proved.
    #[error("{0}")]
    Proof(#[from] ProofRefusal),
}

impl Refusal for AcceptRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Gone => "invitation_gone",
            Self::Password(refusal) => refusal.code(),
            Self::Different => "passwords_differ",
            Self::Proof(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Gone => None,
            Self::Password(_) => Some("password"),
            Self::Different => Some("password_again"),
            Self::Proof(refusal) => refusal.field(),
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

/// What somebody types to choose a password by a link.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    /// The password.
    pub password: &'a str,
    /// The same again.
    pub again: &'a str,
    /// A code of their second factor, if they have set one.
    pub code: &'a str,
}

/// Sets the password, uses the invitation up, ends every other sign-in of the account, and signs in. Whoever has set a
/// second factor proves it: who reads their mail is not yet them.
///
/// # Errors
/// When the invitation no longer works, the password does not fit, or the second factor is not proved.
pub fn accept(app: &App, token: &str, typed: Typed<'_>, visitor: &Visitor) -> Result<Opened, Failure<AcceptRefusal>> {
    let (db, clock) = (&app.db, &app.clock);
    let Some(invitation) = find(db, clock, token)? else {
        let outcome = refuse(AcceptRefusal::Gone);
        events::proved(Proof::Invitation, None, &visitor.address, &outcome);
        return outcome;
    };
    let local = db.read::<_, DbError>(|conn| Ok(store::local_words(conn)?))?;
    passwords::check(typed.password, &[&invitation.email, &invitation.display_name], &local)
        .map_err(|refusal| Failure::Refused(refusal.into()))?;
    if typed.password != typed.again {
        return refuse(AcceptRefusal::Different);
    }
    let hash = passwords::hash(typed.password).map_err(DbError::from)?;
    let account = invitation.account;
    let proofs = if invitation.has_factor {
        let prover = Prover { account, email: &invitation.email, asked_of: None };
        prove::prove(app, prover, typed.code, visitor).map_err(|failure| failure.map(AcceptRefusal::from))?;
        Proofs::Two
    } else {
        Proofs::One
    };
    let outcome = db.write(|tx| {
        let now = clock.now();
        if !store::use_invitation(tx, invitation.id, now)? {
            return refuse(AcceptRefusal::Gone);
        }
        store::set_password_hash(tx, account, &hash)?;
        store::end_sign_ins(tx, account, None, now)?;
        trace::write(tx, clock, Actor::Account(account), account, "account.invitation_accepted", (None, None))?;
        open::open(tx, clock, app.config.second_factor, account, proofs, visitor)
            .map_err(|failure| failure.map(|_| AcceptRefusal::Gone))
    });
    events::proved(Proof::Invitation, Some(account), &visitor.address, &outcome);
    outcome
}
