//! Amendments (*avenants*): a convention changes only by one, signed by all parties; it says what it changes, before
//! and after, and what was signed never changes.
//!
//! An amendment moves figures of budget years that are still open: hour quotas, contributions, grants, budget, fixed
//! share, ceiling, the day of the call for funds. Its rules are here, pure; [`sign`] applies them in the transaction that
//! holds the convention, and the conditional statement of the quotas stands behind them (rule 1).

pub mod api;
pub mod fields;
pub mod look_up;
pub mod pages;
pub mod pages_transfer;
mod refusals;
pub mod sign;
mod store;
pub mod transfer;

use chrono::NaiveDate;

pub use refusals::{AmendmentRefusal, Faults};

use crate::calendar::short_date;
use crate::conventions::{BudgetYear, Grant, Programme, Rate, ServiceType, Signatory, overspend};
use crate::hours::Minutes;
use crate::ids::{AmendmentId, BudgetYearId, GrantId, ProgrammeId, QuotaId, SignatoryId};
use crate::money::Cents;

/// The most characters of a reason.
pub const LONGEST_REASON: usize = 500;

/// One thing that an amendment changes, and what it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// What a programme may use in a budget year.
    Quota {
        /// The budget year.
        budget_year_id: BudgetYearId,
        /// The programme.
        programme_id: ProgrammeId,
        /// Its whole quota, in minutes.
        minutes: Minutes,
    },
    /// What a signatory pays for a budget year.
    Contribution {
        /// The budget year.
        budget_year_id: BudgetYearId,
        /// The signatory.
        signatory_id: SignatoryId,
        /// Its whole contribution.
        amount_cents: Cents,
    },
    /// The budget of a year.
    Budget {
        /// The budget year.
        budget_year_id: BudgetYearId,
        /// The sum of the contributions.
        amount_cents: Cents,
    },
    /// The part of the budget kept for training and practice analysis.
    FixedShare {
        /// The budget year.
        budget_year_id: BudgetYearId,
        /// The part.
        amount_cents: Cents,
    },
    /// What the budget may not exceed.
    Ceiling {
        /// The budget year.
        budget_year_id: BudgetYearId,
        /// The ceiling; absent when there is none.
        amount_cents: Option<Cents>,
    },
    /// The day by which the contributions are called.
    CallBy {
        /// The budget year.
        budget_year_id: BudgetYearId,
        /// The day; absent when the convention names none.
        on: Option<NaiveDate>,
    },
    /// What a budget year gives to a grant that the convention names.
    Grant {
        /// The budget year.
        budget_year_id: BudgetYearId,
        /// The grant.
        grant_id: GrantId,
        /// Its whole amount.
        amount_cents: Cents,
    },
}

impl Change {
    /// The budget year that it touches.
    pub const fn budget_year(&self) -> BudgetYearId {
        match self {
            Self::Quota { budget_year_id, .. }
            | Self::Contribution { budget_year_id, .. }
            | Self::Budget { budget_year_id, .. }
            | Self::FixedShare { budget_year_id, .. }
            | Self::Ceiling { budget_year_id, .. }
            | Self::Grant { budget_year_id, .. }
            | Self::CallBy { budget_year_id, .. } => *budget_year_id,
        }
    }
}

/// An amendment to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What it changes.
    pub changes: Vec<Change>,
    /// The day on which the parties signed it.
    pub signed_on: NaiveDate,
    /// Why; kept, so it names no child.
    pub reason: String,
    /// The number of the last amendment that its writer knew of; another one signed since is a reason to read again.
    pub seen: Option<i32>,
}

crate::text_enum! {
    /// What a line of an amendment is about.
    LineKind {
        /// An hour quota.
        Quota => "quota",
        /// A contribution.
        Contribution => "contribution",
        /// The budget.
        Budget => "budget",
        /// The fixed share.
        FixedShare => "fixed_share",
        /// The ceiling.
        Ceiling => "ceiling",
        /// The day of the call for funds.
        CallBy => "call_by",
        /// A grant.
        Grant => "grant",
    }
}

