//! An invoice is issued: the accountant has something to do, the psychologist knows that it left.

use diesel::result::Error as DieselError;

use crate::calendar::Month;
use crate::ids::InvoiceId;
use crate::links;
use crate::mails::{ABOUT_OWN_WORK, link};
use crate::money::Cents;
use crate::outbox::Message;
use crate::web::mail::MailFrame;

templates!(InvoiceIssued: "invoice_issued/subject.txt", "invoice_issued/body.txt", "invoice_issued/body.html");

/// An invoice just issued.
#[derive(Debug, Clone)]
pub struct InvoiceIssued {
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
    /// Who bills.
    pub issuer: String,
    /// Whether its reader is who bills.
    pub is_own: bool,
}

impl InvoiceIssued {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let why = if self.is_own {
            ABOUT_OWN_WORK
        } else {
            "Vous recevez ce message parce que vous tenez la comptabilité de la Métropole. Si ce n’est plus votre rôle, \
                dites-le à l’administration de la Métropole."
        };
        let frame = MailFrame {
            link: link("Voir la facture", &links::invoice(self.invoice)),
            reference: self.number.clone(),
            why: why.to_owned(),
            settings_href: None,
        };
        self.written("invoice_issued", None, frame)
    }
}
