//! Both databases behind one connection type: `read` lends a connection, `write` lends a transaction.
//!
//! SQLite is the embedded default: one writer at a time (`BEGIN IMMEDIATE`), readers beside it (WAL), and
//! `synchronous=FULL`, so that what was acknowledged survives a power cut. PostgreSQL serves several instances:
//! writers meet on conditional updates of the rows they share and on named constraints.

use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::r2d2::{CustomizeConnection, ManageConnection, Pool, R2D2Connection};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::turnstile::Turnstile;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// PostgreSQL, or an engine that speaks its protocol.
    Pg(diesel::PgConnection),
    /// The embedded database.
    Sqlite(diesel::SqliteConnection),
}

/// Compiles the same text once for each database: for what the derived enum cannot express.
#[macro_export]
macro_rules! each {
    ($conn:ident => $body:expr) => {
        match $conn {
            $crate::db::AnyConnection::Pg($conn) => $body,
            $crate::db::AnyConnection::Sqlite($conn) => $body,
        }
    };
}

/// The migrations of the embedded database.
pub const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
/// The migrations of PostgreSQL.
pub const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Which database a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `sqlite://path` or a bare path.
    Sqlite,
    /// `postgres://…` or `postgresql://…`.
    Postgres,
}

impl Dialect {
    /// Reads the scheme of a URL.
    pub fn of(url: &str) -> Self {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") { Self::Postgres } else { Self::Sqlite }
    }
}

/// The path of the file that a URL of the embedded database names.
pub fn sqlite_path(url: &str) -> &str {
    url.strip_prefix("sqlite://").unwrap_or(url)
}

/// How asking the database can fail.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection was free in time: the caller may try again.
    #[error("no database connection was free in time: {0}")]
    Busy(#[from] diesel::r2d2::PoolError),
    /// A query failed.
    #[error(transparent)]
    Query(#[from] DieselError),
    /// A migration failed.
    #[error("migration: {0}")]
    Migration(Box<dyn std::error::Error + Send + Sync>),
    /// The thread that asked was cancelled.
    #[error("the blocking task was cancelled")]
    Cancelled,
}

/// Opens connections by the scheme of the URL. Diesel's own `establish` tries each database in turn, and would
/// create an embedded file named after a PostgreSQL server that is down.
#[derive(Debug)]
struct Manager {
    url: String,
}

impl ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<AnyConnection, Self::Error> {
        let failed = diesel::r2d2::Error::ConnectionError;
        Ok(match Dialect::of(&self.url) {
            Dialect::Postgres => AnyConnection::Pg(PgConnection::establish(&self.url).map_err(failed)?),
            Dialect::Sqlite => {
                AnyConnection::Sqlite(SqliteConnection::establish(sqlite_path(&self.url)).map_err(failed)?)
            }
        })
    }

    fn is_valid(&self, conn: &mut AnyConnection) -> Result<(), Self::Error> {
        conn.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut AnyConnection) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}

/// How long a connection of the embedded database waits for a lock.
const USUAL_BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 10000";
/// How long a connection of PostgreSQL waits for a lock.
const USUAL_LOCK_TIMEOUT: &str = "SET lock_timeout = '10s'";

#[derive(Debug)]
struct Setup;

impl CustomizeConnection<AnyConnection, diesel::r2d2::Error> for Setup {
    fn on_acquire(&self, conn: &mut AnyConnection) -> Result<(), diesel::r2d2::Error> {
        match conn {
            // busy_timeout first: switching to WAL itself needs a lock
            AnyConnection::Sqlite(c) => c.batch_execute(USUAL_BUSY_TIMEOUT).and_then(|()| {
                c.batch_execute(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                     PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; \
                     PRAGMA recursive_triggers = ON;",
                )
            }),
            AnyConnection::Pg(c) => c
                .batch_execute(
                    "SET TIME ZONE 'UTC'; SET statement_timeout = '60s'; \
                     SET idle_in_transaction_session_timeout = '60s'",
                )
                .and_then(|()| c.batch_execute(USUAL_LOCK_TIMEOUT)),
        }
        .map_err(diesel::r2d2::Error::QueryError)
    }
}

