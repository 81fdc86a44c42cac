//! The SQL of services and of their budget lines: every change of a line is relative, and conditional when it could pass
//! a bound.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::Error as DieselError;

use crate::conventions::{Period, ServiceType};
use crate::db::{AnyConnection, MultiBackend, Tx};
use crate::documents::VatRegime;
use crate::each;
use crate::hours::Minutes;
use crate::ids::{
    AccountId, BudgetLineId, BudgetYearId, ConventionId, InvoiceId, ProgrammeId, PsychologistId, ServiceDecisionId,
    ServiceId,
};
use crate::money::Cents;
use crate::schema::{
    accounts, budget_lines, budget_years, conventions, invoices, programmes, psychologists, service_decisions,
    service_programmes, services,
};
use crate::services::{BudgetLine, Filter, Part, Phase, Reader, Service, State};
use crate::sessions::{DecisionKind, Slot, Stamp};
use crate::sql_types::Ts;

/// A service as it is stored.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = services, treat_none_as_null = true)]
struct Row {
    id: ServiceId,
    budget_line_id: BudgetLineId,
    psychologist_id: PsychologistId,
    service_type: ServiceType,
    state: Phase,
    service_on: NaiveDate,
    starts_at: Ts,
    ends_at: Ts,
    duration_minutes: Minutes,
    place: String,
    participants: i32,
    label: String,
    hourly_cents: Cents,
    vat_regime: VatRegime,
    gross_cents: Cents,
    recorded_by: AccountId,
    recorded_at: Ts,
    decided_by: Option<AccountId>,
    decided_at: Option<Ts>,
    reason: Option<String>,
    invoice_id: Option<InvoiceId>,
}

impl Row {
    fn of(service: &Service) -> Self {
        let decision = service.state.decision();
        Self {
            id: service.id,
            budget_line_id: service.line,
            psychologist_id: service.psychologist,
            service_type: service.kind,
            state: service.state.phase(),
            service_on: service.slot.on,
            starts_at: service.slot.starts_at,
            ends_at: service.slot.ends_at(),
            duration_minutes: service.slot.duration,
            place: service.place.clone(),
            participants: service.participants,
            label: service.label.clone(),
            hourly_cents: service.hourly,
            vat_regime: service.vat,
            gross_cents: service.gross,
            recorded_by: service.recorded.by,
            recorded_at: service.recorded.at,
            decided_by: decision.map(|stamp| stamp.by),
            decided_at: decision.map(|stamp| stamp.at),
            reason: if let State::Refused(_, reason) = &service.state { Some(reason.clone()) } else { None },
            invoice_id: if let State::Invoiced(_, invoice) = service.state { Some(invoice) } else { None },
        }
    }

    /// The service; a row whose facts do not go with its state is a fault of the database.
    fn read(self, programmes: Vec<ProgrammeId>) -> QueryResult<Service> {
        let incoherent = || DieselError::DeserializationError(format!("service {}", self.id).into());
        let stamp = self.decided_by.zip(self.decided_at).map(|(by, at)| Stamp { by, at });
        let state = match self.state {
            Phase::Recorded => Some(State::Recorded),
            Phase::Withdrawn => Some(State::Withdrawn),
            Phase::Approved => stamp.map(State::Approved),
            Phase::Refused => stamp.zip(self.reason.clone()).map(|(stamp, reason)| State::Refused(stamp, reason)),
            Phase::Invoiced => stamp.zip(self.invoice_id).map(|(stamp, invoice)| State::Invoiced(stamp, invoice)),
        };
        Ok(Service {
            state: state.ok_or_else(incoherent)?,
            id: self.id,
            line: self.budget_line_id,
            psychologist: self.psychologist_id,
            kind: self.service_type,
            slot: Slot { on: self.service_on, starts_at: self.starts_at, duration: self.duration_minutes },
            place: self.place,
            participants: self.participants,
            label: self.label,
            programmes,
            hourly: self.hourly_cents,
            vat: self.vat_regime,
            gross: self.gross_cents,
            recorded: Stamp { by: self.recorded_by, at: self.recorded_at },
        })
    }
}

type Boxed<'q> = services::BoxedQuery<'q, MultiBackend>;

