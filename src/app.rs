//! The application: settings, database, clock, vault. Built the same way by the program and by its tests.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Db, DbError};
use crate::keys::{self, KeysError};
use crate::school_calendar::import;
use crate::vault::Vault;

/// What every handler and command works with; cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The settings.
    pub config: Arc<Config>,
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// What seals and opens names.
    pub vault: Vault,
}

/// Why the application does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be reached or brought up to date.
    #[error("database: {0}")]
    Db(#[from] DbError),
    /// The keys cannot be read, or are not those of the database.
    #[error("keys: {0}")]
    Keys(#[from] KeysError),
}

impl App {
    /// Opens the database, brings its schema and the published school years up to date, and reads the keys.
    ///
    /// # Errors
    /// When one of the three fails.
    pub fn start(config: Config, clock: Clock) -> Result<Self, StartError> {
        let db = Db::open(&config.database_url, config.pool)?;
        db.migrate()?;
        let vault = keys::open::open(&db, &clock, &config.keys)?;
        import::enter_published(&db)?;
        Ok(Self { config: Arc::new(config), db, clock, vault })
    }

    /// The name of the cookie of a sign-in; over TLS a browser binds it to this host.
    pub fn cookie_name(&self) -> &'static str {
        if self.config.is_secure() { "__Host-psypre" } else { "psypre" }
    }

    /// The name of the cookie by which a browser is known again.
    pub fn device_cookie_name(&self) -> &'static str {
        if self.config.is_secure() { "__Host-psypre-appareil" } else { "psypre-appareil" }
    }

    /// The whole address of a page, for mails.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.base_url)
    }
}
