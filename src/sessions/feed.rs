//! Sessions as calendars show them: when, where, and a title that is the child's reference.

use chrono::Days;
use diesel::QueryResult;

use crate::accounts::{Caller, Coordinator, Person, Psychologist};
use crate::clock::Clock;
use crate::db::{AnyConnection, Tx};
use crate::ical::{self, Event};
use crate::ids::SessionId;
use crate::links;
use crate::sessions::store::{self, Shown};
use crate::sessions::{Phase, Session};

/// For how many days past sessions stay in a feed, those cancelled among them: a calendar that was off sees them go.
const DAYS_PAST: u64 = 60;

/// The calendar of a person: their own sessions as a psychologist, and those of the programmes that they coordinate.
/// One query, whatever their number.
///
/// # Errors
/// When the database fails.
pub fn of(conn: &mut AnyConnection, clock: &Clock, base_url: &str, who: &Person) -> QueryResult<String> {
    let today = clock.today();
    let since = today.checked_sub_days(Days::new(DAYS_PAST)).unwrap_or(today);
    let psychologist = Psychologist::of(who).map(|own| own.id);
    let programmes = Coordinator::of(who).map(|own| own.programmes).unwrap_or_default();
    let shown = store::shown_since(conn, psychologist, &programmes, since)?;
    let event = |session: Shown| {
        let href = format!("{base_url}{}", links::session(session.id));
        Event { href: Some(href), ..event(session) }
    };
    let events: Vec<Event> = shown.into_iter().map(event).collect();
    Ok(ical::feed("PsyPRE", &events))
}

/// The same for some sessions, to be joined to the mail that tells of them.
///
/// # Errors
/// When the database fails.
pub fn published(tx: &mut Tx<'_>, sessions: &[Session]) -> QueryResult<String> {
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let events: Vec<Event> = store::shown(tx, &ids)?.into_iter().map(event).collect();
    Ok(ical::published(&events))
}

fn event(session: Shown) -> Event {
    let (sequence, changed_at) = session.revision.unwrap_or((0, session.created_at));
    Event {
        id: session.id.0,
        sequence,
        changed_at,
        created_at: session.created_at,
        starts_at: session.starts_at,
        duration: session.duration,
        place: session.place,
        title: session.reference,
        is_cancelled: session.phase == Phase::Cancelled,
        href: None,
    }
}
