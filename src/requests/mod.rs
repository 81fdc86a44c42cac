//! Requests for a session (*demandes de séance*): a pathway referent asks for one for a child they follow; the
//! psychologist or the coordinator books it, or declines for a reason of a list. Choices only: nothing of care is written.

pub mod answer;
pub mod api;
pub mod ask;
pub mod decline;
pub mod look_up;
mod notices;
pub mod pages;
mod store;
pub mod withdraw;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::accounts::{Caller, Coordinator, Person, Psychologist, Role};
use crate::children::Reader;
use crate::failure::Refusal;
use crate::hours::Minutes;
use crate::ids::{AccountId, ChildId, ProgrammeId, RequestId, SessionId};
use crate::sql_types::Ts;

crate::text_enum! {
    /// When in the day a session would suit.
    Moment {
        /// Whenever.
        Any => "any",
        /// Before noon.
        Morning => "morning",
        /// From noon to two.
        Midday => "midday",
        /// From two to four.
        Afternoon => "afternoon",
        /// After four.
        Evening => "evening",
    }
}

impl Moment {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Any => "Peu importe",
            Self::Morning => "Le matin",
            Self::Midday => "Entre midi et deux",
            Self::Afternoon => "En début d’après-midi",
            Self::Evening => "Après 16 h",
        }
    }
}

crate::text_enum! {
    /// What else would help: of a list, so that nothing of care is written.
    Wish {
        /// Nothing more.
        Nothing => "none",
        /// Not while the child has class.
        OutsideSchool => "outside_school",
        /// Near the school.
        NearSchool => "near_school",
        /// Near home.
        NearHome => "near_home",
        /// A guardian comes too.
        WithGuardian => "with_guardian",
    }
}

impl Wish {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Nothing => "Rien de particulier",
            Self::OutsideSchool => "Hors du temps de classe",
            Self::NearSchool => "Près de l’école",
            Self::NearHome => "Près du domicile",
            Self::WithGuardian => "Avec un responsable légal",
        }
    }
}

crate::text_enum! {
    /// Where a request stands.
    Standing as RequestStanding {
        /// It waits for an answer.
        Open => "open",
        /// A session was booked.
        Booked => "booked",
        /// No session is booked, for a reason.
        Declined => "declined",
        /// Whoever asked gave it up.
        Withdrawn => "withdrawn",
    }
}

impl Standing {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Open => "En attente",
            Self::Booked => "Rendez-vous pris",
            Self::Declined => "Refusée",
            Self::Withdrawn => "Retirée",
        }
    }
}

crate::text_enum! {
    /// Why no session is booked.
    DeclinedFor {
        /// Nothing is left of the quota or of the referral.
        NoMinutes => "no_minutes",
        /// The child has no valid referral.
        NoReferral => "no_referral",
        /// Nobody is free then.
        NoPlace => "no_place",
        /// There is one already.
        AlreadyBooked => "already_booked",
        /// It is better said than written.
        ToDiscuss => "to_discuss",
    }
}

impl DeclinedFor {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::NoMinutes => "Plus assez d’heures",
            Self::NoReferral => "Pas d’orientation valable",
            Self::NoPlace => "Aucune place à ces moments",
            Self::AlreadyBooked => "Un rendez-vous est déjà pris",
            Self::ToDiscuss => "À voir ensemble",
        }
    }
}

/// The days of the week that would suit: one bit a day, Monday first; none means any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weekdays(pub i32);

/// Every day of a week, as forms and programs name them.
pub const DAYS: [(Weekday, &str, &str); 6] = [
    (Weekday::Mon, "monday", "Lundi"),
    (Weekday::Tue, "tuesday", "Mardi"),
    (Weekday::Wed, "wednesday", "Mercredi"),
    (Weekday::Thu, "thursday", "Jeudi"),
    (Weekday::Fri, "friday", "Vendredi"),
    (Weekday::Sat, "saturday", "Samedi"),
];

