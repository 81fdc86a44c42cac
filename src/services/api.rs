//! Services and their budget lines for programs.

use actix_web::web::{Data, Json, Path, Query};
use chrono::{NaiveDate, NaiveTime};

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Administrator, Caller, Psychologist};
use crate::app::App;
use crate::conventions::ServiceType;
use crate::documents::VatRegime;
use crate::error::AppError;
use crate::failure::{Failure, Never, Refusal};
use crate::hours::Minutes;
use crate::ids::{BudgetLineId, BudgetYearId, ConventionId, ProgrammeId, PsychologistId, ServiceId};
use crate::money::Cents;
use crate::services::allot::{self, Allotment};
use crate::services::approve_many::{self, NotApproved};
use crate::services::look_up::{self, Listed};
use crate::services::{
    BudgetLine, Filter, Part, Phase, Reader, Said, State, approve, correct, give_up, record, refuse, withdraw_approval,
};
use crate::sessions::Reason;
use crate::sessions::approve::Approval;
use crate::sql_types::Ts;
use crate::web::Page;
use crate::web::json::{Paged, Posted, key, run};

/// A service that is not a child's session. Lengths are in minutes, amounts in cents, dates in Europe/Paris.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ServiceAnswer {
    id: ServiceId,
    service: ServiceType,
    state: Phase,
    psychologist_id: PsychologistId,
    psychologist_name: String,
    convention_id: ConventionId,
    budget_line_id: BudgetLineId,
    service_on: NaiveDate,
    starts_at: Ts,
    ends_at: Ts,
    duration_minutes: Minutes,
    place: String,
    participants: i32,
    label: String,
    /// None when it concerns all of them.
    programme_ids: Vec<ProgrammeId>,
    /// Without tax.
    hourly_cents: Cents,
    vat: VatRegime,
    net_cents: Cents,
    /// With tax.
    gross_cents: Cents,
    /// Of a refusal.
    reason: Option<String>,
}

impl From<Listed> for ServiceAnswer {
    fn from(Listed { service, around }: Listed) -> Self {
        Self {
            id: service.id,
            service: service.kind,
            state: service.state.phase(),
            psychologist_id: service.psychologist,
            psychologist_name: around.provider,
            convention_id: around.convention,
            budget_line_id: service.line,
            service_on: service.slot.on,
            starts_at: service.slot.starts_at,
            ends_at: service.slot.ends_at(),
            duration_minutes: service.slot.duration,
            participants: service.participants,
            hourly_cents: service.hourly,
            vat: service.vat,
            net_cents: service.net(),
            gross_cents: service.gross,
            reason: if let State::Refused(_, reason) = &service.state { Some(reason.clone()) } else { None },
            place: service.place,
            label: service.label,
            programme_ids: service.programmes,
        }
    }
}

fn reader(who: &SignedIn) -> Result<Reader, AppError> {
    Reader::of(who).ok_or(AppError::Forbidden(<Psychologist as Caller>::ROLE.french()))
}

/// Which services are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ServicesOf {
    #[param(inline)]
    state: Option<Phase>,
    #[param(inline)]
    service: Option<ServiceType>,
    /// From 1.
    page: Option<i64>,
}

/// The services that the caller sees, the latest first: their own, or all for an administrator.
///
/// # Errors
/// When the caller's roles see none, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/services", tag = "services", params(ServicesOf),
    responses((status = 200, body = Paged<ServiceAnswer>))
)]
pub async fn list_services(
    app: Data<App>,
    who: SignedIn,
    asked: Query<ServicesOf>,
) -> Result<Json<Paged<ServiceAnswer>>, AppError> {
    let (reader, number) = (reader(&who)?, asked.page.unwrap_or(1));
    let filter = Filter { phase: asked.state, kind: asked.service, psychologist: None };
    app.db
        .read_async::<_, AppError>(move |conn| {
            let page = Page::new(number, Page::USUAL_SIZE, look_up::count(conn, reader, filter)?);
            let found = look_up::list(conn, reader, filter, (page.offset(), page.size))?;
            let items = look_up::told(conn, found)?.into_iter().map(ServiceAnswer::from).collect();
            Ok(Json(Paged { items, page: page.number, size: page.size, total: page.total }))
        })
        .await
}

