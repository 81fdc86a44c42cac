//! An invoice is paid.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::calendar::Month;
use crate::ids::InvoiceId;
use crate::links;
use crate::mails::{ABOUT_OWN_WORK, link};
use crate::money::Cents;
use crate::outbox::Message;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(InvoicePaid: "invoice_paid/subject.txt", "invoice_paid/body.txt", "invoice_paid/body.html");

/// An invoice paid.
#[derive(Debug, Clone)]
pub struct InvoicePaid {
    /// Who receives it.
    pub recipient: String,
    /// Which.
    pub invoice: InvoiceId,
    /// Its number.
    pub number: String,
    /// The month billed.
    pub month: Month,
    /// What is owed.
    pub gross: Cents,
    /// The day of the payment.
    pub on: NaiveDate,
}

impl InvoicePaid {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: link("Voir la facture", &links::invoice(self.invoice)),
            reference: self.number.clone(),
            why: ABOUT_OWN_WORK.to_owned(),
            settings_href: None,
        };
        self.written("invoice_paid", None, frame)
    }
}
