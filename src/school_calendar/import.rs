//! Enters school years: those that come with the program, and those of a file of the ministry.

use std::collections::BTreeMap;

use super::{SchoolBreak, file, store};
use crate::clock::Clock;
use crate::db::{Db, DbError, Tx};
use crate::journal::{self, Actor, Chain, Entry};

/// The years published when this program was made.
pub const PUBLISHED: &str = include_str!("../../calendars/academie-de-dijon.csv");
/// The academy of those years.
pub const ACADEMY: &str = "Dijon";

/// What an import did with a school year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedYear {
    /// Such as `2027-2028`.
    pub school_year: String,
    /// How many holidays it has.
    pub breaks: usize,
    /// Whether anything changed.
    pub is_changed: bool,
}

/// Makes each school year of a file what the file says. The same file again changes nothing, and is not journaled.
///
/// # Errors
/// When the database fails.
pub fn import(tx: &mut Tx<'_>, clock: &Clock, breaks: &[SchoolBreak]) -> diesel::QueryResult<Vec<ImportedYear>> {
    let known = by_year(store::breaks(tx)?);
    let mut done = Vec::new();
    for (school_year, given) in by_year(breaks.to_vec()) {
        let is_changed = known.get(&school_year) != Some(&given);
        if is_changed {
            store::replace_year(tx, &school_year, &given)?;
            journal::write(tx, clock, entry(&school_year, known.get(&school_year), &given))?;
        }
        done.push(ImportedYear { school_year, breaks: given.len(), is_changed });
    }
    Ok(done)
}

/// Enters the published years that the database does not have; a year that was imported since is left as it is.
///
/// # Errors
/// When the database fails.
pub fn enter_published(db: &Db) -> Result<(), DbError> {
    let Ok(published) = file::read(PUBLISHED, ACADEMY) else { return Ok(()) };
    let is_missing = |known: &[SchoolBreak]| {
        let unknown = |b: &&SchoolBreak| !known.iter().any(|k| k.school_year == b.school_year);
        published.iter().filter(unknown).cloned().collect::<Vec<_>>()
    };
    // nothing is locked on every start but the first
    if is_missing(&db.read::<_, DbError>(|conn| Ok(store::breaks(conn)?))?).is_empty() {
        return Ok(());
    }
    db.write(|tx| {
        let missing = is_missing(&store::breaks(tx)?);
        for (school_year, given) in by_year(missing) {
            store::replace_year(tx, &school_year, &given)?;
        }
        Ok(())
    })
}

/// Who plans by a calendar may ask when it changed, and from what.
fn entry(school_year: &str, before: Option<&Vec<SchoolBreak>>, after: &[SchoolBreak]) -> Entry {
    let first_year = school_year.split('-').next().and_then(|year| year.parse().ok()).unwrap_or_default();
    Entry {
        chain: Chain::Installation,
        actor: Actor::System,
        action: "school_year.imported",
        subject: "school_year",
        // a school year has no identifier of its own: the year in which it begins is its number
        subject_id: uuid::Uuid::from_u128(first_year),
        before: before.map(|breaks| facts(school_year, breaks)),
        after: Some(facts(school_year, after)),
    }
}

fn facts(school_year: &str, breaks: &[SchoolBreak]) -> serde_json::Value {
    let one = |b: &SchoolBreak| serde_json::json!({ "name": b.name, "from": b.starts_on, "until": b.ends_on });
    serde_json::json!({ "school_year": school_year, "breaks": breaks.iter().map(one).collect::<Vec<_>>() })
}

fn by_year(breaks: Vec<SchoolBreak>) -> BTreeMap<String, Vec<SchoolBreak>> {
    let mut years: BTreeMap<String, Vec<SchoolBreak>> = BTreeMap::new();
    for period in breaks {
        years.entry(period.school_year.clone()).or_default().push(period);
    }
    years
}