impl Weekdays {
    /// The days that these words name; `None` when one names no day.
    pub fn named<'w>(words: impl IntoIterator<Item = &'w str>) -> Option<Self> {
        let bit = |word: &str| {
            let (day, ..) = DAYS.iter().find(|(_, name, _)| *name == word)?;
            Some(1 << day.num_days_from_monday())
        };
        words.into_iter().map(bit).try_fold(0, |all, bit| Some(all | bit?)).map(Self)
    }

    /// Whether a day suits.
    pub fn suits(self, on: NaiveDate) -> bool {
        self.0 == 0 || self.0 & (1 << on.weekday().num_days_from_monday()) != 0
    }

    fn chosen(self) -> impl Iterator<Item = &'static (Weekday, &'static str, &'static str)> {
        DAYS.iter().filter(move |(day, ..)| self.0 & (1 << day.num_days_from_monday()) != 0)
    }

    /// The words of programs, in order.
    pub fn names(self) -> Vec<&'static str> {
        self.chosen().map(|(_, name, _)| *name).collect()
    }
}

/// `mardi, jeudi`, or `n’importe quel jour`.
impl std::fmt::Display for Weekdays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let days: Vec<String> = self.chosen().map(|(_, _, french)| french.to_lowercase()).collect();
        f.write_str(if days.is_empty() { "n’importe quel jour".to_owned() } else { days.join(", ") }.as_str())
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// For whom.
    pub child: ChildId,
    /// How long.
    pub duration: Minutes,
    /// Not before.
    pub from: NaiveDate,
    /// On which days.
    pub weekdays: Weekdays,
    /// When in the day.
    pub moment: Moment,
    /// What else would help.
    pub wish: Wish,
    /// Whether a freed place would be taken, even at short notice.
    pub wants_earlier: bool,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which.
    pub id: RequestId,
    /// The programme of the child.
    pub programme_id: ProgrammeId,
    /// What is asked.
    pub asked: Asked,
    /// Where it stands.
    pub standing: Standing,
    /// Why it was declined, if it was.
    pub declined_for: Option<DeclinedFor>,
    /// The session that was booked, if one was.
    pub session_id: Option<SessionId>,
    /// Who asked.
    pub requested_by: AccountId,
    /// When.
    pub requested_at: Ts,
    /// When it was answered or given up, once it was.
    pub answered_at: Option<Ts>,
}

/// Who answers requests: a psychologist or a coordinator, in the role in use or else in one that they hold; `None` when
/// they hold neither.
pub fn answerer(person: &Person) -> Option<Reader> {
    let psychologist = || Psychologist::of(person).as_ref().map(Reader::from);
    let coordinator = || Coordinator::of(person).as_ref().map(Reader::from);
    match person.role_in_use {
        Role::Coordinator => coordinator().or_else(psychologist),
        _ => psychologist().or_else(coordinator),
    }
}

/// Why a request is not answered, or not given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerRefusal {
    /// Somebody was first.
    #[error("Cette demande a déjà reçu sa réponse : {}.", standing.french())]
    NotOpen {
        /// Where it stands.
        standing: Standing,
    },
    /// The session would be another child's.
    #[error("Cette demande est pour un autre enfant. Choisissez l’enfant de la demande.")]
    OtherChild,
}

impl Refusal for AnswerRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotOpen { .. } => "request_not_open",
            Self::OtherChild => "request_of_another_child",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotOpen { .. } => None,
            Self::OtherChild => Some("child"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_both_roles_answers_by_the_one_in_use() {
        let both = [Role::Psychologist, Role::Coordinator];
        let is_coordinator = |held: &[Role], in_use| {
            answerer(&Person::holding(held, in_use)).map(|who| matches!(who, Reader::Coordinator { .. }))
        };
        assert_eq!(both.map(|in_use| is_coordinator(&both, in_use)), [Some(false), Some(true)]);
        assert_eq!(both.map(|held| is_coordinator(&[held], Role::Auditor)), [Some(false), Some(true)]);
        assert_eq!(is_coordinator(&[Role::Auditor], Role::Auditor), None);
    }

    #[test]
    fn days_are_named_and_read() {
        let days = Weekdays::named(["thursday", "tuesday"]).expect("days");
        assert_eq!((days.to_string().as_str(), days.names()), ("mardi, jeudi", vec!["tuesday", "thursday"]));
        assert_eq!(Weekdays::named(["sunday"]), None);
        assert_eq!(Weekdays::named(["tuesday", "tuesday"]), Weekdays::named(["tuesday"]));
        let suits = |days: Weekdays, on: &str| days.suits(on.parse().expect("a date"));
        assert!(suits(days, "2026-11-24") && !suits(days, "2026-11-25") && suits(Weekdays::default(), "2026-11-25"));
    }
}
