//! Whoever recorded a service says it again, until it is approved: what it holds of its line follows.

use crate::accounts::Psychologist;
use crate::calendar::Month;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::ServiceId;
use crate::services::admission::{self, AdmissionRefusal};
use crate::services::{Phase, Reader, Said, Service, State, facts, ledger, notices, store};
use crate::sessions::Stamp;

/// Why a service is not corrected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CorrectRefusal {
    /// It stands elsewhere.
    #[error("Cette prestation {} : elle ne se corrige pas. {}", phase.clause(), what_instead(*phase))]
    NotCorrectable {
        /// Where it stands.
        phase: Phase,
    },
    /// What is said could not be recorded either.
    #[error(transparent)]
    Admission(#[from] AdmissionRefusal),
}

fn what_instead(phase: Phase) -> &'static str {
    match phase {
        Phase::Approved => "Demandez à la Métropole de retirer la validation.",
        Phase::Invoiced => "Seul un avoir corrige une facture.",
        _ => "Enregistrez une nouvelle prestation.",
    }
}

impl Refusal for CorrectRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotCorrectable { .. } => "service_not_correctable",
            Self::Admission(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotCorrectable { .. } => None,
            Self::Admission(refusal) => refusal.field(),
        }
    }
}

/// Corrects a service recorded or refused: it waits for approval again.
///
/// # Errors
/// When it is not theirs, stands elsewhere, or a rule refuses what is said.
pub fn correct(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    id: ServiceId,
    said: &Said,
) -> Result<(), Failure<CorrectRefusal>> {
    let before = facts::load_alone(tx, Reader::from(who), id)?;
    let phase = before.state.phase();
    if !matches!(phase, Phase::Recorded | Phase::Refused) {
        return refuse(CorrectRefusal::NotCorrectable { phase });
    }
    let after = settle(tx, clock, who, &before, said).map_err(|e| e.map(CorrectRefusal::Admission))?;
    store::change(tx, phase, &after).map_err(|e| admission::overlap(e, after.slot).map(CorrectRefusal::Admission))?;
    store::set_programmes(tx, &after)?;
    facts::write(tx, clock, who.account, "service.corrected", Some(&before), &after)?;
    Ok(notices::recorded(tx, clock, &after)?)
}

/// Gives back what the service held, and holds what it holds now. What was entered in time may be corrected later, as
/// long as it stays in its month.
fn settle(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    before: &Service,
    said: &Said,
) -> Result<Service, Failure<AdmissionRefusal>> {
    let admitted = admission::admit(tx, clock, who, said)?;
    if Month::of(said.on) != Month::of(before.slot.on) {
        admission::check_the_month_is_open(tx, clock, admitted.convention, said.on)?;
    }
    if before.state == State::Recorded {
        ledger::release(tx, before.line, before.part())?;
    }
    let after = Service {
        line: admitted.line,
        kind: said.kind,
        slot: admitted.slot,
        place: said.place.trim().to_owned(),
        participants: said.participants,
        label: said.label.trim().to_owned(),
        programmes: said.programmes.clone(),
        hourly: admitted.hourly,
        vat: admitted.vat,
        gross: admitted.gross,
        recorded: Stamp { by: who.account, at: clock.now() },
        state: State::Recorded,
        ..before.clone()
    };
    ledger::reserve(tx, after.line, after.part()).map_err(|e| e.map(AdmissionRefusal::Line))?;
    Ok(after)
}
