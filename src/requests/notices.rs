//! Tells by mail what happens to requests: by reference, never by name.

use diesel::QueryResult;

use crate::accounts::{Recipient, recipients};
use crate::clock::Clock;
use crate::db::Tx;
use crate::mails::RequestChanged;
use crate::outbox;
use crate::requests::{Request, Standing, look_up};

/// Tells that a session is asked for, to those who may book it.
///
/// # Errors
/// When the database fails.
pub fn asked(tx: &mut Tx<'_>, clock: &Clock, request: &Request) -> QueryResult<()> {
    let mut readers = recipients::coordinators(tx, request.programme_id)?;
    for account in super::store::psychologists_of(tx, request.asked.child, request.asked.from)? {
        readers.extend(recipients::of(tx, account)?);
    }
    readers.sort_by_key(|reader| reader.account);
    readers.dedup_by_key(|reader| reader.account);
    tell(tx, clock, request, readers)
}

/// Tells who asked what was answered.
///
/// # Errors
/// When the database fails.
pub fn answered(tx: &mut Tx<'_>, clock: &Clock, request: &Request) -> QueryResult<()> {
    let asker = recipients::of(tx, request.requested_by)?;
    tell(tx, clock, request, asker.into_iter().collect())
}

fn tell(tx: &mut Tx<'_>, clock: &Clock, request: &Request, readers: Vec<Recipient>) -> QueryResult<()> {
    let Some(listed) = look_up::told(tx, vec![request.clone()])?.pop() else { return Ok(()) };
    for reader in readers {
        let mail = RequestChanged {
            recipient: reader.email,
            reference: listed.around.reference.clone(),
            programme: listed.around.programme.clone(),
            asker: listed.around.asker.clone(),
            is_open: request.standing == Standing::Open,
            is_booked: request.standing == Standing::Booked,
            duration: request.asked.duration,
            from: request.asked.from,
            reason: request.declined_for.map(super::DeclinedFor::french),
        };
        outbox::enqueue(tx, clock, mail.message()?)?;
    }
    Ok(())
}
