//! What others ask of openings: what takes place, what is free, and whether a time is closed.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use diesel::QueryResult;

pub use super::store::{Booked, Filter, count, list, load, psychologists_of};
use super::{Busy, Closed, Context, Leave, Occurrence, Opening, Place, Reach, Span, store};
use crate::calendar;
use crate::clock::Clock;
use crate::db::AnyConnection;
use crate::hours::Minutes;
use crate::ids::{OpeningId, ProgrammeId, PsychologistId};
use crate::school_calendar::look_up as school_calendar;

/// The most openings that are looked at together.
const MANY: i64 = 2000;
/// How far ahead one looks for the next day of an opening, and for sessions to move.
const AHEAD_DAYS: u64 = 400;

/// What opens and closes the days of some openings.
///
/// # Errors
/// When the database fails.
pub fn context(conn: &mut AnyConnection, of: &[Opening], period: (NaiveDate, NaiveDate)) -> QueryResult<Context> {
    let ids: Vec<OpeningId> = of.iter().map(|opening| opening.id).collect();
    let mut who: Vec<PsychologistId> = of.iter().map(|opening| opening.psychologist_id).collect();
    who.sort_unstable();
    who.dedup();
    Ok(Context {
        calendar: school_calendar::calendar(conn)?,
        removals: store::removals(conn, &ids, period)?,
        leaves: store::leaves(conn, &who, period)?,
    })
}

/// What takes place from one day to another, both included, in the order of time: of the openings that somebody sees.
///
/// # Errors
/// When the database fails.
pub fn occurrences(
    conn: &mut AnyConnection,
    reach: &Reach,
    filter: Filter,
    (from, until): (NaiveDate, NaiveDate),
) -> QueryResult<Vec<Occurrence>> {
    let filter = Filter { from: Some(from), until: Some(until), ..filter };
    let openings = store::list(conn, reach, filter, (0, MANY))?;
    let context = context(conn, &openings, (from, until))?;
    let mut all: Vec<Occurrence> =
        openings.iter().flat_map(|opening| opening.occurrences(from, until, &context)).collect();
    all.sort_by_key(|o| (o.starts_at, o.ends_at, o.opening));
    Ok(all)
}

/// The times that the psychologists of some occurrences have taken, between two days.
///
/// # Errors
/// When the database fails.
pub fn busy(conn: &mut AnyConnection, of: &[Occurrence], period: (NaiveDate, NaiveDate)) -> QueryResult<Vec<Busy>> {
    let mut who: Vec<PsychologistId> = of.iter().map(|o| o.psychologist).collect();
    who.sort_unstable();
    who.dedup();
    store::busy(conn, &who, period)
}

/// The places of a length that are free from one day to another, with the occurrence that gives them, in order.
///
/// # Errors
/// When the database fails.
pub fn places(
    conn: &mut AnyConnection,
    clock: &Clock,
    (reach, filter): (&Reach, Filter),
    period: (NaiveDate, NaiveDate),
    duration: Minutes,
) -> QueryResult<Vec<(Occurrence, Place)>> {
    let occurrences = occurrences(conn, reach, filter, period)?;
    let busy = busy(conn, &occurrences, period)?;
    let now = clock.now();
    let mut places: Vec<(Occurrence, Place)> = occurrences
        .iter()
        .flat_map(|o| o.places(&busy, duration, now).into_iter().map(|place| (o.clone(), place)))
        .collect();
    places.sort_by_key(|(o, place)| (place.starts_at, o.opening));
    Ok(places)
}

/// Why a psychologist cannot be booked at a time of a day because of what they said: they are away, or took that day out
/// of the opening that gives this time. A time outside every opening is nobody's promise, and is not closed.
///
/// # Errors
/// When the database fails.
pub fn closed(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    on: NaiveDate,
    span: Span,
) -> QueryResult<Option<Closed>> {
    if let Some(leave) = store::leaves(conn, &[psychologist], (on, on))?.pop() {
        return Ok(Some(Closed::Away(leave)));
    }
    let openings = store::of_psychologist(conn, psychologist, on)?;
    let context = context(conn, &openings, (on, on))?;
    let covers = |opening: &&Opening| {
        let given = opening.terms.span;
        opening.falls_on(on) && given.from < span.until && span.from < given.until
    };
    let all: Vec<Option<Closed>> = openings.iter().filter(covers).map(|o| o.closed_on(on, &context)).collect();
    // one that takes place is enough
    Ok(if all.iter().any(Option::is_none) { None } else { all.into_iter().flatten().next() })
}

