//! Psychologists as issuers of invoices: legal and bank identity, VAT, billing mandate.
//!
//! A psychologist invoices in their own name; what the law and Chorus Pro want of them is checked where it is typed, so
//! that no invoice is rejected for it later. An issued invoice freezes its own copy.

pub mod create;
pub mod look_up;
pub mod mandate;
pub mod pages;
pub mod set_vat_regime;
mod store;
pub mod update_billing;

use std::fmt;

use chrono::NaiveDate;

pub use crate::documents::VatRegime;

use crate::conventions::{ServiceType, has_luhn_digit, is_siren, is_siret};
use crate::documents::{Address, ProfessionalNumber, Seller};
use crate::ids::{AccountId, PsychologistId};

/// Who issues invoices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The psychologist.
    pub id: PsychologistId,
    /// Their account, on whose chain the journal tells of their invoices.
    pub account: AccountId,
    /// How they are called on screens.
    pub display_name: String,
    /// Their address.
    pub email: String,
    /// What stands on their invoices.
    pub billing: BillingIdentity,
    /// The mandate that they gave, if they did.
    pub mandate: Option<Mandate>,
    /// Whether children were entrusted to them: then a professional number stands on their invoices.
    pub follows_children: bool,
}

/// A psychologist's legal and bank identity; a text is empty until it is filled in.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct BillingIdentity {
    /// As it stands on invoices, such as `Claire Martin (EI)`: at most 99 characters.
    pub legal_name: String,
    /// Fourteen digits; the first nine are the SIREN.
    pub siret: String,
    /// Eleven digits.
    pub rpps: Option<String>,
    /// Nine digits, given before RPPS replaced it.
    pub adeli: Option<String>,
    /// Intra-community VAT number, such as `FR11123456782`: only who charges VAT has one.
    pub vat_number: Option<String>,
    /// Account to pay, without spaces.
    pub iban: String,
    /// Bank of the account.
    pub bic: Option<String>,
    /// Number and street.
    pub street: String,
    /// Five digits.
    pub postcode: String,
    /// Town.
    pub city: String,
}

/// A billing mandate (CGI art. 289 I-2): the month's invoice may be issued in the psychologist's name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Mandate {
    /// The day on which it was signed.
    pub signed_on: NaiveDate,
    /// Who signed it.
    pub signed_by: String,
}

impl Issuer {
    /// The mandate in force on a day.
    pub fn mandate_on(&self, day: NaiveDate) -> Option<&Mandate> {
        self.mandate.as_ref().filter(|mandate| mandate.signed_on <= day)
    }

    /// All that an invoice of what they do would be rejected for, in the order of the form.
    pub fn flaws(&self) -> Vec<BillingFlaw> {
        self.billing.flaws(self.follows_children)
    }
}

