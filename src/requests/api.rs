//! Requests for programs: a child is a reference here, never a name.

use actix_web::web::{Data, Json, Path, Query};
use chrono::NaiveDate;

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Caller, Coordinator, Referent};
use crate::app::App;
use crate::children::Reader;
use crate::error::AppError;
use crate::hours::Minutes;
use crate::ids::{ChildId, ProgrammeId, RequestId, SessionId};
use crate::requests::look_up::{self, Listed};
use crate::requests::{Asked, DeclinedFor, Moment, Standing, Weekdays, Wish, answerer, ask, decline, withdraw};
use crate::sql_types::Ts;
use crate::web::Page;
use crate::web::json::{self, Paged, Posted};

/// A request for a session. Lengths are in minutes, dates in Europe/Paris.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct RequestAnswer {
    id: RequestId,
    programme_id: ProgrammeId,
    child_id: ChildId,
    #[schema(example = "CHE-2026-0042")]
    child_reference: String,
    duration_minutes: Minutes,
    from_on: NaiveDate,
    /// Such as `tuesday`; empty for any.
    weekdays: Vec<&'static str>,
    moment: Moment,
    wish: Wish,
    wants_earlier: bool,
    state: Standing,
    declined_for: Option<DeclinedFor>,
    session_id: Option<SessionId>,
    requested_at: Ts,
    answered_at: Option<Ts>,
}

impl RequestAnswer {
    /// A referent sees no session: that one was booked is all they are told.
    fn of(Listed { request, around }: Listed, reader: &Reader) -> Self {
        let asked = request.asked;
        Self {
            id: request.id,
            programme_id: request.programme_id,
            child_id: asked.child,
            child_reference: around.reference,
            duration_minutes: asked.duration,
            from_on: asked.from,
            weekdays: asked.weekdays.names(),
            moment: asked.moment,
            wish: asked.wish,
            wants_earlier: asked.wants_earlier,
            state: request.standing,
            declined_for: request.declined_for,
            session_id: request.session_id.filter(|_| !matches!(reader, Reader::Referent { .. })),
            requested_at: request.requested_at,
            answered_at: request.answered_at,
        }
    }
}

/// Which requests are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RequestsOf {
    #[param(inline)]
    state: Option<Standing>,
    /// From 1.
    page: Option<i64>,
}

/// The requests that the caller sees, the latest first.
///
/// # Errors
/// When the caller's roles see none, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/requests", tag = "requests", params(RequestsOf),
    responses((status = 200, body = Paged<RequestAnswer>))
)]
pub async fn list_requests(
    app: Data<App>,
    who: SignedIn,
    asked: Query<RequestsOf>,
) -> Result<Json<Paged<RequestAnswer>>, AppError> {
    let (reader, standing, number) = (reader(&who)?, asked.state, asked.page.unwrap_or(1));
    app.db
        .read_async::<_, AppError>(move |conn| {
            let page = Page::new(number, Page::USUAL_SIZE, look_up::count(conn, &reader, standing)?);
            let listed = look_up::list(conn, &reader, standing, (page.offset(), page.size))?;
            let items = listed.into_iter().map(|row| RequestAnswer::of(row, &reader)).collect();
            Ok(Json(Paged { items, page: page.number, size: page.size, total: page.total }))
        })
        .await
}

fn reader(who: &SignedIn) -> Result<Reader, AppError> {
    Reader::of(who).ok_or(AppError::Forbidden(<Coordinator as Caller>::ROLE.french()))
}

async fn answer(app: &App, reader: Reader, id: RequestId) -> Result<Json<RequestAnswer>, AppError> {
    app.db.read_async(move |conn| Ok(Json(RequestAnswer::of(look_up::load_told(conn, &reader, id)?, &reader)))).await
}

/// A session to ask for.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRequest {
    child_id: ChildId,
    duration_minutes: Minutes,
    /// Not before this day.
    from_on: NaiveDate,
    /// Such as `tuesday`; none for any.
    #[serde(default)]
    weekdays: Vec<String>,
    #[serde(default)]
    moment: Option<Moment>,
    #[serde(default)]
    wish: Option<Wish>,
    /// Whether a freed place would be taken, even at short notice.
    #[serde(default)]
    wants_earlier: bool,
}

impl NewRequest {
    fn asked(&self) -> Result<Asked, AppError> {
        let weekdays = Weekdays::named(self.weekdays.iter().map(String::as_str)).ok_or_else(|| AppError::Refused {
            code: "weekdays",
            field: Some("weekdays"),
            sentence: "Les jours s’écrivent monday, tuesday… saturday.".to_owned(),
        })?;
        Ok(Asked {
            child: self.child_id,
            duration: self.duration_minutes,
            from: self.from_on,
            weekdays,
            moment: self.moment.unwrap_or(Moment::Any),
            wish: self.wish.unwrap_or(Wish::Nothing),
            wants_earlier: self.wants_earlier,
        })
    }
}

/// Asks for a session for a child whom the caller follows.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/requests", tag = "requests", request_body = NewRequest,
    responses((status = 200, body = RequestAnswer))
)]
pub async fn create_request(
    app: Data<App>,
    who: As<Referent>,
    posted: Posted<NewRequest>,
) -> Result<Json<RequestAnswer>, AppError> {
    let key = json::key(&posted, who.account, "ask")?;
    let asked = posted.value.asked()?;
    let (clock, vault, by) = (app.clock.clone(), app.vault.clone(), (*who).clone());
    let id = json::run(&app, key, move |tx| ask::ask(tx, &clock, &vault, &by, asked)).await?;
    answer(&app, Reader::from(&*who), id).await
}

/// Why no session is booked.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRefusal {
    reason: DeclinedFor,
}

/// Declines a request; to accept it, book with its `request_id`.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/requests/{request}/refusal", tag = "requests", request_body = NewRefusal,
    params(("request" = uuid::Uuid, Path, description = "The request")),
    responses((status = 200, body = RequestAnswer))
)]
pub async fn create_refusal(
    app: Data<App>,
    who: SignedIn,
    id: Path<RequestId>,
    posted: Result<Posted<NewRefusal>, AppError>,
) -> Result<Json<RequestAnswer>, AppError> {
    let reader = answerer(&who).ok_or(AppError::Forbidden(<Coordinator as Caller>::ROLE.french()))?;
    let (id, posted) = (id.into_inner(), posted?);
    let key = json::key(&posted, who.account, &format!("decline {id}"))?;
    let (clock, by, account, reason) = (app.clock.clone(), reader.clone(), who.account, posted.value.reason);
    json::run(&app, key, move |tx| decline::decline(tx, &clock, (account, &by), id, reason)).await?;
    answer(&app, reader, id).await
}

/// Nothing is asked.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Gives a request up.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/requests/{request}/withdrawal", tag = "requests",
    params(("request" = uuid::Uuid, Path, description = "The request")),
    responses((status = 200, body = RequestAnswer))
)]
pub async fn create_withdrawal(
    app: Data<App>,
    who: As<Referent>,
    id: Path<RequestId>,
    posted: Posted<Nothing>,
) -> Result<Json<RequestAnswer>, AppError> {
    let id = id.into_inner();
    let key = json::key(&posted, who.account, &format!("withdraw_request {id}"))?;
    let (clock, by) = (app.clock.clone(), (*who).clone());
    json::run(&app, key, move |tx| withdraw::withdraw(tx, &clock, &by, id)).await?;
    answer(&app, Reader::from(&*who), id).await
}
