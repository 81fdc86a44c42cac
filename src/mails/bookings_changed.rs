//! Sessions to come were booked, moved, cancelled or restored by somebody else.

use chrono::{NaiveDate, NaiveTime};
use diesel::result::Error as DieselError;

use crate::ids::SessionId;
use crate::links;
use crate::mails::{ABOUT_OWN_WORK, link};
use crate::outbox::Message;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(BookingsChanged: "bookings_changed/subject.txt", "bookings_changed/body.txt", "bookings_changed/body.html");

/// What was done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingChange {
    /// They were booked.
    Booked,
    /// They take place at another time.
    Moved,
    /// They do not take place.
    Cancelled,
    /// They were cancelled by mistake, and take place.
    Restored,
}

/// A time: the local day, the start, the end; and what it was before, when it was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookingTime {
    /// As it is now.
    pub now: (NaiveDate, NaiveTime, NaiveTime),
    /// As it was.
    pub before: Option<(NaiveDate, NaiveTime, NaiveTime)>,
}

/// Sessions of one child and one psychologist that changed together.
#[derive(Debug, Clone)]
pub struct BookingsChanged {
    /// Who receives it.
    pub recipient: String,
    /// What was done.
    pub change: BookingChange,
    /// The session, when there is one.
    pub session: Option<SessionId>,
    /// The child's reference.
    pub reference: String,
    /// The programme's name.
    pub programme: String,
    /// The psychologist's name.
    pub psychologist: String,
    /// Their times, in order.
    pub times: Vec<BookingTime>,
}

impl BookingsChanged {
    /// "Rendez-vous annulé", "8 rendez-vous pris".
    fn title(&self) -> String {
        let (one, many) = match self.change {
            BookingChange::Booked => ("pris", "pris"),
            BookingChange::Moved => ("déplacé", "déplacés"),
            BookingChange::Cancelled => ("annulé", "annulés"),
            BookingChange::Restored => ("rétabli", "rétablis"),
        };
        match self.times.len() {
            0 | 1 => format!("Rendez-vous {one}"),
            n => format!("{n}\u{a0}rendez-vous {many}"),
        }
    }

    /// The first line: what is expected.
    fn expected(&self) -> &'static str {
        match (self.change, self.times.len()) {
            (BookingChange::Booked | BookingChange::Restored, 0 | 1) => "Notez ce rendez-vous.",
            (BookingChange::Booked | BookingChange::Restored, _) => "Notez ces rendez-vous.",
            (BookingChange::Moved, 0 | 1) => "Notez la nouvelle heure de ce rendez-vous.",
            (BookingChange::Moved, _) => "Notez les nouvelles heures de ces rendez-vous.",
            (BookingChange::Cancelled, 0 | 1) => "Ne comptez plus sur ce rendez-vous.",
            (BookingChange::Cancelled, _) => "Ne comptez plus sur ces rendez-vous.",
        }
    }

    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let (words, href) = match self.session {
            Some(id) => ("Voir le rendez-vous", links::session(id)),
            None => ("Voir les séances", links::SESSIONS.to_owned()),
        };
        let frame = MailFrame {
            link: link(words, &href),
            reference: self.reference.clone(),
            why: ABOUT_OWN_WORK.to_owned(),
            settings_href: None,
        };
        self.written("bookings_changed", None, frame)
    }
}
