//! Reminds a signatory of a call that is overdue: the day after, then every thirty days until it is received.

use diesel::QueryResult;

use super::{DAYS_BETWEEN_REMINDERS, look_up, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::mails;
use crate::outbox::{self, Attachment};

/// Reminds those who owe, with the letter.
///
/// # Errors
/// When the database fails.
pub fn remind(tx: &mut Tx<'_>, clock: &Clock) -> QueryResult<()> {
    let today = clock.today();
    for call in store::overdue(tx, today)? {
        let (Some(number), Some(due_on), Some(recipient)) = (&call.number, call.due_on, &call.sent_to) else {
            continue;
        };
        let mail = mails::FundingCallOverdue {
            recipient: recipient.clone(),
            call: call.id,
            rank: (today - due_on).num_days() / DAYS_BETWEEN_REMINDERS,
            number: number.clone(),
            year: call.year.clone(),
            signatory: call.signatory_name.clone(),
            owed: call.owed(),
            received: call.received,
            due_on,
        };
        let (_, bytes) = store::letter(tx, call.id)?;
        outbox::enqueue_with(tx, clock, mail.message()?, &Attachment::pdf(look_up::file_name(&call), bytes))?;
    }
    Ok(())
}
