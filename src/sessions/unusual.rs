//! What deserves a second look before a session is approved.

use chrono::{Datelike, Weekday};

use crate::calendar;
use crate::hours::Minutes;
use crate::sessions::Slot;
use crate::sql_types::Ts;

/// What a coordinator should notice before approving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusual {
    /// On a Saturday or a Sunday.
    Weekend(Weekday),
    /// Longer than this child's sessions usually are.
    Long {
        /// How long they usually are.
        usual: Minutes,
    },
    /// Recorded many days after.
    Late {
        /// How many days.
        days: i64,
    },
    /// The child has another session that day.
    SecondThatDay,
    /// The child did not come several times under this referral, without an excuse.
    Missed {
        /// How many times.
        times: i64,
    },
}

/// Recorded more than so many days after, a session is late.
const LATE_AFTER_DAYS: i64 = 14;

impl Unusual {
    /// What is unusual about a recorded session.
    pub fn of(slot: Slot, recorded_at: Ts, usual: Option<Minutes>, others_that_day: i64) -> Vec<Self> {
        let days = (calendar::local_date(recorded_at) - slot.on).num_days();
        let weekday = slot.on.weekday();
        let weekend = matches!(weekday, Weekday::Sat | Weekday::Sun).then_some(Self::Weekend(weekday));
        let long = usual.filter(|usual| slot.duration > *usual).map(|usual| Self::Long { usual });
        let late = (days > LATE_AFTER_DAYS).then_some(Self::Late { days });
        let second = (others_that_day > 0).then_some(Self::SecondThatDay);
        [weekend, long, late, second].into_iter().flatten().collect()
    }
}

impl std::fmt::Display for Unusual {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Weekend(Weekday::Sat) => f.write_str("Un samedi"),
            Self::Weekend(_) => f.write_str("Un dimanche"),
            Self::Long { usual } => write!(f, "Plus longue que d’habitude ({usual})"),
            Self::Late { days } => write!(f, "Saisie {days}\u{a0}jours après"),
            Self::SecondThatDay => f.write_str("Deuxième séance du jour"),
            Self::Missed { times } => write!(f, "Absent {times}\u{a0}fois sans excuse"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn slot(on: &str, time: &str, minutes: i32) -> Slot {
        Slot::new(day(on), time.parse().expect("a time"), Minutes(minutes)).expect("a slot")
    }

    fn at(text: &str) -> Ts {
        Ts::new(text.parse().expect("an instant"))
    }

    #[test]
    fn the_unusual_is_said_in_words() {
        let said = |slot: Slot, recorded: &str, usual, others| -> Vec<String> {
            Unusual::of(slot, at(recorded), usual, others).iter().map(ToString::to_string).collect()
        };
        let saturday = slot("2026-11-14", "09:00:00", 120);
        assert_eq!(
            said(saturday, "2026-11-30T09:00:00Z", Some(Minutes(60)), 1),
            [
                "Un samedi",
                "Plus longue que d’habitude (1\u{a0}h)",
                "Saisie 16\u{a0}jours après",
                "Deuxième séance du jour"
            ]
        );
        assert!(said(slot("2026-11-13", "09:00:00", 60), "2026-11-13T12:00:00Z", Some(Minutes(60)), 0).is_empty());
        assert!(said(slot("2026-11-13", "09:00:00", 60), "2026-11-27T12:00:00Z", Some(Minutes(60)), 0).is_empty());
    }
}
