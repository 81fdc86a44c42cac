//! The one clock: whatever depends on "now" or "today" takes it from here.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, NaiveDate, Utc};

use crate::calendar;
use crate::sql_types::Ts;

/// Tells the time: the machine's, or one that stands still until it is moved (tests, demonstration).
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<Mutex<DateTime<Utc>>>>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still at an instant.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Some(Arc::new(Mutex::new(at))))
    }

    /// The instant now.
    pub fn now(&self) -> Ts {
        match &self.0 {
            None => Ts::new(system_now()),
            Some(fixed) => Ts::new(*lock(fixed)),
        }
    }

    /// The date today in Europe/Paris.
    pub fn today(&self) -> NaiveDate {
        calendar::local_date(self.now())
    }

    /// Moves a fixed clock to an instant; the machine's clock is not ours to move.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Some(fixed) = &self.0 {
            *lock(fixed) = at;
        }
    }

    /// Moves a fixed clock forward.
    pub fn advance(&self, by: Duration) {
        if let Some(fixed) = &self.0 {
            *lock(fixed) += by;
        }
    }
}

#[allow(clippy::disallowed_methods)]
fn system_now() -> DateTime<Utc> {
    Utc::now()
}

fn lock(fixed: &Mutex<DateTime<Utc>>) -> std::sync::MutexGuard<'_, DateTime<Utc>> {
    fixed.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
