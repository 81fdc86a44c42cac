//! Tells that a quota nears its end: at 80 %, 95 % and 100 %, once each.

use diesel::QueryResult;

use crate::accounts::Role;
use crate::accounts::{Recipient, recipients};
use crate::clock::Clock;
use crate::db::Tx;
use crate::hours::Minutes;
use crate::quotas::{Quota, store};
use crate::{mails, outbox};

/// In percent, the highest first.
const THRESHOLDS: [i32; 3] = [100, 95, 80];

/// Tells the coordinators and the administrators when the minutes just reserved made the quota pass a threshold; the
/// highest one alone when several were passed at once.
///
/// # Errors
/// When the database fails.
pub fn reserved(tx: &mut Tx<'_>, clock: &Clock, after: Quota, minutes: Minutes) -> QueryResult<()> {
    let before = Quota { reserved: after.reserved - minutes, ..after };
    let passed = |threshold: &&i32| before.percent_held() < **threshold && **threshold <= after.percent_held();
    let Some(percent) = THRESHOLDS.iter().find(passed) else { return Ok(()) };
    let (programme, year) = store::names(tx, after.id)?;
    let mut readers: Vec<(Recipient, bool)> = Vec::new();
    readers.extend(recipients::coordinators(tx, after.programme_id)?.into_iter().map(|reader| (reader, false)));
    readers.extend(recipients::holders(tx, Role::Administrator)?.into_iter().map(|reader| (reader, true)));
    for (reader, is_administrator) in readers {
        let mail = mails::QuotaReached {
            recipient: reader.email,
            account: reader.account,
            quota: after.id,
            programme: programme.clone(),
            year: year.clone(),
            percent: *percent,
            held: after.held(),
            allotted: after.allotted,
            is_administrator,
        };
        // who holds both roles is told once: the key is theirs
        outbox::enqueue(tx, clock, mail.message()?)?;
    }
    Ok(())
}
