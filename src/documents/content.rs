//! What stands on an invoice or a credit note, frozen when it is issued: the XML and the page are made from this alone.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::calendar::short_date;
use crate::documents::DocumentError;
use crate::hours::Minutes;
use crate::money::Cents;

crate::text_enum! {
    /// The way an invoice takes to the public buyer; each has its own dialect of identifiers.
    Channel {
        /// Through an approved platform, in the dialect of the 2026 reform (XP Z12-012).
        Reform => "reform",
        /// Deposited in Chorus Pro by the issuer (EDI specification V4.21).
        ChorusDirect => "chorus_direct",
    }
}

crate::text_enum! {
    /// The value-added tax that an issuer owes on a type of service.
    VatRegime {
        /// Care by a psychologist, exempt (CGI art. 261, 4-1°).
        ExemptCare => "exempt_care",
        /// Any service of an issuer under the *franchise en base* (CGI art. 293 B).
        Franchise => "franchise",
        /// The standard rate of 20 %.
        Standard => "standard",
    }
}

impl VatRegime {
    /// The rate in percent.
    pub fn percent(self) -> Decimal {
        match self {
            Self::ExemptCare | Self::Franchise => Decimal::ZERO,
            Self::Standard => Decimal::from(20),
        }
    }

    /// The mention that the law wants on the page when no tax is charged.
    pub fn mention(self) -> Option<&'static str> {
        match self {
            Self::ExemptCare => Some("Exonération de TVA, article 261, 4-1° du Code général des impôts"),
            Self::Franchise => Some("TVA non applicable, article 293 B du Code général des impôts"),
            Self::Standard => None,
        }
    }

    /// The few words that a column of the page has room for.
    pub fn label(self) -> &'static str {
        match self {
            Self::ExemptCare => "Exonéré",
            Self::Franchise => "293\u{a0}B",
            Self::Standard => "20\u{a0}%",
        }
    }
}

/// A postal address in France.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Number and street.
    pub street: String,
    /// Building, floor or post-office box.
    pub complement: Option<String>,
    /// Five digits.
    pub postcode: String,
    /// Town.
    pub city: String,
}

/// The number under which a psychologist is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfessionalNumber {
    /// Eleven digits.
    Rpps(String),
    /// Nine digits, given before RPPS replaced it.
    Adeli(String),
}

impl std::fmt::Display for ProfessionalNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rpps(number) => write!(f, "RPPS {number}"),
            Self::Adeli(number) => write!(f, "ADELI {number}"),
        }
    }
}

/// The issuer: the psychologist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seller {
    /// Legal name with its form, such as `Claire Martin (EI)`: at most 99 characters.
    pub legal_name: String,
    /// Fourteen digits; the first nine are the SIREN.
    pub siret: String,
    /// Where the establishment stands.
    pub address: Address,
    /// RPPS or ADELI number: care is billed by who is registered.
    pub professional_number: Option<ProfessionalNumber>,
    /// Intra-community VAT number, such as `FR32123456782`; needed to charge VAT.
    pub vat_number: Option<String>,
    /// Account to pay, without spaces.
    pub iban: String,
    /// Bank of the account.
    pub bic: Option<String>,
}

impl Seller {
    /// The nine digits of the SIREN.
    pub fn siren(&self) -> &str {
        siren_of(&self.siret)
    }
}

/// The public buyer, with the references that its accounts ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// Name: at most 99 characters.
    pub name: String,
    /// Fourteen digits; the first nine are the SIREN.
    pub siret: String,
    /// Address to bill.
    pub address: Address,
    /// Service code of the Chorus Pro directory (*code service*).
    pub service_code: Option<String>,
    /// Commitment number (*numéro d'engagement*), at most 50 characters.
    pub engagement_number: Option<String>,
    /// Contract number (*numéro de marché*), at most 50 characters.
    pub contract_number: Option<String>,
}

impl Buyer {
    /// The nine digits of the SIREN.
    pub fn siren(&self) -> &str {
        siren_of(&self.siret)
    }
}

fn siren_of(siret: &str) -> &str {
    siret.get(..9).unwrap_or(siret)
}

/// An invoice named by another document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceReference {
    /// Its number.
    pub number: String,
    /// The day it was issued.
    pub issued_on: NaiveDate,
}

