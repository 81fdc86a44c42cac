//! A family's request waits, and its answer is due soon: by its number, without a name.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::calendar::french_date;
use crate::ids::{AccountId, DataRequestId};
use crate::links;
use crate::mails::link;
use crate::outbox::Message;
use crate::web::mail::MailFrame;

templates!(DataRequestDue: "data_request_due/subject.txt", "data_request_due/body.txt", "data_request_due/body.html");

/// A request to answer.
#[derive(Debug, Clone)]
pub struct DataRequestDue {
    /// Who receives it.
    pub recipient: String,
    /// Their account.
    pub account: AccountId,
    /// Which.
    pub request: DataRequestId,
    /// Its number.
    pub number: String,
    /// What is asked: "accès".
    pub kind: String,
    /// The last day to answer.
    pub due_on: NaiveDate,
}

impl DataRequestDue {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: link("Voir la demande", &links::data_request(self.request)),
            reference: format!("demande {}", self.number),
            why: "Vous recevez ce message parce que vous répondez aux demandes des familles sur leurs données."
                .to_owned(),
            settings_href: None,
        };
        self.written("data_request_due", Some(format!("data-request-due:{}:{}", self.request, self.account)), frame)
    }

    fn day(&self) -> String {
        french_date(self.due_on)
    }
}
