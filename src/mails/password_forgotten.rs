//! Somebody asked for a link to choose another password.

use diesel::result::Error as DieselError;

use crate::outbox::Message;
use crate::sql_types::Ts;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(PasswordForgotten: "password_forgotten/subject.txt", "password_forgotten/body.txt", "password_forgotten/body.html");

/// A link by which another password is chosen, once.
#[derive(Debug, Clone)]
pub struct PasswordForgotten {
    /// Who receives it.
    pub recipient: String,
    /// Their name.
    pub name: String,
    /// What the link holds; nobody else knows it.
    pub token: String,
    /// Until when it works.
    pub until: Ts,
}

impl PasswordForgotten {
    /// The mail, at the moment when it leaves.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: super::link("Choisir un autre mot de passe", &crate::links::forgotten(&self.token)),
            reference: "mot de passe oublié".to_owned(),
            why: "Vous recevez ce message parce qu’un autre mot de passe a été demandé pour votre adresse.".to_owned(),
            settings_href: None,
        };
        self.written("password_forgotten", None, frame)
    }
}
