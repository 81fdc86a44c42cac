//! A guardian agrees to be reminded by e-mail the day before, or no longer: the coordinator records it, with its day.

use chrono::NaiveDate;
use serde_json::json;

use crate::accounts::Coordinator;
use crate::calendar::french_date;
use crate::children::{look_up, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{ChildId, GuardianId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::vault::Vault;

/// Why an agreement is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemindersRefusal {
    /// There is nowhere to send them.
    #[error("Indiquez d’abord l’adresse électronique de ce responsable légal : les rappels y partent.")]
    NoEmail,
    /// Nobody agreed yet.
    #[error("Le {} est à venir : indiquez le jour où la personne a donné son accord.", french_date(*.0))]
    Future(NaiveDate),
}

impl Refusal for RemindersRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoEmail => "guardian_without_email",
            Self::Future(_) => "agreement_in_the_future",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("agreed_on")
    }
}

/// Records since when a guardian agrees to be reminded; `None` when they no longer do.
///
/// # Errors
/// When the child is not the coordinator's, the guardian not the child's, or as [`RemindersRefusal`] says.
pub fn agree(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    who: &Coordinator,
    (child, id): (ChildId, GuardianId),
    agreed_on: Option<NaiveDate>,
) -> Result<(), Failure<RemindersRefusal>> {
    let child = look_up::load_for(tx, vault, who, child)?;
    let known = store::guardians_of(tx, vault, child.id)?;
    let before = known.into_iter().find(|guardian| guardian.id == id).ok_or(Failure::NotFound)?;
    if let Some(day) = agreed_on {
        if before.contact.email.as_deref().is_none_or(|email| email.trim().is_empty()) {
            return refuse(RemindersRefusal::NoEmail);
        }
        if day > clock.today() {
            return refuse(RemindersRefusal::Future(day));
        }
    }
    if before.reminders_since == agreed_on {
        return Ok(());
    }
    store::set_reminders(tx, id, agreed_on)?;
    let facts = |since: Option<NaiveDate>| json!({ "child": child.reference, "reminders_since": since });
    let entry = Entry {
        chain: Chain::Programme(child.programme_id),
        actor: Actor::Account(who.account),
        action: "guardian.reminders_changed",
        subject: "guardian",
        subject_id: id.0,
        before: Some(facts(before.reminders_since)),
        after: Some(facts(agreed_on)),
    };
    Ok(journal::write(tx, clock, entry)?)
}
