//! How a verb can end badly: refused by a rule, about something that is not the caller's, or let down by the database.

use diesel::result::Error as DieselError;

use crate::db::{DbError, Retryable};

/// What a rule refuses. `Display` is the French sentence shown: what happened, with figures, and what to do next.
pub trait Refusal: std::error::Error {
    /// A stable name for programs, such as `quota_exhausted`.
    fn code(&self) -> &'static str;

    /// The field of the form that it is about, when there is one.
    fn field(&self) -> Option<&'static str> {
        None
    }
}

/// Why a verb did nothing.
#[derive(Debug)]
pub enum Failure<R> {
    /// It does not exist, or is not the caller's to see: the two are not told apart.
    NotFound,
    /// A rule refuses.
    Refused(R),
    /// The database failed.
    Db(DbError),
}

impl<R> Failure<R> {
    /// Says another verb's refusal in the words of this one.
    pub fn map<S>(self, say: impl FnOnce(R) -> S) -> Failure<S> {
        match self {
            Self::NotFound => Failure::NotFound,
            Self::Refused(refusal) => Failure::Refused(say(refusal)),
            Self::Db(e) => Failure::Db(e),
        }
    }
}

impl<R: std::fmt::Display> std::fmt::Display for Failure<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound => f.write_str("introuvable"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Db(e) => e.fmt(f),
        }
    }
}

impl<R: std::fmt::Debug + std::fmt::Display> std::error::Error for Failure<R> {}

impl<R> From<DbError> for Failure<R> {
    fn from(e: DbError) -> Self {
        Self::Db(e)
    }
}

/// A row that must exist and does not is "not found"; any other failure stays a failure.
impl<R> From<DieselError> for Failure<R> {
    fn from(e: DieselError) -> Self {
        match e {
            DieselError::NotFound => Self::NotFound,
            other => Self::Db(other.into()),
        }
    }
}

impl<R> Retryable for Failure<R> {
    fn database_error(&self) -> Option<&DieselError> {
        match self {
            Self::Db(e) => e.database_error(),
            _ => None,
        }
    }
}

/// The refusal of a verb that no rule refuses.
#[derive(Debug, thiserror::Error)]
pub enum Never {}

impl Refusal for Never {
    fn code(&self) -> &'static str {
        match *self {}
    }
}

/// `Err(Failure::Refused(…))`, for the `?`-less end of a rule.
///
/// # Errors
/// Always: that is its use.
pub fn refuse<T, R>(refusal: R) -> Result<T, Failure<R>> {
    Err(Failure::Refused(refusal))
}

/// Asserts what programs read of each refusal, and the field beside which a page shows it.
#[cfg(test)]
#[track_caller]
pub fn assert_told(refusals: &[(&dyn Refusal, &str, Option<&str>)]) {
    for (refusal, code, field) in refusals {
        assert_eq!((refusal.code(), refusal.field()), (*code, *field), "{refusal:?}");
    }
}
