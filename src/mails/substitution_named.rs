//! Somebody approves in a coordinator's place for some days.

use diesel::result::Error as DieselError;

use crate::links;
use crate::mails::link;
use crate::outbox::Message;
use crate::web::mail::MailFrame;

templates!(
    SubstitutionNamed: "substitution_named/subject.txt", "substitution_named/body.txt", "substitution_named/body.html"
);

/// In whose place, where and when.
#[derive(Debug, Clone)]
pub struct SubstitutionNamed {
    /// Who receives it: the substitute.
    pub recipient: String,
    /// The coordinator's name.
    pub in_place_of: String,
    /// The programme's name.
    pub programme: String,
    /// "du 23 novembre 2026 au 4 décembre 2026".
    pub days: String,
}

impl SubstitutionNamed {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: link("Voir ce remplacement", links::SUBSTITUTIONS),
            reference: format!("remplacement, {}", self.programme),
            why: format!(
                "Vous recevez ce message parce que {} vous a choisi. Si vous ne pouvez pas, terminez le remplacement \
                sur sa page.",
                self.in_place_of
            ),
            settings_href: None,
        };
        self.written("substitution_named", None, frame)
    }
}
