//! The year at a glance: for each programme and for the whole, hours and euros against what was fixed, and the pace of
//! the year.
//!
//! The pace is the mean of the last eight whole weeks in which sessions were held; it is carried on, week after week,
//! to the end of the budget year, each week counting for what is already booked in it when that is more, and weeks of
//! school holidays for that alone. Everything here is computed from what is stored, never stored itself.

pub mod api;
pub mod curve;
pub mod look_up;
pub mod notices;
pub mod pages;
mod store;

use std::iter::Sum;
use std::ops::Add;

use chrono::{Datelike, Days, NaiveDate};

use crate::conventions::Period;
use crate::hours::Minutes;
use crate::money::Cents;
use crate::school_calendar::SchoolCalendar;

/// How many weeks the pace is the mean of.
pub const WEEKS_OF_PACE: usize = 8;
/// With fewer weeks than these, nothing is foreseen.
pub const FEWEST_WEEKS: usize = 4;

/// The Monday of the week of a day.
pub fn monday_of(day: NaiveDate) -> NaiveDate {
    day - Days::new(u64::from(day.weekday().num_days_from_monday()))
}

/// The Mondays of the weeks that have a day in a period, in order.
pub fn weeks_of(period: Period) -> Vec<NaiveDate> {
    monday_of(period.from).iter_weeks().take_while(|monday| *monday <= period.until).collect()
}

/// Whether no day of a week, from Monday to Friday, is a day of school: it is known to be off.
pub fn is_off(calendar: &SchoolCalendar, monday: NaiveDate) -> bool {
    monday.iter_days().take(5).all(|day| calendar.day_off(day).is_some())
}

/// What the sessions of a week hold of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekUse {
    /// The Monday of the week.
    pub monday: NaiveDate,
    /// Whether it is one of school holidays.
    pub is_off: bool,
    /// Sessions approved or invoiced.
    pub used: Minutes,
    /// Sessions booked or recorded.
    pub reserved: Minutes,
}

impl WeekUse {
    /// A week without session.
    pub fn empty(monday: NaiveDate) -> Self {
        Self { monday, is_off: false, used: Minutes::ZERO, reserved: Minutes::ZERO }
    }

    /// Used and reserved together.
    pub fn held(self) -> Minutes {
        self.used + self.reserved
    }

    /// Whether its last day is before another day.
    fn is_over(self, today: NaiveDate) -> bool {
        self.monday + Days::new(6) < today
    }
}

/// The mean time of a week: minutes over a number of weeks, kept as a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    minutes: i64,
    weeks: i64,
}

impl Pace {
    /// The pace on a day: the mean of the last [`WEEKS_OF_PACE`] whole weeks in which sessions were held; none when
    /// there are fewer than [`FEWEST_WEEKS`].
    pub fn on(today: NaiveDate, weeks: &[WeekUse]) -> Option<Self> {
        let worked = |week: &&WeekUse| week.is_over(today) && week.held() > Minutes::ZERO;
        let mut last: Vec<&WeekUse> = weeks.iter().filter(worked).collect();
        last.sort_unstable_by_key(|week| std::cmp::Reverse(week.monday));
        last.truncate(WEEKS_OF_PACE);
        let minutes = last.iter().map(|week| i64::from(week.held().0)).sum();
        (last.len() >= FEWEST_WEEKS).then_some(Self { minutes, weeks: last.len() as i64 })
    }

    /// How many weeks it is the mean of.
    pub fn weeks(self) -> i64 {
        self.weeks
    }

    /// The mean of a week, to the nearest minute.
    pub fn a_week(self) -> Minutes {
        Minutes(i32::try_from((self.minutes * 2 + self.weeks) / (self.weeks * 2)).unwrap_or(i32::MAX))
    }
}

