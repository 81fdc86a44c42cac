//! The machine-readable invoice: UN/CEFACT Cross Industry Invoice in the EN 16931 profile of Factur-X.
//!
//! Comments name the business terms (BT) of EN 16931. The order of elements is that of the schema.

use chrono::NaiveDate;

use crate::documents::content::{LATE_INTEREST, NO_DISCOUNT, RECOVERY_INDEMNITY};
use crate::documents::{
    Address, Buyer, Channel, DocumentError, DocumentKind, InvoiceContent, InvoiceLine, Seller, VatRegime, VatShare,
};

/// Writes the XML of an invoice or a credit note (UTF-8).
pub fn cii(content: &InvoiceContent) -> Result<String, DocumentError> {
    content.check()?;
    let mut xml = Xml::default();
    xml.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.nest_with("rsm:CrossIndustryInvoice", NAMESPACES, |xml| {
        context(xml, content.channel);
        header(xml, content);
        xml.nest("rsm:SupplyChainTradeTransaction", |xml| {
            content.lines.iter().for_each(|it| line(xml, it));
            agreement(xml, content);
            delivery(xml, content.period_end);
            settlement(xml, content);
        });
    });
    Ok(xml.out)
}

const NAMESPACES: &str = "xmlns:rsm=\"urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100\" \
     xmlns:ram=\"urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100\" \
     xmlns:qdt=\"urn:un:unece:uncefact:data:standard:QualifiedDataType:100\" \
     xmlns:udt=\"urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100\"";

/// BT-23 and BT-24: what is billed (services), and by which rules.
fn context(xml: &mut Xml, channel: Channel) {
    let process = match channel {
        Channel::Reform => "S1",
        Channel::ChorusDirect => "A1",
    };
    xml.nest("rsm:ExchangedDocumentContext", |xml| {
        xml.nest("ram:BusinessProcessSpecifiedDocumentContextParameter", |xml| xml.leaf("ram:ID", process));
        xml.nest("ram:GuidelineSpecifiedDocumentContextParameter", |xml| {
            xml.leaf("ram:ID", "urn:cen.eu:en16931:2017");
        });
    });
}

/// BT-1 to BT-3, and the notes (BT-21, BT-22).
fn header(xml: &mut Xml, content: &InvoiceContent) {
    let code = match content.kind {
        DocumentKind::Invoice { .. } => "380",
        DocumentKind::CreditNote { .. } => "381",
    };
    xml.nest("rsm:ExchangedDocument", |xml| {
        xml.leaf("ram:ID", &content.number);
        xml.leaf("ram:TypeCode", code);
        xml.date("ram:IssueDateTime", "udt", content.issued_on);
        note(xml, LATE_INTEREST, Some("PMD"));
        note(xml, RECOVERY_INDEMNITY, Some("PMT"));
        note(xml, NO_DISCOUNT, Some("AAB"));
        if content.channel == Channel::Reform {
            note(xml, "B2G", Some("ADN"));
        }
        if let Some(mention) = content.mandate_mention() {
            note(xml, &mention, None);
        }
    });
}

fn note(xml: &mut Xml, text: &str, subject: Option<&str>) {
    xml.nest("ram:IncludedNote", |xml| {
        xml.leaf("ram:Content", text);
        xml.optional("ram:SubjectCode", subject);
    });
}

/// BG-25. The product's name is generic: no beneficiary (professional secrecy, GDPR art. 9).
fn line(xml: &mut Xml, line: &InvoiceLine) {
    xml.nest("ram:IncludedSupplyChainTradeLineItem", |xml| {
        xml.nest("ram:AssociatedDocumentLineDocument", |xml| xml.leaf("ram:LineID", &line.position.to_string()));
        xml.nest("ram:SpecifiedTradeProduct", |xml| {
            xml.leaf("ram:Name", &line.service_type);
            xml.leaf("ram:Description", &line.programme);
        });
        xml.nest("ram:SpecifiedLineTradeAgreement", |xml| {
            xml.nest("ram:NetPriceProductTradePrice", |xml| {
                xml.leaf("ram:ChargeAmount", &line.hourly_rate_cents.plain());
            });
        });
        xml.nest("ram:SpecifiedLineTradeDelivery", |xml| {
            xml.leaf_with("ram:BilledQuantity", "unitCode=\"HUR\"", &line.duration_minutes.plain_hours());
        });
        xml.nest("ram:SpecifiedLineTradeSettlement", |xml| {
            xml.nest("ram:ApplicableTradeTax", |xml| {
                xml.leaf("ram:TypeCode", "VAT");
                xml.leaf("ram:CategoryCode", category(line.vat));
                xml.leaf("ram:RateApplicablePercent", &rate(line.vat));
            });
            xml.nest("ram:SpecifiedTradeSettlementLineMonetarySummation", |xml| {
                xml.leaf("ram:LineTotalAmount", &line.net_cents.plain());
            });
        });
    });
}

