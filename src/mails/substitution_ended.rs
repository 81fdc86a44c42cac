//! A substitution ended before its last day.

use diesel::result::Error as DieselError;

use crate::links;
use crate::mails::link;
use crate::outbox::Message;
use crate::web::mail::MailFrame;

templates!(
    SubstitutionEnded: "substitution_ended/subject.txt", "substitution_ended/body.txt", "substitution_ended/body.html"
);

/// Which substitution ended.
#[derive(Debug, Clone)]
pub struct SubstitutionEnded {
    /// Who receives it: the one of the two who did not end it.
    pub recipient: String,
    /// Whether they are the substitute.
    pub is_substitute: bool,
    /// The substitute's name.
    pub substitute: String,
    /// The coordinator's name.
    pub in_place_of: String,
    /// The programme's name.
    pub programme: String,
    /// The days that were foreseen.
    pub days: String,
}

impl SubstitutionEnded {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let why = if self.is_substitute {
            format!("Vous recevez ce message parce que {} vous avait choisi pour ce remplacement.", self.in_place_of)
        } else {
            "Vous recevez ce message parce que vous aviez nommé cette personne.".to_owned()
        };
        let frame = MailFrame {
            link: link("Voir les remplacements", links::SUBSTITUTIONS),
            reference: format!("remplacement, {}", self.programme),
            why,
            settings_href: None,
        };
        self.written("substitution_ended", None, frame)
    }
}
