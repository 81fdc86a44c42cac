//! Sessions for programs: a child is a reference here, never a name.

use actix_web::web::{Data, Json, Path, Query};
use chrono::{NaiveDate, NaiveTime};

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Approver, Caller, Psychologist};
use crate::app::App;
use crate::calendar::Month;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::hours::Minutes;
use crate::ids::{ChildId, ProgrammeId, PsychologistId, ReferralId, SessionId};
use crate::sessions::admission::AdmissionRefusal;
use crate::sessions::approve_many::{self, NotApproved};
use crate::sessions::correct::{self, CorrectRefusal, Correction};
use crate::sessions::look_up::{self, Listed};
use crate::sessions::record::{self, RecordRefusal};
use crate::sessions::record_usual::{self, Usual};
use crate::sessions::{
    Attendance, Filter, Order, Phase, Reason, Scope, Slot, SlotRefusal, State, Viewer, approve, refuse, withdraw,
};
use crate::sql_types::Ts;
use crate::web::Page;
use crate::web::json::{Paged, Posted, key, run};

/// A session. Lengths are in minutes, instants in UTC, dates in Europe/Paris.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct SessionAnswer {
    id: SessionId,
    child_id: ChildId,
    #[schema(example = "CHE-2026-0042")]
    child_reference: String,
    psychologist_id: PsychologistId,
    programme_id: ProgrammeId,
    referral_id: ReferralId,
    state: Phase,
    attendance: Option<Attendance>,
    session_on: NaiveDate,
    starts_at: Ts,
    ends_at: Ts,
    duration_minutes: Minutes,
    /// What it holds of the quota and of the referral.
    quota_minutes: Minutes,
    /// What is to be invoiced.
    billed_minutes: Minutes,
    place: Option<String>,
    /// Of a refusal or a cancellation.
    reason: Option<String>,
}

impl From<Listed> for SessionAnswer {
    fn from(Listed { session, around }: Listed) -> Self {
        let reason = match &session.state {
            State::Refused(_, _, reason) | State::Cancelled(_, Some(reason)) => Some(reason.clone()),
            _ => None,
        };
        Self {
            id: session.id,
            child_id: session.child_id,
            child_reference: around.reference,
            psychologist_id: session.psychologist_id,
            programme_id: session.programme_id,
            referral_id: session.referral_id,
            state: session.state.phase(),
            attendance: session.state.record().map(|record| record.attendance),
            session_on: session.slot.on,
            starts_at: session.slot.starts_at,
            ends_at: session.slot.ends_at(),
            duration_minutes: session.slot.duration,
            quota_minutes: session.quota_minutes,
            billed_minutes: session.billed_minutes,
            place: session.place,
            reason,
        }
    }
}

/// Which sessions are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SessionsOf {
    /// Such as `2026-11`.
    month: Option<String>,
    state: Option<Phase>,
    programme_id: Option<ProgrammeId>,
    psychologist_id: Option<PsychologistId>,
    child_id: Option<ChildId>,
    /// From 1.
    page: Option<i64>,
}

impl SessionsOf {
    fn filter(&self) -> Result<Filter, AppError> {
        let wrong = || AppError::Unreadable("Le mois s’écrit comme 2026-11.".to_owned());
        let month = self.month.as_deref().map(|month| Month::parse(month).ok_or_else(wrong)).transpose()?;
        Ok(Filter {
            month,
            phase: self.state,
            programme: self.programme_id,
            psychologist: self.psychologist_id,
            child: self.child_id,
        })
    }
}

pub(super) fn viewer(who: &SignedIn) -> Result<Viewer, AppError> {
    Viewer::of(who).ok_or(AppError::Forbidden(<Psychologist as Caller>::ROLE.french()))
}

/// The caller's sessions, the latest first.
///
/// # Errors
/// When the caller's roles see none, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "sessions", params(SessionsOf),
    responses((status = 200, body = Paged<SessionAnswer>))
)]
pub async fn list_sessions(
    app: Data<App>,
    who: SignedIn,
    asked: Query<SessionsOf>,
) -> Result<Json<Paged<SessionAnswer>>, AppError> {
    let (viewer, filter) = (viewer(&who)?, asked.filter()?);
    let number = asked.page.unwrap_or(1);
    app.db
        .read_async::<_, AppError>(move |conn| {
            let page = Page::new(number, Page::USUAL_SIZE, look_up::count(conn, &viewer.scope, &filter)?);
            let part = (page.offset(), page.size);
            let listed = look_up::list(conn, &viewer.scope, &filter, Order::LatestFirst, part)?;
            let items = listed.into_iter().map(SessionAnswer::from).collect();
            Ok(Json(Paged { items, page: page.number, size: page.size, total: page.total }))
        })
        .await
}

pub(super) async fn answer(app: &App, scope: Scope, id: SessionId) -> Result<Json<SessionAnswer>, AppError> {
    app.db.read_async(move |conn| Ok(Json(look_up::load(conn, &scope, id)?.into()))).await
}