/// The services that somebody sees.
fn through<'q>(reader: Reader, filter: Filter) -> Boxed<'q> {
    let mut query = services::table.into_boxed();
    if let Reader::Provider(own) = reader {
        query = query.filter(services::psychologist_id.eq(own));
    }
    if let Some(phase) = filter.phase {
        query = query.filter(services::state.eq(phase));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(services::service_type.eq(kind));
    }
    if let Some(whose) = filter.psychologist {
        query = query.filter(services::psychologist_id.eq(whose));
    }
    query
}

fn read(conn: &mut AnyConnection, rows: Vec<Row>) -> QueryResult<Vec<Service>> {
    let ids: Vec<ServiceId> = rows.iter().map(|row| row.id).collect();
    let mut of: BTreeMap<ServiceId, Vec<ProgrammeId>> = BTreeMap::new();
    let pairs: Vec<(ServiceId, ProgrammeId)> = service_programmes::table
        .filter(service_programmes::service_id.eq_any(&ids))
        .select((service_programmes::service_id, service_programmes::programme_id))
        .order((service_programmes::service_id, service_programmes::programme_id))
        .load(conn)?;
    for (service, programme) in pairs {
        of.entry(service).or_default().push(programme);
    }
    rows.into_iter()
        .map(|row| {
            let programmes = of.remove(&row.id).unwrap_or_default();
            row.read(programmes)
        })
        .collect()
}

/// How many services somebody sees.
///
/// # Errors
/// When the database fails.
pub fn count(conn: &mut AnyConnection, reader: Reader, filter: Filter) -> QueryResult<i64> {
    through(reader, filter).count().get_result(conn)
}

/// Some services that somebody sees, the latest first.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut AnyConnection,
    reader: Reader,
    filter: Filter,
    (offset, limit): (i64, i64),
) -> QueryResult<Vec<Service>> {
    let rows: Vec<Row> = through(reader, filter)
        .order((services::service_on.desc(), services::starts_at.desc(), services::id))
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    read(conn, rows)
}

/// A service that somebody sees.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load(conn: &mut AnyConnection, reader: Reader, id: ServiceId) -> QueryResult<Service> {
    let row: Row = through(reader, Filter::default()).filter(services::id.eq(id)).first(conn)?;
    read(conn, vec![row])?.pop().ok_or(DieselError::NotFound)
}

/// Some services, whoever gave them.
///
/// # Errors
/// When the database fails.
pub fn load_all(conn: &mut AnyConnection, ids: &[ServiceId]) -> QueryResult<Vec<Service>> {
    let rows: Vec<Row> =
        services::table.filter(services::id.eq_any(ids)).order((services::starts_at, services::id)).load(conn)?;
    read(conn, rows)
}

/// The services that an administrator approved at an instant and that are approved still.
///
/// # Errors
/// When the database fails.
pub fn approved_at(conn: &mut AnyConnection, by: AccountId, at: Ts) -> QueryResult<Vec<ServiceId>> {
    services::table
        .filter(services::decided_at.eq(at).and(services::decided_by.eq(by)).and(services::state.eq(Phase::Approved)))
        .select(services::id)
        .order(services::id)
        .load(conn)
}

/// What a service is told with, beside its own facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Around {
    /// Who gave it.
    pub provider: String,
    /// The convention.
    pub convention: ConventionId,
    /// The budget year's name.
    pub year: String,
    /// The names of the programmes that it concerns; none when it is all of them.
    pub programmes: Vec<String>,
    /// What is left of its line.
    pub left: Part,
}

/// The names of the programmes that services are for, in order.
///
/// # Errors
/// When the database fails.
pub fn concerned(conn: &mut AnyConnection, ids: &[ServiceId]) -> QueryResult<BTreeMap<ServiceId, Vec<String>>> {
    let mut concerned: BTreeMap<ServiceId, Vec<String>> = BTreeMap::new();
    let pairs: Vec<(ServiceId, String)> = service_programmes::table
        .inner_join(programmes::table)
        .filter(service_programmes::service_id.eq_any(ids))
        .select((service_programmes::service_id, programmes::name))
        .order((service_programmes::service_id, programmes::name))
        .load(conn)?;
    for (service, name) in pairs {
        concerned.entry(service).or_default().push(name);
    }
    Ok(concerned)
}