/// A pool of connections to one database.
#[derive(Clone)]
pub struct Db {
    pool: Pool<Manager>,
    dialect: Dialect,
    /// Serialises writers of this process on SQLite: its own busy handler is not fair.
    writer: std::sync::Arc<Turnstile>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

/// A transaction that may write. Only [`Db::write`] makes one, so a function that takes `&mut Tx` runs in one.
pub struct Tx<'c> {
    conn: &'c mut AnyConnection,
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tx")
    }
}

impl std::ops::Deref for Tx<'_> {
    type Target = AnyConnection;
    fn deref(&self) -> &AnyConnection {
        self.conn
    }
}

impl std::ops::DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        self.conn
    }
}

impl Tx<'_> {
    /// Tries something inside the transaction, which goes on whatever comes of it: what fails leaves nothing.
    ///
    /// # Errors
    /// As the body says.
    pub fn attempt<T, E: From<DieselError>>(&mut self, body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        self.conn.transaction(|conn| body(&mut Tx { conn }))
    }
}

/// Why a rehearsal was rolled back.
enum Rehearsed<E> {
    /// It went to its end: that is all it is for.
    Over,
    /// Its body failed.
    Failed(E),
}

impl<E: From<DbError>> From<DbError> for Rehearsed<E> {
    fn from(e: DbError) -> Self {
        Self::Failed(e.into())
    }
}

impl<E: From<DieselError>> From<DieselError> for Rehearsed<E> {
    fn from(e: DieselError) -> Self {
        Self::Failed(e.into())
    }
}

impl<E: Retryable> Retryable for Rehearsed<E> {
    fn database_error(&self) -> Option<&DieselError> {
        match self {
            Self::Over => None,
            Self::Failed(e) => e.database_error(),
        }
    }
}

/// An error of a transaction's body that the database may cure by running it again.
pub trait Retryable {
    /// The database's own error, when that is what went wrong.
    fn database_error(&self) -> Option<&DieselError>;

    /// Whether running the body again may succeed: writers met and this one gave way.
    fn retryable(&self) -> bool {
        match self.database_error() {
            Some(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            // diesel gives a deadlock and a busy file no kind of their own
            Some(DieselError::DatabaseError(_, info)) => {
                let message = info.message();
                message.contains("deadlock detected") || message.contains("database is locked")
            }
            _ => false,
        }
    }
}

impl Retryable for DieselError {
    fn database_error(&self) -> Option<&DieselError> {
        Some(self)
    }
}

impl Retryable for DbError {
    fn database_error(&self) -> Option<&DieselError> {
        match self {
            Self::Query(e) => Some(e),
            _ => None,
        }
    }
}

/// The name of the constraint that refused a write, whichever database said it.
///
/// PostgreSQL names it; SQLite names a CHECK by its name and a unique index by its columns; our triggers raise the
/// name itself. Tables name every constraint, so `contains` is enough.
pub fn violated(error: &DieselError, constraint: &str) -> bool {
    match error {
        DieselError::DatabaseError(_, info) => {
            info.constraint_name() == Some(constraint) || info.message().contains(constraint)
        }
        _ => false,
    }
}

const ATTEMPTS: u32 = 30;

impl Db {
    /// Opens a pool; makes the folder of an embedded file when it is not there.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn open(url: &str, size: u32) -> Result<Self, DbError> {
        let dialect = Dialect::of(url);
        if dialect == Dialect::Sqlite
            && let Some(folder) = std::path::Path::new(sqlite_path(url)).parent()
            && !folder.as_os_str().is_empty()
        {
            std::fs::create_dir_all(folder).map_err(|e| DbError::Migration(e.into()))?;
        }
        let pool = Pool::builder()
            .max_size(size.max(2))
            .min_idle(Some(1))
            .connection_timeout(Duration::from_secs(10))
            .connection_customizer(Box::new(Setup))
            .build(Manager { url: url.to_owned() })?;
        Ok(Self { pool, dialect, writer: std::sync::Arc::default() })
    }

    /// Which database this is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Lends a connection for reading.
    ///
    /// # Errors
    /// When no connection is free in time, or as the body says.
    pub fn read<T, E: From<DbError>>(&self, body: impl FnOnce(&mut AnyConnection) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.pool.get().map_err(DbError::from)?;
        body(&mut conn)
    }

