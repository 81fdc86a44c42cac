//! Who opened which file, as CSV for the data-protection officer; taking it away is written in the journal.

use serde_json::json;

use crate::accounts::Auditor;
use crate::calendar::{local_date, local_time};
use crate::clock::Clock;
use crate::db::Db;
use crate::exports::tables::{Cell, Column, Table};
use crate::exports::{ExportRefusal, text_file};
use crate::failure::Failure;
use crate::ids::JournalSubjectId;
use crate::journal::{self, Actor, Chain, Entry};
use crate::readings::{self, Filter, Listed};

/// As many rows as a file holds, the latest.
pub const MOST: i64 = 50_000;

const COLUMNS: &[Column] = &[
    Column { heading: "Jour", width: 12, summed: false },
    Column { heading: "Heure", width: 8, summed: false },
    Column { heading: "Personne", width: 28, summed: false },
    Column { heading: "Qualité", width: 22, summed: false },
    Column { heading: "Enfant", width: 16, summed: false },
    Column { heading: "Enfants lus", width: 12, summed: false },
    Column { heading: "Objet", width: 26, summed: false },
    Column { heading: "Moyen", width: 10, summed: false },
];

/// The openings that a filter keeps, as a file.
///
/// # Errors
/// When the database fails, or the file cannot be written.
pub fn make(db: &Db, clock: &Clock, who: Auditor, filter: &Filter) -> Result<Vec<u8>, Failure<ExportRefusal>> {
    let rows = db.read::<_, Failure<ExportRefusal>>(|conn| Ok(readings::search(conn, filter, 0, MOST)?))?;
    let count = rows.len();
    let table = Table { name: "Consultations", columns: COLUMNS, rows: rows.into_iter().map(row).collect() };
    let bytes = text_file::write(&table).map_err(Failure::Refused)?;
    db.write::<_, Failure<ExportRefusal>>(|tx| {
        let entry = Entry {
            chain: Chain::Account(who.account),
            actor: Actor::Account(who.account),
            action: "readings.exported",
            subject: "export",
            subject_id: JournalSubjectId::new().0,
            before: None,
            after: Some(json!({ "rows": count, "from": filter.from, "until": filter.until })),
        };
        Ok(journal::write(tx, clock, entry)?)
    })?;
    Ok(bytes)
}

fn row(listed: Listed) -> Vec<Cell> {
    vec![
        Cell::Date(Some(local_date(listed.at))),
        Cell::Text(local_time(listed.at).format("%H:%M:%S").to_string()),
        Cell::Text(listed.person),
        Cell::Text(listed.role.french().to_owned()),
        Cell::Text(listed.reference.unwrap_or_default()),
        Cell::Count(listed.children),
        Cell::Text(listed.opened.french().to_owned()),
        Cell::Text(listed.means.french().to_owned()),
    ]
}