/// BT-151: exempt or standard.
fn category(vat: VatRegime) -> &'static str {
    match vat {
        VatRegime::ExemptCare | VatRegime::Franchise => "E",
        VatRegime::Standard => "S",
    }
}

/// BT-152: two decimals exactly (BR-FR-16).
fn rate(vat: VatRegime) -> String {
    format!("{:.2}", vat.percent())
}

/// BT-121, with the code list of the CEF.
fn exemption_code(vat: VatRegime) -> Option<&'static str> {
    match vat {
        VatRegime::ExemptCare => Some("VATEX-FR-CGI261-4"),
        VatRegime::Franchise => Some("VATEX-FR-FRANCHISE"),
        VatRegime::Standard => None,
    }
}

/// BT-10, the parties, BT-13 and BT-12.
fn agreement(xml: &mut Xml, content: &InvoiceContent) {
    let buyer = &content.buyer;
    xml.nest("ram:ApplicableHeaderTradeAgreement", |xml| {
        xml.optional("ram:BuyerReference", buyer.service_code.as_deref());
        seller_party(xml, &content.seller, content.channel);
        buyer_party(xml, buyer, content.channel);
        reference(xml, "ram:BuyerOrderReferencedDocument", buyer.engagement_number.as_deref());
        reference(xml, "ram:ContractReferencedDocument", buyer.contract_number.as_deref());
    });
}

fn reference(xml: &mut Xml, name: &str, number: Option<&str>) {
    if let Some(number) = number {
        xml.nest(name, |xml| xml.leaf("ram:IssuerAssignedID", number));
    }
}

/// BT-27 to BT-40. An exempt seller without a VAT number is known by its SIREN as BT-32 (BR-E-02).
fn seller_party(xml: &mut Xml, seller: &Seller, channel: Channel) {
    xml.nest("ram:SellerTradeParty", |xml| {
        establishment(xml, &seller.siret, channel);
        xml.leaf("ram:Name", &seller.legal_name);
        if let Some(number) = &seller.professional_number {
            xml.leaf("ram:Description", &number.to_string());
        }
        legal_organisation(xml, &seller.siret, seller.siren(), channel);
        address(xml, &seller.address);
        if channel == Channel::Reform {
            electronic_address(xml, seller.siren());
        }
        match &seller.vat_number {
            Some(number) => tax_registration(xml, "VA", number),
            None => tax_registration(xml, "FC", seller.siren()),
        }
    });
}

/// BT-44 to BT-55.
fn buyer_party(xml: &mut Xml, buyer: &Buyer, channel: Channel) {
    xml.nest("ram:BuyerTradeParty", |xml| {
        establishment(xml, &buyer.siret, channel);
        xml.leaf("ram:Name", &buyer.name);
        legal_organisation(xml, &buyer.siret, buyer.siren(), channel);
        address(xml, &buyer.address);
        if channel == Channel::Reform {
            let routing = buyer.service_code.iter().map(|code| format!("_{code}")).collect::<String>();
            electronic_address(xml, &format!("{}_{}{routing}", buyer.siren(), buyer.siret));
        }
    });
}

/// BT-29 or BT-46: the reform names the establishment beside the company.
fn establishment(xml: &mut Xml, siret: &str, channel: Channel) {
    if channel == Channel::Reform {
        xml.leaf_with("ram:GlobalID", "schemeID=\"0009\"", siret);
    }
}

/// BT-30 or BT-47: the same scheme holds a SIREN in the reform's dialect and a SIRET in Chorus Pro's.
fn legal_organisation(xml: &mut Xml, siret: &str, siren: &str, channel: Channel) {
    let id = match channel {
        Channel::Reform => siren,
        Channel::ChorusDirect => siret,
    };
    xml.nest("ram:SpecifiedLegalOrganization", |xml| xml.leaf_with("ram:ID", "schemeID=\"0002\"", id));
}

