//! The SQL of keys and servers, and of sealed values wherever they stand: by the list of the vault, not by table.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use crate::db::{AnyConnection, Tx};
use crate::each;
use crate::ids::{InstanceId, SealedRowId};
use crate::keys::KnownKey;
use crate::schema::{vault_instances, vault_keys};
use crate::sql_types::{DbUuid, Ts};
use crate::vault::{SEALED, SealedColumn, key_of};

type KeyRow = (i32, Vec<u8>, Ts, bool, Option<Ts>);

/// The keys that the database knows, in order.
pub fn keys(conn: &mut AnyConnection) -> QueryResult<Vec<KnownKey>> {
    let rows: Vec<KeyRow> = vault_keys::table.order(vault_keys::id).load(conn)?;
    let known = |(id, fingerprint, since, is_sealing, retired_at): KeyRow| KnownKey {
        id: u8::try_from(id).unwrap_or(0),
        fingerprint,
        since,
        is_sealing,
        retired_at,
    };
    Ok(rows.into_iter().map(known).collect())
}

/// Makes whoever else changes which key seals, or announces what it has, wait until the transaction ends.
pub fn lock(tx: &mut Tx<'_>) -> QueryResult<()> {
    diesel::update(vault_keys::table.filter(vault_keys::is_sealing))
        .set(vault_keys::sealing_since.eq(vault_keys::sealing_since))
        .execute(&mut **tx)
        .map(drop)
}

/// Writes down a key that values need, unless it is known.
pub fn insert_key(tx: &mut Tx<'_>, id: u8, fingerprint: &[u8], is_sealing: bool, now: Ts) -> QueryResult<()> {
    let new = (
        vault_keys::id.eq(i32::from(id)),
        vault_keys::fingerprint.eq(fingerprint),
        vault_keys::sealing_since.eq(now),
        vault_keys::is_sealing.eq(is_sealing),
    );
    let conn = &mut **tx;
    each!(conn => diesel::insert_into(vault_keys::table).values(new).on_conflict_do_nothing().execute(conn)).map(drop)
}

/// Makes this key, which is known, the one that seals.
pub fn set_sealing(tx: &mut Tx<'_>, id: u8, now: Ts) -> QueryResult<()> {
    diesel::update(vault_keys::table.filter(vault_keys::is_sealing))
        .set(vault_keys::is_sealing.eq(false))
        .execute(&mut **tx)?;
    diesel::update(vault_keys::table.find(i32::from(id)))
        .set((vault_keys::is_sealing.eq(true), vault_keys::sealing_since.eq(now)))
        .execute(&mut **tx)
        .map(drop)
}

/// Writes down that no value needs a key any more.
pub fn retire(tx: &mut Tx<'_>, id: u8, now: Ts) -> QueryResult<()> {
    diesel::update(vault_keys::table.find(i32::from(id)))
        .set(vault_keys::retired_at.eq(Some(now)))
        .execute(&mut **tx)
        .map(drop)
}

/// A server that announced itself.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = vault_instances)]
pub struct Instance {
    /// Its identifier.
    pub id: InstanceId,
    /// Its machine and process.
    pub label: String,
    /// The numbers of its keys: `1,2`.
    pub known: String,
    /// The number of the key that it seals with.
    pub sealing: i32,
    /// When it was last there.
    pub seen_at: Ts,
}

/// The servers that announced themselves.
pub fn instances(conn: &mut AnyConnection) -> QueryResult<Vec<Instance>> {
    vault_instances::table.order((vault_instances::label, vault_instances::id)).load(conn)
}

/// Writes what a server announces.
pub fn announce(tx: &mut Tx<'_>, instance: &Instance) -> QueryResult<()> {
    let row = vault_instances::table.find(instance.id);
    if diesel::update(row).set(instance).execute(&mut **tx)? == 0 {
        diesel::insert_into(vault_instances::table).values(instance).execute(&mut **tx)?;
    }
    Ok(())
}

/// Forgets a server.
pub fn leave(tx: &mut Tx<'_>, id: InstanceId) -> QueryResult<()> {
    diesel::delete(vault_instances::table.find(id)).execute(&mut **tx).map(drop)
}

/// Forgets the servers that were last there before an instant.
pub fn forget_silent(tx: &mut Tx<'_>, before: Ts) -> QueryResult<()> {
    diesel::delete(vault_instances::table.filter(vault_instances::seen_at.lt(before))).execute(&mut **tx).map(drop)
}

/// How many values of a column a key sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The column.
    pub column: SealedColumn,
    /// The number of the key.
    pub key: u8,
    /// How many.
    pub values: i64,
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = Binary)]
    key: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// How many values each key sealed, in each column.
pub fn count(conn: &mut AnyConnection) -> QueryResult<Vec<Counted>> {
    let mut all = Vec::new();
    for column in SEALED {
        let (table, name) = (column.table(), column.column());
        let sql = format!(
            "SELECT substr({name}, 1, 1) AS key, COUNT(*) AS n FROM {table} WHERE {name} IS NOT NULL \
             GROUP BY substr({name}, 1, 1)"
        );
        let rows: Vec<CountRow> = diesel::sql_query(sql).load(conn)?;
        all.extend(rows.into_iter().map(|row| Counted { column: *column, key: key_of(&row.key), values: row.n }));
    }
    Ok(all)
}

/// A sealed value and its row.
#[derive(Debug, QueryableByName)]
pub struct Found {
    /// The row.
    #[diesel(sql_type = DbUuid)]
    pub id: SealedRowId,
    /// The value.
    #[diesel(sql_type = Binary)]
    pub value: Vec<u8>,
}

/// The sealed values of a column after a row, in the order of rows.
pub fn values(conn: &mut AnyConnection, of: SealedColumn, after: SealedRowId, limit: i64) -> QueryResult<Vec<Found>> {
    let (table, name, row) = (of.table(), of.column(), of.row);
    let sql = format!(
        "SELECT {row} AS id, {name} AS value FROM {table} WHERE {row} > $1 AND {name} IS NOT NULL ORDER BY {row} LIMIT $2"
    );
    diesel::sql_query(sql).bind::<DbUuid, _>(after).bind::<BigInt, _>(limit).load(conn)
}

/// Those of them that another key than this one sealed.
pub fn values_of_others(
    conn: &mut AnyConnection,
    of: SealedColumn,
    key: u8,
    after: SealedRowId,
    limit: i64,
) -> QueryResult<Vec<Found>> {
    let (table, name, row) = (of.table(), of.column(), of.row);
    let sql = format!(
        "SELECT {row} AS id, {name} AS value FROM {table} WHERE {row} > $1 AND substr({name}, 1, 1) <> $2 \
         ORDER BY {row} LIMIT $3"
    );
    diesel::sql_query(sql).bind::<DbUuid, _>(after).bind::<Binary, _>(vec![key]).bind::<BigInt, _>(limit).load(conn)
}

/// Puts a value in the place of the one that was read, if that one still stands there; tells whether it did.
pub fn replace(tx: &mut Tx<'_>, of: SealedColumn, read: &Found, by: &[u8]) -> QueryResult<bool> {
    let (table, name, row) = (of.table(), of.column(), of.row);
    let sql = format!("UPDATE {table} SET {name} = $1 WHERE {row} = $2 AND {name} = $3");
    let update = diesel::sql_query(sql).bind::<Binary, _>(by).bind::<DbUuid, _>(read.id);
    Ok(update.bind::<Binary, _>(&read.value).execute(&mut **tx)? == 1)
}
