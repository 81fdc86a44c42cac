//! What an amendment may change of a budget year, at each limit: the figures are invented and checked by hand.

use chrono::NaiveDate;

use super::transfer::Transfer;
use super::{
    ContributionFigure, Faults, Figure, GrantFigure, LineKind, QuotaFigure, YearFigures, dearest_rate, faults, lines,
};
use crate::conventions::{BudgetYear, Grant, Period, Programme, Rate, ServiceType, Signatory, SignatoryKind};
use crate::failure::{Failure, Refusal};
use crate::hours::Minutes;
use crate::ids::{BudgetYearId, GrantId, ProgrammeId, PsychologistId, QuotaId, SignatoryId};
use crate::money::Cents;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn quota(code: &str, allotted: i32, (reserved, used): (i32, i32)) -> QuotaFigure {
    let programme = Programme {
        id: ProgrammeId::new(),
        code: code.to_owned(),
        name: format!("PRE {code}"),
        town: String::new(),
        signatory: SignatoryId::new(),
        note: None,
    };
    let (allotted, reserved, used) = (Minutes(allotted), Minutes(reserved), Minutes(used));
    QuotaFigure { id: QuotaId::new(), programme, allotted, reserved, used }
}

/// 2026: 5 000 € that one signatory pays, by one grant; forty hours at 60 €, of which five are held, and 2 000 € kept.
fn year() -> YearFigures {
    let year = BudgetYear {
        id: BudgetYearId::new(),
        label: "2026".to_owned(),
        period: Period { from: day("2026-01-01"), until: day("2026-12-31") },
        budget: Cents(500_000),
        fixed_share: Cents(200_000),
        ceiling: Some(Cents(500_000)),
        call_by: Some(day("2026-06-30")),
    };
    let signatory = Signatory {
        id: SignatoryId::new(),
        code: "CCAS".to_owned(),
        name: "CCAS inventé".to_owned(),
        kind: SignatoryKind::ALL[0],
        contact_email: None,
    };
    let grant = Grant { id: GrantId::new(), code: "CV".to_owned(), name: "Contrat de ville".to_owned() };
    YearFigures {
        year,
        open_until: day("2027-01-31"),
        hourly: Cents(6_000),
        quotas: vec![quota("A", 1_200, (180, 120)), quota("B", 1_200, (0, 0))],
        contributions: vec![ContributionFigure { signatory, amount: Cents(500_000), called: None }],
        grants: vec![GrantFigure { grant, amount: Cents(500_000) }],
    }
}

/// The codes of what forbids a change, made on a day.
fn codes(today: &str, change: impl FnOnce(&mut YearFigures)) -> Vec<&'static str> {
    let before = year();
    let mut after = before.clone();
    change(&mut after);
    faults(&before, &after, day(today)).into_iter().map(|fault| Faults(vec![fault]).code()).collect()
}

#[test]
fn a_year_is_amended_until_its_last_day() {
    let less = |year: &mut YearFigures| year.quotas[1].allotted = Minutes(1_185);
    assert!(codes("2027-01-31", less).is_empty());
    assert_eq!(codes("2027-02-01", less), ["budget_year_closed"]);
    assert!(codes("2027-02-01", |_| {}).is_empty(), "what changes nothing is no fault");
}

#[test]
fn a_quota_keeps_what_is_held() {
    let set = |minutes| codes("2026-11-20", move |year| year.quotas[0].allotted = Minutes(minutes));
    assert!(set(300).is_empty());
    assert_eq!(set(285), ["quota_under_held"]);
    assert_eq!(set(0), ["quota_under_held"]);
    assert_eq!(set(310), ["quota_not_quarters"]);
}

#[test]
fn sums_are_the_budget_and_none_is_negative() {
    let signed = |cents| {
        codes("2026-11-20", move |year| {
            (year.contributions[0].amount, year.grants[0].amount) = (Cents(cents), Cents(cents));
            (year.year.budget, year.year.fixed_share) = (Cents(cents), Cents::ZERO);
            (year.year.ceiling, year.hourly) = (None, Cents::ZERO);
        })
    };
    assert!(signed(0).is_empty(), "{:?}", signed(0));
    assert!(signed(-100).contains(&"negative"));
    let called = codes("2026-11-20", |year| year.contributions[0].amount = Cents(499_999));
    assert_eq!(called, ["contributions_not_the_budget"]);
    assert_eq!(codes("2026-11-20", |year| year.grants[0].amount = Cents(499_999)), ["grants_not_the_budget"]);
}

