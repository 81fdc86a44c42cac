//! Exports a month, and says so in the journal.

use std::collections::BTreeSet;

use diesel::QueryResult;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    ExportFormat, ExportRefusal, ExportedFile, MonthExport, archive, json_file, look_up, tables, text_file, workbook,
};
use crate::accounts::Accountant;
use crate::calendar::Month;
use crate::clock::Clock;
use crate::db::{AnyConnection, Db, Tx};
use crate::failure::Failure;
use crate::ids::JournalSubjectId;
use crate::journal::{self, Actor, Chain, Entry};
use crate::vault::to_hex;

/// Who exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exporter {
    /// The accountant: told on the chain of their account.
    Accountant(Accountant),
    /// The command line, which is nobody's account: told on the chain of each convention billed.
    System,
}

/// Exports a month: what is read is one state of the database, and nobody waits for it to be written down.
///
/// # Errors
/// As [`ExportRefusal`] says, or when the database fails; then the journal says nothing.
pub fn export(
    db: &Db,
    clock: &Clock,
    who: Exporter,
    month: Month,
    format: ExportFormat,
) -> Result<ExportedFile, Failure<ExportRefusal>> {
    let (export, bytes) = db.snapshot(|conn| {
        let export = look_up::month(conn, clock, month)?;
        let bytes = write(conn, &export, format)?;
        Ok::<_, Failure<ExportRefusal>>((export, bytes))
    })?;
    let sha256 = to_hex(&Sha256::digest(&bytes));
    let file = ExportedFile { name: format.file_name(month), format, bytes, sha256 };
    db.write(|tx| tell(tx, clock, who, &export, &file).map_err(Failure::from))?;
    Ok(file)
}

fn write(
    conn: &mut AnyConnection,
    export: &MonthExport,
    format: ExportFormat,
) -> Result<Vec<u8>, Failure<ExportRefusal>> {
    match format {
        ExportFormat::Csv => text_file::write(&tables::invoices(export)).map_err(Failure::Refused),
        ExportFormat::Xlsx => workbook::write(export).map_err(Failure::Refused),
        ExportFormat::Json => json_file::write(export).map_err(Failure::Refused),
        ExportFormat::Zip => archive::write(conn, export),
    }
}

fn tell(tx: &mut Tx<'_>, clock: &Clock, who: Exporter, export: &MonthExport, file: &ExportedFile) -> QueryResult<()> {
    let (actor, chains) = match who {
        Exporter::Accountant(who) => (Actor::Account(who.account), vec![Chain::Account(who.account)]),
        Exporter::System => {
            let billed: BTreeSet<_> = export.invoices.iter().map(|one| one.invoice.convention).collect();
            (Actor::System, billed.into_iter().map(Chain::Convention).collect())
        }
    };
    for chain in chains {
        let entry = Entry {
            chain,
            actor,
            action: "month.exported",
            subject: "export",
            subject_id: JournalSubjectId::new().0,
            before: None,
            after: Some(json!({
                "month": export.month.iso(),
                "format": file.format,
                "sha256": file.sha256,
                "invoices": export.invoices.len(),
                "gross_cents": export.totals().gross,
            })),
        };
        journal::write(tx, clock, entry)?;
    }
    Ok(())
}
