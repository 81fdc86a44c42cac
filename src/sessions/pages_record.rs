//! Recording a session in three presses: the child, as long as last time, just over. All else is folded away. And
//! saying it again, once it is refused or wrong.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{NaiveDate, NaiveTime};

use crate::accounts::Psychologist;
use crate::accounts::guards::As;
use crate::app::App;
use crate::calendar::french_day;
use crate::children::look_up as children;
use crate::error::AppError;
use crate::failure::Failure;
use crate::hours::Minutes;
use crate::idempotency::{Once, write_once};
use crate::ids::{ChildId, SessionId};
use crate::links;
use crate::sessions::correct::{self, Correction};
use crate::sessions::look_up::{self, Listed};
use crate::sessions::pages;
use crate::sessions::record_usual::{self, FIRST_LENGTH, Usual};
use crate::sessions::{Attendance, Scope, Slot, State};
use crate::web::{self, Choice, Flash, FormState, Layout, Tone};

/// Fields of the form, by which refusals find their place.
const FIELDS: [&str; 6] = ["child", "session_on", "starts_at", "duration", "attendance", "place"];
/// How many children are shown large; the others are folded.
const LARGE_CHOICES: usize = 6;
const LONGEST_PLACE: usize = 100;

#[derive(Template)]
#[template(path = "sessions/record.html")]
struct RecordPage {
    layout: Layout,
    form: FormState,
    recent: Vec<Choice>,
    others: Vec<Choice>,
    lengths: Vec<Choice>,
    attendances: Vec<Choice>,
    today: NaiveDate,
    /// Whether what is folded must be seen: a refusal is about it.
    unfolded: bool,
}

/// Shows the form for a session just over.
///
/// # Errors
/// When the database fails.
pub async fn show_recording(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let page = record_page(&app, &who, &request, FormState::new()).await?;
    Ok(web::page(&request, &page)?)
}

async fn record_page(
    app: &App,
    who: &As<Psychologist>,
    request: &HttpRequest,
    form: FormState,
) -> Result<RecordPage, AppError> {
    let mut recent = child_choices(app, **who).await?;
    let others = recent.split_off(LARGE_CHOICES.min(recent.len()));
    let unfolded = FIELDS[1..].iter().any(|field| form.refusal(field).is_some());
    Ok(RecordPage {
        layout: who.layout(request, "Saisir une séance").under("Séances", links::SESSIONS).for_form(&form),
        form,
        recent,
        others,
        lengths: pages::lengths(),
        attendances: attendances(),
        today: app.clock.today(),
        unfolded,
    })
}

/// The children who may be seen today, the latest seen first, each with what "as usual" means.
async fn child_choices(app: &App, who: Psychologist) -> Result<Vec<Choice>, AppError> {
    let (vault, today) = (app.vault.clone(), app.clock.today());
    app.db
        .read_async::<_, AppError>(move |conn| {
            let open = look_up::open_children(conn, who.id, today)?;
            let ids: Vec<ChildId> = open.iter().map(|child| child.referral.child_id).collect();
            let names = children::full_names(conn, &vault, &crate::children::Reader::from(&who), &ids)?;
            Ok(open
                .into_iter()
                .map(|child| {
                    let referral = child.referral;
                    let name = names.get(&referral.child_id).unwrap_or(&referral.reference);
                    let left = referral.minutes - referral.reserved - referral.used;
                    Choice::new(referral.child_id, name).hint(usual_words(child.last, left))
                })
                .collect())
        })
        .await
}

fn usual_words(last: Option<(NaiveDate, Minutes)>, left: Minutes) -> String {
    match last {
        Some((on, length)) => format!("{length} comme {} · reste {left}", french_day(on)),
        None => format!("Première séance, {FIRST_LENGTH} · reste {left}"),
    }
}

fn attendances() -> Vec<Choice> {
    Attendance::ALL.iter().map(|attendance| Choice::new(attendance, attendance.french())).collect()
}

