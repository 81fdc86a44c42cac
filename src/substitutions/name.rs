//! A coordinator names who approves in their place, from a day to another.

use chrono::NaiveDate;

use crate::accounts::Coordinator;
use crate::calendar::french_date;
use crate::clock::Clock;
use crate::db::{DbError, Tx, violated};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{AccountId, ProgrammeId, SubstitutionId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::substitutions::{LONGEST_DAYS, look_up, notices, store};

/// Whom, where, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Naming {
    /// The programme.
    pub programme: ProgrammeId,
    /// Who approves.
    pub substitute: AccountId,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
}

/// Why nobody is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameRefusal {
    /// It would have begun already.
    #[error("Le {} est passé : choisissez un premier jour à partir d’aujourd’hui.", french_date(*.0))]
    Past(NaiveDate),
    /// It ends before it begins.
    #[error("Le dernier jour vient avant le premier, le {} : choisissez ce jour ou un autre après.", french_date(*.0))]
    Backwards(NaiveDate),
    /// Too long.
    #[error(
        "Ce remplacement durerait {0} jours ; il en dure {LONGEST_DAYS} au plus. Au-delà, demandez à l’administration de \
        la Métropole de donner le rôle à cette personne."
    )]
    Long(i64),
    /// They may not, or not there.
    #[error(
        "Cette personne ne peut pas valider pour ce PRE. Choisissez une personne de la coordination d’un autre PRE, ou \
        qui suit des parcours de celui-ci."
    )]
    NotEligible,
    /// The coordinator named somebody for those days already.
    #[error(
        "Vous avez déjà nommé quelqu’un pour une partie de ces jours. Terminez ce remplacement, ou changez de jours."
    )]
    Overlaps,
    /// The substitute stands in for another coordinator of the programme then.
    #[error("Cette personne remplace déjà quelqu’un de ce PRE pour une partie de ces jours. Choisissez-en une autre.")]
    SubstituteTaken,
}

impl Refusal for NameRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Past(_) => "substitution_in_the_past",
            Self::Backwards(_) => "substitution_backwards",
            Self::Long(_) => "substitution_too_long",
            Self::NotEligible => "substitute_not_eligible",
            Self::Overlaps => "substitution_overlaps",
            Self::SubstituteTaken => "substitute_taken",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Past(_) | Self::Overlaps => "starts_on",
            Self::Backwards(_) | Self::Long(_) => "ends_on",
            Self::NotEligible | Self::SubstituteTaken => "substitute",
        })
    }
}

/// Names a substitute in a programme of the coordinator's, and tells them.
///
/// # Errors
/// When the programme is not theirs, or as [`NameRefusal`] says.
pub fn name(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Coordinator,
    naming: Naming,
) -> Result<SubstitutionId, Failure<NameRefusal>> {
    if !who.programmes.contains(&naming.programme) {
        return Err(Failure::NotFound);
    }
    check_days(clock.today(), naming).map_err(Failure::Refused)?;
    let candidates = look_up::candidates(tx, who)?;
    let may = |candidate: &&crate::substitutions::Candidate| {
        candidate.account == naming.substitute && candidate.programmes.contains(&naming.programme)
    };
    if candidates.iter().find(may).is_none() {
        return refuse(NameRefusal::NotEligible);
    }
    let id = store::insert(tx, clock.now(), who.account, naming).map_err(|e| {
        if violated(&e, "substitutions_one_at_a_time") {
            Failure::Refused(NameRefusal::Overlaps)
        } else if violated(&e, "substitutions_one_place_at_a_time") {
            Failure::Refused(NameRefusal::SubstituteTaken)
        } else {
            Failure::Db(DbError::Query(e))
        }
    })?;
    let entry = Entry {
        chain: Chain::Programme(naming.programme),
        actor: Actor::Account(who.account),
        action: "substitution.named",
        subject: "substitution",
        subject_id: id.0,
        before: None,
        after: Some(serde_json::json!({
            "substitute_id": naming.substitute, "starts_on": naming.starts_on, "ends_on": naming.ends_on,
        })),
    };
    journal::write(tx, clock, entry)?;
    notices::named(tx, clock, id)?;
    Ok(id)
}

fn check_days(today: NaiveDate, naming: Naming) -> Result<(), NameRefusal> {
    if naming.starts_on < today {
        return Err(NameRefusal::Past(naming.starts_on));
    }
    if naming.ends_on < naming.starts_on {
        return Err(NameRefusal::Backwards(naming.starts_on));
    }
    match (naming.ends_on - naming.starts_on).num_days() + 1 {
        days if days > LONGEST_DAYS => Err(NameRefusal::Long(days)),
        _ => Ok(()),
    }
}
