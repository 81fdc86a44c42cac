//! Tells, once, that the pace will exhaust a quota before the end of its year.

use chrono::NaiveDate;
use diesel::QueryResult;

use super::look_up::{self, ProgrammeYear};
use super::{Outlook, Pace};
use crate::accounts::{Recipient, Role, recipients};
use crate::clock::Clock;
use crate::db::{AnyConnection, Tx};
use crate::hours::Minutes;
use crate::quotas::Reach;
use crate::{mails, outbox};

/// A quota that will not last.
#[derive(Debug, Clone)]
pub struct RunningOut {
    year: String,
    one: ProgrammeYear,
    pace: Pace,
    week: NaiveDate,
    missing: Minutes,
}

/// The quotas that will not last at the pace of a day: it adds up a year of sessions, and so asks for no transaction.
///
/// # Errors
/// When the database fails.
pub fn running_out(conn: &mut AnyConnection, today: NaiveDate) -> QueryResult<Vec<RunningOut>> {
    let mut years = look_up::years(conn, &Reach::Everything)?;
    years.retain(|of| of.year.period.contains(today));
    let mut found = Vec::new();
    for of in years {
        let seen = look_up::year(conn, &Reach::Everything, of, today)?;
        for one in seen.programmes {
            if let Outlook::RunsOut { pace, week, missing } = one.outlook {
                found.push(RunningOut { year: seen.of.year.label.clone(), one, pace, week, missing });
            }
        }
    }
    Ok(found)
}

/// Tells the coordinators and the administrators, unless they were told.
///
/// # Errors
/// When the database fails.
pub fn tell(tx: &mut Tx<'_>, clock: &Clock, found: &[RunningOut]) -> QueryResult<()> {
    for RunningOut { year, one, pace, week, missing } in found {
        let mut readers: Vec<(Recipient, bool)> = Vec::new();
        readers.extend(recipients::coordinators(tx, one.programme)?.into_iter().map(|reader| (reader, false)));
        readers.extend(recipients::holders(tx, Role::Administrator)?.into_iter().map(|reader| (reader, true)));
        for (reader, is_administrator) in readers {
            let mail = mails::QuotaRunsOut {
                recipient: reader.email,
                account: reader.account,
                quota: one.quota.id,
                programme: one.name.clone(),
                year: year.clone(),
                pace: pace.a_week(),
                weeks: pace.weeks(),
                week: *week,
                missing: *missing,
                remaining: one.quota.remaining(),
                is_administrator,
            };
            // who holds both roles is told once: the key is theirs
            outbox::enqueue(tx, clock, mail.message()?)?;
        }
    }
    Ok(())
}
