//! A psychologist takes one day out of an opening, or puts it back. Sessions that were booked that day stay.

use chrono::NaiveDate;

use crate::accounts::Psychologist;
use crate::calendar::french_full_date;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::OpeningId;
use crate::openings::{facts, store};

/// Why a day is not taken out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoveDayRefusal {
    /// The opening does not take place then.
    #[error("Cette permanence n’a pas lieu le {} : choisissez un de ses jours.", french_full_date(*on))]
    NotItsDay {
        /// The day.
        on: NaiveDate,
    },
}

impl Refusal for RemoveDayRefusal {
    fn code(&self) -> &'static str {
        "opening_not_on_that_day"
    }

    fn field(&self) -> Option<&'static str> {
        Some("on")
    }
}

/// Takes a day out; one that is out already stays out.
///
/// # Errors
/// When the opening is not theirs, or does not take place then.
pub fn remove_day(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    id: OpeningId,
    on: NaiveDate,
) -> Result<(), Failure<RemoveDayRefusal>> {
    let opening = store::load(tx, who.id, id)?;
    if !opening.falls_on(on) {
        return refuse(RemoveDayRefusal::NotItsDay { on });
    }
    if store::insert_removal(tx, id, on)? {
        facts::write_day(tx, clock, who, "opening.day_removed", (&opening, on))?;
    }
    Ok(())
}

/// Puts a day back; one that is not out stays.
///
/// # Errors
/// When the opening is not theirs.
pub fn restore_day(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    id: OpeningId,
    on: NaiveDate,
) -> Result<(), Failure<RemoveDayRefusal>> {
    let opening = store::load(tx, who.id, id)?;
    if store::delete_removal(tx, id, on)? {
        facts::write_day(tx, clock, who, "opening.day_restored", (&opening, on))?;
    }
    Ok(())
}
