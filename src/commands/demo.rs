//! `psypre demo`: a fresh database with the real convention and invented people, and who can sign in.

use std::path::{Path, PathBuf};

use psypre::app::App;
use psypre::clock::Clock;
use psypre::config::{Config, ConfigError, KeySource, MailTransport};
use psypre::demo::{self, Account};

use crate::commands::Outcome;
use crate::serve;

/// What `psypre demo` is asked.
#[derive(Debug, clap::Args)]
pub struct DemoArguments {
    /// Where the demonstration keeps its database and its mails; what it left there before is deleted
    #[arg(long, default_value = "data/demo")]
    data: PathBuf,
    /// Where it answers
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
}

/// Plays the demonstration, and serves it.
///
/// # Errors
/// When the folder cannot be used, or the address is taken.
pub fn run(arguments: DemoArguments) -> Outcome {
    let config = configure(&arguments.data, arguments.listen)?;
    sweep(&arguments.data)?;
    let app = App::start(config, Clock::system())?;
    println!("Trois mois de vie se jouent : quelques secondes…");
    let accounts = demo::fill(&app)?;
    tell(&app, &accounts);
    serve(app)
}

/// The defaults of everything, whatever the environment says: a demonstration touches nothing else.
fn configure(data: &Path, listen: String) -> Result<Config, ConfigError> {
    let defaults = Config::from_vars(|_| None)?;
    Ok(Config {
        database_url: format!("sqlite://{}", data.join("psypre.db").display()),
        keys: KeySource::File(data.join("keys")),
        mail: MailTransport::Folder(data.join("mails")),
        base_url: format!("http://{listen}"),
        listen,
        demonstration: true,
        ..defaults
    })
}

/// Deletes what an earlier demonstration left, and nothing else.
fn sweep(data: &Path) -> std::io::Result<()> {
    for name in ["psypre.db", "psypre.db-wal", "psypre.db-shm", "keys"] {
        let path = data.join(name);
        if path.is_file() {
            std::fs::remove_file(path)?;
        }
    }
    let mails = data.join("mails");
    if mails.is_dir() {
        for entry in std::fs::read_dir(mails)? {
            let path = entry?.path();
            if path.extension().is_some_and(|kind| kind == "eml") {
                std::fs::remove_file(path)?;
            }
        }
    }
    Ok(())
}

fn tell(app: &App, accounts: &[Account]) {
    println!("\nPsyPRE, démonstration : les personnes sont inventées.\n");
    for Account { role, name, email } in accounts {
        println!("  {email:<36} {role} ({name})");
    }
    println!("\n  Mot de passe de tous : {}", demo::PASSWORD);
    println!("\nOuvrez {}\n", app.config.base_url);
}
