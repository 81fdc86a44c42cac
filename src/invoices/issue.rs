//! Issues the invoice of a month: number, lines, frozen content, files, sessions and journal in one transaction.

use chrono::NaiveDate;

use super::freeze::{self, Draft, FreezeRefusal, Place};
use super::preflight::Finding;
use super::preview::{Part, Preview, preview};
use super::{BillableService, FrozenContent, PricedSession, notices, service_name, store};
use crate::accounts::Psychologist;
use crate::calendar::Month;
use crate::clock::Clock;
use crate::conventions::InvoiceChannel;
use crate::db::Tx;
use crate::documents::{
    Address, Buyer, Channel, DocumentError, DocumentKind, InvoiceContent, StatementContent, StatementRow,
    StatementService,
};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{ConventionId, InvoiceId, PsychologistId};
use crate::journal::Actor;
use crate::money::Cents;
use crate::psychologists::{self, Issuer};

/// Who issues.
#[derive(Debug, Clone, Copy)]
pub enum Issuance<'w> {
    /// The psychologist.
    Own(&'w Psychologist),
    /// Somebody else, or the system, in their name: a mandate must be in force on the day.
    Mandated {
        /// Who acts.
        by: Actor,
        /// For whom.
        psychologist: PsychologistId,
    },
}

impl Issuance<'_> {
    fn psychologist(self) -> PsychologistId {
        match self {
            Self::Own(who) => who.id,
            Self::Mandated { psychologist, .. } => psychologist,
        }
    }

    fn actor(self) -> Actor {
        match self {
            Self::Own(who) => Actor::Account(who.account),
            Self::Mandated { by, .. } => by,
        }
    }

    /// The day on which the mandate was signed; nothing when the psychologist issues.
    fn mandate(self, issuer: &Issuer, today: NaiveDate) -> Result<Option<NaiveDate>, Failure<IssueRefusal>> {
        match (self, issuer.mandate_on(today)) {
            (Self::Own(_), _) => Ok(None),
            (Self::Mandated { .. }, Some(mandate)) => Ok(Some(mandate.signed_on)),
            (Self::Mandated { .. }, None) => refuse(IssueRefusal::NoMandate(issuer.display_name.clone())),
        }
    }
}

/// What is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The month.
    pub month: Month,
    /// The convention.
    pub convention: ConventionId,
    /// What was seen before deciding; what is issued must still be that.
    pub seen: Option<Seen>,
}

/// What a preview showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// How many sessions and services.
    pub items: usize,
    /// What would be owed.
    pub gross: Cents,
}

/// Why an invoice is not issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueRefusal {
    /// It would be refused later.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))]
    Preflight(Vec<Finding>),
    /// Something was approved or withdrawn in between.
    #[error(
        "Les séances de ce mois ont changé depuis que vous avez vu l’aperçu : relisez-le, puis émettez la facture."
    )]
    Changed,
    /// The month has sessions under several conventions.
    #[error("Le mois de {0} a des séances sous plusieurs conventions : dites laquelle facturer.")]
    WhichConvention(Month),
    /// Nobody else may issue.
    #[error("Aucun mandat de facturation de {0} n’est en vigueur : seul le psychologue peut émettre sa facture.")]
    NoMandate(String),
    /// It cannot be written.
    #[error(transparent)]
    Freeze(#[from] FreezeRefusal),
}

impl Refusal for IssueRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Preflight(findings) => findings.first().map_or("preflight", Finding::code),
            Self::Changed => "preview_changed",
            Self::WhichConvention(_) => "several_conventions",
            Self::NoMandate(_) => "no_billing_mandate",
            Self::Freeze(_) => "invoice_not_written",
        }
    }
}

/// [`issue_all`], giving the first: the one of care where there is any. The others follow it in the series.
///
/// # Errors
/// As [`issue_all`].
pub fn issue(
    tx: &mut Tx<'_>,
    clock: &Clock,
    issuance: Issuance<'_>,
    order: Order,
) -> Result<InvoiceId, Failure<IssueRefusal>> {
    issue_all(tx, clock, issuance, order)?.first().copied().ok_or(Failure::NotFound)
}

