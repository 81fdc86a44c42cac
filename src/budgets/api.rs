//! Budget years for programs.

use actix_web::web::{Data, Json, Query};
use chrono::NaiveDate;

use super::look_up::{self, ProgrammeYear, ServiceYear, YearSeen};
use super::{Money, Outlook, WeekUse};
use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::conventions::ServiceType;
use crate::error::AppError;
use crate::hours::Minutes;
use crate::ids::{BudgetYearId, ProgrammeId};
use crate::money::Cents;
use crate::quotas::Reach;
use crate::services::BudgetLine;

/// Which budget years are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BudgetsOf {
    /// The name of the budget year, such as `2026`; those that hold today when absent.
    year: Option<String>,
}

/// A budget year of a convention, as far as the caller sees it.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct BudgetAnswer {
    id: BudgetYearId,
    convention: String,
    year: String,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    programmes: Vec<ProgrammeBudgetAnswer>,
    /// The programmes together, week after week.
    weeks: Vec<WeekAnswer>,
    outlook: OutlookAnswer,
    /// The whole convention; absent for who sees a part of it.
    whole: Option<MoneyAnswer>,
    /// Training and practice analysis; absent for who sees a part of the convention.
    fixed_share: Option<MoneyAnswer>,
    /// Practice analysis and training, against their lines; euros are with tax. A provider reads the hours of the
    /// lines that they work on, common to all, and their own euros.
    services: Vec<ServiceBudgetAnswer>,
    /// The grants that the budget is made of, when the convention names some; for who sees the whole of it.
    grants: Vec<GrantAnswer>,
}

/// A grant of a budget year.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct GrantAnswer {
    name: String,
    amount_cents: Cents,
}

/// A type of service in a budget year.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ServiceBudgetAnswer {
    service: ServiceType,
    allotted_minutes: Minutes,
    reserved_minutes: Minutes,
    used_minutes: Minutes,
    money: MoneyAnswer,
}

impl ServiceBudgetAnswer {
    fn of(one: &ServiceYear, sees_lines: bool) -> Self {
        let time =
            |part: fn(&BudgetLine) -> Minutes| one.line.as_ref().filter(|_| sees_lines).map_or(Minutes::ZERO, part);
        Self {
            service: one.kind,
            allotted_minutes: time(|line| line.allotted.time),
            reserved_minutes: time(|line| line.reserved.time),
            used_minutes: time(|line| line.used.time),
            money: one.money.into(),
        }
    }
}

/// A programme in a budget year.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ProgrammeBudgetAnswer {
    programme_id: ProgrammeId,
    programme: String,
    allotted_minutes: Minutes,
    reserved_minutes: Minutes,
    used_minutes: Minutes,
    remaining_minutes: Minutes,
    outlook: OutlookAnswer,
    money: MoneyAnswer,
}

/// What the sessions of a week hold.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct WeekAnswer {
    monday: NaiveDate,
    /// Whether it is one of school holidays.
    is_off: bool,
    used_minutes: Minutes,
    reserved_minutes: Minutes,
}

/// What the pace leads to: `not_now`, `nothing_allotted`, `too_early`, `exhausted`, `lasts` or `runs_out`.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct OutlookAnswer {
    kind: &'static str,
    /// The mean of the last eight whole weeks with sessions.
    minutes_a_week: Option<Minutes>,
    /// The Monday of the week in which the hours run out.
    runs_out_on: Option<NaiveDate>,
    /// What would be missing at the end of the year.
    missing_minutes: Option<Minutes>,
    /// What would be left at the end of the year.
    left_minutes: Option<Minutes>,
}

/// Euros, in cents and without tax. A psychologist reads their own part, for which nothing is budgeted.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct MoneyAnswer {
    budgeted_cents: Cents,
    /// Booked, recorded, or approved and not yet invoiced.
    committed_cents: Cents,
    invoiced_cents: Cents,
    /// A part of what is invoiced.
    paid_cents: Cents,
}

