//! The page that waits for whoever signs in: that of their role.

use actix_web::HttpResponse;

use crate::accounts::Role;
use crate::accounts::guards::SignedIn;
use crate::error::AppError;
use crate::links;
use crate::web;

/// Sends each role to its first page.
///
/// # Errors
/// Never by itself.
pub async fn show_home(who: SignedIn) -> Result<HttpResponse, AppError> {
    Ok(web::see_other(match who.role_in_use {
        Role::Psychologist => links::SESSIONS,
        Role::Coordinator => links::APPROVALS,
        Role::Referent => links::CHILDREN,
        Role::Administrator => links::QUOTAS,
        Role::Accountant => links::INVOICES,
        Role::Auditor => links::JOURNAL,
    }))
}
