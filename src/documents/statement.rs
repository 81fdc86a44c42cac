//! The statement of sessions (*relevé de séances*): the annex of an invoice, by reference, never by name.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::calendar::{french_date, french_time, short_date};
use crate::documents::layout::{Align, BODY, Column, Density, Row, SMALL, Sheet, TITLE, Table};
use crate::documents::pdf::{self, Imprint};
use crate::documents::{DocumentError, grouped};
use crate::hours::Minutes;
use crate::money::Cents;

/// A session that an invoice bills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementRow {
    /// Its day.
    pub held_on: NaiveDate,
    /// When it began, in local time.
    pub starts_at: NaiveTime,
    /// The child's reference, such as `CHE-2026-0042`.
    pub child_reference: String,
    /// The programme that follows the child, such as `PRE de Chenôve`.
    pub programme: String,
    /// The type of service.
    pub service_type: String,
    /// How long it lasted.
    pub duration_minutes: Minutes,
    /// Price of an hour without tax.
    pub hourly_rate_cents: Cents,
}

/// The sessions of an invoice, as they were when it was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementContent {
    /// The invoice that it goes with.
    pub invoice_number: String,
    /// The day the invoice was issued.
    pub issued_on: NaiveDate,
    /// First day of the period.
    pub period_start: NaiveDate,
    /// Last day of the period.
    pub period_end: NaiveDate,
    /// The psychologist's legal name, such as `Claire Martin (EI)`.
    pub seller_name: String,
    /// The psychologist's SIRET.
    pub seller_siret: String,
    /// Who pays.
    pub buyer_name: String,
    /// The sessions, in any order.
    pub rows: Vec<StatementRow>,
}

/// Makes the statement of sessions as a tagged PDF (PDF/A-3a, PDF/UA-1).
pub fn statement(content: &StatementContent) -> Result<Vec<u8>, DocumentError> {
    let imprint = Imprint { title: title(content), author: content.seller_name.clone(), made_on: content.issued_on };
    pdf::write(page(content)?, &imprint, None)
}

fn title(content: &StatementContent) -> String {
    format!("Relevé de séances – facture {}", content.invoice_number)
}

/// Time and price of several sessions.
///
/// The price is that of the invoice: time × rate, rounded once for the sessions of one type and one rate. So the
/// statement agrees with the invoice to the cent even when the rounded sessions do not.
fn sum(rows: &[&StatementRow]) -> (Minutes, Cents) {
    let mut lines: BTreeMap<(&str, &str, Cents), Minutes> = BTreeMap::new();
    for row in rows {
        *lines.entry((&row.programme, &row.service_type, row.hourly_rate_cents)).or_default() += row.duration_minutes;
    }
    let price = lines.iter().map(|((_, _, rate), time)| rate.for_time(*time)).sum();
    (rows.iter().map(|row| row.duration_minutes).sum(), price)
}

fn page(content: &StatementContent) -> Result<Sheet, DocumentError> {
    let mut rows: Vec<&StatementRow> = content.rows.iter().collect();
    rows.sort_by_key(|row| (&row.programme, row.held_on, row.starts_at, &row.child_reference));
    let (time, price) = sum(&rows);
    let mut sheet = Sheet::new()?;
    sheet.flag();
    sheet.heading(1, "Relevé de séances", TITLE);
    let invoice = format!("Annexe de la facture {} du {}", content.invoice_number, french_date(content.issued_on));
    sheet.paragraph(&invoice, BODY);
    sheet.gap(14.0);
    sheet.facts(&facts(content, time), 3);
    sheet.gap(12.0);
    if rows.is_empty() {
        sheet.paragraph("Aucune séance sur cette période.", BODY);
        return Ok(sheet);
    }
    sheet.table(&table(&rows));
    sheet.gap(14.0);
    sheet.sums("Totaux", &[("Durée totale".to_owned(), time.to_string()), ("Total HT".to_owned(), price.to_string())]);
    let of_rows: Cents = rows.iter().map(|row| row.hourly_rate_cents.for_time(row.duration_minutes)).sum();
    if of_rows != price {
        sheet.gap(10.0);
        sheet.paragraph(
            "Les totaux sont ceux de la facture : chaque ligne y est arrondie une fois, sur la durée totale. Ils peuvent \
             différer de quelques centimes de la somme des séances arrondies une à une.",
            SMALL,
        );
    }
    Ok(sheet)
}

