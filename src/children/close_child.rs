//! Closes the follow-up of a child, and opens it again.

use chrono::NaiveDate;

use crate::accounts::Coordinator;
use crate::calendar::short_date;
use crate::children::{Child, edit_child, look_up, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::ChildId;
use crate::vault::Vault;

/// Why a follow-up is not closed, or not opened again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseRefusal {
    /// The last day comes before the first.
    #[error("Le suivi a commencé le {} : il ne peut finir avant. Corrigez la date.", short_date(*.0))]
    BeforeItBegan(NaiveDate),
    /// The last day has not come.
    #[error("Le suivi finit au plus tard aujourd’hui. Corrigez la date.")]
    Later,
    /// A session comes after.
    #[error("Une séance est prévue ou saisie le {}. Annulez-la d’abord, ou choisissez une date à partir de ce jour.", short_date(*.0))]
    SessionAfter(NaiveDate),
}

impl Refusal for CloseRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::BeforeItBegan(_) => "closed_before_it_began",
            Self::Later => "closed_later",
            Self::SessionAfter(_) => "session_after",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("closed_on")
    }
}

/// Closes the follow-up of a child: sessions of later days are refused.
///
/// # Errors
/// When the child is not theirs, or a rule refuses.
pub fn close(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    who: &Coordinator,
    id: ChildId,
    on: NaiveDate,
) -> Result<(), Failure<CloseRefusal>> {
    store::lock_child(tx, id)?;
    let before = look_up::load_for(tx, vault, who, id)?;
    if on < before.followed_since {
        return refuse(CloseRefusal::BeforeItBegan(before.followed_since));
    }
    if on > clock.today() {
        return refuse(CloseRefusal::Later);
    }
    for referral in store::referrals_of(tx, &[id])? {
        if let Some(last) = store::last_session_under(tx, referral.id)?.filter(|last| *last > on) {
            return refuse(CloseRefusal::SessionAfter(last));
        }
    }
    set(tx, vault, clock, who, before, Some(on)).map_err(Failure::from)
}

/// Opens the follow-up of a child again.
///
/// # Errors
/// When the child is not theirs.
pub fn reopen(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    who: &Coordinator,
    id: ChildId,
) -> Result<(), Failure<CloseRefusal>> {
    let before = look_up::load_for(tx, vault, who, id)?;
    set(tx, vault, clock, who, before, None).map_err(Failure::from)
}

fn set(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    who: &Coordinator,
    before: Child,
    closed_on: Option<NaiveDate>,
) -> diesel::QueryResult<()> {
    if before.closed_on == closed_on {
        return Ok(());
    }
    let action = if closed_on.is_some() { "child.closed" } else { "child.reopened" };
    let after = Child { closed_on, ..before.clone() };
    store::update_child(tx, vault, &after)?;
    edit_child::write_entry(tx, clock, who, action, &before, &after)
}
