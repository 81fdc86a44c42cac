//! The SQL of requests. Rows are loaded through who looks, as their children are.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::json;

use crate::children::Reader;
use crate::clock::Clock;
use crate::db::{AnyConnection, MultiBackend, Tx};
use crate::failure::{Failure, refuse};
use crate::hours::Minutes;
use crate::ids::{AccountId, ChildId, ProgrammeId, PsychologistId, RequestId, SessionId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::requests::{AnswerRefusal, Asked, DeclinedFor, Moment, Request, Standing, Weekdays, Wish};
use crate::schema::{accounts, children, programmes, psychologists, referrals, requests};
use crate::sql_types::Ts;

/// A request as it is stored.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = requests)]
struct Row {
    id: RequestId,
    programme_id: ProgrammeId,
    child_id: ChildId,
    duration_minutes: Minutes,
    from_on: NaiveDate,
    weekdays: i32,
    moment: Moment,
    wish: Wish,
    wants_earlier: bool,
    state: Standing,
    declined_for: Option<DeclinedFor>,
    session_id: Option<SessionId>,
    requested_by: AccountId,
    requested_at: Ts,
    answered_by: Option<AccountId>,
    answered_at: Option<Ts>,
}

impl From<Row> for Request {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            programme_id: row.programme_id,
            asked: Asked {
                child: row.child_id,
                duration: row.duration_minutes,
                from: row.from_on,
                weekdays: Weekdays(row.weekdays),
                moment: row.moment,
                wish: row.wish,
                wants_earlier: row.wants_earlier,
            },
            standing: row.state,
            declined_for: row.declined_for,
            session_id: row.session_id,
            requested_by: row.requested_by,
            requested_at: row.requested_at,
            answered_at: row.answered_at,
        }
    }
}

type Boxed<'a> = requests::BoxedQuery<'a, MultiBackend>;

/// The requests that somebody sees: of the children whom they may see.
fn through(reader: &Reader) -> Boxed<'_> {
    let all = requests::table.into_boxed();
    match reader {
        Reader::Coordinator { programmes } => all.filter(requests::programme_id.eq_any(programmes)),
        Reader::Referent { account, programmes } => {
            let followed = children::table
                .filter(children::programme_id.eq_any(programmes).and(children::referent_id.eq(*account)))
                .select(children::id);
            all.filter(requests::child_id.eq_any(followed))
        }
        Reader::Psychologist { id } => {
            let entrusted = referrals::table.filter(referrals::psychologist_id.eq(*id)).select(referrals::child_id);
            all.filter(requests::child_id.eq_any(entrusted))
        }
    }
}

fn narrowed(reader: &Reader, standing: Option<Standing>) -> Boxed<'_> {
    let all = through(reader);
    match standing {
        Some(standing) => all.filter(requests::state.eq(standing)),
        None => all,
    }
}

/// How many requests somebody sees.
///
/// # Errors
/// When the database fails.
pub fn count(conn: &mut AnyConnection, reader: &Reader, standing: Option<Standing>) -> QueryResult<i64> {
    narrowed(reader, standing).count().get_result(conn)
}

/// Some requests that somebody sees: those that wait first by age, then the others, the latest first.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut AnyConnection,
    reader: &Reader,
    standing: Option<Standing>,
    (offset, limit): (i64, i64),
) -> QueryResult<Vec<Request>> {
    let rows: Vec<Row> = narrowed(reader, standing)
        .order((requests::requested_at.desc(), requests::id))
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Request::from).collect())
}

/// A request that somebody sees.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load(conn: &mut AnyConnection, reader: &Reader, id: RequestId) -> QueryResult<Request> {
    through(reader).filter(requests::id.eq(id)).first::<Row>(conn).map(Request::from)
}

/// A request that somebody sees and that waits for an answer.
///
/// # Errors
/// When there is none, or it has its answer.
pub fn load_open(conn: &mut AnyConnection, reader: &Reader, id: RequestId) -> Result<Request, Failure<AnswerRefusal>> {
    let request = load(conn, reader, id)?;
    match request.standing {
        Standing::Open => Ok(request),
        standing => refuse(AnswerRefusal::NotOpen { standing }),
    }
}

