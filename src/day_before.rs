//! What is told the day before: to psychologists their sessions of tomorrow, in one mail; to guardians who agreed to it,
//! the appointment of a child.
//!
//! Both are queued as identifiers under a key that makes each one, whatever the instance, and written when they leave:
//! what was cancelled or moved meanwhile is not sent, and a guardian's address is opened in memory only.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate, Timelike};
use serde::{Deserialize, Serialize};

use crate::accounts::{forgotten, recipients};
use crate::app::App;
use crate::calendar;
use crate::children::look_up as children;
use crate::clock::Clock;
use crate::db::{AnyConnection, Db, DbError, Tx};
use crate::ids::{ChildId, GuardianId, PsychologistId, SessionId};
use crate::mailer::{Mailer, MailerError};
use crate::mails::{GuardianReminder, SessionsTomorrow, TomorrowSession};
use crate::outbox::{self, GUARDIAN_REMINDER, Message};
use crate::psychologists;
use crate::sessions::look_up::{self as sessions, Listed};
use crate::sql_types::Ts;
use crate::vault::Vault;

/// The hour in Dijon from which psychologists are told of tomorrow: the day's own work is then nearly done.
const PSYCHOLOGISTS_FROM: u32 = 17;
/// The hours in Dijon between which guardians are: early enough to cancel by day, never at night.
const GUARDIANS: std::ops::Range<u32> = 10..20;

/// What a mail is written from when it leaves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    /// A psychologist's sessions of a day.
    Day { psychologist: PsychologistId, on: NaiveDate },
    /// A session, while it starts then, for a guardian.
    Session { session: SessionId, starts_at: Ts, guardian: GuardianId },
}

impl Told {
    fn kind(&self) -> &'static str {
        match self {
            Self::Day { .. } => "sessions_tomorrow",
            Self::Session { .. } => GUARDIAN_REMINDER,
        }
    }

    /// What makes it one.
    fn key(&self) -> String {
        match self {
            Self::Day { psychologist, on } => format!("tomorrow:{on}:{psychologist}"),
            Self::Session { session, starts_at, guardian } => {
                format!("reminder:{session}:{}:{guardian}", starts_at.rfc3339())
            }
        }
    }
}

/// Queues what tomorrow brings and was not queued yet. It may run as often as one likes, on as many instances.
///
/// # Errors
/// When the database fails.
pub fn run(db: &Db, clock: &Clock) -> Result<(), DbError> {
    let hour = calendar::local_time(clock.now()).hour();
    let (psychologists, guardians) = (hour >= PSYCHOLOGISTS_FROM, GUARDIANS.contains(&hour));
    let Some(tomorrow) = clock.today().checked_add_days(Days::new(1)) else { return Ok(()) };
    if !psychologists && !guardians {
        return Ok(());
    }
    // read first: most rounds find nothing new, and then keep no writer waiting
    let due = db.read::<_, DbError>(|conn| {
        let mut due = Vec::new();
        let booked = sessions::booked_on(conn, tomorrow, None)?;
        if psychologists {
            let whose: BTreeSet<PsychologistId> = booked.iter().map(|row| row.session.psychologist_id).collect();
            due.extend(whose.into_iter().map(|psychologist| Told::Day { psychologist, on: tomorrow }));
        }
        if guardians {
            due.extend(reminders(conn, &booked)?);
        }
        let keys: Vec<String> = due.iter().map(Told::key).collect();
        let known = outbox::known(conn, &keys)?;
        due.retain(|told| !known.contains(&told.key()));
        Ok(due)
    })?;
    if due.is_empty() {
        return Ok(());
    }
    db.write(|tx| due.iter().try_for_each(|told| queue(tx, clock, told)).map_err(DbError::from))
}

/// One for each guardian who agreed, of each child that has a session.
fn reminders(conn: &mut AnyConnection, booked: &[Listed]) -> diesel::QueryResult<Vec<Told>> {
    let of: Vec<ChildId> = booked.iter().map(|row| row.session.child_id).collect();
    let agreed = children::reminded_guardians(conn, &of)?;
    let told = |row: &Listed| {
        let (session, starts_at, child) = (row.session.id, row.session.slot.starts_at, row.session.child_id);
        let theirs = agreed.iter().filter(move |(_, of)| *of == child);
        theirs.map(move |(guardian, _)| Told::Session { session, starts_at, guardian: *guardian }).collect::<Vec<_>>()
    };
    Ok(booked.iter().flat_map(told).collect())
}

fn queue(tx: &mut Tx<'_>, clock: &Clock, told: &Told) -> diesel::QueryResult<()> {
    let from = serde_json::to_string(told).map_err(|e| diesel::result::Error::SerializationError(e.into()))?;
    outbox::enqueue_unwritten(tx, clock, told.kind(), told.key(), from).map(drop)
}

/// The way out of mails that knows how to write those that are queued as identifiers.
///
/// # Errors
/// When the settings of the way out cannot be read.
pub fn mailer(app: &App) -> Result<Mailer, MailerError> {
    let (vault, clock) = (app.vault.clone(), app.clock.clone());
    let mailer = Mailer::new(&app.config)?.opening(app.vault.clone());
    Ok(mailer.writing(move |conn, from| match forgotten::asked(from) {
        Some(asked) => forgotten::written(conn, &vault, &clock, &asked),
        None => write(conn, &vault, &clock, from),
    }))
}

/// Writes a mail from what it was queued as; `None` when there is nothing to say any more.
fn write(conn: &mut AnyConnection, vault: &Vault, clock: &Clock, from: &str) -> Result<Option<Message>, DbError> {
    let told = serde_json::from_str(from).map_err(|e| diesel::result::Error::DeserializationError(e.into()))?;
    Ok(match told {
        Told::Day { psychologist, on } if clock.today() <= on => day(conn, psychologist, on)?,
        Told::Day { .. } => None,
        Told::Session { session, starts_at, guardian } if clock.now() < starts_at => {
            reminder(conn, vault, (session, starts_at), guardian)?
        }
        Told::Session { .. } => None,
    })
}

fn day(conn: &mut AnyConnection, of: PsychologistId, on: NaiveDate) -> diesel::QueryResult<Option<Message>> {
    let account = psychologists::look_up::load(conn, of)?.account;
    let booked = sessions::booked_on(conn, on, Some(of))?;
    let Some(reader) = recipients::of(conn, account)?.filter(|_| !booked.is_empty()) else { return Ok(None) };
    let session = |Listed { session, around }: Listed| TomorrowSession {
        times: (session.slot.start_time(), session.slot.end_time()),
        reference: around.reference,
        place: session.place.unwrap_or(around.programme),
    };
    let sessions = booked.into_iter().map(session).collect();
    SessionsTomorrow { recipient: reader.email, on, sessions }.message().map(Some)
}

fn reminder(
    conn: &mut AnyConnection,
    vault: &Vault,
    (id, starts_at): (SessionId, Ts),
    guardian: GuardianId,
) -> diesel::QueryResult<Option<Message>> {
    let Some(session) = sessions::find_booked(conn, id)?.filter(|found| found.slot.starts_at == starts_at) else {
        return Ok(None);
    };
    let Some(recipient) = children::reminder_address(conn, vault, guardian)? else { return Ok(None) };
    let contacts = recipients::coordinators(conn, session.programme_id)?;
    if contacts.is_empty() {
        return Ok(None);
    }
    let mail = GuardianReminder {
        recipient,
        on: session.slot.on,
        at: session.slot.start_time(),
        place: session.place,
        contacts: contacts.into_iter().map(|coordinator| coordinator.email).collect(),
    };
    mail.message().map(Some)
}
