//! A session waits for approval, for coordinators who asked to be told at once.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::hours::Minutes;
use crate::links;
use crate::mails::link;
use crate::outbox::Message;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(SessionRecorded: "session_recorded/subject.txt", "session_recorded/body.txt", "session_recorded/body.html");

/// A session that waits.
#[derive(Debug, Clone)]
pub struct SessionRecorded {
    /// Who receives it.
    pub recipient: String,
    /// Who recorded it.
    pub psychologist: String,
    /// The child's reference.
    pub reference: String,
    /// The programme's name.
    pub programme: String,
    /// Its day.
    pub on: NaiveDate,
    /// How long it lasted.
    pub duration: Minutes,
}

impl SessionRecorded {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: link("Valider la séance", links::APPROVALS),
            reference: self.reference.clone(),
            why: format!(
                "Vous recevez ce message parce que vous validez les séances du {} et demandez à être prévenu sans attendre.",
                self.programme
            ),
            settings_href: Some(links::in_mail(links::MY_ACCOUNT)),
        };
        self.written("session_recorded", None, frame)
    }
}
