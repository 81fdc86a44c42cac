//! Identities that will be destroyed: the coordinator is told beforehand, by references.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::calendar::french_date;
use crate::ids::AccountId;
use crate::links;
use crate::mails::link;
use crate::outbox::Message;
use crate::web::mail::MailFrame;

templates!(RetentionNotice: "retention_notice/subject.txt", "retention_notice/body.txt", "retention_notice/body.html");

/// Which identities will be destroyed, and when.
#[derive(Debug, Clone)]
pub struct RetentionNotice {
    /// Who receives it.
    pub recipient: String,
    /// Their account.
    pub account: AccountId,
    /// The day on which it is written.
    pub on: NaiveDate,
    /// Each reference with the day on which its identity is destroyed.
    pub lines: Vec<(String, NaiveDate)>,
}

impl RetentionNotice {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: link("Voir ces dossiers", links::RETENTION),
            reference: "durées de conservation".to_owned(),
            why: "Vous recevez ce message parce que vous coordonnez le PRE qui a suivi ces enfants.".to_owned(),
            settings_href: None,
        };
        let first = self.lines.first().map(|(reference, _)| reference.as_str()).unwrap_or_default();
        let key = format!("retention-notice:{}:{}:{first}", self.account, self.on);
        self.written("retention_notice", Some(key), frame)
    }

    /// How many, with the noun.
    fn counted(&self) -> String {
        match self.lines.len() {
            1 => "1\u{a0}identité sera détruite".to_owned(),
            many => format!("{many}\u{a0}identités seront détruites"),
        }
    }

    fn day(on: &NaiveDate) -> String {
        french_date(*on)
    }
}