fn address(xml: &mut Xml, address: &Address) {
    xml.nest("ram:PostalTradeAddress", |xml| {
        xml.leaf("ram:PostcodeCode", &address.postcode);
        xml.leaf("ram:LineOne", &address.street);
        xml.optional("ram:LineTwo", address.complement.as_deref());
        xml.leaf("ram:CityName", &address.city);
        xml.leaf("ram:CountryID", "FR");
    });
}

/// BT-34 or BT-49: the address in the reform's directory.
fn electronic_address(xml: &mut Xml, id: &str) {
    xml.nest("ram:URIUniversalCommunication", |xml| xml.leaf_with("ram:URIID", "schemeID=\"0225\"", id));
}

fn tax_registration(xml: &mut Xml, scheme: &str, id: &str) {
    xml.nest("ram:SpecifiedTaxRegistration", |xml| xml.leaf_with("ram:ID", &format!("schemeID=\"{scheme}\""), id));
}

/// BT-72: the services of a period are delivered on its last day.
fn delivery(xml: &mut Xml, on: NaiveDate) {
    xml.nest("ram:ApplicableHeaderTradeDelivery", |xml| {
        xml.nest("ram:ActualDeliverySupplyChainEvent", |xml| xml.date("ram:OccurrenceDateTime", "udt", on));
    });
}

/// BG-16 to BG-23, BT-9, BT-20, and for a credit note BT-25 and BT-26.
fn settlement(xml: &mut Xml, content: &InvoiceContent) {
    xml.nest("ram:ApplicableHeaderTradeSettlement", |xml| {
        xml.leaf("ram:PaymentReference", &content.number);
        xml.leaf("ram:InvoiceCurrencyCode", "EUR");
        // Chorus Pro refuses means of payment on a credit note.
        if matches!(content.kind, DocumentKind::Invoice { .. }) {
            payment_means(xml, &content.seller);
        }
        content.totals.by_vat.iter().for_each(|share| vat_share(xml, share));
        xml.nest("ram:BillingSpecifiedPeriod", |xml| {
            xml.date("ram:StartDateTime", "udt", content.period_start);
            xml.date("ram:EndDateTime", "udt", content.period_end);
        });
        xml.nest("ram:SpecifiedTradePaymentTerms", |xml| {
            xml.leaf("ram:Description", &content.payment_terms());
            if let DocumentKind::Invoice { due_on } = content.kind {
                xml.date("ram:DueDateDateTime", "udt", due_on);
            }
        });
        summation(xml, content);
        if let DocumentKind::CreditNote { corrects } = &content.kind {
            xml.nest("ram:InvoiceReferencedDocument", |xml| {
                xml.leaf("ram:IssuerAssignedID", &corrects.number);
                xml.date("ram:FormattedIssueDateTime", "qdt", corrects.issued_on);
            });
        }
    });
}

/// BG-16: a credit transfer (30).
fn payment_means(xml: &mut Xml, seller: &Seller) {
    xml.nest("ram:SpecifiedTradeSettlementPaymentMeans", |xml| {
        xml.leaf("ram:TypeCode", "30");
        xml.nest("ram:PayeePartyCreditorFinancialAccount", |xml| xml.leaf("ram:IBANID", &seller.iban));
        if let Some(bic) = &seller.bic {
            xml.nest("ram:PayeeSpecifiedCreditorFinancialInstitution", |xml| xml.leaf("ram:BICID", bic));
        }
    });
}

/// BG-23.
fn vat_share(xml: &mut Xml, share: &VatShare) {
    xml.nest("ram:ApplicableTradeTax", |xml| {
        xml.leaf("ram:CalculatedAmount", &share.tax_cents.plain());
        xml.leaf("ram:TypeCode", "VAT");
        xml.optional("ram:ExemptionReason", share.vat.mention());
        xml.leaf("ram:BasisAmount", &share.base_cents.plain());
        xml.leaf("ram:CategoryCode", category(share.vat));
        xml.optional("ram:ExemptionReasonCode", exemption_code(share.vat));
        xml.leaf("ram:RateApplicablePercent", &rate(share.vat));
    });
}

