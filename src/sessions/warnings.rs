//! What is unusual about a time that rules allow: it is said before booking, and booked if the person insists.

use chrono::NaiveDate;

use crate::calendar::{french_date, french_day};
use crate::db::AnyConnection;
use crate::failure::Refusal;
use crate::school_calendar::{DayOff, SchoolCalendar, look_up as school_calendar};
use crate::sessions::Slot;
use crate::sessions::recurrence::{Dates, End, Recurrence, Repeat, Stop};

/// Something to know before a session is booked then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// The day is a public holiday.
    #[error("Le {} est férié ({name}).", french_day(*on))]
    PublicHoliday {
        /// The day.
        on: NaiveDate,
        /// What is celebrated.
        name: String,
    },
    /// Schools are closed.
    #[error("Le {} est pendant les vacances scolaires ({name}, jusqu’au {}).", french_day(*on), french_date(*until))]
    SchoolHolidays {
        /// The day.
        on: NaiveDate,
        /// Which holidays.
        name: String,
        /// Their last day.
        until: NaiveDate,
    },
}

impl Warning {
    /// A stable name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PublicHoliday { .. } => "public_holiday",
            Self::SchoolHolidays { .. } => "school_holidays",
        }
    }
}

/// What warnings are read from, once for any number of times.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The school holidays.
    pub calendar: SchoolCalendar,
}

/// Reads what warnings are read from.
///
/// # Errors
/// When the database fails.
pub fn surroundings(conn: &mut AnyConnection) -> diesel::QueryResult<Surroundings> {
    Ok(Surroundings { calendar: school_calendar::calendar(conn)? })
}

impl Surroundings {
    /// What is unusual about a time.
    pub fn warnings(&self, slot: Slot) -> Vec<Warning> {
        let day_off = self.calendar.day_off(slot.on).map(|off| match off {
            DayOff::PublicHoliday(name) => Warning::PublicHoliday { on: slot.on, name: name.to_owned() },
            DayOff::SchoolBreak(period) => {
                Warning::SchoolHolidays { on: slot.on, name: period.name.clone(), until: period.ends_on }
            }
        });
        day_off.into_iter().collect()
    }

    /// The days of a session that is repeated from a day on.
    ///
    /// # Errors
    /// When no day is left, or the holidays that end it are not known.
    pub fn days(&self, first: NaiveDate, repeat: &Repeat) -> Result<Dates, RepeatRefusal> {
        let end = match repeat.stop {
            Stop::Times(times) => End { times: Some(times), until: None },
            Stop::Until(until) => End { times: None, until: Some(until) },
            Stop::Holidays(times) => End { times, until: Some(self.last_day_before_holidays(first)?) },
        };
        let recurrence = Recurrence { first, rhythm: repeat.rhythm, end };
        let dates = recurrence.dates(|on| repeat.skips_days_off && self.calendar.day_off(on).is_some());
        if dates.kept.is_empty() { Err(RepeatRefusal::NoDay) } else { Ok(dates) }
    }

    fn last_day_before_holidays(&self, from: NaiveDate) -> Result<NaiveDate, RepeatRefusal> {
        let next = self.calendar.next_break(from).ok_or(RepeatRefusal::HolidaysUnknown)?;
        let last = next.starts_on.pred_opt().filter(|day| *day >= from);
        last.ok_or(RepeatRefusal::InHolidays { until: next.ends_on })
    }
}

/// Why a repetition gives no series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RepeatRefusal {
    /// It ends before it begins, or passes over all its days.
    #[error("Cette répétition ne donne aucune date. Changez sa fin, ou gardez les vacances et les jours fériés.")]
    NoDay,
    /// Nobody has said when the next holidays are.
    #[error("Les prochaines vacances scolaires ne sont pas encore connues ici. Choisissez un nombre ou une date.")]
    HolidaysUnknown,
    /// It begins in holidays.
    #[error("La première date est pendant les vacances, jusqu’au {}. Choisissez une date après.", french_date(*until))]
    InHolidays {
        /// Their last day.
        until: NaiveDate,
    },
}

impl Refusal for RepeatRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoDay => "series_of_nothing",
            Self::HolidaysUnknown => "school_holidays_unknown",
            Self::InHolidays { .. } => "series_begins_in_holidays",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("stop")
    }
}
