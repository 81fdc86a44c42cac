//! The table of drafts.

use diesel::prelude::*;
use diesel::result::Error as DieselError;

use super::Draft;
use crate::clock::Clock;
use crate::conventions::file::ConventionFile;
use crate::db::{AnyConnection, Tx};
use crate::ids::{AccountId, ConventionDraftId, ConventionId};
use crate::schema::convention_drafts;
use crate::sql_types::Ts;

type Row = (ConventionDraftId, String, i32, Option<ConventionId>, Ts);

const DRAFT: (
    convention_drafts::id,
    convention_drafts::file,
    convention_drafts::version,
    convention_drafts::convention_id,
    convention_drafts::changed_at,
) = (
    convention_drafts::id,
    convention_drafts::file,
    convention_drafts::version,
    convention_drafts::convention_id,
    convention_drafts::changed_at,
);

fn draft((id, file, version, convention, changed_at): Row) -> QueryResult<Draft> {
    let file = serde_json::from_str(&file).map_err(|e| DieselError::DeserializationError(e.into()))?;
    Ok(Draft { id, file, version, convention, changed_at })
}

fn written(file: &ConventionFile) -> QueryResult<String> {
    serde_json::to_string(file).map_err(|e| DieselError::SerializationError(e.into()))
}

/// The drafts that are not signed, the last changed first.
pub fn open(conn: &mut AnyConnection) -> QueryResult<Vec<Draft>> {
    let rows = convention_drafts::table
        .filter(convention_drafts::convention_id.is_null())
        .select(DRAFT)
        .order((convention_drafts::changed_at.desc(), convention_drafts::id))
        .load::<Row>(conn)?;
    rows.into_iter().map(draft).collect()
}

/// A draft.
pub fn load(conn: &mut AnyConnection, id: ConventionDraftId) -> QueryResult<Draft> {
    draft(convention_drafts::table.find(id).select(DRAFT).first::<Row>(conn)?)
}

/// Enters a draft.
pub fn insert(
    tx: &mut Tx<'_>,
    clock: &Clock,
    by: AccountId,
    file: &ConventionFile,
    copied_from: Option<ConventionId>,
) -> QueryResult<ConventionDraftId> {
    let id = ConventionDraftId::new();
    diesel::insert_into(convention_drafts::table)
        .values((
            convention_drafts::id.eq(id),
            convention_drafts::file.eq(written(file)?),
            convention_drafts::version.eq(1),
            convention_drafts::copied_from_id.eq(copied_from),
            convention_drafts::created_by.eq(by),
            convention_drafts::created_at.eq(clock.now()),
            convention_drafts::changed_at.eq(clock.now()),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Writes what a draft says, if nobody wrote since a version and it is not signed; says whether it did.
pub fn update_file(
    tx: &mut Tx<'_>,
    clock: &Clock,
    id: ConventionDraftId,
    seen: i32,
    file: &ConventionFile,
) -> QueryResult<bool> {
    let changed = diesel::update(convention_drafts::table.find(id))
        .filter(convention_drafts::version.eq(seen).and(convention_drafts::convention_id.is_null()))
        .set((
            convention_drafts::file.eq(written(file)?),
            convention_drafts::version.eq(convention_drafts::version + 1),
            convention_drafts::changed_at.eq(clock.now()),
        ))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}

/// Notes the convention that a version became; says whether it was that version, and not signed yet.
pub fn set_signed(tx: &mut Tx<'_>, id: ConventionDraftId, version: i32, convention: ConventionId) -> QueryResult<bool> {
    let changed = diesel::update(convention_drafts::table.find(id))
        .filter(convention_drafts::version.eq(version).and(convention_drafts::convention_id.is_null()))
        .set(convention_drafts::convention_id.eq(convention))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}

/// Removes a draft, if nobody wrote since a version and it is not signed; says whether it did.
pub fn delete(tx: &mut Tx<'_>, id: ConventionDraftId, seen: i32) -> QueryResult<bool> {
    let removed = diesel::delete(convention_drafts::table.find(id))
        .filter(convention_drafts::version.eq(seen).and(convention_drafts::convention_id.is_null()))
        .execute(&mut **tx)?;
    Ok(removed == 1)
}
