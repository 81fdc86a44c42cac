//! What tells those who watch over the program that it is well.

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::app::App;
use crate::db::DbError;
use crate::error::AppError;
use crate::outbox;

/// Tells that the program runs.
pub async fn show_health() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// Tells that the program can serve: its database answers and is up to date.
///
/// # Errors
/// When it cannot.
pub async fn show_readiness(app: Data<App>) -> Result<HttpResponse, AppError> {
    let db = app.db.clone();
    let pending = crate::db::blocking(move || db.pending_migrations()).await?;
    if !pending.is_empty() {
        return Err(AppError::Unavailable);
    }
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"))
}

/// Figures for those who watch over the program, in Prometheus' text format.
///
/// # Errors
/// When the database does not answer.
pub async fn show_metrics(app: Data<App>) -> Result<HttpResponse, AppError> {
    let (waiting, given_up) = app.db.read_async::<_, DbError>(|conn| Ok(outbox::backlog(conn)?)).await?;
    let body = format!(
        "# HELP psypre_mails_waiting Mails queued and not sent yet.\n# TYPE psypre_mails_waiting gauge\npsypre_mails_waiting {waiting}\n\
         # HELP psypre_mails_given_up Mails that no peer would take.\n# TYPE psypre_mails_given_up gauge\npsypre_mails_given_up {given_up}\n"
    );
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(body))
}