/// A figure before or after an amendment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// A length of time.
    Minutes(Minutes),
    /// A sum; absent when there is none.
    Cents(Option<Cents>),
    /// A day; absent when there is none.
    Day(Option<NaiveDate>),
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Minutes(time) => time.fmt(f),
            Self::Cents(Some(amount)) => amount.fmt(f),
            Self::Day(Some(day)) => f.write_str(&short_date(*day)),
            Self::Cents(None) | Self::Day(None) => f.write_str("aucun"),
        }
    }
}

/// A line of an amendment: one thing, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub kind: LineKind,
    /// The budget year.
    pub budget_year: BudgetYearId,
    /// Its name.
    pub year: String,
    /// The programme of a quota.
    pub programme: Option<ProgrammeId>,
    /// The signatory of a contribution.
    pub signatory: Option<SignatoryId>,
    /// The grant.
    pub grant: Option<GrantId>,
    /// The name of the programme, of the signatory or of the grant.
    pub name: Option<String>,
    /// What it was.
    pub before: Figure,
    /// What it becomes.
    pub after: Figure,
}

impl Line {
    /// `Quotité du PRE de Longvic`, `Participation : CCAS de Chenôve`, `Budget prévisionnel`.
    pub fn what(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        match self.kind {
            LineKind::Quota => format!("Quotité\u{a0}: {name}"),
            LineKind::Contribution => format!("Participation\u{a0}: {name}"),
            LineKind::Grant => format!("Subvention\u{a0}: {name}"),
            LineKind::Budget => "Budget prévisionnel".to_owned(),
            LineKind::FixedShare => "Part fixe".to_owned(),
            LineKind::Ceiling => "Plafond".to_owned(),
            LineKind::CallBy => "Date de l’appel de fonds".to_owned(),
        }
    }

    /// The difference, with its sign; none between days, or where there was nothing.
    pub fn difference(&self) -> Option<String> {
        let signed = |is_more: bool, size: String| format!("{}{size}", if is_more { "+" } else { "−" });
        match (self.before, self.after) {
            (Figure::Minutes(before), Figure::Minutes(after)) => {
                Some(signed(after > before, Minutes((after - before).0.abs()).to_string()))
            }
            (Figure::Cents(Some(before)), Figure::Cents(Some(after))) => {
                Some(signed(after > before, Cents((after - before).0.abs()).to_string()))
            }
            _ => None,
        }
    }
}

/// An amendment that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// Which.
    pub id: AmendmentId,
    /// Its number in its convention, from 1.
    pub number: i32,
    /// The day on which the parties signed it.
    pub signed_on: NaiveDate,
    /// Why.
    pub reason: String,
    /// Who entered it.
    pub by: String,
    /// What it changed.
    pub lines: Vec<Line>,
}

/// A programme's quota in a budget year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaFigure {
    /// Which.
    pub id: QuotaId,
    /// Whose.
    pub programme: Programme,
    /// What is allotted.
    pub allotted: Minutes,
    /// What is held by sessions booked or recorded.
    pub reserved: Minutes,
    /// What is held by sessions approved or invoiced.
    pub used: Minutes,
}

impl QuotaFigure {
    /// The least that may be allotted.
    pub fn held(&self) -> Minutes {
        self.reserved + self.used
    }
}

/// A signatory's contribution for a budget year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContributionFigure {
    /// Who pays.
    pub signatory: Signatory,
    /// How much.
    pub amount: Cents,
    /// The number of the call for funds by which it was asked, once sent.
    pub called: Option<String>,
}

/// What a budget year gives to a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantFigure {
    /// The grant.
    pub grant: Grant,
    /// How much.
    pub amount: Cents,
}

/// The figures of a budget year: all that an amendment may change of it, and what binds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearFigures {
    /// The budget year.
    pub year: BudgetYear,
    /// The last day on which a session of this year may be entered: it is closed on the next.
    pub open_until: NaiveDate,
    /// The dearest rate of a session in force in it, for those who have none of their own.
    pub hourly: Cents,
    /// The quotas, in the order of the programmes.
    pub quotas: Vec<QuotaFigure>,
    /// The contributions, in the order of the signatories.
    pub contributions: Vec<ContributionFigure>,
    /// The grants that the budget is made of, when the convention names some.
    pub grants: Vec<GrantFigure>,
}

impl YearFigures {
    /// What the programmes may use together.
    pub fn hours(&self) -> Minutes {
        self.quotas.iter().map(|quota| quota.allotted).sum()
    }

