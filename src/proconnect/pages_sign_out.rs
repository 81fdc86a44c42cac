//! The way out by ProConnect: whoever came in by it leaves it too, or the next person at this desk would come in as them.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::guards::person_of;
use crate::app::App;
use crate::db;
use crate::error::AppError;
use crate::links;
use crate::proconnect::leave::{self, LeaveError};
use crate::proconnect::pages::{Configured, exit_cookie, exit_of, exit_removal, leaving, on, with_cookie};
use crate::web::{self, Flash};

/// What ProConnect sends the browser back with.
#[derive(Debug, serde::Deserialize)]
pub struct Left {
    state: Option<String>,
}

/// Goes to ProConnect to sign out, after PsyPRE; whoever came in with a password is out already.
///
/// # Errors
/// When ProConnect is off.
pub async fn show_sign_out(
    app: Data<App>,
    provider: Configured,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let provider = on(&provider)?;
    if person_of(&request).is_some() {
        // another site's link signs nobody out
        return Ok(web::see_other(links::HOME));
    }
    let Some(kept) = exit_of(&app, &request) else { return Ok(web::see_other(links::SIGN_IN)) };
    let inside = app.as_ref().clone();
    let outcome = db::blocking::<_, AppError>(move || Ok(leave::leave(&inside, &provider, &kept))).await?;
    match outcome {
        Ok((href, sealed)) => with_cookie(leaving(&request, "Déconnexion", href)?, &exit_cookie(&app, sealed)),
        Err(LeaveError::NobodyCameIn) => with_cookie(web::see_other(links::SIGN_IN), &exit_removal(&app)),
        Err(error) => {
            tracing::warn!(%error, "ProConnect does not say where people sign out");
            let told =
                "Vous êtes déconnecté de PsyPRE. ProConnect ne répond pas : fermez le navigateur pour en sortir aussi.";
            with_cookie(web::see_other_with(links::SIGN_IN, &Flash::info(told)), &exit_removal(&app))
        }
    }
}

/// Comes back from signing out.
///
/// # Errors
/// When ProConnect is off.
pub async fn show_signed_out(
    app: Data<App>,
    provider: Configured,
    request: HttpRequest,
    left: Query<Left>,
) -> Result<HttpResponse, AppError> {
    on(&provider)?;
    let state = left.into_inner().state.unwrap_or_default();
    let Some(kept) = exit_of(&app, &request) else { return Ok(web::see_other(links::SIGN_IN)) };
    if !leave::has_left(&app, &kept, &state) {
        return Ok(web::see_other(links::SIGN_IN));
    }
    let told = Flash::success("Vous êtes déconnecté de PsyPRE et de ProConnect.");
    with_cookie(web::see_other_with(links::SIGN_IN, &told), &exit_removal(&app))
}