#[test]
fn a_budget_reaches_its_ceiling_and_no_more() {
    let ceiling = |cents| codes("2026-11-20", move |year| year.year.ceiling = Some(Cents(cents)));
    assert!(ceiling(500_100).is_empty());
    assert_eq!(ceiling(499_999), ["over_ceiling"]);
    let lowered = codes("2026-11-20", |year| {
        year.year.ceiling = Some(Cents(400_000));
        year.year.fixed_share = Cents(100_000);
        year.year.budget = Cents(400_000);
        (year.contributions[0].amount, year.grants[0].amount) = (Cents(400_000), Cents(400_000));
    });
    assert!(lowered.is_empty(), "{lowered:?}");
}

#[test]
fn funds_are_called_within_the_year() {
    let call_by = |on| codes("2026-11-20", move |year| year.year.call_by = on);
    assert!(call_by(None).is_empty() && call_by(Some(day("2026-12-31"))).is_empty());
    assert_eq!(call_by(Some(day("2027-01-01"))), ["call_outside_year"]);
    // what was entered so is not the fault of an amendment of something else
    let mut before = year();
    before.year.call_by = Some(day("2027-01-01"));
    let mut after = before.clone();
    after.quotas[1].allotted = Minutes(1_185);
    assert!(faults(&before, &after, day("2026-11-20")).is_empty());
}

#[test]
fn what_changes_is_named_with_its_difference() {
    let before = year();
    let mut after = before.clone();
    after.quotas[0].allotted = Minutes(1_230);
    after.contributions[0].amount = Cents(499_900);
    after.grants[0].amount = Cents(500_100);
    let found = lines(&before, &after);
    let told: Vec<_> =
        found.iter().map(|line| (line.kind, line.name.as_deref().unwrap_or_default(), line.difference())).collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [
            (LineKind::Quota, "PRE A", some("+30\u{a0}min")),
            (LineKind::Contribution, "CCAS inventé", some("−1,00\u{a0}€")),
            (LineKind::Grant, "Contrat de ville", some("+1,00\u{a0}€")),
        ]
    );
    assert_eq!((found[0].before, found[0].after), (Figure::Minutes(Minutes(1_200)), Figure::Minutes(Minutes(1_230))));
}

#[test]
fn the_dearest_rate_is_everybody_s_and_of_a_session() {
    let rate = |psychologist, service, hourly, from: &str| Rate { psychologist, service, hourly, from: day(from) };
    let (session, training) = (ServiceType::Interview, ServiceType::Training);
    let rates = [
        rate(None, session, Cents(5_000), "2024-01-01"),
        rate(None, session, Cents(7_000), "2025-01-01"),
        rate(None, session, Cents(6_000), "2025-09-01"),
        rate(None, session, Cents(6_500), "2026-09-01"),
        rate(None, session, Cents(9_000), "2027-01-01"),
        rate(None, training, Cents(8_000), "2026-02-01"),
        rate(Some(PsychologistId::new()), session, Cents(8_500), "2026-02-01"),
    ];
    assert_eq!(dearest_rate(&rates, &year().year), Cents(6_500));
}

#[test]
fn what_is_free_moves_and_no_more() {
    let year = year();
    let (from, to) = (year.quotas[0].programme.id, year.quotas[1].programme.id);
    let moved = |minutes, to| {
        let transfer = Transfer {
            budget_year_id: year.year.id,
            from_programme_id: from,
            to_programme_id: to,
            minutes: Minutes(minutes),
            signed_on: day("2026-11-20"),
            reason: "Essai".to_owned(),
        };
        match transfer.changes(std::slice::from_ref(&year)) {
            Ok(changes) => Ok(changes),
            Err(Failure::Refused(faults)) => Err(faults.code()),
            Err(other) => panic!("{other}"),
        }
    };
    // twenty hours, of which five are held
    assert!(moved(900, to).is_ok());
    assert_eq!(moved(915, to), Err("hours_not_free"));
    assert_eq!([-15, 0, 10].map(|minutes| moved(minutes, to)), [const { Err("nothing_moved") }; 3]);
    assert_eq!(moved(15, from), Err("same_programme"));
}
