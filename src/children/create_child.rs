//! Enters a child in a programme; the reference is given here.

use chrono::{Datelike, NaiveDate};

use crate::accounts::Coordinator;
use crate::calendar::short_date;
use crate::children::{Child, ChildIdentity, Gender, Guardian, GuardianContact, LONGEST_NAME, add_guardian, store};
use crate::clock::Clock;
use crate::conventions::look_up;
use crate::db::{AnyConnection, Tx};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{AccountId, ChildId, GuardianId, NeighbourhoodId, ProgrammeId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::vault::Vault;

/// What a coordinator says of a child.
#[derive(Debug, Clone)]
pub struct ChildEntry {
    /// Who the child is.
    pub identity: ChildIdentity,
    /// Gender.
    pub gender: Gender,
    /// Where the child lives.
    pub neighbourhood_id: NeighbourhoodId,
    /// The pathway referent, if there is one.
    pub referent_id: Option<AccountId>,
    /// The first day of the follow-up.
    pub followed_since: NaiveDate,
}

/// Why a child is not entered, or not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChildRefusal {
    /// No given name.
    #[error("Indiquez le prénom.")]
    NoFirstName,
    /// No family name.
    #[error("Indiquez le nom de famille.")]
    NoLastName,
    /// A name or a school longer than a line.
    #[error("Raccourcissez le nom ou l’école : {LONGEST_NAME} caractères au plus.")]
    TooLong,
    /// Rule 3.
    #[error(
        "Ce quartier n’est pas de ce PRE. Choisissez l’un de ses quartiers : le PRE suit les enfants qui y habitent."
    )]
    OtherNeighbourhood,
    /// Born after today.
    #[error("La date de naissance est dans l’avenir. Vérifiez l’année.")]
    BornLater,
    /// Rule 2, on the first day of the follow-up.
    #[error(
        "À cette date de naissance, l’enfant a {age} ans au début du suivi ({}) ; la convention concerne les enfants de {min} à {max} ans. Vérifiez les deux dates.",
        short_date(*on)
    )]
    Age {
        /// The age, in whole years.
        age: i32,
        /// The first day of the follow-up.
        on: NaiveDate,
        /// The youngest.
        min: i32,
        /// The oldest.
        max: i32,
    },
    /// A follow-up that has not begun.
    #[error("Le suivi commence au plus tard aujourd’hui. Corrigez la date.")]
    FollowedLater,
    /// Not a referent of this programme.
    #[error("Cette personne n’est pas référente de parcours de ce PRE. Choisissez-en une autre, ou laissez vide.")]
    UnknownReferent,
    /// No guardian.
    #[error("Indiquez au moins un responsable légal et un moyen de le joindre.")]
    NoGuardian,
    /// A guardian whom one cannot name or reach.
    #[error(transparent)]
    Guardian(#[from] add_guardian::GuardianRefusal),
}

impl Refusal for ChildRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoFirstName => "no_first_name",
            Self::NoLastName => "no_last_name",
            Self::TooLong => "name_too_long",
            Self::OtherNeighbourhood => "other_neighbourhood",
            Self::BornLater => "born_later",
            Self::Age { .. } => "child_age",
            Self::FollowedLater => "followed_later",
            Self::UnknownReferent => "unknown_referent",
            Self::NoGuardian => "no_guardian",
            Self::Guardian(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoFirstName => Some("first_name"),
            Self::NoLastName | Self::TooLong => Some("last_name"),
            Self::OtherNeighbourhood => Some("neighbourhood"),
            Self::BornLater | Self::Age { .. } => Some("born_on"),
            Self::FollowedLater => Some("followed_since"),
            Self::UnknownReferent => Some("referent"),
            Self::NoGuardian => Some("guardian_name"),
            Self::Guardian(refusal) => refusal.field(),
        }
    }
}

