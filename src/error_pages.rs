//! What the person sees of an error: a page, or RFC 9457 `application/problem+json` for the API.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::frame;
use crate::error::{AppError, Problem, Told};
use crate::links;
use crate::web::Layout;

/// An error as a page.
#[derive(Template)]
#[template(path = "errors/error.html")]
struct ErrorPage {
    layout: Layout,
    code: u16,
    what_to_do: String,
    reference: Option<String>,
}

/// Middleware: dresses every error for its reader, and sends whoever is signed out of a page to the sign-in.
///
/// # Errors
/// Only those of middleware inside that gave no answer.
pub async fn render(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let mut response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_dressed(&response) {
        return Ok(response);
    }
    let problem = response.response_mut().extensions_mut().remove::<Problem>().unwrap_or_else(|| plain_problem(status));
    let mut dressed = dress(response.request(), status, &problem);
    dressed.extensions_mut().insert(Told(problem.code));
    for name in [RETRY_AFTER, ALLOW] {
        if let Some(value) = response.headers().get(&name) {
            dressed.headers_mut().insert(name, value.clone());
        }
    }
    // what it came with may be unread, and without end: it is not read to say no
    if [403, 408, 413, 415, 429].contains(&status.as_u16()) && response.request().method() != Method::GET {
        dressed.head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response.into_response(dressed))
}

/// A handler that showed its own page (a form with its refusals) is left alone.
fn is_dressed(response: &ServiceResponse<BoxBody>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/html") || kind.starts_with("application/problem+json")
}

fn plain_problem(status: StatusCode) -> Problem {
    let error = match status {
        StatusCode::NOT_FOUND => AppError::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => {
            return Problem { code: "method_not_allowed", ..problem_of("Cette adresse ne se demande pas ainsi.") };
        }
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            AppError::TooLong
        }
        status if status.is_server_error() => AppError::Unavailable,
        _ => AppError::Unreadable("La demande ne se lit pas. Vérifiez-la et recommencez.".to_owned()),
    };
    Problem { code: error.code(), ..problem_of(&error.sentence()) }
}

fn problem_of(sentence: &str) -> Problem {
    Problem { code: "unreadable", field: None, sentence: sentence.to_owned(), reference: None }
}

fn dress(request: &HttpRequest, status: StatusCode, problem: &Problem) -> HttpResponse {
    let path = request.path();
    if path.starts_with("/api/") {
        return HttpResponse::build(status)
            .content_type("application/problem+json")
            .body(problem_json(status, problem));
    }
    if status == StatusCode::UNAUTHORIZED {
        let to = match request.uri().path_and_query() {
            Some(wanted) if path != links::HOME && *request.method() == Method::GET => {
                let wanted = serde_urlencoded::to_string([("suite", wanted.as_str())]).unwrap_or_default();
                format!("{}?{wanted}", links::SIGN_IN)
            }
            _ => links::SIGN_IN.to_owned(),
        };
        return HttpResponse::SeeOther().insert_header((LOCATION, to)).finish();
    }
    let page = ErrorPage {
        layout: frame::layout(request, title(status)),
        code: status.as_u16(),
        what_to_do: problem.sentence.clone(),
        reference: problem.reference.clone(),
    };
    match page.render() {
        Ok(html) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html),
        Err(_) => HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(problem.sentence.clone()),
    }
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Page introuvable",
        StatusCode::FORBIDDEN => "Accès réservé",
        StatusCode::TOO_MANY_REQUESTS => "Trop de demandes",
        StatusCode::METHOD_NOT_ALLOWED => "Demande impossible",
        StatusCode::REQUEST_TIMEOUT => "Demande trop lente",
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            "Demande trop longue"
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "Format refusé",
        StatusCode::SERVICE_UNAVAILABLE => "Service occupé",
        StatusCode::UNPROCESSABLE_ENTITY => "Demande refusée",
        status if status.is_server_error() => "Une erreur est survenue",
        _ => "Demande illisible",
    }
}

/// RFC 9457, with a stable `code`, and the field when it is about one.
fn problem_json(status: StatusCode, problem: &Problem) -> String {
    serde_json::json!({
        "type": format!("urn:psypre:problem:{}", problem.code),
        "title": title(status),
        "status": status.as_u16(),
        "code": problem.code,
        "detail": problem.sentence,
        "field": problem.field,
        "reference": problem.reference,
    })
    .to_string()
}
