//! Makes an account a psychologist.

use serde_json::json;

use super::{BillingIdentity, store};
use crate::clock::Clock;
use crate::db::{Tx, violated};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{AccountId, PsychologistId};
use crate::journal::{self, Actor, Chain, Entry};

/// Why an account cannot be made a psychologist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreateRefusal {
    /// It is one.
    #[error("Ce compte est déjà celui d’un psychologue.")]
    AlreadyOne,
}

impl Refusal for CreateRefusal {
    fn code(&self) -> &'static str {
        "already_a_psychologist"
    }
}

/// Makes an account a psychologist, with as much of their billing identity as is known; they fill in the rest.
///
/// # Errors
/// When the account is one, or the database fails.
pub fn create(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: Actor,
    account: AccountId,
    identity: BillingIdentity,
) -> Result<PsychologistId, Failure<CreateRefusal>> {
    let identity = identity.tidied();
    let id = match store::insert(tx, clock, account, &identity) {
        Err(e) if violated(&e, "psychologists_account_unique") || violated(&e, "psychologists.account_id") => {
            return refuse(CreateRefusal::AlreadyOne);
        }
        other => other?,
    };
    let entry = Entry {
        chain: Chain::Account(account),
        actor: who,
        action: "psychologist.created",
        subject: "psychologist",
        subject_id: id.0,
        before: None,
        after: Some(json!({ "legal_name": identity.legal_name, "siret": identity.siret })),
    };
    journal::write(tx, clock, entry)?;
    Ok(id)
}
