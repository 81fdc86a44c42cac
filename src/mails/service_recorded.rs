//! A service waits for approval.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::hours::Minutes;
use crate::ids::ServiceId;
use crate::links;
use crate::mails::link;
use crate::money::Cents;
use crate::outbox::Message;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(ServiceRecorded: "service_recorded/subject.txt", "service_recorded/body.txt", "service_recorded/body.html");

/// A service that waits.
#[derive(Debug, Clone)]
pub struct ServiceRecorded {
    /// Who receives it.
    pub recipient: String,
    /// Which.
    pub service: ServiceId,
    /// Who recorded it.
    pub provider: String,
    /// Its type, with a capital.
    pub kind: &'static str,
    /// Its day.
    pub on: NaiveDate,
    /// How long it lasted.
    pub duration: Minutes,
    /// What it costs with tax.
    pub gross: Cents,
}

impl ServiceRecorded {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: link("Lire et valider la prestation", &links::service(self.service)),
            reference: self.kind.to_owned(),
            why: "Vous recevez ce message parce que vous administrez la convention et validez ses prestations."
                .to_owned(),
            settings_href: None,
        };
        self.written("service_recorded", None, frame)
    }
}
