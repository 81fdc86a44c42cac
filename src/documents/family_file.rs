//! All that is kept of a child, for the family that asked: the one document that names a child. It is made when it is handed over,
//! and kept nowhere.

use chrono::NaiveDate;

use crate::calendar::french_date;
use crate::documents::DocumentError;
use crate::documents::layout::{BODY, Column, Density, HEADING, Row, Sheet, TITLE, Table};
use crate::documents::pdf::{self, Imprint};

/// A row of one of its tables.
pub type FamilyRow = Vec<String>;

/// What the document shows.
#[derive(Clone, PartialEq, Eq)]
pub struct FamilyFile {
    /// The number of the request.
    pub number: String,
    /// The programme that followed the child.
    pub programme: String,
    /// The day that it bears.
    pub made_on: NaiveDate,
    /// Who the child is.
    pub facts: Vec<(&'static str, String)>,
    /// Name, relation, telephone, address.
    pub guardians: Vec<FamilyRow>,
    /// Psychologist, first day, last day, time granted.
    pub referrals: Vec<FamilyRow>,
    /// Day, time, length, psychologist, what happened.
    pub sessions: Vec<FamilyRow>,
    /// When, in which capacity, what was opened.
    pub readings: Vec<FamilyRow>,
}

/// Says nothing of the child.
impl std::fmt::Debug for FamilyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FamilyFile").field("number", &self.number).finish_non_exhaustive()
    }
}

/// Makes the document as a tagged PDF (PDF/A-3a, PDF/UA-1). Its title holds the number of the request, no name.
///
/// # Errors
/// When the PDF cannot be written.
pub fn family_file(content: &FamilyFile) -> Result<Vec<u8>, DocumentError> {
    let title = format!("Données conservées – demande {}", content.number);
    let imprint = Imprint { title, author: content.programme.clone(), made_on: content.made_on };
    pdf::write(page(content)?, &imprint, None)
}

fn page(content: &FamilyFile) -> Result<Sheet, DocumentError> {
    let mut sheet = Sheet::new()?;
    sheet.heading(1, "Les données conservées sur votre enfant", TITLE);
    let lead = format!("Demande {}, {}, le {}", content.number, content.programme, french_date(content.made_on));
    sheet.paragraph(&lead, BODY);
    sheet.gap(12.0);
    sheet.facts(&content.facts, 2);
    part(&mut sheet, "Responsables légaux", &["Nom", "Lien", "Téléphone", "Courriel"], &content.guardians);
    part(&mut sheet, "Orientations", &["Psychologue", "Du", "Au", "Heures accordées"], &content.referrals);
    part(&mut sheet, "Séances", &["Jour", "Heure", "Durée", "Psychologue", "Présence"], &content.sessions);
    part(&mut sheet, "Consultations du dossier", &["Quand", "Qualité", "Objet"], &content.readings);
    sheet.gap(14.0);
    sheet.room(120.0);
    sheet.heading(2, "Pourquoi, et pour qui", HEADING);
    sheet.gap(2.0);
    sheet.paragraph(
        "Ces données servent à organiser et à payer l’accompagnement psychologique d’un programme de réussite éducative \
         (mission d’intérêt public). Le nom n’est lu que par la coordination du programme, le référent de parcours et la \
         psychologue ; Dijon Métropole, qui paie, ne connaît que la référence. Aucune note clinique n’est conservée.",
        BODY,
    );
    sheet.paragraph(
        "Vous pouvez demander leur correction ou leur effacement, et écrire à la Commission nationale de l’informatique \
         et des libertés (CNIL, 3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07). Les factures, qui ne portent que la \
         référence, sont gardées dix ans.",
        BODY,
    );
    Ok(sheet)
}

fn part(sheet: &mut Sheet, title: &'static str, columns: &[&'static str], rows: &[FamilyRow]) {
    sheet.gap(14.0);
    sheet.room(90.0);
    sheet.heading(2, title, HEADING);
    sheet.gap(2.0);
    if rows.is_empty() {
        sheet.paragraph("Rien n’est conservé ici.", BODY);
        return;
    }
    sheet.table(&Table {
        summary: format!("{title} : {}", columns.join(", ")),
        density: Density::Dense,
        columns: columns.iter().map(|&heading| Column::flexible(heading, 1.0)).collect(),
        rows: rows.iter().map(|row| Row::Cells(row.clone())).collect(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::samples::texts;

    #[test]
    fn it_shows_all_and_its_title_names_nobody() {
        let row = |cells: &[&str]| cells.iter().map(ToString::to_string).collect::<FamilyRow>();
        let mut content = FamilyFile {
            number: "DEM-2026-0003".to_owned(),
            programme: "PRE de Chenôve".to_owned(),
            made_on: NaiveDate::default(),
            facts: vec![("Prénom et nom", "Zoé Exemple".to_owned())],
            guardians: vec![row(&["Ana Exemple", "mère", "06 00 00 00 01", "–"])],
            referrals: vec![row(&["Claire Martin (EI)", "05/01/2026", "31/12/2026", "10 h"])],
            sessions: (0..80).map(|_| row(&["05/11/2026", "10:00", "45 min", "Claire Martin (EI)", "Tenue"])).collect(),
            readings: vec![row(&["20/11/2026 10:00", "Coordination", "Fiche"])],
        };
        let text = texts(&page(&content).expect("page"));
        for expected in ["Zoé Exemple", "Ana Exemple", "06 00 00 00 01", "31/12/2026", "Tenue", "Coordination", "CNIL"]
        {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        let file = family_file(&content).expect("PDF");
        assert_eq!(family_file(&content).expect("PDF"), file);
        assert!(!format!("{content:?}").contains("Zoé"));
        content.sessions.clear();
        assert!(texts(&page(&content).expect("page")).contains("Rien n’est conservé ici."));
    }
}
