//! How often somebody may ask: nobody takes the service from the others by asking without end.
//!
//! Each request pushes a mark in time by its share of a minute; who is a whole minute ahead of the clock waits. Marks are
//! kept in this process only: several instances count each for itself.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};

/// How far ahead of the clock a mark may be.
const AHEAD: Duration = Duration::minutes(1);
/// How many marks are kept before those that are past are swept away.
const MOST: usize = 100_000;

/// The limits of one process.
#[derive(Debug)]
pub struct Rates {
    /// By address of the network; a whole office may stand behind one.
    pub addresses: Rate,
    /// By account, whatever the means: pages and programs together.
    pub accounts: Rate,
}

/// So many requests a minute for each who asks.
#[derive(Debug)]
pub struct Rate {
    a_minute: u32,
    marks: Mutex<HashMap<String, DateTime<Utc>>>,
}

impl Rate {
    /// So many requests a minute; 0 is no limit.
    pub fn new(a_minute: u32) -> Self {
        Self { a_minute, marks: Mutex::default() }
    }

    /// Counts a request, or says in how many seconds the next may come.
    ///
    /// # Errors
    /// When too many came.
    pub fn take(&self, who: &str, now: DateTime<Utc>) -> Result<(), u64> {
        if self.a_minute == 0 {
            return Ok(());
        }
        // a count of numbers is whole at every instant, even if a thread died
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        if marks.len() >= MOST {
            sweep(&mut marks, now);
        }
        let share = Duration::microseconds(60_000_000 / i64::from(self.a_minute));
        // a clock that was set back must not make anybody wait for longer than a minute
        let mark = marks.get(who).copied().unwrap_or(now).clamp(now, now + AHEAD);
        let over = mark + share - (now + AHEAD);
        if over > Duration::zero() {
            return Err(u64::try_from((over.num_milliseconds() + 999) / 1000).unwrap_or(1).max(1));
        }
        marks.insert(who.to_owned(), mark + share);
        Ok(())
    }
}

/// Forgets marks that are past; when none is, all of them: memory is bounded before rates are.
fn sweep(marks: &mut HashMap<String, DateTime<Utc>>, now: DateTime<Utc>) {
    marks.retain(|_, mark| *mark > now);
    if marks.len() >= MOST {
        marks.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("an instant")
    }

    #[test]
    fn a_minute_holds_so_many_and_no_more() {
        let rate = Rate::new(10);
        assert_eq!((0..12).filter(|_| rate.take("a", at(0)).is_ok()).count(), 10);
        assert_eq!(rate.take("a", at(0)), Err(6));
        assert_eq!(rate.take("b", at(0)), Ok(()), "another waits for nobody");
        assert_eq!(rate.take("a", at(6)), Ok(()), "what was said is true");
        assert_eq!(rate.take("a", at(6)), Err(6));
        assert_eq!((0..12).filter(|_| rate.take("a", at(600)).is_ok()).count(), 10);
    }

    #[test]
    fn no_limit_and_a_clock_set_back() {
        let none = Rate::new(0);
        assert!((0..1000).all(|_| none.take("a", at(0)).is_ok()));
        let rate = Rate::new(1);
        assert_eq!(rate.take("a", at(86_400)), Ok(()));
        assert_eq!(rate.take("a", at(0)), Err(60));
        assert_eq!(rate.take("a", at(60)), Err(60), "the mark is brought back to a minute ahead");
    }

    #[test]
    fn a_sweep_forgets_what_is_past_only() {
        let who = |at: DateTime<Utc>| (at.to_rfc3339(), at);
        let mut marks: HashMap<_, _> = [at(-1), at(0), at(1)].map(who).into();
        sweep(&mut marks, at(0));
        assert_eq!(marks.into_values().collect::<Vec<_>>(), [at(1)]);
    }

    #[test]
    fn memory_is_bounded() {
        let rate = Rate::new(1);
        for who in 0..MOST + 10 {
            assert_eq!(rate.take(&who.to_string(), at(0)), Ok(()));
        }
        assert!(rate.marks.lock().expect("marks").len() <= MOST);
    }
}
