//! Tells by mail who stands in for whom: to the substitute when named, to the other when it ends early.

use diesel::QueryResult;

use crate::accounts::recipients;
use crate::clock::Clock;
use crate::db::Tx;
use crate::ids::{AccountId, SubstitutionId};
use crate::mails::{SubstitutionEnded, SubstitutionNamed};
use crate::outbox;
use crate::substitutions::{Substitution, store};

/// Tells a substitute that they are named.
///
/// # Errors
/// When the database fails.
pub fn named(tx: &mut Tx<'_>, clock: &Clock, id: SubstitutionId) -> QueryResult<()> {
    let told = store::load_told(tx, id)?;
    let Some(reader) = recipients::of(tx, told.substitute)? else { return Ok(()) };
    let mail = SubstitutionNamed {
        recipient: reader.email,
        days: told.days(),
        in_place_of: told.named_by_name,
        programme: told.programme_name,
    };
    outbox::enqueue(tx, clock, mail.message()?).map(drop)
}

/// Tells those of the two who did not end it themselves.
///
/// # Errors
/// When the database fails.
pub fn ended(tx: &mut Tx<'_>, clock: &Clock, told: &Substitution, by: AccountId) -> QueryResult<()> {
    for account in [told.named_by, told.substitute].into_iter().filter(|account| *account != by) {
        let Some(reader) = recipients::of(tx, account)? else { continue };
        let mail = SubstitutionEnded {
            recipient: reader.email,
            is_substitute: account == told.substitute,
            days: told.days(),
            substitute: told.substitute_name.clone(),
            in_place_of: told.named_by_name.clone(),
            programme: told.programme_name.clone(),
        };
        outbox::enqueue(tx, clock, mail.message()?)?;
    }
    Ok(())
}
