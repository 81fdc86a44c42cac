//! The psychologist or the coordinator books no session for a request, for a reason of a list.

use crate::children::Reader;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::Failure;
use crate::ids::{AccountId, RequestId};
use crate::requests::{AnswerRefusal, DeclinedFor, Request, Standing, notices, store};

/// Declines a request, and tells who asked.
///
/// # Errors
/// When it is not theirs to answer, or has its answer already.
pub fn decline(
    tx: &mut Tx<'_>,
    clock: &Clock,
    (who, reader): (AccountId, &Reader),
    id: RequestId,
    reason: DeclinedFor,
) -> Result<(), Failure<AnswerRefusal>> {
    let before = store::load_open(tx, reader, id)?;
    let after = Request { standing: Standing::Declined, declined_for: Some(reason), ..before };
    store::answer(tx, clock, who, &after)?;
    store::write_down(tx, clock, who, "request.declined", &after)?;
    Ok(notices::answered(tx, clock, &after)?)
}
