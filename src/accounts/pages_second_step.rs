//! The second step of signing in: a code of the telephone or a passkey; or, the first time, the page that sets the second
//! factor.

use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::challenges::{self, Owner};
use crate::accounts::enrol::{self, Proposal};
use crate::accounts::guards::{halfway_of, person_of};
use crate::accounts::guards_browser::proof_of;
use crate::accounts::open::Opened;
use crate::accounts::pages::{self, Wanted, local_path};
use crate::accounts::pages_passkeys::name_of;
use crate::accounts::prove::ProofRefusal;
use crate::accounts::sign_in::{self, SecondStepRefusal};
use crate::accounts::{Halfway, frame, store};
use crate::app::App;
use crate::db::{self, DbError};
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::links;
use crate::web::{self, Flash, FormState, Layout, Tone};

#[derive(Template)]
#[template(path = "accounts/second_step.html")]
struct CodePage {
    layout: Layout,
    form: FormState,
    wanted: String,
    email: String,
    has_telephone: bool,
    /// What a passkey is asked, when there is one that may answer.
    passkey: Option<String>,
}

#[derive(Template)]
#[template(path = "accounts/first_factor.html")]
struct FirstFactorPage {
    layout: Layout,
    form: FormState,
    wanted: String,
    proposal: Proposal,
    /// What the browser is told to make a passkey, where passkeys may serve.
    passkey: Option<String>,
}

/// What is said once the telephone is there.
pub(super) const TELEPHONE_LINKED: &str = "Votre téléphone est relié";

/// What is said once the first passkey is there.
pub(super) const PASSKEY_ADDED: &str = "Votre clé d’accès est ajoutée";

/// Recovery codes, shown this once.
#[derive(Template)]
#[template(path = "accounts/recovery_codes.html")]
pub(super) struct CodesPage {
    pub(super) layout: Layout,
    /// What was done.
    pub(super) title: &'static str,
    pub(super) codes: Vec<String>,
    /// Where one goes on.
    pub(super) next: String,
}

/// Who asks, or where they belong instead.
enum Asks {
    Halfway(Rc<Halfway>),
    Elsewhere(HttpResponse),
}

/// These pages are for who is halfway: whoever is in goes on, whoever is out signs in.
fn who_asks(request: &HttpRequest, wanted: &str) -> Result<Asks, AppError> {
    if let Some(halfway) = halfway_of(request) {
        return Ok(Asks::Halfway(halfway));
    }
    match person_of(request) {
        Some(_) => Ok(Asks::Elsewhere(web::see_other(wanted))),
        None => Err(AppError::SignedOut),
    }
}

/// Whoever waited too long on these pages begins again.
fn begin_again(request: &HttpRequest) -> HttpResponse {
    let said = Flash::error("Cette connexion a trop attendu. Recommencez avec votre mot de passe.");
    if person_of(request).is_some() { web::see_other(links::HOME) } else { web::see_other_with(links::SIGN_IN, &said) }
}

async fn has_factor(app: &App, who: &Rc<Halfway>) -> Result<bool, AppError> {
    let (db, halfway) = (app.db.clone(), who.as_ref().clone());
    Ok(db::blocking(move || sign_in::has_factor(&db, &halfway)).await?)
}

async fn code_page(
    app: &App,
    request: &HttpRequest,
    who: &Halfway,
    form: FormState,
    wanted: String,
) -> Result<CodePage, AppError> {
    let (lent, account, asked_of) = (app.clone(), who.account, who.asked_of());
    let (has_telephone, passkey) = db::blocking::<_, DbError>(move || {
        let factor = lent.db.read::<_, DbError>(|conn| Ok(store::find_factor(conn, account)?))?;
        let has_telephone = factor.is_some_and(|factor| factor.secret.is_some());
        Ok((has_telephone, challenges::to_prove(&lent, account, asked_of)?))
    })
    .await?;
    let layout = frame::layout(request, "Second facteur").for_form(&form);
    Ok(CodePage { layout, form, wanted, email: who.email.clone(), has_telephone, passkey })
}

async fn first_factor_page(
    app: &App,
    request: &HttpRequest,
    who: &Rc<Halfway>,
    form: FormState,
    wanted: String,
) -> Result<FirstFactorPage, AppError> {
    let (lent, halfway, carried) = (app.clone(), who.as_ref().clone(), form.value("key").to_owned());
    let (proposal, passkey) = db::blocking::<_, DbError>(move || {
        let proposal = enrol::propose(&lent.vault, &lent.clock, halfway.account, &halfway.email, &carried)?;
        let owner = Owner { account: halfway.account, email: &halfway.email, display_name: &halfway.display_name };
        Ok((proposal, challenges::to_add(&lent, owner, halfway.asked_of(), None)?))
    })
    .await?;
    let layout = frame::layout(request, "Protéger votre compte")
        .lead(if passkey.is_some() {
            "Votre mot de passe est bon. Il reste, une seule fois, à relier un téléphone ou à créer une clé d’accès."
        } else {
            "Votre mot de passe est bon. Il reste à relier votre téléphone, une seule fois."
        })
        .for_form(&form);
    Ok(FirstFactorPage { layout, form, wanted, proposal, passkey })
}

/// Shows the form of the code; whoever has set no second factor goes and sets it.
///
/// # Errors
/// When nobody is halfway, or the database fails.
pub async fn show_code(app: Data<App>, request: HttpRequest, asked: Query<Wanted>) -> Result<HttpResponse, AppError> {
    let wanted = local_path(asked.suite.as_deref());
    let who = match who_asks(&request, &wanted)? {
        Asks::Halfway(who) => who,
        Asks::Elsewhere(answer) => return Ok(answer),
    };
    if !has_factor(&app, &who).await? {
        return Ok(web::see_other(&links::first_factor(&wanted)));
    }
    Ok(web::page(&request, &code_page(&app, &request, &who, FormState::new(), wanted).await?)?)
}

