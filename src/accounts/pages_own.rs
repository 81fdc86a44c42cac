//! A person's own settings: name, password, messages, tokens of the API.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::change_own::{self, ChangePasswordRefusal, Typed};
use crate::accounts::create::LONGEST_NAME;
use crate::accounts::guards::SignedIn;
use crate::accounts::guards_browser::proof_of;
use crate::accounts::scopes::{Area, Scope};
use crate::accounts::store::StoredToken;
use crate::accounts::tokens::{self, LONGEST_LABEL, NewToken, TokenRefusal, USUAL_DAYS};
use crate::accounts::{Grant, Role, calendar_feed, challenges, pages, passkeys, passwords, store};
use crate::app::App;
use crate::db::{self, DbError};
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::ids::ApiTokenId;
use crate::links;
use crate::web::{self, Choice, Flash, FormState, Layout, Tone, filters};

#[derive(Template)]
#[template(path = "accounts/own.html")]
struct OwnPage {
    layout: Layout,
    form: FormState,
    name: String,
    email: String,
    roles: Vec<String>,
    is_coordinator: bool,
    has_calendar: bool,
    has_second_factor: bool,
    /// Whether passkeys may serve at our address.
    has_passkeys: bool,
    /// What a passkey is asked, when one may prove who changes the password.
    passkey: Option<String>,
    has_proconnect: bool,
    told_at_once: bool,
    tokens: Vec<StoredToken>,
    /// Shown this once.
    new_token: Option<NewToken>,
    password_hint: String,
    usual_days: i64,
    rights: Vec<Choice>,
    areas: Vec<Choice>,
}

async fn own_page(
    app: &App,
    request: &HttpRequest,
    who: &SignedIn,
    form: FormState,
    new_token: Option<NewToken>,
) -> Result<OwnPage, AppError> {
    let (account, now) = (who.account, app.clock.now());
    let (found, tokens) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            Ok((store::load_account(conn, account)?, store::tokens_of(conn, account, now)?))
        })
        .await?;
    let (lent, person) = (app.clone(), who.0.as_ref().clone());
    let passkey = db::blocking(move || challenges::to_prove_again(&lent, &person)).await?;
    Ok(OwnPage {
        layout: who.layout(request, "Mon compte").for_form(&form),
        form,
        name: found.display_name,
        email: found.email,
        roles: who.grants.iter().map(Grant::label).collect(),
        is_coordinator: who.holds(Role::Coordinator),
        has_second_factor: who.has_second_factor,
        has_passkeys: passkeys::relying_party(app).is_some(),
        passkey,
        has_proconnect: app.config.proconnect.is_some(),
        has_calendar: calendar_feed::may_have_one(who).is_ok(),
        told_at_once: found.told_at_once,
        tokens,
        new_token,
        password_hint: passwords::hint(),
        usual_days: USUAL_DAYS,
        rights: vec![Choice::new("read", "Lire seulement"), Choice::new("write", "Lire et écrire")],
        areas: Area::ALL.iter().map(|area| Choice::new(area, area.french())).collect(),
    })
}

/// Shows one's own settings.
///
/// # Errors
/// When the database fails.
pub async fn show_own(app: Data<App>, request: HttpRequest, who: SignedIn) -> Result<HttpResponse, AppError> {
    Ok(web::page(&request, &own_page(&app, &request, &who, FormState::new(), None).await?)?)
}

/// Changes one's name.
///
/// # Errors
/// When the database fails.
pub async fn create_name(
    app: Data<App>,
    request: HttpRequest,
    who: SignedIn,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let Some(name) = form.required_text_within("name", "votre nom", LONGEST_NAME) else {
        return Ok(web::refused(&request, &own_page(&app, &request, &who, form, None).await?)?);
    };
    let (clock, person) = (app.clock.clone(), who.0.as_ref().clone());
    app.db.write_async(move |tx| change_own::rename(tx, &clock, &person, &name)).await?;
    Ok(web::see_other_with(links::MY_ACCOUNT, &Flash::success("Votre nom est changé.")))
}

