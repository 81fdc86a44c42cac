//! The application as it is served, on a database of its own, a clock that stands still, and kept mails.

use std::net::TcpListener;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use psypre::accounts::totp::Secret;
use psypre::accounts::{Role, store};
use psypre::app::App;
use psypre::clock::Clock;
use psypre::config::{Config, KeySource, MailTransport, ProConnect, Publisher, Retention, SecondFactor, SignInLimits};
use psypre::db::{AnyConnection, DbError, Tx};
use psypre::ids::{AccountId, PasskeyId, ProgrammeId};
use psypre::outbox::{self, Mail};
use psypre::vault::Place;
use psypre::{checks, day_before, keys, server};

use crate::support::browser::Browser;
use crate::support::database::Database;

/// Friday 20 November 2026, ten in the morning in Dijon.
pub const NOW: &str = "2026-11-20T09:00:00Z";
/// The password of everybody.
pub const PASSWORD: &str = "un mot de passe de test";

/// The application under test. When it goes away, every invariant is verified: each story is also an audit.
pub struct TestApp {
    /// What the program itself works with.
    pub app: App,
    /// Where it answers, such as `http://127.0.0.1:4242`.
    pub base_url: String,
    database: Database,
}

impl TestApp {
    /// On the embedded database.
    pub fn sqlite() -> Self {
        Self::on(Database::sqlite(), SecondFactor::Optional)
    }

    /// On PostgreSQL.
    pub fn postgres() -> Self {
        Self::on(Database::postgres(), SecondFactor::Optional)
    }

    /// On a database, with the keys of a file in its folder, which may change there.
    pub fn with_keys_file(database: Database) -> Self {
        let keys = KeySource::File(database.folder.path().join("keys"));
        Self::made(database, keys, SecondFactor::Optional, None)
    }

    /// The same on a database of its own of the same kind, where every role but the referent's has a second factor.
    pub fn with_second_factor(&self) -> Self {
        Self::on(self.database.another(), SecondFactor::Required)
    }

    /// On a database, where people may sign in with ProConnect.
    pub fn with_proconnect(database: Database, second_factor: SecondFactor, proconnect: ProConnect) -> Self {
        Self::made(database, usual_keys(), second_factor, Some(proconnect))
    }

    /// On a database of its own of the same kind, at an address where browsers allow passkeys.
    pub fn with_passkeys(&self, second_factor: SecondFactor) -> Self {
        Self::at("localhost", self.database.another(), usual_keys(), second_factor, None)
    }

    fn on(database: Database, second_factor: SecondFactor) -> Self {
        Self::made(database, usual_keys(), second_factor, None)
    }

    fn made(database: Database, keys: KeySource, second_factor: SecondFactor, proconnect: Option<ProConnect>) -> Self {
        Self::at("127.0.0.1", database, keys, second_factor, proconnect)
    }

