//! A coordinator certifies that a session was rendered (*service fait*): what it reserved is used from then on.

use crate::accounts::Approver;
use crate::children::ledger as referral_ledger;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::SessionId;
use crate::quotas::ledger as quota_ledger;
use crate::sessions::{DecisionKind, Obstacle, Phase, Session, Stamp, Viewer, facts, notices, store};

/// Why a session is not approved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApproveRefusal {
    /// It stands elsewhere.
    #[error("Cette séance {} : elle ne se valide pas. {}", phase.clause(), what_instead(*phase))]
    NotRecorded {
        /// Where it stands.
        phase: Phase,
    },
    /// Nobody approves what they recorded.
    #[error("Vous avez enregistré cette séance : une autre personne de la coordination doit la valider.")]
    OwnRecord,
}

fn what_instead(phase: Phase) -> &'static str {
    match phase {
        Phase::Booked => "La psychologue l’enregistre une fois finie.",
        Phase::Refused => "Elle revient ici dès que la psychologue l’a corrigée.",
        _ => "Il n’y a rien à faire.",
    }
}

impl Refusal for ApproveRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotRecorded { .. } => "session_not_recorded",
            Self::OwnRecord => "own_record",
        }
    }
}

/// How an approval ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// It is approved now.
    Done,
    /// It was before: pressed twice, done once.
    AlreadyDone,
}

/// Approves a session of the coordinator's programmes, or of one where they stand in for its coordinator.
///
/// # Errors
/// When it is not theirs, stands elsewhere, or was recorded by the same person.
pub fn approve(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: impl Into<Approver>,
    id: SessionId,
) -> Result<Approval, Failure<ApproveRefusal>> {
    let who = &who.into();
    let approval = approve_at(tx, clock, who, id, Stamp { by: who.account, at: clock.now() })?;
    if approval == Approval::Done {
        notices::approved(tx, clock, &Viewer::from(who).scope, &[id])?;
    }
    Ok(approval)
}

/// [`approve`], at an instant that several approvals share; nobody is told yet.
///
/// # Errors
/// As [`approve`].
pub(super) fn approve_at(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Approver,
    id: SessionId,
    stamp: Stamp,
) -> Result<Approval, Failure<ApproveRefusal>> {
    let before = facts::load_alone(tx, &Viewer::from(who).scope, id)?;
    if matches!(before.state.phase(), Phase::Approved | Phase::Invoiced) {
        return Ok(Approval::AlreadyDone);
    }
    let state = match before.state.clone().approved(stamp) {
        Ok(state) => state,
        Err(Obstacle::OwnRecord) => return refuse(ApproveRefusal::OwnRecord),
        Err(Obstacle::Elsewhere(phase)) => return refuse(ApproveRefusal::NotRecorded { phase }),
    };
    facts::keep_decision(tx, &before, (DecisionKind::Approval, None), who, stamp)?;
    quota_ledger::consume(tx, before.quota_id, before.quota_minutes)?;
    referral_ledger::consume(tx, before.referral_id, before.quota_minutes)?;
    let after = Session { state, ..before.clone() };
    store::change(tx, Phase::Recorded, &after)?;
    facts::write(tx, clock, who.account, "session.approved", Some(&before), &after)?;
    Ok(Approval::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_comes_next() {
        let said = |phase| ApproveRefusal::NotRecorded { phase }.to_string();
        assert!(said(Phase::Booked).ends_with("La psychologue l’enregistre une fois finie."));
        assert!(said(Phase::Refused).ends_with("Elle revient ici dès que la psychologue l’a corrigée."));
        assert!(said(Phase::Cancelled).ends_with("Il n’y a rien à faire."));
    }
}
