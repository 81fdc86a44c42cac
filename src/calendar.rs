//! Dates and times of day in Europe/Paris, months, and how French people write them.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc};
use chrono_tz::Europe::Paris;
use chrono_tz::Tz;

use crate::sql_types::Ts;

/// The local date and time of an instant.
pub fn local(at: Ts) -> DateTime<Tz> {
    at.utc().with_timezone(&Paris)
}

/// The local date of an instant.
pub fn local_date(at: Ts) -> NaiveDate {
    local(at).date_naive()
}

/// The local time of day of an instant.
pub fn local_time(at: Ts) -> NaiveTime {
    local(at).time()
}

/// The instant of a local date and time.
///
/// In the autumn night when an hour is lived twice, the first is meant; in the spring night when an hour
/// does not exist, there is no such instant.
pub fn instant(on: NaiveDate, time: NaiveTime) -> Option<Ts> {
    Paris.from_local_datetime(&NaiveDateTime::new(on, time)).earliest().map(|at| Ts::new(at.with_timezone(&Utc)))
}

/// Age in whole years on a day. Born on 29 February, one grows older on 1 March of common years.
pub fn age_on(birth: NaiveDate, day: NaiveDate) -> i32 {
    let had_birthday = (day.month(), day.day()) >= (birth.month(), birth.day());
    day.year() - birth.year() - i32::from(!had_birthday)
}

/// A calendar month, such as October 2026; it sorts by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(NaiveDate);

impl Month {
    /// The month of a date.
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// Reads `2026-10`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        if year.len() != 4 || month.len() != 2 {
            return None;
        }
        NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1).map(Self)
    }

    /// Its first day.
    pub fn first(self) -> NaiveDate {
        self.0
    }

    /// Its last day.
    pub fn last(self) -> NaiveDate {
        (self.next().0).checked_sub_days(Days::new(1)).unwrap_or(self.0)
    }

    /// The month after.
    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// The month before.
    pub fn previous(self) -> Self {
        self.0.checked_sub_months(Months::new(1)).map_or(self, Self)
    }

    /// The month a number of months later.
    pub fn plus(self, months: u32) -> Self {
        self.0.checked_add_months(Months::new(months)).map_or(self, Self)
    }

    /// `2026-10`.
    pub fn iso(self) -> String {
        self.0.format("%Y-%m").to_string()
    }

    /// `octobre 2026`.
    pub fn french(self) -> String {
        format!("{} {}", MONTHS[self.0.month0() as usize], self.0.year())
    }

    /// `octobre`, for "la facture d'octobre".
    pub fn name(self) -> &'static str {
        MONTHS[self.0.month0() as usize]
    }
}

/// `octobre 2026`.
impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.french())
    }
}

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const DAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];

/// `1er` or `24`.
fn day_number(day: NaiveDate) -> String {
    match day.day() {
        1 => "1er".to_owned(),
        n => n.to_string(),
    }
}

/// `mardi 24 novembre`.
pub fn french_day(day: NaiveDate) -> String {
    format!(
        "{} {} {}",
        DAYS[day.weekday().num_days_from_monday() as usize],
        day_number(day),
        MONTHS[day.month0() as usize]
    )
}

/// `24 novembre 2026`.
pub fn french_date(day: NaiveDate) -> String {
    format!("{} {} {}", day_number(day), MONTHS[day.month0() as usize], day.year())
}

/// `mardi 24 novembre 2026`.
pub fn french_full_date(day: NaiveDate) -> String {
    format!("{} {}", french_day(day), day.year())
}

/// `24/11/2026`, for tables.
pub fn short_date(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// `14 h 30`.
pub fn french_time(time: NaiveTime) -> String {
    format!("{}\u{a0}h\u{a0}{:02}", time.hour(), time.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn writes_french_dates() {
        assert_eq!(french_day(day("2026-11-24")), "mardi 24 novembre");
        assert_eq!(french_date(day("2026-12-01")), "1er décembre 2026");
        assert_eq!(Month::of(day("2026-08-31")).french(), "août 2026");
        assert_eq!(Month::of(day("2026-10-31")).name(), "octobre");
        assert_eq!(french_time(NaiveTime::from_hms_opt(14, 5, 0).expect("a time")), "14\u{a0}h\u{a0}05");
    }

    #[test]
    fn months_know_their_days() {
        let month = Month::parse("2028-02").expect("a month");
        assert_eq!(month.last(), day("2028-02-29"));
        assert_eq!(month.previous().iso(), "2028-01");
        assert_eq!(Month::parse("2026-12").expect("a month").next().iso(), "2027-01");
        assert_eq!(Month::parse("2026-13"), None);
        assert_eq!(["26-1", "2026-1", "226-01"].map(Month::parse), [None; 3]);
    }

    #[test]
    fn ages_change_on_the_birthday() {
        assert_eq!(age_on(day("2010-03-15"), day("2027-03-14")), 16);
        assert_eq!(age_on(day("2010-03-15"), day("2027-03-15")), 17);
        assert_eq!(age_on(day("2024-02-29"), day("2026-02-28")), 1);
        assert_eq!(age_on(day("2024-02-29"), day("2026-03-01")), 2);
    }

    #[test]
    fn both_nights_of_the_clock() {
        let half_past_two = NaiveTime::from_hms_opt(2, 30, 0).expect("a time");
        assert_eq!(instant(day("2026-03-29"), half_past_two), None);
        let autumn = instant(day("2026-10-25"), half_past_two).expect("an instant");
        assert_eq!(autumn.rfc3339(), "2026-10-25T00:30:00.000000Z");
    }
}
