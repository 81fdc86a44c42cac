//! The agenda of a psychologist or of a coordinator, as a grid or as a list.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{Datelike, NaiveDate, NaiveTime};

use crate::accounts::guards::SignedIn;
use crate::accounts::{Caller, Psychologist};
use crate::agenda::{Hours, Stretch, View, lanes, minute_of};
use crate::app::App;
use crate::calendar::{self, french_date, french_day, french_full_date};
use crate::children::{Reader, look_up as children};
use crate::db::{AnyConnection, DbError};
use crate::error::AppError;
use crate::hours::Minutes;
use crate::ids::{ChildId, ProgrammeId, PsychologistId};
use crate::links;
use crate::openings::look_up::{self as openings, Filter, Names};
use crate::openings::{Occurrence, Place, Reach};
use crate::school_calendar::SchoolCalendar;
use crate::school_calendar::look_up as school_calendar;
use crate::sessions::look_up::{self, Listed};
use crate::sessions::{Phase, Scope, Viewer};
use crate::sql_types::Ts;
use crate::vault::Vault;
use crate::web::{self, Choice, FormState, Icon, Layout, Query, Tone, filters};

/// How long a free place is, unless less is left.
const USUAL: Minutes = Minutes(60);

#[derive(Template)]
#[template(path = "agenda/agenda.html")]
struct AgendaPage {
    layout: Layout,
    form: FormState,
    view: View,
    on: NaiveDate,
    warning: Option<String>,
    previous: String,
    next: String,
    today: String,
    is_today_shown: bool,
    views: Vec<(View, String)>,
    psychologists: Vec<Choice>,
    programmes: Vec<Choice>,
    places: Vec<Choice>,
    is_filtered: bool,
    hours: Hours,
    days: Vec<Day>,
    is_empty: bool,
    is_own: bool,
    /// The minute of the day that it is now.
    now: u32,
}

/// A day of the agenda.
struct Day {
    on: NaiveDate,
    short: String,
    href: String,
    off: Option<String>,
    is_today: bool,
    /// The quarter of an hour that it is now.
    now_row: Option<u32>,
    blocks: Vec<Block>,
}

/// A session or a free place, on the grid and in the list.
struct Block {
    kind: &'static str,
    href: String,
    start: NaiveTime,
    end: NaiveTime,
    title: String,
    details: Vec<String>,
    /// What is to be known beside the title, in a word or two.
    mark: Option<&'static str>,
    stretch: Stretch,
    row: u32,
    rows: u32,
    lane: usize,
    lanes: usize,
}

/// What is asked of the agenda.
struct Asked {
    view: View,
    on: NaiveDate,
    psychologist: Option<PsychologistId>,
    programme: Option<ProgrammeId>,
    place: Option<String>,
}

impl Asked {
    fn read(query: &Query, today: NaiveDate) -> Self {
        Self {
            view: query.get("vue").and_then(|word| word.parse().ok()).unwrap_or(View::Week),
            on: query.get("jour").and_then(|text| text.parse().ok()).unwrap_or(today),
            psychologist: query.get("psychologue").and_then(|id| id.parse().ok()),
            programme: query.get("pre").and_then(|id| id.parse().ok()),
            place: query.get("lieu").map(str::to_owned),
        }
    }

    fn is_filtered(&self) -> bool {
        self.psychologist.is_some() || self.programme.is_some() || self.place.is_some()
    }
}

/// What is known of the days shown.
struct Known {
    sessions: Vec<Listed>,
    names: BTreeMap<ChildId, String>,
    occurrences: Vec<Occurrence>,
    /// The free places, with the occurrence that gives them.
    free: Vec<(Occurrence, Place)>,
    called: Names,
    psychologists: Vec<(PsychologistId, String)>,
    calendar: SchoolCalendar,
}

/// Shows the agenda.
///
/// # Errors
/// When the role plans nothing, or the database fails.
pub async fn show_agenda(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let viewer = Viewer::of(&who).ok_or(AppError::Forbidden(<Psychologist as Caller>::ROLE.french()))?;
    let query = Query::parse(request.query_string());
    let (now, today) = (app.clock.now(), app.clock.today());
    let asked = Asked::read(&query, today);
    let period = asked.view.period(asked.on);
    let filter = Filter { psychologist: asked.psychologist, programme: asked.programme, ..Filter::default() };
    let (vault, scope) = (app.vault.clone(), viewer.scope.clone());
    let known = app.db.read_async::<_, DbError>(move |conn| know(conn, &vault, (&scope, filter), period, now)).await?;
    let is_own = !viewer.is_coordinator();
    let layout = who.layout(&request, "Agenda").heading(heading(&asked, period)).wide();
    let layout = layout.action("Prendre un rendez-vous", links::BOOK_SESSION);
    let page = page(layout, &query, asked, known, (is_own, now));
    Ok(web::page(&request, &page)?)
}

