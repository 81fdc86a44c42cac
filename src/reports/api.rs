//! The yearly report for programs: the same cells as the page, the same ones masked.

use actix_web::web::{Data, Json, Path};
use chrono::NaiveDate;

use super::files::{self, Place};
use super::look_up::{self, chosen};
use super::{Aspect, Figures, FollowUpLength, Observation, Report, Scope};
use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::children::{AgeBand, Gender, ReferralReason, ReferralSource};
use crate::error::AppError;
use crate::hours::Minutes;
use crate::money::Cents;

/// The report of a budget year, as far as the caller reads it.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ReportAnswer {
    convention: String,
    year: String,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    /// The last day whose sessions are counted.
    counted_until: NaiveDate,
    /// Each programme that the caller sees, its neighbourhoods when it has several, then the whole; empty for who reads
    /// accounts only, and when so few children were followed that nothing of them is shown.
    places: Vec<PlaceAnswer>,
    /// Those of the signatories that the caller sees, then of all.
    contributions: Vec<ContributionAnswer>,
    /// Sessions, the share kept for training, then the whole budget.
    spending: Vec<SpendingAnswer>,
}

/// The counts of a place.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ReportedPlaceAnswer)]
pub struct PlaceAnswer {
    place: String,
    cells: Vec<CellAnswer>,
}

/// The children of a place under an aspect. What is masked has no figure: it is under five, or would give such a one away.
#[derive(Debug, Default, serde::Serialize, utoipa::ToSchema)]
pub struct CellAnswer {
    /// On the day of the first session of the year.
    age: Option<AgeBand>,
    gender: Option<Gender>,
    /// The length of the follow-up.
    length: Option<FollowUpLength>,
    /// Of the referral of the last session of the year.
    source: Option<ReferralSource>,
    reason: Option<ReferralReason>,
    is_masked: bool,
    children: Option<i64>,
    /// This and what follows are absent for an age and a gender together too.
    held_sessions: Option<i64>,
    excused_absences: Option<i64>,
    unexcused_absences: Option<i64>,
    /// Taken on the quotas.
    minutes: Option<Minutes>,
    /// Without tax.
    cost_cents: Option<Cents>,
}

impl CellAnswer {
    fn of((aspect, figures): (Aspect, Option<Figures>)) -> Self {
        let cell = match aspect {
            Aspect::All => Self::default(),
            Aspect::Age(age) => Self { age: Some(age), ..Self::default() },
            Aspect::Gender(gender) => Self { gender: Some(gender), ..Self::default() },
            Aspect::AgeAndGender(age, gender) => Self { age: Some(age), gender: Some(gender), ..Self::default() },
            Aspect::Length(length) => Self { length: Some(length), ..Self::default() },
            Aspect::Source(source) => Self { source: Some(source), ..Self::default() },
            Aspect::Reason(reason) => Self { reason: Some(reason), ..Self::default() },
        };
        let measures = figures.map(|figures| figures.measures).filter(|_| !matches!(aspect, Aspect::AgeAndGender(..)));
        Self {
            is_masked: figures.is_none(),
            children: figures.map(|figures| figures.children),
            held_sessions: measures.map(|measures| measures.held),
            excused_absences: measures.map(|measures| measures.excused),
            unexcused_absences: measures.map(|measures| measures.unexcused),
            minutes: measures.map(|measures| measures.time),
            cost_cents: measures.map(|measures| measures.cost),
            ..cell
        }
    }
}

/// What a signatory contributes, against what was called and received.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ContributionAnswer {
    /// Absent for all together.
    signatory: Option<String>,
    contribution_cents: Cents,
    called_cents: Cents,
    received_cents: Cents,
}

/// Euros without tax. What is paid is a part of what is invoiced.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct SpendingAnswer {
    /// `sessions`, `fixed_share` or `whole`.
    of: &'static str,
    budgeted_cents: Cents,
    committed_cents: Cents,
    invoiced_cents: Cents,
    paid_cents: Cents,
}

impl From<Report> for ReportAnswer {
    fn from(report: Report) -> Self {
        let place = |place: Place<'_>| PlaceAnswer {
            cells: place.counts.iter().map(CellAnswer::of).collect(),
            place: place.title,
        };
        let all = report.contributions.len();
        let contribution =
            |(at, (name, [owed, called, received, _])): (usize, (String, [Cents; 4]))| ContributionAnswer {
                signatory: (at < all).then_some(name),
                contribution_cents: owed,
                called_cents: called,
                received_cents: received,
            };
        let spent = [("sessions", report.sessions), ("fixed_share", report.fixed_share), ("whole", report.spent)];
        let spending = spent.map(|(of, money)| SpendingAnswer {
            of,
            budgeted_cents: money.budgeted,
            committed_cents: money.committed,
            invoiced_cents: money.invoiced,
            paid_cents: money.paid,
        });
        Self {
            starts_on: report.year.period.from,
            ends_on: report.year.period.until,
            counted_until: report.until,
            places: match report.observation {
                Observation::Shown { .. } => files::places(&report).into_iter().map(place).collect(),
                Observation::NotTheirs | Observation::TooFew => Vec::new(),
            },
            contributions: files::contributions(&report).into_iter().enumerate().map(contribution).collect(),
            spending: spending.into(),
            year: report.year.label,
            convention: report.convention,
        }
    }
}

/// The report of a budget year, with counts under five masked.
///
/// # Errors
/// When the caller's roles read no report, there is no such budget year for them, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/reports/{year}", tag = "reports",
    params(("year" = String, Path, description = "The name of the budget year, such as `2026`, or its identifier")),
    responses((status = 200, description = "The report", body = ReportAnswer))
)]
pub async fn show_report(app: Data<App>, who: SignedIn, year: Path<String>) -> Result<Json<ReportAnswer>, AppError> {
    let scope = Scope::of(&who).ok_or(AppError::Forbidden("Administration"))?;
    let (today, vault) = (app.clock.today(), app.vault.clone());
    app.db
        .read_async::<_, AppError>(move |conn| {
            let years = look_up::years(conn, &scope.reach())?;
            let of = chosen(&years, Some(&year), today).ok_or(AppError::NotFound)?;
            Ok(Json(look_up::report(conn, &vault, &scope, &of, today)?.into()))
        })
        .await
}
