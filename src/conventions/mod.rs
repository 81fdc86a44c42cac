//! Conventions as data: their parties, period, budget years, quotas, rates, and the dated rules that every other
//! feature reads by the date of a session. The next convention or amendment is entered, never programmed.

pub mod add_rate;
pub mod amend;
pub mod api;
pub mod change_buyer;
pub mod export;
pub mod file;
mod file_checks;
#[cfg(test)]
mod file_tests;
pub mod following;
mod grants;
pub mod import;
pub mod look_up;
pub mod pages;
pub mod pages_reopening;
mod reader;
pub mod reopen_month;
mod store;
pub mod write;

use chrono::{Days, NaiveDate};

pub use grants::Grant;

use crate::calendar::{Month, age_on};
use crate::hours::Minutes;
use crate::ids::{BudgetYearId, ConventionId, NeighbourhoodId, ProgrammeId, PsychologistId, SignatoryId};
use crate::money::Cents;
use crate::sql_types::Ts;

crate::text_enum! {
    /// What a psychologist is asked to do (*type de prestation*).
    ServiceType {
        /// A session with a child (*entretien psychologique*).
        Interview => "interview",
        /// A session with the pathway referents (*analyse de la pratique*).
        PracticeAnalysis => "practice_analysis",
        /// A training of the teams (*formation*).
        Training => "training",
    }
}

impl ServiceType {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Interview => "entretien psychologique",
            Self::PracticeAnalysis => "analyse de la pratique",
            Self::Training => "formation",
        }
    }
}

crate::text_enum! {
    /// How an absence was announced (rule 6).
    AbsenceKind {
        /// Announced, or for a good reason (*absence excusée*).
        Excused => "excused",
        /// Not announced (*absence non excusée*).
        Unexcused => "unexcused",
    }
}

crate::text_enum! {
    /// How a line of an invoice is rounded to the cent (rule 8).
    Rounding {
        /// Half a cent counts for a whole one (*au centime, la demie comptant pour un*).
        HalfUp => "half_up",
    }
}

crate::text_enum! {
    /// What a signatory is.
    SignatoryKind {
        /// An association of towns (*métropole*).
        Metropole => "metropole",
        /// A town's welfare centre (*centre communal d'action sociale*).
        Ccas => "ccas",
        /// A town (*ville*).
        Town => "town",
        /// An association (*association loi de 1901*).
        Association => "association",
    }
}

impl SignatoryKind {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Metropole => "métropole",
            Self::Ccas => "CCAS",
            Self::Town => "ville",
            Self::Association => "association",
        }
    }
}

crate::text_enum! {
    /// The way by which invoices reach the buyer; each has its own dialect of Factur-X.
    InvoiceChannel {
        /// An approved platform of the reform of electronic invoicing (*plateforme agréée*).
        Reform => "reform",
        /// A deposit on the portal Chorus Pro itself.
        ChorusDirect => "chorus_direct",
    }
}

impl InvoiceChannel {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Reform => "plateforme agréée (réforme de la facturation électronique)",
            Self::ChorusDirect => "dépôt direct sur Chorus Pro",
        }
    }
}

crate::text_enum! {
    /// Which references the buyer requires on an invoice, as its record in the directory of Chorus Pro says.
    RequiredReference {
        /// None.
        None => "none",
        /// A service code.
        Service => "service",
        /// An engagement number.
        Engagement => "engagement",
        /// One of them at least.
        ServiceOrEngagement => "service_or_engagement",
        /// Both.
        ServiceAndEngagement => "service_and_engagement",
    }
}

impl RequiredReference {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::None => "aucune référence",
            Self::Service => "un code service",
            Self::Engagement => "un numéro d’engagement",
            Self::ServiceOrEngagement => "un code service ou un numéro d’engagement",
            Self::ServiceAndEngagement => "un code service et un numéro d’engagement",
        }
    }

    /// Whether an invoice with these references is complete.
    pub fn is_met(self, has_service_code: bool, has_engagement_number: bool) -> bool {
        match self {
            Self::None => true,
            Self::Service => has_service_code,
            Self::Engagement => has_engagement_number,
            Self::ServiceOrEngagement => has_service_code || has_engagement_number,
            Self::ServiceAndEngagement => has_service_code && has_engagement_number,
        }
    }
}

