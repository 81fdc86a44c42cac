//! The roles of an account changed: its person learns what they may do from now on.

use askama::Template;
use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::calendar;
use crate::mails::Texts;
use crate::outbox::Message;
use crate::web::layout::Link;
use crate::web::mail::MailFrame;

/// What a person may do from now on.
#[derive(Debug, Clone)]
pub struct RolesChanged {
    /// Who receives it.
    pub recipient: String,
    /// The roles they hold, in words.
    pub roles: Vec<String>,
    /// The day of the change.
    pub on: NaiveDate,
    /// The whole address of the application.
    pub href: String,
}

#[derive(Template)]
#[template(path = "roles_changed/subject.txt")]
struct Subject;

#[derive(Template)]
#[template(path = "roles_changed/body.txt")]
struct Text<'m> {
    frame: MailFrame,
    mail: &'m RolesChanged,
}

#[derive(Template)]
#[template(path = "roles_changed/body.html")]
struct Html<'m> {
    frame: MailFrame,
    mail: &'m RolesChanged,
}

impl RolesChanged {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: Some(Link { label: "Ouvrir PsyPRE".to_owned(), href: self.href.clone() }),
            reference: format!("accès modifié le {}", calendar::french_date(self.on)),
            why: "Vous recevez ce message parce que vos droits dans PsyPRE ont changé. Si ce changement vous étonne, \
                dites-le à l’administration de la Métropole."
                .to_owned(),
            settings_href: None,
        };
        let text = Text { frame: frame.clone(), mail: self };
        let html = Html { frame, mail: self };
        Ok(Texts::render(&Subject, &text, &html)?.message("roles_changed", &self.recipient, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_what_one_may_do() {
        let mail = RolesChanged {
            recipient: "camille@example.org".to_owned(),
            roles: vec!["Psychologue".to_owned(), "Coordination, PRE de Longvic".to_owned()],
            on: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
            href: "https://exemple.fr".to_owned(),
        };
        let message = mail.message().unwrap();
        assert_eq!(message.subject, "Vos rôles dans PsyPRE ont changé");
        for body in [&message.text, &message.html] {
            assert!(body.contains("Psychologue") && body.contains("Coordination, PRE de Longvic"), "{body}");
        }
    }
}
