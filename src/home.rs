//! The page that waits for whoever signs in: that of their role.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::Role;
use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::error::AppError;
use crate::links;
use crate::sessions::pages_today;
use crate::web;

/// Shows psychologists their day; sends each other role to its first page.
///
/// # Errors
/// When the database fails.
pub async fn show_home(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    Ok(web::see_other(match who.role_in_use {
        Role::Psychologist => return pages_today::show_today(&app, &who, &request).await,
        Role::Coordinator => links::APPROVALS,
        Role::Referent => links::CHILDREN,
        Role::Administrator => links::YEAR,
        Role::Accountant => links::INVOICES,
        Role::Auditor => links::JOURNAL,
    }))
}
