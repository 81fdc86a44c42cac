//! Mail queued in the transaction that causes it, sent after it.
//!
//! A worker leases what is due, hands it to the transport, and marks it sent only when the peer has accepted it; what
//! the peer puts off is tried again, later and later. A `Message-ID` never changes, so that a peer cut off after it
//! accepted can tell the second copy.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::db::{AnyConnection, Db, DbError, Tx};
use crate::each;
use crate::ids::MailId;
use crate::schema::{mail_attachments, mails};
use crate::sql_types::Ts;
use crate::vault::{Place, Vault, VaultError, key_of};

/// A mail to be: text and HTML say the same, without a child's name.
#[derive(Debug, Clone)]
pub struct Message {
    /// What it is, such as `session_refused`.
    pub kind: &'static str,
    /// What makes it one: queued again under the same key, it is the same mail. Absent: each is its own.
    pub dedupe_key: Option<String>,
    /// The address of who receives it.
    pub recipient: String,
    /// One line.
    pub subject: String,
    /// Readable by itself.
    pub text: String,
    /// The same in HTML.
    pub html: String,
    /// The events that it tells of, for a calendar: [`crate::ical::published`].
    pub calendar: Option<String>,
}

/// A mail as it is stored.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = mails)]
pub struct Mail {
    /// Its identifier.
    pub id: MailId,
    /// Its `Message-ID` without the domain: the same at each attempt.
    pub message_id: String,
    /// What it is.
    pub kind: String,
    dedupe_key: Option<String>,
    /// Who receives it.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text_body: String,
    /// Its HTML.
    pub html_body: String,
    /// When it was queued.
    pub created_at: Ts,
    /// How many times it was tried.
    pub attempts: i32,
    next_attempt_at: Ts,
    leased_until: Option<Ts>,
    /// What the last attempt said.
    pub last_error: Option<String>,
    /// When the peer accepted it.
    pub sent_at: Option<Ts>,
    /// When it was given up.
    pub failed_at: Option<Ts>,
    /// The events that it tells of, for a calendar.
    pub calendar: Option<String>,
    /// What it is written from when it leaves; its words and its address are empty until then.
    pub written_from: Option<String>,
}

/// The kind of the mails that do not name who sends them: their reader is a family.
pub const GUARDIAN_REMINDER: &str = "guardian_reminder";

impl Mail {
    /// The words that were sealed.
    fn sealed(&self) -> Option<&str> {
        self.written_from.as_deref().and_then(|from| from.strip_prefix(SEALED))
    }

    /// The same mail, in the words that it leaves with.
    #[must_use]
    pub fn in_words(&self, message: Message) -> Self {
        Self {
            recipient: message.recipient,
            subject: message.subject,
            text_body: message.text,
            html_body: message.html,
            calendar: message.calendar,
            ..self.clone()
        }
    }
}

/// Queues a mail; it exists only if the transaction commits. Returns whether it is new.
///
/// # Errors
/// When the database fails.
pub fn enqueue(tx: &mut Tx<'_>, clock: &Clock, message: Message) -> QueryResult<bool> {
    Ok(insert(tx, clock, MailId::new(), message, None)?.is_some())
}

/// The words of a mail that holds a secret, as they are sealed.
#[derive(Debug, Serialize, Deserialize)]
struct SealedWords {
    text: String,
    html: String,
}

/// What begins the sealed words of a mail; what is written from identifiers never does.
const SEALED: &str = "sealed:";

/// Queues a mail whose words hold a secret, such as a link that lets in: they are sealed until it leaves, and forgotten
/// then.
///
/// # Errors
/// When they cannot be sealed, or the database fails.
pub fn enqueue_sealed(tx: &mut Tx<'_>, clock: &Clock, vault: &Vault, message: Message) -> QueryResult<()> {
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| DieselError::SerializationError(e);
    let id = MailId::new();
    let words = SealedWords { text: message.text, html: message.html };
    let json = serde_json::to_string(&words).map_err(|e| failed(e.into()))?;
    let sealed = vault.seal(sealed_at(id), &json).map_err(|e| failed(e.into()))?;
    let bare = Message { text: String::new(), html: String::new(), ..message };
    insert(tx, clock, id, bare, Some(format!("{SEALED}{}", STANDARD.encode(sealed))))?;
    Ok(())
}

/// The number of the key of each mail whose sealed words wait to leave; 0, which no key has, for what is no sealed value.
///
/// # Errors
/// When the database fails.
pub fn keys_waiting(conn: &mut AnyConnection) -> QueryResult<Vec<u8>> {
    let waiting: Vec<Option<String>> = mails::table
        .filter(mails::sent_at.is_null().and(mails::failed_at.is_null()))
        .filter(mails::written_from.like(format!("{SEALED}%")))
        .select(mails::written_from)
        .load(conn)?;
    let key = |from: &String| Some(key_of(&STANDARD.decode(from.strip_prefix(SEALED)?).ok()?));
    Ok(waiting.iter().flatten().map(|from| key(from).unwrap_or(0)).collect())
}