/// Changes one's password.
///
/// # Errors
/// When the database fails.
pub async fn create_password(
    app: Data<App>,
    request: HttpRequest,
    who: SignedIn,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (lent, person, from) = (app.clone(), who.0.as_ref().clone(), pages::visitor_of(&app, &request));
    let [old, new, again] = ["current_password", "password", "password_again"].map(|name| form.raw(name).to_owned());
    let code = proof_of(&form);
    let outcome: Result<(), Failure<ChangePasswordRefusal>> = db::blocking(move || {
        let typed = Typed { old: &old, new: &new, again: &again, code: &code };
        change_own::change_password(&lent, &person, typed, &from)
    })
    .await;
    form.set("code", "");
    match outcome {
        Ok(()) => {
            let done = "Votre mot de passe est changé. Vos autres appareils sont déconnectés.";
            Ok(web::see_other_with(links::MY_ACCOUNT, &Flash::success(done)))
        }
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            Ok(web::refused(&request, &own_page(&app, &request, &who, form, None).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Chooses when one is told of sessions to approve.
///
/// # Errors
/// When the database fails.
pub async fn create_messages_choice(app: Data<App>, who: SignedIn, form: FormState) -> Result<HttpResponse, AppError> {
    if !who.holds(Role::Coordinator) {
        return Err(AppError::Forbidden(Role::Coordinator.french()));
    }
    let (person, at_once) = (who.0.as_ref().clone(), form.has("told_at_once"));
    app.db.write_async(move |tx| change_own::choose_when_told(tx, &person, at_once)).await?;
    let done = if at_once {
        "Vous serez prévenu à chaque séance à valider."
    } else {
        "Vous serez prévenu une fois par jour, s’il y a des séances à valider."
    };
    Ok(web::see_other_with(links::MY_ACCOUNT, &Flash::success(done)))
}

/// What a token is asked for: reading, unless one says more; in all areas, unless one names some.
fn asked_scope(form: &mut FormState) -> Option<Scope> {
    let areas: Result<_, String> = form.all("areas").into_iter().map(str::parse).collect();
    match areas {
        Ok(areas) => Some(Scope::of(form.value("rights") != "write", areas)),
        Err(_) => {
            form.refuse("areas", "Choisissez parmi ces domaines, ou aucun pour tous.");
            None
        }
    }
}

/// Makes a token, shown this once.
///
/// # Errors
/// When the database fails.
pub async fn create_token(
    app: Data<App>,
    request: HttpRequest,
    who: SignedIn,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    if let Err(refusal) = tokens::may_make_one(&who.means) {
        form.refuse_whole(refusal);
        return Ok(web::refused(&request, &own_page(&app, &request, &who, form, None).await?)?);
    }
    let label = form.required_text_within("label", "un nom pour ce jeton", LONGEST_LABEL);
    let days = form.required_number("days", "le nombre de jours");
    let scope = asked_scope(&mut form);
    let (Some(label), Some(days), Some(scope)) = (label, days, scope) else {
        return Ok(web::refused(&request, &own_page(&app, &request, &who, form, None).await?)?);
    };
    let (clock, account, author) = (app.clock.clone(), who.account, who.actor());
    let outcome: Result<NewToken, Failure<TokenRefusal>> =
        app.db.write_async(move |tx| tokens::create(tx, &clock, author, account, &label, days, &scope)).await;
    match outcome {
        Ok(new) => Ok(web::page(&request, &own_page(&app, &request, &who, FormState::new(), Some(new)).await?)?),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            Ok(web::refused(&request, &own_page(&app, &request, &who, form, None).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Revokes one of one's tokens.
///
/// # Errors
/// When it is not one's own, or the database fails.
pub async fn create_token_revocation(
    app: Data<App>,
    who: SignedIn,
    id: Path<ApiTokenId>,
    _form: FormState,
) -> Result<HttpResponse, AppError> {
    let (clock, account, author, id) = (app.clock.clone(), who.account, who.actor(), *id);
    app.db.write_async(move |tx| tokens::revoke(tx, &clock, author, account, id)).await?;
    Ok(web::see_other_with(links::MY_ACCOUNT, &Flash::success("Le jeton est révoqué : il n’ouvre plus rien.")))
}
