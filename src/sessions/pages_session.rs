//! One session: its facts, its story, and what may be done next.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Approver, Caller, Coordinator};
use crate::app::App;
use crate::db::DbError;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::hours::Minutes;
use crate::idempotency::{Once, write_once};
use crate::ids::SessionId;
use crate::links;
use crate::sessions::look_up::{self, StoredDecision};
use crate::sessions::pages::{self, Shown};
use crate::sessions::{Phase, Reason, Scope, Session, Viewer, approve, cancel, freed, refuse, withdraw};
use crate::sql_types::Ts;
use crate::web::{self, Flash, FormState, Layout, Tone, filters};

#[derive(Template)]
#[template(path = "sessions/session.html")]
struct SessionPage {
    layout: Layout,
    form: FormState,
    shown: Shown,
    held: Minutes,
    billed: Minutes,
    year: String,
    wants_earlier: bool,
    is_of_a_series: bool,
    story: Vec<Step>,
    actions: Actions,
}

/// What happened to a session, and when.
struct Step {
    title: String,
    at: Ts,
    by: Option<String>,
    reason: Option<String>,
}

/// What whoever looks may do next.
struct Actions {
    /// The session is booked and has started.
    record: bool,
    /// It is over.
    is_over: bool,
    correct: bool,
    cancel: bool,
    /// It is booked: it may go elsewhere.
    plan: bool,
    /// How many of its series come after it and are still booked.
    following: i64,
    /// It was cancelled before its time: its place is free.
    place: bool,
    undo_recording: bool,
    approve: bool,
    refuse: bool,
    withdraw: bool,
    /// They recorded it, and so may not approve it.
    own: bool,
    hrefs: Hrefs,
}

/// Where what may be done is posted.
struct Hrefs {
    attendance: String,
    correction: String,
    cancellation: String,
    cancellation_with_following: String,
    restoration: String,
    r#move: String,
    earlier: String,
    place: String,
    undo: String,
    approval: String,
    refusal: String,
    withdrawal: String,
}

impl Actions {
    fn of(viewer: &Viewer, lent: bool, session: &Session, following: usize, now: Ts) -> Self {
        let phase = session.state.phase();
        let (coordinator, psychologist) = (viewer.is_coordinator(), !viewer.is_coordinator());
        let own = session.state.record().is_some_and(|record| record.by == viewer.account);
        let id = session.id;
        Self {
            record: psychologist && phase == Phase::Booked && session.slot.starts_at <= now,
            is_over: session.slot.ends_at() <= now,
            correct: psychologist && matches!(phase, Phase::Recorded | Phase::Refused),
            cancel: !lent && (phase == Phase::Booked || (psychologist && phase == Phase::Refused)),
            plan: !lent && phase == Phase::Booked,
            following: i64::try_from(following).unwrap_or(i64::MAX),
            place: !lent && phase == Phase::Cancelled && session.slot.starts_at > now,
            undo_recording: psychologist && phase == Phase::Recorded,
            approve: coordinator && phase == Phase::Recorded && !own,
            refuse: coordinator && phase == Phase::Recorded,
            withdraw: coordinator && phase == Phase::Approved,
            own: coordinator && own && phase == Phase::Recorded,
            hrefs: Hrefs {
                attendance: links::session_attendance(id),
                correction: links::session_correction(id),
                cancellation: links::session_cancellation(id),
                cancellation_with_following: links::session_cancellation_with_following(id),
                restoration: links::session_restoration(id),
                r#move: links::session_move(id),
                earlier: links::session_earlier(id),
                place: links::session_place(id),
                undo: links::session_recording_undone(id),
                approval: links::session_approval(id),
                refusal: links::session_refusal(id),
                withdrawal: links::session_withdrawal(id),
            },
        }
    }
}

/// The steps of a session, in order.
fn story(session: &Session, decisions: Vec<StoredDecision>) -> Vec<Step> {
    let step = |title: &str, at| Step { title: title.to_owned(), at, by: None, reason: None };
    let mut steps = Vec::new();
    steps.extend(session.booked_at.map(|at| step("Rendez-vous pris", at)));
    if session.booked_at.is_none() {
        steps.push(step("Enregistrée", session.created_at));
    } else {
        let first_decision = decisions.first().map(|decision| decision.at);
        let recorded =
            session.state.record().map(|record| record.at).filter(|at| first_decision.is_none_or(|d| *at < d));
        steps.extend(recorded.map(|at| step("Enregistrée", at)));
    }
    let last_decision = decisions.last().map(|decision| decision.at);
    steps.extend(decisions.into_iter().map(|decision| Step {
        title: decision.kind.french().to_owned(),
        at: decision.at,
        by: Some(match decision.in_place_of {
            Some(absent) => format!("par {}, en remplacement de {absent}", decision.by),
            None => format!("par {}", decision.by),
        }),
        reason: decision.reason,
    }));
    if let Some(record) = session.state.record() {
        let corrected = record.at > session.created_at && last_decision.is_some_and(|at| at < record.at);
        steps.extend(corrected.then(|| step("Corrigée", record.at)));
    }
    match &session.state {
        crate::sessions::State::Cancelled(stamp, reason) => {
            steps.push(Step { title: "Annulée".to_owned(), at: stamp.at, by: None, reason: reason.clone() });
        }
        crate::sessions::State::Invoiced(_, stamp, _) => steps.push(step("Facturée", stamp.at)),
        _ => {}
    }
    steps.sort_by_key(|step| step.at);
    steps
}

