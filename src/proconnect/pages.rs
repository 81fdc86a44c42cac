//! The way to ProConnect and back. A refusal is told on the page where the person began.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::frame;
use crate::accounts::guards::person_of;
use crate::accounts::guards_browser::{give_cookies, visitor_of};
use crate::app::App;
use crate::db;
use crate::error::AppError;
use crate::failure::Failure;
use crate::links;
use crate::proconnect::begin::{self, Begun};
use crate::proconnect::come_back::{self, CameBack, ComeBackRefusal, Returned};
use crate::proconnect::flow::FLOW_MINUTES;
use crate::proconnect::provider::Provider;
use crate::proconnect::{Flow, Purpose, SESSION_HOURS, leave};
use crate::web::flash::is_local;
use crate::web::{self, Flash, Layout};

/// ProConnect, when it is on.
pub type Configured = Data<Option<Provider>>;

/// The longest path of ours that is kept for after the round trip.
const LONGEST_WANTED: usize = 300;

/// A page that the browser leaves at once. Forms may lead nowhere but here (`form-action 'self'`), so that a POST does
/// not redirect to ProConnect: its answer is this page, which does.
#[derive(Template)]
#[template(path = "proconnect/leaving.html")]
struct LeavingPage {
    layout: Layout,
    href: String,
}

/// Where somebody wanted to go before signing in.
#[derive(Debug, serde::Deserialize)]
pub struct Wanted {
    suite: Option<String>,
}

/// What ProConnect sends the browser back with.
#[derive(Debug, serde::Deserialize)]
pub struct Answer {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// ProConnect; where it is off, its addresses do not exist.
///
/// # Errors
/// When it is off.
pub(super) fn on(configured: &Configured) -> Result<Provider, AppError> {
    configured.as_ref().clone().ok_or(AppError::NotFound)
}

/// A cookie of a round trip: bound to this host over TLS, sent on the way back from another site.
fn cookie(app: &App, name: &str, value: String, lasts: Duration) -> Cookie<'static> {
    Cookie::build(cookie_name(app, name), value)
        .path("/")
        .http_only(true)
        .secure(app.config.is_secure())
        .same_site(SameSite::Lax)
        .max_age(lasts)
        .finish()
}

fn cookie_name(app: &App, name: &str) -> String {
    format!("{}-{name}", app.cookie_name())
}

/// What is kept during a round trip.
const FLOW: &str = "proconnect";
/// What is kept for the way out.
const EXIT: &str = "proconnect-sortie";

/// The cookie of a round trip that begins.
pub(super) fn flow_cookie(app: &App, begun: &Begun) -> Cookie<'static> {
    cookie(app, FLOW, begun.cookie.clone(), Duration::minutes(FLOW_MINUTES))
}

/// The cookie of the way out.
pub(super) fn exit_cookie(app: &App, sealed: String) -> Cookie<'static> {
    cookie(app, EXIT, sealed, Duration::hours(SESSION_HOURS))
}

/// What the browser kept for the way out.
pub(super) fn exit_of(app: &App, request: &HttpRequest) -> Option<String> {
    request.cookie(&cookie_name(app, EXIT)).map(|cookie| cookie.value().to_owned())
}

/// The cookie that forgets the way out.
pub(super) fn exit_removal(app: &App) -> Cookie<'static> {
    let mut gone = cookie(app, EXIT, String::new(), Duration::ZERO);
    gone.make_removal();
    gone
}

/// An answer with a cookie.
pub(super) fn with_cookie(mut response: HttpResponse, cookie: &Cookie<'_>) -> Result<HttpResponse, AppError> {
    response.add_cookie(cookie).map_err(|e| AppError::Internal(e.to_string()))?;
    Ok(response)
}

/// A page that the browser leaves at once for ProConnect.
pub(super) fn leaving(request: &HttpRequest, title: &str, href: String) -> Result<HttpResponse, AppError> {
    let refresh = HeaderValue::from_str(&format!("0;url={href}")).map_err(|e| AppError::Internal(e.to_string()))?;
    let mut response = web::page(request, &LeavingPage { layout: frame::layout(request, title), href })?;
    response.headers_mut().insert(HeaderName::from_static("refresh"), refresh);
    Ok(response)
}

async fn begin(app: &App, provider: Provider, purpose: Purpose) -> Result<Begun, AppError> {
    let app = app.clone();
    db::blocking(move || begin::begin(&app, &provider, purpose)).await
}