/// A session to record. What is not said is as usual: today, as long as last time, over just now.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecord {
    child_id: ChildId,
    #[serde(default)]
    attendance: Option<Attendance>,
    #[serde(default)]
    session_on: Option<NaiveDate>,
    /// Local time in Europe/Paris, such as `14:30:00`.
    #[serde(default)]
    starts_at: Option<NaiveTime>,
    #[serde(default)]
    duration_minutes: Option<Minutes>,
    #[serde(default)]
    place: Option<String>,
}

/// Records a session that was not booked.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/sessions", tag = "sessions", request_body = NewRecord,
    responses((status = 200, body = SessionAnswer))
)]
pub async fn create_session(
    app: Data<App>,
    who: As<Psychologist>,
    posted: Posted<NewRecord>,
) -> Result<Json<SessionAnswer>, AppError> {
    let key = key(&posted, who.account, "record")?;
    let new = posted.value;
    let said = Usual {
        child: new.child_id,
        on: new.session_on,
        time: new.starts_at,
        duration: new.duration_minutes,
        attendance: new.attendance.unwrap_or(Attendance::Held),
        place: new.place,
    };
    let (clock, vault, by) = (app.clock.clone(), app.vault.clone(), *who);
    let id = run(&app, key, move |tx| record_usual::record_usual(tx, &clock, &vault, &by, &said)).await?;
    answer(&app, Scope::Psychologist(who.id), id).await
}

pub(super) fn slot(on: NaiveDate, time: NaiveTime, duration: Minutes) -> Result<Slot, SlotRefusal> {
    Slot::new(on, time, duration)
}

/// What happened at a booked session.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatHappened {
    attendance: Attendance,
}

/// Records what happened at a booked session.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/sessions/{session}/record", tag = "sessions", request_body = WhatHappened,
    params(("session" = uuid::Uuid, Path, description = "The session")),
    responses((status = 200, body = SessionAnswer))
)]
pub async fn create_record(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<SessionId>,
    posted: Posted<WhatHappened>,
) -> Result<Json<SessionAnswer>, AppError> {
    let (id, attendance) = (id.into_inner(), posted.value.attendance);
    let key = key(&posted, who.account, &format!("record_booked {id}"))?;
    let (clock, vault, by) = (app.clock.clone(), app.vault.clone(), *who);
    run(&app, key, move |tx| record::record_booked(tx, &clock, &vault, &by, id, attendance)).await?;
    answer(&app, Scope::Psychologist(who.id), id).await
}

/// A session said again.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCorrection {
    attendance: Attendance,
    session_on: NaiveDate,
    /// Local time in Europe/Paris, such as `14:30:00`.
    starts_at: NaiveTime,
    duration_minutes: Minutes,
    #[serde(default)]
    place: Option<String>,
}

/// Corrects a session recorded or refused.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/sessions/{session}/correction", tag = "sessions", request_body = NewCorrection,
    params(("session" = uuid::Uuid, Path, description = "The session")),
    responses((status = 200, body = SessionAnswer))
)]
pub async fn create_correction(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<SessionId>,
    posted: Posted<NewCorrection>,
) -> Result<Json<SessionAnswer>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("correct {id}"))?;
    let new = posted.value;
    let slot = slot(new.session_on, new.starts_at, new.duration_minutes)
        .map_err(|e| Failure::Refused(CorrectRefusal::Record(RecordRefusal::Admission(AdmissionRefusal::Slot(e)))))?;
    let correction = Correction { slot, attendance: new.attendance, place: new.place };
    let (clock, vault, by) = (app.clock.clone(), app.vault.clone(), *who);
    run(&app, key, move |tx| correct::correct(tx, &clock, &vault, &by, id, &correction)).await?;
    answer(&app, Scope::Psychologist(who.id), id).await
}

/// A reason, where one is asked.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithReason {
    /// At most 500 characters, without a child's name.
    #[serde(default)]
    reason: Option<String>,
}

impl WithReason {
    fn required(&self) -> Result<Reason, AppError> {
        Reason::new(self.reason.as_deref().unwrap_or_default()).map_err(|e| Failure::Refused(e).into())
    }
}

/// Nothing is asked.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Approves a session.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/sessions/{session}/approval", tag = "sessions", request_body = Nothing,
    params(("session" = uuid::Uuid, Path, description = "The session")),
    responses((status = 200, body = SessionAnswer))
)]
pub async fn create_approval(
    app: Data<App>,
    who: As<Approver>,
    id: Path<SessionId>,
    posted: Posted<Nothing>,
) -> Result<Json<SessionAnswer>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("approve {id}"))?;
    let (clock, by) = (app.clock.clone(), (*who).clone());
    run(&app, key, move |tx| approve::approve(tx, &clock, &by, id)).await?;
    answer(&app, Viewer::from(&*who).scope, id).await
}

