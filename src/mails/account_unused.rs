//! Nobody used an account for long: its person is told before it closes, and when it has.

use diesel::result::Error as DieselError;

use crate::calendar;
use crate::outbox::Message;
use crate::sql_types::Ts;
use crate::web::mail::MailFrame;

templates!(AccountUnused: "account_unused/subject.txt", "account_unused/body.txt", "account_unused/body.html");

/// An account that nobody uses.
#[derive(Debug, Clone)]
pub struct AccountUnused {
    /// Who receives it.
    pub recipient: String,
    /// Their name.
    pub name: String,
    /// When it closes; absent once it has.
    pub closes_at: Option<Ts>,
}

impl AccountUnused {
    /// The day on which it closes, in words.
    pub fn closes_on(&self) -> Option<String> {
        self.closes_at.map(|at| calendar::french_date(calendar::local_date(at)))
    }

    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: self.closes_at.and_then(|_| super::link("Me connecter", crate::links::SIGN_IN)),
            reference: "compte sans usage".to_owned(),
            why: "Vous recevez ce message parce qu’un compte à votre nom dans PsyPRE n’a pas servi depuis longtemps."
                .to_owned(),
            settings_href: None,
        };
        self.written("account_unused", None, frame)
    }
}
