//! Drafts of conventions for programs: the sections of the file, as JSON.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use chrono::NaiveDate;

use super::check::{self, Fault};
use super::{Draft, discard, edit, look_up, sign, start};
use crate::accounts::Administrator;
use crate::accounts::guards::As;
use crate::app::App;
use crate::conventions::file::{
    ConventionFile, DefaultRate, Grant, Heading, Neighbourhood, Programme, ServiceLine, Signatory, Year,
};
use crate::conventions::{Buyer, Terms, export, write};
use crate::db::AnyConnection;
use crate::error::AppError;
use crate::ids::{ConventionDraftId, ConventionId};
use crate::sql_types::Ts;
use crate::web;
use crate::web::json::{self, Posted};

/// A draft in a list.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ConventionDraftSummary {
    id: ConventionDraftId,
    /// Its short name; may be empty still.
    slug: String,
    /// Its title; may be empty still.
    title: String,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    version: i32,
    changed_at: Ts,
    /// Whether nothing keeps it from being signed.
    is_sound: bool,
}

/// A draft, with all that it says and what its check found.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ConventionDraftAnswer {
    id: ConventionDraftId,
    /// How often it was changed: whoever changes or signs it says what they saw.
    version: i32,
    changed_at: Ts,
    /// The convention that it became, once signed: it changes by amendments only.
    convention_id: Option<ConventionId>,
    content: ConventionFile,
    /// What its check found; none once it is signed.
    findings: Vec<FindingAnswer>,
}

/// Something to correct before a draft is signed, or to look at again.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = DraftFindingAnswer)]
pub struct FindingAnswer {
    /// The section that it is about, as `content` names it.
    section: String,
    /// What it is about, in French.
    place: String,
    /// What is wrong and what to write instead, in French.
    reason: String,
    /// Whether the draft may be signed all the same.
    is_warning: bool,
}

impl From<Fault> for FindingAnswer {
    fn from(fault: Fault) -> Self {
        let Fault { part, place, reason, is_warning } = fault;
        Self { section: part.section().to_owned(), place, reason, is_warning }
    }
}

fn answer(conn: &mut AnyConnection, id: ConventionDraftId) -> Result<ConventionDraftAnswer, AppError> {
    let Draft { id, file, version, convention, changed_at } = look_up::load(conn, id)?;
    let findings = if convention.is_some() { Vec::new() } else { check::faults(conn, &file)? };
    let findings = findings.into_iter().map(FindingAnswer::from).collect();
    Ok(ConventionDraftAnswer { id, version, changed_at, convention_id: convention, content: file, findings })
}

async fn shown(app: &App, id: ConventionDraftId) -> Result<ConventionDraftAnswer, AppError> {
    app.db.read_async(move |conn| answer(conn, id)).await
}

/// Lists the drafts that are not signed, the last changed first; there are some few.
///
/// # Errors
/// When the database fails.
#[utoipa::path(
    get, path = "/api/v1/convention-drafts", tag = "convention drafts",
    responses((status = 200, body = Vec<ConventionDraftSummary>))
)]
pub async fn list_drafts(
    app: Data<App>,
    _who: As<Administrator>,
) -> Result<Json<Vec<ConventionDraftSummary>>, AppError> {
    let summaries = |conn: &mut AnyConnection| {
        let mut summaries = Vec::new();
        // some few drafts at most, each with its check
        for Draft { id, file, version, changed_at, .. } in look_up::open(conn)? {
            let is_sound = check::faults(conn, &file)?.iter().all(|fault| fault.is_warning);
            let Heading { slug, title, period, .. } = file.convention;
            let (starts_on, ends_on) = (period.from, period.until);
            summaries.push(ConventionDraftSummary {
                id,
                slug,
                title,
                starts_on,
                ends_on,
                version,
                changed_at,
                is_sound,
            });
        }
        Ok(Json(summaries))
    };
    app.db.read_async::<_, AppError>(summaries).await
}

