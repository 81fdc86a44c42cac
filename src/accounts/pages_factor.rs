//! A person's own second factor, and their sign-ins.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::change_factor::{self, ChangeFactorRefusal, Typed};
use crate::accounts::enrol::{self, Proposal};
use crate::accounts::guards::SignedIn;
use crate::accounts::guards_browser::proof_of;
use crate::accounts::pages_second_step::{CodesPage, TELEPHONE_LINKED, codes_layout};
use crate::accounts::store::{ListedSignIn, StoredPasskey};
use crate::accounts::{Means, challenges, end_sign_ins, pages, passkeys, store};
use crate::app::App;
use crate::db::{self, DbError};
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::ids::SignInId;
use crate::links;
use crate::sql_types::Ts;
use crate::web::{self, Flash, FormState, Layout, filters};

#[derive(Template)]
#[template(path = "accounts/factor.html")]
struct FactorPage {
    layout: Layout,
    form: FormState,
    has_factor: bool,
    /// Since when a telephone is linked.
    telephone_since: Option<Ts>,
    codes_left: i64,
    passkeys: Vec<StoredPasskey>,
    /// Whether passkeys may serve at our address.
    allows_passkeys: bool,
    /// What a passkey is asked, when one may prove who changes this.
    passkey: Option<String>,
    proposal: Proposal,
    email: String,
}

async fn factor_page(
    app: &App,
    request: &HttpRequest,
    who: &SignedIn,
    form: FormState,
) -> Result<FactorPage, AppError> {
    let (account, email, carried) = (who.account, who.email.clone(), form.value("key").to_owned());
    let (factor, codes_left, passkeys) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let factor = store::find_factor(conn, account)?;
            Ok((factor, store::recovery_codes_left(conn, account)?, store::passkeys_of(conn, account)?))
        })
        .await?;
    let (lent, person) = (app.clone(), who.0.as_ref().clone());
    let (proposal, passkey) = db::blocking::<_, DbError>(move || {
        let proposal = enrol::propose(&lent.vault, &lent.clock, account, &email, &carried)?;
        Ok((proposal, challenges::to_prove_again(&lent, &person)?))
    })
    .await?;
    Ok(FactorPage {
        layout: who.layout(request, "Second facteur").under("Mon compte", links::MY_ACCOUNT).for_form(&form),
        form,
        has_factor: factor.is_some(),
        telephone_since: factor.filter(|factor| factor.secret.is_some()).map(|factor| factor.created_at),
        codes_left,
        passkeys,
        allows_passkeys: passkeys::relying_party(app).is_some(),
        passkey,
        proposal,
        email: who.email.clone(),
    })
}

/// Shows one's second factor, and how to set or change it.
///
/// # Errors
/// When the database fails.
pub async fn show_factor(app: Data<App>, request: HttpRequest, who: SignedIn) -> Result<HttpResponse, AppError> {
    Ok(web::page(&request, &factor_page(&app, &request, &who, FormState::new()).await?)?)
}

/// Sets one's second factor, or another in its place, and shows the recovery codes.
///
/// # Errors
/// When the database fails.
pub async fn create_factor(
    app: Data<App>,
    request: HttpRequest,
    who: SignedIn,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (lent, person, from) = (app.clone(), who.0.as_ref().clone(), pages::visitor_of(&app, &request));
    let (password, code) = (form.raw("current_password").to_owned(), proof_of(&form));
    let (carried, new_code) = (form.value("key").to_owned(), form.value("new_code").to_owned());
    let outcome = db::blocking(move || {
        let typed = Typed { password: &password, code: &code };
        change_factor::set(&lent, &person, typed, (&carried, &new_code), &from)
    })
    .await;
    shown(&app, &request, &who, form_without_codes(&mut form), TELEPHONE_LINKED, outcome).await
}

