//! What is to come and changes: moving a rendez-vous, cancelling those that follow too, undoing either, and giving a
//! freed place to who waits for an earlier one.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{NaiveDate, NaiveDateTime};

use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::children::look_up as children;
use crate::db::DbError;
use crate::error::AppError;
use crate::failure::Failure;
use crate::hours::Minutes;
use crate::idempotency::{Once, write_once};
use crate::ids::{ChildId, SessionId};
use crate::links;
use crate::requests::look_up::Listed;
use crate::sessions::look_up;
use crate::sessions::pages::{self, Shown};
use crate::sessions::reschedule::{self, Move, MoveRefusal};
use crate::sessions::{Phase, Slot, Viewer, freed, pages_record, restore, want_earlier};
use crate::web::{self, Choice, Flash, FormState, Layout, Query, filters};

const FIELDS: [&str; 4] = ["session_on", "starts_at", "duration", "place"];

#[derive(Template)]
#[template(path = "sessions/move.html")]
struct MovePage {
    layout: Layout,
    form: FormState,
    shown: Shown,
    href: String,
    lengths: Vec<Choice>,
    today: NaiveDate,
    /// What may move: it alone, or with those that follow it.
    extents: Vec<Choice>,
    is_unusual: bool,
}

/// Shows where a session may be moved to.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn show_move(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    id: Path<SessionId>,
) -> Result<HttpResponse, AppError> {
    let viewer = pages::viewer(&who)?;
    let page = move_page(&app, &who, &viewer, &request, id.into_inner(), None).await?;
    Ok(web::page(&request, &page)?)
}

async fn move_page(
    app: &App,
    who: &SignedIn,
    viewer: &Viewer,
    request: &HttpRequest,
    id: SessionId,
    form: Option<FormState>,
) -> Result<MovePage, AppError> {
    let (vault, scope) = (app.vault.clone(), viewer.scope.clone());
    let (listed, following, names) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let listed = look_up::load(conn, &scope, id)?;
            let following = look_up::following(conn, &scope, &listed.session)?;
            let names = pages::names(conn, &vault, &scope, std::slice::from_ref(&listed))?;
            Ok((listed, following, names))
        })
        .await?;
    let slot = listed.session.slot;
    let shown = Shown::of(listed, &names);
    let form = form.unwrap_or_else(|| {
        FormState::new()
            .with("session_on", slot.on)
            .with("starts_at", slot.start_time().format("%H:%M"))
            .with("duration", format!("{}m", slot.duration.0))
            .with("place", shown.place.as_deref().unwrap_or_default())
    });
    Ok(MovePage {
        layout: who
            .layout(request, format!("Déplacer {}", shown.reference))
            .heading("Déplacer le rendez-vous")
            .lead(format!("{}, {slot}", shown.child))
            .under("Séances", links::SESSIONS)
            .under(&shown.reference, links::session(id))
            .for_form(&form),
        is_unusual: false,
        href: links::session_move(id),
        lengths: pages::lengths(),
        today: app.clock.today(),
        extents: extents(following),
        shown,
        form,
    })
}

/// It alone, or with those that follow it, if there are.
fn extents(following: usize) -> Vec<Choice> {
    let all = match following {
        0 => return Vec::new(),
        1 => "Celui-ci et le suivant de la série".to_owned(),
        n => format!("Celui-ci et les {n} suivants de la série"),
    };
    vec![
        Choice::new("one", "Ce rendez-vous seulement"),
        Choice::new("following", all).hint("D’autant de jours, à la même heure"),
    ]
}

/// Moves a session, and if it is asked those that follow it.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_move(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    id: Path<SessionId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (id, viewer) = (id.into_inner(), pages::viewer(&who)?);
    let (slot, place) = (pages_record::read_slot(&mut form), pages_record::read_place(&mut form));
    let (Some(slot), Some(place)) = (slot, place) else {
        return Ok(web::refused(&request, &move_page(&app, &who, &viewer, &request, id, Some(form)).await?)?);
    };
    let to = Move {
        slot,
        place,
        with_following: form.value("extent") == "following",
        although_unusual: form.has("although_unusual"),
    };
    match run_move(&app, &viewer, &form, id, to).await? {
        Ok(done) => Ok(web::see_other_with(&links::session(id), &done)),
        Err(refusal) => {
            pages::refuse(&mut form, &refusal, &FIELDS);
            let page = move_page(&app, &who, &viewer, &request, id, Some(form)).await?;
            let is_unusual = matches!(&refusal, MoveRefusal::Many(many) if many.is_only_unusual());
            Ok(web::refused(&request, &MovePage { is_unusual, ..page })?)
        }
    }
}

