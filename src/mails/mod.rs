//! The words of every mail: one file a message, one struct of plain fields, and `message` that makes the mail to queue.
//!
//! ```text
//! outbox::enqueue(tx, clock, mails::Invitation { … }.message()?)?;
//! ```
//!
//! A struct holds what its reader sees and the whole addresses of its links; it never holds a child's name, nor a
//! reason of care. Its templates stand in `frontend/emails/<message>/`.

/// Declares the three templates of a message, and `written`, which makes its mail.
macro_rules! templates {
    ($mail:ident: $subject:tt, $text:tt, $html:tt) => {
        #[derive(askama::Template)]
        #[template(path = $subject)]
        struct Subject<'m> {
            mail: &'m $mail,
        }

        #[derive(askama::Template)]
        #[template(path = $text)]
        struct Text<'m> {
            frame: crate::web::mail::MailFrame,
            mail: &'m $mail,
        }

        #[derive(askama::Template)]
        #[template(path = $html)]
        struct Html<'m> {
            frame: crate::web::mail::MailFrame,
            mail: &'m $mail,
        }

        impl $mail {
            fn written(
                &self,
                kind: &'static str,
                dedupe_key: Option<String>,
                frame: crate::web::mail::MailFrame,
            ) -> Result<crate::outbox::Message, diesel::result::Error> {
                let text = Text { frame: frame.clone(), mail: self };
                let html = Html { frame, mail: self };
                let texts = crate::mails::Texts::render(&Subject { mail: self }, &text, &html)?;
                Ok(texts.message(kind, &self.recipient, dedupe_key))
            }
        }
    };
}

mod account_unused;
mod bookings_changed;
mod data_request_due;
mod funding_call_overdue;
mod funding_call_sent;
mod guardian_reminder;
mod invitation;
mod invoice_issued;
mod invoice_paid;
mod invoice_rejected;
mod journal_sealed;
mod month_closing;
mod password_forgotten;
mod proconnect_changed;
mod quota_reached;
mod quota_runs_out;
mod request_changed;
mod retention_notice;
mod retention_report;
mod roles_changed;
mod security_changed;
mod service_recorded;
mod service_refused;
mod services_approved;
mod session_recorded;
mod session_refused;
mod sessions_approved;
mod sessions_to_approve;
mod sessions_tomorrow;
mod substitution_ended;
mod substitution_named;

pub use account_unused::AccountUnused;
pub use bookings_changed::{BookingChange, BookingTime, BookingsChanged};
pub use data_request_due::DataRequestDue;
pub use funding_call_overdue::FundingCallOverdue;
pub use funding_call_sent::FundingCallSent;
pub use guardian_reminder::GuardianReminder;
pub use invitation::Invitation;
pub use invoice_issued::InvoiceIssued;
pub use invoice_paid::InvoicePaid;
pub use invoice_rejected::InvoiceRejected;
pub use journal_sealed::JournalSealed;
pub use month_closing::{MonthClosing, Reader};
pub use password_forgotten::PasswordForgotten;
pub use proconnect_changed::ProConnectChanged;
pub use quota_reached::QuotaReached;
pub use quota_runs_out::QuotaRunsOut;
pub use request_changed::RequestChanged;
pub use retention_notice::RetentionNotice;
pub use retention_report::RetentionReport;
pub use roles_changed::RolesChanged;
pub use security_changed::{SecurityChanged, SecurityEvent};
pub use service_recorded::ServiceRecorded;
pub use service_refused::ServiceRefused;
pub use services_approved::{ApprovedService, ServicesApproved};
pub use session_recorded::SessionRecorded;
pub use session_refused::SessionRefused;
pub use sessions_approved::{ApprovedSession, SessionsApproved};
pub use sessions_to_approve::{SessionsToApprove, Waiting};
pub use sessions_tomorrow::{SessionsTomorrow, TomorrowSession};
pub use substitution_ended::SubstitutionEnded;
pub use substitution_named::SubstitutionNamed;

use askama::Template;
use diesel::result::Error as DieselError;

use crate::outbox::Message;

/// The link that every mail offers to choose which mails one receives.
pub fn settings_href(base_url: &str) -> String {
    format!("{base_url}{}", crate::links::MY_ACCOUNT)
}

/// A link of a mail, by the path of its page.
fn link(label: &str, path: &str) -> Option<crate::web::layout::Link> {
    Some(crate::web::layout::Link { label: label.to_owned(), href: crate::links::in_mail(path) })
}

/// Why a psychologist is told, and what to do about it.
const ABOUT_OWN_WORK: &str = "Vous recevez ce message parce qu’il concerne votre travail. Pour le recevoir ailleurs, \
    écrivez à l’administration de la Métropole.";

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
        Message { kind, dedupe_key, recipient: recipient.to_owned(), subject, text, html, calendar: None }
    }
}
