//! Invoices as they are read: one, its files and lines, a list, the sums of a month.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::Error as DieselError;

use crate::calendar::Month;
use crate::conventions::ServiceType;
use crate::db::AnyConnection;
use crate::documents::InvoiceLine;
use crate::hours::Minutes;
use crate::ids::{AccountId, ConventionId, InvoiceId, ProgrammeId, PsychologistId};
use crate::invoices::{
    COMMON, FileKind, FrozenContent, Invoice, InvoiceKind, InvoiceState, Line, Reader, service_name,
};
use crate::money::Cents;
use crate::psychologists::VatRegime;
use crate::schema::{accounts, invoice_files, invoice_lines, invoices, programmes, psychologists};

type InvoiceRow = (
    (InvoiceId, PsychologistId, AccountId, String, ConventionId),
    (InvoiceKind, String, NaiveDate, NaiveDate, Cents, Cents, Cents),
    (InvoiceState, NaiveDate, Option<NaiveDate>, Option<NaiveDate>, Option<NaiveDate>),
    (Option<NaiveDate>, Option<String>, Option<InvoiceId>),
);

type Whose = (
    invoices::id,
    invoices::psychologist_id,
    psychologists::account_id,
    accounts::display_name,
    invoices::convention_id,
);

type What = (
    invoices::kind,
    invoices::number,
    invoices::month_on,
    invoices::issued_on,
    invoices::net_cents,
    invoices::vat_cents,
    invoices::gross_cents,
);

type Stands = (invoices::state, invoices::due_on, invoices::deposited_on, invoices::ordered_on, invoices::paid_on);

type Ends = (invoices::rejected_on, invoices::rejection_reason, invoices::corrects_id);

const INVOICE: (Whose, What, Stands, Ends) = (
    (
        invoices::id,
        invoices::psychologist_id,
        psychologists::account_id,
        accounts::display_name,
        invoices::convention_id,
    ),
    (
        invoices::kind,
        invoices::number,
        invoices::month_on,
        invoices::issued_on,
        invoices::net_cents,
        invoices::vat_cents,
        invoices::gross_cents,
    ),
    (invoices::state, invoices::due_on, invoices::deposited_on, invoices::ordered_on, invoices::paid_on),
    (invoices::rejected_on, invoices::rejection_reason, invoices::corrects_id),
);

fn invoice(row: InvoiceRow) -> Invoice {
    let (who, what, stands, ends) = row;
    let (id, psychologist, account, psychologist_name, convention) = who;
    let (kind, number, month_on, issued_on, net, vat, gross) = what;
    let (state, due_on, deposited_on, ordered_on, paid_on) = stands;
    let (rejected_on, rejection_reason, corrects) = ends;
    let month = Month::of(month_on);
    Invoice {
        id,
        psychologist,
        account,
        psychologist_name,
        convention,
        kind,
        number,
        month,
        issued_on,
        net,
        vat,
        gross,
        state,
        due_on,
        deposited_on,
        ordered_on,
        paid_on,
        rejected_on,
        rejection_reason,
        corrects,
    }
}

/// An invoice or credit note.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load(conn: &mut AnyConnection, id: InvoiceId) -> QueryResult<Invoice> {
    invoices::table
        .inner_join(psychologists::table.inner_join(accounts::table))
        .filter(invoices::id.eq(id))
        .select(INVOICE)
        .first::<InvoiceRow>(conn)
        .map(invoice)
}

/// An invoice or credit note, if it is the reader's to see.
///
/// # Errors
/// When there is none, when it is not theirs, or when the database fails.
pub fn load_for(conn: &mut AnyConnection, reader: Reader, id: InvoiceId) -> QueryResult<Invoice> {
    let found = load(conn, id)?;
    match reader {
        Reader::Psychologist(who) if found.psychologist != who => Err(DieselError::NotFound),
        _ => Ok(found),
    }
}

/// The credit note that takes an invoice back.
///
/// # Errors
/// When the database fails.
pub fn credit_note_of(conn: &mut AnyConnection, id: InvoiceId) -> QueryResult<Option<Invoice>> {
    let row = invoices::table
        .inner_join(psychologists::table.inner_join(accounts::table))
        .filter(invoices::corrects_id.eq(id))
        .select(INVOICE)
        .first::<InvoiceRow>(conn)
        .optional()?;
    Ok(row.map(invoice))
}

/// What an invoice was made from.
///
/// # Errors
/// When there is none, or the database fails.
pub fn content(conn: &mut AnyConnection, id: InvoiceId) -> QueryResult<FrozenContent> {
    let json: String = invoices::table.find(id).select(invoices::content).first(conn)?;
    serde_json::from_str(&json).map_err(|e| DieselError::DeserializationError(e.into()))
}

/// A kept file: its hash and its bytes.
pub fn load_file(conn: &mut AnyConnection, id: InvoiceId, kind: FileKind) -> QueryResult<(Vec<u8>, Vec<u8>)> {
    invoice_files::table.find((id, kind)).select((invoice_files::sha256, invoice_files::bytes)).first(conn)
}

type LineRow = (i32, Option<(ProgrammeId, String)>, ServiceType, i32, Minutes, Cents, Cents, VatRegime);