    /// What the signatories pay together.
    pub fn paid(&self) -> Cents {
        self.contributions.iter().map(|one| one.amount).sum()
    }

    /// What the grants are given together.
    pub fn granted(&self) -> Cents {
        self.grants.iter().map(|one| one.amount).sum()
    }

    /// What the hours would cost, with the fixed share.
    pub fn cost(&self) -> Cents {
        self.hourly.for_time(self.hours()) + self.year.fixed_share
    }

    /// By how much quotas and fixed share cost more than the budget.
    fn excess(&self) -> Cents {
        overspend(self.year.budget, self.year.fixed_share, self.hours(), self.hourly).unwrap_or_default()
    }

    /// Makes a change; says whether what it names is in this year.
    #[must_use]
    pub fn apply(&mut self, change: &Change) -> bool {
        match *change {
            Change::Quota { programme_id, minutes, .. } => {
                let quota = self.quotas.iter_mut().find(|quota| quota.programme.id == programme_id);
                quota.map(|quota| quota.allotted = minutes).is_some()
            }
            Change::Contribution { signatory_id, amount_cents, .. } => {
                let one = self.contributions.iter_mut().find(|one| one.signatory.id == signatory_id);
                one.map(|one| one.amount = amount_cents).is_some()
            }
            Change::Grant { grant_id, amount_cents, .. } => {
                let one = self.grants.iter_mut().find(|one| one.grant.id == grant_id);
                one.map(|one| one.amount = amount_cents).is_some()
            }
            Change::Budget { amount_cents, .. } => {
                self.year.budget = amount_cents;
                true
            }
            Change::FixedShare { amount_cents, .. } => {
                self.year.fixed_share = amount_cents;
                true
            }
            Change::Ceiling { amount_cents, .. } => {
                self.year.ceiling = amount_cents;
                true
            }
            Change::CallBy { on, .. } => {
                self.year.call_by = on;
                true
            }
        }
    }
}

/// The dearest of everybody's rates of a session that are in force on some day of a budget year.
pub fn dearest_rate(rates: &[Rate], year: &BudgetYear) -> Cents {
    let of_all = |rate: &&Rate| rate.psychologist.is_none() && rate.service == ServiceType::Interview;
    let on_first = rates.iter().filter(of_all).filter(|rate| rate.from <= year.period.from).max_by_key(|r| r.from);
    let later = rates.iter().filter(of_all).filter(|rate| year.period.contains(rate.from));
    on_first.into_iter().chain(later).map(|rate| rate.hourly).max().unwrap_or_default()
}

/// What differs between two states of a budget year, line by line.
pub fn lines(before: &YearFigures, after: &YearFigures) -> Vec<Line> {
    let year = &before.year;
    let line = |kind, before, after| Line {
        kind,
        budget_year: year.id,
        year: year.label.clone(),
        programme: None,
        signatory: None,
        grant: None,
        name: None,
        before,
        after,
    };
    let quotas = before.quotas.iter().zip(&after.quotas).map(|(old, new)| Line {
        programme: Some(old.programme.id),
        name: Some(old.programme.name.clone()),
        ..line(LineKind::Quota, Figure::Minutes(old.allotted), Figure::Minutes(new.allotted))
    });
    let contributions = before.contributions.iter().zip(&after.contributions).map(|(old, new)| Line {
        signatory: Some(old.signatory.id),
        name: Some(old.signatory.name.clone()),
        ..line(LineKind::Contribution, Figure::Cents(Some(old.amount)), Figure::Cents(Some(new.amount)))
    });
    let grants = before.grants.iter().zip(&after.grants).map(|(old, new)| Line {
        grant: Some(old.grant.id),
        name: Some(old.grant.name.clone()),
        ..line(LineKind::Grant, Figure::Cents(Some(old.amount)), Figure::Cents(Some(new.amount)))
    });
    let sums = |of: &YearFigures| {
        let BudgetYear { budget, fixed_share, ceiling, call_by, .. } = of.year;
        [
            (LineKind::Budget, Figure::Cents(Some(budget))),
            (LineKind::FixedShare, Figure::Cents(Some(fixed_share))),
            (LineKind::Ceiling, Figure::Cents(ceiling)),
            (LineKind::CallBy, Figure::Day(call_by)),
        ]
    };
    let sums = sums(before).into_iter().zip(sums(after)).map(|((kind, old), (_, new))| line(kind, old, new));
    quotas.chain(contributions).chain(grants).chain(sums).filter(|line| line.before != line.after).collect()
}

