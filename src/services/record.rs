//! Whoever led a practice analysis or a training records it: its hours and euros are reserved on their budget line.

use crate::accounts::Psychologist;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::Failure;
use crate::ids::ServiceId;
use crate::services::admission::{self, AdmissionRefusal};
use crate::services::{Said, Service, State, facts, ledger, notices, store};
use crate::sessions::Stamp;

/// Records a service that is over.
///
/// # Errors
/// As [`AdmissionRefusal`] says, or when the database fails.
pub fn record(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    said: &Said,
) -> Result<ServiceId, Failure<AdmissionRefusal>> {
    let admitted = admission::admit(tx, clock, who, said)?;
    admission::check_the_month_is_open(tx, clock, admitted.convention, said.on)?;
    let service = Service {
        id: ServiceId::new(),
        line: admitted.line,
        psychologist: who.id,
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
    };
    ledger::reserve(tx, service.line, service.part()).map_err(|e| e.map(AdmissionRefusal::Line))?;
    store::insert(tx, &service).map_err(|e| admission::overlap(e, service.slot))?;
    facts::write(tx, clock, who.account, "service.recorded", None, &service)?;
    notices::recorded(tx, clock, &service)?;
    Ok(service.id)
}
