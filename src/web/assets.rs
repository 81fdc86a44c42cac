//! Our stylesheets, scripts, fonts and marks, embedded in the program.

use actix_web::http::header::{CACHE_CONTROL, ETAG, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "frontend/static"]
struct Files;

/// Where the files are served from; route `/static/{path:.*}` to `serve`.
pub const PREFIX: &str = "/static/";

/// A year, and never asked again: the address changes with the content.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Kept, but asked each time whether it changed.
const ASK_AGAIN: &str = "no-cache";

/// The address of a file with the hash of its content: `/static/base.css?v=…`.
pub fn url(path: &str) -> String {
    match Files::get(path) {
        Some(file) => format!("{PREFIX}{path}?v={}", hash(&file)),
        None => format!("{PREFIX}{path}"),
    }
}

/// Answers with a file, or with "not modified", or with "not found".
pub async fn serve(request: HttpRequest, path: web::Path<String>) -> HttpResponse {
    let Some(file) = Files::get(&path) else {
        return HttpResponse::NotFound().finish();
    };
    let hash = hash(&file);
    let immutable = path.ends_with(".woff2") || request.query_string() == format!("v={hash}");
    let tag = EntityTag::new_strong(hash);
    let mut response = HttpResponse::Ok();
    response
        .insert_header((ETAG, tag.to_string()))
        .insert_header((CACHE_CONTROL, if immutable { FOREVER } else { ASK_AGAIN }));
    if is_known(&request, &tag) {
        return response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
    }
    response.content_type(media_type(&path, &file)).body(file.data.into_owned())
}

fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

fn media_type(path: &str, file: &EmbeddedFile) -> String {
    let guessed = if path.ends_with(".mjs") { "text/javascript" } else { file.metadata.mimetype() };
    if guessed.starts_with("text/") { format!("{guessed}; charset=utf-8") } else { guessed.to_owned() }
}

fn hash(file: &EmbeddedFile) -> String {
    URL_SAFE_NO_PAD.encode(&file.metadata.sha256_hash()[..12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::dev::ServiceResponse;
    use actix_web::http::StatusCode;
    use actix_web::http::header::CONTENT_TYPE;
    use actix_web::http::header::HeaderName;
    use actix_web::http::header::IF_NONE_MATCH;
    use actix_web::{App, test as http};

    fn header(answer: &ServiceResponse, name: HeaderName) -> &str {
        answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[actix_web::test]
    async fn serves_files_once() {
        let app = http::init_service(App::new().route("/static/{path:.*}", web::get().to(serve))).await;
        let address = url("base.css");
        let answer = http::call_service(&app, http::TestRequest::get().uri(&address).to_request()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(header(&answer, CACHE_CONTROL), FOREVER);
        assert_eq!(header(&answer, CONTENT_TYPE), "text/css; charset=utf-8");
        let tag = header(&answer, ETAG).to_owned();
        let again = http::TestRequest::get().uri("/static/base.css?v=old").insert_header((IF_NONE_MATCH, tag));
        let answer = http::call_service(&app, again.to_request()).await;
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(header(&answer, CACHE_CONTROL), ASK_AGAIN);
        let escape = http::TestRequest::get().uri("/static/..%2f..%2fCargo.toml").to_request();
        assert_eq!(http::call_service(&app, escape).await.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn scripts_are_scripts() {
        let file = Files::get("js/search-as-you-type.mjs").expect("a script");
        assert_eq!(media_type("js/search-as-you-type.mjs", &file), "text/javascript; charset=utf-8");
    }
}
