//! Pages of signing in, signing out and changing role.

use actix_web::http::StatusCode;
use actix_web::http::header::{CLEAR_SITE_DATA, HeaderValue, RETRY_AFTER};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::frame;
use crate::accounts::guards::{SignedIn, person_of};
use crate::accounts::guards_browser::cookie;
pub(super) use crate::accounts::guards_browser::{give_cookies, visitor_of};
use crate::accounts::open::Opened;
use crate::accounts::sign_in::{self, SignInRefusal};
use crate::accounts::{Means, Role};
use crate::app::App;
use crate::db;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::links;
use crate::web::{self, FormState, Layout};

#[derive(Template)]
#[template(path = "accounts/sign_in.html")]
struct SignInPage {
    layout: Layout,
    form: FormState,
    /// Where to go then.
    wanted: String,
    /// Whether the accounts of the demonstration are shown.
    demonstration: bool,
    /// Where ProConnect begins, when it is on.
    proconnect: Option<String>,
}

/// Where somebody wanted to go before signing in.
#[derive(Debug, serde::Deserialize)]
pub struct Wanted {
    pub(super) suite: Option<String>,
}

fn sign_in_page(app: &App, request: &HttpRequest, form: FormState, wanted: String) -> SignInPage {
    SignInPage {
        layout: frame::layout(request, "Connexion").for_form(&form),
        form,
        demonstration: app.config.demonstration,
        proconnect: app.config.proconnect.as_ref().map(|_| links::proconnect_sign_in(&wanted)),
        wanted,
    }
}

/// Shows the sign-in form; whoever is signed in goes to their page.
///
/// # Errors
/// When the page cannot be made.
pub async fn show_sign_in(
    app: Data<App>,
    request: HttpRequest,
    wanted: Query<Wanted>,
) -> Result<HttpResponse, AppError> {
    let wanted = local_path(wanted.suite.as_deref());
    if person_of(&request).is_some() {
        return Ok(web::see_other(&wanted));
    }
    Ok(web::page(&request, &sign_in_page(&app, &request, FormState::new(), wanted))?)
}

/// Signs in.
///
/// # Errors
/// When the database fails.
pub async fn create_sign_in(
    app: Data<App>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let wanted = local_path(Some(form.value("suite")));
    let (lent, from) = (app.clone(), visitor_of(&app, &request));
    let (email, password) = (form.value("email").to_owned(), form.raw("password").to_owned());
    let outcome = db::blocking(move || sign_in::sign_in(&lent, (&email, &password), &from)).await;
    match outcome {
        Ok(opened) => {
            // what this browser held ends with what takes its place
            if let Some(Means::SignIn { id, .. }) = person_of(&request).map(|person| person.means.clone()) {
                let (db, clock) = (app.db.clone(), app.clock.clone());
                db::blocking(move || sign_in::sign_out(&db, &clock, id)).await?;
            }
            enter(&app, opened, &wanted)
        }
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            let page = sign_in_page(&app, &request, form, wanted);
            let SignInRefusal::TooMany(too_many) = refusal else { return Ok(web::refused(&request, &page)?) };
            let mut response = web::page_with(&request, StatusCode::TOO_MANY_REQUESTS, &page)?;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(too_many.seconds));
            Ok(response)
        }
        Err(other) => Err(other.into()),
    }
}

/// Gives the browser what its proofs opened, and sends it on: in, or to the second proof.
pub(super) fn enter(app: &App, opened: Opened, to: &str) -> Result<HttpResponse, AppError> {
    let mut response = match &opened {
        Opened::In(_) => web::see_other(to),
        Opened::Halfway(_) => web::see_other(&links::second_step(to)),
    };
    give_cookies(app, opened, &mut response)?;
    Ok(response)
}

/// Signs out.
///
/// # Errors
/// When the database fails.
pub async fn create_sign_out(app: Data<App>, who: SignedIn, _form: FormState) -> Result<HttpResponse, AppError> {
    if let Means::SignIn { id, .. } = who.means {
        let (db, clock) = (app.db.clone(), app.clock.clone());
        db::blocking(move || sign_in::sign_out(&db, &clock, id)).await?;
    }
    // whoever came in by ProConnect leaves by it too
    let to = if app.config.proconnect.is_some() { links::PROCONNECT_SIGN_OUT } else { links::SIGN_IN };
    let mut response = web::see_other(to);
    // what tells this device from others stays: it opens nothing by itself
    let kept = HeaderValue::from_static("\"cache\", \"storage\"");
    response.headers_mut().insert(CLEAR_SITE_DATA, kept);
    let mut gone = cookie(&app, app.cookie_name(), String::new());
    gone.make_removal();
    response.add_cookie(&gone).map_err(|e| AppError::Internal(e.to_string()))?;
    Ok(response)
}

/// Takes another role that one holds.
///
/// # Errors
/// When the role is not held, or the database fails.
pub async fn create_role_switch(app: Data<App>, who: SignedIn, form: FormState) -> Result<HttpResponse, AppError> {
    let role: Role =
        form.value("role").parse().map_err(|_| AppError::Unreadable("Choisissez un de vos rôles.".to_owned()))?;
    let Means::SignIn { id, .. } = who.means else { return Err(AppError::NotFound) };
    if !who.holds(role) {
        return Err(AppError::Forbidden(role.french()));
    }
    let db = app.db.clone();
    let token = db::blocking(move || sign_in::switch_role(&db, id, role)).await?;
    let mut response = web::see_other(links::HOME);
    let renewed = cookie(&app, app.cookie_name(), token);
    response.add_cookie(&renewed).map_err(|e| AppError::Internal(e.to_string()))?;
    Ok(response)
}

/// A path of ours, or the home page: a link from elsewhere must not lead elsewhere.
pub(super) fn local_path(wanted: Option<&str>) -> String {
    match wanted {
        // the pages of the second step are no place to go to once in
        Some(path) if path.starts_with(links::SIGN_IN) => links::HOME.to_owned(),
        Some(path) if web::flash::is_local(path) => path.to_owned(),
        _ => links::HOME.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_from_elsewhere_leads_home() {
        assert_eq!(local_path(Some("/enfants?q=1")), "/enfants?q=1");
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "",
            "evil",
            "/connexion/code",
        ] {
            assert_eq!(local_path(Some(elsewhere)), "/", "{elsewhere}");
        }
        assert_eq!(local_path(None), "/");
    }
}