/// Shows a session.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn show_session(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    id: Path<SessionId>,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let mut shown = Err(pages::viewer(&who).err().unwrap_or(AppError::NotFound));
    let viewers = Viewer::of(&who).into_iter().chain(Approver::of(&who).as_ref().map(Viewer::from));
    for viewer in viewers {
        shown = session_page(&app, &who, viewer, &request, id, FormState::new()).await;
        if !matches!(shown, Err(AppError::NotFound)) {
            break;
        }
    }
    Ok(web::page(&request, &shown?)?)
}

/// Whether somebody sees a session only because they stand in for a coordinator: they then approve, and no more.
fn is_lent(who: &SignedIn, viewer: &Viewer, session: &Session) -> bool {
    let coordinates = |who: Coordinator| who.programmes.contains(&session.programme_id);
    viewer.is_coordinator() && !Coordinator::of(who).is_some_and(coordinates)
}

/// Whose children one may call by name: not those of a programme where one stands in.
fn own_scope(who: &SignedIn, viewer: &Viewer) -> Scope {
    match &viewer.scope {
        Scope::Programmes(_) => Scope::Programmes(Coordinator::of(who).map(|own| own.programmes).unwrap_or_default()),
        own => own.clone(),
    }
}

async fn session_page(
    app: &App,
    who: &SignedIn,
    viewer: Viewer,
    request: &HttpRequest,
    id: SessionId,
    form: FormState,
) -> Result<SessionPage, AppError> {
    let (vault, scope, reader) = (app.vault.clone(), viewer.scope.clone(), own_scope(who, &viewer));
    let (listed, decisions, following, names) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let listed = look_up::load(conn, &scope, id)?;
            let decisions = look_up::decisions(conn, &listed.session)?;
            let following = look_up::following(conn, &scope, &listed.session)?;
            let names = pages::names(conn, &vault, &reader, std::slice::from_ref(&listed))?;
            Ok((listed, decisions, following, names))
        })
        .await?;
    let lent = is_lent(who, &viewer, &listed.session);
    if lent && matches!(listed.session.state.phase(), Phase::Booked | Phase::Cancelled) {
        return Err(AppError::NotFound);
    }
    let (session, year) = (listed.session.clone(), listed.around.year.clone());
    let shown = Shown::of(listed, &names);
    Ok(SessionPage {
        layout: who
            .layout(request, format!("Séance {}", shown.reference))
            .heading(&shown.child)
            .lead(pages::told(&shown.reference, session.slot))
            .under("Séances", links::SESSIONS)
            .for_form(&form),
        form,
        held: session.quota_minutes,
        billed: session.billed_minutes,
        year,
        story: story(&session, decisions),
        actions: Actions::of(&viewer, lent, &session, following, app.clock.now()),
        wants_earlier: session.wants_earlier,
        is_of_a_series: session.series_id.is_some(),
        shown,
    })
}

/// Shows the session again with why it was refused.
async fn refused(
    app: &App,
    who: &SignedIn,
    viewer: Viewer,
    request: &HttpRequest,
    id: SessionId,
    mut form: FormState,
    refusal: &impl Refusal,
) -> Result<HttpResponse, AppError> {
    pages::refuse(&mut form, refusal, &["reason"]);
    let page = session_page(app, who, viewer, request, id, form).await?;
    Ok(web::refused(request, &page)?)
}

/// Cancels a session.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_cancellation(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    id: Path<SessionId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    run_cancellation(&app, &who, &request, id.into_inner(), form, false).await
}

/// Cancels a session and those that follow it in its series.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_cancellation_with_following(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    id: Path<SessionId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    run_cancellation(&app, &who, &request, id.into_inner(), form, true).await
}

