//! The schema: both databases have the same steps, each goes up, down and up again, and `schema.rs` tells every column.

use std::collections::{BTreeMap, BTreeSet};

use diesel::RunQueryDsl;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::MigrationHarness;
use psypre::db::{AnyConnection, Db, DbError, POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS};

use crate::support::database::Database;

fn steps(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.filter(|e| e.path().is_dir()).map(|e| e.file_name().into_string().unwrap()).collect()
}

#[test]
fn both_databases_have_the_same_steps() {
    assert_eq!(steps("migrations/sqlite"), steps("migrations/postgres"));
}

fn down_and_up(db: &Db) {
    db.read::<_, DbError>(|conn| {
        let reverted = match conn {
            AnyConnection::Sqlite(c) => c.revert_all_migrations(SQLITE_MIGRATIONS),
            AnyConnection::Pg(c) => c.revert_all_migrations(POSTGRES_MIGRATIONS),
        };
        assert_eq!(reverted.unwrap().len(), steps("migrations/sqlite").len());
        Ok(())
    })
    .unwrap();
    assert!(!db.pending_migrations().unwrap().is_empty());
    db.migrate().unwrap();
    assert!(db.pending_migrations().unwrap().is_empty());
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Bool)]
    is_nullable: bool,
}

/// The columns that a database has, and whether each may be absent.
fn columns(db: &Db) -> BTreeMap<(String, String), bool> {
    let sqlite = "SELECT m.name AS table_name, p.name AS column_name, p.\"notnull\" = 0 AS is_nullable \
        FROM sqlite_master m JOIN pragma_table_info(m.name) p \
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> '__diesel_schema_migrations'";
    let postgres = "SELECT table_name::text AS table_name, column_name::text AS column_name, is_nullable = 'YES' AS is_nullable \
        FROM information_schema.columns WHERE table_schema = 'public' \
        AND table_name NOT IN ('__diesel_schema_migrations', 'migration_lock')";
    let rows: Vec<Column> = db
        .read::<_, DbError>(|conn| {
            Ok(match conn {
                AnyConnection::Sqlite(c) => diesel::sql_query(sqlite).load(c)?,
                AnyConnection::Pg(c) => diesel::sql_query(postgres).load(c)?,
            })
        })
        .unwrap();
    rows.into_iter().map(|row| ((row.table_name, row.column_name), row.is_nullable)).collect()
}

/// The columns that `schema.rs` tells, in the order in which diesel reads them.
fn told() -> BTreeMap<(String, String), bool> {
    let text = std::fs::read_to_string("src/schema.rs").unwrap();
    let mut told = BTreeMap::new();
    let mut table = String::new();
    for line in text.lines().map(str::trim) {
        if let Some((name, _)) =
            line.split_once(" (").filter(|(name, rest)| !name.contains(' ') && rest.ends_with(") {"))
        {
            table = name.to_owned();
        } else if let Some((column, kind)) = line.split_once(" -> ")
            && kind.ends_with(',')
        {
            told.insert((table.clone(), column.to_owned()), kind.starts_with("Nullable"));
        }
    }
    told
}

fn audit(database: &Database) {
    let db = Db::open(&database.url, 2).unwrap();
    down_and_up(&db);
    let (there, told) = (columns(&db), told());
    assert!(there.len() > 100, "the database tells its columns: {}", there.len());
    let missing: Vec<_> = there.iter().filter(|(name, null)| told.get(*name) != Some(null)).collect();
    let too_many: Vec<_> = told.iter().filter(|(name, null)| there.get(*name) != Some(null)).collect();
    assert!(missing.is_empty() && too_many.is_empty(), "missing in schema.rs: {missing:?}; only there: {too_many:?}");
}

#[test]
fn sqlite_goes_up_down_and_up() {
    audit(&Database::sqlite());
}

#[test]
fn postgres_goes_up_down_and_up() {
    audit(&Database::postgres());
}
