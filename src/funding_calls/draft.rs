//! Drafts the calls of a budget year that are not made yet: one for each signatory that owes something.

use serde_json::json;

use super::store;
use crate::accounts::Administrator;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{BudgetYearId, FundingCallId};
use crate::journal::{self, Actor, Chain, Entry};

/// Why no call is drafted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DraftRefusal {
    /// Each signatory that owes something has its call.
    #[error("Chaque signataire qui doit une participation a déjà son appel de fonds pour cet exercice.")]
    NobodyToCall,
}

impl Refusal for DraftRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NobodyToCall => "nobody_to_call",
        }
    }
}

/// Drafts what is missing, and gives the drafts made.
///
/// # Errors
/// As [`DraftRefusal`] says, when there is no such budget year, or when the database fails.
pub fn draft(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    year: BudgetYearId,
) -> Result<Vec<FundingCallId>, Failure<DraftRefusal>> {
    let convention = store::convention_of(tx, year)?;
    let mut made = Vec::new();
    for signatory in store::to_call(tx, year)? {
        let id = store::insert_draft(tx, clock, who.account, year, signatory)?;
        let call = store::load(tx, id)?;
        let entry = Entry {
            chain: Chain::Convention(convention),
            actor: Actor::Account(who.account),
            action: "funding_call.drafted",
            subject: "funding_call",
            subject_id: id.0,
            before: None,
            after: Some(json!({ "year": call.year, "signatory": call.signatory_name, "amount_cents": call.amount })),
        };
        journal::write(tx, clock, entry)?;
        made.push(id);
    }
    if made.is_empty() { refuse(DraftRefusal::NobodyToCall) } else { Ok(made) }
}