fn know(
    conn: &mut AnyConnection,
    vault: &Vault,
    (scope, filter): (&Scope, Filter),
    period: (NaiveDate, NaiveDate),
    now: Ts,
) -> Result<Known, DbError> {
    let (reach, reader) = match scope {
        Scope::Psychologist(id) => (Reach::Psychologist(*id), Reader::Psychologist { id: *id }),
        Scope::Programmes(ids) => (Reach::Programmes(ids.clone()), Reader::Coordinator { programmes: ids.clone() }),
    };
    let mut sessions = look_up::between(conn, scope, period)?;
    sessions.retain(|row| {
        filter.psychologist.is_none_or(|id| row.session.psychologist_id == id)
            && filter.programme.is_none_or(|id| row.session.programme_id == id)
    });
    let ids: Vec<ChildId> = sessions.iter().map(|row| row.session.child_id).collect();
    let names = children::full_names(conn, vault, &reader, &ids)?;
    let occurrences = openings::occurrences(conn, &reach, filter, period)?;
    let busy = openings::busy(conn, &occurrences, period)?;
    let free = occurrences.iter().flat_map(|o| o.cut(&busy, USUAL, now).into_iter().map(|place| (o.clone(), place)));
    let free = free.collect();
    let both = sessions.iter().map(|row| (row.session.psychologist_id, Some(row.session.programme_id)));
    let called = openings::names(conn, both.chain(occurrences.iter().map(|o| (o.psychologist, o.programme))))?;
    let psychologists = match scope {
        Scope::Psychologist(_) => Vec::new(),
        Scope::Programmes(ids) => openings::psychologists_of(conn, ids)?,
    };
    let calendar = school_calendar::calendar(conn)?;
    Ok(Known { sessions, names, occurrences, free, called, psychologists, calendar })
}

fn heading(asked: &Asked, (from, until): (NaiveDate, NaiveDate)) -> String {
    match asked.view {
        View::Day => {
            let words = french_full_date(asked.on);
            let first = words.chars().next().into_iter().flat_map(char::to_uppercase);
            first.chain(words.chars().skip(1)).collect()
        }
        View::Week | View::List if from.month() == until.month() => {
            format!("Semaine du {} au {}", from.day(), french_date(until))
        }
        View::Week | View::List => format!("Semaine du {} au {}", french_date(from), french_date(until)),
    }
}

fn page(layout: Layout, query: &Query, asked: Asked, known: Known, (is_own, now): (bool, Ts)) -> AgendaPage {
    let (today, minute) = (calendar::local_date(now), minute_of(calendar::local_time(now)));
    let href = |query: Query| format!("{}{}", links::AGENDA, query.href());
    let (previous, next) = asked.view.neighbours(asked.on);
    let (from, until) = asked.view.period(asked.on);
    let places = places(&known);
    let mut blocks = blocks(&known, asked.place.as_deref(), is_own, now);
    let hours = Hours::around(blocks.values().flatten().map(|block| block.stretch));
    let hours = if (from..=until).contains(&today) { hours.with_now(minute) } else { hours };
    let is_empty = blocks.is_empty();
    let mut days = Vec::new();
    for on in from.iter_days().take_while(|day| *day <= until) {
        let mut of_day = blocks.remove(&on).unwrap_or_default();
        // a weekend is shown when something is in it
        if asked.view != View::Day && on.weekday().num_days_from_monday() > 4 && of_day.is_empty() && on != today {
            continue;
        }
        arrange(&mut of_day, hours);
        days.push(Day {
            on,
            short: short_day(on),
            href: href(query.with("vue", View::Day).with("jour", on)),
            off: known.calendar.day_off(on).map(|off| off.to_string()),
            is_today: on == today,
            now_row: (on == today).then(|| hours.row_of(minute)).flatten(),
            blocks: of_day,
        });
    }
    AgendaPage {
        layout,
        form: filled(query),
        on: asked.on,
        warning: known.calendar.warning(today),
        previous: href(query.with("jour", previous)),
        next: href(query.with("jour", next)),
        today: href(query.without("jour")),
        is_today_shown: (from..=until).contains(&today),
        views: View::ALL.iter().map(|view| (*view, href(query.with("vue", view)))).collect(),
        is_filtered: asked.is_filtered(),
        view: asked.view,
        psychologists: known.psychologists.iter().map(|(id, name)| Choice::new(id, name)).collect(),
        programmes: known.called.programmes.iter().map(|(id, name)| Choice::new(id, name)).collect(),
        places,
        hours,
        days,
        is_empty,
        is_own,
        now: minute,
    }
}

