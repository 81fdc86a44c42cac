//! The commands of `psypre`, one file a group: each reads its arguments, runs verbs of the library, and prints.

pub mod accounts;
pub mod conventions;
pub mod demo;
pub mod exports;
pub mod invoices;
pub mod keys;
pub mod reports;
pub mod retention;
pub mod school_calendar;
pub mod seed;
pub mod upkeep;

use std::error::Error;
use std::process::ExitCode;

/// How a command ends.
pub type Outcome = Result<ExitCode, Box<dyn Error>>;

/// Says that all is well, or each thing that is not, with exit code 1.
pub fn tell(well: &str, wrong: &[impl std::fmt::Display]) -> Outcome {
    for what in wrong {
        println!("{what}");
    }
    if wrong.is_empty() {
        println!("{well}");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
