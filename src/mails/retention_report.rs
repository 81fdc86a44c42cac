//! Identities that were destroyed: the data-protection officer is told, by references.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::calendar::french_date;
use crate::links;
use crate::mails::link;
use crate::outbox::Message;
use crate::web::mail::MailFrame;

templates!(RetentionReport: "retention_report/subject.txt", "retention_report/body.txt", "retention_report/body.html");

/// Which identities were destroyed on a day.
#[derive(Debug, Clone)]
pub struct RetentionReport {
    /// Who receives it.
    pub recipient: String,
    /// What makes it one.
    pub key: String,
    /// The day.
    pub on: NaiveDate,
    /// The references, which stay.
    pub references: Vec<String>,
}

impl RetentionReport {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: link("Voir les durées de conservation", links::RETENTION_REPORT),
            reference: "durées de conservation".to_owned(),
            why: "Vous recevez ce message parce que vous veillez à la protection des données.".to_owned(),
            settings_href: None,
        };
        self.written("retention_report", Some(format!("retention-report:{}", self.key)), frame)
    }

    /// How many, with the noun.
    fn counted(&self) -> String {
        match self.references.len() {
            1 => "1\u{a0}identité d’enfant a été détruite".to_owned(),
            many => format!("{many}\u{a0}identités d’enfants ont été détruites"),
        }
    }

    fn day(&self) -> String {
        french_date(self.on)
    }

    fn listed(&self) -> String {
        self.references.join(", ")
    }
}
