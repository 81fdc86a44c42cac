//! One's sessions in one's own calendar: the secret address, shown once, and how to give it to a phone.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::guards::SignedIn;
use crate::accounts::store::StoredFeed;
use crate::accounts::{Role, calendar_feed, store};
use crate::app::App;
use crate::db::DbError;
use crate::error::AppError;
use crate::links;
use crate::web::{self, Flash, FormState, Layout, Tone, filters};

#[derive(Template)]
#[template(path = "accounts/calendar.html")]
struct CalendarPage {
    layout: Layout,
    feed: Option<StoredFeed>,
    /// Shown this once.
    address: Option<Address>,
    is_coordinator: bool,
}

/// A secret address, as one copies it and as a phone opens it.
struct Address {
    https: String,
    webcal: String,
}

impl Address {
    fn of(base_url: &str, token: &str) -> Self {
        let https = format!("{base_url}{}", links::calendar_feed(token));
        let rest = https.split_once("://").map_or(https.as_str(), |(_, rest)| rest);
        Self { webcal: format!("webcal://{rest}"), https }
    }
}

async fn calendar_page(
    app: &App,
    request: &HttpRequest,
    who: &SignedIn,
    address: Option<Address>,
) -> Result<CalendarPage, AppError> {
    let account = who.account;
    let feed = app.db.read_async::<_, DbError>(move |conn| Ok(store::find_feed(conn, account)?)).await?;
    Ok(CalendarPage {
        layout: who
            .layout(request, "Mes séances dans mon agenda")
            .lead("Elles paraissent dans l’agenda de votre téléphone ou de votre ordinateur, et s’y tiennent à jour seules.")
            .under("Mon compte", links::MY_ACCOUNT),
        feed,
        address,
        is_coordinator: who.holds(Role::Coordinator),
    })
}

/// Shows whether one's calendar is subscribed, and how to.
///
/// # Errors
/// When the role has no sessions to show, or the database fails.
pub async fn show_calendar(app: Data<App>, request: HttpRequest, who: SignedIn) -> Result<HttpResponse, AppError> {
    calendar_feed::may_have_one(&who)?;
    Ok(web::page(&request, &calendar_page(&app, &request, &who, None).await?)?)
}

/// Makes the address, or another one, shown this once.
///
/// # Errors
/// When the role has no sessions to show, or the database fails.
pub async fn create_feed(
    app: Data<App>,
    request: HttpRequest,
    who: SignedIn,
    form: Result<FormState, AppError>,
) -> Result<HttpResponse, AppError> {
    calendar_feed::may_have_one(&who)?;
    form?;
    let (clock, person) = (app.clock.clone(), who.0.as_ref().clone());
    let token = app.db.write_async(move |tx| calendar_feed::create(tx, &clock, &person)).await?;
    let address = Address::of(&app.config.base_url, &token);
    Ok(web::page(&request, &calendar_page(&app, &request, &who, Some(address)).await?)?)
}

/// Takes the address back.
///
/// # Errors
/// When the role has no sessions to show, or the database fails.
pub async fn create_feed_end(
    app: Data<App>,
    who: SignedIn,
    form: Result<FormState, AppError>,
) -> Result<HttpResponse, AppError> {
    calendar_feed::may_have_one(&who)?;
    form?;
    let (clock, person) = (app.clock.clone(), who.0.as_ref().clone());
    let done = if app.db.write_async(move |tx| calendar_feed::revoke(tx, &clock, &person)).await? {
        Flash::success("L’adresse est retirée : votre agenda ne reçoit plus vos séances.")
    } else {
        Flash::info("Il n’y avait plus d’adresse à retirer.")
    };
    Ok(web::see_other_with(links::MY_CALENDAR, &done))
}
