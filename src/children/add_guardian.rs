//! Adds a guardian to a child's file.

use serde_json::json;

use crate::accounts::Coordinator;
use crate::children::{Guardian, GuardianContact, LONGEST_NAME, look_up, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{ChildId, GuardianId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::vault::Vault;

/// Why a guardian is not entered, or not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardianRefusal {
    /// No name.
    #[error("Indiquez le nom du responsable légal.")]
    NoName,
    /// What the guardian is to the child is not said.
    #[error("Indiquez le lien avec l’enfant, par exemple « mère ».")]
    NoRelation,
    /// Longer than a line.
    #[error("Raccourcissez le nom, le lien ou l’adresse : {LONGEST_NAME} caractères au plus.")]
    TooLong,
    /// No way to reach them.
    #[error("Indiquez un numéro de téléphone ou une adresse e-mail : il faut pouvoir joindre ce responsable légal.")]
    Unreachable,
}

impl Refusal for GuardianRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoName => "no_guardian_name",
            Self::NoRelation => "no_guardian_relation",
            Self::TooLong => "guardian_too_long",
            Self::Unreachable => "guardian_unreachable",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoName | Self::TooLong => Some("guardian_name"),
            Self::NoRelation => Some("guardian_relation"),
            Self::Unreachable => Some("guardian_phone"),
        }
    }
}

/// Checks that a guardian can be named and reached.
pub(super) fn verify(contact: &GuardianContact) -> Result<(), GuardianRefusal> {
    if contact.name.trim().is_empty() {
        return Err(GuardianRefusal::NoName);
    }
    if contact.relation.trim().is_empty() {
        return Err(GuardianRefusal::NoRelation);
    }
    if contact.is_too_long() {
        return Err(GuardianRefusal::TooLong);
    }
    if contact.is_reachable() { Ok(()) } else { Err(GuardianRefusal::Unreachable) }
}

/// Adds a guardian to a child of the coordinator's programmes.
///
/// # Errors
/// When the child is not theirs, or the guardian cannot be named or reached.
pub fn add(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    who: &Coordinator,
    child: ChildId,
    contact: &GuardianContact,
) -> Result<GuardianId, Failure<GuardianRefusal>> {
    let child = look_up::load_for(tx, vault, who, child)?;
    if let Err(refusal) = verify(contact) {
        return refuse(refusal);
    }
    let guardian =
        Guardian { id: GuardianId::new(), child_id: child.id, contact: contact.clone(), reminders_since: None };
    store::insert_guardian(tx, vault, &guardian)?;
    let entry = Entry {
        chain: Chain::Programme(child.programme_id),
        actor: Actor::Account(who.account),
        action: "guardian.added",
        subject: "guardian",
        subject_id: guardian.id.0,
        before: None,
        after: Some(json!({ "child": child.reference })),
    };
    journal::write(tx, clock, entry)?;
    Ok(guardian.id)
}
