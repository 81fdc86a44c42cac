//! Calendars as other programs read them: iCalendar (RFC 5545), with Europe/Paris written out.
//!
//! An event says when, where and a neutral title, nothing of what happens there. Its length is exact (`DURATION`), so
//! that it is right in the night when an hour is lived twice.

use crate::calendar;
use crate::hours::Minutes;
use crate::sql_types::Ts;

/// The longest line, in octets, without its end (RFC 5545, 3.1).
const LONGEST_LINE: usize = 75;

/// What stands for the organiser in a queued mail: who queues it does not know who sends it.
const NOBODY_YET: &str = "ORGANIZER:psypre:";

/// The zone, with its two changes of clock a year since 1996.
const PARIS: [&str; 16] = [
    "BEGIN:VTIMEZONE",
    "TZID:Europe/Paris",
    "BEGIN:DAYLIGHT",
    "DTSTART:19810329T020000",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "TZNAME:CEST",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "DTSTART:19961027T030000",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "TZNAME:CET",
    "END:STANDARD",
];

/// Something that takes place, or no longer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The same for good, in every calendar.
    pub id: uuid::Uuid,
    /// Raised at each change that a calendar shows.
    pub sequence: i32,
    /// The latest such change.
    pub changed_at: Ts,
    /// When it was entered.
    pub created_at: Ts,
    /// When it starts.
    pub starts_at: Ts,
    /// How long it lasts.
    pub duration: Minutes,
    /// Where, if it is known.
    pub place: Option<String>,
    /// What is read in a calendar: no name.
    pub title: String,
    /// Whether it no longer takes place.
    pub is_cancelled: bool,
    /// The whole address of its page.
    pub href: Option<String>,
}

/// The calendar that somebody subscribes to.
pub fn feed(name: &str, events: &[Event]) -> String {
    let mut lines = Lines::begin();
    lines.text("X-WR-CALNAME", name);
    lines.line("REFRESH-INTERVAL;VALUE=DURATION:PT1H");
    lines.line("X-PUBLISHED-TTL:PT1H");
    lines.events(events, false);
    lines.end()
}

/// The events of a mail, for a calendar to take in. They are published (`METHOD:PUBLISH`), not requested: nobody is
/// asked to accept, and no answer is read. An older version of an event gives way to the newer by its `SEQUENCE`.
pub fn published(events: &[Event]) -> String {
    let mut lines = Lines::begin();
    lines.line("METHOD:PUBLISH");
    lines.events(events, true);
    lines.end()
}

/// The same, once it is known who sends it.
pub fn organised_by(published: &str, address: &str) -> String {
    let mut organiser = Lines(String::new());
    organiser.line(&format!("ORGANIZER:mailto:{address}"));
    published.replace(&format!("{NOBODY_YET}\r\n"), &organiser.0)
}

struct Lines(String);

impl Lines {
    fn begin() -> Self {
        let mut lines = Self(String::new());
        lines.line("BEGIN:VCALENDAR");
        lines.line("VERSION:2.0");
        lines.line("PRODID:-//PsyPRE//PsyPRE//FR");
        lines.line("CALSCALE:GREGORIAN");
        lines
    }

    fn end(mut self) -> String {
        self.line("END:VCALENDAR");
        self.0
    }

    fn events(&mut self, events: &[Event], organised: bool) {
        PARIS.iter().for_each(|line| self.line(line));
        self.line("END:VTIMEZONE");
        events.iter().for_each(|event| self.event(event, organised));
    }

    fn event(&mut self, event: &Event, organised: bool) {
        let utc = |at: Ts| at.utc().format("%Y%m%dT%H%M%SZ").to_string();
        self.line("BEGIN:VEVENT");
        self.line(&format!("UID:{}@psypre", event.id));
        self.line(&format!("DTSTAMP:{}", utc(event.changed_at)));
        self.line(&format!("LAST-MODIFIED:{}", utc(event.changed_at)));
        self.line(&format!("CREATED:{}", utc(event.created_at)));
        self.line(&format!("SEQUENCE:{}", event.sequence));
        let starts = calendar::local(event.starts_at).format("%Y%m%dT%H%M%S");
        self.line(&format!("DTSTART;TZID=Europe/Paris:{starts}"));
        self.line(&format!("DURATION:PT{}M", event.duration.0));
        self.text("SUMMARY", &event.title);
        if let Some(place) = &event.place {
            self.text("LOCATION", place);
        }
        if let Some(href) = &event.href {
            self.line(&format!("URL:{href}"));
        }
        if organised {
            self.line(NOBODY_YET);
        }
        self.line(if event.is_cancelled { "STATUS:CANCELLED" } else { "STATUS:CONFIRMED" });
        self.line(if event.is_cancelled { "TRANSP:TRANSPARENT" } else { "TRANSP:OPAQUE" });
        self.line("CLASS:PRIVATE");
        self.line("END:VEVENT");
    }