fn filled(query: &Query) -> FormState {
    let names = ["psychologue", "pre", "lieu"];
    names.iter().fold(FormState::new(), |form, name| form.with(name, query.get(name).unwrap_or_default()))
}

/// The places of the days shown, to choose from.
fn places(known: &Known) -> Vec<Choice> {
    let of_sessions = known.sessions.iter().filter_map(|row| row.session.place.clone());
    let all: BTreeSet<String> = known.occurrences.iter().map(|o| o.place.clone()).chain(of_sessions).collect();
    all.iter().map(|place| Choice::new(place, place)).collect()
}

/// What stands on each day, in the order of time.
fn blocks(known: &Known, place: Option<&str>, is_own: bool, now: Ts) -> BTreeMap<NaiveDate, Vec<Block>> {
    let mut days: BTreeMap<NaiveDate, Vec<Block>> = BTreeMap::new();
    let is_there = |there: Option<&str>| place.is_none_or(|asked| there == Some(asked));
    for row in known.sessions.iter().filter(|row| is_there(row.session.place.as_deref())) {
        days.entry(row.session.slot.on).or_default().push(session_block(row, known, is_own, now));
    }
    for (occurrence, free) in known.free.iter().filter(|(occurrence, _)| is_there(Some(&occurrence.place))) {
        days.entry(occurrence.on).or_default().push(free_block(occurrence, free, known, is_own));
    }
    for blocks in days.values_mut() {
        blocks.sort_by_key(|block| (block.stretch.from, block.stretch.until, block.kind));
    }
    days
}

fn session_block(row: &Listed, known: &Known, is_own: bool, now: Ts) -> Block {
    let (session, around) = (&row.session, &row.around);
    let phase = session.state.phase();
    let is_past = session.slot.ends_at() <= now;
    let name = known.names.get(&session.child_id).unwrap_or(&around.reference).clone();
    let (kind, mark) = match phase {
        Phase::Booked if is_past => ("late", Some(if is_own { "À enregistrer" } else { "Pas encore enregistrée" })),
        Phase::Booked => ("booked", None),
        Phase::Refused => ("refused", Some(phase.french())),
        Phase::Recorded | Phase::Approved | Phase::Cancelled | Phase::Invoiced => ("done", Some(phase.french())),
    };
    let with = if is_own { around.programme.clone() } else { around.psychologist.clone() };
    let details = [session.place.clone(), Some(with)].into_iter().flatten().collect();
    let stretch = Stretch::new(session.slot.start_time(), session.slot.duration.0);
    let times = (session.slot.start_time(), session.slot.end_time());
    block(kind, (links::session(session.id), name, details), times, (stretch, mark))
}

fn free_block(occurrence: &Occurrence, free: &Place, known: &Known, is_own: bool) -> Block {
    let who = known.called.psychologists.get(&occurrence.psychologist).filter(|_| !is_own).cloned();
    let programme = occurrence.programme.and_then(|id| known.called.programmes.get(&id).cloned());
    let details = [Some(occurrence.place.clone()), who, programme].into_iter().flatten().collect();
    let stretch = Stretch::new(free.start, free.duration.0);
    let end =
        calendar::local_time(Ts::new(free.starts_at.utc() + chrono::Duration::minutes(i64::from(free.duration.0))));
    let mut query = Query::default()
        .with("jour", occurrence.on)
        .with("heure", free.start.format("%H:%M"))
        .with("duree", format!("{}m", free.duration.0))
        .with("lieu", &occurrence.place);
    if !is_own {
        query = query.with("psychologue", occurrence.psychologist);
    }
    let href = format!("{}{}", links::BOOK_SESSION, query.href());
    block("free", (href, "Libre".to_owned(), details), (free.start, end), (stretch, None))
}

fn block(
    kind: &'static str,
    (href, title, details): (String, String, Vec<String>),
    (start, end): (NaiveTime, NaiveTime),
    (stretch, mark): (Stretch, Option<&'static str>),
) -> Block {
    Block { kind, href, start, end, title, details, mark, stretch, row: 0, rows: 1, lane: 0, lanes: 1 }
}

impl Block {
    /// Whether it is so short that one line is all there is.
    fn is_short(&self) -> bool {
        self.rows < 3
    }
}

/// Gives each block of a day its place on the grid.
fn arrange(blocks: &mut [Block], hours: Hours) {
    let stretches: Vec<Stretch> = blocks.iter().map(|block| block.stretch).collect();
    for (block, (lane, lanes)) in blocks.iter_mut().zip(lanes(&stretches)) {
        (block.row, block.rows) = hours.place(block.stretch);
        (block.lane, block.lanes) = (lane, lanes);
    }
}

/// "mardi 24".
fn short_day(on: NaiveDate) -> String {
    french_day(on).split(' ').take(2).collect::<Vec<_>>().join(" ")
}
