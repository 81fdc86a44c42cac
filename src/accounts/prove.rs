//! Proves the second thing: a code of the telephone, or a recovery code. Each serves once.

use crate::accounts::store::StoredFactor;
use crate::accounts::throttle::{self, Subject, TooMany};
use crate::accounts::totp::Secret;
use crate::accounts::{Visitor, passwords, recovery_codes, store, trace};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::AccountId;
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
    /// Too many tries.
    #[error("{0}")]
    TooMany(#[from] TooMany),
}

impl Refusal for ProofRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Wrong => "wrong_code",
            Self::Used => "code_used",
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

/// The key of a second factor.
pub(super) fn secret_of(vault: &Vault, account: AccountId, factor: &StoredFactor) -> Result<Secret, DbError> {
    let letters =
        vault.open(place(account), &factor.secret).map_err(|e| DbError::from(super::totp::SecretError::from(e)))?;
    Ok(Secret::from_letters(&letters)?)
}

/// Proves the second thing for an account that has set one. Every try is counted, by account and by address.
///
/// # Errors
/// When the code is wrong or has served, or there were too many tries.
pub fn prove(
    app: &App,
    account: AccountId,
    email: &str,
    typed: &str,
    visitor: &Visitor,
) -> Result<(), Failure<ProofRefusal>> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let outcome = try_code(app, account, email, &typed, visitor);
    let of_telephone = recovery_codes::is_of_telephone(&typed);
    let proof = if of_telephone { Proof::TelephoneCode } else { Proof::RecoveryCode };
    events::proved(proof, Some(account), &visitor.address, &outcome);
    outcome
}

fn try_code(
    app: &App,
    account: AccountId,
    email: &str,
    typed: &str,
    visitor: &Visitor,
) -> Result<(), Failure<ProofRefusal>> {
    let (db, clock) = (&app.db, &app.clock);
    let device = known_device(app, email, visitor)?;
    let turns = [Subject::second_factor(email, device.as_deref()), Subject::address(&visitor.address)];
    for turn in &turns {
        throttle::take_turn(db, clock, turn)?.map_err(|e| Failure::Refused(e.into()))?;
    }
    let Some(factor) = db.read::<_, DbError>(|conn| Ok(store::find_factor(conn, account)?))? else {
        return refuse(ProofRefusal::Wrong);
    };
    if recovery_codes::is_of_telephone(typed) {
        let found = secret_of(&app.vault, account, &factor)?.step_of(typed, clock.now()).map_err(DbError::from)?;
        let Some(step) = found else { return refuse(ProofRefusal::Wrong) };
        if !db.write::<_, DbError>(|tx| Ok(store::use_step(tx, account, step)?))? {
            return refuse(ProofRefusal::Used);
        }
    } else {
        let hash = recovery_codes::hash(typed, &factor.codes_salt).map_err(DbError::from)?;
        if !db.write::<_, DbError>(|tx| use_recovery_code(tx, app, account, email, &hash))? {
            return refuse(ProofRefusal::Wrong);
        }
    }
    let [turn, address] = &turns;
    db.write::<_, DbError>(|tx| {
        throttle::forget(tx, turn)?;
        Ok(throttle::give_back(tx, clock, address)?)
    })?;
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
