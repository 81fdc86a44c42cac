//! Reads the ministry's public school calendar (`fr-en-calendrier-scolaire`), as CSV or JSON.
//!
//! A day is written as an instant, midnight in Paris, usually in UTC: its local date is what counts. The end is the day
//! of return. A summer whose end is not published yet is a record of one day, "Début des Vacances d'Été".

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::SchoolBreak;
use crate::calendar::local_date;
use crate::sql_types::Ts;

/// Why a file is not a school calendar. `Display` is the French sentence shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Neither CSV nor JSON of that data set.
    #[error("ce fichier n’est pas le calendrier scolaire du ministère : {0}")]
    NotTheCalendar(String),
    /// A record that does not say what it must.
    #[error("enregistrement {record} : {what}")]
    Record {
        /// Its place, from 1.
        record: usize,
        /// What is wrong.
        what: String,
    },
    /// Nothing in it is about this academy.
    #[error(
        "aucune vacance scolaire de l’académie de {0} dans ce fichier : vérifiez l’académie, ou exportez le jeu de données entier"
    )]
    NoSuchAcademy(String),
    /// A school year that stops before its summer.
    #[error("l’année {0} est incomplète : ses vacances d’été n’y sont pas. Exportez le jeu de données entier")]
    Incomplete(String),
}

/// A record of the file, by the technical name of its fields.
type Record = BTreeMap<&'static str, String>;

/// The labels of the columns, and the technical names that JSON and some CSV use instead.
const FIELDS: [(&str, &str); 6] = [
    ("description", "description"),
    ("population", "population"),
    ("date de début", "start_date"),
    ("date de fin", "end_date"),
    ("académies", "location"),
    ("annee_scolaire", "annee_scolaire"),
];

/// The school holidays of an academy's pupils, in the order of time.
///
/// # Errors
/// As [`Unreadable`] says.
pub fn read(text: &str, academy: &str) -> Result<Vec<SchoolBreak>, Unreadable> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let records = if text.starts_with(['[', '{']) { json_records(text)? } else { csv_records(text)? };
    let mut breaks = BTreeSet::new();
    for (index, record) in records.iter().enumerate() {
        if is_about(record, academy) {
            breaks.insert(school_break(record).map_err(|what| Unreadable::Record { record: index + 1, what })?);
        }
    }
    if breaks.is_empty() {
        return Err(Unreadable::NoSuchAcademy(academy.to_owned()));
    }
    let summers: BTreeSet<&str> =
        breaks.iter().filter(|b| is_summer(&b.name)).map(|b| b.school_year.as_str()).collect();
    if let Some(partial) = breaks.iter().find(|b| !summers.contains(b.school_year.as_str())) {
        return Err(Unreadable::Incomplete(partial.school_year.clone()));
    }
    let mut breaks: Vec<SchoolBreak> = breaks.into_iter().collect();
    breaks.sort_by_key(|period| period.starts_on);
    Ok(breaks)
}

fn field(name: &str) -> Option<&'static str> {
    let name = name.trim().to_lowercase();
    FIELDS.iter().find(|(label, technical)| name == *label || name == *technical).map(|(_, technical)| *technical)
}

fn csv_records(text: &str) -> Result<Vec<Record>, Unreadable> {
    let head = text.lines().next().unwrap_or_default();
    let delimiter = if head.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let not_csv = |e: csv::Error| Unreadable::NotTheCalendar(e.to_string());
    let fields: Vec<_> = reader.headers().map_err(not_csv)?.iter().map(field).collect();
    if let Some((label, _)) = FIELDS.iter().find(|(_, technical)| !fields.contains(&Some(technical))) {
        return Err(Unreadable::NotTheCalendar(format!("la colonne « {label} » manque")));
    }
    reader
        .records()
        .map(|row| {
            let row = row.map_err(not_csv)?;
            let named = fields.iter().zip(row.iter());
            Ok(named.filter_map(|(field, value)| Some(((*field)?, value.trim().to_owned()))).collect())
        })
        .collect()
}

/// An export is a list; an answer of the API wraps it in `results`.
fn json_records(text: &str) -> Result<Vec<Record>, Unreadable> {
    let value: Value = serde_json::from_str(text).map_err(|e| Unreadable::NotTheCalendar(e.to_string()))?;
    let list = value.get("results").unwrap_or(&value).as_array();
    let list = list.ok_or_else(|| Unreadable::NotTheCalendar("aucune liste d’enregistrements".to_owned()))?;
    let record = |item: &Value| -> Record {
        let entries = item.as_object().into_iter().flatten();
        entries.filter_map(|(name, value)| Some((field(name)?, value.as_str()?.trim().to_owned()))).collect()
    };
    Ok(list.iter().map(record).collect())
}

fn get<'r>(record: &'r Record, name: &str) -> &'r str {
    record.get(name).map_or("", String::as_str)
}

/// Whether a record is about pupils of an academy: teachers return a day earlier.
fn is_about(record: &Record, academy: &str) -> bool {
    let of_academy = get(record, "location").split(',').any(|name| name.trim().eq_ignore_ascii_case(academy));
    of_academy && !get(record, "population").to_lowercase().starts_with("enseignant")
}

