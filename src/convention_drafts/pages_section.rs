//! The form of one part of a draft.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::pages_fields::{Group, groups};
use super::pages_read::read;
use super::{Draft, Part, edit, look_up};
use crate::accounts::Administrator;
use crate::accounts::guards::As;
use crate::app::App;
use crate::error::AppError;
use crate::failure::Failure;
use crate::ids::ConventionDraftId;
use crate::links;
use crate::web::{self, Flash, FormState, Layout};

#[derive(Template)]
#[template(path = "convention_drafts/part.html")]
struct PartPage {
    layout: Layout,
    form: FormState,
    groups: Vec<Group>,
    /// Whether the entry that may be added is folded: there are others, and nothing of it was refused.
    folds_addition: bool,
    version: String,
    action: String,
    back: String,
}

fn part_page(who: &As<Administrator>, request: &HttpRequest, draft: &Draft, part: Part, form: FormState) -> PartPage {
    let back = links::convention_draft(draft.id);
    // what was typed is compared with what its writer saw
    let version = if form.has("version") { form.value("version").to_owned() } else { draft.version.to_string() };
    let groups = groups(part, &form, &draft.file);
    PartPage {
        folds_addition: groups.len() > 1 && !form.is_refused(),
        layout: who
            .layout(request, part.french())
            .under("Convention", links::CONVENTION)
            .under("Brouillon", &back)
            .wide()
            .for_form(&form),
        groups,
        form,
        version,
        action: links::convention_draft_part(draft.id, part.word()),
        back,
    }
}

async fn load(app: &App, id: ConventionDraftId) -> Result<Draft, AppError> {
    let draft = app.db.read_async::<_, AppError>(move |conn| Ok(look_up::load(conn, id)?)).await?;
    if draft.is_signed() { Err(AppError::NotFound) } else { Ok(draft) }
}

/// Shows the form of a part.
///
/// # Errors
/// When there is no such draft or part, or the database fails.
pub async fn show_part(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    path: Path<(ConventionDraftId, String)>,
) -> Result<HttpResponse, AppError> {
    let (id, word) = path.into_inner();
    let part = Part::of(&word).ok_or(AppError::NotFound)?;
    let draft = load(&app, id).await?;
    Ok(web::page(&request, &part_page(&who, &request, &draft, part, FormState::new()))?)
}

/// Writes a part.
///
/// # Errors
/// When there is no such draft or part, or the database fails.
pub async fn create_part_change(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    path: Path<(ConventionDraftId, String)>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (id, word) = path.into_inner();
    let part = Part::of(&word).ok_or(AppError::NotFound)?;
    let draft = load(&app, id).await?;
    let seen = form.value("version").parse().unwrap_or_default();
    if let Some(file) = read(part, &mut form, &draft.file) {
        let (clock, caller) = (app.clock.clone(), *who);
        let count = groups(part, &form, &file).len();
        match app.db.write_async(move |tx| edit::edit(tx, &clock, &caller, id, seen, &file)).await {
            Ok(()) => {
                let done = Flash::success(format!("{}\u{a0}: enregistré.", part.french()));
                // after an addition one may add another
                let stays = count > groups(part, &form, &draft.file).len();
                let to =
                    if stays { links::convention_draft_part(id, part.word()) } else { links::convention_draft(id) };
                return Ok(web::see_other_with(&to, &done));
            }
            Err(Failure::Refused(refusal)) => form.refuse_whole(refusal),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(web::refused(&request, &part_page(&who, &request, &draft, part, form))?)
}
