//! Adds a passkey to an account. The first thing that proves its person beside the password comes with recovery codes.

use webauthn_rs::prelude::{Passkey, PasskeyRegistration, RegisterPublicKeyCredential};

use crate::accounts::challenges::{self, Owner};
use crate::accounts::confirm::{self, ConfirmRefusal};
use crate::accounts::passkeys::{self, MOST};
use crate::accounts::recovery_codes::{self, NewCodes};
use crate::accounts::store::{NewPasskey, StoredFactor};
use crate::accounts::{PasskeyPurpose, Person, Visitor, store, trace};
use crate::app::App;
use crate::db::{DbError, Tx, violated};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{AccountId, AskedOfId, PasskeyId, SignInId};
use crate::journal::Actor;
use crate::logs::events::{self, Proof};
use crate::mails::{SecurityChanged, SecurityEvent};
use crate::outbox;

/// Why no passkey is added.
#[derive(Debug, thiserror::Error)]
pub enum AddRefusal {
    /// Who asks is not taken for the owner.
    #[error("{0}")]
    Confirm(#[from] ConfirmRefusal),
    /// Passkeys cannot serve at our address.
    #[error(
        "Les clés d’accès ne fonctionnent pas à cette adresse de PsyPRE. Reliez un téléphone, ou parlez-en à \
         l’administration de la Métropole."
    )]
    NotHere,
    /// There are enough.
    #[error("Votre compte a déjà {MOST} clés d’accès, le plus qu’il puisse avoir. Retirez-en une d’abord.")]
    Enough,
    /// The browser made none.
    #[error(
        "Votre navigateur n’a pas créé de clé d’accès : il lui faut JavaScript, et une version récente. Un téléphone \
         peut servir à la place."
    )]
    Absent,
    /// The question was answered, waited too long, or was asked of another sign-in.
    #[error("Cette demande a trop attendu, ou a déjà servi. Recommencez.")]
    Stale,
    /// The passkey opens an account already.
    #[error("Cette clé d’accès est déjà enregistrée. Utilisez-en une autre.")]
    Known,
    /// What the authenticator answered does not verify.
    #[error("Cette clé d’accès n’a pas pu être vérifiée. Recommencez, ou essayez-en une autre.")]
    Wrong,
}

impl Refusal for AddRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Confirm(refusal) => refusal.code(),
            Self::NotHere => "passkeys_unavailable",
            Self::Enough => "too_many_passkeys",
            Self::Absent => "no_passkey",
            Self::Stale => "stale_challenge",
            Self::Known => "passkey_known",
            Self::Wrong => "wrong_passkey",
        }
    }

    fn field(&self) -> Option<&'static str> {
        if let Self::Confirm(refusal) = self { refusal.field() } else { Some("key_name") }
    }
}

/// Asks a person again who they are, then their browser for a new passkey of this name.
///
/// # Errors
/// When the password or the code is wrong, there were too many tries, or the account has enough passkeys.
pub fn begin(
    app: &App,
    who: &Person,
    name: &str,
    typed: (&str, &str),
    visitor: &Visitor,
) -> Result<(), Failure<AddRefusal>> {
    let Some(asked_of) = who.asked_of() else { return refuse(AddRefusal::NotHere) };
    if passkeys::relying_party(app).is_none() {
        return refuse(AddRefusal::NotHere);
    }
    if app.db.read::<_, DbError>(|conn| Ok(store::count_passkeys(conn, who.account)?))? >= MOST {
        return refuse(AddRefusal::Enough);
    }
    confirm::confirm(app, who, typed, visitor).map_err(|failure| failure.map(Into::into))?;
    let owner = Owner { account: who.account, email: &who.email, display_name: &who.display_name };
    challenges::to_add(app, owner, asked_of, Some(name))?;
    Ok(())
}

/// A passkey verified, ready to be kept; with recovery codes, should it be the first thing that proves its owner.
#[derive(Debug)]
pub struct Ready {
    /// What its owner called it when it was asked for.
    pub name: Option<String>,
    passkey: Passkey,
    codes: Option<NewCodes>,
}

/// Holds what an authenticator answered against what this sign-in was asked. The question is used up whatever the answer.
///
/// # Errors
/// When nothing was asked of this sign-in, the passkey is known already, or does not verify.
pub fn check(
    app: &App,
    (account, asked_of): (AccountId, AskedOfId),
    answer: &str,
    visitor: &Visitor,
) -> Result<Ready, Failure<AddRefusal>> {
    let ready = verify(app, (account, asked_of), answer);
    events::proved(Proof::NewPasskey, Some(account), &visitor.address, &ready);
    ready
}

