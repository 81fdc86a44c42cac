//! Issues the invoices of a month for the psychologists who gave a billing mandate: `psypre invoices issue`.

use super::issue::{Issuance, IssueRefusal, Order, issue_all};
use super::preflight::Finding;
use super::preview::previews;
use super::{Invoice, store};
use crate::calendar::Month;
use crate::clock::Clock;
use crate::db::{Db, DbError};
use crate::failure::Failure;
use crate::ids::ConventionId;
use crate::journal::Actor;
use crate::psychologists::{self, Issuer};

/// What became of one psychologist's month.
#[derive(Debug)]
pub struct Told {
    /// Whose.
    pub psychologist: String,
    /// What was done, or why nothing was.
    pub outcome: Outcome,
}

/// What was done for one psychologist.
#[derive(Debug)]
pub enum Outcome {
    /// The invoice was issued.
    Issued(Box<Invoice>),
    /// Nothing waits for an invoice.
    Nothing,
    /// It would be refused, or there is no mandate.
    Refused(IssueRefusal),
}

/// `Claire Exemple : facture F2026-0001 émise, 1 320,00 €`.
impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} : ", self.psychologist)?;
        match &self.outcome {
            Outcome::Issued(invoice) => write!(f, "facture {} émise, {}", invoice.number, invoice.gross),
            Outcome::Nothing => f.write_str("rien à facturer"),
            Outcome::Refused(refusal) => write!(f, "non émise. {refusal}"),
        }
    }
}

/// Issues the month's invoice of every psychologist with a mandate, or of the one of this address, and tells each. One
/// psychologist's trouble stops nobody else's invoice.
///
/// # Errors
/// When nobody has that address, or the database fails.
pub fn issue_mandated(
    db: &Db,
    clock: &Clock,
    month: Month,
    email: Option<&str>,
) -> Result<Vec<Told>, Failure<IssueRefusal>> {
    let issuers = db.read::<_, Failure<IssueRefusal>>(|conn| Ok(psychologists::look_up::all(conn)?))?;
    let chosen: Vec<_> = match email {
        Some(email) => issuers.into_iter().filter(|issuer| issuer.email == email.trim().to_lowercase()).collect(),
        None => issuers.into_iter().filter(|issuer| issuer.mandate_on(clock.today()).is_some()).collect(),
    };
    if email.is_some() && chosen.is_empty() {
        return Err(Failure::NotFound);
    }
    let mut told = Vec::new();
    for issuer in chosen {
        for outcome in issue_for(db, clock, month, &issuer)? {
            told.push(Told { psychologist: issuer.display_name.clone(), outcome });
        }
    }
    Ok(told)
}

fn issue_for(db: &Db, clock: &Clock, month: Month, issuer: &Issuer) -> Result<Vec<Outcome>, Failure<IssueRefusal>> {
    let conventions: Vec<ConventionId> = db.read::<_, DbError>(|conn| {
        Ok(previews(conn, clock, issuer.id, month)?.into_iter().map(|preview| preview.convention.id).collect())
    })?;
    let outcomes: Result<Vec<Vec<Outcome>>, _> =
        conventions.into_iter().map(|convention| issue_under(db, clock, month, issuer, convention)).collect();
    Ok(outcomes?.into_iter().flatten().collect())
}

fn issue_under(
    db: &Db,
    clock: &Clock,
    month: Month,
    issuer: &Issuer,
    convention: ConventionId,
) -> Result<Vec<Outcome>, Failure<IssueRefusal>> {
    let issuance = Issuance::Mandated { by: Actor::System, psychologist: issuer.id };
    let order = Order { month, convention, seen: None };
    let issued = db.write(|tx| {
        let ids = issue_all(tx, clock, issuance, order)?;
        Ok(ids.into_iter().map(|id| store::load(tx, id)).collect::<Result<Vec<Invoice>, _>>()?)
    });
    match issued {
        Ok(invoices) => Ok(invoices.into_iter().map(|invoice| Outcome::Issued(Box::new(invoice))).collect()),
        Err(Failure::Refused(IssueRefusal::Preflight(findings)))
            if findings.iter().any(|finding| matches!(finding, Finding::Nothing(_))) =>
        {
            Ok(vec![Outcome::Nothing])
        }
        Err(Failure::Refused(refusal)) => Ok(vec![Outcome::Refused(refusal)]),
        Err(other) => Err(other),
    }
}
