//! A psychologist says again what happened, at a session not approved yet: what it holds follows.

use crate::accounts::Psychologist;
use crate::calendar::{self, Month};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::SessionId;
use crate::sessions::admission::{self, AdmissionRefusal, Admitted};
use crate::sessions::record::{self, RecordRefusal};
use crate::sessions::{
    Attendance, Effect, Obstacle, Phase, Record, Session, Slot, State, Viewer, facts, notices, store,
};
use crate::vault::Vault;

/// What is said again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// When.
    pub slot: Slot,
    /// What happened.
    pub attendance: Attendance,
    /// Where, if it is said.
    pub place: Option<String>,
}

/// Why a session is not corrected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CorrectRefusal {
    /// It stands elsewhere.
    #[error("Cette séance {} : elle ne se corrige pas. {}", phase.clause(), what_instead(*phase))]
    NotCorrectable {
        /// Where it stands.
        phase: Phase,
    },
    /// What is said could not be recorded either.
    #[error(transparent)]
    Record(#[from] RecordRefusal),
}

fn what_instead(phase: Phase) -> &'static str {
    match phase {
        Phase::Booked => "Annulez le rendez-vous et prenez-en un autre.",
        Phase::Approved => "Demandez à la coordination de retirer la validation.",
        Phase::Invoiced => "Seul un avoir corrige une facture.",
        _ => "Enregistrez une nouvelle séance.",
    }
}

impl Refusal for CorrectRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotCorrectable { .. } => "session_not_correctable",
            Self::Record(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotCorrectable { .. } => None,
            Self::Record(refusal) => refusal.field(),
        }
    }
}

/// Corrects a session recorded or refused: it waits for approval again.
///
/// # Errors
/// When it is not the psychologist's, stands elsewhere, or a rule refuses what is said.
pub fn correct(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Psychologist,
    id: SessionId,
    new: &Correction,
) -> Result<(), Failure<CorrectRefusal>> {
    let before = facts::load_alone(tx, &Viewer::from(who).scope, id)?;
    let state = corrected_state(&before, Record { attendance: new.attendance, by: who.account, at: clock.now() })?;
    let after = settle(tx, clock, vault, &before, new, state).map_err(|e| e.map(CorrectRefusal::Record))?;
    store::change(tx, before.state.phase(), &after).map_err(|e| {
        admission::overlap(e, new.slot).map(|refusal| CorrectRefusal::Record(RecordRefusal::Admission(refusal)))
    })?;
    facts::write(tx, clock, who.account, "session.corrected", Some(&before), &after)?;
    Ok(notices::recorded(tx, clock, &after)?)
}

fn corrected_state(before: &Session, record: Record) -> Result<State, Failure<CorrectRefusal>> {
    match before.state.clone().corrected(record) {
        Ok(state) => Ok(state),
        Err(Obstacle::Elsewhere(phase)) => refuse(CorrectRefusal::NotCorrectable { phase }),
        Err(Obstacle::OwnRecord) => refuse(CorrectRefusal::NotCorrectable { phase: before.state.phase() }),
    }
}

/// Gives back what the session held, and holds what it holds now.
fn settle(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    before: &Session,
    new: &Correction,
    state: State,
) -> Result<Session, Failure<RecordRefusal>> {
    let said = |failure: Failure<AdmissionRefusal>| failure.map(RecordRefusal::Admission);
    let slot = new.slot;
    record::check_it_happened(slot, new.attendance, clock.now())?;
    let both = (before.child_id, before.psychologist_id);
    let admitted = admission::admit(tx, vault, before.programme_id, both, slot.on).map_err(said)?;
    check_the_month_is_open(tx, clock, before, &admitted, slot)?;
    let effect = Effect::of(&admitted.terms, new.attendance, slot.duration);
    let referral = admitted.eligible.referral_id;
    admission::give_back(tx, before)?;
    let quota = admission::hold(tx, clock, before.programme_id, referral, slot.on, effect.quota).map_err(said)?;
    Ok(Session {
        quota_id: quota,
        referral_id: referral,
        slot,
        quota_minutes: effect.quota,
        billed_minutes: effect.billed,
        place: new.place.clone(),
        state,
        ..before.clone()
    })
}

/// What was entered in time may be corrected later, as long as it stays in its month.
fn check_the_month_is_open(
    tx: &mut Tx<'_>,
    clock: &Clock,
    before: &Session,
    admitted: &Admitted,
    slot: Slot,
) -> Result<(), Failure<RecordRefusal>> {
    if Month::of(slot.on) == Month::of(before.slot.on) {
        return Ok(());
    }
    record::check_the_month_is_open(tx, admitted, slot.on, calendar::local_date(clock.now()))
}