/// Invoice or credit note, with what only that kind has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// An invoice (380).
    Invoice {
        /// The last day to pay.
        due_on: NaiveDate,
    },
    /// A credit note (381): positive amounts that take back those of an invoice; nothing to pay.
    CreditNote {
        /// The invoice that it corrects.
        corrects: InvoiceReference,
    },
}

/// The sessions of one programme, one type of service and one rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// Rank on the invoice, from 1.
    pub position: u32,
    /// Name of the programme, such as `PRE de Chenôve`.
    pub programme: String,
    /// Generic name of the service, such as `Entretien psychologique`; never a child's name.
    pub service_type: String,
    /// Time of the sessions.
    pub duration_minutes: Minutes,
    /// Price of an hour without tax.
    pub hourly_rate_cents: Cents,
    /// Time × rate, rounded half-up to the cent once (rule 8 of the domain).
    pub net_cents: Cents,
    /// Tax that applies.
    pub vat: VatRegime,
}

impl InvoiceLine {
    /// Makes a line and computes its amount.
    pub fn new(
        position: u32,
        programme: &str,
        service_type: &str,
        time: Minutes,
        hourly_rate: Cents,
        vat: VatRegime,
    ) -> Self {
        Self {
            position,
            programme: programme.to_owned(),
            service_type: service_type.to_owned(),
            duration_minutes: time,
            hourly_rate_cents: hourly_rate,
            net_cents: hourly_rate.for_time(time),
            vat,
        }
    }
}

/// The lines of one VAT regime, and the tax on their sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VatShare {
    /// The regime.
    pub vat: VatRegime,
    /// Sum of the lines.
    pub base_cents: Cents,
    /// Tax on that sum, rounded half-up to the cent.
    pub tax_cents: Cents,
}

/// The sums of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// One entry a regime, in the order of [`VatRegime`].
    pub by_vat: Vec<VatShare>,
    /// Sum of the lines.
    pub net_cents: Cents,
    /// Sum of the taxes.
    pub vat_cents: Cents,
    /// What is owed: net and tax.
    pub gross_cents: Cents,
}

impl Totals {
    /// Adds up lines; the tax is rounded once a regime.
    ///
    /// Refuses regimes that cannot share an invoice. EN 16931 has one exempt category with one reason (BR-E-1), so
    /// care and *franchise* need an invoice each; and who charges VAT is not under the *franchise*.
    pub fn of(lines: &[InvoiceLine]) -> Result<Self, DocumentError> {
        let has = |vat| lines.iter().any(|line| line.vat == vat);
        if has(VatRegime::Franchise) && has(VatRegime::ExemptCare) {
            return Err(DocumentError::TwoExemptions);
        }
        if has(VatRegime::Franchise) && has(VatRegime::Standard) {
            return Err(DocumentError::FranchiseWithVat);
        }
        let by_vat: Vec<VatShare> = VatRegime::ALL.iter().filter_map(|vat| share(lines, *vat)).collect();
        let net: Cents = by_vat.iter().map(|share| share.base_cents).sum();
        let tax: Cents = by_vat.iter().map(|share| share.tax_cents).sum();
        Ok(Self { by_vat, net_cents: net, vat_cents: tax, gross_cents: net + tax })
    }
}

fn share(lines: &[InvoiceLine], vat: VatRegime) -> Option<VatShare> {
    let mut of_regime = lines.iter().filter(|line| line.vat == vat).peekable();
    of_regime.peek()?;
    let base: Cents = of_regime.map(|line| line.net_cents).sum();
    Some(VatShare { vat, base_cents: base, tax_cents: base.tax(vat.percent()) })
}

/// An invoice or a credit note as it was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceContent {
    /// Dialect of the XML.
    pub channel: Channel,
    /// Invoice or credit note.
    pub kind: DocumentKind,
    /// At most 20 characters among letters, digits and `-+_/`.
    pub number: String,
    /// The day it was issued.
    pub issued_on: NaiveDate,
    /// First day of the sessions' period.
    pub period_start: NaiveDate,
    /// Last day of the sessions' period, taken as the day of delivery.
    pub period_end: NaiveDate,
    /// The psychologist.
    pub seller: Seller,
    /// Dijon Métropole.
    pub buyer: Buyer,
    /// The day when the psychologist signed the mandate under which the invoice was issued for them, if it was.
    pub mandate_signed_on: Option<NaiveDate>,
    /// The lines, by position.
    pub lines: Vec<InvoiceLine>,
    /// Their sums, as [`Totals::of`] makes them.
    pub totals: Totals,
}

