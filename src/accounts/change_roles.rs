//! Gives and withdraws the roles of an account.

use crate::accounts::{Grant, Role, RoleIn, ScopeRefusal, store, trace};
use crate::clock::Clock;
use crate::db::{Tx, violated};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::AccountId;
use crate::journal::Actor;
use crate::{mails, outbox};

/// Why a role is neither given nor withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum RoleRefusal {
    /// They hold it already.
    #[error("Cette personne a déjà ce rôle.")]
    Held,
    /// They do not hold it.
    #[error("Cette personne n’a pas ce rôle, ou ne l’a plus.")]
    NotHeld,
    /// An account without a role is of no use.
    #[error("C’est le seul rôle de ce compte. Donnez-en un autre d’abord, ou désactivez le compte.")]
    OnlyRole,
    /// Somebody must be able to administer.
    #[error("C’est le seul compte d’administration en service. Donnez d’abord ce rôle à quelqu’un d’autre.")]
    LastAdministrator,
    /// The scope does not fit.
    #[error("{0}")]
    Scope(#[from] ScopeRefusal),
}

impl Refusal for RoleRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Held => "role_held",
            Self::NotHeld => "role_not_held",
            Self::OnlyRole => "only_role",
            Self::LastAdministrator => "last_administrator",
            Self::Scope(_) => "role_scope",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("role")
    }
}

/// Gives a role, and tells its person.
///
/// # Errors
/// When it is held already or its scope does not fit.
pub fn give(
    tx: &mut Tx<'_>,
    clock: &Clock,
    base_url: &str,
    author: Actor,
    account: AccountId,
    role: RoleIn,
) -> Result<(), Failure<RoleRefusal>> {
    role.check().map_err(|refusal| Failure::Refused(refusal.into()))?;
    store::lock_account(tx, account)?;
    store::give_role(tx, account, role, clock.now()).map_err(|e| {
        if violated(&e, "role_grants_once") || violated(&e, "role_grants.account_id") {
            Failure::Refused(RoleRefusal::Held)
        } else {
            e.into()
        }
    })?;
    trace::write(tx, clock, author, account, "account.role_given", (None, Some(serde_json::json!(role))))?;
    tell(tx, clock, base_url, account)?;
    Ok(())
}

/// Withdraws a role, and tells its person. What they did with it stays.
///
/// # Errors
/// When it is not held, is their only one, or nobody could administer any more.
pub fn withdraw(
    tx: &mut Tx<'_>,
    clock: &Clock,
    base_url: &str,
    author: Actor,
    account: AccountId,
    role: RoleIn,
) -> Result<(), Failure<RoleRefusal>> {
    store::lock_account(tx, account)?;
    let held = store::grants_of(tx, account)?;
    if !held.iter().any(|grant| RoleIn::of(grant) == role) {
        return refuse(RoleRefusal::NotHeld);
    }
    if held.len() == 1 {
        return refuse(RoleRefusal::OnlyRole);
    }
    if role.role == Role::Administrator && !store::has_other_administrator(tx, account)? {
        return refuse(RoleRefusal::LastAdministrator);
    }
    store::delete_grant(tx, account, role)?;
    trace::write(tx, clock, author, account, "account.role_withdrawn", (Some(serde_json::json!(role)), None))?;
    tell(tx, clock, base_url, account)?;
    Ok(())
}

fn tell(tx: &mut Tx<'_>, clock: &Clock, base_url: &str, account: AccountId) -> diesel::QueryResult<()> {
    let found = store::load_account(tx, account)?;
    let grants: Vec<Grant> = store::grants_of(tx, account)?;
    let mail = mails::RolesChanged {
        recipient: found.email,
        roles: grants.iter().map(Grant::label).collect(),
        on: clock.today(),
        href: base_url.to_owned(),
    };
    outbox::enqueue(tx, clock, mail.message()?)?;
    Ok(())
}
