//! The SQL of families' requests, and of all that is kept of one child.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::data_requests::{DataRequest, DataRequestKind, DataRequestState, KeptReferral, KeptSession, RefusedFor};
use crate::db::{AnyConnection, MultiBackend, Tx};
use crate::each;
use crate::ids::{AccountId, ChildId, DataRequestId, ProgrammeId};
use crate::schema::{children, data_request_counters, data_requests, programmes, psychologists, referrals, sessions};
use crate::sessions::{Attendance, Phase};
use crate::sql_types::Ts;

type Columns = (
    data_requests::id,
    data_requests::number,
    data_requests::kind,
    data_requests::programme_id,
    data_requests::child_id,
    data_requests::received_on,
    data_requests::due_on,
    data_requests::state,
    data_requests::refused_for,
    data_requests::closed_at,
);
const REQUEST: Columns = (
    data_requests::id,
    data_requests::number,
    data_requests::kind,
    data_requests::programme_id,
    data_requests::child_id,
    data_requests::received_on,
    data_requests::due_on,
    data_requests::state,
    data_requests::refused_for,
    data_requests::closed_at,
);

/// Takes the next number of a year; the counter stays locked until the transaction ends.
pub fn take_number(tx: &mut Tx<'_>, year: i32) -> QueryResult<String> {
    use data_request_counters as counters;
    let first = (counters::year.eq(year), counters::last_number.eq(0));
    let conn = &mut **tx;
    each!(conn => diesel::insert_into(counters::table).values(first).on_conflict_do_nothing().execute(conn))?;
    let number: i32 = diesel::update(counters::table.find(year))
        .set(counters::last_number.eq(counters::last_number + 1))
        .returning(counters::last_number)
        .get_result(&mut **tx)?;
    Ok(format!("DEM-{year:04}-{number:04}"))
}

/// Inserts a request that waits.
pub fn insert(tx: &mut Tx<'_>, request: &DataRequest, by: AccountId, now: Ts) -> QueryResult<()> {
    use data_requests as r;
    diesel::insert_into(r::table)
        .values((
            (r::id.eq(request.id), r::number.eq(&request.number), r::kind.eq(request.kind)),
            (r::programme_id.eq(request.programme), r::child_id.eq(request.child)),
            (r::received_on.eq(request.received_on), r::due_on.eq(request.due_on), r::state.eq(request.state)),
            (r::recorded_by.eq(by), r::recorded_at.eq(now)),
        ))
        .execute(&mut **tx)
        .map(drop)
}

fn visible(programmes: Option<&[ProgrammeId]>) -> data_requests::BoxedQuery<'_, MultiBackend> {
    let all = data_requests::table.into_boxed();
    match programmes {
        None => all,
        Some(ids) => all.filter(data_requests::programme_id.eq_any(ids)),
    }
}

/// A request among those of some programmes, or of all.
pub fn load(
    conn: &mut AnyConnection,
    id: DataRequestId,
    programmes: Option<&[ProgrammeId]>,
) -> QueryResult<DataRequest> {
    visible(programmes).filter(data_requests::id.eq(id)).select(REQUEST).first(conn)
}

/// How many requests there are.
pub fn count(conn: &mut AnyConnection, programmes: Option<&[ProgrammeId]>) -> QueryResult<i64> {
    visible(programmes).count().get_result(conn)
}

/// The requests: those that wait first, by the day on which they are due, then the latest.
pub fn list(
    conn: &mut AnyConnection,
    programmes: Option<&[ProgrammeId]>,
    offset: i64,
    limit: i64,
) -> QueryResult<Vec<DataRequest>> {
    let closed = data_requests::closed_at;
    visible(programmes)
        .order((closed.is_not_null(), closed.desc(), data_requests::due_on, data_requests::number))
        .offset(offset)
        .limit(limit)
        .select(REQUEST)
        .load(conn)
}

/// The requests that wait and are due by a day.
pub fn due_by(conn: &mut AnyConnection, on: NaiveDate) -> QueryResult<Vec<DataRequest>> {
    data_requests::table
        .filter(data_requests::state.eq(DataRequestState::Open).and(data_requests::due_on.le(on)))
        .order((data_requests::due_on, data_requests::number))
        .select(REQUEST)
        .load(conn)
}

