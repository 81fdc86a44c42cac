//! The command line of PsyPRE.
#![forbid(unsafe_code)]

mod commands;

use std::error::Error;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use psypre::app::App;
use psypre::clock::Clock;
use psypre::config::Config;
use psypre::logs::Logs;
use psypre::logs::line::{self, Format};
use psypre::server;
use psypre::worker::Worker;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::commands::accounts::{self, AccountCommand, TokenCommand};
use crate::commands::conventions::{self, ConventionCommand};
use crate::commands::demo::{self, DemoArguments};
use crate::commands::exports::{self, ExportCommand};
use crate::commands::funding_calls::{self, FundingCallArguments};
use crate::commands::invoices::{self, InvoiceCommand};
use crate::commands::keys::{self, KeysCommand};
use crate::commands::reports::{self, ReportArguments};
use crate::commands::retention::{self, RetentionCommand};
use crate::commands::school_calendar::{self, SchoolCalendarCommand};
use crate::commands::seed::{self, SeedArguments};
use crate::commands::years::{self, YearArguments};
use crate::commands::{Outcome, upkeep};

/// Sessions, approvals and invoices of psychologists in a programme de réussite éducative.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// The database: sqlite://… or postgres://…
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the web application
    Serve,
    /// Serve a fresh database with the real convention and invented people
    Demo(DemoArguments),
    /// Fill an empty database with synthetic data of any size, for measurements
    Seed(SeedArguments),
    /// Bring the schema up to date
    Migrate,
    /// Verify every invariant; exit 1 naming each that fails
    Check,
    /// Conventions as data
    #[command(subcommand)]
    Convention(ConventionCommand),
    /// School holidays as data
    #[command(subcommand)]
    SchoolCalendar(SchoolCalendarCommand),
    /// People who sign in
    #[command(subcommand)]
    Account(AccountCommand),
    /// Bearer tokens of the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// Invoices
    #[command(subcommand)]
    Invoices(InvoiceCommand),
    /// A month in a file
    #[command(subcommand)]
    Export(ExportCommand),
    /// How long identities of children are kept
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// The yearly report in files, with counts under five masked
    Report(ReportArguments),
    /// Where a budget year stands: hours and euros by programme and service
    Year(YearArguments),
    /// What the signatories owe for a budget year, on screen or in a file
    FundingCalls(FundingCallArguments),
    /// The journal
    #[command(subcommand)]
    Audit(Audit),
    /// The keys that seal names
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The mails that wait
    #[command(subcommand)]
    Outbox(Outbox),
    /// Copy the embedded database to a new file, while it is in use
    Backup {
        /// The file to make
        file: PathBuf,
    },
    /// Delete what is kept no longer: old invitations, sign-ins, keys, sent mails
    Purge {
        /// Only say how much that would be
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Subcommand)]
enum Audit {
    /// Find any altered, removed, swapped or truncated entry, against the seals that the database keeps
    Verify {
        /// A seal that was mailed, as well: the saved message, its text or its attachment; may be repeated
        #[arg(long = "seal", value_name = "FILE")]
        seals: Vec<PathBuf>,
    },
    /// Seal the journal if the day has no seal yet, and queue its mails; a server does so by itself
    Seal,
}

#[derive(Subcommand)]
enum Outbox {
    /// Send what is due, once; exit 1 when the peer cannot be reached or refuses a mail for good
    Send,
}

fn main() -> ExitCode {
    match log().and_then(|()| run(Cli::parse())) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("psypre: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Sends the log to its folder, or to the standard error output. A wrong setting is named with the others at the start.
fn log() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let writer = match Logs::from_vars(&var) {
        Ok(Some(logs)) => BoxMakeWriter::new(logs.writer()?),
        Ok(None) | Err(_) => BoxMakeWriter::new(std::io::stderr),
    };
    line::start(filter, Format::from_vars(&var).unwrap_or_default(), writer);
    Ok(())
}

/// A variable of the environment, unless it is empty.
fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn run(cli: Cli) -> Outcome {
    let app = || start(cli.database_url);
    match cli.command {
        Command::Serve => serve(app()?),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Seed(arguments) => seed::run(&app()?, &arguments),
        Command::Migrate => app().map(|_| ExitCode::SUCCESS),
        Command::Check => upkeep::check(&app()?),
        Command::Convention(command) => conventions::run(&app()?, &command),
        Command::SchoolCalendar(command) => school_calendar::run(&app()?, &command),
        Command::Account(command) => accounts::run(&app()?, command),
        Command::Token(command) => accounts::run_token(&app()?, command),
        Command::Invoices(command) => invoices::run(&app()?, &command),
        Command::Export(command) => exports::run(&app()?, &command),
        Command::Retention(command) => retention::run(&app()?, &command),
        Command::Report(arguments) => reports::run(&app()?, &arguments),
        Command::Year(arguments) => years::run(&app()?, &arguments),
        Command::FundingCalls(arguments) => funding_calls::run(&app()?, &arguments),
        Command::Audit(Audit::Verify { seals }) => upkeep::verify(&app()?, &seals),
        Command::Audit(Audit::Seal) => upkeep::seal(&app()?),
        Command::Keys(command) => keys::run(&app()?, &command),
        Command::Outbox(Outbox::Send) => upkeep::send_mails(&app()?),
        Command::Backup { file } => upkeep::backup(&app()?, &file),
        Command::Purge { dry_run } => upkeep::purge(&app()?, dry_run),
    }
}

/// The application on the machine's clock, with the settings of the environment.
fn start(database_url: Option<String>) -> Result<App, Box<dyn Error>> {
    let config = Config::from_vars(|name| match name {
        "DATABASE_URL" => database_url.clone(),
        _ => var(name),
    })?;
    Ok(App::start(config, Clock::system())?)
}

fn serve(app: App) -> Outcome {
    let listener = TcpListener::bind(&app.config.listen)?;
    println!("PsyPRE : {}", app.config.base_url);
    let workers = std::thread::available_parallelism()?.get();
    let _working = Worker::start(app.clone())?;
    actix_web::rt::System::new().block_on(async { server::serve(app, listener, workers)?.await })?;
    Ok(ExitCode::SUCCESS)
}
