//! Answers a request: the data was handed over, or corrected; or the child's identity is destroyed now.

use crate::accounts::Coordinator;
use crate::calendar::short_date;
use crate::children::Destruction;
use crate::children::destroy_identity::{self, DestroyRefusal};
use crate::clock::Clock;
use crate::data_requests::{DataRequest, DataRequestKind, DataRequestState, Follower, look_up, store};
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::DataRequestId;
use crate::journal::{self, Actor, Chain, Entry};
use crate::vault::Vault;

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerRefusal {
    /// Nobody said whom it is about.
    #[error("Indiquez d’abord l’enfant que cette demande concerne.")]
    NoChild,
    /// It is answered or refused.
    #[error("Cette demande est déjà close. Rechargez la page.")]
    Closed,
    /// A session stands in the way of erasing.
    #[error("Un rendez-vous est prévu le {}. Annulez-le ou enregistrez la séance, puis effacez.", short_date(*.0))]
    Booked(chrono::NaiveDate),
}

impl Refusal for AnswerRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoChild => "no_child",
            Self::Closed => "request_closed",
            Self::Booked(_) => "session_booked",
        }
    }
}

/// Answers a request of the coordinator's programmes. Erasing destroys the identity in the same transaction.
///
/// # Errors
/// When the request is not theirs, or a rule refuses.
pub fn answer(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    who: &Coordinator,
    id: DataRequestId,
) -> Result<DataRequestKind, Failure<AnswerRefusal>> {
    let found = look_up::load_for(tx, &Follower::Coordinator(who.clone()), id)?;
    let request = found.request;
    let Some(child) = request.child else { return refuse(AnswerRefusal::NoChild) };
    if !store::close(tx, id, (DataRequestState::Answered, None), who.account, clock.now())? {
        return refuse(AnswerRefusal::Closed);
    }
    if request.kind == DataRequestKind::Erasure {
        let (actor, cause) = (Actor::Account(who.account), Destruction::Erasure);
        match destroy_identity::destroy(tx, vault, clock, actor, child, cause) {
            // destroyed meanwhile, at the end of its time: nothing is left to erase
            Ok(_) | Err(Failure::NotFound) => {}
            Err(Failure::Refused(DestroyRefusal::Booked(day))) => return refuse(AnswerRefusal::Booked(day)),
            Err(Failure::Db(e)) => return Err(Failure::Db(e)),
        }
    }
    let after = DataRequest { state: DataRequestState::Answered, ..request.clone() };
    let reference = found.reference.as_deref();
    let entry = Entry {
        chain: Chain::Programme(request.programme),
        actor: Actor::Account(who.account),
        action: "data_request.answered",
        subject: "data_request",
        subject_id: id.0,
        before: Some(request.facts(reference)),
        after: Some(after.facts(reference)),
    };
    journal::write(tx, clock, entry)?;
    Ok(request.kind)
}
