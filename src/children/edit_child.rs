//! Changes what is said of a child; the programme and the reference stay.

use serde_json::Value;

use crate::accounts::Coordinator;
use crate::children::create_child::{self, ChildEntry, ChildRefusal};
use crate::children::{Child, look_up, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::Failure;
use crate::ids::ChildId;
use crate::journal::{self, Actor, Chain, Entry};
use crate::vault::Vault;

/// Changes what is said of a child of the coordinator's programmes.
///
/// # Errors
/// When the child is not theirs, or a rule refuses.
pub fn edit(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    who: &Coordinator,
    id: ChildId,
    entry: &ChildEntry,
) -> Result<(), Failure<ChildRefusal>> {
    let before = look_up::load_for(tx, vault, who, id)?;
    create_child::verify(tx, clock, before.programme_id, entry)?;
    let after = Child {
        identity: entry.identity.clone(),
        gender: entry.gender,
        neighbourhood_id: entry.neighbourhood_id,
        referent_id: entry.referent_id,
        followed_since: entry.followed_since,
        ..before.clone()
    };
    if after == before {
        return Ok(());
    }
    store::update_child(tx, vault, &after)?;
    write_entry(tx, clock, who, "child.edited", &before, &after)?;
    Ok(())
}

/// Writes what changed of a child: of the identity, only that it did.
pub(super) fn write_entry(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Coordinator,
    action: &'static str,
    before: &Child,
    after: &Child,
) -> diesel::QueryResult<()> {
    let mut facts = after.facts();
    facts["identity_changed"] = Value::Bool(before.identity != after.identity);
    let entry = Entry {
        chain: Chain::Programme(after.programme_id),
        actor: Actor::Account(who.account),
        action,
        subject: "child",
        subject_id: after.id.0,
        before: Some(before.facts()),
        after: Some(facts),
    };
    journal::write(tx, clock, entry)
}
