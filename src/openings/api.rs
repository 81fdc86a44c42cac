//! Openings, free places and leaves for programs. No child stands here.

use actix_web::web::{Data, Json, Path, Query};
use chrono::{NaiveDate, NaiveTime};

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Caller, Psychologist};
use crate::app::App;
use crate::error::AppError;
use crate::hours::Minutes;
use crate::ids::{LeaveId, OpeningId, ProgrammeId, PsychologistId};
use crate::openings::look_up::{self, Filter};
use crate::openings::{Leave, Opening, Reach, Rhythm, Span, Terms, change, close, create, remove_day, take_leave};
use crate::sql_types::Ts;
use crate::web::Page;
use crate::web::json::{Paged, Posted, key, run};

/// The longest period in which free places are asked for, in days.
const LONGEST_PERIOD: i64 = 92;

/// An opening. Dates and times of day are local to Europe/Paris.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct OpeningAnswer {
    id: OpeningId,
    psychologist_id: PsychologistId,
    /// All programmes when absent.
    programme_id: Option<ProgrammeId>,
    place: String,
    rhythm: Rhythm,
    /// The first day: it gives the day of the week.
    starts_on: NaiveDate,
    until_on: Option<NaiveDate>,
    starts_at: NaiveTime,
    ends_at: NaiveTime,
    is_school_only: bool,
}

impl From<Opening> for OpeningAnswer {
    fn from(Opening { id, psychologist_id, terms }: Opening) -> Self {
        Self {
            id,
            psychologist_id,
            programme_id: terms.programme,
            place: terms.place,
            rhythm: terms.rhythm,
            starts_on: terms.starts_on,
            until_on: terms.until_on,
            starts_at: terms.span.from,
            ends_at: terms.span.until,
            is_school_only: terms.is_school_only,
        }
    }
}

/// What an opening says.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningTerms {
    /// All programmes when absent.
    #[serde(default)]
    programme_id: Option<ProgrammeId>,
    place: String,
    rhythm: Rhythm,
    /// The first day: it gives the day of the week.
    starts_on: NaiveDate,
    #[serde(default)]
    until_on: Option<NaiveDate>,
    /// Local time in Europe/Paris, such as `14:00:00`.
    starts_at: NaiveTime,
    ends_at: NaiveTime,
    #[serde(default)]
    is_school_only: bool,
}

impl From<OpeningTerms> for Terms {
    fn from(said: OpeningTerms) -> Self {
        Self {
            programme: said.programme_id,
            place: said.place.trim().to_owned(),
            rhythm: said.rhythm,
            starts_on: said.starts_on,
            until_on: said.until_on.filter(|_| said.rhythm != Rhythm::Once),
            span: Span { from: said.starts_at, until: said.ends_at },
            is_school_only: said.is_school_only,
        }
    }
}

fn reach(who: &SignedIn) -> Result<Reach, AppError> {
    Reach::of(who).ok_or(AppError::Forbidden(<Psychologist as Caller>::ROLE.french()))
}

/// Which openings are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OpeningsOf {
    psychologist_id: Option<PsychologistId>,
    /// Those for it, and those for all.
    programme_id: Option<ProgrammeId>,
    /// Those that are not over on this day; today when absent.
    from: Option<NaiveDate>,
    /// From 1.
    page: Option<i64>,
}

/// The openings that the caller sees, in the order of their first days.
///
/// # Errors
/// When the caller's roles see none, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/openings", tag = "openings", params(OpeningsOf),
    responses((status = 200, body = Paged<OpeningAnswer>))
)]
pub async fn list_openings(
    app: Data<App>,
    who: SignedIn,
    asked: Query<OpeningsOf>,
) -> Result<Json<Paged<OpeningAnswer>>, AppError> {
    let (reach, asked) = (reach(&who)?, asked.into_inner());
    let from = Some(asked.from.unwrap_or(app.clock.today()));
    let filter = Filter { from, until: None, psychologist: asked.psychologist_id, programme: asked.programme_id };
    app.db
        .read_async::<_, AppError>(move |conn| {
            let total = look_up::count(conn, &reach, filter)?;
            let page = Page::new(asked.page.unwrap_or(1), Page::USUAL_SIZE, total);
            let openings = look_up::list(conn, &reach, filter, (page.offset(), page.size))?;
            let items = openings.into_iter().map(OpeningAnswer::from).collect();
            Ok(Json(Paged { items, page: page.number, size: page.size, total: page.total }))
        })
        .await
}