    fn at(
        host: &str,
        database: Database,
        keys: KeySource,
        second_factor: SecondFactor,
        proconnect: Option<ProConnect>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{host}:{}", listener.local_addr().unwrap().port());
        let config = Config {
            database_url: database.url.clone(),
            pool: 16,
            listen: String::new(),
            base_url: base_url.clone(),
            keys,
            mail: MailTransport::Folder(database.folder.path().join("mails")),
            mail_from: "PsyPRE <psypre@example.org>".to_owned(),
            trusted_proxies: 0,
            second_factor,
            sign_in_limits: SignInLimits::default(),
            logs: None,
            requests_per_address: 0,
            requests_per_account: 0,
            publisher: Publisher::default(),
            retention: Retention::default(),
            proconnect,
            demonstration: false,
        };
        let now: DateTime<Utc> = NOW.parse().unwrap();
        let app = App::start(config, Clock::fixed(now)).unwrap();
        let served = app.clone();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async { server::serve(served, listener, 2).unwrap().await.unwrap() });
        });
        Self { app, base_url, database }
    }

    /// The folder of the embedded database and of the mails.
    pub fn folder(&self) -> &std::path::Path {
        self.database.folder.path()
    }

    /// Runs `psypre` on the same database, with the machine's clock: its exit code, what it says in words, what it
    /// complains of.
    pub fn command(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_psypre"))
            .args(arguments)
            .env("DATABASE_URL", &self.app.config.database_url)
            .env("PSYPRE_KEYS", format!("1:{}", "5a".repeat(32)))
            .output()
            .unwrap();
        let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        (output.status.code().unwrap(), said(output.stdout), said(output.stderr))
    }

    /// Reads the database directly.
    pub fn read<T>(&self, body: impl FnOnce(&mut AnyConnection) -> diesel::QueryResult<T>) -> T {
        self.app.db.read::<_, DbError>(|conn| Ok(body(conn)?)).unwrap()
    }

    /// Writes to the database directly: to set a scene, never to tell the story.
    pub fn write<T>(&self, mut body: impl FnMut(&mut Tx<'_>) -> diesel::QueryResult<T>) -> T {
        self.app.db.write::<_, DbError>(|tx| Ok(body(tx)?)).unwrap()
    }

    /// Makes an account with roles and the common password.
    pub fn account(&self, email: &str, name: &str, grants: &[(Role, Option<ProgrammeId>)]) -> AccountId {
        let now = self.app.clock.now();
        self.write(|tx| {
            let account = store::insert_account(tx, email, name, now)?;
            store::set_password_hash(tx, account, quick_hash())?;
            for (role, programme) in grants {
                store::insert_grant(tx, account, *role, *programme, now)?;
            }
            Ok(account)
        })
    }

    /// Gives an account a second factor: the key of its telephone.
    pub fn telephone(&self, account: AccountId) -> Secret {
        let secret = Secret::random().unwrap();
        let place = Place { column: "second_factors.secret", row: account.0 };
        let factor = store::StoredFactor {
            secret: Some(self.app.vault.seal(place, &secret.letters()).unwrap()),
            last_step: 0,
            codes_salt: b"0123456789abcdef".to_vec(),
            created_at: self.app.clock.now(),
        };
        self.write(|tx| store::put_factor(tx, account, &factor));
        secret
    }

    /// Gives an account that has a second factor a passkey of which nobody holds the private half.
    pub fn passkey(&self, account: AccountId) -> PasskeyId {
        let (id, now) = (PasskeyId::new(), self.app.clock.now());
        let public_key = &self.app.vault.seal(Place { column: "passkeys.public_key", row: id.0 }, "{}").unwrap();
        let credential_id = &id.to_string();
        let new = store::NewPasskey { id, account, name: "Clé", credential_id, public_key };
        self.write(|tx| store::insert_passkey(tx, new, now));
        id
    }

    /// The mails queued since the last look, oldest first, in the words that they leave with.
    pub fn mails(&self) -> Vec<Mail> {
        let queued = outbox::lease(&self.app.db, &self.app.clock, 100).unwrap();
        queued.iter().map(|mail| outbox::opened(&self.app.vault, mail).unwrap().into_owned()).collect()
    }

    /// Sends what waits, and gives what was sent as files: the oldest first.
    pub fn sent(&self) -> Vec<String> {
        day_before::mailer(&self.app).unwrap().drain(&self.app.db, &self.app.clock, &|| false).unwrap();
        let Ok(folder) = std::fs::read_dir(self.folder().join("mails")) else { return Vec::new() };
        let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        // lines that quoted-printable cut are joined again
        files.iter().map(|path| std::fs::read_to_string(path).unwrap().replace("=\r\n", "")).collect()
    }

    /// Serves the same database once more with other settings; gives where it answers.
    pub fn served_again(&self, change: impl FnOnce(&mut Config)) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let mut config = (*self.app.config).clone();
        change(&mut config);
        let app = App { rates: Arc::new(App::rates(&config)), config: Arc::new(config), ..self.app.clone() };
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async { server::serve(app, listener, 1).unwrap().await.unwrap() });
        });
        base_url
    }

    /// A browser where nobody is signed in.
    pub fn anonymous(&self) -> Browser {
        Browser::new(&self.base_url)
    }

    /// A browser where this person has signed in through the page.
    pub fn signed_in(&self, email: &str) -> Browser {
        let mut browser = self.anonymous();
        let answer = browser.post("/connexion", &[("email", email), ("password", PASSWORD)]);
        assert_eq!(answer.status, 303, "{email} signs in: {}", answer.text());
        browser
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let violations = self.read(checks::run);
        assert!(violations.is_empty(), "invariants: {violations:#?}");
        let unreadable = keys::check::check(&self.app.db, &self.app.vault).unwrap().unreadable;
        assert!(unreadable.is_empty(), "sealed values that do not open in their place: {unreadable:#?}");
    }
}

fn usual_keys() -> KeySource {
    KeySource::Text(format!("1:{}", "5a".repeat(32)))
}

/// The hash of [`PASSWORD`] with the smallest parameters: signing in is not what most stories measure.
fn quick_hash() -> &'static str {
    use argon2::password_hash::PasswordHasher;
    use argon2::{Algorithm, Argon2, Params, Version};
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    HASH.get_or_init(|| {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
        argon2.hash_password(PASSWORD.as_bytes()).unwrap().to_string()
    })
}

/// Runs each story on both databases: `cargo nextest run -E 'test(sqlite)'` runs one half.
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* fn $name:ident($app:ident: &TestApp) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn story($app: &$crate::support::app::TestApp) $body

            #[test]
            fn sqlite() {
                story(&$crate::support::app::TestApp::sqlite());
            }

            #[test]
            fn postgres() {
                story(&$crate::support::app::TestApp::postgres());
            }
        }
    )+};
}
