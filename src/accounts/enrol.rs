//! Sets the second factor: a key is proposed, its owner shows with a code that their telephone holds it, and ten recovery
//! codes are made, shown this once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;

use crate::accounts::recovery_codes::NewCodes;
use crate::accounts::store::StoredFactor;
use crate::accounts::totp::{self, Drawing, Secret};
use crate::accounts::{prove, recovery_codes, store, trace};
use crate::app::App;
use crate::clock::Clock;
use crate::db::{DbError, Tx};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{AccountId, SignInId};
use crate::journal::Actor;
use crate::mails::{SecurityChanged, SecurityEvent};
use crate::outbox;
use crate::vault::{Place, Vault};

/// How long a proposed key may wait for its code.
const PROPOSED_MINUTES: i64 = 60;

/// A key proposed: nothing keeps it but the page that shows it.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// What the telephone reads.
    pub drawing: Drawing,
    /// What one types instead, four letters at a time.
    pub letters: String,
    /// The key as the form carries it, sealed for this account.
    pub sealed: String,
}

/// Why no second factor is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnrolRefusal {
    /// The code is not that of the key shown.
    #[error(
        "Ce code ne convient pas. Vérifiez l’heure de votre téléphone, puis tapez le code qu’il montre maintenant."
    )]
    WrongCode,
    /// The page waited too long, or is not theirs.
    #[error("Cette page a trop attendu. Enregistrez la nouvelle clé qu’elle montre, puis tapez le code.")]
    Stale,
}

impl Refusal for EnrolRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongCode => "wrong_code",
            Self::Stale => "stale_key",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("new_code")
    }
}

fn proposed(account: AccountId) -> Place {
    Place { column: "second_factors.proposed", row: account.0 }
}

/// Proposes a key to the person of an account: the one that their form carries, if it may still serve, or a new one.
///
/// # Errors
/// When the machine gives no randomness.
pub fn propose(
    vault: &Vault,
    clock: &Clock,
    account: AccountId,
    email: &str,
    carried: &str,
) -> Result<Proposal, DbError> {
    let kept = read(vault, clock, account, carried).map(|secret| (secret, carried.to_owned()));
    let (secret, sealed) = match kept {
        Some(kept) => kept,
        None => {
            let secret = Secret::random()?;
            let text = format!("{}|{}", secret.letters(), clock.now().utc().timestamp());
            let sealed = vault.seal(proposed(account), &text).map_err(totp::SecretError::from)?;
            (secret, URL_SAFE_NO_PAD.encode(sealed))
        }
    };
    let letters: Vec<char> = secret.letters().chars().collect();
    let letters = letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ");
    Ok(Proposal { drawing: secret.drawing(email)?, letters, sealed })
}

/// The key that a form carries, if we proposed it to this account and not too long ago.
fn read(vault: &Vault, clock: &Clock, account: AccountId, carried: &str) -> Option<Secret> {
    let sealed = URL_SAFE_NO_PAD.decode(carried).ok()?;
    let text = vault.open(proposed(account), &sealed).ok()?;
    let (letters, at) = text.split_once('|')?;
    let age = clock.now().utc().timestamp() - at.parse::<i64>().ok()?;
    if age > Duration::minutes(PROPOSED_MINUTES).num_seconds() {
        return None;
    }
    Secret::from_letters(letters).ok()
}

/// A key whose code was right, with its recovery codes: ready to be kept.
#[derive(Debug)]
pub struct Ready {
    factor: StoredFactor,
    codes: NewCodes,
}

/// Holds the code against the key that the form carries, and makes what is kept. It writes nothing.
///
/// # Errors
/// When the code is wrong, or the form too old.
pub fn prepare(app: &App, account: AccountId, carried: &str, code: &str) -> Result<Ready, Failure<EnrolRefusal>> {
    let now = app.clock.now();
    let Some(secret) = read(&app.vault, &app.clock, account, carried) else { return refuse(EnrolRefusal::Stale) };
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let Some(step) = secret.step_of(&code, now).map_err(DbError::from)? else {
        return refuse(EnrolRefusal::WrongCode);
    };
    let codes = recovery_codes::make().map_err(DbError::from)?;
    let sealed = app.vault.seal(prove::place(account), &secret.letters());
    let secret = sealed.map_err(|e| DbError::from(totp::SecretError::from(e)))?;
    Ok(Ready {
        factor: StoredFactor { secret: Some(secret), last_step: step, codes_salt: codes.salt.clone(), created_at: now },
        codes,
    })
}

/// Keeps a second factor, ends the other sign-ins of the account, and tells its person. Gives the recovery codes.
///
/// # Errors
/// When the database fails.
pub fn keep(
    tx: &mut Tx<'_>,
    clock: &Clock,
    (account, email): (AccountId, &str),
    ready: &Ready,
    kept: Option<SignInId>,
) -> Result<Vec<String>, DbError> {
    store::put_factor(tx, account, &ready.factor)?;
    store::put_recovery_codes(tx, account, &ready.codes.salt, &ready.codes.hashes)?;
    store::end_sign_ins(tx, account, kept, clock.now())?;
    trace::write(tx, clock, Actor::Account(account), account, "account.second_factor_set", (None, None))?;
    tell(tx, clock, email, SecurityEvent::SecondFactorSet)?;
    Ok(ready.codes.codes.clone())
}

/// Makes ten other recovery codes: those before no longer serve.
///
/// # Errors
/// When the account has no second factor, or the database fails.
pub fn renew_codes(app: &App, account: AccountId, email: &str) -> Result<Vec<String>, DbError> {
    let new = recovery_codes::make()?;
    app.db.write::<_, DbError>(|tx| {
        store::put_recovery_codes(tx, account, &new.salt, &new.hashes)?;
        trace::write(tx, &app.clock, Actor::Account(account), account, "account.recovery_codes_renewed", (None, None))?;
        tell(tx, &app.clock, email, SecurityEvent::RecoveryCodesRenewed)
    })?;
    Ok(new.codes)
}

fn tell(tx: &mut Tx<'_>, clock: &Clock, email: &str, event: SecurityEvent) -> Result<(), DbError> {
    let mail = SecurityChanged { recipient: email.to_owned(), event, at: clock.now() };
    outbox::enqueue(tx, clock, mail.message()?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn a_key_shown_waits_an_hour_for_its_code() {
        let vault = Vault::from_text(&format!("1:{}", "ab".repeat(32))).unwrap();
        let clock = Clock::fixed(chrono::Utc.with_ymd_and_hms(2026, 10, 5, 8, 0, 0).unwrap());
        let account = AccountId::new();
        let shown = propose(&vault, &clock, account, "li@example.org", "").unwrap();
        clock.advance(Duration::minutes(60));
        assert!(read(&vault, &clock, account, &shown.sealed).is_some());
        assert!(read(&vault, &clock, AccountId::new(), &shown.sealed).is_none(), "shown to somebody else");
        clock.advance(Duration::seconds(1));
        assert!(read(&vault, &clock, account, &shown.sealed).is_none());
        clock.advance(Duration::hours(1));
        assert!(read(&vault, &clock, account, &shown.sealed).is_none());
    }
}