/// Begins a round trip from a form.
///
/// # Errors
/// When ProConnect does not say where to go.
pub(super) async fn begin_from_form(
    app: &App,
    request: &HttpRequest,
    provider: Provider,
    purpose: Purpose,
) -> Result<HttpResponse, AppError> {
    let begun = begin(app, provider, purpose).await?;
    let response = leaving(request, "Relier ProConnect", begun.href.clone())?;
    with_cookie(response, &flow_cookie(app, &begun))
}

/// Goes to ProConnect, or back to where one was when it does not answer.
async fn go(app: &App, provider: Provider, purpose: Purpose) -> Result<HttpResponse, AppError> {
    let back = purpose.back();
    match begin(app, provider, purpose).await {
        Ok(begun) => with_cookie(web::see_other(&begun.href), &flow_cookie(app, &begun)),
        Err(AppError::Unavailable) => Ok(web::see_other_with(&back, &Flash::error(ComeBackRefusal::Unreachable))),
        Err(other) => Err(other),
    }
}

/// Goes to ProConnect to sign in.
///
/// # Errors
/// When ProConnect is off.
pub async fn show_start(app: Data<App>, provider: Configured, wanted: Query<Wanted>) -> Result<HttpResponse, AppError> {
    let provider = on(&provider)?;
    let ours = |path: &String| is_local(path) && path.len() <= LONGEST_WANTED;
    let wanted = wanted.into_inner().suite.filter(ours).unwrap_or_else(|| links::HOME.to_owned());
    go(&app, provider, Purpose::SignIn { wanted }).await
}

/// Goes to ProConnect to accept an invitation.
///
/// # Errors
/// When ProConnect is off.
pub async fn show_invitation_start(
    app: Data<App>,
    provider: Configured,
    token: Path<String>,
) -> Result<HttpResponse, AppError> {
    let provider = on(&provider)?;
    let invitation = token.into_inner();
    let (db, clock, given) = (app.db.clone(), app.clock.clone(), invitation.clone());
    let found =
        db::blocking(move || crate::accounts::accept_invitation::find(&db, &clock, &given).map_err(AppError::from));
    if found.await?.is_none() {
        return Err(AppError::NotFound);
    }
    go(&app, provider, Purpose::Accept { invitation }).await
}

/// Comes back from ProConnect.
///
/// # Errors
/// When ProConnect is off, there were too many failures, or the database fails.
pub async fn show_return(
    app: Data<App>,
    provider: Configured,
    request: HttpRequest,
    answer: Query<Answer>,
) -> Result<HttpResponse, AppError> {
    let provider = on(&provider)?;
    let kept = request.cookie(&cookie_name(&app, FLOW)).map(|cookie| cookie.value().to_owned());
    let back = kept.as_deref().and_then(|kept| Flow::open(&app.vault, kept, app.clock.now()));
    let Answer { state, code, error, iss: issuer } = answer.into_inner();
    let who = person_of(&request).map(|person| person.as_ref().clone());
    let from = visitor_of(&app, &request);
    let returned = Returned { cookie: kept, state, code, error, issuer, who, from };
    let inside = app.as_ref().clone();
    let outcome = db::blocking(move || come_back::come_back(&inside, &provider, returned)).await;
    let response = match outcome {
        Ok(CameBack::In { opened, to, id_token }) => {
            let mut response = web::see_other(&to);
            give_cookies(&app, opened, &mut response)?;
            with_cookie(response, &exit_cookie(&app, leave::remember(&app, &id_token)?))?
        }
        Ok(CameBack::Linked) => {
            let done = "ProConnect est relié à votre compte : il suffit désormais pour y entrer.";
            web::see_other_with(links::MY_PROCONNECT, &Flash::success(done))
        }
        Err(Failure::Refused(ComeBackRefusal::TooMany(too_many))) => {
            return Err(AppError::TooMany(u64::try_from(too_many.seconds).unwrap_or(1)));
        }
        Err(Failure::Refused(refusal)) => {
            let back = back.map_or_else(|| links::SIGN_IN.to_owned(), |flow| flow.purpose.back());
            web::see_other_with(&back, &Flash::error(refusal))
        }
        Err(other) => return Err(other.into()),
    };
    let mut gone = cookie(&app, FLOW, String::new(), Duration::ZERO);
    gone.make_removal();
    with_cookie(response, &gone)
}
