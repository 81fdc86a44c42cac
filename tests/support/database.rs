//! A database of its own for each story: a copy of one that was migrated once.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use psypre::db::Db;

/// A database that goes away with its story.
pub struct Database {
    /// What the application is given.
    pub url: String,
    /// Holds the files of the embedded database, and the mails.
    pub folder: tempfile::TempDir,
    postgres: Option<String>,
}

impl Database {
    /// An embedded one.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("psypre.db");
        std::fs::copy(sqlite_template(), &path).unwrap();
        Self { url: format!("sqlite://{}", path.display()), folder, postgres: None }
    }

    /// One of the server named by `TEST_POSTGRES_URL`.
    pub fn postgres() -> Self {
        let name = format!("story_{}", uuid::Uuid::new_v4().simple());
        server(&format!("CREATE DATABASE {name} TEMPLATE {}", postgres_template()));
        Self { url: format!("{}/{name}", server_url()), folder: tempfile::tempdir().unwrap(), postgres: Some(name) }
    }

    /// Another of the same kind.
    pub fn another(&self) -> Self {
        if self.postgres.is_some() { Self::postgres() } else { Self::sqlite() }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(name) = &self.postgres {
            server(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// The address of the server without a database.
pub fn server_url() -> String {
    let url = std::env::var("TEST_POSTGRES_URL")
        .expect("TEST_POSTGRES_URL names a throwaway PostgreSQL server: `make test` starts one");
    let (before, _) = url
        .rsplit_once('/')
        .filter(|(before, _)| before.contains("//") && !before.ends_with('/'))
        .unwrap_or((&url, ""));
    before.trim_end_matches('/').to_owned()
}

fn server(sql: &str) {
    PgConnection::establish(&format!("{}/postgres", server_url())).unwrap().batch_execute(sql).unwrap();
}

/// One template for all the processes that share a target folder, as [`postgres_template`] is for a server.
fn sqlite_template() -> &'static PathBuf {
    static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = kept.join(format!("template-{}.db", migrations_hash("sqlite")));
        if !path.exists() {
            let folder = tempfile::tempdir_in(kept).unwrap();
            let draft = folder.path().join("draft.db");
            let db = Db::open(&format!("sqlite://{}", draft.display()), 2).unwrap();
            db.migrate().unwrap();
            // everything into the one file that is copied
            db.read::<_, psypre::db::DbError>(|conn| Ok(conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?))
                .unwrap();
            // whoever comes second replaces it with the same
            std::fs::rename(draft, &path).unwrap();
        }
        path
    })
}

/// One template for all the processes that share a server: nextest runs each story in a process of its own. Its name
/// holds a hash of the migrations; whoever comes first makes it under another name, then renames it.
fn postgres_template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = format!("template_{}", migrations_hash("postgres"));
        if !database_exists(&name) {
            make_postgres_template(&name);
        }
        name
    })
}

fn make_postgres_template(name: &str) {
    let draft = format!("draft_{}", uuid::Uuid::new_v4().simple());
    server(&format!("CREATE DATABASE {draft}"));
    Db::open(&format!("{}/{draft}", server_url()), 2).unwrap().migrate().unwrap();
    let mut conn = PgConnection::establish(&format!("{}/postgres", server_url())).unwrap();
    conn.batch_execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{draft}'"))
        .unwrap();
    if conn.batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}")).is_err() {
        // another process was first
        assert!(database_exists(name), "the template {name} could not be made");
        server(&format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"));
    }
}

fn database_exists(name: &str) -> bool {
    use diesel::RunQueryDsl;
    let mut conn = PgConnection::establish(&format!("{}/postgres", server_url())).unwrap();
    diesel::sql_query(format!("SELECT 1 FROM pg_database WHERE datname = '{name}'")).execute(&mut conn).unwrap() == 1
}

fn migrations_hash(dialect: &str) -> String {
    use sha2::{Digest, Sha256};
    let mut files: Vec<_> =
        std::fs::read_dir(format!("migrations/{dialect}")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let mut hasher = Sha256::new();
    for folder in files {
        if folder.is_dir() {
            hasher.update(std::fs::read(folder.join("up.sql")).unwrap());
        }
    }
    hasher.finalize().iter().take(6).map(|b| format!("{b:02x}")).collect()
}
