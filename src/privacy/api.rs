//! Who opened which child's file, for programs.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};

use crate::accounts::guards::As;
use crate::accounts::{Auditor, Coordinator, Role};
use crate::app::App;
use crate::children::look_up;
use crate::error::AppError;
use crate::ids::{AccountId, ChildId};
use crate::privacy::filter_of;
use crate::readings::{self, Filter, Listed, Means, Opened};
use crate::sql_types::Ts;
use crate::web::json::Paged;
use crate::web::{Page, Query};

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

async fn paged(app: &App, filter: Filter, query: Query) -> Result<Json<Paged<ReadingAnswer>>, AppError> {
    app.db
        .read_async(move |conn| {
            let page = Page::from_query(&query, readings::count(conn, &filter)?);
            let listed = readings::search(conn, &filter, page.offset(), page.size)?;
            let items = listed.into_iter().map(ReadingAnswer::from).collect();
            Ok(Json(Paged { items, page: page.number, size: page.size, total: page.total }))
        })
        .await
}

/// Lists who opened which child's file, latest first; for the data-protection officer.
///
/// # Errors
/// When the database fails.
#[utoipa::path(
    get, path = "/api/v1/readings", tag = "privacy",
    params(
        ("person" = Option<String>, Query, description = "Part of the name or address of who read"),
        ("child" = Option<String>, Query, description = "The reference of a child, or the beginning of it"),
        ("from" = Option<chrono::NaiveDate>, Query, description = "The first day"),
        ("until" = Option<chrono::NaiveDate>, Query, description = "The last day"),
        ("page" = Option<i64>, Query, description = "The page, from 1"),
    ),
    responses((status = 200, description = "A page of openings", body = Paged<ReadingAnswer>))
)]
pub async fn list_readings(
    app: Data<App>,
    _who: As<Auditor>,
    request: HttpRequest,
) -> Result<Json<Paged<ReadingAnswer>>, AppError> {
    let query = Query::parse(request.query_string());
    let filter = filter_of(&query, ["person", "child", "from", "until"]);
    paged(&app, filter, query).await
}

/// Lists who opened the file of a child of the caller, latest first.
///
/// # Errors
/// When the child is not theirs, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/children/{child}/readings", tag = "privacy",
    params(
        ("child" = ChildId, Path),
        ("page" = Option<i64>, Query, description = "The page, from 1"),
    ),
    responses((status = 200, description = "A page of openings", body = Paged<ReadingAnswer>))
)]
pub async fn list_readings_of_child(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ChildId>,
) -> Result<Json<Paged<ReadingAnswer>>, AppError> {
    let (id, vault, caller) = (id.into_inner(), app.vault.clone(), Coordinator::clone(&who));
    app.db.read_async::<_, AppError>(move |conn| Ok(look_up::load_for(conn, &vault, &caller, id).map(drop)?)).await?;
    paged(&app, Filter { child: Some(id), ..Filter::default() }, Query::parse(request.query_string())).await
}
