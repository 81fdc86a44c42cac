//! Who asks: recognised once for each request, and proved by the type that a handler takes.

use std::future::{Ready, ready};
use std::ops::Deref;
use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, HOST, ORIGIN};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError};

use crate::accounts::{Caller, Halfway, Known, Means, Person, sign_in};
use crate::app::App;
use crate::db;
use crate::error::AppError;
use crate::ids::AccountId;
use crate::logs::events::{self, Proof};
use crate::web::address;
use crate::web::csrf::ExpectedToken;

/// A person who holds the role of this caller, and the caller itself.
#[derive(Debug, Clone)]
pub struct As<C> {
    /// The person.
    pub person: Rc<Person>,
    caller: C,
}

impl<C> Deref for As<C> {
    type Target = C;
    fn deref(&self) -> &C {
        &self.caller
    }
}

impl<C: Caller> FromRequest for As<C> {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = person_of(request).ok_or(AppError::SignedOut).and_then(|person| {
            C::of(&person).map(|caller| Self { person, caller }).ok_or(AppError::Forbidden(C::ROLE.french()))
        });
        ready(found)
    }
}

/// A person, whatever their roles.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Rc<Person>);

impl Deref for SignedIn {
    type Target = Person;
    fn deref(&self) -> &Person {
        &self.0
    }
}

impl FromRequest for SignedIn {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(person_of(request).map(Self).ok_or(AppError::SignedOut))
    }
}

/// Who has proved one thing of two, if the request comes from them.
pub fn halfway_of(request: &HttpRequest) -> Option<Rc<Halfway>> {
    request.extensions().get::<Rc<Halfway>>().cloned()
}

/// Who asked, for the log: their account, and how they are known.
pub fn who_asked(request: &HttpRequest) -> (Option<AccountId>, &'static str) {
    match (person_of(request), halfway_of(request)) {
        (Some(person), _) => match person.means {
            Means::SignIn { .. } => (Some(person.account), "sign_in"),
            Means::Token(_) => (Some(person.account), "token"),
            Means::Feed => (Some(person.account), "feed"),
        },
        (None, Some(halfway)) => (Some(halfway.account), "halfway"),
        (None, None) => (None, "none"),
    }
}

/// The person recognised for a request, if one was.
pub fn person_of(request: &HttpRequest) -> Option<Rc<Person>> {
    request.extensions().get::<Rc<Person>>().cloned()
}

/// Middleware: recognises the person by cookie or bearer token, and refuses what another site makes a browser post.
///
/// # Errors
/// Those of the handler; its own refusals are answers.
pub async fn identify(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    match recognise(&request).await {
        Ok(Some(Known::Person(person))) => {
            let person: Rc<Person> = Rc::from(person);
            request.extensions_mut().insert(person.clone());
            if let Some(seconds) = asks_too_often(&request, &person) {
                let refusal = AppError::TooOften(seconds).error_response();
                return Ok(request.into_response(refusal).map_into_right_body());
            }
            if let Means::SignIn { csrf, .. } = &person.means {
                request.extensions_mut().insert(ExpectedToken(csrf.clone()));
            }
        }
        Ok(Some(Known::Halfway(halfway))) => {
            request.extensions_mut().insert(ExpectedToken(halfway.csrf.clone()));
            request.extensions_mut().insert(Rc::new(halfway));
        }
        Ok(None) => {}
        Err(refusal) => return Ok(request.into_response(refusal.error_response()).map_into_right_body()),
    }
    Ok(next.call(request).await?.map_into_left_body())
}

async fn recognise(request: &ServiceRequest) -> Result<Option<Known>, AppError> {
    let app = request.app_data::<Data<App>>().ok_or(AppError::Unavailable)?;
    if changes_something(request.method()) && !has_bearer(request) && !is_same_site(request, app) {
        return Err(AppError::OtherSite);
    }
    let (db, clock) = (app.db.clone(), app.clock.clone());
    if let Some(token) = bearer(request) {
        let found = db::blocking(move || sign_in::recognise_token(&db, &clock, &token)).await?;
        let address = address::of(request.request(), app.config.trusted_proxies);
        let Some((person, scope)) = found else {
            events::authentication(Proof::Token, None, &address, Some("unknown_token"));
            return Ok(None);
        };
        events::authentication(Proof::Token, Some(person.account), &address, None);
        if !scope.allows(!changes_something(request.method()), request.path()) {
            // the log tells whose token asked for more than its scope
            request.extensions_mut().insert(Rc::new(person));
            return Err(AppError::OutOfScope);
        }
        return Ok(Some(Known::Person(Box::new(person))));
    }
    let Some(cookie) = request.cookie(app.cookie_name()) else { return Ok(None) };
    let lent = app.clone();
    Ok(db::blocking(move || sign_in::recognise_cookie(&lent, cookie.value())).await?)
}

/// In how many seconds an account that asked too much may ask again.
fn asks_too_often(request: &ServiceRequest, person: &Person) -> Option<u64> {
    let app = request.app_data::<Data<App>>()?;
    app.rates.accounts.take(&person.account.to_string(), app.clock.now().utc()).err()
}

fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn has_bearer(request: &ServiceRequest) -> bool {
    bearer(request).is_some()
}

fn bearer(request: &ServiceRequest) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    header.strip_prefix("Bearer ").map(|token| token.trim().to_owned())
}

/// Browsers say where a request comes from; one that does not say is no browser that another site could use.
fn is_same_site(request: &ServiceRequest, app: &App) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = header("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match header(ORIGIN.as_str()) {
        None => true,
        Some(origin) => {
            let host = header(HOST.as_str()).unwrap_or_default();
            origin == app.config.base_url || origin.split_once("://").is_some_and(|(_, rest)| rest == host)
        }
    }
}
