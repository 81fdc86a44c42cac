//! Tells by mail what happens to sessions: by reference, never by name, and without the words of a reason.

use std::collections::BTreeMap;

use diesel::QueryResult;

use crate::accounts::{Recipient, recipients};
use crate::clock::Clock;
use crate::db::Tx;
use crate::ids::{PsychologistId, SessionId};
use crate::mails::{ApprovedSession, SessionRecorded, SessionRefused, SessionsApproved};
use crate::sessions::store::{self, Around};
use crate::sessions::{Scope, Session};
use crate::{outbox, psychologists};

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
    for id in ids {
        let session = store::load(tx, scope, *id)?;
        let Some(Around { reference, .. }) = around.get(id) else { continue };
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

fn psychologist(tx: &mut Tx<'_>, id: PsychologistId) -> QueryResult<Option<Recipient>> {
    let account = psychologists::look_up::load(tx, id)?.account;
    recipients::of(tx, account)
}

fn around(tx: &mut Tx<'_>, id: SessionId) -> QueryResult<Around> {
    store::around(tx, &[id])?.pop().map(|(_, around)| around).ok_or(diesel::result::Error::NotFound)
}
