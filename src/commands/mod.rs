//! The commands of `psypre`, one file a group: each reads its arguments, runs verbs of the library, and prints.

pub mod accounts;
pub mod conventions;
pub mod demo;
pub mod exports;
pub mod funding_calls;
pub mod invoices;
pub mod keys;
pub mod reports;
pub mod retention;
pub mod school_calendar;
pub mod seed;
pub mod upkeep;
pub mod years;

use std::error::Error;
use std::process::ExitCode;

/// How a command ends.
pub type Outcome = Result<ExitCode, Box<dyn Error>>;

/// Rows as columns parted by two spaces, those from one on set to the right: figures.
pub fn columns(rows: &[Vec<String>], first_figures: usize) -> String {
    let wide = |text: &str| text.chars().count();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| wide(cell)).max().unwrap_or(0);
    let cell = |(column, text): (usize, &String)| {
        let blank = " ".repeat(width(column) - wide(text));
        if column < first_figures { format!("{text}{blank}") } else { format!("{blank}{text}") }
    };
    let line =
        |row: &Vec<String>| row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ").trim_end().to_owned();
    rows.iter().map(|row| line(row) + "\n").collect()
}

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
