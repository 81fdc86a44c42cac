//! Proves the second thing: a code of the telephone, a recovery code, or the answer of a passkey. Each serves once.

use crate::accounts::store::StoredFactor;
use crate::accounts::throttle::{self, Subject, TooMany};
use crate::accounts::totp::Secret;
use crate::accounts::{Person, Visitor, passwords, prove_passkey, recovery_codes, store, trace};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{AccountId, AskedOfId};
use crate::journal::Actor;
use crate::logs::events::{self, Proof};
use crate::mails::{SecurityChanged, SecurityEvent};
use crate::outbox;
use crate::vault::{Place, Vault};

/// Why the second thing is not proved.
#[derive(Debug, thiserror::Error)]
pub enum ProofRefusal {
    /// It is no code of theirs, or not of now.
    #[error("Ce code ne convient pas. Tapez celui que l’application montre maintenant, ou un code de secours.")]
    Wrong,
    /// It served already.
    #[error("Ce code a déjà servi. Attendez le suivant, dans moins de trente secondes.")]
    Used,
    /// No passkey of theirs answered, or not as it must.
    #[error("Cette clé d’accès n’a pas été reconnue. Essayez à nouveau, ou tapez un code.")]
    Passkey,
    /// This sign-in was asked nothing, or too long ago, or has answered.
    #[error("Cette demande a trop attendu, ou a déjà servi. Utilisez à nouveau votre clé d’accès, ou tapez un code.")]
    PasskeyStale,
    /// A passkey counted backwards.
    #[error(
        "Cette clé d’accès est refusée : quelqu’un en a peut-être une copie. Tapez un code, puis retirez la clé dans \
         « Mon compte » et prévenez l’administration de la Métropole."
    )]
    PasskeyCopied,
    /// Too many tries.
    #[error("{0}")]
    TooMany(#[from] TooMany),
}

impl Refusal for ProofRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Wrong => "wrong_code",
            Self::Used => "code_used",
            Self::Passkey => "wrong_passkey",
            Self::PasskeyStale => "stale_challenge",
            Self::PasskeyCopied => "passkey_copied",
            Self::TooMany(_) => "too_many_requests",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("code")
    }
}

/// Where the key of an account is sealed.
pub(super) fn place(account: AccountId) -> Place {
    Place { column: "second_factors.secret", row: account.0 }
}

/// The key of the telephone of a second factor, if there is one.
fn secret_of(vault: &Vault, account: AccountId, factor: &StoredFactor) -> Result<Option<Secret>, DbError> {
    let Some(sealed) = &factor.secret else { return Ok(None) };
    let letters = vault.open(place(account), sealed).map_err(|e| DbError::from(super::totp::SecretError::from(e)))?;
    Ok(Some(Secret::from_letters(&letters)?))
}

/// Who proves the second thing.
#[derive(Debug, Clone, Copy)]
pub struct Prover<'a> {
    /// Their account.
    pub account: AccountId,
    /// Its address.
    pub email: &'a str,
    /// The sign-in whose question a passkey may answer; none where no passkey is asked.
    pub asked_of: Option<AskedOfId>,
}

impl<'a> Prover<'a> {
    /// Somebody signed in, who proves it again.
    pub fn again(who: &'a Person) -> Self {
        Self { account: who.account, email: &who.email, asked_of: who.asked_of() }
    }
}

/// Proves the second thing for an account that has set one: by a code typed, or by what a passkey answered. Every try is
/// counted, by account and by address.
///
/// # Errors
/// When it does not prove it or has served, or there were too many tries.
pub fn prove(app: &App, who: Prover<'_>, given: &str, visitor: &Visitor) -> Result<(), Failure<ProofRefusal>> {
    let outcome = try_proof(app, who, given, visitor);
    events::proved(kind_of(given), Some(who.account), &visitor.address, &outcome);
    outcome
}

fn kind_of(given: &str) -> Proof {
    if prove_passkey::is_answer(given) {
        Proof::Passkey
    } else if recovery_codes::is_of_telephone(&without_spaces(given)) {
        Proof::TelephoneCode
    } else {
        Proof::RecoveryCode
    }
}

