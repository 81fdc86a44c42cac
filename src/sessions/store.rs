//! The SQL of sessions and of what was decided on them. Rows are loaded through who looks, or not found.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::calendar::Month;
use crate::conventions::ServiceType;
use crate::db::{AnyConnection, MultiBackend, Tx};
use crate::hours::Minutes;
use crate::ids::{
    AccountId, ChildId, ConventionId, DecisionId, InvoiceId, ProgrammeId, PsychologistId, QuotaId, ReferralId,
    SeriesId, SessionId, SubstitutionId,
};
use crate::prepared::prepared;
use crate::schema::{
    accounts, budget_years, children, month_reopenings, programmes, psychologists, quotas, referrals,
    session_decisions, session_revisions, sessions, substitutions,
};
use crate::sessions::{Attendance, DecisionKind, Filter, Order, Phase, Record, Scope, Session, Slot, Stamp, State};
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

/// What stands in a phase.
#[derive(Debug, Clone, Copy, Default)]
pub struct PhaseTotal {
    /// Sessions.
    pub sessions: i64,
    /// Of these, those that are billed: not the absences that the convention does not pay.
    pub billed_sessions: i64,
    /// What is billed of them.
    pub billed: Minutes,
}

/// What stands in each phase of somebody's sessions, those of a month only.
///
/// # Errors
/// When the database fails.
pub fn totals(conn: &mut AnyConnection, scope: &Scope, month: Month) -> QueryResult<BTreeMap<Phase, PhaseTotal>> {
    let rows: Vec<(Phase, Minutes)> = through(scope)
        .filter(sessions::session_on.between(month.first(), month.last()))
        .select((sessions::state, sessions::billed_minutes))
        .load(conn)?;
    let mut totals = BTreeMap::new();
    for (phase, billed) in rows {
        let total: &mut PhaseTotal = totals.entry(phase).or_default();
        total.sessions += 1;
        total.billed_sessions += i64::from(billed.0 > 0);
        total.billed.0 += billed.0;
    }
    Ok(totals)
}

/// The psychologists who recorded sessions that wait for somebody, by name.
///
/// # Errors
/// When the database fails.
pub fn waiting_psychologists(conn: &mut AnyConnection, scope: &Scope) -> QueryResult<Vec<(PsychologistId, String)>> {
    let ids: Vec<PsychologistId> = through(scope)
        .filter(sessions::state.eq(Phase::Recorded))
        .select(sessions::psychologist_id)
        .distinct()
        .load(conn)?;
    psychologists::table
        .inner_join(accounts::table)
        .filter(psychologists::id.eq_any(ids))
        .select((psychologists::id, accounts::display_name))
        .order(accounts::display_name)
        .load(conn)
}

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

/// The quotas that pay for some sessions, in the order in which they are locked.
///
/// # Errors
/// When the database fails.
pub fn quotas_of(conn: &mut AnyConnection, ids: &[SessionId]) -> QueryResult<Vec<QuotaId>> {
    sessions::table
        .filter(sessions::id.eq_any(ids))
        .select(sessions::quota_id)
        .distinct()
        .order(sessions::quota_id)
        .load(conn)
}

/// Waits for whoever is moving minutes of a quota; the embedded database has one writer already.
///
/// # Errors
/// When there is no such quota, or the database fails.
pub fn lock_quota(tx: &mut Tx<'_>, quota: QuotaId) -> QueryResult<()> {
    match &mut **tx {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Pg(conn) => {
            quotas::table.find(quota).select(quotas::id).for_update().first::<QuotaId>(conn).map(|_| ())
        }
    }
}

/// Waits for whoever is moving minutes of some quotas, always in the same order, so that nobody waits for each other.
///
/// # Errors
/// When the database fails.
pub fn lock_quotas(tx: &mut Tx<'_>, ids: &[QuotaId]) -> QueryResult<()> {
    match &mut **tx {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Pg(conn) => quotas::table
            .filter(quotas::id.eq_any(ids))
            .order(quotas::id)
            .select(quotas::id)
            .for_update()
            .load::<QuotaId>(conn)
            .map(drop),
    }
}