fn school_break(record: &Record) -> Result<SchoolBreak, String> {
    let school_year = year_label(get(record, "annee_scolaire"))?;
    let words = get(record, "description");
    if words.is_empty() {
        return Err("la description manque".to_owned());
    }
    let (starts_on, returns_on) = (date(get(record, "start_date"))?, date(get(record, "end_date"))?);
    let is_beginning = words.to_lowercase().starts_with("début des ");
    let name =
        if is_beginning { words.chars().skip("Début des ".chars().count()).collect() } else { words.to_owned() };
    let ends_on = if is_summer(&name) && returns_on <= starts_on {
        end_of_school_year(&school_year)?
    } else {
        // a single day off is written with the same day twice
        returns_on.pred_opt().unwrap_or(returns_on).max(starts_on)
    };
    if ends_on < starts_on || !(0..=120).contains(&(ends_on - starts_on).num_days()) {
        return Err(format!("{name} du {starts_on} au {ends_on} : ces dates ne se suivent pas"));
    }
    Ok(SchoolBreak { school_year, starts_on, ends_on, name })
}

fn is_summer(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("été") && !name.contains("austral")
}

/// `2026-2027`, checked.
fn year_label(text: &str) -> Result<String, String> {
    let years = text.split_once('-').and_then(|(a, b)| Some((a.parse::<i32>().ok()?, b.parse::<i32>().ok()?)));
    match years {
        Some((first, second)) if second == first + 1 && text.len() == 9 => Ok(text.to_owned()),
        _ => Err(format!("l’année scolaire « {text} » n’est pas de la forme 2026-2027")),
    }
}

fn end_of_school_year(label: &str) -> Result<NaiveDate, String> {
    let second = label.get(5..).and_then(|year| year.parse().ok());
    second.and_then(|year| NaiveDate::from_ymd_opt(year, 8, 31)).ok_or_else(|| format!("l’année {label} n’existe pas"))
}

/// The local date of an instant, or a plain date.
fn date(text: &str) -> Result<NaiveDate, String> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(local_date(Ts::new(at.with_timezone(&Utc))));
    }
    text.parse().map_err(|_| format!("la date « {text} » est illisible"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Description;Population;Date de début;Date de fin;Académies;Zones;annee_scolaire\n";

    fn one(row: &str) -> Result<Vec<SchoolBreak>, Unreadable> {
        let summer = "Vacances d'Été;-;2028-07-07T22:00:00+00:00;2028-09-03T22:00:00+00:00;Dijon;Zone A;2027-2028\n";
        read(&format!("{HEAD}{summer}{row}"), "Dijon")
    }

    fn dates(breaks: &[SchoolBreak]) -> Vec<String> {
        breaks.iter().map(|b| format!("{} {} {}", b.name, b.starts_on, b.ends_on)).collect()
    }

    #[test]
    fn the_local_date_counts_on_both_sides_of_the_clock() {
        let row =
            "Vacances de la Toussaint;-;2027-10-22T22:00:00+00:00;2027-11-07T23:00:00+00:00;Dijon;Zone A;2027-2028";
        let known = one(row).expect("a calendar");
        assert_eq!(
            dates(&known),
            ["Vacances de la Toussaint 2027-10-23 2027-11-07", "Vacances d'Été 2028-07-08 2028-09-03"]
        );
        // another export writes Paris time, another the plain date
        let paris = row.replace("2027-10-22T22:00:00+00:00", "2027-10-23T00:00:00+02:00");
        let plain = row.replace("2027-10-22T22:00:00+00:00", "2027-10-23");
        assert_eq!(one(&paris).expect("a calendar"), known);
        assert_eq!(one(&plain).expect("a calendar"), known);
    }

    #[test]
    fn teachers_and_other_academies_are_left_out() {
        let rows = "Pré-rentrée;Enseignants;2027-08-30T22:00:00+00:00;2027-08-31T22:00:00+00:00;Dijon;Zone A;2027-2028\n\
                    Vacances de Noël;-;2027-12-17T23:00:00+00:00;2028-01-02T23:00:00+00:00;Lyon;Zone A;2027-2028\n";
        assert_eq!(one(rows).expect("a calendar").len(), 1);
        assert_eq!(read(&format!("{HEAD}{rows}"), "Corse"), Err(Unreadable::NoSuchAcademy("Corse".to_owned())));
    }

    #[test]
    fn json_says_the_same_as_csv() {
        let record = |name: &str, start: &str, end: &str| {
            serde_json::json!({ "description": name, "population": "-", "start_date": start, "end_date": end,
                "location": "Dijon", "zones": "Zone A", "annee_scolaire": "2026-2027" })
        };
        let list = vec![
            record("Pont de l'Ascension", "2027-05-06T22:00:00+00:00", "2027-05-06T22:00:00+00:00"),
            record("Début des Vacances d'Été", "2027-07-03T00:00:00+02:00", "2027-07-03T00:00:00+02:00"),
        ];
        let known = read(&serde_json::json!(list).to_string(), "Dijon").expect("a calendar");
        assert_eq!(
            dates(&known),
            ["Pont de l'Ascension 2027-05-07 2027-05-07", "Vacances d'Été 2027-07-03 2027-08-31"]
        );
        let wrapped = serde_json::json!({ "total_count": 2, "results": list }).to_string();
        assert_eq!(read(&wrapped, "Dijon").expect("a calendar"), known);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = one("Vacances de Noël;-;demain;2028-01-02;Dijon;Zone A;2027-2028").expect_err("no calendar");
        assert_eq!(wrong.to_string(), "enregistrement 2 : la date « demain » est illisible");
        assert!(one("Vacances de Noël;-;2027-12-18;2027-01-02;Dijon;Zone A;2027").is_err());
        let partial = one("Vacances de Noël;-;2028-12-16;2029-01-02;Dijon;Zone A;2028-2029").expect_err("no calendar");
        assert_eq!(partial, Unreadable::Incomplete("2028-2029".to_owned()));
        for text in ["", "a;b\n1;2\n", "{}", "[", "{\"results\": 3}"] {
            assert!(matches!(read(text, "Dijon"), Err(Unreadable::NotTheCalendar(_))), "{text}");
        }
    }
}
