//! Reads a part of a draft from its form. What cannot be read at all is refused beside its field; what does not agree
//! with the rest is told by the check.

use std::collections::BTreeMap;

use super::Part;
use super::pages_fields::{ABSENCES, absence_word};
use crate::conventions::file::{
    ConventionFile, DefaultRate, Grant, Neighbourhood, Programme, ServiceLine, Signatory, Year,
};
use crate::conventions::{AbsenceRule, Buyer, Period, Rounding, Terms};
use crate::web::FormState;

/// The draft with what the form says of one part.
pub(super) fn read(part: Part, form: &mut FormState, file: &ConventionFile) -> Option<ConventionFile> {
    let mut new = file.clone();
    match part {
        Part::Heading => heading(form, &mut new)?,
        Part::Buyer => new.buyer = buyer(form)?,
        Part::Signatories => {
            let taken: Vec<String> = file.signatories.iter().map(|s| s.code.clone()).collect();
            new.signatories = list(form, &file.signatories, "name", |form, i, old| signatory(form, i, old, &taken))?;
        }
        Part::Programmes => programmes(form, file, &mut new)?,
        Part::Grants => {
            let taken: Vec<String> = file.grants.iter().map(|g| g.code.clone()).collect();
            new.grants = list(form, &file.grants, "name", |form, i, old| grant(form, i, old, &taken))?;
            let named = |code: &String| new.grants.iter().any(|grant| grant.code == *code);
            new.budget_years.iter_mut().for_each(|year| year.grants.retain(|code, _| named(code)));
        }
        Part::Years => years(form, file, &mut new)?,
        Part::ServiceLines => {
            new.service_lines = list(form, &file.service_lines, "hours", |form, i, _| service_line(form, i))?;
        }
        Part::Terms => new.terms = list(form, &file.terms, "min", |form, i, _| terms(form, i))?,
        Part::Rates => new.rates = list(form, &file.rates, "hourly", |form, i, _| rate(form, i))?,
    }
    Some(new)
}

/// The entries of a list: those that are kept, and the new one if its main field is filled.
fn list<T>(
    form: &mut FormState,
    known: &[T],
    main: &str,
    read: impl Fn(&mut FormState, usize, Option<&T>) -> Option<T>,
) -> Option<Vec<T>> {
    let mut entries = Vec::new();
    for i in 0..=known.len() {
        let is_left_out = form.has(&format!("remove-{i}"));
        let is_empty = i == known.len() && form.value(&format!("{main}-{i}")).is_empty();
        if !is_left_out && !is_empty {
            entries.push(read(form, i, known.get(i)));
        }
    }
    entries.into_iter().collect()
}

fn heading(form: &mut FormState, new: &mut ConventionFile) -> Option<()> {
    let title = form.required_text_within("title", "le titre", 300);
    let slug = form.required_text_within("slug", "le nom court", 40);
    let from = form.required_date("from", "le premier jour");
    let until = form.required_date("until", "le dernier jour");
    new.convention.title = title?;
    new.convention.slug = slug?;
    new.convention.period = Period { from: from?, until: until? };
    Some(())
}

fn buyer(form: &mut FormState) -> Option<Buyer> {
    let digits = |text: String| text.split_whitespace().collect::<String>();
    let name = form.required_text("name", "le nom");
    let siren = form.required_text("siren", "le SIREN").map(digits);
    let siret = form.required_text("siret", "le SIRET").map(digits);
    let street = form.required_text("street", "l’adresse");
    let postcode = form.required_text("postcode", "le code postal");
    let city = form.required_text("city", "la ville");
    let channel = form.required_choice("channel", "le canal des factures", |word| word.parse().ok());
    let required = form.required_choice("required_reference", "les références exigées", |word| word.parse().ok());
    let days = form.required_number("payment_days", "le délai de paiement");
    Some(Buyer {
        name: name?,
        siren: siren?,
        siret: siret?,
        street: street?,
        postcode: postcode?,
        city: city?,
        channel: channel?,
        required_reference: required?,
        service_code: form.optional_text("service_code"),
        engagement_number: form.optional_text("engagement_number"),
        contract_number: form.optional_text("contract_number"),
        payment_days: i32::try_from(days?).unwrap_or(i32::MAX),
    })
}

