//! A month ends, or its late-entry window does, with sessions not recorded or not approved.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::calendar::Month;
use crate::ids::AccountId;
use crate::links;
use crate::mails::{ABOUT_OWN_WORK, link};
use crate::outbox::Message;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(MonthClosing: "month_closing/subject.txt", "month_closing/body.txt", "month_closing/body.html");

/// What is left to do of a month.
#[derive(Debug, Clone)]
pub struct MonthClosing {
    /// Who receives it.
    pub recipient: String,
    /// Their account.
    pub account: AccountId,
    /// As what they are told.
    pub reader: Reader,
    /// The month.
    pub month: Month,
    /// The last day on which its sessions may be recorded.
    pub until: NaiveDate,
    /// Whether the window is about to end, rather than the month.
    pub is_last_call: bool,
    /// Booked and past.
    pub to_record: i64,
    /// Refused.
    pub to_correct: i64,
    /// Recorded.
    pub to_approve: i64,
}

impl MonthClosing {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let (link, why) = match self.reader {
            Reader::Psychologist => (link("Terminer vos séances", links::SESSIONS), ABOUT_OWN_WORK),
            Reader::Coordinator => (
                link("Valider les séances", links::APPROVALS),
                "Vous recevez ce message parce que vous coordonnez un PRE. Si ce n’est plus votre rôle, dites-le à \
                    l’administration de la Métropole.",
            ),
        };
        let moment = if self.is_last_call { "last-call" } else { "month-end" };
        let key = format!("{moment}:{}:{:?}:{}", self.month.iso(), self.reader, self.account);
        let frame = MailFrame { link, reference: self.month.french(), why: why.to_owned(), settings_href: None };
        self.written("month_closing", Some(key), frame)
    }
}

impl MonthClosing {
    fn total(&self) -> i64 {
        self.to_record + self.to_correct + self.to_approve
    }
}

/// As what somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Who records and corrects.
    Psychologist,
    /// Who approves.
    Coordinator,
}
