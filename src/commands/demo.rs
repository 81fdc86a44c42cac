//! `psypre demo`: a fresh database with the real convention and invented people, served or exported.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use psypre::app::App;
use psypre::clock::Clock;
use psypre::config::{Config, ConfigError, KeySource, MailTransport, SecondFactor};
use psypre::day_before;
use psypre::db::DbError;
use psypre::demo::{self, Account, Played};
use psypre::exports::export::{Exporter, export};
use psypre::exports::{ExportFormat, look_up};
use psypre::invoices::Reader;
use psypre::invoices::files::{self, FileRequest};

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
    /// Play the month's end without a server, and leave in this folder the invoices, statements, exports and mails
    #[arg(long, value_name = "DIR", conflicts_with = "listen")]
    export: Option<PathBuf>,
    /// Start as if it were this instant, such as 2026-11-20T10:00:00+01:00; time goes on from there
    #[arg(long, value_name = "INSTANT")]
    at: Option<DateTime<FixedOffset>>,
    /// Let people sign in with the ProConnect of the variables PSYPRE_PROCONNECT_…
    #[arg(long)]
    proconnect: bool,
    /// Ask a second factor of everybody who must have one, as a real installation does; passkeys want `--listen localhost:…`
    #[arg(long)]
    second_factor: bool,
}

/// Plays the demonstration, and serves it or exports its last month.
///
/// # Errors
/// When a folder cannot be used, or the address is taken.
pub fn run(arguments: DemoArguments) -> Outcome {
    let mails = arguments.export.as_ref().unwrap_or(&arguments.data).join("mails");
    let config = configure(&arguments.data, mails, arguments.listen, arguments.proconnect)?;
    sweep(&arguments.data)?;
    let clock = arguments.at.map_or_else(Clock::system, |at| Clock::starting_at(at.to_utc()));
    let mut app = App::start(config, clock)?;
    println!("Trois mois de vie se jouent : quelques secondes…");
    let played = demo::fill(&app)?;
    if let Some(folder) = arguments.export {
        return export_month(&app, &played, &folder);
    }
    // the invented people came in without one, and set theirs at their next sign-in
    if arguments.second_factor {
        app.config = Arc::new(Config { second_factor: SecondFactor::Required, ..Config::clone(&app.config) });
    }
    tell(&app, &played.accounts);
    serve(app)
}

/// Ends the month, and leaves all its files in a folder.
fn export_month(app: &App, played: &Played, folder: &Path) -> Outcome {
    demo::end_month(app, played)?;
    let documents = folder.join("factures");
    std::fs::create_dir_all(&documents)?;
    let month = app.db.read::<_, DbError>(|conn| Ok(look_up::month(conn, &app.clock, played.month)?))?;
    for issued in &month.invoices {
        for request in FileRequest::ALL {
            let file = app.db.read(|conn| files::file(conn, Reader::Accountant, issued.invoice.id, *request))?;
            std::fs::write(documents.join(&file.name), &file.bytes)?;
        }
    }
    for format in ExportFormat::ALL {
        let file = export(&app.db, &app.clock, Exporter::System, played.month, *format)?;
        std::fs::write(folder.join(&file.name), &file.bytes)?;
    }
    let round = day_before::mailer(app)?.drain(&app.db, &app.clock, &|| false)?;
    println!("Facturation, {} :", played.month);
    for issued in &month.invoices {
        let invoice = &issued.invoice;
        println!("  {:<12} {:<24} {:>14}", invoice.number, invoice.psychologist_name, invoice.gross.to_string());
    }
    println!(
        "{} factures et avoirs, 4 exports, {} messages : {}",
        month.invoices.len(),
        round.accepted,
        folder.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// The defaults of everything, whatever the environment says: a demonstration touches nothing else, but the ProConnect
/// that it is asked to use.
fn configure(data: &Path, mails: PathBuf, listen: String, proconnect: bool) -> Result<Config, ConfigError> {
    let is_asked = |name: &str| proconnect && name.starts_with("PSYPRE_PROCONNECT_");
    let defaults = Config::from_vars(|name| is_asked(name).then(|| std::env::var(name).ok()).flatten())?;
    Ok(Config {
        database_url: format!("sqlite://{}", data.join("psypre.db").display()),
        keys: KeySource::File(data.join("keys")),
        mail: MailTransport::Folder(mails),
        base_url: format!("http://{listen}"),
        listen,
        // a newcomer sees the product with a password alone, and the banner says so
        second_factor: SecondFactor::Optional,
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
