//! A session is refused. Its reason is free text, which could name a child: it is read on the page, not here.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::hours::Minutes;
use crate::ids::SessionId;
use crate::links;
use crate::mails::{ABOUT_OWN_WORK, link};
use crate::outbox::Message;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(SessionRefused: "session_refused/subject.txt", "session_refused/body.txt", "session_refused/body.html");

/// A session to correct.
#[derive(Debug, Clone)]
pub struct SessionRefused {
    /// Who receives it.
    pub recipient: String,
    /// Which.
    pub session: SessionId,
    /// The child's reference.
    pub reference: String,
    /// The programme's name.
    pub programme: String,
    /// Its day.
    pub on: NaiveDate,
    /// How long it lasted.
    pub duration: Minutes,
}

impl SessionRefused {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: link("Lire le motif et corriger", &links::session(self.session)),
            reference: self.reference.clone(),
            why: ABOUT_OWN_WORK.to_owned(),
            settings_href: None,
        };
        self.written("session_refused", None, frame)
    }
}
