//! Records what a family asks: by the data-protection officer, who names the programme, or by a coordinator, who names the
//! child too.

use chrono::{Datelike, NaiveDate};

use crate::clock::Clock;
use crate::data_requests::{DataRequest, DataRequestKind, DataRequestState, Follower, TERM, store};
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{DataRequestId, ProgrammeId};
use crate::journal::{self, Actor, Chain, Entry};

/// What is asked, and about whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRequest {
    /// What.
    pub kind: DataRequestKind,
    /// The programme that follows the child, when no reference says it.
    pub programme: Option<ProgrammeId>,
    /// The child's reference, when it is known.
    pub reference: Option<String>,
    /// The day on which it came.
    pub received_on: NaiveDate,
}

/// Why a request is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordRefusal {
    /// It comes from days to come.
    #[error("La demande est reçue au plus tard aujourd’hui. Corrigez la date.")]
    Later,
    /// No child of that reference is theirs, or none is known any more.
    #[error(
        "Aucun enfant suivi ne porte la référence {0}. Vérifiez-la, ou indiquez seulement le PRE : la coordination \
         retrouvera l’enfant."
    )]
    UnknownReference(String),
    /// Neither a programme nor a child.
    #[error("Indiquez le PRE qui suit l’enfant, ou la référence de l’enfant.")]
    NoProgramme,
    /// The same was asked and waits.
    #[error("La même demande attend déjà une réponse pour cet enfant. Répondez à celle-là.")]
    Waiting,
}

impl Refusal for RecordRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Later => "received_later",
            Self::UnknownReference(_) => "unknown_reference",
            Self::NoProgramme => "no_programme",
            Self::Waiting => "request_waiting",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Later => "received_on",
            Self::UnknownReference(_) | Self::Waiting => "reference",
            Self::NoProgramme => "programme",
        })
    }
}

/// Records a request.
///
/// # Errors
/// When a rule refuses.
pub fn record(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Follower,
    new: &NewRequest,
) -> Result<DataRequestId, Failure<RecordRefusal>> {
    let today = clock.today();
    if new.received_on > today {
        return refuse(RecordRefusal::Later);
    }
    let all = store::programmes(tx)?;
    let theirs: Vec<ProgrammeId> = match who.programmes() {
        Some(own) => own.to_vec(),
        None => all.into_iter().map(|(id, _)| id).collect(),
    };
    let found = match &new.reference {
        Some(reference) => {
            let reference = reference.trim().to_uppercase();
            let Some(found) = store::child_of(tx, &reference, &theirs)? else {
                return refuse(RecordRefusal::UnknownReference(reference));
            };
            if store::open_kinds(tx, found.0)?.contains(&new.kind) {
                return refuse(RecordRefusal::Waiting);
            }
            Some((found, reference))
        }
        None => None,
    };
    let programme = found.as_ref().map(|((_, programme), _)| *programme).or(new.programme);
    let Some(programme) = programme.filter(|programme| theirs.contains(programme)) else {
        return refuse(RecordRefusal::NoProgramme);
    };
    let request = DataRequest {
        id: DataRequestId::new(),
        number: store::take_number(tx, today.year())?,
        kind: new.kind,
        programme,
        child: found.as_ref().map(|((child, _), _)| *child),
        received_on: new.received_on,
        due_on: new.received_on.checked_add_months(TERM).unwrap_or(NaiveDate::MAX),
        state: DataRequestState::Open,
        refused_for: None,
        closed_at: None,
    };
    let by = who.account();
    store::insert(tx, &request, by, clock.now())?;
    let reference = found.as_ref().map(|(_, reference)| reference.as_str());
    let entry = Entry {
        chain: Chain::Programme(programme),
        actor: Actor::Account(by),
        action: "data_request.recorded",
        subject: "data_request",
        subject_id: request.id.0,
        before: None,
        after: Some(request.facts(reference)),
    };
    journal::write(tx, clock, entry)?;
    Ok(request.id)
}
