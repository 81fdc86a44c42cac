//! All that a database keeps, as text: what a dump of it would show.

use std::collections::BTreeMap;

use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use psypre::db::Dialect;

use super::app::TestApp;

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Every row of every table, by table; bytes are shown as hexadecimal digits.
pub fn rows(app: &TestApp) -> BTreeMap<String, Vec<String>> {
    tables(app).into_iter().map(|table| (table.clone(), lines(app, &row_query(app, &table)))).collect()
}

fn tables(app: &TestApp) -> Vec<String> {
    let sql = if is_sqlite(app) {
        "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    } else {
        "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    };
    lines(app, sql)
}

fn row_query(app: &TestApp, table: &str) -> String {
    if !is_sqlite(app) {
        return format!("SELECT CAST(t AS TEXT) AS line FROM {table} t ORDER BY 1");
    }
    let columns = lines(app, &format!("SELECT name AS line FROM pragma_table_info('{table}')"));
    let shown: Vec<String> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
    format!("SELECT {} AS line FROM {table} ORDER BY 1", shown.join(" || ',' || "))
}

fn lines(app: &TestApp, sql: &str) -> Vec<String> {
    let rows: Vec<Line> = app.read(|conn| diesel::sql_query(sql).load(conn));
    rows.into_iter().map(|row| row.line).collect()
}

/// Whether the application is on the embedded database.
pub fn is_sqlite(app: &TestApp) -> bool {
    Dialect::of(&app.app.config.database_url) == Dialect::Sqlite
}