/// What the pace leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// The year has not begun, or is over: nothing is foreseen.
    NotNow,
    /// Nothing was allotted: nothing can run out.
    Nothing,
    /// Too few weeks to tell.
    TooEarly,
    /// Every hour is held already.
    Exhausted,
    /// The hours last until the end of the year.
    Lasts {
        /// The pace carried on.
        pace: Pace,
        /// What would be left.
        left: Minutes,
    },
    /// The hours run out before the end of the year.
    RunsOut {
        /// The pace carried on.
        pace: Pace,
        /// The Monday of the first week that asks for more than is left.
        week: NaiveDate,
        /// What would be missing at the end of the year.
        missing: Minutes,
    },
}

impl Outlook {
    /// The pace that it comes from.
    pub fn pace(self) -> Option<Pace> {
        match self {
            Self::Lasts { pace, .. } | Self::RunsOut { pace, .. } => Some(pace),
            _ => None,
        }
    }
}

/// The time held at the end of each week from that of today on, if the pace goes on: never less than what is booked, and
/// in school holidays nothing more. The weeks are those of the period, in order.
pub fn carried_on(pace: Pace, weeks: &[WeekUse], today: NaiveDate) -> Vec<(NaiveDate, Minutes)> {
    // in parts of a minute, so that nothing is lost in rounding from week to week
    let parts = |time: Minutes| i64::from(time.0) * pace.weeks;
    let (over, to_come): (Vec<&WeekUse>, Vec<&WeekUse>) = weeks.iter().partition(|week| week.is_over(today));
    let mut held: i64 = over.iter().map(|week| parts(week.held())).sum();
    let mut ends = Vec::new();
    for week in to_come {
        held += parts(week.held()).max(if week.is_off { 0 } else { pace.minutes });
        let minutes = held.div_euclid(pace.weeks) + i64::from(held.rem_euclid(pace.weeks) > 0);
        ends.push((week.monday, Minutes(i32::try_from(minutes).unwrap_or(i32::MAX))));
    }
    ends
}

/// What the pace leads to on a day, for a time allotted over a period whose weeks are given in order.
pub fn outlook(period: Period, allotted: Minutes, weeks: &[WeekUse], today: NaiveDate) -> Outlook {
    let held: Minutes = weeks.iter().map(|week| week.held()).sum();
    if !period.contains(today) {
        return Outlook::NotNow;
    }
    if allotted == Minutes::ZERO {
        return Outlook::Nothing;
    }
    if held >= allotted {
        return Outlook::Exhausted;
    }
    let Some(pace) = Pace::on(today, weeks) else { return Outlook::TooEarly };
    let ends = carried_on(pace, weeks, today);
    let at_the_end = ends.last().map_or(held, |(_, held)| *held);
    match ends.iter().find(|(_, held)| *held > allotted) {
        Some((week, _)) => Outlook::RunsOut { pace, week: *week, missing: at_the_end - allotted },
        None => Outlook::Lasts { pace, left: allotted - at_the_end },
    }
}

/// Euros of a budget year. What is paid is a part of what is invoiced.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// What was planned.
    pub budgeted: Cents,
    /// Sessions booked, recorded, or approved and not yet invoiced, at the rate in force on their day.
    pub committed: Cents,
    /// Invoices that no credit note took back, without tax.
    pub invoiced: Cents,
    /// The invoices paid.
    pub paid: Cents,
}

impl Money {
    /// What is left of the budget.
    pub fn left(self) -> Cents {
        self.budgeted - self.committed - self.invoiced
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            budgeted: self.budgeted + other.budgeted,
            committed: self.committed + other.committed,
            invoiced: self.invoiced + other.invoiced,
            paid: self.paid + other.paid,
        }
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn year() -> Period {
        Period { from: day("2026-01-01"), until: day("2026-12-31") }
    }

    /// The weeks of 2026 with these minutes approved in each, the rest empty.
    fn weeks(minutes: &[i32]) -> Vec<WeekUse> {
        let used = |place: usize| Minutes(minutes.get(place).copied().unwrap_or_default());
        let all = weeks_of(year()).into_iter().enumerate();
        all.map(|(place, monday)| WeekUse { used: used(place), ..WeekUse::empty(monday) }).collect()
    }

