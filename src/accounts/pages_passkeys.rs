//! A person's own passkeys: adding one, taking one away; and taking the telephone away.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::add_passkey;
use crate::accounts::guards::SignedIn;
use crate::accounts::guards_browser::proof_of;
use crate::accounts::pages_second_step::{CodesPage, PASSKEY_ADDED, codes_layout};
use crate::accounts::passkeys::LONGEST_NAME;
use crate::accounts::remove_factor::{self, RemoveRefusal, What};
use crate::accounts::{PasskeyPurpose, challenges, pages, store};
use crate::app::App;
use crate::db::{self, DbError};
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::ids::PasskeyId;
use crate::links;
use crate::web::{self, Flash, FormState, Layout, Tone};

#[derive(Template)]
#[template(path = "accounts/passkey_new.html")]
struct NewPage {
    layout: Layout,
    form: FormState,
    email: String,
    has_second_factor: bool,
    /// What a passkey is asked, when one may prove who adds another.
    passkey: Option<String>,
}

#[derive(Template)]
#[template(path = "accounts/passkey_recording.html")]
struct RecordingPage {
    layout: Layout,
    form: FormState,
    /// What the browser is told.
    options: String,
}

#[derive(Template)]
#[template(path = "accounts/factor_removal.html")]
struct RemovalPage {
    layout: Layout,
    form: FormState,
    email: String,
    /// Whether it is the last, and compulsory.
    is_held: bool,
    action: String,
    consequence: String,
    gesture: &'static str,
    passkey: Option<String>,
}

fn under_factor(who: &SignedIn, request: &HttpRequest, title: &str, form: &FormState) -> Layout {
    who.layout(request, title)
        .under("Mon compte", links::MY_ACCOUNT)
        .under("Second facteur", links::MY_FACTOR)
        .for_form(form)
}

async fn asked_again(app: &App, who: &SignedIn) -> Result<Option<String>, AppError> {
    let (lent, person) = (app.clone(), who.0.as_ref().clone());
    Ok(db::blocking(move || challenges::to_prove_again(&lent, &person)).await?)
}

async fn new_page(app: &App, request: &HttpRequest, who: &SignedIn, form: FormState) -> Result<NewPage, AppError> {
    Ok(NewPage {
        layout: under_factor(who, request, "Ajouter une clé d’accès", &form),
        form,
        email: who.email.clone(),
        has_second_factor: who.has_second_factor,
        passkey: asked_again(app, who).await?,
    })
}

/// Shows the form that names a new passkey.
///
/// # Errors
/// When the database fails.
pub async fn show_new_passkey(app: Data<App>, request: HttpRequest, who: SignedIn) -> Result<HttpResponse, AppError> {
    Ok(web::page(&request, &new_page(&app, &request, &who, FormState::new()).await?)?)
}

/// A name for a passkey, as it was typed.
pub(super) fn name_of(form: &mut FormState) -> Option<String> {
    form.required_text_within("key_name", "un nom pour cette clé", LONGEST_NAME)
}

