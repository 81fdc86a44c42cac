//! A psychologist closes an opening: it takes place no more after a day. Sessions that were booked stay.

use chrono::{Days, NaiveDate};

use crate::accounts::Psychologist;
use crate::calendar::french_date;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::OpeningId;
use crate::openings::{Opening, Terms, facts, store};

/// Why an opening is not closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseRefusal {
    /// It ends sooner already.
    #[error("Cette permanence finit déjà le {} : choisissez un jour avant.", french_date(*until_on))]
    EndsSooner {
        /// Its last day.
        until_on: NaiveDate,
    },
}

impl Refusal for CloseRefusal {
    fn code(&self) -> &'static str {
        "opening_ends_sooner"
    }

    fn field(&self) -> Option<&'static str> {
        Some("after")
    }
}

/// Ends an opening after a day; one that would not have begun is deleted.
///
/// # Errors
/// When it is not theirs, or ends sooner already.
pub fn close(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    id: OpeningId,
    after: Option<NaiveDate>,
) -> Result<(), Failure<CloseRefusal>> {
    let before = store::load(tx, who.id, id)?;
    let yesterday = clock.today().checked_sub_days(Days::new(1)).unwrap_or(clock.today());
    let last = after.unwrap_or(yesterday);
    if let Some(until_on) = before.terms.until_on.filter(|until_on| *until_on <= last) {
        return refuse(CloseRefusal::EndsSooner { until_on });
    }
    if last < before.terms.starts_on {
        store::delete(tx, id)?;
        return Ok(facts::write(tx, clock, who, "opening.closed", (Some(&before), None))?);
    }
    let closed = Opening { terms: Terms { until_on: Some(last), ..before.terms.clone() }, ..before.clone() };
    store::update(tx, &closed)?;
    Ok(facts::write(tx, clock, who, "opening.closed", (Some(&before), Some(&closed)))?)
}
