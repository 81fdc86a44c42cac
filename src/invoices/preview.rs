//! What a psychologist could invoice for a month: computed from the approved sessions, never stored.

use chrono::NaiveDate;
use diesel::QueryResult;

use super::preflight::{self, Finding};
use super::{BillableService, BillableSession, Line, Pending, PricedSession, lines, store};
use crate::calendar::Month;
use crate::clock::Clock;
use crate::conventions::{self, Buyer, Convention, Rate, ServiceType, rate_in_force};
use crate::db::AnyConnection;
use crate::documents::{DocumentError, Totals, VatRegime};
use crate::hours::Minutes;
use crate::ids::{ConventionId, PsychologistId};
use crate::money::Cents;
use crate::psychologists::{self, DatedVatRegime, Issuer, regime_in_force};

/// A session that has no price on its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unpriced {
    /// For what.
    pub service: ServiceType,
    /// Its day.
    pub on: NaiveDate,
    /// Whether the rate is what misses; else the VAT regime.
    pub misses_rate: bool,
}

/// What a month's invoice would be, if it were issued today.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Who would issue it.
    pub issuer: Issuer,
    /// Under which convention.
    pub convention: Convention,
    /// Who would receive it.
    pub buyer: Buyer,
    /// The month.
    pub month: Month,
    /// The day on which it is computed, and would be issued.
    pub today: NaiveDate,
    /// The approved sessions that no invoice bills, by day.
    pub sessions: Vec<PricedSession>,
    /// The approved services that no invoice bills, by day.
    pub services: Vec<BillableService>,
    /// The sessions that have no price.
    pub unpriced: Vec<Unpriced>,
    /// The lines of every invoice that would be issued.
    pub lines: Vec<Line>,
    /// The invoices that would be issued together, in the order of their numbers: one, or two where taxes cannot share
    /// one.
    pub parts: Vec<Part>,
    /// Their sums together, unless they cannot be invoiced at all.
    pub totals: Result<Totals, DocumentError>,
    /// What cannot be invoiced yet.
    pub pending: Pending,
}

/// One of the invoices that a gesture issues.
///
/// EN 16931 has one exempt category with one reason for an invoice (BR-E-1): care (CGI art. 261, 4-1°) and what is
/// under the *franchise en base* (art. 293 B) need an invoice each. Care and 20 % share one.
#[derive(Debug, Clone)]
pub struct Part {
    /// The sessions on it.
    pub sessions: Vec<PricedSession>,
    /// The services on it.
    pub services: Vec<BillableService>,
    /// Its lines, numbered from 1.
    pub lines: Vec<Line>,
    /// Their sums.
    pub totals: Totals,
}

/// Shares out what is to be invoiced: what is under the *franchise* apart, after the rest.
fn parts(sessions: &[PricedSession], services: &[BillableService]) -> Result<Vec<Part>, DocumentError> {
    let mut parts = Vec::new();
    for of_franchise in [false, true] {
        let here = |vat: VatRegime| (vat == VatRegime::Franchise) == of_franchise;
        let sessions: Vec<_> = sessions.iter().filter(|priced| here(priced.vat)).cloned().collect();
        let services: Vec<_> = services.iter().filter(|service| here(service.vat)).cloned().collect();
        let lines = lines(&sessions, &services);
        if !lines.is_empty() {
            let totals = Totals::of(&shown(&lines))?;
            parts.push(Part { sessions, services, lines, totals });
        }
    }
    let charges = |part: &Part, vat| part.lines.iter().any(|line| line.shown.vat == vat);
    let both = [VatRegime::Franchise, VatRegime::Standard].map(|vat| parts.iter().any(|part| charges(part, vat)));
    if both == [true, true] { Err(DocumentError::FranchiseWithVat) } else { Ok(parts) }
}

fn shown(lines: &[Line]) -> Vec<crate::documents::InvoiceLine> {
    lines.iter().map(|line| line.shown.clone()).collect()
}

