//! What may be read of amendments, and the figures that they change.

use std::collections::BTreeMap;

use diesel::QueryResult;

pub use super::store::{load, of_convention};
use super::{ContributionFigure, GrantFigure, QuotaFigure, YearFigures, dearest_rate};
use crate::conventions::look_up as conventions;
use crate::conventions::{BudgetYear, Grant, Programme, Rate, Signatory, Terms};
use crate::db::AnyConnection;
use crate::funding_calls::CallState;
use crate::funding_calls::look_up as funding_calls;
use crate::ids::{ConventionId, SignatoryId};
use crate::quotas::Reach;
use crate::quotas::look_up as quotas;

/// The figures of every budget year of a convention, as they stand.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub fn figures(conn: &mut AnyConnection, convention: ConventionId) -> QueryResult<Vec<YearFigures>> {
    conventions::load_convention(conn, convention)?;
    let signatories = conventions::signatories(conn, convention)?;
    let programmes = conventions::programmes(conn, convention)?;
    let grants = conventions::grants(conn, convention)?;
    let (terms, rates) = (conventions::terms(conn, convention)?, conventions::rates(conn, convention)?);
    let years = conventions::budget_years(conn, convention)?;
    // a convention has some three years: a few queries for each
    years.into_iter().map(|year| of_year(conn, year, (&signatories, &programmes, &grants), (&terms, &rates))).collect()
}

fn of_year(
    conn: &mut AnyConnection,
    year: BudgetYear,
    (signatories, programmes, grants): (&[Signatory], &[Programme], &[Grant]),
    (terms, rates): (&[Terms], &[Rate]),
) -> QueryResult<YearFigures> {
    let lines = quotas::lines_of_budget_year(conn, &Reach::Everything, year.id)?;
    let quota = |programme: &Programme| {
        let quota = lines.iter().map(|line| line.quota).find(|quota| quota.programme_id == programme.id)?;
        let (id, allotted, reserved, used) = (quota.id, quota.allotted, quota.reserved, quota.used);
        Some(QuotaFigure { id, programme: programme.clone(), allotted, reserved, used })
    };
    let called: BTreeMap<SignatoryId, String> = funding_calls::of_year(conn, year.id)?
        .into_iter()
        .filter(|call| call.state != CallState::Draft)
        .filter_map(|call| Some((call.signatory, call.number?)))
        .collect();
    let paid = conventions::contributions(conn, year.id)?;
    let contribution = |signatory: &Signatory| {
        let (_, amount) = paid.iter().find(|(payer, _)| *payer == signatory.id)?;
        let called = called.get(&signatory.id).cloned();
        Some(ContributionFigure { signatory: signatory.clone(), amount: *amount, called })
    };
    let granted = conventions::granted(conn, year.id)?;
    let grant = |grant: &Grant| {
        let (_, amount) = granted.iter().find(|(to, _)| *to == grant.id)?;
        Some(GrantFigure { grant: grant.clone(), amount: *amount })
    };
    Ok(YearFigures {
        grants: grants.iter().filter_map(grant).collect(),
        open_until: year.open_until(terms),
        hourly: dearest_rate(rates, &year),
        quotas: programmes.iter().filter_map(quota).collect(),
        contributions: signatories.iter().filter_map(contribution).collect(),
        year,
    })
}
