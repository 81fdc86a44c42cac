//! `psypre retention …`.

use std::process::ExitCode;

use chrono::{Days, NaiveDate};
use clap::{Args, Subcommand};
use psypre::app::App;
use psypre::db::DbError;
use psypre::privacy::retention;

use crate::commands::Outcome;

/// How long identities are kept.
#[derive(Debug, Subcommand)]
pub enum RetentionCommand {
    /// Say whose identity is to be destroyed by a day, by reference
    Preview(PreviewArguments),
    /// Tell the coordinators of what comes, and destroy what is due and was told, once
    Run,
}

/// Until when.
#[derive(Debug, Args)]
pub struct PreviewArguments {
    /// The last day, such as 2027-01-31; today and the days of notice when it is not given
    #[arg(long)]
    until: Option<NaiveDate>,
}

/// Runs a command on retention.
pub fn run(app: &App, command: &RetentionCommand) -> Outcome {
    let terms = app.config.retention;
    match command {
        RetentionCommand::Preview(PreviewArguments { until }) => {
            let today = app.clock.today();
            let until = until.unwrap_or(today + Days::new(terms.notice_days.into()));
            let kept = app.db.read::<_, DbError>(|conn| Ok(retention::preview(conn, terms, None, until)?))?;
            for one in &kept {
                println!(
                    "{}: last contact {}, due {}, destroyed from {}",
                    one.reference,
                    one.last_contact_on,
                    one.due_on(),
                    one.destroyed_on(today, terms)
                );
            }
            println!("{} identities until {until}", kept.len());
        }
        RetentionCommand::Run => {
            let done = retention::run(&app.db, &app.vault, &app.clock, terms)?;
            for reference in &done.told {
                println!("{reference}: its coordinator is told");
            }
            for reference in &done.destroyed {
                println!("{reference}: identity destroyed");
            }
            println!("told {}, destroyed {}", done.told.len(), done.destroyed.len());
        }
    }
    Ok(ExitCode::SUCCESS)
}
