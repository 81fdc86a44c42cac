//! What the journal and the decisions keep of a service: figures, never a free text.

use serde_json::{Value, json};

use crate::clock::Clock;
use crate::db::Tx;
use crate::ids::{AccountId, ServiceId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::services::{Reader, Service, store};
use crate::sessions::{DecisionKind, Reason, Stamp};

/// A service as the journal keeps it.
fn facts(service: &Service) -> Value {
    json!({
        "state": service.state.phase(),
        "service": service.kind,
        "service_on": service.slot.on,
        "starts_at": service.slot.starts_at.rfc3339(),
        "duration_minutes": service.slot.duration,
        "participants": service.participants,
        "hourly_cents": service.hourly,
        "vat": service.vat,
        "gross_cents": service.gross,
        "psychologist_id": service.psychologist,
        "budget_line_id": service.line,
        "programme_ids": service.programmes,
    })
}

/// Writes what happened to a service on its convention's chain.
///
/// # Errors
/// When the database fails.
pub fn write(
    tx: &mut Tx<'_>,
    clock: &Clock,
    by: AccountId,
    action: &'static str,
    before: Option<&Service>,
    after: &Service,
) -> diesel::QueryResult<()> {
    let entry = Entry {
        chain: Chain::Convention(store::line(tx, after.line)?.convention),
        actor: Actor::Account(by),
        action,
        subject: "service",
        subject_id: after.id.0,
        before: before.map(facts),
        after: Some(facts(after)),
    };
    journal::write(tx, clock, entry)
}

/// Keeps a decision on a service with what was seen of it before (rule 7).
///
/// # Errors
/// When the database fails.
pub fn keep_decision(
    tx: &mut Tx<'_>,
    service: &Service,
    (kind, reason): (DecisionKind, Option<&Reason>),
    stamp: Stamp,
) -> diesel::QueryResult<()> {
    let left = store::line(tx, service.line)?.line.left();
    let mut seen = facts(service);
    seen["line_left_minutes"] = json!(left.time);
    seen["line_left_cents"] = json!(left.cost);
    store::insert_decision(tx, service.id, (kind, reason.map(Reason::as_str)), &seen.to_string(), stamp)
}

/// Loads a service that somebody sees, once nobody else is moving hours of its line: what is read then stays true.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load_alone(tx: &mut Tx<'_>, reader: Reader, id: ServiceId) -> diesel::QueryResult<Service> {
    store::load(tx, reader, id)?;
    store::lock_lines_of(tx, &[id])?;
    store::load(tx, reader, id)
}
