//! Takes back a payment that was recorded by mistake: an entry beside it says who did, when and why. Nothing is deleted,
//! and what the call received and owes is as if the payment had not come.

use chrono::NaiveDate;
use diesel::QueryResult;
use serde_json::json;

use super::{FundingCall, Treasurer, store};
use crate::calendar::french_date;
use crate::clock::Clock;
use crate::conventions::look_up as conventions;
use crate::db::{AnyConnection, Tx, violated};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{FundingCallId, FundingReceiptId};
use crate::journal::{self, Actor, Chain, Entry};

/// The most characters of a reason.
pub const LONGEST_REASON: usize = 500;

/// Why a payment is not taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReverseRefusal {
    /// It was before.
    #[error("Ce versement est déjà annulé : il ne compte plus.")]
    AlreadyReversed,
    /// The budget year is over, and its entries too.
    #[error("L’exercice {year} est clos depuis le {} : ses versements ne s’annulent plus.", french_date(*since))]
    YearClosed {
        /// The budget year.
        year: String,
        /// Its last open day.
        since: NaiveDate,
    },
    /// The reason is kept.
    #[error("Indiquez pourquoi vous annulez ce versement : le motif est conservé.")]
    NoReason,
    /// Too long a reason.
    #[error("Le motif a {0} caractères ; écrivez-en {LONGEST_REASON} au plus.")]
    LongReason(usize),
}

impl Refusal for ReverseRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyReversed => "receipt_already_reversed",
            Self::YearClosed { .. } => "budget_year_closed",
            Self::NoReason => "reason_missing",
            Self::LongReason(_) => "reason_too_long",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoReason | Self::LongReason(_) => Some("reason"),
            Self::AlreadyReversed | Self::YearClosed { .. } => None,
        }
    }
}

/// The last day on which the payments of a call may be taken back: that on which its budget year closes.
///
/// # Errors
/// When the database fails.
pub fn reversible_until(conn: &mut AnyConnection, call: &FundingCall) -> QueryResult<NaiveDate> {
    let years = conventions::budget_years(conn, call.convention)?;
    let year = years.iter().find(|year| year.id == call.budget_year).ok_or(diesel::result::Error::NotFound)?;
    Ok(year.open_until(&conventions::terms(conn, call.convention)?))
}

/// Takes a payment back; the call waits for it again.
///
/// # Errors
/// As [`ReverseRefusal`] says, when there is no such payment, or when the database fails.
pub fn reverse(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Treasurer,
    id: FundingReceiptId,
    reason: &str,
) -> Result<FundingCallId, Failure<ReverseRefusal>> {
    let reason = reason.trim();
    match reason.chars().count() {
        0 => return refuse(ReverseRefusal::NoReason),
        length if length > LONGEST_REASON => return refuse(ReverseRefusal::LongReason(length)),
        _ => {}
    }
    let (call, receipt) = store::receipt(tx, id)?;
    let before = store::load(tx, call)?;
    if receipt.reversal.is_some() {
        return refuse(ReverseRefusal::AlreadyReversed);
    }
    let since = reversible_until(tx, &before)?;
    if clock.today() > since {
        return refuse(ReverseRefusal::YearClosed { year: before.year, since });
    }
    if store::take_received(tx, call, receipt.amount)? != 1 {
        return refuse(ReverseRefusal::AlreadyReversed);
    }
    store::insert_reversal(tx, clock, who.account, id, reason).or_else(|error| {
        // somebody else did meanwhile
        if violated(&error, "funding_receipt_reversals_pkey") {
            refuse(ReverseRefusal::AlreadyReversed)
        } else {
            Err(error.into())
        }
    })?;
    let after = store::load(tx, call)?;
    let entry = Entry {
        chain: Chain::Convention(before.convention),
        actor: Actor::Account(who.account),
        action: "funding_call.receipt_reversed",
        subject: "funding_call",
        subject_id: call.0,
        before: Some(json!({ "state": before.state, "received_cents": before.received })),
        after: Some(json!({
            "number": before.number, "received_on": receipt.on, "amount_cents": receipt.amount, "reason": reason,
            "state": after.state, "received_cents": after.received,
        })),
    };
    journal::write(tx, clock, entry)?;
    Ok(call)
}
