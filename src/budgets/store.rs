//! The SQL of the year at a glance: sums only, grouped by the database.

use chrono::NaiveDate;
use diesel::dsl::{exists, sql, sum};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::calendar::Month;
use crate::conventions::{BudgetYear, Period, ServiceType};
use crate::db::{AnyConnection, MultiBackend};
use crate::hours::Minutes;
use crate::ids::{BudgetYearId, ConventionId, ProgrammeId, PsychologistId, QuotaId};
use crate::money::Cents;
use crate::quotas::Reach;
use crate::schema::{
    budget_lines, budget_years, children, conventions, invoice_lines, invoices, programmes, quotas, referrals,
    services, sessions, vat_regimes,
};
use crate::sessions::Phase;

/// A budget year, and the convention that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearOf {
    /// The convention.
    pub convention: ConventionId,
    /// Its title.
    pub title: String,
    /// The budget year.
    pub year: BudgetYear,
}

type YearRow = (
    BudgetYearId,
    String,
    (NaiveDate, NaiveDate),
    (Cents, Cents),
    (Option<Cents>, Option<NaiveDate>),
    ConventionId,
    String,
);

/// The budget years that concern somebody, the latest first: all for who sees everything, else those in which one of
/// their programmes has a quota, or that keep hours for the practice analysis or training that they lead.
pub fn years(conn: &mut AnyConnection, reach: &Reach) -> QueryResult<Vec<YearOf>> {
    let query = budget_years::table
        .inner_join(conventions::table)
        .select((
            budget_years::id,
            budget_years::label,
            (budget_years::starts_on, budget_years::ends_on),
            (budget_years::budget_cents, budget_years::fixed_share_cents),
            (budget_years::ceiling_cents, budget_years::call_by_on),
            conventions::id,
            conventions::title,
        ))
        .order((budget_years::starts_on.desc(), budget_years::id))
        .into_boxed::<MultiBackend>();
    let of_year = quotas::table.filter(quotas::budget_year_id.eq(budget_years::id));
    let rows: Vec<YearRow> = match reach {
        Reach::Everything => query.load(conn),
        Reach::Programmes(ids) => query.filter(exists(of_year.filter(quotas::programme_id.eq_any(ids)))).load(conn),
        Reach::Psychologist(id) => {
            let theirs = referrals::table
                .inner_join(children::table)
                .filter(referrals::psychologist_id.eq(*id))
                .select(children::programme_id);
            let kinds = kinds_of(conn, *id)?;
            let lines = budget_lines::table.filter(budget_lines::budget_year_id.eq(budget_years::id));
            let led = exists(lines.filter(budget_lines::service_type.eq_any(kinds)));
            query.filter(exists(of_year.filter(quotas::programme_id.eq_any(theirs))).or(led)).load(conn)
        }
    }?;
    let read = |(id, label, (from, until), (budget, fixed_share), (ceiling, call_by), convention, title): YearRow| {
        let year = BudgetYear { id, label, period: Period { from, until }, budget, fixed_share, ceiling, call_by };
        YearOf { convention, title, year }
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The practice analysis or training that somebody leads: what they recorded, or said their tax for.
pub fn kinds_of(conn: &mut AnyConnection, psychologist: PsychologistId) -> QueryResult<Vec<ServiceType>> {
    let led = services::table.filter(services::psychologist_id.eq(psychologist)).select(services::service_type);
    let taxed = vat_regimes::table
        .filter(vat_regimes::psychologist_id.eq(psychologist))
        .filter(vat_regimes::service_type.ne(ServiceType::Interview))
        .select(vat_regimes::service_type);
    let mut kinds: Vec<ServiceType> = led.distinct().load(conn)?;
    kinds.extend(taxed.distinct().load::<ServiceType>(conn)?);
    Ok(kinds)
}

/// What sessions of a day hold of a quota, by phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayUse {
    /// The quota.
    pub quota: QuotaId,
    /// The day.
    pub on: NaiveDate,
    /// Whether they are approved or invoiced, rather than booked or recorded.
    pub is_used: bool,
    /// What they hold together.
    pub minutes: Minutes,
}

/// What the sessions of quotas hold, by day.
pub fn uses(conn: &mut AnyConnection, of: &[QuotaId]) -> QueryResult<Vec<DayUse>> {
    let rows: Vec<(QuotaId, NaiveDate, Phase, Option<i64>)> = sessions::table
        .filter(sessions::quota_id.eq_any(of))
        .filter(sessions::quota_minutes.gt(Minutes::ZERO))
        .group_by((sessions::quota_id, sessions::session_on, sessions::state))
        .select((sessions::quota_id, sessions::session_on, sessions::state, sum(sessions::quota_minutes)))
        .load(conn)?;
    let read = |(quota, on, phase, minutes): (_, _, _, Option<i64>)| DayUse {
        quota,
        on,
        is_used: matches!(phase, Phase::Approved | Phase::Invoiced),
        minutes: whole(minutes),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Time that will be invoiced, unless it is cancelled or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commitment {
    /// Of which quota.
    pub quota: QuotaId,
    /// Who will invoice it.
    pub psychologist: PsychologistId,
    /// For what.
    pub service: ServiceType,
    /// The day of the sessions.
    pub on: NaiveDate,
    /// How long.
    pub minutes: Minutes,
}

/// What the sessions of quotas that are not invoiced yet will be billed for, by psychologist and day; those of one
/// psychologist only, when one is named. A booked session counts for its length: nobody knows of an absence yet.
pub fn commitments(
    conn: &mut AnyConnection,
    of: &[QuotaId],
    only: Option<PsychologistId>,
) -> QueryResult<Vec<Commitment>> {
    type Row = (QuotaId, PsychologistId, ServiceType, NaiveDate, Phase, (Option<i64>, Option<i64>));
    let mut query = sessions::table
        .filter(sessions::quota_id.eq_any(of))
        .filter(sessions::state.eq_any([Phase::Booked, Phase::Recorded, Phase::Approved]))
        .group_by((
            sessions::quota_id,
            sessions::psychologist_id,
            sessions::service_type,
            sessions::session_on,
            sessions::state,
        ))
        .select((
            sessions::quota_id,
            sessions::psychologist_id,
            sessions::service_type,
            sessions::session_on,
            sessions::state,
            (sum(sessions::duration_minutes), sum(sessions::billed_minutes)),
        ))
        .into_boxed::<MultiBackend>();
    if let Some(psychologist) = only {
        query = query.filter(sessions::psychologist_id.eq(psychologist));
    }
    let read = |(quota, psychologist, service, on, phase, (length, billed)): Row| Commitment {
        quota,
        psychologist,
        service,
        on,
        minutes: whole(if phase == Phase::Booked { length } else { billed }),
    };
    Ok(query.load::<Row>(conn)?.into_iter().map(read).collect())
}

/// What was invoiced to a programme's account for a service type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Billed {
    /// The programme; none for services, which are common to all.
    pub programme: Option<ProgrammeId>,
    /// For what.
    pub service: ServiceType,
    /// How much, without tax.
    pub net: Cents,
    /// How much of it is paid.
    pub paid: Cents,
}

/// The invoices of a convention for the months of a period that no credit note took back, by programme and service
/// type; those of one psychologist only, when one is named.
pub fn billed(
    conn: &mut AnyConnection,
    convention: ConventionId,
    period: Period,
    only: Option<PsychologistId>,
) -> QueryResult<Vec<Billed>> {
    let mut query = invoice_lines::table
        .inner_join(invoices::table)
        .filter(invoices::convention_id.eq(convention))
        .filter(invoices::month_on.between(Month::of(period.from).first(), period.until))
        .filter(invoices::kind.eq("invoice").and(invoices::state.ne("credited")))
        .group_by((invoice_lines::programme_id, invoice_lines::service_type))
        .select((
            invoice_lines::programme_id,
            invoice_lines::service_type,
            // a sum of whole numbers is one, which PostgreSQL does not take for granted
            sql::<BigInt>("CAST(SUM(invoice_lines.net_cents) AS BIGINT)"),
            sql::<BigInt>(
                "CAST(SUM(CASE WHEN invoices.state = 'paid' THEN invoice_lines.net_cents ELSE 0 END) AS BIGINT)",
            ),
        ))
        .into_boxed::<MultiBackend>();
    if let Some(psychologist) = only {
        query = query.filter(invoices::psychologist_id.eq(psychologist));
    }
    let rows = query.load::<(Option<ProgrammeId>, ServiceType, i64, i64)>(conn)?;
    let read = |(programme, service, net, paid)| Billed { programme, service, net: Cents(net), paid: Cents(paid) };
    Ok(rows.into_iter().map(read).collect())
}

/// The code of each programme, for the addresses of its curve.
pub fn codes(conn: &mut AnyConnection, of: &[ProgrammeId]) -> QueryResult<Vec<(ProgrammeId, String)>> {
    programmes::table.filter(programmes::id.eq_any(of)).select((programmes::id, programmes::code)).load(conn)
}

fn whole(minutes: Option<i64>) -> Minutes {
    Minutes(i32::try_from(minutes.unwrap_or_default()).unwrap_or(i32::MAX))
}
