//! The tables of invoices; and, of sessions, the only change that invoicing makes: approved ⇄ invoiced.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::Error as DieselError;

use super::{
    BillableService, BillableSession, COMMON, FileKind, FrozenContent, Invoice, InvoiceKind, InvoiceState, Line,
    Pending, Reader, service_name,
};
use crate::calendar::{Month, local_date};
use crate::clock::Clock;
use crate::conventions::ServiceType;
use crate::db::{AnyConnection, Tx};
use crate::documents::{InvoiceLine, Totals};
use crate::each;
use crate::hours::Minutes;
use crate::ids::{AccountId, ConventionId, InvoiceId, ProgrammeId, PsychologistId, ServiceId, SessionId};
use crate::money::Cents;
use crate::psychologists::VatRegime;
use crate::schema::{
    accounts, budget_lines, budget_years, children, invoice_counters, invoice_files, invoice_lines, invoice_services,
    invoice_sessions, invoices, programmes, psychologists, quotas, service_programmes, services, sessions,
};
use crate::sql_types::Ts;

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

/// The conventions under which a psychologist has sessions of a month that no invoice bills yet, whatever their state.
pub fn conventions_with_sessions(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    month: Month,
) -> QueryResult<Vec<ConventionId>> {
    let mut found: Vec<ConventionId> = sessions::table
        .inner_join(quotas::table.inner_join(budget_years::table))
        .filter(sessions::psychologist_id.eq(psychologist))
        .filter(sessions::session_on.between(month.first(), month.last()))
        .filter(sessions::state.eq_any(["booked", "recorded", "refused", "approved"]))
        .select(budget_years::convention_id)
        .distinct()
        .load(conn)?;
    let of_services: Vec<ConventionId> = services::table
        .inner_join(budget_lines::table.inner_join(budget_years::table))
        .filter(services::psychologist_id.eq(psychologist))
        .filter(services::service_on.between(month.first(), month.last()))
        .filter(services::state.eq_any(["recorded", "refused", "approved"]))
        .select(budget_years::convention_id)
        .distinct()
        .load(conn)?;
    found.extend(of_services);
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

type ServiceRow = ((ServiceId, ServiceType), (NaiveDate, Ts, Minutes), i32, (Cents, VatRegime));

/// The approved services of a month under a convention that are on no live invoice, by day.
pub fn billable_services(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    month: Month,
    convention: ConventionId,
) -> QueryResult<Vec<BillableService>> {
    let rows = services::table
        .inner_join(budget_lines::table.inner_join(budget_years::table))
        .filter(services::psychologist_id.eq(psychologist))
        .filter(services::service_on.between(month.first(), month.last()))
        .filter(services::state.eq("approved"))
        .filter(budget_years::convention_id.eq(convention))
        .select((
            (services::id, services::service_type),
            (services::service_on, services::starts_at, services::duration_minutes),
            services::participants,
            (services::hourly_cents, services::vat_regime),
        ))
        .order((services::starts_at, services::id))
        .load::<ServiceRow>(conn)?;
    let ids: Vec<ServiceId> = rows.iter().map(|row| row.0.0).collect();
    let mut concerned: BTreeMap<ServiceId, Vec<String>> = BTreeMap::new();
    let pairs: Vec<(ServiceId, String)> = service_programmes::table
        .inner_join(programmes::table)
        .filter(service_programmes::service_id.eq_any(&ids))
        .select((service_programmes::service_id, programmes::name))
        .order((service_programmes::service_id, programmes::name))
        .load(conn)?;
    for (service, name) in pairs {
        concerned.entry(service).or_default().push(name);
    }
    let read = |((id, service), (on, starts_at, minutes), participants, (hourly, vat)): ServiceRow| BillableService {
        programmes: concerned.remove(&id).unwrap_or_default(),
        id,
        service,
        on,
        starts_at,
        minutes,
        participants,
        hourly,
        vat,
    };
    Ok(rows.into_iter().map(read).collect())
}

type BillableRow = (SessionId, (ProgrammeId, String), ServiceType, NaiveDate, Ts, Minutes, String);

/// The approved sessions of a month under a convention that are billed and on no live invoice, by day.
pub fn billable(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    month: Month,
    convention: ConventionId,
) -> QueryResult<Vec<BillableSession>> {
    let rows = sessions::table
        .inner_join(quotas::table.inner_join(budget_years::table))
        .inner_join(programmes::table)
        .inner_join(children::table)
        .filter(sessions::psychologist_id.eq(psychologist))
        .filter(sessions::session_on.between(month.first(), month.last()))
        .filter(sessions::state.eq("approved").and(sessions::billed_minutes.gt(Minutes::ZERO)))
        .filter(budget_years::convention_id.eq(convention))
        .select((
            sessions::id,
            (programmes::id, programmes::name),
            sessions::service_type,
            sessions::session_on,
            sessions::starts_at,
            sessions::billed_minutes,
            children::reference,
        ))
        .order((sessions::starts_at, sessions::id))
        .load::<BillableRow>(conn)?;
    let read = |(id, (programme, programme_name), service, on, starts_at, minutes, child_reference): BillableRow| {
        BillableSession { id, convention, programme, programme_name, service, on, starts_at, minutes, child_reference }
    };
    Ok(rows.into_iter().map(read).collect())
}

/// How many sessions of a month wait for something before they can be invoiced.
pub fn pending(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    month: Month,
    convention: ConventionId,
    today: NaiveDate,
) -> QueryResult<Pending> {
    let counts = sessions::table
        .inner_join(quotas::table.inner_join(budget_years::table))
        .filter(sessions::psychologist_id.eq(psychologist))
        .filter(sessions::session_on.between(month.first(), month.last().min(today)))
        .filter(sessions::state.eq_any(["booked", "recorded", "refused"]))
        .filter(budget_years::convention_id.eq(convention))
        .group_by(sessions::state)
        .select((sessions::state, diesel::dsl::count_star()))
        .load::<(String, i64)>(conn)?;
    let of = |state: &str| counts.iter().find(|(name, _)| name == state).map_or(0, |(_, count)| *count);
    let services = services::table
        .inner_join(budget_lines::table.inner_join(budget_years::table))
        .filter(services::psychologist_id.eq(psychologist))
        .filter(services::service_on.between(month.first(), month.last()))
        .filter(services::state.eq_any(["recorded", "refused"]))
        .filter(budget_years::convention_id.eq(convention))
        .count()
        .get_result(conn)?;
    Ok(Pending { to_record: of("booked"), to_approve: of("recorded"), to_correct: of("refused"), services })
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

/// Puts approved sessions on an invoice; gives how many still were approved.
pub fn invoice_sessions(tx: &mut Tx<'_>, invoice: InvoiceId, ids: &[SessionId]) -> QueryResult<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let row = |id: &SessionId| {
        (
            invoice_sessions::invoice_id.eq(invoice),
            invoice_sessions::session_id.eq(*id),
            invoice_sessions::is_live.eq(true),
        )
    };
    let rows: Vec<_> = ids.iter().map(row).collect();
    let conn = &mut **tx;
    each!(conn => diesel::insert_into(invoice_sessions::table).values(&rows).execute(conn))?;
    diesel::update(sessions::table.filter(sessions::id.eq_any(ids).and(sessions::state.eq("approved"))))
        .set((sessions::state.eq("invoiced"), sessions::invoice_id.eq(invoice)))
        .execute(&mut **tx)
}

/// Puts approved services on an invoice; gives how many still were approved.
pub fn invoice_services(tx: &mut Tx<'_>, invoice: InvoiceId, ids: &[ServiceId]) -> QueryResult<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let row = |id: &ServiceId| {
        (
            invoice_services::invoice_id.eq(invoice),
            invoice_services::service_id.eq(*id),
            invoice_services::is_live.eq(true),
        )
    };
    let rows: Vec<_> = ids.iter().map(row).collect();
    let conn = &mut **tx;
    each!(conn => diesel::insert_into(invoice_services::table).values(&rows).execute(conn))?;
    diesel::update(services::table.filter(services::id.eq_any(ids).and(services::state.eq("approved"))))
        .set((services::state.eq("invoiced"), services::invoice_id.eq(invoice)))
        .execute(&mut **tx)
}

