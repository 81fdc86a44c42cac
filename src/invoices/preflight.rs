//! What the buyer, Chorus Pro or the law would refuse later, told before an invoice is issued.

use std::fmt;

use super::preview::{Preview, Unpriced};
use super::{Line, Pending};
use crate::calendar::{Month, french_date, short_date};
use crate::conventions::{RequiredReference, ServiceType, is_reference, is_service_code, is_siret};
use crate::documents::{DocumentError, VatRegime};
use crate::psychologists::BillingFlaw;

/// The law gives a local authority thirty days (CCP art. R. 2192-10).
const LONGEST_PAYMENT_DAYS: i32 = 30;

/// Something to mend, or to know, before the invoice is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The psychologist's identity.
    Billing(BillingFlaw),
    /// The buyer's establishment has no right number.
    BuyerSiret,
    /// The buyer requires a reference that is not set.
    Reference(RequiredReference),
    /// A reference of the buyer that Chorus Pro does not take.
    ReferenceText(&'static str),
    /// The buyer's time to pay is not that of the law.
    PaymentDays(i32),
    /// The month is not over.
    MonthNotOver(Month),
    /// There is nothing to invoice.
    Nothing(Month),
    /// A session has no rate or no VAT regime.
    Unpriced(Unpriced),
    /// Charging VAT takes a number.
    NoVatNumber,
    /// The lines cannot share an invoice.
    Document(DocumentError),
    /// Sessions past that are not recorded.
    ToRecord(i64),
    /// Sessions that wait for the coordinator.
    ToApprove(i64),
    /// Sessions refused, to be corrected.
    ToCorrect(i64),
    /// Services that wait for the Métropole, or to be corrected.
    Services(i64),
    /// Taxes that cannot share an invoice: so many are issued.
    SeveralInvoices(usize),
}

impl Finding {
    /// Whether the invoice cannot be issued because of it.
    pub fn is_blocking(&self) -> bool {
        !matches!(
            self,
            Self::ToRecord(_) | Self::ToApprove(_) | Self::ToCorrect(_) | Self::Services(_) | Self::SeveralInvoices(_)
        )
    }

    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Billing(flaw) => flaw.field.name(),
            Self::BuyerSiret => "buyer_siret",
            Self::Reference(_) => "buyer_reference_missing",
            Self::ReferenceText(_) => "buyer_reference_wrong",
            Self::PaymentDays(_) => "payment_days",
            Self::MonthNotOver(_) => "month_not_over",
            Self::Nothing(_) => "nothing_to_invoice",
            Self::Unpriced(unpriced) if unpriced.misses_rate => "rate_missing",
            Self::Unpriced(_) => "vat_regime_missing",
            Self::NoVatNumber => "vat_number_missing",
            Self::Document(_) => "lines_refused",
            Self::ToRecord(_) => "sessions_to_record",
            Self::ToApprove(_) => "sessions_to_approve",
            Self::ToCorrect(_) => "sessions_to_correct",
            Self::Services(_) => "services_waiting",
            Self::SeveralInvoices(_) => "several_invoices",
        }
    }

    /// Whether the psychologist mends it in their billing identity.
    pub fn is_mended_in_billing(&self) -> bool {
        matches!(self, Self::Billing(_) | Self::NoVatNumber)
            || matches!(self, Self::Unpriced(unpriced) if !unpriced.misses_rate)
    }
}

