//! Hour quotas (*quotités horaires*): what a programme may consume in a budget year.
//!
//! "… dans la limite de la quotité horaire déterminée en amont par Dijon Métropole et les signataires" (convention,
//! article 4, point 2). Reserved (booked, recorded) is not used (approved, invoiced); together they never pass what is
//! allotted, at any instant, under any concurrency (rule 1): one conditional statement sees to it, a CHECK behind it,
//! and `checks.rs` recounts.

pub mod api;
pub mod ledger;
pub mod look_up;
pub mod notices;
pub mod store;

use crate::accounts::{Administrator, Caller, Coordinator, Person, Psychologist, Role};
use crate::failure::Refusal;
use crate::hours::Minutes;
use crate::ids::{BudgetYearId, ProgrammeId, PsychologistId, QuotaId};

/// The quota of a programme for a budget year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::Queryable)]
pub struct Quota {
    /// Which.
    pub id: QuotaId,
    /// Whose.
    pub programme_id: ProgrammeId,
    /// For which budget year.
    pub budget_year_id: BudgetYearId,
    /// What was fixed beforehand.
    pub allotted: Minutes,
    /// Held by sessions booked or recorded.
    pub reserved: Minutes,
    /// Held by sessions approved or invoiced.
    pub used: Minutes,
}

impl Quota {
    /// What is left for new sessions.
    pub fn remaining(self) -> Minutes {
        self.allotted - self.reserved - self.used
    }

    /// What sessions hold: reserved and used together.
    pub fn held(self) -> Minutes {
        self.reserved + self.used
    }

    /// How much is held, in whole percent, rounded down; a quota of nothing is wholly held.
    pub fn percent_held(self) -> i32 {
        match self.allotted.0 {
            0 => 100,
            allotted => self.held().0 * 100 / allotted,
        }
    }
}

/// Whose quotas somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Those of every programme.
    Everything,
    /// Those of programmes.
    Programmes(Vec<ProgrammeId>),
    /// Those of the programmes whose children are entrusted to a psychologist.
    Psychologist(PsychologistId),
}

impl Reach {
    /// A person's, in the role in use, or else in one that they hold; `None` when they hold none that sees quotas.
    pub fn of(person: &Person) -> Option<Self> {
        let held = [Role::Administrator, Role::Coordinator, Role::Psychologist];
        Self::in_role(person, person.role_in_use)
            .or_else(|| held.into_iter().find_map(|role| Self::in_role(person, role)))
    }

    fn in_role(person: &Person, role: Role) -> Option<Self> {
        match role {
            Role::Administrator => Administrator::of(person).map(|_| Self::Everything),
            Role::Coordinator => Coordinator::of(person).map(|who| Self::Programmes(who.programmes)),
            Role::Psychologist => Psychologist::of(person).map(|who| Self::Psychologist(who.id)),
            Role::Referent | Role::Accountant | Role::Auditor => None,
        }
    }
}

/// Why minutes are not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuotaRefusal {
    /// No convention gives this programme a quota on that day.
    #[error(
        "Aucune quotité horaire n’est ouverte pour ce PRE à cette date. Choisissez une date de la convention, ou voyez avec la Métropole."
    )]
    NoQuota,
    /// The programme pays its psychologist otherwise: its quota is 0 h.
    #[error(
        "La quotité {year} du {programme} est de 0\u{a0}h : ce PRE rémunère lui-même sa psychologue. Cette séance ne se facture pas à la Métropole."
    )]
    Nothing {
        /// The programme's name.
        programme: String,
        /// The budget year's label.
        year: String,
    },
    /// Not enough is left.
    #[error(
        "Il reste {remaining} sur la quotité {year} du {programme} ; cette séance en demande {asked}. Réduisez la durée ou demandez un avenant à la Métropole."
    )]
    Exhausted {
        /// What is left.
        remaining: Minutes,
        /// What was asked.
        asked: Minutes,
        /// The programme's name.
        programme: String,
        /// The budget year's label.
        year: String,
    },
}

impl Refusal for QuotaRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoQuota => "no_quota",
            Self::Nothing { .. } => "quota_of_nothing",
            Self::Exhausted { .. } => "quota_exhausted",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoQuota => Some("session_on"),
            Self::Nothing { .. } | Self::Exhausted { .. } => Some("duration"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_and_used_is_held_together() {
        let quota = |allotted: i32, reserved: i32, used: i32| {
            let (allotted, reserved, used) = (Minutes(allotted), Minutes(reserved), Minutes(used));
            let (id, programme_id, budget_year_id) = (QuotaId::new(), ProgrammeId::new(), BudgetYearId::new());
            Quota { id, programme_id, budget_year_id, allotted, reserved, used }
        };
        assert_eq!(quota(6000, 600, 1200).percent_held(), 30);
        assert_eq!(quota(6000, 5999, 0).percent_held(), 99);
        assert_eq!(quota(0, 0, 0).percent_held(), 100);
    }

    #[test]
    fn a_refusal_says_where_to_change_what() {
        let exhausted = QuotaRefusal::Exhausted {
            remaining: Minutes(15),
            asked: Minutes(60),
            programme: "PRE de Chenôve".to_owned(),
            year: "2026".to_owned(),
        };
        assert_eq!((exhausted.code(), exhausted.field()), ("quota_exhausted", Some("duration")));
        assert_eq!((QuotaRefusal::NoQuota.code(), QuotaRefusal::NoQuota.field()), ("no_quota", Some("session_on")));
    }
}
