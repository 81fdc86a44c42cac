//! Whoever asked for a session gives the request up.

use crate::accounts::Referent;
use crate::children::Reader;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::Failure;
use crate::ids::RequestId;
use crate::requests::{AnswerRefusal, Request, Standing, store};

/// Gives up a request for a child whom a referent follows.
///
/// # Errors
/// When they do not follow the child, or it has its answer already.
pub fn withdraw(tx: &mut Tx<'_>, clock: &Clock, who: &Referent, id: RequestId) -> Result<(), Failure<AnswerRefusal>> {
    let before = store::load_open(tx, &Reader::from(who), id)?;
    let after = Request { standing: Standing::Withdrawn, ..before };
    store::answer(tx, clock, who.account, &after)?;
    Ok(store::write_down(tx, clock, who.account, "request.withdrawn", &after)?)
}
