//! Substitutes: a coordinator names who approves in their place, in one programme, for some days (rule 7).
//!
//! Being named lends the approval of that programme's sessions between two days, and nothing else: no child's name, no
//! booking, no file. What was lent ends with the last day, when either gives it up, or with the coordinator's own right.
//! `accounts` reads it when it recognises a person, as `Approver`.

pub mod api;
pub mod end;
pub mod look_up;
pub mod name;
pub mod notices;
pub mod pages;
pub mod store;

use chrono::NaiveDate;

use crate::accounts::{Caller, Coordinator, Person};
use crate::calendar::french_date;
use crate::ids::{AccountId, ProgrammeId, SubstitutionId};
use crate::sql_types::Ts;

/// The most days for which a substitute is named: longer, the administration gives a role.
pub const LONGEST_DAYS: i64 = 183;

/// Somebody who may look at substitutions: those of the programmes that they coordinate, and those where they stand in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Their account.
    pub account: AccountId,
    /// The programmes that they coordinate.
    pub programmes: Vec<ProgrammeId>,
}

impl From<&Person> for Party {
    fn from(person: &Person) -> Self {
        let programmes = Coordinator::of(person).map(|who| who.programmes).unwrap_or_default();
        Self { account: person.account, programmes }
    }
}

/// Who approves in whose place, where and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitution {
    /// Which.
    pub id: SubstitutionId,
    /// Where.
    pub programme: ProgrammeId,
    /// The programme's name.
    pub programme_name: String,
    /// The coordinator.
    pub named_by: AccountId,
    /// The coordinator's name.
    pub named_by_name: String,
    /// Who approves in their place.
    pub substitute: AccountId,
    /// The substitute's name.
    pub substitute_name: String,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
    /// When it was given up early.
    pub ended_at: Option<Ts>,
}

/// Where a substitution stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SubstitutionStanding)]
pub enum Standing {
    /// It begins later.
    ToCome,
    /// The substitute approves.
    InForce,
    /// Its last day is over.
    Over,
    /// One of the two gave it up before.
    EndedEarly,
}

impl Substitution {
    /// Where it stands on a day.
    pub fn standing(&self, today: NaiveDate) -> Standing {
        if self.ended_at.is_some() {
            Standing::EndedEarly
        } else if today < self.starts_on {
            Standing::ToCome
        } else if today <= self.ends_on {
            Standing::InForce
        } else {
            Standing::Over
        }
    }

    /// "du 23 novembre 2026 au 4 décembre 2026", or "le 23 novembre 2026".
    pub fn days(&self) -> String {
        days(self.starts_on, self.ends_on)
    }
}

/// "du 23 novembre 2026 au 4 décembre 2026", or "le 23 novembre 2026".
pub fn days(from: NaiveDate, until: NaiveDate) -> String {
    if from == until {
        format!("le {}", french_date(from))
    } else {
        format!("du {} au {}", french_date(from), french_date(until))
    }
}

/// Somebody who may be named in a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Their account.
    pub account: AccountId,
    /// Their name.
    pub name: String,
    /// What they are, such as "Coordination, PRE de Longvic".
    pub role: String,
    /// The programmes where they may be named.
    pub programmes: Vec<ProgrammeId>,
}