fn sealed_at(id: MailId) -> Place {
    Place { column: "mails.written_from", row: id.0 }
}

/// A mail with the words that were sealed, if they were.
///
/// # Errors
/// When they do not open.
pub fn opened<'m>(vault: &Vault, mail: &'m Mail) -> Result<Cow<'m, Mail>, VaultError> {
    let Some(sealed) = mail.sealed() else { return Ok(Cow::Borrowed(mail)) };
    let altered = || VaultError::Altered("mails.written_from");
    let bytes = STANDARD.decode(sealed).map_err(|_| altered())?;
    let words: SealedWords = serde_json::from_str(&vault.open(sealed_at(mail.id), &bytes)?).map_err(|_| altered())?;
    Ok(Cow::Owned(Mail { text_body: words.text, html_body: words.html, written_from: None, ..mail.clone() }))
}

/// Queues a mail that is written when it leaves, from identifiers that say what of. Returns whether it is new.
///
/// # Errors
/// When the database fails.
pub fn enqueue_unwritten(
    tx: &mut Tx<'_>,
    clock: &Clock,
    kind: &'static str,
    dedupe_key: String,
    from: String,
) -> QueryResult<bool> {
    let empty = String::new;
    let message = Message {
        kind,
        dedupe_key: Some(dedupe_key),
        recipient: empty(),
        subject: empty(),
        text: empty(),
        html: empty(),
        calendar: None,
    };
    Ok(insert(tx, clock, MailId::new(), message, Some(from))?.is_some())
}

/// Which of these keys are queued or sent.
///
/// # Errors
/// When the database fails.
pub fn known(conn: &mut AnyConnection, keys: &[String]) -> QueryResult<BTreeSet<String>> {
    let found: Vec<Option<String>> =
        mails::table.filter(mails::dedupe_key.eq_any(keys)).select(mails::dedupe_key).load(conn)?;
    Ok(found.into_iter().flatten().collect())
}

/// Forgets a mail that has nothing to say any more. Its key is free again.
///
/// # Errors
/// When the database fails.
pub fn forget(db: &Db, mail: &Mail) -> Result<(), DbError> {
    db.write::<_, DbError>(|tx| {
        diesel::delete(mails::table.find(mail.id).filter(mails::sent_at.is_null())).execute(&mut **tx)?;
        Ok(())
    })
}

/// Writes a mail; gives nothing when its key was used before.
fn insert(
    tx: &mut Tx<'_>,
    clock: &Clock,
    id: MailId,
    message: Message,
    written_from: Option<String>,
) -> QueryResult<Option<MailId>> {
    let now = clock.now();
    let mail = Mail {
        id,
        message_id: id.to_string(),
        kind: message.kind.to_owned(),
        dedupe_key: message.dedupe_key,
        recipient: message.recipient,
        subject: message.subject,
        text_body: message.text,
        html_body: message.html,
        created_at: now,
        attempts: 0,
        next_attempt_at: now,
        leased_until: None,
        last_error: None,
        sent_at: None,
        failed_at: None,
        calendar: message.calendar,
        written_from,
    };
    let conn = &mut **tx;
    let written =
        each!(conn => diesel::insert_into(mails::table).values(&mail).on_conflict_do_nothing().execute(conn))?;
    Ok((written == 1).then_some(id))
}

/// A file that travels with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl Attachment {
    /// A PDF.
    pub fn pdf(name: String, bytes: Vec<u8>) -> Self {
        Self { name, media_type: "application/pdf".to_owned(), bytes }
    }
}

/// Queues a mail with a file, unless it was queued already.
///
/// # Errors
/// When the database fails.
pub fn enqueue_with(tx: &mut Tx<'_>, clock: &Clock, message: Message, file: &Attachment) -> QueryResult<bool> {
    let Some(id) = insert(tx, clock, MailId::new(), message, None)? else { return Ok(false) };
    diesel::insert_into(mail_attachments::table)
        .values((
            mail_attachments::mail_id.eq(id),
            mail_attachments::name.eq(&file.name),
            mail_attachments::media_type.eq(&file.media_type),
            mail_attachments::bytes.eq(&file.bytes),
        ))
        .execute(&mut **tx)?;
    Ok(true)
}

/// The file that travels with a mail, if there is one.
///
/// # Errors
/// When the database fails.
pub fn attachment(conn: &mut AnyConnection, mail: MailId) -> QueryResult<Option<Attachment>> {
    mail_attachments::table
        .find(mail)
        .select((mail_attachments::name, mail_attachments::media_type, mail_attachments::bytes))
        .first(conn)
        .optional()
}

