//! How mail leaves: `.eml` files in a folder, or SMTP. It takes what [`outbox`] lends, and tells it how each went.
//!
//! A mail is tried only once the way to the peer is open: a peer that is down costs no mail an attempt, and ends the
//! batch. A mail's bytes are the same at each attempt, its `Message-ID` among them.

mod compose;
mod folder;
mod smtp;

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lettre::message::Mailbox;

use crate::clock::Clock;
use crate::config::{Config, MailTransport};
use crate::db::{AnyConnection, Db, DbError};
use crate::outbox::{self, Attachment, Attempt, Mail, Message};
use crate::vault::Vault;

/// How long a peer may stay silent.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many mails are taken at once.
const BATCH: i64 = 50;
/// What was not tried by then is given back, long before its lease ends.
const LONGEST_BATCH: Duration = Duration::from_secs(90);

/// Why no mail can ever leave.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The address of the server cannot be read. It is not shown: it may hold a password.
    #[error(
        "PSYPRE_SMTP is not an address such as smtp://user:password@host:587, smtps://… or smtp://host?tls=offered"
    )]
    Url,
    /// The sender is no address.
    #[error("PSYPRE_MAIL_FROM is not an address")]
    From,
}

type Writing = dyn Fn(&mut AnyConnection, &str) -> Result<Option<Message>, DbError> + Send;

/// Who writes the mails that are queued as identifiers only.
struct Writer(Box<Writing>);

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

/// What mails leave by.
#[derive(Debug)]
pub struct Mailer {
    vault: Option<Vault>,
    writer: Option<Writer>,
    transport: Transport,
    from: Mailbox,
    base_url: String,
}

#[derive(Debug)]
enum Transport {
    Folder(PathBuf),
    Smtp(Box<smtp::Smtp>),
}

/// How one mail went.
enum Outcome {
    /// The peer answered for this mail.
    Answered(Attempt),
    /// The way broke under this mail: it counts an attempt, and the batch ends.
    Broken(String),
    /// It says nothing of this mail: no attempt is counted, and the batch ends.
    Unreachable(String),
}

/// What a round of sending did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// Mails that the peer accepted.
    pub accepted: usize,
    /// Mails put off, to be tried again.
    pub put_off: usize,
    /// Mails given up.
    pub rejected: usize,
    /// Why the round ended before the queue did.
    pub cut_short: Option<String>,
}

impl Mailer {
    /// The way out that the settings name.
    ///
    /// # Errors
    /// When the sender or the address of the server cannot be read.
    pub fn new(config: &Config) -> Result<Self, MailerError> {
        Self::with_patience(config, PATIENCE)
    }

    /// The same, with another patience for a silent peer.
    ///
    /// # Errors
    /// As [`Mailer::new`].
    pub fn with_patience(config: &Config, patience: Duration) -> Result<Self, MailerError> {
        let from = config.mail_from.parse().map_err(|_| MailerError::From)?;
        let transport = match &config.mail {
            MailTransport::Folder(folder) => Transport::Folder(folder.clone()),
            MailTransport::Smtp(url) => {
                Transport::Smtp(Box::new(smtp::Smtp::new(url, patience).ok_or(MailerError::Url)?))
            }
        };
        Ok(Self { vault: None, writer: None, transport, from, base_url: config.base_url.clone() })
    }

    /// The same, able to write the mails that are queued as identifiers only: the words of each, or nothing when there is
    /// nothing to say any more.
    #[must_use]
    pub fn writing(
        mut self,
        writer: impl Fn(&mut AnyConnection, &str) -> Result<Option<Message>, DbError> + Send + 'static,
    ) -> Self {
        self.writer = Some(Writer(Box::new(writer)));
        self
    }

    /// The same, able to open the mails whose words are sealed until they leave.
    #[must_use]
    pub fn opening(mut self, vault: Vault) -> Self {
        self.vault = Some(vault);
        self
    }