    #[test]
    fn weeks_hold_every_day_of_the_year() {
        let mondays = weeks_of(year());
        assert_eq!(mondays.first(), Some(&day("2025-12-29")));
        assert_eq!(mondays.last(), Some(&day("2026-12-28")));
        assert_eq!(mondays.len(), 53);
    }

    #[test]
    fn the_pace_is_that_of_the_last_eight_weeks_worked() {
        // twelve weeks at 60, of which two of holidays, then one at 120
        let mut minutes = vec![60; 12];
        (minutes[8], minutes[9]) = (0, 0);
        minutes.push(120);
        // the Monday of the fourteenth week: the thirteenth is over
        let today = day("2026-03-30");
        let pace = Pace::on(today, &weeks(&minutes)).unwrap();
        assert_eq!((pace.minutes, pace.weeks), (7 * 60 + 120, 8));
        assert_eq!(pace.a_week(), Minutes(68));
        // the week that is not over does not count
        minutes.push(600);
        assert_eq!(Pace::on(today, &weeks(&minutes)), Some(pace));
        assert_eq!(Pace::on(day("2026-01-20"), &weeks(&minutes)), None, "three weeks are not enough");
    }

    #[test]
    fn a_week_is_over_on_its_monday_after() {
        let week = WeekUse::empty(day("2026-03-23"));
        assert!(!week.is_over(day("2026-03-29")) && week.is_over(day("2026-03-30")));
        assert_eq!(Pace { minutes: 540, weeks: 8 }.weeks(), 8);
    }

    #[test]
    fn a_part_of_a_minute_is_a_minute_at_the_end_of_a_week() {
        let to_come = &weeks(&[])[1..4];
        let ends = carried_on(Pace { minutes: 100, weeks: 3 }, to_come, day("2026-01-05"));
        assert_eq!(ends.iter().map(|(_, held)| held.0).collect::<Vec<_>>(), [34, 67, 100]);
    }

    #[test]
    fn hours_run_out_in_the_week_that_asks_for_more() {
        let today = day("2026-03-30");
        let worked = weeks(&[60; 13]);
        // 13 h held; an hour a week from the week of 30 March on
        let at = |hours| outlook(year(), Minutes::from_hours(hours), &worked, today);
        assert_eq!(at(13), Outlook::Exhausted);
        let Outlook::RunsOut { week, missing, .. } = at(14) else { panic!("{:?}", at(14)) };
        assert_eq!((week, missing), (day("2026-04-06"), Minutes::from_hours(53 - 14)));
        assert!(matches!(at(53), Outlook::Lasts { left: Minutes::ZERO, .. }), "{:?}", at(53));
        assert!(matches!(at(60), Outlook::Lasts { left: Minutes(420), .. }), "{:?}", at(60));
        assert_eq!(outlook(year(), Minutes::ZERO, &worked, today), Outlook::Nothing);
        assert_eq!(outlook(year(), Minutes(600), &weeks(&[60; 3]), day("2026-01-20")), Outlook::TooEarly);
        assert_eq!(outlook(year(), Minutes(600), &worked, day("2027-01-01")), Outlook::NotNow);
    }

    #[test]
    fn school_holidays_hold_nothing_more() {
        let today = day("2026-03-30");
        let mut worked = weeks(&[60; 13]);
        // two weeks in April, and July and August but for an hour booked
        for week in &mut worked {
            let monday = week.monday.to_string();
            week.is_off = ("2026-04-06".."2026-04-20").contains(&monday.as_str())
                || ("2026-07-06".."2026-08-31").contains(&monday.as_str());
            if monday == "2026-07-06" {
                week.reserved = Minutes(60);
            }
        }
        let Outlook::RunsOut { week, .. } = outlook(year(), Minutes::from_hours(15), &worked, today) else { panic!() };
        assert_eq!(week, day("2026-04-27"), "14 h now with what is booked, 15 h on 20 April");
        let all = outlook(year(), Minutes::from_hours(60), &worked, today);
        assert!(matches!(all, Outlook::Lasts { left: Minutes(960), .. }), "44 h: {all:?}");
    }