async fn answer(app: &App, reader: Reader, id: ServiceId) -> Result<Json<ServiceAnswer>, AppError> {
    app.db.read_async(move |conn| Ok(Json(look_up::load_told(conn, reader, id)?.into()))).await
}

/// A service.
///
/// # Errors
/// When it is not the caller's to see, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/services/{service}", tag = "services",
    params(("service" = uuid::Uuid, Path, description = "The service")),
    responses((status = 200, body = ServiceAnswer))
)]
pub async fn show_service(app: Data<App>, who: SignedIn, id: Path<ServiceId>) -> Result<Json<ServiceAnswer>, AppError> {
    answer(&app, reader(&who)?, id.into_inner()).await
}

/// A service that is over.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewService {
    /// `practice_analysis` or `training`.
    service: ServiceType,
    /// Needed where several conventions have a budget line for it on that day.
    #[serde(default)]
    convention_id: Option<ConventionId>,
    service_on: NaiveDate,
    /// Local time in Europe/Paris, such as `14:30:00`.
    starts_at: NaiveTime,
    duration_minutes: Minutes,
    place: String,
    participants: i32,
    /// In a few words; never a child's name.
    label: String,
    /// None when it concerns all of them.
    #[serde(default)]
    programme_ids: Vec<ProgrammeId>,
}

impl From<NewService> for Said {
    fn from(new: NewService) -> Self {
        Self {
            kind: new.service,
            convention: new.convention_id,
            on: new.service_on,
            starts_at: new.starts_at,
            duration: new.duration_minutes,
            place: new.place,
            participants: new.participants,
            label: new.label,
            programmes: new.programme_ids,
        }
    }
}

/// Records a service that the caller led.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/services", tag = "services", request_body = NewService,
    responses((status = 200, body = ServiceAnswer))
)]
pub async fn create_service(
    app: Data<App>,
    who: As<Psychologist>,
    posted: Posted<NewService>,
) -> Result<Json<ServiceAnswer>, AppError> {
    let key = key(&posted, who.account, "record_service")?;
    let (clock, by, said) = (app.clock.clone(), *who, Said::from(posted.value));
    let id = run(&app, key, move |tx| record::record(tx, &clock, &by, &said)).await?;
    answer(&app, Reader::from(&*who), id).await
}

/// Corrects a service recorded or refused.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/services/{service}/correction", tag = "services", request_body = NewService,
    params(("service" = uuid::Uuid, Path, description = "The service")),
    responses((status = 200, body = ServiceAnswer))
)]
pub async fn create_correction(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<ServiceId>,
    posted: Posted<NewService>,
) -> Result<Json<ServiceAnswer>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("correct_service {id}"))?;
    let (clock, by, said) = (app.clock.clone(), *who, Said::from(posted.value));
    run(&app, key, move |tx| correct::correct(tx, &clock, &by, id, &said)).await?;
    answer(&app, Reader::from(&*who), id).await
}

/// Nothing is asked of a service.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoServiceDetail {}

/// Gives a service up.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/services/{service}/giving-up", tag = "services", request_body = NoServiceDetail,
    params(("service" = uuid::Uuid, Path, description = "The service")),
    responses((status = 200, body = ServiceAnswer))
)]
pub async fn create_giving_up(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<ServiceId>,
    posted: Posted<NoServiceDetail>,
) -> Result<Json<ServiceAnswer>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("give_up_service {id}"))?;
    let (clock, by) = (app.clock.clone(), *who);
    run(&app, key, move |tx| give_up::give_up(tx, &clock, &by, id)).await?;
    answer(&app, Reader::from(&*who), id).await
}

