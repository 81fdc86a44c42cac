//! Signs an amendment: it takes its number, and the convention's figures change in the same transaction.

use chrono::NaiveDate;
use serde_json::json;

use super::{AmendmentRefusal, Faults, LONGEST_REASON, Line, Proposal, YearFigures, faults, lines, look_up, store};
use crate::accounts::Administrator;
use crate::clock::Clock;
use crate::conventions::amend;
use crate::conventions::look_up as conventions;
use crate::db::{AnyConnection, Tx};
use crate::failure::{Failure, refuse};
use crate::ids::{AmendmentId, ConventionId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::quotas::ledger;

/// What an amendment would do, and what forbids it.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The number that it would take.
    pub number: i32,
    /// The budget years that it touches, before and after.
    pub years: Vec<(YearFigures, YearFigures)>,
    /// What it changes.
    pub lines: Vec<Line>,
    /// What forbids it; it may be signed when nothing does.
    pub faults: Vec<AmendmentRefusal>,
}

/// Prepares an amendment without signing it: the figures before and after, and every fault.
///
/// # Errors
/// When the convention, or something that it names, does not exist, or when the database fails.
pub fn prepare(
    conn: &mut AnyConnection,
    today: NaiveDate,
    convention: ConventionId,
    proposal: &Proposal,
) -> Result<Prepared, Failure<Faults>> {
    let last = conventions::last_amendment(conn, convention)?;
    let mut prepared = weigh(conn, today, convention, last + 1, proposal)?;
    if proposal.seen.is_some_and(|seen| seen != last) {
        prepared.faults.insert(0, AmendmentRefusal::ChangedMeanwhile(last));
    }
    Ok(prepared)
}

fn weigh(
    conn: &mut AnyConnection,
    today: NaiveDate,
    convention: ConventionId,
    number: i32,
    proposal: &Proposal,
) -> Result<Prepared, Failure<Faults>> {
    let before = look_up::figures(conn, convention)?;
    let mut after = before.clone();
    for change in &proposal.changes {
        let year = after.iter_mut().find(|figures| figures.year.id == change.budget_year()).ok_or(Failure::NotFound)?;
        if !year.apply(change) {
            return Err(Failure::NotFound);
        }
    }
    let years: Vec<(YearFigures, YearFigures)> =
        before.into_iter().zip(after).filter(|(before, after)| before != after).collect();
    let lines: Vec<Line> = years.iter().flat_map(|(before, after)| lines(before, after)).collect();
    let mut found = heading_faults(conn, today, convention, proposal)?;
    if lines.is_empty() {
        found.push(AmendmentRefusal::NoChange);
    }
    found.extend(years.iter().flat_map(|(before, after)| faults(before, after, today)));
    Ok(Prepared { number, years, lines, faults: found })
}

/// What is wrong with the date or the reason.
fn heading_faults(
    conn: &mut AnyConnection,
    today: NaiveDate,
    convention: ConventionId,
    proposal: &Proposal,
) -> diesel::QueryResult<Vec<AmendmentRefusal>> {
    let mut found = Vec::new();
    match proposal.reason.trim().chars().count() {
        0 => found.push(AmendmentRefusal::NoReason),
        length if length > LONGEST_REASON => found.push(AmendmentRefusal::LongReason(length)),
        _ => {}
    }
    if proposal.signed_on > today {
        found.push(AmendmentRefusal::InTheFuture(proposal.signed_on));
    }
    if let Some(last) =
        conventions::amendments(conn, convention)?.pop().filter(|last| proposal.signed_on < last.signed_on)
    {
        found.push(AmendmentRefusal::BeforeTheLast { number: last.number, on: last.signed_on });
    }
    Ok(found)
}

/// Signs an amendment. What is signed is never undone: another amendment changes it again.
///
/// # Errors
/// As [`Faults`] says, when the convention, or something that the amendment names, does not exist, or when the database
/// fails; the number is given back then.
pub fn sign(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    convention: ConventionId,
    proposal: &Proposal,
) -> Result<AmendmentId, Failure<Faults>> {
    let number = take_number(tx, convention, proposal.seen)?;
    conclude(tx, clock, who, (convention, number), proposal)
}

/// Takes the next number; from then on nobody else amends this convention before the transaction ends.
pub(super) fn take_number(
    tx: &mut Tx<'_>,
    convention: ConventionId,
    seen: Option<i32>,
) -> Result<i32, Failure<Faults>> {
    match amend::take_number(tx, convention, seen)? {
        Some(number) => Ok(number),
        None => refuse(AmendmentRefusal::ChangedMeanwhile(conventions::last_amendment(tx, convention)?).into()),
    }
}

/// Weighs an amendment that has its number, and writes it.
pub(super) fn conclude(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    (convention, number): (ConventionId, i32),
    proposal: &Proposal,
) -> Result<AmendmentId, Failure<Faults>> {
    let prepared = weigh(tx, clock.today(), convention, number, proposal)?;
    if !prepared.faults.is_empty() {
        return refuse(Faults(prepared.faults));
    }
    let id = store::insert(tx, clock, who.account, (convention, number), proposal)?;
    store::insert_lines(tx, id, &prepared.lines)?;
    for (before, after) in &prepared.years {
        change_figures(tx, before, after)?;
    }
    let told = |side: fn(&Line) -> super::Figure| -> Vec<serde_json::Value> {
        let fact = |line: &Line| json!({ "what": line.what(), "year": line.year, "figure": side(line) });
        prepared.lines.iter().map(fact).collect()
    };
    let entry = Entry {
        chain: Chain::Convention(convention),
        actor: Actor::Account(who.account),
        action: "amendment.signed",
        subject: "amendment",
        subject_id: id.0,
        before: Some(json!(told(|line| line.before))),
        after: Some(json!({
            "number": number, "signed_on": proposal.signed_on, "reason": proposal.reason.trim(),
            "lines": told(|line| line.after),
        })),
    };
    journal::write(tx, clock, entry)?;
    Ok(id)
}

/// Writes what differs. A quota gives way only when what is held at this very instant fits in it.
fn change_figures(tx: &mut Tx<'_>, before: &YearFigures, after: &YearFigures) -> Result<(), Failure<Faults>> {
    for (old, new) in before.quotas.iter().zip(&after.quotas).filter(|(old, new)| old.allotted != new.allotted) {
        if let Err(now) = ledger::allot(tx, old.id, old.allotted, new.allotted)? {
            return refuse(
                AmendmentRefusal::UnderHeld {
                    budget_year: before.year.id,
                    programme: old.programme.id,
                    name: old.programme.name.clone(),
                    year: before.year.label.clone(),
                    to: new.allotted,
                    reserved: now.reserved,
                    used: now.used,
                }
                .into(),
            );
        }
    }
    for (old, new) in
        before.contributions.iter().zip(&after.contributions).filter(|(old, new)| old.amount != new.amount)
    {
        amend::set_contribution(tx, before.year.id, old.signatory.id, new.amount)?;
    }
    for (old, new) in before.grants.iter().zip(&after.grants).filter(|(old, new)| old.amount != new.amount) {
        amend::set_grant(tx, before.year.id, old.grant.id, new.amount)?;
    }
    if before.year != after.year {
        amend::set_budget_year(tx, &after.year)?;
        let (to, lines) = (after.year.fixed_share, store::lines_of_services(tx, after.year.id)?);
        if to < before.year.fixed_share && to < lines {
            let (budget_year, year) = (after.year.id, after.year.label.clone());
            return refuse(AmendmentRefusal::UnderLines { budget_year, year, to, lines }.into());
        }
    }
    Ok(())
}
