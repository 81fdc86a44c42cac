//! The SQL of openings, of the days taken out of them, and of leaves; sessions are read for what they take.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;

use super::{Busy, Leave, Opening, Reach, Rhythm, Span, Terms, minute_of, time_of};
use crate::clock::Clock;
use crate::db::{AnyConnection, MultiBackend, Tx};
use crate::each;
use crate::ids::{ChildId, LeaveId, OpeningId, ProgrammeId, PsychologistId, SessionId};
use crate::schema::{
    accounts, children, leaves, opening_removals, openings, programmes, psychologists, referrals, sessions,
};
use crate::sql_types::Ts;

/// An opening as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = openings, treat_none_as_null = true)]
struct Row {
    id: OpeningId,
    psychologist_id: PsychologistId,
    programme_id: Option<ProgrammeId>,
    place: String,
    rhythm: Rhythm,
    starts_on: NaiveDate,
    until_on: Option<NaiveDate>,
    start_minute: i32,
    end_minute: i32,
    is_school_only: bool,
}

impl From<&Opening> for Row {
    fn from(opening: &Opening) -> Self {
        let terms = &opening.terms;
        Self {
            id: opening.id,
            psychologist_id: opening.psychologist_id,
            programme_id: terms.programme,
            place: terms.place.clone(),
            rhythm: terms.rhythm,
            starts_on: terms.starts_on,
            until_on: terms.until_on,
            start_minute: minute_of(terms.span.from),
            end_minute: minute_of(terms.span.until),
            is_school_only: terms.is_school_only,
        }
    }
}

impl From<Row> for Opening {
    fn from(row: Row) -> Self {
        let time = |minute| time_of(minute).unwrap_or_default();
        Self {
            id: row.id,
            psychologist_id: row.psychologist_id,
            terms: Terms {
                programme: row.programme_id,
                place: row.place,
                rhythm: row.rhythm,
                starts_on: row.starts_on,
                until_on: row.until_on,
                span: Span { from: time(row.start_minute), until: time(row.end_minute) },
                is_school_only: row.is_school_only,
            },
        }
    }
}

/// More openings than a psychologist has.
const MANY: i64 = 500;

type Boxed<'a> = openings::BoxedQuery<'a, MultiBackend>;

/// The openings that somebody sees.
fn through(reach: &Reach) -> Boxed<'static> {
    let all = openings::table.into_boxed::<MultiBackend>();
    match reach {
        Reach::Psychologist(id) => all.filter(openings::psychologist_id.eq(*id)),
        Reach::Programmes(ids) => {
            let entrusted = exists(
                referrals::table
                    .inner_join(children::table)
                    .filter(referrals::psychologist_id.eq(openings::psychologist_id))
                    .filter(children::programme_id.eq_any(ids.clone())),
            );
            all.filter(
                openings::programme_id
                    .eq_any(ids.iter().copied().map(Some).collect::<Vec<_>>())
                    .or(openings::programme_id.is_null().and(entrusted)),
            )
        }
    }
}

/// What is asked of a list of openings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those that are not over on this day.
    pub from: Option<NaiveDate>,
    /// Those that have begun on this day.
    pub until: Option<NaiveDate>,
    /// Of one psychologist.
    pub psychologist: Option<PsychologistId>,
    /// For one programme, or for all.
    pub programme: Option<ProgrammeId>,
}

fn filtered(reach: &Reach, filter: Filter) -> Boxed<'static> {
    let mut query = through(reach);
    if let Some(from) = filter.from {
        let still = openings::until_on.is_null().or(openings::until_on.ge(from)).assume_not_null();
        // one that takes place once is over the day after
        query = query.filter(still.and(openings::rhythm.ne(Rhythm::Once).or(openings::starts_on.ge(from))));
    }
    if let Some(until) = filter.until {
        query = query.filter(openings::starts_on.le(until));
    }
    if let Some(psychologist) = filter.psychologist {
        query = query.filter(openings::psychologist_id.eq(psychologist));
    }
    if let Some(programme) = filter.programme {
        query =
            query.filter(openings::programme_id.is_null().or(openings::programme_id.eq(programme)).assume_not_null());
    }
    query
}

/// How many openings somebody sees.
pub fn count(conn: &mut AnyConnection, reach: &Reach, filter: Filter) -> QueryResult<i64> {
    filtered(reach, filter).count().get_result(conn)
}

/// Some openings that somebody sees, in the order of their days: so many after so many others.
pub fn list(
    conn: &mut AnyConnection,
    reach: &Reach,
    filter: Filter,
    (after, many): (i64, i64),
) -> QueryResult<Vec<Opening>> {
    let rows: Vec<Row> = filtered(reach, filter)
        .order((openings::starts_on, openings::start_minute, openings::id))
        .offset(after)
        .limit(many)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Opening::from).collect())
}