    /// Lends a connection that sees the database as it stood at its first query, whatever is written meanwhile; nobody
    /// waits for it.
    ///
    /// # Errors
    /// When no connection is free in time, or as the body says.
    pub fn snapshot<T, E>(&self, body: impl FnOnce(&mut AnyConnection) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError> + From<DieselError>,
    {
        let mut pooled = self.pool.get().map_err(DbError::from)?;
        let conn: &mut AnyConnection = &mut pooled;
        conn.transaction(|conn| {
            // an embedded database gives every transaction its snapshot
            if let AnyConnection::Pg(c) = conn {
                c.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
            }
            body(conn)
        })
    }

    /// Lends a transaction; commits when the body returns `Ok`, and runs it again when writers met.
    /// The body must therefore change nothing but the database.
    ///
    /// # Errors
    /// As the body says; nothing is written then.
    pub fn write<T, E>(&self, mut body: impl FnMut(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError> + From<DieselError> + Retryable,
    {
        let _turn = (self.dialect == Dialect::Sqlite).then(|| self.writer.enter());
        let mut conn = self.pool.get().map_err(DbError::from)?;
        let mut attempt = 0;
        loop {
            match attempt_once(&mut conn, &mut body) {
                Err(e) if e.retryable() && attempt < ATTEMPTS => {
                    attempt += 1;
                    std::thread::sleep(Duration::from_millis(u64::from(attempt) * 2));
                }
                outcome => return outcome,
            }
        }
    }

    /// Runs a body as [`Db::write`] does, gives what it found, and keeps nothing of it: what would happen, by the same
    /// rules and constraints as when it does.
    ///
    /// # Errors
    /// As the body says.
    pub fn rehearse<T, E>(&self, mut body: impl FnMut(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError> + From<DieselError> + Retryable,
    {
        let mut found = None;
        let outcome: Result<(), Rehearsed<E>> = self.write(|tx| {
            found = Some(body(tx).map_err(Rehearsed::Failed)?);
            Err(Rehearsed::Over)
        });
        match (outcome, found) {
            (Err(Rehearsed::Failed(e)), _) => Err(e),
            (_, Some(found)) => Ok(found),
            (_, None) => Err(E::from(DieselError::RollbackTransaction)),
        }
    }

    /// [`Db::rehearse`] away from the threads that answer requests.
    ///
    /// # Errors
    /// As [`Db::rehearse`].
    pub async fn rehearse_async<T, E>(
        &self,
        body: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<DieselError> + Retryable + Send + 'static,
    {
        let db = self.clone();
        blocking(move || db.rehearse(body)).await
    }

    /// [`Db::read`] away from the threads that answer requests. The pool is waited for there too.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn read_async<T, E>(
        &self,
        body: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let db = self.clone();
        blocking(move || db.read(body)).await
    }

    /// [`Db::write`] away from the threads that answer requests.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_async<T, E>(
        &self,
        body: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<DieselError> + Retryable + Send + 'static,
    {
        let db = self.clone();
        blocking(move || db.write(body)).await
    }

    /// Brings the schema up to date; several instances may start together. Returns how many steps were applied.
    ///
    /// # Errors
    /// When a step fails; that step is rolled back.
    pub fn migrate(&self) -> Result<usize, DbError> {
        let mut conn = self.pool.get()?;
        let run = |conn: &mut AnyConnection| match conn {
            AnyConnection::Sqlite(c) => c.run_pending_migrations(SQLITE_MIGRATIONS).map(|done| done.len()),
            AnyConnection::Pg(c) => c.run_pending_migrations(POSTGRES_MIGRATIONS).map(|done| done.len()),
        };
        if self.dialect == Dialect::Sqlite {
            return run(&mut conn).map_err(DbError::Migration);
        }
        self.make_migration_lock(&mut conn)?;
        let mut guard = self.pool.get()?;
        guard.transaction::<_, DbError, _>(|guard| {
            guard.batch_execute(
                "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = 0; \
                 SET LOCAL statement_timeout = 0; SELECT id FROM migration_lock WHERE id = 1 FOR UPDATE",
            )?;
            run(&mut conn).map_err(DbError::Migration)
        })
    }

    /// A row that one instance locks while it migrates: advisory locks do not exist on every engine that speaks
    /// PostgreSQL's protocol.
    fn make_migration_lock(&self, conn: &mut AnyConnection) -> Result<(), DbError> {
        let mut attempt = 0;
        while let Err(e) = conn.batch_execute(
            "CREATE TABLE IF NOT EXISTS migration_lock (id INT PRIMARY KEY); \
             INSERT INTO migration_lock VALUES (1) ON CONFLICT DO NOTHING",
        ) {
            // two instances that both create it may collide in the catalogue
            attempt += 1;
            if attempt > ATTEMPTS {
                return Err(e.into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Copies the embedded database to a new file as one transaction sees it, while others read and write. PostgreSQL
    /// has its own tool: gives `false`, and does nothing.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn back_up(&self, file: &std::path::Path) -> Result<bool, DbError> {
        let mut conn = self.pool.get()?;
        let AnyConnection::Sqlite(conn) = &mut *conn else { return Ok(false) };
        let path = file.to_string_lossy().into_owned();
        diesel::sql_query("VACUUM INTO $1").bind::<diesel::sql_types::Text, _>(path).execute(conn)?;
        Ok(true)
    }

    /// Takes what was overwritten out of what the database sets aside: the write-ahead log of the embedded one, the dead
    /// rows of PostgreSQL. What an embedded page held is overwritten when it is freed (`secure_delete`). Backups, and
    /// the logs that PostgreSQL ships, end by their own rules.
    ///
    /// # Errors
    /// When the database cannot.
    pub fn sweep(&self) -> Result<(), DbError> {
        let _turn = (self.dialect == Dialect::Sqlite).then(|| self.writer.enter());
        let mut conn = self.pool.get()?;
        match &mut *conn {
            AnyConnection::Sqlite(c) => {
                // a copy that is being read goes first: nobody else writes while one waits for it
                c.batch_execute("PRAGMA busy_timeout = 1000")?;
                let swept = c.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)");
                c.batch_execute(USUAL_BUSY_TIMEOUT)?;
                swept?;
            }
            AnyConnection::Pg(c) => {
                // readers wait behind whoever waits for the whole table: a dump that reads it goes first
                c.batch_execute("SET lock_timeout = '1s'")?;
                let swept =
                    c.batch_execute("VACUUM FULL children").and_then(|()| c.batch_execute("VACUUM FULL guardians"));
                c.batch_execute(USUAL_LOCK_TIMEOUT)?;
                swept?;
            }
        }
        Ok(())
    }

    /// The migrations not applied yet, by version.
    ///
    /// # Errors
    /// When the database cannot say.
    pub fn pending_migrations(&self) -> Result<Vec<String>, DbError> {
        let mut conn = self.pool.get()?;
        let versions = match &mut *conn {
            AnyConnection::Sqlite(c) => pending(c, SQLITE_MIGRATIONS),
            AnyConnection::Pg(c) => pending(c, POSTGRES_MIGRATIONS),
        };
        versions.map_err(DbError::Migration)
    }
}

fn pending<DB: diesel::backend::Backend, C: MigrationHarness<DB>>(
    conn: &mut C,
    source: impl MigrationSource<DB>,
) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(conn.pending_migrations(source)?.iter().map(|m| m.name().version().to_string()).collect())
}

fn attempt_once<T, E>(conn: &mut AnyConnection, body: &mut impl FnMut(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
where
    E: From<DieselError>,
{
    match conn {
        AnyConnection::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")?,
        AnyConnection::Pg(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN")?,
    }
    let outcome = body(&mut Tx { conn });
    let outcome = outcome.and_then(|value| AnyConnection::commit(conn).map(|()| value).map_err(E::from));
    if outcome.is_err() {
        conn.roll_back();
    }
    outcome
}

impl AnyConnection {
    fn commit(&mut self) -> QueryResult<()> {
        <Self as Connection>::TransactionManager::commit_transaction(self)
    }

    /// Rolls back unless diesel's manager already did, as it does when COMMIT itself fails.
    fn roll_back(&mut self) {
        type Manager = <AnyConnection as Connection>::TransactionManager;
        let open = matches!(Manager::transaction_manager_status_mut(self).transaction_depth(), Ok(Some(_)));
        if open && let Err(e) = Manager::rollback_transaction(self) {
            tracing::error!(error = %e, "a transaction could not be rolled back");
        }
    }
}

/// Runs blocking work away from the threads that answer requests; the only such place.
///
/// # Errors
/// As the work says.
pub async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    match actix_web::web::block(work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(DbError::Cancelled.into()),
    }
}
