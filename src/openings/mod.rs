//! Openings (*permanences*): where and when a psychologist can be booked, once or by the week.
//!
//! An opening is a rule; what it gives between two days is computed, never stored. It does not take place on public
//! holidays, on days that were taken out of it, nor while its psychologist is away. What is free is what it gives
//! less the sessions that stand.

pub mod api;
pub mod change;
pub mod close;
pub mod create;
mod facts;
pub mod look_up;
pub mod pages;
pub mod pages_opening;
pub mod remove_day;
mod store;
pub mod take_leave;

use std::collections::BTreeSet;

use chrono::{Datelike, Days, Duration, NaiveDate, NaiveTime, Weekday};

use crate::accounts::{Caller, Coordinator, Person, Psychologist, Role};
use crate::calendar::{self, french_date, french_time};
use crate::failure::Refusal;
use crate::holidays::public_holiday;
use crate::hours::Minutes;
use crate::ids::{LeaveId, OpeningId, ProgrammeId, PsychologistId};
use crate::school_calendar::SchoolCalendar;
use crate::sql_types::Ts;

/// The most characters of a place.
pub const LONGEST_PLACE: usize = 100;
/// What is shorter is not shown as a place, though a session may be.
const SHORTEST_PLACE: Minutes = Minutes(30);
/// How far ahead two openings are compared, in days: past a year they repeat.
const COMPARED_DAYS: u64 = 371;

crate::text_enum! {
    /// How often an opening takes place.
    Rhythm {
        /// On its first day only.
        Once => "once",
        /// Every week.
        Weekly => "weekly",
        /// Every other week, counted from its first day.
        Fortnightly => "fortnightly",
    }
}

impl Rhythm {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Once => "Une seule fois",
            Self::Weekly => "Chaque semaine",
            Self::Fortnightly => "Une semaine sur deux",
        }
    }

    /// After how many days it takes place again.
    const fn days(self) -> Option<i64> {
        match self {
            Self::Once => None,
            Self::Weekly => Some(7),
            Self::Fortnightly => Some(14),
        }
    }
}

/// Local times of a day in Europe/Paris, by quarters of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Span {
    /// When it starts.
    pub from: NaiveTime,
    /// When it ends.
    pub until: NaiveTime,
}

/// `de 14 h 00 à 17 h 00`.
impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "de {} à {}", french_time(self.from), french_time(self.until))
    }
}

/// What an opening says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Terms {
    /// The programme whose children are received; all when absent.
    pub programme: Option<ProgrammeId>,
    /// Where.
    pub place: String,
    /// How often.
    pub rhythm: Rhythm,
    /// The first day: it gives the day of the week.
    pub starts_on: NaiveDate,
    /// The last day, if there is one.
    pub until_on: Option<NaiveDate>,
    /// Between which times.
    pub span: Span,
    /// Whether it rests during school holidays.
    pub is_school_only: bool,
}

/// An opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Which.
    pub id: OpeningId,
    /// Whose.
    pub psychologist_id: PsychologistId,
    /// What it says.
    pub terms: Terms,
}

/// Days on which a psychologist receives nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    /// Which.
    pub id: LeaveId,
    /// Whose.
    pub psychologist_id: PsychologistId,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
}

impl Leave {
    /// Whether a day is in it.
    pub fn contains(&self, day: NaiveDate) -> bool {
        (self.starts_on..=self.ends_on).contains(&day)
    }
}

/// `le 24 novembre 2026`, `du 24 au 27 novembre 2026` in full words.
impl std::fmt::Display for Leave {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.starts_on == self.ends_on {
            write!(f, "le {}", french_date(self.starts_on))
        } else {
            write!(f, "du {} au {}", french_date(self.starts_on), french_date(self.ends_on))
        }
    }
}

/// An opening as it takes place on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Of which opening.
    pub opening: OpeningId,
    /// Whose.
    pub psychologist: PsychologistId,
    /// For which programme; all when absent.
    pub programme: Option<ProgrammeId>,
    /// Where.
    pub place: String,
    /// The local day.
    pub on: NaiveDate,
    /// Between which local times.
    pub span: Span,
    /// The instant at which it starts.
    pub starts_at: Ts,
    /// The instant at which it ends.
    pub ends_at: Ts,
}