    /// Sends all that is due, batch after batch, until nothing is, the peer fails, or `stop` says so.
    ///
    /// # Errors
    /// When the database fails; what the peer does is told in the round.
    pub fn drain(&mut self, db: &Db, clock: &Clock, stop: &dyn Fn() -> bool) -> Result<Round, DbError> {
        let mut round = Round::default();
        while round.cut_short.is_none() && !stop() {
            let taken = outbox::lease(db, clock, BATCH)?;
            if taken.is_empty() {
                break;
            }
            let tried = self.send_batch(db, clock, &taken, &mut round, stop)?;
            outbox::release(db, &taken[tried..])?;
        }
        if let Transport::Smtp(smtp) = &mut self.transport {
            smtp.close();
        }
        Ok(round)
    }

    /// Sends the mails of a batch in order; gives how many were tried.
    fn send_batch(
        &mut self,
        db: &Db,
        clock: &Clock,
        taken: &[Mail],
        round: &mut Round,
        stop: &dyn Fn() -> bool,
    ) -> Result<usize, DbError> {
        let started = Instant::now();
        for (tried, mail) in taken.iter().enumerate() {
            if stop() || started.elapsed() > LONGEST_BATCH {
                return Ok(tried);
            }
            let file = db.read::<_, DbError>(|conn| Ok(outbox::attachment(conn, mail.id)?))?;
            let outcome = match self.written(db, mail) {
                Ok(Some(written)) => self.send(&written, file),
                Ok(None) => {
                    outbox::forget(db, mail)?;
                    continue;
                }
                Err(why) => Outcome::Answered(Attempt::PutOff(why)),
            };
            let (attempt, broken) = match outcome {
                Outcome::Answered(attempt) => (attempt, None),
                Outcome::Broken(why) => (Attempt::PutOff(why.clone()), Some(why)),
                Outcome::Unreachable(why) => {
                    round.cut_short = Some(why);
                    return Ok(tried);
                }
            };
            outbox::settle(db, clock, mail, &attempt)?;
            round.count(mail, &attempt);
            if broken.is_some() {
                round.cut_short = broken;
                return Ok(tried + 1);
            }
        }
        Ok(taken.len())
    }

    /// A mail in its words; `None` when there is nothing to say any more.
    fn written<'m>(&self, db: &Db, mail: &'m Mail) -> Result<Option<Cow<'m, Mail>>, String> {
        let mail = match &self.vault {
            Some(vault) => outbox::opened(vault, mail).map_err(|e| format!("it cannot be opened: {e}"))?,
            None => Cow::Borrowed(mail),
        };
        let Some(from) = &mail.written_from else { return Ok(Some(mail)) };
        let Some(Writer(write)) = &self.writer else { return Err("nobody here writes it".to_owned()) };
        let message = db.read(|conn| write(conn, from)).map_err(|e| format!("it cannot be written: {e}"))?;
        Ok(message.map(|message| Cow::Owned(mail.in_words(message))))
    }

    /// Opens the way unless it is open, then sends.
    fn send(&mut self, mail: &Mail, file: Option<Attachment>) -> Outcome {
        let message = match compose::compose(mail, file, &self.from, &self.base_url) {
            Ok(message) => message,
            Err(why) => return Outcome::Answered(Attempt::Rejected(why)),
        };
        match &mut self.transport {
            Transport::Folder(path) => {
                let written = folder::open(path).and_then(|()| folder::write(path, mail, &message.formatted()));
                written.map_or_else(Outcome::Unreachable, |()| Outcome::Answered(Attempt::Accepted))
            }
            Transport::Smtp(smtp) => match smtp.open() {
                Ok(()) => smtp.send(&message),
                Err(why) => Outcome::Unreachable(why),
            },
        }
    }
}

impl Round {
    fn count(&mut self, mail: &Mail, attempt: &Attempt) {
        match attempt {
            Attempt::Accepted => self.accepted += 1,
            Attempt::PutOff(why) => {
                self.put_off += 1;
                tracing::warn!(mail = %mail.id, kind = %mail.kind, %why, "a mail was put off");
            }
            Attempt::Rejected(why) => {
                self.rejected += 1;
                tracing::error!(mail = %mail.id, kind = %mail.kind, %why, "a mail was given up");
            }
        }
    }
}
