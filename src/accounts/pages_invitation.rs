//! The page of an invitation: its person chooses a password, and is in.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::accept_invitation::{self, AcceptRefusal, Typed};
use crate::accounts::{OpenInvitation, frame, pages, passwords};
use crate::app::App;
use crate::db;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::links;
use crate::web::{self, FormState, Layout};

#[derive(Template)]
#[template(path = "accounts/invitation.html")]
struct InvitationPage {
    layout: Layout,
    form: FormState,
    email: String,
    password_hint: String,
    action: String,
    has_factor: bool,
    /// Where ProConnect begins, when it is on.
    proconnect: Option<String>,
}

#[derive(Template)]
#[template(path = "accounts/invitation_gone.html")]
struct GonePage {
    layout: Layout,
}

fn invitation_page(
    app: &App,
    request: &HttpRequest,
    invitation: OpenInvitation,
    token: &str,
    form: FormState,
) -> InvitationPage {
    let layout = frame::layout(request, "Choisir mon mot de passe")
        .lead(format!("Bonjour {}. Encore un pas, et vous êtes dans PsyPRE.", invitation.display_name))
        .for_form(&form);
    let (password_hint, action) = (passwords::hint(), links::invitation(token));
    let has_factor = invitation.has_factor;
    let is_on = app.config.proconnect.is_some() && !has_factor;
    let proconnect = is_on.then(|| links::proconnect_invitation(token));
    InvitationPage { layout, form, email: invitation.email, password_hint, action, has_factor, proconnect }
}

/// An invitation that no longer works is not found, and the page says what to do.
fn gone(request: &HttpRequest) -> Result<HttpResponse, AppError> {
    let layout = frame::layout(request, "Cette invitation ne sert plus");
    Ok(web::page_with(request, StatusCode::NOT_FOUND, &GonePage { layout })?)
}

/// Shows the form of the password.
///
/// # Errors
/// When the database fails.
pub async fn show_invitation(
    app: Data<App>,
    request: HttpRequest,
    token: Path<String>,
) -> Result<HttpResponse, AppError> {
    match find(&app, &token).await? {
        Some(invitation) => {
            Ok(web::page(&request, &invitation_page(&app, &request, invitation, &token, FormState::new()))?)
        }
        None => gone(&request),
    }
}

async fn find(app: &App, token: &str) -> Result<Option<OpenInvitation>, AppError> {
    let (db, clock, token) = (app.db.clone(), app.clock.clone(), token.to_owned());
    Ok(db::blocking(move || accept_invitation::find(&db, &clock, &token)).await?)
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
        accept_invitation::accept(&lent, &given, Typed { password: &password, again: &again, code: &code }, &from)
    })
    .await;
    match outcome {
        Ok(opened) => pages::enter(&app, opened, links::HOME),
        Err(Failure::Refused(AcceptRefusal::Gone)) => gone(&request),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            let Some(invitation) = find(&app, &token).await? else { return gone(&request) };
            Ok(web::refused(&request, &invitation_page(&app, &request, invitation, &token, form))?)
        }
        Err(other) => Err(other.into()),
    }
}
