//! Booking, by a psychologist, or by a coordinator for a child of theirs: one session at once; a series once each of
//! its days was looked at.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::calendar::french_date;
use crate::children::look_up as children;
use crate::db::DbError;
use crate::error::AppError;
use crate::failure::Failure;
use crate::hours::Minutes;
use crate::idempotency::{Once, write_once};
use crate::ids::{ChildId, PsychologistId, RequestId, SessionId};
use crate::links;
use crate::sessions::book_many::{self, Chosen, Foreseen, ManyRefused, Plan, Wish};
use crate::sessions::look_up::{self, OpenReferral};
use crate::sessions::recurrence::{MOST_DATES, Repeat, Rhythm, Stop};
use crate::sessions::{Slot, Viewer, pages, pages_record, warnings};
use crate::web::{self, Choice, Flash, FormState, Layout, Query, Status, Tone, filters};

const FIELDS: [&str; 6] = ["child", "session_on", "starts_at", "duration", "place", "stop"];
/// What an address may fill of the form, and the field that it fills: a free place of an agenda is such an address.
const PREFILLED: [(&str, &str); 6] = [
    ("enfant", "child"),
    ("jour", "session_on"),
    ("heure", "starts_at"),
    ("duree", "duration"),
    ("lieu", "place"),
    ("demande", "request"),
];

#[derive(Template)]
#[template(path = "sessions/book.html")]
struct BookPage {
    layout: Layout,
    form: FormState,
    children: Vec<Choice>,
    lengths: Vec<Choice>,
    rhythms: Vec<Choice>,
    stops: Vec<Choice>,
    today: NaiveDate,
    is_coordinator: bool,
    /// Whether the repetition must be seen: it was asked, or a refusal is about it.
    repeats: bool,
    /// Whether what was refused is only unusual: it may be insisted on.
    is_unusual: bool,
    /// When there is room that day instead.
    instead: Option<NaiveTime>,
}

/// Shows the form, filled with what the address says.
///
/// # Errors
/// When the role books nothing, or the database fails.
pub async fn show_booking(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let viewer = pages::viewer(&who)?;
    let query = Query::parse(request.query_string());
    let fill = |form: FormState, (word, field): &(&str, &str)| match query.get(word) {
        Some(value) => form.with(field, value),
        None => form,
    };
    let form = PREFILLED.iter().fold(FormState::new(), fill);
    let page = book_page(&app, &who, &viewer, &request, form).await?;
    Ok(web::page(&request, &page)?)
}

/// With whom a free place of the agenda is.
fn asked_psychologist(request: &HttpRequest) -> Option<PsychologistId> {
    Query::parse(request.query_string()).get("psychologue")?.parse().ok()
}

async fn book_page(
    app: &App,
    who: &SignedIn,
    viewer: &Viewer,
    request: &HttpRequest,
    mut form: FormState,
) -> Result<BookPage, AppError> {
    let children = child_choices(app, viewer, asked_psychologist(request)).await?;
    // an address may name the child alone: with the first psychologist to whom they are entrusted
    if let Some(first) = children.iter().find(|choice| names_child_of(&form, &choice.value)) {
        form.set("child", first.value.clone());
    }
    Ok(BookPage {
        layout: who.layout(request, "Prendre un rendez-vous").under("Séances", links::SESSIONS).for_form(&form),
        children,
        lengths: pages::lengths(),
        rhythms: Rhythm::ALL.iter().map(|rhythm| Choice::new(rhythm, rhythm.french())).collect(),
        stops: stops(),
        today: app.clock.today(),
        is_coordinator: viewer.is_coordinator(),
        repeats: !form.value("rhythm").is_empty() || form.refusal("stop").is_some(),
        is_unusual: false,
        instead: None,
        form,
    })
}

fn stops() -> Vec<Choice> {
    vec![
        Choice::new("times", "Un nombre de rendez-vous"),
        Choice::new("until", "Une date"),
        Choice::new("holidays", "Les prochaines vacances scolaires"),
    ]
}

