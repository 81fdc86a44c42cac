//! The curve of the year: hours held week after week against the hours allotted, drawn on the server.

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{Datelike, Days, NaiveDate};

use super::{Outlook, WeekUse, carried_on, monday_of};
use crate::calendar::{Month, french_day};
use crate::conventions::Period;
use crate::hours::Minutes;

/// The plot inside the picture, in its own units: 720 wide, 400 high.
const LEFT: i64 = 78;
const RIGHT: i64 = 704;
const TOP: i64 = 40;
const BOTTOM: i64 = 352;

/// The curve of a year as a picture that says in words what it shows.
#[derive(Debug, Clone, Template)]
#[template(path = "budgets/curve.html")]
pub struct Curve {
    title: String,
    description: String,
    /// Hours, and the height of their line.
    ticks: Vec<(i32, i64)>,
    months: Vec<MonthMark>,
    /// Sessions approved or invoiced.
    used: String,
    /// Sessions booked and recorded too.
    held: String,
    /// The pace carried on.
    pace: Option<String>,
    allotted: Minutes,
    allotted_y: i64,
    /// Where today is, if it is in the year.
    today_x: Option<i64>,
    /// Where the hours run out.
    end: Option<(i64, i64)>,
}

impl HtmlSafe for Curve {}

/// A month under the curve.
#[derive(Debug, Clone)]
struct MonthMark {
    start: i64,
    middle: i64,
    /// `janv.`
    name: String,
    /// `J`
    initial: String,
}

/// A week of the table under the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekRow {
    /// The Monday of the week.
    pub monday: NaiveDate,
    /// Approved or invoiced in the week.
    pub used: Minutes,
    /// Booked or recorded in the week.
    pub reserved: Minutes,
    /// Approved or invoiced since the year began.
    pub used_so_far: Minutes,
    /// Held since the year began.
    pub held_so_far: Minutes,
    /// Held since the year began if the pace goes on.
    pub foreseen: Option<Minutes>,
}

/// The weeks with their sums so far, and what the pace leads to.
pub fn rows(weeks: &[WeekUse], outlook: Outlook, today: NaiveDate) -> Vec<WeekRow> {
    let foreseen = outlook.pace().map(|pace| carried_on(pace, weeks, today)).unwrap_or_default();
    let (mut used_so_far, mut held_so_far) = (Minutes::ZERO, Minutes::ZERO);
    let row = |week: &WeekUse| {
        used_so_far += week.used;
        held_so_far += week.held();
        WeekRow {
            monday: week.monday,
            used: week.used,
            reserved: week.reserved,
            used_so_far,
            held_so_far,
            foreseen: foreseen.iter().find(|(monday, _)| *monday == week.monday).map(|(_, held)| *held),
        }
    };
    weeks.iter().map(row).collect()
}

impl Curve {
    /// The curve of some weeks of a period, which is that of a budget year; none when the period has no week.
    pub fn new(
        name: &str,
        period: Period,
        allotted: Minutes,
        rows: &[WeekRow],
        outlook: Outlook,
        today: NaiveDate,
    ) -> Option<Self> {
        let (first, last) = (rows.first()?, rows.last()?);
        let highest = rows.iter().map(|row| row.foreseen.unwrap_or(row.held_so_far).max(row.held_so_far)).max()?;
        let (step, top) = scale(highest.max(allotted));
        let plot = Plot { first: first.monday, weeks: rows.len() as i64, top };
        let present = monday_of(today);
        let is_lived = |row: &&WeekRow| row.monday <= present;
        let begins = (LEFT, BOTTOM);
        let line =
            |points: Vec<(i64, i64)>| points.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ");
        let from_zero = |points: Vec<(i64, i64)>| line(std::iter::once(begins).chain(points).collect());
        let used = rows.iter().filter(is_lived).map(|row| plot.at_end_of(row.monday, row.used_so_far)).collect();
        let booked_until = rows.iter().filter(|row| row.reserved > Minutes::ZERO).map(|row| row.monday).max();
        let until = booked_until.unwrap_or(present).max(present);
        let held = rows.iter().filter(|row| row.monday <= until);
        let held = held.map(|row| plot.at_end_of(row.monday, row.held_so_far)).collect();
        let over = rows.iter().rfind(|row| row.foreseen.is_none());
        let start = over.map_or(begins, |row| plot.at_end_of(row.monday, row.held_so_far));
        let to_come = rows.iter().filter_map(|row| Some(plot.at_end_of(row.monday, row.foreseen?)));
        let pace: Vec<(i64, i64)> = std::iter::once(start).chain(to_come).collect();
        Some(Self {
            title: format!("Heures cumulées de l’exercice, {name}"),
            description: description(allotted, last, outlook),
            ticks: (0..=top.0 / step.0).map(|n| (n * step.0 / 60, plot.height(Minutes(n * step.0)))).collect(),
            months: plot.months(period),
            used: from_zero(used),
            held: from_zero(held),
            pace: (pace.len() > 1).then(|| line(pace)),
            allotted,
            allotted_y: plot.height(allotted),
            today_x: period.contains(today).then(|| plot.place(today)),
            end: match outlook {
                Outlook::RunsOut { week, .. } => {
                    let before = rows.iter().rfind(|row| row.monday < week);
                    let (from_x, from_y) = before
                        .map_or(begins, |row| plot.at_end_of(row.monday, row.foreseen.unwrap_or(row.held_so_far)));
                    let after = rows.iter().find(|row| row.monday == week).and_then(|row| row.foreseen)?;
                    let (to_x, to_y) = plot.at_end_of(week, after);
                    let y = plot.height(allotted);
                    Some((from_x + (to_x - from_x) * (from_y - y) / (from_y - to_y).max(1), y))
                }
                _ => None,
            },
        })
    }
}

