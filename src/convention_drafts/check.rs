//! Everything that keeps a draft from being signed, in plain French: the check of the file, and what other conventions
//! say.

use diesel::QueryResult;

use super::Part;
use crate::conventions::file::{self, ConventionFile, Remark};
use crate::conventions::{import, write};
use crate::db::AnyConnection;

/// Something to correct, or to look at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it is edited.
    pub part: Part,
    /// What it is about: `Exercice 2027, budget prévisionnel`.
    pub place: String,
    /// What is wrong and what to write instead.
    pub reason: String,
    /// Whether it may be signed all the same.
    pub is_warning: bool,
}

/// What is wrong with what a draft says, in the order of its parts.
///
/// # Errors
/// When the database fails.
pub fn faults(conn: &mut AnyConnection, file: &ConventionFile) -> QueryResult<Vec<Fault>> {
    let (remarks, is_warning) = match file::read(&write::write(file)) {
        Ok(read) => (read.warnings, true),
        Err(remarks) => (remarks, false),
    };
    let mut faults: Vec<Fault> = remarks.iter().map(|remark| fault(file, remark, is_warning)).collect();
    let beside = |part: Part, place: &str, reason| Fault { part, place: place.to_owned(), reason, is_warning: false };
    let clashes = import::clashes(conn, file)?;
    faults.extend(clashes.into_iter().map(|(part, clash)| {
        let part = if part == "convention" { Part::Heading } else { Part::Programmes };
        beside(part, part.french(), clash)
    }));
    faults.sort_by_key(|fault| Part::ALL.iter().position(|part| *part == fault.part));
    Ok(faults)
}

fn fault(file: &ConventionFile, remark: &Remark, is_warning: bool) -> Fault {
    let (section, index, key) = path(&remark.field);
    let part = Part::of_section(section);
    let place = match (item(file, section, index), label(key)) {
        (item, "") => item,
        (item, label) if item.is_empty() => capital(label),
        (item, label) => format!("{item}, {label}"),
    };
    let place = if place.is_empty() { part.french().to_owned() } else { place };
    Fault { part, place, reason: plain(file, &remark.reason), is_warning }
}

/// `budget_years[0].contributions.mail` is a section, a rank, a key.
fn path(field: &str) -> (&str, Option<usize>, &str) {
    let end = field.find(['[', '.']).unwrap_or(field.len());
    let (section, rest) = field.split_at(end);
    let (index, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((index, rest)) => (index.parse().ok(), rest),
        None => (None, rest),
    };
    (section, index, rest.trim_start_matches('.'))
}

/// What an entry of a list is called.
fn item(file: &ConventionFile, section: &str, index: Option<usize>) -> String {
    if section == "buyer" {
        return "Acheteur".to_owned();
    }
    let Some(index) = index else { return String::new() };
    let named = |noun: &str, name: Option<&String>| match name {
        Some(name) if !name.is_empty() => format!("{noun} {name}"),
        _ => format!("{noun} n° {}", index + 1),
    };
    match section {
        "signatories" => named("Partie", file.signatories.get(index).map(|s| &s.name)),
        "neighbourhoods" => named("Quartier", file.neighbourhoods.get(index).map(|n| &n.name)),
        "programmes" => named("PRE", file.programmes.get(index).map(|p| &p.code)),
        "grants" => named("Subvention", file.grants.get(index).map(|g| &g.name)),
        "service_lines" => match file.service_lines.get(index) {
            Some(line) => format!("Exercice {}, {}", line.year, line.service.french()),
            None => format!("Ligne n° {}", index + 1),
        },
        "budget_years" => named("Exercice", file.budget_years.get(index).map(|y| &y.label)),
        "terms" => format!("Règles n° {}", index + 1),
        "rates" => match file.rates.get(index) {
            Some(rate) => format!("Tarif n° {} ({})", index + 1, rate.service.french()),
            None => format!("Tarif n° {}", index + 1),
        },
        _ => String::new(),
    }
}

/// The words of a key of the file.
fn label(key: &str) -> &'static str {
    match key.split('.').next().unwrap_or_default() {
        "slug" => "nom court",
        "title" => "titre",
        "from" => "premier jour",
        "until" => "dernier jour",
        "name" => "nom",
        "siren" => "SIREN",
        "siret" => "SIRET",
        "street" => "adresse",
        "postcode" => "code postal",
        "city" => "ville",
        "required_reference" => "références exigées",
        "service_code" => "code service",
        "engagement_number" => "numéro d’engagement",
        "contract_number" => "numéro de marché",
        "payment_days" => "délai de paiement",
        "code" => "code",
        "contact_email" => "adresse électronique",
        "town" => "commune",
        "signatory" => "signataire",
        "neighbourhoods" => "quartiers",
        "note" => "note",
        "label" => "nom de l’exercice",
        "budget" => "budget prévisionnel",
        "fixed_share" => "part fixe",
        "ceiling" => "plafond",
        "call_by" => "date de l’appel de fonds",
        "contributions" => "participations",
        "grants" => "subventions",
        "year" => "exercice",
        "service" => "prestation",
        "hours" => "heures",
        "amount" => "montant",
        "quotas" => "quotités",
        "min_age" => "âge le plus jeune",
        "max_age" => "âge le plus élevé",
        "late_entry_months" => "saisie tardive",
        "hourly" => "tarif horaire",
        _ => "",
    }
}

/// The words of a file's remark for who has no file in front of them.
fn plain(file: &ConventionFile, reason: &str) -> String {
    let mut words = reason
        .replace(", ou retirez la clé si elle est facultative", "")
        .replace(", entre guillemets", "")
        .replace("retirez cette section", "retirez ce tarif")
        .replace("aucun [[signatories]]", "aucune des parties")
        .replace("aucun [[neighbourhoods]]", "aucun des quartiers")
        .replace("aucun [[programmes]]", "aucun des PRE")
        .replace("aucun [[grants]]", "aucune des subventions")
        .replace("aucun [[budget_years]]", "aucun des exercices")
        .replace("que ce fichier ne donne pas", "qui n’est pas donné");
    for section in ["signatories", "neighbourhoods", "programmes", "grants", "budget_years", "terms", "rates"] {
        while let Some(start) = words.find(&format!("{section}[")) {
            let Some(length) = words[start..].find(']') else { break };
            let (_, index, _) = path(&words[start..=start + length]);
            words.replace_range(start..=start + length, &format!("« {} »", item(file, section, index)));
        }
    }
    words
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