/// The children who may be seen from today on, each with a psychologist and what is left of the referral.
async fn child_choices(app: &App, viewer: &Viewer, with: Option<PsychologistId>) -> Result<Vec<Choice>, AppError> {
    let (vault, today, scope) = (app.vault.clone(), app.clock.today(), viewer.scope.clone());
    let is_coordinator = viewer.is_coordinator();
    app.db
        .read_async::<_, AppError>(move |conn| {
            let mut open = look_up::referrals_to_book(conn, &scope, today)?;
            open.retain(|referral| with.is_none_or(|id| referral.psychologist_id == id));
            let ids: Vec<ChildId> = open.iter().map(|referral| referral.child_id).collect();
            let names = children::full_names(conn, &vault, &pages::reader(&scope), &ids)?;
            let mut choices: Vec<Choice> = open
                .iter()
                .map(|referral| {
                    let name = names.get(&referral.child_id).unwrap_or(&referral.reference);
                    choice(referral, name, is_coordinator)
                })
                .collect();
            choices.sort_by(|a, b| a.label.cmp(&b.label));
            Ok(choices)
        })
        .await
}

fn choice(referral: &OpenReferral, name: &str, is_coordinator: bool) -> Choice {
    let left = referral.minutes - referral.reserved - referral.used;
    let label = if is_coordinator { format!("{name}, avec {}", referral.psychologist) } else { name.to_owned() };
    Choice::new(links::child_and_psychologist(referral.child_id, referral.psychologist_id), label)
        .hint(format!("reste {left} jusqu’au {}", french_date(referral.ends_on)))
}

/// Whether the form names a child without a psychologist, and the choice is that child's.
fn names_child_of(form: &FormState, choice: &str) -> bool {
    let named = form.value("child");
    !named.is_empty() && choice.split_once('+').is_some_and(|(child, _)| child == named)
}

/// Reads "child+psychologist".
fn read_pair(text: &str) -> Option<(ChildId, PsychologistId)> {
    let (child, psychologist) = text.split_once('+')?;
    Some((child.parse().ok()?, psychologist.parse().ok()?))
}

/// What the form asks.
#[derive(Debug, Clone)]
struct Asked {
    child: ChildId,
    psychologist: PsychologistId,
    slot: Slot,
    place: Option<String>,
    repeat: Option<Repeat>,
    /// The request that it answers, if it was booked from one.
    request: Option<RequestId>,
}

impl Asked {
    fn wish(&self, days: Vec<NaiveDate>) -> Wish {
        let (time, duration) = (self.slot.start_time(), self.slot.duration);
        Wish { child: self.child, psychologist: self.psychologist, time, duration, days }
    }

    fn plan(&self, chosen: Vec<Chosen>) -> Plan {
        Plan {
            child: self.child,
            psychologist: self.psychologist,
            place: self.place.clone(),
            chosen,
            request: self.request,
        }
    }
}

fn read_asked(form: &mut FormState) -> Option<Asked> {
    let pair = form.required_choice("child", "un enfant", read_pair);
    // a place that was proposed instead stands in for the hour that was typed
    if let Some(instead) = form.optional_text("instead") {
        form.set("starts_at", instead);
    }
    let slot = pages_record::read_slot(form);
    let place = pages_record::read_place(form);
    let repeat = read_repeat(form);
    let request = form.value("request").parse().ok();
    let (child, psychologist) = pair?;
    Some(Asked { child, psychologist, slot: slot?, place: place?, repeat: repeat?, request })
}

/// Reads how it is repeated, if it is.
fn read_repeat(form: &mut FormState) -> Option<Option<Repeat>> {
    let Ok(rhythm) = form.value("rhythm").parse::<Rhythm>() else { return Some(None) };
    let stop = match form.value("stop") {
        "until" => Stop::Until(form.required_date("until", "la dernière date")?),
        "holidays" => Stop::Holidays(None),
        _ => Stop::Times(read_times(form)?),
    };
    Some(Some(Repeat { rhythm, stop, skips_days_off: form.has("skip") }))
}

fn read_times(form: &mut FormState) -> Option<usize> {
    let times = usize::try_from(form.required_number("times", "le nombre de rendez-vous")?).unwrap_or_default();
    if (1..=MOST_DATES).contains(&times) {
        return Some(times);
    }
    form.refuse("times", format!("Choisissez de 1 à {MOST_DATES} rendez-vous."));
    None
}

/// Books a session; or shows the days of a series; or books those that were chosen.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn create_booking(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let viewer = pages::viewer(&who)?;
    let asked = read_asked(&mut form);
    let Some(asked) = asked.filter(|_| form.value("step") != "edit") else {
        let page = book_page(&app, &who, &viewer, &request, form).await?;
        return Ok(if page.form.is_refused() { web::refused(&request, &page)? } else { web::page(&request, &page)? });
    };
    match asked.repeat {
        None => book_one(&app, &who, viewer, &request, form, asked).await,
        Some(repeat) => book_series(&app, &who, viewer, &request, form, (asked, repeat)).await,
    }
}

