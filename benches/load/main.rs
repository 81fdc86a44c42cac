//! What the program does in a second, beside what its database can do at most on the same disk: `make bench`.
//!
//! Each figure stands beside a floor measured in turns with it: bare transactions of the same rows, without a rule, an
//! index or a constraint but the primary key. `docs/performance.md` says how to read the ratios.
// what goes wrong here ends the measure: there is nobody to tell
#![allow(clippy::unwrap_used)]

mod clients;
mod exporting;
mod floor;
mod http;
mod invoicing;
mod place;
mod recording;
mod report;

use psypre::db::Dialect;

use crate::report::Report;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [asked, rest @ ..] = arguments.as_slice()
        && asked == exporting::ALONE
    {
        return exporting::alone(rest);
    }
    // a word to measure one part only, as `cargo bench --bench load -- recording`
    let wanted = |part: &str| arguments.iter().filter(|word| !word.starts_with("--")).all(|word| word == part);
    let mut report = Report::new();
    report.machine();
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        if wanted("recording") {
            recording::measure(dialect, &mut report);
        }
        if wanted("month") {
            invoicing::measure(dialect, &mut report);
        }
    }
    report.print();
}