fn facts(content: &StatementContent, time: Minutes) -> Vec<(&'static str, String)> {
    vec![
        ("Psychologue", content.seller_name.clone()),
        ("SIRET", grouped(&content.seller_siret, &[3, 3, 3, 5])),
        ("Destinataire", content.buyer_name.clone()),
        ("Période", format!("du {} au {}", short_date(content.period_start), short_date(content.period_end))),
        ("Nombre de séances", content.rows.len().to_string()),
        ("Durée totale", time.to_string()),
    ]
}

fn table(rows: &[&StatementRow]) -> Table {
    let mut out = Vec::with_capacity(rows.len() + 10);
    for sessions in rows.chunk_by(|a, b| a.programme == b.programme) {
        let programme = sessions.first().map_or("", |row| &row.programme);
        out.push(Row::Section(programme.to_owned()));
        out.extend(sessions.iter().map(|row| cells(row)));
        let (time, price) = sum(sessions);
        let label = format!("Sous-total {programme} – {}", counted(sessions.len()));
        out.push(Row::Sum(label, vec![time.to_string(), price.to_string()]));
    }
    Table {
        summary: "Séances par programme : date, heure, référence de l’enfant, prestation, tarif, durée et montant"
            .to_owned(),
        density: Density::Dense,
        columns: vec![
            Column::fitted("Date", Align::Left),
            Column::fitted("Heure", Align::Left),
            Column::fitted("Référence", Align::Left),
            Column::flexible("Prestation", 1.0),
            Column::fitted("Tarif horaire", Align::Right),
            Column::fitted("Durée", Align::Right),
            Column::fitted("Montant HT", Align::Right),
        ],
        rows: out,
    }
}

fn counted(sessions: usize) -> String {
    format!("{sessions} séance{}", if sessions > 1 { "s" } else { "" })
}

fn cells(row: &StatementRow) -> Row {
    Row::Cells(vec![
        short_date(row.held_on),
        french_time(row.starts_at),
        row.child_reference.clone(),
        row.service_type.clone(),
        row.hourly_rate_cents.to_string(),
        row.duration_minutes.to_string(),
        row.hourly_rate_cents.for_time(row.duration_minutes).to_string(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::samples::{self, texts};

    #[test]
    fn any_number_of_sessions_makes_the_same_file_twice() {
        for sessions in [0, 1, 300] {
            let content = samples::statement_of(sessions);
            let file = statement(&content).expect("PDF");
            assert_eq!(statement(&content).expect("PDF"), file);
        }
        assert!(page(&samples::statement_of(300)).expect("page").pages.len() > 7);
    }

    #[test]
    fn sessions_stand_by_programme_with_their_sums() {
        let text = texts(&page(&samples::statement_of(40)).expect("page"));
        for expected in [
            "Annexe de la facture F2026-10-0001 du 31 octobre 2026",
            "Sous-total PRE de Chenôve – 20 séances",
            "Nombre de séances 40",
            "CHE-2026-0001",
            "Total HT 1\u{202f}800,00\u{a0}€",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        let empty = texts(&page(&samples::statement_of(0)).expect("page"));
        assert!(empty.contains("Aucune séance sur cette période."));
    }

    #[test]
    fn sums_are_those_of_the_invoice() {
        let mut content = samples::statement_of(4);
        content.rows.iter_mut().for_each(|row| {
            row.programme = "PRE de Longvic".to_owned();
            (row.duration_minutes, row.hourly_rate_cents) = (Minutes(15), Cents(5001));
        });
        let rows: Vec<&StatementRow> = content.rows.iter().collect();
        assert_eq!(sum(&rows), (Minutes(60), Cents(5001)));
        let text = texts(&page(&content).expect("page"));
        assert!(text.contains("Total HT 50,01\u{a0}€") && text.contains("arrondie une fois"));
    }
}
