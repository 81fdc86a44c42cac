//! The calls for funds of the year: sent on the first day, paid by some, in part by one, and one left to send.

use chrono::Days;

use crate::conventions::look_up as conventions;
use crate::db::DbError;
use crate::demo::people::Cast;
use crate::demo::{DemoError, Stage};
use crate::failure::Failure;
use crate::funding_calls::receive::{self, Payment};
use crate::funding_calls::send::{self, Sending};
use crate::funding_calls::{CallState, FundingCall, Treasurer, draft, look_up};
use crate::ids::ConventionId;
use crate::money::Cents;

/// How long after the call its money comes.
const PAID_AFTER: Days = Days::new(21);

/// Drafts the calls of the first day's budget year, and sends all but the last.
pub(super) fn call(stage: &Stage, cast: &Cast, convention: ConventionId) -> Result<(), DemoError> {
    let app = &stage.app;
    let year = app.db.read::<_, DbError>(|conn| Ok(conventions::budget_year_on(conn, convention, stage.start)?))?;
    // the first months of a convention that follows are those of the one before
    let Some(year) = year else { return Ok(()) };
    let who = &cast.administrator;
    let drafted = app.db.write(|tx| draft::draft(tx, &app.clock, who, year.id)).map_err(DemoError::new)?;
    let sent = drafted.len().saturating_sub(1);
    for id in drafted.into_iter().take(sent) {
        let call = app.db.read::<_, DbError>(|conn| Ok(look_up::load(conn, id)?))?;
        let Some(to) = call.contact else { continue };
        let sending = Sending { to, amount: call.amount };
        app.db.write(|tx| send::send(tx, &app.clock, who, id, &sending)).map_err(DemoError::new)?;
    }
    Ok(())
}

/// Records what came: the first in full, the second in part, the third in full, nothing from the others.
pub(super) fn receive(stage: &Stage, cast: &Cast, convention: ConventionId) -> Result<(), DemoError> {
    let app = &stage.app;
    let on = stage.start + PAID_AFTER;
    let calls = app.db.read::<_, DbError>(|conn| {
        let year = conventions::budget_year_on(conn, convention, stage.start)?;
        Ok(year.map(|year| look_up::of_year(conn, year.id)).transpose()?.unwrap_or_default())
    })?;
    let part = |rank: usize, call: &FundingCall| match rank {
        0 | 2 => call.amount,
        1 => Cents(call.amount.0 / 2),
        _ => Cents::ZERO,
    };
    let who = Treasurer { account: cast.accountant.account };
    for (rank, call) in calls.iter().enumerate().filter(|(_, call)| call.state == CallState::Sent) {
        let payment = Payment { on, amount: part(rank, call) };
        if payment.amount == Cents::ZERO {
            continue;
        }
        match app.db.write(|tx| receive::receive(tx, &app.clock, &who, call.id, payment)) {
            Ok(_) => {}
            Err(Failure::Db(e)) => return Err(e.into()),
            Err(other) => return Err(DemoError::new(other)),
        }
    }
    Ok(())
}
