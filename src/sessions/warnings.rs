//! What is unusual about a time that rules allow: it is said before booking, and booked if the person insists.

use chrono::NaiveDate;

use crate::calendar::{french_date, french_day, french_time};
use crate::db::AnyConnection;
use crate::failure::Refusal;
use crate::ids::PsychologistId;
use crate::openings::{Leave, Occurrence, Reach, look_up as openings};
use crate::school_calendar::{DayOff, SchoolCalendar, look_up as school_calendar};
use crate::sessions::recurrence::{Dates, End, Recurrence, Repeat, Stop};
use crate::sessions::{Slot, nearest_free_start};
use crate::sql_types::Ts;

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
    /// The psychologist receives nobody.
    #[error("La psychologue est absente {leave}.")]
    Away {
        /// From when to when.
        leave: Leave,
    },
    /// The psychologist said when they receive, and it is not then.
    #[error("Le {} de {} à {} est hors des permanences de la psychologue.", french_day(slot.on), french_time(slot.start_time()), french_time(slot.end_time()))]
    OutsideOpenings {
        /// When.
        slot: Slot,
    },
}

impl Warning {
    /// A stable name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PublicHoliday { .. } => "public_holiday",
            Self::SchoolHolidays { .. } => "school_holidays",
            Self::Away { .. } => "psychologist_away",
            Self::OutsideOpenings { .. } => "outside_openings",
        }
    }
}

/// What warnings are read from, once for any number of times between two days.
#[derive(Debug, Clone)]
pub struct Surroundings {
    calendar: SchoolCalendar,
    leaves: Vec<Leave>,
    /// When the psychologist receives; nothing when they never said.
    openings: Option<Vec<Occurrence>>,
}

/// Reads what warnings are read from: the holidays, and what a psychologist said of these days.
///
/// # Errors
/// When the database fails.
pub fn surroundings(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    (from, until): (NaiveDate, NaiveDate),
) -> diesel::QueryResult<Surroundings> {
    let (reach, filter) = (Reach::Psychologist(psychologist), openings::Filter::default());
    let says_when = openings::count(conn, &reach, openings::Filter { from: Some(from), ..filter })? > 0;
    let occurrences = openings::occurrences(conn, &reach, filter, (from, until))?;
    Ok(Surroundings {
        calendar: school_calendar::calendar(conn)?,
        leaves: openings::leaves_to_come(conn, psychologist, from)?,
        openings: says_when.then_some(occurrences),
    })
}

impl Surroundings {
    /// What is unusual about a time. A day off of everybody says enough: openings are not asked then.
    pub fn warnings(&self, slot: Slot) -> Vec<Warning> {
        let day_off = self.calendar.day_off(slot.on).map(|off| match off {
            DayOff::PublicHoliday(name) => Warning::PublicHoliday { on: slot.on, name: name.to_owned() },
            DayOff::SchoolBreak(period) => {
                Warning::SchoolHolidays { on: slot.on, name: period.name.clone(), until: period.ends_on }
            }
        });
        let leave = self.leaves.iter().find(|leave| leave.contains(slot.on));
        let away = leave.map(|leave| Warning::Away { leave: *leave });
        let holds = |o: &Occurrence| o.starts_at <= slot.starts_at && slot.ends_at() <= o.ends_at;
        let is_outside = self.openings.as_ref().is_some_and(|openings| !openings.iter().any(holds));
        let outside = (is_outside && day_off.is_none() && away.is_none()).then_some(Warning::OutsideOpenings { slot });
        [day_off, away, outside].into_iter().flatten().collect()
    }

    /// The nearest time of a day that could be booked instead of one, given what is taken: in the openings of that day,
    /// or at any time of it when there are none.
    pub fn instead_of(&self, wanted: Slot, taken: &[Slot], now: Ts) -> Option<Slot> {
        let that_day: Vec<Slot> = taken.iter().copied().filter(|other| other.on == wanted.on).collect();
        let of_day = |o: &&Occurrence| o.on == wanted.on;
        let openings: Vec<(Ts, Ts)> =
            self.openings.iter().flatten().filter(of_day).map(|o| (o.starts_at, o.ends_at)).collect();
        nearest_free_start(wanted, &that_day, &openings, now)
    }
}

/// The holidays that a repetition passes over or stops before.
///
/// # Errors
/// When the database fails.
pub fn holidays(conn: &mut AnyConnection) -> diesel::QueryResult<Holidays> {
    Ok(Holidays { calendar: school_calendar::calendar(conn)? })
}

/// The holidays that a repetition passes over or stops before.
#[derive(Debug, Clone)]
pub struct Holidays {
    calendar: SchoolCalendar,
}

impl Holidays {
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