impl InvoiceContent {
    /// Refuses what an official rule would reject later, or amounts that do not add up.
    ///
    /// Check digits (SIRET, IBAN, RPPS) are not looked at here: they are checked where they are typed.
    pub fn check(&self) -> Result<(), DocumentError> {
        let accepted = |c: char| c.is_ascii_alphanumeric() || "-+_/".contains(c);
        if self.number.is_empty() || self.number.len() > 20 || !self.number.chars().all(accepted) {
            return Err(DocumentError::Number(self.number.clone()));
        }
        if self.lines.is_empty() {
            return Err(DocumentError::NoLine);
        }
        let wrong = |line: &&InvoiceLine| line.net_cents != line.hourly_rate_cents.for_time(line.duration_minutes);
        if let Some(line) = self.lines.iter().find(wrong) {
            return Err(DocumentError::LineAmount(line.position));
        }
        if self.totals != Totals::of(&self.lines)? {
            return Err(DocumentError::Totals);
        }
        if self.seller.vat_number.is_none() && self.lines.iter().any(|line| line.vat == VatRegime::Standard) {
            return Err(DocumentError::NoVatNumber);
        }
        if self.seller.professional_number.is_none() && self.lines.iter().any(|line| line.vat == VatRegime::ExemptCare)
        {
            return Err(DocumentError::NotRegistered);
        }
        Ok(())
    }

    /// `Facture F2026-10-0001` or `Avoir A2026-11-0001`.
    pub fn title(&self) -> String {
        match self.kind {
            DocumentKind::Invoice { .. } => format!("Facture {}", self.number),
            DocumentKind::CreditNote { .. } => format!("Avoir {}", self.number),
        }
    }

    /// How and when to pay, or what the credit note takes back.
    pub fn payment_terms(&self) -> String {
        match &self.kind {
            DocumentKind::Invoice { .. } => {
                "Paiement par virement à 30 jours (article R. 2192-10 du code de la commande publique).".to_owned()
            }
            DocumentKind::CreditNote { corrects } => format!(
                "Avoir sur la facture {} du {} : aucun règlement n’est attendu.",
                corrects.number,
                short_date(corrects.issued_on)
            ),
        }
    }

    /// The mention that the invoice was issued for the psychologist (CGI art. 289, I-2), if it was.
    pub fn mandate_mention(&self) -> Option<String> {
        let signed_on = self.mandate_signed_on?;
        let name = &self.seller.legal_name;
        let document = match self.kind {
            DocumentKind::Invoice { .. } => "Facture établie",
            DocumentKind::CreditNote { .. } => "Avoir établi",
        };
        Some(format!(
            "{document} par PsyPRE au nom et pour le compte de {name} (mandat de facturation du {}).",
            short_date(signed_on)
        ))
    }
}

/// Late interest (BT-21 = PMD; CCP art. L. 2192-13 and R. 2192-31).
pub const LATE_INTEREST: &str = "Tout retard de paiement donne lieu, de plein droit et sans autre formalité, à des \
     intérêts moratoires au taux de refinancement de la Banque centrale européenne majoré de huit points (articles \
     L. 2192-13 et R. 2192-31 du code de la commande publique).";

/// Fixed indemnity (BT-21 = PMT; CCP art. D. 2192-35).
pub const RECOVERY_INDEMNITY: &str = "Indemnité forfaitaire pour frais de recouvrement en cas de retard de paiement : \
     40\u{a0}euros (article D. 2192-35 du code de la commande publique).";

