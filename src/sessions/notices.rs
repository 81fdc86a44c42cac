//! Tells by mail what happens to sessions: by reference, never by name, and without the words of a reason.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use diesel::QueryResult;

use crate::accounts::{Recipient, recipients};
use crate::clock::Clock;
use crate::db::Tx;
use crate::ids::{AccountId, PsychologistId, SessionId};
use crate::mails::{
    ApprovedSession, BookingChange, BookingTime, BookingsChanged, SessionRecorded, SessionRefused, SessionsApproved,
};
use crate::outbox::{self, Message};
use crate::psychologists;
use crate::sessions::feed;
use crate::sessions::store::{self, Around};
use crate::sessions::{Scope, Session, Slot};

/// Tells that a session waits, to those who approve it and asked to be told at once.
///
/// # Errors
/// When the database fails.
pub fn recorded(tx: &mut Tx<'_>, clock: &Clock, session: &Session) -> QueryResult<()> {
    let mut coordinators = recipients::approvers(tx, session.programme_id, clock.today())?;
    coordinators.retain(|coordinator| coordinator.told_at_once);
    if coordinators.is_empty() {
        return Ok(());
    }
    let around = around(tx, session.id)?;
    for coordinator in coordinators {
        let mail = SessionRecorded {
            recipient: coordinator.email,
            psychologist: around.psychologist.clone(),
            reference: around.reference.clone(),
            programme: around.programme.clone(),
            on: session.slot.on,
            duration: session.slot.duration,
        };
        outbox::enqueue(tx, clock, mail.message()?)?;
    }
    Ok(())
}

/// Tells the psychologist that a session is refused.
///
/// # Errors
/// When the database fails.
pub fn refused(tx: &mut Tx<'_>, clock: &Clock, session: &Session) -> QueryResult<()> {
    let Some(reader) = psychologist(tx, session.psychologist_id)? else { return Ok(()) };
    let around = around(tx, session.id)?;
    let mail = SessionRefused {
        recipient: reader.email,
        session: session.id,
        reference: around.reference,
        programme: around.programme,
        on: session.slot.on,
        duration: session.slot.duration,
    };
    outbox::enqueue(tx, clock, mail.message()?).map(drop)
}

/// Tells each psychologist, in one mail, which sessions were just approved together.
///
/// # Errors
/// When the database fails.
pub fn approved(tx: &mut Tx<'_>, clock: &Clock, scope: &Scope, ids: &[SessionId]) -> QueryResult<()> {
    let around: BTreeMap<_, _> = store::around(tx, ids)?.into_iter().collect();
    let mut by_psychologist: BTreeMap<PsychologistId, Vec<ApprovedSession>> = BTreeMap::new();
    for session in store::load_all(tx, scope, ids)? {
        let Some(Around { reference, .. }) = around.get(&session.id) else { continue };
        let approved =
            ApprovedSession { reference: reference.clone(), on: session.slot.on, duration: session.slot.duration };
        by_psychologist.entry(session.psychologist_id).or_default().push(approved);
    }
    for (id, mut sessions) in by_psychologist {
        sessions.sort_by(|a, b| (a.on, &a.reference).cmp(&(b.on, &b.reference)));
        if let Some(reader) = psychologist(tx, id)? {
            outbox::enqueue(tx, clock, SessionsApproved { recipient: reader.email, sessions }.message()?)?;
        }
    }
    Ok(())
}

/// What was done with sessions to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planned {
    /// They were booked.
    Booked,
    /// They do not take place.
    Cancelled,
    /// They were cancelled by mistake, and take place.
    Restored,
}

/// Tells what was done with sessions of one child and one psychologist, in one mail, to the psychologist and to the
/// coordinators who asked to be told at once: not to who did it.
///
/// # Errors
/// When the database fails.
pub fn planned(tx: &mut Tx<'_>, clock: &Clock, by: AccountId, what: Planned, sessions: &[Session]) -> QueryResult<()> {
    let change = match what {
        Planned::Booked => BookingChange::Booked,
        Planned::Cancelled => BookingChange::Cancelled,
        Planned::Restored => BookingChange::Restored,
    };
    let times = sessions.iter().map(|session| BookingTime { now: told(session.slot), before: None }).collect();
    tell(tx, clock, by, change, sessions, times)
}

/// Tells where sessions of one child and one psychologist were moved, each with its time before.
///
/// # Errors
/// When the database fails.
pub fn moved(tx: &mut Tx<'_>, clock: &Clock, by: AccountId, moved: &[(Session, Session)]) -> QueryResult<()> {
    let sessions: Vec<Session> = moved.iter().map(|(_, after)| after.clone()).collect();
    let time =
        |(before, after): &(Session, Session)| BookingTime { now: told(after.slot), before: Some(told(before.slot)) };
    tell(tx, clock, by, BookingChange::Moved, &sessions, moved.iter().map(time).collect())
}

fn told(slot: Slot) -> (NaiveDate, NaiveTime, NaiveTime) {
    (slot.on, slot.start_time(), slot.end_time())
}

fn tell(
    tx: &mut Tx<'_>,
    clock: &Clock,
    by: AccountId,
    change: BookingChange,
    sessions: &[Session],
    times: Vec<BookingTime>,
) -> QueryResult<()> {
    let Some(first) = sessions.first() else { return Ok(()) };
    let mut readers = recipients::coordinators(tx, first.programme_id)?;
    readers.retain(|coordinator| coordinator.told_at_once);
    readers.extend(psychologist(tx, first.psychologist_id)?);
    readers.retain(|reader| reader.account != by);
    if readers.is_empty() {
        return Ok(());
    }
    let around = around(tx, first.id)?;
    let calendar = feed::published(tx, sessions)?;
    for reader in readers {
        let mail = BookingsChanged {
            recipient: reader.email,
            change,
            session: (sessions.len() == 1).then_some(first.id),
            reference: around.reference.clone(),
            programme: around.programme.clone(),
            psychologist: around.psychologist.clone(),
            times: times.clone(),
        };
        outbox::enqueue(tx, clock, Message { calendar: Some(calendar.clone()), ..mail.message()? })?;
    }
    Ok(())
}

fn psychologist(tx: &mut Tx<'_>, id: PsychologistId) -> QueryResult<Option<Recipient>> {
    let account = psychologists::look_up::load(tx, id)?.account;
    recipients::of(tx, account)
}

fn around(tx: &mut Tx<'_>, id: SessionId) -> QueryResult<Around> {
    store::around(tx, &[id])?.pop().map(|(_, around)| around).ok_or(diesel::result::Error::NotFound)
}