/// Says whom a request is about, unless it is closed or said already; gives whether it did.
pub fn set_child(tx: &mut Tx<'_>, id: DataRequestId, child: ChildId) -> QueryResult<bool> {
    let open = data_requests::table
        .find(id)
        .filter(data_requests::state.eq(DataRequestState::Open).and(data_requests::child_id.is_null()));
    Ok(diesel::update(open).set(data_requests::child_id.eq(child)).execute(&mut **tx)? == 1)
}

/// Closes a request that waits; gives whether it did.
pub fn close(
    tx: &mut Tx<'_>,
    id: DataRequestId,
    (state, refused_for): (DataRequestState, Option<RefusedFor>),
    by: AccountId,
    now: Ts,
) -> QueryResult<bool> {
    use data_requests as r;
    let closed = diesel::update(r::table.find(id).filter(r::state.eq(DataRequestState::Open))).set((
        r::state.eq(state),
        r::refused_for.eq(refused_for),
        r::closed_by.eq(by),
        r::closed_at.eq(now),
    ));
    Ok(closed.execute(&mut **tx)? == 1)
}

/// The references of children.
pub fn references(conn: &mut AnyConnection, of: &[ChildId]) -> QueryResult<BTreeMap<ChildId, String>> {
    let rows: Vec<(ChildId, String)> =
        children::table.filter(children::id.eq_any(of)).select((children::id, children::reference)).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The child of a reference, in some programmes, whose identity is known.
pub fn child_of(
    conn: &mut AnyConnection,
    reference: &str,
    programmes: &[ProgrammeId],
) -> QueryResult<Option<(ChildId, ProgrammeId)>> {
    children::table
        .filter(children::reference.eq(reference).and(children::programme_id.eq_any(programmes)))
        .filter(children::identity_destroyed_at.is_null())
        .select((children::id, children::programme_id))
        .first(conn)
        .optional()
}

/// The programmes, by name.
pub fn programmes(conn: &mut AnyConnection) -> QueryResult<Vec<(ProgrammeId, String)>> {
    programmes::table.select((programmes::id, programmes::name)).order(programmes::name).load(conn)
}

/// The referrals of a child, the first first.
pub fn referrals_of(conn: &mut AnyConnection, child: ChildId) -> QueryResult<Vec<KeptReferral>> {
    referrals::table
        .inner_join(psychologists::table)
        .filter(referrals::child_id.eq(child))
        .order((referrals::starts_on, referrals::id))
        .select((psychologists::legal_name, referrals::minutes, referrals::starts_on, referrals::ends_on))
        .load(conn)
}

/// A session, as it is read.
type SessionRow = (Ts, String, crate::hours::Minutes, Phase, Option<Attendance>, Option<String>);

/// The sessions of a child, the first first.
pub fn sessions_of(conn: &mut AnyConnection, child: ChildId) -> QueryResult<Vec<KeptSession>> {
    let rows: Vec<SessionRow> = sessions::table
        .inner_join(psychologists::table)
        .filter(sessions::child_id.eq(child))
        .order((sessions::starts_at, sessions::id))
        .select((
            sessions::starts_at,
            psychologists::legal_name,
            sessions::duration_minutes,
            sessions::state,
            sessions::attendance,
            sessions::place,
        ))
        .load(conn)?;
    let kept = |(starts_at, psychologist, duration, state, attendance, place)| KeptSession {
        starts_at,
        psychologist,
        duration,
        state,
        attendance,
        place,
    };
    Ok(rows.into_iter().map(kept).collect())
}

/// The kinds of requests of a child that wait, so that none is recorded twice.
pub fn open_kinds(conn: &mut AnyConnection, child: ChildId) -> QueryResult<Vec<DataRequestKind>> {
    data_requests::table
        .filter(data_requests::child_id.eq(child).and(data_requests::state.eq(DataRequestState::Open)))
        .select(data_requests::kind)
        .load(conn)
}
