//! The floor: tables of the same columns and rows with a primary key alone, written by bare transactions.

use std::sync::{Mutex, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use psypre::db::{AnyConnection, Dialect};

use crate::place::Place;

/// One writer at a time on the embedded database, as the program itself does: its own waiting is slower.
static WRITER: Mutex<()> = Mutex::new(());

/// Makes `floor_x`, empty, and `sample_x`, which holds the rows that will be written again and again.
pub fn copy(place: &Place, table: &str, sample: &str, key: &str) {
    let mut conn = place.connect();
    conn.batch_execute(&format!(
        "CREATE TABLE floor_{table} AS SELECT * FROM {table} WHERE FALSE; \
         CREATE UNIQUE INDEX floor_{table}_key ON floor_{table} ({key}); \
         CREATE TABLE sample_{table} AS SELECT * FROM {table} {sample}"
    ))
    .unwrap();
}

/// Makes `floor_x` with all the rows of `x`, to be changed in place.
pub fn mirror(place: &Place, table: &str, key: &str) {
    let mut conn = place.connect();
    conn.batch_execute(&format!(
        "CREATE TABLE floor_{table} AS SELECT * FROM {table}; \
         CREATE UNIQUE INDEX floor_{table}_key ON floor_{table} ({key})"
    ))
    .unwrap();
}

/// The statement that writes the sample again, with other values in some columns.
pub fn again(place: &Place, table: &str, with: &[(&str, &str)]) -> String {
    #[derive(diesel::QueryableByName)]
    struct Column {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let query = match place.dialect {
        Dialect::Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
        Dialect::Postgres => {
            format!("SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = '{table}'")
        }
    };
    let columns: Vec<Column> = diesel::sql_query(query).load(&mut place.connect()).unwrap();
    let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let value = |column: &Column| {
        let other = with.iter().find(|(name, _)| *name == column.name);
        other.map_or_else(|| format!("\"{}\"", column.name), |(_, value)| (*value).to_owned())
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    format!("INSERT INTO floor_{table} ({}) SELECT {} FROM sample_{table}", names.join(", "), values.join(", "))
}

/// An identifier that the database draws.
pub fn fresh(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "randomblob(16)",
        Dialect::Postgres => "gen_random_uuid()",
    }
}

/// A client of the floor, on a connection of its own.
pub struct Bare {
    conn: AnyConnection,
}

impl Bare {
    pub fn open(place: &Place) -> Self {
        Self { conn: place.connect() }
    }

    /// Prepares a statement where that spares the server from reading it again.
    pub fn prepare(&mut self, name: &str, sql: &str) {
        if let AnyConnection::Pg(conn) = &mut self.conn {
            conn.batch_execute(&format!("PREPARE {name} AS {sql}")).unwrap();
        }
    }

    /// One durable transaction of these statements, each a question and an answer.
    pub fn transaction(&mut self, statements: &[String]) {
        match &mut self.conn {
            AnyConnection::Sqlite(conn) => {
                let _turn = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
                run(conn, "BEGIN IMMEDIATE", statements);
            }
            AnyConnection::Pg(conn) => run(conn, "BEGIN", statements),
        }
    }
}

fn run(conn: &mut impl SimpleConnection, begin: &str, statements: &[String]) {
    conn.batch_execute(begin).unwrap();
    for statement in statements {
        conn.batch_execute(statement).unwrap();
    }
    conn.batch_execute("COMMIT").unwrap();
}
