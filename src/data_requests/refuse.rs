//! Refuses a request, for a reason that the family is told.

use crate::accounts::Auditor;
use crate::clock::Clock;
use crate::data_requests::answer::AnswerRefusal;
use crate::data_requests::{DataRequest, DataRequestState, Follower, RefusedFor, look_up, store};
use crate::db::Tx;
use crate::failure::Failure;
use crate::ids::DataRequestId;
use crate::journal::{self, Actor, Chain, Entry};

/// Refuses a request that waits.
///
/// # Errors
/// When there is none, or it is closed.
pub fn refuse(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: Auditor,
    id: DataRequestId,
    reason: RefusedFor,
) -> Result<(), Failure<AnswerRefusal>> {
    let found = look_up::load_for(tx, &Follower::Officer(who), id)?;
    let request = found.request;
    if !store::close(tx, id, (DataRequestState::Refused, Some(reason)), who.account, clock.now())? {
        return crate::failure::refuse(AnswerRefusal::Closed);
    }
    let after = DataRequest { state: DataRequestState::Refused, refused_for: Some(reason), ..request.clone() };
    let reference = found.reference.as_deref();
    let entry = Entry {
        chain: Chain::Programme(request.programme),
        actor: Actor::Account(who.account),
        action: "data_request.refused",
        subject: "data_request",
        subject_id: id.0,
        before: Some(request.facts(reference)),
        after: Some(after.facts(reference)),
    };
    Ok(journal::write(tx, clock, entry)?)
}
