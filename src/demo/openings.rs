//! The openings of the demonstration: the half-days on which each psychologist already receives, and a leave to come.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveTime};

use crate::demo::people::Cast;
use crate::demo::{DemoError, Stage};
use crate::openings::{Rhythm, Span, Terms, create, take_leave};

/// Where each psychologist receives.
const PLACES: [&str; 3] = ["Cabinet, 1 rue des Exemples", "Maison de quartier des Exemples", "Espace famille inventé"];
/// At midday mornings end and afternoons start.
const MIDDAY: u32 = 13;
/// The days after today from which the second psychologist is away.
const AWAY: (Days, Days) = (Days::new(24), Days::new(26));

/// Opens a half-day a week wherever a psychologist follows children, and notes a leave.
pub(super) fn open(stage: &Stage, cast: &Cast) -> Result<(), DemoError> {
    let mut half_days: BTreeMap<(usize, u64, bool), (u32, u32)> = BTreeMap::new();
    for followed in &cast.followed {
        let is_afternoon = followed.hour >= MIDDAY;
        let ends = followed.hour + u32::try_from(followed.duration.0).unwrap_or_default().div_ceil(60);
        let usual = if is_afternoon { (14, 17) } else { (9, 12) };
        let span = half_days.entry((followed.psychologist, followed.weekday, is_afternoon)).or_insert(usual);
        *span = (span.0.min(followed.hour), span.1.max(ends));
    }
    for ((psychologist, weekday, _), (from, until)) in half_days {
        let app = &stage.app;
        let who = cast.psychologists[psychologist];
        let terms = Terms {
            programme: None,
            place: PLACES[psychologist % PLACES.len()].to_owned(),
            rhythm: Rhythm::Weekly,
            starts_on: first_weekday(stage.start, weekday),
            until_on: None,
            span: Span { from: hour(from), until: hour(until) },
            is_school_only: true,
        };
        app.db.write(|tx| create::create(tx, &app.clock, &who, &terms)).map_err(DemoError::new)?;
    }
    let (app, who, today) = (&stage.app, cast.psychologists[1], stage.today());
    let leave = (today + AWAY.0, today + AWAY.1);
    app.db.write(|tx| take_leave::take_leave(tx, &app.clock, &who, leave)).map_err(DemoError::new)?;
    Ok(())
}

fn hour(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default()
}

/// The first day from another on that is so many days after Monday.
fn first_weekday(from: NaiveDate, weekday: u64) -> NaiveDate {
    let is_it = |day: &NaiveDate| u64::from(chrono::Datelike::weekday(day).num_days_from_monday()) == weekday;
    from.iter_days().find(is_it).unwrap_or(from)
}
