//! Tells by mail what happens to services: the type, the day and the figures, never a free text.

use std::collections::BTreeMap;

use diesel::QueryResult;

use crate::accounts::{Administrator, Role, recipients};
use crate::clock::Clock;
use crate::db::Tx;
use crate::ids::{PsychologistId, ServiceId};
use crate::mails::{ApprovedService, ServiceRecorded, ServiceRefused, ServicesApproved};
use crate::outbox;
use crate::psychologists;
use crate::services::{Reader, Service, look_up, store, title};

/// Tells the administrators that a service waits; not who recorded it.
///
/// # Errors
/// When the database fails.
pub fn recorded(tx: &mut Tx<'_>, clock: &Clock, service: &Service) -> QueryResult<()> {
    let told = look_up::load_told(tx, Reader::Provider(service.psychologist), service.id)?;
    for reader in recipients::holders(tx, Role::Administrator)? {
        if reader.account == service.recorded.by {
            continue;
        }
        let mail = ServiceRecorded {
            recipient: reader.email,
            service: service.id,
            provider: told.around.provider.clone(),
            kind: title(service.kind),
            on: service.slot.on,
            duration: service.slot.duration,
            gross: service.gross,
        };
        outbox::enqueue(tx, clock, mail.message()?)?;
    }
    Ok(())
}

/// Tells who gave it that a service is refused. The reason is read on the page.
///
/// # Errors
/// When the database fails.
pub fn refused(tx: &mut Tx<'_>, clock: &Clock, service: &Service) -> QueryResult<()> {
    let account = psychologists::look_up::load(tx, service.psychologist)?.account;
    let Some(reader) = recipients::of(tx, account)? else { return Ok(()) };
    let mail = ServiceRefused {
        recipient: reader.email,
        service: service.id,
        kind: title(service.kind),
        on: service.slot.on,
        duration: service.slot.duration,
    };
    outbox::enqueue(tx, clock, mail.message()?).map(drop)
}

/// Tells each provider, in one mail, which services were just approved together.
///
/// # Errors
/// When the database fails.
pub fn approved(tx: &mut Tx<'_>, clock: &Clock, who: &Administrator, ids: &[ServiceId]) -> QueryResult<()> {
    let mut by_provider: BTreeMap<PsychologistId, Vec<ApprovedService>> = BTreeMap::new();
    for service in store::load_all(tx, ids)? {
        let approved = ApprovedService {
            kind: title(service.kind),
            on: service.slot.on,
            duration: service.slot.duration,
            gross: service.gross,
        };
        by_provider.entry(service.psychologist).or_default().push(approved);
    }
    for (id, services) in by_provider {
        let account = psychologists::look_up::load(tx, id)?.account;
        let reader = recipients::of(tx, account)?.filter(|reader| reader.account != who.account);
        if let Some(reader) = reader {
            outbox::enqueue(tx, clock, ServicesApproved { recipient: reader.email, services }.message()?)?;
        }
    }
    Ok(())
}
