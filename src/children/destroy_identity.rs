//! Destroys who a child is: names, birth date, school, guardians and how to reach them. What invoices and statistics need
//! stays: the reference, the minutes, the gender, the neighbourhood, and the age band of each year.

use chrono::{Datelike, NaiveDate};
use serde_json::json;

use crate::calendar::{age_on, short_date};
use crate::children::{AgeBand, Child, ChildReference, Destruction, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::ChildId;
use crate::journal::{self, Actor, Chain, Entry};
use crate::vault::Vault;

/// Why an identity is not destroyed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestroyRefusal {
    /// A session is still to come, or to be recorded.
    #[error("Un rendez-vous est prévu le {}. Annulez-le ou enregistrez la séance d’abord.", short_date(*.0))]
    Booked(NaiveDate),
}

impl Refusal for DestroyRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Booked(_) => "session_booked",
        }
    }
}

/// Destroys the identity of a child, once: of several that try, one does. Gives the reference, which stays.
///
/// # Errors
/// When it is destroyed already ([`Failure::NotFound`]), or a session is booked.
pub fn destroy(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    actor: Actor,
    id: ChildId,
    cause: Destruction,
) -> Result<ChildReference, Failure<DestroyRefusal>> {
    store::lock_child(tx, id)?;
    let child = store::load_child(tx, vault, id)?;
    if let Some(day) = store::last_booked(tx, id)? {
        return refuse(DestroyRefusal::Booked(day));
    }
    let bands = bands_of(tx, &child)?;
    store::freeze_age_bands(tx, id, &bands)?;
    let guardians = store::guardians_of(tx, vault, id)?;
    for guardian in &guardians {
        store::wipe_guardian(tx, vault, guardian.id)?;
    }
    let closed_on = child.closed_on.unwrap_or_else(|| clock.today());
    store::wipe_child(tx, vault, id, (clock.now(), cause), closed_on)?;
    let entry = Entry {
        chain: Chain::Programme(child.programme_id),
        actor,
        action: "child.identity_destroyed",
        subject: "child",
        subject_id: id.0,
        before: None,
        after: Some(json!({
            "reference": child.reference, "cause": cause, "guardians": guardians.len(), "closed_on": closed_on,
        })),
    };
    journal::write(tx, clock, entry)?;
    Ok(child.reference)
}

/// The age band of each year in which something happened: on the last session of the year, or on the first day of the
/// follow-up when there was none.
fn bands_of(tx: &mut Tx<'_>, child: &Child) -> diesel::QueryResult<Vec<(i32, AgeBand)>> {
    let mut days = store::session_days(tx, child.id)?;
    days.insert(0, child.followed_since);
    let mut bands: Vec<(i32, AgeBand)> = Vec::new();
    for day in days {
        let band = AgeBand::of(age_on(child.identity.born_on, day));
        bands.retain(|(year, _)| *year != day.year());
        bands.push((day.year(), band));
    }
    Ok(bands)
}