/// What services are told with.
///
/// # Errors
/// When the database fails.
pub fn around(conn: &mut AnyConnection, of: &[Service]) -> QueryResult<BTreeMap<ServiceId, Around>> {
    let ids: Vec<ServiceId> = of.iter().map(|service| service.id).collect();
    let names: BTreeMap<PsychologistId, String> = psychologists::table
        .inner_join(accounts::table)
        .filter(psychologists::id.eq_any(of.iter().map(|service| service.psychologist)))
        .select((psychologists::id, accounts::display_name))
        .load::<(PsychologistId, String)>(conn)?
        .into_iter()
        .collect();
    let mut concerned = concerned(conn, &ids)?;
    let lines: Vec<BudgetLineId> = of.iter().map(|service| service.line).collect();
    let lines: BTreeMap<BudgetLineId, LineFound> =
        lines_where(conn, |query| query.filter(budget_lines::id.eq_any(lines)))?
            .into_iter()
            .map(|found| (found.line.id, found))
            .collect();
    let around = |service: &Service| {
        let line = lines.get(&service.line)?;
        let around = Around {
            provider: names.get(&service.psychologist).cloned()?,
            convention: line.convention,
            year: line.year_label.clone(),
            programmes: concerned.remove(&service.id).unwrap_or_default(),
            left: line.line.left(),
        };
        Some((service.id, around))
    };
    Ok(of.iter().filter_map(around).collect())
}

/// Writes a service with the programmes that it concerns.
///
/// # Errors
/// When its time is taken (`services_overlap`), or the database fails.
pub fn insert(tx: &mut Tx<'_>, service: &Service) -> QueryResult<()> {
    diesel::insert_into(services::table).values(Row::of(service)).execute(&mut **tx)?;
    insert_programmes(tx, service)
}

fn insert_programmes(tx: &mut Tx<'_>, service: &Service) -> QueryResult<()> {
    let row = |programme: &ProgrammeId| {
        (service_programmes::service_id.eq(service.id), service_programmes::programme_id.eq(*programme))
    };
    let rows: Vec<_> = service.programmes.iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let conn = &mut **tx;
    each!(conn => diesel::insert_into(service_programmes::table).values(&rows).execute(conn))?;
    Ok(())
}

/// Puts the programmes that a service concerns in place of those that it did.
///
/// # Errors
/// When the database fails.
pub fn set_programmes(tx: &mut Tx<'_>, service: &Service) -> QueryResult<()> {
    diesel::delete(service_programmes::table.filter(service_programmes::service_id.eq(service.id)))
        .execute(&mut **tx)?;
    insert_programmes(tx, service)
}

/// Changes a service that stands somewhere.
///
/// # Errors
/// When it no longer stands there, its time is taken, or the database fails.
pub fn change(tx: &mut Tx<'_>, from: Phase, after: &Service) -> QueryResult<()> {
    let row = services::table.filter(services::id.eq(after.id).and(services::state.eq(from)));
    match diesel::update(row).set(Row::of(after)).execute(&mut **tx)? {
        1 => Ok(()),
        _ => Err(DieselError::NotFound),
    }
}

