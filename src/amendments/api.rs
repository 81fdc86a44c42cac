//! Amendments for programs.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use chrono::NaiveDate;

use super::transfer::{self, Transfer};
use super::{Amendment, Change, Figure, Line, LineKind, Proposal, look_up, sign};
use crate::accounts::Administrator;
use crate::accounts::guards::As;
use crate::app::App;
use crate::conventions::look_up as conventions;
use crate::error::AppError;
use crate::hours::Minutes;
use crate::ids::{AmendmentId, BudgetYearId, ConventionId, GrantId, ProgrammeId, SignatoryId};
use crate::money::Cents;
use crate::web::json::{self, Posted};

/// An amendment that was signed.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct AmendmentAnswer {
    id: AmendmentId,
    /// Its number in its convention, from 1.
    number: i32,
    signed_on: NaiveDate,
    reason: String,
    lines: Vec<AmendmentLineAnswer>,
}

/// One thing that an amendment changed. Of minutes, cents and days, those of its kind are there.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct AmendmentLineAnswer {
    kind: LineKind,
    budget_year_id: BudgetYearId,
    year: String,
    programme_id: Option<ProgrammeId>,
    signatory_id: Option<SignatoryId>,
    grant_id: Option<GrantId>,
    before_minutes: Option<Minutes>,
    after_minutes: Option<Minutes>,
    before_cents: Option<Cents>,
    after_cents: Option<Cents>,
    before_on: Option<NaiveDate>,
    after_on: Option<NaiveDate>,
}

impl From<Line> for AmendmentLineAnswer {
    fn from(line: Line) -> Self {
        let minutes = |figure| if let Figure::Minutes(time) = figure { Some(time) } else { None };
        let cents = |figure| if let Figure::Cents(amount) = figure { amount } else { None };
        let on = |figure| if let Figure::Day(day) = figure { day } else { None };
        Self {
            kind: line.kind,
            budget_year_id: line.budget_year,
            year: line.year,
            programme_id: line.programme,
            signatory_id: line.signatory,
            grant_id: line.grant,
            before_minutes: minutes(line.before),
            after_minutes: minutes(line.after),
            before_cents: cents(line.before),
            after_cents: cents(line.after),
            before_on: on(line.before),
            after_on: on(line.after),
        }
    }
}

impl From<Amendment> for AmendmentAnswer {
    fn from(amendment: Amendment) -> Self {
        Self {
            id: amendment.id,
            number: amendment.number,
            signed_on: amendment.signed_on,
            reason: amendment.reason,
            lines: amendment.lines.into_iter().map(AmendmentLineAnswer::from).collect(),
        }
    }
}

/// An amendment to sign.
#[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAmendment {
    /// What it changes; each figure is the whole new one.
    changes: Vec<Change>,
    /// The day on which the parties signed it.
    signed_on: NaiveDate,
    /// Why; no child is named.
    reason: String,
    /// The number of the last amendment that the caller knows of, 0 for none: when another was signed since, this one is
    /// refused. Not verified when absent.
    last_number: Option<i32>,
}

/// Lists the amendments of a convention, in order.
///
/// # Errors
/// When there is no such convention, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/conventions/{convention}/amendments", tag = "conventions",
    params(("convention" = ConventionId, Path)),
    responses((status = 200, body = Vec<AmendmentAnswer>))
)]
pub async fn list_amendments(
    app: Data<App>,
    _who: As<Administrator>,
    id: Path<ConventionId>,
) -> Result<Json<Vec<AmendmentAnswer>>, AppError> {
    let id = id.into_inner();
    app.db
        .read_async::<_, AppError>(move |conn| {
            conventions::load_convention(conn, id)?;
            Ok(Json(look_up::of_convention(conn, id)?.into_iter().map(AmendmentAnswer::from).collect()))
        })
        .await
}

async fn created(app: &App, id: AmendmentId) -> Result<HttpResponse, AppError> {
    let answer: AmendmentAnswer =
        app.db.read_async::<_, AppError>(move |conn| Ok(look_up::load(conn, id)?.0.into())).await?;
    Ok(HttpResponse::Created().json(answer))
}

/// Signs an amendment: its figures are in force at once, and it never changes.
///
/// # Errors
/// When a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/conventions/{convention}/amendments", tag = "conventions",
    params(("convention" = ConventionId, Path)), request_body = NewAmendment,
    responses((status = 201, description = "The amendment", body = AmendmentAnswer))
)]
pub async fn create_amendment(
    app: Data<App>,
    who: As<Administrator>,
    id: Path<ConventionId>,
    posted: Posted<NewAmendment>,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let key = json::key(&posted, who.account, &format!("amendment {id}"))?;
    let (clock, caller) = (app.clock.clone(), *who);
    let NewAmendment { changes, signed_on, reason, last_number: seen } = posted.value;
    let proposal = Proposal { changes, signed_on, reason, seen };
    let made = json::run(&app, key, move |tx| sign::sign(tx, &clock, &caller, id, &proposal)).await?;
    created(&app, made).await
}

/// Moves hours from one programme to another: an amendment of two lines.
///
/// # Errors
/// When a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/conventions/{convention}/transfers", tag = "conventions",
    params(("convention" = ConventionId, Path)), request_body = Transfer,
    responses((status = 201, description = "The amendment", body = AmendmentAnswer))
)]
pub async fn create_transfer(
    app: Data<App>,
    who: As<Administrator>,
    id: Path<ConventionId>,
    posted: Posted<Transfer>,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let key = json::key(&posted, who.account, &format!("transfer {id}"))?;
    let (clock, caller, asked) = (app.clock.clone(), *who, posted.value);
    let made = json::run(&app, key, move |tx| transfer::transfer(tx, &clock, &caller, id, &asked)).await?;
    created(&app, made).await
}