/// No discount (BT-21 = AAB; code de commerce art. L. 441-9).
pub const NO_DISCOUNT: &str = "Pas d’escompte pour paiement anticipé.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::samples;
    use proptest::prelude::*;

    fn line(minutes: i32, rate: i64, vat: VatRegime) -> InvoiceLine {
        InvoiceLine::new(1, "PRE de Longvic", "Entretien psychologique", Minutes(minutes), Cents(rate), vat)
    }

    #[test]
    fn tax_is_rounded_once_a_regime() {
        let lines = [
            line(15, 1010, VatRegime::Standard),
            line(15, 1010, VatRegime::Standard),
            line(60, 6000, VatRegime::ExemptCare),
        ];
        let totals = Totals::of(&lines).expect("totals");
        assert_eq!(lines[0].net_cents, Cents(253));
        assert_eq!(
            totals.by_vat.iter().map(|s| s.vat).collect::<Vec<_>>(),
            [VatRegime::ExemptCare, VatRegime::Standard]
        );
        assert_eq!(totals.by_vat[1].base_cents, Cents(506));
        assert_eq!(totals.by_vat[1].tax_cents, Cents(101));
        assert_eq!((totals.net_cents, totals.vat_cents, totals.gross_cents), (Cents(6506), Cents(101), Cents(6607)));
    }

    #[test]
    fn regimes_that_cannot_share_an_invoice_are_refused() {
        use VatRegime::{ExemptCare, Franchise, Standard};
        let both = |a, b| Totals::of(&[line(60, 6000, a), line(60, 6000, b)]);
        assert_eq!(both(ExemptCare, Franchise), Err(DocumentError::TwoExemptions));
        assert_eq!(both(Franchise, Standard), Err(DocumentError::FranchiseWithVat));
        assert!(both(ExemptCare, Standard).is_ok());
    }

    #[test]
    fn what_would_be_rejected_is_refused() {
        let good = samples::invoice(Channel::Reform, VatRegime::Standard);
        assert_eq!(good.check(), Ok(()));
        let refusal = |change: fn(&mut InvoiceContent)| {
            let mut content = good.clone();
            change(&mut content);
            content.check()
        };
        assert_eq!(refusal(|c| c.number = "F 1".into()), Err(DocumentError::Number("F 1".into())));
        assert!(matches!(refusal(|c| c.number = "F".repeat(21)), Err(DocumentError::Number(_))));
        assert_eq!(refusal(|c| c.lines.clear()), Err(DocumentError::NoLine));
        assert_eq!(refusal(|c| c.lines[1].net_cents += Cents(1)), Err(DocumentError::LineAmount(2)));
        assert_eq!(refusal(|c| c.totals.gross_cents += Cents(1)), Err(DocumentError::Totals));
        assert_eq!(refusal(|c| c.seller.vat_number = None), Err(DocumentError::NoVatNumber));
        assert_eq!(refusal(|c| c.seller.professional_number = None), Err(DocumentError::NotRegistered));
        assert_eq!(samples::unregistered(Channel::Reform).check(), Ok(()));
    }

    #[test]
    fn reads_back_from_its_json() {
        for content in [samples::invoice(Channel::Reform, VatRegime::ExemptCare), samples::credit_note(Channel::Reform)]
        {
            let json = serde_json::to_string(&content).expect("JSON");
            assert_eq!(serde_json::from_str::<InvoiceContent>(&json).expect("content"), content);
        }
    }

    proptest! {
        #[test]
        fn sums_are_exact(
            rows in proptest::collection::vec((1i32..200, 1i64..20_000, proptest::bool::ANY), 1..40),
        ) {
            let lines: Vec<_> = rows
                .iter()
                .map(|(quarters, rate, taxed)| {
                    line(quarters * 15, *rate, if *taxed { VatRegime::Standard } else { VatRegime::ExemptCare })
                })
                .collect();
            let totals = Totals::of(&lines).expect("totals");
            prop_assert_eq!(totals.net_cents, lines.iter().map(|l| l.net_cents).sum::<Cents>());
            prop_assert_eq!(totals.gross_cents, totals.net_cents + totals.vat_cents);
            for share in &totals.by_vat {
                let twice_exact = share.base_cents.0 * if share.vat == VatRegime::Standard { 40 } else { 0 };
                prop_assert!((share.tax_cents.0 * 200 - twice_exact) <= 100);
                prop_assert!((share.tax_cents.0 * 200 - twice_exact) > -100);
            }
        }
    }
}
