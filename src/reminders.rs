//! What is told because time passes: the sessions that wait, each morning; the months that end; the hours that will not
//! last; the calls for funds that are overdue.
//!
//! It may run as often as one likes, on as many instances: each mail has a key that makes it one.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, Timelike};

use crate::accounts::{Recipient, recipients};
use crate::budgets;
use crate::calendar::{self, Month};
use crate::clock::Clock;
use crate::conventions::look_up as conventions;
use crate::day_before;
use crate::db::{Db, DbError, Tx};
use crate::funding_calls;
use crate::ids::{AccountId, ProgrammeId};
use crate::mails::{MonthClosing, Reader, SessionsToApprove, Waiting};
use crate::outbox;
use crate::sessions::Phase;
use crate::sessions::look_up::{self, Unfinished};

/// The hour in Dijon from which the day's mails are queued.
const MORNING: u32 = 7;
/// How many days before the late-entry window ends one is told.
const DAYS_BEFORE: u64 = 3;
/// The longest late-entry window that a convention may give, in months.
const LONGEST_WINDOW: u32 = 12;

/// Queues what is due today and was not queued yet.
///
/// # Errors
/// When the database fails.
pub fn run(db: &Db, clock: &Clock) -> Result<(), DbError> {
    day_before::run(db, clock)?;
    if calendar::local_time(clock.now()).hour() < MORNING {
        return Ok(());
    }
    // read apart: nobody waits to write while a year of sessions is added up
    let running_out = db.read::<_, DbError>(|conn| Ok(budgets::notices::running_out(conn, clock.today())?))?;
    db.write(|tx| {
        tell_what_waits(tx, clock)?;
        tell_what_ends(tx, clock)?;
        budgets::notices::tell(tx, clock, &running_out)?;
        funding_calls::notices::remind(tx, clock)?;
        Ok(())
    })
}

/// Sessions to approve, to those who approve them and were not told of each at once.
fn tell_what_waits(tx: &mut Tx<'_>, clock: &Clock) -> diesel::QueryResult<()> {
    let ever = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
    let mut by_programme: BTreeMap<ProgrammeId, Waiting> = BTreeMap::new();
    for found in look_up::unfinished(tx, (ever, clock.today()), clock.now())? {
        if found.phase != Phase::Recorded {
            continue;
        }
        // the oldest comes first
        let waiting = by_programme.entry(found.programme).or_insert_with(|| Waiting {
            programme: found.programme_name.clone(),
            sessions: 0,
            oldest: found.on,
        });
        waiting.sessions += 1;
    }
    let mut by_reader: BTreeMap<AccountId, (Recipient, Vec<Waiting>)> = BTreeMap::new();
    for (programme, waiting) in by_programme {
        let readers = recipients::approvers(tx, programme, clock.today())?;
        for reader in readers.into_iter().filter(|reader| !reader.told_at_once) {
            by_reader.entry(reader.account).or_insert_with(|| (reader, Vec::new())).1.push(waiting.clone());
        }
    }
    for (account, (reader, mut programmes)) in by_reader {
        programmes.sort_by(|a, b| a.programme.cmp(&b.programme));
        let mail = SessionsToApprove { recipient: reader.email, account, on: clock.today(), programmes };
        outbox::enqueue(tx, clock, mail.message()?)?;
    }
    Ok(())
}

/// Months that end, and months whose late-entry window does, with something left to do.
fn tell_what_ends(tx: &mut Tx<'_>, clock: &Clock) -> diesel::QueryResult<()> {
    let today = clock.today();
    for convention in conventions::conventions(tx)? {
        let mut month = Month::of(today);
        for _ in 0..=LONGEST_WINDOW {
            let day = month.first().max(convention.period.from);
            if let Some(terms) = conventions::terms_on(tx, convention.id, day)? {
                let until = terms.last_entry_day(month.first());
                if let Some(is_last_call) = moment(today, month, until) {
                    let mut left = look_up::unfinished(tx, (month.first(), month.last()), clock.now())?;
                    left.retain(|found| found.convention == convention.id);
                    tell_of(tx, clock, &left, Ending { month, until, is_last_call })?;
                }
            }
            month = month.previous();
        }
    }
    Ok(())
}

/// Whether it is time to tell of a month: on its last day or the three that follow, and again on the last days of its
/// late-entry window (`true`).
fn moment(today: NaiveDate, month: Month, until: NaiveDate) -> Option<bool> {
    let since = |day: NaiveDate| day.checked_sub_days(Days::new(DAYS_BEFORE)).unwrap_or(day);
    if since(until) <= today && today <= until {
        return Some(true);
    }
    (since(today) <= month.last() && month.last() <= today).then_some(false)
}

#[derive(Debug, Clone, Copy)]
struct Ending {
    month: Month,
    until: NaiveDate,
    is_last_call: bool,
}

fn tell_of(tx: &mut Tx<'_>, clock: &Clock, left: &[Unfinished], ending: Ending) -> diesel::QueryResult<()> {
    let mut own: BTreeMap<AccountId, Vec<&Unfinished>> = BTreeMap::new();
    let mut of_coordinators: BTreeMap<AccountId, (Recipient, Vec<&Unfinished>)> = BTreeMap::new();
    for found in left {
        own.entry(found.account).or_default().push(found);
        if found.phase == Phase::Recorded {
            for reader in recipients::approvers(tx, found.programme, clock.today())? {
                of_coordinators.entry(reader.account).or_insert_with(|| (reader, Vec::new())).1.push(found);
            }
        }
    }
    for (account, found) in own {
        if let Some(reader) = recipients::of(tx, account)? {
            outbox::enqueue(tx, clock, mail(reader, Reader::Psychologist, &found, ending).message()?)?;
        }
    }
    for (reader, found) in of_coordinators.into_values() {
        outbox::enqueue(tx, clock, mail(reader, Reader::Coordinator, &found, ending).message()?)?;
    }
    Ok(())
}

fn mail(to: Recipient, reader: Reader, found: &[&Unfinished], ending: Ending) -> MonthClosing {
    let count = |phase| i64::try_from(found.iter().filter(|found| found.phase == phase).count()).unwrap_or(i64::MAX);
    MonthClosing {
        recipient: to.email,
        account: to.account,
        reader,
        month: ending.month,
        until: ending.until,
        is_last_call: ending.is_last_call,
        to_record: count(Phase::Booked),
        to_correct: count(Phase::Refused),
        to_approve: count(Phase::Recorded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_told_of_when_it_ends_and_before_its_window_does() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let october = Month::of(day("2026-10-01"));
        let at = |text: &str| moment(day(text), october, day("2026-11-30"));
        let expected = [
            ("2026-10-30", None),
            ("2026-10-31", Some(false)),
            ("2026-11-03", Some(false)),
            ("2026-11-04", None),
            ("2026-11-26", None),
            ("2026-11-27", Some(true)),
            ("2026-11-30", Some(true)),
            ("2026-12-01", None),
        ];
        for (today, told) in expected {
            assert_eq!(at(today), told, "{today}");
        }
    }
}
