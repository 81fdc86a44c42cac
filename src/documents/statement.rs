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

/// A service that an invoice bills and that is no child's session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementService {
    /// Its day.
    pub held_on: NaiveDate,
    /// When it began, in local time.
    pub starts_at: NaiveTime,
    /// The type of service.
    pub service_type: String,
    /// The programmes that it concerns, in words.
    pub concerned: String,
    /// How many people attended.
    pub participants: i32,
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
    /// The services, in any order; what was frozen before there were any has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<StatementService>,
}

impl StatementContent {
    /// What it lists, in words.
    fn name(&self) -> &'static str {
        match (self.rows.is_empty(), self.services.is_empty()) {
            (_, true) => "Relevé de séances",
            (true, false) => "Relevé de prestations",
            (false, false) => "Relevé de séances et de prestations",
        }
    }
}

/// Makes the statement of sessions as a tagged PDF (PDF/A-3a, PDF/UA-1).
pub fn statement(content: &StatementContent) -> Result<Vec<u8>, DocumentError> {
    let imprint = Imprint { title: title(content), author: content.seller_name.clone(), made_on: content.issued_on };
    pdf::write(page(content)?, &imprint, None)
}

fn title(content: &StatementContent) -> String {
    format!("{} – facture {}", content.name(), content.invoice_number)
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
    let (other_time, other_price) = sum_services(&content.services);
    let (time, price) = (time + other_time, price + other_price);
    let mut sheet = Sheet::new()?;
    sheet.flag();
    sheet.heading(1, content.name(), TITLE);
    let invoice = format!("Annexe de la facture {} du {}", content.invoice_number, french_date(content.issued_on));
    sheet.paragraph(&invoice, BODY);
    sheet.gap(14.0);
    sheet.facts(&facts(content, time), 3);
    sheet.gap(12.0);
    if rows.is_empty() && content.services.is_empty() {
        sheet.paragraph("Aucune séance sur cette période.", BODY);
        return Ok(sheet);
    }
    if !rows.is_empty() {
        sheet.table(&table(&rows));
    }
    if !content.services.is_empty() {
        sheet.gap(if rows.is_empty() { 0.0 } else { 12.0 });
        sheet.table(&services_table(content));
    }
    sheet.gap(14.0);
    sheet.sums("Totaux", &[("Durée totale".to_owned(), time.to_string()), ("Total HT".to_owned(), price.to_string())]);
    let of_rows: Cents = rows.iter().map(|row| row.hourly_rate_cents.for_time(row.duration_minutes)).sum();
    let of_services: Cents =
        content.services.iter().map(|row| row.hourly_rate_cents.for_time(row.duration_minutes)).sum();
    if of_rows + of_services != price {
        sheet.gap(10.0);
        sheet.paragraph(
            "Les totaux sont ceux de la facture : chaque ligne y est arrondie une fois, sur la durée totale. Ils peuvent \
             différer de quelques centimes de la somme des séances arrondies une à une.",
            SMALL,
        );
    }
    Ok(sheet)
}

/// Time and price of services, rounded as the invoice does: once for those of one type and one rate.
fn sum_services(services: &[StatementService]) -> (Minutes, Cents) {
    let mut lines: BTreeMap<(&str, Cents), Minutes> = BTreeMap::new();
    for service in services {
        *lines.entry((&service.service_type, service.hourly_rate_cents)).or_default() += service.duration_minutes;
    }
    let price = lines.iter().map(|((_, rate), time)| rate.for_time(*time)).sum();
    (services.iter().map(|service| service.duration_minutes).sum(), price)
}

fn services_table(content: &StatementContent) -> Table {
    let mut services: Vec<&StatementService> = content.services.iter().collect();
    services.sort_by_key(|service| (service.held_on, service.starts_at));
    let row = |service: &&StatementService| {
        Row::Cells(vec![
            short_date(service.held_on),
            french_time(service.starts_at),
            service.service_type.clone(),
            format!("{} ({} pers.)", service.concerned, service.participants),
            service.hourly_rate_cents.to_string(),
            service.duration_minutes.to_string(),
            service.hourly_rate_cents.for_time(service.duration_minutes).to_string(),
        ])
    };
    Table {
        summary: "Prestations : date, heure, type, PRE concernés et participants, tarif, durée et montant".to_owned(),
        density: Density::Dense,
        columns: vec![
            Column::fitted("Date", Align::Left),
            Column::fitted("Heure", Align::Left),
            Column::flexible("Prestation", 1.0),
            Column::flexible("Pour", 1.0),
            Column::fitted("Tarif horaire", Align::Right),
            Column::fitted("Durée", Align::Right),
            Column::fitted("Montant HT", Align::Right),
        ],
        rows: services.iter().map(row).collect(),
    }
}

fn facts(content: &StatementContent, time: Minutes) -> Vec<(&'static str, String)> {
    // who only leads practice analysis or training need not be a psychologist
    let is_services_alone = content.rows.is_empty() && !content.services.is_empty();
    let issuer = if is_services_alone { "Émetteur" } else { "Psychologue" };
    vec![
        (issuer, content.seller_name.clone()),
        ("SIRET", grouped(&content.seller_siret, &[3, 3, 3, 5])),
        ("Destinataire", content.buyer_name.clone()),
        ("Période", format!("du {} au {}", short_date(content.period_start), short_date(content.period_end))),
        match (content.rows.len(), content.services.len()) {
            (sessions, 0) => ("Nombre de séances", sessions.to_string()),
            (0, services) => ("Nombre de prestations", services.to_string()),
            (sessions, services) => ("Séances, prestations", format!("{sessions}, {services}")),
        },
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
