//! What exports read: whole months by joins, never a query for each row. Children are references here.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::Error as DieselError;

use super::ExportedLine;
use crate::calendar::{Month, local_date};
use crate::conventions::ServiceType;
use crate::db::AnyConnection;
use crate::documents::{CertificateRow, Seller, VatRegime};
use crate::hours::Minutes;
use crate::ids::{ConventionId, InvoiceId, SessionId};
use crate::invoices::{COMMON, FileKind, InvoiceKind, service_name};
use crate::money::Cents;
use crate::schema::{
    accounts, budget_lines, budget_years, buyers, children, convention_programmes, conventions, invoice_files,
    invoice_lines, invoices, programmes, psychologists, quotas, services, session_decisions, sessions, signatories,
    substitutions,
};
use crate::sessions::Attendance;
use crate::sql_types::Ts;

/// What the frozen content of an invoice says of its issuer; the rest of it is not read.
#[derive(serde::Deserialize)]
struct Content {
    invoice: Issued,
}

#[derive(serde::Deserialize)]
struct Issued {
    seller: Seller,
}

/// The issuer of each invoice of a month, as it was frozen.
pub fn sellers(conn: &mut AnyConnection, month: Month) -> QueryResult<BTreeMap<InvoiceId, Seller>> {
    let rows = invoices::table
        .filter(invoices::month_on.eq(month.first()))
        .select((invoices::id, invoices::content))
        .load::<(InvoiceId, String)>(conn)?;
    let read = |(id, json): (InvoiceId, String)| {
        let content: Content = serde_json::from_str(&json).map_err(|e| DieselError::DeserializationError(e.into()))?;
        Ok((id, content.invoice.seller))
    };
    rows.into_iter().map(read).collect()
}

/// The title of each convention under which the month was billed.
pub fn titles(conn: &mut AnyConnection, month: Month) -> QueryResult<BTreeMap<ConventionId, String>> {
    let rows = conventions::table
        .filter(conventions::starts_on.le(month.last()).and(conventions::ends_on.ge(month.first())))
        .select((conventions::id, conventions::title))
        .load::<(ConventionId, String)>(conn)?;
    Ok(rows.into_iter().collect())
}

/// The latest month that was billed.
pub fn latest_month(conn: &mut AnyConnection) -> QueryResult<Option<Month>> {
    let latest: Option<NaiveDate> = invoices::table.select(diesel::dsl::max(invoices::month_on)).first(conn)?;
    Ok(latest.map(Month::of))
}

type LineRow =
    ((InvoiceId, InvoiceKind), i32, Option<(String, String)>, ServiceType, i32, Minutes, Cents, Cents, VatRegime);

/// The lines of each invoice of a month by position, signed.
pub fn lines(conn: &mut AnyConnection, month: Month) -> QueryResult<BTreeMap<InvoiceId, Vec<ExportedLine>>> {
    let rows = invoice_lines::table
        .inner_join(invoices::table)
        .left_join(programmes::table)
        .filter(invoices::month_on.eq(month.first()))
        .select((
            (invoices::id, invoices::kind),
            invoice_lines::position,
            (programmes::code, programmes::name).nullable(),
            invoice_lines::service_type,
            invoice_lines::session_count,
            invoice_lines::minutes,
            invoice_lines::hourly_cents,
            invoice_lines::net_cents,
            invoice_lines::vat_regime,
        ))
        .order((invoice_lines::invoice_id, invoice_lines::position))
        .load::<LineRow>(conn)?;
    let mut lines: BTreeMap<InvoiceId, Vec<ExportedLine>> = BTreeMap::new();
    for ((invoice, kind), position, programme, service, count, time, hourly, net, vat) in rows {
        // services are of no programme, and are not sessions
        let (programme_code, programme) = programme.unwrap_or_else(|| (String::new(), COMMON.to_owned()));
        let count = if service == ServiceType::Interview { count } else { 0 };
        let (sign, net) = match kind {
            InvoiceKind::Invoice => (1, net),
            InvoiceKind::CreditNote => (-1, -net),
        };
        lines.entry(invoice).or_default().push(ExportedLine {
            position,
            programme_code,
            programme,
            service,
            session_count: i64::from(sign * count),
            time: Minutes(sign * time.0),
            hourly,
            net,
            vat,
        });
    }
    Ok(lines)
}

/// A kept file, with its hash.
pub type KeptFile = (InvoiceId, FileKind, Vec<u8>, Vec<u8>);

/// The kept files of some invoices.
pub fn files(conn: &mut AnyConnection, ids: &[InvoiceId]) -> QueryResult<Vec<KeptFile>> {
    invoice_files::table
        .filter(invoice_files::invoice_id.eq_any(ids))
        .select((invoice_files::invoice_id, invoice_files::kind, invoice_files::sha256, invoice_files::bytes))
        .load(conn)
}

/// The programme and the convention of which a month's service is certified.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CertifiedProgramme {
    /// The code of the programme.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The signatory that runs it.
    pub run_by: String,
    /// The short name of the convention.
    pub convention_slug: String,
    /// Its title.
    pub convention: String,
}

type SessionRow = (
    (String, String, String, String, String),
    (NaiveDate, String, String, Option<Attendance>, Minutes),
    (SessionId, String, Option<Ts>),
);

