//! `psypre report …`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use psypre::app::App;
use psypre::error::AppError;
use psypre::quotas::Reach;
use psypre::reports::{Report, Scope, files, look_up};

use crate::commands::Outcome;

/// The yearly report in files.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The name of the budget year, such as 2026, or its identifier
    #[arg(long)]
    year: String,
    /// The PDF to make; one that exists is replaced
    #[arg(long, required_unless_present = "xlsx")]
    pdf: Option<PathBuf>,
    /// The workbook to make; one that exists is replaced
    #[arg(long)]
    xlsx: Option<PathBuf>,
}

/// Writes the report of a budget year, whole, with counts under five masked.
pub fn run(app: &App, arguments: &ReportArguments) -> Outcome {
    let Some(report) = report(app, &arguments.year)? else {
        eprintln!("Aucun exercice ne s’appelle « {} ».", arguments.year);
        return Ok(ExitCode::FAILURE);
    };
    let mut written = Vec::new();
    if let Some(path) = &arguments.pdf {
        written.push((path, files::pdf(&report, app.clock.today())?));
    }
    if let Some(path) = &arguments.xlsx {
        written.push((path, files::xlsx(&report, app.clock.now())?));
    }
    for (path, bytes) in written {
        std::fs::write(path, bytes).map_err(|e| format!("{} : {e}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn report(app: &App, year: &str) -> Result<Option<Report>, Box<dyn std::error::Error>> {
    let today = app.clock.today();
    let found = app.db.read::<_, AppError>(|conn| {
        let years = look_up::years(conn, &Reach::Everything)?;
        let of = look_up::chosen(&years, Some(year), today);
        Ok(of.map(|of| look_up::report(conn, &app.vault, &Scope::Whole, &of, today)).transpose()?)
    });
    found.map_err(|e| e.to_string().into())
}
