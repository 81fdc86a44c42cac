//! A guardian is reminded of an appointment. Whoever looks over their shoulder learns a day, an hour and a place: no name,
//! no programme, no reason; not even the name of this program.

use askama::Template;
use chrono::{NaiveDate, NaiveTime};
use diesel::result::Error as DieselError;

use crate::mails::Texts;
use crate::outbox::{GUARDIAN_REMINDER, Message};
use crate::web::filters;

/// An appointment.
#[derive(Debug, Clone)]
pub struct GuardianReminder {
    /// Who receives it.
    pub recipient: String,
    /// The day.
    pub on: NaiveDate,
    /// The hour.
    pub at: NaiveTime,
    /// Where, if it is known.
    pub place: Option<String>,
    /// The addresses to write to, to cancel; at least one.
    pub contacts: Vec<String>,
}

#[derive(Template)]
#[template(path = "guardian_reminder/subject.txt")]
struct Subject<'m> {
    mail: &'m GuardianReminder,
}

#[derive(Template)]
#[template(path = "guardian_reminder/body.txt")]
struct Text<'m> {
    mail: &'m GuardianReminder,
}

#[derive(Template)]
#[template(path = "guardian_reminder/body.html")]
struct Html<'m> {
    mail: &'m GuardianReminder,
}

impl GuardianReminder {
    /// The mail to send.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let texts = Texts::render(&Subject { mail: self }, &Text { mail: self }, &Html { mail: self })?;
        Ok(texts.message(GUARDIAN_REMINDER, &self.recipient, None))
    }

    fn contacts(&self) -> String {
        self.contacts.join(" ou ")
    }
}
