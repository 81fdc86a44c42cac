//! What the journal keeps of openings and leaves: on the chain of their psychologist.

use serde_json::{Value, json};

use crate::accounts::Psychologist;
use crate::clock::Clock;
use crate::db::Tx;
use crate::journal::{self, Actor, Chain, Entry};
use crate::openings::{Leave, Opening};

fn entry(who: &Psychologist, action: &'static str, subject: &'static str, subject_id: uuid::Uuid) -> Entry {
    let (chain, actor) = (Chain::Account(who.account), Actor::Account(who.account));
    Entry { chain, actor, action, subject, subject_id, before: None, after: None }
}

/// Writes what happened to an opening.
///
/// # Errors
/// When the database fails.
pub fn write(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    action: &'static str,
    (before, after): (Option<&Opening>, Option<&Opening>),
) -> diesel::QueryResult<()> {
    let Some(known) = after.or(before) else { return Ok(()) };
    let facts = |opening: &Opening| json!(opening.terms);
    let (before, after) = (before.map(facts), after.map(facts));
    journal::write(tx, clock, Entry { before, after, ..entry(who, action, "opening", known.id.0) })
}

/// Writes that a day was taken out of an opening, or put back.
///
/// # Errors
/// When the database fails.
pub fn write_day(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    action: &'static str,
    (opening, on): (&Opening, chrono::NaiveDate),
) -> diesel::QueryResult<()> {
    let after = Some(json!({ "on": on }));
    journal::write(tx, clock, Entry { after, ..entry(who, action, "opening", opening.id.0) })
}

/// Writes that somebody is away, or is not after all.
///
/// # Errors
/// When the database fails.
pub fn write_leave(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    action: &'static str,
    (before, after): (Option<&Leave>, Option<&Leave>),
) -> diesel::QueryResult<()> {
    let Some(known) = after.or(before) else { return Ok(()) };
    let facts = |leave: &Leave| -> Value { json!({ "starts_on": leave.starts_on, "ends_on": leave.ends_on }) };
    let (before, after) = (before.map(facts), after.map(facts));
    journal::write(tx, clock, Entry { before, after, ..entry(who, action, "leave", known.id.0) })
}
