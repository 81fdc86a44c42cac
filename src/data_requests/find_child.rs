//! Says whom a request is about: the coordinator, inside the care circle, finds the child.

use crate::accounts::Coordinator;
use crate::clock::Clock;
use crate::data_requests::{Follower, look_up, store};
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::DataRequestId;
use crate::journal::{self, Actor, Chain, Entry};

/// Why a request keeps its child, or has none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindRefusal {
    /// No such child in the programme of the request.
    #[error("Aucun enfant de ce PRE ne porte la référence {0}. Cherchez-la dans la liste des enfants.")]
    Unknown(String),
    /// It was said, or the request is closed.
    #[error("L’enfant de cette demande est déjà indiqué, ou la demande est close. Rechargez la page.")]
    Settled,
}

impl Refusal for FindRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown_reference",
            Self::Settled => "request_settled",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("reference")
    }
}

/// Says whom a request of the coordinator's programmes is about.
///
/// # Errors
/// When the request is not theirs, or a rule refuses.
pub fn find(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Coordinator,
    id: DataRequestId,
    reference: &str,
) -> Result<(), Failure<FindRefusal>> {
    let before = look_up::load_for(tx, &Follower::Coordinator(who.clone()), id)?;
    let reference = reference.trim().to_uppercase();
    let Some((child, _)) = store::child_of(tx, &reference, &[before.request.programme])? else {
        return refuse(FindRefusal::Unknown(reference));
    };
    if !store::set_child(tx, id, child)? {
        return refuse(FindRefusal::Settled);
    }
    let entry = Entry {
        chain: Chain::Programme(before.request.programme),
        actor: Actor::Account(who.account),
        action: "data_request.child_found",
        subject: "data_request",
        subject_id: id.0,
        before: Some(before.request.facts(None)),
        after: Some(before.request.facts(Some(&reference))),
    };
    Ok(journal::write(tx, clock, entry)?)
}
