//! What is refused before anybody is recognised: heads that are too long, and addresses that ask too often.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError};

use crate::app::App;
use crate::error::AppError;
use crate::web::{address, assets};

/// The longest address that is read, in bytes.
const LONGEST_ADDRESS: usize = 8 * 1024;
/// The most bytes of headers that are read.
const LONGEST_HEADERS: usize = 16 * 1024;

/// Middleware: holds requests to their limits.
///
/// # Errors
/// Those of the handler; its own refusals are answers.
pub async fn hold(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match refusal(&request) {
        Some(answer) => Ok(request.into_response(answer).map_into_right_body()),
        None => Ok(next.call(request).await?.map_into_left_body()),
    }
}

fn refusal(request: &ServiceRequest) -> Option<HttpResponse> {
    // the parts of an absolute address are counted too
    if request.uri().to_string().len() > LONGEST_ADDRESS {
        return Some(HttpResponse::new(StatusCode::URI_TOO_LONG));
    }
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if headers > LONGEST_HEADERS {
        return Some(HttpResponse::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    if request.path().starts_with(assets::PREFIX) {
        return None;
    }
    let app = request.app_data::<Data<App>>()?;
    let who = address::of(request.request(), app.config.trusted_proxies);
    let taken = app.rates.addresses.take(&who, app.clock.now().utc());
    taken.err().map(|seconds| AppError::TooOften(seconds).error_response())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn refused(request: TestRequest) -> Option<u16> {
        refusal(&request.to_srv_request()).map(|answer| answer.status().as_u16())
    }

    #[test]
    fn an_address_is_read_to_its_last_byte_and_no_further() {
        let of_length = |bytes: usize| refused(TestRequest::with_uri(&format!("/{}", "a".repeat(bytes - 1))));
        assert_eq!((of_length(8192), of_length(8193)), (None, Some(414)));
    }

    #[test]
    fn headers_are_counted_with_their_names_and_what_parts_them() {
        // `x-a: …` and the end of its line
        let of_length = |bytes: usize| refused(TestRequest::default().insert_header(("x-a", "a".repeat(bytes - 7))));
        assert_eq!((of_length(16_384), of_length(16_385)), (None, Some(431)));
    }
}
