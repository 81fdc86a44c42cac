//! The words of every mail: one file a message, one struct of plain fields, and `message` that makes the mail to queue.
//!
//! ```text
//! outbox::enqueue(tx, clock, mails::Invitation { … }.message()?)?;
//! ```
//!
//! A struct holds what its reader sees and the whole addresses of its links; it never holds a child's name, nor a
//! reason of care. Its templates stand in `frontend/emails/<message>/`.

mod invitation;
mod roles_changed;

pub use invitation::Invitation;
pub use roles_changed::RolesChanged;

use askama::Template;
use diesel::result::Error as DieselError;

use crate::outbox::Message;

/// The link that every mail offers to choose which mails one receives.
pub fn settings_href(base_url: &str) -> String {
    format!("{base_url}{}", crate::links::MY_ACCOUNT)
}

/// The three texts of a mail, rendered.
struct Texts {
    subject: String,
    text: String,
    html: String,
}

impl Texts {
    /// Renders the templates. A failure is the transaction's: what cannot be told is not done.
    fn render(subject: &impl Template, text: &impl Template, html: &impl Template) -> Result<Self, DieselError> {
        let render = |words: Result<String, askama::Error>| {
            words.map_err(|e| DieselError::SerializationError(format!("mail: {e}").into()))
        };
        Ok(Self {
            // one line, whatever the template's own end of line
            subject: render(subject.render())?.split_whitespace().collect::<Vec<_>>().join(" "),
            text: render(text.render())?,
            html: render(html.render())?,
        })
    }

    /// The mail of these texts.
    fn message(self, kind: &'static str, recipient: &str, dedupe_key: Option<String>) -> Message {
        let Self { subject, text, html } = self;
        Message { kind, dedupe_key, recipient: recipient.to_owned(), subject, text, html }
    }
}
