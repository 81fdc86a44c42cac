//! Conventions for programs.

use actix_web::web::{Data, Json};
use chrono::NaiveDate;

use super::{Convention, Stage, look_up};
use crate::accounts::Administrator;
use crate::accounts::guards::As;
use crate::app::App;
use crate::error::AppError;
use crate::ids::ConventionId;

/// A convention that was signed.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ConventionAnswer {
    id: ConventionId,
    /// Its short name.
    slug: String,
    title: String,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    /// Absent when its file did not say.
    signed_on: Option<NaiveDate>,
    stage: Stage,
}

impl ConventionAnswer {
    fn of(convention: Convention, today: NaiveDate) -> Self {
        Self {
            stage: convention.stage(today),
            id: convention.id,
            slug: convention.slug,
            title: convention.title,
            starts_on: convention.period.from,
            ends_on: convention.period.until,
            signed_on: convention.signed_on,
        }
    }
}

/// Lists the conventions, the latest first; there are some few.
///
/// # Errors
/// When the database fails.
#[utoipa::path(
    get, path = "/api/v1/conventions", tag = "conventions",
    responses((status = 200, body = Vec<ConventionAnswer>))
)]
pub async fn list_conventions(
    app: Data<App>,
    _who: As<Administrator>,
) -> Result<Json<Vec<ConventionAnswer>>, AppError> {
    let today = app.clock.today();
    app.db
        .read_async::<_, AppError>(move |conn| {
            let all = look_up::conventions(conn)?;
            Ok(Json(all.into_iter().map(|one| ConventionAnswer::of(one, today)).collect()))
        })
        .await
}
