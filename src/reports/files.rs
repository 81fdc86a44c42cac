//! The report as files: a tagged PDF to read and keep, a workbook to compute with. Both are made of the same cells as the
//! page; what is masked there is masked here.

use chrono::NaiveDate;

use super::{Aspect, Contribution, Counts, Figures, Observation, Report};
use crate::budgets::Money;
use crate::documents::{self, DocumentError, ReportGroup, ReportPlace, YearlyReportContent};
use crate::exports::tables::{Cell, Column, Table, column};
use crate::exports::{ExportRefusal, workbook};
use crate::money::Cents;
use crate::sql_types::Ts;

/// What stands in a cell that is masked.
pub const MASKED: &str = "masqué";

/// What is counted and how, for who reads.
pub const NOTES: [&str; 5] = [
    "Un enfant est compté comme suivi quand une de ses séances de l’exercice, tenue ou manquée, a été validée. Seules les séances validées ou facturées entrent dans les chiffres.",
    "L’âge est celui du jour de la première séance de l’exercice. La durée du suivi va de son début à sa fin, ou au dernier jour compté. Qui a demandé et le motif général sont ceux de l’orientation de la dernière séance ; ils viennent de listes fermées et ne disent rien de clinique.",
    "Les heures sont celles prises sur la quotité. Le coût est celui des séances au tarif de leur jour, hors taxes, arrondi au centime pour chacune ; l’arrondi d’une facture, fait par ligne, peut en différer de quelques centimes.",
    "Les effectifs de 1 à 4 enfants sont masqués, avec les séances, les heures et le coût qui vont avec. D’autres chiffres le sont aussi, pour qu’aucun effectif masqué ne se retrouve par soustraction, même pour qui connaît son propre PRE. Un PRE ou un quartier masqué l’est en entier. Ailleurs, un zéro n’est pas masqué : il ne concerne personne.",
    "Le masquage est décidé une fois, sur l’ensemble des tableaux : chacun en lit une partie, avec les mêmes cases masquées.",
];

/// Why there is no table of children.
pub const TOO_FEW: &str = "Moins de cinq enfants ont été suivis, ou trop peu pour qu’aucun ne se devine : aucun chiffre sur eux n’est montré.";

/// The report as a tagged PDF.
///
/// # Errors
/// When the document cannot be laid out.
pub fn pdf(report: &Report, made_on: NaiveDate) -> Result<Vec<u8>, DocumentError> {
    documents::yearly_report(&content(report, made_on))
}

fn content(report: &Report, made_on: NaiveDate) -> YearlyReportContent {
    YearlyReportContent {
        convention: report.convention.clone(),
        year: report.year.label.clone(),
        from: report.year.period.from,
        until: report.year.period.until,
        counted_until: report.until,
        made_on,
        author: report.author.clone(),
        notes: NOTES.map(str::to_owned).to_vec(),
        without_children: (report.observation == Observation::TooFew).then(|| TOO_FEW.to_owned()),
        places: places(report).iter().map(|place| (place.title.clone(), texts(place.counts.all()))).collect(),
        details: details(report),
        contributions: contributions(report)
            .iter()
            .map(|(name, amounts)| (name.clone(), amounts.iter().map(ToString::to_string).collect()))
            .collect(),
        spending: spending(report)
            .iter()
            .map(|(name, money)| (name.clone(), amounts(*money).iter().map(ToString::to_string).collect()))
            .collect(),
    }
}

/// The whole, then each of its parts.
fn details(report: &Report) -> Vec<ReportPlace> {
    let mut places = places(report);
    if !places.is_empty() {
        places.rotate_right(1);
    }
    // of what is masked as a whole there is nothing more to say
    places.retain(|place| place.counts.all().is_some());
    let detail =
        |place: Place<'_>| ReportPlace { groups: groups(place.counts), ages: ages(place.counts), title: place.title };
    places.into_iter().map(detail).collect()
}

/// A place of the report, under its title.
pub struct Place<'r> {
    /// Such as `PRE de Chenôve`.
    pub title: String,
    /// Its counts.
    pub counts: &'r Counts,
}

/// Each programme, its neighbourhoods, and the whole last.
pub fn places(report: &Report) -> Vec<Place<'_>> {
    let Observation::Shown { whole, programmes } = &report.observation else { return Vec::new() };
    let mut places = Vec::new();
    for programme in programmes {
        let alone = programme.neighbourhoods.first().filter(|_| programme.within.is_empty());
        let title = alone.map_or(programme.name.clone(), |name| format!("{} ({name})", programme.name));
        places.push(Place { title, counts: &programme.counts });
        for (name, counts) in programme.neighbourhoods.iter().zip(&programme.within) {
            places.push(Place { title: format!("{}, {name}", programme.name), counts });
        }
    }
    places.push(Place { title: "Ensemble des PRE".to_owned(), counts: whole });
    places
}

/// The six figures of a line, as they are written.
pub fn texts(figures: Option<Figures>) -> Vec<String> {
    let Some(Figures { children, measures }) = figures else { return vec![MASKED.to_owned(); 6] };
    vec![
        children.to_string(),
        measures.held.to_string(),
        measures.excused.to_string(),
        measures.unexcused.to_string(),
        measures.time.to_string(),
        measures.cost.to_string(),
    ]
}

