//! A convention in force, written as its file would be: for a copy, an export, or a comparison.

use chrono::Days;
use diesel::QueryResult;

use super::file::{self, ConventionFile, DefaultRate, Heading, ServiceLine, Year};
use super::{BudgetYear, Convention, Grant, Neighbourhood, Period, Programme, Rate, Signatory, store};
use crate::db::AnyConnection;
use crate::ids::ConventionId;

/// A convention as it stands, with its amendments, as a file.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub fn present(conn: &mut AnyConnection, id: ConventionId) -> QueryResult<ConventionFile> {
    let known = store::load_convention(conn, id)?;
    as_file(conn, &known, None)
}

/// The same, in the order of another file. A programme keeps the neighbourhoods of every convention it had: those that
/// this other file does not name are left out.
pub(super) fn as_file(
    conn: &mut AnyConnection,
    known: &Convention,
    like: Option<&ConventionFile>,
) -> QueryResult<ConventionFile> {
    let signatories = store::signatories(conn, known.id)?;
    let programmes = store::programmes(conn, known.id)?;
    let mut neighbourhoods = store::neighbourhoods(conn, &programmes.iter().map(|p| p.id).collect::<Vec<_>>())?;
    if let Some(like) = like {
        neighbourhoods.retain(|n| like.neighbourhoods.iter().any(|named| named.code == n.code));
    }
    let grants = store::grants(conn, known.id)?;
    let (budget_years, service_lines) = years_as_file(conn, known.id, (&signatories, &programmes, &grants))?;
    let Convention { slug, title, period, signed_on, is_example, .. } = known.clone();
    Ok(ConventionFile {
        convention: Heading { slug, title, period, signed_on, is_example },
        buyer: store::buyer(conn, known.id)?,
        budget_years,
        service_lines,
        grants: in_order(grants.into_iter().map(|g| file::Grant { code: g.code, name: g.name }), |g| {
            like?.grants.iter().position(|named| named.code == g.code)
        }),
        terms: store::terms(conn, known.id)?,
        rates: rates_as_file(&store::rates(conn, known.id)?, period),
        programmes: in_order(
            programmes.iter().map(|p| programme_as_file(p, &signatories, &neighbourhoods, like)),
            |p| like?.programmes.iter().position(|named| named.code == p.code),
        ),
        neighbourhoods: in_order(
            neighbourhoods.iter().cloned().map(|n| file::Neighbourhood { code: n.code, name: n.name }),
            |n| like?.neighbourhoods.iter().position(|named| named.code == n.code),
        ),
        signatories: in_order(signatories.into_iter().map(signatory_as_file), |s| {
            like?.signatories.iter().position(|named| named.code == s.code)
        }),
    })
}

/// Entries in the order of the file; those that it does not name come last.
fn in_order<T>(entries: impl Iterator<Item = T>, position: impl Fn(&T) -> Option<usize>) -> Vec<T> {
    let mut entries: Vec<T> = entries.collect();
    entries.sort_by_key(|entry| position(entry).unwrap_or(usize::MAX));
    entries
}

fn signatory_as_file(signatory: Signatory) -> file::Signatory {
    let Signatory { code, name, kind, contact_email, .. } = signatory;
    file::Signatory { code, name, kind, contact_email }
}

fn programme_as_file(
    programme: &Programme,
    signatories: &[Signatory],
    neighbourhoods: &[Neighbourhood],
    like: Option<&ConventionFile>,
) -> file::Programme {
    let signatory = signatories.iter().find(|s| s.id == programme.signatory);
    let named = like.and_then(|like| like.programmes.iter().find(|named| named.code == programme.code));
    let of_it = neighbourhoods.iter().filter(|n| n.programme == programme.id).map(|n| n.code.clone());
    file::Programme {
        code: programme.code.clone(),
        name: programme.name.clone(),
        town: programme.town.clone(),
        signatory: signatory.map(|s| s.code.clone()).unwrap_or_default(),
        neighbourhoods: in_order(of_it, |code| named?.neighbourhoods.iter().position(|listed| listed == code)),
        note: programme.note.clone(),
    }
}

fn years_as_file(
    conn: &mut AnyConnection,
    convention: ConventionId,
    (signatories, programmes, grants): (&[Signatory], &[Programme], &[Grant]),
) -> QueryResult<(Vec<Year>, Vec<ServiceLine>)> {
    let (mut years, mut lines) = (Vec::new(), Vec::new());
    for BudgetYear { id, label, period, budget, fixed_share, ceiling, call_by } in
        store::budget_years(conn, convention)?
    {
        let paid = store::contributions(conn, id)?.into_iter();
        let contributions = paid
            .filter_map(|(payer, amount)| Some((signatories.iter().find(|s| s.id == payer)?.code.clone(), amount)))
            .collect();
        let allotted = store::allotted(conn, id)?.into_iter();
        let quotas = allotted
            .filter_map(|(user, time)| Some((programmes.iter().find(|p| p.id == user)?.code.clone(), time)))
            .collect();
        let granted = store::granted(conn, id)?.into_iter();
        let granted = granted
            .filter_map(|(to, amount)| Some((grants.iter().find(|g| g.id == to)?.code.clone(), amount)))
            .collect();
        let kept = store::service_lines(conn, id)?.into_iter();
        lines.extend(kept.map(|(service, hours, amount)| ServiceLine { year: label.clone(), service, hours, amount }));
        let sums =
            Year { label, period, budget, fixed_share, ceiling, call_by, contributions, quotas, grants: granted };
        years.push(sums);
    }
    Ok((years, lines))
}

/// Everybody's rates with the day on which each ends: the eve of the next, or the end of the convention.
fn rates_as_file(rates: &[Rate], convention: Period) -> Vec<DefaultRate> {
    let of_all = |rate: &&Rate| rate.psychologist.is_none();
    let until = |rate: &Rate| {
        let later = rates.iter().filter(of_all).filter(|r| r.service == rate.service && r.from > rate.from);
        let next = later.map(|r| r.from).min().and_then(|day| day.checked_sub_days(Days::new(1)));
        next.unwrap_or(convention.until)
    };
    let mut all: Vec<DefaultRate> = (rates.iter().filter(of_all))
        .map(|r| DefaultRate { service: r.service, hourly: r.hourly, period: Period { from: r.from, until: until(r) } })
        .collect();
    all.sort_by_key(|rate| (rate.service, rate.period.from));
    all
}