/// The quotas of a programme that pay for the days of a period.
///
/// # Errors
/// When the database fails.
pub fn quotas_between(
    conn: &mut AnyConnection,
    programme: ProgrammeId,
    (from, until): (NaiveDate, NaiveDate),
) -> QueryResult<Vec<QuotaId>> {
    quotas::table
        .inner_join(budget_years::table)
        .filter(quotas::programme_id.eq(programme))
        .filter(budget_years::starts_on.le(until).and(budget_years::ends_on.ge(from)))
        .select(quotas::id)
        .load(conn)
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

/// The programme of a child whom somebody may see: of their programmes, or once entrusted to the psychologist.
///
/// # Errors
/// When there is no such child, or the database fails.
pub fn load_programme_of(conn: &mut AnyConnection, scope: &Scope, child: ChildId) -> QueryResult<ProgrammeId> {
    let found =
        children::table.filter(children::id.eq(child)).select(children::programme_id).into_boxed::<MultiBackend>();
    let found = match scope {
        Scope::Programmes(ids) => found.filter(children::programme_id.eq_any(ids)),
        Scope::Psychologist(id) => found.filter(diesel::dsl::exists(
            referrals::table.filter(referrals::child_id.eq(child).and(referrals::psychologist_id.eq(*id))),
        )),
    };
    found.first(conn)
}

/// Until when a month was reopened for late entries, if it was.
///
/// # Errors
/// When the database fails.
pub fn reopened_until(
    conn: &mut AnyConnection,
    convention: ConventionId,
    month: Month,
) -> QueryResult<Option<NaiveDate>> {
    month_reopenings::table
        .filter(month_reopenings::convention_id.eq(convention).and(month_reopenings::month_on.eq(month.first())))
        .select(diesel::dsl::max(month_reopenings::until_on))
        .first(conn)
}

/// What a session is told with, beside its own facts: nothing that names the child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Around {
    /// The child's reference.
    pub reference: String,
    /// The psychologist's name.
    pub psychologist: String,
    /// The programme's name.
    pub programme: String,
    /// What is left of the referral.
    pub referral_left: Minutes,
    /// What the referral grants.
    pub referral_granted: Minutes,
    /// What is left of the quota.
    pub quota_left: Minutes,
    /// The budget year of the quota.
    pub year: String,
}

type AroundRow = (SessionId, String, String, String, (Minutes, Minutes, Minutes), (Minutes, Minutes, Minutes), String);

/// What some sessions are told with.
///
/// # Errors
/// When the database fails.
pub fn around(conn: &mut AnyConnection, ids: &[SessionId]) -> QueryResult<Vec<(SessionId, Around)>> {
    let rows: Vec<AroundRow> = sessions::table
        .inner_join(children::table)
        .inner_join(programmes::table)
        .inner_join(psychologists::table.inner_join(accounts::table))
        .inner_join(referrals::table)
        .inner_join(quotas::table.inner_join(budget_years::table))
        .filter(sessions::id.eq_any(ids))
        .select((
            sessions::id,
            children::reference,
            accounts::display_name,
            programmes::name,
            (referrals::minutes, referrals::reserved_minutes, referrals::used_minutes),
            (quotas::allotted_minutes, quotas::reserved_minutes, quotas::used_minutes),
            budget_years::label,
        ))
        .load(conn)?;
    let left = |(all, reserved, used): (Minutes, Minutes, Minutes)| all - reserved - used;
    let read = |(id, reference, psychologist, programme, referral, quota, year): AroundRow| {
        let around = Around {
            reference,
            psychologist,
            programme,
            referral_left: left(referral),
            referral_granted: referral.0,
            quota_left: left(quota),
            year,
        };
        (id, around)
    };
    Ok(rows.into_iter().map(read).collect())
}

/// How often each length was approved for some children: what is usual for them.
///
/// # Errors
/// When the database fails.
pub fn approved_lengths(conn: &mut AnyConnection, of: &[ChildId]) -> QueryResult<Vec<(ChildId, Minutes, i64)>> {
    sessions::table
        .filter(sessions::child_id.eq_any(of))
        .filter(sessions::state.eq_any([Phase::Approved, Phase::Invoiced]))
        .group_by((sessions::child_id, sessions::duration_minutes))
        .select((sessions::child_id, sessions::duration_minutes, diesel::dsl::count_star()))
        .load(conn)
}

/// The days on which some children have sessions that stand, between two days: one line a session.
///
/// # Errors
/// When the database fails.
pub fn days_of(
    conn: &mut AnyConnection,
    of: &[ChildId],
    from: NaiveDate,
    until: NaiveDate,
) -> QueryResult<Vec<(ChildId, NaiveDate)>> {
    sessions::table
        .filter(sessions::child_id.eq_any(of))
        .filter(sessions::session_on.between(from, until))
        .filter(sessions::state.ne_all([Phase::Cancelled, Phase::Refused]))
        .select((sessions::child_id, sessions::session_on))
        .load(conn)
}

/// A child as finance and programs know them: a reference; with the referral that is valid on a day.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct OpenReferral {
    /// Which.
    pub id: ReferralId,
    /// The child.
    pub child_id: ChildId,
    /// The child's reference.
    pub reference: String,
    /// The programme.
    pub programme_id: ProgrammeId,
    /// The programme's name.
    pub programme: String,
    /// What is granted.
    pub minutes: Minutes,
    /// Held by sessions booked or recorded.
    pub reserved: Minutes,
    /// Held by sessions approved or invoiced.
    pub used: Minutes,
    /// To whom the child is entrusted.
    pub psychologist_id: PsychologistId,
    /// The psychologist's name.
    pub psychologist: String,
    /// The last day.
    pub ends_on: NaiveDate,
}

