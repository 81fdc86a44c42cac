//! Sessions as calendars show them, with their versions.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::{AnyConnection, Tx};
use crate::hours::Minutes;
use crate::ids::{ProgrammeId, PsychologistId, SessionId};
use crate::schema::{children, session_revisions, sessions};
use crate::sessions::Phase;
use crate::sql_types::Ts;

/// Notes a change that calendars show: the first version of a session is 0, each later one is one more.
///
/// # Errors
/// When the database fails.
pub fn note_revision(tx: &mut Tx<'_>, session: SessionId, existed: bool, now: Ts) -> QueryResult<()> {
    let raised = diesel::update(session_revisions::table.find(session))
        .set((session_revisions::sequence.eq(session_revisions::sequence + 1), session_revisions::changed_at.eq(now)))
        .execute(&mut **tx)?;
    if raised == 0 {
        diesel::insert_into(session_revisions::table)
            .values((
                session_revisions::session_id.eq(session),
                session_revisions::sequence.eq(i32::from(existed)),
                session_revisions::changed_at.eq(now),
            ))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// A session as calendars show it: a reference, never a name.
#[derive(Debug, Clone, Queryable)]
pub struct Shown {
    /// Which.
    pub id: SessionId,
    /// The child's reference.
    pub reference: String,
    /// When it starts.
    pub starts_at: Ts,
    /// How long it lasts.
    pub duration: Minutes,
    /// Where, if it was said.
    pub place: Option<String>,
    /// Where it stands.
    pub phase: Phase,
    /// When it was entered.
    pub created_at: Ts,
    /// Its version, and since when.
    pub revision: Option<(i32, Ts)>,
}

type ShownColumns = (
    sessions::id,
    children::reference,
    sessions::starts_at,
    sessions::duration_minutes,
    sessions::place,
    sessions::state,
    sessions::created_at,
    diesel::dsl::Nullable<(session_revisions::sequence, session_revisions::changed_at)>,
);

fn shown_columns() -> ShownColumns {
    (
        sessions::id,
        children::reference,
        sessions::starts_at,
        sessions::duration_minutes,
        sessions::place,
        sessions::state,
        sessions::created_at,
        (session_revisions::sequence, session_revisions::changed_at).nullable(),
    )
}

/// The sessions since a day of a psychologist, or of programmes, or of both, as calendars show them, in order.
///
/// # Errors
/// When the database fails.
pub fn shown_since(
    conn: &mut AnyConnection,
    psychologist: Option<PsychologistId>,
    programmes: &[ProgrammeId],
    since: NaiveDate,
) -> QueryResult<Vec<Shown>> {
    let theirs = sessions::psychologist_id.nullable().eq(psychologist);
    sessions::table
        .inner_join(children::table)
        .left_join(session_revisions::table)
        .filter(sessions::session_on.ge(since))
        .filter(theirs.or(sessions::programme_id.nullable().eq_any(programmes.iter().copied().map(Some))))
        .order((sessions::starts_at, sessions::id))
        .select(shown_columns())
        .load(conn)
}

/// Some sessions as calendars show them, in order.
///
/// # Errors
/// When the database fails.
pub fn shown(conn: &mut AnyConnection, ids: &[SessionId]) -> QueryResult<Vec<Shown>> {
    sessions::table
        .inner_join(children::table)
        .left_join(session_revisions::table)
        .filter(sessions::id.eq_any(ids))
        .order((sessions::starts_at, sessions::id))
        .select(shown_columns())
        .load(conn)
}
