//! The reason that a refusal, a withdrawal or a cancellation needs.

use crate::failure::Refusal;

/// The most characters of a reason.
pub const LONGEST_REASON: usize = 500;

/// A reason that must be given: not empty, at most [`LONGEST_REASON`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Reads a reason.
    ///
    /// # Errors
    /// When it is empty or too long.
    pub fn new(text: &str) -> Result<Self, ReasonRefusal> {
        let text = text.trim();
        let length = text.chars().count();
        match length {
            0 => Err(ReasonRefusal::Missing),
            _ if length > LONGEST_REASON => Err(ReasonRefusal::Long { over: length - LONGEST_REASON }),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The reason of what was pressed by mistake and undone at once.
    pub fn undone() -> Self {
        Self("Validation annulée par la personne qui venait de la donner.".to_owned())
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReasonRefusal {
    /// Nothing is written.
    #[error("Indiquez le motif : la psychologue le lira.")]
    Missing,
    /// Too much is written.
    #[error("Raccourcissez le motif : {LONGEST_REASON} caractères au plus, il y en a {over} de trop.")]
    Long {
        /// How many characters too many.
        over: usize,
    },
}

impl Refusal for ReasonRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "reason_missing",
            Self::Long { .. } => "reason_too_long",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("reason")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_said_and_short() {
        let long = ReasonRefusal::Long { over: 2 };
        assert_eq!((ReasonRefusal::Missing.code(), long.code()), ("reason_missing", "reason_too_long"));
        assert_eq!((ReasonRefusal::Missing.field(), long.field()), (Some("reason"), Some("reason")));
        assert_eq!(Reason::new("  "), Err(ReasonRefusal::Missing));
        assert_eq!(Reason::new(&"é".repeat(502)), Err(ReasonRefusal::Long { over: 2 }));
        assert_eq!(Reason::new(&"é".repeat(500)).map(|r| r.as_str().chars().count()), Ok(500));
    }
}
