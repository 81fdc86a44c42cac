//! The frame of a mail: one link, the reference, why one receives it and how to change that.
//!
//! A message has three templates in `frontend/emails/<message>/`: `subject.txt`, `body.txt` and `body.html`; the
//! bodies extend `mail.txt` and `mail.html`, hold a field `frame`, and write only their block `content`.

use crate::web::layout::Link;

/// What every mail says around its own words; never a child's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFrame {
    /// The one link, whole: "Valider les séances", `https://…/validations`; absent from what goes to somebody who has
    /// no account.
    pub link: Option<Link>,
    /// What it is about: `LON-2026-0007`, a month, an invoice's number.
    pub reference: String,
    /// "Vous recevez ce message parce que vous coordonnez le PRE de Longvic."
    pub why: String,
    /// Where to change that, whole; absent from what one must receive, such as an invitation.
    pub settings_href: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use askama::Template;

    #[derive(Template)]
    #[template(
        ext = "html",
        source = r#"{% extends "mail.html" %}{% block content %}<p>{{ first_line }}</p>{% endblock %}"#
    )]
    struct Html {
        frame: MailFrame,
        first_line: &'static str,
    }

    #[derive(Template)]
    #[template(ext = "txt", source = r#"{% extends "mail.txt" %}{% block content %}{{ first_line }}{% endblock %}"#)]
    struct Text {
        frame: MailFrame,
        first_line: &'static str,
    }

    #[test]
    fn both_bodies_say_the_same() {
        let frame = MailFrame {
            link: Some(Link {
                label: "Valider les séances".to_owned(),
                href: "https://exemple.fr/validations?a=1&b=2".to_owned(),
            }),
            reference: "novembre 2026".to_owned(),
            why: "Vous recevez ce message parce que vous coordonnez le PRE de Longvic.".to_owned(),
            settings_href: Some("https://exemple.fr/mon-compte".to_owned()),
        };
        let first_line = "12 séances attendent l’avis du PRE <Longvic>.";
        let html = Html { frame: frame.clone(), first_line }.render().expect("a body");
        let text = Text { frame, first_line }.render().expect("a body");
        assert!(text.starts_with(first_line), "{text}");
        assert!(html.contains("PRE &#60;Longvic&#62;"), "{html}");
        for part in
            ["https://exemple.fr/validations?a=1", "novembre 2026", "vous coordonnez", "https://exemple.fr/mon-compte"]
        {
            assert!(html.contains(part) && text.contains(part), "{part}");
        }
        assert!(!text.contains("\n\n\n"), "{text}");
    }
}