/// Which free places are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PlacesOf {
    from: NaiveDate,
    /// At most 92 days after.
    until: NaiveDate,
    /// A whole number of quarters of an hour, 60 when absent.
    duration_minutes: Option<i32>,
    psychologist_id: Option<PsychologistId>,
    programme_id: Option<ProgrammeId>,
}

/// A place that can be booked.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct PlaceAnswer {
    opening_id: OpeningId,
    psychologist_id: PsychologistId,
    programme_id: Option<ProgrammeId>,
    place: String,
    session_on: NaiveDate,
    /// Local time in Europe/Paris.
    start_time: NaiveTime,
    starts_at: Ts,
    duration_minutes: Minutes,
}

/// The free places that the caller sees, in the order of time.
///
/// # Errors
/// When the caller's roles see none, the period is too long, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/openings/places", tag = "openings", params(PlacesOf),
    responses((status = 200, body = Vec<PlaceAnswer>))
)]
pub async fn list_places(
    app: Data<App>,
    who: SignedIn,
    asked: Result<Query<PlacesOf>, actix_web::Error>,
) -> Result<Json<Vec<PlaceAnswer>>, AppError> {
    let reach = reach(&who)?;
    let wrong = |what: &str| AppError::Unreadable(what.to_owned());
    let asked = asked.map_err(|_| wrong("Indiquez from et until, comme 2026-11-24."))?.into_inner();
    if !(0..=LONGEST_PERIOD).contains(&(asked.until - asked.from).num_days()) {
        let sentence = "La période va de from à until, 92 jours au plus.".to_owned();
        return Err(AppError::Refused { code: "period_length", field: Some("until"), sentence });
    }
    let duration = Minutes(asked.duration_minutes.unwrap_or(60));
    if !duration.is_session_length() {
        let sentence = "Une séance dure de 15 min à 4 h, par quarts d’heure.".to_owned();
        return Err(AppError::Refused { code: "session_length", field: Some("duration_minutes"), sentence });
    }
    let filter = Filter { psychologist: asked.psychologist_id, programme: asked.programme_id, ..Filter::default() };
    let clock = app.clock.clone();
    app.db
        .read_async::<_, AppError>(move |conn| {
            let places = look_up::places(conn, &clock, (&reach, filter), (asked.from, asked.until), duration)?;
            let read = |(o, place): (crate::openings::Occurrence, crate::openings::Place)| PlaceAnswer {
                opening_id: o.opening,
                psychologist_id: o.psychologist,
                programme_id: o.programme,
                place: o.place,
                session_on: o.on,
                start_time: place.start,
                starts_at: place.starts_at,
                duration_minutes: place.duration,
            };
            Ok(Json(places.into_iter().map(read).collect()))
        })
        .await
}

async fn answer(app: &App, who: Psychologist, id: OpeningId) -> Result<Json<OpeningAnswer>, AppError> {
    app.db.read_async(move |conn| Ok(Json(look_up::load(conn, who.id, id)?.into()))).await
}

/// Opens places.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/openings", tag = "openings", request_body = OpeningTerms,
    responses((status = 200, body = OpeningAnswer))
)]
pub async fn create_opening(
    app: Data<App>,
    who: As<Psychologist>,
    posted: Posted<OpeningTerms>,
) -> Result<Json<OpeningAnswer>, AppError> {
    let key = key(&posted, who.account, "open")?;
    let (terms, clock, by) = (Terms::from(posted.value), app.clock.clone(), *who);
    let id = run(&app, key, move |tx| create::create(tx, &clock, &by, &terms)).await?;
    answer(&app, by, id).await
}

/// Changes what an opening says. Sessions that are booked stay.
///
/// # Errors
/// When it is not theirs, a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/openings/{opening}/change", tag = "openings", request_body = OpeningTerms,
    params(("opening" = uuid::Uuid, Path, description = "The opening")),
    responses((status = 200, body = OpeningAnswer))
)]
pub async fn create_change(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<OpeningId>,
    posted: Posted<OpeningTerms>,
) -> Result<Json<OpeningAnswer>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("change_opening {id}"))?;
    let (terms, clock, by) = (Terms::from(posted.value), app.clock.clone(), *who);
    run(&app, key, move |tx| change::change(tx, &clock, &by, id, &terms)).await?;
    answer(&app, by, id).await
}

/// When an opening ends.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LastDay {
    /// Its last day; yesterday when absent.
    #[serde(default)]
    after: Option<NaiveDate>,
}

