//! Services are approved: one mail for all that were approved together.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::hours::Minutes;
use crate::links;
use crate::mails::{ABOUT_OWN_WORK, link};
use crate::money::Cents;
use crate::outbox::Message;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(ServicesApproved: "services_approved/subject.txt", "services_approved/body.txt", "services_approved/body.html");

/// What was approved together, for one provider.
#[derive(Debug, Clone)]
pub struct ServicesApproved {
    /// Who receives it.
    pub recipient: String,
    /// The services, in order.
    pub services: Vec<ApprovedService>,
}

/// An approved service.
#[derive(Debug, Clone)]
pub struct ApprovedService {
    /// Its type, with a capital.
    pub kind: &'static str,
    /// Its day.
    pub on: NaiveDate,
    /// How long it lasted.
    pub duration: Minutes,
    /// What it costs with tax.
    pub gross: Cents,
}

impl ServicesApproved {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let total = self.total();
        let frame = MailFrame {
            link: link("Voir vos prestations", links::SERVICES),
            reference: if total > 1 { format!("{total}\u{a0}prestations") } else { "1\u{a0}prestation".to_owned() },
            why: ABOUT_OWN_WORK.to_owned(),
            settings_href: None,
        };
        self.written("services_approved", None, frame)
    }

    fn total(&self) -> i64 {
        i64::try_from(self.services.len()).unwrap_or(i64::MAX)
    }

    fn hours(&self) -> Minutes {
        self.services.iter().map(|service| service.duration).sum()
    }
}
