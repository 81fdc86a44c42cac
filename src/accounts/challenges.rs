//! Asks passkeys to sign, and takes each question back once: it is kept here, sealed, for one sign-in and one purpose.

use chrono::Duration;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::CredentialID;

use crate::accounts::passkeys::{self, PasskeyError};
use crate::accounts::store::StoredChallenge;
use crate::accounts::{PasskeyPurpose, Person, store};
use crate::app::App;
use crate::db::DbError;
use crate::ids::{AccountId, AskedOfId, PasskeyChallengeId};
use crate::sql_types::Ts;
use crate::vault::Place;

/// How long a question may be answered: as long as the page of the second step waits.
pub const VALID_MINUTES: i64 = 15;
/// A page shown again keeps its question while there is time enough to answer it.
const ENOUGH_MINUTES: i64 = 6;

/// A question as it is kept: what the browser is told, and what verifies its answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept<S> {
    /// What the owner will call the passkey, when it is to be added.
    pub name: Option<String>,
    /// What the browser is told.
    pub options: serde_json::Value,
    /// What verifies the answer.
    pub state: S,
}

fn place(id: PasskeyChallengeId) -> Place {
    Place { column: "passkey_challenges.state", row: id.0 }
}

/// Asks for a proof by a passkey of the account. Gives what the browser is told, as JSON; nothing when the account has no
/// passkey, or none may serve at our address.
///
/// # Errors
/// When the database fails.
pub fn to_prove(app: &App, account: AccountId, asked_of: AskedOfId) -> Result<Option<String>, DbError> {
    let Some(party) = passkeys::relying_party(app) else { return Ok(None) };
    let stored = app.db.read::<_, DbError>(|conn| Ok(store::passkeys_of(conn, account)?))?;
    if stored.is_empty() {
        return Ok(None);
    }
    if let Some(options) = shown(app, asked_of, PasskeyPurpose::Prove, ENOUGH_MINUTES)? {
        return Ok(Some(options));
    }
    let keys = stored.iter().map(|one| passkeys::opened(&app.vault, one)).collect::<Result<Vec<_>, _>>()?;
    let (options, state) = party.start_passkey_authentication(&keys).map_err(PasskeyError::Challenge)?;
    let options = serde_json::to_value(options).map_err(PasskeyError::from)?;
    keep(app, asked_of, PasskeyPurpose::Prove, &Kept { name: None, options, state }).map(Some)
}

/// Asks somebody signed in for a proof by one of their passkeys, as [`to_prove`].
///
/// # Errors
/// When the database fails.
pub fn to_prove_again(app: &App, who: &Person) -> Result<Option<String>, DbError> {
    match who.asked_of().filter(|_| who.has_second_factor) {
        Some(asked_of) => to_prove(app, who.account, asked_of),
        None => Ok(None),
    }
}

/// Who adds a passkey: what their authenticator keeps beside it.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// Their account.
    pub account: AccountId,
    /// Their address.
    pub email: &'a str,
    /// Their name.
    pub display_name: &'a str,
}

/// Asks for a new passkey, of a name given already or not. Gives what the browser is told, as JSON; nothing when passkeys
/// cannot serve at our address. An authenticator that holds one for this account makes no other.
///
/// # Errors
/// When the database fails.
pub fn to_add(app: &App, owner: Owner<'_>, asked_of: AskedOfId, name: Option<&str>) -> Result<Option<String>, DbError> {
    let Some(party) = passkeys::relying_party(app) else { return Ok(None) };
    let stored = app.db.read::<_, DbError>(|conn| Ok(store::passkeys_of(conn, owner.account)?))?;
    let mut known: Vec<CredentialID> = Vec::new();
    for one in &stored {
        known.push(passkeys::opened(&app.vault, one)?.cred_id().clone());
    }
    let (options, state) = party
        .start_passkey_registration(owner.account.0, owner.email, owner.display_name, Some(known))
        .map_err(PasskeyError::Challenge)?;
    let options = serde_json::to_value(options).map_err(PasskeyError::from)?;
    keep(app, asked_of, PasskeyPurpose::Add, &Kept { name: name.map(str::to_owned), options, state }).map(Some)
}

/// What a browser was told for a purpose, if it has at least so many minutes left to answer.
///
/// # Errors
/// When the database fails.
pub fn shown(app: &App, asked_of: AskedOfId, purpose: PasskeyPurpose, minutes: i64) -> Result<Option<String>, DbError> {
    let at = Ts::new(app.clock.now().utc() + Duration::minutes(minutes));
    let found = app.db.read::<_, DbError>(|conn| Ok(store::find_challenge(conn, asked_of, purpose, at)?))?;
    let Some(found) = found else { return Ok(None) };
    Ok(Some(open::<serde_json::Value>(app, &found)?.options.to_string()))
}

fn keep<S: Serialize>(
    app: &App,
    asked_of: AskedOfId,
    purpose: PasskeyPurpose,
    kept: &Kept<S>,
) -> Result<String, DbError> {
    let id = PasskeyChallengeId::new();
    let text = serde_json::to_string(kept).map_err(PasskeyError::from)?;
    let state = app.vault.seal(place(id), &text).map_err(PasskeyError::from)?;
    let expires_at = Ts::new(app.clock.now().utc() + Duration::minutes(VALID_MINUTES));
    let new = StoredChallenge { id, state, expires_at };
    app.db.write::<_, DbError>(|tx| Ok(store::put_challenge(tx, asked_of, purpose, &new)?))?;
    Ok(kept.options.to_string())
}

fn open<S: DeserializeOwned>(app: &App, stored: &StoredChallenge) -> Result<Kept<S>, PasskeyError> {
    Ok(serde_json::from_str(&app.vault.open(place(stored.id), &stored.state)?)?)
}

/// Takes back what a sign-in was asked: it is answered once, rightly or not. Nothing when it was not asked, was answered,
/// or waited too long.
///
/// # Errors
/// When the database fails.
pub fn take<S: DeserializeOwned>(
    app: &App,
    asked_of: AskedOfId,
    purpose: PasskeyPurpose,
) -> Result<Option<Kept<S>>, DbError> {
    let now = app.clock.now();
    let taken = app.db.write::<_, DbError>(|tx| {
        let Some(found) = store::find_challenge(tx, asked_of, purpose, now)? else { return Ok(None) };
        Ok(store::delete_challenge(tx, found.id)?.then_some(found))
    })?;
    Ok(taken.map(|found| open(app, &found)).transpose()?)
}