/// Moves, and says what was moved, with how to undo it.
async fn run_move(
    app: &App,
    viewer: &Viewer,
    form: &FormState,
    id: SessionId,
    to: Move,
) -> Result<Result<Flash, MoveRefusal>, AppError> {
    let scope = viewer.scope.clone();
    let before = app.db.read_async::<_, DbError>(move |conn| Ok(look_up::load(conn, &scope, id)?)).await?.session.slot;
    let with_following = to.with_following;
    let key = form.key(viewer.account, "move", format!("{id} {to:?}"));
    let (clock, vault, by) = (app.clock.clone(), app.vault.clone(), viewer.clone());
    let outcome =
        write_once(&app.db, &app.clock, key, move |tx| reschedule::reschedule(tx, &clock, &vault, &by, id, &to)).await;
    let moved = match outcome {
        Ok(Once::Answer(moved)) => moved.len(),
        Ok(Once::KeyReused) => return Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => return Ok(Err(refusal)),
        Err(other) => return Err(other.into()),
    };
    let what = pages::load_told(app, viewer.scope.clone(), id).await?;
    let from = NaiveDateTime::new(before.on, before.start_time());
    let undo = links::session_move_back(id, from, before.duration.0, with_following);
    let words = match moved {
        1 => format!("Le rendez-vous est déplacé : {what}."),
        n => format!("{n}\u{a0}rendez-vous sont déplacés. Le premier : {what}."),
    };
    Ok(Ok(Flash::success(words).with_undo("Annuler", undo)))
}

/// Reads where a session was: `du` and `duree`.
fn read_back(query: &Query) -> Option<Slot> {
    let from = NaiveDateTime::parse_from_str(query.get("du")?, "%Y-%m-%dT%H:%M").ok()?;
    Slot::new(from.date(), from.time(), Minutes(query.get("duree")?.parse().ok()?)).ok()
}

/// Moves a session back to where it was just before.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_move_undone(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    id: Path<SessionId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let (id, viewer) = (id.into_inner(), pages::viewer(&who)?);
    let (query, scope) = (Query::parse(request.query_string()), viewer.scope.clone());
    let now = app.db.read_async::<_, DbError>(move |conn| Ok(look_up::load(conn, &scope, id)?)).await?;
    let Some(slot) = read_back(&query) else {
        return Err(AppError::Unreadable("Cette adresse ne dit pas où remettre le rendez-vous.".to_owned()));
    };
    let to = Move {
        slot,
        place: now.session.place,
        with_following: query.get("suite").is_some(),
        // it was there already
        although_unusual: true,
    };
    Ok(match run_move(&app, &viewer, &form, id, to).await? {
        Ok(done) => web::see_other_with(&links::session(id), &done),
        Err(refusal) => web::see_other_with(&links::session(id), &Flash::error(refusal)),
    })
}

/// Books again what was cancelled by mistake.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_restoration(
    app: Data<App>,
    who: SignedIn,
    id: Path<SessionId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let (id, viewer) = (id.into_inner(), pages::viewer(&who)?);
    let key = form.key(viewer.account, "restore", id.to_string());
    let (clock, vault, by) = (app.clock.clone(), app.vault.clone(), viewer.clone());
    let outcome = write_once(&app.db, &app.clock, key, move |tx| restore::restore(tx, &clock, &vault, &by, id)).await;
    let words = |ids: &[SessionId]| match ids.len() {
        1 => "Le rendez-vous est rétabli.".to_owned(),
        n => format!("{n}\u{a0}rendez-vous sont rétablis."),
    };
    let message = match outcome {
        Ok(Once::Answer(ids)) => Flash::success(words(&ids)),
        Ok(Once::KeyReused) => return Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Flash::error(refusal),
        Err(other) => return Err(other.into()),
    };
    Ok(web::see_other_with(&links::session(id), &message))
}

/// Marks a session as one that would take an earlier place, or no longer.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_earlier_wish(
    app: Data<App>,
    who: SignedIn,
    id: Path<SessionId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let (id, viewer, wanted) = (id.into_inner(), pages::viewer(&who)?, form.value("wanted") != "no");
    let key = form.key(viewer.account, "earlier", format!("{id} {wanted}"));
    let (clock, by) = (app.clock.clone(), viewer.clone());
    let outcome =
        write_once(&app.db, &app.clock, key, move |tx| want_earlier::want_earlier(tx, &clock, &by, id, wanted)).await;
    let message = match outcome {
        Ok(Once::Answer(())) if wanted => {
            Flash::success("Noté : ce rendez-vous sera proposé quand une place se libère plus tôt.")
        }
        Ok(Once::Answer(())) => Flash::success("Ce rendez-vous n’attend plus de place plus tôt."),
        Ok(Once::KeyReused) => return Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Flash::error(refusal),
        Err(other) => return Err(other.into()),
    };
    Ok(web::see_other_with(&links::session(id), &message))
}

