//! Changes a psychologist's billing identity. Invoices already issued keep their own copy.

use serde_json::{Value, json};

use super::{BillingFault, BillingFlaw, BillingIdentity, store};
use crate::accounts::Psychologist;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::journal::{self, Actor, Chain, Entry};

/// What is wrong in an identity: never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentences())]
pub struct BillingRefusal(pub Vec<BillingFlaw>);

impl BillingRefusal {
    fn sentences(&self) -> String {
        self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

impl Refusal for BillingRefusal {
    fn code(&self) -> &'static str {
        "billing_identity_wrong"
    }

    fn field(&self) -> Option<&'static str> {
        self.0.first().map(|flaw| flaw.field.name())
    }
}

/// Saves the identity, even when something is still missing: what is there must be right.
///
/// # Errors
/// When a number is wrong, or the database fails.
pub fn update_billing(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    new: BillingIdentity,
) -> Result<(), Failure<BillingRefusal>> {
    let new = new.tidied();
    let wrong: Vec<_> = new.flaws(false).into_iter().filter(|flaw| flaw.fault == BillingFault::Wrong).collect();
    if !wrong.is_empty() {
        return refuse(BillingRefusal(wrong));
    }
    let before = store::load(tx, who.id)?.billing;
    if before == new {
        return Ok(());
    }
    store::update_billing(tx, who.id, &new)?;
    let entry = Entry {
        chain: Chain::Account(who.account),
        actor: Actor::Account(who.account),
        action: "psychologist.billing_changed",
        subject: "psychologist",
        subject_id: who.id.0,
        before: Some(facts(&before)),
        after: Some(facts(&new)),
    };
    journal::write(tx, clock, entry)?;
    Ok(())
}

/// What the journal keeps: who reads it needs no whole bank account.
fn facts(identity: &BillingIdentity) -> Value {
    json!({
        "legal_name": identity.legal_name,
        "siret": identity.siret,
        "rpps": identity.rpps,
        "adeli": identity.adeli,
        "vat_number": identity.vat_number,
        "iban": identity.masked_iban(),
        "bic": identity.bic,
        "street": identity.street,
        "postcode": identity.postcode,
        "city": identity.city,
    })
}
