//! Children that a programme follows, their guardians, and the referrals (*orientations*) that entrust them to a
//! psychologist.
//!
//! Whatever could name a child or a family is sealed in its column and never leaves the care circle: outside it, a
//! child is a reference such as `CHE-2026-0042` (rule 10). The types that hold a name cannot be serialised, and say
//! nothing of it when they are printed for debugging.

pub mod add_consent;
pub mod add_guardian;
pub mod agree_to_reminders;
pub mod api;
pub mod change_referral;
pub mod close_child;
pub mod create_child;
pub mod destroy_identity;
pub mod edit_child;
pub mod edit_guardian;
pub mod eligibility;
pub mod ledger;
pub mod look_up;
pub mod observe;
mod origin;
pub mod pages;
pub mod pages_child;
pub mod pages_referral;
pub mod pages_reminders;
pub mod refer;
mod store;
pub mod trace;

pub use self::origin::{Origin, ReferralReason, ReferralSource};

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::accounts::{Caller, Coordinator, Person, Psychologist, Referent, Role};
use crate::calendar::age_on;
use crate::conventions::Period;
use crate::failure::Refusal;
use crate::hours::Minutes;
use crate::ids::{AccountId, ChildId, ConsentId, GuardianId, NeighbourhoodId, ProgrammeId, PsychologistId, ReferralId};
use crate::sql_types::Ts;

crate::text_enum! {
    /// A child's gender, for the observation of the programmes only.
    Gender {
        /// A girl (*fille*).
        Girl => "girl",
        /// A boy (*garçon*).
        Boy => "boy",
        /// Not said (*non précisé*).
        Unspecified => "unspecified",
    }
}

impl Gender {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Girl => "fille",
            Self::Boy => "garçon",
            Self::Unspecified => "non précisé",
        }
    }
}

crate::text_enum! {
    /// The age bands of the shared observation: nursery school, primary school, secondary school.
    AgeBand {
        /// From 2 to 5 years.
        TwoToFive => "2-5",
        /// From 6 to 10 years.
        SixToTen => "6-10",
        /// From 11 years on.
        ElevenAndOver => "11-16",
    }
}

impl AgeBand {
    /// The band of an age in whole years.
    pub const fn of(age: i32) -> Self {
        match age {
            ..6 => Self::TwoToFive,
            6..11 => Self::SixToTen,
            11.. => Self::ElevenAndOver,
        }
    }

    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::TwoToFive => "2 à 5 ans",
            Self::SixToTen => "6 à 10 ans",
            Self::ElevenAndOver => "11 à 16 ans",
        }
    }
}

crate::text_enum! {
    /// Why a child's identity was destroyed.
    Destruction {
        /// The time for which it may be kept is over.
        Retention => "retention",
        /// The family asked for it.
        Erasure => "erasure",
    }
}

impl Destruction {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Retention => "fin de la durée de conservation",
            Self::Erasure => "demande de la famille",
        }
    }
}

/// The pseudonym of a child: the programme's code, the year of entry, and a number without gaps.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "CHE-2026-0042")]
pub struct ChildReference(String);

impl ChildReference {
    /// The reference of the child entered in a year under a number.
    pub fn new(programme_code: &str, year: i32, number: i32) -> Self {
        Self(format!("{programme_code}-{year:04}-{number:04}"))
    }

    /// Reads a reference, in whatever case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_uppercase();
        let mut parts = text.split('-');
        let (code, year, number) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let sound = parts.next().is_none()
            && !code.is_empty()
            && code.chars().all(char::is_alphanumeric)
            && year.len() == 4
            && digits(year)
            && (4..=9).contains(&number.len())
            && digits(number);
        sound.then_some(Self(text))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ChildReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The longest name, relation, school or address, in characters.
pub const LONGEST_NAME: usize = 100;

/// Who a child is: it stays in the care circle.
#[derive(Clone, PartialEq, Eq)]
pub struct ChildIdentity {
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Birth date.
    pub born_on: NaiveDate,
    /// School, if it was given.
    pub school: Option<String>,
}

/// Says nothing of it: what is printed ends up in logs.
impl std::fmt::Debug for ChildIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChildIdentity(sealed)")
    }
}