/// Makes ten other recovery codes, and shows them.
///
/// # Errors
/// When the database fails.
pub async fn create_recovery_codes(
    app: Data<App>,
    request: HttpRequest,
    who: SignedIn,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (lent, person, from) = (app.clone(), who.0.as_ref().clone(), pages::visitor_of(&app, &request));
    let (password, code) = (form.raw("current_password").to_owned(), proof_of(&form));
    let outcome = db::blocking(move || {
        change_factor::renew_codes(&lent, &person, Typed { password: &password, code: &code }, &from)
    })
    .await;
    shown(&app, &request, &who, form_without_codes(&mut form), "Vos codes sont remplacés", outcome).await
}

/// A code that was typed is not shown again: it has served, or never will.
fn form_without_codes(form: &mut FormState) -> FormState {
    for name in ["code", "recovery_code", "new_code"] {
        form.set(name, "");
    }
    form.clone()
}

async fn shown(
    app: &App,
    request: &HttpRequest,
    who: &SignedIn,
    mut form: FormState,
    title: &'static str,
    outcome: Result<Vec<String>, Failure<ChangeFactorRefusal>>,
) -> Result<HttpResponse, AppError> {
    match outcome {
        Ok(codes) => {
            let layout = who.layout(request, "Vos codes de secours").under("Mon compte", links::MY_ACCOUNT);
            let next = links::MY_FACTOR.to_owned();
            Ok(web::page(request, &CodesPage { layout: codes_layout(layout), title, codes, next })?)
        }
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            Ok(web::refused(request, &factor_page(app, request, who, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

#[derive(Template)]
#[template(path = "accounts/sign_ins.html")]
struct SignInsPage {
    layout: Layout,
    listed: Vec<ListedSignIn>,
    /// The one that asks.
    current: Option<SignInId>,
    idle_hours: u32,
    absolute_days: u32,
}

/// Lists one's own sign-ins, last used first.
///
/// # Errors
/// When the database fails.
pub async fn list_sign_ins(app: Data<App>, request: HttpRequest, who: SignedIn) -> Result<HttpResponse, AppError> {
    let (account, limits, clock) = (who.account, app.config.sign_in_limits, app.clock.clone());
    let listed = app
        .db
        .read_async::<_, DbError>(move |conn| Ok(end_sign_ins::open_ones(conn, &clock, limits, account)?))
        .await?;
    let page = SignInsPage {
        layout: who
            .layout(&request, "Mes connexions")
            .under("Mon compte", links::MY_ACCOUNT)
            .lead("Les navigateurs où votre compte est ouvert. Un appareil que vous ne reconnaissez pas : déconnectez-le, puis changez votre mot de passe."),
        listed,
        current: current(&who),
        idle_hours: limits.idle_hours,
        absolute_days: limits.absolute_days,
    };
    Ok(web::page(&request, &page)?)
}

fn current(who: &SignedIn) -> Option<SignInId> {
    if let Means::SignIn { id, .. } = who.means { Some(id) } else { None }
}

/// Ends one of one's own sign-ins.
///
/// # Errors
/// When it is not one of theirs that is open, or the database fails.
pub async fn create_sign_in_end(
    app: Data<App>,
    who: SignedIn,
    id: Path<SignInId>,
    _form: FormState,
) -> Result<HttpResponse, AppError> {
    let (clock, person, id) = (app.clock.clone(), who.0.as_ref().clone(), *id);
    app.db.write_async(move |tx| end_sign_ins::end_one(tx, &clock, &person, id)).await?;
    Ok(web::see_other_with(links::MY_SIGN_INS, &Flash::success("Cet appareil est déconnecté.")))
}

/// Ends all of one's sign-ins but the one in use.
///
/// # Errors
/// When the database fails.
pub async fn create_sign_ins_end(app: Data<App>, who: SignedIn, _form: FormState) -> Result<HttpResponse, AppError> {
    let (clock, person) = (app.clock.clone(), who.0.as_ref().clone());
    let ended = app.db.write_async(move |tx| end_sign_ins::end_others(tx, &clock, &person)).await?;
    let said = match ended {
        0 => "Aucun autre appareil n’était connecté.".to_owned(),
        1 => "L’autre appareil est déconnecté.".to_owned(),
        n => format!("Les {n} autres appareils sont déconnectés."),
    };
    Ok(web::see_other_with(links::MY_SIGN_INS, &Flash::success(said)))
}