/// Why an opening does not take place on a day of its rhythm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// A public holiday, by its name.
    Holiday(&'static str),
    /// School holidays, by their name; or a day of which nobody knows yet.
    NoSchool(Option<String>),
    /// That day was taken out.
    Removed,
    /// The psychologist is away.
    Away(Leave),
}

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Holiday(name) => write!(f, "jour férié : {name}"),
            Self::NoSchool(Some(name)) => f.write_str(name),
            Self::NoSchool(None) => f.write_str("calendrier scolaire pas encore connu"),
            Self::Removed => f.write_str("jour retiré"),
            Self::Away(leave) => write!(f, "absence {leave}"),
        }
    }
}

/// What opens and closes days, beside an opening's own words.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The school holidays that are known.
    pub calendar: SchoolCalendar,
    /// The days taken out of openings.
    pub removals: BTreeSet<(OpeningId, NaiveDate)>,
    /// The days on which psychologists are away.
    pub leaves: Vec<Leave>,
}

impl Opening {
    /// The day of the week on which it takes place.
    pub fn weekday(&self) -> Weekday {
        self.terms.starts_on.weekday()
    }

    /// Whether a day is one of its rhythm, whatever closes it.
    pub fn falls_on(&self, day: NaiveDate) -> bool {
        let terms = &self.terms;
        let since = (day - terms.starts_on).num_days();
        let in_time = since >= 0 && terms.until_on.is_none_or(|until| day <= until);
        in_time && terms.rhythm.days().map_or(since == 0, |days| since % days == 0)
    }

    /// The days of its rhythm from one day to another, both included, whatever closes them.
    pub fn days(&self, from: NaiveDate, until: NaiveDate) -> impl Iterator<Item = NaiveDate> + use<'_> {
        let step = self.terms.rhythm.days().unwrap_or(1);
        let late = (from - self.terms.starts_on).num_days().max(0);
        // the first day of the rhythm that is not before
        let ahead = u64::try_from((late + step - 1) / step * step).unwrap_or_default();
        let first = self.terms.starts_on.checked_add_days(Days::new(ahead));
        let last = self.terms.until_on.map_or(until, |end| end.min(until));
        let next = move |day: &NaiveDate| day.checked_add_days(Days::new(u64::try_from(step).unwrap_or(1)));
        std::iter::successors(first, next).take_while(move |day| *day <= last).filter(|day| self.falls_on(*day))
    }

    /// Why it does not take place on a day of its rhythm; `None` when it does.
    pub fn closed_on(&self, day: NaiveDate, context: &Context) -> Option<Closed> {
        if let Some(name) = public_holiday(day) {
            return Some(Closed::Holiday(name));
        }
        if context.removals.contains(&(self.id, day)) {
            return Some(Closed::Removed);
        }
        let away = |leave: &&Leave| leave.psychologist_id == self.psychologist_id && leave.contains(day);
        if let Some(leave) = context.leaves.iter().find(away) {
            return Some(Closed::Away(*leave));
        }
        (self.terms.is_school_only && !context.calendar.is_school_day(day))
            .then(|| Closed::NoSchool(context.calendar.break_on(day).map(|period| period.name.clone())))
    }

    /// When it takes place from one day to another, both included, in order.
    pub fn occurrences(&self, from: NaiveDate, until: NaiveDate, context: &Context) -> Vec<Occurrence> {
        self.days(from, until)
            .filter(|day| self.closed_on(*day, context).is_none())
            .filter_map(|day| self.occurrence(day))
            .collect()
    }

    /// As it takes place on a day; `None` when the clocks skip one of its times.
    pub fn occurrence(&self, on: NaiveDate) -> Option<Occurrence> {
        let Span { from, until } = self.terms.span;
        Some(Occurrence {
            opening: self.id,
            psychologist: self.psychologist_id,
            programme: self.terms.programme,
            place: self.terms.place.clone(),
            on,
            span: self.terms.span,
            starts_at: calendar::instant(on, from)?,
            ends_at: calendar::instant(on, until)?,
        })
    }

    /// The first day on which two openings would be at the same time.
    fn meets(&self, other: &Self) -> Option<NaiveDate> {
        let (mine, theirs) = (self.terms.span, other.terms.span);
        if mine.until <= theirs.from || theirs.until <= mine.from {
            return None;
        }
        let from = self.terms.starts_on.max(other.terms.starts_on);
        let until = from.checked_add_days(Days::new(COMPARED_DAYS))?;
        self.days(from, until).find(|day| other.falls_on(*day))
    }

    /// "Chaque mardi de 14 h 00 à 17 h 00".
    pub fn when(&self) -> String {
        let span = self.terms.span;
        let name = WEEKDAYS[self.weekday().num_days_from_monday() as usize];
        match self.terms.rhythm {
            Rhythm::Once => format!("Le {} {span}", calendar::french_full_date(self.terms.starts_on)),
            Rhythm::Weekly => format!("Chaque {name} {span}"),
            Rhythm::Fortnightly => format!("Un {name} sur deux {span}"),
        }
    }
}

const WEEKDAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];

/// A time at which a psychologist is taken already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    /// Who.
    pub psychologist: PsychologistId,
    /// From when.
    pub starts_at: Ts,
    /// Until when.
    pub ends_at: Ts,
}

/// A place that can be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The instant at which it starts.
    pub starts_at: Ts,
    /// The local time at which it starts.
    pub start: NaiveTime,
    /// How long it lasts.
    pub duration: Minutes,
}

impl Occurrence {
    /// The places of a length that are free and to come, one after the other in each stretch that nobody has taken.
    /// What is taken may be given whole, of other days and other psychologists too.
    pub fn places(&self, busy: &[Busy], duration: Minutes, now: Ts) -> Vec<Place> {
        let mut places = Vec::new();
        for (from, until) in self.free(busy) {
            let mut starts_at = from;
            loop {
                let ends_at = later(starts_at, duration);
                if ends_at > until {
                    break;
                }
                if starts_at > now {
                    places.push(Place { starts_at, start: calendar::local_time(starts_at), duration });
                }
                starts_at = ends_at;
            }
        }
        places
    }

    /// The places that are free and to come: of a usual length, and of what is left when a stretch ends sooner.
    pub fn cut(&self, busy: &[Busy], usual: Minutes, now: Ts) -> Vec<Place> {
        let mut places = Vec::new();
        for (from, until) in self.free(busy) {
            let mut starts_at = from;
            while starts_at < until {
                let left = i32::try_from((until.utc() - starts_at.utc()).num_minutes()).unwrap_or(usual.0);
                let duration = Minutes(left.min(usual.0) / Minutes::QUARTER.0 * Minutes::QUARTER.0);
                if duration < SHORTEST_PLACE {
                    break;
                }
                if starts_at > now {
                    places.push(Place { starts_at, start: calendar::local_time(starts_at), duration });
                }
                starts_at = later(starts_at, duration);
            }
        }
        places
    }

    /// The stretches that nobody has taken, in order.
    pub fn free(&self, busy: &[Busy]) -> Vec<(Ts, Ts)> {
        let mut taken: Vec<&Busy> = busy
            .iter()
            .filter(|b| b.psychologist == self.psychologist && b.starts_at < self.ends_at && self.starts_at < b.ends_at)
            .collect();
        taken.sort_by_key(|b| b.starts_at);
        let mut free = Vec::new();
        let mut from = self.starts_at;
        for b in taken {
            if from < b.starts_at {
                free.push((from, b.starts_at));
            }
            from = from.max(b.ends_at);
        }
        if from < self.ends_at {
            free.push((from, self.ends_at));
        }
        free
    }
}

fn later(at: Ts, by: Minutes) -> Ts {
    Ts::new(at.utc() + Duration::minutes(i64::from(by.0)))
}

/// Whose openings somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// A psychologist's own.
    Psychologist(PsychologistId),
    /// Those that receive children of programmes: for one of them, or for all when their psychologist has a referral there.
    Programmes(Vec<ProgrammeId>),
}