/// Refuses a session, for a reason.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/sessions/{session}/refusal", tag = "sessions", request_body = WithReason,
    params(("session" = uuid::Uuid, Path, description = "The session")),
    responses((status = 200, body = SessionAnswer))
)]
pub async fn create_refusal(
    app: Data<App>,
    who: As<Approver>,
    id: Path<SessionId>,
    posted: Posted<WithReason>,
) -> Result<Json<SessionAnswer>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("refuse {id}"))?;
    let reason = posted.value.required()?;
    let (clock, by) = (app.clock.clone(), (*who).clone());
    run(&app, key, move |tx| refuse::refuse(tx, &clock, &by, id, &reason)).await?;
    answer(&app, Viewer::from(&*who).scope, id).await
}

/// Withdraws an approval, for a reason.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/sessions/{session}/approval-withdrawal", tag = "sessions", request_body = WithReason,
    params(("session" = uuid::Uuid, Path, description = "The session")),
    responses((status = 200, body = SessionAnswer))
)]
pub async fn create_withdrawal(
    app: Data<App>,
    who: As<Approver>,
    id: Path<SessionId>,
    posted: Posted<WithReason>,
) -> Result<Json<SessionAnswer>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("withdraw {id}"))?;
    let reason = posted.value.required()?;
    let (clock, by) = (app.clock.clone(), (*who).clone());
    run(&app, key, move |tx| withdraw::withdraw(tx, &clock, &by, id, &reason)).await?;
    answer(&app, Viewer::from(&*who).scope, id).await
}

/// The sessions that wait for the caller, the oldest first: those of their programmes, and of those where they stand in
/// for a coordinator.
///
/// # Errors
/// When the database fails.
#[utoipa::path(
    get, path = "/api/v1/approvals", tag = "sessions", params(Waiting),
    responses((status = 200, body = Paged<SessionAnswer>))
)]
pub async fn list_approvals(
    app: Data<App>,
    who: As<Approver>,
    asked: Query<Waiting>,
) -> Result<Json<Paged<SessionAnswer>>, AppError> {
    let (viewer, number) = (Viewer::from(&*who), asked.page.unwrap_or(1));
    let filter = Filter { phase: Some(Phase::Recorded), ..Filter::default() };
    app.db
        .read_async::<_, AppError>(move |conn| {
            let page = Page::new(number, Page::USUAL_SIZE, look_up::count(conn, &viewer.scope, &filter)?);
            let part = (page.offset(), page.size);
            let listed = look_up::list(conn, &viewer.scope, &filter, Order::EarliestFirst, part)?;
            let items = listed.into_iter().map(SessionAnswer::from).collect();
            Ok(Json(Paged { items, page: page.number, size: page.size, total: page.total }))
        })
        .await
}

/// Which page of what waits.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// From 1.
    page: Option<i64>,
}

/// Sessions to approve together.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApprovals {
    /// At most 500.
    session_ids: Vec<SessionId>,
}

/// What became of one of them.
#[derive(Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct ApprovalAnswer {
    id: SessionId,
    /// `done`, `already_done`, `not_found`, or the code of the rule that refuses it.
    outcome: String,
    /// Why not, in French.
    detail: Option<String>,
}

const MOST_APPROVALS: usize = 500;

/// Approves many sessions: each is answered by itself.
///
/// # Errors
/// When too many are asked, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/approvals", tag = "sessions", request_body = NewApprovals,
    responses((status = 200, body = Vec<ApprovalAnswer>))
)]
pub async fn create_approvals(
    app: Data<App>,
    who: As<Approver>,
    posted: Posted<NewApprovals>,
) -> Result<Json<Vec<ApprovalAnswer>>, AppError> {
    let key = key(&posted, who.account, "approve_many")?;
    let ids = posted.value.session_ids;
    if ids.len() > MOST_APPROVALS {
        let asked = ids.len();
        return Err(AppError::Unreadable(format!("{asked} séances d’un coup : {MOST_APPROVALS} au plus.")));
    }
    let (clock, by) = (app.clock.clone(), (*who).clone());
    let answers = run(&app, key, move |tx| {
        let approvals = approve_many::approve_many(tx, &clock, &by, &ids)?;
        Ok::<_, Failure<crate::failure::Never>>(approvals.answers.into_iter().map(approval_answer).collect::<Vec<_>>())
    })
    .await?;
    Ok(Json(answers))
}

fn approval_answer((id, answer): (SessionId, Result<approve::Approval, NotApproved>)) -> ApprovalAnswer {
    let (outcome, detail) = match answer {
        Ok(approve::Approval::Done) => ("done", None),
        Ok(approve::Approval::AlreadyDone) => ("already_done", None),
        Err(NotApproved::NotFound) => ("not_found", None),
        Err(NotApproved::Refused(refusal)) => (refusal.code(), Some(refusal.to_string())),
    };
    ApprovalAnswer { id, outcome: outcome.to_owned(), detail }
}
