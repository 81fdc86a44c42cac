//! The parts that a budget may have: named grants, and the lines of services that are not a child's session.

use diesel::prelude::*;

use crate::conventions::{Grant, ServiceType};
use crate::db::{AnyConnection, Tx};
use crate::hours::Minutes;
use crate::ids::{BudgetLineId, BudgetYearId, ConventionId, GrantId};
use crate::money::Cents;
use crate::schema::{budget_lines, grants, year_grants};

/// The grants that a convention names, in the order of its file.
///
/// # Errors
/// When the database fails.
pub fn grants(conn: &mut AnyConnection, convention: ConventionId) -> QueryResult<Vec<Grant>> {
    let rows: Vec<(GrantId, String, String)> = grants::table
        .filter(grants::convention_id.eq(convention))
        .select((grants::id, grants::code, grants::name))
        .order(grants::id)
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, code, name)| Grant { id, code, name }).collect())
}

/// What a budget year gives to each grant.
///
/// # Errors
/// When the database fails.
pub fn granted(conn: &mut AnyConnection, year: BudgetYearId) -> QueryResult<Vec<(GrantId, Cents)>> {
    year_grants::table
        .filter(year_grants::budget_year_id.eq(year))
        .select((year_grants::grant_id, year_grants::amount_cents))
        .order(year_grants::grant_id)
        .load(conn)
}

/// The grants of a budget year by name, in the order of the convention's file.
///
/// # Errors
/// When the database fails.
pub fn named_grants(conn: &mut AnyConnection, year: BudgetYearId) -> QueryResult<Vec<(String, Cents)>> {
    year_grants::table
        .inner_join(grants::table)
        .filter(year_grants::budget_year_id.eq(year))
        .select((grants::name, year_grants::amount_cents))
        .order(grants::id)
        .load(conn)
}

/// Enters a grant.
///
/// # Errors
/// When the database fails.
pub fn insert_grant(tx: &mut Tx<'_>, convention: ConventionId, new: &Grant) -> QueryResult<()> {
    diesel::insert_into(grants::table)
        .values((
            grants::id.eq(new.id),
            grants::convention_id.eq(convention),
            grants::code.eq(&new.code),
            grants::name.eq(&new.name),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Enters what a budget year gives to a grant.
///
/// # Errors
/// When the database fails.
pub fn insert_year_grant(tx: &mut Tx<'_>, year: BudgetYearId, grant: GrantId, amount: Cents) -> QueryResult<()> {
    diesel::insert_into(year_grants::table)
        .values((
            year_grants::budget_year_id.eq(year),
            year_grants::grant_id.eq(grant),
            year_grants::amount_cents.eq(amount),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Changes what a budget year gives to a grant; says how many rows changed.
///
/// # Errors
/// When the database fails.
pub fn update_year_grant(tx: &mut Tx<'_>, year: BudgetYearId, grant: GrantId, amount: Cents) -> QueryResult<usize> {
    diesel::update(year_grants::table.find((year, grant))).set(year_grants::amount_cents.eq(amount)).execute(&mut **tx)
}

/// What a budget year keeps for each type of service: hours, and euros with tax.
///
/// # Errors
/// When the database fails.
pub fn service_lines(conn: &mut AnyConnection, year: BudgetYearId) -> QueryResult<Vec<(ServiceType, Minutes, Cents)>> {
    budget_lines::table
        .filter(budget_lines::budget_year_id.eq(year))
        .select((budget_lines::service_type, budget_lines::allotted_minutes, budget_lines::allotted_cents))
        .order(budget_lines::service_type)
        .load(conn)
}

/// Enters a line of services that a convention brings; nothing of it is held yet.
///
/// # Errors
/// When the database fails.
pub fn insert_service_line(
    tx: &mut Tx<'_>,
    year: BudgetYearId,
    service: ServiceType,
    (time, cost): (Minutes, Cents),
) -> QueryResult<()> {
    diesel::insert_into(budget_lines::table)
        .values((
            budget_lines::id.eq(BudgetLineId::new()),
            budget_lines::budget_year_id.eq(year),
            budget_lines::service_type.eq(service),
            (budget_lines::allotted_minutes.eq(time), budget_lines::allotted_cents.eq(cost)),
            (budget_lines::reserved_minutes.eq(Minutes::ZERO), budget_lines::used_minutes.eq(Minutes::ZERO)),
            (budget_lines::reserved_cents.eq(Cents::ZERO), budget_lines::used_cents.eq(Cents::ZERO)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}
