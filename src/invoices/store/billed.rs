//! What an invoice may bill, and does: of sessions and services, the only change that invoicing makes, approved ⇄ invoiced.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::calendar::{Month, local_date};
use crate::conventions::ServiceType;
use crate::db::{AnyConnection, Tx};
use crate::each;
use crate::hours::Minutes;
use crate::ids::{ConventionId, InvoiceId, ProgrammeId, PsychologistId, ServiceId, SessionId};
use crate::invoices::{BillableService, BillableSession, Pending};
use crate::money::Cents;
use crate::psychologists::VatRegime;
use crate::schema::{
    budget_lines, budget_years, children, invoice_services, invoice_sessions, programmes, quotas, services, sessions,
};
use crate::services::look_up::concerned;
use crate::sql_types::Ts;

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
    let mut concerned = concerned(conn, &ids)?;
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
