//! Closes an account, and opens it again.

use crate::accounts::{store, trace};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::AccountId;
use crate::journal::Actor;

/// Why an account is neither closed nor opened.
#[derive(Debug, thiserror::Error)]
pub enum CloseRefusal {
    /// One would lock oneself out.
    #[error("Vous ne pouvez pas désactiver votre propre compte. Demandez-le à une autre personne de l’administration.")]
    Oneself,
    /// Somebody must be able to administer.
    #[error("C’est le seul compte d’administration en service. Donnez d’abord ce rôle à quelqu’un d’autre.")]
    LastAdministrator,
    /// It is so already.
    #[error("C’est déjà fait : rechargez la page pour voir l’état de ce compte.")]
    AlreadySo,
}

impl Refusal for CloseRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Oneself => "own_account",
            Self::LastAdministrator => "last_administrator",
            Self::AlreadySo => "already_so",
        }
    }
}

/// Closes an account: at once its sign-ins end, its tokens are revoked, its
/// invitation no longer works and its calendar feed is gone.
///
/// # Errors
/// When it is one's own, the last administrator's, or closed already.
pub fn disable(tx: &mut Tx<'_>, clock: &Clock, author: Actor, account: AccountId) -> Result<(), Failure<CloseRefusal>> {
    let now = clock.now();
    if author == Actor::Account(account) {
        return refuse(CloseRefusal::Oneself);
    }
    store::lock_account(tx, account)?;
    if store::load_account(tx, account)?.disabled_at.is_some() {
        return refuse(CloseRefusal::AlreadySo);
    }
    if store::is_administrator(tx, account)? && !store::has_other_administrator(tx, account)? {
        return refuse(CloseRefusal::LastAdministrator);
    }
    store::set_disabled_at(tx, account, Some(now))?;
    store::end_sign_ins(tx, account, None, now)?;
    store::revoke_tokens(tx, account, now)?;
    store::withdraw_invitations(tx, account, now)?;
    store::delete_feed(tx, account)?;
    trace::write(tx, clock, author, account, "account.disabled", (None, None))?;
    Ok(())
}

/// Opens an account again: its person signs in with the password they had. Its tokens stay revoked.
///
/// # Errors
/// When it is open already.
pub fn enable(tx: &mut Tx<'_>, clock: &Clock, author: Actor, account: AccountId) -> Result<(), Failure<CloseRefusal>> {
    store::lock_account(tx, account)?;
    if store::load_account(tx, account)?.disabled_at.is_none() {
        return refuse(CloseRefusal::AlreadySo);
    }
    store::set_disabled_at(tx, account, None)?;
    store::note_used(tx, account, clock.now())?;
    trace::write(tx, clock, author, account, "account.enabled", (None, None))?;
    Ok(())
}
