//! One opening, for its psychologist: its next days, what is booked in them, and what may be changed.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use crate::accounts::Psychologist;
use crate::accounts::guards::As;
use crate::app::App;
use crate::calendar::french_day;
use crate::db::{DbError, Tx};
use crate::error::AppError;
use crate::failure::Failure;
use crate::idempotency::{Once, write_once};
use crate::ids::OpeningId;
use crate::links;
use crate::openings::look_up::{self, PlannedDay};
use crate::openings::pages::{self, Offered};
use crate::openings::remove_day::RemoveDayRefusal;
use crate::openings::{Closed, Opening, change, close, remove_day};
use crate::web::{self, Flash, FormState, Layout, Status, filters};

/// How many of its next days are shown.
const SHOWN_DAYS: usize = 12;

#[derive(Template)]
#[template(path = "openings/opening.html")]
struct OpeningPage {
    layout: Layout,
    form: FormState,
    ending: FormState,
    offered: Offered,
    days: Vec<Day>,
    today: NaiveDate,
    hrefs: Hrefs,
    /// Whether what is folded must be seen: a refusal is about it.
    unfolded: bool,
}

/// A day on which it would take place.
struct Day {
    on: NaiveDate,
    status: Status,
    booked: i64,
    can_remove: bool,
    can_restore: bool,
}

/// Where what may be done is posted.
struct Hrefs {
    change: String,
    closing: String,
    removal: String,
    restoration: String,
}

impl Day {
    fn of(planned: PlannedDay) -> Self {
        let status = match &planned.closed {
            None => Status::good("Ouverte"),
            Some(closed) => Status::neutral(format!("Fermée, {closed}")),
        };
        Self {
            on: planned.on,
            status,
            booked: i64::try_from(planned.booked).unwrap_or(i64::MAX),
            can_remove: planned.closed.is_none(),
            can_restore: planned.closed == Some(Closed::Removed),
        }
    }
}

/// Shows an opening.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn show_opening(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    id: Path<OpeningId>,
) -> Result<HttpResponse, AppError> {
    let page = opening_page(&app, &who, &request, id.into_inner(), None).await?;
    Ok(web::page(&request, &page)?)
}

async fn opening_page(
    app: &App,
    who: &As<Psychologist>,
    request: &HttpRequest,
    id: OpeningId,
    refused: Option<FormState>,
) -> Result<OpeningPage, AppError> {
    let (psychologist, clock) = (**who, app.clock.clone());
    let today = clock.today();
    let (opening, days, offered, programme) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let opening = look_up::load(conn, psychologist.id, id)?;
            let days = look_up::days_to_come(conn, &clock, &opening, SHOWN_DAYS)?;
            let names = look_up::names(conn, std::iter::once((psychologist.id, opening.terms.programme)))?;
            let named = opening.terms.programme.and_then(|id| names.programmes.get(&id).cloned());
            let programme = named.unwrap_or_else(|| "tous les PRE".to_owned());
            Ok((opening, days, pages::offered(conn, &psychologist)?, programme))
        })
        .await?;
    let mut lead = vec![opening.terms.place.clone(), programme];
    lead.extend(pages::limits(&opening, today));
    let unfolded = refused.is_some();
    let form = refused.unwrap_or_else(|| filled(&opening));
    Ok(OpeningPage {
        layout: who
            .layout(request, "Permanence")
            .heading(opening.when())
            .lead(lead.join(", "))
            .under("Agenda", links::AGENDA)
            .under("Permanences", links::OPENINGS)
            .for_form(&form),
        form,
        ending: FormState::new(),
        offered,
        days: days.into_iter().map(Day::of).collect(),
        today,
        hrefs: Hrefs {
            change: links::opening_change(id),
            closing: links::opening_closing(id),
            removal: links::opening_removal(id),
            restoration: links::opening_restoration(id),
        },
        unfolded,
    })
}

fn filled(opening: &Opening) -> FormState {
    let terms = &opening.terms;
    let text = |value: Option<String>| value.unwrap_or_default();
    let form = FormState::new()
        .with("place", &terms.place)
        .with("programme", text(terms.programme.map(|id| id.to_string())))
        .with("rhythm", terms.rhythm)
        .with("starts_on", terms.starts_on)
        .with("starts_at", terms.span.from.format("%H:%M"))
        .with("ends_at", terms.span.until.format("%H:%M"))
        .with("until_on", text(terms.until_on.map(|on| on.to_string())));
    if terms.is_school_only { form.with("is_school_only", "on") } else { form }
}