/// A period of whole days, both ends included.
#[derive(
    Debug,
    Default,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[schema(as = ConventionPeriod)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub until: NaiveDate,
}

impl Period {
    /// Whether a day is in it.
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.until
    }

    /// Whether another period lies wholly in it.
    pub fn covers(self, other: Self) -> bool {
        self.from <= other.from && other.until <= self.until
    }

    /// Whether the two share a day.
    pub fn overlaps(self, other: Self) -> bool {
        self.from <= other.until && other.from <= self.until
    }

    /// Whether it ends before it begins.
    pub fn is_inverted(self) -> bool {
        self.until < self.from
    }

    /// The stretches of this period that none of the others covers, in order.
    pub fn gaps(self, others: &[Self]) -> Vec<Self> {
        let mut sorted: Vec<Self> = others.iter().copied().filter(|p| p.overlaps(self)).collect();
        sorted.sort_unstable();
        let mut gaps = Vec::new();
        let mut next = Some(self.from);
        for period in sorted {
            let Some(day) = next else { break };
            if let Some(eve) = period.from.checked_sub_days(Days::new(1)).filter(|eve| day <= *eve) {
                gaps.push(Self { from: day, until: eve });
            }
            next = period.until.checked_add_days(Days::new(1)).map(|after| after.max(day));
        }
        gaps.extend(next.filter(|day| *day <= self.until).map(|day| Self { from: day, until: self.until }));
        gaps
    }
}

/// `du 01/01/2024 au 31/12/2026`.
impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "du {} au {}", crate::calendar::short_date(self.from), crate::calendar::short_date(self.until))
    }
}

/// What an absence does to the psychologist's pay and to the programme's quota (rule 6).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = ConventionAbsenceRule)]
#[serde(deny_unknown_fields)]
pub struct AbsenceRule {
    /// The reserved time is invoiced as if the session had been held.
    pub billed: bool,
    /// The reserved time is taken from the quota.
    pub counted: bool,
}

impl AbsenceRule {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match (self.billed, self.counted) {
            (true, true) => "facturée et décomptée de la quotité",
            (true, false) => "facturée, mais non décomptée de la quotité",
            (false, true) => "non facturée, mais décomptée de la quotité",
            (false, false) => "ni facturée ni décomptée de la quotité",
        }
    }
}

/// A month that was reopened for late entries (rule 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthReopening {
    /// The month of the sessions.
    pub month: Month,
    /// Why.
    pub reason: String,
    /// The last day on which they may be recorded.
    pub until: NaiveDate,
    /// Who reopened it.
    pub by: String,
    /// When.
    pub at: Ts,
}

/// The rules of a convention over a period (rule 13): read with the date of the session, never with today's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = ConventionTerms)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The days on which they apply.
    pub period: Period,
    /// The youngest age at which a child may be seen, in whole years.
    pub min_age: i32,
    /// The oldest age at which a child may be seen, in whole years: up to the eve of the next birthday.
    pub max_age: i32,
    /// Until when a session may be recorded, in months after its own: 1 is the end of the following month.
    pub late_entry_months: i32,
    /// How the lines of an invoice are rounded.
    pub rounding: Rounding,
    /// What an excused absence does.
    pub excused_absence: AbsenceRule,
    /// What an unexcused absence does.
    pub unexcused_absence: AbsenceRule,
}

impl Terms {
    /// Whether a child born on a day may be seen on another (rule 2).
    pub fn allows_age(&self, born_on: NaiveDate, day: NaiveDate) -> bool {
        (self.min_age..=self.max_age).contains(&age_on(born_on, day))
    }