impl ChildIdentity {
    /// Given name, then family name: as people say it.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// Whether a name or the school is longer than a line takes.
    pub fn is_too_long(&self) -> bool {
        let school = self.school.as_deref().unwrap_or_default();
        [&self.first_name, &self.last_name, school].into_iter().any(|text| text.chars().count() > LONGEST_NAME)
    }

    /// Age in whole years on a day.
    pub fn age_on(&self, day: NaiveDate) -> i32 {
        age_on(self.born_on, day)
    }
}

/// A child followed by a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Which.
    pub id: ChildId,
    /// The programme that follows the child.
    pub programme_id: ProgrammeId,
    /// All that leaves the care circle.
    pub reference: ChildReference,
    /// Who the child is.
    pub identity: ChildIdentity,
    /// Gender.
    pub gender: Gender,
    /// Where the child lives (rule 3).
    pub neighbourhood_id: NeighbourhoodId,
    /// The pathway referent, if one was named.
    pub referent_id: Option<AccountId>,
    /// The first day of the follow-up.
    pub followed_since: NaiveDate,
    /// The last day of the follow-up, once it is over.
    pub closed_on: Option<NaiveDate>,
}

impl Child {
    /// What the journal keeps of it: no name.
    pub fn facts(&self) -> Value {
        json!({
            "reference": self.reference, "gender": self.gender, "neighbourhood_id": self.neighbourhood_id,
            "referent_id": self.referent_id, "followed_since": self.followed_since, "closed_on": self.closed_on,
        })
    }

    /// Whether the follow-up was over before a day.
    pub fn is_closed_on(&self, day: NaiveDate) -> bool {
        self.closed_on.is_some_and(|closed_on| closed_on < day)
    }
}

/// A person who holds parental authority over a child.
#[derive(Clone, PartialEq, Eq)]
pub struct Guardian {
    /// Which.
    pub id: GuardianId,
    /// Whose guardian.
    pub child_id: ChildId,
    /// What they say of themselves.
    pub contact: GuardianContact,
    /// When they agreed to be reminded by e-mail the day before, if they did.
    pub reminders_since: Option<NaiveDate>,
}

/// Says nothing of the person.
impl std::fmt::Debug for Guardian {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guardian").field("id", &self.id).field("child_id", &self.child_id).finish_non_exhaustive()
    }
}

/// Who a guardian is and how to reach them: it stays in the care circle.
#[derive(Clone, PartialEq, Eq)]
pub struct GuardianContact {
    /// Given and family name.
    pub name: String,
    /// What they are to the child, such as "mère".
    pub relation: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// Says nothing of the person.
impl std::fmt::Debug for GuardianContact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GuardianContact(sealed)")
    }
}

impl GuardianContact {
    /// Whether something of it is longer than a line takes.
    pub fn is_too_long(&self) -> bool {
        let ways = [self.phone.as_deref(), self.email.as_deref()].into_iter().flatten();
        let mut texts = [self.name.as_str(), self.relation.as_str()].into_iter().chain(ways);
        texts.any(|text| text.chars().count() > LONGEST_NAME)
    }

    /// Whether there is a way to reach them.
    pub fn is_reachable(&self) -> bool {
        [&self.phone, &self.email].into_iter().flatten().any(|way| !way.trim().is_empty())
    }
}

/// A coordinator entrusts a child to a psychologist, for a number of minutes, for a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::Queryable)]
pub struct Referral {
    /// Which.
    pub id: ReferralId,
    /// The child.
    pub child_id: ChildId,
    /// To whom the child is entrusted.
    pub psychologist_id: PsychologistId,
    /// What is granted.
    pub minutes: Minutes,
    /// Held by sessions booked or recorded.
    pub reserved: Minutes,
    /// Held by sessions approved or invoiced.
    pub used: Minutes,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
    /// Who asked for it.
    pub source: ReferralSource,
    /// Why, in general.
    pub reason: ReferralReason,
}

