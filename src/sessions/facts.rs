//! What the journal and the decisions keep of a session: references and figures, never a name nor a free text.

use serde_json::{Value, json};

use crate::accounts::Approver;
use crate::clock::Clock;
use crate::db::Tx;
use crate::ids::{AccountId, PsychologistId, QuotaId, SessionId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::sessions::store::{self, Around};
use crate::sessions::{DecisionKind, Phase, Reason, Scope, Session, Slot, Stamp};

/// A session as the journal keeps it.
fn facts(session: &Session) -> Value {
    json!({
        "state": session.state.phase(),
        "attendance": session.state.record().map(|record| record.attendance),
        "session_on": session.slot.on,
        "starts_at": session.slot.starts_at.rfc3339(),
        "duration_minutes": session.slot.duration,
        "quota_minutes": session.quota_minutes,
        "billed_minutes": session.billed_minutes,
        "child_id": session.child_id,
        "psychologist_id": session.psychologist_id,
        "referral_id": session.referral_id,
        "quota_id": session.quota_id,
        "series_id": session.series_id,
    })
}

/// Writes what happened to a session on its programme's chain.
///
/// # Errors
/// When the database fails.
pub fn write(
    tx: &mut Tx<'_>,
    clock: &Clock,
    by: AccountId,
    action: &'static str,
    before: Option<&Session>,
    after: &Session,
) -> diesel::QueryResult<()> {
    let entry = Entry {
        chain: Chain::Programme(after.programme_id),
        actor: Actor::Account(by),
        action,
        subject: "session",
        subject_id: after.id.0,
        before: before.map(facts),
        after: Some(facts(after)),
    };
    if before.is_none_or(|before| shows(before) != shows(after)) {
        store::note_revision(tx, after.id, before.is_some(), clock.now())?;
    }
    journal::write(tx, clock, entry)
}

/// What a calendar shows of a session.
fn shows(session: &Session) -> (Slot, Option<&str>, PsychologistId, bool) {
    let is_cancelled = session.state.phase() == Phase::Cancelled;
    (session.slot, session.place.as_deref(), session.psychologist_id, is_cancelled)
}

/// What somebody who decides has before their eyes (rule 7).
fn seen(session: &Session, around: &Around) -> Value {
    json!({
        "reference": around.reference,
        "date": session.slot.on,
        "starts_at": session.slot.starts_at.rfc3339(),
        "duration_minutes": session.slot.duration,
        "attendance": session.state.record().map(|record| record.attendance),
        "quota_minutes": session.quota_minutes,
        "billed_minutes": session.billed_minutes,
        "referral_remaining_minutes": around.referral_left,
        "quota_remaining_minutes": around.quota_left,
    })
}

/// Keeps a decision on a session with what was seen of it before, and in whose place it was taken.
///
/// # Errors
/// When the database fails.
pub fn keep_decision(
    tx: &mut Tx<'_>,
    session: &Session,
    (kind, reason): (DecisionKind, Option<&Reason>),
    who: &Approver,
    stamp: Stamp,
) -> diesel::QueryResult<()> {
    let around = store::around(tx, &[session.id])?.pop().map(|(_, around)| around);
    let around = around.ok_or(diesel::result::Error::NotFound)?;
    let seen = seen(session, &around).to_string();
    let lent = who.substitution_in(session.programme_id);
    store::insert_decision(tx, session.id, (kind, reason.map(Reason::as_str)), &seen, (stamp, lent))
}

/// Loads a session of somebody's once nobody else is moving minutes of its quota: what is read then stays true.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load_alone(tx: &mut Tx<'_>, scope: &Scope, id: SessionId) -> diesel::QueryResult<Session> {
    let quota = store::load(tx, scope, id)?.quota_id;
    store::lock_quota(tx, quota)?;
    store::load(tx, scope, id)
}

/// Loads a session of somebody's and those of its series that come after it and are still booked, in order, once nobody
/// else is moving minutes of their quotas. A session without a series is alone.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load_with_following(tx: &mut Tx<'_>, scope: &Scope, id: SessionId) -> diesel::QueryResult<Vec<Session>> {
    let first = store::load(tx, scope, id)?;
    let Some(series) = first.series_id else { return Ok(vec![load_alone(tx, scope, id)?]) };
    let quotas: Vec<QuotaId> = store::booked_of_series(tx, scope, series)?.iter().map(|known| known.quota_id).collect();
    store::lock_quotas(tx, &[quotas.as_slice(), &[first.quota_id]].concat())?;
    let first = store::load(tx, scope, id)?;
    let mut all = store::booked_of_series(tx, scope, series)?;
    all.retain(|known| known.slot.starts_at > first.slot.starts_at);
    all.insert(0, first);
    Ok(all)
}
