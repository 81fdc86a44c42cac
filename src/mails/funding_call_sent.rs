//! A call for funds, with its letter, to the contact of a signatory.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::calendar::french_date;
use crate::money::Cents;
use crate::outbox::Message;
use crate::web::mail::MailFrame;

templates!(FundingCallSent: "funding_call_sent/subject.txt", "funding_call_sent/body.txt", "funding_call_sent/body.html");

/// What a signatory is asked for. Its reader has no account: the letter is attached, and there is no link.
#[derive(Debug, Clone)]
pub struct FundingCallSent {
    /// Who receives it.
    pub recipient: String,
    /// The number of the call.
    pub number: String,
    /// The budget year's label.
    pub year: String,
    /// The signatory's name.
    pub signatory: String,
    /// What is called.
    pub amount: Cents,
    /// The last day to pay.
    pub due_on: NaiveDate,
    /// Who calls.
    pub caller: String,
    /// The title of the convention.
    pub convention: String,
}

impl FundingCallSent {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: None,
            reference: format!("appel de fonds {}", self.number),
            why: format!(
                "Vous recevez ce message parce que la convention donne votre adresse pour les appels de fonds ({}). Pour en changer, écrivez à {}.",
                self.signatory, self.caller
            ),
            settings_href: None,
        };
        self.written("funding_call_sent", Some(format!("funding-call:{}", self.number)), frame)
    }

    fn due(&self) -> String {
        french_date(self.due_on)
    }
}