impl Referral {
    /// What is left for new sessions.
    pub fn remaining(self) -> Minutes {
        self.minutes - self.reserved - self.used
    }

    /// What the journal keeps of it, with the child's reference.
    pub fn facts(self, reference: &ChildReference) -> Value {
        json!({
            "child": reference, "psychologist_id": self.psychologist_id, "minutes": self.minutes,
            "starts_on": self.starts_on, "ends_on": self.ends_on, "source": self.source, "reason": self.reason,
        })
    }

    /// Where it comes from.
    pub fn origin(self) -> Origin {
        Origin { source: self.source, reason: self.reason }
    }

    /// Its days.
    pub fn period(self) -> Period {
        Period { from: self.starts_on, until: self.ends_on }
    }
}

/// A guardian's consent to a referral (rule 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::Queryable)]
pub struct Consent {
    /// Which.
    pub id: ConsentId,
    /// To what.
    pub referral_id: ReferralId,
    /// By whom.
    pub guardian_id: GuardianId,
    /// The day on which it was given.
    pub given_on: NaiveDate,
    /// Who collected it.
    pub collected_by: AccountId,
    /// When it was entered here.
    pub recorded_at: Ts,
}

/// Who reads children's files, and thereby which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// Every child of their programmes.
    Coordinator {
        /// The programmes.
        programmes: Vec<ProgrammeId>,
    },
    /// The children of their programmes whom they follow.
    Referent {
        /// Who they are.
        account: AccountId,
        /// The programmes.
        programmes: Vec<ProgrammeId>,
    },
    /// The children entrusted to them, now or before.
    Psychologist {
        /// Who they are.
        id: PsychologistId,
    },
}

impl Reader {
    /// A person as a reader: in the role in use, or else in one that they hold; `None` when they hold none that reads.
    pub fn of(person: &Person) -> Option<Self> {
        Self::in_role(person, person.role_in_use).or_else(|| {
            [Role::Coordinator, Role::Psychologist, Role::Referent]
                .into_iter()
                .find_map(|role| Self::in_role(person, role))
        })
    }

    fn in_role(person: &Person, role: Role) -> Option<Self> {
        match role {
            Role::Coordinator => Coordinator::of(person).as_ref().map(Self::from),
            Role::Psychologist => Psychologist::of(person).as_ref().map(Self::from),
            Role::Referent => Referent::of(person).as_ref().map(Self::from),
            Role::Administrator | Role::Accountant | Role::Auditor => None,
        }
    }

    /// In which capacity they read.
    pub fn role(&self) -> Role {
        match self {
            Self::Coordinator { .. } => Role::Coordinator,
            Self::Referent { .. } => Role::Referent,
            Self::Psychologist { .. } => Role::Psychologist,
        }
    }

    /// Whether they ask others for sessions.
    pub fn asks(&self) -> bool {
        matches!(self, Self::Referent { .. })
    }

    /// Whether they may change what they read.
    pub fn is_coordinator(&self) -> bool {
        matches!(self, Self::Coordinator { .. })
    }
}

impl From<&Coordinator> for Reader {
    fn from(who: &Coordinator) -> Self {
        Self::Coordinator { programmes: who.programmes.clone() }
    }
}

impl From<&Referent> for Reader {
    fn from(who: &Referent) -> Self {
        Self::Referent { account: who.account, programmes: who.programmes.clone() }
    }
}

impl From<&Psychologist> for Reader {
    fn from(who: &Psychologist) -> Self {
        Self::Psychologist { id: who.id }
    }
}

