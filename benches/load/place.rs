//! A database of its own on a real disk, with full durability, filled with synthetic data.

use std::path::Path;

use chrono::{DateTime, Utc};
use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use psypre::app::App;
use psypre::clock::Clock;
use psypre::config::{Config, KeySource};
use psypre::db::{AnyConnection, Dialect, sqlite_path};
use psypre::seed::{self, Seeded, Size};

/// The keys of every measure: nothing real is ever sealed with them.
const KEYS: &str = "1:5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// The application on its database, which goes away with it.
pub struct Place {
    pub app: App,
    pub seeded: Seeded,
    pub dialect: Dialect,
    url: String,
    folder: tempfile::TempDir,
    postgres: Option<String>,
}

impl Place {
    /// Makes a database and fills it, as if it were this instant.
    pub fn new(dialect: Dialect, now: &str, size: Size) -> Self {
        let folder = tempfile::tempdir().unwrap();
        refuse_memory(folder.path());
        let (url, postgres) = match dialect {
            Dialect::Sqlite => (format!("sqlite://{}", folder.path().join("psypre.db").display()), None),
            Dialect::Postgres => {
                refuse_volatile();
                let name = format!("bench_{}", uuid::Uuid::new_v4().simple());
                server(&format!("CREATE DATABASE {name}"));
                (format!("{}/{name}", server_url()), Some(name))
            }
        };
        let now: DateTime<Utc> = now.parse().unwrap();
        let app = App::start(config(&url), Clock::fixed(now)).unwrap();
        eprint!("{} : ", name(dialect));
        let started = std::time::Instant::now();
        let seeded = seed::fill(&app, size, 1, &mut |_| {}).unwrap();
        eprintln!("{} sessions entered through the verbs in {:.1} s", size.sessions, started.elapsed().as_secs_f64());
        Self { app, seeded, dialect, url, folder, postgres }
    }

    /// A connection of one's own, as durable as the program's.
    pub fn connect(&self) -> AnyConnection {
        match self.dialect {
            Dialect::Postgres => AnyConnection::Pg(PgConnection::establish(&self.url).unwrap()),
            Dialect::Sqlite => {
                let mut conn = SqliteConnection::establish(sqlite_path(&self.url)).unwrap();
                conn.batch_execute(
                    "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA temp_store = MEMORY",
                )
                .unwrap();
                AnyConnection::Sqlite(conn)
            }
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// An identifier as a statement of this database writes it.
    pub fn literal(&self, id: uuid::Uuid) -> String {
        match self.dialect {
            Dialect::Postgres => format!("'{id}'::uuid"),
            Dialect::Sqlite => format!("X'{}'", id.simple()),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(name) = &self.postgres {
            server(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// The name that is shown.
pub fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "SQLite",
        Dialect::Postgres => "PostgreSQL",
    }
}

/// The settings that an installation has when it says nothing.
pub fn config(url: &str) -> Config {
    let defaults = Config::from_vars(|_| None).unwrap();
    Config { database_url: url.to_owned(), keys: KeySource::Text(KEYS.to_owned()), ..defaults }
}

fn server_url() -> String {
    let url = std::env::var("TEST_POSTGRES_URL")
        .expect("TEST_POSTGRES_URL names a PostgreSQL server: `make bench` starts one");
    url.rsplit_once('/').map_or(url.clone(), |(server, _)| server.to_owned())
}

fn server(sql: &str) {
    PgConnection::establish(&format!("{}/postgres", server_url())).unwrap().batch_execute(sql).unwrap();
}

/// A server that forgets what it acknowledged would win every race.
fn refuse_volatile() {
    #[derive(diesel::QueryableByName)]
    struct Settings {
        #[diesel(sql_type = diesel::sql_types::Text)]
        on: String,
    }
    let mut conn = PgConnection::establish(&format!("{}/postgres", server_url())).unwrap();
    let settings: Settings = diesel::sql_query(
        "SELECT current_setting('fsync') || ' ' || current_setting('synchronous_commit') || ' ' \
            || current_setting('full_page_writes') AS \"on\"",
    )
    .get_result(&mut conn)
    .unwrap();
    assert_eq!(
        settings.on, "on on on",
        "PostgreSQL is not durable: start it with POSTGRES_DURABLE=1 scripts/postgres run …"
    );
}

fn refuse_memory(folder: &Path) {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let kind = mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            Some((words.next()?, words.next()?))
        })
        .filter(|(point, _)| folder.starts_with(point))
        .max_by_key(|(point, _)| point.len())
        .map_or("", |(_, kind)| kind);
    assert!(!["tmpfs", "ramfs"].contains(&kind), "{} is in memory: set TMPDIR to a folder on a disk", folder.display());
}
