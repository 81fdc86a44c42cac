//! The invoice or credit note as people read it.

use crate::calendar::{french_date, short_date};
use crate::documents::content::{LATE_INTEREST, NO_DISCOUNT, RECOVERY_INDEMNITY};
use crate::documents::layout::{
    Align, BODY, Block, Column, Density, HEADING, LABEL, MEASURE, Row, SMALL, STRONG, Sheet, Style, TITLE, Table,
};
use crate::documents::pdf::{self, Imprint};
use crate::documents::{
    Address, DocumentError, DocumentKind, InvoiceContent, InvoiceLine, VatRegime, cii, grouped, xmp,
};

/// Makes the Factur-X: a tagged PDF (PDF/A-3a, PDF/UA-1) with `factur-x.xml` inside.
pub fn factur_x(content: &InvoiceContent) -> Result<Vec<u8>, DocumentError> {
    let xml = cii(content)?;
    xmp::declare_factur_x(pdf::write(page(content)?, &imprint(content), Some(xml))?)
}

/// Makes the same pages without the XML, for a portal that wants a plain PDF.
pub fn plain(content: &InvoiceContent) -> Result<Vec<u8>, DocumentError> {
    content.check()?;
    pdf::write(page(content)?, &imprint(content), None)
}

fn imprint(content: &InvoiceContent) -> Imprint {
    Imprint { title: content.title(), author: content.seller.legal_name.clone(), made_on: content.issued_on }
}

fn page(content: &InvoiceContent) -> Result<Sheet, DocumentError> {
    let mut sheet = Sheet::new()?;
    sheet.flag();
    sheet.heading(1, &content.title(), TITLE);
    sheet.paragraph(&period(content), BODY);
    sheet.gap(16.0);
    parties(&mut sheet, content);
    sheet.gap(20.0);
    sheet.facts(&references(content), 3);
    sheet.gap(14.0);
    sheet.table(&lines(content));
    sheet.gap(14.0);
    sheet.sums("Totaux", &sums(content));
    sheet.gap(22.0);
    if let DocumentKind::Invoice { due_on } = content.kind {
        sheet.room(100.0);
        sheet.heading(2, "Règlement", HEADING);
        sheet.gap(4.0);
        sheet.facts(&payment(content, &french_date(due_on)), 2);
        sheet.gap(10.0);
    }
    sheet.room(125.0);
    sheet.heading(2, "Mentions", HEADING);
    sheet.gap(2.0);
    for mention in mentions(content) {
        sheet.paragraph(&mention, SMALL);
    }
    Ok(sheet)
}

fn period(content: &InvoiceContent) -> String {
    format!("Prestations du {} au {}", french_date(content.period_start), french_date(content.period_end))
}

fn parties(sheet: &mut Sheet, content: &InvoiceContent) {
    let (seller, buyer) = (&content.seller, &content.buyer);
    let mut issuer = vec![("Émetteur".to_owned(), LABEL), (seller.legal_name.clone(), STRONG)];
    issuer.extend(address(&seller.address));
    issuer.push((format!("SIRET {}", grouped(&seller.siret, &[3, 3, 3, 5])), BODY));
    if let Some(number) = &seller.professional_number {
        issuer.push((format!("Psychologue, {number}"), BODY));
    }
    if let Some(number) = &seller.vat_number {
        issuer.push((format!("TVA {number}"), BODY));
    }
    let addressed = match content.kind {
        DocumentKind::Invoice { .. } => "Facturé à",
        DocumentKind::CreditNote { .. } => "Adressé à",
    };
    let mut client = vec![(addressed.to_owned(), LABEL), (buyer.name.clone(), STRONG)];
    client.extend(address(&buyer.address));
    client.push((format!("SIRET {}", grouped(&buyer.siret, &[3, 3, 3, 5])), BODY));
    sheet.blocks(&[
        Block { x: 0.0, width: MEASURE * 0.48, lines: issuer, panel: false },
        Block { x: MEASURE * 0.52, width: MEASURE * 0.48, lines: client, panel: true },
    ]);
}

fn address(address: &Address) -> Vec<(String, Style)> {
    let town = format!("{} {}", address.postcode, address.city);
    [Some(&address.street), address.complement.as_ref(), Some(&town)]
        .into_iter()
        .flatten()
        .map(|line| (line.clone(), BODY))
        .collect()
}

fn references(content: &InvoiceContent) -> Vec<(&'static str, String)> {
    let buyer = &content.buyer;
    let mut facts = vec![("Date d’émission", french_date(content.issued_on))];
    match &content.kind {
        DocumentKind::Invoice { due_on } => facts.push(("Échéance", french_date(*due_on))),
        DocumentKind::CreditNote { corrects } => {
            facts.push(("Facture corrigée", format!("{} du {}", corrects.number, short_date(corrects.issued_on))));
        }
    }
    facts.push(("Numéro", content.number.clone()));
    let optional = [
        ("Code service", &buyer.service_code),
        ("Numéro d’engagement", &buyer.engagement_number),
        ("Numéro de marché", &buyer.contract_number),
    ];
    facts.extend(optional.into_iter().filter_map(|(label, value)| value.clone().map(|value| (label, value))));
    facts
}

fn lines(content: &InvoiceContent) -> Table {
    Table {
        summary: "Lignes : prestation, programme, durée, tarif horaire, TVA et montant hors taxes".to_owned(),
        density: Density::Airy,
        columns: vec![
            Column::flexible("Prestation", 1.2),
            Column::flexible("Programme", 1.0),
            Column::fitted("Durée", Align::Right),
            Column::fitted("Tarif horaire", Align::Right),
            Column::fitted("TVA", Align::Right),
            Column::fitted("Montant HT", Align::Right),
        ],
        rows: content.lines.iter().map(row).collect(),
    }
}

