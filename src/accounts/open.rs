//! Opens a sign-in for an account after what its person proved, or says which proof is missing.
//!
//! Whatever proves who somebody is ends here: a password, a link of a mail, another identity provider one day.

use chrono::Duration;

use crate::accounts::sign_in::new_token;
use crate::accounts::store::OpenedSignIn;
use crate::accounts::{Role, Visitor, passwords, second_factor_is_due, store};
use crate::clock::Clock;
use crate::config::SecondFactor;
use crate::db::{DbError, Tx};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::AccountId;
use crate::journal::{self, Actor, Chain, Entry};
use crate::sql_types::Ts;

/// How long the page of the second proof waits.
pub const HALFWAY_MINUTES: i64 = 15;

/// What somebody proved of themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proofs {
    /// One thing: a password, or that they read their mail.
    One,
    /// Two, of two kinds.
    Two,
}

/// A new sign-in: the tokens go to the browser and are kept nowhere else.
#[derive(Debug)]
pub struct NewSignIn {
    /// What the cookie holds.
    pub token: String,
    /// What this browser keeps beyond the sign-in.
    pub device: String,
    /// The role whose pages are shown first.
    pub role: Role,
}

/// How far the proofs lead.
#[derive(Debug)]
pub enum Opened {
    /// In.
    In(NewSignIn),
    /// To the page where the second thing is proved, or set: what the cookie holds until then.
    Halfway(String),
}

impl Opened {
    /// The sign-in, when the proofs were enough.
    pub fn whole(self) -> Option<NewSignIn> {
        match self {
            Self::In(new) => Some(new),
            Self::Halfway(_) => None,
        }
    }
}

/// Why nothing opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenRefusal {
    /// The account holds no role any more.
    #[error("Ce compte n’a plus de rôle. Demandez à l’administration de la Métropole de lui en donner un.")]
    NoRole,
}

impl Refusal for OpenRefusal {
    fn code(&self) -> &'static str {
        "no_role"
    }

    fn field(&self) -> Option<&'static str> {
        Some("email")
    }
}

/// Opens a sign-in for this account after these proofs; one alone is enough only for whoever has set no second factor
/// and need not.
///
/// # Errors
/// When the account holds no role, or the database fails.
pub fn open(
    tx: &mut Tx<'_>,
    clock: &Clock,
    setting: SecondFactor,
    account: AccountId,
    proofs: Proofs,
    visitor: &Visitor,
) -> Result<Opened, Failure<OpenRefusal>> {
    let now = clock.now();
    let grants = store::grants_of(tx, account)?;
    let Some(role) = grants.first().map(|grant| grant.role) else { return refuse(OpenRefusal::NoRole) };
    let is_due = second_factor_is_due(setting, grants.iter().map(|grant| grant.role));
    let token = new_token()?;
    let hash = passwords::token_hash(&token);
    if proofs == Proofs::One && (is_due || store::find_factor(tx, account)?.is_some()) {
        let until = Ts::new(now.utc() + Duration::minutes(HALFWAY_MINUTES));
        store::insert_half_sign_in(tx, account, &hash, now, until)?;
        return Ok(Opened::Halfway(token));
    }
    let device = match &visitor.device {
        Some(kept) => kept.clone(),
        None => new_token()?,
    };
    let device_hash = passwords::token_hash(&device);
    let new = OpenedSignIn { account, token_hash: &hash, role, browser: &visitor.browser, device_hash: &device_hash };
    let id = store::insert_sign_in(tx, new, now)?;
    write_entry(tx, clock, account, id.0, proofs)?;
    Ok(Opened::In(NewSignIn { token, device, role }))
}

fn write_entry(
    tx: &mut Tx<'_>,
    clock: &Clock,
    account: AccountId,
    id: uuid::Uuid,
    proofs: Proofs,
) -> Result<(), DbError> {
    let entry = Entry {
        chain: Chain::Account(account),
        actor: Actor::Account(account),
        action: "account.signed_in",
        subject: "sign_in",
        subject_id: id,
        before: None,
        after: Some(serde_json::json!({ "proofs": if proofs == Proofs::Two { 2 } else { 1 } })),
    };
    Ok(journal::write(tx, clock, entry)?)
}
