//! Who opened which child's file, and how long identities are kept, for programs.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path, Query};
use chrono::NaiveDate;

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Auditor, Caller, Coordinator, Role};
use crate::app::App;
use crate::children::look_up;
use crate::error::AppError;
use crate::idempotency::once;
use crate::ids::{AccountId, ChildId, ProgrammeId, RetentionExtensionId};
use crate::privacy::{ExtensionReason, Kept, extend, retention};
use crate::readings::{self, Filter, Listed, Means, Opened};
use crate::sql_types::Ts;
use crate::web::Page;
use crate::web::json::{PageOf, Paged, Posted, answered, key, said};

/// An opening of a child's file.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ReadingAnswer {
    /// When.
    at: Ts,
    /// Who.
    account: AccountId,
    /// In which capacity.
    role: Role,
    /// By what.
    means: Means,
    /// What.
    opened: Opened,
    /// The child's reference; absent when several children were read at once.
    child: Option<String>,
    /// How many children were read.
    children: i64,
}

impl From<Listed> for ReadingAnswer {
    fn from(listed: Listed) -> Self {
        let Listed { at, account, role, means, opened, reference, children, .. } = listed;
        Self { at, account, role, means, opened, child: reference, children }
    }
}

async fn paged(app: &App, filter: Filter, page: Option<i64>) -> Result<Json<Paged<ReadingAnswer>>, AppError> {
    app.db
        .read_async(move |conn| {
            let page = Page::new(page.unwrap_or(1), Page::USUAL_SIZE, readings::count(conn, &filter)?);
            let listed = readings::search(conn, &filter, page.offset(), page.size)?;
            let items = listed.into_iter().map(ReadingAnswer::from).collect();
            Ok(Json(Paged { items, page: page.number, size: page.size, total: page.total }))
        })
        .await
}

/// Which openings are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReadingsOf {
    /// Part of the name or address of who read.
    person: Option<String>,
    /// The reference of a child, or the beginning of it.
    child: Option<String>,
    /// The first day.
    from: Option<NaiveDate>,
    /// The last day.
    until: Option<NaiveDate>,
    /// From 1.
    page: Option<i64>,
}

/// Lists who opened which child's file, latest first; for the data-protection officer.
///
/// # Errors
/// When the database fails.
#[utoipa::path(
    get, path = "/api/v1/readings", tag = "privacy", params(ReadingsOf),
    responses((status = 200, description = "A page of openings", body = Paged<ReadingAnswer>))
)]
pub async fn list_readings(
    app: Data<App>,
    _who: As<Auditor>,
    asked: Query<ReadingsOf>,
) -> Result<Json<Paged<ReadingAnswer>>, AppError> {
    let ReadingsOf { person, child, from, until, page } = asked.into_inner();
    paged(&app, Filter { person: said(person), reference: said(child), child: None, from, until }, page).await
}

/// Lists who opened the file of a child of the caller, latest first.
///
/// # Errors
/// When the child is not theirs, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/children/{child}/readings", tag = "privacy",
    params(("child" = ChildId, Path), PageOf),
    responses((status = 200, description = "A page of openings", body = Paged<ReadingAnswer>))
)]
pub async fn list_readings_of_child(
    app: Data<App>,
    who: As<Coordinator>,
    id: Path<ChildId>,
    asked: Query<PageOf>,
) -> Result<Json<Paged<ReadingAnswer>>, AppError> {
    let (id, vault, caller) = (id.into_inner(), app.vault.clone(), Coordinator::clone(&who));
    app.db.read_async::<_, AppError>(move |conn| Ok(look_up::load_for(conn, &vault, &caller, id).map(drop)?)).await?;
    paged(&app, Filter { child: Some(id), ..Filter::default() }, asked.page).await
}

/// How long a child's identity is kept.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct KeptAnswer {
    /// The child's reference.
    child: String,
    programme_id: ProgrammeId,
    last_contact_on: NaiveDate,
    /// The day from which it is kept no longer, extensions counted.
    due_on: NaiveDate,
    /// The day on which it is destroyed if nothing is decided.
    destroyed_on: NaiveDate,
    /// Why it is kept longer, when a coordinator decided so.
    extended_for: Option<ExtensionReason>,
    /// When the coordinator was told.
    told_at: Option<Ts>,
}

/// Which identities are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct KeptUntil {
    /// The last day looked at; today when it is not given.
    until: Option<NaiveDate>,
    /// From 1.
    page: Option<i64>,
}

/// Lists the identities to be destroyed by a day, the first first: of the caller's programmes, or all for the
/// data-protection officer.
///
/// # Errors
/// When the caller's roles read none, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/retention", tag = "privacy", params(KeptUntil),
    responses((status = 200, description = "A page of identities", body = Paged<KeptAnswer>))
)]
pub async fn list_retention(
    app: Data<App>,
    who: SignedIn,
    asked: Query<KeptUntil>,
) -> Result<Json<Paged<KeptAnswer>>, AppError> {
    let programmes = match (Auditor::of(&who), Coordinator::of(&who)) {
        (Some(_), _) => None,
        (None, Some(coordinator)) => Some(coordinator.programmes),
        (None, None) => return Err(AppError::Forbidden(Role::Coordinator.french())),
    };
    let (today, terms) = (app.clock.today(), app.config.retention);
    let KeptUntil { until, page } = asked.into_inner();
    let until = until.unwrap_or(today);
    app.db
        .read_async(move |conn| {
            let all = retention::preview(conn, terms, programmes.as_deref(), until)?;
            let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
            let page = Page::new(page.unwrap_or(1), Page::USUAL_SIZE, total);
            let number = |n: i64| usize::try_from(n).unwrap_or_default();
            let shown = all.into_iter().skip(number(page.offset())).take(number(page.size));
            let items = shown.map(|kept: Kept| KeptAnswer {
                due_on: kept.due_on(),
                destroyed_on: kept.destroyed_on(today, terms),
                child: kept.reference,
                programme_id: kept.programme,
                last_contact_on: kept.last_contact_on,
                extended_for: kept.extended.map(|(_, reason)| reason),
                told_at: kept.told_at,
            });
            Ok(Json(Paged { items: items.collect(), page: page.number, size: page.size, total: page.total }))
        })
        .await
}

/// Until when an identity is kept, and why.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExtension {
    until_on: NaiveDate,
    reason: ExtensionReason,
}

/// Keeps the identity of a child of the coordinator longer.
///
/// # Errors
/// When the child is not theirs, or a rule refuses.
#[utoipa::path(
    post, path = "/api/v1/children/{child}/retention-extensions", tag = "privacy", request_body = NewExtension,
    params(
        ("child" = ChildId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key does the same thing once")
    ),
    responses((status = 204, description = "Kept until then"))
)]
pub async fn create_extension(
    app: Data<App>,
    who: As<Coordinator>,
    id: Path<ChildId>,
    posted: Posted<NewExtension>,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("retention.extend {id}"))?;
    let NewExtension { until_on, reason } = posted.value;
    let (caller, clock, vault, terms) =
        (Coordinator::clone(&who), app.clock.clone(), app.vault.clone(), app.config.retention);
    let outcome = app
        .db
        .write_async(move |tx| {
            once::<RetentionExtensionId, _>(tx, &clock, key.as_ref(), |tx| {
                extend::extend(tx, &vault, &clock, terms, &caller, id, (until_on, reason))
            })
        })
        .await?;
    answered(outcome)?;
    Ok(HttpResponse::NoContent().finish())
}
