//! Writes an invoice or a credit note: its number from the counter, its content frozen, its files kept with their hash.

use chrono::{Datelike, NaiveDate};
use diesel::QueryResult;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::store::{self, NewInvoice};
use super::{FileKind, FrozenContent, InvoiceKind, Line, number};
use crate::calendar::Month;
use crate::clock::Clock;
use crate::db::Tx;
use crate::documents::{self, DocumentError, DocumentKind};
use crate::failure::Failure;
use crate::ids::{ConventionId, InvoiceId, PsychologistId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::psychologists::Issuer;

/// Why what was numbered cannot be written: everything is rolled back, the number too.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FreezeRefusal {
    /// The document cannot be made.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The clock went back.
    #[error(
        "La dernière facture de la série est datée du {} : une facture ne peut pas être émise avant. Vérifiez l’horloge du \
         serveur.",
        crate::calendar::french_date(*.0)
    )]
    BeforeThePrevious(NaiveDate),
}

/// A place taken in the series of an issuer. The counter's row stays locked until the transaction ends: whoever else
/// issues for this psychologist waits, and a rollback gives the number back.
#[derive(Debug)]
pub struct Place {
    /// The day.
    pub on: NaiveDate,
    sequence: i32,
    /// The number.
    pub number: String,
}

/// Takes the next place of an issuer's series.
pub fn take_place(
    tx: &mut Tx<'_>,
    clock: &Clock,
    psychologist: PsychologistId,
) -> Result<Place, Failure<FreezeRefusal>> {
    let on = clock.today();
    let sequence = store::take_number(tx, psychologist, on.year())?;
    match store::last_issued_on(tx, psychologist)? {
        Some(last) if last > on => Err(Failure::Refused(FreezeRefusal::BeforeThePrevious(last))),
        _ => Ok(Place { on, sequence, number: number(on.year(), sequence) }),
    }
}

/// What is frozen under a place.
#[derive(Debug)]
pub struct Draft<'d> {
    /// Who bills.
    pub issuer: &'d Issuer,
    /// Who acts: the psychologist, or who issues under their mandate.
    pub actor: Actor,
    /// Under which convention.
    pub convention: ConventionId,
    /// The month billed.
    pub month: Month,
    /// The lines.
    pub lines: &'d [Line],
    /// The content.
    pub content: FrozenContent,
    /// The invoice that a credit note takes back, and why.
    pub corrects: Option<(InvoiceId, &'d str)>,
    /// The last day to pay.
    pub due_on: NaiveDate,
}

/// Writes the rows, the files and the journal.
pub fn write(
    tx: &mut Tx<'_>,
    clock: &Clock,
    place: &Place,
    draft: Draft<'_>,
) -> Result<InvoiceId, Failure<FreezeRefusal>> {
    let refused = |error: DocumentError| Failure::Refused(FreezeRefusal::from(error));
    let mut files = vec![(FileKind::FacturX, documents::factur_x(&draft.content.invoice).map_err(refused)?)];
    if let Some(statement) = &draft.content.statement {
        files.push((FileKind::Statement, documents::statement(statement).map_err(refused)?));
    }
    let content = to_json(&draft.content)?;
    let kind = match draft.content.invoice.kind {
        DocumentKind::Invoice { .. } => InvoiceKind::Invoice,
        DocumentKind::CreditNote { .. } => InvoiceKind::CreditNote,
    };
    let id = InvoiceId::new();
    store::insert_invoice(
        tx,
        clock,
        &NewInvoice {
            id,
            psychologist: draft.issuer.id,
            convention: draft.convention,
            kind,
            year: place.on.year(),
            sequence: place.sequence,
            number: &place.number,
            month: draft.month,
            issued_on: place.on,
            totals: &draft.content.invoice.totals,
            content_sha256: &sha256(content.as_bytes()),
            content: &content,
            corrects: draft.corrects.map(|(invoice, _)| invoice),
            issued_by: draft.actor.account(),
            due_on: draft.due_on,
        },
    )?;
    store::insert_lines(tx, id, draft.lines)?;
    for (kind, bytes) in &files {
        store::insert_file(tx, id, *kind, &sha256(bytes), bytes)?;
    }
    tell(tx, clock, id, place, &draft, &files)?;
    Ok(id)
}

fn tell(
    tx: &mut Tx<'_>,
    clock: &Clock,
    id: InvoiceId,
    place: &Place,
    draft: &Draft<'_>,
    files: &[(FileKind, Vec<u8>)],
) -> QueryResult<()> {
    let hashes: serde_json::Map<_, _> =
        files.iter().map(|(kind, bytes)| (kind.to_string(), json!(crate::vault::to_hex(&sha256(bytes))))).collect();
    let (action, reason) = match draft.corrects {
        None => ("invoice.issued", None),
        Some((_, reason)) => ("credit_note.issued", Some(reason)),
    };
    let entry = Entry {
        chain: Chain::Account(draft.issuer.account),
        actor: draft.actor,
        action,
        subject: "invoice",
        subject_id: id.0,
        before: None,
        after: Some(json!({
            "number": place.number,
            "month": draft.month.iso(),
            "gross_cents": draft.content.invoice.totals.gross_cents,
            "sessions": draft.lines.iter().map(|line| line.session_count).sum::<i32>(),
            "corrects": draft.corrects.map(|(invoice, _)| invoice),
            "reason": reason,
            "mandate_signed_on": draft.content.invoice.mandate_signed_on,
            "sha256": hashes,
        })),
    };
    journal::write(tx, clock, entry)
}

fn to_json(content: &FrozenContent) -> QueryResult<String> {
    serde_json::to_string(content).map_err(|e| diesel::result::Error::SerializationError(e.into()))
}

/// The hash under which a file or a content is kept.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}
