//! Keeps a child's identity longer than two years after the last contact, and says why.

use chrono::{Months, NaiveDate};
use serde_json::json;

use crate::accounts::Coordinator;
use crate::calendar::short_date;
use crate::children::look_up;
use crate::clock::Clock;
use crate::config::Retention;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{ChildId, RetentionExtensionId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::privacy::{ExtensionReason, retention, store};
use crate::vault::Vault;

/// How far an extension goes at most, from today: then one looks at it again.
pub const LONGEST: Months = Months::new(24);

/// Why an identity is not kept longer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtendRefusal {
    /// It is kept until then anyway.
    #[error("L’identité est déjà gardée jusqu’au {}. Choisissez un jour plus lointain.", short_date(*.0))]
    NotLonger(NaiveDate),
    /// Further than one may decide today.
    #[error("Une prolongation va jusqu’au {} au plus ; au-delà, décidez de nouveau le moment venu.", short_date(*.0))]
    TooLong(NaiveDate),
}

impl Refusal for ExtendRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotLonger(_) => "not_longer",
            Self::TooLong(_) => "extension_too_long",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("until_on")
    }
}

/// Keeps the identity of a child of the coordinator until a day.
///
/// # Errors
/// When the child is not theirs, or a rule refuses.
pub fn extend(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    terms: Retention,
    who: &Coordinator,
    id: ChildId,
    (until_on, reason): (NaiveDate, ExtensionReason),
) -> Result<RetentionExtensionId, Failure<ExtendRefusal>> {
    look_up::lock(tx, id)?;
    let child = look_up::load_for(tx, vault, who, id)?;
    let kept = retention::of_child(tx, terms, id)?.ok_or(Failure::NotFound)?;
    let latest = clock.today().checked_add_months(LONGEST).unwrap_or(NaiveDate::MAX);
    if until_on <= kept.due_on().max(clock.today()) {
        return refuse(ExtendRefusal::NotLonger(kept.due_on().max(clock.today())));
    }
    if until_on > latest {
        return refuse(ExtendRefusal::TooLong(latest));
    }
    let extension = RetentionExtensionId::new();
    store::insert_extension(tx, extension, id, (until_on, reason), who.account, clock.now())?;
    let entry = Entry {
        chain: Chain::Programme(child.programme_id),
        actor: Actor::Account(who.account),
        action: "retention.extended",
        subject: "child",
        subject_id: id.0,
        before: Some(json!({ "reference": child.reference, "until_on": kept.due_on() })),
        after: Some(json!({ "reference": child.reference, "until_on": until_on, "reason": reason })),
    };
    journal::write(tx, clock, entry)?;
    Ok(extension)
}
