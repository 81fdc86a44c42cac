//! The agenda: sessions and free places of a week or a day, set on a grid of quarters of an hour.
//!
//! Here is what is pure: which days are shown, which hours, and how blocks that share a time stand side by side.

pub mod pages;

use chrono::{Datelike, Days, NaiveDate, NaiveTime};

crate::text_enum! {
    /// How the agenda is looked at.
    View {
        /// A week, as a grid.
        Week => "semaine",
        /// A day, as a grid.
        Day => "jour",
        /// A week, as a list.
        List => "liste",
    }
}

impl View {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Week => "Semaine",
            Self::Day => "Jour",
            Self::List => "Liste",
        }
    }

    /// The first and the last day shown with a day.
    pub fn period(self, on: NaiveDate) -> (NaiveDate, NaiveDate) {
        if self == Self::Day {
            return (on, on);
        }
        let monday = on.checked_sub_days(Days::new(on.weekday().num_days_from_monday().into())).unwrap_or(on);
        (monday, monday.checked_add_days(Days::new(6)).unwrap_or(monday))
    }

    /// A day of the period before, and of the one after.
    pub fn neighbours(self, on: NaiveDate) -> (NaiveDate, NaiveDate) {
        let days = Days::new(if self == Self::Day { 1 } else { 7 });
        (on.checked_sub_days(days).unwrap_or(on), on.checked_add_days(days).unwrap_or(on))
    }
}

/// A stretch of a day, in minutes after its midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Its first minute.
    pub from: u32,
    /// The minute after its last.
    pub until: u32,
}

const DAY: u32 = 24 * 60;
const HOUR: u32 = 60;
const QUARTER: u32 = 15;

impl Stretch {
    /// From a local time, for so many minutes; what passes midnight is cut.
    pub fn new(start: NaiveTime, minutes: i32) -> Self {
        let from = minute_of(start).min(DAY - QUARTER);
        let long = u32::try_from(minutes).unwrap_or_default().max(QUARTER);
        Self { from, until: (from + long).min(DAY) }
    }
}

/// The minute of the day of a local time.
pub fn minute_of(time: NaiveTime) -> u32 {
    u32::try_from((time - NaiveTime::MIN).num_minutes()).unwrap_or_default()
}

/// The hours that the grid shows: from eight to six, and as far as its blocks go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// The first hour.
    pub first: u32,
    /// The hour at which the grid ends.
    pub end: u32,
}

impl Hours {
    /// Those that hold every block.
    pub fn around(blocks: impl Iterator<Item = Stretch>) -> Self {
        blocks.fold(Self { first: 8, end: 18 }, |hours, block| Self {
            first: hours.first.min(block.from / HOUR),
            end: hours.end.max(block.until.div_ceil(HOUR)),
        })
    }

    /// The same, and the present hour of a working day, so that it is seen.
    #[must_use]
    pub fn with_now(self, minute: u32) -> Self {
        let hour = minute / HOUR;
        if !(6..22).contains(&hour) {
            return self;
        }
        Self { first: self.first.min(hour), end: self.end.max(hour + 1) }
    }

    /// How many hours it shows.
    pub fn count(self) -> u32 {
        self.end - self.first
    }

    /// The quarter of an hour at which a block starts, from 0 at the top, and how many it takes.
    pub fn place(self, block: Stretch) -> (u32, u32) {
        let row = (block.from - self.first * HOUR) / QUARTER;
        (row, (block.until - self.first * HOUR).div_ceil(QUARTER) - row)
    }

    /// The quarter in which a minute of the day is, if it is shown.
    pub fn row_of(self, minute: u32) -> Option<u32> {
        (self.first * HOUR..self.end * HOUR).contains(&minute).then(|| (minute - self.first * HOUR) / QUARTER)
    }
}

/// The widths that the stylesheet knows: so many blocks side by side.
const WIDTHS: [usize; 6] = [1, 2, 3, 4, 6, 12];

