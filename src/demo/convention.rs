//! The real convention; and once it is over, the same terms again, said to be an example.

use chrono::{Datelike, Days};

use crate::calendar::Month;
use crate::convention_drafts::start;
use crate::conventions::{self, file, import};
use crate::db::DbError;
use crate::demo::people::Cast;
use crate::demo::{DemoError, Stage};
use crate::failure::Failure;
use crate::ids::{ConventionId, ProgrammeId};
use crate::journal::Actor;

const REAL: &str = include_str!("../../conventions/dijon-2024-2026.toml");
/// The years that it covers.
const YEARS: [i32; 3] = [2024, 2025, 2026];
/// How far ahead people book.
const AHEAD: Days = Days::new(45);

/// Enters the real convention, and as many that follow it as the present needs. Gives the one in force today.
pub(super) fn enter(stage: &Stage) -> Result<ConventionId, DemoError> {
    let mut present = import(stage, REAL)?;
    let needed = stage.today() + AHEAD;
    let mut shift = 0;
    while needed.year() > YEARS[2] + shift {
        shift += 3;
        let following = import(stage, &shifted(shift))?;
        if stage.today().year() >= YEARS[0] + shift {
            present = following;
        }
    }
    Ok(present)
}

fn import(stage: &Stage, source: &str) -> Result<ConventionId, DemoError> {
    let remarks = |remarks: Vec<_>| {
        let remarks: Vec<String> = remarks.iter().map(|remark: &file::Remark| remark.to_string()).collect();
        DemoError::new(remarks.join("; "))
    };
    let file = file::read(source).map_err(remarks)?.file;
    stage
        .app
        .db
        .write(|tx| import::import(tx, &stage.app.clock, Actor::System, &file).map(|imported| imported.convention()))
        .map_err(|failure: Failure<import::ImportRefusal>| DemoError::new(failure))
}

/// Starts the draft of the convention that follows.
pub(super) fn prepare_next(stage: &Stage, cast: &Cast, convention: ConventionId) -> Result<(), DemoError> {
    let app = &stage.app;
    app.db.write(|tx| start::start(tx, &app.clock, &cast.administrator, Some(convention))).map_err(DemoError::new)?;
    Ok(())
}

/// The convention of a programme in a month.
pub(super) fn of_month(stage: &Stage, programme: ProgrammeId, month: Month) -> Result<ConventionId, DemoError> {
    let found = stage
        .app
        .db
        .read::<_, DbError>(|conn| Ok(conventions::look_up::convention_of(conn, programme, month.first())?))?;
    found.map(|convention| convention.id).ok_or_else(|| DemoError::new(format!("no convention in {month}")))
}

/// The same terms some years later, under a title that says so.
fn shifted(years: i32) -> String {
    // what is written falls after all that is looked for: no year is moved twice
    let text =
        YEARS.iter().fold(REAL.to_owned(), |text, year| text.replace(&year.to_string(), &(year + years).to_string()));
    text.replace("title = \"", "title = \"Exemple de suite : ")
        .replace("\nslug = \"", "\nexample = true\nslug = \"exemple-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_following_convention_reads_as_well_as_the_real_one() {
        let read = file::read(&shifted(3)).unwrap();
        assert_eq!(read.file.convention.slug, "exemple-dijon-2027-2029");
        assert!(read.warnings.is_empty());
    }
}
