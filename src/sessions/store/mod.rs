//! The SQL of sessions and of what was decided on them. Rows are loaded through who looks, or not found.

mod around;
mod decisions;
mod paid;
mod quotas;
mod shown;

pub use around::*;
pub use decisions::*;
pub use paid::*;
pub use quotas::*;
pub use shown::*;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::conventions::ServiceType;
use crate::db::{AnyConnection, MultiBackend, Tx};
use crate::hours::Minutes;
use crate::ids::{
    AccountId, ChildId, InvoiceId, ProgrammeId, PsychologistId, QuotaId, ReferralId, SeriesId, SessionId,
};
use crate::prepared::prepared;
use crate::schema::sessions;
use crate::sessions::{Attendance, Filter, Order, Phase, Record, Scope, Session, Slot, Stamp, State};
use crate::sql_types::Ts;

/// A session as it is stored: the facts of its state in columns that may be empty.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = sessions, treat_none_as_null = true)]
struct Row {
    id: SessionId,
    programme_id: ProgrammeId,
    quota_id: QuotaId,
    child_id: ChildId,
    referral_id: ReferralId,
    psychologist_id: PsychologistId,
    service_type: ServiceType,
    state: Phase,
    attendance: Option<Attendance>,
    session_on: NaiveDate,
    starts_at: Ts,
    ends_at: Ts,
    duration_minutes: Minutes,
    quota_minutes: Minutes,
    billed_minutes: Minutes,
    place: Option<String>,
    created_by: AccountId,
    created_at: Ts,
    booked_at: Option<Ts>,
    recorded_by: Option<AccountId>,
    recorded_at: Option<Ts>,
    decided_by: Option<AccountId>,
    decided_at: Option<Ts>,
    reason: Option<String>,
    cancelled_by: Option<AccountId>,
    cancelled_at: Option<Ts>,
    invoice_id: Option<InvoiceId>,
    series_id: Option<SeriesId>,
    wants_earlier: bool,
}

impl Row {
    /// The state with its facts; `None` when one is missing, which the table's constraints forbid.
    fn state(&self) -> Option<State> {
        let record = || Some(Record { attendance: self.attendance?, by: self.recorded_by?, at: self.recorded_at? });
        let decided = || Some(Stamp { by: self.decided_by?, at: self.decided_at? });
        Some(match self.state {
            Phase::Booked => State::Booked,
            Phase::Recorded => State::Recorded(record()?),
            Phase::Approved => State::Approved(record()?, decided()?),
            Phase::Refused => State::Refused(record()?, decided()?, self.reason.clone()?),
            Phase::Cancelled => {
                State::Cancelled(Stamp { by: self.cancelled_by?, at: self.cancelled_at? }, self.reason.clone())
            }
            Phase::Invoiced => State::Invoiced(record()?, decided()?, self.invoice_id?),
        })
    }

    fn session(self) -> QueryResult<Session> {
        let lacking =
            || DieselError::DeserializationError(format!("session {} lacks a fact of its state", self.id).into());
        let state = self.state().ok_or_else(lacking)?;
        Ok(Session {
            id: self.id,
            programme_id: self.programme_id,
            quota_id: self.quota_id,
            child_id: self.child_id,
            referral_id: self.referral_id,
            psychologist_id: self.psychologist_id,
            service_type: self.service_type,
            slot: Slot { on: self.session_on, starts_at: self.starts_at, duration: self.duration_minutes },
            quota_minutes: self.quota_minutes,
            billed_minutes: self.billed_minutes,
            place: self.place,
            created_by: self.created_by,
            created_at: self.created_at,
            booked_at: self.booked_at,
            series_id: self.series_id,
            wants_earlier: self.wants_earlier,
            state,
        })
    }
}

impl From<&Session> for Row {
    fn from(session: &Session) -> Self {
        let record = session.state.record();
        let (decided, cancelled, reason, invoice_id) = match &session.state {
            State::Booked | State::Recorded(_) => (None, None, None, None),
            State::Approved(_, decided) => (Some(*decided), None, None, None),
            State::Refused(_, decided, reason) => (Some(*decided), None, Some(reason.clone()), None),
            State::Cancelled(cancelled, reason) => (None, Some(*cancelled), reason.clone(), None),
            State::Invoiced(_, decided, invoice) => (Some(*decided), None, None, Some(*invoice)),
        };
        Self {
            id: session.id,
            programme_id: session.programme_id,
            quota_id: session.quota_id,
            child_id: session.child_id,
            referral_id: session.referral_id,
            psychologist_id: session.psychologist_id,
            service_type: session.service_type,
            state: session.state.phase(),
            attendance: record.map(|record| record.attendance),
            session_on: session.slot.on,
            starts_at: session.slot.starts_at,
            ends_at: session.slot.ends_at(),
            duration_minutes: session.slot.duration,
            quota_minutes: session.quota_minutes,
            billed_minutes: session.billed_minutes,
            place: session.place.clone(),
            created_by: session.created_by,
            created_at: session.created_at,
            booked_at: session.booked_at,
            recorded_by: record.map(|record| record.by),
            recorded_at: record.map(|record| record.at),
            decided_by: decided.map(|stamp| stamp.by),
            decided_at: decided.map(|stamp| stamp.at),
            reason,
            cancelled_by: cancelled.map(|stamp| stamp.by),
            cancelled_at: cancelled.map(|stamp| stamp.at),
            invoice_id,
            series_id: session.series_id,
            wants_earlier: session.wants_earlier,
        }
    }
}

