//! What a family asks of the data kept about it: to see it, to correct it, to erase it (GDPR, articles 12 to 17).
//!
//! The data-protection officer, who knows no name, records and follows the requests; the coordinator of the programme, inside
//! the care circle, finds the child, hands the data over, corrects or erases. The answer is due within a month.

pub mod answer;
pub mod api;
pub mod find_child;
pub mod gather;
pub mod json_file;
pub mod look_up;
pub mod notices;
pub mod pages;
pub mod record;
pub mod refuse;
mod store;

use chrono::{Months, NaiveDate};
use serde_json::{Value, json};

use crate::accounts::{Auditor, Caller, Coordinator, Person};
use crate::hours::Minutes;
use crate::ids::{AccountId, ChildId, DataRequestId, ProgrammeId};
use crate::sessions::{Attendance, Phase};
use crate::sql_types::Ts;

/// How long one has to answer (article 12, 3).
pub const TERM: Months = Months::new(1);

crate::text_enum! {
    /// What is asked.
    DataRequestKind {
        /// To see what is kept (article 15).
        Access => "access",
        /// To correct it (article 16).
        Rectification => "rectification",
        /// To erase it (article 17).
        Erasure => "erasure",
    }
}

impl DataRequestKind {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Access => "Accès",
            Self::Rectification => "Rectification",
            Self::Erasure => "Effacement",
        }
    }
}

crate::text_enum! {
    /// Where a request stands.
    DataRequestState {
        /// It waits for an answer.
        Open => "open",
        /// What was asked is done.
        Answered => "answered",
        /// It was refused, for a reason.
        Refused => "refused",
    }
}

crate::text_enum! {
    /// Why a request is refused: chosen from a list, so that no name stands in it.
    RefusedFor {
        /// Who asks could not show who they are.
        Identity => "identity",
        /// Who asks has no parental authority.
        Authority => "authority",
        /// It is manifestly unfounded or excessive.
        Unfounded => "unfounded",
        /// A law obliges to keep.
        Duty => "duty",
        /// The child's interest forbids it.
        Interest => "interest",
    }
}

impl RefusedFor {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Identity => "L’identité du demandeur n’est pas établie",
            Self::Authority => "Le demandeur n’a pas l’autorité parentale",
            Self::Unfounded => "La demande est manifestement infondée ou excessive",
            Self::Duty => "Une obligation légale impose de conserver",
            Self::Interest => "L’intérêt de l’enfant s’y oppose",
        }
    }
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable)]
pub struct DataRequest {
    /// Which.
    pub id: DataRequestId,
    /// What the family and the officer call it, such as `DEM-2026-0003`.
    pub number: String,
    /// What is asked.
    pub kind: DataRequestKind,
    /// The programme that follows the child.
    pub programme: ProgrammeId,
    /// The child, once found.
    pub child: Option<ChildId>,
    /// The day on which it came.
    pub received_on: NaiveDate,
    /// The last day to answer.
    pub due_on: NaiveDate,
    /// Where it stands.
    pub state: DataRequestState,
    /// Why it was refused.
    pub refused_for: Option<RefusedFor>,
    /// When it was answered or refused.
    pub closed_at: Option<Ts>,
}

impl DataRequest {
    /// What the journal keeps of it.
    pub fn facts(&self, reference: Option<&str>) -> Value {
        json!({
            "number": self.number, "kind": self.kind, "child": reference, "received_on": self.received_on,
            "due_on": self.due_on, "state": self.state, "refused_for": self.refused_for,
        })
    }
}

/// A referral that is kept.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable)]
pub struct KeptReferral {
    /// The psychologist's legal name.
    pub psychologist: String,
    /// What was granted.
    pub minutes: Minutes,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
}

/// A session that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSession {
    /// When it began.
    pub starts_at: Ts,
    /// The psychologist's legal name.
    pub psychologist: String,
    /// How long.
    pub duration: Minutes,
    /// Where it stands.
    pub state: Phase,
    /// What happened.
    pub attendance: Option<Attendance>,
    /// Where it was.
    pub place: Option<String>,
}

/// Who follows requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follower {
    /// The data-protection officer: all of them, by number and reference.
    Officer(Auditor),
    /// A coordinator: those of their programmes.
    Coordinator(Coordinator),
}

impl Follower {
    /// A person as a follower: in the role in use when it follows, or else in one that they hold.
    pub fn of(person: &Person) -> Option<Self> {
        let officer = Auditor::of(person).map(Self::Officer);
        let coordinator = Coordinator::of(person).map(Self::Coordinator);
        if person.role_in_use == Coordinator::ROLE { coordinator.or(officer) } else { officer.or(coordinator) }
    }

    /// Their account.
    pub fn account(&self) -> AccountId {
        match self {
            Self::Officer(who) => who.account,
            Self::Coordinator(who) => who.account,
        }
    }

    /// The programmes whose requests they see; all of them when absent.
    pub fn programmes(&self) -> Option<&[ProgrammeId]> {
        match self {
            Self::Officer(_) => None,
            Self::Coordinator(who) => Some(&who.programmes),
        }
    }
}
