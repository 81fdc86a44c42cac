//! Invoices as they are written, and the steps that they take afterwards.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::calendar::Month;
use crate::clock::Clock;
use crate::db::{AnyConnection, Tx};
use crate::documents::Totals;
use crate::each;
use crate::ids::{AccountId, ConventionId, InvoiceId, PsychologistId};
use crate::invoices::{FileKind, InvoiceKind, InvoiceState, Line};
use crate::schema::{invoice_counters, invoice_files, invoice_lines, invoices};

/// Takes the next number of an issuer and year; the row stays locked until the transaction ends.
pub fn take_number(tx: &mut Tx<'_>, psychologist: PsychologistId, year: i32) -> QueryResult<i32> {
    let new = (
        invoice_counters::psychologist_id.eq(psychologist),
        invoice_counters::year.eq(year),
        invoice_counters::last_number.eq(0),
    );
    let conn = &mut **tx;
    each!(conn => diesel::insert_into(invoice_counters::table).values(new).on_conflict_do_nothing().execute(conn))?;
    diesel::update(invoice_counters::table.find((psychologist, year)))
        .set(invoice_counters::last_number.eq(invoice_counters::last_number + 1))
        .returning(invoice_counters::last_number)
        .get_result(&mut **tx)
}

/// The day of the latest document of an issuer.
pub fn last_issued_on(conn: &mut AnyConnection, psychologist: PsychologistId) -> QueryResult<Option<NaiveDate>> {
    invoices::table
        .filter(invoices::psychologist_id.eq(psychologist))
        .select(invoices::issued_on)
        .order(invoices::issued_on.desc())
        .first(conn)
        .optional()
}

/// An invoice or credit note to write.
#[derive(Debug)]
pub struct NewInvoice<'n> {
    pub id: InvoiceId,
    pub psychologist: PsychologistId,
    pub convention: ConventionId,
    pub kind: InvoiceKind,
    pub year: i32,
    pub sequence: i32,
    pub number: &'n str,
    pub month: Month,
    pub issued_on: NaiveDate,
    pub totals: &'n Totals,
    pub content: &'n str,
    pub content_sha256: &'n [u8],
    pub corrects: Option<InvoiceId>,
    pub issued_by: Option<AccountId>,
    pub due_on: NaiveDate,
}

/// Writes an invoice or a credit note as issued.
pub fn insert_invoice(tx: &mut Tx<'_>, clock: &Clock, new: &NewInvoice<'_>) -> QueryResult<()> {
    diesel::insert_into(invoices::table)
        .values((
            invoices::id.eq(new.id),
            invoices::psychologist_id.eq(new.psychologist),
            invoices::convention_id.eq(new.convention),
            invoices::kind.eq(new.kind),
            invoices::year.eq(new.year),
            invoices::sequence.eq(new.sequence),
            invoices::number.eq(new.number),
            invoices::month_on.eq(new.month.first()),
            invoices::issued_on.eq(new.issued_on),
            invoices::net_cents.eq(new.totals.net_cents),
            invoices::vat_cents.eq(new.totals.vat_cents),
            invoices::gross_cents.eq(new.totals.gross_cents),
            invoices::content.eq(new.content),
            invoices::content_sha256.eq(new.content_sha256),
            invoices::corrects_id.eq(new.corrects),
            invoices::issued_by.eq(new.issued_by),
            invoices::issued_at.eq(clock.now()),
            invoices::state.eq(InvoiceState::Issued),
            invoices::due_on.eq(new.due_on),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes the lines of an invoice.
pub fn insert_lines(tx: &mut Tx<'_>, invoice: InvoiceId, lines: &[Line]) -> QueryResult<()> {
    let row = |line: &Line| {
        (
            invoice_lines::invoice_id.eq(invoice),
            invoice_lines::position.eq(i32::try_from(line.shown.position).unwrap_or(i32::MAX)),
            invoice_lines::programme_id.eq(line.programme),
            invoice_lines::service_type.eq(line.service),
            invoice_lines::session_count.eq(line.session_count),
            invoice_lines::minutes.eq(line.shown.duration_minutes),
            invoice_lines::hourly_cents.eq(line.shown.hourly_rate_cents),
            invoice_lines::net_cents.eq(line.shown.net_cents),
            invoice_lines::vat_regime.eq(line.shown.vat),
        )
    };
    let rows: Vec<_> = lines.iter().map(row).collect();
    let conn = &mut **tx;
    each!(conn => diesel::insert_into(invoice_lines::table).values(&rows).execute(conn))?;
    Ok(())
}

/// Keeps a file with its hash.
pub fn insert_file(
    tx: &mut Tx<'_>,
    invoice: InvoiceId,
    kind: FileKind,
    sha256: &[u8],
    bytes: &[u8],
) -> QueryResult<()> {
    diesel::insert_into(invoice_files::table)
        .values((
            invoice_files::invoice_id.eq(invoice),
            invoice_files::kind.eq(kind),
            invoice_files::sha256.eq(sha256),
            invoice_files::bytes.eq(bytes),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Issued → deposited; 0 when the invoice is in another state.
pub fn set_deposited(tx: &mut Tx<'_>, id: InvoiceId, on: NaiveDate, due_on: NaiveDate) -> QueryResult<usize> {
    diesel::update(invoices::table.find(id).filter(invoices::state.eq(InvoiceState::Issued)))
        .set((invoices::state.eq(InvoiceState::Deposited), invoices::deposited_on.eq(on), invoices::due_on.eq(due_on)))
        .execute(&mut **tx)
}

/// Deposited → ordered; 0 when the invoice is in another state.
pub fn set_ordered(tx: &mut Tx<'_>, id: InvoiceId, on: NaiveDate) -> QueryResult<usize> {
    diesel::update(invoices::table.find(id).filter(invoices::state.eq(InvoiceState::Deposited)))
        .set((invoices::state.eq(InvoiceState::Ordered), invoices::ordered_on.eq(on)))
        .execute(&mut **tx)
}

/// Ordered → paid; 0 when the invoice is in another state.
pub fn set_paid(tx: &mut Tx<'_>, id: InvoiceId, on: NaiveDate) -> QueryResult<usize> {
    diesel::update(invoices::table.find(id).filter(invoices::state.eq(InvoiceState::Ordered)))
        .set((invoices::state.eq(InvoiceState::Paid), invoices::paid_on.eq(on)))
        .execute(&mut **tx)
}

/// Issued or deposited → rejected; 0 when the invoice is in another state.
pub fn set_rejected(tx: &mut Tx<'_>, id: InvoiceId, on: NaiveDate, reason: &str) -> QueryResult<usize> {
    let from = [InvoiceState::Issued, InvoiceState::Deposited];
    diesel::update(invoices::table.find(id).filter(invoices::state.eq_any(from)))
        .set((
            invoices::state.eq(InvoiceState::Rejected),
            invoices::rejected_on.eq(on),
            invoices::rejection_reason.eq(reason),
        ))
        .execute(&mut **tx)
}

/// Issued, deposited or rejected → credited; 0 when the invoice is in another state.
pub fn set_credited(tx: &mut Tx<'_>, id: InvoiceId) -> QueryResult<usize> {
    let from = [InvoiceState::Issued, InvoiceState::Deposited, InvoiceState::Rejected];
    diesel::update(invoices::table.find(id).filter(invoices::state.eq_any(from)))
        .set(invoices::state.eq(InvoiceState::Credited))
        .execute(&mut **tx)
}