type Boxed<'a> = sessions::BoxedQuery<'a, MultiBackend>;

/// The sessions that are somebody's.
fn through(scope: &Scope) -> Boxed<'_> {
    let all = sessions::table.into_boxed();
    match scope {
        Scope::Psychologist(id) => all.filter(sessions::psychologist_id.eq(*id)),
        Scope::Programmes(ids) => all.filter(sessions::programme_id.eq_any(ids)),
    }
}

fn narrowed<'a>(query: Boxed<'a>, filter: &Filter) -> Boxed<'a> {
    let mut query = query;
    if let Some(month) = filter.month {
        query = query.filter(sessions::session_on.between(month.first(), month.last()));
    }
    if let Some(phase) = filter.phase {
        query = query.filter(sessions::state.eq(phase));
    }
    if let Some(programme) = filter.programme {
        query = query.filter(sessions::programme_id.eq(programme));
    }
    if let Some(psychologist) = filter.psychologist {
        query = query.filter(sessions::psychologist_id.eq(psychologist));
    }
    if let Some(child) = filter.child {
        query = query.filter(sessions::child_id.eq(child));
    }
    query
}

fn ordered(query: Boxed<'_>, order: Order) -> Boxed<'_> {
    match order {
        Order::LatestFirst => query.order((sessions::starts_at.desc(), sessions::id)),
        Order::EarliestFirst => query.order((sessions::starts_at, sessions::id)),
        Order::LongestFirst => query.order((sessions::duration_minutes.desc(), sessions::starts_at.desc())),
        Order::ShortestFirst => query.order((sessions::duration_minutes, sessions::starts_at.desc())),
    }
}

fn sessions_of(rows: Vec<Row>) -> QueryResult<Vec<Session>> {
    rows.into_iter().map(Row::session).collect()
}

/// A session of somebody's.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load(conn: &mut AnyConnection, scope: &Scope, id: SessionId) -> QueryResult<Session> {
    prepared(through(scope).filter(sessions::id.eq(id)).limit(1)).get_result::<Row>(conn)?.session()
}

/// Those of some sessions that are somebody's.
///
/// # Errors
/// When the database fails.
pub fn load_all(conn: &mut AnyConnection, scope: &Scope, ids: &[SessionId]) -> QueryResult<Vec<Session>> {
    sessions_of(through(scope).filter(sessions::id.eq_any(ids)).load(conn)?)
}

/// How many sessions of somebody's a filter lets through.
///
/// # Errors
/// When the database fails.
pub fn count(conn: &mut AnyConnection, scope: &Scope, filter: &Filter) -> QueryResult<i64> {
    narrowed(through(scope), filter).count().get_result(conn)
}

/// Some sessions of somebody's.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    filter: &Filter,
    order: Order,
    (offset, limit): (i64, i64),
) -> QueryResult<Vec<Session>> {
    let query = ordered(narrowed(through(scope), filter), order);
    sessions_of(query.offset(offset).limit(limit).load(conn)?)
}

/// The sessions of somebody's that start in a stretch of days, in order, but those cancelled.
///
/// # Errors
/// When the database fails.
pub fn between(
    conn: &mut AnyConnection,
    scope: &Scope,
    from: NaiveDate,
    until: NaiveDate,
) -> QueryResult<Vec<Session>> {
    let query = through(scope)
        .filter(sessions::session_on.between(from, until))
        .filter(sessions::state.ne(Phase::Cancelled))
        .order((sessions::starts_at, sessions::id));
    sessions_of(query.load(conn)?)
}

/// The booked sessions of somebody's that have started, in order.
///
/// # Errors
/// When the database fails.
pub fn to_record(conn: &mut AnyConnection, scope: &Scope, now: Ts) -> QueryResult<Vec<Session>> {
    let query = through(scope)
        .filter(sessions::state.eq(Phase::Booked).and(sessions::starts_at.le(now)))
        .order((sessions::starts_at, sessions::id));
    sessions_of(query.load(conn)?)
}

/// The sessions of a series that are still booked, of somebody's, in order.
///
/// # Errors
/// When the database fails.
pub fn booked_of_series(conn: &mut AnyConnection, scope: &Scope, series: SeriesId) -> QueryResult<Vec<Session>> {
    let query = through(scope)
        .filter(sessions::series_id.eq(series).and(sessions::state.eq(Phase::Booked)))
        .order((sessions::starts_at, sessions::id));
    sessions_of(query.load(conn)?)
}

