//! An invoice is rejected, for a reason written by who knows no child.

use diesel::result::Error as DieselError;

use crate::ids::InvoiceId;
use crate::links;
use crate::mails::{ABOUT_OWN_WORK, link};
use crate::outbox::Message;
use crate::web::mail::MailFrame;

templates!(InvoiceRejected: "invoice_rejected/subject.txt", "invoice_rejected/body.txt", "invoice_rejected/body.html");

/// An invoice to correct.
#[derive(Debug, Clone)]
pub struct InvoiceRejected {
    /// Who receives it.
    pub recipient: String,
    /// Which.
    pub invoice: InvoiceId,
    /// Its number.
    pub number: String,
    /// Why.
    pub reason: String,
}

impl InvoiceRejected {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: link("Corriger la facture", &links::invoice(self.invoice)),
            reference: self.number.clone(),
            why: ABOUT_OWN_WORK.to_owned(),
            settings_href: None,
        };
        self.written("invoice_rejected", None, frame)
    }
}