fn groups(counts: &Counts) -> Vec<ReportGroup> {
    let all = ReportGroup { title: None, lines: vec![("Tous les enfants".to_owned(), texts(counts.all()))] };
    let group = |group: super::Group| ReportGroup {
        title: Some(group.title.to_owned()),
        lines: group.lines.into_iter().map(|(label, figures)| (label, texts(figures))).collect(),
    };
    std::iter::once(all).chain(counts.groups().into_iter().map(group)).collect()
}

fn ages(counts: &Counts) -> Vec<(String, Vec<String>)> {
    let line = |(age, line): (&'static str, Vec<Option<i64>>)| (age.to_owned(), line.into_iter().map(count).collect());
    counts.ages_by_gender().into_iter().map(line).collect()
}

/// A count as it is written.
pub fn count(of: Option<i64>) -> String {
    of.map_or_else(|| MASKED.to_owned(), |count| count.to_string())
}

/// Contribution, called, received and left to receive of each signatory, then of all.
pub fn contributions(report: &Report) -> Vec<(String, [Cents; 4])> {
    let line = |one: &Contribution| (one.name.clone(), [one.owed, one.called, one.received, one.called - one.received]);
    let (owed, called, received) = report.contributed;
    let all = ("Tous les signataires".to_owned(), [owed, called, received, called - received]);
    report.contributions.iter().map(line).chain(std::iter::once(all)).collect()
}

/// What was spent, by what it is for, and all together.
pub fn spending(report: &Report) -> Vec<(String, Money)> {
    vec![
        ("Séances des psychologues".to_owned(), report.sessions),
        ("Part fixe : formation et analyse de la pratique".to_owned(), report.fixed_share),
        (format!("Budget {}", report.year.label), report.spent),
    ]
}

fn amounts(money: Money) -> [Cents; 4] {
    [money.budgeted, money.committed, money.invoiced, money.paid]
}

const COUNTS: &[Column] = &[
    column("PRE et quartier", 34),
    column("Ventilation", 16),
    column("Enfants", 28),
    column("Suivis", 10),
    column("Séances tenues", 10),
    column("Absences excusées", 10),
    column("Absences non excusées", 10),
    column("Heures", 10),
    column("Coût", 14),
];

const CONTRIBUTIONS: &[Column] = &[
    column("Signataire", 34),
    column("Participation", 14),
    column("Appelée", 14),
    column("Reçue", 14),
    column("Reste à recevoir", 14),
];

const SPENDING: &[Column] =
    &[column("Poste", 44), column("Budget", 14), column("Engagé", 14), column("Facturé", 14), column("dont payé", 14)];

const READING: &[Column] = &[column("Comment lire ce bilan", 120)];

/// The report as a workbook.
///
/// # Errors
/// When the file cannot be written.
pub fn xlsx(report: &Report, made_at: Ts) -> Result<Vec<u8>, ExportRefusal> {
    let money = |(name, amounts): (String, [Cents; 4])| {
        std::iter::once(Cell::text(name)).chain(amounts.map(Cell::Money)).collect::<Vec<_>>()
    };
    let spent = spending(report).into_iter().map(|(name, spent)| (name, amounts(spent)));
    let mut tables = vec![
        Table {
            name: "Participations",
            columns: CONTRIBUTIONS,
            rows: contributions(report).into_iter().map(money).collect(),
        },
        Table { name: "Dépenses", columns: SPENDING, rows: spent.map(money).collect() },
        Table { name: "Lecture", columns: READING, rows: NOTES.iter().map(|note| vec![Cell::text(note)]).collect() },
    ];
    if matches!(report.observation, Observation::Shown { .. }) {
        let rows = places(report).iter().flat_map(rows).collect();
        tables.insert(0, Table { name: "Enfants et séances", columns: COUNTS, rows });
    }
    workbook::write_tables(&format!("Bilan {}", report.year.label), &tables, made_at)
}

fn rows(place: &Place<'_>) -> Vec<Vec<Cell>> {
    let row = |(aspect, figures): (Aspect, Option<Figures>)| {
        let (list, label) = aspect.french();
        let words = [place.title.as_str(), list, label.as_str()].map(Cell::text);
        words.into_iter().chain(cells(aspect, figures)).collect()
    };
    place.counts.iter().map(row).collect()
}

/// The figures of a row; for an age and a gender together, children alone.
fn cells(aspect: Aspect, figures: Option<Figures>) -> Vec<Cell> {
    let Some(Figures { children, measures }) = figures else { return vec![Cell::text(MASKED); 6] };
    if matches!(aspect, Aspect::AgeAndGender(..)) {
        let nothing = || Cell::text("");
        return vec![Cell::Count(children), nothing(), nothing(), nothing(), nothing(), nothing()];
    }
    vec![
        Cell::Count(children),
        Cell::Count(measures.held),
        Cell::Count(measures.excused),
        Cell::Count(measures.unexcused),
        Cell::Time(measures.time),
        Cell::Money(measures.cost),
    ]
}
