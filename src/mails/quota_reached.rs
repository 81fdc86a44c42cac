//! A quota nears its end: 80 %, 95 %, 100 %, once each.

use diesel::result::Error as DieselError;

use crate::hours::Minutes;
use crate::ids::{AccountId, QuotaId};
use crate::links;
use crate::mails::link;
use crate::outbox::Message;
use crate::web::mail::MailFrame;

templates!(QuotaReached: "quota_reached/subject.txt", "quota_reached/body.txt", "quota_reached/body.html");

/// How far a quota is held.
#[derive(Debug, Clone)]
pub struct QuotaReached {
    /// Who receives it.
    pub recipient: String,
    /// Their account.
    pub account: AccountId,
    /// Which quota.
    pub quota: QuotaId,
    /// The programme's name.
    pub programme: String,
    /// The budget year's label.
    pub year: String,
    /// The threshold that was reached, in percent.
    pub percent: i32,
    /// Reserved and used.
    pub held: Minutes,
    /// What was fixed beforehand.
    pub allotted: Minutes,
    /// Whether its reader administers the convention, rather than coordinates the programme.
    pub is_administrator: bool,
}

impl QuotaReached {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let role = if self.is_administrator {
            "administrez la convention".to_owned()
        } else {
            format!("coordonnez le {}", self.programme)
        };
        let frame = MailFrame {
            link: link("Voir l’année", links::YEAR),
            reference: format!("{}, quotité {}", self.programme, self.year),
            why: format!(
                "Vous recevez ce message parce que vous {role}. Il est envoyé une fois à 80\u{a0}%, à 95\u{a0}% et à 100\u{a0}% ; si ce n’est plus votre rôle, dites-le à l’administration de la Métropole."
            ),
            settings_href: None,
        };
        self.written("quota_reached", Some(format!("quota:{}:{}:{}", self.quota, self.percent, self.account)), frame)
    }
}

impl QuotaReached {
    fn remaining(&self) -> Minutes {
        self.allotted - self.held
    }

    fn is_exhausted(&self) -> bool {
        self.held >= self.allotted
    }
}