impl Reach {
    /// A person's, in the role in use, or else in one that they hold; `None` when they hold none that plans.
    pub fn of(person: &Person) -> Option<Self> {
        let psychologist = || Psychologist::of(person).map(|who| Self::Psychologist(who.id));
        let coordinator = || Coordinator::of(person).map(|who| Self::Programmes(who.programmes));
        match person.role_in_use {
            Role::Coordinator => coordinator().or_else(psychologist),
            _ => psychologist().or_else(coordinator),
        }
    }
}

/// Why what an opening would say does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsRefusal {
    /// It ends before it starts.
    #[error("La permanence finit à {} : elle doit finir après {}.", french_time(span.until), french_time(span.from))]
    Hours {
        /// The times.
        span: Span,
    },
    /// Times are quarters of an hour.
    #[error("Les heures vont par quarts d’heure : choisissez par exemple {}.", french_time(quarter(*given)))]
    Quarters {
        /// What was asked.
        given: NaiveTime,
    },
    /// Its last day is before its first.
    #[error("La permanence commence le {} : son dernier jour ne peut pas être le {}.", french_date(*starts_on), french_date(*until_on))]
    Period {
        /// The first day.
        starts_on: NaiveDate,
        /// The last day.
        until_on: NaiveDate,
    },
    /// It would take place on a public holiday, and never again.
    #[error("Le {} est férié ({name}) : choisissez un autre jour.", french_date(*on))]
    Holiday {
        /// The day.
        on: NaiveDate,
        /// The holiday.
        name: &'static str,
    },
    /// A place has words.
    #[error("Indiquez le lieu en {LONGEST_PLACE} caractères au plus.")]
    Place,
    /// No child of that programme is entrusted to them.
    #[error("Aucun enfant de ce PRE ne vous est orienté : choisissez un autre PRE, ou tous.")]
    Programme,
    /// The psychologist would be in two places at once.
    #[error("Le {}, vous avez déjà une permanence {} ({place}). Changez l’heure, ou modifiez l’autre permanence.", french_date(*on), span)]
    Meets {
        /// The first day on which both take place.
        on: NaiveDate,
        /// When the other is.
        span: Span,
        /// Where the other is.
        place: String,
    },
}

fn quarter(time: NaiveTime) -> NaiveTime {
    let minutes = minute_of(time) / Minutes::QUARTER.0 * Minutes::QUARTER.0;
    time_of(minutes).unwrap_or(time)
}

impl Refusal for TermsRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Hours { .. } => "opening_hours",
            Self::Quarters { .. } => "opening_quarters",
            Self::Period { .. } => "opening_period",
            Self::Holiday { .. } => "opening_on_holiday",
            Self::Place => "opening_place",
            Self::Programme => "opening_programme",
            Self::Meets { .. } => "opening_overlap",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Hours { .. } => "ends_at",
            Self::Quarters { .. } | Self::Meets { .. } => "starts_at",
            Self::Period { .. } => "until_on",
            Self::Holiday { .. } => "starts_on",
            Self::Place => "place",
            Self::Programme => "programme",
        })
    }
}

impl Terms {
    /// Whether what it says stands by itself.
    ///
    /// # Errors
    /// As [`TermsRefusal`] says.
    fn check(&self) -> Result<(), TermsRefusal> {
        let Span { from, until } = self.span;
        for given in [from, until] {
            if time_of(minute_of(given)) != Some(given) || minute_of(given) % Minutes::QUARTER.0 != 0 {
                return Err(TermsRefusal::Quarters { given });
            }
        }
        if until <= from {
            return Err(TermsRefusal::Hours { span: self.span });
        }
        if let Some(until_on) = self.until_on.filter(|until_on| *until_on < self.starts_on) {
            return Err(TermsRefusal::Period { starts_on: self.starts_on, until_on });
        }
        if let (Rhythm::Once, Some(name)) = (self.rhythm, public_holiday(self.starts_on)) {
            return Err(TermsRefusal::Holiday { on: self.starts_on, name });
        }
        if self.place.trim().is_empty() || self.place.chars().count() > LONGEST_PLACE {
            return Err(TermsRefusal::Place);
        }
        Ok(())
    }
}

/// The minute of the day of a local time.
fn minute_of(time: NaiveTime) -> i32 {
    i32::try_from((time - NaiveTime::MIN).num_minutes()).unwrap_or_default()
}