/// A draft to start.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConventionDraft {
    /// The convention to copy, with its amendments, for the period that follows it; an empty draft when absent.
    copy_of: Option<ConventionId>,
}

/// Starts a draft, empty or copied from a convention.
///
/// # Errors
/// When there is no such convention, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/convention-drafts", tag = "convention drafts", request_body = NewConventionDraft,
    responses((status = 201, description = "The draft", body = ConventionDraftAnswer))
)]
pub async fn create_draft(
    app: Data<App>,
    who: As<Administrator>,
    posted: Posted<NewConventionDraft>,
) -> Result<HttpResponse, AppError> {
    let key = json::key(&posted, who.account, "convention-draft")?;
    let (clock, caller, from) = (app.clock.clone(), *who, posted.value.copy_of);
    let made = json::run(&app, key, move |tx| start::start(tx, &clock, &caller, from)).await?;
    Ok(HttpResponse::Created().json(shown(&app, made).await?))
}

/// Shows a draft, with what its check finds.
///
/// # Errors
/// When there is no such draft, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/convention-drafts/{draft}", tag = "convention drafts",
    params(("draft" = ConventionDraftId, Path)),
    responses((status = 200, body = ConventionDraftAnswer))
)]
pub async fn show_draft(
    app: Data<App>,
    _who: As<Administrator>,
    id: Path<ConventionDraftId>,
) -> Result<Json<ConventionDraftAnswer>, AppError> {
    Ok(Json(shown(&app, id.into_inner()).await?))
}

/// What a draft says from now on. A section that is given stands in the place of the former one, whole; one that is not
/// stays as it is.
#[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConventionDraftChange {
    /// The version that its writer saw: when another wrote since, this is refused.
    version: i32,
    convention: Option<Heading>,
    buyer: Option<Buyer>,
    signatories: Option<Vec<Signatory>>,
    neighbourhoods: Option<Vec<Neighbourhood>>,
    programmes: Option<Vec<Programme>>,
    grants: Option<Vec<Grant>>,
    budget_years: Option<Vec<Year>>,
    service_lines: Option<Vec<ServiceLine>>,
    terms: Option<Vec<Terms>>,
    rates: Option<Vec<DefaultRate>>,
}

impl ConventionDraftChange {
    /// A draft with these sections.
    fn made_in(self, former: ConventionFile) -> ConventionFile {
        ConventionFile {
            convention: self.convention.unwrap_or(former.convention),
            buyer: self.buyer.unwrap_or(former.buyer),
            signatories: self.signatories.unwrap_or(former.signatories),
            neighbourhoods: self.neighbourhoods.unwrap_or(former.neighbourhoods),
            programmes: self.programmes.unwrap_or(former.programmes),
            grants: self.grants.unwrap_or(former.grants),
            budget_years: self.budget_years.unwrap_or(former.budget_years),
            service_lines: self.service_lines.unwrap_or(former.service_lines),
            terms: self.terms.unwrap_or(former.terms),
            rates: self.rates.unwrap_or(former.rates),
        }
    }
}

/// Writes sections of a draft. What does not agree yet holds nobody up: the findings of the answer tell it.
///
/// # Errors
/// When another wrote since, when it is signed, when there is no such draft, or when the database fails.
#[utoipa::path(
    post, path = "/api/v1/convention-drafts/{draft}/changes", tag = "convention drafts",
    params(("draft" = ConventionDraftId, Path)), request_body = ConventionDraftChange,
    responses((status = 200, description = "The draft", body = ConventionDraftAnswer))
)]
pub async fn create_change(
    app: Data<App>,
    who: As<Administrator>,
    id: Path<ConventionDraftId>,
    posted: Posted<ConventionDraftChange>,
) -> Result<Json<ConventionDraftAnswer>, AppError> {
    let id = id.into_inner();
    let key = json::key(&posted, who.account, &format!("convention-draft {id}"))?;
    let (clock, caller, change) = (app.clock.clone(), *who, posted.value);
    json::run(&app, key, move |tx| {
        let new = change.clone().made_in(look_up::load(tx, id)?.file);
        edit::edit(tx, &clock, &caller, id, change.version, &new)
    })
    .await?;
    Ok(Json(shown(&app, id).await?))
}