/// The sentence shown: what is the matter, and what to do.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = |n: i64| if n > 1 { "s" } else { "" };
        match self {
            Self::Billing(flaw) => flaw.fmt(f),
            Self::BuyerSiret => f.write_str(
                "Le SIRET de l’acheteur n’est pas valable : Chorus Pro rejetterait la facture. Prévenez l’administration de \
                 la Métropole.",
            ),
            Self::Reference(required) => write!(
                f,
                "L’acheteur exige {} sur les factures, et la convention n’en donne pas. Demandez-le à l’administration de la \
                 Métropole.",
                required.french()
            ),
            Self::ReferenceText(what) => write!(
                f,
                "Chorus Pro ne prend pas {what} de l’acheteur tel qu’il est écrit. Prévenez l’administration de la Métropole."
            ),
            Self::PaymentDays(days) => write!(
                f,
                "L’échéance serait à {days} jours, et la loi donne {LONGEST_PAYMENT_DAYS} jours au plus à une collectivité. \
                 Prévenez l’administration de la Métropole."
            ),
            Self::MonthNotOver(month) => write!(
                f,
                "Le mois de {} n’est pas terminé : la facture pourra être émise à partir du {}.",
                month.name(),
                french_date(month.last())
            ),
            Self::Nothing(month) => write!(
                f,
                "Il n’y a rien à facturer pour {month} : aucune séance ni prestation validée n’attend de facture."
            ),
            Self::Unpriced(Unpriced { service, on, misses_rate: true }) => write!(
                f,
                "Aucun tarif horaire n’est en vigueur le {} pour {}. Demandez-le à l’administration de la Métropole.",
                short_date(*on),
                the(*service)
            ),
            Self::Unpriced(Unpriced { service, .. }) => {
                write!(f, "Indiquez votre régime de TVA pour {}.", the(*service))
            }
            Self::NoVatNumber => {
                f.write_str("Facturer la TVA demande un numéro de TVA intracommunautaire : ajoutez-le à votre identité.")
            }
            Self::Document(error) => error.fmt(f),
            Self::ToRecord(n) => write!(
                f,
                "{n}\u{a0}séance{s} passée{s} de ce mois {attend} d’être saisie{s} : {la} de cette facture.",
                s = many(*n),
                attend = if *n > 1 { "attendent" } else { "attend" },
                la = absent(*n),
            ),
            Self::ToApprove(n) => write!(
                f,
                "{n}\u{a0}séance{s} de ce mois {attend} d’être validée{s} par la coordination : {la} de cette facture.",
                s = many(*n),
                attend = if *n > 1 { "attendent" } else { "attend" },
                la = absent(*n),
            ),
            Self::ToCorrect(n) => write!(
                f,
                "{n}\u{a0}séance{s} refusée{s} de ce mois {est} à corriger : {la} de cette facture.",
                s = many(*n),
                est = if *n > 1 { "sont" } else { "est" },
                la = absent(*n),
            ),
            Self::Services(n) => write!(
                f,
                "{n}\u{a0}prestation{s} de ce mois {attend} d’être validée{s} par la Métropole ou corrigée{s} : {la} de cette facture.",
                s = many(*n),
                attend = if *n > 1 { "attendent" } else { "attend" },
                la = absent(*n),
            ),
            Self::SeveralInvoices(n) => write!(
                f,
                "{n} factures seront émises ensemble, aux numéros qui se suivent : l’exonération des soins (article 261, \
                 4-1° du CGI) et la franchise en base (article 293 B) ne peuvent pas figurer sur la même facture."
            ),
        }
    }
}

fn absent(n: i64) -> &'static str {
    if n > 1 { "elles seront absentes" } else { "elle sera absente" }
}

fn the(service: ServiceType) -> &'static str {
    match service {
        ServiceType::Interview => "les entretiens psychologiques",
        ServiceType::PracticeAnalysis => "l’analyse de la pratique",
        ServiceType::Training => "les formations",
    }
}

/// All that stands against a preview: what blocks first, then what is only to know.
pub fn preflight(preview: &Preview) -> Vec<Finding> {
    let mut found = month(preview);
    found.extend(preview.unpriced.iter().copied().map(Finding::Unpriced));
    found.dedup();
    found.extend(preview.totals.as_ref().err().cloned().map(Finding::Document));
    found.extend(preview.issuer.billing.flaws(bills_care(preview)).into_iter().map(Finding::Billing));
    let charges = preview.lines.iter().any(|line| line.shown.vat == VatRegime::Standard);
    if charges && preview.issuer.billing.vat_number.is_none() {
        found.push(Finding::NoVatNumber);
    }
    found.extend(buyer(preview));
    found.extend((preview.parts.len() > 1).then_some(Finding::SeveralInvoices(preview.parts.len())));
    found.extend(pending(preview.pending));
    found
}

