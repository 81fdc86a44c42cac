//! What families ask about their child's data: one was answered, the other waits.

use chrono::Days;

use crate::accounts::Coordinator;
use crate::children::look_up;
use crate::data_requests::record::{self, NewRequest};
use crate::data_requests::{DataRequestKind, Follower, answer};
use crate::db::DbError;
use crate::demo::people::{Cast, Followed};
use crate::demo::{DemoError, Stage};
use crate::ids::DataRequestId;

/// The family of the first child followed has seen what is kept; that of the last asks to correct it.
pub(super) fn ask(stage: &Stage, cast: &Cast) -> Result<(), DemoError> {
    let app = &stage.app;
    app.clock.set(stage.now.utc());
    let (Some(first), Some(last)) = (cast.followed.first(), cast.followed.last()) else { return Ok(()) };
    let (who, seen) = record(stage, cast, first, DataRequestKind::Access, Days::new(12))?;
    app.db.write(|tx| answer::answer(tx, &app.vault, &app.clock, who, seen)).map_err(DemoError::new)?;
    record(stage, cast, last, DataRequestKind::Rectification, Days::new(3)).map(drop)
}

/// Records what came some days ago, by the coordinator of the child's programme.
fn record<'c>(
    stage: &Stage,
    cast: &'c Cast,
    about: &Followed,
    kind: DataRequestKind,
    ago: Days,
) -> Result<(&'c Coordinator, DataRequestId), DemoError> {
    let app = &stage.app;
    let theirs = |who: &&Coordinator| who.programmes.contains(&about.programme);
    let who = cast.coordinators.iter().find(theirs).ok_or_else(|| DemoError::new("nobody coordinates a programme"))?;
    let child = app.db.read::<_, DbError>(|conn| Ok(look_up::load_for(conn, &app.vault, who, about.child)?))?;
    let new = NewRequest {
        kind,
        programme: None,
        reference: Some(child.reference.as_str().to_owned()),
        received_on: stage.today() - ago,
    };
    let follower = Follower::Coordinator(who.clone());
    let id = app.db.write(|tx| record::record(tx, &app.clock, &follower, &new)).map_err(DemoError::new)?;
    Ok((who, id))
}
