//! The page where a coordinator records that a guardian agrees to be reminded the day before, or no longer.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use crate::accounts::Coordinator;
use crate::accounts::guards::As;
use crate::app::App;
use crate::calendar::short_date;
use crate::children::agree_to_reminders;
use crate::children::pages_child::{child_layout, load_guardian};
use crate::children::{Child, Guardian};
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::ids::{ChildId, GuardianId};
use crate::links;
use crate::web::{self, Flash, FormState, Layout, filters};

#[derive(Template)]
#[template(path = "children/reminders.html")]
struct RemindersPage {
    layout: Layout,
    form: FormState,
    action: String,
    back: String,
    name: String,
    has_email: bool,
    guardian_href: String,
    since: Option<NaiveDate>,
    today: String,
}

fn reminders_page(
    app: &App,
    who: &As<Coordinator>,
    request: &HttpRequest,
    (child, guardian): (&Child, Guardian),
    form: FormState,
) -> RemindersPage {
    let lead = "Un message la veille : le jour, l’heure, le lieu et comment annuler. Ni nom d’enfant, ni motif.";
    RemindersPage {
        layout: child_layout(who, request, child, "Rappels la veille").lead(lead).for_form(&form),
        form,
        action: links::guardian_reminders(child.id, guardian.id),
        back: links::child(child.id),
        has_email: guardian.contact.email.is_some(),
        name: guardian.contact.name,
        guardian_href: links::guardian(child.id, guardian.id),
        since: guardian.reminders_since,
        today: short_date(app.clock.today()),
    }
}

/// Shows whether a guardian is reminded, and since when.
///
/// # Errors
/// When the child is not theirs, the guardian not the child's, or the database fails.
pub async fn show_reminders(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    ids: Path<(ChildId, GuardianId)>,
) -> Result<HttpResponse, AppError> {
    let (child, guardian) = load_guardian(&app, &who, ids.into_inner()).await?;
    Ok(web::page(&request, &reminders_page(&app, &who, &request, (&child, guardian), FormState::new()))?)
}

/// Records the agreement, or its end when `stop` is pressed.
///
/// # Errors
/// When the child is not theirs, the guardian not the child's, or the database fails.
pub async fn create_reminders(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    ids: Path<(ChildId, GuardianId)>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (child, guardian) = load_guardian(&app, &who, ids.into_inner()).await?;
    let agreed_on =
        if form.has("stop") { Some(None) } else { form.required_date("agreed_on", "le jour de l’accord").map(Some) };
    if let Some(agreed_on) = agreed_on {
        let (caller, clock, vault) = (Coordinator::clone(&who), app.clock.clone(), app.vault.clone());
        let both = (child.id, guardian.id);
        let outcome =
            app.db.write_async(move |tx| agree_to_reminders::agree(tx, &vault, &clock, &caller, both, agreed_on)).await;
        match outcome {
            Ok(()) => {
                let done = match agreed_on {
                    Some(_) => Flash::success("Les rappels partiront la veille de chaque rendez-vous."),
                    None => Flash::success("Il n’y aura plus de rappel."),
                };
                return Ok(web::see_other_with(&links::child(child.id), &done));
            }
            Err(Failure::Refused(refusal)) => form.refuse(refusal.field().unwrap_or_default(), refusal),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(web::refused(&request, &reminders_page(&app, &who, &request, (&child, guardian), form))?)
}
