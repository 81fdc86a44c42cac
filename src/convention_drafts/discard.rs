//! Throws a draft away: nothing depends on it.

use super::edit::EditRefusal;
use super::store;
use crate::accounts::Administrator;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, refuse};
use crate::ids::ConventionDraftId;
use crate::journal::{self, Actor, Chain, Entry};

/// Throws away the version of a draft that was read.
///
/// # Errors
/// When it changed since, when it is signed, when there is none, or when the database fails.
pub fn discard(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    id: ConventionDraftId,
    seen: i32,
) -> Result<(), Failure<EditRefusal>> {
    let draft = store::load(tx, id)?;
    if draft.is_signed() {
        return refuse(EditRefusal::Signed);
    }
    if !store::delete(tx, id, seen)? {
        return refuse(EditRefusal::ChangedMeanwhile);
    }
    let entry = Entry {
        chain: Chain::Account(who.account),
        actor: Actor::Account(who.account),
        action: "convention_draft.discarded",
        subject: "convention_draft",
        subject_id: id.0,
        before: Some(serde_json::json!({ "title": draft.file.convention.title, "version": draft.version })),
        after: None,
    };
    Ok(journal::write(tx, clock, entry)?)
}
