//! Sessions are approved: one mail for all that were approved together.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::hours::Minutes;
use crate::links;
use crate::mails::{ABOUT_OWN_WORK, link};
use crate::outbox::Message;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(SessionsApproved: "sessions_approved/subject.txt", "sessions_approved/body.txt", "sessions_approved/body.html");

/// What was approved together, for one psychologist.
#[derive(Debug, Clone)]
pub struct SessionsApproved {
    /// Who receives it.
    pub recipient: String,
    /// The sessions, in order.
    pub sessions: Vec<ApprovedSession>,
}

impl SessionsApproved {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let references: BTreeSet<_> = self.sessions.iter().map(|session| session.reference.as_str()).collect();
        let reference = match references.first() {
            Some(only) if references.len() == 1 => (*only).to_owned(),
            _ => format!("{}\u{a0}enfants", references.len()),
        };
        let frame = MailFrame {
            link: link("Voir vos séances", links::SESSIONS),
            reference,
            why: ABOUT_OWN_WORK.to_owned(),
            settings_href: None,
        };
        self.written("sessions_approved", None, frame)
    }
}

impl SessionsApproved {
    fn total(&self) -> i64 {
        i64::try_from(self.sessions.len()).unwrap_or(i64::MAX)
    }

    fn hours(&self) -> Minutes {
        Minutes(self.sessions.iter().map(|session| session.duration.0).sum())
    }
}

/// An approved session.
#[derive(Debug, Clone)]
pub struct ApprovedSession {
    /// The child's reference.
    pub reference: String,
    /// Its day.
    pub on: NaiveDate,
    /// How long it lasted.
    pub duration: Minutes,
}