/// An opening of a psychologist's.
pub fn load(conn: &mut AnyConnection, psychologist: PsychologistId, id: OpeningId) -> QueryResult<Opening> {
    let own = openings::table.find(id).filter(openings::psychologist_id.eq(psychologist));
    own.select(Row::as_select()).first::<Row>(conn).map(Opening::from)
}

/// The openings of a psychologist that are not over on a day.
pub fn of_psychologist(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    from: NaiveDate,
) -> QueryResult<Vec<Opening>> {
    let filter = Filter { from: Some(from), ..Filter::default() };
    list(conn, &Reach::Psychologist(psychologist), filter, (0, MANY))
}

/// Makes whoever plans the openings of a psychologist wait for whoever does; the embedded database has one writer.
pub fn lock(tx: &mut Tx<'_>, psychologist: PsychologistId) -> QueryResult<()> {
    match &mut **tx {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Pg(conn) => {
            let row = psychologists::table.find(psychologist).select(psychologists::id);
            row.for_no_key_update().first::<PsychologistId>(conn).map(|_| ())
        }
    }
}

/// Enters an opening.
pub fn insert(tx: &mut Tx<'_>, clock: &Clock, opening: &Opening) -> QueryResult<()> {
    diesel::insert_into(openings::table)
        .values((Row::from(opening), openings::created_at.eq(clock.now())))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes what an opening says from now on.
pub fn update(tx: &mut Tx<'_>, opening: &Opening) -> QueryResult<()> {
    diesel::update(openings::table.find(opening.id)).set(Row::from(opening)).execute(&mut **tx)?;
    Ok(())
}

/// Deletes an opening that never took place.
pub fn delete(tx: &mut Tx<'_>, id: OpeningId) -> QueryResult<()> {
    diesel::delete(opening_removals::table.filter(opening_removals::opening_id.eq(id))).execute(&mut **tx)?;
    diesel::delete(openings::table.find(id)).execute(&mut **tx)?;
    Ok(())
}

/// Takes a day out of an opening; `false` when it was out already.
pub fn insert_removal(tx: &mut Tx<'_>, opening: OpeningId, on: NaiveDate) -> QueryResult<bool> {
    let row = (opening_removals::opening_id.eq(opening), opening_removals::removed_on.eq(on));
    let conn = &mut **tx;
    let done =
        each!(conn => diesel::insert_into(opening_removals::table).values(row).on_conflict_do_nothing().execute(conn))?;
    Ok(done == 1)
}

/// Puts a day back; `false` when it was not out.
pub fn delete_removal(tx: &mut Tx<'_>, opening: OpeningId, on: NaiveDate) -> QueryResult<bool> {
    Ok(diesel::delete(opening_removals::table.find((opening, on))).execute(&mut **tx)? == 1)
}

/// The days taken out of some openings, between two days.
pub fn removals(
    conn: &mut AnyConnection,
    of: &[OpeningId],
    (from, until): (NaiveDate, NaiveDate),
) -> QueryResult<BTreeSet<(OpeningId, NaiveDate)>> {
    let rows: Vec<(OpeningId, NaiveDate)> = opening_removals::table
        .filter(opening_removals::opening_id.eq_any(of))
        .filter(opening_removals::removed_on.between(from, until))
        .select((opening_removals::opening_id, opening_removals::removed_on))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

type LeaveRow = (LeaveId, PsychologistId, NaiveDate, NaiveDate);

const LEAVE: (leaves::id, leaves::psychologist_id, leaves::starts_on, leaves::ends_on) =
    (leaves::id, leaves::psychologist_id, leaves::starts_on, leaves::ends_on);

fn leave((id, psychologist_id, starts_on, ends_on): LeaveRow) -> Leave {
    Leave { id, psychologist_id, starts_on, ends_on }
}

/// The leaves of psychologists that have a day between two days, in order.
pub fn leaves(
    conn: &mut AnyConnection,
    of: &[PsychologistId],
    (from, until): (NaiveDate, NaiveDate),
) -> QueryResult<Vec<Leave>> {
    let rows: Vec<LeaveRow> = leaves::table
        .filter(leaves::psychologist_id.eq_any(of))
        .filter(leaves::starts_on.le(until).and(leaves::ends_on.ge(from)))
        .order((leaves::starts_on, leaves::id))
        .select(LEAVE)
        .load(conn)?;
    Ok(rows.into_iter().map(leave).collect())
}

/// A leave of a psychologist's.
pub fn load_leave(conn: &mut AnyConnection, psychologist: PsychologistId, id: LeaveId) -> QueryResult<Leave> {
    let own = leaves::table.find(id).filter(leaves::psychologist_id.eq(psychologist));
    own.select(LEAVE).first::<LeaveRow>(conn).map(leave)
}

/// Enters a leave.
pub fn insert_leave(tx: &mut Tx<'_>, clock: &Clock, leave: &Leave) -> QueryResult<()> {
    let row = (
        leaves::id.eq(leave.id),
        leaves::psychologist_id.eq(leave.psychologist_id),
        leaves::starts_on.eq(leave.starts_on),
        leaves::ends_on.eq(leave.ends_on),
        leaves::created_at.eq(clock.now()),
    );
    diesel::insert_into(leaves::table).values(row).execute(&mut **tx)?;
    Ok(())
}

/// Deletes a leave.
pub fn delete_leave(tx: &mut Tx<'_>, id: LeaveId) -> QueryResult<()> {
    diesel::delete(leaves::table.find(id)).execute(&mut **tx)?;
    Ok(())
}

/// What takes a session's time: all but those cancelled or refused.
const GIVEN_BACK: [&str; 2] = ["cancelled", "refused"];

/// The times that psychologists have taken, between two days.
pub fn busy(
    conn: &mut AnyConnection,
    of: &[PsychologistId],
    (from, until): (NaiveDate, NaiveDate),
) -> QueryResult<Vec<Busy>> {
    let rows: Vec<(PsychologistId, Ts, Ts)> = sessions::table
        .filter(sessions::psychologist_id.eq_any(of))
        .filter(sessions::session_on.between(from, until).and(sessions::state.ne_all(GIVEN_BACK)))
        .order((sessions::starts_at, sessions::id))
        .select((sessions::psychologist_id, sessions::starts_at, sessions::ends_at))
        .load(conn)?;
    let read = |(psychologist, starts_at, ends_at)| Busy { psychologist, starts_at, ends_at };
    Ok(rows.into_iter().map(read).collect())
}

/// A session booked with a psychologist and to come.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Booked {
    /// Which.
    pub session: SessionId,
    /// Whom.
    pub child: ChildId,
    /// The child's reference.
    pub reference: String,
    /// The local day.
    pub on: NaiveDate,
    /// When it starts.
    pub starts_at: Ts,
    /// When it ends.
    pub ends_at: Ts,
}

/// The sessions booked with a psychologist between two days, and to come.
pub fn booked(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    (from, until): (NaiveDate, NaiveDate),
    now: Ts,
) -> QueryResult<Vec<Booked>> {
    sessions::table
        .inner_join(children::table)
        .filter(sessions::psychologist_id.eq(psychologist).and(sessions::state.eq("booked")))
        .filter(sessions::session_on.between(from, until).and(sessions::starts_at.gt(now)))
        .order((sessions::starts_at, sessions::id))
        .select((
            sessions::id,
            children::id,
            children::reference,
            sessions::session_on,
            sessions::starts_at,
            sessions::ends_at,
        ))
        .load(conn)
}

/// The programmes whose children are or were entrusted to a psychologist.
pub fn programmes_of(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
) -> QueryResult<Vec<(ProgrammeId, String)>> {
    let entrusted = referrals::table
        .inner_join(children::table)
        .filter(referrals::psychologist_id.eq(psychologist).and(children::programme_id.eq(programmes::id)));
    programmes::table
        .filter(exists(entrusted))
        .order(programmes::name)
        .select((programmes::id, programmes::name))
        .load(conn)
}

/// The names of programmes.
pub fn names_of_programmes(conn: &mut AnyConnection, ids: &[ProgrammeId]) -> QueryResult<Vec<(ProgrammeId, String)>> {
    programmes::table.filter(programmes::id.eq_any(ids)).select((programmes::id, programmes::name)).load(conn)
}

/// The names of psychologists.
pub fn names_of_psychologists(
    conn: &mut AnyConnection,
    ids: &[PsychologistId],
) -> QueryResult<Vec<(PsychologistId, String)>> {
    psychologists::table
        .inner_join(accounts::table)
        .filter(psychologists::id.eq_any(ids))
        .select((psychologists::id, accounts::display_name))
        .load(conn)
}

/// The psychologists who have a referral of a programme among these, or openings for it, by name.
pub fn psychologists_of(conn: &mut AnyConnection, ids: &[ProgrammeId]) -> QueryResult<Vec<(PsychologistId, String)>> {
    let entrusted = referrals::table
        .inner_join(children::table)
        .filter(referrals::psychologist_id.eq(psychologists::id).and(children::programme_id.eq_any(ids.to_vec())));
    psychologists::table
        .inner_join(accounts::table)
        .filter(exists(entrusted))
        .order((accounts::display_name, psychologists::id))
        .select((psychologists::id, accounts::display_name))
        .load(conn)
}
