//! The service-done certificate (*certificat de service fait*) of a programme's month: what lets the public accountant
//! pay.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::calendar::{Month, french_date, short_date};
use crate::documents::DocumentError;
use crate::documents::layout::{Align, BODY, Column, Density, HEADING, Row, Sheet, TITLE, Table};
use crate::documents::pdf::{self, Imprint};
use crate::hours::Minutes;

/// What is certified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certified {
    /// The sessions of the children of a programme.
    Sessions,
    /// Practice analysis and training, common to the programmes of a convention.
    Services,
}

impl Certified {
    /// The noun, in the feminine both.
    fn noun(self, many: bool) -> &'static str {
        match (self, many) {
            (Self::Sessions, false) => "séance",
            (Self::Sessions, true) => "séances",
            (Self::Services, false) => "prestation",
            (Self::Services, true) => "prestations",
        }
    }
}

/// An approved session or service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRow {
    /// Its day.
    pub held_on: NaiveDate,
    /// The psychologist's legal name.
    pub psychologist: String,
    /// The child's reference, such as `CHE-2026-0042`; of a service, its type.
    pub reference: String,
    /// What happened, in the words of the screen: held, or which absence; of a service, for how many people.
    pub attendance: String,
    /// The time that counts.
    pub duration_minutes: Minutes,
    /// Who approved it.
    pub approved_by: String,
    /// The day of the approval.
    pub approved_on: NaiveDate,
}

/// The approved sessions of a programme in a month, or the approved services of a convention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateContent {
    /// Which of the two.
    pub of: Certified,
    /// Title of the convention.
    pub convention: String,
    /// The programme, such as `PRE de Chenôve`, or what stands for all.
    pub programme: String,
    /// The signatory that runs it, such as `CCAS de Chenôve`, or the Métropole.
    pub run_by: String,
    /// The month of the sessions.
    pub month: Month,
    /// The day that the certificate bears.
    pub made_on: NaiveDate,
    /// The sessions, in any order.
    pub rows: Vec<CertificateRow>,
}

/// Makes the certificate as a tagged PDF (PDF/A-3a, PDF/UA-1).
pub fn certificate(content: &CertificateContent) -> Result<Vec<u8>, DocumentError> {
    let title = format!("Certificat de service fait – {} – {}", content.programme, content.month);
    let imprint = Imprint { title, author: content.run_by.clone(), made_on: content.made_on };
    pdf::write(page(content)?, &imprint, None)
}

fn page(content: &CertificateContent) -> Result<Sheet, DocumentError> {
    let mut rows: Vec<&CertificateRow> = content.rows.iter().collect();
    rows.sort_by_key(|row| (row.held_on, &row.psychologist, &row.reference));
    let time: Minutes = rows.iter().map(|row| row.duration_minutes).sum();
    let mut sheet = Sheet::new()?;
    sheet.flag();
    sheet.heading(1, "Certificat de service fait", TITLE);
    sheet.paragraph(&format!("{}, {}", content.programme, content.month), BODY);
    sheet.gap(14.0);
    sheet.facts(&facts(content, time), 2);
    sheet.gap(12.0);
    if rows.is_empty() {
        let none = format!("Aucune {} validée sur ce mois : il n’y a rien à certifier.", content.of.noun(false));
        sheet.paragraph(&none, BODY);
        return Ok(sheet);
    }
    sheet.table(&table(content.of, &rows));
    sheet.gap(16.0);
    sheet.sums("Durée par psychologue", &sums(&rows, time));
    sheet.gap(24.0);
    // Nobody signs a page that does not say what is certified.
    sheet.room(190.0);
    sheet.heading(2, "Certification", HEADING);
    sheet.gap(2.0);
    let approvers: BTreeSet<&str> = rows.iter().map(|row| row.approved_by.as_str()).collect();
    sheet.paragraph(&certification(content, approvers.len(), time), BODY);
    sheet.gap(16.0);
    sheet.signatures(&approvers.into_iter().collect::<Vec<_>>());
    Ok(sheet)
}