/// Changes what an opening says.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_change(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    id: Path<OpeningId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let Some(terms) = pages::read_terms(&mut form) else {
        return Ok(web::refused(&request, &opening_page(&app, &who, &request, id, Some(form)).await?)?);
    };
    let key = form.key(who.account, "change_opening", format!("{id} {terms:?}"));
    let (clock, psychologist) = (app.clock.clone(), *who);
    let work = move |tx: &mut Tx<'_>| change::change(tx, &clock, &psychologist, id, &terms);
    match write_once(&app.db, &app.clock, key, work).await {
        Ok(Once::Answer(())) => {
            let done = Flash::success("La permanence est modifiée. Les rendez-vous déjà pris ne changent pas.");
            Ok(web::see_other_with(&links::opening(id), &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            pages::refuse(&mut form, &refusal, &pages::FIELDS);
            Ok(web::refused(&request, &opening_page(&app, &who, &request, id, Some(form)).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Closes an opening after a day, or at once.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_closing(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<OpeningId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let Some(after) = form.optional_date("after", "le dernier jour") else {
        let wrong = Flash::error(form.refusal("after").unwrap_or_default());
        return Ok(web::see_other_with(&links::opening(id), &wrong));
    };
    let key = form.key(who.account, "close_opening", format!("{id} {after:?}"));
    let (clock, psychologist) = (app.clock.clone(), *who);
    let work = move |tx: &mut Tx<'_>| close::close(tx, &clock, &psychologist, id, after);
    match write_once(&app.db, &app.clock, key, work).await {
        Ok(Once::Answer(())) => {
            let done = Flash::success("La permanence est fermée. Les rendez-vous déjà pris ne changent pas.");
            Ok(web::see_other_with(links::OPENINGS, &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Ok(web::see_other_with(&links::opening(id), &Flash::error(refusal))),
        Err(other) => Err(other.into()),
    }
}

/// Takes a day out of an opening.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_removal(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<OpeningId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    set_day(&app, *who, id.into_inner(), form, false).await
}

/// Puts a day back in an opening.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_restoration(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<OpeningId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    set_day(&app, *who, id.into_inner(), form, true).await
}

async fn set_day(
    app: &App,
    who: Psychologist,
    id: OpeningId,
    mut form: FormState,
    is_open: bool,
) -> Result<HttpResponse, AppError> {
    let on = form.required_date("on", "le jour");
    let key = form.key(who.account, "set_opening_day", format!("{id} {on:?} {is_open}"));
    let clock = app.clock.clone();
    let work = move |tx: &mut Tx<'_>| -> Result<(Option<NaiveDate>, usize), Failure<RemoveDayRefusal>> {
        // whose it is comes before what was sent
        let opening = look_up::load(tx, who.id, id)?;
        let Some(on) = on else { return Ok((None, 0)) };
        if is_open {
            remove_day::restore_day(tx, &clock, &who, id, on)?;
        } else {
            remove_day::remove_day(tx, &clock, &who, id, on)?;
        }
        let days = look_up::days_to_come(tx, &clock, &opening, usize::MAX)?;
        Ok((Some(on), days.iter().filter(|day| day.on == on).map(|day| day.booked).sum()))
    };
    let here = links::opening(id);
    match write_once(&app.db, &app.clock, key, work).await {
        Ok(Once::Answer((Some(on), _))) if is_open => {
            let words = format!("La permanence du {} a lieu de nouveau.", french_day(on));
            Ok(web::see_other_with(&here, &Flash::success(words)))
        }
        Ok(Once::Answer((Some(on), booked))) => {
            let words =
                format!("La permanence du {} n’aura pas lieu : {}.", french_day(on), pages::still_booked(booked));
            Ok(web::see_other_with(&here, &Flash::success(words)))
        }
        Ok(Once::Answer((None, _))) => {
            Ok(web::see_other_with(&here, &Flash::error(form.refusal("on").unwrap_or_default())))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Ok(web::see_other_with(&here, &Flash::error(refusal))),
        Err(other) => Err(other.into()),
    }
}
