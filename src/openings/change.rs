//! A psychologist changes what an opening says. Sessions that were booked stay where they are.

use crate::accounts::Psychologist;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::Failure;
use crate::ids::OpeningId;
use crate::openings::{Opening, Terms, TermsRefusal, create, facts, store};

/// Changes an opening; saying the same changes nothing.
///
/// # Errors
/// When it is not theirs, what it says does not stand, or the psychologist would be in two places at once.
pub fn change(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    id: OpeningId,
    terms: &Terms,
) -> Result<(), Failure<TermsRefusal>> {
    let before = store::load(tx, who.id, id)?;
    let after = Opening { terms: terms.clone(), ..before.clone() };
    if after == before {
        return Ok(());
    }
    create::admit(tx, &after)?;
    store::update(tx, &after)?;
    Ok(facts::write(tx, clock, who, "opening.changed", (Some(&before), Some(&after)))?)
}
