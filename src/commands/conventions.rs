//! `psypre convention …`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use psypre::amendments;
use psypre::app::App;
use psypre::calendar::short_date;
use psypre::conventions::file::{self, ConventionFile, ReadFile};
use psypre::conventions::import::{Imported, clashes, import};
use psypre::conventions::{export, look_up, write};
use psypre::db::DbError;
use psypre::ids::ConventionId;
use psypre::journal::Actor;

use crate::commands::Outcome;

/// Conventions as data.
#[derive(Debug, Subcommand)]
pub enum ConventionCommand {
    /// Enter a convention from its file; the same file again changes nothing
    Import {
        /// A file such as conventions/dijon-2024-2026.toml; docs/convention-file.md tells how to write one
        file: PathBuf,
    },
    /// Read a convention's file and tell each line to correct, without entering it
    Check {
        /// A file
        file: PathBuf,
    },
    /// Print a convention as its file, with its amendments
    Export {
        /// Its short name, such as dijon-2024-2026
        slug: String,
        /// Where to write it; on the screen when absent
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Print the amendments of a convention
    Amendments {
        /// Its short name
        slug: String,
    },
}

/// Runs a command on conventions.
pub fn run(app: &App, command: &ConventionCommand) -> Outcome {
    match command {
        ConventionCommand::Import { file } => import_convention(app, file),
        ConventionCommand::Check { file } => check_file(app, file),
        ConventionCommand::Export { slug, out } => export_convention(app, slug, out.as_deref()),
        ConventionCommand::Amendments { slug } => print_amendments(app, slug),
    }
}

/// Reads a file, and tells what is wrong with it; speaks French: those who write a convention's file read it.
fn read_file(path: &Path) -> Result<Option<ConventionFile>, Box<dyn std::error::Error>> {
    let source = std::fs::read_to_string(path).map_err(|e| format!("{} : {e}", path.display()))?;
    let ReadFile { file, warnings } = match file::read(&source) {
        Ok(read) => read,
        Err(remarks) => {
            for remark in &remarks {
                eprintln!("{} : {remark}", path.display());
            }
            eprintln!("Rien n’est enregistré : {} à corriger.", remarks.len());
            return Ok(None);
        }
    };
    for warning in warnings {
        eprintln!("{} : avertissement, {warning}", path.display());
    }
    Ok(Some(file))
}

fn import_convention(app: &App, path: &Path) -> Outcome {
    let Some(file) = read_file(path)? else { return Ok(ExitCode::FAILURE) };
    let slug = &file.convention.slug;
    match app.db.write(|tx| import(tx, &app.clock, Actor::System, &file))? {
        Imported::Entered(_) => println!("La convention « {slug} » est enregistrée."),
        Imported::Unchanged(_) => println!("La convention « {slug} » est déjà enregistrée : rien ne change."),
    }
    Ok(ExitCode::SUCCESS)
}

fn check_file(app: &App, path: &Path) -> Outcome {
    let Some(file) = read_file(path)? else { return Ok(ExitCode::FAILURE) };
    let clashes = app.db.read::<_, DbError>(|conn| Ok(clashes(conn, &file)?))?;
    for (section, clash) in &clashes {
        eprintln!("{} : {section} : {clash}", path.display());
    }
    if !clashes.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    println!("La convention « {} » peut être enregistrée.", file.convention.slug);
    Ok(ExitCode::SUCCESS)
}

/// The convention of a short name.
fn named(app: &App, slug: &str) -> Result<ConventionId, Box<dyn std::error::Error>> {
    let all = app.db.read::<_, DbError>(|conn| Ok(look_up::conventions(conn)?))?;
    let found = all.iter().find(|convention| convention.slug == slug);
    Ok(found
        .map(|convention| convention.id)
        .ok_or_else(|| format!("Aucune convention n’a le nom court « {slug} »."))?)
}

fn export_convention(app: &App, slug: &str, out: Option<&Path>) -> Outcome {
    let id = named(app, slug)?;
    let text = write::write(&app.db.read::<_, DbError>(|conn| Ok(export::present(conn, id)?))?);
    match out {
        Some(path) => std::fs::write(path, text).map_err(|e| format!("{} : {e}", path.display()))?,
        None => print!("{text}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn print_amendments(app: &App, slug: &str) -> Outcome {
    let id = named(app, slug)?;
    for one in app.db.read::<_, DbError>(|conn| Ok(amendments::look_up::of_convention(conn, id)?))? {
        println!("Avenant n° {}, signé le {} : {}", one.number, short_date(one.signed_on), one.reason);
        for line in &one.lines {
            println!("  {}, {} : {} → {}", line.what(), line.year, line.before, line.after);
        }
    }
    Ok(ExitCode::SUCCESS)
}
