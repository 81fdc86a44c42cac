//! The administrator's pages of drafts: those in progress, one with all that is left to correct, its signature.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use super::check::{self, Fault};
use super::sign::SignRefusal;
use super::{Draft, Part, discard, look_up, sign, start};
use crate::accounts::Administrator;
use crate::accounts::guards::As;
use crate::app::App;
use crate::conventions::file::ConventionFile;
use crate::conventions::look_up as conventions;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::hours::Minutes;
use crate::idempotency::{Once, write_once};
use crate::ids::{ConventionDraftId, ConventionId};
use crate::links;
use crate::money::Cents;
use crate::web::{self, Choice, Flash, FormState, Layout, Status, Tone, filters};

#[derive(Template)]
#[template(path = "convention_drafts/list.html")]
struct ListPage {
    layout: Layout,
    form: FormState,
    drafts: Vec<(Draft, Status)>,
    conventions: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "convention_drafts/show.html")]
struct ShowPage {
    layout: Layout,
    form: FormState,
    draft: Draft,
    status: Status,
    faults: Vec<FaultLine>,
    warnings: Vec<FaultLine>,
    contents: Vec<(String, String, String)>,
    years: Vec<YearLine>,
    today: NaiveDate,
    sign_href: String,
    discard_href: String,
    file_href: String,
}

/// Something to correct, and where.
struct FaultLine {
    fault: Fault,
    href: String,
}

/// A budget year in a line.
struct YearLine {
    label: String,
    period: String,
    budget: Cents,
    paid: Cents,
    hours: Minutes,
}

fn status(faults: &[Fault]) -> Status {
    let is_sound = faults.iter().all(|fault| fault.is_warning);
    if is_sound { Status::info("Vérifié, à signer") } else { Status::neutral("Brouillon") }
}

/// Shows the drafts in progress, and the ways to start one.
///
/// # Errors
/// When the database fails.
pub async fn list_drafts(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let (drafts, conventions) = app
        .db
        .read_async::<_, AppError>(|conn| {
            // some few drafts at most, each with its check
            let mut drafts = Vec::new();
            for draft in look_up::open(conn)? {
                let status = status(&check::faults(conn, &draft.file)?);
                drafts.push((draft, status));
            }
            Ok((drafts, conventions::conventions(conn)?))
        })
        .await?;
    let page = ListPage {
        layout: who
            .layout(&request, "Préparer une convention")
            .under("Convention", links::CONVENTION)
            .lead("Une convention se prépare en brouillon : rien n’en est visible ailleurs avant sa signature."),
        form: FormState::new(),
        drafts,
        conventions: conventions
            .into_iter()
            .map(|known| Choice::new(known.id, format!("{} ({})", known.title, known.period)))
            .collect(),
    };
    Ok(web::page(&request, &page)?)
}

/// Starts a draft.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn create_draft(app: Data<App>, who: As<Administrator>, form: FormState) -> Result<HttpResponse, AppError> {
    let from: Option<ConventionId> = match form.value("from") {
        "" => None,
        id => Some(id.parse().map_err(|_| AppError::NotFound)?),
    };
    let key = form.key(who.account, "convention-draft", format!("{from:?}"));
    let (clock, caller) = (app.clock.clone(), *who);
    let outcome =
        write_once::<ConventionDraftId, _>(&app.db, &app.clock, key, move |tx| start::start(tx, &clock, &caller, from));
    match outcome.await? {
        Once::Answer(id) => Ok(web::see_other(&links::convention_draft(id))),
        Once::KeyReused => Err(AppError::KeyReused),
    }
}

/// Shows a draft: what is left to correct, its parts, its signature.
///
/// # Errors
/// When there is no such draft, or the database fails.
pub async fn show_draft(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionDraftId>,
) -> Result<HttpResponse, AppError> {
    match draft_page(&app, &who, &request, id.into_inner(), FormState::new()).await? {
        Ok(page) => Ok(web::page(&request, &page)?),
        Err(to) => Ok(web::see_other(&to)),
    }
}