/// Closes an opening after a day. Sessions that are booked stay.
///
/// # Errors
/// When it is not theirs, a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/openings/{opening}/closing", tag = "openings", request_body = LastDay,
    params(("opening" = uuid::Uuid, Path, description = "The opening")),
    responses((status = 200, body = serde_json::Value, description = "An empty object"))
)]
pub async fn create_closing(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<OpeningId>,
    posted: Posted<LastDay>,
) -> Result<Json<serde_json::Value>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("close_opening {id}"))?;
    let (after, clock, by) = (posted.value.after, app.clock.clone(), *who);
    run(&app, key, move |tx| close::close(tx, &clock, &by, id, after)).await?;
    Ok(Json(serde_json::json!({})))
}

/// A day of an opening.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningDay {
    on: NaiveDate,
}

/// Takes a day out of an opening. Sessions that are booked stay.
///
/// # Errors
/// When it is not theirs, a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/openings/{opening}/removal", tag = "openings", request_body = OpeningDay,
    params(("opening" = uuid::Uuid, Path, description = "The opening")),
    responses((status = 200, body = OpeningAnswer))
)]
pub async fn create_removal(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<OpeningId>,
    posted: Posted<OpeningDay>,
) -> Result<Json<OpeningAnswer>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("remove_day {id}"))?;
    let (on, clock, by) = (posted.value.on, app.clock.clone(), *who);
    run(&app, key, move |tx| remove_day::remove_day(tx, &clock, &by, id, on)).await?;
    answer(&app, by, id).await
}

/// Puts a day back in an opening.
///
/// # Errors
/// When it is not theirs, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/openings/{opening}/restoration", tag = "openings", request_body = OpeningDay,
    params(("opening" = uuid::Uuid, Path, description = "The opening")),
    responses((status = 200, body = OpeningAnswer))
)]
pub async fn create_restoration(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<OpeningId>,
    posted: Posted<OpeningDay>,
) -> Result<Json<OpeningAnswer>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("restore_day {id}"))?;
    let (on, clock, by) = (posted.value.on, app.clock.clone(), *who);
    run(&app, key, move |tx| remove_day::restore_day(tx, &clock, &by, id, on)).await?;
    answer(&app, by, id).await
}

/// Days on which a psychologist receives nobody, both included.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct LeaveAnswer {
    id: LeaveId,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
}

impl From<Leave> for LeaveAnswer {
    fn from(Leave { id, starts_on, ends_on, .. }: Leave) -> Self {
        Self { id, starts_on, ends_on }
    }
}

/// The caller's leaves that are not over, in order.
///
/// # Errors
/// When the database fails.
#[utoipa::path(get, path = "/api/v1/leaves", tag = "openings", responses((status = 200, body = Vec<LeaveAnswer>)))]
pub async fn list_leaves(app: Data<App>, who: As<Psychologist>) -> Result<Json<Vec<LeaveAnswer>>, AppError> {
    let (id, today) = (who.id, app.clock.today());
    app.db
        .read_async(move |conn| {
            let leaves = look_up::leaves_to_come(conn, id, today)?;
            Ok(Json(leaves.into_iter().map(LeaveAnswer::from).collect()))
        })
        .await
}

/// A leave to note.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLeave {
    starts_on: NaiveDate,
    ends_on: NaiveDate,
}

/// Notes that the caller is away. Sessions that are booked stay.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/leaves", tag = "openings", request_body = NewLeave,
    responses((status = 200, body = LeaveAnswer))
)]
pub async fn create_leave(
    app: Data<App>,
    who: As<Psychologist>,
    posted: Posted<NewLeave>,
) -> Result<Json<LeaveAnswer>, AppError> {
    let key = key(&posted, who.account, "take_leave")?;
    let (NewLeave { starts_on, ends_on }, clock, by) = (posted.value, app.clock.clone(), *who);
    let id = run(&app, key, move |tx| take_leave::take_leave(tx, &clock, &by, (starts_on, ends_on))).await?;
    Ok(Json(LeaveAnswer { id, starts_on, ends_on }))
}

/// Takes a leave back: the openings take place again.
///
/// # Errors
/// When it is not theirs, is over, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/leaves/{leave}/withdrawal", tag = "openings",
    params(("leave" = uuid::Uuid, Path, description = "The leave")),
    responses((status = 200, body = serde_json::Value, description = "An empty object"))
)]
pub async fn create_leave_withdrawal(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<LeaveId>,
    posted: Posted<serde_json::Value>,
) -> Result<Json<serde_json::Value>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("give_back_leave {id}"))?;
    let (clock, by) = (app.clock.clone(), *who);
    run(&app, key, move |tx| take_leave::give_back_leave(tx, &clock, &by, id)).await?;
    Ok(Json(serde_json::json!({})))
}
