//! What may be read of sessions, through whoever reads: what is not theirs is not found. Nothing here names a child:
//! pages of the care circle ask `children` for the names.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use diesel::QueryResult;

pub use super::store::{
    Around, OpenReferral, PaidSession, StoredDecision, Unfinished, count, find_booked, paid_sessions, totals,
    unfinished, waiting_psychologists,
};
use super::{Filter, Order, Phase, Scope, Session, Unusual, Viewer, store};
use crate::children::look_up::missed_too_often;
use crate::clock::Clock;
use crate::db::AnyConnection;
use crate::hours::Minutes;
use crate::ids::{ChildId, PsychologistId, ReferralId, SessionId};

/// A session in a list, with what it is told with.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The session.
    pub session: Session,
    /// Reference, names of the professionals, what is left.
    pub around: Around,
}

/// A session of somebody's.
///
/// # Errors
/// When there is none that is theirs, or the database fails.
pub fn load(conn: &mut AnyConnection, scope: &Scope, id: SessionId) -> QueryResult<Listed> {
    let session = store::load(conn, scope, id)?;
    told(conn, vec![session])?.pop().ok_or(diesel::result::Error::NotFound)
}

/// Some sessions of somebody's, in order.
///
/// # Errors
/// When the database fails.
pub fn load_many(conn: &mut AnyConnection, scope: &Scope, ids: &[SessionId]) -> QueryResult<Vec<Listed>> {
    let sessions = store::load_many(conn, scope, ids)?;
    told(conn, sessions)
}

/// How many sessions of its series come after a session and are still booked.
///
/// # Errors
/// When the database fails.
pub fn following(conn: &mut AnyConnection, scope: &Scope, session: &Session) -> QueryResult<usize> {
    let Some(series) = session.series_id else { return Ok(0) };
    let booked = store::booked_of_series(conn, scope, series)?;
    Ok(booked.iter().filter(|other| other.slot.starts_at > session.slot.starts_at).count())
}

/// What was decided on a session that was read, in order.
///
/// # Errors
/// When the database fails.
pub fn decisions(conn: &mut AnyConnection, session: &Session) -> QueryResult<Vec<StoredDecision>> {
    store::decisions(conn, session.id)
}

/// Some sessions of somebody's: so many after so many others.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    filter: &Filter,
    order: Order,
    part: (i64, i64),
) -> QueryResult<Vec<Listed>> {
    let sessions = store::list(conn, scope, filter, order, part)?;
    told(conn, sessions)
}

pub(super) fn told(conn: &mut AnyConnection, sessions: Vec<Session>) -> QueryResult<Vec<Listed>> {
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let mut around: BTreeMap<SessionId, Around> = store::around(conn, &ids)?.into_iter().collect();
    Ok(sessions
        .into_iter()
        .filter_map(|session| Some(Listed { around: around.remove(&session.id)?, session }))
        .collect())
}

/// The sessions of somebody's that start from one day to another, both included, in order, but those cancelled.
///
/// # Errors
/// When the database fails.
pub fn between(
    conn: &mut AnyConnection,
    scope: &Scope,
    (from, until): (NaiveDate, NaiveDate),
) -> QueryResult<Vec<Listed>> {
    let sessions = store::between(conn, scope, from, until)?;
    told(conn, sessions)
}

/// What a psychologist's day is made of.
#[derive(Debug, Clone)]
pub struct Day {
    /// Booked sessions that have started: what happened is to be said.
    pub to_record: Vec<Listed>,
    /// Refused sessions, to be corrected or given up.
    pub refused: Vec<Listed>,
    /// Today's other sessions.
    pub today: Vec<Listed>,
    /// Tomorrow's sessions.
    pub tomorrow: Vec<Listed>,
}

/// What waits for a psychologist, and their sessions of today and tomorrow.
///
/// # Errors
/// When the database fails.
pub fn day(conn: &mut AnyConnection, clock: &Clock, psychologist: PsychologistId) -> QueryResult<Day> {
    let scope = Scope::Psychologist(psychologist);
    let (now, today) = (clock.now(), clock.today());
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let to_record = store::to_record(conn, &scope, now)?;
    let refused = Filter { phase: Some(Phase::Refused), ..Filter::default() };
    let refused = list(conn, &scope, &refused, Order::EarliestFirst, (0, MANY))?;
    let waits = |session: &Session| {
        session.state.phase() == Phase::Refused || to_record.iter().any(|other| other.id == session.id)
    };
    let (mut on_today, mut on_tomorrow) = (Vec::new(), Vec::new());
    for session in store::between(conn, &scope, today, tomorrow)? {
        match session.slot.on {
            day if day == tomorrow => on_tomorrow.push(session),
            _ if waits(&session) => {}
            _ => on_today.push(session),
        }
    }
    Ok(Day {
        to_record: told(conn, to_record)?,
        refused,
        today: told(conn, on_today)?,
        tomorrow: told(conn, on_tomorrow)?,
    })
}

const MANY: i64 = 100;

/// The psychologist's sessions of a day that stand.
///
/// # Errors
/// When the database fails.
pub fn sessions_on(conn: &mut AnyConnection, scope: &Scope, on: NaiveDate) -> QueryResult<Vec<Session>> {
    let mut all = store::between(conn, scope, on, on)?;
    all.retain(|session| session.state.phase() != Phase::Refused);
    Ok(all)
}

