//! The headers that every answer carries.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY,
};
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::app::App;
use crate::web::flash;

/// Pages may not be framed by anyone.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
    object-src 'none'; frame-src 'self'";
/// Documents are seen inside our own pages, and nowhere else.
const DOCUMENT_POLICY: &str = "default-src 'none'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";
/// The same for browsers of before `frame-ancestors`.
const PAGE_FRAMES: &str = "DENY";
const DOCUMENT_FRAMES: &str = "SAMEORIGIN";
/// Two years without a word in clear, once reached over TLS.
const TLS_ONLY: &str = "max-age=63072000; includeSubDomains";

const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
         magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Middleware that adds the security headers, and forbids keeping any answer that does not say otherwise.
///
/// Use: `App::new().wrap(actix_web::middleware::from_fn(headers::protect))`.
pub async fn protect(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let is_secure = request.app_data::<Data<App>>().is_some_and(|app| app.config.is_secure());
    let mut response = next.call(request).await?;
    add(response.headers_mut());
    if is_secure {
        flash::bind_to_host(response.headers_mut());
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TLS_ONLY));
    }
    Ok(response)
}

fn add(headers: &mut HeaderMap) {
    let is_document = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/pdf"));
    let (policy, frames) = if is_document { (DOCUMENT_POLICY, DOCUMENT_FRAMES) } else { (PAGE_POLICY, PAGE_FRAMES) };
    for (name, value) in ALWAYS.into_iter().chain([("content-security-policy", policy), ("x-frame-options", frames)]) {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::middleware::from_fn;
    use actix_web::{App, HttpResponse, test, web};

    #[actix_web::test]
    async fn every_answer_is_protected() {
        let page = || async { HttpResponse::Ok().content_type("text/html; charset=utf-8").body("Bonjour") };
        let document = || async { HttpResponse::Ok().content_type("application/pdf").body("%PDF") };
        let kept = || async { HttpResponse::Ok().insert_header((CACHE_CONTROL, "public")).finish() };
        let app = App::new().wrap(from_fn(protect)).route("/page", web::get().to(page));
        let app = app.route("/document", web::get().to(document)).route("/kept", web::get().to(kept));
        let app = test::init_service(app).await;
        let get = async |path: &str| {
            let answer = test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await;
            let header = |name: &str| {
                answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
            };
            (header("content-security-policy"), header("cache-control"), header("x-content-type-options"))
        };
        let (policy, cache, sniffing) = get("/page").await;
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!((cache.as_str(), sniffing.as_str()), ("no-store", "nosniff"));
        assert!(get("/document").await.0.contains("frame-ancestors 'self'"));
        assert_eq!(get("/kept").await.1, "public");
        assert_eq!(get("/absent").await.2, "nosniff");
    }
}