    #[test]
    fn a_week_is_off_when_each_of_its_days_is() {
        let christmas = crate::school_calendar::SchoolBreak {
            school_year: "2026-2027".to_owned(),
            starts_on: day("2026-12-19"),
            ends_on: day("2027-01-03"),
            name: "Vacances de Noël".to_owned(),
        };
        let calendar = SchoolCalendar::new(vec![christmas]);
        let off = ["2026-12-14", "2026-12-21", "2026-12-28", "2027-01-04"].map(|monday| is_off(&calendar, day(monday)));
        assert_eq!(off, [false, true, true, false]);
    }

    proptest! {
        #[test]
        fn what_is_foreseen_agrees_with_itself(
            minutes in proptest::collection::vec(0i32..40, 53),
            reserved in proptest::collection::vec((0i32..20, proptest::bool::weighted(0.2)), 53),
            days in 0u64..365,
            allotted in 1i32..1200,
        ) {
            let today = year().from + Days::new(days);
            let all: Vec<WeekUse> = weeks(&minutes.iter().map(|quarters| quarters * 15).collect::<Vec<_>>())
                .into_iter()
                .zip(&reserved)
                .map(|(week, (quarters, is_off))| WeekUse { reserved: Minutes(quarters * 15), is_off: *is_off, ..week })
                .collect();
            let held: Minutes = all.iter().map(|week| week.held()).sum();
            let allotted = Minutes(allotted * 15);
            let seen = outlook(year(), allotted, &all, today);
            if let Some(pace) = seen.pace() {
                let ends = carried_on(pace, &all, today);
                // it grows by the pace at least but in holidays, and never falls under what is held already
                let off = |monday| all.iter().any(|week| week.monday == monday && week.is_off);
                for pair in ends.windows(2) {
                    let least = if off(pair[1].0) { Minutes::ZERO } else { pace.a_week() - Minutes(1) };
                    prop_assert!(pair[1].1 - pair[0].1 >= least);
                }
                prop_assert!(ends.last().unwrap().1 >= held);
                match seen {
                    Outlook::RunsOut { week, missing, .. } => {
                        prop_assert!(missing > Minutes::ZERO);
                        let before: Vec<_> = ends.iter().filter(|(monday, _)| *monday < week).collect();
                        prop_assert!(before.iter().all(|(_, held)| *held <= allotted));
                        prop_assert!(ends.iter().any(|(monday, held)| *monday == week && *held > allotted));
                        // with what was missing, it would have lasted
                        let enough = matches!(outlook(year(), allotted + missing, &all, today),
                            Outlook::Lasts { left: Minutes::ZERO, .. });
                        prop_assert!(enough);
                    }
                    Outlook::Lasts { left, .. } => {
                        prop_assert_eq!(ends.last().unwrap().1 + left, allotted);
                    }
                    _ => prop_assert!(false),
                }
            } else if held >= allotted {
                prop_assert_eq!(seen, Outlook::Exhausted);
            } else {
                prop_assert_eq!(seen, Outlook::TooEarly);
            }
        }

        #[test]
        fn more_hours_never_run_out_sooner(quarters in 1i32..40, allotted in 60i32..300, more in 0i32..100, days in 60u64..365) {
            let today = year().from + Days::new(days);
            let past = monday_of(today).signed_duration_since(day("2025-12-29")).num_weeks() as usize;
            let worked = weeks(&vec![quarters * 15; past]);
            let week_of = |quarters: i32| match outlook(year(), Minutes(quarters * 15), &worked, today) {
                Outlook::Exhausted => Some(monday_of(year().from)),
                Outlook::RunsOut { week, .. } => Some(week),
                _ => None,
            };
            let far = monday_of(day("2030-01-01"));
            prop_assert!(week_of(allotted).unwrap_or(far) <= week_of(allotted + more).unwrap_or(far));
        }
    }
}
