//! The Métropole's administrator certifies that a service was rendered: what it reserved of its line is used from then on.

use crate::accounts::Administrator;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::ServiceId;
use crate::services::{Phase, Reader, Service, State, facts, ledger, notices, store};
use crate::sessions::approve::Approval;
use crate::sessions::{DecisionKind, Stamp};

/// Why a service is not approved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApproveRefusal {
    /// It stands elsewhere.
    #[error("Cette prestation {} : elle ne se valide pas. {}", phase.clause(), what_instead(*phase))]
    NotRecorded {
        /// Where it stands.
        phase: Phase,
    },
    /// Nobody approves what they recorded.
    #[error("Vous avez enregistré cette prestation : une autre personne de l’administration doit la valider.")]
    OwnRecord,
}

fn what_instead(phase: Phase) -> &'static str {
    match phase {
        Phase::Refused => "Elle revient ici une fois corrigée.",
        _ => "Il n’y a rien à faire.",
    }
}

impl Refusal for ApproveRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotRecorded { .. } => "service_not_recorded",
            Self::OwnRecord => "own_record",
        }
    }
}

/// Approves a service, and tells who gave it.
///
/// # Errors
/// When there is none, it stands elsewhere, or was recorded by the same person.
pub fn approve(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    id: ServiceId,
) -> Result<Approval, Failure<ApproveRefusal>> {
    let approval = approve_at(tx, clock, who, id, Stamp { by: who.account, at: clock.now() })?;
    if approval == Approval::Done {
        notices::approved(tx, clock, who, &[id])?;
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
    who: &Administrator,
    id: ServiceId,
    stamp: Stamp,
) -> Result<Approval, Failure<ApproveRefusal>> {
    let before = facts::load_alone(tx, Reader::from(who), id)?;
    match before.state.phase() {
        Phase::Approved | Phase::Invoiced => return Ok(Approval::AlreadyDone),
        Phase::Recorded if before.recorded.by == who.account => return refuse(ApproveRefusal::OwnRecord),
        Phase::Recorded => {}
        phase => return refuse(ApproveRefusal::NotRecorded { phase }),
    }
    facts::keep_decision(tx, &before, (DecisionKind::Approval, None), stamp)?;
    ledger::consume(tx, before.line, before.part())?;
    let after = Service { state: State::Approved(stamp), ..before.clone() };
    store::change(tx, Phase::Recorded, &after)?;
    facts::write(tx, clock, who.account, "service.approved", Some(&before), &after)?;
    Ok(Approval::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_comes_next() {
        let said = |phase| ApproveRefusal::NotRecorded { phase }.to_string();
        assert!(said(Phase::Refused).ends_with("Elle revient ici une fois corrigée."));
        assert!(said(Phase::Withdrawn).ends_with("Il n’y a rien à faire."));
    }
}
