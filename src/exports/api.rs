//! Exports for programs.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};

use super::ExportFormat;
use super::export::{Exporter, export};
use crate::accounts::Accountant;
use crate::accounts::guards::As;
use crate::app::App;
use crate::calendar::Month;
use crate::db;
use crate::error::AppError;
use crate::web;

/// Which export is asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportOf {
    /// The month billed, such as `2026-10`.
    month: String,
    /// `csv`, `xlsx`, `json` or `zip`; JSON when absent.
    #[param(inline)]
    format: Option<ExportFormat>,
}

/// The invoices and credit notes of a month as a file. Taking it away is written in the journal.
///
/// # Errors
/// When the month cannot be read, when a document was altered, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/exports/invoices", tag = "exports", params(ExportOf),
    responses(
        (status = 200, description = "The file", content(
            (super::json_file::MonthFile = "application/json"),
            (Vec<u8> = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (Vec<u8> = "application/zip"),
        )),
        (status = 400, description = "A month or a format that cannot be read"),
        (status = 422, description = "A kept document was altered"),
    )
)]
pub async fn show_export(
    app: Data<App>,
    who: As<Accountant>,
    asked: Query<ExportOf>,
) -> Result<HttpResponse, AppError> {
    let ExportOf { month, format } = asked.into_inner();
    let month = Month::parse(&month).ok_or_else(|| {
        AppError::Unreadable(format!("Le mois « {month} » ne se lit pas : écrivez-le comme 2026-10."))
    })?;
    let format = format.unwrap_or(ExportFormat::Json);
    let (db, clock, who) = (app.db.clone(), app.clock.clone(), Exporter::Accountant(*who));
    let file = db::blocking(move || export(&db, &clock, who, month, format)).await?;
    Ok(web::attachment(&file.name, format.media_type(), file.bytes))
}
