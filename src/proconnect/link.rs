//! Links an account with an identity of ProConnect, and undoes it; the person is told.

use serde_json::json;

use crate::accounts::trace;
use crate::clock::Clock;
use crate::db::{AnyConnection, DbError, Tx, violated};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::AccountId;
use crate::journal::Actor;
use crate::proconnect::{Identity, Linked, notices, store};

/// Why nothing is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefusal {
    /// The account has an identity.
    #[error("Votre compte est déjà relié à une identité ProConnect. Retirez-la d’abord.")]
    AlreadyLinked,
    /// The identity opens another account.
    #[error(
        "Cette identité ProConnect ouvre déjà un autre compte de PsyPRE. Retirez-la de cet autre compte, ou choisissez \
         une autre identité."
    )]
    OpensAnother,
}

impl Refusal for LinkRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyLinked => "proconnect_already_linked",
            Self::OpensAnother => "proconnect_opens_another",
        }
    }
}

/// The identity linked with an account, if one is.
///
/// # Errors
/// When the database fails.
pub fn of(conn: &mut AnyConnection, account: AccountId) -> Result<Option<Linked>, DbError> {
    Ok(store::find_link(conn, account)?)
}

/// Links an identity with an account.
///
/// # Errors
/// When either is linked already.
pub fn link(
    tx: &mut Tx<'_>,
    clock: &Clock,
    account: AccountId,
    identity: &Identity,
) -> Result<(), Failure<LinkRefusal>> {
    if store::find_link(tx, account)?.is_some() {
        return refuse(LinkRefusal::AlreadyLinked);
    }
    if store::find_account(tx, identity)?.is_some() {
        return refuse(LinkRefusal::OpensAnother);
    }
    store::insert_link(tx, account, identity, clock.now()).map_err(|e| {
        if violated(&e, "proconnect_links_one_account") || violated(&e, "proconnect_links.subject") {
            Failure::Refused(LinkRefusal::OpensAnother)
        } else if violated(&e, "proconnect_links_pkey") || violated(&e, "proconnect_links.account_id") {
            Failure::Refused(LinkRefusal::AlreadyLinked)
        } else {
            e.into()
        }
    })?;
    let facts = json!({ "issuer": identity.issuer });
    trace::write(tx, clock, Actor::Account(account), account, "proconnect.linked", (None, Some(facts)))?;
    Ok(notices::changed(tx, clock, account, identity.email.clone(), true)?)
}

/// Undoes the link of an account. Says whether there was one.
///
/// # Errors
/// When the database fails.
pub fn unlink(tx: &mut Tx<'_>, clock: &Clock, account: AccountId) -> Result<bool, DbError> {
    let Some(linked) = store::find_link(tx, account)? else { return Ok(false) };
    if store::delete_link(tx, account)? {
        trace::write(tx, clock, Actor::Account(account), account, "proconnect.unlinked", (None, None))?;
        notices::changed(tx, clock, account, linked.email, false)?;
    }
    Ok(true)
}