    /// The last day on which a session held on a day may be recorded (rule 5).
    pub fn last_entry_day(&self, held_on: NaiveDate) -> NaiveDate {
        Month::of(held_on).plus(self.late_entry_months.unsigned_abs()).last()
    }

    /// Until when a session may be recorded, in words.
    pub fn late_entry(&self) -> String {
        match self.late_entry_months {
            0 => "jusqu’à la fin du mois de la séance".to_owned(),
            1 => "jusqu’à la fin du mois suivant la séance".to_owned(),
            months => format!("jusqu’à la fin du {months}e mois suivant la séance"),
        }
    }

    /// The rule for a kind of absence.
    pub fn absence(&self, kind: AbsenceKind) -> AbsenceRule {
        match kind {
            AbsenceKind::Excused => self.excused_absence,
            AbsenceKind::Unexcused => self.unexcused_absence,
        }
    }
}

/// Who is invoiced, and how its invoices reach it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = ConventionBuyer)]
#[serde(deny_unknown_fields)]
pub struct Buyer {
    /// Its name.
    pub name: String,
    /// Its number in the register of companies, 9 digits.
    pub siren: String,
    /// The establishment that is invoiced, 14 digits.
    pub siret: String,
    /// Number and street, or what stands for it.
    pub street: String,
    /// Postcode.
    pub postcode: String,
    /// City.
    pub city: String,
    /// The way by which invoices reach it.
    pub channel: InvoiceChannel,
    /// Which references it requires.
    pub required_reference: RequiredReference,
    /// Its service code on Chorus Pro.
    pub service_code: Option<String>,
    /// The engagement number that invoices quote.
    pub engagement_number: Option<String>,
    /// The number of the contract (*marché*) that invoices quote.
    pub contract_number: Option<String>,
    /// How many days it has to pay.
    pub payment_days: i32,
}

/// A convention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Convention {
    /// Its identifier.
    pub id: ConventionId,
    /// Its short name.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its days.
    pub period: Period,
    /// The day on which it was signed.
    pub signed_on: Option<NaiveDate>,
    /// Whether it is invented; the screens then say so.
    pub is_example: bool,
}

/// Where a signed convention stands, by its days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Signed, and to come (*signée*).
    ToCome,
    /// In force (*en vigueur*).
    InForce,
    /// Ended (*terminée*).
    Ended,
}

impl Convention {
    /// Where it stands on a day.
    pub fn stage(&self, today: NaiveDate) -> Stage {
        if today < self.period.from {
            Stage::ToCome
        } else if today > self.period.until {
            Stage::Ended
        } else {
            Stage::InForce
        }
    }
}

/// A year of a convention's budget (*exercice*); a school year as well as a calendar year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetYear {
    /// Its identifier.
    pub id: BudgetYearId,
    /// Its name: `2026`, or `2016-2017`.
    pub label: String,
    /// Its days.
    pub period: Period,
    /// What it may cost: the sum of the contributions.
    pub budget: Cents,
    /// The part of the budget kept for training and practice analysis.
    pub fixed_share: Cents,
    /// What the budget may not exceed, when the convention says so.
    pub ceiling: Option<Cents>,
    /// The day by which the contributions are called, when the convention names one.
    pub call_by: Option<NaiveDate>,
}

impl BudgetYear {
    /// The last day on which it is open: sessions of its last day may be entered until then.
    pub fn open_until(&self, terms: &[Terms]) -> NaiveDate {
        let last = self.period.until;
        terms.iter().find(|terms| terms.period.contains(last)).map_or(last, |terms| terms.last_entry_day(last))
    }
}

/// A signatory of a convention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatory {
    /// Its identifier.
    pub id: SignatoryId,
    /// Its code in the convention.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SignatoryKind,
    /// Where its calls for funds are sent.
    pub contact_email: Option<String>,
}

