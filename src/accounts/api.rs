//! Who a program acts for.

use actix_web::web::{Data, Json};
use chrono::NaiveDate;

use crate::accounts::guards::SignedIn;
use crate::accounts::{Role, RoleIn, StandIn, calendar_feed, store};
use crate::app::App;
use crate::error::AppError;
use crate::ids::{AccountId, ProgrammeId};
use crate::links;
use crate::sql_types::Ts;
use crate::web::json::Posted;

/// The caller.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Me {
    /// Their account.
    account: AccountId,
    /// Their address.
    email: String,
    /// Their name.
    name: String,
    /// What they may do.
    roles: Vec<MyRole>,
    /// The programmes where they approve today in a coordinator's place.
    stands_in: Vec<MyStandIn>,
}

/// A programme where the caller approves in a coordinator's place.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct MyStandIn {
    /// The programme.
    programme: ProgrammeId,
    /// The coordinator's name.
    in_place_of: String,
    /// The last day.
    until: NaiveDate,
}

/// A role of the caller.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct MyRole {
    /// The role.
    role: Role,
    /// The programme, for coordinators and referents.
    programme: Option<ProgrammeId>,
}

/// Tells who the caller is, and what they may do.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    tag = "accounts",
    responses((status = 200, description = "The caller", body = Me))
)]
pub async fn show_me(who: SignedIn) -> Json<Me> {
    let role = |RoleIn { role, programme }| MyRole { role, programme };
    let roles = who.grants.iter().map(RoleIn::of).map(role).collect();
    let stand_in = |lent: &StandIn| MyStandIn {
        programme: lent.programme,
        in_place_of: lent.in_place_of.clone(),
        until: lent.until,
    };
    let stands_in = who.stands_in.iter().map(stand_in).collect();
    Json(Me { account: who.account, email: who.email.clone(), name: who.display_name.clone(), roles, stands_in })
}

/// The caller's private calendar feed. Its address is told once, when it is made.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct CalendarFeed {
    /// Whether there is one.
    exists: bool,
    /// Since when.
    created_at: Option<Ts>,
    /// When a calendar last read it.
    last_read_at: Option<Ts>,
    /// The secret address, only in the answer that makes it.
    url: Option<String>,
}

/// Nothing is asked.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoWish {}

/// Tells whether the caller has a calendar feed.
///
/// # Errors
/// When the caller has no sessions to show, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/me/calendar-feed", tag = "accounts",
    responses((status = 200, body = CalendarFeed))
)]
pub async fn show_calendar_feed(app: Data<App>, who: SignedIn) -> Result<Json<CalendarFeed>, AppError> {
    calendar_feed::may_have_one(&who)?;
    answer(&app, who.account, None).await
}

/// Makes the caller's calendar feed, or gives it another address: the one before stops working.
///
/// # Errors
/// When the caller has no sessions to show, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/me/calendar-feed", tag = "accounts", request_body = NoWish,
    responses((status = 200, body = CalendarFeed))
)]
pub async fn create_calendar_feed(
    app: Data<App>,
    who: SignedIn,
    posted: Result<Posted<NoWish>, AppError>,
) -> Result<Json<CalendarFeed>, AppError> {
    calendar_feed::may_have_one(&who)?;
    // a key would keep the secret for the next who sends it: making a feed twice only changes its address twice
    posted?;
    let (clock, person) = (app.clock.clone(), who.0.as_ref().clone());
    let token = app.db.write_async(move |tx| calendar_feed::create(tx, &clock, &person)).await?;
    let url = format!("{}{}", app.config.base_url, links::calendar_feed(&token));
    answer(&app, who.account, Some(url)).await
}

/// Takes the address of the caller's calendar feed back, if there is one.
///
/// # Errors
/// When the caller has no sessions to show, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/me/calendar-feed/revocation", tag = "accounts", request_body = NoWish,
    responses((status = 200, body = CalendarFeed))
)]
pub async fn create_calendar_feed_end(
    app: Data<App>,
    who: SignedIn,
    posted: Result<Posted<NoWish>, AppError>,
) -> Result<Json<CalendarFeed>, AppError> {
    calendar_feed::may_have_one(&who)?;
    posted?;
    let (clock, person) = (app.clock.clone(), who.0.as_ref().clone());
    app.db.write_async(move |tx| calendar_feed::revoke(tx, &clock, &person)).await?;
    answer(&app, who.account, None).await
}

async fn answer(app: &App, account: AccountId, url: Option<String>) -> Result<Json<CalendarFeed>, AppError> {
    let found = app.db.read_async::<_, AppError>(move |conn| Ok(store::find_feed(conn, account)?)).await?;
    Ok(Json(CalendarFeed {
        exists: found.is_some(),
        created_at: found.map(|feed| feed.created_at),
        last_read_at: found.and_then(|feed| feed.last_read_at),
        url,
    }))
}
