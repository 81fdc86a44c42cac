//! The report of a budget year, read at once and masked whole; each reader is then given their part of it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::QueryResult;

use super::store::{self, CountedSession};
use super::tables::{self, Neighbourhoods};
use super::{Contribution, FollowUpLength, Followed, Measures, Observation, ProgrammeReport, Report, Scope};
use crate::budgets::look_up::{self as budgets, YearOf};
use crate::children::observe::{self, Observed};
use crate::conventions::{Neighbourhood, Programme, Rate, look_up as conventions, rate_in_force};
use crate::db::AnyConnection;
use crate::funding_calls::{CallState, look_up as funding_calls};
use crate::ids::{ChildId, NeighbourhoodId};
use crate::money::Cents;
use crate::quotas::Reach;
use crate::sessions::Attendance;
use crate::vault::Vault;

pub use crate::budgets::look_up::{present, years};

/// The budget year among some that a name or an identifier says; the one to show first when nothing is said.
pub fn chosen(years: &[YearOf], said: Option<&str>, today: NaiveDate) -> Option<YearOf> {
    let of = match said {
        Some(said) => years.iter().find(|of| of.year.label == said || of.year.id.to_string() == said),
        None => present(years, today).and_then(|id| years.iter().find(|of| of.year.id == id)),
    };
    of.cloned()
}

/// The report of a budget year as it stands on a day, as far as somebody reads it.
///
/// # Errors
/// When a birth date does not open, or the database fails.
pub fn report(
    conn: &mut AnyConnection,
    vault: &Vault,
    scope: &Scope,
    of: &YearOf,
    today: NaiveDate,
) -> QueryResult<Report> {
    let spent = budgets::year(conn, &Reach::Everything, of.clone(), today)?;
    let contributions = contributions(conn, of)?;
    let sum = |part: fn(&Contribution) -> Cents| contributions.iter().map(part).sum();
    let until = today.min(of.year.period.until);
    let programmes = conventions::programmes(conn, of.convention)?;
    let report = Report {
        convention: of.title.clone(),
        author: conventions::buyer(conn, of.convention)?.name,
        year: of.year.clone(),
        until,
        run_by: programmes.iter().map(|programme| (programme.id, programme.signatory)).collect(),
        observation: observation(conn, vault, of, until, programmes)?,
        contributed: (sum(|one| one.owed), sum(|one| one.called), sum(|one| one.received)),
        contributions,
        sessions: spent.programmes_money(),
        fixed_share: spent.fixed_share,
        spent: spent.whole_money(),
    };
    Ok(report.seen_by(scope))
}

fn contributions(conn: &mut AnyConnection, of: &YearOf) -> QueryResult<Vec<Contribution>> {
    let owed = conventions::contributions(conn, of.year.id)?;
    let calls = funding_calls::of_year(conn, of.year.id)?;
    let signatories = conventions::signatories(conn, of.convention)?;
    let line = |signatory: crate::conventions::Signatory| {
        let call = calls.iter().find(|call| call.signatory == signatory.id && call.state != CallState::Draft);
        Contribution {
            owed: owed.iter().find(|(id, _)| *id == signatory.id).map_or(Cents::ZERO, |(_, amount)| *amount),
            called: call.map_or(Cents::ZERO, |call| call.amount),
            received: call.map_or(Cents::ZERO, |call| call.received),
            signatory: signatory.id,
            name: signatory.name,
        }
    };
    Ok(signatories.into_iter().map(line).collect())
}

fn observation(
    conn: &mut AnyConnection,
    vault: &Vault,
    of: &YearOf,
    until: NaiveDate,
    programmes: Vec<Programme>,
) -> QueryResult<Observation> {
    let ids: Vec<_> = programmes.iter().map(|programme| programme.id).collect();
    let neighbourhoods = conventions::neighbourhoods(conn, &ids)?;
    let followed = followed(conn, vault, of, until, &neighbourhoods)?;
    let theirs = |programme: &Programme| {
        let own = neighbourhoods.iter().enumerate().filter(|(_, one)| one.programme == programme.id);
        own.map(|(at, _)| at).collect::<Neighbourhoods>()
    };
    let places: Vec<Neighbourhoods> = programmes.iter().map(theirs).collect();
    let Some(tables) = tables::publish(&places, &followed) else { return Ok(Observation::TooFew) };
    let line = |((programme, places), (counts, within)): ((Programme, &Neighbourhoods), _)| ProgrammeReport {
        id: programme.id,
        name: programme.name,
        neighbourhoods: places.iter().map(|at| neighbourhoods[*at].name.clone()).collect(),
        counts,
        within,
    };
    let programmes = programmes.into_iter().zip(&places).zip(tables.programmes).map(line).collect();
    Ok(Observation::Shown { whole: tables.whole, programmes })
}

/// The children of the year, each with what their sessions come to.
fn followed(
    conn: &mut AnyConnection,
    vault: &Vault,
    of: &YearOf,
    until: NaiveDate,
    neighbourhoods: &[Neighbourhood],
) -> QueryResult<Vec<Followed>> {
    let rates = conventions::rates(conn, of.convention)?;
    let mut sessions: BTreeMap<ChildId, Vec<CountedSession>> = BTreeMap::new();
    for session in store::sessions_of(conn, of.year.id, until)? {
        sessions.entry(session.child).or_default().push(session);
    }
    let places: BTreeMap<NeighbourhoodId, usize> =
        neighbourhoods.iter().enumerate().map(|(at, one)| (one.id, at)).collect();
    let children = observe::of_year(conn, vault, of.year.id)?;
    let child = |child: &Observed| {
        let own = sessions.get(&child.id)?;
        one(child, own, &rates, until, *places.get(&child.neighbourhood)?)
    };
    Ok(children.iter().filter_map(child).collect())
}

/// A child with their sessions, the first held first.
fn one(
    child: &Observed,
    sessions: &[CountedSession],
    rates: &[Rate],
    until: NaiveDate,
    neighbourhood: usize,
) -> Option<Followed> {
    let (first, last) = (sessions.first()?, sessions.last()?);
    let mut measures = Measures::default();
    for session in sessions {
        measures += measured(session, rates);
    }
    let end = child.closed_on.map_or(until, |closed_on| closed_on.min(until));
    Some(Followed {
        neighbourhood,
        age: child.band_on(first.on)?,
        gender: child.gender,
        length: FollowUpLength::of(child.followed_since, end),
        source: last.source,
        reason: last.reason,
        measures,
    })
}

fn measured(session: &CountedSession, rates: &[Rate]) -> Measures {
    let rate = rate_in_force(rates, session.psychologist, session.service, session.on);
    let is = |attendance| i64::from(session.attendance == Some(attendance));
    Measures {
        held: is(Attendance::Held),
        excused: is(Attendance::ExcusedAbsence),
        unexcused: is(Attendance::UnexcusedAbsence),
        time: session.quota,
        cost: rate.map_or(Cents::ZERO, |rate| rate.hourly.for_time(session.billed)),
    }
}
