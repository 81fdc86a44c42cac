//! The yearly report (*bilan*): what a budget year was, in counts, hours and euros, by programme and neighbourhood, by age
//! and gender, by length of follow-up, by source and reason of referral.
//!
//! It counts the sessions approved or invoiced, and the children who had one of them, held or missed. Counts under five
//! are masked, with the hours and euros that go with them, and so is all that would let them be computed
//! ([`masking`]): once, on every table together, so that two who see different parts cannot subtract. Nothing here
//! leads to a child: what is counted has neither name, reference nor birth date, and no table can be filtered.

pub mod api;
#[cfg(test)]
mod attack_tests;
pub mod files;
pub mod look_up;
pub mod masking;
#[cfg(test)]
mod masking_tests;
pub mod pages;
mod store;
pub mod tables;

use chrono::{Months, NaiveDate};

use crate::accounts::{Accountant, Administrator, Caller, Coordinator, Person, Role};
use crate::budgets::Money;
use crate::children::{AgeBand, Gender, ReferralReason, ReferralSource};
use crate::conventions::BudgetYear;
use crate::hours::Minutes;
use crate::ids::{ProgrammeId, SignatoryId};
use crate::money::Cents;
use crate::quotas::Reach;

crate::text_enum! {
    /// How long a child has been followed.
    FollowUpLength {
        /// Less than six months.
        UnderSixMonths => "under_6_months",
        /// From six months to less than a year.
        SixToTwelveMonths => "6_to_12_months",
        /// From one year to less than two.
        OneToTwoYears => "1_to_2_years",
        /// Two years or more.
        TwoYearsAndOver => "2_years_and_over",
    }
}

impl FollowUpLength {
    /// The length of a follow-up that began on a day, as it stands on another.
    pub fn of(since: NaiveDate, on: NaiveDate) -> Self {
        let after = |months| since.checked_add_months(Months::new(months)).is_some_and(|day| day <= on);
        match (after(6), after(12), after(24)) {
            (_, _, true) => Self::TwoYearsAndOver,
            (_, true, false) => Self::OneToTwoYears,
            (true, false, false) => Self::SixToTwelveMonths,
            (false, false, false) => Self::UnderSixMonths,
        }
    }

    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::UnderSixMonths => "Moins de 6 mois",
            Self::SixToTwelveMonths => "De 6 mois à 1 an",
            Self::OneToTwoYears => "De 1 à 2 ans",
            Self::TwoYearsAndOver => "2 ans et plus",
        }
    }
}

/// What the sessions of some children come to. Adding is exact: what is rounded is each session's cost, to the cent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Measures {
    /// Sessions held.
    pub held: i64,
    /// Excused absences.
    pub excused: i64,
    /// Unexcused absences.
    pub unexcused: i64,
    /// Time taken on the quotas.
    pub time: Minutes,
    /// Time billed, at the rate of the day of each session, without tax.
    pub cost: Cents,
}

impl std::ops::AddAssign for Measures {
    fn add_assign(&mut self, other: Self) {
        self.held += other.held;
        self.excused += other.excused;
        self.unexcused += other.unexcused;
        self.time += other.time;
        self.cost += other.cost;
    }
}

/// A child's year as the report counts it: nobody is recognised in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    /// The place of the neighbourhood among those of the report.
    pub neighbourhood: usize,
    /// On the day of the first session of the year.
    pub age: AgeBand,
    /// Gender.
    pub gender: Gender,
    /// At the end of the follow-up, or of the year.
    pub length: FollowUpLength,
    /// Of the referral of the last session of the year.
    pub source: ReferralSource,
    /// Of the same referral.
    pub reason: ReferralReason,
    /// Their sessions.
    pub measures: Measures,
}

impl Followed {
    /// The aspects under which the child is counted.
    pub fn aspects(&self) -> [Aspect; 7] {
        [
            Aspect::All,
            Aspect::Age(self.age),
            Aspect::Gender(self.gender),
            Aspect::AgeAndGender(self.age, self.gender),
            Aspect::Length(self.length),
            Aspect::Source(self.source),
            Aspect::Reason(self.reason),
        ]
    }
}

/// Under which aspect children of a place are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// All of them.
    All,
    /// Those of an age.
    Age(AgeBand),
    /// Those of a gender.
    Gender(Gender),
    /// Those of both.
    AgeAndGender(AgeBand, Gender),
    /// Those followed for so long.
    Length(FollowUpLength),
    /// Those for whom so and so asked.
    Source(ReferralSource),
    /// Those entrusted for such a reason.
    Reason(ReferralReason),
}

