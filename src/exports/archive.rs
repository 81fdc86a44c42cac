//! The month as an archive: every document, the tables, and the hashes of all of them.

use std::io::{Cursor, Write};

use chrono::{Datelike, Timelike};
use serde::Serialize;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::documents::{self, Document};
use super::{ExportFormat, ExportRefusal, ExportedInvoice, MonthExport, json_file, tables, text_file};
use crate::calendar;
use crate::db::AnyConnection;
use crate::failure::Failure;
use crate::money::Cents;
use crate::vault::to_hex;

/// The list of hashes that `sha256sum --check` reads.
pub const HASHES: &str = "manifeste.txt";
/// The same for programs, with amounts.
pub const MANIFEST: &str = "manifest.json";

#[derive(Serialize)]
struct Manifest<'m> {
    version: u8,
    month: String,
    made_at: String,
    totals: json_file::MonthTotals,
    files: &'m [Entry],
}

#[derive(Serialize)]
struct Entry {
    path: String,
    bytes: usize,
    sha256: String,
    /// The number of the invoice or credit note that the file is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// What that one adds to the month; negative on a credit note.
    #[serde(skip_serializing_if = "Option::is_none")]
    gross_cents: Option<Cents>,
}

/// Writes the archive of a month.
///
/// # Errors
/// When a kept file was altered, a document cannot be made, or the database fails.
pub fn write(conn: &mut AnyConnection, export: &MonthExport) -> Result<Vec<u8>, Failure<ExportRefusal>> {
    let mut archive = Archive::new(export);
    archive.add_tables().map_err(Failure::Refused)?;
    documents::each_kept(conn, export, |document| archive.add_document(&document))?;
    for document in documents::certificates(conn, export)? {
        archive.add_document(&document).map_err(Failure::Refused)?;
    }
    archive.finish().map_err(Failure::Refused)
}

/// An archive being written.
struct Archive<'e> {
    export: &'e MonthExport,
    zip: ZipWriter<Cursor<Vec<u8>>>,
    written_at: DateTime,
    entries: Vec<Entry>,
}

impl<'e> Archive<'e> {
    fn new(export: &'e MonthExport) -> Self {
        let zip = ZipWriter::new(Cursor::new(Vec::new()));
        Self { export, zip, written_at: clock_time(export), entries: Vec::new() }
    }

    fn add_tables(&mut self) -> Result<(), ExportRefusal> {
        let invoices = text_file::write(&tables::invoices(self.export))?;
        self.add(ExportFormat::Csv.file_name(self.export.month), &invoices, None)?;
        let lines = text_file::write(&tables::lines(self.export))?;
        self.add(format!("psypre-lignes-{}.csv", self.export.month.iso()), &lines, None)
    }

    /// Adds the hashes of all that is there, and gives the bytes.
    fn finish(mut self) -> Result<Vec<u8>, ExportRefusal> {
        let manifest = Manifest {
            version: 1,
            month: self.export.month.iso(),
            made_at: self.export.made_at.rfc3339(),
            totals: self.export.into(),
            files: &self.entries,
        };
        let manifest = serde_json::to_vec_pretty(&manifest).map_err(ExportRefusal::not_written)?;
        self.add(MANIFEST.to_owned(), &manifest, None)?;
        let hashes: String = self.entries.iter().map(|entry| format!("{}  {}\n", entry.sha256, entry.path)).collect();
        self.put(HASHES, hashes.as_bytes())?;
        self.zip.finish().map(Cursor::into_inner).map_err(ExportRefusal::not_written)
    }

    fn add_document(&mut self, document: &Document<'_>) -> Result<(), ExportRefusal> {
        self.add(document.path.clone(), &document.bytes, document.invoice)
    }

    fn add(&mut self, path: String, bytes: &[u8], of: Option<&ExportedInvoice>) -> Result<(), ExportRefusal> {
        self.put(&path, bytes)?;
        self.entries.push(Entry {
            path,
            bytes: bytes.len(),
            sha256: to_hex(&Sha256::digest(bytes)),
            number: of.map(|one| one.invoice.number.clone()),
            gross_cents: of.map(ExportedInvoice::gross),
        });
        Ok(())
    }

    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), ExportRefusal> {
        // a PDF is compressed inside
        let is_pdf = std::path::Path::new(path).extension().is_some_and(|end| end == "pdf");
        let method = if is_pdf { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(self.written_at)
            .unix_permissions(0o644);
        self.zip.start_file(path, options).map_err(ExportRefusal::not_written)?;
        self.zip.write_all(bytes).map_err(ExportRefusal::not_written)
    }
}

/// The local time at which the month was read: archives know no zone, and have no time of the machine's.
fn clock_time(export: &MonthExport) -> DateTime {
    let at = calendar::local(export.made_at);
    let small = |number: u32| u8::try_from(number).unwrap_or_default();
    let year = u16::try_from(at.year()).unwrap_or_default();
    let (month, day) = (small(at.month()), small(at.day()));
    DateTime::from_date_and_time(year, month, day, small(at.hour()), small(at.minute()), small(at.second()))
        .unwrap_or_default()
}
