//! The tables of amendments: rows are added, and never change.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{Amendment, Figure, Line, LineKind, Proposal};
use crate::clock::Clock;
use crate::db::{AnyConnection, Tx};
use crate::hours::Minutes;
use crate::ids::{AccountId, AmendmentId, BudgetYearId, ConventionId, GrantId, ProgrammeId, SignatoryId};
use crate::money::Cents;
use crate::schema::{
    accounts, amendment_lines, amendments, budget_lines, budget_years, grants, programmes, signatories,
};

/// Enters an amendment.
pub fn insert(
    tx: &mut Tx<'_>,
    clock: &Clock,
    by: AccountId,
    (convention, number): (ConventionId, i32),
    proposal: &Proposal,
) -> QueryResult<AmendmentId> {
    let id = AmendmentId::new();
    diesel::insert_into(amendments::table)
        .values((
            amendments::id.eq(id),
            amendments::convention_id.eq(convention),
            amendments::number.eq(number),
            amendments::signed_on.eq(proposal.signed_on),
            amendments::reason.eq(proposal.reason.trim()),
            amendments::entered_by.eq(by),
            amendments::entered_at.eq(clock.now()),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Enters what it changes.
pub fn insert_lines(tx: &mut Tx<'_>, amendment: AmendmentId, lines: &[Line]) -> QueryResult<()> {
    for (position, line) in (1..).zip(lines) {
        let minutes = |figure| if let Figure::Minutes(time) = figure { Some(time) } else { None };
        let cents = |figure| if let Figure::Cents(amount) = figure { amount } else { None };
        let on = |figure| if let Figure::Day(day) = figure { day } else { None };
        diesel::insert_into(amendment_lines::table)
            .values((
                amendment_lines::amendment_id.eq(amendment),
                amendment_lines::position.eq(position),
                amendment_lines::budget_year_id.eq(line.budget_year),
                amendment_lines::kind.eq(line.kind),
                amendment_lines::programme_id.eq(line.programme),
                amendment_lines::signatory_id.eq(line.signatory),
                amendment_lines::grant_id.eq(line.grant),
                (
                    amendment_lines::before_minutes.eq(minutes(line.before)),
                    amendment_lines::after_minutes.eq(minutes(line.after)),
                ),
                (
                    amendment_lines::before_cents.eq(cents(line.before)),
                    amendment_lines::after_cents.eq(cents(line.after)),
                ),
                (amendment_lines::before_on.eq(on(line.before)), amendment_lines::after_on.eq(on(line.after))),
            ))
            .execute(&mut **tx)?;
    }
    Ok(())
}

type Sides<T> = (Option<T>, Option<T>);
type LineRow = (
    AmendmentId,
    (LineKind, BudgetYearId, String),
    (Option<ProgrammeId>, Option<String>),
    (Option<SignatoryId>, Option<String>),
    (Option<GrantId>, Option<String>),
    (Sides<Minutes>, Sides<Cents>, Sides<NaiveDate>),
);

fn line((_, (kind, budget_year, year), programme, signatory, grant, (minutes, cents, on)): LineRow) -> Line {
    let figure = |minutes: Option<Minutes>, cents, on| match kind {
        LineKind::Quota => Figure::Minutes(minutes.unwrap_or_default()),
        LineKind::CallBy => Figure::Day(on),
        LineKind::Contribution | LineKind::Budget | LineKind::FixedShare | LineKind::Ceiling | LineKind::Grant => {
            Figure::Cents(cents)
        }
    };
    Line {
        kind,
        budget_year,
        year,
        programme: programme.0,
        signatory: signatory.0,
        grant: grant.0,
        name: programme.1.or(signatory.1).or(grant.1),
        before: figure(minutes.0, cents.0, on.0),
        after: figure(minutes.1, cents.1, on.1),
    }
}

/// The lines of amendments, in their order.
fn lines(conn: &mut AnyConnection, of: &[AmendmentId]) -> QueryResult<BTreeMap<AmendmentId, Vec<Line>>> {
    let rows: Vec<LineRow> = amendment_lines::table
        .inner_join(budget_years::table)
        .left_join(programmes::table)
        .left_join(signatories::table)
        .left_join(grants::table)
        .filter(amendment_lines::amendment_id.eq_any(of))
        .select((
            amendment_lines::amendment_id,
            (amendment_lines::kind, amendment_lines::budget_year_id, budget_years::label),
            (amendment_lines::programme_id, programmes::name.nullable()),
            (amendment_lines::signatory_id, signatories::name.nullable()),
            (amendment_lines::grant_id, grants::name.nullable()),
            (
                (amendment_lines::before_minutes, amendment_lines::after_minutes),
                (amendment_lines::before_cents, amendment_lines::after_cents),
                (amendment_lines::before_on, amendment_lines::after_on),
            ),
        ))
        .order((amendment_lines::amendment_id, amendment_lines::position))
        .load(conn)?;
    let mut by_amendment: BTreeMap<AmendmentId, Vec<Line>> = BTreeMap::new();
    for row in rows {
        by_amendment.entry(row.0).or_default().push(line(row));
    }
    Ok(by_amendment)
}

type Row = (AmendmentId, i32, NaiveDate, String, String);

fn with_lines(conn: &mut AnyConnection, rows: Vec<Row>) -> QueryResult<Vec<Amendment>> {
    let ids: Vec<AmendmentId> = rows.iter().map(|row| row.0).collect();
    let mut lines = lines(conn, &ids)?;
    let read = |(id, number, signed_on, reason, by): Row| {
        let lines = lines.remove(&id).unwrap_or_default();
        Amendment { id, number, signed_on, reason, by, lines }
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The amendments of a convention, in order.
///
/// # Errors
/// When the database fails.
pub fn of_convention(conn: &mut AnyConnection, convention: ConventionId) -> QueryResult<Vec<Amendment>> {
    let rows: Vec<Row> = amendments::table
        .inner_join(accounts::table)
        .filter(amendments::convention_id.eq(convention))
        .select((amendments::id, amendments::number, amendments::signed_on, amendments::reason, accounts::display_name))
        .order(amendments::number)
        .load(conn)?;
    with_lines(conn, rows)
}

/// An amendment, and its convention.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load(conn: &mut AnyConnection, id: AmendmentId) -> QueryResult<(Amendment, ConventionId)> {
    let (row, convention): (Row, ConventionId) = amendments::table
        .inner_join(accounts::table)
        .filter(amendments::id.eq(id))
        .select((
            (amendments::id, amendments::number, amendments::signed_on, amendments::reason, accounts::display_name),
            amendments::convention_id,
        ))
        .first(conn)?;
    let amendment = with_lines(conn, vec![row])?.pop().ok_or(diesel::result::Error::NotFound)?;
    Ok((amendment, convention))
}

/// What the budget lines of services take of the fixed share of a budget year.
///
/// # Errors
/// When the database fails.
pub fn lines_of_services(conn: &mut AnyConnection, year: BudgetYearId) -> QueryResult<Cents> {
    let allotted: Vec<Cents> = budget_lines::table
        .filter(budget_lines::budget_year_id.eq(year))
        .select(budget_lines::allotted_cents)
        .load(conn)?;
    Ok(allotted.into_iter().sum())
}
