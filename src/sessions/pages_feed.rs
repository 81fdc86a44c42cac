//! The address that calendars read by themselves: no cookie, no page; what it is not is not found.

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::accounts::calendar_feed;
use crate::app::App;
use crate::db::{self, DbError};
use crate::error::AppError;
use crate::logs::events::{self, Proof};
use crate::sessions::feed;
use crate::web::address;

/// Gives a person's calendar, unless the reader has it already.
///
/// # Errors
/// When no such feed is in service, it is read too often, or the database fails.
pub async fn show_feed(app: Data<App>, request: HttpRequest, token: Path<String>) -> Result<HttpResponse, AppError> {
    let (app, token) = (app.as_ref().clone(), token.into_inner());
    let from = address::of(&request, app.config.trusted_proxies);
    let calendar = db::blocking(move || {
        let who = calendar_feed::open(&app.db, &app.clock, &token);
        let account = who.as_ref().ok().map(|who| who.account);
        events::authentication(Proof::CalendarFeed, account, &from, who.as_ref().err().map(AppError::code));
        let who = who?;
        app.db
            .read::<_, DbError>(|conn| Ok(feed::of(conn, &app.clock, &app.config.base_url, &who)?))
            .map_err(AppError::from)
    })
    .await?;
    // weak: what travels may be compressed
    let tag = format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(calendar.as_bytes())));
    let known = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').any(|one| one.trim() == tag);
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, "private, no-cache"));
    if is_known {
        return Ok(answer.finish());
    }
    Ok(answer.content_type("text/calendar; charset=utf-8").body(calendar))
}