impl BillingIdentity {
    /// The identity without the spaces and dots that people put in numbers.
    #[must_use]
    pub fn tidied(self) -> Self {
        let plain = |text: String| -> String {
            text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-')).collect::<String>().to_uppercase()
        };
        let plain_if_any = |text: Option<String>| text.map(plain).filter(|text| !text.is_empty());
        let trimmed = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            legal_name: trimmed(self.legal_name),
            siret: plain(self.siret),
            rpps: plain_if_any(self.rpps),
            adeli: plain_if_any(self.adeli),
            vat_number: plain_if_any(self.vat_number),
            iban: plain(self.iban),
            bic: plain_if_any(self.bic),
            street: trimmed(self.street),
            postcode: plain(self.postcode),
            city: trimmed(self.city),
        }
    }

    /// All that an invoice of this psychologist would be rejected for, in the order of the form: care is billed by who
    /// is registered as a psychologist (law 85-772, art. 44); practice analysis and training need no registration.
    pub fn flaws(&self, bills_care: bool) -> Vec<BillingFlaw> {
        use BillingFault::{Missing, Wrong};
        use BillingField::*;
        let optional = |text: &Option<String>, good: fn(&str) -> bool| text.as_deref().is_some_and(|text| !good(text));
        let required = |text: &str, good: bool| match (text.is_empty(), good) {
            (true, _) => Some(Missing),
            (false, good) => (!good).then_some(Wrong),
        };
        let vat_number_is_theirs =
            self.vat_number.as_deref().is_none_or(|number| is_vat_number(number) && number.ends_with(self.siren()));
        let found = [
            (LegalName, required(&self.legal_name, self.legal_name.chars().count() <= LONGEST_NAME)),
            (Street, required(&self.street, self.street.chars().count() <= LONGEST_NAME)),
            (Postcode, required(&self.postcode, is_postcode(&self.postcode))),
            (City, required(&self.city, self.city.chars().count() <= LONGEST_NAME)),
            (Siret, required(&self.siret, is_siret(&self.siret))),
            (Rpps, (bills_care && self.professional_number().is_none()).then_some(Missing)),
            (Rpps, optional(&self.rpps, is_rpps).then_some(Wrong)),
            (Adeli, optional(&self.adeli, is_adeli).then_some(Wrong)),
            (Iban, required(&self.iban, is_iban(&self.iban))),
            (Bic, optional(&self.bic, is_bic).then_some(Wrong)),
            (VatNumber, (!vat_number_is_theirs).then_some(Wrong)),
        ];
        found.into_iter().filter_map(|(field, fault)| Some(BillingFlaw { field, fault: fault? })).collect()
    }

    /// The nine digits of the SIREN; empty when the SIRET is not filled in.
    pub fn siren(&self) -> &str {
        self.siret.get(..9).unwrap_or_default()
    }

    /// How they are registered, if they are.
    pub fn professional_number(&self) -> Option<ProfessionalNumber> {
        let rpps = self.rpps.clone().map(ProfessionalNumber::Rpps);
        rpps.or_else(|| self.adeli.clone().map(ProfessionalNumber::Adeli))
    }

    /// The issuer as invoices have them.
    pub fn seller(&self) -> Seller {
        Seller {
            legal_name: self.legal_name.clone(),
            siret: self.siret.clone(),
            address: Address {
                street: self.street.clone(),
                complement: None,
                postcode: self.postcode.clone(),
                city: self.city.clone(),
            },
            professional_number: self.professional_number(),
            vat_number: self.vat_number.clone(),
            iban: self.iban.clone(),
            bic: self.bic.clone(),
        }
    }

    /// The IBAN without its middle, for journals and confirmations: `FR76 … 0189`.
    pub fn masked_iban(&self) -> String {
        match (self.iban.get(..4), self.iban.len().checked_sub(4).and_then(|at| self.iban.get(at..))) {
            (Some(start), Some(end)) if self.iban.len() > 8 => format!("{start} … {end}"),
            _ => String::new(),
        }
    }
}

/// Chorus Pro takes no longer name (BR-FR-CPRO-43).
const LONGEST_NAME: usize = 99;

/// A field of the billing identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillingField {
    /// Name on invoices.
    LegalName,
    /// Street.
    Street,
    /// Postcode.
    Postcode,
    /// Town.
    City,
    /// SIRET.
    Siret,
    /// RPPS number.
    Rpps,
    /// Former ADELI number.
    Adeli,
    /// IBAN.
    Iban,
    /// BIC.
    Bic,
    /// VAT number.
    VatNumber,
}

impl BillingField {
    /// The name of its field in forms and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::LegalName => "legal_name",
            Self::Street => "street",
            Self::Postcode => "postcode",
            Self::City => "city",
            Self::Siret => "siret",
            Self::Rpps => "rpps",
            Self::Adeli => "adeli",
            Self::Iban => "iban",
            Self::Bic => "bic",
            Self::VatNumber => "vat_number",
        }
    }
}

impl BillingField {
    /// The word that users read.
    pub fn french(self) -> &'static str {
        match self {
            Self::LegalName => "le nom sur les factures",
            Self::Street => "l’adresse",
            Self::Postcode => "le code postal",
            Self::City => "la ville",
            Self::Siret => "le SIRET",
            Self::Rpps => "le numéro RPPS",
            Self::Adeli => "le numéro ADELI",
            Self::Iban => "l’IBAN",
            Self::Bic => "le BIC",
            Self::VatNumber => "le numéro de TVA",
        }
    }
}