fn row(line: &InvoiceLine) -> Row {
    Row::Cells(vec![
        line.service_type.clone(),
        line.programme.clone(),
        line.duration_minutes.to_string(),
        line.hourly_rate_cents.to_string(),
        line.vat.label().to_owned(),
        line.net_cents.to_string(),
    ])
}

fn sums(content: &InvoiceContent) -> Vec<(String, String)> {
    let totals = &content.totals;
    let mut sums = vec![("Total HT".to_owned(), totals.net_cents.to_string())];
    for share in &totals.by_vat {
        let label = match share.vat {
            VatRegime::ExemptCare => format!("TVA exonérée sur {}", share.base_cents),
            VatRegime::Franchise => format!("TVA non applicable sur {}", share.base_cents),
            VatRegime::Standard => format!("TVA {} sur {}", share.vat.label(), share.base_cents),
        };
        sums.push((label, share.tax_cents.to_string()));
    }
    let last = match content.kind {
        DocumentKind::Invoice { .. } => "Net à payer",
        DocumentKind::CreditNote { .. } => "Total de l’avoir",
    };
    sums.push((last.to_owned(), totals.gross_cents.to_string()));
    sums
}

fn payment(content: &InvoiceContent, due: &str) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("Virement avant le", due.to_owned()),
        ("Référence à rappeler", content.number.clone()),
        ("IBAN", grouped(&content.seller.iban, &[4; 9])),
    ];
    if let Some(bic) = &content.seller.bic {
        facts.push(("BIC", bic.clone()));
    }
    facts
}

/// What the law wants said; the penalties of late payment only where there is something to pay.
fn mentions(content: &InvoiceContent) -> Vec<String> {
    let exemptions = content.totals.by_vat.iter().filter_map(|share| share.vat.mention());
    let mut mentions: Vec<String> = exemptions.map(|mention| format!("{mention}.")).collect();
    mentions.push(content.payment_terms());
    if matches!(content.kind, DocumentKind::Invoice { .. }) {
        mentions.extend([LATE_INTEREST, RECOVERY_INDEMNITY, NO_DISCOUNT].map(str::to_owned));
    }
    mentions.extend(content.mandate_mention());
    mentions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::Channel;
    use crate::documents::samples::{self, texts};
    use proptest::prelude::*;

    #[test]
    fn the_same_content_makes_the_same_bytes() {
        let content = samples::invoice(Channel::Reform, VatRegime::Standard);
        assert_eq!(factur_x(&content), factur_x(&content.clone()));
    }

    #[test]
    fn every_mention_stands_on_the_page() {
        let content = samples::invoice(Channel::Reform, VatRegime::ExemptCare);
        let text = texts(&page(&content).expect("page"));
        for expected in [
            "Facture F2026-10-0001",
            "Claire Martin (EI)",
            "SIRET 123\u{a0}456\u{a0}782\u{a0}00010",
            "RPPS 10001234565",
            "SANTE-01",
            "ENG2026-0042",
            "2026-PSY-17",
            "FR76\u{a0}3000\u{a0}6000\u{a0}0112\u{a0}3456\u{a0}7890\u{a0}189",
            "article 261, 4-1°",
            "L. 2192-13",
            "D. 2192-35",
            "40\u{a0}euros",
            "Pas d’escompte",
            "mandat de facturation du 01/09/2026",
            "1\u{202f}200,00\u{a0}€",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
    }

    #[test]
    fn who_is_not_registered_shows_no_number_and_no_title() {
        let content = samples::unregistered(Channel::Reform);
        let text = texts(&page(&content).expect("page"));
        assert!(text.contains("TVA FR32123456782") && text.contains("Commun aux PRE"), "{text}");
        for absent in ["Psychologue", "RPPS", "ADELI"] {
            assert!(!text.contains(absent), "{absent}\n{text}");
        }
        let xml = crate::documents::cii::cii(&content).expect("XML");
        let seller = xml.split("ram:SellerTradeParty>").nth(1).expect("the seller");
        assert!(!seller.contains("ram:Description"), "{seller}");
    }

    #[test]
    fn a_credit_note_shows_no_account() {
        let text = texts(&page(&samples::credit_note(Channel::Reform)).expect("page"));
        assert!(text.contains("Avoir A2026-11-0001") && text.contains("F2026-10-0001 du 31/10/2026"));
        assert!(!text.contains("IBAN") && !text.contains("Net à payer"));
    }

    #[test]
    fn long_names_and_many_lines_are_no_trouble() {
        let content = samples::long_invoice();
        let sheet = page(&content).expect("page");
        assert!(sheet.pages.len() > 5);
        assert!(factur_x(&content).is_ok());
    }

    #[test]
    fn an_invoice_without_lines_is_refused() {
        let mut content = samples::invoice(Channel::Reform, VatRegime::ExemptCare);
        content.lines.clear();
        assert_eq!(plain(&content), Err(DocumentError::NoLine));
        assert_eq!(factur_x(&content), Err(DocumentError::NoLine));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn no_text_breaks_the_page(name in "\\PC{1,40}", street in "[\u{20}-\u{2fff}\u{ad}\u{feff}\u{e000}]{0,30}", town in any::<String>()) {
            let mut content = samples::invoice(Channel::Reform, VatRegime::ExemptCare);
            content.seller.legal_name = name;
            (content.buyer.address.street, content.buyer.address.city) = (street, town);
            prop_assert!(factur_x(&content).is_ok(), "{:?}", factur_x(&content));
        }
    }
}
