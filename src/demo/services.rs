//! What is not a child's session: the budget lines of the year, a few practice analyses and trainings, one to decide on.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Weekday};

use crate::calendar::Month;
use crate::conventions::{ServiceType, look_up as conventions};
use crate::db::DbError;
use crate::demo::people::Cast;
use crate::demo::{DemoError, Stage};
use crate::hours::Minutes;
use crate::money::Cents;
use crate::services::allot::{self, Allotment};
use crate::services::{Part, Said, approve_many, record, refuse};
use crate::sessions::Reason;

/// What each budget year keeps: ten hours of practice analysis, fifty of training.
const LINES: [(ServiceType, Part); 2] = [
    (ServiceType::PracticeAnalysis, Part { time: Minutes::from_hours(10), cost: Cents(72_000) }),
    (ServiceType::Training, Part { time: Minutes::from_hours(50), cost: Cents(360_000) }),
];

/// Fixes the lines of every budget year that is not over on the first day.
pub(super) fn allot(stage: &Stage, cast: &Cast) -> Result<(), DemoError> {
    let app = &stage.app;
    let by = allot::author(&cast.administrator);
    let mut years = Vec::new();
    for day in [stage.start, stage.today()] {
        years.extend(app.db.read::<_, DbError>(|conn| {
            let mut found = Vec::new();
            for convention in conventions::conventions_on(conn, day)? {
                let year = conventions::budget_year_on(conn, convention.id, day)?;
                found.extend(year.map(|year| (convention.id, year.id)));
            }
            Ok(found)
        })?);
    }
    years.dedup();
    for (convention, year) in years {
        for (kind, part) in LINES {
            let new = Allotment { convention, year, kind, part };
            app.db.write(|tx| allot::allot(tx, &app.clock, by, new)).map_err(DemoError::new)?;
        }
    }
    Ok(())
}

/// The provider led four: two are approved, one is refused, one waits.
pub(super) fn lead(stage: &Stage, cast: &Cast) -> Result<(), DemoError> {
    let (app, today) = (&stage.app, stage.today());
    app.clock.set(stage.now.utc());
    let last = Month::of(today).previous().first();
    let tuesday = |week: u64| first_tuesday(last) + Days::new(7 * week);
    let led = [
        (ServiceType::PracticeAnalysis, tuesday(0), 14, 120, "Groupe des référents de parcours"),
        (ServiceType::Training, tuesday(1), 9, 210, "Accueillir la parole d’un enfant"),
        (ServiceType::Training, tuesday(2), 9, 180, "Travailler avec les familles"),
        (ServiceType::PracticeAnalysis, today - Days::new(1), 14, 120, "Groupe des référents de parcours"),
    ];
    let mut ids = Vec::new();
    for (kind, on, hour, minutes, label) in led {
        let said = Said {
            kind,
            convention: None,
            on,
            starts_at: NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default(),
            duration: Minutes(minutes),
            place: "Maison de quartier des Exemples".to_owned(),
            participants: 9,
            label: label.to_owned(),
            programmes: Vec::new(),
        };
        ids.push(app.db.write(|tx| record::record(tx, &app.clock, &cast.provider, &said)).map_err(DemoError::new)?);
    }
    let (ada, chosen) = (&cast.administrator, &ids[..2]);
    app.db.write(|tx| approve_many::approve_many(tx, &app.clock, ada, chosen)).map_err(DemoError::new)?;
    let reason = Reason::new("La feuille de présence indique 2 h 30 : corrigez la durée.").map_err(DemoError::new)?;
    app.db.write(|tx| refuse::refuse(tx, &app.clock, ada, ids[2], &reason)).map_err(DemoError::new)
}

fn first_tuesday(month: NaiveDate) -> NaiveDate {
    let mut day = month;
    while day.weekday() != Weekday::Tue {
        day = day + Days::new(1);
    }
    day
}
