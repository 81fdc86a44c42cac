//! The web server: its middleware and its limits.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{Data, PayloadConfig};
use actix_web::{HttpRequest, HttpServer};

use crate::accounts::guards;
use crate::app::App;
use crate::error::Told;
use crate::logs::events::{self, Asked};
use crate::proconnect::provider::Provider;
use crate::web::{address, headers, limits};
use crate::{error_pages, router};

/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 256 * 1024;
/// The longest that the head of a request may take to arrive; `web::body` gives its body as long again, twice.
const LONGEST_HEAD: Duration = Duration::from_secs(5);
/// The most connections that a worker holds; those that follow wait in the system's queue.
const MOST_CONNECTIONS: usize = 4096;

/// Serves the application on a listener, until it is stopped.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(app: App, listener: TcpListener, workers: usize) -> std::io::Result<Server> {
    let proconnect = Data::new(app.config.proconnect.clone().map(Provider::new));
    let data = Data::new(app);
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(data.clone())
            .app_data(proconnect.clone())
            .app_data(PayloadConfig::new(LONGEST_BODY))
            .configure(router::configure)
            // innermost: what it refuses is dressed and protected like the rest
            .wrap(actix_web::middleware::Compress::default())
            .wrap(from_fn(guards::identify))
            .wrap(from_fn(limits::hold))
            .wrap(from_fn(error_pages::render))
            .wrap(from_fn(headers::protect))
            .wrap(from_fn(log))
    })
    .client_request_timeout(LONGEST_HEAD)
    .max_connections(MOST_CONNECTIONS)
    .workers(workers)
    .listen(listener)?;
    Ok(server.run())
}

/// One line a request: the pattern of its route, never its address as asked, which could hold anything.
async fn log(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = std::time::Instant::now();
    let method = request.method().clone();
    let response = next.call(request).await?;
    let pattern = response.request().match_pattern();
    let (status, route) = (response.status().as_u16(), pattern.as_deref().unwrap_or("unknown"));
    let milliseconds = started.elapsed().as_millis() as u64;
    tracing::info!(%method, %route, status, milliseconds, "request");
    tell_of_refusal(response.request(), status, pattern.as_deref(), told(&response));
    Ok(response)
}

/// What refused, if something did.
fn told(response: &ServiceResponse<impl MessageBody>) -> Option<&'static str> {
    response.response().extensions().get::<Told>().map(|told| told.0)
}

/// A line more for what was refused: who asked, and from where.
fn tell_of_refusal(request: &HttpRequest, status: u16, route: Option<&str>, code: Option<&'static str>) {
    if status < 400 && code.is_none() {
        return;
    }
    let trusted_proxies = request.app_data::<Data<App>>().map_or(0, |app| app.config.trusted_proxies);
    let address = address::of(request, trusted_proxies);
    let (account, means) = guards::who_asked(request);
    let asked = Asked { method: request.method().as_str(), route, account, means, address: &address };
    events::refused(asked, status, code);
}
