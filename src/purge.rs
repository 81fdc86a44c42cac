//! Deletes what is kept no longer: what only served to sign in, to press twice, or to send.
//!
//! Sessions, invoices, children and the journal are not touched: their own rules say how long they are kept.

use chrono::Duration;
use diesel::prelude::*;

use crate::clock::Clock;
use crate::db::{AnyConnection, Db, DbError};
use crate::schema::{
    half_sign_ins, idempotency_keys, invitations, mails, passkey_challenges, proconnect_returns, sign_ins, throttles,
};
use crate::sql_types::Ts;

/// How long an idempotency key is kept.
pub const IDEMPOTENCY_DAYS: i64 = 30;
/// How long a sign-in is kept after it ended.
pub const SIGN_IN_DAYS: i64 = 90;
/// How long a mail is kept after it was sent.
pub const MAIL_DAYS: i64 = 365;
/// How long a count of failed sign-ins is kept.
pub const THROTTLE_DAYS: i64 = 7;

/// How long a return from ProConnect is noted: the browser forgets what it answers after ten minutes.
pub const PROCONNECT_RETURN_DAYS: i64 = 1;

/// How many rows of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purged {
    /// Invitations past their date.
    pub invitations: i64,
    /// Sign-ins of whom the second proof was waited for.
    pub half_sign_ins: i64,
    /// Idempotency keys.
    pub idempotency_keys: i64,
    /// Sign-ins.
    pub sign_ins: i64,
    /// Sent mails.
    pub mails: i64,
    /// Counts of failed sign-ins.
    pub throttles: i64,
    /// Returns from ProConnect.
    pub proconnect_returns: i64,
    /// What passkeys were asked to sign.
    pub passkey_challenges: i64,
}

/// Writes one query for counting and one for deleting from the same condition.
macro_rules! kinds {
    ($($kind:ident($now:ident) => $old:expr;)+) => {
        /// How many rows would be deleted.
        ///
        /// # Errors
        /// When the database fails.
        pub fn count(conn: &mut AnyConnection, clock: &Clock) -> Result<Purged, DbError> {
            let now = clock.now();
            Ok(Purged { $($kind: { let $now = now; $kind::table.filter($old).count().get_result(conn)? }),+ })
        }

        /// Deletes them.
        ///
        /// # Errors
        /// When the database fails; nothing is deleted then.
        pub fn run(db: &Db, clock: &Clock) -> Result<Purged, DbError> {
            let now = clock.now();
            db.write(|tx| {
                Ok(Purged {
                    $($kind: {
                        let $now = now;
                        i64::try_from(diesel::delete($kind::table.filter($old)).execute(&mut **tx)?).unwrap_or(i64::MAX)
                    }),+
                })
            })
        }
    };
}

kinds! {
    half_sign_ins(now) => half_sign_ins::expires_at.le(now);
    invitations(now) => invitations::expires_at.le(now);
    idempotency_keys(now) => idempotency_keys::created_at.le(days_before(now, IDEMPOTENCY_DAYS));
    // a sign-in that nobody ended stops by itself: after its last use it is as old as one that was
    sign_ins(now) => sign_ins::ended_at.le(days_before(now, SIGN_IN_DAYS))
        .or(sign_ins::ended_at.is_null().nullable().and(sign_ins::last_seen_at.le(days_before(now, SIGN_IN_DAYS)).nullable()));
    mails(now) => mails::sent_at.le(days_before(now, MAIL_DAYS));
    throttles(now) => throttles::last_failure_at.le(days_before(now, THROTTLE_DAYS))
        .and(throttles::blocked_until.le(now));
    proconnect_returns(now) => proconnect_returns::returned_at.le(days_before(now, PROCONNECT_RETURN_DAYS));
    passkey_challenges(now) => passkey_challenges::expires_at.le(now);
}

fn days_before(now: Ts, days: i64) -> Ts {
    Ts::new(now.utc() - Duration::days(days))
}
