//! What was decided on sessions.

use diesel::prelude::*;

use crate::db::{AnyConnection, Tx};
use crate::ids::{AccountId, DecisionId, SessionId, SubstitutionId};
use crate::schema::{accounts, session_decisions, sessions, substitutions};
use crate::sessions::store::through;
use crate::sessions::{DecisionKind, Phase, Scope, Stamp};
use crate::sql_types::Ts;

/// The sessions that somebody approved at one instant, of programmes.
///
/// # Errors
/// When the database fails.
pub fn approved_at(conn: &mut AnyConnection, scope: &Scope, by: AccountId, at: Ts) -> QueryResult<Vec<SessionId>> {
    through(scope)
        .filter(sessions::state.eq(Phase::Approved))
        .filter(sessions::decided_by.eq(by).and(sessions::decided_at.eq(at)))
        .order(sessions::id)
        .select(sessions::id)
        .load(conn)
}

/// What was decided on a session, by whom, and what was seen.
#[derive(Debug, Clone)]
pub struct StoredDecision {
    /// What was decided.
    pub kind: DecisionKind,
    /// Why, unless it was approved.
    pub reason: Option<String>,
    /// When.
    pub at: Ts,
    /// The name of who decided.
    pub by: String,
    /// The name of the coordinator in whose place they did.
    pub in_place_of: Option<String>,
}

/// Keeps a decision with what was seen, by whom, and by which naming when they stood in for a coordinator.
///
/// # Errors
/// When the database fails.
pub fn insert_decision(
    tx: &mut Tx<'_>,
    session: SessionId,
    (kind, reason): (DecisionKind, Option<&str>),
    seen: &str,
    (stamp, lent): (Stamp, Option<SubstitutionId>),
) -> QueryResult<()> {
    let decision = diesel::insert_into(session_decisions::table).values((
        session_decisions::id.eq(DecisionId::new()),
        session_decisions::session_id.eq(session),
        session_decisions::kind.eq(kind),
        session_decisions::reason.eq(reason),
        session_decisions::seen.eq(seen),
        session_decisions::decided_by.eq(stamp.by),
        session_decisions::decided_at.eq(stamp.at),
        session_decisions::substitution_id.eq(lent),
    ));
    decision.execute(&mut **tx)?;
    Ok(())
}

/// What was decided on a session, in order.
///
/// # Errors
/// When the database fails.
pub fn decisions(conn: &mut AnyConnection, session: SessionId) -> QueryResult<Vec<StoredDecision>> {
    type Row = (DecisionKind, Option<String>, Ts, String, Option<SubstitutionId>);
    let rows: Vec<Row> = session_decisions::table
        .inner_join(accounts::table)
        .filter(session_decisions::session_id.eq(session))
        .order((session_decisions::decided_at, session_decisions::id))
        .select((
            session_decisions::kind,
            session_decisions::reason,
            session_decisions::decided_at,
            accounts::display_name,
            session_decisions::substitution_id,
        ))
        .load(conn)?;
    let lent: Vec<SubstitutionId> = rows.iter().filter_map(|row| row.4).collect();
    let named_by: Vec<(SubstitutionId, String)> = substitutions::table
        .inner_join(accounts::table.on(accounts::id.eq(substitutions::named_by)))
        .filter(substitutions::id.eq_any(lent))
        .select((substitutions::id, accounts::display_name))
        .load(conn)?;
    let name_of = |id: SubstitutionId| named_by.iter().find(|(known, _)| *known == id).map(|(_, name)| name.clone());
    Ok(rows
        .into_iter()
        .map(|(kind, reason, at, by, lent)| StoredDecision {
            kind,
            reason,
            at,
            by,
            in_place_of: lent.and_then(name_of),
        })
        .collect())
}
