//! `psypre convention …`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use psypre::app::App;
use psypre::conventions::file::{self, ReadFile};
use psypre::conventions::import::{Imported, import};
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
}

/// Runs a command on conventions.
pub fn run(app: &App, command: &ConventionCommand) -> Outcome {
    match command {
        ConventionCommand::Import { file } => import_convention(app, file),
    }
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
