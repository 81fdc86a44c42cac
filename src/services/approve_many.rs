//! The administrator approves many services at once: each is answered by itself, all in one transaction.

use crate::accounts::Administrator;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Never};
use crate::ids::ServiceId;
use crate::services::approve::{self, ApproveRefusal};
use crate::services::{notices, store};
use crate::sessions::Stamp;
use crate::sessions::approve::Approval;
use crate::sql_types::Ts;

/// What became of each service.
#[derive(Debug)]
pub struct Approvals {
    /// The instant at which all were approved: by which they are withdrawn together.
    pub at: Ts,
    /// Each service with its answer, in the order asked.
    pub answers: Vec<(ServiceId, Result<Approval, NotApproved>)>,
}

impl Approvals {
    /// Those approved now that were not before.
    pub fn done(&self) -> Vec<ServiceId> {
        self.answers.iter().filter(|(_, answer)| matches!(answer, Ok(Approval::Done))).map(|(id, _)| *id).collect()
    }
}

/// Why one of many is not approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotApproved {
    /// It does not exist.
    NotFound,
    /// A rule refuses it.
    Refused(ApproveRefusal),
}

/// Approves each service that may be; a refusal writes nothing and stops nothing. Lines are locked first, in one order.
///
/// # Errors
/// When the database fails: nothing is approved then.
pub fn approve_many(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    ids: &[ServiceId],
) -> Result<Approvals, Failure<Never>> {
    store::lock_lines_of(tx, ids)?;
    let at = clock.now();
    let mut answers = Vec::with_capacity(ids.len());
    for id in ids {
        let answer = match approve::approve_at(tx, clock, who, *id, Stamp { by: who.account, at }) {
            Ok(done) => Ok(done),
            Err(Failure::NotFound) => Err(NotApproved::NotFound),
            Err(Failure::Refused(refusal)) => Err(NotApproved::Refused(refusal)),
            Err(Failure::Db(e)) => return Err(Failure::Db(e)),
        };
        answers.push((*id, answer));
    }
    let approvals = Approvals { at, answers };
    notices::approved(tx, clock, who, &approvals.done())?;
    Ok(approvals)
}
