//! The calls for funds of a budget year as a file.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::{ExportFormat, funding_calls};
use crate::accounts::guards::As;
use crate::app::App;
use crate::error::AppError;
use crate::failure::Failure;
use crate::funding_calls::Treasurer;
use crate::ids::BudgetYearId;
use crate::web::{self, Query};

/// Gives the calls of a budget year as CSV or XLSX.
///
/// # Errors
/// When the budget year or the format is not known, or the database fails.
pub async fn show_funding_calls(
    app: Data<App>,
    _who: As<Treasurer>,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let query = Query::parse(request.query_string());
    let year: BudgetYearId = query.get("exercice").and_then(|id| id.parse().ok()).ok_or(AppError::NotFound)?;
    let format: ExportFormat = query.get("format").and_then(|name| name.parse().ok()).ok_or(AppError::NotFound)?;
    let now = app.clock.now();
    let (label, bytes) = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let years = crate::funding_calls::look_up::years(conn)?;
            let year = years.into_iter().find(|known| known.id == year).ok_or(AppError::NotFound)?;
            let table = funding_calls::table(conn, year.id)?;
            let bytes = funding_calls::write(&table, format, now).map_err(Failure::Refused)?;
            Ok((year.label, bytes.ok_or(AppError::NotFound)?))
        })
        .await?;
    // a label is the convention's words: only what a file's name may hold is kept
    let label: String = label.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    Ok(web::attachment(&format!("psypre-appels-de-fonds-{label}.{format}"), format.media_type(), bytes))
}
