//! Moves minutes: free → reserved → used, and back. The row that it changes orders the writers of a programme.

use chrono::NaiveDate;

use crate::db::Tx;
use crate::failure::{Failure, refuse};
use crate::hours::Minutes;
use crate::ids::{ProgrammeId, QuotaId};
use crate::quotas::{Quota, QuotaRefusal, store};

/// Reserves minutes of the quota in which a day falls. Gives the quota as it then stands.
///
/// # Errors
/// When no quota is open on that day, or too little is left: the refusal gives the figures.
pub fn reserve(
    tx: &mut Tx<'_>,
    programme: ProgrammeId,
    on: NaiveDate,
    minutes: Minutes,
) -> Result<Quota, Failure<QuotaRefusal>> {
    let Some(id) = store::find_on(tx, programme, on)? else { return refuse(QuotaRefusal::NoQuota) };
    if let Some(quota) = store::reserve_if_left(tx, id, minutes)? {
        return Ok(quota);
    }
    let left = store::load(tx, id)?;
    let (programme, year) = store::names(tx, id)?;
    refuse(match left.allotted {
        Minutes::ZERO => QuotaRefusal::Nothing { programme, year },
        _ => QuotaRefusal::Exhausted { remaining: left.remaining(), asked: minutes, programme, year },
    })
}

/// Gives reserved minutes back: a cancellation, a refusal, an absence that is not counted.
///
/// # Errors
/// When the database fails.
pub fn release(tx: &mut Tx<'_>, quota: QuotaId, minutes: Minutes) -> diesel::QueryResult<()> {
    store::shift(tx, quota, -minutes.0, 0)
}

/// Reserved becomes used: an approval.
///
/// # Errors
/// When the database fails.
pub fn consume(tx: &mut Tx<'_>, quota: QuotaId, minutes: Minutes) -> diesel::QueryResult<()> {
    store::shift(tx, quota, -minutes.0, minutes.0)
}

/// Used becomes reserved again: an approval withdrawn.
///
/// # Errors
/// When the database fails.
pub fn reopen(tx: &mut Tx<'_>, quota: QuotaId, minutes: Minutes) -> diesel::QueryResult<()> {
    store::shift(tx, quota, minutes.0, -minutes.0)
}

/// Allots another time to a programme, as an amendment says; gives the quota as it stands when what is held does not
/// fit in it any more.
///
/// # Errors
/// When there is no such quota, or the database fails.
pub fn allot(
    tx: &mut Tx<'_>,
    quota: QuotaId,
    before: Minutes,
    after: Minutes,
) -> diesel::QueryResult<Result<(), Quota>> {
    if store::allot_if_held_fits(tx, quota, before, after)? { Ok(Ok(())) } else { store::load(tx, quota).map(Err) }
}
