//! An identity of ProConnect opens an account, or no longer does.

use diesel::result::Error as DieselError;

use crate::links;
use crate::mails::link;
use crate::outbox::Message;
use crate::web::mail::MailFrame;

templates!(
    ProConnectChanged: "proconnect_changed/subject.txt", "proconnect_changed/body.txt", "proconnect_changed/body.html"
);

/// What changed.
#[derive(Debug, Clone)]
pub struct ProConnectChanged {
    /// The account's owner.
    pub recipient: String,
    /// The address of the identity, when it is known.
    pub identity: Option<String>,
    /// Whether it opens the account from now on.
    pub is_linked: bool,
}

impl ProConnectChanged {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: link("Voir mon compte", links::MY_PROCONNECT),
            reference: "votre compte".to_owned(),
            why: "Vous recevez ce message parce que ce qui ouvre votre compte a changé.".to_owned(),
            settings_href: None,
        };
        self.written("proconnect_changed", None, frame)
    }
}