/// The coordinators in whose place the sessions of a month were approved, where somebody stood in.
fn absent_approvers(conn: &mut AnyConnection, month: Month) -> QueryResult<BTreeMap<SessionId, String>> {
    let rows: Vec<(SessionId, String)> = session_decisions::table
        .inner_join(sessions::table)
        .inner_join(substitutions::table)
        .inner_join(accounts::table.on(accounts::id.eq(substitutions::named_by)))
        .filter(sessions::session_on.between(month.first(), month.last()))
        .filter(sessions::decided_at.eq(session_decisions::decided_at.nullable()))
        .select((sessions::id, accounts::display_name))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The sessions of a month whose service was certified and is billed, by programme and convention.
///
/// # Errors
/// When the database fails.
pub fn certified(
    conn: &mut AnyConnection,
    month: Month,
) -> QueryResult<BTreeMap<CertifiedProgramme, Vec<CertificateRow>>> {
    let rows = sessions::table
        .inner_join(programmes::table)
        .inner_join(children::table)
        .inner_join(psychologists::table)
        .inner_join(quotas::table.inner_join(budget_years::table.inner_join(conventions::table)))
        .inner_join(
            convention_programmes::table.on(convention_programmes::programme_id
                .eq(sessions::programme_id)
                .and(convention_programmes::convention_id.eq(conventions::id))),
        )
        .inner_join(signatories::table.on(signatories::id.eq(convention_programmes::signatory_id)))
        .inner_join(accounts::table.on(sessions::decided_by.eq(accounts::id.nullable())))
        .filter(sessions::session_on.between(month.first(), month.last()))
        .filter(sessions::state.eq_any(["approved", "invoiced"]))
        .filter(sessions::billed_minutes.gt(Minutes::ZERO))
        .select((
            (programmes::code, programmes::name, signatories::name, conventions::slug, conventions::title),
            (
                sessions::session_on,
                psychologists::legal_name,
                children::reference,
                sessions::attendance,
                sessions::billed_minutes,
            ),
            (sessions::id, accounts::display_name, sessions::decided_at),
        ))
        .order((sessions::session_on, sessions::starts_at, sessions::id))
        .load::<SessionRow>(conn)?;
    let mut programmes: BTreeMap<CertifiedProgramme, Vec<CertificateRow>> = BTreeMap::new();
    let absent = absent_approvers(conn, month)?;
    for ((code, name, run_by, convention_slug, convention), session, (id, approver, decided_at)) in rows {
        let (held_on, psychologist, child_reference, attendance, duration_minutes) = session;
        let key = CertifiedProgramme { code, name, run_by, convention_slug, convention };
        programmes.entry(key).or_default().push(CertificateRow {
            held_on,
            psychologist,
            reference: child_reference,
            attendance: attendance.map(Attendance::french).unwrap_or_default().to_owned(),
            duration_minutes,
            approved_by: match absent.get(&id) {
                Some(absent) => format!("{approver}, en remplacement de {absent}"),
                None => approver,
            },
            approved_on: decided_at.map_or(held_on, local_date),
        });
    }
    Ok(programmes)
}

type CertifiedServiceRow =
    ((String, String, String), (NaiveDate, String, ServiceType, i32, Minutes), (String, Option<Ts>));

/// The services of a month that were certified, by convention: common to its programmes, certified by the Métropole.
///
/// # Errors
/// When the database fails.
pub fn certified_services(
    conn: &mut AnyConnection,
    month: Month,
) -> QueryResult<BTreeMap<CertifiedProgramme, Vec<CertificateRow>>> {
    let rows = services::table
        .inner_join(psychologists::table)
        .inner_join(budget_lines::table.inner_join(budget_years::table.inner_join(conventions::table)))
        .inner_join(buyers::table.on(buyers::convention_id.eq(conventions::id)))
        .inner_join(accounts::table.on(services::decided_by.eq(accounts::id.nullable())))
        .filter(services::service_on.between(month.first(), month.last()))
        .filter(services::state.eq_any(["approved", "invoiced"]))
        .select((
            (buyers::name, conventions::slug, conventions::title),
            (
                services::service_on,
                psychologists::legal_name,
                services::service_type,
                services::participants,
                services::duration_minutes,
            ),
            (accounts::display_name, services::decided_at),
        ))
        .order((services::service_on, services::starts_at, services::id))
        .load::<CertifiedServiceRow>(conn)?;
    let mut certified: BTreeMap<CertifiedProgramme, Vec<CertificateRow>> = BTreeMap::new();
    for ((run_by, convention_slug, convention), service, (approved_by, decided_at)) in rows {
        let (held_on, psychologist, kind, participants, duration_minutes) = service;
        let (code, name) = ("prestations".to_owned(), "Analyse de la pratique et formations".to_owned());
        let key = CertifiedProgramme { code, name, run_by, convention_slug, convention };
        certified.entry(key).or_default().push(CertificateRow {
            held_on,
            psychologist,
            reference: service_name(kind),
            attendance: participants.to_string(),
            duration_minutes,
            approved_by,
            approved_on: decided_at.map_or(held_on, local_date),
        });
    }
    Ok(certified)
}