/// Enters a child in a programme of the coordinator, with the guardians.
///
/// # Errors
/// When the programme is not theirs, or a rule refuses.
pub fn create(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    who: &Coordinator,
    programme: ProgrammeId,
    entry: &ChildEntry,
    guardians: &[GuardianContact],
) -> Result<ChildId, Failure<ChildRefusal>> {
    if !who.programmes.contains(&programme) {
        return Err(Failure::NotFound);
    }
    verify(tx, clock, programme, entry)?;
    if guardians.is_empty() {
        return refuse(ChildRefusal::NoGuardian);
    }
    let reference = store::take_reference(tx, programme, clock.today().year())?;
    let child = Child {
        id: ChildId::new(),
        programme_id: programme,
        reference,
        identity: entry.identity.clone(),
        gender: entry.gender,
        neighbourhood_id: entry.neighbourhood_id,
        referent_id: entry.referent_id,
        followed_since: entry.followed_since,
        closed_on: None,
    };
    store::insert_child(tx, vault, &child, who.account, clock.now())?;
    for contact in guardians {
        add_guardian::verify(contact).map_err(|refusal| Failure::Refused(refusal.into()))?;
        let guardian =
            Guardian { id: GuardianId::new(), child_id: child.id, contact: contact.clone(), reminders_since: None };
        store::insert_guardian(tx, vault, &guardian)?;
    }
    let mut facts = child.facts();
    facts["guardians"] = guardians.len().into();
    journal::write(
        tx,
        clock,
        Entry {
            chain: Chain::Programme(programme),
            actor: Actor::Account(who.account),
            action: "child.created",
            subject: "child",
            subject_id: child.id.0,
            before: None,
            after: Some(facts),
        },
    )?;
    Ok(child.id)
}

/// Checks what is said of a child against the rules of the programme and of its convention.
///
/// # Errors
/// When a rule refuses.
pub(super) fn verify(
    conn: &mut AnyConnection,
    clock: &Clock,
    programme: ProgrammeId,
    entry: &ChildEntry,
) -> Result<(), Failure<ChildRefusal>> {
    let today = clock.today();
    if entry.identity.first_name.trim().is_empty() {
        return refuse(ChildRefusal::NoFirstName);
    }
    if entry.identity.last_name.trim().is_empty() {
        return refuse(ChildRefusal::NoLastName);
    }
    if entry.identity.is_too_long() {
        return refuse(ChildRefusal::TooLong);
    }
    if entry.identity.born_on > today {
        return refuse(ChildRefusal::BornLater);
    }
    if entry.followed_since > today {
        return refuse(ChildRefusal::FollowedLater);
    }
    verify_age(conn, programme, entry, today)?;
    if !look_up::neighbourhoods(conn, &[programme])?.iter().any(|known| known.id == entry.neighbourhood_id) {
        return refuse(ChildRefusal::OtherNeighbourhood);
    }
    if let Some(referent) = entry.referent_id
        && !store::referents(conn, &[programme])?.iter().any(|(account, ..)| *account == referent)
    {
        return refuse(ChildRefusal::UnknownReferent);
    }
    Ok(())
}

/// The age on the first day of the follow-up, by the rules in force that day, or today when there were none yet.
fn verify_age(
    conn: &mut AnyConnection,
    programme: ProgrammeId,
    entry: &ChildEntry,
    today: NaiveDate,
) -> Result<(), Failure<ChildRefusal>> {
    for day in [entry.followed_since, today] {
        let Some(convention) = look_up::convention_of(conn, programme, day)? else { continue };
        let Some(terms) = look_up::terms_on(conn, convention.id, day)? else { continue };
        let (born_on, on) = (entry.identity.born_on, entry.followed_since);
        if !terms.allows_age(born_on, on) {
            let age = entry.identity.age_on(on).max(0);
            return refuse(ChildRefusal::Age { age, on, min: terms.min_age, max: terms.max_age });
        }
        break;
    }
    Ok(())
}
