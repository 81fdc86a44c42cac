//! Throws a draft away: nothing depends on it.

use super::edit::EditRefusal;
use super::store;
use crate::accounts::Administrator;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, refuse};
use crate::ids::ConventionDraftId;
use crate::journal::{self, Actor, Chain, Entry};

/// Throws a draft away.
///
/// # Errors
/// When it is signed, when there is none, or when the database fails.
pub fn discard(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    id: ConventionDraftId,
) -> Result<(), Failure<EditRefusal>> {
    let draft = store::load(tx, id)?;
    if draft.is_signed() || !store::delete(tx, id)? {
        return refuse(EditRefusal::Signed);
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