impl Aspect {
    /// Every aspect, in the order in which a place is read.
    pub fn all() -> Vec<Self> {
        let ages = AgeBand::ALL.iter().copied();
        let both = ages.clone().flat_map(|age| Gender::ALL.iter().map(move |gender| Self::AgeAndGender(age, *gender)));
        std::iter::once(Self::All)
            .chain(ages.map(Self::Age))
            .chain(Gender::ALL.iter().copied().map(Self::Gender))
            .chain(both)
            .chain(FollowUpLength::ALL.iter().copied().map(Self::Length))
            .chain(ReferralSource::ALL.iter().copied().map(Self::Source))
            .chain(ReferralReason::ALL.iter().copied().map(Self::Reason))
            .collect()
    }

    /// The aspects whose counts make this one together: each list by itself.
    pub fn parts(self) -> Vec<Vec<Self>> {
        let ages = AgeBand::ALL.iter().copied();
        let genders = Gender::ALL.iter().copied();
        match self {
            Self::All => vec![
                ages.map(Self::Age).collect(),
                genders.map(Self::Gender).collect(),
                FollowUpLength::ALL.iter().copied().map(Self::Length).collect(),
                ReferralSource::ALL.iter().copied().map(Self::Source).collect(),
                ReferralReason::ALL.iter().copied().map(Self::Reason).collect(),
            ],
            Self::Age(age) => vec![genders.map(|gender| Self::AgeAndGender(age, gender)).collect()],
            Self::Gender(gender) => vec![ages.map(|age| Self::AgeAndGender(age, gender)).collect()],
            Self::AgeAndGender(..) | Self::Length(_) | Self::Source(_) | Self::Reason(_) => Vec::new(),
        }
    }

    /// The words that users read: what it is one of, and what it is.
    pub fn french(self) -> (&'static str, String) {
        match self {
            Self::All => ("Ensemble", "Tous les enfants".to_owned()),
            Self::Age(age) => ("Âge", age.french().to_owned()),
            Self::Gender(gender) => ("Genre", Self::gender(gender).to_owned()),
            Self::AgeAndGender(age, gender) => ("Âge et genre", format!("{}, {}", age.french(), gender.french())),
            Self::Length(length) => ("Durée du suivi", length.french().to_owned()),
            Self::Source(source) => ("Qui a demandé", source.french().to_owned()),
            Self::Reason(reason) => ("Motif général", reason.french().to_owned()),
        }
    }

    /// What the children of a gender are called together.
    pub const fn gender(gender: Gender) -> &'static str {
        match gender {
            Gender::Girl => "Filles",
            Gender::Boy => "Garçons",
            Gender::Unspecified => "Non précisé",
        }
    }
}

/// What stands in a cell that is shown.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Children followed.
    pub children: i64,
    /// What their sessions come to.
    pub measures: Measures,
}

/// The counts of a place: nothing in those that are masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts(Vec<Option<Figures>>);

impl Counts {
    /// The counts of a place, one for each aspect in order.
    pub fn new(of: Vec<Option<Figures>>) -> Self {
        Self(of)
    }

    /// What may be shown under an aspect; nothing when it is masked.
    pub fn under(&self, aspect: Aspect) -> Option<Figures> {
        let at = Aspect::all().iter().position(|one| *one == aspect)?;
        self.0.get(at).copied().flatten()
    }

    /// Every aspect with what may be shown.
    pub fn iter(&self) -> impl Iterator<Item = (Aspect, Option<Figures>)> {
        Aspect::all().into_iter().zip(self.0.iter().copied())
    }
}

/// Lines under a title, such as the ages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What the lines are about.
    pub title: &'static str,
    /// What each is called, and what may be shown.
    pub lines: Vec<(String, Option<Figures>)>,
}

impl Counts {
    /// What is known of all the children of the place.
    pub fn all(&self) -> Option<Figures> {
        self.under(Aspect::All)
    }

