//! `psypre school-calendar`: the school holidays of the years to come.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use psypre::app::App;
use psypre::db::DbError;
use psypre::school_calendar::file;
use psypre::school_calendar::import::{self, ImportedYear, import};

use crate::commands::Outcome;

/// School holidays as data.
#[derive(Debug, Subcommand)]
pub enum SchoolCalendarCommand {
    /// Enter the school years of the ministry's public calendar; the same file again changes nothing
    Import {
        /// An export of fr-en-calendrier-scolaire (data.education.gouv.fr), as CSV or JSON
        file: PathBuf,
        /// The academy whose holidays count
        #[arg(long, default_value = import::ACADEMY)]
        academy: String,
    },
}

/// Runs a command on the school calendar.
pub fn run(app: &App, command: &SchoolCalendarCommand) -> Outcome {
    match command {
        SchoolCalendarCommand::Import { file, academy } => import_years(app, file, academy),
    }
}

/// Speaks French: those who fetch the ministry's file read it.
fn import_years(app: &App, path: &Path, academy: &str) -> Outcome {
    let source = std::fs::read_to_string(path).map_err(|e| format!("{} : {e}", path.display()))?;
    let breaks = match file::read(&source, academy) {
        Ok(breaks) => breaks,
        Err(why) => {
            eprintln!("{} : {why}", path.display());
            eprintln!("Rien n’est enregistré.");
            return Ok(ExitCode::FAILURE);
        }
    };
    for year in app.db.write::<_, DbError>(|tx| Ok(import(tx, &app.clock, &breaks)?))? {
        let ImportedYear { school_year, breaks, is_changed } = year;
        let done = if is_changed { "enregistrées" } else { "déjà connues : rien ne change" };
        println!("{school_year}, académie de {academy} : {breaks} périodes sans classe, {done}.");
    }
    Ok(ExitCode::SUCCESS)
}
