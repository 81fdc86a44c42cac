//! Proves the second thing with a passkey: its answer to what this very sign-in was asked.

use webauthn_rs::prelude::{AuthenticationResult, PasskeyAuthentication, PublicKeyCredential, WebauthnError};

use crate::accounts::prove::ProofRefusal;
use crate::accounts::{PasskeyPurpose, challenges, passkeys, store, trace};
use crate::app::App;
use crate::db::DbError;
use crate::failure::{Failure, refuse};
use crate::ids::{AccountId, AskedOfId};
use crate::journal::Actor;
use crate::mails::{SecurityChanged, SecurityEvent};
use crate::outbox;

/// Whether what was given is the answer of a passkey rather than a code: the module of the page writes it as JSON.
pub(super) fn is_answer(given: &str) -> bool {
    given.starts_with('{')
}

/// Holds the answer of a passkey against what this sign-in was asked, and notes that it served. The question is used up
/// whatever the answer.
///
/// # Errors
/// When nothing was asked of this sign-in, or the answer is not that of a passkey of the account.
pub(super) fn prove(
    app: &App,
    account: AccountId,
    email: &str,
    asked_of: Option<AskedOfId>,
    answer: &str,
) -> Result<(), Failure<ProofRefusal>> {
    let (Some(party), Some(asked_of)) = (passkeys::relying_party(app), asked_of) else {
        return refuse(ProofRefusal::PasskeyStale);
    };
    let asked = challenges::take::<PasskeyAuthentication>(app, asked_of, PasskeyPurpose::Prove)?;
    let Some(asked) = asked else { return refuse(ProofRefusal::PasskeyStale) };
    let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(answer) else {
        return refuse(ProofRefusal::Passkey);
    };
    let credential = passkeys::written(&answer.raw_id);
    match party.finish_passkey_authentication(&answer, &asked.state) {
        Ok(proved) if note_used(app, account, &credential, &proved)? => Ok(()),
        // two answers at once, of which one was of a copy
        Ok(_) | Err(WebauthnError::CredentialPossibleCompromise) => {
            tell_of_copy(app, account, email, &credential)?;
            refuse(ProofRefusal::PasskeyCopied)
        }
        Err(refused) => {
            tracing::info!(reason = ?refused, "the answer of a passkey is refused");
            refuse(ProofRefusal::Passkey)
        }
    }
}

/// Notes that a passkey served. Says whether its count went forward since the last time, where its authenticator counts.
fn note_used(
    app: &App,
    account: AccountId,
    credential: &str,
    proved: &AuthenticationResult,
) -> Result<bool, Failure<ProofRefusal>> {
    app.db.write(|tx| {
        store::lock_account(tx, account)?;
        // removed since the question was asked
        let found = store::find_passkey_of_credential(tx, account, credential)?;
        let Some(stored) = found else { return refuse(ProofRefusal::Passkey) };
        let mut passkey = passkeys::opened(&app.vault, &stored).map_err(DbError::from)?;
        passkey.update_credential(proved);
        let sealed = passkeys::sealed(&app.vault, stored.id, &passkey).map_err(DbError::from)?;
        Ok(store::note_passkey_used(tx, stored.id, &sealed, i64::from(proved.counter()), app.clock.now())?)
    })
}

/// Journals that a passkey counted backwards, and tells its owner: somebody may hold a copy.
fn tell_of_copy(app: &App, account: AccountId, email: &str, credential: &str) -> Result<(), DbError> {
    app.db.write(|tx| {
        let Some(stored) = store::find_passkey_of_credential(tx, account, credential)? else { return Ok(()) };
        let after = serde_json::json!({ "passkey": stored.id });
        trace::write(tx, &app.clock, Actor::Account(account), account, "account.passkey_refused", (None, Some(after)))?;
        let (recipient, at) = (email.to_owned(), app.clock.now());
        let mail = SecurityChanged { recipient, event: SecurityEvent::PasskeyRefused, at };
        outbox::enqueue(tx, &app.clock, mail.message()?)?;
        Ok(())
    })
}
