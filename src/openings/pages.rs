//! The openings that somebody sees, a psychologist's leaves, and opening places.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{Days, NaiveDate};

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Caller, Psychologist};
use crate::app::App;
use crate::calendar::{french_date, local_time};
use crate::children::{Reader, look_up as children};
use crate::db::{AnyConnection, DbError};
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::hours::Minutes;
use crate::idempotency::{Once, write_once};
use crate::ids::{ChildId, LeaveId, OpeningId};
use crate::links;
use crate::openings::look_up::{self, Filter, Names};
use crate::openings::{LONGEST_PLACE, Leave, Occurrence, Opening, Reach, Rhythm, Span, Terms, create, take_leave};
use crate::school_calendar::look_up as school_calendar;
use crate::vault::Vault;
use crate::web::{self, Choice, Flash, FormState, Layout, Page, Query, Status, Tone, filters};

/// How far ahead free places are counted.
const COUNTED: Days = Days::new(27);
/// The length of the places that are counted.
const USUAL: Minutes = Minutes(60);
/// Fields of the form of an opening, by which refusals find their place.
pub(super) const FIELDS: [&str; 8] =
    ["place", "programme", "rhythm", "starts_on", "starts_at", "ends_at", "until_on", "is_school_only"];
const LEAVE_FIELDS: [&str; 2] = ["leave_starts_on", "leave_ends_on"];

#[derive(Template)]
#[template(path = "openings/list.html")]
struct ListPage {
    layout: Layout,
    form: FormState,
    warning: Option<String>,
    to_move: Vec<ToMove>,
    rows: Vec<Row>,
    leaves: Vec<Leave>,
    is_own: bool,
    today: NaiveDate,
    page: Page,
    query: Query,
}

/// An opening in the list.
struct Row {
    href: String,
    when: String,
    place: String,
    programme: String,
    psychologist: String,
    limits: Vec<String>,
    next: Option<NaiveDate>,
    free: i64,
}

/// A session booked when its psychologist is not there.
struct ToMove {
    href: String,
    child: String,
    on: NaiveDate,
    start: chrono::NaiveTime,
    why: Status,
}

/// Lists the openings that somebody sees.
///
/// # Errors
/// When the role plans nothing, or the database fails.
pub async fn list_openings(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let page = list_page(&app, &who, &request, FormState::new()).await?;
    Ok(web::page(&request, &page)?)
}

async fn list_page(app: &App, who: &SignedIn, request: &HttpRequest, form: FormState) -> Result<ListPage, AppError> {
    let reach = Reach::of(who).ok_or(AppError::Forbidden(<Psychologist as Caller>::ROLE.french()))?;
    let is_own = matches!(reach, Reach::Psychologist(_));
    let layout = who.layout(request, "Permanences").under("Agenda", links::AGENDA).for_form(&form).lead(if is_own {
        "Où et quand on peut prendre rendez-vous avec vous."
    } else {
        "Où et quand on peut prendre rendez-vous pour les enfants de votre PRE."
    });
    let layout = if is_own { layout.action("Ouvrir une permanence", links::NEW_OPENING) } else { layout };
    let (clock, vault, query) = (app.clock.clone(), app.vault.clone(), Query::parse(request.query_string()));
    let today = clock.today();
    app.db
        .read_async::<_, AppError>(move |conn| {
            let filter = Filter { from: Some(today), ..Filter::default() };
            let page = Page::from_query(&query, look_up::count(conn, &reach, filter)?);
            let openings = look_up::list(conn, &reach, filter, (page.offset(), page.size))?;
            let (to_move, leaves) = match &reach {
                Reach::Psychologist(own) => {
                    (to_move(conn, &clock, &vault, *own)?, look_up::leaves_to_come(conn, *own, today)?)
                }
                Reach::Programmes(_) => (Vec::new(), Vec::new()),
            };
            let rows = rows(conn, &clock, &openings)?;
            let warning = school_calendar::calendar(conn)?.warning(today);
            Ok(ListPage { layout, form, warning, to_move, rows, leaves, is_own, today, page, query })
        })
        .await
}

