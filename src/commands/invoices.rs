//! `psypre invoices …`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use psypre::app::App;
use psypre::calendar::Month;
use psypre::failure::Failure;
use psypre::invoices::issue_mandated::{Outcome as Issued, issue_mandated};

use crate::commands::Outcome;

/// Invoices.
#[derive(Debug, Subcommand)]
pub enum InvoiceCommand {
    /// Issue the invoices of a month for the psychologists who gave a billing mandate; exit 1 when one is refused
    Issue(IssueArgs),
}

/// Which invoices to issue.
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// The month, such as 2026-10
    #[arg(long, value_parser = month)]
    month: Month,
    /// The address of one psychologist; every one with a mandate when it is not given
    #[arg(long)]
    psychologist: Option<String>,
}

fn month(text: &str) -> Result<Month, String> {
    Month::parse(text).ok_or_else(|| "a month is written 2026-10".to_owned())
}

/// Runs a command on invoices.
pub fn run(app: &App, command: &InvoiceCommand) -> Outcome {
    let InvoiceCommand::Issue(IssueArgs { month, psychologist }) = command;
    let told = match issue_mandated(&app.db, &app.clock, *month, psychologist.as_deref()) {
        Ok(told) => told,
        Err(Failure::NotFound) => return Err("no psychologist has that address".into()),
        Err(other) => return Err(other.to_string().into()),
    };
    for one in &told {
        println!("{one}");
    }
    if told.is_empty() {
        println!("no psychologist has a billing mandate in force");
    }
    let refused = told.iter().any(|one| matches!(one.outcome, Issued::Refused(_)));
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
