//! Records a payment received for a call, in part or in full.

use chrono::NaiveDate;
use serde_json::json;

use super::{CallState, Treasurer, store};
use crate::calendar::{french_date, short_date};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{FundingCallId, FundingReceiptId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::money::Cents;

/// Why a payment is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveRefusal {
    /// It was never sent.
    #[error("Cet appel n’est pas encore envoyé : envoyez-le avant d’enregistrer un versement.")]
    NotSent,
    /// All was received.
    #[error("Cet appel est déjà reçu en entier : il n’y a plus rien à enregistrer.")]
    AllReceived,
    /// Nothing, or less.
    #[error("Le montant d’un versement est plus grand que zéro.")]
    NotPositive,
    /// More than is owed.
    #[error("Il reste {owed} à recevoir ; ce versement en compte {amount}. Vérifiez le montant.")]
    TooMuch {
        /// What is owed.
        owed: Cents,
        /// What was asked.
        amount: Cents,
    },
    /// What has not happened is not recorded.
    #[error("Le {} est dans le futur : indiquez le jour où le versement a été reçu.", short_date(*.0))]
    InTheFuture(NaiveDate),
    /// Before the call.
    #[error("L’appel a été envoyé le {} : un versement ne peut pas être reçu avant.", french_date(*.0))]
    BeforeTheCall(NaiveDate),
}

impl Refusal for ReceiveRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotSent => "call_not_sent",
            Self::AllReceived => "call_received",
            Self::NotPositive => "amount_not_positive",
            Self::TooMuch { .. } => "more_than_owed",
            Self::InTheFuture(_) => "date_in_the_future",
            Self::BeforeTheCall(_) => "date_before_the_call",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotPositive | Self::TooMuch { .. } => Some("amount"),
            Self::InTheFuture(_) | Self::BeforeTheCall(_) => Some("received_on"),
            Self::NotSent | Self::AllReceived => None,
        }
    }
}

/// A payment received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// The day.
    pub on: NaiveDate,
    /// How much.
    pub amount: Cents,
}

/// Records a payment; the call is received once nothing is owed.
///
/// # Errors
/// As [`ReceiveRefusal`] says, when there is no such call, or when the database fails.
pub fn receive(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Treasurer,
    id: FundingCallId,
    payment: Payment,
) -> Result<FundingReceiptId, Failure<ReceiveRefusal>> {
    let Payment { on, amount } = payment;
    let call = store::load(tx, id)?;
    match (call.state, call.sent_on) {
        (CallState::Draft, _) | (_, None) => return refuse(ReceiveRefusal::NotSent),
        (CallState::Received, _) => return refuse(ReceiveRefusal::AllReceived),
        (CallState::Sent, Some(sent)) if on < sent => return refuse(ReceiveRefusal::BeforeTheCall(sent)),
        (CallState::Sent, Some(_)) => {}
    }
    if amount <= Cents::ZERO {
        return refuse(ReceiveRefusal::NotPositive);
    }
    if on > clock.today() {
        return refuse(ReceiveRefusal::InTheFuture(on));
    }
    if store::add_received(tx, id, amount)? != 1 {
        // somebody may have recorded another payment meanwhile
        let owed = store::load(tx, id)?.owed();
        return refuse(ReceiveRefusal::TooMuch { owed, amount });
    }
    let receipt = store::insert_receipt(tx, clock, who.account, id, (on, amount))?;
    let after = store::load(tx, id)?;
    let entry = Entry {
        chain: Chain::Convention(call.convention),
        actor: Actor::Account(who.account),
        action: "funding_call.received",
        subject: "funding_call",
        subject_id: id.0,
        before: Some(json!({ "state": call.state, "received_cents": call.received })),
        after: Some(json!({
            "number": call.number, "received_on": on, "amount_cents": amount, "state": after.state,
            "received_cents": after.received,
        })),
    };
    journal::write(tx, clock, entry)?;
    Ok(receipt)
}
