//! Either of the two, or another coordinator of the programme, ends a substitution before its last day.

use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::SubstitutionId;
use crate::journal::{self, Actor, Chain, Entry};
use crate::substitutions::{Party, Standing, notices, store};

/// Why it does not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndRefusal {
    /// It did already.
    #[error("Ce remplacement est déjà terminé : il n’y a rien à faire.")]
    Over,
}

impl Refusal for EndRefusal {
    fn code(&self) -> &'static str {
        "substitution_over"
    }
}

/// Ends a substitution now, and tells the other.
///
/// # Errors
/// When it is not theirs, or is over.
pub fn end(tx: &mut Tx<'_>, clock: &Clock, who: &Party, id: SubstitutionId) -> Result<(), Failure<EndRefusal>> {
    let found = store::load(tx, who, id)?;
    let open = matches!(found.standing(clock.today()), Standing::ToCome | Standing::InForce);
    if !open || !store::end(tx, id, who.account, clock.now())? {
        return refuse(EndRefusal::Over);
    }
    let facts = |ended: bool| {
        serde_json::json!({
            "substitute_id": found.substitute, "starts_on": found.starts_on, "ends_on": found.ends_on, "ended": ended,
        })
    };
    let entry = Entry {
        chain: Chain::Programme(found.programme),
        actor: Actor::Account(who.account),
        action: "substitution.ended",
        subject: "substitution",
        subject_id: id.0,
        before: Some(facts(false)),
        after: Some(facts(true)),
    };
    journal::write(tx, clock, entry)?;
    Ok(notices::ended(tx, clock, &found, who.account)?)
}