/// Books, and says what was booked or why nothing was.
async fn book(
    app: &App,
    viewer: &Viewer,
    form: &FormState,
    plan: Plan,
) -> Result<Result<Vec<SessionId>, ManyRefused>, AppError> {
    let key = form.key(viewer.account, "book", format!("{plan:?}"));
    let (clock, vault, by) = (app.clock.clone(), app.vault.clone(), viewer.clone());
    let outcome =
        write_once(&app.db, &app.clock, key, move |tx| book_many::book_many(tx, &clock, &vault, &by, &plan)).await;
    match outcome {
        Ok(Once::Answer(ids)) => Ok(Ok(ids)),
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(other) => Err(other.into()),
    }
}

async fn book_one(
    app: &App,
    who: &SignedIn,
    viewer: Viewer,
    request: &HttpRequest,
    mut form: FormState,
    asked: Asked,
) -> Result<HttpResponse, AppError> {
    let chosen = Chosen { slot: asked.slot, although_unusual: form.has("although_unusual") };
    let refusal = match book(app, &viewer, &form, asked.plan(vec![chosen])).await? {
        Ok(ids) => return done(app, viewer, &ids).await,
        Err(refusal) => refusal,
    };
    pages::refuse(&mut form, &refusal, &FIELDS);
    let (clock, vault, by, wish) =
        (app.clock.clone(), app.vault.clone(), viewer.clone(), asked.wish(vec![asked.slot.on]));
    let foreseen = app.db.rehearse_async(move |tx| book_many::foresee(tx, &clock, &vault, &by, &wish)).await?;
    let page = book_page(app, who, &viewer, request, form).await?;
    let page = BookPage {
        is_unusual: refusal.is_only_unusual(),
        instead: foreseen.first().and_then(|foreseen| foreseen.instead).map(Slot::start_time),
        ..page
    };
    Ok(web::refused(request, &page)?)
}

/// Where one goes once it is booked.
async fn done(app: &App, viewer: Viewer, ids: &[SessionId]) -> Result<HttpResponse, AppError> {
    let Some(first) = ids.first().copied() else { return Ok(web::see_other(links::SESSIONS)) };
    let what = pages::load_told(app, viewer.scope, first).await?;
    let done = match ids.len() {
        1 => Flash::success(format!("Le rendez-vous est pris : {what}."))
            .with_undo("Annuler", links::session_cancellation(first)),
        n => Flash::success(format!("{n}\u{a0}rendez-vous sont pris. Le premier : {what}."))
            .with_undo("Annuler la série", links::session_cancellation_with_following(first)),
    };
    Ok(web::see_other_with(&links::session(first), &done))
}

