//! Sessions wait for approval: what coordinators read in the morning.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::ids::AccountId;
use crate::mails::link;
use crate::outbox::Message;
use crate::web::filters;
use crate::web::mail::MailFrame;
use crate::{calendar, links};

templates!(SessionsToApprove: "sessions_to_approve/subject.txt", "sessions_to_approve/body.txt", "sessions_to_approve/body.html");

/// What waits, once a day.
#[derive(Debug, Clone)]
pub struct SessionsToApprove {
    /// Who receives it.
    pub recipient: String,
    /// Their account.
    pub account: AccountId,
    /// The day.
    pub on: NaiveDate,
    /// What waits in each of their programmes.
    pub programmes: Vec<Waiting>,
}

impl SessionsToApprove {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let names: Vec<_> = self.programmes.iter().map(|waiting| waiting.programme.as_str()).collect();
        let frame = MailFrame {
            link: link("Valider les séances", links::APPROVALS),
            reference: format!("séances à valider au {}", calendar::french_date(self.on)),
            why: format!(
                "Vous recevez ce message chaque matin où des séances attendent, parce que vous validez pour : {}.",
                names.join(", ")
            ),
            settings_href: Some(links::in_mail(links::MY_ACCOUNT)),
        };
        self.written("sessions_to_approve", Some(format!("digest:{}:{}", self.on, self.account)), frame)
    }
}

impl SessionsToApprove {
    fn total(&self) -> i64 {
        self.programmes.iter().map(|waiting| waiting.sessions).sum()
    }
}

/// What waits in a programme.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The programme's name.
    pub programme: String,
    /// How many sessions.
    pub sessions: i64,
    /// The day of the oldest one.
    pub oldest: NaiveDate,
}
