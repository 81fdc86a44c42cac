//! Tells those who follow a request that its answer is due.

use chrono::Days;

use crate::accounts::{Role, recipients};
use crate::clock::Clock;
use crate::data_requests::store;
use crate::db::{Db, DbError};
use crate::mails::DataRequestDue;
use crate::outbox;

/// How many days before the last day one is told.
const DAYS_BEFORE: u64 = 7;

/// Queues, once a request and a person, that an answer is due within a week.
///
/// # Errors
/// When the database fails.
pub fn remind(db: &Db, clock: &Clock) -> Result<(), DbError> {
    let soon = clock.today() + Days::new(DAYS_BEFORE);
    let due = db.read::<_, DbError>(|conn| Ok(store::due_by(conn, soon)?))?;
    if due.is_empty() {
        return Ok(());
    }
    db.write::<_, DbError>(|tx| {
        for request in &due {
            let mut readers = recipients::holders(tx, Role::Auditor)?;
            readers.extend(recipients::coordinators(tx, request.programme)?);
            for reader in readers {
                let mail = DataRequestDue {
                    recipient: reader.email,
                    account: reader.account,
                    request: request.id,
                    number: request.number.clone(),
                    kind: request.kind.french().to_lowercase(),
                    due_on: request.due_on,
                };
                outbox::enqueue(tx, clock, mail.message()?)?;
            }
        }
        Ok(())
    })
}