/// In words, what the curve shows.
fn description(allotted: Minutes, last: &WeekRow, outlook: Outlook) -> String {
    let held = last.held_so_far - last.used_so_far;
    let so_far = format!("{} validées et {held} réservées, sur {allotted} fixées.", last.used_so_far);
    match outlook {
        Outlook::RunsOut { pace, week, missing } => format!(
            "{so_far} Au rythme de {} par semaine, les heures s’épuisent la semaine du {} ; il manquerait {missing} à la fin de l’exercice.",
            pace.a_week(),
            french_day(week)
        ),
        Outlook::Lasts { pace, left } => {
            format!("{so_far} Au rythme de {} par semaine, il resterait {left} à la fin de l’exercice.", pace.a_week())
        }
        _ => so_far,
    }
}

/// Where things are drawn.
struct Plot {
    first: NaiveDate,
    weeks: i64,
    top: Minutes,
}

impl Plot {
    fn place(&self, day: NaiveDate) -> i64 {
        let days = (day - self.first).num_days().clamp(0, self.weeks * 7);
        LEFT + (RIGHT - LEFT) * days / (self.weeks * 7)
    }

    fn height(&self, time: Minutes) -> i64 {
        BOTTOM - (BOTTOM - TOP) * i64::from(time.0) / i64::from(self.top.0)
    }

    fn at_end_of(&self, monday: NaiveDate, time: Minutes) -> (i64, i64) {
        (self.place(monday + Days::new(7)), self.height(time))
    }

    fn months(&self, period: Period) -> Vec<MonthMark> {
        let mut months = Vec::new();
        let mut month = Month::of(period.from);
        while month.first() <= period.until {
            let start = self.place(month.first().max(period.from));
            let end = self.place(month.last().min(period.until) + Days::new(1));
            months.push(MonthMark {
                start,
                middle: (start + end) / 2,
                name: short_name(month).to_owned(),
                initial: month.name().chars().take(1).collect::<String>().to_uppercase(),
            });
            month = month.next();
        }
        months
    }
}

/// `janv.`
fn short_name(month: Month) -> &'static str {
    const NAMES: [&str; 12] =
        ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."];
    NAMES[month.first().month0() as usize]
}

/// A step of whole hours that is easy to read, and the height of the plot: five or six steps at most, above the highest.
fn scale(highest: Minutes) -> (Minutes, Minutes) {
    const STEPS: [i32; 14] = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000];
    let fits = |step: &&i32| **step * 60 * 5 >= highest.0;
    let hours = STEPS.iter().find(fits).copied().unwrap_or(highest.0 / 300 + 1);
    let step = Minutes::from_hours(hours);
    // a little room above the highest line
    let steps = (highest.0 * 21 / 20).div_euclid(step.0) + 1;
    (step, Minutes(step.0 * steps))
}

#[cfg(test)]
mod tests {
    use super::super::{Pace, outlook, weeks_of};
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Ten weeks, of ten hours.
    fn plot() -> Plot {
        Plot { first: day("2026-01-05"), weeks: 10, top: Minutes(600) }
    }

