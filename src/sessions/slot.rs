//! When a session takes place, and where there is room for one.

use chrono::{NaiveDate, NaiveTime};

use crate::calendar;
use crate::failure::Refusal;
use crate::hours::Minutes;
use crate::sql_types::Ts;

/// When a session takes place: a local day and time in Dijon, and a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Slot {
    /// The local date, by which rules, quotas and months are read.
    pub on: NaiveDate,
    /// The instant at which it starts.
    pub starts_at: Ts,
    /// How long it lasts, in minutes.
    pub duration: Minutes,
}

impl Slot {
    /// A slot of a day.
    ///
    /// # Errors
    /// When the length is no session's, or the clocks skip that time of that night (rule 5).
    pub fn new(on: NaiveDate, time: NaiveTime, duration: Minutes) -> Result<Self, SlotRefusal> {
        if !duration.is_session_length() {
            return Err(SlotRefusal::Length { asked: duration });
        }
        let starts_at = calendar::instant(on, time).ok_or(SlotRefusal::NoSuchTime { on, time })?;
        Ok(Self { on, starts_at, duration })
    }

    /// The instant at which it ends.
    pub fn ends_at(self) -> Ts {
        Ts::new(self.starts_at.utc() + chrono::Duration::minutes(i64::from(self.duration.0)))
    }

    /// The local time at which it starts.
    pub fn start_time(self) -> NaiveTime {
        calendar::local_time(self.starts_at)
    }

    /// The local time at which it ends.
    pub fn end_time(self) -> NaiveTime {
        calendar::local_time(self.ends_at())
    }

    /// Whether the two share an instant.
    pub fn overlaps(self, other: Self) -> bool {
        self.starts_at < other.ends_at() && other.starts_at < self.ends_at()
    }
}

/// `mardi 24 novembre de 14 h 30 à 15 h 30`.
impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (start, end) = (calendar::french_time(self.start_time()), calendar::french_time(self.end_time()));
        write!(f, "{} de {start} à {end}", calendar::french_day(self.on))
    }
}

/// Why a length or a time is no session's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlotRefusal {
    /// Not a whole number of quarters of an hour, too short or too long.
    #[error("Une séance dure de 15\u{a0}min à 4\u{a0}h, par quarts d’heure ; {asked} ne convient pas. {}", nearest(*asked))]
    Length {
        /// What was asked.
        asked: Minutes,
    },
    /// The clocks go forward over it.
    #[error(
        "{} n’existe pas le {} : on passe à l’heure d’été. Choisissez une autre heure.",
        calendar::french_time(*time),
        calendar::french_date(*on)
    )]
    NoSuchTime {
        /// The day.
        on: NaiveDate,
        /// The time that it skips.
        time: NaiveTime,
    },
}

/// What to choose instead of a length that does not suit.
fn nearest(asked: Minutes) -> String {
    let (quarter, longest) = (Minutes::QUARTER, Minutes::LONGEST_SESSION);
    if asked < quarter {
        return format!("Choisissez au moins {quarter}.");
    }
    if asked > longest {
        return format!("Choisissez {longest} au plus.");
    }
    let below = Minutes(asked.0 / quarter.0 * quarter.0);
    format!("Choisissez {below} ou {}.", below + quarter)
}

impl Refusal for SlotRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "session_length",
            Self::NoSuchTime { .. } => "no_such_time",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Length { .. } => Some("duration"),
            Self::NoSuchTime { .. } => Some("starts_at"),
        }
    }
}

/// The latest quarter of an hour of a day at which a session of a length could have started to be over now, between
/// the sessions that the psychologist had; `None` when there was no room since seven in the morning.
pub fn latest_free_start(on: NaiveDate, duration: Minutes, busy: &[Slot], now: Ts) -> Option<NaiveTime> {
    const QUARTERS_OF_A_DAY: u32 = 24 * 4;
    const FIRST: u32 = 7 * 4;
    (FIRST..QUARTERS_OF_A_DAY).rev().find_map(|quarter| {
        let time = NaiveTime::from_hms_opt(quarter / 4, quarter % 4 * 15, 0)?;
        let slot = Slot::new(on, time, duration).ok()?;
        let free = !busy.iter().any(|other| other.overlaps(slot));
        (slot.ends_at() <= now && free).then_some(time)
    })
}

