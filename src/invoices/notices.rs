//! Tells by mail what happens to invoices: the accountants what to do, the psychologist what was done.

use diesel::QueryResult;

use super::{Invoice, store};
use crate::accounts::{Role, recipients};
use crate::clock::Clock;
use crate::db::Tx;
use crate::ids::InvoiceId;
use crate::{mails, outbox};

/// Tells the psychologist and the accountants that an invoice is issued.
pub fn issued(tx: &mut Tx<'_>, clock: &Clock, id: InvoiceId) -> QueryResult<()> {
    let invoice = store::load(tx, id)?;
    let own = recipients::of(tx, invoice.account)?.map(|reader| (reader.email, true));
    let accountants = recipients::holders(tx, Role::Accountant)?.into_iter().map(|reader| (reader.email, false));
    for (recipient, is_own) in own.into_iter().chain(accountants) {
        let mail = mails::InvoiceIssued {
            recipient,
            invoice: id,
            number: invoice.number.clone(),
            month: invoice.month,
            gross: invoice.gross,
            issuer: invoice.psychologist_name.clone(),
            is_own,
        };
        outbox::enqueue(tx, clock, mail.message()?)?;
    }
    Ok(())
}

/// Tells the psychologist that an invoice is rejected, and why.
pub fn rejected(tx: &mut Tx<'_>, clock: &Clock, invoice: &Invoice, reason: &str) -> QueryResult<()> {
    let Some(reader) = recipients::of(tx, invoice.account)? else { return Ok(()) };
    let mail = mails::InvoiceRejected {
        recipient: reader.email,
        invoice: invoice.id,
        number: invoice.number.clone(),
        reason: reason.to_owned(),
    };
    outbox::enqueue(tx, clock, mail.message()?).map(drop)
}

/// Tells the psychologist that an invoice is paid.
pub fn paid(tx: &mut Tx<'_>, clock: &Clock, invoice: &Invoice, on: chrono::NaiveDate) -> QueryResult<()> {
    let Some(reader) = recipients::of(tx, invoice.account)? else { return Ok(()) };
    let mail = mails::InvoicePaid {
        recipient: reader.email,
        invoice: invoice.id,
        number: invoice.number.clone(),
        month: invoice.month,
        gross: invoice.gross,
        on,
    };
    outbox::enqueue(tx, clock, mail.message()?).map(drop)
}
