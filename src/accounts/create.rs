//! Makes an account with its roles, and invites its person.

use crate::accounts::invite::{self, Invited};
use crate::accounts::{RoleIn, ScopeRefusal, store, trace};
use crate::app::App;
use crate::db::{Tx, violated};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::AccountId;
use crate::journal::Actor;

/// The longest name of a person.
pub const LONGEST_NAME: usize = 100;

/// An account to make.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The address of its person; kept in lower case.
    pub email: String,
    /// Their name.
    pub display_name: String,
    /// What they may do; at least one.
    pub roles: Vec<RoleIn>,
}

/// An account just made.
#[derive(Debug)]
pub struct Created {
    /// Which.
    pub account: AccountId,
    /// How its person chooses a password.
    pub invited: Invited,
}

/// Why no account is made.
#[derive(Debug, thiserror::Error)]
pub enum CreateRefusal {
    /// The address is that of another account.
    #[error("Un compte existe déjà pour {0}. Ouvrez-le dans la liste pour lui donner un rôle.")]
    EmailTaken(String),
    /// Without a role there is nothing to sign in for.
    #[error("Choisissez au moins un rôle : sans rôle, un compte ne sert à rien.")]
    NoRole,
    /// A role of a programme without one, or the reverse.
    #[error("{0}")]
    Scope(#[from] ScopeRefusal),
}

impl Refusal for CreateRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::EmailTaken(_) => "email_taken",
            Self::NoRole => "no_role",
            Self::Scope(_) => "role_scope",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::EmailTaken(_) => "email",
            Self::NoRole | Self::Scope(_) => "roles",
        })
    }
}

/// Makes an account, gives it its roles and queues its invitation; for an administrator, or from the command line.
///
/// # Errors
/// When the address is taken, there is no role, or a role lacks its programme.
pub fn create(tx: &mut Tx<'_>, app: &App, author: Actor, new: &NewAccount) -> Result<Created, Failure<CreateRefusal>> {
    let clock = &app.clock;
    if new.roles.is_empty() {
        return refuse(CreateRefusal::NoRole);
    }
    for role in &new.roles {
        role.check().map_err(|refusal| Failure::Refused(refusal.into()))?;
    }
    let email = new.email.trim().to_lowercase();
    let account = store::insert_account(tx, &email, &new.display_name, clock.now()).map_err(|e| {
        if violated(&e, "accounts_email_unique") || violated(&e, "accounts.email") {
            Failure::Refused(CreateRefusal::EmailTaken(email.clone()))
        } else {
            e.into()
        }
    })?;
    for role in &new.roles {
        store::give_role(tx, account, *role, clock.now())?;
    }
    let facts = serde_json::json!({ "email": email, "roles": new.roles });
    trace::write(tx, clock, author, account, "account.created", (None, Some(facts)))?;
    // an account just made is open: the invitation has nothing to refuse
    let invited = invite::invite(tx, app, author, account).map_err(|failure| failure.map(|_| CreateRefusal::NoRole))?;
    Ok(Created { account, invited })
}
