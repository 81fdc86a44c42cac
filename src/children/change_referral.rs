//! Extends a referral, adds hours to it, or ends it: what sessions hold stays held.

use chrono::NaiveDate;

use crate::accounts::Coordinator;
use crate::children::refer::{self, ReferRefusal};
use crate::children::{Origin, Referral, look_up, store};
use crate::clock::Clock;
use crate::conventions::Period;
use crate::db::Tx;
use crate::failure::{Failure, refuse};
use crate::hours::Minutes;
use crate::ids::ReferralId;
use crate::journal::{self, Actor, Chain, Entry};
use crate::vault::Vault;

/// What may change of a referral: its first day and its psychologist stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// How many minutes it grants.
    pub minutes: Minutes,
    /// Its last day.
    pub ends_on: NaiveDate,
    /// Who asked for it and why.
    pub origin: Origin,
}

/// Sets what a referral grants, its last day, and where it comes from.
///
/// # Errors
/// When the referral is not theirs, or a rule refuses.
pub fn change(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    who: &Coordinator,
    id: ReferralId,
    change: Change,
) -> Result<Referral, Failure<ReferRefusal>> {
    let Change { minutes, ends_on, origin } = change;
    let (child, _) = look_up::load_referral_for(tx, vault, who, id)?;
    store::lock_child(tx, child.id)?;
    let before = store::load_referral(tx, id)?;
    let period = Period { from: before.starts_on, until: ends_on };
    refer::verify_minutes(minutes)?;
    refer::verify_period(tx, child.programme_id, period)?;
    let mut others = store::referrals_between(tx, child.id, before.psychologist_id)?;
    others.retain(|other| other.id != id);
    refer::verify_no_overlap(&others, period)?;
    if let Some(last) = store::last_session_under(tx, id)?.filter(|last| *last > ends_on) {
        return refuse(ReferRefusal::SessionAfter(last));
    }
    let Some(after) = store::change_referral_if_enough(tx, id, (minutes, ends_on), origin)? else {
        return refuse(ReferRefusal::MoreIsHeld { held: before.reserved + before.used, asked: minutes });
    };
    if after != before {
        let entry = Entry {
            chain: Chain::Programme(child.programme_id),
            actor: Actor::Account(who.account),
            action: "referral.changed",
            subject: "referral",
            subject_id: id.0,
            before: Some(before.facts(&child.reference)),
            after: Some(after.facts(&child.reference)),
        };
        journal::write(tx, clock, entry)?;
    }
    Ok(after)
}