/// Asks who is there again, then for the passkey.
///
/// # Errors
/// When the database fails.
pub async fn create_passkey_request(
    app: Data<App>,
    request: HttpRequest,
    who: SignedIn,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let Some(name) = name_of(&mut form) else {
        return Ok(web::refused(&request, &new_page(&app, &request, &who, form).await?)?);
    };
    let (lent, person, from) = (app.clone(), who.0.as_ref().clone(), pages::visitor_of(&app, &request));
    let (password, proof) = (form.raw("current_password").to_owned(), proof_of(&form));
    let outcome = db::blocking(move || add_passkey::begin(&lent, &person, &name, (&password, &proof), &from)).await;
    match outcome {
        Ok(()) => Ok(web::see_other(links::MY_PASSKEY_RECORDING)),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            form.set("code", "");
            Ok(web::refused(&request, &new_page(&app, &request, &who, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Shows the button that makes the passkey; whoever waited too long names it again.
///
/// # Errors
/// When the database fails.
pub async fn show_recording(app: Data<App>, request: HttpRequest, who: SignedIn) -> Result<HttpResponse, AppError> {
    let (lent, asked_of) = (app.clone(), who.asked_of());
    let options = db::blocking::<_, DbError>(move || match asked_of {
        Some(asked_of) => challenges::shown(&lent, asked_of, PasskeyPurpose::Add, 0),
        None => Ok(None),
    })
    .await?;
    let Some(options) = options else { return Ok(web::see_other(links::MY_NEW_PASSKEY)) };
    let form = FormState::new();
    let layout = under_factor(&who, &request, "Créer la clé d’accès", &form);
    Ok(web::page(&request, &RecordingPage { layout, form, options })?)
}

/// Adds the passkey; the first second factor comes with its recovery codes, shown this once.
///
/// # Errors
/// When the database fails.
pub async fn create_passkey(
    app: Data<App>,
    request: HttpRequest,
    who: SignedIn,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (lent, person, answer) = (app.clone(), who.0.as_ref().clone(), form.value("passkey").to_owned());
    let from = pages::visitor_of(&app, &request);
    let outcome = db::blocking(move || add_passkey::finish(&lent, &person, &answer, &from)).await;
    match outcome {
        Ok(None) => Ok(web::see_other_with(links::MY_FACTOR, &Flash::success("La clé d’accès est ajoutée."))),
        Ok(Some(codes)) => {
            let layout = who.layout(&request, "Vos codes de secours").under("Mon compte", links::MY_ACCOUNT);
            let (layout, next) = (codes_layout(layout), links::MY_FACTOR.to_owned());
            Ok(web::page(&request, &CodesPage { layout, title: PASSKEY_ADDED, codes, next })?)
        }
        Err(Failure::Refused(refusal)) => {
            // what was asked has served: the name is asked again, with the reason
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            Ok(web::refused(&request, &new_page(&app, &request, &who, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

async fn removal_page(
    app: &App,
    request: &HttpRequest,
    who: &SignedIn,
    what: What,
    form: FormState,
) -> Result<RemovalPage, AppError> {
    let (lent, person) = (app.clone(), who.0.as_ref().clone());
    let (is_held, name) = db::blocking::<_, DbError>(move || {
        lent.db.read(|conn| {
            let is_held = remove_factor::is_held(conn, &lent, &person, what)?;
            let passkeys = store::passkeys_of(conn, person.account)?;
            let found = passkeys.into_iter().find(|one| what == What::Passkey(one.id));
            Ok((is_held, found.map(|one| one.name).unwrap_or_default()))
        })
    })
    .await?;
    let (title, action, consequence, gesture) = match what {
        What::Telephone => (
            "Retirer mon téléphone",
            links::MY_TELEPHONE_END.to_owned(),
            "Ses codes ne serviront plus à vous connecter.".to_owned(),
            "Retirer mon téléphone",
        ),
        What::Passkey(id) => (
            "Retirer une clé d’accès",
            links::my_passkey_end(id),
            format!("La clé « {name} » n’ouvrira plus votre compte."),
            "Retirer cette clé",
        ),
    };
    let passkey = asked_again(app, who).await?;
    let layout = under_factor(who, request, title, &form);
    Ok(RemovalPage { layout, form, email: who.email.clone(), is_held, action, consequence, gesture, passkey })
}

async fn removed(
    app: &App,
    request: &HttpRequest,
    who: &SignedIn,
    what: What,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (lent, person, from) = (app.clone(), who.0.as_ref().clone(), pages::visitor_of(app, request));
    let (password, proof) = (form.raw("current_password").to_owned(), proof_of(&form));
    let outcome: Result<(), Failure<RemoveRefusal>> =
        db::blocking(move || remove_factor::remove(&lent, &person, what, (&password, &proof), &from)).await;
    match outcome {
        Ok(()) => {
            let done = match what {
                What::Telephone => "Votre téléphone n’est plus relié.",
                What::Passkey(_) => "La clé d’accès est retirée.",
            };
            Ok(web::see_other_with(links::MY_FACTOR, &Flash::success(done)))
        }
        Err(Failure::Refused(refusal)) => {
            match refusal.field() {
                Some(field) => form.refuse(field, &refusal),
                None => form.refuse_whole(&refusal),
            }
            form.set("code", "");
            Ok(web::refused(request, &removal_page(app, request, who, what, form).await?)?)
        }
        Err(Failure::NotFound) if what == What::Telephone => Ok(no_telephone()),
        Err(other) => Err(other.into()),
    }
}

/// Shows one of one's passkeys, to take it away.
///
/// # Errors
/// When it is not one's own, or the database fails.
pub async fn show_passkey_removal(
    app: Data<App>,
    request: HttpRequest,
    who: SignedIn,
    id: Path<PasskeyId>,
) -> Result<HttpResponse, AppError> {
    Ok(web::page(&request, &removal_page(&app, &request, &who, What::Passkey(*id), FormState::new()).await?)?)
}

/// Takes one of one's passkeys away.
///
/// # Errors
/// When it is not one's own, or the database fails.
pub async fn create_passkey_removal(
    app: Data<App>,
    request: HttpRequest,
    who: SignedIn,
    id: Path<PasskeyId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    removed(&app, &request, &who, What::Passkey(*id), form).await
}

/// Shows how one's telephone is taken away.
///
/// # Errors
/// When the database fails.
pub async fn show_telephone_removal(
    app: Data<App>,
    request: HttpRequest,
    who: SignedIn,
) -> Result<HttpResponse, AppError> {
    match removal_page(&app, &request, &who, What::Telephone, FormState::new()).await {
        Err(AppError::NotFound) => Ok(no_telephone()),
        page => Ok(web::page(&request, &page?)?),
    }
}

/// Back to where a telephone is linked.
fn no_telephone() -> HttpResponse {
    web::see_other_with(links::MY_FACTOR, &Flash::info("Aucun téléphone n’est relié à votre compte."))
}

/// Takes one's telephone away.
///
/// # Errors
/// When the database fails.
pub async fn create_telephone_removal(
    app: Data<App>,
    request: HttpRequest,
    who: SignedIn,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    removed(&app, &request, &who, What::Telephone, form).await
}
