//! Services that are not a child's session (*prestations*): practice analysis for the pathway referents, training of
//! the teams.
//!
//! Whoever leads one records it; the Métropole's administrator approves it; it is invoiced with the tax that applies to
//! it. It never takes of a programme's quota: the convention keeps a fixed share of the budget for these, and each type
//! has its own line of the budget year, in hours and in euros with tax. What is recorded is reserved, what is approved
//! is used, and together they never pass what is allotted: one conditional statement sees to it, CHECKs behind it, and
//! `checks.rs` recounts. Nothing of a child is written here.

pub mod admission;
pub mod allot;
pub mod api;
pub mod approve;
pub mod approve_many;
pub mod correct;
mod facts;
pub mod give_up;
pub mod ledger;
pub mod look_up;
mod notices;
pub mod pages;
pub mod pages_lines;
pub mod pages_service;
pub mod record;
pub mod refuse;
mod store;
pub mod withdraw_approval;

use chrono::{NaiveDate, NaiveTime};

use crate::accounts::{Administrator, Caller, Person, Psychologist, Role};
use crate::calendar;
use crate::conventions::ServiceType;
use crate::documents::VatRegime;
use crate::hours::Minutes;
use crate::ids::{
    AccountId, BudgetLineId, BudgetYearId, ConventionId, InvoiceId, ProgrammeId, PsychologistId, ServiceId,
};
use crate::money::Cents;
use crate::sessions::{Slot, Stamp};

/// The types that are recorded here: all but a child's session.
pub const KINDS: [ServiceType; 2] = [ServiceType::PracticeAnalysis, ServiceType::Training];
/// The longest service: a day of training.
pub const LONGEST: Minutes = Minutes::from_hours(8);
/// The most people who may attend.
pub const MOST_PARTICIPANTS: i32 = 500;
/// The longest label and the longest place, in characters.
pub const LONGEST_TEXT: usize = 100;

/// `analyse de la pratique`, after "de": `Il reste 2 h d’analyse de la pratique`.
pub fn of_kind(kind: ServiceType) -> String {
    match kind {
        ServiceType::PracticeAnalysis => "d’analyse de la pratique".to_owned(),
        other => format!("de {}", other.french()),
    }
}

/// The type at the head of a line: `Analyse de la pratique`.
pub fn title(kind: ServiceType) -> &'static str {
    match kind {
        ServiceType::Interview => "Entretien psychologique",
        ServiceType::PracticeAnalysis => "Analyse de la pratique",
        ServiceType::Training => "Formation",
    }
}

crate::text_enum! {
    /// Where a service stands, as a word.
    Phase as ServicePhase {
        /// Waiting for approval.
        Recorded => "recorded",
        /// The service is certified as rendered.
        Approved => "approved",
        /// To be corrected by who recorded it.
        Refused => "refused",
        /// Given up by who recorded it.
        Withdrawn => "withdrawn",
        /// On an invoice.
        Invoiced => "invoiced",
    }
}

impl Phase {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Recorded => "À valider",
            Self::Approved => "Validée",
            Self::Refused => "Refusée",
            Self::Withdrawn => "Retirée",
            Self::Invoiced => "Facturée",
        }
    }

    /// The end of a sentence such as "cette prestation …".
    const fn clause(self) -> &'static str {
        match self {
            Self::Recorded => "attend sa validation",
            Self::Approved => "est validée",
            Self::Refused => "est refusée",
            Self::Withdrawn => "est retirée",
            Self::Invoiced => "est facturée",
        }
    }
}

/// Where a service stands, with the facts of that stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Waiting for approval.
    Recorded,
    /// Certified.
    Approved(Stamp),
    /// Refused, for a reason.
    Refused(Stamp, String),
    /// Given up.
    Withdrawn,
    /// On an invoice.
    Invoiced(Stamp, InvoiceId),
}

impl State {
    /// The word.
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Recorded => Phase::Recorded,
            Self::Approved(_) => Phase::Approved,
            Self::Refused(..) => Phase::Refused,
            Self::Withdrawn => Phase::Withdrawn,
            Self::Invoiced(..) => Phase::Invoiced,
        }
    }

    /// The decision in force, if one is.
    pub const fn decision(&self) -> Option<Stamp> {
        match self {
            Self::Approved(stamp) | Self::Refused(stamp, _) | Self::Invoiced(stamp, _) => Some(*stamp),
            Self::Recorded | Self::Withdrawn => None,
        }
    }
}

/// Time and what it costs with tax.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Time.
    pub time: Minutes,
    /// Euros with tax.
    pub cost: Cents,
}

impl Part {
    /// Nothing.
    pub const NONE: Self = Self { time: Minutes::ZERO, cost: Cents::ZERO };

    /// What is left of it once others are taken away.
    fn without(self, other: Self) -> Self {
        Self { time: self.time - other.time, cost: self.cost - other.cost }
    }
}

/// What a budget year keeps for a type of service (*ligne de budget*).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetLine {
    /// Which.
    pub id: BudgetLineId,
    /// Of which budget year.
    pub year: BudgetYearId,
    /// For what.
    pub kind: ServiceType,
    /// What was fixed.
    pub allotted: Part,
    /// Held by services that wait for approval.
    pub reserved: Part,
    /// Held by services approved or invoiced.
    pub used: Part,
}

