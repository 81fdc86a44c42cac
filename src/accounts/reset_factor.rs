//! Takes the second factor of somebody away, who lost their telephone or passkeys and their recovery codes: they set
//! another at the next sign-in. It is journaled, and told to them.

use crate::accounts::{store, trace};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::AccountId;
use crate::journal::Actor;
use crate::mails::{SecurityChanged, SecurityEvent};
use crate::outbox;

/// Why it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResetRefusal {
    /// One changes one's own by proving it.
    #[error(
        "C’est votre compte : changez votre second facteur depuis « Mon compte », ou demandez-le à une autre personne de l’administration."
    )]
    Oneself,
    /// There is none.
    #[error("Ce compte n’a pas de second facteur : il sera demandé à la prochaine connexion.")]
    None,
}

impl Refusal for ResetRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Oneself => "own_account",
            Self::None => "no_second_factor",
        }
    }
}

/// Takes the second factor of an account away and ends its sign-ins; for an administrator, or from the command line.
///
/// # Errors
/// When it is one's own, or there is none.
pub fn reset(tx: &mut Tx<'_>, clock: &Clock, author: Actor, account: AccountId) -> Result<(), Failure<ResetRefusal>> {
    if author == Actor::Account(account) {
        return refuse(ResetRefusal::Oneself);
    }
    store::lock_account(tx, account)?;
    if !store::delete_factor(tx, account)? {
        return refuse(ResetRefusal::None);
    }
    let now = clock.now();
    store::end_sign_ins(tx, account, None, now)?;
    trace::write(tx, clock, author, account, "account.second_factor_reset", (None, None))?;
    let recipient = store::load_account(tx, account)?.email;
    let mail = SecurityChanged { recipient, event: SecurityEvent::SecondFactorReset, at: now };
    outbox::enqueue(tx, clock, mail.message()?)?;
    Ok(())
}