/// The local time of a minute of the day.
fn time_of(minute: i32) -> Option<NaiveTime> {
    let minute = u32::try_from(minute).ok()?;
    NaiveTime::from_hms_opt(minute / 60, minute % 60, 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::school_calendar::{file, import};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn time(text: &str) -> NaiveTime {
        text.parse().expect("a time")
    }

    fn opening(rhythm: Rhythm, starts_on: &str, until_on: Option<&str>, is_school_only: bool) -> Opening {
        let span = Span { from: time("14:00:00"), until: time("17:00:00") };
        let (starts_on, until_on) = (day(starts_on), until_on.map(day));
        let place = "Maison des exemples".to_owned();
        let terms = Terms { programme: None, place, rhythm, starts_on, until_on, span, is_school_only };
        Opening { id: OpeningId::new(), psychologist_id: PsychologistId::new(), terms }
    }

    fn context() -> Context {
        let breaks = file::read(import::PUBLISHED, import::ACADEMY).expect("a calendar");
        Context { calendar: SchoolCalendar::new(breaks), ..Context::default() }
    }

    fn days(opening: &Opening, from: &str, until: &str, context: &Context) -> Vec<String> {
        opening.occurrences(day(from), day(until), context).iter().map(|o| o.on.to_string()).collect()
    }

    #[test]
    fn school_weeks_rest_in_the_holidays_and_over_the_new_year() {
        let tuesdays = opening(Rhythm::Weekly, "2026-11-24", None, true);
        assert_eq!(
            days(&tuesdays, "2026-12-01", "2027-01-12", &context()),
            ["2026-12-01", "2026-12-08", "2026-12-15", "2027-01-05", "2027-01-12"]
        );
        let every = opening(Rhythm::Fortnightly, "2026-12-18", None, false);
        // 1 January is off for everybody; the other weeks are still counted from the first day
        assert_eq!(days(&every, "2026-12-18", "2027-01-31", &context()), ["2026-12-18", "2027-01-15", "2027-01-29"]);
        // past the years that are known, nothing is promised
        assert!(days(&tuesdays, "2027-09-01", "2027-12-31", &context()).is_empty());
    }

    #[test]
    fn the_29_of_february_is_a_day_like_another() {
        let tuesdays = opening(Rhythm::Weekly, "2028-02-22", Some("2028-03-07"), false);
        assert_eq!(days(&tuesdays, "2028-01-01", "2028-12-31", &context()), ["2028-02-22", "2028-02-29", "2028-03-07"]);
    }

    #[test]
    fn hours_stay_local_over_both_changes_of_clock() {
        let sundays = opening(Rhythm::Weekly, "2026-10-18", None, false);
        let starts: Vec<String> = sundays
            .occurrences(day("2026-10-18"), day("2026-10-25"), &context())
            .iter()
            .map(|o| o.starts_at.rfc3339())
            .collect();
        assert_eq!(starts, ["2026-10-18T12:00:00.000000Z", "2026-10-25T13:00:00.000000Z"]);
        let spring = sundays.occurrences(day("2027-03-21"), day("2027-03-28"), &context());
        assert_eq!(spring.last().map(|o| o.starts_at.rfc3339()).as_deref(), Some("2027-03-28T12:00:00.000000Z"));
    }

    #[test]
    fn removed_days_and_leaves_close() {
        let tuesdays = opening(Rhythm::Weekly, "2026-11-24", None, false);
        let leave = |of: PsychologistId| Leave {
            id: LeaveId::new(),
            psychologist_id: of,
            starts_on: day("2026-12-05"),
            ends_on: day("2026-12-08"),
        };
        let mut context = context();
        context.removals.insert((tuesdays.id, day("2026-12-01")));
        context.removals.insert((OpeningId::new(), day("2026-12-15")));
        context.leaves = vec![leave(PsychologistId::new()), leave(tuesdays.psychologist_id)];
        assert_eq!(days(&tuesdays, "2026-11-24", "2026-12-15", &context), ["2026-11-24", "2026-12-15"]);
        assert_eq!(tuesdays.closed_on(day("2026-12-01"), &context), Some(Closed::Removed));
        assert!(matches!(tuesdays.closed_on(day("2026-12-08"), &context), Some(Closed::Away(_))));
    }

    fn starts(places: &[Place]) -> Vec<String> {
        places.iter().map(|place| place.start.format("%H:%M").to_string()).collect()
    }

    #[test]
    fn rhythms_are_named() {
        let named: Vec<&str> = Rhythm::ALL.iter().map(|one| one.french()).collect();
        assert_eq!(named, ["Une seule fois", "Chaque semaine", "Une semaine sur deux"]);
    }

    #[test]
    fn what_is_taken_is_not_free() {
        let tuesday = opening(Rhythm::Once, "2026-11-24", None, false);
        let occurrence = tuesday.occurrence(day("2026-11-24")).expect("an occurrence");
        let at = |text: &str| calendar::instant(day("2026-11-24"), time(text)).expect("an instant");
        let busy = |of, from, until| Busy { psychologist: of, starts_at: at(from), ends_at: at(until) };
        let mine = tuesday.psychologist_id;
        let now = at("08:00:00");
        assert_eq!(starts(&occurrence.places(&[], Minutes(60), now)), ["14:00", "15:00", "16:00"]);
        let taken = [busy(mine, "14:30:00", "15:15:00"), busy(PsychologistId::new(), "14:00:00", "17:00:00")];
        assert_eq!(starts(&occurrence.places(&taken, Minutes(60), now)), ["15:15"]);
        assert_eq!(starts(&occurrence.places(&taken, Minutes(30), now)), ["14:00", "15:15", "15:45", "16:15"]);
        // shown whole: what is shorter than usual is a place too
        let cut: Vec<i32> = occurrence.cut(&taken, Minutes(60), now).iter().map(|place| place.duration.0).collect();
        assert_eq!(cut, [30, 60, 45]);
        // what has begun is no place any more
        assert_eq!(starts(&occurrence.places(&[], Minutes(60), at("15:00:00"))), ["16:00"]);
        assert_eq!(starts(&occurrence.cut(&[], Minutes(60), at("15:00:00"))), ["16:00"]);
        // nothing is left before what begins with it, nor after what ends with it
        let whole = [busy(mine, "14:00:00", "17:00:00")];
        assert_eq!(occurrence.free(&whole), []);
    }

    #[test]
    fn who_holds_both_roles_reaches_by_the_one_in_use() {
        let both = [Role::Psychologist, Role::Coordinator];
        let is_own = |held: &[Role], in_use| {
            Reach::of(&Person::holding(held, in_use)).map(|reach| matches!(reach, Reach::Psychologist(_)))
        };
        assert_eq!(both.map(|in_use| is_own(&both, in_use)), [Some(true), Some(false)]);
        assert_eq!(both.map(|held| is_own(&[held], Role::Auditor)), [Some(true), Some(false)]);
        assert_eq!(is_own(&[Role::Auditor], Role::Auditor), None);
    }

    #[test]
    fn two_openings_that_meet_are_seen_on_their_first_day() {
        let odd = opening(Rhythm::Fortnightly, "2026-11-24", None, false);
        let even = opening(Rhythm::Fortnightly, "2026-12-01", None, false);
        assert_eq!(odd.meets(&even), None);
        let weekly = opening(Rhythm::Weekly, "2026-11-17", None, false);
        assert_eq!(weekly.meets(&even), Some(day("2026-12-01")));
        let mut morning = opening(Rhythm::Weekly, "2026-11-17", None, false);
        morning.terms.span = Span { from: time("09:00:00"), until: time("14:00:00") };
        assert_eq!(morning.meets(&weekly), None);
    }

    #[test]
    fn words_that_do_not_stand_are_refused() {
        let refused = |change: fn(&mut Terms)| {
            let mut terms = opening(Rhythm::Once, "2026-11-24", None, false).terms;
            change(&mut terms);
            let refusal = terms.check().expect_err("a refusal");
            (refusal.code(), refusal.field().unwrap_or_default())
        };
        assert_eq!(refused(|t| t.span.until = t.span.from), ("opening_hours", "ends_at"));
        assert_eq!(refused(|t| t.span.from = time("14:10:00")), ("opening_quarters", "starts_at"));
        assert_eq!(refused(|t| t.until_on = Some(day("2026-11-23"))), ("opening_period", "until_on"));
        assert_eq!(refused(|t| t.starts_on = day("2026-11-11")), ("opening_on_holiday", "starts_on"));
        assert_eq!(refused(|t| t.place = " ".to_owned()), ("opening_place", "place"));
        assert_eq!(refused(|t| t.place = "é".repeat(LONGEST_PLACE + 1)), ("opening_place", "place"));
        let mut terms = opening(Rhythm::Once, "2026-11-24", None, false).terms;
        (terms.place, terms.until_on) = ("é".repeat(LONGEST_PLACE), Some(day("2026-11-24")));
        assert_eq!(terms.check(), Ok(()), "as long a place as may be, for a day");
        terms.span.from = time("14:20:00");
        let refusal = terms.check().expect_err("a refusal").to_string();
        assert!(refusal.ends_with("choisissez par exemple 14\u{a0}h\u{a0}15."), "{refusal}");
    }

    fn rhythms() -> impl Strategy<Value = Rhythm> {
        proptest::sample::select(Rhythm::ALL.to_vec())
    }

    proptest! {
        /// What is asked in two parts is what is asked whole, each day once, in order, by the rule of `falls_on`.
        #[test]
        fn occurrences_are_those_of_each_day(
            rhythm in rhythms(), start in 0u64..800, long in proptest::option::of(0u64..400),
            from in 0u64..900, first in 0u64..60, second in 0u64..60, is_school_only in any::<bool>(),
        ) {
            let origin = day("2025-09-01");
            let mut known = opening(rhythm, "2025-09-01", None, is_school_only);
            known.terms.starts_on = origin + Days::new(start);
            known.terms.until_on = long.map(|days| known.terms.starts_on + Days::new(days));
            let context = context();
            let (from, cut) = (origin + Days::new(from), origin + Days::new(from + first));
            let until = cut + Days::new(second);
            let whole = known.occurrences(from, until, &context);
            let mut parts = known.occurrences(from, cut, &context);
            parts.extend(known.occurrences(cut + Days::new(1), until, &context));
            prop_assert_eq!(&whole, &parts);
            let each: Vec<NaiveDate> = from
                .iter_days()
                .take_while(|day| *day <= until)
                .filter(|day| known.falls_on(*day) && known.closed_on(*day, &context).is_none())
                .collect();
            prop_assert_eq!(whole.iter().map(|o| o.on).collect::<Vec<_>>(), each);
            for o in &whole {
                prop_assert_eq!(o.on.weekday(), known.weekday());
                prop_assert!(public_holiday(o.on).is_none());
                prop_assert_eq!(calendar::local_time(o.starts_at), o.span.from);
                prop_assert_eq!(calendar::local_date(o.ends_at), o.on);
            }
        }

        /// Places fit in the opening, do not meet one another nor what is taken.
        #[test]
        fn places_never_meet_what_is_taken(
            taken in proptest::collection::vec((0i64..16, 1i64..8), 0..6), quarters in 1i32..=16,
        ) {
            let known = opening(Rhythm::Once, "2026-11-24", None, false);
            let o = known.occurrence(day("2026-11-24")).expect("an occurrence");
            let at = |quarters: i64| Ts::new(o.starts_at.utc() + Duration::minutes(15 * (quarters - 2)));
            let busy: Vec<Busy> = taken
                .iter()
                .map(|(from, long)| Busy { psychologist: known.psychologist_id, starts_at: at(*from), ends_at: at(from + long) })
                .collect();
            let places = o.places(&busy, Minutes(quarters * 15), at(-40));
            for (n, place) in places.iter().enumerate() {
                let ends_at = later(place.starts_at, place.duration);
                prop_assert!(o.starts_at <= place.starts_at && ends_at <= o.ends_at);
                prop_assert!(busy.iter().all(|b| ends_at <= b.starts_at || b.ends_at <= place.starts_at));
                prop_assert!(places.get(n + 1).is_none_or(|next| ends_at <= next.starts_at));
            }
        }
    }
}
