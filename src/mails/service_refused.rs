//! A service is refused. Its reason is free text: it is read on the page, not here.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::hours::Minutes;
use crate::ids::ServiceId;
use crate::links;
use crate::mails::{ABOUT_OWN_WORK, link};
use crate::outbox::Message;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(ServiceRefused: "service_refused/subject.txt", "service_refused/body.txt", "service_refused/body.html");

/// A service to correct.
#[derive(Debug, Clone)]
pub struct ServiceRefused {
    /// Who receives it.
    pub recipient: String,
    /// Which.
    pub service: ServiceId,
    /// Its type, with a capital.
    pub kind: &'static str,
    /// Its day.
    pub on: NaiveDate,
    /// How long it lasted.
    pub duration: Minutes,
}

impl ServiceRefused {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: link("Lire le motif et corriger", &links::service(self.service)),
            reference: self.kind.to_owned(),
            why: ABOUT_OWN_WORK.to_owned(),
            settings_href: None,
        };
        self.written("service_refused", None, frame)
    }
}
