//! Reopens a month for late entries (rule 5): its sessions may be recorded until another day.

use chrono::NaiveDate;

use super::{Terms, store};
use crate::accounts::Administrator;
use crate::calendar::{Month, french_date};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{ConventionId, MonthReopeningId};
use crate::journal::{self, Actor, Chain, Entry};

/// The most characters of a reason.
pub const LONGEST_REASON: usize = 500;

/// Which month, why, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReopening {
    /// The month of the sessions.
    pub month: Month,
    /// Why; kept in the journal, so it names no child.
    pub reason: String,
    /// The last day on which they may be recorded.
    pub until: NaiveDate,
}

/// Why a month is not reopened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReopeningRefusal {
    /// No session of the convention is in that month.
    #[error("Ce mois ({0}) n’est pas dans la convention : choisissez un de ses mois.")]
    OutsideConvention(Month),
    /// It is open as it is.
    #[error(
        "Ce mois ({month}) est déjà ouvert à la saisie jusqu’au {} : choisissez un jour plus tardif, ou ne changez rien.",
        french_date(*until)
    )]
    StillOpen {
        /// The month.
        month: Month,
        /// The last day on which its sessions may be recorded.
        until: NaiveDate,
    },
    /// Nobody could record anything.
    #[error("Le {} est passé : choisissez un jour à venir.", french_date(*.0))]
    Past(NaiveDate),
    /// The reason is kept.
    #[error("Indiquez pourquoi vous rouvrez ce mois : le motif est conservé.")]
    NoReason,
    /// Too long a reason.
    #[error("Le motif a {0} caractères ; écrivez-en {LONGEST_REASON} au plus.")]
    LongReason(usize),
}

impl Refusal for ReopeningRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::OutsideConvention(_) => "month_outside_convention",
            Self::StillOpen { .. } => "month_still_open",
            Self::Past(_) => "reopening_past",
            Self::NoReason => "reason_missing",
            Self::LongReason(_) => "reason_too_long",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::OutsideConvention(_) => "month",
            Self::StillOpen { .. } | Self::Past(_) => "until",
            Self::NoReason | Self::LongReason(_) => "reason",
        })
    }
}

/// Reopens a month until a day; a later reopening extends it, none shortens it.
///
/// # Errors
/// As [`ReopeningRefusal`] says, when there is no such convention, or when the database fails.
pub fn reopen_month(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    convention: ConventionId,
    new: &NewReopening,
) -> Result<MonthReopeningId, Failure<ReopeningRefusal>> {
    let NewReopening { month, reason, until } = new;
    let reason = reason.trim();
    match reason.chars().count() {
        0 => return refuse(ReopeningRefusal::NoReason),
        length if length > LONGEST_REASON => return refuse(ReopeningRefusal::LongReason(length)),
        _ => {}
    }
    let period = store::load_convention(tx, convention)?.period;
    if period.until < month.first() || month.last() < period.from {
        return refuse(ReopeningRefusal::OutsideConvention(*month));
    }
    let open_until = open_until(tx, convention, *month)?;
    if open_until.is_some_and(|open| *until <= open && clock.today() <= open) {
        return refuse(ReopeningRefusal::StillOpen { month: *month, until: open_until.unwrap_or(*until) });
    }
    if *until < clock.today() {
        return refuse(ReopeningRefusal::Past(*until));
    }
    let id = store::insert_reopening(tx, clock, who.account, convention, (*month, reason, *until))?;
    let entry = Entry {
        chain: Chain::Convention(convention),
        actor: Actor::Account(who.account),
        action: "month.reopened",
        subject: "month_reopening",
        subject_id: id.0,
        before: open_until.map(|until| serde_json::json!({ "month": month.iso(), "until": until })),
        after: Some(serde_json::json!({ "month": month.iso(), "until": until, "reason": reason })),
    };
    journal::write(tx, clock, entry)?;
    Ok(id)
}

/// The last day on which sessions of a month may be recorded as things stand.
fn open_until(tx: &mut Tx<'_>, convention: ConventionId, month: Month) -> diesel::QueryResult<Option<NaiveDate>> {
    let in_month = |terms: &&Terms| terms.period.from <= month.last() && month.first() <= terms.period.until;
    let terms = store::terms(tx, convention)?;
    let usual = terms.iter().filter(in_month).map(|terms| terms.last_entry_day(month.last())).max();
    let reopened = store::reopenings(tx, convention)?.into_iter().filter(|one| one.month == month);
    Ok(reopened.map(|one| one.until).chain(usual).max())
}