    #[test]
    fn days_and_hours_have_their_place() {
        let plot = plot();
        let places =
            ["2025-12-01", "2026-01-05", "2026-02-09", "2026-03-16", "2026-04-01"].map(|on| plot.place(day(on)));
        assert_eq!(places, [LEFT, LEFT, (LEFT + RIGHT) / 2, RIGHT, RIGHT]);
        assert_eq!([0, 300, 600].map(|minutes| plot.height(Minutes(minutes))), [BOTTOM, (TOP + BOTTOM) / 2, TOP]);
        // a week is drawn at its end
        assert_eq!(plot.at_end_of(day("2026-02-02"), Minutes(300)), ((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2));
    }

    #[test]
    fn months_stand_side_by_side_under_the_curve() {
        let months = plot().months(Period { from: day("2026-01-05"), until: day("2026-03-15") });
        let drawn: Vec<_> = months.iter().map(|m| (m.start, m.middle, m.name.as_str(), m.initial.as_str())).collect();
        assert_eq!(drawn, [(78, 198, "janv.", "J"), (319, 444, "févr.", "F"), (569, 636, "mars", "M")]);
    }

    #[test]
    fn steps_are_easy_to_read_and_leave_room_above() {
        for (highest, step, top) in [
            (0, 60, 60),
            (300, 60, 360),
            (301, 120, 360),
            (1_500_000, 300_000, 1_800_000),
            (1_500_001, 300_060, 1_800_360),
        ] {
            assert_eq!(scale(Minutes(highest)), (Minutes(step), Minutes(top)), "{highest}");
        }
    }

    #[test]
    fn words_say_what_the_curve_shows() {
        let (pace, week) = (Pace { minutes: 480, weeks: 8 }, day("2026-04-06"));
        let last = WeekRow {
            monday: day("2026-12-28"),
            used: Minutes::ZERO,
            reserved: Minutes::ZERO,
            used_so_far: Minutes(600),
            held_so_far: Minutes(780),
            foreseen: None,
        };
        let words = |outlook| description(Minutes(6000), &last, outlook).replace('\u{a0}', " ");
        let so_far = "10 h validées et 3 h réservées, sur 100 h fixées.";
        assert_eq!(words(Outlook::TooEarly), so_far);
        let lasts = words(Outlook::Lasts { pace, left: Minutes(420) });
        assert_eq!(lasts, format!("{so_far} Au rythme de 1 h par semaine, il resterait 7 h à la fin de l’exercice."));
        let runs_out = words(Outlook::RunsOut { pace, week, missing: Minutes(90) });
        assert!(runs_out.starts_with(so_far) && runs_out.contains("la semaine du lundi 6 avril"), "{runs_out}");
        assert!(runs_out.contains("il manquerait 1 h 30"), "{runs_out}");
    }

    proptest! {
        /// Whatever was held, every point is inside the picture and lines never go back in time.
        #[test]
        fn nothing_is_drawn_outside(
            quarters in proptest::collection::vec((0i32..60, 0i32..10), 53),
            allotted in 0i32..4000,
            days in -30i64..400,
        ) {
            let period = Period { from: "2026-01-01".parse().unwrap(), until: "2026-12-31".parse().unwrap() };
            let today = period.from + chrono::Duration::days(days);
            let weeks: Vec<WeekUse> = weeks_of(period).into_iter().zip(&quarters)
                .map(|(monday, (used, reserved))| WeekUse { used: Minutes(used * 15), reserved: Minutes(reserved * 15), ..WeekUse::empty(monday) })
                .collect();
            let allotted = Minutes(allotted * 15);
            let outlook = outlook(period, allotted, &weeks, today);
            let rows = rows(&weeks, outlook, today);
            let curve = Curve::new("Longvic", period, allotted, &rows, outlook, today).unwrap();
            prop_assert_eq!(curve.end.is_some(), matches!(outlook, Outlook::RunsOut { .. }));
            for line in [Some(&curve.used), Some(&curve.held), curve.pace.as_ref()].into_iter().flatten() {
                let points: Vec<(i64, i64)> = line.split(' ')
                    .map(|point| point.split_once(',').unwrap())
                    .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
                    .collect();
                for (x, y) in &points {
                    prop_assert!((LEFT..=RIGHT).contains(x) && (TOP..=BOTTOM).contains(y), "{x},{y}");
                }
                prop_assert!(points.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 >= pair[1].1));
            }
            prop_assert!(curve.ticks.len() <= 7, "{:?}", curve.ticks);
        }
    }
}