impl BudgetLine {
    /// What is left for new services.
    pub fn left(self) -> Part {
        self.allotted.without(self.reserved).without(self.used)
    }
}

/// What is said of a service, when it is recorded or corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// For what: practice analysis or training.
    pub kind: ServiceType,
    /// Under which convention; need not be said where one only has a line for it on that day.
    pub convention: Option<ConventionId>,
    /// The day.
    pub on: NaiveDate,
    /// When it began, in local time.
    pub starts_at: NaiveTime,
    /// How long it lasted.
    pub duration: Minutes,
    /// Where.
    pub place: String,
    /// How many people attended.
    pub participants: i32,
    /// In a few words; never a child.
    pub label: String,
    /// The programmes that it concerns; none when it is all of them.
    pub programmes: Vec<ProgrammeId>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Which.
    pub id: ServiceId,
    /// The line that pays for it.
    pub line: BudgetLineId,
    /// Who gave it.
    pub psychologist: PsychologistId,
    /// For what.
    pub kind: ServiceType,
    /// When.
    pub slot: Slot,
    /// Where.
    pub place: String,
    /// How many people attended.
    pub participants: i32,
    /// In a few words; never a child.
    pub label: String,
    /// The programmes that it concerns; none when it is all of them.
    pub programmes: Vec<ProgrammeId>,
    /// Euros an hour without tax, in force on its day.
    pub hourly: Cents,
    /// The tax in force on its day.
    pub vat: VatRegime,
    /// What it costs with tax.
    pub gross: Cents,
    /// Who recorded it, and when.
    pub recorded: Stamp,
    /// Where it stands.
    pub state: State,
}

impl Service {
    /// What it costs without tax.
    pub fn net(&self) -> Cents {
        self.hourly.for_time(self.slot.duration)
    }

    /// What it takes of its line while it stands.
    pub fn part(&self) -> Part {
        Part { time: self.slot.duration, cost: self.gross }
    }

    /// `Analyse de la pratique, mardi 24 novembre de 14 h 30 à 16 h 30`.
    pub fn told(&self) -> String {
        format!("{}, {}", title(self.kind), self.slot)
    }
}

/// What a time costs with tax: the hours at the rate rounded once, then the tax rounded once.
pub fn gross(hourly: Cents, time: Minutes, vat: VatRegime) -> Cents {
    let net = hourly.for_time(time);
    net + net.tax(vat.percent())
}

/// The slot of a day; `None` when the clocks skip that time.
fn slot(on: NaiveDate, time: NaiveTime, duration: Minutes) -> Option<Slot> {
    Some(Slot { on, starts_at: calendar::instant(on, time)?, duration })
}

/// Who looks at services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Who gave them sees their own.
    Provider(PsychologistId),
    /// The Métropole's administrator sees all.
    Administrator(AccountId),
}

impl Reader {
    /// A person's, in the role in use or else in one that they hold; `None` when they hold neither.
    pub fn of(person: &Person) -> Option<Self> {
        let provider = || Psychologist::of(person).as_ref().map(Self::from);
        let administrator = || Administrator::of(person).as_ref().map(Self::from);
        match person.role_in_use {
            Role::Administrator => administrator().or_else(provider),
            _ => provider().or_else(administrator),
        }
    }

    /// Whether it is an administrator.
    pub const fn decides(self) -> bool {
        matches!(self, Self::Administrator(_))
    }
}

impl From<&Psychologist> for Reader {
    fn from(who: &Psychologist) -> Self {
        Self::Provider(who.id)
    }
}

impl From<&Administrator> for Reader {
    fn from(who: &Administrator) -> Self {
        Self::Administrator(who.account)
    }
}

/// Which services are looked for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    /// Those that stand there.
    pub phase: Option<Phase>,
    /// Of a type.
    pub kind: Option<ServiceType>,
    /// Of somebody's.
    pub psychologist: Option<PsychologistId>,
}

#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_both_roles_reads_by_the_one_in_use() {
        let both = [Role::Psychologist, Role::Administrator];
        let decides = |held: &[Role], in_use| Reader::of(&Person::holding(held, in_use)).map(Reader::decides);
        assert_eq!(both.map(|in_use| decides(&both, in_use)), [Some(false), Some(true)]);
        assert_eq!(both.map(|held| decides(&[held], Role::Auditor)), [Some(false), Some(true)]);
        assert_eq!(decides(&[Role::Auditor], Role::Auditor), None);
    }

    #[test]
    fn a_service_costs_its_hours_and_its_tax() {
        // 2 h 15 at 61,10 € make 137,475: 137,48 €; the tax on it is 27,496: 27,50 €
        assert_eq!(gross(Cents(6110), Minutes(135), VatRegime::Standard), Cents(16498));
        assert_eq!(gross(Cents(6110), Minutes(135), VatRegime::Franchise), Cents(13748));
    }

    #[test]
    fn what_is_left_of_a_line() {
        let part = |time, cost| Part { time: Minutes(time), cost: Cents(cost) };
        let line = BudgetLine {
            id: BudgetLineId::new(),
            year: BudgetYearId::new(),
            kind: ServiceType::PracticeAnalysis,
            allotted: part(600, 60_000),
            reserved: part(120, 12_000),
            used: part(330, 33_000),
        };
        assert_eq!(line.left(), part(150, 15_000));
        assert_eq!(of_kind(line.kind), "d’analyse de la pratique");
    }
}