/// Takes the code, and lets in.
///
/// # Errors
/// When nobody is halfway, or the database fails.
pub async fn create_code(app: Data<App>, request: HttpRequest, mut form: FormState) -> Result<HttpResponse, AppError> {
    let wanted = local_path(Some(form.value("suite")));
    let who = match who_asks(&request, &wanted)? {
        Asks::Halfway(who) => who,
        Asks::Elsewhere(answer) => return Ok(answer),
    };
    let given = proof_of(&form);
    let (lent, halfway, from) = (app.clone(), who.as_ref().clone(), pages::visitor_of(&app, &request));
    let outcome = db::blocking(move || sign_in::prove_second(&lent, &halfway, &given, &from)).await;
    match outcome {
        Ok(opened) => pages::enter(&app, opened, &wanted),
        Err(Failure::Refused(SecondStepRefusal::Gone)) => Ok(begin_again(&request)),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            form.set("code", "");
            let page = code_page(&app, &request, &who, form, wanted).await?;
            let SecondStepRefusal::Proof(ProofRefusal::TooMany(too_many)) = refusal else {
                return Ok(web::refused(&request, &page)?);
            };
            let mut response = web::page_with(&request, StatusCode::TOO_MANY_REQUESTS, &page)?;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(too_many.seconds));
            Ok(response)
        }
        Err(other) => Err(other.into()),
    }
}

/// Shows the key to keep in the telephone.
///
/// # Errors
/// When nobody is halfway, or the database fails.
pub async fn show_first_factor(
    app: Data<App>,
    request: HttpRequest,
    asked: Query<Wanted>,
) -> Result<HttpResponse, AppError> {
    let wanted = local_path(asked.suite.as_deref());
    let who = match who_asks(&request, &wanted)? {
        Asks::Halfway(who) => who,
        Asks::Elsewhere(answer) => return Ok(answer),
    };
    if has_factor(&app, &who).await? {
        return Ok(web::see_other(&links::second_step(&wanted)));
    }
    Ok(web::page(&request, &first_factor_page(&app, &request, &who, FormState::new(), wanted).await?)?)
}

/// Sets the second factor, lets in, and shows the recovery codes.
///
/// # Errors
/// When nobody is halfway, or the database fails.
pub async fn create_first_factor(
    app: Data<App>,
    request: HttpRequest,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let wanted = local_path(Some(form.value("suite")));
    let who = match who_asks(&request, &wanted)? {
        Asks::Halfway(who) => who,
        Asks::Elsewhere(answer) => return Ok(answer),
    };
    let (carried, code) = (form.value("key").to_owned(), form.value("new_code").to_owned());
    let (lent, halfway, from) = (app.clone(), who.as_ref().clone(), pages::visitor_of(&app, &request));
    let outcome = db::blocking(move || sign_in::set_second(&lent, &halfway, (&carried, &code), &from)).await;
    first_factor_answer(&app, &request, &who, (form, wanted), TELEPHONE_LINKED, outcome).await
}

/// In, with the recovery codes; or the page again.
async fn first_factor_answer(
    app: &App,
    request: &HttpRequest,
    who: &Rc<Halfway>,
    (mut form, wanted): (FormState, String),
    title: &'static str,
    outcome: Result<(Opened, Vec<String>), Failure<SecondStepRefusal>>,
) -> Result<HttpResponse, AppError> {
    match outcome {
        Ok((opened, codes)) => {
            let page = CodesPage {
                layout: codes_layout(frame::layout(request, "Vos codes de secours")),
                title,
                codes,
                next: wanted,
            };
            let mut response = web::page(request, &page)?;
            pages::give_cookies(app, opened, &mut response)?;
            Ok(response)
        }
        Err(Failure::Refused(SecondStepRefusal::Gone)) => Ok(begin_again(request)),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            form.set("new_code", "");
            Ok(web::refused(request, &first_factor_page(app, request, who, form, wanted).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Adds a passkey as the second factor, lets in, and shows the recovery codes.
///
/// # Errors
/// When nobody is halfway, or the database fails.
pub async fn create_first_passkey(
    app: Data<App>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let wanted = local_path(Some(form.value("suite")));
    let who = match who_asks(&request, &wanted)? {
        Asks::Halfway(who) => who,
        Asks::Elsewhere(answer) => return Ok(answer),
    };
    if has_factor(&app, &who).await? {
        return Ok(web::see_other(&links::second_step(&wanted)));
    }
    let Some(name) = name_of(&mut form) else {
        return Ok(web::refused(&request, &first_factor_page(&app, &request, &who, form, wanted).await?)?);
    };
    let answer = form.value("passkey").to_owned();
    let (lent, halfway, from) = (app.clone(), who.as_ref().clone(), pages::visitor_of(&app, &request));
    let outcome = db::blocking(move || sign_in::set_second_by_passkey(&lent, &halfway, (&name, &answer), &from)).await;
    first_factor_answer(&app, &request, &who, (form, wanted), PASSKEY_ADDED, outcome).await
}

/// The frame of the page that shows recovery codes.
pub(super) fn codes_layout(layout: Layout) -> Layout {
    layout.lead(
        "Le jour où votre téléphone ou votre clé d’accès manque, un de ces codes les remplace. Chacun sert une fois.",
    )
}
