//! Changes who a guardian is, or how to reach them.

use serde_json::json;

use crate::accounts::Coordinator;
use crate::children::add_guardian::{self, GuardianRefusal};
use crate::children::{Guardian, GuardianContact, look_up, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, refuse};
use crate::ids::{ChildId, GuardianId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::vault::Vault;

/// Changes a guardian of a child of the coordinator's programmes. The journal keeps that it changed, not what it was.
///
/// # Errors
/// When the child is not theirs, the guardian not the child's, or they could no longer be named or reached.
pub fn edit(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    who: &Coordinator,
    child: ChildId,
    id: GuardianId,
    contact: &GuardianContact,
) -> Result<(), Failure<GuardianRefusal>> {
    let child = look_up::load_for(tx, vault, who, child)?;
    let known = store::guardians_of(tx, vault, child.id)?;
    let Some(before) = known.into_iter().find(|guardian| guardian.id == id) else { return Err(Failure::NotFound) };
    if let Err(refusal) = add_guardian::verify(contact) {
        return refuse(refusal);
    }
    if before.contact == *contact {
        return Ok(());
    }
    store::update_guardian(tx, vault, &Guardian { contact: contact.clone(), ..before })?;
    let entry = Entry {
        chain: Chain::Programme(child.programme_id),
        actor: Actor::Account(who.account),
        action: "guardian.edited",
        subject: "guardian",
        subject_id: id.0,
        before: None,
        after: Some(json!({ "child": child.reference, "contact_changed": true })),
    };
    journal::write(tx, clock, entry)?;
    Ok(())
}
