//! The second step of signing in: a code of the telephone; or, the first time, the page that sets the second factor.

use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::enrol::{self, Proposal};
use crate::accounts::guards::{halfway_of, person_of};
use crate::accounts::pages::{self, Wanted, local_path};
use crate::accounts::prove::ProofRefusal;
use crate::accounts::sign_in::{self, SecondStepRefusal};
use crate::accounts::{Halfway, frame};
use crate::app::App;
use crate::db;
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
}

#[derive(Template)]
#[template(path = "accounts/first_factor.html")]
struct FirstFactorPage {
    layout: Layout,
    form: FormState,
    wanted: String,
    proposal: Proposal,
}

/// What is said once the telephone is there.
pub(super) const TELEPHONE_LINKED: &str = "Votre téléphone est relié";

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

fn code_page(request: &HttpRequest, who: &Halfway, form: FormState, wanted: String) -> CodePage {
    let layout = frame::layout(request, "Votre code").for_form(&form);
    CodePage { layout, form, wanted, email: who.email.clone() }
}

async fn first_factor_page(
    app: &App,
    request: &HttpRequest,
    who: &Rc<Halfway>,
    form: FormState,
    wanted: String,
) -> Result<FirstFactorPage, AppError> {
    let (lent, halfway, carried) = (app.clone(), who.as_ref().clone(), form.value("key").to_owned());
    let proposal =
        db::blocking(move || enrol::propose(&lent.vault, &lent.clock, halfway.account, &halfway.email, &carried))
            .await?;
    let layout = frame::layout(request, "Protéger votre compte")
        .lead("Votre mot de passe est bon. Il reste à relier votre téléphone, une seule fois.")
        .for_form(&form);
    Ok(FirstFactorPage { layout, form, wanted, proposal })
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
    Ok(web::page(&request, &code_page(&request, &who, FormState::new(), wanted))?)
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
    let typed = typed_code(&form);
    let (lent, halfway, from) = (app.clone(), who.as_ref().clone(), pages::visitor_of(&app, &request));
    let outcome = db::blocking(move || sign_in::prove_second(&lent, &halfway, &typed, &from)).await;
    match outcome {
        Ok(opened) => pages::enter(&app, opened, &wanted),
        Err(Failure::Refused(SecondStepRefusal::Gone)) => Ok(begin_again(&request)),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            form.set("code", "");
            let page = code_page(&request, &who, form, wanted);
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

/// What was typed: the code of the telephone, or else a recovery code.
pub(super) fn typed_code(form: &FormState) -> String {
    let code = form.value("code");
    if code.is_empty() { form.value("recovery_code").to_owned() } else { code.to_owned() }
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
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let wanted = local_path(Some(form.value("suite")));
    let who = match who_asks(&request, &wanted)? {
        Asks::Halfway(who) => who,
        Asks::Elsewhere(answer) => return Ok(answer),
    };
    let (carried, code) = (form.value("key").to_owned(), form.value("new_code").to_owned());
    let (lent, halfway, from) = (app.clone(), who.as_ref().clone(), pages::visitor_of(&app, &request));
    let outcome = db::blocking(move || sign_in::set_second(&lent, &halfway, (&carried, &code), &from)).await;
    match outcome {
        Ok((opened, codes)) => {
            let page = CodesPage {
                layout: codes_layout(frame::layout(&request, "Vos codes de secours")),
                title: TELEPHONE_LINKED,
                codes,
                next: wanted,
            };
            let mut response = web::page(&request, &page)?;
            pages::give_cookies(&app, opened, &mut response)?;
            Ok(response)
        }
        Err(Failure::Refused(SecondStepRefusal::Gone)) => Ok(begin_again(&request)),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            form.set("new_code", "");
            Ok(web::refused(&request, &first_factor_page(&app, &request, &who, form, wanted).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// The frame of the page that shows recovery codes.
pub(super) fn codes_layout(layout: Layout) -> Layout {
    layout.lead("Le jour où votre téléphone manque, un de ces codes le remplace. Chacun sert une fois.")
}