fn without_spaces(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace()).collect()
}

fn try_proof(app: &App, who: Prover<'_>, given: &str, visitor: &Visitor) -> Result<(), Failure<ProofRefusal>> {
    let (db, clock, email) = (&app.db, &app.clock, who.email);
    let device = known_device(app, email, visitor)?;
    let turns = [Subject::second_factor(email, device.as_deref()), Subject::address(&visitor.address)];
    for turn in &turns {
        throttle::take_turn(db, clock, turn)?.map_err(|e| Failure::Refused(e.into()))?;
    }
    if prove_passkey::is_answer(given) {
        prove_passkey::prove(app, who.account, email, who.asked_of, given)?;
    } else {
        prove_code(app, who, given)?;
    }
    let [turn, address] = &turns;
    db.write::<_, DbError>(|tx| {
        throttle::forget(tx, turn)?;
        Ok(throttle::give_back(tx, clock, address)?)
    })?;
    Ok(())
}

fn prove_code(app: &App, who: Prover<'_>, typed: &str) -> Result<(), Failure<ProofRefusal>> {
    let (db, account) = (&app.db, who.account);
    let Some(factor) = db.read::<_, DbError>(|conn| Ok(store::find_factor(conn, account)?))? else {
        return refuse(ProofRefusal::Wrong);
    };
    let typed = without_spaces(typed);
    if recovery_codes::is_of_telephone(&typed) {
        let Some(secret) = secret_of(&app.vault, account, &factor)? else { return refuse(ProofRefusal::Wrong) };
        let found = secret.step_of(&typed, app.clock.now()).map_err(DbError::from)?;
        let Some(step) = found else { return refuse(ProofRefusal::Wrong) };
        if !db.write::<_, DbError>(|tx| Ok(store::use_step(tx, account, step)?))? {
            return refuse(ProofRefusal::Used);
        }
    } else {
        let hash = recovery_codes::hash(&typed, &factor.codes_salt).map_err(DbError::from)?;
        if !db.write::<_, DbError>(|tx| use_recovery_code(tx, app, account, who.email, &hash))? {
            return refuse(ProofRefusal::Wrong);
        }
    }
    Ok(())
}

/// The hash of what this browser keeps, if the person of this address signed in from it before.
pub(super) fn known_device(app: &App, email: &str, visitor: &Visitor) -> Result<Option<Vec<u8>>, DbError> {
    let Some(hash) = visitor.device.as_deref().map(passwords::token_hash) else { return Ok(None) };
    let is_theirs = app.db.read::<_, DbError>(|conn| Ok(store::is_device_of(conn, email, &hash)?))?;
    Ok(is_theirs.then_some(hash))
}

fn use_recovery_code(
    tx: &mut Tx<'_>,
    app: &App,
    account: AccountId,
    email: &str,
    hash: &[u8],
) -> Result<bool, DbError> {
    if !store::use_recovery_code(tx, account, hash, app.clock.now())? {
        return Ok(false);
    }
    let left = store::recovery_codes_left(tx, account)?;
    let after = serde_json::json!({ "left": left });
    trace::write(tx, &app.clock, Actor::Account(account), account, "account.recovery_code_used", (None, Some(after)))?;
    let mail = SecurityChanged {
        recipient: email.to_owned(),
        event: SecurityEvent::RecoveryCodeUsed { left },
        at: app.clock.now(),
    };
    outbox::enqueue(tx, &app.clock, mail.message()?)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_prove_is_told_apart() {
        let refusals = [
            (ProofRefusal::Wrong, "wrong_code"),
            (ProofRefusal::Used, "code_used"),
            (ProofRefusal::Passkey, "wrong_passkey"),
            (ProofRefusal::PasskeyStale, "stale_challenge"),
            (ProofRefusal::PasskeyCopied, "passkey_copied"),
        ];
        for (refusal, code) in refusals {
            assert_eq!((refusal.code(), refusal.field()), (code, Some("code")));
        }
    }
}
