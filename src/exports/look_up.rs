//! Reads a month whole.

pub use super::store::{CertifiedProgramme, certified};
use diesel::QueryResult;
use diesel::result::Error as DieselError;

use super::{ExportedInvoice, MonthExport, store};
use crate::calendar::Month;
use crate::clock::Clock;
use crate::db::AnyConnection;
use crate::invoices::look_up::{self as invoices, ListFilter};
use crate::invoices::{Invoice, Reader};

/// The invoices and credit notes of a month, with their lines and issuers.
///
/// # Errors
/// When the database fails, or an invoice has no readable content.
pub fn month(conn: &mut AnyConnection, clock: &Clock, month: Month) -> QueryResult<MonthExport> {
    let filter = ListFilter { reader: Reader::Accountant, month: Some(month), state: None, search: None };
    let found = invoices::list(conn, &filter, 0, i64::MAX)?;
    let titles = store::titles(conn, month)?;
    let mut sellers = store::sellers(conn, month)?;
    let mut lines = store::lines(conn, month)?;
    let numbers: Vec<_> = found.iter().map(|invoice| (invoice.id, invoice.number.clone())).collect();
    let corrected = |invoice: &Invoice| {
        let of = invoice.corrects?;
        numbers.iter().find(|(id, _)| *id == of).map(|(_, number)| number.clone())
    };
    let whole = |invoice: Invoice| {
        Ok(ExportedInvoice {
            seller: sellers.remove(&invoice.id).ok_or(DieselError::NotFound)?,
            lines: lines.remove(&invoice.id).unwrap_or_default(),
            convention: titles.get(&invoice.convention).cloned().unwrap_or_default(),
            corrects: corrected(&invoice),
            invoice,
        })
    };
    let mut whole: Vec<ExportedInvoice> = found.into_iter().map(whole).collect::<QueryResult<_>>()?;
    whole.sort_by(|a, b| order(a).cmp(&order(b)));
    Ok(MonthExport { month, made_at: clock.now(), invoices: whole })
}

/// The latest month that was billed.
///
/// # Errors
/// When the database fails.
pub fn latest_month(conn: &mut AnyConnection) -> QueryResult<Option<Month>> {
    store::latest_month(conn)
}

/// By day, issuer, and rank in the series: a longer number is a later one.
fn order(one: &ExportedInvoice) -> (chrono::NaiveDate, &str, usize, &str) {
    let number = one.invoice.number.as_str();
    (one.invoice.issued_on, &one.seller.siret, number.len(), number)
}
