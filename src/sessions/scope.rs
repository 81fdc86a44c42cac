//! Whose sessions are looked at, and how a list of them is narrowed and sorted.

use crate::accounts::{Approver, Caller, Coordinator, Person, Psychologist, Role};
use crate::calendar::Month;
use crate::children::Reader;
use crate::ids::{AccountId, ChildId, ProgrammeId, PsychologistId};
use crate::sessions::Phase;

/// Who looks at sessions, and which are theirs: a row is loaded through it, or is not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// Who.
    pub account: AccountId,
    /// Which sessions.
    pub scope: Scope,
}

/// Which sessions are somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// A psychologist's own.
    Psychologist(PsychologistId),
    /// Those of programmes.
    Programmes(Vec<ProgrammeId>),
}

impl Viewer {
    /// A person as a viewer: in the role in use, or else in one that they hold; `None` when they hold none.
    pub fn of(person: &Person) -> Option<Self> {
        let psychologist = || Psychologist::of(person).as_ref().map(Self::from);
        let coordinator = || Coordinator::of(person).as_ref().map(Self::from);
        match person.role_in_use {
            Role::Coordinator => coordinator().or_else(psychologist),
            _ => psychologist().or_else(coordinator),
        }
    }

    /// Whether they decide rather than record.
    pub fn is_coordinator(&self) -> bool {
        matches!(self.scope, Scope::Programmes(_))
    }
}

impl From<&Psychologist> for Viewer {
    fn from(who: &Psychologist) -> Self {
        Self { account: who.account, scope: Scope::Psychologist(who.id) }
    }
}

impl From<&Coordinator> for Viewer {
    fn from(who: &Coordinator) -> Self {
        Self { account: who.account, scope: Scope::Programmes(who.programmes.clone()) }
    }
}

impl From<&Approver> for Viewer {
    fn from(who: &Approver) -> Self {
        Self { account: who.account, scope: Scope::Programmes(who.all_programmes()) }
    }
}

impl Scope {
    /// Who plans sessions reads the files of their children.
    pub fn reader(&self) -> Reader {
        match self {
            Self::Psychologist(id) => Reader::Psychologist { id: *id },
            Self::Programmes(ids) => Reader::Coordinator { programmes: ids.clone() },
        }
    }
}

/// What a list of sessions is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of a month.
    pub month: Option<Month>,
    /// Those that stand there.
    pub phase: Option<Phase>,
    /// Those of a programme.
    pub programme: Option<ProgrammeId>,
    /// Those of a psychologist.
    pub psychologist: Option<PsychologistId>,
    /// Those of a child.
    pub child: Option<ChildId>,
}

/// How a list of sessions is sorted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By time, the latest first.
    #[default]
    LatestFirst,
    /// By time, the earliest first.
    EarliestFirst,
    /// The longest first.
    LongestFirst,
    /// The shortest first.
    ShortestFirst,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_both_roles_looks_by_the_one_in_use() {
        let both = [Role::Psychologist, Role::Coordinator];
        let decides =
            |held: &[Role], in_use| Viewer::of(&Person::holding(held, in_use)).map(|who| who.is_coordinator());
        assert_eq!(both.map(|in_use| decides(&both, in_use)), [Some(false), Some(true)]);
        assert_eq!(both.map(|held| decides(&[held], Role::Auditor)), [Some(false), Some(true)]);
        assert_eq!(decides(&[Role::Auditor], Role::Auditor), None);
    }
}