/// A session that waits for approval, with what its coordinator should notice.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The session and what it is told with.
    pub listed: Listed,
    /// What is unusual, in the order of importance.
    pub unusual: Vec<Unusual>,
    /// Whether the reader recorded it, and so may not approve it.
    pub own: bool,
}

/// Sessions that wait for a coordinator, the oldest first: so many after so many others.
///
/// # Errors
/// When the database fails.
pub fn pending(conn: &mut AnyConnection, who: &Viewer, filter: &Filter, part: (i64, i64)) -> QueryResult<Vec<Pending>> {
    let filter = Filter { phase: Some(Phase::Recorded), ..filter.clone() };
    let listed = list(conn, &who.scope, &filter, Order::EarliestFirst, part)?;
    let children: Vec<ChildId> = listed.iter().map(|row| row.session.child_id).collect();
    let usual = usual_lengths(store::approved_lengths(conn, &children)?);
    let days = days_of(conn, &listed, &children)?;
    let under: Vec<ReferralId> = listed.iter().map(|row| row.session.referral_id).collect();
    let missed = missed_too_often(conn, &under)?;
    Ok(listed
        .into_iter()
        .map(|row| {
            let (session, child) = (&row.session, row.session.child_id);
            let record = session.state.record();
            let that_day = days.iter().filter(|day| **day == (child, session.slot.on)).count();
            let mut unusual = record.map_or_else(Vec::new, |record| {
                let others = i64::try_from(that_day).unwrap_or(i64::MAX) - 1;
                Unusual::of(session.slot, record.at, usual.get(&child).copied(), others)
            });
            unusual.extend(missed.get(&session.referral_id).map(|times| Unusual::Missed { times: *times }));
            Pending { own: record.is_some_and(|record| record.by == who.account), unusual, listed: row }
        })
        .collect())
}

fn days_of(
    conn: &mut AnyConnection,
    listed: &[Listed],
    children: &[ChildId],
) -> QueryResult<Vec<(ChildId, NaiveDate)>> {
    let on = || listed.iter().map(|row| row.session.slot.on);
    match (on().min(), on().max()) {
        (Some(from), Some(until)) => store::days_of(conn, children, from, until),
        _ => Ok(Vec::new()),
    }
}

/// The length that each child's approved sessions have most often; the longer of two as frequent.
fn usual_lengths(counted: Vec<(ChildId, Minutes, i64)>) -> BTreeMap<ChildId, Minutes> {
    let mut best: BTreeMap<ChildId, (i64, Minutes)> = BTreeMap::new();
    for (child, length, times) in counted {
        let entry = best.entry(child).or_insert((times, length));
        *entry = (*entry).max((times, length));
    }
    best.into_iter().map(|(child, (_, length))| (child, length)).collect()
}

/// A child that a psychologist may see today, with when they last did.
#[derive(Debug, Clone)]
pub struct OpenChild {
    /// The referral and the reference.
    pub referral: OpenReferral,
    /// The day and the length of the last session recorded.
    pub last: Option<(NaiveDate, Minutes)>,
}

/// The children entrusted to a psychologist on a day, the latest seen first, then those never seen.
///
/// # Errors
/// When the database fails.
pub fn open_children(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    on: NaiveDate,
) -> QueryResult<Vec<OpenChild>> {
    let referrals = store::open_referrals(conn, &Scope::Psychologist(psychologist), on, on)?;
    let ids: Vec<ChildId> = referrals.iter().map(|referral| referral.child_id).collect();
    let last: BTreeMap<ChildId, (NaiveDate, Minutes)> = store::latest_of_children(conn, psychologist, &ids)?
        .into_iter()
        .map(|(child, on, length)| (child, (on, length)))
        .collect();
    let mut children: Vec<OpenChild> = referrals
        .into_iter()
        .map(|referral| OpenChild { last: last.get(&referral.child_id).copied(), referral })
        .collect();
    children.sort_by_key(|child| std::cmp::Reverse(child.last));
    Ok(children)
}

/// The referrals valid on a day, of somebody's.
///
/// # Errors
/// When the database fails.
pub fn open_referrals(conn: &mut AnyConnection, scope: &Scope, on: NaiveDate) -> QueryResult<Vec<OpenReferral>> {
    store::open_referrals(conn, scope, on, on)
}

/// What may be booked from a day on, within a year: one referral for each child and psychologist, the running one first.
///
/// # Errors
/// When the database fails.
pub fn referrals_to_book(conn: &mut AnyConnection, scope: &Scope, from: NaiveDate) -> QueryResult<Vec<OpenReferral>> {
    let mut seen = std::collections::BTreeSet::new();
    let mut all = store::open_referrals(conn, scope, from, from + Days::new(366))?;
    all.retain(|referral| seen.insert((referral.child_id, referral.psychologist_id)));
    Ok(all)
}

/// The booked sessions of a day with what they are told with, in order: of one psychologist, or of all.
///
/// # Errors
/// When the database fails.
pub fn booked_on(
    conn: &mut AnyConnection,
    on: NaiveDate,
    psychologist: Option<PsychologistId>,
) -> QueryResult<Vec<Listed>> {
    let booked = store::booked_on(conn, on, psychologist)?;
    told(conn, booked)
}
