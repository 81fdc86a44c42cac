//! Substitutions for programs.

use actix_web::web::{Data, Json, Path, Query};
use chrono::NaiveDate;

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Coordinator, Role};
use crate::app::App;
use crate::error::AppError;
use crate::ids::{AccountId, ProgrammeId, SubstitutionId};
use crate::sql_types::Ts;
use crate::substitutions::name::{self, Naming};
use crate::substitutions::{Party, Standing, Substitution, end, look_up};
use crate::web::Page;
use crate::web::json::{Paged, Posted, key, run};

/// Who approves in whose place. Days are local to Europe/Paris; both are included.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct SubstitutionAnswer {
    id: SubstitutionId,
    programme_id: ProgrammeId,
    /// The coordinator.
    named_by: AccountId,
    named_by_name: String,
    /// Who approves in their place.
    substitute_id: AccountId,
    substitute_name: String,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    /// When it was given up before its last day.
    ended_at: Option<Ts>,
    standing: Standing,
}

impl SubstitutionAnswer {
    fn of(told: Substitution, today: NaiveDate) -> Self {
        Self {
            standing: told.standing(today),
            id: told.id,
            programme_id: told.programme,
            named_by: told.named_by,
            named_by_name: told.named_by_name,
            substitute_id: told.substitute,
            substitute_name: told.substitute_name,
            starts_on: told.starts_on,
            ends_on: told.ends_on,
            ended_at: told.ended_at,
        }
    }
}

/// Those who may have to do with substitutions.
pub(super) fn party(who: &SignedIn) -> Result<Party, AppError> {
    if who.holds(Role::Coordinator) || who.holds(Role::Referent) {
        Ok(Party::from(&**who))
    } else {
        Err(AppError::Forbidden(Role::Coordinator.french()))
    }
}

/// Which page of the list.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SubstitutionsOf {
    /// From 1.
    page: Option<i64>,
}

/// The substitutions of the caller's programmes, and those where the caller stands in, the latest first.
///
/// # Errors
/// When the caller may have none, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/substitutions", tag = "substitutions", params(SubstitutionsOf),
    responses((status = 200, body = Paged<SubstitutionAnswer>))
)]
pub async fn list_substitutions(
    app: Data<App>,
    who: SignedIn,
    asked: Query<SubstitutionsOf>,
) -> Result<Json<Paged<SubstitutionAnswer>>, AppError> {
    let (who, number, today) = (party(&who)?, asked.page.unwrap_or(1), app.clock.today());
    app.db
        .read_async::<_, AppError>(move |conn| {
            let page = Page::new(number, Page::USUAL_SIZE, look_up::count(conn, &who)?);
            let found = look_up::list(conn, &who, (page.offset(), page.size))?;
            let items = found.into_iter().map(|told| SubstitutionAnswer::of(told, today)).collect();
            Ok(Json(Paged { items, page: page.number, size: page.size, total: page.total }))
        })
        .await
}

/// Somebody to name.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSubstitution {
    programme_id: ProgrammeId,
    substitute_id: AccountId,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
}

/// Names a substitute.
///
/// # Errors
/// When the programme is not the caller's, a rule refuses it, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/substitutions", tag = "substitutions", request_body = NewSubstitution,
    responses((status = 200, body = SubstitutionAnswer))
)]
pub async fn create_substitution(
    app: Data<App>,
    who: As<Coordinator>,
    posted: Posted<NewSubstitution>,
) -> Result<Json<SubstitutionAnswer>, AppError> {
    let key = key(&posted, who.account, "name_substitute")?;
    let new = posted.value;
    let naming = Naming {
        programme: new.programme_id,
        substitute: new.substitute_id,
        starts_on: new.starts_on,
        ends_on: new.ends_on,
    };
    let (clock, by) = (app.clock.clone(), (*who).clone());
    let id = run(&app, key, move |tx| name::name(tx, &clock, &by, naming)).await?;
    answer(&app, Party::from(&*who.person), id).await
}

/// Nothing is asked.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoDetail {}

/// Ends a substitution before its last day.
///
/// # Errors
/// When it is not the caller's, is over, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/substitutions/{substitution}/end", tag = "substitutions", request_body = NoDetail,
    params(("substitution" = uuid::Uuid, Path, description = "The substitution")),
    responses((status = 200, body = SubstitutionAnswer))
)]
pub async fn create_end(
    app: Data<App>,
    who: SignedIn,
    id: Path<SubstitutionId>,
    posted: Result<Posted<NoDetail>, AppError>,
) -> Result<Json<SubstitutionAnswer>, AppError> {
    let (who, posted, id) = (party(&who)?, posted?, id.into_inner());
    let key = key(&posted, who.account, &format!("end_substitution {id}"))?;
    let (clock, by) = (app.clock.clone(), who.clone());
    run(&app, key, move |tx| end::end(tx, &clock, &by, id)).await?;
    answer(&app, who, id).await
}

async fn answer(app: &App, who: Party, id: SubstitutionId) -> Result<Json<SubstitutionAnswer>, AppError> {
    let today = app.clock.today();
    app.db.read_async(move |conn| Ok(Json(SubstitutionAnswer::of(look_up::load(conn, &who, id)?, today)))).await
}