fn signatory(form: &mut FormState, i: usize, old: Option<&Signatory>, taken: &[String]) -> Option<Signatory> {
    let name = form.required_text(&format!("name-{i}"), "le nom");
    let kind = form.required_choice(&format!("kind-{i}"), "la nature", |word| word.parse().ok());
    let email = format!("email-{i}");
    let contact_email = form.optional_text(&email);
    let name = name?;
    // a code is what the rest of the draft names it by: it stays
    let code = old.map_or_else(|| new_code(&name, taken), |old| old.code.clone());
    Some(Signatory { code, name, kind: kind?, contact_email })
}

fn grant(form: &mut FormState, i: usize, old: Option<&Grant>, taken: &[String]) -> Option<Grant> {
    let name = form.required_text_within(&format!("name-{i}"), "le nom", 300)?;
    let code = old.map_or_else(|| new_code(&name, taken), |old| old.code.clone());
    Some(Grant { code, name })
}

fn service_line(form: &mut FormState, i: usize) -> Option<ServiceLine> {
    let year = form.required_text(&format!("year-{i}"), "l’exercice");
    let service = form.required_choice(&format!("service-{i}"), "la prestation", |word| word.parse().ok());
    let hours = form.required_minutes(&format!("hours-{i}"), "les heures");
    let amount = form.required_cents(&format!("amount-{i}"), "le montant");
    Some(ServiceLine { year: year?, service: service?, hours: hours?, amount: amount? })
}

/// A code made of a name: `CCAS de Chenôve` is `ccas-de-chenove`.
fn new_code(name: &str, taken: &[String]) -> String {
    let mut code = String::new();
    for c in name.to_lowercase().chars() {
        let plain = match c {
            'a'..='z' | '0'..='9' => Some(c),
            'à' | 'â' | 'ä' => Some('a'),
            'é' | 'è' | 'ê' | 'ë' => Some('e'),
            'î' | 'ï' => Some('i'),
            'ô' | 'ö' => Some('o'),
            'ù' | 'û' | 'ü' => Some('u'),
            'ç' => Some('c'),
            _ => None,
        };
        match plain {
            Some(c) => code.push(c),
            None if !code.is_empty() && !code.ends_with('-') => code.push('-'),
            None => {}
        }
    }
    code.truncate(36);
    let code = code.trim_end_matches('-');
    let code = if code.is_empty() { "code" } else { code };
    let mut candidates = std::iter::once(code.to_owned()).chain((2..).map(|n| format!("{code}-{n}")));
    candidates.find(|candidate| !taken.contains(candidate)).unwrap_or_default()
}

fn programmes(form: &mut FormState, file: &ConventionFile, new: &mut ConventionFile) -> Option<()> {
    let homes = std::cell::RefCell::new(file.neighbourhoods.clone());
    new.programmes = list(form, &file.programmes, "code", |form, i, _| programme(form, i, &homes))?;
    let named = |home: &Neighbourhood| new.programmes.iter().any(|p| p.neighbourhoods.contains(&home.code));
    new.neighbourhoods = homes.into_inner().into_iter().filter(named).collect();
    // who is renamed or removed takes its quotas along
    for year in &mut new.budget_years {
        let renamed = file.programmes.iter().enumerate().filter_map(|(i, old)| {
            let time = *year.quotas.get(&old.code)?;
            let code = form.value(&format!("code-{i}")).to_owned();
            (!form.has(&format!("remove-{i}"))).then_some((code, time))
        });
        year.quotas = renamed.collect();
    }
    Some(())
}

fn programme(form: &mut FormState, i: usize, homes: &std::cell::RefCell<Vec<Neighbourhood>>) -> Option<Programme> {
    let code = form.required_text(&format!("code-{i}"), "le code");
    let name = form.required_text(&format!("name-{i}"), "le nom");
    let town = form.required_text(&format!("town-{i}"), "la commune");
    let signatory = form.required_text(&format!("signatory-{i}"), "qui le conduit");
    let note = form.optional_text(&format!("note-{i}"));
    let listed = form.value(&format!("homes-{i}")).to_owned();
    let neighbourhoods = listed.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| home(line, homes));
    Some(Programme {
        neighbourhoods: neighbourhoods.collect(),
        code: code?,
        name: name?,
        town: town?,
        signatory: signatory?,
        note,
    })
}

/// The code of the neighbourhood of a name; one that is new gets its own.
fn home(name: &str, homes: &std::cell::RefCell<Vec<Neighbourhood>>) -> String {
    let mut homes = homes.borrow_mut();
    if let Some(known) = homes.iter().find(|home| home.name == name) {
        return known.code.clone();
    }
    let taken: Vec<String> = homes.iter().map(|home| home.code.clone()).collect();
    let code = new_code(name, &taken);
    homes.push(Neighbourhood { code: code.clone(), name: name.to_owned() });
    code
}

