//! An account was made for somebody: they choose a password by the link.

use askama::Template;
use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::calendar;
use crate::mails::Texts;
use crate::outbox::Message;
use crate::web::filters;
use crate::web::layout::Link;
use crate::web::mail::MailFrame;

/// An invitation to choose a password.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Who receives it.
    pub recipient: String,
    /// Their name.
    pub name: String,
    /// The roles they are given, in words: "Coordination, PRE de Longvic".
    pub roles: Vec<String>,
    /// The whole address of the link, which nobody else knows.
    pub href: String,
    /// The last day on which it works.
    pub until: NaiveDate,
}

#[derive(Template)]
#[template(path = "invitation/subject.txt")]
struct Subject;

#[derive(Template)]
#[template(path = "invitation/body.txt")]
struct Text<'m> {
    frame: MailFrame,
    mail: &'m Invitation,
}

#[derive(Template)]
#[template(path = "invitation/body.html")]
struct Html<'m> {
    frame: MailFrame,
    mail: &'m Invitation,
}

impl Invitation {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = self.frame();
        let text = Text { frame: frame.clone(), mail: self };
        let html = Html { frame, mail: self };
        Ok(Texts::render(&Subject, &text, &html)?.message("invitation", &self.recipient, None))
    }

    fn frame(&self) -> MailFrame {
        MailFrame {
            link: Some(Link { label: "Choisir mon mot de passe".to_owned(), href: self.href.clone() }),
            reference: format!("invitation valable jusqu’au {}", calendar::french_date(self.until)),
            why: "Vous recevez ce message parce que l’administration de la Métropole vous ouvre un accès à PsyPRE. \
                Si vous n’attendiez rien, ne faites rien : sans mot de passe, ce compte reste fermé."
                .to_owned(),
            settings_href: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_who_what_and_until_when() {
        let mail = Invitation {
            recipient: "camille@example.org".to_owned(),
            name: "Camille <Exemple>".to_owned(),
            roles: vec!["Coordination, PRE de Longvic".to_owned()],
            href: "https://exemple.fr/invitation/abc".to_owned(),
            until: NaiveDate::from_ymd_opt(2026, 11, 27).unwrap(),
        };
        let message = mail.message().unwrap();
        assert_eq!(message.recipient, "camille@example.org");
        assert_eq!(message.subject, "Votre accès à PsyPRE : choisissez votre mot de passe");
        for body in [&message.text, &message.html] {
            for part in ["https://exemple.fr/invitation/abc", "27 novembre 2026", "Coordination, PRE de Longvic"] {
                assert!(body.contains(part), "{part}: {body}");
            }
            assert!(!body.contains("mon-compte"), "{body}");
        }
        assert!(message.text.contains("Camille <Exemple>"));
        assert!(message.html.contains("Camille &#60;Exemple&#62;"));
    }
}