/// How a field is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillingFault {
    /// Nothing is there.
    Missing,
    /// It would be rejected.
    Wrong,
}

/// What an invoice would be rejected for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillingFlaw {
    /// Where.
    pub field: BillingField,
    /// How.
    pub fault: BillingFault,
}

/// The sentence shown: what to do.
impl fmt::Display for BillingFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use BillingFault::{Missing, Wrong};
        use BillingField::*;
        f.write_str(match (self.field, self.fault) {
            (LegalName, Missing) => "Indiquez le nom qui figure sur vos factures.",
            (LegalName, Wrong) => "Raccourcissez le nom : 99 caractères au plus.",
            (Street, Missing) => "Indiquez le numéro et la voie de votre adresse professionnelle.",
            (Street, Wrong) => "Raccourcissez l’adresse : 99 caractères au plus.",
            (Postcode, Missing) => "Indiquez le code postal.",
            (Postcode, Wrong) => "Corrigez le code postal : cinq chiffres, par exemple 21000.",
            (City, Missing) => "Indiquez la ville.",
            (City, Wrong) => "Raccourcissez la ville : 99 caractères au plus.",
            (Siret, Missing) => "Indiquez votre SIRET : quatorze chiffres, sur votre avis de situation Insee.",
            (Siret, Wrong) => "Vérifiez le SIRET : quatorze chiffres, et la clé de contrôle ne convient pas.",
            (Rpps, Missing) => "Indiquez votre numéro RPPS, ou à défaut votre ancien numéro ADELI : les séances d’enfants ne se facturent pas sans lui.",
            (Rpps, Wrong) => "Vérifiez le numéro RPPS : onze chiffres, et la clé de contrôle ne convient pas.",
            (Adeli, _) => "Vérifiez le numéro ADELI : neuf chiffres.",
            (Iban, Missing) => "Indiquez l’IBAN du compte à payer.",
            (Iban, Wrong) => "Vérifiez l’IBAN : la clé de contrôle ou la longueur ne convient pas.",
            (Bic, _) => "Vérifiez le BIC : huit ou onze lettres et chiffres, par exemple AGRIFRPP.",
            (VatNumber, _) => "Vérifiez le numéro de TVA : FR, deux caractères, puis les neuf chiffres de votre SIREN.",
        })
    }
}

/// A VAT regime from a day on, until the next of the same service type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedVatRegime {
    /// For what.
    pub service: ServiceType,
    /// The first day on which it is in force.
    pub from: NaiveDate,
    /// The regime.
    pub regime: VatRegime,
}

impl DatedVatRegime {
    /// The words that users read.
    pub fn french(&self) -> &'static str {
        regime_french(self.regime)
    }
}

/// The regime in force for a service type on a day. Care is exempt by law (CGI art. 261, 4-1°) unless the psychologist
/// said otherwise; the rest is not care, and the psychologist must say.
pub fn regime_in_force(regimes: &[DatedVatRegime], service: ServiceType, day: NaiveDate) -> Option<VatRegime> {
    let begun = |r: &&DatedVatRegime| r.service == service && r.from <= day;
    let said = regimes.iter().filter(begun).max_by_key(|r| r.from).map(|r| r.regime);
    said.or((service == ServiceType::Interview).then_some(VatRegime::ExemptCare))
}

/// The words that users read for a regime.
pub fn regime_french(regime: VatRegime) -> &'static str {
    match regime {
        VatRegime::ExemptCare => "exonérée (soins, article 261, 4-1° du CGI)",
        VatRegime::Franchise => "non applicable (franchise en base, article 293 B du CGI)",
        VatRegime::Standard => "au taux de 20 %",
    }
}

/// Whether a text is an RPPS number: eleven digits, the last of which checks the others.
pub fn is_rpps(number: &str) -> bool {
    number.len() == 11 && has_luhn_digit(number)
}

/// Whether a text is a former ADELI number: nine digits, of a psychologist (93).
///
/// The two figures after the department are the profession: 93 for psychologists.
pub fn is_adeli(number: &str) -> bool {
    number.len() == 9 && has_only_digits_from(number, 2) && number.get(2..4) == Some("93")
}