fn rows(conn: &mut AnyConnection, clock: &crate::clock::Clock, of: &[Opening]) -> Result<Vec<Row>, DbError> {
    let today = clock.today();
    let until = today.checked_add_days(COUNTED).unwrap_or(today);
    let context = look_up::context(conn, of, (today, until))?;
    let names = look_up::names(conn, of.iter().map(|o| (o.psychologist_id, o.terms.programme)))?;
    let given: BTreeMap<OpeningId, Vec<Occurrence>> =
        of.iter().map(|o| (o.id, o.occurrences(today, until, &context))).collect();
    let all: Vec<Occurrence> = given.values().flatten().cloned().collect();
    let busy = look_up::busy(conn, &all, (today, until))?;
    let now = clock.now();
    Ok(of
        .iter()
        .map(|opening| {
            let occurrences = given.get(&opening.id).map(Vec::as_slice).unwrap_or_default();
            let free = occurrences.iter().map(|o| o.places(&busy, USUAL, now).len()).sum::<usize>();
            Row {
                href: links::opening(opening.id),
                when: opening.when(),
                place: opening.terms.place.clone(),
                programme: programme_name(&names, opening),
                psychologist: names.psychologists.get(&opening.psychologist_id).cloned().unwrap_or_default(),
                limits: limits(opening, today),
                next: occurrences.iter().find(|o| o.ends_at > now).map(|o| o.on),
                free: i64::try_from(free).unwrap_or(i64::MAX),
            }
        })
        .collect())
}

/// "PRE de Longvic", "Tous les PRE".
fn programme_name(names: &Names, opening: &Opening) -> String {
    let named = opening.terms.programme.and_then(|id| names.programmes.get(&id).cloned());
    named.unwrap_or_else(|| "Tous les PRE".to_owned())
}

/// What restricts an opening, in words.
pub(super) fn limits(opening: &Opening, today: NaiveDate) -> Vec<String> {
    let terms = &opening.terms;
    let repeats = terms.rhythm != Rhythm::Once;
    let school = terms.is_school_only.then(|| "semaines scolaires seulement".to_owned());
    let from = (repeats && terms.starts_on > today).then(|| format!("à partir du {}", french_date(terms.starts_on)));
    let until = terms.until_on.filter(|_| repeats).map(|until| format!("jusqu’au {}", french_date(until)));
    [school, from, until].into_iter().flatten().collect()
}

fn to_move(
    conn: &mut AnyConnection,
    clock: &crate::clock::Clock,
    vault: &Vault,
    own: crate::ids::PsychologistId,
) -> Result<Vec<ToMove>, DbError> {
    let all = look_up::to_move(conn, clock, own)?;
    let ids: Vec<ChildId> = all.iter().map(|(booked, _)| booked.child).collect();
    let names = children::full_names(conn, vault, &Reader::Psychologist { id: own }, &ids)?;
    Ok(all
        .into_iter()
        .map(|(booked, why)| ToMove {
            href: links::session(booked.session),
            child: names.get(&booked.child).cloned().unwrap_or(booked.reference),
            on: booked.on,
            start: local_time(booked.starts_at),
            why: Status::waiting(why),
        })
        .collect())
}

/// Puts a refusal beside the field that it is about, if the form has it.
pub(super) fn refuse(form: &mut FormState, refusal: &impl Refusal, fields: &[&str]) {
    let field = refusal.field().filter(|field| fields.contains(field));
    form.refuse(field.unwrap_or_default(), refusal);
}

/// The choices of an opening's form.
pub(super) struct Offered {
    pub programmes: Vec<Choice>,
    pub rhythms: Vec<Choice>,
}

/// What a psychologist may choose in an opening.
pub(super) fn offered(conn: &mut AnyConnection, who: &Psychologist) -> Result<Offered, DbError> {
    let programmes = look_up::programmes_of(conn, who.id)?;
    Ok(Offered {
        programmes: programmes.iter().map(|(id, name)| Choice::new(id, name)).collect(),
        rhythms: Rhythm::ALL.iter().map(|rhythm| Choice::new(rhythm, rhythm.french())).collect(),
    })
}

/// Reads what an opening says; refusals are left beside the fields.
pub(super) fn read_terms(form: &mut FormState) -> Option<Terms> {
    let place = form.required_text_within("place", "le lieu", LONGEST_PLACE);
    let programme = form.optional("programme", "le PRE", "un PRE de la liste", |text| text.parse().ok());
    let rhythm = form.required_choice("rhythm", "le rythme", |text| text.parse::<Rhythm>().ok());
    let starts_on = form.required_date("starts_on", "le premier jour");
    let from = form.required_time("starts_at", "l’heure de début");
    let until = form.required_time("ends_at", "l’heure de fin");
    let until_on = form.optional_date("until_on", "le dernier jour");
    let is_school_only = form.has("is_school_only");
    let rhythm = rhythm?;
    Some(Terms {
        programme: programme?,
        place: place?,
        rhythm,
        starts_on: starts_on?,
        until_on: until_on?.filter(|_| rhythm != Rhythm::Once),
        span: Span { from: from?, until: until? },
        is_school_only,
    })
}

