//! `psypre export …`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use psypre::app::App;
use psypre::calendar::Month;
use psypre::exports::ExportFormat;
use psypre::exports::export::{Exporter, export};
use psypre::failure::Failure;

use crate::commands::Outcome;

/// A month in a file.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Write the invoices and credit notes of a month, and say so in the journal
    Invoices(InvoicesArgs),
}

/// What to write, and where.
#[derive(Debug, Args)]
pub struct InvoicesArgs {
    /// The month billed, such as 2026-10
    #[arg(long, value_parser = month)]
    month: Month,
    /// csv, xlsx, json or zip
    #[arg(long)]
    format: ExportFormat,
    /// The file to make; one that exists is replaced
    #[arg(long)]
    out: PathBuf,
}

fn month(text: &str) -> Result<Month, String> {
    Month::parse(text).ok_or_else(|| "a month is written 2026-10".to_owned())
}

/// Runs a command on exports.
pub fn run(app: &App, command: &ExportCommand) -> Outcome {
    let ExportCommand::Invoices(InvoicesArgs { month, format, out }) = command;
    match export(&app.db, &app.clock, Exporter::System, *month, *format) {
        Ok(file) => {
            std::fs::write(out, &file.bytes).map_err(|e| format!("{} : {e}", out.display()))?;
            println!("{}  {}", file.sha256, out.display());
            Ok(ExitCode::SUCCESS)
        }
        Err(Failure::Refused(refusal)) => {
            eprintln!("{refusal}");
            Ok(ExitCode::FAILURE)
        }
        Err(other) => Err(other.to_string().into()),
    }
}