/// Takes the services off a credited invoice: approved again, and free for another.
pub fn free_services(tx: &mut Tx<'_>, invoice: InvoiceId) -> QueryResult<()> {
    diesel::update(invoice_services::table.filter(invoice_services::invoice_id.eq(invoice)))
        .set(invoice_services::is_live.eq(false))
        .execute(&mut **tx)?;
    diesel::update(services::table.filter(services::invoice_id.eq(invoice).and(services::state.eq("invoiced"))))
        .set((services::state.eq("approved"), services::invoice_id.eq(None::<InvoiceId>)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Takes the sessions off a credited invoice: approved again, and free for another.
pub fn free_sessions(tx: &mut Tx<'_>, invoice: InvoiceId) -> QueryResult<()> {
    diesel::update(invoice_sessions::table.filter(invoice_sessions::invoice_id.eq(invoice)))
        .set(invoice_sessions::is_live.eq(false))
        .execute(&mut **tx)?;
    diesel::update(sessions::table.filter(sessions::invoice_id.eq(invoice).and(sessions::state.eq("invoiced"))))
        .set((sessions::state.eq("approved"), sessions::invoice_id.eq(None::<InvoiceId>)))
        .execute(&mut **tx)?;
    Ok(())
}

/// The day of the last approval of the sessions and services on an invoice: all is certified from then on.
pub fn service_done_on(conn: &mut AnyConnection, invoice: InvoiceId) -> QueryResult<Option<NaiveDate>> {
    let last = sessions::table
        .filter(sessions::invoice_id.eq(invoice))
        .select(sessions::decided_at)
        .order(sessions::decided_at.desc())
        .first::<Option<Ts>>(conn)
        .optional()?;
    let of_services = services::table
        .filter(services::invoice_id.eq(invoice))
        .select(services::decided_at)
        .order(services::decided_at.desc())
        .first::<Option<Ts>>(conn)
        .optional()?;
    Ok(last.flatten().max(of_services.flatten()).map(local_date))
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

/// A month in which a psychologist has sessions or services that no invoice bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthOfPsychologist {
    /// The month.
    pub month: Month,
    /// Approved sessions and services that an invoice may bill.
    pub approved: i64,
    /// Their time.
    pub time: Minutes,
    /// Sessions and services that wait for something.
    pub waiting: i64,
}

/// The months in which a psychologist has sessions that no invoice bills, up to a day; the latest first.
///
/// # Errors
/// When the database fails.
pub fn months_of_psychologist(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    today: NaiveDate,
) -> QueryResult<Vec<MonthOfPsychologist>> {
    let rows = sessions::table
        .filter(sessions::psychologist_id.eq(psychologist).and(sessions::session_on.le(today)))
        .filter(sessions::state.eq_any(["booked", "recorded", "refused", "approved"]))
        .select((sessions::session_on, sessions::state, sessions::billed_minutes))
        .load::<(NaiveDate, String, Minutes)>(conn)?;
    let mut months: BTreeMap<Month, (i64, Minutes, i64)> = BTreeMap::new();
    for (on, state, billed) in rows {
        let month = months.entry(Month::of(on)).or_default();
        match state.as_str() {
            "approved" if billed > Minutes::ZERO => {
                month.0 += 1;
                month.1 += billed;
            }
            "approved" => {}
            _ => month.2 += 1,
        }
    }
    let rows = services::table
        .filter(services::psychologist_id.eq(psychologist).and(services::service_on.le(today)))
        .filter(services::state.eq_any(["recorded", "refused", "approved"]))
        .select((services::service_on, services::state, services::duration_minutes))
        .load::<(NaiveDate, String, Minutes)>(conn)?;
    for (on, state, minutes) in rows {
        let month = months.entry(Month::of(on)).or_default();
        if state == "approved" {
            month.0 += 1;
            month.1 += minutes;
        } else {
            month.2 += 1;
        }
    }
    let read = |(month, (approved, time, waiting))| MonthOfPsychologist { month, approved, time, waiting };
    Ok(months.into_iter().rev().map(read).filter(|m| m.approved + m.waiting > 0).collect())
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