/// The page of a draft; or, once it is signed, the address of its convention.
async fn draft_page(
    app: &App,
    who: &As<Administrator>,
    request: &HttpRequest,
    id: ConventionDraftId,
    form: FormState,
) -> Result<Result<ShowPage, String>, AppError> {
    let found = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let draft = look_up::load(conn, id)?;
            if let Some(convention) = draft.convention {
                return Ok(Err(conventions::load_convention(conn, convention)?.slug));
            }
            let faults = check::faults(conn, &draft.file)?;
            Ok(Ok((draft, faults)))
        })
        .await?;
    let (draft, faults) = match found {
        Ok(found) => found,
        Err(slug) => return Ok(Err(links::convention(&slug))),
    };
    let status = status(&faults);
    let line = |fault: Fault| FaultLine { href: links::convention_draft_part(id, fault.part.word()), fault };
    let (warnings, faults): (Vec<Fault>, Vec<Fault>) = faults.into_iter().partition(|fault| fault.is_warning);
    Ok(Ok(ShowPage {
        layout: who
            .layout(request, draft.title())
            .under("Convention", links::CONVENTION)
            .under("Préparer une convention", links::CONVENTION_DRAFTS)
            .for_form(&form),
        form,
        status,
        faults: faults.into_iter().map(line).collect(),
        warnings: warnings.into_iter().map(line).collect(),
        contents: Part::ALL
            .into_iter()
            .map(|part| {
                (part.french().to_owned(), summary(part, &draft.file), links::convention_draft_part(id, part.word()))
            })
            .collect(),
        years: years(&draft.file),
        today: app.clock.today(),
        sign_href: links::convention_draft_signature(id),
        discard_href: links::convention_draft_removal(id),
        file_href: links::convention_draft_file(id),
        draft,
    }))
}

fn summary(part: Part, file: &ConventionFile) -> String {
    let count = |n: usize, one: &str, many: &str| match n {
        0 => {
            format!("aucun{} {one}", if ["partie", "période", "subvention", "ligne"].contains(&one) { "e" } else { "" })
        }
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    };
    match part {
        Part::Heading => file.convention.period.to_string(),
        Part::Buyer if file.buyer.name.is_empty() => "à remplir".to_owned(),
        Part::Buyer => file.buyer.name.clone(),
        Part::Signatories => count(file.signatories.len(), "partie", "parties"),
        Part::Programmes => count(file.programmes.len(), "PRE", "PRE"),
        Part::Grants => count(file.grants.len(), "subvention", "subventions"),
        Part::ServiceLines => count(file.service_lines.len(), "ligne", "lignes"),
        Part::Years => count(file.budget_years.len(), "exercice", "exercices"),
        Part::Terms => count(file.terms.len(), "période", "périodes"),
        Part::Rates => count(file.rates.len(), "tarif", "tarifs"),
    }
}

fn years(file: &ConventionFile) -> Vec<YearLine> {
    let line = |year: &crate::conventions::file::Year| YearLine {
        label: year.label.clone(),
        period: year.period.to_string(),
        budget: year.budget,
        paid: year.contributions.values().copied().sum(),
        hours: year.quotas.values().copied().sum(),
    };
    file.budget_years.iter().map(line).collect()
}

/// Signs a draft.
///
/// # Errors
/// When there is no such draft, or the database fails.
pub async fn create_signature(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionDraftId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let seen: i32 = form.value("version").parse().unwrap_or_default();
    if let Some(on) = form.required_date("signed_on", "la date de signature") {
        let key = form.key(who.account, "convention-signature", format!("{id} {seen} {on}"));
        let (clock, caller) = (app.clock.clone(), *who);
        let outcome = write_once::<ConventionId, _>(&app.db, &app.clock, key, move |tx| {
            sign::sign(tx, &clock, &caller, id, seen, on)
        });
        match outcome.await {
            Ok(Once::Answer(convention)) => {
                let slug = app
                    .db
                    .read_async::<_, AppError>(move |conn| Ok(conventions::load_convention(conn, convention)?.slug))
                    .await?;
                let done = Flash::success("La convention est signée : elle vaut à partir de son premier jour.");
                return Ok(web::see_other_with(&links::convention(&slug), &done));
            }
            Ok(Once::KeyReused) => return Err(AppError::KeyReused),
            // the page lists them itself, each with its way
            Err(Failure::Refused(SignRefusal::Faults(faults))) => {
                form.refuse_whole(sign::left_to_correct(faults.len()))
            }
            Err(Failure::Refused(refusal)) => match refusal.field() {
                Some(field) => form.refuse(field, refusal),
                None => form.refuse_whole(refusal),
            },
            Err(other) => return Err(other.into()),
        }
    }
    match draft_page(&app, &who, &request, id, form).await? {
        Ok(page) => Ok(web::refused(&request, &page)?),
        Err(to) => Ok(web::see_other(&to)),
    }
}

/// Throws a draft away.
///
/// # Errors
/// When there is no such draft, or the database fails.
pub async fn create_removal(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionDraftId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (id, clock, caller) = (id.into_inner(), app.clock.clone(), *who);
    let seen: i32 = form.value("version").parse().unwrap_or_default();
    match app.db.write_async(move |tx| discard::discard(tx, &clock, &caller, id, seen)).await {
        Ok(()) => {
            let done = Flash::success("Le brouillon est supprimé.");
            return Ok(web::see_other_with(links::CONVENTION_DRAFTS, &done));
        }
        Err(Failure::Refused(refusal)) => form.refuse_whole(refusal),
        Err(other) => return Err(other.into()),
    }
    match draft_page(&app, &who, &request, id, form).await? {
        Ok(page) => Ok(web::refused(&request, &page)?),
        Err(to) => Ok(web::see_other(&to)),
    }
}
