//! The token that a form must carry: known to the signed-in browser's pages, and to no other site.

use actix_web::{HttpMessage, HttpRequest};
use subtle::ConstantTimeEq;

/// What the forms of this request's sign-in must carry; put there when the person is recognised.
#[derive(Debug, Clone)]
pub struct ExpectedToken(pub String);

/// Whether a token is the one expected; a request without a sign-in expects none.
pub fn is_expected(request: &HttpRequest, token: &str) -> bool {
    match request.extensions().get::<ExpectedToken>() {
        None => true,
        Some(ExpectedToken(expected)) => expected.as_bytes().ct_eq(token.as_bytes()).into(),
    }
}
