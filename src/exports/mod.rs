//! The month as the accountant takes it away: one reading of the database, written as CSV, XLSX, JSON or ZIP.
//!
//! An invoice and the credit note that takes it back both stand in the month billed: the credit note with the opposite
//! sign (amounts, hours, sessions), so that any sum of a column is what is owed. Nothing here knows a child's name.

pub mod api;
mod archive;
mod documents;
pub mod export;
pub mod funding_calls;
pub mod json_file;
pub mod look_up;
pub mod pages;
pub mod pages_funding_calls;
mod store;
pub mod tables;
pub mod text_file;
pub mod workbook;

use std::collections::BTreeMap;

use crate::calendar::Month;
use crate::conventions::ServiceType;
use crate::documents::{Seller, VatRegime};
use crate::failure::Refusal;
use crate::hours::Minutes;
use crate::invoices::{Invoice, InvoiceKind, InvoiceState};
use crate::money::Cents;
use crate::sql_types::Ts;

crate::text_enum! {
    /// How a month is written.
    ExportFormat {
        /// One row an invoice, for any spreadsheet or accounting software.
        Csv => "csv",
        /// A workbook of three sheets.
        Xlsx => "xlsx",
        /// For programs.
        Json => "json",
        /// All the documents, with their hashes.
        Zip => "zip",
    }
}

impl ExportFormat {
    /// The media type of its file.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Json => "application/json",
            Self::Zip => "application/zip",
        }
    }

    /// The name of the file of a month: `psypre-factures-2026-10.csv`.
    pub fn file_name(self, month: Month) -> String {
        format!("psypre-factures-{}.{self}", month.iso())
    }
}

/// A file to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// Its name.
    pub name: String,
    /// Its format.
    pub format: ExportFormat,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their SHA-256, as hexadecimal digits.
    pub sha256: String,
}

/// Why a month is not exported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportRefusal {
    /// What is kept is not what was issued.
    #[error(
        "Le fichier conservé de {0} ne correspond plus à son empreinte : l’export n’est pas fait. Prévenez l’administration."
    )]
    Altered(String),
    /// The file could not be written; the text is for the log.
    #[error("L’export n’a pas pu être écrit ({0}). Réessayez, ou prévenez l’administration.")]
    NotWritten(String),
}

impl ExportRefusal {
    fn not_written(error: impl std::fmt::Display) -> Self {
        Self::NotWritten(error.to_string())
    }
}

impl Refusal for ExportRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Altered(_) => "file_altered",
            Self::NotWritten(_) => "export_not_written",
        }
    }
}

/// The invoices and credit notes of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthExport {
    /// The month billed.
    pub month: Month,
    /// When it was read.
    pub made_at: Ts,
    /// By day of issue, then issuer, then number.
    pub invoices: Vec<ExportedInvoice>,
}

/// An invoice or a credit note, with who issued it and its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedInvoice {
    /// The invoice as it stands.
    pub invoice: Invoice,
    /// The title of the convention under which it bills.
    pub convention: String,
    /// The issuer, as the invoice says.
    pub seller: Seller,
    /// The number of the invoice that this credit note takes back.
    pub corrects: Option<String>,
    /// Its lines, by position.
    pub lines: Vec<ExportedLine>,
}

/// A line, signed: negative on a credit note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedLine {
    /// Rank on the invoice, from 1.
    pub position: i32,
    /// The code of the programme, such as `CHE`; empty for services, which are common to all.
    pub programme_code: String,
    /// Its name.
    pub programme: String,
    /// For what.
    pub service: ServiceType,
    /// How many sessions; services are not counted among them.
    pub session_count: i64,
    /// Their time.
    pub time: Minutes,
    /// Price of an hour without tax; never negative.
    pub hourly: Cents,
    /// Amount without tax.
    pub net: Cents,
    /// Tax that applies.
    pub vat: VatRegime,
}

impl ExportedInvoice {
    fn sign(&self, amount: Cents) -> Cents {
        match self.invoice.kind {
            InvoiceKind::Invoice => amount,
            InvoiceKind::CreditNote => -amount,
        }
    }

    /// Sum without tax, negative on a credit note.
    pub fn net(&self) -> Cents {
        self.sign(self.invoice.net)
    }

    /// Tax, negative on a credit note.
    pub fn vat(&self) -> Cents {
        self.sign(self.invoice.vat)
    }

    /// What is owed, negative on a credit note.
    pub fn gross(&self) -> Cents {
        self.sign(self.invoice.gross)
    }

    /// How many sessions, negative on a credit note.
    pub fn session_count(&self) -> i64 {
        self.lines.iter().map(|line| line.session_count).sum()
    }

    /// Their time, negative on a credit note.
    pub fn time(&self) -> Minutes {
        self.lines.iter().map(|line| line.time).sum()
    }
}

/// What a month adds up to, credit notes deducted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// How many invoices.
    pub invoices: i64,
    /// What the invoices alone come to.
    pub invoiced: Cents,
    /// How many credit notes.
    pub credit_notes: i64,
    /// What the credit notes alone come to; negative.
    pub credited: Cents,
    /// How many of the invoices are rejected and wait for their credit note.
    pub rejected: i64,
    /// What those come to.
    pub rejected_gross: Cents,
    /// How many sessions, credit notes deducted.
    pub sessions: i64,
    /// Their time.
    pub time: Minutes,
    /// Sum without tax.
    pub net: Cents,
    /// Tax.
    pub vat: Cents,
    /// What is owed.
    pub gross: Cents,
}

/// What a programme costs in a month, credit notes deducted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgrammeTotal {
    /// The code of the programme, such as `CHE`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// How many sessions.
    pub sessions: i64,
    /// Their time.
    pub time: Minutes,
    /// Sum without tax; tax is computed on the whole invoice.
    pub net: Cents,
}

impl MonthExport {
    /// What the month adds up to.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for invoice in &self.invoices {
            match invoice.invoice.kind {
                InvoiceKind::Invoice => {
                    totals.invoices += 1;
                    totals.invoiced += invoice.gross();
                }
                InvoiceKind::CreditNote => {
                    totals.credit_notes += 1;
                    totals.credited += invoice.gross();
                }
            }
            if invoice.invoice.state == InvoiceState::Rejected {
                totals.rejected += 1;
                totals.rejected_gross += invoice.gross();
            }
            totals.sessions += invoice.session_count();
            totals.time += invoice.time();
            totals.net += invoice.net();
            totals.vat += invoice.vat();
            totals.gross += invoice.gross();
        }
        totals
    }

    /// What each programme costs, by name.
    pub fn by_programme(&self) -> Vec<ProgrammeTotal> {
        let mut programmes: BTreeMap<(&str, &str), (i64, Minutes, Cents)> = BTreeMap::new();
        for line in self.invoices.iter().flat_map(|invoice| &invoice.lines) {
            let total = programmes.entry((&line.programme, &line.programme_code)).or_default();
            total.0 += line.session_count;
            total.1 += line.time;
            total.2 += line.net;
        }
        let total = |((name, code), (sessions, time, net)): ((&str, &str), _)| ProgrammeTotal {
            code: code.to_owned(),
            name: name.to_owned(),
            sessions,
            time,
            net,
        };
        programmes.into_iter().map(total).collect()
    }
}