/// A signature.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConventionSignature {
    /// The version that was read.
    version: i32,
    /// The day on which the parties signed.
    signed_on: NaiveDate,
}

/// Signs a draft: it is a convention from then on, in force from its first day.
///
/// # Errors
/// When something is left to correct, when it changed since it was read, when it is signed, when there is no such draft,
/// or when the database fails.
#[utoipa::path(
    post, path = "/api/v1/convention-drafts/{draft}/signature", tag = "convention drafts",
    params(("draft" = ConventionDraftId, Path)), request_body = ConventionSignature,
    responses((status = 201, description = "The draft, with its convention", body = ConventionDraftAnswer))
)]
pub async fn create_signature(
    app: Data<App>,
    who: As<Administrator>,
    id: Path<ConventionDraftId>,
    posted: Posted<ConventionSignature>,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let key = json::key(&posted, who.account, &format!("convention-signature {id}"))?;
    let (clock, caller, asked) = (app.clock.clone(), *who, posted.value);
    json::run(&app, key, move |tx| sign::sign(tx, &clock, &caller, id, asked.version, asked.signed_on)).await?;
    Ok(HttpResponse::Created().json(shown(&app, id).await?))
}

/// What is thrown away.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConventionDraftRemoval {
    /// The version that was read.
    version: i32,
}

/// Throws a draft away; a signed one is a convention, and stays.
///
/// # Errors
/// When it changed since it was read, when it is signed, when there is no such draft, or when the database fails.
#[utoipa::path(
    post, path = "/api/v1/convention-drafts/{draft}/removal", tag = "convention drafts",
    params(("draft" = ConventionDraftId, Path)), request_body = ConventionDraftRemoval,
    responses((status = 204, description = "It is gone"))
)]
pub async fn create_removal(
    app: Data<App>,
    who: As<Administrator>,
    id: Path<ConventionDraftId>,
    posted: Posted<ConventionDraftRemoval>,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let key = json::key(&posted, who.account, &format!("convention-draft-removal {id}"))?;
    let (clock, caller, seen) = (app.clock.clone(), *who, posted.value.version);
    json::run(&app, key, move |tx| discard::discard(tx, &clock, &caller, id, seen)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Sends a draft as the file of a convention (TOML).
///
/// # Errors
/// When there is no such draft, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/convention-drafts/{draft}/convention.toml", tag = "convention drafts",
    params(("draft" = ConventionDraftId, Path)),
    responses((status = 200, description = "The file", body = String, content_type = "application/toml"))
)]
pub async fn show_draft_file(
    app: Data<App>,
    _who: As<Administrator>,
    id: Path<ConventionDraftId>,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let draft = app.db.read_async::<_, AppError>(move |conn| Ok(look_up::load(conn, id)?)).await?;
    Ok(sent(&draft.file))
}

/// Sends a convention in force as its file (TOML), with its amendments.
///
/// # Errors
/// When there is no such convention, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/conventions/{convention}/convention.toml", tag = "conventions",
    params(("convention" = ConventionId, Path)),
    responses((status = 200, description = "The file", body = String, content_type = "application/toml"))
)]
pub async fn show_file(
    app: Data<App>,
    _who: As<Administrator>,
    id: Path<ConventionId>,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let file = app.db.read_async::<_, AppError>(move |conn| Ok(export::present(conn, id)?)).await?;
    Ok(sent(&file))
}

/// The file of a convention, named after it.
fn sent(file: &ConventionFile) -> HttpResponse {
    web::attachment(&write::file_name(file), "application/toml", write::write(file).into_bytes())
}
