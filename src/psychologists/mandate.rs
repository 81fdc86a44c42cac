//! Gives and takes back a billing mandate: the month's invoice may then be issued in the psychologist's name.

use super::{Mandate, store};
use crate::accounts::Psychologist;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::journal::{self, Actor, Chain, Entry};

/// Why a mandate is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MandateRefusal {
    /// A signature to come is none.
    #[error("La date de signature est dans le futur : indiquez le jour où le mandat a été signé.")]
    InTheFuture,
    /// Nobody signed.
    #[error("Indiquez le nom de la personne qui a signé le mandat.")]
    NobodySigned,
    /// There is one.
    #[error("Un mandat est déjà en vigueur : retirez-le avant d’en signer un autre.")]
    AlreadyGiven,
    /// There is none.
    #[error("Aucun mandat n’est en vigueur : il n’y a rien à retirer.")]
    NoneGiven,
}

impl Refusal for MandateRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::InTheFuture => "mandate_in_the_future",
            Self::NobodySigned => "mandate_not_signed",
            Self::AlreadyGiven => "mandate_already_given",
            Self::NoneGiven => "mandate_not_given",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::InTheFuture => Some("signed_on"),
            Self::NobodySigned => Some("signed_by"),
            _ => None,
        }
    }
}

/// Gives the mandate.
///
/// # Errors
/// As [`MandateRefusal`] says, or when the database fails.
pub fn sign_mandate(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    mandate: &Mandate,
) -> Result<(), Failure<MandateRefusal>> {
    if mandate.signed_on > clock.today() {
        return refuse(MandateRefusal::InTheFuture);
    }
    if mandate.signed_by.trim().is_empty() {
        return refuse(MandateRefusal::NobodySigned);
    }
    if store::load(tx, who.id)?.mandate.is_some() {
        return refuse(MandateRefusal::AlreadyGiven);
    }
    store::set_mandate(tx, who.id, Some(mandate))?;
    tell(tx, clock, who, "psychologist.mandate_signed", None, Some(mandate))
}

/// Takes the mandate back: invoices already issued under it stand.
///
/// # Errors
/// As [`MandateRefusal`] says, or when the database fails.
pub fn revoke_mandate(tx: &mut Tx<'_>, clock: &Clock, who: &Psychologist) -> Result<(), Failure<MandateRefusal>> {
    let Some(mandate) = store::load(tx, who.id)?.mandate else { return refuse(MandateRefusal::NoneGiven) };
    store::set_mandate(tx, who.id, None)?;
    tell(tx, clock, who, "psychologist.mandate_revoked", Some(&mandate), None)
}

fn tell(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    action: &'static str,
    before: Option<&Mandate>,
    after: Option<&Mandate>,
) -> Result<(), Failure<MandateRefusal>> {
    let facts = |mandate: &Mandate| serde_json::json!(mandate);
    let entry = Entry {
        chain: Chain::Account(who.account),
        actor: Actor::Account(who.account),
        action,
        subject: "psychologist",
        subject_id: who.id.0,
        before: before.map(facts),
        after: after.map(facts),
    };
    journal::write(tx, clock, entry)?;
    Ok(())
}
