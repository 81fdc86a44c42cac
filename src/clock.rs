//! The one clock: whatever depends on "now" or "today" takes it from here.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, NaiveDate, Utc};

use crate::calendar;
use crate::sql_types::Ts;

/// Tells the time: the machine's, one that runs beside it, or one that stands still until it is moved.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    /// The machine's clock, this much later (or earlier).
    Shifted(Duration),
    Fixed(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Kind::Shifted(Duration::zero()))
    }

    /// A clock that shows an instant and goes on from there.
    pub fn starting_at(at: DateTime<Utc>) -> Self {
        Self(Kind::Shifted(at - system_now()))
    }

    /// A clock that stands still at an instant.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Kind::Fixed(Arc::new(Mutex::new(at))))
    }

    /// The instant now.
    pub fn now(&self) -> Ts {
        match &self.0 {
            Kind::Shifted(by) => Ts::new(system_now() + *by),
            Kind::Fixed(fixed) => Ts::new(*lock(fixed)),
        }
    }

    /// The date today in Europe/Paris.
    pub fn today(&self) -> NaiveDate {
        calendar::local_date(self.now())
    }

    /// Moves a fixed clock to an instant; one that runs is not ours to move.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Kind::Fixed(fixed) = &self.0 {
            *lock(fixed) = at;
        }
    }

    /// Moves a fixed clock forward.
    pub fn advance(&self, by: Duration) {
        if let Kind::Fixed(fixed) = &self.0 {
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

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn a_clock_started_at_an_instant_goes_on_from_there() {
        let start = Utc.with_ymd_and_hms(2024, 2, 29, 12, 0, 0).unwrap();
        let clock = Clock::starting_at(start);
        let first = clock.now();
        assert!(first >= Ts::new(start) && first < Ts::new(start + Duration::minutes(1)), "{first:?}");
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(clock.now() > first);
    }
}
