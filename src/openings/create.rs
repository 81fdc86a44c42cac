//! A psychologist says where and when they can be booked.

use crate::accounts::Psychologist;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, refuse};
use crate::ids::OpeningId;
use crate::openings::{Opening, Terms, TermsRefusal, facts, store};

/// Opens places.
///
/// # Errors
/// When what it says does not stand, or the psychologist would be in two places at once.
pub fn create(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    terms: &Terms,
) -> Result<OpeningId, Failure<TermsRefusal>> {
    let opening = Opening { id: OpeningId::new(), psychologist_id: who.id, terms: terms.clone() };
    admit(tx, &opening)?;
    store::insert(tx, clock, &opening)?;
    facts::write(tx, clock, who, "opening.created", (None, Some(&opening)))?;
    Ok(opening.id)
}

/// Refuses an opening that does not stand beside the psychologist's others.
pub(super) fn admit(tx: &mut Tx<'_>, opening: &Opening) -> Result<(), Failure<TermsRefusal>> {
    let terms = &opening.terms;
    if let Err(refusal) = terms.check() {
        return refuse(refusal);
    }
    let own = opening.psychologist_id;
    store::lock(tx, own)?;
    if let Some(programme) = terms.programme
        && !store::programmes_of(tx, own)?.iter().any(|(known, _)| *known == programme)
    {
        return refuse(TermsRefusal::Programme);
    }
    for other in store::of_psychologist(tx, own, terms.starts_on)? {
        if other.id != opening.id
            && let Some(on) = opening.meets(&other)
        {
            return refuse(TermsRefusal::Meets { on, span: other.terms.span, place: other.terms.place });
        }
    }
    Ok(())
}
