//! The days of a series: "every Tuesday until the holidays, eight times". Pure: holidays are given by who asks.

use chrono::{Days, NaiveDate};

/// The most sessions that are planned in one gesture: a year of weeks.
pub const MOST_DATES: usize = 53;

crate::text_enum! {
    /// How often the sessions of a series come back.
    Rhythm as SeriesRhythm {
        /// On the same day of each week.
        Weekly => "weekly",
        /// On the same day, one week out of two.
        EveryOtherWeek => "every_other_week",
    }
}

impl Rhythm {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Weekly => "Chaque semaine",
            Self::EveryOtherWeek => "Une semaine sur deux",
        }
    }

    /// From one session to the next.
    const fn step(self) -> Days {
        match self {
            Self::Weekly => Days::new(7),
            Self::EveryOtherWeek => Days::new(14),
        }
    }
}

/// When a series stops: at whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// After so many sessions.
    pub times: Option<usize>,
    /// On that day at the latest.
    pub until: Option<NaiveDate>,
}

/// How a session is repeated, as people ask it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    /// How often.
    pub rhythm: Rhythm,
    /// Until when.
    pub stop: Stop,
    /// Whether school and public holidays are passed over, and not counted.
    pub skips_days_off: bool,
}

/// When a series stops, as people say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// After so many sessions.
    Times(usize),
    /// On that day at the latest.
    Until(NaiveDate),
    /// Before the next school holidays, after so many sessions at most.
    Holidays(Option<usize>),
}

/// The days of a series, from its first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recurrence {
    /// The first day.
    pub first: NaiveDate,
    /// How often.
    pub rhythm: Rhythm,
    /// Until when.
    pub end: End,
}

/// What a recurrence gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dates {
    /// The days, in order: [`MOST_DATES`] at most.
    pub kept: Vec<NaiveDate>,
    /// The days left out, which are not counted.
    pub skipped: Vec<NaiveDate>,
}

impl Recurrence {
    /// The days, without those to skip: what is skipped is not counted, so eight times are eight sessions.
    ///
    /// A series without an end stops at [`MOST_DATES`]; one whose days are all skipped looks no further than two years.
    pub fn dates(&self, skip: impl Fn(NaiveDate) -> bool) -> Dates {
        let mut dates = Dates::default();
        let most = self.end.times.unwrap_or(MOST_DATES).min(MOST_DATES);
        let horizon = self.first.checked_add_days(Days::new(2 * 366)).unwrap_or(self.first);
        let last = self.end.until.unwrap_or(horizon).min(horizon);
        let mut next = Some(self.first);
        while let Some(day) = next.filter(|day| *day <= last && dates.kept.len() < most) {
            if skip(day) {
                dates.skipped.push(day)
            } else {
                dates.kept.push(day)
            }
            next = day.checked_add_days(self.rhythm.step());
        }
        dates
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Datelike;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn weekly(first: &str, times: Option<usize>, until: Option<&str>) -> Recurrence {
        Recurrence { first: day(first), rhythm: Rhythm::Weekly, end: End { times, until: until.map(day) } }
    }

    fn written(dates: &[NaiveDate]) -> Vec<String> {
        dates.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rhythms_are_named() {
        assert_eq!(
            Rhythm::ALL.iter().map(|one| one.french()).collect::<Vec<_>>(),
            ["Chaque semaine", "Une semaine sur deux"]
        );
    }

    #[test]
    fn eight_tuesdays_pass_over_the_holidays() {
        let christmas = |on: NaiveDate| (day("2026-12-19")..=day("2027-01-03")).contains(&on);
        let dates = weekly("2026-12-01", Some(4), None).dates(christmas);
        assert_eq!(written(&dates.kept), ["2026-12-01", "2026-12-08", "2026-12-15", "2027-01-05"]);
        assert_eq!(written(&dates.skipped), ["2026-12-22", "2026-12-29"]);
        let until = weekly("2026-12-01", Some(8), Some("2026-12-18")).dates(|_| false);
        assert_eq!(written(&until.kept), ["2026-12-01", "2026-12-08", "2026-12-15"]);
    }

    #[test]
    fn leap_days_and_years_are_days_like_others() {
        let leap = weekly("2028-02-22", Some(3), None).dates(|_| false);
        assert_eq!(written(&leap.kept), ["2028-02-22", "2028-02-29", "2028-03-07"]);
        let every_other = Recurrence { rhythm: Rhythm::EveryOtherWeek, ..weekly("2026-12-17", Some(3), None) };
        assert_eq!(written(&every_other.dates(|_| false).kept), ["2026-12-17", "2026-12-31", "2027-01-14"]);
    }

    #[test]
    fn an_end_before_the_beginning_gives_nothing() {
        assert_eq!(weekly("2026-12-01", None, Some("2026-11-30")).dates(|_| false), Dates::default());
        assert_eq!(weekly("2026-12-01", Some(0), None).dates(|_| false), Dates::default());
        let never = weekly("2026-12-01", Some(3), None).dates(|_| true);
        assert_eq!((never.kept.len(), never.skipped.len()), (0, 105), "looked for during two years");
    }

    proptest! {
        #[test]
        fn the_days_are_those_of_the_rhythm(
            offset in 0u64..3000, every_other in any::<bool>(), times in 1usize..80, until in 0u64..800, hidden in 0u32..7,
        ) {
            let first = day("2024-01-01") + Days::new(offset);
            let rhythm = if every_other { Rhythm::EveryOtherWeek } else { Rhythm::Weekly };
            let until = first + Days::new(until);
            let recurrence = Recurrence { first, rhythm, end: End { times: Some(times), until: Some(until) } };
            let dates = recurrence.dates(|on| on.day() % 7 == hidden);
            prop_assert!(dates.kept.len() <= times.min(MOST_DATES));
            let all: std::collections::BTreeSet<_> = dates.kept.iter().chain(&dates.skipped).collect();
            prop_assert_eq!(all.len(), dates.kept.len() + dates.skipped.len());
            for on in all {
                prop_assert!(first <= *on && *on <= until);
                prop_assert_eq!((*on - first).num_days() % if every_other { 14 } else { 7 }, 0);
            }
        }
    }
}
