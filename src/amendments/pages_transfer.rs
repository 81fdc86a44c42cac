//! The administrator's form that moves hours from one programme to another.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use super::pages::{self, Scene};
use super::transfer::Transfer;
use super::{Faults, LONGEST_REASON, Proposal};
use crate::accounts::Administrator;
use crate::accounts::guards::As;
use crate::app::App;
use crate::error::AppError;
use crate::failure::Failure;
use crate::ids::ConventionId;
use crate::links;
use crate::web::{self, Choice, FormState, Layout};

#[derive(Template)]
#[template(path = "amendments/transfer.html")]
struct TransferPage {
    layout: Layout,
    form: FormState,
    years: Vec<Choice>,
    programmes: Vec<Choice>,
    action: String,
    back: String,
    today: NaiveDate,
}

/// Shows the form of a transfer.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn show_transfer(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionId>,
) -> Result<HttpResponse, AppError> {
    let scene = pages::scene(&app, id.into_inner()).await?;
    Ok(web::page(&request, &transfer_page(&app, &who, &request, &scene, FormState::new()))?)
}

fn transfer_page(
    app: &App,
    who: &As<Administrator>,
    request: &HttpRequest,
    scene: &Scene,
    form: FormState,
) -> TransferPage {
    let today = app.clock.today();
    let back = links::convention(&scene.convention.slug);
    let open: Vec<_> = scene.open_years(today).filter(|figures| !figures.quotas.is_empty()).collect();
    // what is free is that of the year of today, or of the only one
    let shown = open.iter().find(|figures| figures.year.period.contains(today)).or(open.first());
    let programmes = shown.map(|figures| figures.quotas.as_slice()).unwrap_or_default();
    let year = shown.map(|figures| figures.year.label.as_str()).unwrap_or_default();
    TransferPage {
        layout: who
            .layout(request, "Transférer des heures")
            .under("Convention", &back)
            .lead("Un PRE cède des heures à un autre, pour un exercice. C’est un avenant : vous le relirez avant de signer.")
            .for_form(&form),
        form,
        programmes: programmes
            .iter()
            .map(|quota| {
                let free = quota.allotted - quota.held();
                Choice::new(quota.programme.id, format!("{} ({free} libres en {year})", quota.programme.name))
            })
            .collect(),
        years: open.iter().map(|figures| Choice::new(figures.year.id, &figures.year.label)).collect(),
        action: links::transfer(scene.convention.id),
        back,
        today,
    }
}

fn read(form: &mut FormState) -> Option<Transfer> {
    let year = form.required_id("year", "l’exercice");
    let from = form.required_id("from", "le PRE qui cède");
    let to = form.required_id("to", "le PRE qui reçoit");
    let minutes = form.required_minutes("hours", "les heures");
    let signed_on = form.required_date("signed_on", "la date de signature");
    let reason = form.required_text_within("reason", "l’objet", LONGEST_REASON);
    Some(Transfer {
        budget_year_id: year?,
        from_programme_id: from?,
        to_programme_id: to?,
        minutes: minutes?,
        signed_on: signed_on?,
        reason: reason?,
    })
}

/// Shows what a transfer would change, before it is signed.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn create_preview(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let scene = pages::scene(&app, id.into_inner()).await?;
    if let Some(asked) = read(&mut form) {
        match weighed(&app, &scene, &asked).await? {
            Ok((proposal, prepared)) => {
                return Ok(web::page(&request, &pages::preview_page(&who, &request, &scene, &proposal, prepared))?);
            }
            Err(faults) => pages::refuse(&mut form, &faults),
        }
    }
    Ok(web::refused(&request, &transfer_page(&app, &who, &request, &scene, form))?)
}

async fn weighed(
    app: &App,
    scene: &Scene,
    asked: &Transfer,
) -> Result<Result<(Proposal, super::sign::Prepared), Faults>, AppError> {
    let proposal = match asked.proposal(&scene.years) {
        Ok(proposal) => proposal,
        Err(Failure::Refused(faults)) => return Ok(Err(faults)),
        Err(other) => return Err(other.into()),
    };
    let prepared = pages::prepared(app, scene.convention.id, proposal.clone()).await?;
    Ok(if prepared.faults.is_empty() { Ok((proposal, prepared)) } else { Err(Faults(prepared.faults)) })
}
