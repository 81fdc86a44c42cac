//! Writes a draft: what it says is whatever was typed; faults are told by the check, and hold nobody up.

use super::store;
use crate::accounts::Administrator;
use crate::clock::Clock;
use crate::conventions::file::ConventionFile;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::ConventionDraftId;
use crate::journal::{self, Actor, Chain, Entry};
use crate::money::Cents;

/// Why a draft is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditRefusal {
    /// Somebody else wrote.
    #[error("Ce brouillon a changé entretemps : rouvrez cette page, et reprenez ce que vous aviez saisi.")]
    ChangedMeanwhile,
    /// More than a file may say, or less than nothing.
    #[error("Un montant va de 0 à {}, et les quotités d’un exercice de 0 à {}.", Cents::MOST, Minutes::MOST)]
    OutOfBounds,
    /// It is a convention now.
    #[error("Cette convention est signée : elle ne change plus que par avenant.")]
    Signed,
}

impl Refusal for EditRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::ChangedMeanwhile => "draft_changed",
            Self::OutOfBounds => "out_of_bounds",
            Self::Signed => "draft_signed",
        }
    }
}

/// Writes what a draft says, seen in a version.
///
/// # Errors
/// As [`EditRefusal`] says, when there is no such draft, or when the database fails.
pub fn edit(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    id: ConventionDraftId,
    seen: i32,
    file: &ConventionFile,
) -> Result<(), Failure<EditRefusal>> {
    let draft = store::load(tx, id)?;
    if draft.is_signed() {
        return refuse(EditRefusal::Signed);
    }
    if !file.is_within_bounds() {
        return refuse(EditRefusal::OutOfBounds);
    }
    if draft.file == *file && draft.version == seen {
        return Ok(());
    }
    if !store::update_file(tx, clock, id, seen, file)? {
        return refuse(EditRefusal::ChangedMeanwhile);
    }
    let entry = Entry {
        chain: Chain::Account(who.account),
        actor: Actor::Account(who.account),
        action: "convention_draft.edited",
        subject: "convention_draft",
        subject_id: id.0,
        before: None,
        after: Some(serde_json::json!({ "version": seen + 1, "title": file.convention.title })),
    };
    Ok(journal::write(tx, clock, entry)?)
}