/// The leaves of a psychologist that are not over, in order.
///
/// # Errors
/// When the database fails.
pub fn leaves_to_come(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    today: NaiveDate,
) -> QueryResult<Vec<Leave>> {
    store::leaves(conn, &[psychologist], (today, ahead(today)))
}

/// A day of an opening, with what closes it and how many sessions are booked then.
#[derive(Debug, Clone)]
pub struct PlannedDay {
    /// The day.
    pub on: NaiveDate,
    /// What closes it, if anything.
    pub closed: Option<Closed>,
    /// The sessions booked in it.
    pub booked: usize,
}

/// The days of an opening from today on: the next so many.
///
/// # Errors
/// When the database fails.
pub fn days_to_come(
    conn: &mut AnyConnection,
    clock: &Clock,
    opening: &Opening,
    many: usize,
) -> QueryResult<Vec<PlannedDay>> {
    let (today, now) = (clock.today(), clock.now());
    let period = (today, ahead(today));
    let context = context(conn, std::slice::from_ref(opening), period)?;
    let booked = store::booked(conn, opening.psychologist_id, period, now)?;
    let planned = |on: NaiveDate| {
        let meets = |b: &&Booked| b.on == on && is_within(opening, b);
        PlannedDay { on, closed: opening.closed_on(on, &context), booked: booked.iter().filter(meets).count() }
    };
    Ok(opening.days(today, period.1).take(many).map(planned).collect())
}

fn is_within(opening: &Opening, booked: &Booked) -> bool {
    let given = opening.terms.span;
    let (from, until) = (calendar::local_time(booked.starts_at), calendar::local_time(booked.ends_at));
    from < given.until && given.from < until
}

/// The sessions booked with a psychologist on days when they are away, or that they took out of an opening: to be moved or
/// cancelled.
///
/// # Errors
/// When the database fails.
pub fn to_move(
    conn: &mut AnyConnection,
    clock: &Clock,
    psychologist: PsychologistId,
) -> QueryResult<Vec<(Booked, Closed)>> {
    let (today, now) = (clock.today(), clock.now());
    let period = (today, ahead(today));
    let openings = store::of_psychologist(conn, psychologist, today)?;
    let leaves = store::leaves(conn, &[psychologist], period)?;
    let ids: Vec<OpeningId> = openings.iter().map(|opening| opening.id).collect();
    let removals = store::removals(conn, &ids, period)?;
    let why = |booked: &Booked| {
        let away = leaves.iter().find(|leave| leave.contains(booked.on)).map(|leave| Closed::Away(*leave));
        let removed = || {
            openings
                .iter()
                .any(|o| removals.contains(&(o.id, booked.on)) && o.falls_on(booked.on) && is_within(o, booked))
        };
        away.or_else(|| removed().then_some(Closed::Removed))
    };
    let all = store::booked(conn, psychologist, period, now)?;
    Ok(all.into_iter().filter_map(|booked| why(&booked).map(|closed| (booked, closed))).collect())
}

fn ahead(today: NaiveDate) -> NaiveDate {
    today.checked_add_days(Days::new(AHEAD_DAYS)).unwrap_or(today)
}

/// How the programmes and psychologists of some openings are called.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// By programme.
    pub programmes: BTreeMap<ProgrammeId, String>,
    /// By psychologist.
    pub psychologists: BTreeMap<PsychologistId, String>,
}

/// How the programmes and psychologists of some openings are called.
///
/// # Errors
/// When the database fails.
pub fn names(
    conn: &mut AnyConnection,
    of: impl Iterator<Item = (PsychologistId, Option<ProgrammeId>)>,
) -> QueryResult<Names> {
    let (mut who, mut which): (Vec<PsychologistId>, Vec<ProgrammeId>) = (Vec::new(), Vec::new());
    for (psychologist, programme) in of {
        who.push(psychologist);
        which.extend(programme);
    }
    who.sort_unstable();
    who.dedup();
    which.sort_unstable();
    which.dedup();
    Ok(Names {
        programmes: store::names_of_programmes(conn, &which)?.into_iter().collect(),
        psychologists: store::names_of_psychologists(conn, &who)?.into_iter().collect(),
    })
}

/// The programmes that a psychologist may name in an opening.
///
/// # Errors
/// When the database fails.
pub fn programmes_of(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
) -> QueryResult<Vec<(ProgrammeId, String)>> {
    store::programmes_of(conn, psychologist)
}