fn period(form: &mut FormState, i: usize) -> Option<Period> {
    let from = form.required_date(&format!("from-{i}"), "le premier jour");
    let until = form.required_date(&format!("until-{i}"), "le dernier jour");
    Some(Period { from: from?, until: until? })
}

fn years(form: &mut FormState, file: &ConventionFile, new: &mut ConventionFile) -> Option<()> {
    new.budget_years = list(form, &file.budget_years, "label", |form, i, _| year(form, i, file))?;
    // a year that is renamed takes its lines along, and one that is removed too
    let renamed = |line: &ServiceLine| {
        let i = file.budget_years.iter().position(|year| year.label == line.year)?;
        (!form.has(&format!("remove-{i}"))).then(|| form.value(&format!("label-{i}")).trim().to_owned())
    };
    let lines = file.service_lines.iter();
    new.service_lines =
        lines.filter_map(|line| renamed(line).map(|year| ServiceLine { year, ..line.clone() })).collect();
    Some(())
}

fn year(form: &mut FormState, i: usize, file: &ConventionFile) -> Option<Year> {
    let label = form.required_text(&format!("label-{i}"), "le nom de l’exercice");
    let period = period(form, i);
    let budget = form.required_cents(&format!("budget-{i}"), "le budget prévisionnel");
    let fixed_share = form.optional_cents(&format!("share-{i}"), "la part fixe");
    let ceiling = form.optional_cents(&format!("ceiling-{i}"), "le plafond");
    let call_by = form.optional_date(&format!("call-{i}"), "la date limite");
    let contributions = by_code(file.signatories.iter().map(|party| &party.code), |code| {
        form.optional_cents(&format!("pays-{i}-{code}"), "la participation")
    });
    let quotas = by_code(file.programmes.iter().map(|programme| &programme.code), |code| {
        form.optional_minutes(&format!("hours-{i}-{code}"), "la quotité")
    });
    let grants = by_code(file.grants.iter().map(|grant| &grant.code), |code| {
        form.optional_cents(&format!("grant-{i}-{code}"), "la subvention")
    });
    Some(Year {
        grants: grants?,
        label: label?,
        period: period?,
        budget: budget?,
        fixed_share: fixed_share?.unwrap_or_default(),
        ceiling: ceiling?,
        call_by: call_by?,
        contributions: contributions?,
        quotas: quotas?,
    })
}

/// What was given for each code, none left out that cannot be read; what is empty is not there.
fn by_code<'c, T>(
    codes: impl Iterator<Item = &'c String>,
    mut read: impl FnMut(&str) -> Option<Option<T>>,
) -> Option<BTreeMap<String, T>> {
    // every field is read, so that all refusals are told at once
    let read: Vec<Option<Option<(String, T)>>> =
        codes.map(|code| read(code).map(|given| given.map(|given| (code.clone(), given)))).collect();
    read.into_iter().collect::<Option<Vec<_>>>().map(|given| given.into_iter().flatten().collect())
}

fn absence(word: &str) -> Option<AbsenceRule> {
    ABSENCES.into_iter().find(|rule| absence_word(*rule) == word)
}

fn terms(form: &mut FormState, i: usize) -> Option<Terms> {
    let period = period(form, i);
    let mut number = |name: &str, what: &str| {
        form.required_number(&format!("{name}-{i}"), what).map(|n| i32::try_from(n).unwrap_or(i32::MAX))
    };
    let min_age = number("min", "l’âge le plus jeune");
    let max_age = number("max", "l’âge le plus élevé");
    let late_entry_months = number("late", "la saisie tardive");
    let excused = form.required_choice(&format!("excused-{i}"), "la règle de l’absence excusée", absence);
    let unexcused = form.required_choice(&format!("unexcused-{i}"), "la règle de l’absence non excusée", absence);
    Some(Terms {
        period: period?,
        min_age: min_age?,
        max_age: max_age?,
        late_entry_months: late_entry_months?,
        rounding: Rounding::HalfUp,
        excused_absence: excused?,
        unexcused_absence: unexcused?,
    })
}

fn rate(form: &mut FormState, i: usize) -> Option<DefaultRate> {
    let service = form.required_choice(&format!("service-{i}"), "la prestation", |word| word.parse().ok());
    let hourly = form.required_cents(&format!("hourly-{i}"), "le tarif horaire");
    let period = period(form, i);
    Some(DefaultRate { service: service?, hourly: hourly?, period: period? })
}
