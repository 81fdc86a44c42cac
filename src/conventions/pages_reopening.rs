//! The administrator's form that reopens a month.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::reopen_month::{self, LONGEST_REASON, NewReopening};
use super::{Convention, look_up};
use crate::accounts::Administrator;
use crate::accounts::guards::As;
use crate::app::App;
use crate::calendar::french_date;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::idempotency::{Once, once};
use crate::ids::{ConventionId, MonthReopeningId};
use crate::links;
use crate::web::{self, Flash, FormState, Layout};

#[derive(Template)]
#[template(path = "conventions/reopening.html")]
struct ReopeningPage {
    layout: Layout,
    form: FormState,
    action: String,
    back: String,
}

/// Shows the form that reopens a month.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn show_new_reopening(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionId>,
) -> Result<HttpResponse, AppError> {
    let convention = load(&app, id.into_inner()).await?;
    Ok(web::page(&request, &reopening_page(&who, &request, &convention, FormState::new()))?)
}

async fn load(app: &App, id: ConventionId) -> Result<Convention, AppError> {
    app.db.read_async(move |conn| Ok(look_up::load_convention(conn, id)?)).await
}

fn reopening_page(
    who: &As<Administrator>,
    request: &HttpRequest,
    convention: &Convention,
    form: FormState,
) -> ReopeningPage {
    let back = links::convention(&convention.slug);
    ReopeningPage {
        layout: who
            .layout(request, "Rouvrir un mois")
            .under("Convention", &back)
            .lead("Les psychologues pourront enregistrer leurs séances oubliées de ce mois, jusqu’au jour choisi.")
            .for_form(&form),
        form,
        action: links::reopening(convention.id),
        back,
    }
}

/// Reopens a month.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn create_reopening(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let convention = load(&app, id).await?;
    let Some(new) = read(&mut form) else {
        return Ok(web::refused(&request, &reopening_page(&who, &request, &convention, form))?);
    };
    let key = form.key(who.account, "reopening", format!("{id} {new:?}"));
    let done = Flash::success(format!("Le mois est rouvert jusqu’au {} : {}.", french_date(new.until), new.month));
    let (clock, caller) = (app.clock.clone(), *who);
    let outcome = app
        .db
        .write_async(move |tx| {
            once::<MonthReopeningId, _>(tx, &clock, key.as_ref(), |tx| {
                reopen_month::reopen_month(tx, &clock, &caller, id, &new)
            })
        })
        .await;
    match outcome {
        Ok(Once::Answer(_)) => Ok(web::see_other_with(&links::convention(&convention.slug), &done)),
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), refusal);
            Ok(web::refused(&request, &reopening_page(&who, &request, &convention, form))?)
        }
        Err(other) => Err(other.into()),
    }
}

fn read(form: &mut FormState) -> Option<NewReopening> {
    let month = form.required_month("month", "le mois");
    let until = form.required_date("until", "le dernier jour");
    let reason = form.required_text_within("reason", "le motif", LONGEST_REASON);
    Some(NewReopening { month: month?, until: until?, reason: reason? })
}