/// Keeps a decision.
///
/// # Errors
/// When the database fails.
pub fn insert_decision(
    tx: &mut Tx<'_>,
    service: ServiceId,
    (kind, reason): (DecisionKind, Option<&str>),
    seen: &str,
    stamp: Stamp,
) -> QueryResult<()> {
    diesel::insert_into(service_decisions::table)
        .values((
            service_decisions::id.eq(ServiceDecisionId::new()),
            service_decisions::service_id.eq(service),
            service_decisions::kind.eq(kind),
            service_decisions::reason.eq(reason),
            service_decisions::seen.eq(seen),
            service_decisions::decided_by.eq(stamp.by),
            service_decisions::decided_at.eq(stamp.at),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// A decision as it is told.
#[derive(Debug, Clone, Queryable)]
pub struct Decided {
    /// What was decided.
    pub kind: DecisionKind,
    /// Why.
    pub reason: Option<String>,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Ts,
}

/// The decisions on a service, in order.
///
/// # Errors
/// When the database fails.
pub fn decisions(conn: &mut AnyConnection, id: ServiceId) -> QueryResult<Vec<Decided>> {
    service_decisions::table
        .inner_join(accounts::table)
        .filter(service_decisions::service_id.eq(id))
        .select((
            service_decisions::kind,
            service_decisions::reason,
            accounts::display_name,
            service_decisions::decided_at,
        ))
        .order((service_decisions::decided_at, service_decisions::id))
        .load(conn)
}

/// Who gave services.
///
/// # Errors
/// When the database fails.
pub fn providers(conn: &mut AnyConnection) -> QueryResult<Vec<(PsychologistId, String)>> {
    psychologists::table
        .inner_join(accounts::table)
        .filter(psychologists::id.eq_any(services::table.select(services::psychologist_id)))
        .select((psychologists::id, accounts::display_name))
        .order((accounts::display_name, psychologists::id))
        .load(conn)
}

type LineRow = (
    (BudgetLineId, BudgetYearId, ServiceType),
    (Minutes, Minutes, Minutes),
    (Cents, Cents, Cents),
    (ConventionId, String, NaiveDate, NaiveDate),
);

/// A line with what it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFound {
    /// The line.
    pub line: BudgetLine,
    /// Its convention.
    pub convention: ConventionId,
    /// The name of its budget year.
    pub year_label: String,
    /// The days of its budget year.
    pub period: Period,
}

impl From<LineRow> for LineFound {
    fn from((which, time, cost, around): LineRow) -> Self {
        let (id, year, kind) = which;
        let (convention, year_label, from, until) = around;
        let part = |time, cost| Part { time, cost };
        let line = BudgetLine {
            id,
            year,
            kind,
            allotted: part(time.0, cost.0),
            reserved: part(time.1, cost.1),
            used: part(time.2, cost.2),
        };
        Self { line, convention, year_label, period: Period { from, until } }
    }
}

type LineQuery<'q> = budget_lines::BoxedQuery<'q, MultiBackend>;

fn lines_where<'q>(
    conn: &mut AnyConnection,
    narrow: impl FnOnce(LineQuery<'q>) -> LineQuery<'q>,
) -> QueryResult<Vec<LineFound>> {
    let ids: Vec<BudgetLineId> = narrow(budget_lines::table.into_boxed()).select(budget_lines::id).load(conn)?;
    let rows: Vec<LineRow> = budget_lines::table
        .inner_join(budget_years::table)
        .filter(budget_lines::id.eq_any(ids))
        .select((
            (budget_lines::id, budget_lines::budget_year_id, budget_lines::service_type),
            (budget_lines::allotted_minutes, budget_lines::reserved_minutes, budget_lines::used_minutes),
            (budget_lines::allotted_cents, budget_lines::reserved_cents, budget_lines::used_cents),
            (budget_years::convention_id, budget_years::label, budget_years::starts_on, budget_years::ends_on),
        ))
        .order((budget_years::starts_on.desc(), budget_lines::service_type, budget_lines::id))
        .load(conn)?;
    Ok(rows.into_iter().map(LineFound::from).collect())
}

/// A line with its budget year.
///
/// # Errors
/// When there is none, or the database fails.
pub fn line(conn: &mut AnyConnection, id: BudgetLineId) -> QueryResult<LineFound> {
    lines_where(conn, |query| query.filter(budget_lines::id.eq(id)))?.pop().ok_or(DieselError::NotFound)
}

/// The lines that pay for a type on a day, each with its convention.
///
/// # Errors
/// When the database fails.
pub fn lines_on(
    conn: &mut AnyConnection,
    kind: ServiceType,
    on: NaiveDate,
) -> QueryResult<Vec<(BudgetLineId, ConventionId)>> {
    budget_lines::table
        .inner_join(budget_years::table)
        .filter(budget_lines::service_type.eq(kind))
        .filter(budget_years::starts_on.le(on).and(budget_years::ends_on.ge(on)))
        .select((budget_lines::id, budget_years::convention_id))
        .order(budget_lines::id)
        .load(conn)
}

/// The lines of a budget year, by type.
///
/// # Errors
/// When the database fails.
pub fn lines_of_year(conn: &mut AnyConnection, year: BudgetYearId) -> QueryResult<Vec<BudgetLine>> {
    let found = lines_where(conn, |query| query.filter(budget_lines::budget_year_id.eq(year)))?;
    Ok(found.into_iter().map(|found| found.line).collect())
}

/// A budget year that keeps a share for services, with its lines.
#[derive(Debug, Clone)]
pub struct LineTold {
    /// The budget year.
    pub year: BudgetYearId,
    /// Its name.
    pub year_label: String,
    /// Its days.
    pub period: Period,
    /// What it keeps for services.
    pub fixed_share: Cents,
    /// The convention.
    pub convention: ConventionId,
    /// Its title.
    pub convention_title: String,
    /// Its lines.
    pub lines: Vec<BudgetLine>,
}

/// A budget year and its convention, as they are read.
type YearRow = (BudgetYearId, String, NaiveDate, NaiveDate, Cents, (ConventionId, String));

/// The budget years that keep a share for services, the latest first, with their lines.
///
/// # Errors
/// When the database fails.
pub fn lines_told(conn: &mut AnyConnection) -> QueryResult<Vec<LineTold>> {
    let rows: Vec<YearRow> = budget_years::table
        .inner_join(conventions::table)
        .filter(budget_years::fixed_share_cents.gt(Cents::ZERO))
        .select((
            budget_years::id,
            budget_years::label,
            budget_years::starts_on,
            budget_years::ends_on,
            budget_years::fixed_share_cents,
            (conventions::id, conventions::title),
        ))
        .order((budget_years::starts_on.desc(), budget_years::id))
        .load(conn)?;
    let lines = lines_where(conn, |query| query)?;
    let told = |(year, year_label, from, until, fixed_share, (convention, convention_title))| LineTold {
        year,
        year_label,
        period: Period { from, until },
        fixed_share,
        convention,
        convention_title,
        lines: lines.iter().map(|found| found.line).filter(|line| line.year == year).collect(),
    };
    Ok(rows.into_iter().map(told).collect())
}

/// The conventions that have lines, to choose from.
///
/// # Errors
/// When the database fails.
pub fn convention_choices(conn: &mut AnyConnection) -> QueryResult<Vec<(ConventionId, String)>> {
    let with_lines = budget_lines::table.inner_join(budget_years::table).select(budget_years::convention_id);
    conventions::table
        .filter(conventions::id.eq_any(with_lines))
        .select((conventions::id, conventions::title))
        .order((conventions::starts_on.desc(), conventions::id))
        .load(conn)
}

/// Reserves hours and euros if both are left; gives whether they were.
///
/// # Errors
/// When the database fails.
pub fn reserve_if_left(tx: &mut Tx<'_>, id: BudgetLineId, part: Part) -> QueryResult<bool> {
    let changed = diesel::update(budget_lines::table.find(id))
        .filter(
            (budget_lines::reserved_minutes + budget_lines::used_minutes + part.time.0)
                .le(budget_lines::allotted_minutes)
                .and(
                    (budget_lines::reserved_cents + budget_lines::used_cents + part.cost.0)
                        .le(budget_lines::allotted_cents),
                ),
        )
        .set((
            budget_lines::reserved_minutes.eq(budget_lines::reserved_minutes + part.time.0),
            budget_lines::reserved_cents.eq(budget_lines::reserved_cents + part.cost.0),
        ))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}

/// Moves a part so many times in the two sums; the CHECKs refuse what would be negative or too much.
///
/// # Errors
/// When a bound would be passed, or the database fails.
pub fn shift(tx: &mut Tx<'_>, id: BudgetLineId, part: Part, (reserved, used): (i32, i32)) -> QueryResult<()> {
    let (time, cost) = (part.time.0, part.cost.0);
    let changed = diesel::update(budget_lines::table.find(id))
        .set((
            budget_lines::reserved_minutes.eq(budget_lines::reserved_minutes + time * reserved),
            budget_lines::used_minutes.eq(budget_lines::used_minutes + time * used),
            budget_lines::reserved_cents.eq(budget_lines::reserved_cents + cost * i64::from(reserved)),
            budget_lines::used_cents.eq(budget_lines::used_cents + cost * i64::from(used)),
        ))
        .execute(&mut **tx)?;
    if changed == 1 { Ok(()) } else { Err(DieselError::NotFound) }
}

/// Fixes a line that is there.
///
/// # Errors
/// When it would go under what is held (`budget_lines_within_minutes`, `budget_lines_within_cents`), or the database
/// fails.
pub fn set_allotted(tx: &mut Tx<'_>, id: BudgetLineId, part: Part) -> QueryResult<()> {
    diesel::update(budget_lines::table.find(id))
        .set((budget_lines::allotted_minutes.eq(part.time), budget_lines::allotted_cents.eq(part.cost)))
        .execute(&mut **tx)
        .map(drop)
}

/// Opens a line.
///
/// # Errors
/// When the database fails.
pub fn insert_line(tx: &mut Tx<'_>, year: BudgetYearId, kind: ServiceType, part: Part) -> QueryResult<BudgetLineId> {
    let id = BudgetLineId::new();
    diesel::insert_into(budget_lines::table)
        .values((
            (budget_lines::id.eq(id), budget_lines::budget_year_id.eq(year), budget_lines::service_type.eq(kind)),
            budget_lines::allotted_minutes.eq(part.time),
            budget_lines::allotted_cents.eq(part.cost),
            (budget_lines::reserved_minutes.eq(0), budget_lines::used_minutes.eq(0)),
            (budget_lines::reserved_cents.eq(0), budget_lines::used_cents.eq(0)),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Waits for whoever fixes the lines of a budget year; the embedded database has one writer already.
///
/// # Errors
/// When there is none, or the database fails.
pub fn lock_year(tx: &mut Tx<'_>, year: BudgetYearId) -> QueryResult<()> {
    match &mut **tx {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Pg(conn) => budget_years::table
            .find(year)
            .select(budget_years::id)
            .for_no_key_update()
            .first::<BudgetYearId>(conn)
            .map(drop),
    }
}

/// Waits for whoever is moving hours of the lines of some services, always in the same order.
///
/// # Errors
/// When the database fails.
pub fn lock_lines_of(tx: &mut Tx<'_>, ids: &[ServiceId]) -> QueryResult<()> {
    let AnyConnection::Pg(conn) = &mut **tx else { return Ok(()) };
    let lines = services::table.filter(services::id.eq_any(ids)).select(services::budget_line_id);
    budget_lines::table
        .filter(budget_lines::id.eq_any(lines))
        .order(budget_lines::id)
        .select(budget_lines::id)
        .for_update()
        .load::<BudgetLineId>(conn)
        .map(drop)
}

/// What the services of a budget year come to, by type, with tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// For what.
    pub kind: ServiceType,
    /// Recorded, or approved and not yet invoiced.
    pub committed: Cents,
    /// On an invoice that no credit note took back.
    pub invoiced: Cents,
    /// On a paid invoice.
    pub paid: Cents,
}

/// What the services of a budget year come to, by type; those of one provider only, when one is named.
///
/// # Errors
/// When the database fails.
pub fn sums(conn: &mut AnyConnection, year: BudgetYearId, only: Option<PsychologistId>) -> QueryResult<Vec<Sums>> {
    let mut query = services::table
        .inner_join(budget_lines::table)
        .left_join(invoices::table)
        .filter(budget_lines::budget_year_id.eq(year))
        .filter(services::state.eq_any([Phase::Recorded, Phase::Approved, Phase::Invoiced]))
        .select((services::service_type, services::state, invoices::state.nullable(), services::gross_cents))
        .into_boxed::<MultiBackend>();
    if let Some(psychologist) = only {
        query = query.filter(services::psychologist_id.eq(psychologist));
    }
    // some tens a year
    let rows = query.load::<(ServiceType, Phase, Option<String>, Cents)>(conn)?;
    let sums_of = |kind| {
        let sum = |which: fn(Phase, bool) -> bool| {
            let of_kind = rows.iter().filter(|(known, ..)| *known == kind);
            of_kind
                .filter(|(_, phase, state, _)| which(*phase, state.as_deref() == Some("paid")))
                .map(|row| row.3)
                .sum()
        };
        Sums {
            kind,
            committed: sum(|phase, _| phase != Phase::Invoiced),
            invoiced: sum(|phase, _| phase == Phase::Invoiced),
            paid: sum(|_, is_paid| is_paid),
        }
    };
    Ok(crate::services::KINDS.map(sums_of).to_vec())
}
