//! A coordinator approves many sessions at once: each is answered by itself, all in one transaction.

use crate::accounts::Approver;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Never};
use crate::ids::SessionId;
use crate::sessions::approve::{self, Approval, ApproveRefusal};
use crate::sessions::{Stamp, Viewer, notices, store};
use crate::sql_types::Ts;

/// What became of each session.
#[derive(Debug)]
pub struct Approvals {
    /// The instant at which all were approved: by which they are withdrawn together.
    pub at: Ts,
    /// Each session with its answer, in the order asked.
    pub answers: Vec<(SessionId, Result<Approval, NotApproved>)>,
}

impl Approvals {
    /// How many are approved now that were not before.
    pub fn done(&self) -> usize {
        self.done_ids().len()
    }

    fn done_ids(&self) -> Vec<SessionId> {
        self.answers.iter().filter(|(_, answer)| matches!(answer, Ok(Approval::Done))).map(|(id, _)| *id).collect()
    }
}

/// Why one of many is not approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotApproved {
    /// It does not exist, or is not theirs.
    NotFound,
    /// A rule refuses it.
    Refused(ApproveRefusal),
}

/// Approves each session that may be; a refusal writes nothing and stops nothing. Quotas are locked first, in one
/// order, so that two coordinators who approve many at once do not wait for each other in a circle.
///
/// # Errors
/// When the database fails: nothing is approved then.
pub fn approve_many(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: impl Into<Approver>,
    ids: &[SessionId],
) -> Result<Approvals, Failure<Never>> {
    let who = &who.into();
    for quota in store::quotas_of(tx, ids)? {
        store::lock_quota(tx, quota)?;
    }
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
    notices::approved(tx, clock, &Viewer::from(who).scope, &approvals.done_ids())?;
    Ok(approvals)
}