/// Whether a child's session is billed, or anything exempt as care is.
fn bills_care(preview: &Preview) -> bool {
    preview.lines.iter().any(Line::is_care) || preview.unpriced.iter().any(|one| one.service == ServiceType::Interview)
}

/// An invoice bills what was done: its last day of delivery is the last of the month (BT-72).
fn month(preview: &Preview) -> Vec<Finding> {
    let not_over = (preview.today < preview.month.last()).then_some(Finding::MonthNotOver(preview.month));
    let nothing = (preview.items() == 0 && preview.unpriced.is_empty()).then_some(Finding::Nothing(preview.month));
    not_over.into_iter().chain(nothing).collect()
}

fn buyer(preview: &Preview) -> Vec<Finding> {
    let buyer = &preview.buyer;
    let required = buyer.required_reference;
    let met = required.is_met(buyer.service_code.is_some(), buyer.engagement_number.is_some());
    let refused = |text: &Option<String>, taken: fn(&str) -> bool| text.as_deref().is_some_and(|text| !taken(text));
    [
        (!is_siret(&buyer.siret)).then_some(Finding::BuyerSiret),
        (!met).then_some(Finding::Reference(required)),
        refused(&buyer.service_code, is_service_code).then_some(Finding::ReferenceText("le code service")),
        refused(&buyer.engagement_number, is_reference).then_some(Finding::ReferenceText("le numéro d’engagement")),
        refused(&buyer.contract_number, is_reference).then_some(Finding::ReferenceText("le numéro de marché")),
        (!(1..=LONGEST_PAYMENT_DAYS).contains(&buyer.payment_days)).then_some(Finding::PaymentDays(buyer.payment_days)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn pending(pending: Pending) -> Vec<Finding> {
    let counts = [
        (pending.to_record, Finding::ToRecord(pending.to_record)),
        (pending.to_approve, Finding::ToApprove(pending.to_approve)),
        (pending.to_correct, Finding::ToCorrect(pending.to_correct)),
        (pending.services, Finding::Services(pending.services)),
    ];
    counts.into_iter().filter(|(count, _)| *count > 0).map(|(_, finding)| finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpriced(misses_rate: bool) -> Finding {
        let on = "2026-10-05".parse().unwrap();
        Finding::Unpriced(Unpriced { service: ServiceType::Training, on, misses_rate })
    }

    fn words(finding: &Finding) -> String {
        finding.to_string().replace('\u{a0}', " ")
    }

    #[test]
    fn a_missing_rate_is_the_metropole_s_and_a_missing_tax_the_psychologist_s() {
        assert_eq!((unpriced(true).code(), unpriced(false).code()), ("rate_missing", "vat_regime_missing"));
        assert!(unpriced(false).is_mended_in_billing() && Finding::NoVatNumber.is_mended_in_billing());
        assert!(!unpriced(true).is_mended_in_billing() && !Finding::BuyerSiret.is_mended_in_billing());
        assert_eq!(words(&unpriced(false)), "Indiquez votre régime de TVA pour les formations.");
    }

    #[test]
    fn one_session_and_several_are_told_in_their_number() {
        assert_eq!(
            words(&Finding::ToRecord(1)),
            "1 séance passée de ce mois attend d’être saisie : elle sera absente de cette facture."
        );
        assert_eq!(
            words(&Finding::ToRecord(2)),
            "2 séances passées de ce mois attendent d’être saisies : elles seront absentes de cette facture."
        );
    }
}
