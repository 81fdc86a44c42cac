//! Takes back an invoice that was rejected or is wrong: a credit note (381), after which its sessions are free again.

use serde_json::json;

use super::freeze::{self, Draft, FreezeRefusal};
use super::{FrozenContent, Invoice, InvoiceKind, InvoiceState, store};
use crate::accounts::Psychologist;
use crate::clock::Clock;
use crate::db::Tx;
use crate::documents::{DocumentKind, InvoiceContent, InvoiceReference};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::InvoiceId;
use crate::journal::{self, Actor, Chain, Entry};
use crate::psychologists;

/// Why a credit note is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreditRefusal {
    /// A credit note is not taken back.
    #[error("Un avoir ne s’annule pas : émettez une nouvelle facture.")]
    CreditNote,
    /// Not from where the invoice stands.
    #[error(
        "La facture {number} est dans l’état « {state} » : seule une facture émise, déposée ou rejetée peut être annulée \
         par un avoir."
    )]
    NotFrom {
        /// Its number.
        number: String,
        /// Where it stands.
        state: &'static str,
    },
    /// The reason is kept.
    #[error("Indiquez pourquoi vous annulez cette facture : le motif est conservé.")]
    NoReason,
    /// It cannot be written.
    #[error(transparent)]
    Freeze(#[from] FreezeRefusal),
}

impl Refusal for CreditRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::CreditNote => "credit_note_not_credited",
            Self::NotFrom { .. } => "invoice_state",
            Self::NoReason => "reason_missing",
            Self::Freeze(_) => "credit_note_not_written",
        }
    }

    fn field(&self) -> Option<&'static str> {
        matches!(self, Self::NoReason).then_some("reason")
    }
}

/// Issues the credit note of an invoice. Its sessions are approved again and may be invoiced; quota and referral do
/// not move: the service was rendered. A rejected invoice needs no other reason than that of its rejection.
///
/// # Errors
/// As [`CreditRefusal`] says, when the invoice is not the psychologist's, or when the database fails.
pub fn credit(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    id: InvoiceId,
    reason: &str,
) -> Result<InvoiceId, Failure<CreditRefusal>> {
    let place = freeze::take_place(tx, clock, who.id).map_err(|f| f.map(CreditRefusal::from))?;
    let invoice = store::load_for(tx, who.into(), id)?;
    if invoice.kind == InvoiceKind::CreditNote {
        return refuse(CreditRefusal::CreditNote);
    }
    if !invoice.state.leads_to(InvoiceState::Credited) {
        return refuse(not_from(&invoice));
    }
    let reason = match (reason.trim(), invoice.rejection_reason.as_deref()) {
        ("", Some(rejection)) => rejection,
        ("", None) => return refuse(CreditRefusal::NoReason),
        (reason, _) => reason,
    };
    let original = store::content(tx, id)?.invoice;
    let content = InvoiceContent {
        kind: DocumentKind::CreditNote {
            corrects: InvoiceReference { number: invoice.number.clone(), issued_on: invoice.issued_on },
        },
        number: place.number.clone(),
        issued_on: place.on,
        mandate_signed_on: None,
        ..original
    };
    let draft = Draft {
        issuer: &psychologists::look_up::load(tx, who.id)?,
        actor: Actor::Account(who.account),
        convention: invoice.convention,
        month: invoice.month,
        lines: &store::lines(tx, id)?,
        content: FrozenContent { invoice: content, statement: None },
        corrects: Some((id, reason)),
        due_on: place.on,
    };
    let credit_note = freeze::write(tx, clock, &place, draft).map_err(|f| f.map(CreditRefusal::from))?;
    take_back(tx, clock, who, &invoice, credit_note)?;
    Ok(credit_note)
}

fn not_from(invoice: &Invoice) -> CreditRefusal {
    CreditRefusal::NotFrom { number: invoice.number.clone(), state: invoice.state_french() }
}

/// The invoice is credited, and its sessions are free.
fn take_back(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    invoice: &Invoice,
    credit_note: InvoiceId,
) -> Result<(), Failure<CreditRefusal>> {
    if store::set_credited(tx, invoice.id)? != 1 {
        return refuse(not_from(&store::load(tx, invoice.id)?));
    }
    store::free_sessions(tx, invoice.id)?;
    store::free_services(tx, invoice.id)?;
    let entry = Entry {
        chain: Chain::Account(invoice.account),
        actor: Actor::Account(who.account),
        action: "invoice.credited",
        subject: "invoice",
        subject_id: invoice.id.0,
        before: Some(json!({ "state": invoice.state })),
        after: Some(json!({ "state": InvoiceState::Credited, "credit_note": credit_note })),
    };
    journal::write(tx, clock, entry)?;
    Ok(())
}
