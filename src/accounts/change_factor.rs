//! Changes what protects one's own account: the second factor and the recovery codes. The password is asked again, and the
//! second factor that there is.

use crate::accounts::change_own::{self, ChangePasswordRefusal};
use crate::accounts::enrol::{self, EnrolRefusal};
use crate::accounts::prove::{self, ProofRefusal, Prover};
use crate::accounts::{Means, Person, Visitor};
use crate::app::App;
use crate::failure::{Failure, Refusal, refuse};
use crate::logs::events::{self, Proof};

/// Why it stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangeFactorRefusal {
    /// The password is wrong.
    #[error("{0}")]
    Password(#[from] ChangePasswordRefusal),
    /// The second factor in force is not proved.
    #[error("{0}")]
    Proof(#[from] ProofRefusal),
    /// The new one is not set.
    #[error("{0}")]
    Enrol(#[from] EnrolRefusal),
    /// There is none yet.
    #[error("Votre compte n’a pas encore de second facteur. Reliez d’abord votre téléphone.")]
    None,
}

impl Refusal for ChangeFactorRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Password(refusal) => refusal.code(),
            Self::Proof(refusal) => refusal.code(),
            Self::Enrol(refusal) => refusal.code(),
            Self::None => "no_second_factor",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Password(refusal) => refusal.field(),
            Self::Proof(refusal) => refusal.field(),
            Self::Enrol(refusal) => refusal.field(),
            Self::None => None,
        }
    }
}

/// What proves again who asks.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    /// The password.
    pub password: &'a str,
    /// A code of the second factor in force, if there is one.
    pub code: &'a str,
}

/// Sets one's second factor, or another in its place; other sign-ins end. Gives the recovery codes.
///
/// # Errors
/// When the password or a code is wrong, or there were too many tries.
pub fn set(
    app: &App,
    who: &Person,
    typed: Typed<'_>,
    (carried, new_code): (&str, &str),
    visitor: &Visitor,
) -> Result<Vec<String>, Failure<ChangeFactorRefusal>> {
    change_own::confirm_password(app, who, typed.password, visitor).map_err(|failure| failure.map(Into::into))?;
    let ready = enrol::prepare(app, who.account, carried, new_code).map_err(|failure| failure.map(Into::into));
    events::proved(Proof::NewTelephone, Some(who.account), &visitor.address, &ready);
    let ready = ready?;
    if who.has_second_factor {
        prove::prove(app, Prover::again(who), typed.code, visitor).map_err(|failure| failure.map(Into::into))?;
    }
    let kept = if let Means::SignIn { id, .. } = who.means { Some(id) } else { None };
    Ok(app.db.write(|tx| enrol::keep(tx, &app.clock, (who.account, &who.email), &ready, kept))?)
}

/// Makes ten other recovery codes.
///
/// # Errors
/// When the password or the code is wrong, there is no second factor, or there were too many tries.
pub fn renew_codes(
    app: &App,
    who: &Person,
    typed: Typed<'_>,
    visitor: &Visitor,
) -> Result<Vec<String>, Failure<ChangeFactorRefusal>> {
    if !who.has_second_factor {
        return refuse(ChangeFactorRefusal::None);
    }
    change_own::confirm_password(app, who, typed.password, visitor).map_err(|failure| failure.map(Into::into))?;
    prove::prove(app, Prover::again(who), typed.code, visitor).map_err(|failure| failure.map(Into::into))?;
    Ok(enrol::renew_codes(app, who.account, &who.email)?)
}
