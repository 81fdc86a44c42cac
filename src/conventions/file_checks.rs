//! What must agree inside a convention's file: references, sums, periods, identifiers.

use std::collections::BTreeMap;

use super::file::{ConventionFile, DefaultRate, ServiceLine, Year};
use super::reader::Reader;
use super::{Buyer, Period, ServiceType, has_luhn_digit, is_reference, is_service_code, overspend};
use crate::hours::Minutes;
use crate::money::Cents;

/// Refuses whatever does not agree with the rest of the file. What could not be read is left out of the comparisons.
pub(super) fn check(reader: &mut Reader<'_>, file: &ConventionFile) {
    check_codes(reader, file);
    check_references(reader, file);
    check_emails(reader, file);
    check_buyer(reader, &file.buyer);
    check_service_lines(reader, file);
    check_periods(reader, file);
    for (index, year) in file.budget_years.iter().enumerate() {
        check_year(reader, file, &format!("budget_years[{index}]"), year);
    }
    for (index, terms) in file.terms.iter().enumerate() {
        let oldest = format!("terms[{index}].max_age");
        if reader.sound(&oldest) && terms.max_age < terms.min_age {
            reader.refuse(&oldest, format!("l’âge le plus élevé est inférieur au plus jeune ({} ans)", terms.min_age));
        }
    }
}

/// Codes are well formed, and each is given once.
fn check_codes(reader: &mut Reader<'_>, file: &ConventionFile) {
    if reader.sound("convention.slug") && !is_code(&file.convention.slug) {
        reader.refuse("convention.slug", CODE_HELP);
    }
    let signatories = file.signatories.iter().map(|s| s.code.as_str());
    unique(reader, "signatories", "code", signatories, is_code, CODE_HELP);
    let neighbourhoods = file.neighbourhoods.iter().map(|n| n.code.as_str());
    unique(reader, "neighbourhoods", "code", neighbourhoods, is_code, CODE_HELP);
    let programmes = file.programmes.iter().map(|p| p.code.as_str());
    let help = "écrivez de 2 à 5 lettres majuscules : les références des enfants commencent par elles";
    unique(reader, "programmes", "code", programmes, is_programme_code, help);
    let grants = file.grants.iter().map(|g| g.code.as_str());
    unique(reader, "grants", "code", grants, is_code, CODE_HELP);
    let labels = file.budget_years.iter().map(|y| y.label.as_str());
    unique(reader, "budget_years", "label", labels, |_| true, "");
}

const CODE_HELP: &str = "écrivez un code sans espace ni accent : lettres, chiffres et tirets, 40 au plus";

/// Whether a text is a code of a file.
pub(super) fn is_code(code: &str) -> bool {
    (1..=40).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Whether a text is the code of a programme.
pub(super) fn is_programme_code(code: &str) -> bool {
    (2..=5).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_uppercase())
}

fn unique<'f>(
    reader: &mut Reader<'_>,
    section: &str,
    key: &str,
    codes: impl Iterator<Item = &'f str>,
    well_formed: fn(&str) -> bool,
    help: &str,
) {
    let mut seen = BTreeMap::new();
    for (index, code) in codes.enumerate() {
        let field = format!("{section}[{index}].{key}");
        if !reader.sound(&field) {
            continue;
        }
        if !well_formed(code) {
            reader.refuse(&field, help);
        }
        if let Some(first) = seen.insert(code, index) {
            reader.refuse(&field, format!("« {code} » est déjà donné à {section}[{first}]"));
        }
    }
}

