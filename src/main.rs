//! The command line of PsyPRE.
#![forbid(unsafe_code)]

use std::error::Error;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use psypre::app::App;
use psypre::clock::Clock;
use psypre::config::Config;
use psypre::conventions::file::{self, ReadFile};
use psypre::conventions::import::{Imported, import};
use psypre::journal::Actor;
use psypre::{checks, journal, server};
use tracing_subscriber::EnvFilter;

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
    /// Bring the schema up to date
    Migrate,
    /// Verify every invariant; exit 1 naming each that fails
    Check,
    /// Conventions as data
    #[command(subcommand)]
    Convention(ConventionCommand),
    /// The journal
    #[command(subcommand)]
    Audit(Audit),
}

#[derive(Subcommand)]
enum ConventionCommand {
    /// Enter a convention from its file; the same file again changes nothing
    Import {
        /// A file such as conventions/dijon-2024-2026.toml; docs/convention-file.md tells how to write one
        file: PathBuf,
    },
}

#[derive(Subcommand)]
enum Audit {
    /// Find any altered, removed, swapped or truncated entry
    Verify,
}

type Outcome = Result<ExitCode, Box<dyn Error>>;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .init();
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("psypre: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Outcome {
    let url = cli.database_url;
    let config = Config::from_vars(|name| match name {
        "DATABASE_URL" => url.clone(),
        _ => std::env::var(name).ok().filter(|value| !value.trim().is_empty()),
    })?;
    let app = App::start(config, Clock::system())?;
    match cli.command {
        Command::Serve => serve(app),
        Command::Migrate => Ok(ExitCode::SUCCESS),
        Command::Check => check(&app),
        Command::Convention(ConventionCommand::Import { file }) => import_convention(&app, &file),
        Command::Audit(Audit::Verify) => verify(&app),
    }
}

fn serve(app: App) -> Outcome {
    let listener = TcpListener::bind(&app.config.listen)?;
    println!("PsyPRE : {}", app.config.base_url);
    let workers = std::thread::available_parallelism()?.get();
    actix_web::rt::System::new().block_on(async { server::serve(app, listener, workers)?.await })?;
    Ok(ExitCode::SUCCESS)
}

fn check(app: &App) -> Outcome {
    tell("every invariant holds", &app.db.read::<_, psypre::db::DbError>(|conn| Ok(checks::run(conn)?))?)
}

/// Speaks French: those who write a convention's file read it.
fn import_convention(app: &App, path: &Path) -> Outcome {
    let source = std::fs::read_to_string(path).map_err(|e| format!("{} : {e}", path.display()))?;
    let ReadFile { file, warnings } = match file::read(&source) {
        Ok(read) => read,
        Err(remarks) => {
            for remark in &remarks {
                eprintln!("{} : {remark}", path.display());
            }
            eprintln!("Rien n’est enregistré : {} à corriger.", remarks.len());
            return Ok(ExitCode::FAILURE);
        }
    };
    for warning in warnings {
        eprintln!("{} : avertissement, {warning}", path.display());
    }
    let slug = &file.convention.slug;
    match app.db.write(|tx| import(tx, &app.clock, Actor::System, &file))? {
        Imported::Entered(_) => println!("La convention « {slug} » est enregistrée."),
        Imported::Unchanged(_) => println!("La convention « {slug} » est déjà enregistrée : rien ne change."),
    }
    Ok(ExitCode::SUCCESS)
}

fn verify(app: &App) -> Outcome {
    let breaks = app.db.read::<_, psypre::db::DbError>(|conn| Ok(journal::verify(conn)?))?;
    tell("the journal holds", &breaks)
}

/// Says that all is well, or each thing that is not, with exit code 1.
fn tell(well: &str, wrong: &[impl std::fmt::Display]) -> Outcome {
    for what in wrong {
        println!("{what}");
    }
    if wrong.is_empty() {
        println!("{well}");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
