//! The tables of a month, once for the text files and the workbook: the same cells under the same headings.

use chrono::NaiveDate;

use super::{ExportedInvoice, ExportedLine, MonthExport};
use crate::documents::VatRegime;
use crate::hours::Minutes;
use crate::invoices::{InvoiceKind, service_name};
use crate::money::Cents;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A day, or none.
    Date(Option<NaiveDate>),
    /// Euros.
    Money(Cents),
    /// Hours.
    Time(Minutes),
    /// How many.
    Count(i64),
}

impl Cell {
    /// Words.
    pub fn text(words: impl ToString) -> Self {
        Self::Text(words.to_string())
    }
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// What it says at its head.
    pub heading: &'static str,
    /// Its width in characters.
    pub width: u8,
    /// Whether its cells are added up.
    pub summed: bool,
}

/// A column whose cells are not added up.
pub const fn column(heading: &'static str, width: u8) -> Column {
    Column { heading, width, summed: false }
}

/// A column whose cells are added up.
pub const fn summed(heading: &'static str, width: u8) -> Column {
    Column { heading, width, summed: true }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The name of its sheet.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// Its rows, a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

const INVOICES: &[Column] = &[
    column("Mois", 9),
    column("Type", 9),
    column("Numéro", 14),
    column("Psychologue", 28),
    column("SIRET", 17),
    column("Convention", 40),
    column("Émise le", 12),
    column("État", 18),
    column("Échéance", 12),
    column("Déposée le", 12),
    column("Mandatée le", 12),
    column("Payée le", 12),
    column("Rejetée le", 12),
    column("Facture annulée", 16),
    summed("Séances", 10),
    summed("Heures", 10),
    summed("Montant HT", 14),
    summed("TVA", 12),
    summed("Montant TTC", 14),
    column("IBAN", 36),
    column("BIC", 14),
];

const LINES: &[Column] = &[
    column("Mois", 9),
    column("Type", 9),
    column("Numéro", 14),
    column("Ligne", 7),
    column("Psychologue", 28),
    column("SIRET", 17),
    column("Code PRE", 10),
    column("PRE", 24),
    column("Prestation", 26),
    summed("Séances", 10),
    summed("Heures", 10),
    column("Tarif horaire HT", 16),
    summed("Montant HT", 14),
    column("Taux de TVA", 12),
    column("Régime de TVA", 44),
];

const PROGRAMMES: &[Column] =
    &[column("Code PRE", 10), column("PRE", 28), summed("Séances", 10), summed("Heures", 10), summed("Montant HT", 14)];

/// A row for each invoice and credit note.
pub fn invoices(export: &MonthExport) -> Table {
    let month = export.month.iso();
    let row = |one: &ExportedInvoice| {
        let invoice = &one.invoice;
        // nothing is to be paid of a credit note
        let due_on = (invoice.kind == InvoiceKind::Invoice).then_some(invoice.due_on);
        vec![
            Cell::text(&month),
            Cell::text(invoice.kind.french()),
            Cell::text(&invoice.number),
            Cell::text(&one.seller.legal_name),
            Cell::text(&one.seller.siret),
            Cell::text(&one.convention),
            Cell::Date(Some(invoice.issued_on)),
            Cell::text(invoice.state_french()),
            Cell::Date(due_on),
            Cell::Date(invoice.deposited_on),
            Cell::Date(invoice.ordered_on),
            Cell::Date(invoice.paid_on),
            Cell::Date(invoice.rejected_on),
            Cell::text(one.corrects.as_deref().unwrap_or_default()),
            Cell::Count(one.session_count()),
            Cell::Time(one.time()),
            Cell::Money(one.net()),
            Cell::Money(one.vat()),
            Cell::Money(one.gross()),
            Cell::text(&one.seller.iban),
            Cell::text(one.seller.bic.as_deref().unwrap_or_default()),
        ]
    };
    Table { name: "Factures", columns: INVOICES, rows: export.invoices.iter().map(row).collect() }
}

/// A row for each line of each invoice and credit note.
pub fn lines(export: &MonthExport) -> Table {
    let month = export.month.iso();
    let row = |one: &ExportedInvoice, line: &ExportedLine| {
        vec![
            Cell::text(&month),
            Cell::text(one.invoice.kind.french()),
            Cell::text(&one.invoice.number),
            Cell::Count(i64::from(line.position)),
            Cell::text(&one.seller.legal_name),
            Cell::text(&one.seller.siret),
            Cell::text(&line.programme_code),
            Cell::text(&line.programme),
            Cell::text(service_name(line.service)),
            Cell::Count(line.session_count),
            Cell::Time(line.time),
            Cell::Money(line.hourly),
            Cell::Money(line.net),
            Cell::text(format!("{}\u{a0}%", line.vat.percent())),
            Cell::text(regime(line.vat)),
        ]
    };
    let rows = export.invoices.iter().flat_map(|one| one.lines.iter().map(move |line| row(one, line)));
    Table { name: "Lignes", columns: LINES, rows: rows.collect() }
}

/// The reason for which no tax is charged, or that it is.
fn regime(vat: VatRegime) -> &'static str {
    match vat {
        VatRegime::ExemptCare => "Exonération (CGI, article 261, 4-1°)",
        VatRegime::Franchise => "Franchise en base (CGI, article 293 B)",
        VatRegime::Standard => "Taux normal",
    }
}

/// A row for each programme.
pub fn programmes(export: &MonthExport) -> Table {
    let row = |total: super::ProgrammeTotal| {
        vec![
            Cell::Text(total.code),
            Cell::Text(total.name),
            Cell::Count(total.sessions),
            Cell::Time(total.time),
            Cell::Money(total.net),
        ]
    };
    Table { name: "Par PRE", columns: PROGRAMMES, rows: export.by_programme().into_iter().map(row).collect() }
}
