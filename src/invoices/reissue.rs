//! Cancels an invoice and issues it anew in one gesture: both happen, or neither.

use super::credit::{CreditRefusal, credit};
use super::issue::{Issuance, IssueRefusal, Order, issue};
use super::store;
use crate::accounts::Psychologist;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal};
use crate::ids::InvoiceId;

/// Why an invoice is not issued anew: nothing was cancelled either.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReissueRefusal {
    /// It cannot be cancelled.
    #[error(transparent)]
    Credit(CreditRefusal),
    /// The new one cannot be issued.
    #[error("La nouvelle facture ne peut pas être émise, et rien n’a été annulé. {0}")]
    Issue(IssueRefusal),
}

impl Refusal for ReissueRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Credit(refusal) => refusal.code(),
            Self::Issue(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Credit(refusal) => refusal.field(),
            Self::Issue(refusal) => refusal.field(),
        }
    }
}

/// What a cancel-and-reissue made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Reissued {
    /// The credit note of the former invoice.
    pub credit_note: InvoiceId,
    /// The new invoice.
    pub invoice: InvoiceId,
}

/// Issues a credit note of the invoice, then the month's invoice anew with the identity, references and approved
/// sessions of today.
///
/// # Errors
/// As [`ReissueRefusal`] says, when the invoice is not the psychologist's, or when the database fails.
pub fn reissue(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    id: InvoiceId,
    reason: &str,
) -> Result<Reissued, Failure<ReissueRefusal>> {
    let former = store::load_for(tx, who.into(), id)?;
    let credit_note = credit(tx, clock, who, id, reason).map_err(|f| f.map(ReissueRefusal::Credit))?;
    let order = Order { month: former.month, convention: former.convention, seen: None };
    let invoice = issue(tx, clock, Issuance::Own(who), order).map_err(|f| f.map(ReissueRefusal::Issue))?;
    Ok(Reissued { credit_note, invoice })
}
