//! One's own identity of ProConnect: linking it, and undoing that. Both ask for the password again.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::challenges;
use crate::accounts::confirm::{self, ConfirmRefusal};
use crate::accounts::guards::SignedIn;
use crate::accounts::guards_browser::{proof_of, visitor_of};
use crate::accounts::{Means, Person, end_sign_ins};
use crate::app::App;
use crate::db::{self, DbError};
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::links;
use crate::proconnect::pages::{Configured, begin_from_form, on};
use crate::proconnect::{Linked, Purpose, link};
use crate::web::{self, Flash, FormState, Layout, filters};

#[derive(Template)]
#[template(path = "proconnect/own.html")]
struct OwnPage {
    layout: Layout,
    form: FormState,
    email: String,
    linked: Option<Linked>,
    has_password: bool,
    has_second_factor: bool,
    passkey: Option<String>,
}

async fn own_page(app: &App, request: &HttpRequest, who: &SignedIn, form: FormState) -> Result<OwnPage, AppError> {
    let (db, person) = (app.db.clone(), who.0.as_ref().clone());
    let lent = app.clone();
    let (linked, has_password, passkey) = db::blocking::<_, AppError>(move || {
        let linked = db.read(|conn| link::of(conn, person.account))?;
        Ok((linked, confirm::has_password(&db, &person)?, challenges::to_prove_again(&lent, &person)?))
    })
    .await?;
    let layout = who.layout(request, "ProConnect").under("Mon compte", links::MY_ACCOUNT).for_form(&form);
    Ok(OwnPage {
        layout,
        form,
        email: who.email.clone(),
        linked,
        has_password,
        has_second_factor: who.has_second_factor,
        passkey,
    })
}

/// Shows which identity opens one's account.
///
/// # Errors
/// When ProConnect is off, or the database fails.
pub async fn show_own(
    app: Data<App>,
    provider: Configured,
    request: HttpRequest,
    who: SignedIn,
) -> Result<HttpResponse, AppError> {
    on(&provider)?;
    Ok(web::page(&request, &own_page(&app, &request, &who, FormState::new()).await?)?)
}

async fn confirmed(
    app: &App,
    request: &HttpRequest,
    who: &Person,
    form: &FormState,
) -> Result<(), Failure<ConfirmRefusal>> {
    let (lent, person, from) = (app.clone(), who.clone(), visitor_of(app, request));
    let (password, code) = (form.raw("current_password").to_owned(), proof_of(form));
    db::blocking(move || confirm::confirm(&lent, &person, (&password, &code), &from)).await
}

async fn refused(
    app: &App,
    request: &HttpRequest,
    who: &SignedIn,
    mut form: FormState,
    failure: Failure<ConfirmRefusal>,
) -> Result<HttpResponse, AppError> {
    let Failure::Refused(refusal) = failure else { return Err(failure.into()) };
    form.refuse(refusal.field().unwrap_or_default(), &refusal);
    Ok(web::refused(request, &own_page(app, request, who, form).await?)?)
}

/// Goes to ProConnect, to link the identity with which one signs in there.
///
/// # Errors
/// When ProConnect is off or does not answer, or the database fails.
pub async fn create_link(
    app: Data<App>,
    provider: Configured,
    request: HttpRequest,
    who: SignedIn,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let provider = on(&provider)?;
    let Means::SignIn { id, .. } = who.means else { return Err(AppError::NotFound) };
    if let Err(failure) = confirmed(&app, &request, &who, &form).await {
        return refused(&app, &request, &who, form, failure).await;
    }
    begin_from_form(&app, &request, provider, Purpose::Link { account: who.account, sign_in: id }).await
}

/// Undoes the link, and ends what else is open of the account: some of it may have been opened by that identity.
///
/// # Errors
/// When ProConnect is off, or the database fails.
pub async fn create_unlinking(
    app: Data<App>,
    provider: Configured,
    request: HttpRequest,
    who: SignedIn,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    on(&provider)?;
    if let Err(failure) = confirmed(&app, &request, &who, &form).await {
        return refused(&app, &request, &who, form, failure).await;
    }
    let (clock, person) = (app.clock.clone(), who.0.as_ref().clone());
    let is_undone = app.db.write_async::<_, DbError>(move |tx| {
        let is_undone = link::unlink(tx, &clock, person.account)?;
        if is_undone {
            end_sign_ins::end_others(tx, &clock, &person)?;
        }
        Ok(is_undone)
    });
    let done = if is_undone.await? {
        Flash::success(
            "ProConnect n’ouvre plus votre compte, et vos autres appareils sont déconnectés. Votre mot de passe continue \
             de l’ouvrir.",
        )
    } else {
        Flash::info("Il n’y avait plus de lien à retirer.")
    };
    Ok(web::see_other_with(links::MY_PROCONNECT, &done))
}