#[derive(Template)]
#[template(path = "sessions/series.html")]
struct SeriesPage {
    layout: Layout,
    form: FormState,
    rows: Vec<Row>,
    /// What was asked, to be sent again with the choice.
    kept: Vec<(&'static str, String)>,
    child: String,
    time: NaiveTime,
    duration: Minutes,
    place: Option<String>,
    bookable: i64,
    refused: i64,
    skipped: Vec<NaiveDate>,
}

/// A day of a series, and what can be booked of it.
struct Row {
    on: NaiveDate,
    /// What is sent when it is chosen; nothing when a rule refuses it.
    value: Option<String>,
    is_chosen: bool,
    refusal: Option<String>,
    warnings: Vec<String>,
    instead: Option<Instead>,
}

/// What can be booked instead.
struct Instead {
    value: String,
    start: NaiveTime,
    is_chosen: bool,
}

/// What is sent for a time: one that is unusual says so, so that what is insisted on is what was read.
fn value_of(slot: Slot, is_unusual: bool) -> String {
    let mark = if is_unusual { "!" } else { "" };
    format!("{}T{}{mark}", slot.on, slot.start_time().format("%H:%M"))
}

fn read_chosen(text: &str, duration: Minutes) -> Option<Chosen> {
    let (at, although_unusual) = text.strip_suffix('!').map_or((text, false), |at| (at, true));
    let at = NaiveDateTime::parse_from_str(at, "%Y-%m-%dT%H:%M").ok()?;
    Some(Chosen { slot: Slot::new(at.date(), at.time(), duration).ok()?, although_unusual })
}

impl Row {
    /// `ticked` is what was chosen before, or nothing when nobody chose yet: then all that is bookable and usual is.
    fn of(foreseen: &Foreseen, ticked: Option<&[&str]>) -> Self {
        let is_unusual = !foreseen.warnings.is_empty();
        let value = foreseen.slot.filter(|_| foreseen.refusal.is_none()).map(|slot| value_of(slot, is_unusual));
        let was_ticked = |value: &str| ticked.is_some_and(|ticked| ticked.contains(&value));
        let instead = foreseen.instead.map(|slot| {
            let value = value_of(slot, foreseen.instead_is_unusual);
            Instead { is_chosen: was_ticked(&value), start: slot.start_time(), value }
        });
        Self {
            on: foreseen.on,
            is_chosen: value.as_deref().is_some_and(|value| ticked.map_or(!is_unusual, |_| was_ticked(value))),
            value,
            refusal: foreseen.refusal.as_ref().map(ToString::to_string),
            warnings: foreseen.warnings.iter().map(ToString::to_string).collect(),
            instead,
        }
    }
}

/// Shows each day of a series; once some are chosen, books them.
async fn book_series(
    app: &App,
    who: &SignedIn,
    viewer: Viewer,
    request: &HttpRequest,
    mut form: FormState,
    (asked, repeat): (Asked, Repeat),
) -> Result<HttpResponse, AppError> {
    if form.value("step") == "book" {
        let chosen = form.all("slot").into_iter().filter_map(|text| read_chosen(text, asked.slot.duration));
        let chosen: Vec<Chosen> = chosen.take(MOST_DATES).collect();
        if chosen.is_empty() {
            form.refuse_whole("Choisissez au moins un rendez-vous.");
        } else {
            match book(app, &viewer, &form, asked.plan(chosen)).await? {
                Ok(ids) => return done(app, viewer, &ids).await,
                Err(refusal) => form.refuse_whole(refusal),
            }
        }
    }
    let holidays = app.db.read_async::<_, DbError>(|conn| Ok(warnings::holidays(conn)?)).await?;
    let dates = match holidays.days(asked.slot.on, &repeat) {
        Ok(dates) => dates,
        Err(refusal) => {
            pages::refuse(&mut form, &refusal, &FIELDS);
            return Ok(web::refused(request, &book_page(app, who, &viewer, request, form).await?)?);
        }
    };
    let page = series_page(app, who, &viewer, request, form, (asked, dates.kept, dates.skipped)).await?;
    Ok(if page.form.is_refused() { web::refused(request, &page)? } else { web::page(request, &page)? })
}

async fn series_page(
    app: &App,
    who: &SignedIn,
    viewer: &Viewer,
    request: &HttpRequest,
    form: FormState,
    (asked, days, skipped): (Asked, Vec<NaiveDate>, Vec<NaiveDate>),
) -> Result<SeriesPage, AppError> {
    let (clock, vault, by, wish) = (app.clock.clone(), app.vault.clone(), viewer.clone(), asked.wish(days));
    let foreseen = app.db.rehearse_async(move |tx| book_many::foresee(tx, &clock, &vault, &by, &wish)).await?;
    let (vault, scope, child) = (app.vault.clone(), viewer.scope.clone(), asked.child);
    let names = app
        .db
        .read_async::<_, AppError>(move |conn| {
            Ok(children::full_names(conn, &vault, &pages::reader(&scope), &[child])?)
        })
        .await?;
    let ticked = (form.value("step") == "book").then(|| form.all("slot"));
    let rows: Vec<Row> = foreseen.iter().map(|day| Row::of(day, ticked.as_deref())).collect();
    let count = |of: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| of(row)).count() as i64;
    Ok(SeriesPage {
        layout: who
            .layout(request, "Vérifier les rendez-vous")
            .under("Séances", links::SESSIONS)
            .under("Prendre un rendez-vous", links::BOOK_SESSION)
            .for_form(&form),
        bookable: count(&|row| row.value.is_some()),
        refused: count(&|row| row.value.is_none()),
        kept: kept(&form),
        child: names.get(&asked.child).cloned().unwrap_or_default(),
        time: asked.slot.start_time(),
        duration: asked.slot.duration,
        place: asked.place,
        skipped,
        rows,
        form,
    })
}

/// The fields of the first page, as they were sent.
fn kept(form: &FormState) -> Vec<(&'static str, String)> {
    let names = [
        "child",
        "session_on",
        "starts_at",
        "duration",
        "place",
        "rhythm",
        "stop",
        "times",
        "until",
        "skip",
        "request",
    ];
    names.into_iter().filter(|name| form.has(name)).map(|name| (name, form.value(name).to_owned())).collect()
}
