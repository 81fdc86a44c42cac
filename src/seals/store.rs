//! The SQL of seals, and of the heads and entries that they seal.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::{AnyConnection, Tx};
use crate::each;
use crate::schema::{journal_chains, journal_entries, journal_seals};
use crate::seals::{Head, Seal, digest};
use crate::sql_types::Ts;

/// The heads of all the chains, in order: one statement, so that they are of one instant.
pub fn heads(conn: &mut AnyConnection) -> QueryResult<Vec<Head>> {
    let rows: Vec<(String, i64, Vec<u8>)> = journal_chains::table.order(journal_chains::chain).load(conn)?;
    Ok(rows.into_iter().map(|(chain, length, hash)| Head { chain, length, hash }).collect())
}

/// A seal as it is kept; its heads may be no heads any more, when somebody changed them.
type SealRow = (i64, Ts, i64, String, Vec<u8>, i32, Vec<u8>);

fn sealed((number, sealed_at, entries, heads, previous, key, proof): SealRow) -> Seal {
    let heads: Vec<Head> = heads.lines().filter_map(Head::read).collect();
    let (digest, key) = (digest(&heads), u8::try_from(key).unwrap_or(0));
    Seal { number, sealed_at, entries, previous, digest, heads: Some(heads), key, proof }
}

type SealColumns = (
    journal_seals::number,
    journal_seals::sealed_at,
    journal_seals::entries,
    journal_seals::heads,
    journal_seals::previous_mac,
    journal_seals::key_id,
    journal_seals::mac,
);
const SEAL: SealColumns = (
    journal_seals::number,
    journal_seals::sealed_at,
    journal_seals::entries,
    journal_seals::heads,
    journal_seals::previous_mac,
    journal_seals::key_id,
    journal_seals::mac,
);

/// The latest seals, latest first.
pub fn latest(conn: &mut AnyConnection, limit: i64) -> QueryResult<Vec<Seal>> {
    let rows: Vec<SealRow> =
        journal_seals::table.order(journal_seals::number.desc()).limit(limit).select(SEAL).load(conn)?;
    Ok(rows.into_iter().map(sealed).collect())
}

/// The seals after a number, in order.
pub fn after(conn: &mut AnyConnection, number: i64, limit: i64) -> QueryResult<Vec<Seal>> {
    let rows: Vec<SealRow> = journal_seals::table
        .filter(journal_seals::number.gt(number))
        .order(journal_seals::number)
        .limit(limit)
        .select(SEAL)
        .load(conn)?;
    Ok(rows.into_iter().map(sealed).collect())
}

/// Whether the journal was sealed on a day.
pub fn is_sealed(conn: &mut AnyConnection, on: NaiveDate) -> QueryResult<bool> {
    let on = journal_seals::table.filter(journal_seals::sealed_on.eq(on));
    diesel::select(diesel::dsl::exists(on)).get_result(conn)
}

/// Keeps a seal, unless its day or its number has one; tells whether it did.
pub fn insert(tx: &mut Tx<'_>, seal: &Seal, on: NaiveDate) -> QueryResult<bool> {
    let heads: String = seal.heads.iter().flatten().map(|head| format!("{}\n", head.line())).collect();
    let new = (
        journal_seals::number.eq(seal.number),
        journal_seals::sealed_on.eq(on),
        journal_seals::sealed_at.eq(seal.sealed_at),
        journal_seals::entries.eq(seal.entries),
        journal_seals::heads.eq(&heads),
        journal_seals::previous_mac.eq(&seal.previous),
        journal_seals::key_id.eq(i32::from(seal.key)),
        journal_seals::mac.eq(&seal.proof),
    );
    let conn = &mut **tx;
    let kept =
        each!(conn => diesel::insert_into(journal_seals::table).values(new).on_conflict_do_nothing().execute(conn))?;
    Ok(kept == 1)
}

/// The hashes of a chain's entries at some positions.
pub fn hashes(conn: &mut AnyConnection, chain: &str, at: &BTreeSet<i64>) -> QueryResult<BTreeMap<i64, Vec<u8>>> {
    let rows: Vec<(i64, Vec<u8>)> = journal_entries::table
        .filter(journal_entries::chain.eq(chain).and(journal_entries::position.eq_any(at)))
        .select((journal_entries::position, journal_entries::hash))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