/// Codes that are named exist, and a neighbourhood belongs to one programme.
fn check_references(reader: &mut Reader<'_>, file: &ConventionFile) {
    let mut homes: BTreeMap<&str, &str> = BTreeMap::new();
    for (index, programme) in file.programmes.iter().enumerate() {
        let field = format!("programmes[{index}].signatory");
        if reader.sound(&field) && !file.signatories.iter().any(|s| s.code == programme.signatory) {
            reader.refuse(
                &field,
                format!("signataire inconnu : « {} » n’est dans aucun [[signatories]]", programme.signatory),
            );
        }
        let field = format!("programmes[{index}].neighbourhoods");
        if reader.sound(&field) && programme.neighbourhoods.is_empty() {
            reader.refuse(&field, "nommez au moins un quartier : un PRE suit les enfants de ses quartiers");
        }
        for code in &programme.neighbourhoods {
            if !file.neighbourhoods.iter().any(|n| n.code == *code) {
                reader.refuse(&field, format!("quartier inconnu : « {code} » n’est dans aucun [[neighbourhoods]]"));
            }
            if let Some(other) = homes.insert(code, &programme.code) {
                reader.refuse(&field, format!("le quartier « {code} » appartient déjà au PRE {other}"));
            }
        }
    }
    for (index, neighbourhood) in file.neighbourhoods.iter().enumerate() {
        let field = format!("neighbourhoods[{index}].code");
        if reader.sound(&field) && !homes.contains_key(neighbourhood.code.as_str()) {
            reader.warn(&field, format!("aucun PRE ne nomme le quartier « {} »", neighbourhood.code));
        }
    }
}

fn check_emails(reader: &mut Reader<'_>, file: &ConventionFile) {
    for (index, signatory) in file.signatories.iter().enumerate() {
        if signatory.contact_email.as_ref().is_some_and(|email| !is_email(email)) {
            let field = format!("signatories[{index}].contact_email");
            reader.refuse(&field, "écrivez une adresse électronique, comme ccas@example.org");
        }
    }
}

fn is_email(email: &str) -> bool {
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    email.is_ascii() && domain.contains('.') && email.parse::<lettre::Address>().is_ok()
}

fn check_buyer(reader: &mut Reader<'_>, buyer: &Buyer) {
    check_number(reader, "buyer.siren", &buyer.siren, 9);
    check_number(reader, "buyer.siret", &buyer.siret, 14);
    if reader.sound("buyer.siren") && reader.sound("buyer.siret") && !buyer.siret.starts_with(&buyer.siren) {
        reader.refuse("buyer.siret", format!("un SIRET commence par le SIREN, ici {}", buyer.siren));
    }
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if reader.sound("buyer.postcode") && !(buyer.postcode.len() == 5 && digits(&buyer.postcode)) {
        reader.refuse("buyer.postcode", "écrivez un code postal de 5 chiffres, entre guillemets");
    }
    if buyer.service_code.as_ref().is_some_and(|code| !is_service_code(code)) {
        reader.refuse(
            "buyer.service_code",
            "un code service n’a que des lettres, des chiffres, des espaces, des tirets et des soulignés (100 au plus)",
        );
    }
    if buyer.engagement_number.as_ref().is_some_and(|number| !is_reference(number)) {
        reader.refuse("buyer.engagement_number", "un numéro d’engagement a 50 caractères au plus");
    }
    if buyer.contract_number.as_ref().is_some_and(|number| !is_reference(number)) {
        reader.refuse("buyer.contract_number", "un numéro de marché a 50 caractères au plus");
    }
    let requirement = buyer.required_reference;
    if !requirement.is_met(buyer.service_code.is_some(), buyer.engagement_number.is_some()) {
        reader.warn(
            "buyer.required_reference",
            format!("les factures devront porter {}, que ce fichier ne donne pas", requirement.french()),
        );
    }
}

/// A SIREN or a SIRET: so many digits, the last of which checks the others.
fn check_number(reader: &mut Reader<'_>, field: &str, number: &str, length: usize) {
    if !reader.sound(field) {
        return;
    }
    if number.len() != length || !number.bytes().all(|b| b.is_ascii_digit()) {
        reader.refuse(field, format!("écrivez {length} chiffres, sans espace, entre guillemets"));
    } else if !has_luhn_digit(number) {
        reader.refuse(field, "le dernier chiffre ne correspond pas aux autres (clé de Luhn) ; vérifiez la saisie");
    }
}

/// Years, terms and rates lie inside the convention, do not overlap, and leave no day without them.
fn check_periods(reader: &mut Reader<'_>, file: &ConventionFile) {
    let years: Vec<Period> = file.budget_years.iter().map(|y| y.period).collect();
    check_row(reader, file, "budget_years", &enumerated(&years), true);
    let terms: Vec<Period> = file.terms.iter().map(|t| t.period).collect();
    check_row(reader, file, "terms", &enumerated(&terms), !file.programmes.is_empty());
    for service in ServiceType::ALL {
        check_rates(reader, file, *service);
    }
}

