//! No child's file is shown without a trace of who opened it: pages and API read through here, then show.

use crate::accounts::Person;
use crate::app::App;
use crate::children::Reader;
use crate::error::AppError;
use crate::ids::ChildId;
use crate::readings::{self, Means, Opened, Reading};

/// Writes that a person opened something of a child's file: to be awaited before it is shown.
///
/// # Errors
/// When the trace cannot be written: nothing may be shown then.
pub async fn opened(
    app: &App,
    who: &Person,
    reader: &Reader,
    by: (Means, Opened),
    child: ChildId,
) -> Result<(), AppError> {
    let (means, what) = by;
    Ok(readings::leave(&app.db, &app.clock, Reading::of(who, reader.role(), means, what, child)).await?)
}

/// Writes that a program read several children at once.
///
/// # Errors
/// As [`opened`].
pub async fn listed(app: &App, who: &Person, reader: &Reader, children: usize) -> Result<(), AppError> {
    if children == 0 {
        return Ok(());
    }
    let reading = Reading {
        account: who.account,
        role: reader.role(),
        means: Means::Api,
        opened: Opened::List,
        child: None,
        children,
    };
    Ok(readings::leave(&app.db, &app.clock, reading).await?)
}