#[derive(Template)]
#[template(path = "openings/new.html")]
struct NewPage {
    layout: Layout,
    form: FormState,
    offered: Offered,
    today: NaiveDate,
}

/// Shows the form of a new opening.
///
/// # Errors
/// When the database fails.
pub async fn show_new_opening(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let page = new_page(&app, &who, &request, FormState::new()).await?;
    Ok(web::page(&request, &page)?)
}

async fn new_page(
    app: &App,
    who: &As<Psychologist>,
    request: &HttpRequest,
    form: FormState,
) -> Result<NewPage, AppError> {
    let psychologist = **who;
    let offered = app.db.read_async::<_, DbError>(move |conn| offered(conn, &psychologist)).await?;
    let layout = who.layout(request, "Ouvrir une permanence").under("Agenda", links::AGENDA);
    let layout = layout.under("Permanences", links::OPENINGS).for_form(&form);
    Ok(NewPage { layout, form, offered, today: app.clock.today() })
}

/// Opens places.
///
/// # Errors
/// When the database fails.
pub async fn create_opening(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let Some(terms) = read_terms(&mut form) else {
        return Ok(web::refused(&request, &new_page(&app, &who, &request, form).await?)?);
    };
    let key = form.key(who.account, "open", format!("{terms:?}"));
    let (clock, psychologist) = (app.clock.clone(), *who);
    let work = move |tx: &mut crate::db::Tx<'_>| create::create(tx, &clock, &psychologist, &terms);
    match write_once(&app.db, &app.clock, key, work).await {
        Ok(Once::Answer(id)) => {
            Ok(web::see_other_with(&links::opening(id), &Flash::success("La permanence est ouverte.")))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            refuse(&mut form, &refusal, &FIELDS);
            Ok(web::refused(&request, &new_page(&app, &who, &request, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Notes that a psychologist is away.
///
/// # Errors
/// When the database fails.
pub async fn create_leave(
    app: Data<App>,
    who: As<Psychologist>,
    signed_in: SignedIn,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let starts_on = form.required_date("leave_starts_on", "le premier jour");
    let ends_on = form.required_date("leave_ends_on", "le dernier jour");
    let (Some(starts_on), Some(ends_on)) = (starts_on, ends_on) else {
        return Ok(web::refused(&request, &list_page(&app, &signed_in, &request, form).await?)?);
    };
    let key = form.key(who.account, "take_leave", format!("{starts_on} {ends_on}"));
    let (clock, psychologist) = (app.clock.clone(), *who);
    let work = move |tx: &mut crate::db::Tx<'_>| {
        let id = take_leave::take_leave(tx, &clock, &psychologist, (starts_on, ends_on))?;
        let to_move = look_up::to_move(tx, &clock, psychologist.id)?;
        Ok((id, to_move.iter().filter(|(booked, _)| (starts_on..=ends_on).contains(&booked.on)).count()))
    };
    match write_once(&app.db, &app.clock, key, work).await {
        Ok(Once::Answer((id, booked))) => {
            let words = format!("Votre absence est notée : {}.", still_booked(booked));
            let done = Flash::success(words).with_undo("Annuler", links::leave_withdrawal(id));
            Ok(web::see_other_with(links::OPENINGS, &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            refuse(&mut form, &refusal, &LEAVE_FIELDS);
            Ok(web::refused(&request, &list_page(&app, &signed_in, &request, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// "1 rendez-vous reste à déplacer ou à annuler".
pub(super) fn still_booked(count: usize) -> String {
    match count {
        0 => "aucun rendez-vous n’y était pris".to_owned(),
        1 => "1 rendez-vous reste à déplacer ou à annuler".to_owned(),
        n => format!("{n} rendez-vous restent à déplacer ou à annuler"),
    }
}

/// Takes a leave back.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_leave_withdrawal(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<LeaveId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let key = form.key(who.account, "give_back_leave", id.to_string());
    let (clock, psychologist) = (app.clock.clone(), *who);
    let work = move |tx: &mut crate::db::Tx<'_>| take_leave::give_back_leave(tx, &clock, &psychologist, id);
    match write_once(&app.db, &app.clock, key, work).await {
        Ok(Once::Answer(())) => Ok(web::see_other_with(
            links::OPENINGS,
            &Flash::info("L’absence est retirée : vos permanences reprennent."),
        )),
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Ok(web::see_other_with(links::OPENINGS, &Flash::error(refusal))),
        Err(other) => Err(other.into()),
    }
}