/// Departments may hold a letter (2A, 2B), so the first two characters are looser.
fn has_only_digits_from(number: &str, start: usize) -> bool {
    let letters = number.bytes().take(start).all(|b| b.is_ascii_digit() || matches!(b, b'A' | b'B'));
    letters && number.bytes().skip(start).all(|b| b.is_ascii_digit())
}

fn is_postcode(text: &str) -> bool {
    text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a text is an IBAN without spaces: country, check digits modulo 97, and the French length (ISO 13616).
pub fn is_iban(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shaped = (15..=34).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        && bytes.iter().take(2).all(u8::is_ascii_uppercase)
        && bytes.iter().skip(2).take(2).all(u8::is_ascii_digit);
    let length_of_country = !text.starts_with("FR") || bytes.len() == 27;
    let turned = bytes.iter().skip(4).chain(bytes.iter().take(4));
    let remainder = turned.fold(0_u32, |rest, b| match b {
        b'0'..=b'9' => (rest * 10 + u32::from(b - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter.wrapping_sub(b'A')) + 10) % 97,
    });
    shaped && length_of_country && remainder == 1
}

/// Whether a text is a BIC: bank (4 letters), country (2 letters), place (2), branch (3 or none).
pub fn is_bic(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes.len(), 8 | 11)
        && bytes.iter().take(6).all(u8::is_ascii_uppercase)
        && bytes.iter().skip(6).all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether a text is a French VAT number: `FR`, a key, and a SIREN that the key checks when it is made of digits.
pub fn is_vat_number(text: &str) -> bool {
    let (Some("FR"), Some(key), Some(siren)) = (text.get(..2), text.get(2..4), text.get(4..)) else { return false };
    if !is_siren(siren) {
        return false;
    }
    match (key.parse::<u64>(), siren.parse::<u64>()) {
        (Ok(key), Ok(siren)) => (12 + 3 * (siren % 97)) % 97 == key,
        _ => key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn complete() -> BillingIdentity {
        BillingIdentity {
            legal_name: "Claire Exemple (EI)".to_owned(),
            siret: "12345678200010".to_owned(),
            rpps: Some("10001234565".to_owned()),
            adeli: None,
            vat_number: None,
            iban: "FR7630006000011234567890189".to_owned(),
            bic: Some("AGRIFRPP".to_owned()),
            street: "12 rue de l’Exemple".to_owned(),
            postcode: "21000".to_owned(),
            city: "Dijon".to_owned(),
        }
    }

    fn flaw(change: fn(&mut BillingIdentity)) -> Vec<(BillingField, BillingFault)> {
        let mut identity = complete();
        change(&mut identity);
        identity.flaws(true).into_iter().map(|flaw| (flaw.field, flaw.fault)).collect()
    }

    #[test]
    fn a_complete_identity_has_no_flaw() {
        assert_eq!(complete().flaws(true), []);
        assert_eq!(complete().seller().professional_number, Some(ProfessionalNumber::Rpps("10001234565".to_owned())));
    }

    #[test]
    fn who_bills_no_care_needs_no_professional_number() {
        let unregistered = BillingIdentity { rpps: None, ..complete() };
        assert_eq!(unregistered.flaws(false), []);
        assert_eq!(unregistered.seller().professional_number, None);
        let wrong = BillingIdentity { rpps: Some("10001234566".to_owned()), ..complete() };
        assert_eq!(wrong.flaws(false).len(), 1, "what is typed must be right all the same");
        let former = BillingIdentity { adeli: Some("219312345".to_owned()), ..unregistered };
        assert_eq!(former.seller().professional_number, Some(ProfessionalNumber::Adeli("219312345".to_owned())));
    }

    #[test]
    fn each_field_is_refused_by_itself() {
        use BillingFault::{Missing, Wrong};
        use BillingField::*;
        assert_eq!(flaw(|i| i.legal_name.clear()), [(LegalName, Missing)]);
        assert_eq!(flaw(|i| i.legal_name = "x".repeat(100)), [(LegalName, Wrong)]);
        assert_eq!(flaw(|i| i.street.clear()), [(Street, Missing)]);
        assert_eq!(flaw(|i| i.postcode = "2100".into()), [(Postcode, Wrong)]);
        assert_eq!(flaw(|i| i.city.clear()), [(City, Missing)]);
        assert_eq!(flaw(|i| i.siret.clear()), [(Siret, Missing)]);
        assert_eq!(flaw(|i| i.siret = "12345678200011".into()), [(Siret, Wrong)]);
        assert_eq!(flaw(|i| i.rpps = None), [(Rpps, Missing)]);
        assert_eq!(flaw(|i| i.rpps = Some("10001234566".into())), [(Rpps, Wrong)]);
        assert_eq!(flaw(|i| i.adeli = Some("2193123".into())), [(Adeli, Wrong)]);
        assert_eq!(flaw(|i| i.iban = "FR7630006000011234567890188".into()), [(Iban, Wrong)]);
        assert_eq!(flaw(|i| i.bic = Some("AGRI".into())), [(Bic, Wrong)]);
        assert_eq!(flaw(|i| i.vat_number = Some("FR11123456783".into())), [(VatNumber, Wrong)]);
        assert_eq!(flaw(|i| i.vat_number = Some("FR83404833048".into())), [(VatNumber, Wrong)]);
        assert_eq!(flaw(|i| i.vat_number = Some("FR11123456782".into())), []);
        assert_eq!(flaw(|i| (i.rpps, i.adeli) = (None, Some("219312345".into()))), []);
    }

    #[test]
    fn what_people_type_is_tidied() {
        let typed = BillingIdentity {
            siret: "123 456 782 00010".to_owned(),
            iban: "fr76 3000 6000 0112 3456 7890 189".to_owned(),
            bic: Some(" ".to_owned()),
            legal_name: " Claire  Exemple (EI) ".to_owned(),
            ..complete()
        };
        assert_eq!(typed.tidied(), BillingIdentity { bic: None, ..complete() });
        assert_eq!(complete().masked_iban(), "FR76 … 0189");
    }

    #[test]
    fn numbers_of_others_and_ours() {
        for good in ["FR7630006000011234567890189", "DE89370400440532013000", "GB82WEST12345698765432"] {
            assert!(is_iban(good), "{good}");
        }
        for bad in ["", "FR76", "FR763000600001123456789018", "fr7630006000011234567890189", "GB82WEST12345698765433"] {
            assert!(!is_iban(bad), "{bad}");
        }
        assert!(is_bic("AGRIFRPP") && is_bic("AGRIFRPP881") && !is_bic("AGR1FRPP") && !is_bic("AGRIFRPP8"));
        assert!(is_adeli("219312345") && is_adeli("2A9312345") && !is_adeli("210012345") && !is_adeli("21931234X"));
        assert!(is_vat_number("FR83404833048") && !is_vat_number("FR84404833048") && !is_vat_number("DE811569869"));
    }

    #[test]
    fn care_is_exempt_unless_said_otherwise() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let said =
            [DatedVatRegime { service: ServiceType::Training, from: day("2026-03-01"), regime: VatRegime::Franchise }];
        assert_eq!(regime_in_force(&said, ServiceType::Interview, day("2026-01-01")), Some(VatRegime::ExemptCare));
        assert_eq!(regime_in_force(&said, ServiceType::Training, day("2026-02-28")), None);
        assert_eq!(regime_in_force(&said, ServiceType::Training, day("2026-03-01")), Some(VatRegime::Franchise));
    }

    proptest! {
        #[test]
        fn a_changed_digit_is_caught(place in 4usize..27, digit in 0u8..10) {
            let mut iban = complete().iban.into_bytes();
            let new = b'0' + digit;
            prop_assume!(iban[place] != new);
            iban[place] = new;
            prop_assert!(!is_iban(&String::from_utf8(iban).expect("text")));
        }

        #[test]
        fn nothing_typed_panics(text in "\\PC{0,40}") {
            let _ = (is_iban(&text), is_bic(&text), is_vat_number(&text), is_adeli(&text), is_rpps(&text));
            let identity = BillingIdentity { iban: text.clone(), siret: text, ..complete() }.tidied();
            let _ = (identity.flaws(true), identity.masked_iban(), identity.siren().len());
        }
    }
}