/// Approves a service.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/services/{service}/approval", tag = "services", request_body = NoServiceDetail,
    params(("service" = uuid::Uuid, Path, description = "The service")),
    responses((status = 200, body = ServiceAnswer))
)]
pub async fn create_approval(
    app: Data<App>,
    who: As<Administrator>,
    id: Path<ServiceId>,
    posted: Posted<NoServiceDetail>,
) -> Result<Json<ServiceAnswer>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("approve_service {id}"))?;
    let (clock, by) = (app.clock.clone(), *who);
    run(&app, key, move |tx| approve::approve(tx, &clock, &by, id)).await?;
    answer(&app, Reader::from(&*who), id).await
}

/// Why a service is refused, or its approval withdrawn.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceReason {
    /// At most 500 characters, without a name.
    #[serde(default)]
    reason: String,
}

impl ServiceReason {
    fn required(&self) -> Result<Reason, AppError> {
        Reason::new(&self.reason).map_err(|e| Failure::Refused(e).into())
    }
}

/// Refuses a service, for a reason.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/services/{service}/refusal", tag = "services", request_body = ServiceReason,
    params(("service" = uuid::Uuid, Path, description = "The service")),
    responses((status = 200, body = ServiceAnswer))
)]
pub async fn create_refusal(
    app: Data<App>,
    who: As<Administrator>,
    id: Path<ServiceId>,
    posted: Posted<ServiceReason>,
) -> Result<Json<ServiceAnswer>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("refuse_service {id}"))?;
    let (clock, by, reason) = (app.clock.clone(), *who, posted.value.required()?);
    run(&app, key, move |tx| refuse::refuse(tx, &clock, &by, id, &reason)).await?;
    answer(&app, Reader::from(&*who), id).await
}

/// Withdraws the approval of a service, for a reason.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/services/{service}/approval-withdrawal", tag = "services", request_body = ServiceReason,
    params(("service" = uuid::Uuid, Path, description = "The service")),
    responses((status = 200, body = ServiceAnswer))
)]
pub async fn create_withdrawal(
    app: Data<App>,
    who: As<Administrator>,
    id: Path<ServiceId>,
    posted: Posted<ServiceReason>,
) -> Result<Json<ServiceAnswer>, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("withdraw_service {id}"))?;
    let (clock, by, reason) = (app.clock.clone(), *who, posted.value.required()?);
    run(&app, key, move |tx| withdraw_approval::withdraw_approval(tx, &clock, &by, id, &reason)).await?;
    answer(&app, Reader::from(&*who), id).await
}

/// Services to approve together.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewServiceApprovals {
    /// At most 500.
    service_ids: Vec<ServiceId>,
}

/// What became of one of them.
#[derive(Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct ServiceApprovalAnswer {
    id: ServiceId,
    /// `done`, `already_done`, `not_found`, or the code of the rule that refuses it.
    outcome: String,
    /// Why not, in French.
    detail: Option<String>,
}

const MOST_APPROVALS: usize = 500;

/// Approves many services: each is answered by itself.
///
/// # Errors
/// When too many are asked, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/service-approvals", tag = "services", request_body = NewServiceApprovals,
    responses((status = 200, body = Vec<ServiceApprovalAnswer>))
)]
pub async fn create_approvals(
    app: Data<App>,
    who: As<Administrator>,
    posted: Posted<NewServiceApprovals>,
) -> Result<Json<Vec<ServiceApprovalAnswer>>, AppError> {
    let key = key(&posted, who.account, "approve_services")?;
    let ids = posted.value.service_ids;
    if ids.len() > MOST_APPROVALS {
        let asked = ids.len();
        return Err(AppError::Unreadable(format!("{asked} prestations d’un coup : {MOST_APPROVALS} au plus.")));
    }
    let (clock, by) = (app.clock.clone(), *who);
    let answers = run(&app, key, move |tx| {
        let approvals = approve_many::approve_many(tx, &clock, &by, &ids)?;
        Ok::<_, Failure<Never>>(approvals.answers.into_iter().map(approval_answer).collect::<Vec<_>>())
    })
    .await?;
    Ok(Json(answers))
}