#[derive(Template)]
#[template(path = "sessions/place.html")]
struct PlacePage {
    layout: Layout,
    form: FormState,
    freed: Shown,
    is_free: bool,
    waiting: Vec<Shown>,
    requests: Vec<Asking>,
    count: i64,
    href: String,
    booking_href: String,
}

/// A request that would take the place.
struct Asking {
    child: String,
    reference: String,
    duration: Minutes,
    href: String,
}

/// Shows the place that a cancelled session left, and who waits for an earlier one.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn show_place(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    id: Path<SessionId>,
) -> Result<HttpResponse, AppError> {
    let viewer = pages::viewer(&who)?;
    let page = place_page(&app, &who, &viewer, &request, id.into_inner(), FormState::new()).await?;
    Ok(web::page(&request, &page)?)
}

async fn place_page(
    app: &App,
    who: &SignedIn,
    viewer: &Viewer,
    request: &HttpRequest,
    id: SessionId,
    form: FormState,
) -> Result<PlacePage, AppError> {
    let (vault, clock, scope) = (app.vault.clone(), app.clock.clone(), viewer.scope.clone());
    let (freed, mut shown, requests) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let freed = look_up::load(conn, &scope, id)?;
            let session = freed.session.clone();
            let mut listed = freed::waiting(conn, &clock, &scope, &session)?;
            listed.insert(0, freed);
            let asking = freed::requests(conn, &clock, &scope, &session)?;
            let of: Vec<ChildId> = asking.iter().map(|row| row.request.asked.child).collect();
            let names = children::full_names(conn, &vault, &scope.reader(), &of)?;
            let requests = asking.into_iter().map(|row| Asking::of(row, &names, session.slot)).collect::<Vec<_>>();
            Ok((session, pages::shown(conn, &vault, &scope, listed)?, requests))
        })
        .await?;
    let waiting = shown.split_off(1);
    let Some(place) = shown.pop() else { return Err(AppError::NotFound) };
    let from = NaiveDateTime::new(freed.slot.on, freed.slot.start_time());
    Ok(PlacePage {
        layout: who
            .layout(request, "Place libérée")
            .lead(freed.slot.to_string())
            .under("Séances", links::SESSIONS)
            .under(&place.reference, links::session(id))
            .for_form(&form),
        is_free: freed.state.phase() == Phase::Cancelled && freed.slot.starts_at > app.clock.now(),
        freed: place,
        count: i64::try_from(waiting.len()).unwrap_or(i64::MAX),
        waiting,
        requests,
        href: links::session_place(id),
        booking_href: links::booking_at(from, freed.slot.duration.0),
        form,
    })
}

impl Asking {
    fn of(row: Listed, names: &BTreeMap<ChildId, String>, place: Slot) -> Self {
        let (asked, at) = (row.request.asked, NaiveDateTime::new(place.on, place.start_time()));
        Self {
            child: names.get(&asked.child).cloned().unwrap_or_else(|| row.around.reference.clone()),
            reference: row.around.reference,
            duration: asked.duration,
            href: links::booking_for_at(row.request.id, asked.child, at, asked.duration.0),
        }
    }
}

/// Gives a freed place to a session that waits for an earlier one.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_place_taken(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    id: Path<SessionId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (id, viewer) = (id.into_inner(), pages::viewer(&who)?);
    let Some(taker) = form.required_id::<SessionId>("session", "un rendez-vous") else {
        return Ok(web::refused(&request, &place_page(&app, &who, &viewer, &request, id, form).await?)?);
    };
    let key = form.key(viewer.account, "take", format!("{id} {taker}"));
    let (clock, vault, by) = (app.clock.clone(), app.vault.clone(), viewer.clone());
    let outcome = write_once(&app.db, &app.clock, key, move |tx| freed::take(tx, &clock, &vault, &by, id, taker)).await;
    match outcome {
        Ok(Once::Answer(())) => {
            let what = pages::load_told(&app, viewer.scope, taker).await?;
            let done = Flash::success(format!("Le rendez-vous est avancé : {what}."));
            Ok(web::see_other_with(&links::session(taker), &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            form.refuse_whole(&refusal);
            Ok(web::refused(&request, &place_page(&app, &who, &viewer, &request, id, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}