/// For blocks in the order in which they start: the lane of each, and among how many its neighbours share the width.
pub fn lanes(blocks: &[Stretch]) -> Vec<(usize, usize)> {
    let mut placed = vec![(0, 1); blocks.len()];
    let mut start = 0;
    while start < blocks.len() {
        // a group: blocks that meet, one through the other
        let mut end = start;
        let mut until = 0;
        let mut busy_until: Vec<u32> = Vec::new();
        while end < blocks.len() && (end == start || blocks[end].from < until) {
            let block = blocks[end];
            until = until.max(block.until);
            let lane = busy_until.iter().position(|busy| *busy <= block.from).unwrap_or(busy_until.len());
            if lane == busy_until.len() {
                busy_until.push(0);
            }
            busy_until[lane] = block.until;
            placed[end].0 = lane;
            end += 1;
        }
        let widest = WIDTHS.last().copied().unwrap_or(1);
        let width = WIDTHS.into_iter().find(|width| *width >= busy_until.len()).unwrap_or(widest);
        for place in &mut placed[start..end] {
            *place = (place.0.min(width - 1), width);
        }
        start = end;
    }
    placed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn stretch(from: u32, until: u32) -> Stretch {
        Stretch { from: from * HOUR, until: until * HOUR }
    }

    #[test]
    fn a_week_goes_from_monday_to_sunday_over_the_new_year() {
        assert_eq!(View::Week.period(day("2027-01-01")), (day("2026-12-28"), day("2027-01-03")));
        assert_eq!(View::Day.period(day("2028-02-29")), (day("2028-02-29"), day("2028-02-29")));
        assert_eq!(View::List.neighbours(day("2026-12-28")), (day("2026-12-21"), day("2027-01-04")));
        assert_eq!(View::Day.neighbours(day("2026-12-31")), (day("2026-12-30"), day("2027-01-01")));
    }

    #[test]
    fn the_grid_is_as_tall_as_what_it_shows() {
        assert_eq!(Hours::around([].into_iter()), Hours { first: 8, end: 18 });
        let late = Stretch::new(NaiveTime::from_hms_opt(18, 15, 0).expect("a time"), 60);
        let hours = Hours::around([late, stretch(7, 8)].into_iter());
        assert_eq!(hours, Hours { first: 7, end: 20 });
        assert_eq!(hours.place(late), (45, 4));
        assert_eq!((hours.row_of(7 * 60 + 20), hours.row_of(6 * 60)), (Some(1), None));
        assert_eq!(hours.with_now(20 * 60 + 59).end, 21);
        assert_eq!(hours.with_now(3 * 60), hours);
        // a session that would pass midnight stays in its day
        assert_eq!(Stretch::new(NaiveTime::from_hms_opt(23, 30, 0).expect("a time"), 60).until, DAY);
    }

    #[test]
    fn blocks_that_meet_share_the_width() {
        let blocks = [stretch(9, 10), stretch(9, 11), stretch(10, 11), stretch(14, 15)];
        assert_eq!(lanes(&blocks), [(0, 2), (1, 2), (0, 2), (0, 1)]);
        assert!(lanes(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn blocks_never_cover_one_another(times in proptest::collection::vec((0u32..40, 1u32..16), 0..12)) {
            let mut blocks: Vec<Stretch> = times
                .iter()
                .map(|(from, long)| Stretch { from: from * QUARTER, until: (from + long) * QUARTER })
                .collect();
            blocks.sort_by_key(|block| (block.from, block.until));
            let placed = lanes(&blocks);
            for (i, a) in blocks.iter().enumerate() {
                prop_assert!(placed[i].0 < placed[i].1 && WIDTHS.contains(&placed[i].1));
                for (j, b) in blocks.iter().enumerate().skip(i + 1) {
                    if a.from < b.until && b.from < a.until {
                        prop_assert_eq!(placed[i].1, placed[j].1);
                        prop_assert_ne!(placed[i].0, placed[j].0);
                    }
                }
            }
        }
    }
}