fn check_rates(reader: &mut Reader<'_>, file: &ConventionFile, service: ServiceType) {
    let known = |index: usize| reader.sound(&format!("rates[{index}].service"));
    if !(0..file.rates.len()).all(known) {
        return;
    }
    let rates: Vec<(usize, Period)> = (file.rates.iter().enumerate())
        .filter(|(_, rate)| rate.service == service)
        .map(|(index, rate)| (index, rate.period))
        .collect();
    let has_hours = file.budget_years.iter().any(|y| y.quotas.values().any(|q| *q > Minutes::ZERO));
    for (index, _) in rates.iter().filter(|(index, _)| file.rates[*index].hourly == Cents::ZERO) {
        let field = format!("rates[{index}].hourly");
        if reader.sound(&field) {
            reader.refuse(&field, "un tarif n’est pas nul ; retirez cette section si la prestation n’est pas payée");
        }
    }
    let needed = !rates.is_empty() || (has_hours && service == ServiceType::Interview);
    check_row(reader, file, "rates", &rates, needed);
}

fn enumerated(periods: &[Period]) -> Vec<(usize, Period)> {
    periods.iter().copied().enumerate().collect()
}

fn check_row(
    reader: &mut Reader<'_>,
    file: &ConventionFile,
    section: &str,
    periods: &[(usize, Period)],
    without_gap: bool,
) {
    let whole = file.convention.period;
    let sound = |reader: &Reader<'_>, path: &str| {
        reader.sound(&format!("{path}.from")) && reader.sound(&format!("{path}.until"))
    };
    if !sound(reader, "convention") || !periods.iter().all(|(i, _)| sound(reader, &format!("{section}[{i}]"))) {
        return;
    }
    for (place, (index, period)) in periods.iter().enumerate() {
        let until = format!("{section}[{index}].until");
        let from = format!("{section}[{index}].from");
        if period.from < whole.from || period.from > whole.until {
            reader.refuse(&from, format!("cette date est hors de la convention, qui va {whole}"));
        }
        if period.until < whole.from || period.until > whole.until {
            reader.refuse(&until, format!("cette date est hors de la convention, qui va {whole}"));
        }
        if let Some((other, met)) = periods[..place].iter().find(|(_, other)| other.overlaps(*period)) {
            reader.refuse(&from, format!("cette période chevauche {section}[{other}], qui va {met}"));
        }
    }
    let inside = periods.iter().all(|(i, _)| sound(reader, &format!("{section}[{i}]")));
    if without_gap && inside {
        let periods: Vec<Period> = periods.iter().map(|(_, period)| *period).collect();
        for gap in whole.gaps(&periods) {
            reader.refuse(section, format!("rien n’est prévu {gap} : toute la convention doit être couverte"));
        }
    }
}

fn check_year(reader: &mut Reader<'_>, file: &ConventionFile, path: &str, year: &Year) {
    for code in year.contributions.keys().filter(|code| !file.signatories.iter().any(|s| s.code == **code)) {
        let field = format!("{path}.contributions.{code}");
        reader.refuse(&field, format!("signataire inconnu : « {code} » n’est dans aucun [[signatories]]"));
    }
    for code in year.quotas.keys().filter(|code| !file.programmes.iter().any(|p| p.code == **code)) {
        let field = format!("{path}.quotas.{code}");
        reader.refuse(&field, format!("PRE inconnu : « {code} » n’est dans aucun [[programmes]]"));
    }
    let quotas = format!("{path}.quotas");
    if reader.sound(&quotas) {
        for programme in file.programmes.iter().filter(|p| !year.quotas.contains_key(&p.code)) {
            reader.refuse(&quotas, format!("la quotité du PRE {} manque ; écrivez 0 s’il n’en a pas", programme.code));
        }
    }
    check_grants(reader, file, path, year);
    check_amounts(reader, path, year);
    check_spending(reader, file, path, year);
    let field = format!("{path}.call_by");
    let whole = file.convention.period;
    if year.call_by.is_some_and(|day| !whole.contains(day)) && reader.sound("convention") {
        reader.refuse(&field, format!("cette date est hors de la convention, qui va {whole}"));
    }
}