/// Records a session.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn create_recording(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let Some(said) = read_usual(&mut form) else {
        return Ok(web::refused(&request, &record_page(&app, &who, &request, form).await?)?);
    };
    let key = form.key(who.account, "record", format!("{said:?}"));
    let (clock, vault, psychologist) = (app.clock.clone(), app.vault.clone(), *who);
    let outcome = write_once(&app.db, &app.clock, key, move |tx| {
        record_usual::record_usual(tx, &clock, &vault, &psychologist, &said)
    })
    .await;
    match outcome {
        Ok(Once::Answer(id)) => {
            let what = pages::load_told(&app, Scope::Psychologist(who.id), id).await?;
            let done = Flash::success(format!("La séance est enregistrée : {what}."))
                .with_undo("Annuler", links::session_recording_undone(id))
                .with_link("Modifier", links::session_correction(id));
            Ok(web::see_other_with(links::HOME, &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            pages::refuse(&mut form, &refusal, &FIELDS);
            Ok(web::refused(&request, &record_page(&app, &who, &request, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

fn read_usual(form: &mut FormState) -> Option<Usual> {
    let child = form.required_id::<ChildId>("child", "un enfant");
    let on = form.optional_date("session_on", "la date");
    let time = form.optional_time("starts_at", "l’heure de début");
    let duration = form.optional_minutes("duration", "la durée");
    let attendance = read_attendance(form);
    let place = read_place(form);
    Some(Usual { child: child?, on: on?, time: time?, duration: duration?, attendance: attendance?, place: place? })
}

fn read_attendance(form: &mut FormState) -> Option<Attendance> {
    if form.value("attendance").is_empty() {
        return Some(Attendance::Held);
    }
    form.required_choice("attendance", "ce qui s’est passé", |word| word.parse().ok())
}

pub(super) fn read_place(form: &mut FormState) -> Option<Option<String>> {
    let place = form.optional_text("place");
    let over = place.as_ref().map_or(0, |place| place.chars().count().saturating_sub(LONGEST_PLACE));
    if over > 0 {
        form.refuse(
            "place",
            format!("Raccourcissez le lieu : {LONGEST_PLACE} caractères au plus, il y en a {over} de trop."),
        );
        return None;
    }
    Some(place)
}

#[derive(Template)]
#[template(path = "sessions/correct.html")]
struct CorrectPage {
    layout: Layout,
    form: FormState,
    action: String,
    back: String,
    give_up: String,
    reason: Option<String>,
    lengths: Vec<Choice>,
    attendances: Vec<Choice>,
    today: NaiveDate,
}

/// Shows the form that says a session again.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn show_correction(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    id: Path<SessionId>,
) -> Result<HttpResponse, AppError> {
    let listed = load(&app, *who, id.into_inner()).await?;
    let session = &listed.session;
    let form = FormState::new()
        .with("session_on", session.slot.on)
        .with("starts_at", session.slot.start_time().format("%H:%M"))
        .with("duration", format!("{}m", session.slot.duration.0))
        .with("attendance", session.state.record().map_or(Attendance::Held, |record| record.attendance))
        .with("place", session.place.clone().unwrap_or_default());
    Ok(web::page(&request, &correct_page(&app, &who, &request, &listed, form))?)
}

async fn load(app: &App, who: Psychologist, id: SessionId) -> Result<Listed, AppError> {
    app.db.read_async(move |conn| Ok(look_up::load(conn, &Scope::Psychologist(who.id), id)?)).await
}

fn correct_page(
    app: &App,
    who: &As<Psychologist>,
    request: &HttpRequest,
    listed: &Listed,
    form: FormState,
) -> CorrectPage {
    let session = &listed.session;
    let reason = if let State::Refused(_, _, reason) = &session.state { Some(reason.clone()) } else { None };
    CorrectPage {
        layout: who
            .layout(request, "Corriger une séance")
            .under("Séances", links::SESSIONS)
            .under(&listed.around.reference, links::session(session.id))
            .lead(pages::told(&listed.around.reference, session.slot))
            .for_form(&form),
        form,
        action: links::session_correction(session.id),
        back: links::session(session.id),
        give_up: links::session_cancellation(session.id),
        reason,
        lengths: pages::lengths(),
        attendances: attendances(),
        today: app.clock.today(),
    }
}

/// Says a session again.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_correction(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    id: Path<SessionId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let listed = load(&app, *who, id).await?;
    let Some(new) = read_correction(&mut form) else {
        return Ok(web::refused(&request, &correct_page(&app, &who, &request, &listed, form))?);
    };
    let key = form.key(who.account, "correct", format!("{id} {new:?}"));
    let (clock, vault, psychologist) = (app.clock.clone(), app.vault.clone(), *who);
    let outcome =
        write_once(&app.db, &app.clock, key, move |tx| correct::correct(tx, &clock, &vault, &psychologist, id, &new))
            .await;
    match outcome {
        Ok(Once::Answer(())) => {
            let done = Flash::success("La séance est corrigée : elle attend de nouveau sa validation.");
            Ok(web::see_other_with(&links::session(id), &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            pages::refuse(&mut form, &refusal, &FIELDS[1..]);
            Ok(web::refused(&request, &correct_page(&app, &who, &request, &listed, form))?)
        }
        Err(other) => Err(other.into()),
    }
}

fn read_correction(form: &mut FormState) -> Option<Correction> {
    let slot = read_slot(form);
    let attendance = read_attendance(form);
    let place = read_place(form);
    Some(Correction { slot: slot?, attendance: attendance?, place: place? })
}

/// Reads a day, a time and a length; a wrong one of them is refused beside it.
pub(super) fn read_slot(form: &mut FormState) -> Option<Slot> {
    let on: Option<NaiveDate> = form.required_date("session_on", "la date");
    let time: Option<NaiveTime> = form.required_time("starts_at", "l’heure de début");
    let duration: Option<Minutes> = form.required_minutes("duration", "la durée");
    match Slot::new(on?, time?, duration?) {
        Ok(slot) => Some(slot),
        Err(refusal) => {
            pages::refuse(form, &refusal, &FIELDS);
            None
        }
    }
}
