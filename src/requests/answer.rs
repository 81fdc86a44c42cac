//! A session was booked for a request: it has its answer.

use crate::children::Reader;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, refuse};
use crate::ids::{AccountId, ChildId, RequestId, SessionId};
use crate::requests::{AnswerRefusal, Request, Standing, notices, store};

/// Answers a request with a session that was booked in the same transaction, and tells who asked.
///
/// # Errors
/// When it is not theirs to answer, is for another child, or has its answer already.
pub fn answer(
    tx: &mut Tx<'_>,
    clock: &Clock,
    (who, reader): (AccountId, &Reader),
    id: RequestId,
    (child, session): (ChildId, SessionId),
) -> Result<(), Failure<AnswerRefusal>> {
    let before = store::load_open(tx, reader, id)?;
    if before.asked.child != child {
        return refuse(AnswerRefusal::OtherChild);
    }
    let after = Request { standing: Standing::Booked, session_id: Some(session), ..before };
    store::answer(tx, clock, who, &after)?;
    store::write_down(tx, clock, who, "request.booked", &after)?;
    Ok(notices::answered(tx, clock, &after)?)
}
