//! A psychologist is away for some days: their openings rest. Sessions that were booked then stay, and are shown.

use chrono::NaiveDate;

use crate::accounts::Psychologist;
use crate::calendar::french_date;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::LeaveId;
use crate::openings::{Leave, facts, store};

/// Why a leave is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaveRefusal {
    /// It ends before it starts.
    #[error("Votre absence commence le {} : elle ne peut pas finir le {}.", french_date(*starts_on), french_date(*ends_on))]
    Order {
        /// The first day.
        starts_on: NaiveDate,
        /// The last day.
        ends_on: NaiveDate,
    },
    /// It is over.
    #[error("Le {} est passé : indiquez une absence à venir.", french_date(*ends_on))]
    Past {
        /// The last day.
        ends_on: NaiveDate,
    },
    /// What is over is history.
    #[error("Cette absence a fini le {} : elle ne se retire plus.", french_date(*ends_on))]
    Over {
        /// The last day.
        ends_on: NaiveDate,
    },
    /// Another leave has some of these days.
    #[error("Une absence est déjà notée {leave} : retirez-la d’abord, ou choisissez d’autres jours.")]
    Taken {
        /// The other.
        leave: Leave,
    },
}

impl Refusal for LeaveRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Order { .. } => "leave_order",
            Self::Past { .. } => "leave_past",
            Self::Over { .. } => "leave_over",
            Self::Taken { .. } => "leave_taken",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(if matches!(self, Self::Taken { .. }) { "leave_starts_on" } else { "leave_ends_on" })
    }
}

/// Notes that somebody is away, from one day to another, both included.
///
/// # Errors
/// As [`LeaveRefusal`] says.
pub fn take_leave(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    (starts_on, ends_on): (NaiveDate, NaiveDate),
) -> Result<LeaveId, Failure<LeaveRefusal>> {
    if ends_on < starts_on {
        return refuse(LeaveRefusal::Order { starts_on, ends_on });
    }
    if ends_on < clock.today() {
        return refuse(LeaveRefusal::Past { ends_on });
    }
    store::lock(tx, who.id)?;
    if let Some(leave) = store::leaves(tx, &[who.id], (starts_on, ends_on))?.pop() {
        return refuse(LeaveRefusal::Taken { leave });
    }
    let leave = Leave { id: LeaveId::new(), psychologist_id: who.id, starts_on, ends_on };
    store::insert_leave(tx, clock, &leave)?;
    facts::write_leave(tx, clock, who, "leave.created", (None, Some(&leave)))?;
    Ok(leave.id)
}

/// Takes a leave back: the openings take place again.
///
/// # Errors
/// When it is not theirs, or is over.
pub fn give_back_leave(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    id: LeaveId,
) -> Result<(), Failure<LeaveRefusal>> {
    let leave = store::load_leave(tx, who.id, id)?;
    if leave.ends_on < clock.today() {
        return refuse(LeaveRefusal::Over { ends_on: leave.ends_on });
    }
    store::delete_leave(tx, id)?;
    Ok(facts::write_leave(tx, clock, who, "leave.withdrawn", (Some(&leave), None))?)
}
