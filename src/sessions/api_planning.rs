//! What is to come, for programs: booking one session or a series, looking before, moving, cancelling, restoring.

use actix_web::web::{Data, Json, Path};
use chrono::{NaiveDate, NaiveTime};

use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::db::DbError;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::hours::Minutes;
use crate::ids::{ChildId, PsychologistId, RequestId, SeriesId, SessionId};
use crate::sessions::admission::AdmissionRefusal;
use crate::sessions::api::{self, Nothing, SessionAnswer};
use crate::sessions::book::BookRefusal;
use crate::sessions::book_many::{self, Chosen, Foreseen, Plan, Wish};
use crate::sessions::recurrence::{MOST_DATES, Repeat, Rhythm, Stop};
use crate::sessions::reschedule::{self, Move};
use crate::sessions::warnings;
use crate::sessions::{Reason, Scope, Slot, SlotRefusal, Viewer, cancel, freed, look_up, restore, want_earlier};
use crate::web::json::{Posted, key, run};

/// One session to book, or a series of them.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBooking {
    child_id: ChildId,
    /// For coordinators; a psychologist books for themself.
    #[serde(default)]
    psychologist_id: Option<PsychologistId>,
    /// The day, or the first of a series.
    session_on: NaiveDate,
    /// Local time in Europe/Paris, such as `14:30:00`.
    starts_at: NaiveTime,
    duration_minutes: Minutes,
    #[serde(default)]
    place: Option<String>,
    /// How it is repeated: all the sessions are booked, or none.
    #[serde(default)]
    repeat: Option<NewRepeat>,
    /// Only these times, among those that a preview gave or others.
    #[serde(default)]
    chosen: Option<Vec<NewTime>>,
    /// Book although a day is a public holiday or in school holidays, or a time is outside the openings.
    #[serde(default)]
    although_unusual: bool,
    /// The request that it answers.
    #[serde(default)]
    request_id: Option<RequestId>,
    /// Write nothing: say of each day what would become of it.
    #[serde(default)]
    preview: bool,
}

/// How a session is repeated. Its end is `times`, `until`, or `until_holidays` (with `times` at most, if given).
#[derive(Debug, Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRepeat {
    rhythm: Rhythm,
    #[serde(default)]
    times: Option<usize>,
    /// The last day that may be.
    #[serde(default)]
    until: Option<NaiveDate>,
    /// Stop before the next school holidays.
    #[serde(default)]
    until_holidays: bool,
    /// Pass over school and public holidays, without counting them.
    #[serde(default)]
    skip_holidays: bool,
}

/// A time of a series.
#[derive(Debug, Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTime {
    session_on: NaiveDate,
    /// Local time in Europe/Paris, such as `14:30:00`.
    starts_at: NaiveTime,
}

impl NewRepeat {
    fn repeat(self) -> Result<Repeat, AppError> {
        let stop = match (self.times, self.until, self.until_holidays) {
            (times, None, true) => Stop::Holidays(times),
            (Some(times), None, false) => Stop::Times(times),
            (None, Some(until), false) => Stop::Until(until),
            _ => {
                let sentence = "Indiquez une seule fin : times, until, ou until_holidays.".to_owned();
                return Err(AppError::Refused { code: "series_end", field: Some("times"), sentence });
            }
        };
        Ok(Repeat { rhythm: self.rhythm, stop, skips_days_off: self.skip_holidays })
    }
}

/// What was booked, or would be.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum BookingAnswer {
    /// One session.
    Session(Box<SessionAnswer>),
    /// Several, booked together.
    Series(SeriesAnswer),
    /// None yet.
    Preview(PreviewAnswer),
}

/// Sessions that were booked or moved together, in order.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct SeriesAnswer {
    series_id: Option<SeriesId>,
    sessions: Vec<SessionAnswer>,
}

/// What would become of each day, in order.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = SeriesPreviewAnswer)]
pub struct PreviewAnswer {
    preview: Vec<ForeseenAnswer>,
    /// Days passed over because they are off.
    skipped: Vec<NaiveDate>,
}

