//! The yearly report (*bilan*) of a budget year: counts of children, sessions and euros, masked where they are small.
//!
//! What is masked comes here masked already: this only sets it in tables.

use chrono::NaiveDate;

use crate::calendar::{french_date, short_date};
use crate::documents::DocumentError;
use crate::documents::layout::{Align, BODY, Column, Density, HEADING, Row, SMALL, STRONG, Sheet, TITLE, Table};
use crate::documents::pdf::{self, Imprint};

/// Lines of a table under a title; each is a label and its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportGroup {
    /// The title; none for the lines that open a table.
    pub title: Option<String>,
    /// The lines.
    pub lines: Vec<(String, Vec<String>)>,
}

/// The counts of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportPlace {
    /// Such as `PRE de Chenôve`.
    pub title: String,
    /// Children, sessions held, excused and unexcused absences, hours and cost, by list.
    pub groups: Vec<ReportGroup>,
    /// Children of each age, by gender and together.
    pub ages: Vec<(String, Vec<String>)>,
}

/// What the report of a budget year says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearlyReportContent {
    /// Title of the convention.
    pub convention: String,
    /// The budget year, such as `2026`.
    pub year: String,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub until: NaiveDate,
    /// The last day whose sessions are counted.
    pub counted_until: NaiveDate,
    /// The day that the report bears.
    pub made_on: NaiveDate,
    /// Who makes it.
    pub author: String,
    /// How to read it: what is counted, on which day, and what masked means.
    pub notes: Vec<String>,
    /// Why there is no table of children, when there is none.
    pub without_children: Option<String>,
    /// Children, sessions, hours and cost of each programme and neighbourhood, then of all.
    pub places: Vec<(String, Vec<String>)>,
    /// Each place by itself.
    pub details: Vec<ReportPlace>,
    /// Contribution, called, received and owed of each signatory, then of all.
    pub contributions: Vec<(String, Vec<String>)>,
    /// Budget, committed, invoiced and paid, by what they are for.
    pub spending: Vec<(String, Vec<String>)>,
}

/// Makes the report as a tagged PDF (PDF/A-3a, PDF/UA-1).
pub fn yearly_report(content: &YearlyReportContent) -> Result<Vec<u8>, DocumentError> {
    let title = format!("Bilan {} – {}", content.year, content.convention);
    let imprint = Imprint { title, author: content.author.clone(), made_on: content.made_on };
    pdf::write(page(content)?, &imprint, None)
}

fn page(content: &YearlyReportContent) -> Result<Sheet, DocumentError> {
    let mut sheet = Sheet::new()?;
    sheet.flag();
    sheet.heading(1, &format!("Bilan {}", content.year), TITLE);
    sheet.paragraph(&content.convention, BODY);
    sheet.gap(12.0);
    sheet.facts(&facts(content), 3);
    sheet.gap(8.0);
    if let Some(why) = &content.without_children {
        sheet.paragraph(why, STRONG);
    }
    if !content.places.is_empty() {
        sheet.heading(2, "Enfants suivis et séances", HEADING);
        sheet.table(&figures("PRE et quartiers", "PRE et quartier", &group_alone(&content.places)));
        sheet.gap(14.0);
    }
    money(&mut sheet, content);
    for place in &content.details {
        sheet.gap(16.0);
        sheet.room(160.0);
        sheet.heading(2, &place.title, HEADING);
        sheet.table(&figures(&place.title, "Enfants", &place.groups));
        sheet.gap(10.0);
        sheet.table(&ages(place));
    }
    sheet.gap(16.0);
    sheet.room(120.0);
    sheet.heading(2, "Comment lire ce bilan", HEADING);
    for note in &content.notes {
        sheet.paragraph(note, SMALL);
    }
    Ok(sheet)
}

fn facts(content: &YearlyReportContent) -> Vec<(&'static str, String)> {
    vec![
        ("Exercice", format!("{}, du {} au {}", content.year, short_date(content.from), short_date(content.until))),
        ("Séances comptées jusqu’au", french_date(content.counted_until)),
        ("Établi le", french_date(content.made_on)),
    ]
}

fn money(sheet: &mut Sheet, content: &YearlyReportContent) {
    sheet.heading(2, "Participations et dépenses", HEADING);
    let columns = ["Participation", "Appelée", "Reçue", "Reste à recevoir"];
    sheet.table(&sums("Participations des signataires", "Signataire", columns, &content.contributions));
    sheet.gap(10.0);
    let columns = ["Budget", "Engagé", "Facturé", "dont payé"];
    sheet.table(&sums("Dépenses de l’exercice", "Poste", columns, &content.spending));
}

/// Amounts under four headings.
fn sums(summary: &str, first: &'static str, titles: [&'static str; 4], lines: &[(String, Vec<String>)]) -> Table {
    let mut columns = vec![Column::flexible(first, 1.0)];
    columns.extend(titles.map(|title| Column::fitted(title, Align::Right)));
    Table {
        summary: format!("{summary} : {}", titles.join(", ")),
        density: Density::Dense,
        columns,
        rows: lines.iter().map(cells).collect(),
    }
}

fn group_alone(lines: &[(String, Vec<String>)]) -> [ReportGroup; 1] {
    [ReportGroup { title: None, lines: lines.to_vec() }]
}

fn figures(summary: &str, first: &'static str, groups: &[ReportGroup]) -> Table {
    let titles = ["Suivis", "Séances tenues", "Absences excusées", "Non excusées", "Heures", "Coût"];
    let mut columns = vec![Column::flexible(first, 1.0)];
    columns.extend(titles.map(|title| Column::fitted(title, Align::Right)));
    let rows = groups
        .iter()
        .flat_map(|group| group.title.iter().cloned().map(Row::Section).chain(group.lines.iter().map(cells)));
    Table {
        summary: format!("{summary} : enfants suivis, séances tenues, absences, heures et coût"),
        density: Density::Dense,
        columns,
        rows: rows.collect(),
    }
}

fn ages(place: &ReportPlace) -> Table {
    Table {
        summary: format!("{} : enfants suivis par âge et par genre", place.title),
        density: Density::Dense,
        columns: vec![
            Column::flexible("Âge et genre", 1.0),
            Column::fitted("Filles", Align::Right),
            Column::fitted("Garçons", Align::Right),
            Column::fitted("Non précisé", Align::Right),
            Column::fitted("Ensemble", Align::Right),
        ],
        rows: place.ages.iter().map(cells).collect(),
    }
}

fn cells((label, texts): &(String, Vec<String>)) -> Row {
    Row::Cells(std::iter::once(label.clone()).chain(texts.iter().cloned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::samples::{self, texts};

    #[test]
    fn it_says_what_was_counted_and_what_is_masked() {
        let text = texts(&page(&samples::yearly_report_of()).expect("page"));
        for expected in ["Bilan 2026", "PRE de Chenôve", "masqué", "Participations et dépenses", "CCAS de Talant"] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
    }

    #[test]
    fn the_same_report_makes_the_same_file_twice() {
        let content = samples::yearly_report_of();
        assert_eq!(yearly_report(&content).expect("PDF"), yearly_report(&content).expect("PDF"));
    }
}
