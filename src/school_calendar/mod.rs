//! School holidays, as data from the ministry's public calendar, and the days that are off for everybody.
//!
//! The years published so far come with the program and are entered when it starts; the next one is imported from the
//! ministry's file. Public holidays are computed (`holidays.rs`): they never run out.

pub mod file;
pub mod import;
pub mod look_up;
pub mod store;

use chrono::{Datelike, NaiveDate};

use crate::calendar::french_date;
use crate::holidays::public_holiday;

/// From how many days before the last known day one is warned.
const WARNED_BEFORE: i64 = 90;

/// A period without class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchoolBreak {
    /// The school year that it belongs to, such as `2026-2027`.
    pub school_year: String,
    /// Its first day without class.
    pub starts_on: NaiveDate,
    /// Its last day without class.
    pub ends_on: NaiveDate,
    /// The ministry's words: "Vacances de Noël".
    pub name: String,
}

/// Why a day is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayOff<'c> {
    /// A public holiday, by its name.
    PublicHoliday(&'static str),
    /// School holidays.
    SchoolBreak(&'c SchoolBreak),
}

/// "férié : Toussaint", "Vacances de Noël".
impl std::fmt::Display for DayOff<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PublicHoliday(name) => write!(f, "férié : {name}"),
            Self::SchoolBreak(period) => f.write_str(&period.name),
        }
    }
}

/// Every school holiday that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchoolCalendar {
    /// In the order of time.
    breaks: Vec<SchoolBreak>,
}

impl SchoolCalendar {
    /// A calendar of these holidays.
    pub fn new(mut breaks: Vec<SchoolBreak>) -> Self {
        breaks.sort_by_key(|period| period.starts_on);
        Self { breaks }
    }

    /// The school holidays that a day is in.
    pub fn break_on(&self, day: NaiveDate) -> Option<&SchoolBreak> {
        self.breaks.iter().find(|period| (period.starts_on..=period.ends_on).contains(&day))
    }

    /// The next school holidays from a day on, those that have begun among them.
    pub fn next_break(&self, from: NaiveDate) -> Option<&SchoolBreak> {
        self.breaks.iter().find(|period| period.ends_on >= from)
    }

    /// Why a day is off: a public holiday first.
    pub fn day_off(&self, day: NaiveDate) -> Option<DayOff<'_>> {
        let holiday = public_holiday(day).map(DayOff::PublicHoliday);
        holiday.or_else(|| self.break_on(day).map(DayOff::SchoolBreak))
    }

    /// Whether the holidays of the school year that a day is in are known.
    pub fn knows(&self, day: NaiveDate) -> bool {
        let label = school_year(day);
        self.breaks.iter().any(|period| period.school_year == label)
    }

    /// Whether schools are known to be open in the week of a day and on it. Past the years that are known, nothing is
    /// promised.
    pub fn is_school_day(&self, day: NaiveDate) -> bool {
        self.knows(day) && self.day_off(day).is_none()
    }

    /// The last day of the years that are known without a gap from a day on; `None` when that day is not known itself.
    pub fn known_until(&self, day: NaiveDate) -> Option<NaiveDate> {
        let mut until = None;
        for year in start_of_school_year(day).. {
            let first = NaiveDate::from_ymd_opt(year, 9, 1)?;
            if !self.knows(first) {
                break;
            }
            until = NaiveDate::from_ymd_opt(year + 1, 8, 31);
        }
        until
    }

    /// What is said when fewer than ninety days are known ahead.
    pub fn warning(&self, today: NaiveDate) -> Option<String> {
        let next = |from: NaiveDate| {
            let year = start_of_school_year(from);
            format!("{year}-{}", year + 1)
        };
        match self.known_until(today) {
            Some(until) if (until - today).num_days() >= WARNED_BEFORE => None,
            Some(until) => Some(format!(
                "Les vacances scolaires sont connues jusqu’au {}. Au-delà, les permanences « semaines scolaires \
                 seulement » n’ont pas de place : l’administration peut importer le calendrier {} publié par le ministère.",
                french_date(until),
                next(until.succ_opt()?)
            )),
            None => Some(format!(
                "Les vacances scolaires {} ne sont pas connues. Les permanences « semaines scolaires seulement » n’ont \
                 donc pas de place : l’administration peut importer le calendrier publié par le ministère.",
                next(today)
            )),
        }
    }
}

/// The calendar year in which the school year of a day starts.
fn start_of_school_year(day: NaiveDate) -> i32 {
    if day.month() >= 9 { day.year() } else { day.year() - 1 }
}

/// The school year that a day is in, from 1 September to 31 August: `2026-2027`.
pub fn school_year(day: NaiveDate) -> String {
    let start = start_of_school_year(day);
    format!("{start}-{}", start + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn published() -> SchoolCalendar {
        let read = file::read(import::PUBLISHED, import::ACADEMY).expect("a calendar");
        SchoolCalendar::new(read)
    }

    #[test]
    fn the_published_years_say_when_schools_are_closed() {
        let calendar = published();
        for (first, last, name) in [
            ("2024-10-19", "2024-11-03", "Vacances de la Toussaint"),
            ("2025-05-29", "2025-06-01", "Pont de l'Ascension"),
            ("2025-12-20", "2026-01-04", "Vacances de Noël"),
            ("2026-02-07", "2026-02-22", "Vacances d'Hiver"),
            ("2026-07-04", "2026-08-31", "Vacances d'Été"),
            ("2026-10-17", "2026-11-01", "Vacances de la Toussaint"),
            ("2026-12-19", "2027-01-03", "Vacances de Noël"),
            ("2027-05-07", "2027-05-07", "Pont de l'Ascension"),
            ("2027-07-03", "2027-08-31", "Vacances d'Été"),
        ] {
            for (on, expected) in [
                (day(first).pred_opt().expect("a date"), None),
                (day(first), Some(name)),
                (day(last), Some(name)),
                (day(last).succ_opt().expect("a date"), None),
            ] {
                assert_eq!(calendar.break_on(on).map(|period| period.name.as_str()), expected, "{on}");
            }
        }
        assert!(calendar.is_school_day(day("2026-11-24")));
        // a public holiday, in the middle of the school year
        assert!(!calendar.is_school_day(day("2026-11-11")));
    }

    #[test]
    fn nothing_is_promised_past_the_known_years() {
        let calendar = published();
        assert_eq!(calendar.known_until(day("2026-11-20")), Some(day("2027-08-31")));
        assert!(!calendar.is_school_day(day("2027-09-14")));
        assert_eq!(calendar.known_until(day("2027-09-14")), None);
        assert_eq!(calendar.warning(day("2027-06-02")), None);
        let soon = calendar.warning(day("2027-06-03")).expect("a warning");
        assert!(soon.contains("31 août 2027") && soon.contains("2027-2028"), "{soon}");
        let late = calendar.warning(day("2027-09-01")).expect("a warning");
        assert!(late.contains("2027-2028"), "{late}");
        assert!(SchoolCalendar::default().warning(day("2026-11-20")).is_some());
    }
}
