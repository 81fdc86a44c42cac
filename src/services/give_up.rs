//! Whoever recorded a service gives it up, until it is approved: what it held is given back.

use crate::accounts::Psychologist;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::ServiceId;
use crate::services::{Phase, Reader, Service, State, facts, ledger, store};

/// Why a service is not given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GiveUpRefusal {
    /// It stands elsewhere.
    #[error("Cette prestation {} : elle ne se retire plus. {}", phase.clause(), what_instead(*phase))]
    Decided {
        /// Where it stands.
        phase: Phase,
    },
}

fn what_instead(phase: Phase) -> &'static str {
    match phase {
        Phase::Approved => "Demandez à la Métropole de retirer d’abord la validation.",
        Phase::Invoiced => "Seul un avoir corrige une facture.",
        _ => "Il n’y a rien à faire.",
    }
}

impl Refusal for GiveUpRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Decided { .. } => "service_decided",
        }
    }
}

/// Gives up a service recorded or refused.
///
/// # Errors
/// When it is not theirs, or stands elsewhere.
pub fn give_up(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    id: ServiceId,
) -> Result<(), Failure<GiveUpRefusal>> {
    let before = facts::load_alone(tx, Reader::from(who), id)?;
    let phase = before.state.phase();
    match phase {
        Phase::Recorded => ledger::release(tx, before.line, before.part())?,
        Phase::Refused => {}
        _ => return refuse(GiveUpRefusal::Decided { phase }),
    }
    let after = Service { state: State::Withdrawn, ..before.clone() };
    store::change(tx, phase, &after)?;
    Ok(facts::write(tx, clock, who.account, "service.given_up", Some(&before), &after)?)
}