/// A programme as a convention has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programme {
    /// Its identifier.
    pub id: ProgrammeId,
    /// Its code, which begins the child references.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its town.
    pub town: String,
    /// The signatory that runs it.
    pub signatory: SignatoryId,
    /// A sentence shown beside its quota.
    pub note: Option<String>,
}

/// A neighbourhood of a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbourhood {
    /// Its identifier.
    pub id: NeighbourhoodId,
    /// The programme that follows its children.
    pub programme: ProgrammeId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// An hourly rate from a day on, until the next of the same kind: a psychologist's own, or the convention's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Whose rate it is; everybody's when absent.
    pub psychologist: Option<PsychologistId>,
    /// For what.
    pub service: ServiceType,
    /// Euros an hour.
    pub hourly: Cents,
    /// The first day on which it is in force.
    pub from: NaiveDate,
}

/// The rate in force for a psychologist and a service type on a day: their own first, then the convention's (rule 8).
pub fn rate_in_force(
    rates: &[Rate],
    psychologist: PsychologistId,
    service: ServiceType,
    day: NaiveDate,
) -> Option<&Rate> {
    let latest = |whose: Option<PsychologistId>| {
        let begun = |r: &&Rate| r.psychologist == whose && r.service == service && r.from <= day;
        rates.iter().filter(begun).max_by_key(|r| r.from)
    };
    latest(Some(psychologist)).or_else(|| latest(None))
}

/// Whether quotas at a rate, and the fixed share, cost more than the budget; then by how much.
pub fn overspend(budget: Cents, fixed_share: Cents, quotas: Minutes, hourly: Cents) -> Option<Cents> {
    let cost = hourly.for_time(quotas) + fixed_share;
    (cost > budget).then(|| cost - budget)
}

/// Whether a text is a SIREN: nine digits, the last of which checks the others.
pub fn is_siren(number: &str) -> bool {
    number.len() == 9 && has_luhn_digit(number)
}

/// Whether a text is a SIRET: fourteen digits, the last of which checks the others.
pub fn is_siret(number: &str) -> bool {
    number.len() == 14 && has_luhn_digit(number)
}

/// Whether Chorus Pro takes a text for a service code.
pub fn is_service_code(code: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    (1..=100).contains(&code.chars().count()) && code.chars().all(allowed)
}

/// Whether a text may stand on an invoice as the number of an engagement or of a contract.
pub fn is_reference(number: &str) -> bool {
    (1..=50).contains(&number.chars().count()) && !number.chars().any(char::is_control)
}

