//! Slows down whoever guesses passwords: each failure beyond the first few makes the next try wait twice as long, up to
//! a quarter of an hour. Nobody is locked out for good, and an unknown address waits like a known one.
//!
//! A try is counted before the password is looked at and given back when it was right: tries that come together
//! cannot all slip through.

use chrono::Duration;
use sha2::{Digest, Sha256};

use crate::accounts::store;
use crate::clock::Clock;
use crate::db::{Db, DbError, Tx};
use crate::sql_types::Ts;
use crate::vault;

/// The longest wait.
const LONGEST_SECONDS: i64 = 15 * 60;

/// What is counted: an account, known or not, or an address of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    hash: Vec<u8>,
    /// Failures that cost nothing: people mistype.
    free: i32,
    /// Without a failure for this long, all is forgotten.
    forgotten_after: Duration,
}

impl Subject {
    /// The account of an e-mail address.
    pub fn account(email: &str) -> Self {
        let hash = hash("account", &email.trim().to_lowercase());
        Self { hash, free: 3, forgotten_after: Duration::hours(24) }
    }

    /// The account of an e-mail address, from a browser where its owner signed in before: whoever guesses elsewhere
    /// does not make them wait.
    pub fn device(email: &str, device_hash: &[u8]) -> Self {
        let what = format!("{}:{}", email.trim().to_lowercase(), vault::to_hex(device_hash));
        Self { hash: hash("device", &what), free: 3, forgotten_after: Duration::hours(24) }
    }

    /// The second thing that the person of an account proves; whoever tries it knows their password.
    pub fn second_factor(email: &str, device_hash: Option<&[u8]>) -> Self {
        let what = format!("{}:{}", email.trim().to_lowercase(), device_hash.map(vault::to_hex).unwrap_or_default());
        Self { hash: hash("second_factor", &what), free: 3, forgotten_after: Duration::hours(24) }
    }

    /// Who asks for a link to choose another password, for an account known or not.
    pub fn forgotten(email: &str) -> Self {
        let hash = hash("forgotten", &email.trim().to_lowercase());
        Self { hash, free: 3, forgotten_after: Duration::hours(24) }
    }

    /// An address of the network; a whole office may stand behind one.
    pub fn address(address: &str) -> Self {
        Self { hash: hash("address", address), free: 20, forgotten_after: Duration::hours(1) }
    }

    fn pause_after(&self, failures: i32) -> Duration {
        let beyond = failures - self.free;
        if beyond <= 0 {
            return Duration::zero();
        }
        Duration::seconds((1_i64 << beyond.min(20)).min(LONGEST_SECONDS))
    }
}

fn hash(kind: &str, what: &str) -> Vec<u8> {
    Sha256::digest(format!("throttle:{kind}:{what}").as_bytes()).to_vec()
}

/// Too many tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Trop d’essais. Réessayez dans {}.", wait(*.seconds))]
pub struct TooMany {
    /// How long to wait, in seconds.
    pub seconds: i64,
}

fn wait(seconds: i64) -> String {
    if seconds < 60 { format!("{seconds}\u{a0}s") } else { format!("{}\u{a0}min", (seconds + 59) / 60) }
}

/// Counts a try, unless one must still wait.
///
/// # Errors
/// When the database fails; too many tries are the inner error.
pub fn take_turn(db: &Db, clock: &Clock, subject: &Subject) -> Result<Result<(), TooMany>, DbError> {
    let now = clock.now();
    db.write(|tx| {
        store::begin_throttle(tx, &subject.hash, now)?;
        store::forget_old_failures(tx, &subject.hash, Ts::new(now.utc() - subject.forgotten_after))?;
        let Some(failures) = store::count_try(tx, &subject.hash, now)? else {
            let until = store::blocked_until(tx, &subject.hash)?;
            return Ok(Err(TooMany { seconds: (until.utc() - now.utc()).num_seconds().max(1) }));
        };
        store::block_until(tx, &subject.hash, Ts::new(now.utc() + subject.pause_after(failures)))?;
        Ok(Ok(()))
    })
}

/// Forgets the failures of an account: its person came in.
///
/// # Errors
/// When the database fails.
pub fn forget(tx: &mut Tx<'_>, subject: &Subject) -> Result<(), diesel::result::Error> {
    store::delete_throttle(tx, &subject.hash)
}

/// Gives one try back to an address, from which somebody came in; the failures of others there stay counted.
///
/// # Errors
/// When the database fails.
pub fn give_back(tx: &mut Tx<'_>, clock: &Clock, subject: &Subject) -> Result<(), diesel::result::Error> {
    store::give_try_back(tx, &subject.hash, clock.now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_seconds_then_in_minutes_begun() {
        assert_eq!([59, 60, 61, 900].map(wait), ["59\u{a0}s", "1\u{a0}min", "2\u{a0}min", "15\u{a0}min"]);
    }

    #[test]
    fn the_wait_doubles_up_to_a_quarter_of_an_hour() {
        let account = Subject::account("a@example.org");
        let seconds: Vec<i64> = (1..=14).map(|n| account.pause_after(n).num_seconds()).collect();
        assert_eq!(seconds, [0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(account.pause_after(i32::MAX).num_seconds(), 900);
    }

    #[test]
    fn an_hour_holds_few_tries() {
        let account = Subject::account("a@example.org");
        let (mut tries, mut elapsed) = (0, 0);
        while elapsed < 3600 {
            tries += 1;
            elapsed += account.pause_after(tries).num_seconds();
        }
        assert!(tries <= 25, "{tries}");
    }

    #[test]
    fn says_how_long_to_wait() {
        assert_eq!(TooMany { seconds: 8 }.to_string(), "Trop d’essais. Réessayez dans 8\u{a0}s.");
        assert_eq!(TooMany { seconds: 61 }.to_string(), "Trop d’essais. Réessayez dans 2\u{a0}min.");
    }

    #[test]
    fn an_address_is_not_an_account() {
        assert_ne!(Subject::account("10.0.0.1").hash, Subject::address("10.0.0.1").hash);
        assert_eq!(Subject::account(" A@Example.org "), Subject::account("a@example.org"));
    }
}
