//! The month as JSON for programs. Names of fields are stable: one may be added, none changes its meaning without a new
//! `version`.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ExportRefusal, ExportedInvoice, ExportedLine, MonthExport, ProgrammeTotal};
use crate::conventions::ServiceType;
use crate::documents::VatRegime;
use crate::hours::Minutes;
use crate::ids::InvoiceId;
use crate::invoices::{InvoiceKind, InvoiceState};
use crate::money::Cents;

/// An amount, as programs count it and as people check it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExportedAmount)]
pub struct Amount {
    /// Whole cents, negative on a credit note.
    cents: i64,
    /// Euros with two decimals: `-1234.50`.
    euros: String,
}

impl From<Cents> for Amount {
    fn from(amount: Cents) -> Self {
        Self { cents: amount.0, euros: amount.plain() }
    }
}

/// A length of time, in whole minutes and in hours with two decimals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExportedDuration)]
pub struct Length {
    minutes: i32,
    hours: String,
}

impl From<Minutes> for Length {
    fn from(time: Minutes) -> Self {
        Self { minutes: time.0, hours: time.plain_hours() }
    }
}

/// A month of invoices and credit notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExportedMonth)]
pub struct MonthFile {
    /// The version of these names: 1.
    version: u8,
    /// The month billed: `2026-10`.
    month: String,
    /// When it was read.
    made_at: String,
    /// Credit notes deducted.
    totals: MonthTotals,
    /// Credit notes deducted.
    programmes: Vec<Programme>,
    /// By day of issue, then issuer, then number.
    invoices: Vec<InvoiceEntry>,
}

/// What a month adds up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExportedTotals)]
pub struct MonthTotals {
    /// How many invoices.
    invoices: i64,
    /// How many credit notes.
    credit_notes: i64,
    /// How many of the invoices are rejected and wait for a credit note.
    rejected: i64,
    /// What those come to.
    rejected_gross: Amount,
    sessions: i64,
    duration: Length,
    net: Amount,
    vat: Amount,
    gross: Amount,
}

/// What a programme costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExportedProgramme)]
pub struct Programme {
    code: String,
    name: String,
    sessions: i64,
    duration: Length,
    net: Amount,
}

/// An invoice or a credit note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExportedInvoice)]
pub struct InvoiceEntry {
    id: InvoiceId,
    kind: InvoiceKind,
    number: String,
    state: InvoiceState,
    issuer: Issuer,
    convention: String,
    issued_on: NaiveDate,
    due_on: NaiveDate,
    deposited_on: Option<NaiveDate>,
    ordered_on: Option<NaiveDate>,
    paid_on: Option<NaiveDate>,
    rejected_on: Option<NaiveDate>,
    /// The number of the invoice that a credit note takes back.
    corrects: Option<String>,
    sessions: i64,
    duration: Length,
    net: Amount,
    vat: Amount,
    gross: Amount,
    lines: Vec<Line>,
}

/// Who issued an invoice, as it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExportedIssuer)]
pub struct Issuer {
    legal_name: String,
    siret: String,
    iban: String,
    bic: Option<String>,
}

/// A line of an invoice or a credit note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExportedLine)]
pub struct Line {
    position: i32,
    programme_code: String,
    programme: String,
    service_type: ServiceType,
    sessions: i64,
    duration: Length,
    hourly: Amount,
    net: Amount,
    vat_regime: VatRegime,
}

impl From<&ExportedLine> for Line {
    fn from(line: &ExportedLine) -> Self {
        Self {
            position: line.position,
            programme_code: line.programme_code.clone(),
            programme: line.programme.clone(),
            service_type: line.service,
            sessions: line.session_count,
            duration: line.time.into(),
            hourly: line.hourly.into(),
            net: line.net.into(),
            vat_regime: line.vat,
        }
    }
}

impl From<&ExportedInvoice> for InvoiceEntry {
    fn from(one: &ExportedInvoice) -> Self {
        let (invoice, seller) = (&one.invoice, &one.seller);
        Self {
            id: invoice.id,
            kind: invoice.kind,
            number: invoice.number.clone(),
            state: invoice.state,
            issuer: Issuer {
                legal_name: seller.legal_name.clone(),
                siret: seller.siret.clone(),
                iban: seller.iban.clone(),
                bic: seller.bic.clone(),
            },
            convention: one.convention.clone(),
            issued_on: invoice.issued_on,
            due_on: invoice.due_on,
            deposited_on: invoice.deposited_on,
            ordered_on: invoice.ordered_on,
            paid_on: invoice.paid_on,
            rejected_on: invoice.rejected_on,
            corrects: one.corrects.clone(),
            sessions: one.session_count(),
            duration: one.time().into(),
            net: one.net().into(),
            vat: one.vat().into(),
            gross: one.gross().into(),
            lines: one.lines.iter().map(Line::from).collect(),
        }
    }
}

impl From<ProgrammeTotal> for Programme {
    fn from(total: ProgrammeTotal) -> Self {
        Self {
            code: total.code,
            name: total.name,
            sessions: total.sessions,
            duration: total.time.into(),
            net: total.net.into(),
        }
    }
}

impl From<&MonthExport> for MonthTotals {
    fn from(export: &MonthExport) -> Self {
        let totals = export.totals();
        Self {
            invoices: totals.invoices,
            credit_notes: totals.credit_notes,
            rejected: totals.rejected,
            rejected_gross: totals.rejected_gross.into(),
            sessions: totals.sessions,
            duration: totals.time.into(),
            net: totals.net.into(),
            vat: totals.vat.into(),
            gross: totals.gross.into(),
        }
    }
}

impl From<&MonthExport> for MonthFile {
    fn from(export: &MonthExport) -> Self {
        Self {
            version: 1,
            month: export.month.iso(),
            made_at: export.made_at.rfc3339(),
            totals: export.into(),
            programmes: export.by_programme().into_iter().map(Programme::from).collect(),
            invoices: export.invoices.iter().map(InvoiceEntry::from).collect(),
        }
    }
}

/// Writes the JSON of a month.
///
/// # Errors
/// When it cannot be written.
pub fn write(export: &MonthExport) -> Result<Vec<u8>, ExportRefusal> {
    serde_json::to_vec_pretty(&MonthFile::from(export)).map_err(ExportRefusal::not_written)
}
