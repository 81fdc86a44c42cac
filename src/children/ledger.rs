//! Moves minutes of a referral: free → reserved → used, and back, as [`crate::quotas::ledger`] does for a quota.

use crate::children::{Referral, ReferralRefusal, store};
use crate::db::Tx;
use crate::failure::{Failure, refuse};
use crate::hours::Minutes;
use crate::ids::ReferralId;

/// Reserves minutes of a referral. Gives the referral as it then stands.
///
/// # Errors
/// When too little is left: the refusal gives the figures.
pub fn reserve(tx: &mut Tx<'_>, id: ReferralId, minutes: Minutes) -> Result<Referral, Failure<ReferralRefusal>> {
    if let Some(referral) = store::reserve_if_left(tx, id, minutes)? {
        return Ok(referral);
    }
    let left = store::load_referral(tx, id)?;
    let reference = store::reference_of(tx, left.child_id)?;
    refuse(ReferralRefusal::Exhausted { reference, remaining: left.remaining(), asked: minutes })
}

/// Gives reserved minutes back: a cancellation, a refusal, an absence that is not counted.
///
/// # Errors
/// When the database fails.
pub fn release(tx: &mut Tx<'_>, referral: ReferralId, minutes: Minutes) -> diesel::QueryResult<()> {
    store::shift(tx, referral, -minutes.0, 0)
}

/// Reserved becomes used: an approval.
///
/// # Errors
/// When the database fails.
pub fn consume(tx: &mut Tx<'_>, referral: ReferralId, minutes: Minutes) -> diesel::QueryResult<()> {
    store::shift(tx, referral, -minutes.0, minutes.0)
}

/// Used becomes reserved again: an approval withdrawn.
///
/// # Errors
/// When the database fails.
pub fn reopen(tx: &mut Tx<'_>, referral: ReferralId, minutes: Minutes) -> diesel::QueryResult<()> {
    store::shift(tx, referral, minutes.0, -minutes.0)
}