fn verify(app: &App, (account, asked_of): (AccountId, AskedOfId), answer: &str) -> Result<Ready, Failure<AddRefusal>> {
    let Some(party) = passkeys::relying_party(app) else { return refuse(AddRefusal::NotHere) };
    if answer.is_empty() {
        return refuse(AddRefusal::Absent);
    }
    let asked = challenges::take::<PasskeyRegistration>(app, asked_of, PasskeyPurpose::Add)?;
    let Some(asked) = asked else { return refuse(AddRefusal::Stale) };
    let Ok(answer) = serde_json::from_str::<RegisterPublicKeyCredential>(answer) else {
        return refuse(AddRefusal::Wrong);
    };
    let (is_known, has_factor) = app.db.read::<_, DbError>(|conn| {
        let is_known = store::is_credential_known(conn, &passkeys::written(&answer.raw_id))?;
        Ok((is_known, store::find_factor(conn, account)?.is_some()))
    })?;
    if is_known {
        return refuse(AddRefusal::Known);
    }
    match party.finish_passkey_registration(&answer, &asked.state) {
        Ok(passkey) => {
            let codes = if has_factor { None } else { Some(recovery_codes::make().map_err(DbError::from)?) };
            Ok(Ready { name: asked.name, passkey, codes })
        }
        Err(refused) => {
            tracing::info!(reason = ?refused, "a new passkey is refused");
            refuse(AddRefusal::Wrong)
        }
    }
}

/// Keeps a passkey, ends the other sign-ins of the account, and tells its person. Gives the recovery codes, when it is
/// the first thing that proves them.
///
/// # Errors
/// When it is known already, there are enough, or what the account had to prove itself has just gone.
pub fn keep(
    tx: &mut Tx<'_>,
    app: &App,
    (account, email): (AccountId, &str),
    (ready, name): (&Ready, &str),
    kept: Option<SignInId>,
) -> Result<Option<Vec<String>>, Failure<AddRefusal>> {
    let now = app.clock.now();
    store::lock_account(tx, account)?;
    if store::count_passkeys(tx, account)? >= MOST {
        return refuse(AddRefusal::Enough);
    }
    let is_first = store::find_factor(tx, account)?.is_none();
    if is_first {
        let Some(codes) = &ready.codes else { return refuse(AddRefusal::Stale) };
        let factor = StoredFactor { secret: None, last_step: 0, codes_salt: codes.salt.clone(), created_at: now };
        store::put_factor(tx, account, &factor)?;
        store::put_recovery_codes(tx, account, &codes.salt, &codes.hashes)?;
    }
    let id = PasskeyId::new();
    let sealed = passkeys::sealed(&app.vault, id, &ready.passkey).map_err(DbError::from)?;
    let credential_id = &passkeys::written(ready.passkey.cred_id());
    let new = NewPasskey { id, account, name, credential_id, public_key: &sealed };
    store::insert_passkey(tx, new, now).map_err(|e| {
        if violated(&e, "passkeys_credential_unique") || violated(&e, "passkeys.credential_id") {
            Failure::Refused(AddRefusal::Known)
        } else {
            e.into()
        }
    })?;
    store::end_sign_ins(tx, account, kept, now)?;
    let after = serde_json::json!({ "passkey": id });
    trace::write(tx, &app.clock, Actor::Account(account), account, "account.passkey_added", (None, Some(after)))?;
    let mail = SecurityChanged { recipient: email.to_owned(), event: SecurityEvent::PasskeyAdded, at: now };
    outbox::enqueue(tx, &app.clock, mail.message()?)?;
    Ok(ready.codes.as_ref().filter(|_| is_first).map(|codes| codes.codes.clone()))
}

/// Adds to one's account the passkey that one's browser was asked for. Gives the recovery codes, when it is the first
/// thing that proves one.
///
/// # Errors
/// As [`check`] and [`keep`].
pub fn finish(
    app: &App,
    who: &Person,
    answer: &str,
    visitor: &Visitor,
) -> Result<Option<Vec<String>>, Failure<AddRefusal>> {
    let Some(asked_of) = who.asked_of() else { return refuse(AddRefusal::Stale) };
    let ready = check(app, (who.account, asked_of), answer, visitor)?;
    let Some(name) = ready.name.clone() else { return refuse(AddRefusal::Stale) };
    app.db.write(|tx| {
        let codes = keep(tx, app, (who.account, &who.email), (&ready, &name), Some(SignInId(asked_of.0)))?;
        store::delete_challenges_of(tx, asked_of)?;
        Ok(codes)
    })
}