impl From<Money> for MoneyAnswer {
    fn from(money: Money) -> Self {
        Self {
            budgeted_cents: money.budgeted,
            committed_cents: money.committed,
            invoiced_cents: money.invoiced,
            paid_cents: money.paid,
        }
    }
}

impl From<Outlook> for OutlookAnswer {
    fn from(outlook: Outlook) -> Self {
        let (kind, runs_out_on, missing_minutes, left_minutes) = match outlook {
            Outlook::NotNow => ("not_now", None, None, None),
            Outlook::Nothing => ("nothing_allotted", None, None, None),
            Outlook::TooEarly => ("too_early", None, None, None),
            Outlook::Exhausted => ("exhausted", None, None, None),
            Outlook::Lasts { left, .. } => ("lasts", None, None, Some(left)),
            Outlook::RunsOut { week, missing, .. } => ("runs_out", Some(week), Some(missing), None),
        };
        let minutes_a_week = outlook.pace().map(super::Pace::a_week);
        Self { kind, minutes_a_week, runs_out_on, missing_minutes, left_minutes }
    }
}

impl From<&ProgrammeYear> for ProgrammeBudgetAnswer {
    fn from(one: &ProgrammeYear) -> Self {
        Self {
            programme_id: one.programme,
            programme: one.name.clone(),
            allotted_minutes: one.quota.allotted,
            reserved_minutes: one.quota.reserved,
            used_minutes: one.quota.used,
            remaining_minutes: one.quota.remaining(),
            outlook: one.outlook.into(),
            money: one.money.into(),
        }
    }
}

impl From<&WeekUse> for WeekAnswer {
    fn from(week: &WeekUse) -> Self {
        Self { monday: week.monday, is_off: week.is_off, used_minutes: week.used, reserved_minutes: week.reserved }
    }
}

impl From<YearSeen> for BudgetAnswer {
    fn from(seen: YearSeen) -> Self {
        let sees_lines = seen.is_whole || seen.is_own;
        Self {
            programmes: seen.programmes.iter().map(ProgrammeBudgetAnswer::from).collect(),
            weeks: seen.weeks.iter().map(WeekAnswer::from).collect(),
            outlook: seen.outlook.into(),
            whole: seen.is_whole.then(|| seen.whole_money().into()),
            fixed_share: seen.is_whole.then(|| seen.fixed_share.into()),
            services: seen.services.iter().map(|one| ServiceBudgetAnswer::of(one, sees_lines)).collect(),
            grants: seen.grants.into_iter().map(|(name, amount_cents)| GrantAnswer { name, amount_cents }).collect(),
            id: seen.of.year.id,
            convention: seen.of.title,
            year: seen.of.year.label,
            starts_on: seen.of.year.period.from,
            ends_on: seen.of.year.period.until,
        }
    }
}

/// The budget years that the caller sees: hours, pace and euros.
///
/// # Errors
/// When the caller's roles see none, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/budgets", tag = "budgets", params(BudgetsOf),
    responses((status = 200, body = Vec<BudgetAnswer>))
)]
pub async fn list_budgets(
    app: Data<App>,
    who: SignedIn,
    asked: Query<BudgetsOf>,
) -> Result<Json<Vec<BudgetAnswer>>, AppError> {
    let reach = Reach::of(&who).ok_or(AppError::Forbidden("Administration"))?;
    let today = app.clock.today();
    let label = asked.into_inner().year;
    app.db
        .read_async(move |conn| {
            let mut years = look_up::years(conn, &reach)?;
            years.retain(|of| match &label {
                Some(label) => of.year.label == *label,
                None => of.year.period.contains(today),
            });
            // a year has few conventions: one at most for each programme
            let seen = years.into_iter().map(|of| look_up::year(conn, &reach, of, today));
            Ok(Json(seen.map(|seen| seen.map(BudgetAnswer::from)).collect::<diesel::QueryResult<Vec<_>>>()?))
        })
        .await
}
