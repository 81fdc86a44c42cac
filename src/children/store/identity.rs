//! The SQL of the end of an identity: what is wiped, and what of it statistics still need.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::Error as DieselError;

use super::{BORN_ON, FIRST_NAME, GUARDIAN_NAME, GUARDIAN_RELATION, LAST_NAME, Sealed, open, seal};
use crate::children::{AgeBand, Destruction};
use crate::db::{AnyConnection, Tx};
use crate::ids::{ChildId, GuardianId};
use crate::schema::{children, frozen_age_bands, guardians, sessions};
use crate::sql_types::Ts;
use crate::vault::Vault;

/// What stands in place of a text that was destroyed: sealed like one, so that keys rotate over it.
const DESTROYED: &str = "";

/// Destroys who a child was. What the column held is overwritten in the file (`secure_delete`).
pub fn wipe_child(
    tx: &mut Tx<'_>,
    vault: &Vault,
    id: ChildId,
    (now, cause): (Ts, Destruction),
    closed_on: NaiveDate,
) -> QueryResult<()> {
    diesel::update(children::table.find(id))
        .set((
            children::first_name.eq(seal(vault, FIRST_NAME, id.0, DESTROYED)?),
            children::last_name.eq(seal(vault, LAST_NAME, id.0, DESTROYED)?),
            children::born_on.eq(seal(vault, BORN_ON, id.0, DESTROYED)?),
            children::school.eq(None::<Sealed>),
            children::closed_on.eq(closed_on),
            children::identity_destroyed_at.eq(now),
            children::identity_destroyed_for.eq(cause),
        ))
        .execute(&mut **tx)
        .map(drop)
}

/// Destroys who a guardian was; the row stays, for the consents that name it.
pub fn wipe_guardian(tx: &mut Tx<'_>, vault: &Vault, id: GuardianId) -> QueryResult<()> {
    diesel::update(guardians::table.find(id))
        .set((
            guardians::name.eq(seal(vault, GUARDIAN_NAME, id.0, DESTROYED)?),
            guardians::relation.eq(seal(vault, GUARDIAN_RELATION, id.0, DESTROYED)?),
            guardians::phone.eq(None::<Sealed>),
            guardians::email.eq(None::<Sealed>),
            guardians::reminders_since.eq(None::<NaiveDate>),
        ))
        .execute(&mut **tx)
        .map(drop)
}

/// The days of a child's sessions that are not cancelled, in order.
pub fn session_days(conn: &mut AnyConnection, id: ChildId) -> QueryResult<Vec<NaiveDate>> {
    sessions::table
        .filter(sessions::child_id.eq(id).and(sessions::state.ne("cancelled")))
        .select(sessions::session_on)
        .order(sessions::session_on)
        .load(conn)
}

/// The day of the last session of a child that is still booked.
pub fn last_booked(conn: &mut AnyConnection, id: ChildId) -> QueryResult<Option<NaiveDate>> {
    sessions::table
        .filter(sessions::child_id.eq(id).and(sessions::state.eq("booked")))
        .select(diesel::dsl::max(sessions::session_on))
        .first(conn)
}

/// Keeps the age band of each year, for when the birth date is destroyed.
pub fn freeze_age_bands(tx: &mut Tx<'_>, id: ChildId, bands: &[(i32, AgeBand)]) -> QueryResult<()> {
    use frozen_age_bands as f;
    for (year, band) in bands {
        diesel::insert_into(f::table)
            .values((f::child_id.eq(id), f::year.eq(*year), f::band.eq(*band)))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// The age bands kept of children whose identity is destroyed, by child and year.
pub fn frozen_bands(conn: &mut AnyConnection, of: &[ChildId]) -> QueryResult<Vec<(ChildId, i32, AgeBand)>> {
    use frozen_age_bands as f;
    f::table.filter(f::child_id.eq_any(of)).order((f::child_id, f::year)).load(conn)
}

/// The birth dates of children whose identity is known.
pub fn birth_dates(conn: &mut AnyConnection, vault: &Vault, of: &[ChildId]) -> QueryResult<Vec<(ChildId, NaiveDate)>> {
    let rows: Vec<(ChildId, Sealed)> = children::table
        .filter(children::id.eq_any(of).and(children::identity_destroyed_at.is_null()))
        .select((children::id, children::born_on))
        .load(conn)?;
    let open = |(id, sealed): (ChildId, Sealed)| {
        let text = open(vault, BORN_ON, id.0, &sealed)?;
        let born_on = text.parse();
        Ok((id, born_on.map_err(|_| DieselError::DeserializationError("a birth date is no date".into()))?))
    };
    rows.into_iter().map(open).collect()
}