fn approval_answer((id, answer): (ServiceId, Result<Approval, NotApproved>)) -> ServiceApprovalAnswer {
    let (outcome, detail) = match answer {
        Ok(Approval::Done) => ("done", None),
        Ok(Approval::AlreadyDone) => ("already_done", None),
        Err(NotApproved::NotFound) => ("not_found", None),
        Err(NotApproved::Refused(refusal)) => (refusal.code(), Some(refusal.to_string())),
    };
    ServiceApprovalAnswer { id, outcome: outcome.to_owned(), detail }
}

/// What a budget year keeps for a type of service. Euros are with tax.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct BudgetLineAnswer {
    id: BudgetLineId,
    convention_id: ConventionId,
    budget_year_id: BudgetYearId,
    /// The name of the budget year.
    #[schema(example = "2026")]
    label: String,
    service: ServiceType,
    allotted_minutes: Minutes,
    reserved_minutes: Minutes,
    used_minutes: Minutes,
    left_minutes: Minutes,
    allotted_cents: Cents,
    reserved_cents: Cents,
    used_cents: Cents,
    left_cents: Cents,
}

impl BudgetLineAnswer {
    fn of(told: &look_up::LineTold, line: &BudgetLine) -> Self {
        Self {
            id: line.id,
            convention_id: told.convention,
            budget_year_id: told.year,
            label: told.year_label.clone(),
            service: line.kind,
            allotted_minutes: line.allotted.time,
            reserved_minutes: line.reserved.time,
            used_minutes: line.used.time,
            left_minutes: line.left().time,
            allotted_cents: line.allotted.cost,
            reserved_cents: line.reserved.cost,
            used_cents: line.used.cost,
            left_cents: line.left().cost,
        }
    }
}

/// The budget lines of services, those of the latest budget year first.
///
/// # Errors
/// When the database fails.
#[utoipa::path(
    get, path = "/api/v1/budget-lines", tag = "services",
    responses((status = 200, body = Vec<BudgetLineAnswer>))
)]
pub async fn list_lines(app: Data<App>, _: As<Administrator>) -> Result<Json<Vec<BudgetLineAnswer>>, AppError> {
    app.db
        .read_async(|conn| {
            let years = look_up::lines_told(conn)?;
            let of = |told: &look_up::LineTold| {
                told.lines.iter().map(|line| BudgetLineAnswer::of(told, line)).collect::<Vec<_>>()
            };
            Ok(Json(years.iter().flat_map(of).collect()))
        })
        .await
}

/// What a budget year should keep for a type of service.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBudgetLine {
    convention_id: ConventionId,
    budget_year_id: BudgetYearId,
    /// `practice_analysis` or `training`.
    service: ServiceType,
    minutes: Minutes,
    /// With tax.
    cents: Cents,
}

/// Fixes a budget line: never under what it holds, nor all together over the fixed share of the year.
///
/// # Errors
/// When a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/budget-lines", tag = "services", request_body = NewBudgetLine,
    responses((status = 200, body = BudgetLineAnswer))
)]
pub async fn create_line(
    app: Data<App>,
    who: As<Administrator>,
    posted: Posted<NewBudgetLine>,
) -> Result<Json<BudgetLineAnswer>, AppError> {
    let key = key(&posted, who.account, "allot_line")?;
    let new = posted.value;
    let part = Part { time: new.minutes, cost: new.cents };
    let new = Allotment { convention: new.convention_id, year: new.budget_year_id, kind: new.service, part };
    let (clock, by) = (app.clock.clone(), allot::author(&who));
    let id = run(&app, key, move |tx| allot::allot(tx, &clock, by, new)).await?;
    app.db
        .read_async(move |conn| {
            let years = look_up::lines_told(conn)?;
            let of = |told: &look_up::LineTold| {
                told.lines.iter().find(|line| line.id == id).map(|line| BudgetLineAnswer::of(told, line))
            };
            years.iter().find_map(of).map(Json).ok_or(AppError::NotFound)
        })
        .await
}