/// What would become of a day.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ForeseenAnswer {
    session_on: NaiveDate,
    starts_at: NaiveTime,
    /// Whether no rule refuses it. With `warnings`, it is booked with `although_unusual`.
    bookable: bool,
    /// The code of the rule that refuses it.
    code: Option<&'static str>,
    /// Why not, in French.
    detail: Option<String>,
    warnings: Vec<WarningAnswer>,
    /// The nearest start of that day that is free, when somebody is taken.
    instead_starts_at: Option<NaiveTime>,
}

/// Something unusual about a day or a time.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct WarningAnswer {
    code: &'static str,
    /// In French.
    detail: String,
}

impl ForeseenAnswer {
    fn of(foreseen: Foreseen, time: NaiveTime) -> Self {
        let warning = |warning: &warnings::Warning| WarningAnswer { code: warning.code(), detail: warning.to_string() };
        Self {
            session_on: foreseen.on,
            starts_at: time,
            bookable: foreseen.refusal.is_none(),
            code: foreseen.refusal.as_ref().map(Refusal::code),
            detail: foreseen.refusal.as_ref().map(ToString::to_string),
            warnings: foreseen.warnings.iter().map(warning).collect(),
            instead_starts_at: foreseen.instead.map(Slot::start_time),
        }
    }
}

/// Books a session, or a series of them: all, or none. With `preview`, says what would become of each and writes nothing.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/bookings", tag = "sessions", request_body = NewBooking,
    responses((status = 200, body = BookingAnswer))
)]
pub async fn create_booking(
    app: Data<App>,
    who: SignedIn,
    posted: Result<Posted<NewBooking>, AppError>,
) -> Result<Json<BookingAnswer>, AppError> {
    // who may not ask is told so, whatever they send
    let (viewer, posted) = (api::viewer(&who)?, posted?);
    let key = key(&posted, viewer.account, "book")?;
    let new = posted.value;
    let psychologist = new.psychologist(&viewer)?;
    let (wish, skipped) = wish(&app, &new, psychologist).await?;
    if new.preview {
        return foresee(&app, viewer, wish, skipped).await;
    }
    let plan = plan(&new, &wish)?;
    let (clock, vault, by) = (app.clock.clone(), app.vault.clone(), viewer.clone());
    let is_alone = plan.chosen.len() == 1;
    let ids = run(&app, key, move |tx| book_many::book_many(tx, &clock, &vault, &by, &plan)).await?;
    match ids.as_slice() {
        [id] if is_alone => {
            let Json(session) = api::answer(&app, viewer.scope, *id).await?;
            Ok(Json(BookingAnswer::Session(Box::new(session))))
        }
        _ => Ok(Json(BookingAnswer::Series(series(&app, viewer.scope, ids).await?))),
    }
}

impl NewBooking {
    fn psychologist(&self, viewer: &Viewer) -> Result<PsychologistId, AppError> {
        match (&viewer.scope, self.psychologist_id) {
            (Scope::Psychologist(own), None) => Ok(*own),
            (_, Some(named)) => Ok(named),
            (Scope::Programmes(_), None) => {
                let sentence = "Indiquez psychologist_id : avec qui est la séance.".to_owned();
                Err(AppError::Refused { code: "psychologist_missing", field: Some("psychologist_id"), sentence })
            }
        }
    }
}

/// The days that are asked, and those passed over.
async fn wish(app: &App, new: &NewBooking, psychologist: PsychologistId) -> Result<(Wish, Vec<NaiveDate>), AppError> {
    let (days, skipped) = match new.repeat {
        None => (vec![new.session_on], Vec::new()),
        Some(repeat) => {
            let (repeat, first) = (repeat.repeat()?, new.session_on);
            let holidays = app.db.read_async::<_, DbError>(|conn| Ok(warnings::holidays(conn)?)).await?;
            let dates = holidays.days(first, &repeat).map_err(Failure::Refused)?;
            (dates.kept, dates.skipped)
        }
    };
    let wish = Wish { child: new.child_id, psychologist, time: new.starts_at, duration: new.duration_minutes, days };
    Ok((wish, skipped))
}

async fn foresee(
    app: &App,
    viewer: Viewer,
    wish: Wish,
    skipped: Vec<NaiveDate>,
) -> Result<Json<BookingAnswer>, AppError> {
    let (clock, vault, time) = (app.clock.clone(), app.vault.clone(), wish.time);
    let foreseen = app.db.rehearse_async(move |tx| book_many::foresee(tx, &clock, &vault, &viewer, &wish)).await?;
    let preview = foreseen.into_iter().map(|foreseen| ForeseenAnswer::of(foreseen, time)).collect();
    Ok(Json(BookingAnswer::Preview(PreviewAnswer { preview, skipped })))
}