/// Issues what a month bills under a convention: one invoice, or two in sequence where taxes cannot share one.
///
/// # Errors
/// As [`IssueRefusal`] says, when there is no such psychologist or convention, or when the database fails: then nothing
/// is written, and the numbers are free again.
pub fn issue_all(
    tx: &mut Tx<'_>,
    clock: &Clock,
    issuance: Issuance<'_>,
    order: Order,
) -> Result<Vec<InvoiceId>, Failure<IssueRefusal>> {
    let psychologist = issuance.psychologist();
    // the counter first: whoever issues for the same psychologist waits here, and then sees these sessions invoiced
    let mut place = freeze::take_place(tx, clock, psychologist).map_err(|f| f.map(IssueRefusal::from))?;
    let mandate = issuance.mandate(&psychologists::look_up::load(tx, psychologist)?, place.on)?;
    let preview = preview(tx, clock, psychologist, order.month, order.convention)?;
    let blocking: Vec<_> = preview.findings().into_iter().filter(Finding::is_blocking).collect();
    if !blocking.is_empty() {
        return refuse(IssueRefusal::Preflight(blocking));
    }
    if order.seen.is_some_and(|seen| seen.items != preview.items() || seen.gross != preview.gross()) {
        return refuse(IssueRefusal::Changed);
    }
    let mut issued = Vec::with_capacity(preview.parts.len());
    for (rank, part) in preview.parts.iter().enumerate() {
        if rank > 0 {
            place = freeze::take_place(tx, clock, psychologist).map_err(|f| f.map(IssueRefusal::from))?;
        }
        issued.push(issue_part(tx, clock, issuance, order, (&preview, part), (&place, mandate))?);
    }
    Ok(issued)
}

/// Issues one of the invoices of a month.
fn issue_part(
    tx: &mut Tx<'_>,
    clock: &Clock,
    issuance: Issuance<'_>,
    order: Order,
    (preview, part): (&Preview, &Part),
    (place, mandate): (&Place, Option<NaiveDate>),
) -> Result<InvoiceId, Failure<IssueRefusal>> {
    let content =
        content(preview, part, place, mandate).map_err(|e| Failure::Refused(FreezeRefusal::from(e).into()))?;
    let draft = Draft {
        issuer: &preview.issuer,
        actor: issuance.actor(),
        convention: order.convention,
        month: order.month,
        lines: &part.lines,
        content,
        corrects: None,
        due_on: preview.due_on(),
    };
    let id = freeze::write(tx, clock, place, draft).map_err(|f| f.map(IssueRefusal::from))?;
    let sessions: Vec<_> = part.sessions.iter().map(|priced| priced.session.id).collect();
    let services: Vec<_> = part.services.iter().map(|service| service.id).collect();
    let taken = store::invoice_sessions(tx, id, &sessions)? + store::invoice_services(tx, id, &services)?;
    if taken != sessions.len() + services.len() {
        // an approval was withdrawn since they were read
        return refuse(IssueRefusal::Changed);
    }
    notices::issued(tx, clock, id)?;
    Ok(id)
}

fn content(
    preview: &Preview,
    part: &Part,
    place: &Place,
    mandate: Option<NaiveDate>,
) -> Result<FrozenContent, DocumentError> {
    let invoice = InvoiceContent {
        channel: match preview.buyer.channel {
            InvoiceChannel::Reform => Channel::Reform,
            InvoiceChannel::ChorusDirect => Channel::ChorusDirect,
        },
        kind: DocumentKind::Invoice { due_on: preview.due_on() },
        number: place.number.clone(),
        issued_on: place.on,
        period_start: preview.month.first(),
        period_end: preview.month.last(),
        seller: preview.issuer.billing.seller(),
        buyer: Buyer {
            name: preview.buyer.name.clone(),
            siret: preview.buyer.siret.clone(),
            address: Address {
                street: preview.buyer.street.clone(),
                complement: None,
                postcode: preview.buyer.postcode.clone(),
                city: preview.buyer.city.clone(),
            },
            service_code: preview.buyer.service_code.clone(),
            engagement_number: preview.buyer.engagement_number.clone(),
            contract_number: preview.buyer.contract_number.clone(),
        },
        mandate_signed_on: mandate,
        lines: part.lines.iter().map(|line| line.shown.clone()).collect(),
        totals: part.totals.clone(),
    };
    let statement = StatementContent {
        invoice_number: invoice.number.clone(),
        issued_on: invoice.issued_on,
        period_start: invoice.period_start,
        period_end: invoice.period_end,
        seller_name: invoice.seller.legal_name.clone(),
        seller_siret: invoice.seller.siret.clone(),
        buyer_name: invoice.buyer.name.clone(),
        rows: part.sessions.iter().map(statement_row).collect(),
        services: part.services.iter().map(statement_service).collect(),
    };
    Ok(FrozenContent { invoice, statement: Some(statement) })
}

fn statement_row(PricedSession { session, hourly, .. }: &PricedSession) -> StatementRow {
    StatementRow {
        held_on: session.on,
        starts_at: session.time(),
        child_reference: session.child_reference.clone(),
        programme: session.programme_name.clone(),
        service_type: service_name(session.service),
        duration_minutes: session.minutes,
        hourly_rate_cents: *hourly,
    }
}

fn statement_service(service: &BillableService) -> StatementService {
    StatementService {
        held_on: service.on,
        starts_at: service.time(),
        service_type: service_name(service.service),
        concerned: service.concerned(),
        participants: service.participants,
        duration_minutes: service.minutes,
        hourly_rate_cents: service.hourly,
    }
}