/// BG-22.
fn summation(xml: &mut Xml, content: &InvoiceContent) {
    let totals = &content.totals;
    xml.nest("ram:SpecifiedTradeSettlementHeaderMonetarySummation", |xml| {
        xml.leaf("ram:LineTotalAmount", &totals.net_cents.plain());
        xml.leaf("ram:TaxBasisTotalAmount", &totals.net_cents.plain());
        xml.leaf_with("ram:TaxTotalAmount", "currencyID=\"EUR\"", &totals.vat_cents.plain());
        xml.leaf("ram:GrandTotalAmount", &totals.gross_cents.plain());
        xml.leaf("ram:DuePayableAmount", &totals.gross_cents.plain());
    });
}

/// A writer of elements that cannot leave one open.
#[derive(Default)]
struct Xml {
    out: String,
}

impl Xml {
    fn nest(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.nest_with(name, "", inside);
    }

    fn nest_with(&mut self, name: &str, attributes: &str, inside: impl FnOnce(&mut Self)) {
        let space = if attributes.is_empty() { "" } else { " " };
        self.out.push_str(&format!("<{name}{space}{attributes}>"));
        inside(self);
        self.out.push_str(&format!("</{name}>"));
    }

    fn leaf(&mut self, name: &str, text: &str) {
        self.leaf_with(name, "", text);
    }

    fn leaf_with(&mut self, name: &str, attributes: &str, text: &str) {
        self.nest_with(name, attributes, |xml| escape_into(&mut xml.out, text));
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.leaf(name, text);
        }
    }

    /// A date in format 102; its namespace depends on the parent.
    fn date(&mut self, name: &str, namespace: &str, on: NaiveDate) {
        let day = on.format("%Y%m%d").to_string();
        self.nest(name, |xml| xml.leaf_with(&format!("{namespace}:DateTimeString"), "format=\"102\"", &day));
    }
}

/// Escapes what XML reserves, and drops the control characters that XML 1.0 forbids.
pub(super) fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() && c != '\n' && c != '\t' => {}
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::samples;

    #[test]
    fn the_two_dialects_identify_the_parties_differently() {
        let reform = cii(&samples::invoice(Channel::Reform, VatRegime::ExemptCare)).expect("XML");
        assert!(reform.contains("<ram:ID>S1</ram:ID>"));
        assert!(reform.contains("<ram:Content>B2G</ram:Content><ram:SubjectCode>ADN</ram:SubjectCode>"));
        assert!(reform.contains("<ram:ID schemeID=\"0002\">123456782</ram:ID>"));
        assert!(reform.contains("schemeID=\"0225\">242100410_24210041000016_SANTE-01</ram:URIID>"));
        let chorus = cii(&samples::invoice(Channel::ChorusDirect, VatRegime::ExemptCare)).expect("XML");
        assert!(chorus.contains("<ram:ID>A1</ram:ID>"));
        assert!(chorus.contains("<ram:ID schemeID=\"0002\">12345678200010</ram:ID>"));
        assert!(!chorus.contains("0225") && !chorus.contains("0009") && !chorus.contains("B2G"));
    }

    #[test]
    fn a_credit_note_names_its_invoice_and_asks_for_no_payment() {
        let xml = cii(&samples::credit_note(Channel::Reform)).expect("XML");
        assert!(xml.contains("<ram:TypeCode>381</ram:TypeCode>"));
        assert!(
            xml.contains("<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>F2026-10-0001</ram:IssuerAssignedID>")
        );
        for absent in ["PaymentMeans", "DueDateDateTime", "IBANID"] {
            assert!(!xml.contains(absent), "{absent}");
        }
    }

    #[test]
    fn vat_is_shown_by_regime() {
        let xml = cii(&samples::invoice(Channel::Reform, VatRegime::Standard)).expect("XML");
        assert!(xml.contains("<ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>20.00<"));
        assert!(xml.contains("VATEX-FR-CGI261-4"));
        assert!(xml.contains("<ram:ID schemeID=\"VA\">FR32123456782</ram:ID>"));
        let franchise = cii(&samples::invoice(Channel::Reform, VatRegime::Franchise)).expect("XML");
        assert!(franchise.contains("VATEX-FR-FRANCHISE") && franchise.contains("schemeID=\"FC\">123456782<"));
    }

    #[test]
    fn text_is_escaped() {
        let mut out = String::new();
        escape_into(&mut out, "R&D <\"bis\">\u{0}\u{b}");
        assert_eq!(out, "R&amp;D &lt;&quot;bis&quot;&gt;");
    }
}
