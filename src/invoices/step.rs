//! What the steps of an invoice at the buyer's share: their order, their dates, their trace.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Invoice, InvoiceKind, InvoiceState, store};
use crate::accounts::Accountant;
use crate::calendar::{french_date, short_date};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::InvoiceId;
use crate::journal::{self, Actor, Chain, Entry};

/// Why a step is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepRefusal {
    /// Not from where the invoice stands.
    #[error("{title} est dans l’état « {state} » : {wanted}. Rechargez la page pour voir où elle en est.")]
    NotFrom {
        /// Which one.
        title: String,
        /// Where it stands.
        state: &'static str,
        /// From where it would be possible.
        wanted: &'static str,
    },
    /// A credit note is deposited, never paid.
    #[error("Un avoir ne se mandate pas et ne se paie pas : il annule la facture qu’il corrige.")]
    CreditNote,
    /// What has not happened is not recorded.
    #[error("Le {} est dans le futur : indiquez la date à laquelle cela s’est fait.", short_date(*.0))]
    InTheFuture(NaiveDate),
    /// Before the step that comes before.
    #[error("Le {on} est avant l’étape précédente, le {previous} : vérifiez la date.", on = short_date(*on), previous = french_date(*previous))]
    BeforeThePrevious {
        /// The day given.
        on: NaiveDate,
        /// The day of the step before.
        previous: NaiveDate,
    },
    /// A rejection says why.
    #[error("Indiquez le motif du rejet : le psychologue en a besoin pour corriger.")]
    NoReason,
}

impl Refusal for StepRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFrom { .. } => "invoice_state",
            Self::CreditNote => "credit_note_not_paid",
            Self::InTheFuture(_) => "date_in_the_future",
            Self::BeforeThePrevious { .. } => "date_before_previous_step",
            Self::NoReason => "reason_missing",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::InTheFuture(_) | Self::BeforeThePrevious { .. } => Some("on"),
            Self::NoReason => Some("reason"),
            _ => None,
        }
    }
}

/// Where a step leads, and what is said when it cannot start there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub to: InvoiceState,
    pub wanted: &'static str,
    pub action: &'static str,
    pub for_credit_notes: bool,
}

/// Loads the invoice and checks that the step may be taken on a day.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    clock: &Clock,
    id: InvoiceId,
    step: Step,
    on: NaiveDate,
) -> Result<Invoice, Failure<StepRefusal>> {
    let invoice = store::load(tx, id)?;
    if invoice.kind == InvoiceKind::CreditNote && !step.for_credit_notes {
        return refuse(StepRefusal::CreditNote);
    }
    if !invoice.state.leads_to(step.to) {
        return refuse(not_from(&invoice, step));
    }
    if on > clock.today() {
        return refuse(StepRefusal::InTheFuture(on));
    }
    let previous = [invoice.ordered_on, invoice.deposited_on].into_iter().flatten().next().unwrap_or(invoice.issued_on);
    if on < previous {
        return refuse(StepRefusal::BeforeThePrevious { on, previous });
    }
    Ok(invoice)
}

fn not_from(invoice: &Invoice, step: Step) -> StepRefusal {
    let state = invoice.state_french();
    StepRefusal::NotFrom { title: format!("La facture {}", invoice.number), state, wanted: step.wanted }
}

/// Refuses when the statement found the invoice in another state, and tells the journal otherwise.
pub(super) fn end(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Accountant,
    invoice: &Invoice,
    step: Step,
    changed: usize,
    after: Value,
) -> Result<(), Failure<StepRefusal>> {
    if changed != 1 {
        return refuse(not_from(&store::load(tx, invoice.id)?, step));
    }
    let entry = Entry {
        chain: Chain::Account(invoice.account),
        actor: Actor::Account(who.account),
        action: step.action,
        subject: "invoice",
        subject_id: invoice.id.0,
        before: Some(json!({ "state": invoice.state })),
        after: Some(after),
    };
    journal::write(tx, clock, entry)?;
    Ok(())
}
