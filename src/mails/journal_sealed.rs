//! The journal was sealed: its seal, for those who watch over it to keep where the database's administrators do not reach.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::links;
use crate::mails::link;
use crate::outbox::Message;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(JournalSealed: "journal_sealed/subject.txt", "journal_sealed/body.txt", "journal_sealed/body.html");

/// A seal of the journal.
#[derive(Debug, Clone)]
pub struct JournalSealed {
    /// Who receives it.
    pub recipient: String,
    /// Its number.
    pub number: i64,
    /// The day.
    pub on: NaiveDate,
    /// How many entries it seals.
    pub entries: i64,
    /// The seal, as a text of short lines.
    pub block: String,
    /// How many places of the journal did not hold before it was sealed.
    pub findings: i64,
    /// The first of them.
    pub first_finding: String,
}

impl JournalSealed {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: link("Ouvrir le journal", links::JOURNAL),
            reference: format!("Sceau nº {}", self.number),
            why: "Vous recevez ce message parce que vous veillez sur les données personnelles ou sur le journal de PsyPRE."
                .to_owned(),
            settings_href: None,
        };
        self.written("journal_sealed", Some(format!("seal:{}:{}", self.number, self.recipient)), frame)
    }
}
