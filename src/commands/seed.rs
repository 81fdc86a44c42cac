//! `psypre seed`: synthetic data of any size in an empty database, for measurements.

use std::process::ExitCode;

use chrono::{DateTime, FixedOffset};
use psypre::app::App;
use psypre::clock::Clock;
use psypre::demo::{self, Account};
use psypre::seed::{self, Size};

use crate::commands::Outcome;

/// What `psypre seed` is asked.
#[derive(Debug, clap::Args)]
pub struct SeedArguments {
    /// How many programmes, each with a coordinator and a referent
    #[arg(long, default_value_t = 5)]
    programmes: u32,
    /// How many psychologists
    #[arg(long, default_value_t = 12)]
    psychologists: u32,
    /// How many children, each entrusted to one psychologist
    #[arg(long, default_value_t = 300)]
    children: u32,
    /// How many sessions; one in fifty is to come
    #[arg(long, default_value_t = 10_000)]
    sessions: u32,
    /// Over how many full months before the present one
    #[arg(long, default_value_t = 9)]
    months: u32,
    /// The same seed, figures and day give the same data
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The present, such as 2026-11-20T10:00:00+01:00, instead of the machine's
    #[arg(long, value_name = "INSTANT")]
    at: Option<DateTime<FixedOffset>>,
}

/// Fills the database, telling how far it is.
///
/// # Errors
/// When the database is not empty, the figures do not go together, or the database fails.
pub fn run(app: &App, arguments: &SeedArguments) -> Outcome {
    let clock = arguments.at.map_or_else(|| app.clock.clone(), |at| Clock::fixed(at.to_utc()));
    let app = App { clock, ..app.clone() };
    let size = Size {
        programmes: arguments.programmes,
        psychologists: arguments.psychologists,
        children: arguments.children,
        sessions: arguments.sessions,
        months: arguments.months,
    };
    let seeded = seed::fill(&app, size, arguments.seed, &mut |line| println!("{line}"))?;
    println!("\nAll of it is invented. One account of each role can sign in, with the password {}:", demo::PASSWORD);
    for Account { role, name, email } in &seeded.accounts {
        println!("  {email:<36} {role} ({name})");
    }
    Ok(ExitCode::SUCCESS)
}
