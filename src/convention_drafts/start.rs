//! Starts a draft: from an empty page, or from a convention for the period that follows it.

use serde_json::json;

use super::store;
use crate::accounts::Administrator;
use crate::clock::Clock;
use crate::conventions::file::{ConventionFile, Heading};
use crate::conventions::following::following;
use crate::conventions::{Buyer, InvoiceChannel, Period, RequiredReference, export};
use crate::db::Tx;
use crate::failure::{Failure, Never};
use crate::ids::{ConventionDraftId, ConventionId};
use crate::journal::{self, Actor, Chain, Entry};

/// Starts a draft, from a convention when one is named.
///
/// # Errors
/// When there is no such convention, or when the database fails.
pub fn start(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    from: Option<ConventionId>,
) -> Result<ConventionDraftId, Failure<Never>> {
    let file = match from {
        Some(convention) => following(&export::present(tx, convention)?),
        None => empty(clock),
    };
    let id = store::insert(tx, clock, who.account, &file, from)?;
    let entry = Entry {
        chain: Chain::Account(who.account),
        actor: Actor::Account(who.account),
        action: "convention_draft.started",
        subject: "convention_draft",
        subject_id: id.0,
        before: None,
        after: Some(json!({ "copied_from": from, "title": file.convention.title })),
    };
    journal::write(tx, clock, entry)?;
    Ok(id)
}

/// Nothing but today.
fn empty(clock: &Clock) -> ConventionFile {
    let today = clock.today();
    let nothing = String::new;
    ConventionFile {
        convention: Heading {
            slug: nothing(),
            title: nothing(),
            period: Period { from: today, until: today },
            signed_on: None,
            is_example: false,
        },
        buyer: Buyer {
            name: nothing(),
            siren: nothing(),
            siret: nothing(),
            street: nothing(),
            postcode: nothing(),
            city: nothing(),
            channel: InvoiceChannel::Reform,
            required_reference: RequiredReference::None,
            service_code: None,
            engagement_number: None,
            contract_number: None,
            payment_days: 30,
        },
        signatories: Vec::new(),
        neighbourhoods: Vec::new(),
        programmes: Vec::new(),
        grants: Vec::new(),
        budget_years: Vec::new(),
        service_lines: Vec::new(),
        terms: Vec::new(),
        rates: Vec::new(),
    }
}