/// The sums of several invoices.
fn together(parts: &[Part]) -> Totals {
    let sum = |of: fn(&Totals) -> Cents| parts.iter().map(|part| of(&part.totals)).sum();
    Totals {
        by_vat: parts.iter().flat_map(|part| part.totals.by_vat.clone()).collect(),
        net_cents: sum(|totals| totals.net_cents),
        vat_cents: sum(|totals| totals.vat_cents),
        gross_cents: sum(|totals| totals.gross_cents),
    }
}

impl Preview {
    /// How many sessions and services would be invoiced.
    pub fn items(&self) -> usize {
        self.sessions.len() + self.services.len()
    }

    /// What would be owed; nothing when it cannot be computed.
    pub fn gross(&self) -> Cents {
        self.totals.as_ref().map_or(Cents::ZERO, |totals| totals.gross_cents)
    }

    /// The time billed.
    pub fn time(&self) -> Minutes {
        let sessions: Minutes = self.sessions.iter().map(|priced| priced.session.minutes).sum();
        sessions + self.services.iter().map(|service| service.minutes).sum()
    }

    /// What would be refused later, and what to know before.
    pub fn findings(&self) -> Vec<Finding> {
        preflight::preflight(self)
    }

    /// The last day to pay if it were deposited today.
    pub fn due_on(&self) -> NaiveDate {
        super::due_on(self.today, None, self.buyer.payment_days)
    }
}

/// The previews of a month: one a convention under which there is something, or else the one in force.
///
/// # Errors
/// When there is no such psychologist, or the database fails.
pub fn previews(
    conn: &mut AnyConnection,
    clock: &Clock,
    psychologist: PsychologistId,
    month: Month,
) -> QueryResult<Vec<Preview>> {
    let mut found = store::conventions_with_sessions(conn, psychologist, month)?;
    if found.is_empty() {
        let in_force = conventions::look_up::conventions_on(conn, month.last())?;
        found.extend(in_force.first().map(|convention| convention.id));
    }
    found.into_iter().map(|convention| preview(conn, clock, psychologist, month, convention)).collect()
}

/// The preview of a month under a convention.
///
/// # Errors
/// When there is no such psychologist or convention, or the database fails.
pub fn preview(
    conn: &mut AnyConnection,
    clock: &Clock,
    psychologist: PsychologistId,
    month: Month,
    convention: ConventionId,
) -> QueryResult<Preview> {
    let rates = conventions::look_up::rates(conn, convention)?;
    let regimes = psychologists::look_up::vat_regimes(conn, psychologist)?;
    let today = clock.today();
    let mut sessions = Vec::new();
    let mut unpriced = Vec::new();
    for session in store::billable(conn, psychologist, month, convention)? {
        match price(session, psychologist, &rates, &regimes) {
            Ok(priced) => sessions.push(priced),
            Err(without) => unpriced.push(without),
        }
    }
    let services = store::billable_services(conn, psychologist, month, convention)?;
    let parts = parts(&sessions, &services);
    let lines = match &parts {
        Ok(parts) => parts.iter().flat_map(|part| part.lines.clone()).collect(),
        Err(_) => lines(&sessions, &services),
    };
    Ok(Preview {
        issuer: psychologists::look_up::load(conn, psychologist)?,
        convention: conventions::look_up::load_convention(conn, convention)?,
        buyer: conventions::look_up::buyer(conn, convention)?,
        month,
        today,
        sessions,
        services,
        unpriced,
        lines,
        totals: parts.as_ref().map(|parts| together(parts)).map_err(Clone::clone),
        parts: parts.unwrap_or_default(),
        pending: store::pending(conn, psychologist, month, convention, today)?,
    })
}

/// The rate and the tax of the day of the session (rule 8).
fn price(
    session: BillableSession,
    psychologist: PsychologistId,
    rates: &[Rate],
    regimes: &[DatedVatRegime],
) -> Result<PricedSession, Unpriced> {
    let without = |misses_rate| Unpriced { service: session.service, on: session.on, misses_rate };
    let rate = rate_in_force(rates, psychologist, session.service, session.on).ok_or_else(|| without(true))?;
    let vat = regime_in_force(regimes, session.service, session.on).ok_or_else(|| without(false))?;
    Ok(PricedSession { hourly: rate.hourly, vat, session })
}
