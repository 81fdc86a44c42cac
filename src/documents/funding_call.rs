//! The letter of a call for funds (*appel de fonds*): what a signatory owes for a budget year, and until when.

use chrono::NaiveDate;

use crate::calendar::{french_date, short_date};
use crate::documents::layout::{BODY, Block, HEADING, LABEL, MEASURE, SMALL, STRONG, Sheet, TITLE};
use crate::documents::pdf::{self, Imprint};
use crate::documents::{DocumentError, grouped};
use crate::money::Cents;

/// What a call for funds says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundingCallContent {
    /// Its number; absent from a draft, which says that it is one.
    pub number: Option<String>,
    /// The day that it bears.
    pub sent_on: NaiveDate,
    /// The last day to pay.
    pub due_on: NaiveDate,
    /// Title of the convention.
    pub convention: String,
    /// The budget year, such as `2026`.
    pub year: String,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub until: NaiveDate,
    /// The budget that all contributions make together.
    pub budget: Cents,
    /// Who calls.
    pub caller_name: String,
    /// Its SIRET.
    pub caller_siret: String,
    /// Number and street.
    pub caller_street: String,
    /// Postcode and town.
    pub caller_town: String,
    /// Who is called.
    pub signatory: String,
    /// What is called.
    pub amount: Cents,
    /// What the convention says of this contribution.
    pub note: Option<String>,
}

/// Makes the letter as a tagged PDF (PDF/A-3a, PDF/UA-1).
pub fn funding_call(content: &FundingCallContent) -> Result<Vec<u8>, DocumentError> {
    let imprint = Imprint { title: title(content), author: content.caller_name.clone(), made_on: content.sent_on };
    pdf::write(page(content)?, &imprint, None)
}

fn title(content: &FundingCallContent) -> String {
    match &content.number {
        Some(number) => format!("Appel de fonds {number} – {}", content.signatory),
        None => format!("Projet d’appel de fonds – {}", content.signatory),
    }
}

fn page(content: &FundingCallContent) -> Result<Sheet, DocumentError> {
    let mut sheet = Sheet::new()?;
    sheet.flag();
    sheet.heading(1, if content.number.is_some() { "Appel de fonds" } else { "Projet d’appel de fonds" }, TITLE);
    sheet.paragraph(&format!("Participation {} au budget de la convention", content.year), BODY);
    sheet.gap(14.0);
    let caller = vec![
        ("De la part de".to_owned(), LABEL),
        (content.caller_name.clone(), STRONG),
        (content.caller_street.clone(), BODY),
        (content.caller_town.clone(), BODY),
        (format!("SIRET {}", grouped(&content.caller_siret, &[3, 3, 3, 5])), BODY),
    ];
    let called = vec![("À l’attention de".to_owned(), LABEL), (content.signatory.clone(), STRONG)];
    sheet.blocks(&[
        Block { x: 0.0, width: MEASURE * 0.48, lines: caller, panel: false },
        Block { x: MEASURE * 0.52, width: MEASURE * 0.48, lines: called, panel: true },
    ]);
    sheet.gap(16.0);
    sheet.facts(&facts(content), 3);
    sheet.gap(16.0);
    sheet.heading(2, "Objet de l’appel", HEADING);
    sheet.gap(2.0);
    sheet.paragraph(
        &format!(
            "La convention citée ci-dessus fixe la participation de chaque signataire au budget de l’exercice {}, qui va \
             du {} au {} et s’élève à {}. Votre participation est de {}.",
            content.year,
            french_date(content.from),
            french_date(content.until),
            content.budget,
            content.amount
        ),
        BODY,
    );
    if let Some(note) = &content.note {
        sheet.gap(4.0);
        sheet.paragraph(note, BODY);
    }
    sheet.gap(4.0);
    sheet.paragraph(&asked(content), BODY);
    sheet.gap(16.0);
    sheet.sums("Somme appelée", &[("Somme à verser".to_owned(), content.amount.to_string())]);
    if content.number.is_none() {
        sheet.gap(12.0);
        sheet.paragraph("Ce document est un projet : il n’a pas de numéro et ne vaut pas appel de fonds.", SMALL);
    }
    Ok(sheet)
}

fn facts(content: &FundingCallContent) -> Vec<(&'static str, String)> {
    let number = content.number.clone().unwrap_or_else(|| "donné à l’envoi".to_owned());
    vec![
        ("Numéro", number),
        ("Date", french_date(content.sent_on)),
        ("À verser au plus tard le", french_date(content.due_on)),
        ("Convention", content.convention.clone()),
        ("Exercice", format!("{}, du {} au {}", content.year, short_date(content.from), short_date(content.until))),
        ("Montant", content.amount.to_string()),
    ]
}

fn asked(content: &FundingCallContent) -> String {
    let number = match &content.number {
        Some(number) => format!(", en rappelant le numéro {number}"),
        None => String::new(),
    };
    format!(
        "Nous vous prions de verser cette somme à {} au plus tard le {}{number}. Cet appel est le seul de l’exercice.",
        content.caller_name,
        french_date(content.due_on)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::samples::{self, texts};

    #[test]
    fn it_says_what_is_owed_until_when_and_why() {
        let text = texts(&page(&samples::funding_call_of(true)).expect("page"));
        for expected in [
            "Appel de fonds Participation 2026",
            "Numéro AF2026-0004",
            "Votre participation est de 430,00\u{a0}€",
            "s’élève à 20\u{202f}000,00\u{a0}€",
            "une psychologue",
            "au plus tard le 30 juin 2026, en rappelant le numéro AF2026-0004",
            "Somme à verser 430,00\u{a0}€",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        assert!(!text.contains("rojet"), "{text}");
        let draft = texts(&page(&samples::funding_call_of(false)).expect("page"));
        assert!(draft.contains("Projet d’appel de fonds") && draft.contains("ne vaut pas appel"), "{draft}");
    }

    #[test]
    fn the_same_call_makes_the_same_file_twice() {
        let content = samples::funding_call_of(true);
        assert_eq!(funding_call(&content).expect("PDF"), funding_call(&content).expect("PDF"));
    }
}
