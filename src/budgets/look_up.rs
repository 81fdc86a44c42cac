//! What may be read of a budget year: hours, weeks, pace and euros, by programme.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::QueryResult;

pub use super::store::YearOf;
use super::store::{self, Billed, Commitment, DayUse};
use super::{Money, Outlook, WeekUse, is_off, monday_of, outlook, weeks_of};
use crate::calendar::Month;
use crate::conventions::look_up as conventions;
use crate::conventions::{BudgetYear, Rate, ServiceType, rate_in_force};
use crate::db::AnyConnection;
use crate::hours::Minutes;
use crate::ids::{BudgetYearId, ProgrammeId, PsychologistId, QuotaId};
use crate::money::Cents;
use crate::quotas::look_up as quotas;
use crate::quotas::{Quota, Reach};
use crate::school_calendar::SchoolCalendar;
use crate::school_calendar::look_up as school_calendar;
use crate::services::{BudgetLine, Part, look_up as services, title};

/// The hours and euros of a programme in a budget year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgrammeYear {
    /// The programme.
    pub programme: ProgrammeId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Why its quota is what it is, when the convention says so.
    pub note: Option<String>,
    /// Its hours.
    pub quota: Quota,
    /// Every week of the budget year.
    pub weeks: Vec<WeekUse>,
    /// What the pace leads to.
    pub outlook: Outlook,
    /// Its euros. A psychologist reads their own part: nothing is budgeted for them.
    pub money: Money,
}

/// A budget year as somebody sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearSeen {
    /// The budget year and its convention.
    pub of: YearOf,
    /// The programmes seen, by name.
    pub programmes: Vec<ProgrammeYear>,
    /// Their weeks together.
    pub weeks: Vec<WeekUse>,
    /// What they were allotted together.
    pub allotted: Minutes,
    /// What their pace together leads to.
    pub outlook: Outlook,
    /// Whether the whole convention is seen, and not a part of it.
    pub is_whole: bool,
    /// Whether it is seen by who works in it: the euros are their own, the lines those of the services that they lead.
    pub is_own: bool,
    /// Practice analysis and training, each against its own line.
    pub services: Vec<ServiceYear>,
    /// All of them, against the share of the budget kept for them. Euros of services are with tax: they are what the
    /// Métropole pays.
    pub fixed_share: Money,
    /// The grants that the budget is made of, by name, when the convention names some and the whole of it is seen.
    pub grants: Vec<(String, Cents)>,
}

/// The hours and euros of a type of service in a budget year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceYear {
    /// For what.
    pub kind: ServiceType,
    /// Its line, when one is fixed. A provider reads those of the services that they lead, common to all who lead them.
    pub line: Option<BudgetLine>,
    /// Its euros, with tax. A provider reads their own part: nothing is budgeted for them.
    pub money: Money,
}

impl ServiceYear {
    /// Its name, with a capital.
    pub fn name(&self) -> &'static str {
        title(self.kind)
    }
}

impl YearSeen {
    /// The lines of services that the reader sees.
    pub fn lines(&self) -> impl Iterator<Item = (&ServiceYear, BudgetLine)> {
        let is_seen = self.is_whole || self.is_own;
        self.services.iter().filter_map(move |one| Some((one, one.line.filter(|_| is_seen)?)))
    }

    /// The euros of the programmes seen.
    pub fn programmes_money(&self) -> Money {
        self.programmes.iter().map(|one| one.money).sum()
    }

    /// The euros of the whole budget year.
    pub fn whole_money(&self) -> Money {
        let parts = self.programmes_money() + self.fixed_share;
        Money { budgeted: self.of.year.budget, ..parts }
    }
}

/// The budget years that concern somebody, the latest first.
///
/// # Errors
/// When the database fails.
pub fn years(conn: &mut AnyConnection, reach: &Reach) -> QueryResult<Vec<YearOf>> {
    store::years(conn, reach)
}

/// The budget year to show first: that of today, or else the last one begun, or the first to come.
pub fn present(years: &[YearOf], today: NaiveDate) -> Option<BudgetYearId> {
    let now = years.iter().find(|of| of.year.period.contains(today));
    let begun = || years.iter().find(|of| of.year.period.from <= today);
    now.or_else(begun).or(years.last()).map(|of| of.year.id)
}

