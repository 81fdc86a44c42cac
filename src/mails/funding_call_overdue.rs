//! A call for funds that is overdue, with its letter again.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::calendar::french_date;
use crate::ids::FundingCallId;
use crate::money::Cents;
use crate::outbox::Message;
use crate::web::mail::MailFrame;

templates!(FundingCallOverdue: "funding_call_overdue/subject.txt", "funding_call_overdue/body.txt", "funding_call_overdue/body.html");

/// What a signatory still owes. Its reader has no account: the letter is attached, and there is no link.
#[derive(Debug, Clone)]
pub struct FundingCallOverdue {
    /// Who receives it.
    pub recipient: String,
    /// Which call.
    pub call: FundingCallId,
    /// Which reminder it is, from 0.
    pub rank: i64,
    /// The number of the call.
    pub number: String,
    /// The budget year's label.
    pub year: String,
    /// The signatory's name.
    pub signatory: String,
    /// What is owed.
    pub owed: Cents,
    /// What was received.
    pub received: Cents,
    /// The last day to pay.
    pub due_on: NaiveDate,
}

impl FundingCallOverdue {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: None,
            reference: format!("appel de fonds {}", self.number),
            why: format!(
                "Vous recevez ce message parce que cet appel de fonds vous a été adressé ({}). Si le versement est parti, \
                 ne tenez pas compte de ce rappel.",
                self.signatory
            ),
            settings_href: None,
        };
        self.written("funding_call_overdue", Some(format!("funding-call-overdue:{}:{}", self.call, self.rank)), frame)
    }

    fn due(&self) -> String {
        french_date(self.due_on)
    }

    fn is_partial(&self) -> bool {
        self.received > Cents::ZERO
    }
}
