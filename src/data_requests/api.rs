//! Families' requests for programs.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path, Query};
use chrono::NaiveDate;

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Auditor, Coordinator, Role};
use crate::app::App;
use crate::data_requests::look_up::{self, Followed};
use crate::data_requests::record::{self, NewRequest};
use crate::data_requests::{DataRequestKind, DataRequestState, Follower, RefusedFor, answer, find_child, refuse};
use crate::error::AppError;
use crate::ids::{DataRequestId, ProgrammeId};
use crate::privacy::retention;
use crate::web::Page;
use crate::web::json::{PageOf, Paged, Posted, key, run};

fn follower(who: &SignedIn) -> Result<Follower, AppError> {
    Follower::of(who).ok_or(AppError::Forbidden(Role::Auditor.french()))
}

/// A family's request.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct DataRequestAnswer {
    id: DataRequestId,
    /// What the family calls it.
    number: String,
    kind: DataRequestKind,
    programme_id: ProgrammeId,
    /// The child's reference, once found.
    child: Option<String>,
    received_on: NaiveDate,
    due_on: NaiveDate,
    state: DataRequestState,
    refused_for: Option<RefusedFor>,
}

impl From<Followed> for DataRequestAnswer {
    fn from(Followed { request, reference }: Followed) -> Self {
        Self {
            id: request.id,
            number: request.number,
            kind: request.kind,
            programme_id: request.programme,
            child: reference,
            received_on: request.received_on,
            due_on: request.due_on,
            state: request.state,
            refused_for: request.refused_for,
        }
    }
}

/// Lists the requests that the caller follows: those that wait first.
///
/// # Errors
/// When the caller's roles follow none, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/data-requests", tag = "privacy", params(PageOf),
    responses((status = 200, description = "A page of requests", body = Paged<DataRequestAnswer>))
)]
pub async fn list_requests(
    app: Data<App>,
    who: SignedIn,
    asked: Query<PageOf>,
) -> Result<Json<Paged<DataRequestAnswer>>, AppError> {
    let (who, asked) = (follower(&who)?, asked.page.unwrap_or(1));
    app.db
        .read_async(move |conn| {
            let page = Page::new(asked, Page::USUAL_SIZE, look_up::count(conn, &who)?);
            let listed = look_up::list(conn, &who, page.offset(), page.size)?;
            let items = listed.into_iter().map(DataRequestAnswer::from).collect();
            Ok(Json(Paged { items, page: page.number, size: page.size, total: page.total }))
        })
        .await
}

/// A request to record.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDataRequest {
    kind: DataRequestKind,
    /// When no reference says it.
    programme_id: Option<ProgrammeId>,
    /// The child's reference, when it is known.
    child: Option<String>,
    received_on: NaiveDate,
}

/// Records a request.
///
/// # Errors
/// When a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/data-requests", tag = "privacy", request_body = NewDataRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key does the same thing once")),
    responses((status = 201, description = "Recorded", body = DataRequestAnswer))
)]
pub async fn create_request(
    app: Data<App>,
    who: SignedIn,
    posted: Posted<NewDataRequest>,
) -> Result<HttpResponse, AppError> {
    let follower = follower(&who)?;
    let key = key(&posted, who.account, "data_request.record")?;
    let NewDataRequest { kind, programme_id, child, received_on } = posted.value;
    let new = NewRequest { kind, programme: programme_id, reference: child, received_on };
    let (clock, recorder) = (app.clock.clone(), follower.clone());
    let id = run(&app, key, move |tx| record::record(tx, &clock, &recorder, &new)).await?;
    Ok(HttpResponse::Created().json(load(&app, follower, id).await?))
}

async fn load(app: &App, who: Follower, id: DataRequestId) -> Result<DataRequestAnswer, AppError> {
    app.db.read_async(move |conn| Ok(look_up::load_for(conn, &who, id)?.into())).await
}

/// The child whom a request is about.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundChild {
    /// The reference.
    child: String,
}

/// Says whom a request is about.
///
/// # Errors
/// When it is not the caller's, or a rule refuses.
#[utoipa::path(
    post, path = "/api/v1/data-requests/{request}/child", tag = "privacy", request_body = FoundChild,
    params(("request" = DataRequestId, Path)),
    responses((status = 200, description = "Said", body = DataRequestAnswer))
)]
pub async fn create_child(
    app: Data<App>,
    who: As<Coordinator>,
    id: Path<DataRequestId>,
    posted: Posted<FoundChild>,
) -> Result<HttpResponse, AppError> {
    let (id, reference) = (id.into_inner(), posted.value.child);
    let (clock, caller) = (app.clock.clone(), Coordinator::clone(&who));
    app.db.write_async(move |tx| find_child::find(tx, &clock, &caller, id, &reference)).await?;
    Ok(HttpResponse::Ok().json(load(&app, Follower::Coordinator(Coordinator::clone(&who)), id).await?))
}

/// Answers a request: handed over, corrected, or erased now.
///
/// # Errors
/// When it is not the caller's, or a rule refuses.
#[utoipa::path(
    post, path = "/api/v1/data-requests/{request}/answer", tag = "privacy",
    params(("request" = DataRequestId, Path)),
    responses((status = 200, description = "Answered", body = DataRequestAnswer))
)]
pub async fn create_answer(
    app: Data<App>,
    who: As<Coordinator>,
    id: Path<DataRequestId>,
    _posted: Posted<serde_json::Value>,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let (clock, vault, caller) = (app.clock.clone(), app.vault.clone(), Coordinator::clone(&who));
    let kind = app.db.write_async(move |tx| answer::answer(tx, &vault, &clock, &caller, id)).await?;
    if kind == DataRequestKind::Erasure {
        retention::sweep_soon(&app.db).await;
    }
    Ok(HttpResponse::Ok().json(load(&app, Follower::Coordinator(Coordinator::clone(&who)), id).await?))
}

/// Why a request is refused.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = NewDataRequestRefusal)]
#[serde(deny_unknown_fields)]
pub struct NewRefusal {
    reason: RefusedFor,
}

/// Refuses a request.
///
/// # Errors
/// When there is none, or it is closed.
#[utoipa::path(
    post, path = "/api/v1/data-requests/{request}/refusal", tag = "privacy", request_body = NewRefusal,
    params(("request" = DataRequestId, Path)),
    responses((status = 200, description = "Refused", body = DataRequestAnswer))
)]
pub async fn create_refusal(
    app: Data<App>,
    who: As<Auditor>,
    id: Path<DataRequestId>,
    posted: Posted<NewRefusal>,
) -> Result<HttpResponse, AppError> {
    let (id, reason, clock, caller) = (id.into_inner(), posted.value.reason, app.clock.clone(), *who);
    app.db.write_async(move |tx| refuse::refuse(tx, &clock, caller, id, reason)).await?;
    Ok(HttpResponse::Ok().json(load(&app, Follower::Officer(caller), id).await?))
}