/// The referrals valid on a day or later within a period, of children still followed: to a psychologist, or of programmes.
///
/// # Errors
/// When the database fails.
pub fn open_referrals(
    conn: &mut AnyConnection,
    scope: &Scope,
    on: NaiveDate,
    until: NaiveDate,
) -> QueryResult<Vec<OpenReferral>> {
    let query = referrals::table
        .inner_join(children::table.inner_join(programmes::table))
        .inner_join(psychologists::table.inner_join(accounts::table.on(accounts::id.eq(psychologists::account_id))))
        .filter(referrals::starts_on.le(until).and(referrals::ends_on.ge(on)))
        .filter(children::closed_on.is_null().or(children::closed_on.ge(on)))
        .order((children::reference, referrals::starts_on, referrals::id))
        .select((
            referrals::id,
            children::id,
            children::reference,
            programmes::id,
            programmes::name,
            referrals::minutes,
            referrals::reserved_minutes,
            referrals::used_minutes,
            psychologists::id,
            accounts::display_name,
            referrals::ends_on,
        ))
        .into_boxed::<MultiBackend>();
    match scope {
        Scope::Psychologist(id) => query.filter(referrals::psychologist_id.eq(*id)).load(conn),
        Scope::Programmes(ids) => query.filter(children::programme_id.eq_any(ids)).load(conn),
    }
}

/// The latest session of each child with a psychologist that was recorded: when and how long.
///
/// # Errors
/// When the database fails.
pub fn latest_of_children(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    of: &[ChildId],
) -> QueryResult<Vec<(ChildId, NaiveDate, Minutes)>> {
    let rows: Vec<(ChildId, NaiveDate, Minutes)> = sessions::table
        .filter(sessions::psychologist_id.eq(psychologist).and(sessions::child_id.eq_any(of)))
        .filter(sessions::state.eq_any([Phase::Recorded, Phase::Approved, Phase::Invoiced]))
        .order((sessions::starts_at.desc(), sessions::id))
        .select((sessions::child_id, sessions::session_on, sessions::duration_minutes))
        .load(conn)?;
    let mut seen = std::collections::BTreeSet::new();
    Ok(rows.into_iter().filter(|(child, ..)| seen.insert(*child)).collect())
}

/// A session as those who pay know it: a reference, never a name.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct PaidSession {
    /// Which.
    pub id: SessionId,
    /// The child's reference.
    pub reference: String,
    /// The programme.
    pub programme_id: ProgrammeId,
    /// What for.
    pub service_type: ServiceType,
    /// The local date.
    pub session_on: NaiveDate,
    /// How long it lasted.
    pub duration: Minutes,
    /// What is to be invoiced.
    pub billed: Minutes,
    /// What happened.
    pub attendance: Option<Attendance>,
    /// Who approved it.
    pub decided_by: Option<AccountId>,
    /// When it was approved.
    pub decided_at: Option<Ts>,
}

/// The sessions of a psychologist and a month that stand in a phase, as those who pay know them, in order.
///
/// # Errors
/// When the database fails.
pub fn paid_sessions(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    month: Month,
    phase: Phase,
) -> QueryResult<Vec<PaidSession>> {
    sessions::table
        .inner_join(children::table)
        .filter(sessions::psychologist_id.eq(psychologist).and(sessions::state.eq(phase)))
        .filter(sessions::session_on.between(month.first(), month.last()))
        .order((sessions::starts_at, sessions::id))
        .select((
            sessions::id,
            children::reference,
            sessions::programme_id,
            sessions::service_type,
            sessions::session_on,
            sessions::duration_minutes,
            sessions::billed_minutes,
            sessions::attendance,
            sessions::decided_by,
            sessions::decided_at,
        ))
        .load(conn)
}

/// A session that is past and neither approved nor given up.
#[derive(Debug, Clone, Queryable)]
pub struct Unfinished {
    /// The account of its psychologist.
    pub account: AccountId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// The programme's name.
    pub programme_name: String,
    /// The convention that pays.
    pub convention: ConventionId,
    /// Where it stands: booked, recorded or refused.
    pub phase: Phase,
    /// Its day.
    pub on: NaiveDate,
}

/// The sessions of a period that are past and neither approved nor given up, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn unfinished(
    conn: &mut AnyConnection,
    (from, until): (NaiveDate, NaiveDate),
    now: Ts,
) -> QueryResult<Vec<Unfinished>> {
    sessions::table
        .inner_join(psychologists::table)
        .inner_join(programmes::table)
        .inner_join(quotas::table.inner_join(budget_years::table))
        .filter(sessions::session_on.between(from, until).and(sessions::ends_at.le(now)))
        .filter(sessions::state.eq_any([Phase::Booked, Phase::Recorded, Phase::Refused]))
        .order((sessions::session_on, sessions::id))
        .select((
            psychologists::account_id,
            sessions::programme_id,
            programmes::name,
            budget_years::convention_id,
            sessions::state,
            sessions::session_on,
        ))
        .load(conn)
}

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