fn facts(content: &CertificateContent, time: Minutes) -> Vec<(&'static str, String)> {
    vec![
        ("Convention", content.convention.clone()),
        ("Programme", format!("{} ({})", content.programme, content.run_by)),
        match content.of {
            Certified::Sessions => ("Séances validées", format!("{} pour {time}", content.rows.len())),
            Certified::Services => ("Prestations validées", format!("{} pour {time}", content.rows.len())),
        },
        ("Établi le", french_date(content.made_on)),
    ]
}

fn table(of: Certified, rows: &[&CertificateRow]) -> Table {
    let (summary, reference, attendance) = match of {
        Certified::Sessions => (
            "Séances : date, référence de l’enfant, psychologue, présence, validation et durée",
            "Référence",
            "Présence",
        ),
        Certified::Services => (
            "Prestations : date, type, personne qui l’a animée, participants, validation et durée",
            "Prestation",
            "Participants",
        ),
    };
    Table {
        summary: summary.to_owned(),
        density: Density::Dense,
        columns: vec![
            Column::fitted("Date", Align::Left),
            Column::fitted(reference, Align::Left),
            Column::flexible(if of == Certified::Sessions { "Psychologue" } else { "Animée par" }, 1.0),
            Column::fitted(attendance, Align::Left),
            Column::flexible("Validée par", 1.0),
            Column::fitted("Validée le", Align::Left),
            Column::fitted("Durée", Align::Right),
        ],
        rows: rows.iter().map(|row| cells(row)).collect(),
    }
}

fn cells(row: &CertificateRow) -> Row {
    Row::Cells(vec![
        short_date(row.held_on),
        row.reference.clone(),
        row.psychologist.clone(),
        row.attendance.clone(),
        row.approved_by.clone(),
        short_date(row.approved_on),
        row.duration_minutes.to_string(),
    ])
}

fn sums(rows: &[&CertificateRow], time: Minutes) -> Vec<(String, String)> {
    let mut by_psychologist: BTreeMap<&str, Minutes> = BTreeMap::new();
    for row in rows {
        *by_psychologist.entry(&row.psychologist).or_default() += row.duration_minutes;
    }
    let mut sums: Vec<_> = by_psychologist.iter().map(|(name, time)| ((*name).to_owned(), time.to_string())).collect();
    sums.push(("Durée totale".to_owned(), time.to_string()));
    sums
}

fn certification(content: &CertificateContent, approvers: usize, time: Minutes) -> String {
    let who = match approvers {
        1 => "la personne soussignée certifie que",
        _ => "les personnes soussignées certifient que",
    };
    let what = match content.rows.len() {
        1 => format!("la {} ci-dessus, d’une durée de {time}, a été effectuée", content.of.noun(false)),
        n => format!("les {n} {} ci-dessus, d’une durée totale de {time}, ont été effectuées", content.of.noun(true)),
    };
    let for_whom = match content.of {
        Certified::Sessions => format!("le {}", content.programme),
        Certified::Services => "tous les PRE".to_owned(),
    };
    format!(
        "Pour {for_whom}, {who} {what} en {} conformément à la convention, et que le service est fait.",
        content.month
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::samples::{self, texts};

    #[test]
    fn any_number_of_sessions_makes_the_same_file_twice() {
        for sessions in [0, 1, 300] {
            let content = samples::certificate_of(sessions);
            let file = certificate(&content).expect("PDF");
            assert_eq!(certificate(&content).expect("PDF"), file);
        }
    }

    #[test]
    fn it_certifies_the_sessions_and_names_who_signs() {
        let text = texts(&page(&samples::certificate_of(40)).expect("page"));
        for expected in [
            "Convention pluriannuelle d’objectifs et de moyens 2024-2026",
            "PRE de Chenôve (CCAS de Chenôve)",
            "les personnes soussignées certifient que les 40 séances ci-dessus, d’une durée totale de 30\u{a0}h, ont été effectuées en octobre 2026",
            "le service est fait",
            "Nadia Bernard Date et signature Paul Lefèvre Date et signature",
            "Claire Martin (EI) 15\u{a0}h",
            "02/11/2026",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        let one = texts(&page(&samples::certificate_of(1)).expect("page"));
        assert!(one.contains("la séance ci-dessus, d’une durée de 45\u{a0}min, a été effectuée"));
        let none = texts(&page(&samples::certificate_of(0)).expect("page"));
        assert!(none.contains("rien à certifier") && !none.contains("signature"));
    }
}