fn plan(new: &NewBooking, wish: &Wish) -> Result<Plan, AppError> {
    let times: Vec<(NaiveDate, NaiveTime)> = match &new.chosen {
        Some(chosen) => chosen.iter().map(|time| (time.session_on, time.starts_at)).collect(),
        None => wish.days.iter().map(|on| (*on, wish.time)).collect(),
    };
    if times.is_empty() || times.len() > MOST_DATES {
        let what = format!("Choisissez de 1 à {MOST_DATES} rendez-vous ; il y en a {}.", times.len());
        return Err(AppError::Refused { code: "series_length", field: Some("chosen"), sentence: what });
    }
    let chosen = |(on, time)| {
        let slot = slot(on, time, wish.duration)?;
        Ok(Chosen { slot, although_unusual: new.although_unusual })
    };
    let chosen = times.into_iter().map(chosen).collect::<Result<Vec<_>, AppError>>()?;
    Ok(Plan {
        child: wish.child,
        psychologist: wish.psychologist,
        place: new.place.clone(),
        chosen,
        request: new.request_id,
    })
}

fn slot(on: NaiveDate, time: NaiveTime, duration: Minutes) -> Result<Slot, AppError> {
    let refused = |e: SlotRefusal| Failure::Refused(BookRefusal::Admission(AdmissionRefusal::Slot(e)));
    Ok(Slot::new(on, time, duration).map_err(refused)?)
}

/// The sessions that a gesture touched, in order.
async fn series(app: &App, scope: Scope, ids: Vec<SessionId>) -> Result<SeriesAnswer, AppError> {
    app.db
        .read_async(move |conn| {
            let listed = look_up::load_many(conn, &scope, &ids)?;
            let series_id = listed.first().and_then(|first| first.session.series_id);
            Ok(SeriesAnswer { series_id, sessions: listed.into_iter().map(SessionAnswer::from).collect() })
        })
        .await
}

/// Where a session goes.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMove {
    session_on: NaiveDate,
    /// Local time in Europe/Paris, such as `14:30:00`.
    starts_at: NaiveTime,
    duration_minutes: Minutes,
    #[serde(default)]
    place: Option<String>,
    /// Whether those of its series that come after it move by as many days, to the same time.
    #[serde(default)]
    with_following: bool,
    /// Move although the day is off, or the time is outside the openings.
    #[serde(default)]
    although_unusual: bool,
}

/// Moves a booked session, and if it is asked those that follow it in its series: all, or none.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/sessions/{session}/move", tag = "sessions", request_body = NewMove,
    params(("session" = uuid::Uuid, Path, description = "The session")),
    responses((status = 200, body = SeriesAnswer))
)]
pub async fn create_move(
    app: Data<App>,
    who: SignedIn,
    id: Path<SessionId>,
    posted: Result<Posted<NewMove>, AppError>,
) -> Result<Json<SeriesAnswer>, AppError> {
    let (id, viewer, posted) = (id.into_inner(), api::viewer(&who)?, posted?);
    let key = key(&posted, viewer.account, &format!("move {id}"))?;
    let new = posted.value;
    let to = Move {
        slot: slot(new.session_on, new.starts_at, new.duration_minutes)?,
        place: new.place,
        with_following: new.with_following,
        although_unusual: new.although_unusual,
    };
    let (clock, vault, by) = (app.clock.clone(), app.vault.clone(), viewer.clone());
    let ids = run(&app, key, move |tx| reschedule::reschedule(tx, &clock, &vault, &by, id, &to)).await?;
    Ok(Json(series(&app, viewer.scope, ids).await?))
}

/// Why a session does not take place.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCancellation {
    /// At most 500 characters, without a child's name.
    #[serde(default)]
    reason: Option<String>,
    /// Whether those of its series that come after it are cancelled too.
    #[serde(default)]
    with_following: bool,
}

