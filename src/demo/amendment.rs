//! An amendment of the year: Quetigny asks for less than was foreseen, and gives some hours to Chenôve.

use crate::amendments::transfer::{self, Transfer};
use crate::conventions::look_up as conventions;
use crate::db::DbError;
use crate::demo::people::Cast;
use crate::demo::{DemoError, Stage};
use crate::hours::Minutes;
use crate::ids::ConventionId;

/// Signs it on the first day.
pub(super) fn sign(stage: &Stage, cast: &Cast, convention: ConventionId) -> Result<(), DemoError> {
    let app = &stage.app;
    let (year, programmes) = app.db.read::<_, DbError>(|conn| {
        let year = conventions::budget_year_on(conn, convention, stage.start)?;
        Ok((year, conventions::programmes(conn, convention)?))
    })?;
    let of = |code: &str| programmes.iter().find(|programme| programme.code == code).map(|programme| programme.id);
    // the first months of a convention that follows are those of the one before
    let (Some(year), Some(from), Some(to)) = (year, of("QUE"), of("CHE")) else { return Ok(()) };
    let asked = Transfer {
        budget_year_id: year.id,
        from_programme_id: from,
        to_programme_id: to,
        minutes: Minutes(150),
        signed_on: stage.start,
        reason: "Moins de demandes que prévu à Quetigny, davantage à Chenôve (exemple).".to_owned(),
    };
    app.db
        .write(|tx| transfer::transfer(tx, &app.clock, &cast.administrator, convention, &asked))
        .map_err(DemoError::new)?;
    Ok(())
}
