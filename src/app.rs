//! The application: settings, database, clock, vault. Built the same way by the program and by its tests.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Db, DbError};
use crate::keys::{self, KeysError};
use crate::rate::{Rate, Rates};
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
    /// How often people have asked lately.
    pub rates: Arc<Rates>,
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
        Ok(Self { rates: Arc::new(Self::rates(&config)), config: Arc::new(config), db, clock, vault })
    }

    /// The limits that the settings ask for, with nobody counted yet.
    pub fn rates(config: &Config) -> Rates {
        Rates { addresses: Rate::new(config.requests_per_address), accounts: Rate::new(config.requests_per_account) }
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
