//! A session is asked for, or the request has its answer.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::hours::Minutes;
use crate::links;
use crate::mails::{ABOUT_OWN_WORK, link};
use crate::outbox::Message;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(RequestChanged: "request_changed/subject.txt", "request_changed/body.txt", "request_changed/body.html");

/// A request and where it stands.
#[derive(Debug, Clone)]
pub struct RequestChanged {
    /// Who receives it.
    pub recipient: String,
    /// The child's reference.
    pub reference: String,
    /// The programme's name.
    pub programme: String,
    /// Who asked.
    pub asker: String,
    /// Whether it waits for an answer; otherwise it has one.
    pub is_open: bool,
    /// Whether the answer is a session.
    pub is_booked: bool,
    /// How long the session would be.
    pub duration: Minutes,
    /// Not before this day.
    pub from: NaiveDate,
    /// Why no session is booked, of a list.
    pub reason: Option<&'static str>,
}

impl RequestChanged {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let words = if self.is_open { "Répondre à la demande" } else { "Voir la demande" };
        let frame = MailFrame {
            link: link(words, links::REQUESTS),
            reference: self.reference.clone(),
            why: ABOUT_OWN_WORK.to_owned(),
            settings_href: None,
        };
        self.written("request_changed", None, frame)
    }
}