/// Why a referral gives no minutes (rule 4).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferralRefusal {
    /// The child was never entrusted to this psychologist.
    #[error("{reference} n’a pas d’orientation vers cette psychologue. Demandez-la à la coordination du PRE.")]
    NoReferral {
        /// The child.
        reference: ChildReference,
    },
    /// None is valid on that day.
    #[error(
        "L’orientation de {reference} vaut {period}, pas le {}. Choisissez une date de cette période, ou demandez à la coordination du PRE de prolonger l’orientation.",
        crate::calendar::short_date(*on)
    )]
    OtherDays {
        /// The child.
        reference: ChildReference,
        /// The nearest referral's days.
        period: Period,
        /// The day asked.
        on: NaiveDate,
    },
    /// No guardian had consented by that day.
    #[error(
        "Aucun consentement n’est enregistré au {} pour l’orientation de {reference}. La coordination du PRE le recueille auprès d’un responsable légal et l’enregistre.",
        crate::calendar::short_date(*on)
    )]
    NoConsent {
        /// The child.
        reference: ChildReference,
        /// The day asked.
        on: NaiveDate,
    },
    /// Not enough is left.
    #[error(
        "Il reste {remaining} sur l’orientation de {reference} ; cette séance en demande {asked}. Réduisez la durée, ou demandez à la coordination du PRE d’ajouter des heures à l’orientation."
    )]
    Exhausted {
        /// The child.
        reference: ChildReference,
        /// What is left.
        remaining: Minutes,
        /// What was asked.
        asked: Minutes,
    },
}

impl Refusal for ReferralRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoReferral { .. } => "no_referral",
            Self::OtherDays { .. } => "referral_not_valid_that_day",
            Self::NoConsent { .. } => "no_consent",
            Self::Exhausted { .. } => "referral_exhausted",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoReferral { .. } | Self::NoConsent { .. } => Some("child"),
            Self::OtherDays { .. } => Some("session_on"),
            Self::Exhausted { .. } => Some("duration"),
        }
    }
}

/// Letters without accents, in lower case, with single spaces: by which names are searched and sorted.
pub fn normalised(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::is_combining_mark;
    let bare: String = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let bare = bare.replace('œ', "oe").replace('æ', "ae");
    bare.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back() {
        let reference = ChildReference::new("CHE", 2026, 42);
        assert_eq!(reference.to_string(), "CHE-2026-0042");
        assert_eq!(ChildReference::parse(" che-2026-0042 "), Some(reference));
        assert_eq!(ChildReference::new("DIJ", 2026, 12345).as_str(), "DIJ-2026-12345");
        for wrong in
            ["", "CHE", "CHE-2026", "CHE-26-0042", "CHE-2026-42", "CHE-2026-0042-1", "-2026-0042", "C E-2026-0042"]
        {
            assert_eq!(ChildReference::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_are_found_without_accents_nor_hyphens() {
        assert_eq!(normalised("  Zoé-Ambre  D’Œuvré "), "zoe ambre d oeuvre");
        assert_eq!(normalised("ÇELİK"), "celik");
        assert_eq!(normalised("’ -"), "");
    }

    #[test]
    fn bands_of_age() {
        for (age, band) in [(2, "2-5"), (5, "2-5"), (6, "6-10"), (10, "6-10"), (11, "11-16"), (17, "11-16")] {
            assert_eq!(AgeBand::of(age).as_str(), band, "{age}");
        }
    }

    #[test]
    fn what_holds_a_name_prints_none() {
        let identity = ChildIdentity {
            first_name: "Zoé".into(),
            last_name: "Exemple".into(),
            born_on: NaiveDate::default(),
            school: Some("Jules-Ferry".into()),
        };
        let contact =
            GuardianContact { name: "Ana Exemple".into(), relation: "mère".into(), phone: None, email: None };
        let guardian = Guardian {
            id: GuardianId::new(),
            child_id: ChildId::new(),
            contact: contact.clone(),
            reminders_since: None,
        };
        let printed = format!("{identity:?} {contact:?} {guardian:?}");
        for word in ["Zoé", "Exemple", "1970", "Jules", "mère"] {
            assert!(!printed.contains(word), "{printed}");
        }
    }
}