/// A budget year on a day, as far as somebody sees it.
///
/// # Errors
/// When the database fails.
pub fn year(conn: &mut AnyConnection, reach: &Reach, of: YearOf, today: NaiveDate) -> QueryResult<YearSeen> {
    let own = match reach {
        Reach::Psychologist(id) => Some(*id),
        Reach::Everything | Reach::Programmes(_) => None,
    };
    let lines = quotas::lines_of_budget_year(conn, reach, of.year.id)?;
    let ids: Vec<QuotaId> = lines.iter().map(|line| line.quota.id).collect();
    let programmes: Vec<ProgrammeId> = lines.iter().map(|line| line.quota.programme_id).collect();
    let rates = conventions::rates(conn, of.convention)?;
    let uses = store::uses(conn, &ids)?;
    let committed = committed(&store::commitments(conn, &ids, own)?, &rates);
    let billed = store::billed(conn, of.convention, of.year.period, own)?;
    let codes: BTreeMap<ProgrammeId, String> = store::codes(conn, &programmes)?.into_iter().collect();
    let calendar = school_calendar::calendar(conn)?;
    let hourly = usual_rate(&rates, &of.year, today);
    let programmes: Vec<ProgrammeYear> = lines
        .into_iter()
        .map(|line| {
            let quota = line.quota;
            let weeks = weeks(&of.year, &calendar, uses.iter().filter(|use_of_day| use_of_day.quota == quota.id));
            let theirs =
                |one: &Billed| one.programme == Some(quota.programme_id) && one.service == ServiceType::Interview;
            let money = Money {
                budgeted: if own.is_some() { Cents::ZERO } else { hourly.for_time(quota.allotted) },
                committed: committed.get(&quota.id).copied().unwrap_or_default(),
                ..invoiced(&billed, theirs)
            };
            ProgrammeYear {
                programme: quota.programme_id,
                code: codes.get(&quota.programme_id).cloned().unwrap_or_default(),
                name: line.programme,
                note: line.note,
                outlook: outlook(of.year.period, quota.allotted, &weeks, today),
                quota,
                weeks,
                money,
            }
        })
        .collect();
    let weeks = weeks(&of.year, &calendar, uses.iter());
    let allotted = programmes.iter().map(|one| one.quota.allotted).sum();
    let services = service_years(conn, of.year.id, own)?;
    let led: Money = services.iter().map(|one| one.money).sum();
    let is_whole = matches!(reach, Reach::Everything);
    let grants = if is_whole { conventions::named_grants(conn, of.year.id)? } else { Vec::new() };
    Ok(YearSeen {
        grants,
        outlook: outlook(of.year.period, allotted, &weeks, today),
        is_whole,
        is_own: own.is_some(),
        fixed_share: Money { budgeted: of.year.fixed_share, ..led },
        services,
        programmes,
        weeks,
        allotted,
        of,
    })
}

/// Practice analysis and training in a budget year: those of one provider only, when one is named.
fn service_years(
    conn: &mut AnyConnection,
    year: BudgetYearId,
    only: Option<PsychologistId>,
) -> QueryResult<Vec<ServiceYear>> {
    let mut lines = services::lines_of_year(conn, year)?;
    if let Some(provider) = only {
        let led = store::kinds_of(conn, provider)?;
        lines.retain(|line| led.contains(&line.kind));
    }
    let sums = services::sums(conn, year, only)?;
    let of = |sums: services::Sums| {
        let line = lines.iter().find(|line| line.kind == sums.kind).copied();
        let allotted = line.filter(|_| only.is_none()).map_or(Part::NONE, |line| line.allotted);
        let money =
            Money { budgeted: allotted.cost, committed: sums.committed, invoiced: sums.invoiced, paid: sums.paid };
        ServiceYear { kind: sums.kind, line, money }
    };
    Ok(sums.into_iter().map(of).collect())
}

/// The days of sessions, gathered into the weeks of a budget year.
fn weeks<'u>(year: &BudgetYear, calendar: &SchoolCalendar, uses: impl Iterator<Item = &'u DayUse>) -> Vec<WeekUse> {
    let empty = |monday| (monday, WeekUse { is_off: is_off(calendar, monday), ..WeekUse::empty(monday) });
    let mut weeks: BTreeMap<NaiveDate, WeekUse> = weeks_of(year.period).into_iter().map(empty).collect();
    for of_day in uses {
        let monday = monday_of(of_day.on);
        let week = weeks.entry(monday).or_insert_with(|| WeekUse::empty(monday));
        let part = if of_day.is_used { &mut week.used } else { &mut week.reserved };
        *part += of_day.minutes;
    }
    weeks.into_values().collect()
}

/// What will be invoiced, by quota: as invoices do, one rounding for each psychologist, month, service type and rate.
fn committed(of: &[Commitment], rates: &[Rate]) -> BTreeMap<QuotaId, Cents> {
    let mut lines: BTreeMap<(QuotaId, PsychologistId, ServiceType, Month, Cents), Minutes> = BTreeMap::new();
    for one in of {
        let rate = rate_in_force(rates, one.psychologist, one.service, one.on);
        let hourly = rate.map_or(Cents::ZERO, |rate| rate.hourly);
        let line = (one.quota, one.psychologist, one.service, Month::of(one.on), hourly);
        *lines.entry(line).or_default() += one.minutes;
    }
    let mut sums: BTreeMap<QuotaId, Cents> = BTreeMap::new();
    for ((quota, _, _, _, hourly), minutes) in lines {
        *sums.entry(quota).or_default() += hourly.for_time(minutes);
    }
    sums
}

/// What was invoiced and paid among some lines.
fn invoiced(billed: &[Billed], which: impl Fn(&Billed) -> bool) -> Money {
    let chosen: Vec<&Billed> = billed.iter().filter(|one| which(one)).collect();
    let sum = |part: fn(&Billed) -> Cents| chosen.iter().map(|one| part(one)).sum();
    Money { invoiced: sum(|one| one.net), paid: sum(|one| one.paid), ..Money::default() }
}

/// The convention's own rate for a session, in force on the day of the budget year nearest to today.
fn usual_rate(rates: &[Rate], year: &BudgetYear, today: NaiveDate) -> Cents {
    let day = today.clamp(year.period.from, year.period.until);
    let usual =
        |rate: &&Rate| rate.psychologist.is_none() && rate.service == ServiceType::Interview && rate.from <= day;
    rates.iter().filter(usual).max_by_key(|rate| rate.from).map_or(Cents::ZERO, |rate| rate.hourly)
}
