//! What the data-protection officer answers for: who opened which child's file.

pub mod api;
pub mod pages_readings;
pub mod readings_file;

use crate::readings::Filter;
use crate::web::Query;

/// What a query asks of the openings, by the names that its values have there.
fn filter_of(query: &Query, [person, reference, from, until]: [&str; 4]) -> Filter {
    let text = |name: &str| query.get(name).map(str::to_owned);
    let day = |name: &str| query.get(name).and_then(|day| day.parse().ok());
    Filter { person: text(person), reference: text(reference), child: None, from: day(from), until: day(until) }
}
