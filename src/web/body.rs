//! The body of a request: of the kind that its address takes, no longer than we read, and in time.

use std::future::Future;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};

use crate::error::AppError;

/// What a form is sent as.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// What a program sends.
pub const JSON: &str = "application/json";

/// The longest that a body may take to arrive.
pub const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Reads a body of one kind, whole. An empty one needs no kind.
///
/// # Errors
/// When it is of another kind (415), longer than we read (413), too slow (408), or breaks off.
pub fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    kind: &'static str,
) -> impl Future<Output = Result<Bytes, AppError>> + use<> {
    let sent = request.headers().get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default().to_owned());
    let body = Bytes::from_request(request, payload);
    async move {
        if sent.as_deref().is_some_and(|sent| !is_of(sent, kind)) {
            return Err(AppError::OtherKind(kind));
        }
        let body = timeout(LONGEST_WAIT, body).await.map_err(|_| AppError::TooSlow)?.map_err(|e| match e
            .as_error::<PayloadError>()
        {
            Some(PayloadError::Overflow) => AppError::TooLong,
            _ => AppError::Unreadable("Le corps de la demande s’interrompt. Recommencez.".to_owned()),
        })?;
        if sent.is_none() && !body.is_empty() { Err(AppError::OtherKind(kind)) } else { Ok(body) }
    }
}

/// Whether a media type, its parameters aside, is this one.
fn is_of(sent: &str, kind: &str) -> bool {
    sent.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(kind))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_an_empty_body_needs_no_kind() {
        let read = |request: TestRequest| {
            let (request, mut payload) = request.to_http_parts();
            actix_web::rt::System::new().block_on(read(&request, &mut payload, FORM))
        };
        assert!(read(TestRequest::post()).is_ok_and(|body| body.is_empty()));
        assert!(read(TestRequest::post().set_payload("a=b").insert_header((CONTENT_TYPE, FORM))).is_ok());
        assert!(matches!(read(TestRequest::post().set_payload("a=b")), Err(AppError::OtherKind(FORM))));
    }

    #[test]
    fn parameters_do_not_count() {
        assert!(is_of("application/json; charset=utf-8", JSON) && is_of("Application/JSON", JSON));
        assert!(!is_of("text/plain", JSON) && !is_of("application/json5", JSON) && !is_of("", JSON));
    }
}