/// The free start of a day that is nearest to the one wanted, for a session of a length: between eight and seven in the
/// evening, by quarters of an hour, inside one of these periods if there are any, where nothing of what is taken
/// overlaps, and after now; the earlier of two as near.
pub fn nearest_free_start(wanted: Slot, taken: &[Slot], inside: &[(Ts, Ts)], now: Ts) -> Option<Slot> {
    const FIRST: u32 = 8 * 4;
    const END: u32 = 19 * 4;
    let quarters = u32::try_from(wanted.duration.0 / Minutes::QUARTER.0).ok()?;
    let is_inside = |slot: &Slot| {
        inside.is_empty() || inside.iter().any(|(from, until)| *from <= slot.starts_at && slot.ends_at() <= *until)
    };
    (FIRST..=END.checked_sub(quarters)?)
        .filter_map(|quarter| {
            let time = NaiveTime::from_hms_opt(quarter / 4, quarter % 4 * 15, 0)?;
            Slot::new(wanted.on, time, wanted.duration).ok()
        })
        .filter(is_inside)
        .filter(|slot| slot.starts_at > now && !taken.iter().any(|other| other.overlaps(*slot)))
        .min_by_key(|slot| ((slot.starts_at.utc() - wanted.starts_at.utc()).num_minutes().abs(), slot.starts_at))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_wrong_length_is_refused_with_what_to_choose() {
        let refused = |minutes| {
            let time = NaiveTime::from_hms_opt(9, 0, 0).expect("a time");
            Slot::new(day("2026-11-20"), time, Minutes(minutes)).expect_err("a refusal").to_string()
        };
        assert!(refused(50).ends_with("50\u{a0}min ne convient pas. Choisissez 45\u{a0}min ou 1\u{a0}h."));
        assert!(refused(5).ends_with("Choisissez au moins 15\u{a0}min."));
        assert!(refused(255).ends_with("Choisissez 4\u{a0}h au plus."));
    }

    #[test]
    fn the_night_of_summer_time_skips_an_hour() {
        let time = NaiveTime::from_hms_opt(2, 30, 0).expect("a time");
        let refusal = Slot::new(day("2026-03-29"), time, Minutes(60)).expect_err("a refusal");
        assert_eq!(refusal, SlotRefusal::NoSuchTime { on: day("2026-03-29"), time });
    }

    #[test]
    fn slots_that_touch_do_not_overlap() {
        let morning = slot("2026-11-20", "09:00:00", 60);
        assert!(!morning.overlaps(slot("2026-11-20", "10:00:00", 60)));
        assert!(morning.overlaps(slot("2026-11-20", "09:45:00", 60)));
        assert_eq!(morning.to_string(), "vendredi 20 novembre de 9\u{a0}h\u{a0}00 à 10\u{a0}h\u{a0}00");
    }

    #[test]
    fn the_nearest_free_start_is_after_now_and_ends_by_seven() {
        let free = |wanted: &str, taken: &[Slot], now: &str| {
            nearest_free_start(slot("2026-11-20", wanted, 60), taken, &[], at(now)).map(Slot::start_time)
        };
        let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0);
        assert_eq!(
            free("07:00:00", &[], "2026-11-20T05:00:00Z"),
            time(8, 0),
            "it starts at eight in the morning at least"
        );
        assert_eq!(free("18:45:00", &[], "2026-11-20T06:00:00Z"), time(18, 0), "it ends by seven in the evening");
        assert_eq!(free("09:00:00", &[], "2026-11-20T08:00:00Z"), time(9, 15), "what starts now is too late");
        let morning = slot("2026-11-20", "08:00:00", 240);
        assert_eq!(free("09:00:00", &[morning], "2026-11-20T06:00:00Z"), time(12, 0));
        assert_eq!(free("18:00:00", &[slot("2026-11-20", "17:30:00", 30)], "2026-11-20T16:45:00Z"), time(18, 0));
    }

    #[test]
    fn the_latest_free_quarter_ends_before_now() {
        let now = at("2026-11-20T09:07:00Z");
        let free = |busy: &[Slot]| latest_free_start(day("2026-11-20"), Minutes(60), busy, now);
        assert_eq!(free(&[]), NaiveTime::from_hms_opt(9, 0, 0));
        assert_eq!(free(&[slot("2026-11-20", "09:30:00", 30)]), NaiveTime::from_hms_opt(8, 30, 0));
        assert_eq!(free(&[slot("2026-11-20", "07:30:00", 150)]), None);
    }
}