/// Whether the last digit of a number agrees with the others (Luhn), as in a SIREN, a SIRET or an RPPS number.
pub fn has_luhn_digit(number: &str) -> bool {
    let weighed = number.bytes().rev().enumerate().map(|(place, byte)| {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        match (place % 2, digit) {
            (0, d) => d,
            (_, d) if d > 4 => d * 2 - 9,
            (_, d) => d * 2,
        }
    });
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && weighed.sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn period(from: &str, until: &str) -> Period {
        Period { from: day(from), until: day(until) }
    }

    fn terms() -> Terms {
        Terms {
            period: period("2024-01-01", "2026-12-31"),
            min_age: 2,
            max_age: 16,
            late_entry_months: 1,
            rounding: Rounding::HalfUp,
            excused_absence: AbsenceRule::default(),
            unexcused_absence: AbsenceRule { billed: true, counted: true },
        }
    }

    #[test]
    fn the_seventeenth_year_of_life_counts_whole() {
        let born = day("2010-03-15");
        for (on, allowed) in [("2012-03-14", false), ("2012-03-15", true), ("2027-03-14", true), ("2027-03-15", false)]
        {
            assert_eq!(terms().allows_age(born, day(on)), allowed, "{on}");
        }
    }

    #[test]
    fn entry_closes_at_the_end_of_the_following_month() {
        assert_eq!(terms().last_entry_day(day("2026-01-31")), day("2026-02-28"));
        assert_eq!(terms().last_entry_day(day("2026-12-01")), day("2027-01-31"));
        let strict = Terms { late_entry_months: 0, ..terms() };
        assert_eq!(strict.last_entry_day(day("2026-02-01")), day("2026-02-28"));
    }

    #[test]
    fn each_kind_of_absence_has_its_rule() {
        assert!(!terms().absence(AbsenceKind::Excused).billed);
        assert!(terms().absence(AbsenceKind::Unexcused).counted);
    }

    #[test]
    fn finds_the_days_that_nothing_covers() {
        let whole = period("2024-01-01", "2026-12-31");
        assert_eq!(whole.gaps(&[]), [whole]);
        assert_eq!(whole.gaps(&[whole]), []);
        assert_eq!(
            whole.gaps(&[period("2026-01-01", "2026-11-30"), period("2024-01-01", "2024-12-31")]),
            [period("2025-01-01", "2025-12-31"), period("2026-12-01", "2026-12-31")]
        );
        assert_eq!(whole.gaps(&[period("2023-01-01", "2030-01-01"), period("2024-05-01", "2024-06-01")]), []);
    }

    #[test]
    fn a_psychologists_own_rate_comes_first() {
        let (hers, other) = (PsychologistId::new(), PsychologistId::new());
        let rate = |psychologist, cents, from: &str| Rate {
            psychologist,
            service: ServiceType::Interview,
            hourly: Cents(cents),
            from: day(from),
        };
        let rates = [
            rate(None, 6200, "2026-01-01"),
            rate(None, 6000, "2024-01-01"),
            rate(Some(hers), 6500, "2026-10-01"),
            rate(Some(hers), 6700, "2026-12-01"),
        ];
        let cents = |who, service, on: &str| rate_in_force(&rates, who, service, day(on)).map(|r| r.hourly.0);
        assert_eq!(cents(hers, ServiceType::Interview, "2026-11-30"), Some(6500));
        assert_eq!(cents(hers, ServiceType::Interview, "2026-12-01"), Some(6700));
        assert_eq!(cents(hers, ServiceType::Interview, "2026-09-30"), Some(6200));
        assert_eq!(cents(other, ServiceType::Interview, "2026-10-01"), Some(6200));
        assert_eq!(cents(other, ServiceType::Interview, "2025-12-31"), Some(6000));
        assert_eq!(cents(hers, ServiceType::Training, "2026-10-01"), None);
        assert_eq!(cents(hers, ServiceType::Interview, "2023-12-31"), None);
    }

    #[test]
    fn required_references() {
        use RequiredReference as R;
        for (requirement, met) in [
            (R::None, [true, true, true, true]),
            (R::Service, [false, true, false, true]),
            (R::Engagement, [false, false, true, true]),
            (R::ServiceOrEngagement, [false, true, true, true]),
            (R::ServiceAndEngagement, [false, false, false, true]),
        ] {
            let given = [(false, false), (true, false), (false, true), (true, true)];
            assert_eq!(given.map(|(service, engagement)| requirement.is_met(service, engagement)), met);
        }
    }

    #[test]
    fn check_digits() {
        assert!(has_luhn_digit("242100410"));
        assert!(!has_luhn_digit("242100411"));
        assert!(!has_luhn_digit(""));
        assert!(!has_luhn_digit("24210041A"));
    }

    proptest! {
        #[test]
        fn gaps_and_periods_share_no_day(starts in proptest::collection::vec((0u64..400, 0u64..90), 0..6)) {
            let first = day("2024-01-01");
            let whole = Period { from: first, until: first + Days::new(365) };
            let periods: Vec<Period> = starts.iter()
                .map(|(from, length)| Period { from: first + Days::new(*from), until: first + Days::new(from + length) })
                .collect();
            let gaps = whole.gaps(&periods);
            for offset in 0..=365 {
                let on = first + Days::new(offset);
                let covered = periods.iter().any(|p| p.contains(on));
                prop_assert_eq!(gaps.iter().any(|g| g.contains(on)), !covered);
            }
        }
    }
}
