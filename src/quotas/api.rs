//! Quotas for programs.

use actix_web::web::{Data, Json, Query};

use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::error::AppError;
use crate::hours::Minutes;
use crate::ids::{ProgrammeId, QuotaId};
use crate::quotas::Reach;
use crate::quotas::look_up::{self, QuotaLine};

/// Which quotas are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuotasOf {
    /// The name of the budget year, such as `2026`; today's when absent.
    year: Option<String>,
}

/// A programme's quota for a budget year, in minutes.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct QuotaAnswer {
    id: QuotaId,
    programme_id: ProgrammeId,
    programme: String,
    year: String,
    /// Fixed beforehand.
    allotted_minutes: Minutes,
    /// Held by sessions booked or recorded.
    reserved_minutes: Minutes,
    /// Held by sessions approved or invoiced.
    used_minutes: Minutes,
    /// Left for new sessions.
    remaining_minutes: Minutes,
}

impl From<QuotaLine> for QuotaAnswer {
    fn from(line: QuotaLine) -> Self {
        Self {
            id: line.quota.id,
            programme_id: line.quota.programme_id,
            programme: line.programme,
            year: line.year,
            allotted_minutes: line.quota.allotted,
            reserved_minutes: line.quota.reserved,
            used_minutes: line.quota.used,
            remaining_minutes: line.quota.remaining(),
        }
    }
}

/// The quotas that the caller sees.
///
/// # Errors
/// When the caller's roles see none, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/quotas", tag = "quotas", params(QuotasOf),
    responses((status = 200, body = Vec<QuotaAnswer>))
)]
pub async fn list_quotas(
    app: Data<App>,
    who: SignedIn,
    asked: Query<QuotasOf>,
) -> Result<Json<Vec<QuotaAnswer>>, AppError> {
    let reach = Reach::of(&who).ok_or(AppError::Forbidden("Administration"))?;
    let today = app.clock.today();
    let year = asked.into_inner().year;
    app.db
        .read_async(move |conn| {
            let lines = match &year {
                Some(label) => look_up::lines_of_year(conn, &reach, label)?,
                None => look_up::lines_on(conn, &reach, today)?,
            };
            Ok(Json(lines.into_iter().map(QuotaAnswer::from).collect()))
        })
        .await
}