/// The sessions of a series that were cancelled at one instant, of somebody's, in order.
///
/// # Errors
/// When the database fails.
pub fn cancelled_together(
    conn: &mut AnyConnection,
    scope: &Scope,
    series: SeriesId,
    at: Ts,
) -> QueryResult<Vec<Session>> {
    let query = through(scope)
        .filter(sessions::series_id.eq(series).and(sessions::state.eq(Phase::Cancelled)))
        .filter(sessions::cancelled_at.eq(at))
        .order((sessions::starts_at, sessions::id));
    sessions_of(query.load(conn)?)
}

/// The booked sessions of a psychologist's that would take an earlier place and fit in one, of somebody's, the nearest
/// first: of children who are free then, whose referral has begun.
///
/// # Errors
/// When the database fails.
pub fn waiting_for_earlier(
    conn: &mut AnyConnection,
    scope: &Scope,
    psychologist: PsychologistId,
    place: Slot,
    most: i64,
) -> QueryResult<Vec<Session>> {
    let other = diesel::alias!(sessions as other);
    let busy = other
        .filter(other.field(sessions::child_id).eq(sessions::child_id))
        .filter(other.field(sessions::id).ne(sessions::id))
        .filter(other.field(sessions::state).ne_all([Phase::Cancelled, Phase::Refused]))
        .filter(other.field(sessions::starts_at).lt(place.ends_at()))
        .filter(other.field(sessions::ends_at).gt(place.starts_at));
    let query = through(scope)
        .filter(sessions::psychologist_id.eq(psychologist).and(sessions::wants_earlier.eq(true)))
        .filter(sessions::state.eq(Phase::Booked).and(sessions::starts_at.gt(place.starts_at)))
        .filter(sessions::duration_minutes.le(place.duration))
        .filter(diesel::dsl::not(diesel::dsl::exists(busy)))
        .order((sessions::starts_at, sessions::id))
        .limit(most);
    sessions_of(query.load(conn)?)
}

/// Some sessions of somebody's, in order.
///
/// # Errors
/// When the database fails.
pub fn load_many(conn: &mut AnyConnection, scope: &Scope, ids: &[SessionId]) -> QueryResult<Vec<Session>> {
    let query = through(scope).filter(sessions::id.eq_any(ids)).order((sessions::starts_at, sessions::id));
    sessions_of(query.load(conn)?)
}

/// When a psychologist or a child is taken, in a stretch of days.
///
/// # Errors
/// When the database fails.
pub fn taken(
    conn: &mut AnyConnection,
    (child, psychologist): (ChildId, PsychologistId),
    (from, until): (NaiveDate, NaiveDate),
) -> QueryResult<Vec<Slot>> {
    let rows: Vec<(NaiveDate, Ts, Minutes)> = sessions::table
        .filter(sessions::psychologist_id.eq(psychologist).or(sessions::child_id.eq(child)))
        .filter(sessions::session_on.between(from, until))
        .filter(sessions::state.ne_all([Phase::Cancelled, Phase::Refused]))
        .select((sessions::session_on, sessions::starts_at, sessions::duration_minutes))
        .load(conn)?;
    Ok(rows.into_iter().map(|(on, starts_at, duration)| Slot { on, starts_at, duration }).collect())
}

/// Enters a session.
///
/// # Errors
/// When it overlaps another (`sessions_psychologist_overlap`, `sessions_child_overlap`), or the database fails.
pub fn insert(tx: &mut Tx<'_>, session: &Session) -> QueryResult<()> {
    diesel::insert_into(sessions::table).values(Row::from(session)).execute(&mut **tx)?;
    Ok(())
}

/// Writes a session that left a phase. When another was first, the transaction starts again and sees what they did.
///
/// # Errors
/// When it no longer stands there, overlaps another, or the database fails.
pub fn change(tx: &mut Tx<'_>, from: Phase, session: &Session) -> QueryResult<()> {
    let change = diesel::update(sessions::table.find(session.id)).filter(sessions::state.eq(from));
    let changed = change.set(Row::from(session)).execute(&mut **tx)?;
    let another_was_first = || {
        let what = format!("session {} left {from} meanwhile", session.id);
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new(what))
    };
    if changed == 1 { Ok(()) } else { Err(another_was_first()) }
}

/// The booked sessions of a day, in order: of one psychologist, or of all.
///
/// # Errors
/// When the database fails.
pub fn booked_on(
    conn: &mut AnyConnection,
    on: NaiveDate,
    psychologist: Option<PsychologistId>,
) -> QueryResult<Vec<Session>> {
    let mut query = sessions::table
        .filter(sessions::session_on.eq(on).and(sessions::state.eq(Phase::Booked)))
        .order((sessions::starts_at, sessions::id))
        .into_boxed();
    if let Some(psychologist) = psychologist {
        query = query.filter(sessions::psychologist_id.eq(psychologist));
    }
    sessions_of(query.load(conn)?)
}

/// A session, if it is booked, whoever asks.
///
/// # Errors
/// When the database fails.
pub fn find_booked(conn: &mut AnyConnection, id: SessionId) -> QueryResult<Option<Session>> {
    let found = sessions::table.find(id).filter(sessions::state.eq(Phase::Booked)).first::<Row>(conn).optional()?;
    found.map(Row::session).transpose()
}