    /// The lines of each list: ages, genders, lengths, sources, reasons.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (aspect, figures) in self.iter() {
            let (title, label) = aspect.french();
            match groups.iter_mut().find(|group| group.title == title) {
                _ if matches!(aspect, Aspect::All | Aspect::AgeAndGender(..)) => {}
                Some(group) => group.lines.push((label, figures)),
                None => groups.push(Group { title, lines: vec![(label, figures)] }),
            }
        }
        groups
    }

    /// The children of each age, by gender and together: nothing where it is masked.
    pub fn ages_by_gender(&self) -> Vec<(&'static str, Vec<Option<i64>>)> {
        let count = |aspect| self.under(aspect).map(|figures| figures.children);
        let line = |age: AgeBand| {
            let each = Gender::ALL.iter().map(|gender| count(Aspect::AgeAndGender(age, *gender)));
            (age.french(), each.chain(std::iter::once(count(Aspect::Age(age)))).collect())
        };
        let each = Gender::ALL.iter().map(|gender| count(Aspect::Gender(*gender)));
        let together = ("Ensemble", each.chain(std::iter::once(count(Aspect::All))).collect());
        AgeBand::ALL.iter().map(|age| line(*age)).chain(std::iter::once(together)).collect()
    }
}

/// Whose report somebody reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Whole,
    /// Some programmes, and what all have in common.
    Programmes(Vec<ProgrammeId>),
    /// Contributions and spending only.
    Accounts,
}

impl Scope {
    /// A person's, in the role in use, or else in one that they hold; `None` when they hold none that reads reports.
    pub fn of(person: &Person) -> Option<Self> {
        let held = [Role::Administrator, Role::Coordinator, Role::Accountant];
        Self::in_role(person, person.role_in_use)
            .or_else(|| held.into_iter().find_map(|role| Self::in_role(person, role)))
    }

    fn in_role(person: &Person, role: Role) -> Option<Self> {
        match role {
            Role::Administrator => Administrator::of(person).map(|_| Self::Whole),
            Role::Coordinator => Coordinator::of(person).map(|who| Self::Programmes(who.programmes)),
            Role::Accountant => Accountant::of(person).map(|_| Self::Accounts),
            Role::Psychologist | Role::Referent | Role::Auditor => None,
        }
    }

    /// Whose budget years these are.
    pub fn reach(&self) -> Reach {
        match self {
            Self::Whole | Self::Accounts => Reach::Everything,
            Self::Programmes(ids) => Reach::Programmes(ids.clone()),
        }
    }
}

/// A contribution of a budget year against what was called and received of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// Whose.
    pub signatory: SignatoryId,
    /// What they are called.
    pub name: String,
    /// What the convention fixes.
    pub owed: Cents,
    /// What was called.
    pub called: Cents,
    /// What was received.
    pub received: Cents,
}

/// A programme in the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgrammeReport {
    /// Which.
    pub id: ProgrammeId,
    /// Its name.
    pub name: String,
    /// The names of its neighbourhoods.
    pub neighbourhoods: Vec<String>,
    /// Its counts.
    pub counts: Counts,
    /// Those of each neighbourhood, when it has several.
    pub within: Vec<Counts>,
}

/// What is counted of children.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// The reader reads accounts only.
    NotTheirs,
    /// Too few children for any table to be shown.
    TooFew,
    /// The tables.
    Shown {
        /// All the programmes together.
        whole: Counts,
        /// Those that the reader sees.
        programmes: Vec<ProgrammeReport>,
    },
}

/// The report of a budget year, as somebody reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The convention's title.
    pub convention: String,
    /// Who reports: the association of towns that pays.
    pub author: String,
    /// The budget year.
    pub year: BudgetYear,
    /// The last day whose sessions are counted.
    pub until: NaiveDate,
    /// What is counted of children.
    pub observation: Observation,
    /// Each programme, and the signatory that runs it.
    pub run_by: Vec<(ProgrammeId, SignatoryId)>,
    /// The contributions of the signatories that the reader sees.
    pub contributions: Vec<Contribution>,
    /// All of them together: owed, called, received.
    pub contributed: (Cents, Cents, Cents),
    /// What psychologists were paid, and are to be.
    pub sessions: Money,
    /// Training and practice analysis.
    pub fixed_share: Money,
    /// The whole budget.
    pub spent: Money,
}

impl Report {
    /// The part of it that somebody reads: the same cells, fewer of them.
    pub fn seen_by(mut self, scope: &Scope) -> Self {
        match scope {
            Scope::Whole => {}
            Scope::Accounts => self.observation = Observation::NotTheirs,
            Scope::Programmes(own) => {
                if let Observation::Shown { programmes, .. } = &mut self.observation {
                    programmes.retain(|programme| own.contains(&programme.id));
                }
                self.run_by.retain(|(programme, _)| own.contains(programme));
                let runs = |one: &Contribution| self.run_by.iter().any(|(_, signatory)| *signatory == one.signatory);
                self.contributions.retain(runs);
            }
        }
        self
    }

    /// Whether the budget year is over: its figures change no more but by what is approved late.
    pub fn is_over(&self) -> bool {
        self.until == self.year.period.until
    }
}