/// The requests that wait and would take a freed place, of somebody's: with a psychologist whose referral covers its
/// day, no longer than it, from that day on at the latest. The oldest first.
///
/// # Errors
/// When the database fails.
pub fn waiting_for_place(
    conn: &mut AnyConnection,
    reader: &Reader,
    psychologist: PsychologistId,
    (on, duration): (NaiveDate, Minutes),
    most: i64,
) -> QueryResult<Vec<Request>> {
    let entrusted = referrals::table
        .filter(referrals::psychologist_id.eq(psychologist))
        .filter(referrals::starts_on.le(on).and(referrals::ends_on.ge(on)))
        .select(referrals::child_id);
    let rows: Vec<Row> = narrowed(reader, Some(Standing::Open))
        .filter(requests::wants_earlier.eq(true).and(requests::from_on.le(on)))
        .filter(requests::duration_minutes.le(duration))
        .filter(requests::child_id.eq_any(entrusted))
        .order((requests::requested_at, requests::id))
        .limit(most)
        .load(conn)?;
    Ok(rows.into_iter().map(Request::from).collect())
}

/// Enters a request.
///
/// # Errors
/// When the child has one that waits (`requests_one_open`), or the database fails.
pub fn insert(tx: &mut Tx<'_>, request: &Request) -> QueryResult<()> {
    let asked = request.asked;
    let row = Row {
        id: request.id,
        programme_id: request.programme_id,
        child_id: asked.child,
        duration_minutes: asked.duration,
        from_on: asked.from,
        weekdays: asked.weekdays.0,
        moment: asked.moment,
        wish: asked.wish,
        wants_earlier: asked.wants_earlier,
        state: request.standing,
        declined_for: None,
        session_id: None,
        requested_by: request.requested_by,
        requested_at: request.requested_at,
        answered_by: None,
        answered_at: None,
    };
    diesel::insert_into(requests::table).values(row).execute(&mut **tx).map(drop)
}

/// Writes the answer of a request that waited. When another was first, the transaction starts again and sees it.
///
/// # Errors
/// When it waits no longer, or the database fails.
pub fn answer(tx: &mut Tx<'_>, clock: &Clock, by: AccountId, after: &Request) -> QueryResult<()> {
    let changed = diesel::update(requests::table.find(after.id))
        .filter(requests::state.eq(Standing::Open))
        .set((
            requests::state.eq(after.standing),
            requests::declined_for.eq(after.declined_for),
            requests::session_id.eq(after.session_id),
            requests::answered_by.eq(Some(by)),
            requests::answered_at.eq(Some(clock.now())),
        ))
        .execute(&mut **tx)?;
    let another_was_first = || {
        let what = format!("request {} was answered meanwhile", after.id);
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new(what))
    };
    if changed == 1 { Ok(()) } else { Err(another_was_first()) }
}

/// Writes what happened to a request on its programme's chain.
///
/// # Errors
/// When the database fails.
pub fn write_down(
    tx: &mut Tx<'_>,
    clock: &Clock,
    by: AccountId,
    action: &'static str,
    request: &Request,
) -> QueryResult<()> {
    let asked = request.asked;
    let after = json!({
        "state": request.standing, "child_id": asked.child, "duration_minutes": asked.duration, "from_on": asked.from,
        "weekdays": asked.weekdays.names(), "moment": asked.moment, "wish": asked.wish,
        "wants_earlier": asked.wants_earlier, "declined_for": request.declined_for, "session_id": request.session_id,
    });
    let entry = Entry {
        chain: Chain::Programme(request.programme_id),
        actor: Actor::Account(by),
        action,
        subject: "request",
        subject_id: request.id.0,
        before: None,
        after: Some(after),
    };
    journal::write(tx, clock, entry)
}

/// What requests are told with: the child's reference, the programme's name and the name of who asked.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Around {
    /// Which.
    pub id: RequestId,
    /// The child's reference.
    pub reference: String,
    /// The programme's name.
    pub programme: String,
    /// Who asked.
    pub asker: String,
}

/// What some requests are told with.
///
/// # Errors
/// When the database fails.
pub fn around(conn: &mut AnyConnection, ids: &[RequestId]) -> QueryResult<Vec<Around>> {
    requests::table
        .inner_join(children::table)
        .inner_join(programmes::table)
        .inner_join(accounts::table)
        .filter(requests::id.eq_any(ids))
        .select((requests::id, children::reference, programmes::name, accounts::display_name))
        .load(conn)
}

/// The accounts of the psychologists to whom a child is entrusted on a day.
///
/// # Errors
/// When the database fails.
pub fn psychologists_of(conn: &mut AnyConnection, child: ChildId, on: NaiveDate) -> QueryResult<Vec<AccountId>> {
    referrals::table
        .inner_join(psychologists::table)
        .filter(referrals::child_id.eq(child))
        .filter(referrals::starts_on.le(on).and(referrals::ends_on.ge(on)))
        .select(psychologists::account_id)
        .distinct()
        .load(conn)
}
