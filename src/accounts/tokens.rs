//! Bearer tokens of the API: made, shown once, revoked.

use chrono::Duration;

use crate::accounts::scopes::Scope;
use crate::accounts::sign_in::new_token;
use crate::accounts::{Means, passwords, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{AccountId, ApiTokenId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::sql_types::Ts;

/// How long a token works unless one says otherwise, in days.
pub const USUAL_DAYS: i64 = 90;
/// How long a token may work, in days.
pub const LONGEST_DAYS: i64 = 365;
/// How many tokens of an account work at once: what somebody can still tell apart.
pub const MOST: i64 = 20;
/// The longest label.
pub const LONGEST_LABEL: usize = 60;

/// A token just made: the text is kept nowhere.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What the program sends.
    pub token: String,
    /// Until when it works.
    pub expires_at: Ts,
}

/// Why no token is made.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// The account is closed.
    #[error("Ce compte est désactivé. Réactivez-le d’abord.")]
    Disabled,
    /// A program asks, not a person.
    #[error("Un jeton n’en crée pas d’autre. Connectez-vous, puis créez-le dans « Mon compte ».")]
    ByToken,
    /// Too short or too long a life.
    #[error("Choisissez une durée de 1 à {LONGEST_DAYS} jours.")]
    Days,
    /// As many as an account may have.
    #[error("Ce compte a déjà {MOST} jetons, le plus qu’il puisse avoir. Révoquez-en un d’abord.")]
    Most,
}

impl Refusal for TokenRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Disabled => "account_disabled",
            Self::ByToken => "token_by_token",
            Self::Days => "token_days",
            Self::Most => "too_many_tokens",
        }
    }

    fn field(&self) -> Option<&'static str> {
        matches!(self, Self::Days).then_some("days")
    }
}

/// Whether somebody may make a token: whoever signed in may. A token that makes others would outlive its own end and its
/// own revocation, and widen its own scope.
///
/// # Errors
/// When they are known by a token.
pub fn may_make_one(means: &Means) -> Result<(), TokenRefusal> {
    if matches!(means, Means::SignIn { .. }) { Ok(()) } else { Err(TokenRefusal::ByToken) }
}

/// Makes a token for an account: it may do what the account may, within its scope.
///
/// # Errors
/// When the account is absent or closed, or has [`MOST`] tokens already, or the life does not fit.
pub fn create(
    tx: &mut Tx<'_>,
    clock: &Clock,
    author: Actor,
    account: AccountId,
    label: &str,
    days: i64,
    scope: &Scope,
) -> Result<NewToken, Failure<TokenRefusal>> {
    if !(1..=LONGEST_DAYS).contains(&days) {
        return refuse(TokenRefusal::Days);
    }
    if store::load_account(tx, account)?.disabled_at.is_some() {
        return refuse(TokenRefusal::Disabled);
    }
    // of two asked for at once, the second counts the first
    store::lock_account(tx, account)?;
    if store::count_tokens(tx, account, clock.now())? >= MOST {
        return refuse(TokenRefusal::Most);
    }
    let token = new_token()?;
    let expires_at = Ts::new(clock.now().utc() + Duration::days(days));
    let may = (scope.is_read_only, scope.stored_areas());
    let id = store::insert_token(tx, account, &passwords::token_hash(&token), label, may, (clock.now(), expires_at))?;
    let facts = serde_json::json!({
        "label": label, "expires_at": expires_at, "read_only": scope.is_read_only, "areas": scope.stored_areas(),
    });
    write_entry(tx, clock, author, account, id, "token.created", Some(facts))?;
    Ok(NewToken { token, expires_at })
}

/// Revokes a token of an account; a token of another account is not found.
///
/// # Errors
/// When there is no such token in use.
pub fn revoke(
    tx: &mut Tx<'_>,
    clock: &Clock,
    author: Actor,
    account: AccountId,
    token: ApiTokenId,
) -> Result<(), Failure<TokenRefusal>> {
    if !store::revoke_token(tx, account, token, clock.now())? {
        return Err(Failure::NotFound);
    }
    write_entry(tx, clock, author, account, token, "token.revoked", None)?;
    Ok(())
}

fn write_entry(
    tx: &mut Tx<'_>,
    clock: &Clock,
    actor: Actor,
    account: AccountId,
    token: ApiTokenId,
    action: &'static str,
    after: Option<serde_json::Value>,
) -> diesel::QueryResult<()> {
    let chain = Chain::Account(account);
    journal::write(
        tx,
        clock,
        Entry { chain, actor, action, subject: "token", subject_id: token.0, before: None, after },
    )
}
