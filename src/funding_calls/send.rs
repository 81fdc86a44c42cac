//! Sends a call: it takes its number, its letter is made and kept, and the mail that carries it is queued, in one
//! transaction.

use chrono::{Datelike, NaiveDate};
use diesel::QueryResult;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::store::{self, Sent};
use super::{CallState, FundingCall, due_on, look_up, number};
use crate::accounts::Administrator;
use crate::clock::Clock;
use crate::conventions::look_up as conventions;
use crate::db::{AnyConnection, Tx};
use crate::documents::{self, DocumentError, FundingCallContent};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::FundingCallId;
use crate::journal::{self, Actor, Chain, Entry};
use crate::money::Cents;
use crate::outbox::{self, Attachment};
use crate::{mails, vault};

/// What one sends, as one saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// The address that the letter goes to.
    pub to: String,
    /// The amount that was shown.
    pub amount: Cents,
}

/// Why a call is not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendRefusal {
    /// It was sent before.
    #[error("Cet appel est déjà envoyé sous le numéro {0} : il ne change plus.")]
    AlreadySent(String),
    /// The convention changed meanwhile.
    #[error("La participation est maintenant de {0} : relisez l’appel, puis envoyez-le.")]
    AmountChanged(Cents),
    /// Nothing is owed any more.
    #[error("La convention ne demande plus rien à ce signataire pour cet exercice : il n’y a rien à appeler.")]
    NothingOwed,
    /// No mail would reach it.
    #[error("« {0} » n’est pas une adresse électronique : écrivez-la comme prenom.nom@exemple.fr.")]
    Address(String),
    /// The letter cannot be made.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl Refusal for SendRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadySent(_) => "call_already_sent",
            Self::AmountChanged(_) => "amount_changed",
            Self::NothingOwed => "nothing_owed",
            Self::Address(_) => "address",
            Self::Document(_) => "letter_not_made",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Address(_) => Some("to"),
            _ => None,
        }
    }
}

/// What the letter of a call says; without a number it says that it is a draft.
///
/// # Errors
/// When the database fails.
pub fn content(
    conn: &mut AnyConnection,
    call: &FundingCall,
    number: Option<String>,
    on: NaiveDate,
) -> QueryResult<FundingCallContent> {
    let convention = conventions::load_convention(conn, call.convention)?;
    let buyer = conventions::buyer(conn, call.convention)?;
    let year = conventions::budget_years(conn, call.convention)?.into_iter().find(|year| year.id == call.budget_year);
    let year = year.ok_or(diesel::result::Error::NotFound)?;
    Ok(FundingCallContent {
        number,
        sent_on: on,
        due_on: due_on(call.call_by, on),
        convention: convention.title,
        year: year.label,
        from: year.period.from,
        until: year.period.until,
        budget: year.budget,
        caller_name: buyer.name,
        caller_siret: buyer.siret,
        caller_street: buyer.street,
        caller_town: format!("{} {}", buyer.postcode, buyer.city),
        signatory: call.signatory_name.clone(),
        amount: call.amount,
        note: look_up::note(conn, call)?,
    })
}

/// Sends a draft.
///
/// # Errors
/// As [`SendRefusal`] says, when there is no such call, or when the database fails: the number is given back then.
pub fn send(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    id: FundingCallId,
    sending: &Sending,
) -> Result<(), Failure<SendRefusal>> {
    let call = store::load(tx, id)?;
    if let Some(number) = call.number {
        return refuse(SendRefusal::AlreadySent(number));
    }
    if call.amount == Cents::ZERO {
        return refuse(SendRefusal::NothingOwed);
    }
    if call.amount != sending.amount {
        return refuse(SendRefusal::AmountChanged(call.amount));
    }
    let to = sending.to.trim();
    if to.parse::<lettre::Address>().is_err() {
        return refuse(SendRefusal::Address(to.to_owned()));
    }
    let on = clock.today();
    let sequence = store::take_number(tx, on.year())?;
    let number = number(on.year(), sequence);
    let content = content(tx, &call, Some(number.clone()), on)?;
    let bytes = documents::funding_call(&content).map_err(|e| Failure::Refused(SendRefusal::from(e)))?;
    let sent = Sent {
        year: on.year(),
        sequence,
        number: &number,
        amount: call.amount,
        due_on: content.due_on,
        sent_on: on,
        sent_to: to,
        sent_by: who.account,
    };
    if store::set_sent(tx, clock, id, &sent)? != 1 {
        return refuse(SendRefusal::AlreadySent(store::load(tx, id)?.number.unwrap_or_default()));
    }
    let sha256 = Sha256::digest(&bytes).to_vec();
    store::insert_letter(tx, id, &sha256, &bytes)?;
    let entry = Entry {
        chain: Chain::Convention(call.convention),
        actor: Actor::Account(who.account),
        action: "funding_call.sent",
        subject: "funding_call",
        subject_id: id.0,
        before: Some(json!({ "state": CallState::Draft })),
        after: Some(json!({
            "number": number, "year": call.year, "signatory": call.signatory_name, "amount_cents": call.amount,
            "due_on": content.due_on, "sent_to": to, "sha256": vault::to_hex(&sha256),
        })),
    };
    journal::write(tx, clock, entry)?;
    let call = store::load(tx, id)?;
    let mail = mails::FundingCallSent {
        recipient: to.to_owned(),
        number,
        year: call.year.clone(),
        signatory: call.signatory_name.clone(),
        amount: call.amount,
        due_on: content.due_on,
        caller: content.caller_name,
        convention: content.convention,
    };
    outbox::enqueue_with(tx, clock, mail.message()?, &Attachment::pdf(look_up::file_name(&call), bytes))?;
    Ok(())
}