/// Grants that are named are the budget, to the cent.
fn check_grants(reader: &mut Reader<'_>, file: &ConventionFile, path: &str, year: &Year) {
    for code in year.grants.keys().filter(|code| !file.grants.iter().any(|g| g.code == **code)) {
        let field = format!("{path}.grants.{code}");
        reader.refuse(&field, format!("subvention inconnue : « {code} » n’est dans aucun [[grants]]"));
    }
    let (budget, grants) = (format!("{path}.budget"), format!("{path}.grants"));
    let total: Cents = year.grants.values().copied().sum();
    if !file.grants.is_empty() && reader.sound(&budget) && reader.sound(&grants) && total != year.budget {
        reader.refuse(&grants, format!("les subventions font {total}, et le budget de l’exercice {}", year.budget));
    }
}

/// Lines of services are of a budget year of the file, one of a kind, and fit in its fixed share.
fn check_service_lines(reader: &mut Reader<'_>, file: &ConventionFile) {
    for (index, line) in file.service_lines.iter().enumerate() {
        let field = format!("service_lines[{index}].year");
        if !reader.sound(&field) || !reader.sound("budget_years") {
            continue;
        }
        let Some(year) = file.budget_years.iter().find(|year| year.label == line.year) else {
            reader.refuse(&field, format!("exercice inconnu : « {} » n’est dans aucun [[budget_years]]", line.year));
            continue;
        };
        let same = |other: &&ServiceLine| other.year == line.year && other.service == line.service;
        if file.service_lines[..index].iter().any(|other| same(&other)) {
            let what = line.service.french();
            reader.refuse(&field, format!("l’exercice {} a déjà une ligne pour cette prestation : {what}", line.year));
        }
        let taken: Cents =
            file.service_lines[..=index].iter().filter(|other| other.year == line.year).map(|other| other.amount).sum();
        let amount = format!("service_lines[{index}].amount");
        if reader.sound(&amount) && taken > year.fixed_share {
            let fixed = year.fixed_share;
            reader.refuse(&amount, format!("les lignes de {} font {taken}, et sa part fixe est de {fixed}", line.year));
        }
    }
}

fn check_amounts(reader: &mut Reader<'_>, path: &str, year: &Year) {
    let (budget, contributions) = (format!("{path}.budget"), format!("{path}.contributions"));
    let total: Cents = year.contributions.values().copied().sum();
    if reader.sound(&budget) && reader.sound(&contributions) && total != year.budget {
        reader.refuse(&budget, format!("les participations font {total}, et le budget de l’exercice {}", year.budget));
    }
    let ceiling = format!("{path}.ceiling");
    if let Some(most) = year.ceiling
        && reader.sound(&budget)
        && year.budget > most
    {
        reader.refuse(&ceiling, format!("le budget de l’exercice, {}, dépasse ce plafond de {most}", year.budget));
    }
    let share = format!("{path}.fixed_share");
    if reader.sound(&budget) && reader.sound(&share) && year.fixed_share > year.budget {
        reader.refuse(&share, "la part fixe dépasse le budget de l’exercice");
    }
}

/// Warns when the quotas at the dearest rate of the year, and the fixed share, cost more than the budget.
fn check_spending(reader: &mut Reader<'_>, file: &ConventionFile, path: &str, year: &Year) {
    if !reader.sound(path) || !reader.sound("rates") {
        return;
    }
    let in_force = |rate: &&DefaultRate| rate.service == ServiceType::Interview && rate.period.overlaps(year.period);
    let dearest = file.rates.iter().filter(in_force).map(|rate| rate.hourly).max().unwrap_or_default();
    let hours: Minutes = year.quotas.values().copied().sum();
    if let Some(excess) = overspend(year.budget, year.fixed_share, hours, dearest) {
        reader.warn(
            &format!("{path}.quotas"),
            format!("{hours} à {dearest} l’heure et la part fixe dépassent le budget de {excess}"),
        );
    }
}