/// The lines of an invoice, by position.
///
/// # Errors
/// When the database fails.
pub fn lines(conn: &mut AnyConnection, id: InvoiceId) -> QueryResult<Vec<Line>> {
    let rows = invoice_lines::table
        .left_join(programmes::table)
        .filter(invoice_lines::invoice_id.eq(id))
        .select((
            invoice_lines::position,
            (programmes::id, programmes::name).nullable(),
            invoice_lines::service_type,
            invoice_lines::session_count,
            invoice_lines::minutes,
            invoice_lines::hourly_cents,
            invoice_lines::net_cents,
            invoice_lines::vat_regime,
        ))
        .order(invoice_lines::position)
        .load::<LineRow>(conn)?;
    let read = |(position, programme, service, session_count, time, hourly, net, vat): LineRow| Line {
        programme: programme.as_ref().map(|(id, _)| *id),
        service,
        session_count,
        shown: InvoiceLine {
            position: position.unsigned_abs(),
            programme: programme.map_or_else(|| COMMON.to_owned(), |(_, name)| name),
            service_type: service_name(service),
            duration_minutes: time,
            hourly_rate_cents: hourly,
            net_cents: net,
            vat,
        },
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The invoices and credit notes of a psychologist, the latest first.
///
/// # Errors
/// When the database fails.
pub fn of_psychologist(conn: &mut AnyConnection, psychologist: PsychologistId) -> QueryResult<Vec<Invoice>> {
    let rows = invoices::table
        .inner_join(psychologists::table.inner_join(accounts::table))
        .filter(invoices::psychologist_id.eq(psychologist))
        .select(INVOICE)
        .order((invoices::year.desc(), invoices::sequence.desc()))
        .load::<InvoiceRow>(conn)?;
    Ok(rows.into_iter().map(invoice).collect())
}

/// Which invoices of a month are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFilter {
    /// Whose: one's own, or all.
    pub reader: Reader,
    /// The month billed; every month when absent.
    pub month: Option<Month>,
    /// Those in a state.
    pub state: Option<InvoiceState>,
    /// A number, or psychologists whose name was searched.
    pub search: Option<Search>,
}

/// What was searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Part of a number.
    pub number: String,
    /// The psychologists whose name has those words.
    pub psychologists: Vec<PsychologistId>,
}

type ListQuery<'q> = invoices::BoxedQuery<'q, crate::db::MultiBackend>;

fn listed(filter: &ListFilter) -> ListQuery<'_> {
    let mut query = invoices::table.into_boxed();
    if let Reader::Psychologist(who) = filter.reader {
        query = query.filter(invoices::psychologist_id.eq(who));
    }
    if let Some(month) = filter.month {
        query = query.filter(invoices::month_on.eq(month.first()));
    }
    if let Some(state) = filter.state {
        query = query.filter(invoices::state.eq(state));
    }
    if let Some(search) = &filter.search {
        // a number holds neither % nor _: they are taken out, so that nothing has to be escaped
        let number: String =
            search.number.to_uppercase().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let of = invoices::psychologist_id.eq_any(&search.psychologists);
        query = match number.as_str() {
            "" => query.filter(of),
            number => query.filter(of.or(invoices::number.like(format!("%{number}%")))),
        };
    }
    query
}

/// How many invoices a filter leaves.
///
/// # Errors
/// When the database fails.
pub fn list_count(conn: &mut AnyConnection, filter: &ListFilter) -> QueryResult<i64> {
    listed(filter).count().get_result(conn)
}

/// A page of the invoices that a filter leaves, by due date: those that wait to be paid first.
///
/// # Errors
/// When the database fails.
pub fn list(conn: &mut AnyConnection, filter: &ListFilter, offset: i64, limit: i64) -> QueryResult<Vec<Invoice>> {
    let ids: Vec<InvoiceId> = listed(filter)
        .select(invoices::id)
        .order((invoices::due_on, invoices::issued_on, invoices::id))
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    let rows = invoices::table
        .inner_join(psychologists::table.inner_join(accounts::table))
        .filter(invoices::id.eq_any(&ids))
        .select(INVOICE)
        .order((invoices::due_on, invoices::issued_on, invoices::id))
        .load::<InvoiceRow>(conn)?;
    Ok(rows.into_iter().map(invoice).collect())
}

/// How many invoices of a month are in a state, and their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateTotal {
    /// The state.
    pub state: InvoiceState,
    /// How many.
    pub count: i64,
    /// What they come to.
    pub gross: Cents,
}

/// A month at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthSummary {
    /// Invoices by state, in the order of the states; credit notes are not among them.
    pub states: Vec<StateTotal>,
    /// How many credit notes there are.
    pub credit_notes: i64,
}

impl MonthSummary {
    /// What the buyer owes or paid: neither rejected nor credited invoices.
    pub fn total(&self) -> Cents {
        let stands = |total: &&StateTotal| !matches!(total.state, InvoiceState::Rejected | InvoiceState::Credited);
        self.states.iter().filter(stands).map(|total| total.gross).sum()
    }

    /// How many invoices there are.
    pub fn count(&self) -> i64 {
        self.states.iter().map(|total| total.count).sum()
    }
}

/// A month at a glance, for whom may see it.
///
/// # Errors
/// When the database fails.
pub fn summary(conn: &mut AnyConnection, reader: Reader, month: Month) -> QueryResult<MonthSummary> {
    let filter = ListFilter { reader, month: Some(month), state: None, search: None };
    let rows = listed(&filter).select((invoices::kind, invoices::state, invoices::gross_cents)).load::<(
        InvoiceKind,
        InvoiceState,
        Cents,
    )>(conn)?;
    let of = |state: InvoiceState| {
        let mine = rows.iter().filter(|(kind, is, _)| *kind == InvoiceKind::Invoice && *is == state);
        let (count, gross) = mine.fold((0, Cents::ZERO), |(n, sum), (_, _, gross)| (n + 1, sum + *gross));
        StateTotal { state, count, gross }
    };
    let states = InvoiceState::ALL.iter().copied().map(of).filter(|total| total.count > 0).collect();
    let credit_notes = rows.iter().filter(|(kind, _, _)| *kind == InvoiceKind::CreditNote).count();
    Ok(MonthSummary { states, credit_notes: i64::try_from(credit_notes).unwrap_or(i64::MAX) })
}