/// What forbids a budget year to become another; `today` tells whether it is still open.
pub fn faults(before: &YearFigures, after: &YearFigures, today: NaiveDate) -> Vec<AmendmentRefusal> {
    let mut faults = Vec::new();
    let year = &after.year;
    if lines(before, after).is_empty() {
        return faults;
    }
    if today > before.open_until {
        let (year, since) = (year.label.clone(), before.open_until);
        faults.push(AmendmentRefusal::YearClosed { year, since });
    }
    for (old, new) in before.quotas.iter().zip(&after.quotas).filter(|(old, new)| old.allotted != new.allotted) {
        faults.extend(quota_fault(year, old, new.allotted));
    }
    for (old, new) in
        before.contributions.iter().zip(&after.contributions).filter(|(old, new)| old.amount != new.amount)
    {
        faults.extend(contribution_fault(year, old, new.amount));
    }
    faults.extend(budget_faults(before, after));
    if year.call_by != before.year.call_by && year.call_by.is_some_and(|day| !year.period.contains(day)) {
        faults.push(AmendmentRefusal::CallByOutside {
            year: year.label.clone(),
            budget_year: year.id,
            period: year.period,
        });
    }
    faults
}

fn quota_fault(year: &BudgetYear, old: &QuotaFigure, to: Minutes) -> Option<AmendmentRefusal> {
    let (programme, name, label) = (old.programme.id, old.programme.name.clone(), year.label.clone());
    if to < old.held() {
        let (reserved, used) = (old.reserved, old.used);
        return Some(AmendmentRefusal::UnderHeld {
            budget_year: year.id,
            programme,
            name,
            year: label,
            to,
            reserved,
            used,
        });
    }
    let is_quarter = to.0 % Minutes::QUARTER.0 == 0;
    (!is_quarter).then_some(AmendmentRefusal::NotQuarters { budget_year: year.id, programme, name, year: label })
}

fn contribution_fault(year: &BudgetYear, old: &ContributionFigure, to: Cents) -> Option<AmendmentRefusal> {
    let (signatory, name, label) = (old.signatory.id, old.signatory.name.clone(), year.label.clone());
    if to < Cents::ZERO {
        return Some(AmendmentRefusal::Negative { year: label });
    }
    let number = old.called.clone()?;
    Some(AmendmentRefusal::AlreadyCalled {
        budget_year: year.id,
        signatory,
        name,
        year: label,
        number,
        amount: old.amount,
    })
}

/// The sums of the year: contributions are the budget, and the hours and the fixed share fit in it (rule 1 of money).
fn budget_faults(before: &YearFigures, after: &YearFigures) -> Vec<AmendmentRefusal> {
    let mut faults = Vec::new();
    let year = &after.year;
    let (label, budget_year, budget) = (year.label.clone(), year.id, year.budget);
    let sums = [budget, year.fixed_share, year.ceiling.unwrap_or_default()];
    if sums.into_iter().chain(after.grants.iter().map(|one| one.amount)).any(|sum| sum < Cents::ZERO) {
        faults.push(AmendmentRefusal::Negative { year: label.clone() });
    }
    if !after.grants.is_empty() && after.granted() != budget {
        let (year, granted) = (label.clone(), after.granted());
        faults.push(AmendmentRefusal::GrantsNotTheBudget { budget_year, year, granted, budget });
    }
    if after.paid() != budget {
        faults.push(AmendmentRefusal::NotTheBudget { budget_year, year: label.clone(), paid: after.paid(), budget });
    }
    if let Some(ceiling) = year.ceiling.filter(|ceiling| budget > *ceiling) {
        faults.push(AmendmentRefusal::OverCeiling { budget_year, year: label.clone(), budget, ceiling });
    }
    // a convention may have been entered so: what makes it no worse is not the amendment's fault
    if after.excess() > before.excess() {
        faults.push(AmendmentRefusal::OverBudget {
            budget_year,
            year: label,
            hours: after.hours(),
            hourly: after.hourly,
            fixed_share: year.fixed_share,
            cost: after.cost(),
            budget,
        });
    }
    faults
}

#[cfg(test)]
mod rule_tests;