    /// A property whose value is a text: what has a meaning in iCalendar is escaped, what cannot be written is left out.
    fn text(&mut self, name: &str, value: &str) {
        let mut escaped = String::with_capacity(value.len());
        for letter in value.chars() {
            match letter {
                '\\' | ';' | ',' => escaped.extend(['\\', letter]),
                '\n' => escaped.push_str("\\n"),
                control if control.is_control() => {}
                plain => escaped.push(plain),
            }
        }
        self.line(&format!("{name}:{escaped}"));
    }

    /// A line, folded between letters.
    fn line(&mut self, line: &str) {
        let mut width = 0;
        for letter in line.chars() {
            if width + letter.len_utf8() > LONGEST_LINE {
                self.0.push_str("\r\n ");
                width = 1;
            }
            self.0.push(letter);
            width += letter.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};
    use proptest::prelude::*;

    fn event(title: &str, place: Option<&str>) -> Event {
        let at = |text: &str| Ts::new(text.parse().expect("an instant"));
        Event {
            id: uuid::Uuid::nil(),
            sequence: 2,
            changed_at: at("2026-11-20T09:00:00Z"),
            created_at: at("2026-11-19T09:00:00Z"),
            starts_at: at("2026-11-24T13:30:00Z"),
            duration: Minutes(90),
            place: place.map(str::to_owned),
            title: title.to_owned(),
            is_cancelled: false,
            href: None,
        }
    }

    #[test]
    fn an_event_is_written_as_the_standard_says() {
        let text = feed("Mes séances, PsyPRE", &[event("CHE-2026-0042", Some("Maison; du Mail, 2e\\3\nA"))]);
        for line in [
            "X-WR-CALNAME:Mes séances\\, PsyPRE\r\n",
            "UID:00000000-0000-0000-0000-000000000000@psypre\r\n",
            "DTSTART;TZID=Europe/Paris:20261124T143000\r\nDURATION:PT90M\r\nSUMMARY:CHE-2026-0042\r\n",
            "LOCATION:Maison\\; du Mail\\, 2e\\\\3\\nA\r\n",
            "SEQUENCE:2\r\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains("METHOD") && !text.contains("ORGANIZER"), "{text}");
    }

    #[test]
    fn what_is_mailed_has_its_organiser_once_it_is_sent() {
        let queued = published(&[event("CHE-2026-0042", None)]);
        assert!(queued.contains("METHOD:PUBLISH\r\n") && queued.contains("ORGANIZER:psypre:\r\n"), "{queued}");
        let sent = organised_by(&queued, "psypre@une-collectivite-au-nom-vraiment-tres-long.example.org");
        assert!(sent.contains("ORGANIZER:mailto:psypre@une-collectivite") && !sent.contains("psypre:\r"), "{sent}");
        assert!(sent.split("\r\n").all(|line| line.len() <= LONGEST_LINE));
    }

    /// The two rules say what the machine's own knowledge of the zone says, for every year of use.
    #[test]
    fn the_zone_changes_when_paris_does() {
        let last_sunday = |year: i32, month: u32| {
            (1..=31)
                .rev()
                .filter_map(|day| NaiveDate::from_ymd_opt(year, month, day))
                .find(|d| d.weekday() == Weekday::Sun)
        };
        let hour = |hour| NaiveTime::from_hms_opt(hour, 30, 0).expect("a time");
        for year in 2024..=2037 {
            let (march, october) = (last_sunday(year, 3).expect("a day"), last_sunday(year, 10).expect("a day"));
            assert_eq!(calendar::instant(march, hour(2)), None, "{march}");
            let (before, after) = (calendar::instant(october, hour(1)), calendar::instant(october, hour(3)));
            let passed = after.expect("an instant").utc() - before.expect("an instant").utc();
            assert_eq!(passed.num_hours(), 3, "{october}");
        }
    }

    proptest! {
        /// Whatever is written, lines fit, nothing breaks out of its line, and unfolding gives the text back.
        #[test]
        fn lines_fold_and_unfold(title in "\\PC{0,200}", place in "[\\x00-\\x7f]{0,200}") {
            let text = feed("PsyPRE", &[event(&title, Some(&place))]);
            prop_assert!(text.split("\r\n").all(|line| line.len() <= LONGEST_LINE && !line.contains(['\r', '\n'])));
            let unfolded = text.replace("\r\n ", "");
            let escaped = title.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
            let expected = format!("SUMMARY:{escaped}\r\n");
            prop_assert!(unfolded.contains(&expected), "{}", unfolded);
            prop_assert_eq!(unfolded.matches("BEGIN:VEVENT").count(), 1);
        }
    }
}