/// A cancelled session, and who waits for an earlier place than theirs.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct CancellationAnswer {
    #[serde(flatten)]
    session: SessionAnswer,
    /// Those of its series that were cancelled with it.
    following_ids: Vec<SessionId>,
    /// Booked sessions that fit in the place and would rather be there: move one with `/move`.
    waiting_for_earlier: Vec<SessionAnswer>,
    /// Requests that would take the place: book with their `request_id`.
    requests_for_earlier: Vec<RequestId>,
}

/// Cancels a session, and if it is asked those that follow it in its series.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/sessions/{session}/cancellation", tag = "sessions", request_body = NewCancellation,
    params(("session" = uuid::Uuid, Path, description = "The session")),
    responses((status = 200, body = CancellationAnswer))
)]
pub async fn create_cancellation(
    app: Data<App>,
    who: SignedIn,
    id: Path<SessionId>,
    posted: Result<Posted<NewCancellation>, AppError>,
) -> Result<Json<CancellationAnswer>, AppError> {
    let (id, viewer, posted) = (id.into_inner(), api::viewer(&who)?, posted?);
    let key = key(&posted, viewer.account, &format!("cancel {id}"))?;
    let reason = posted.value.reason.as_deref().map(Reason::new).transpose().map_err(Failure::Refused)?;
    let (clock, by, with_following) = (app.clock.clone(), viewer.clone(), posted.value.with_following);
    let ids = run(&app, key, move |tx| match with_following {
        true => cancel::cancel_with_following(tx, &clock, &by, id, reason.as_ref()),
        false => cancel::cancel(tx, &clock, &by, id, reason.as_ref()).map(|()| vec![id]),
    })
    .await?;
    let clock = app.clock.clone();
    app.db
        .read_async(move |conn| {
            let cancelled = look_up::load(conn, &viewer.scope, id)?;
            let waiting = freed::waiting(conn, &clock, &viewer.scope, &cancelled.session)?;
            let requests = freed::requests(conn, &clock, &viewer.scope, &cancelled.session)?;
            Ok(Json(CancellationAnswer {
                session: cancelled.into(),
                following_ids: ids.into_iter().filter(|other| *other != id).collect(),
                requests_for_earlier: requests.into_iter().map(|row| row.request.id).collect(),
                waiting_for_earlier: waiting.into_iter().map(SessionAnswer::from).collect(),
            }))
        })
        .await
}

/// Books again a session that was cancelled by mistake, with those of its series that were cancelled with it.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/sessions/{session}/restoration", tag = "sessions", request_body = Nothing,
    params(("session" = uuid::Uuid, Path, description = "The session")),
    responses((status = 200, body = SeriesAnswer))
)]
pub async fn create_restoration(
    app: Data<App>,
    who: SignedIn,
    id: Path<SessionId>,
    posted: Result<Posted<Nothing>, AppError>,
) -> Result<Json<SeriesAnswer>, AppError> {
    let (id, viewer, posted) = (id.into_inner(), api::viewer(&who)?, posted?);
    let key = key(&posted, viewer.account, &format!("restore {id}"))?;
    let (clock, vault, by) = (app.clock.clone(), app.vault.clone(), viewer.clone());
    let ids = run(&app, key, move |tx| restore::restore(tx, &clock, &vault, &by, id)).await?;
    Ok(Json(series(&app, viewer.scope, ids).await?))
}

/// Whether an earlier place would be taken.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlierWish {
    wanted: bool,
}

/// Marks a booked session as one that would take an earlier place, or no longer.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/sessions/{session}/earlier", tag = "sessions", request_body = EarlierWish,
    params(("session" = uuid::Uuid, Path, description = "The session")),
    responses((status = 200, body = SessionAnswer))
)]
pub async fn create_earlier_wish(
    app: Data<App>,
    who: SignedIn,
    id: Path<SessionId>,
    posted: Result<Posted<EarlierWish>, AppError>,
) -> Result<Json<SessionAnswer>, AppError> {
    let (id, viewer, posted) = (id.into_inner(), api::viewer(&who)?, posted?);
    let key = key(&posted, viewer.account, &format!("earlier {id}"))?;
    let (clock, by, wanted) = (app.clock.clone(), viewer.clone(), posted.value.wanted);
    run(&app, key, move |tx| want_earlier::want_earlier(tx, &clock, &by, id, wanted)).await?;
    api::answer(&app, viewer.scope, id).await
}