/// How an attempt to send ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The peer accepted it.
    Accepted,
    /// The peer, or the way to it, failed for now.
    PutOff(String),
    /// The peer will never take it.
    Rejected(String),
}

const LEASE_MINUTES: i64 = 5;
/// About three days of attempts.
const ATTEMPTS: i32 = 20;

/// Takes at most `limit` mails that are due; nobody else takes them for five minutes.
///
/// # Errors
/// When the database fails.
pub fn lease(db: &Db, clock: &Clock, limit: i64) -> Result<Vec<Mail>, DbError> {
    let now = clock.now();
    let until = Ts::new(now.utc() + Duration::minutes(LEASE_MINUTES));
    // read first: most rounds find nothing, and then keep no writer waiting
    let due = db.read::<_, DbError>(|conn| Ok(due(conn, now, limit)?))?;
    if due.is_empty() {
        return Ok(due);
    }
    db.write::<_, DbError>(|tx| {
        let mut taken = Vec::new();
        for mail in &due {
            // the count of attempts tells whether somebody tried it since it was read
            let leased = diesel::update(mails::table.find(mail.id))
                .filter(mails::sent_at.is_null().and(mails::failed_at.is_null()))
                .filter(mails::attempts.eq(mail.attempts))
                .filter(mails::leased_until.is_null().or(mails::leased_until.le(now)))
                .set(mails::leased_until.eq(until))
                .execute(&mut **tx)?;
            if leased == 1 {
                taken.push(mail.clone());
            }
        }
        Ok(taken)
    })
}

/// Gives back mails that were taken and not tried: they stay due, and count no attempt.
///
/// # Errors
/// When the database fails.
pub fn release(db: &Db, taken: &[Mail]) -> Result<(), DbError> {
    if taken.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = taken.iter().map(|mail| mail.id).collect();
    db.write::<_, DbError>(|tx| {
        diesel::update(mails::table.filter(mails::id.eq_any(&ids)).filter(mails::sent_at.is_null()))
            .set(mails::leased_until.eq(None::<Ts>))
            .execute(&mut **tx)?;
        Ok(())
    })
}

fn due(conn: &mut AnyConnection, now: Ts, limit: i64) -> QueryResult<Vec<Mail>> {
    mails::table
        .filter(mails::sent_at.is_null().and(mails::failed_at.is_null()))
        .filter(mails::next_attempt_at.le(now))
        .filter(mails::leased_until.is_null().or(mails::leased_until.le(now)))
        .order((mails::next_attempt_at, mails::id))
        .limit(limit)
        .load(conn)
}

/// Writes down how an attempt ended, and when the next one is due.
///
/// # Errors
/// When the database fails.
pub fn settle(db: &Db, clock: &Clock, mail: &Mail, attempt: &Attempt) -> Result<(), DbError> {
    let now = clock.now();
    let attempts = mail.attempts + 1;
    let (sent_at, mut failed_at, error) = match attempt {
        Attempt::Accepted => (Some(now), None, None),
        Attempt::PutOff(why) => (None, None, Some(why)),
        Attempt::Rejected(why) => (None, Some(now), Some(why)),
    };
    if sent_at.is_none() && attempts >= ATTEMPTS {
        failed_at = Some(now);
    }
    // a secret is kept no longer than the mail waits
    let is_over = sent_at.is_some() || failed_at.is_some();
    let written_from = mail.written_from.as_deref().filter(|_| !(is_over && mail.sealed().is_some()));
    db.write::<_, DbError>(|tx| {
        // once accepted it stays accepted, whatever a slower instance then says
        diesel::update(mails::table.find(mail.id))
            .filter(mails::sent_at.is_null())
            .set((
                mails::attempts.eq(attempts),
                mails::next_attempt_at.eq(Ts::new(now.utc() + pause_after(attempts))),
                mails::leased_until.eq(None::<Ts>),
                mails::last_error.eq(error),
                mails::sent_at.eq(sent_at),
                mails::failed_at.eq(failed_at),
                mails::written_from.eq(written_from),
            ))
            .execute(&mut **tx)?;
        Ok(())
    })
}

/// One minute, then twice as long each time, at most six hours.
fn pause_after(attempts: i32) -> Duration {
    let minutes = 1_i64 << attempts.clamp(1, 10).saturating_sub(1);
    Duration::minutes(minutes.min(360))
}

/// How many mails wait, and how many were given up.
///
/// # Errors
/// When the database fails.
pub fn backlog(conn: &mut AnyConnection) -> Result<(i64, i64), DieselError> {
    let waiting =
        mails::table.filter(mails::sent_at.is_null().and(mails::failed_at.is_null())).count().get_result(conn)?;
    let given_up = mails::table.filter(mails::failed_at.is_not_null()).count().get_result(conn)?;
    Ok((waiting, given_up))
}
