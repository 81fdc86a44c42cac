//! Pages for whoever forgot their password: a link is asked for, then another password is chosen.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::accept_invitation::Typed;
use crate::accounts::forgotten::{self, Claim, ForgottenRefusal, VALID_MINUTES};
use crate::accounts::{frame, pages, passwords};
use crate::app::App;
use crate::db;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::links;
use crate::web::{self, FormState, Layout};

#[derive(Template)]
#[template(path = "accounts/forgotten.html")]
struct ForgottenPage {
    layout: Layout,
    form: FormState,
}

#[derive(Template)]
#[template(path = "accounts/forgotten_sent.html")]
struct SentPage {
    layout: Layout,
    minutes: i64,
}

#[derive(Template)]
#[template(path = "accounts/forgotten_gone.html")]
struct GonePage {
    layout: Layout,
}

#[derive(Template)]
#[template(path = "accounts/invitation.html")]
struct ChoicePage {
    layout: Layout,
    form: FormState,
    email: String,
    password_hint: String,
    action: String,
    has_factor: bool,
    /// Never here: ProConnect chooses no password.
    proconnect: Option<String>,
}

fn forgotten_page(request: &HttpRequest, form: FormState) -> ForgottenPage {
    let layout = frame::layout(request, "Mot de passe oublié")
        .lead("Un lien pour en choisir un autre part à votre adresse.")
        .for_form(&form);
    ForgottenPage { layout, form }
}

fn choice_page(request: &HttpRequest, claim: Claim, token: &str, form: FormState) -> ChoicePage {
    let layout = frame::layout(request, "Choisir un autre mot de passe").for_form(&form);
    let (password_hint, action) = (passwords::hint(), links::forgotten(token));
    let has_factor = claim.has_factor;
    ChoicePage { layout, form, email: claim.email, password_hint, action, has_factor, proconnect: None }
}

fn gone(request: &HttpRequest) -> Result<HttpResponse, AppError> {
    let layout = frame::layout(request, "Ce lien ne sert plus");
    Ok(web::page_with(request, StatusCode::NOT_FOUND, &GonePage { layout })?)
}

/// Shows the form that asks for a link.
///
/// # Errors
/// When the page cannot be made.
pub async fn show_forgotten(request: HttpRequest) -> Result<HttpResponse, AppError> {
    Ok(web::page(&request, &forgotten_page(&request, FormState::new()))?)
}

/// Sends a link; the answer is the same whether or not an account answers to the address.
///
/// # Errors
/// When the database fails.
pub async fn create_link(app: Data<App>, request: HttpRequest, mut form: FormState) -> Result<HttpResponse, AppError> {
    let Some(email) = form.required_email("email", "l’adresse électronique") else {
        return Ok(web::refused(&request, &forgotten_page(&request, form))?);
    };
    let (lent, from) = (app.clone(), pages::visitor_of(&app, &request));
    let outcome = db::blocking(move || forgotten::ask(&lent, &email, &from)).await;
    match outcome {
        Ok(()) => {
            let layout = frame::layout(&request, "Regardez votre boîte");
            Ok(web::page(&request, &SentPage { layout, minutes: VALID_MINUTES })?)
        }
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            let page = forgotten_page(&request, form);
            let ForgottenRefusal::TooMany(too_many) = refusal else { return Ok(web::refused(&request, &page)?) };
            let mut response = web::page_with(&request, StatusCode::TOO_MANY_REQUESTS, &page)?;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(too_many.seconds));
            Ok(response)
        }
        Err(other) => Err(other.into()),
    }
}

async fn find(app: &Data<App>, token: &str) -> Result<Option<Claim>, AppError> {
    let (lent, token) = (app.clone(), token.to_owned());
    Ok(db::blocking(move || forgotten::find(&lent, &token)).await?)
}

/// Shows the form of the password.
///
/// # Errors
/// When the database fails.
pub async fn show_choice(app: Data<App>, request: HttpRequest, token: Path<String>) -> Result<HttpResponse, AppError> {
    match find(&app, &token).await? {
        Some(claim) => Ok(web::page(&request, &choice_page(&request, claim, &token, FormState::new()))?),
        None => gone(&request),
    }
}

/// Sets the password and signs in.
///
/// # Errors
/// When the database fails.
pub async fn create_password(
    app: Data<App>,
    request: HttpRequest,
    token: Path<String>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (lent, given, from) = (app.clone(), token.clone(), pages::visitor_of(&app, &request));
    let [password, again, code] = ["password", "password_again", "code"].map(|name| form.raw(name).to_owned());
    let outcome = db::blocking(move || {
        forgotten::choose(&lent, &given, Typed { password: &password, again: &again, code: &code }, &from)
    })
    .await;
    match outcome {
        Ok(opened) => pages::enter(&app, opened, links::HOME),
        Err(Failure::Refused(ForgottenRefusal::Gone)) => gone(&request),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            form.set("code", "");
            let Some(claim) = find(&app, &token).await? else { return gone(&request) };
            Ok(web::refused(&request, &choice_page(&request, claim, &token, form))?)
        }
        Err(other) => Err(other.into()),
    }
}
