//! The sessions of tomorrow, for their psychologist: one mail for the day.

use chrono::{NaiveDate, NaiveTime};
use diesel::result::Error as DieselError;

use crate::calendar;
use crate::links;
use crate::mails::{ABOUT_OWN_WORK, link};
use crate::outbox::Message;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(
    SessionsTomorrow: "sessions_tomorrow/subject.txt", "sessions_tomorrow/body.txt", "sessions_tomorrow/body.html"
);

/// A session of tomorrow.
#[derive(Debug, Clone)]
pub struct TomorrowSession {
    /// From when until when.
    pub times: (NaiveTime, NaiveTime),
    /// The child's reference.
    pub reference: String,
    /// Where: the place, or else the programme.
    pub place: String,
}

/// The sessions of a day.
#[derive(Debug, Clone)]
pub struct SessionsTomorrow {
    /// Who receives it.
    pub recipient: String,
    /// The day.
    pub on: NaiveDate,
    /// Its sessions, in order.
    pub sessions: Vec<TomorrowSession>,
}

impl SessionsTomorrow {
    /// "Votre rendez-vous", "Vos 3 rendez-vous".
    fn title(&self) -> String {
        match self.sessions.len() {
            0 | 1 => "Votre rendez-vous".to_owned(),
            n => format!("Vos {n}\u{a0}rendez-vous"),
        }
    }

    /// The mail to send.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: link("Voir les séances", links::SESSIONS),
            reference: format!("rendez-vous du {}", calendar::french_date(self.on)),
            why: ABOUT_OWN_WORK.to_owned(),
            settings_href: None,
        };
        self.written("sessions_tomorrow", None, frame)
    }
}