async fn run_cancellation(
    app: &App,
    who: &SignedIn,
    request: &HttpRequest,
    id: SessionId,
    form: FormState,
    with_following: bool,
) -> Result<HttpResponse, AppError> {
    let viewer = pages::viewer(who)?;
    let reason = match form.optional_text("reason").map(|text| Reason::new(&text)).transpose() {
        Ok(reason) => reason,
        Err(refusal) => return refused(app, who, viewer, request, id, form, &refusal).await,
    };
    let key = form.key(viewer.account, "cancel", format!("{id} {with_following} {reason:?}"));
    let (clock, by) = (app.clock.clone(), viewer.clone());
    let outcome = write_once(&app.db, &app.clock, key, move |tx| match with_following {
        true => cancel::cancel_with_following(tx, &clock, &by, id, reason.as_ref()).map(|ids| ids.len()),
        false => cancel::cancel(tx, &clock, &by, id, reason.as_ref()).map(|()| 1),
    })
    .await;
    match outcome {
        Ok(Once::Answer(count)) => cancelled(app, &viewer, id, count).await,
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => refused(app, who, viewer, request, id, form, &refusal).await,
        Err(other) => Err(other.into()),
    }
}

/// Where one goes after cancelling: to the place that is free, when somebody waits for it.
async fn cancelled(app: &App, viewer: &Viewer, id: SessionId, count: usize) -> Result<HttpResponse, AppError> {
    let (clock, scope) = (app.clock.clone(), viewer.scope.clone());
    let (was_to_come, waiting) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let session = look_up::load(conn, &scope, id)?.session;
            let waiting = freed::waiting(conn, &clock, &scope, &session)?.len()
                + freed::requests(conn, &clock, &scope, &session)?.len();
            Ok((session.slot.starts_at > clock.now(), waiting))
        })
        .await?;
    let words = match count {
        1 => "La séance est annulée : ses minutes sont rendues.".to_owned(),
        n => format!("{n}\u{a0}rendez-vous sont annulés : leurs minutes sont rendues."),
    };
    let done = Flash::success(words);
    let done = if was_to_come { done.with_undo("Rétablir", links::session_restoration(id)) } else { done };
    let next = if waiting > 0 { links::session_place(id) } else { links::session(id) };
    Ok(web::see_other_with(&next, &done))
}

/// Approves a session.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_approval(
    app: Data<App>,
    who: SignedIn,
    coordinator: As<Approver>,
    request: HttpRequest,
    id: Path<SessionId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let (id, viewer) = (id.into_inner(), Viewer::from(&*coordinator));
    let key = form.key(viewer.account, "approve", id.to_string());
    let (clock, by) = (app.clock.clone(), (*coordinator).clone());
    let outcome = write_once(&app.db, &app.clock, key, move |tx| approve::approve(tx, &clock, &by, id)).await;
    match outcome {
        Ok(Once::Answer(_)) => {
            let done = Flash::success("La séance est validée.").with_link("Séances à valider", links::APPROVALS);
            Ok(web::see_other_with(&links::session(id), &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => refused(&app, &who, viewer, &request, id, form, &refusal).await,
        Err(other) => Err(other.into()),
    }
}

/// Refuses a session, for a reason.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_refusal(
    app: Data<App>,
    who: SignedIn,
    coordinator: As<Approver>,
    request: HttpRequest,
    id: Path<SessionId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let (id, viewer) = (id.into_inner(), Viewer::from(&*coordinator));
    let reason = match Reason::new(form.value("reason")) {
        Ok(reason) => reason,
        Err(refusal) => return refused(&app, &who, viewer, &request, id, form, &refusal).await,
    };
    let key = form.key(viewer.account, "refuse", format!("{id} {reason:?}"));
    let (clock, by) = (app.clock.clone(), (*coordinator).clone());
    let outcome = write_once(&app.db, &app.clock, key, move |tx| refuse::refuse(tx, &clock, &by, id, &reason)).await;
    match outcome {
        Ok(Once::Answer(())) => {
            let what = pages::load_told(&app, viewer.scope.clone(), id).await?;
            let done = Flash::success(format!("La séance est refusée : {what}. La psychologue lira le motif."));
            Ok(web::see_other_with(links::APPROVALS, &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => refused(&app, &who, viewer, &request, id, form, &refusal).await,
        Err(other) => Err(other.into()),
    }
}

/// Withdraws the approval of a session, for a reason.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_withdrawal(
    app: Data<App>,
    who: SignedIn,
    coordinator: As<Approver>,
    request: HttpRequest,
    id: Path<SessionId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let (id, viewer) = (id.into_inner(), Viewer::from(&*coordinator));
    let reason = match Reason::new(form.value("reason")) {
        Ok(reason) => reason,
        Err(refusal) => return refused(&app, &who, viewer, &request, id, form, &refusal).await,
    };
    let key = form.key(viewer.account, "withdraw", format!("{id} {reason:?}"));
    let (clock, by) = (app.clock.clone(), (*coordinator).clone());
    let outcome =
        write_once(&app.db, &app.clock, key, move |tx| withdraw::withdraw(tx, &clock, &by, id, &reason)).await;
    match outcome {
        Ok(Once::Answer(())) => {
            let done = Flash::success("La validation est retirée : la séance attend de nouveau.");
            Ok(web::see_other_with(&links::session(id), &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => refused(&app, &who, viewer, &request, id, form, &refusal).await,
        Err(other) => Err(other.into()),
    }
}
