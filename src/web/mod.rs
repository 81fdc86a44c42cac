//! What pages share and nothing of the domain: the frame, forms, tables, messages, files, headers.
//!
//! `frontend/README.md` shows how a page is written with these.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, LOCATION};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use askama::Template;

pub mod address;
pub mod assets;
pub mod body;
pub mod components_page;
pub mod csrf;
pub mod filters;
pub mod flash;
pub mod forms;
#[cfg(test)]
mod frontend_tests;
pub mod headers;
pub mod icons;
pub mod json;
pub mod layout;
pub mod limits;
pub mod mail;
pub mod many_approved;
pub mod marks;
pub mod pagination;
pub mod query;

pub use flash::Flash;
pub use forms::{Choice, Field, FormState};
pub use icons::Icon;
pub use layout::Layout;
pub use marks::{Meter, Status, Tone};
pub use pagination::Page;
pub use query::{Query, Sort};

/// Answers with a page, and forgets the message that it has just shown.
pub fn page(request: &HttpRequest, template: &impl Template) -> actix_web::Result<HttpResponse> {
    page_with(request, StatusCode::OK, template)
}

/// Answers with a form shown again, filled, with its refusals (422).
pub fn refused(request: &HttpRequest, template: &impl Template) -> actix_web::Result<HttpResponse> {
    page_with(request, StatusCode::UNPROCESSABLE_ENTITY, template)
}

/// Answers with a page under a status, and forgets the message that it has just shown.
pub fn page_with(
    request: &HttpRequest,
    status: StatusCode,
    template: &impl Template,
) -> actix_web::Result<HttpResponse> {
    let html = template.render().map_err(actix_web::error::ErrorInternalServerError)?;
    let mut response = HttpResponseBuilder::new(status);
    if flash::is_waiting(request) {
        response.cookie(flash::removal());
    }
    Ok(response.content_type("text/html; charset=utf-8").body(html))
}

/// Answers with a file to keep; its name is ours, so it needs no escape.
pub fn attachment(name: &str, media_type: &str, bytes: Vec<u8>) -> HttpResponse {
    let disposition = format!("attachment; filename=\"{name}\"");
    HttpResponse::Ok().content_type(media_type).insert_header((CONTENT_DISPOSITION, disposition)).body(bytes)
}

/// Sends the person to a page after a POST (303).
pub fn see_other(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, to)).finish()
}

/// Sends the person to a page after a POST (303), where a message awaits.
pub fn see_other_with(to: &str, message: &Flash) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, to)).cookie(message.cookie()).finish()
}
