//! Enters a convention from its file: once, and never over one that exists.

use std::collections::BTreeMap;

use diesel::QueryResult;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::export::as_file;
use super::file::{ConventionFile, DefaultRate, Heading, Year};
use super::file_checks::{is_code, is_programme_code};
use super::{BudgetYear, Convention, Grant, Neighbourhood, Period, Programme, Rate, Signatory, file, store};
use crate::clock::Clock;
use crate::db::{AnyConnection, Tx, violated};
use crate::failure::{Failure, Refusal};
use crate::hours::Minutes;
use crate::ids::{BudgetYearId, ConventionId, GrantId, NeighbourhoodId, ProgrammeId, SignatoryId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::money::Cents;

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// The convention was entered.
    Entered(ConventionId),
    /// It stood already, and the file says the same: nothing changed.
    Unchanged(ConventionId),
}

impl Imported {
    /// The convention.
    pub fn convention(self) -> ConventionId {
        match self {
            Self::Entered(id) | Self::Unchanged(id) => id,
        }
    }
}

/// Why a file that reads well is not entered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    /// A convention of that name says something else.
    #[error(
        "La convention « {slug} » existe déjà, et ce fichier dit autre chose :\n{}\nUne convention ne change que par \
         avenant ; pour une nouvelle convention, donnez un autre slug.", differences.join("\n")
    )]
    Differs {
        /// Its short name.
        slug: String,
        /// A line for each difference: the key, what is in force, what the file says.
        differences: Vec<String>,
    },
    /// A programme already works under another convention on some of these days.
    #[error(
        "Le PRE {code} relève déjà de la convention « {slug} », {period} : deux conventions ne peuvent se recouvrir."
    )]
    ProgrammeTaken {
        /// The programme.
        code: String,
        /// The other convention.
        slug: String,
        /// Its days.
        period: Period,
    },
    /// A programme of that code is called otherwise, or is elsewhere.
    #[error(
        "Le PRE {code} existe déjà : {known}. Ce fichier l’appelle {given}. Reprenez le même nom, ou donnez un autre code."
    )]
    ProgrammeDiffers {
        /// The programme.
        code: String,
        /// Its name and town.
        known: String,
        /// What the file says.
        given: String,
    },
}

impl Refusal for ImportRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Differs { .. } => "convention_differs",
            Self::ProgrammeTaken { .. } => "programme_taken",
            Self::ProgrammeDiffers { .. } => "programme_differs",
        }
    }
}

type Outcome<T> = Result<T, Failure<ImportRefusal>>;

/// Enters a convention with all that its file says. The same file again changes nothing; another of the same short name
/// is refused: a convention changes by an amendment only (article 6).
///
/// # Errors
/// As [`ImportRefusal`] says, or when the database fails.
pub fn import(tx: &mut Tx<'_>, clock: &Clock, who: Actor, file: &ConventionFile) -> Outcome<Imported> {
    let facts = serde_json::json!(file);
    let sha256 = Sha256::digest(facts.to_string()).to_vec();
    if let Some((known, known_sha256)) = store::find_by_slug(tx, &file.convention.slug)? {
        if known_sha256 != sha256 {
            refuse_differences(tx, &known, file)?;
        }
        return Ok(Imported::Unchanged(known.id));
    }
    let Heading { slug, title, period, signed_on, is_example } = file.convention.clone();
    let convention = Convention { id: ConventionId::new(), slug, title, period, signed_on, is_example };
    store::insert_convention(tx, clock, &convention, &sha256)?;
    store::insert_buyer(tx, convention.id, &file.buyer)?;
    for terms in &file.terms {
        store::insert_terms(tx, convention.id, terms)?;
    }
    for DefaultRate { service, hourly, period } in file.rates.iter().cloned() {
        store::insert_rate(tx, convention.id, &Rate { psychologist: None, service, hourly, from: period.from })?;
    }
    let signatories = enter_signatories(tx, convention.id, file)?;
    let programmes = enter_programmes(tx, &convention, file, &signatories)?;
    let grants = enter_grants(tx, convention.id, file)?;
    enter_budget_years(tx, convention.id, file, (&signatories, &programmes, &grants))?;
    let entry = Entry {
        chain: Chain::Convention(convention.id),
        actor: who,
        action: "convention.imported",
        subject: "convention",
        subject_id: convention.id.0,
        before: None,
        after: Some(facts),
    };
    journal::write(tx, clock, entry)?;
    Ok(Imported::Entered(convention.id))
}

type Codes<'f, T> = BTreeMap<&'f str, T>;

fn enter_signatories<'f>(
    tx: &mut Tx<'_>,
    convention: ConventionId,
    file: &'f ConventionFile,
) -> QueryResult<Codes<'f, SignatoryId>> {
    let mut codes = Codes::new();
    for signatory in &file.signatories {
        let file::Signatory { code, name, kind, contact_email } = signatory.clone();
        let id = SignatoryId::new();
        store::insert_signatory(tx, convention, &Signatory { id, code, name, kind, contact_email })?;
        codes.insert(signatory.code.as_str(), id);
    }
    Ok(codes)
}

fn enter_grants<'f>(
    tx: &mut Tx<'_>,
    convention: ConventionId,
    file: &'f ConventionFile,
) -> QueryResult<Codes<'f, GrantId>> {
    let mut codes = Codes::new();
    for file::Grant { code, name } in &file.grants {
        let id = GrantId::new();
        store::insert_grant(tx, convention, &Grant { id, code: code.clone(), name: name.clone() })?;
        codes.insert(code.as_str(), id);
    }
    Ok(codes)
}

fn enter_programmes<'f>(
    tx: &mut Tx<'_>,
    convention: &Convention,
    file: &'f ConventionFile,
    signatories: &Codes<'f, SignatoryId>,
) -> Outcome<Codes<'f, ProgrammeId>> {
    let mut codes = Codes::new();
    for given in &file.programmes {
        let known = find_same_programme(tx, given)?;
        let programme = Programme {
            id: known.unwrap_or_else(ProgrammeId::new),
            code: given.code.clone(),
            name: given.name.clone(),
            town: given.town.clone(),
            signatory: *signatories.get(given.signatory.as_str()).ok_or(Failure::NotFound)?,
            note: given.note.clone(),
        };
        match known {
            None => store::insert_programme(tx, &programme)?,
            Some(id) => refuse_overlap(tx, id, given, convention.period)?,
        }
        match store::attach_programme(tx, convention, &programme) {
            // another was entered at the same instant
            Err(e) if violated(&e, "convention_programmes_overlap") => {
                let (code, slug, period) = (given.code.clone(), convention.slug.clone(), convention.period);
                return Err(Failure::Refused(ImportRefusal::ProgrammeTaken { code, slug, period }));
            }
            other => other?,
        }
        enter_neighbourhoods(tx, programme.id, given, file)?;
        codes.insert(given.code.as_str(), programme.id);
    }
    Ok(codes)
}

/// The programme that an earlier convention entered under the same code; it must be the same one.
fn find_same_programme(tx: &mut Tx<'_>, given: &file::Programme) -> Outcome<Option<ProgrammeId>> {
    let Some((id, name, town)) = store::find_programme(tx, &given.code)? else { return Ok(None) };
    differs(given, &name, &town).map_or(Ok(()), |refusal| Err(Failure::Refused(refusal)))?;
    Ok(Some(id))
}

fn refuse_overlap(tx: &mut Tx<'_>, id: ProgrammeId, given: &file::Programme, period: Period) -> Outcome<()> {
    taken(tx, id, given, period)?.map_or(Ok(()), |refusal| Err(Failure::Refused(refusal)))
}

/// What other conventions have against a file: its short name is taken, a programme of it is another, or works under
/// another convention on some of these days. Each with the section of the file that it is about.
///
/// # Errors
/// When the database fails.
pub fn clashes(conn: &mut AnyConnection, file: &ConventionFile) -> QueryResult<Vec<(&'static str, String)>> {
    let mut clashes = Vec::new();
    let mut held: BTreeMap<(String, Period), Vec<String>> = BTreeMap::new();
    // what is no code is nobody's
    if is_code(&file.convention.slug) && store::find_by_slug(conn, &file.convention.slug)?.is_some() {
        let slug = &file.convention.slug;
        clashes.push((
            "convention",
            format!("le nom court « {slug} » est celui d’une autre convention : donnez-en un autre"),
        ));
    }
    for given in file.programmes.iter().filter(|given| is_programme_code(&given.code)) {
        let Some((id, name, town)) = store::find_programme(conn, &given.code)? else { continue };
        if let Some(refusal) = differs(given, &name, &town) {
            clashes.push(("programmes", refusal.to_string()));
        }
        if let Some(other) = store::conventions_of_programme(conn, id, file.convention.period)?.pop() {
            held.entry((other.slug, other.period)).or_default().push(given.code.clone());
        }
    }
    clashes.extend(held.into_iter().map(|(by, codes)| ("programmes", said_taken(by, codes))));
    Ok(clashes)
}

/// That another convention has programmes already, in one sentence.
fn said_taken((slug, period): (String, Period), mut codes: Vec<String>) -> String {
    let Some(code) = codes.pop() else { return String::new() };
    if codes.is_empty() {
        return ImportRefusal::ProgrammeTaken { code, slug, period }.to_string();
    }
    format!(
        "Les PRE {} et {code} relèvent déjà de la convention « {slug} », {period} : deux conventions ne peuvent se \
         recouvrir.",
        codes.join(", ")
    )
}

fn differs(given: &file::Programme, name: &str, town: &str) -> Option<ImportRefusal> {
    ((name, town) != (given.name.as_str(), given.town.as_str())).then(|| ImportRefusal::ProgrammeDiffers {
        code: given.code.clone(),
        known: format!("{name}, à {town}"),
        given: format!("{}, à {}", given.name, given.town),
    })
}

fn taken(
    conn: &mut AnyConnection,
    id: ProgrammeId,
    given: &file::Programme,
    period: Period,
) -> QueryResult<Option<ImportRefusal>> {
    let other = store::conventions_of_programme(conn, id, period)?.pop();
    let refusal =
        |Convention { slug, period, .. }| ImportRefusal::ProgrammeTaken { code: given.code.clone(), slug, period };
    Ok(other.map(refusal))
}

fn enter_neighbourhoods(
    tx: &mut Tx<'_>,
    programme: ProgrammeId,
    given: &file::Programme,
    file: &ConventionFile,
) -> QueryResult<()> {
    let known = store::neighbourhoods(tx, &[programme])?;
    for code in given.neighbourhoods.iter().filter(|code| !known.iter().any(|n| n.code == **code)) {
        if let Some(file::Neighbourhood { code, name }) = file.neighbourhoods.iter().find(|n| n.code == *code).cloned()
        {
            store::insert_neighbourhood(tx, &Neighbourhood { id: NeighbourhoodId::new(), programme, code, name })?;
        }
    }
    Ok(())
}

fn enter_budget_years(
    tx: &mut Tx<'_>,
    convention: ConventionId,
    file: &ConventionFile,
    (signatories, programmes, grants): (&Codes<'_, SignatoryId>, &Codes<'_, ProgrammeId>, &Codes<'_, GrantId>),
) -> Outcome<()> {
    for year in &file.budget_years {
        let Year { label, period, budget, fixed_share, ceiling, call_by, contributions, quotas, grants: granted } =
            year.clone();
        let id = BudgetYearId::new();
        let entered = BudgetYear { id, label, period, budget, fixed_share, ceiling, call_by };
        store::insert_budget_year(tx, convention, &entered)?;
        for (code, amount) in contributions {
            let signatory = signatories.get(code.as_str()).ok_or(Failure::NotFound)?;
            store::insert_contribution(tx, id, *signatory, amount)?;
        }
        for (code, allotted) in quotas {
            let programme = programmes.get(code.as_str()).ok_or(Failure::NotFound)?;
            store::insert_quota(tx, *programme, id, allotted)?;
        }
        for (code, amount) in granted {
            let grant = grants.get(code.as_str()).ok_or(Failure::NotFound)?;
            store::insert_year_grant(tx, id, *grant, amount)?;
        }
        for line in file.service_lines.iter().filter(|line| line.year == year.label) {
            store::insert_service_line(tx, id, line.service, (line.hours, line.amount))?;
        }
    }
    Ok(())
}

fn refuse_differences(conn: &mut AnyConnection, known: &Convention, file: &ConventionFile) -> Outcome<()> {
    let in_force = as_file(conn, known, Some(file))?;
    let mut differences = Vec::new();
    compare("", &serde_json::json!(in_force), &serde_json::json!(file), &mut differences);
    if differences.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(ImportRefusal::Differs { slug: known.slug.clone(), differences }))
}

/// Adds a line for each key whose value differs.
fn compare(path: &str, in_force: &Value, given: &Value, differences: &mut Vec<String>) {
    match (in_force, given) {
        // a list that says nothing is not written
        (Value::Null, Value::Array(_)) => compare(path, &Value::Array(Vec::new()), given, differences),
        (Value::Array(_), Value::Null) => compare(path, in_force, &Value::Array(Vec::new()), differences),
        (Value::Null, Value::Object(_)) if path.ends_with(".grants") => {
            compare(path, &Value::Object(serde_json::Map::new()), given, differences);
        }
        (Value::Object(_), Value::Null) if path.ends_with(".grants") => {
            compare(path, in_force, &Value::Object(serde_json::Map::new()), differences);
        }
        (Value::Object(known), Value::Object(new)) => {
            let keys = known.keys().chain(new.keys().filter(|key| !known.contains_key(*key)));
            for key in keys {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let side = |of: &serde_json::Map<String, Value>| of.get(key).cloned().unwrap_or_default();
                compare(&inner, &side(known), &side(new), differences);
            }
        }
        (Value::Array(known), Value::Array(new)) if known.iter().chain(new).any(Value::is_object) => {
            for index in 0..known.len().max(new.len()) {
                let side = |of: &[Value]| of.get(index).cloned().unwrap_or_default();
                compare(&format!("{path}[{index}]"), &side(known), &side(new), differences);
            }
        }
        _ if in_force == given => {}
        _ => differences.push(format!(
            "- {} : {} ; le fichier dit {}",
            key_of(path),
            say(path, in_force),
            say(path, given)
        )),
    }
}

/// The key of the file that a path of the data stands for.
fn key_of(path: &str) -> String {
    path.replace(".period.", ".").replace("_absence.", "_absence_").replace("is_example", "example")
}

/// A value as people write it.
fn say(path: &str, value: &Value) -> String {
    let money =
        ["budget", "fixed_share", "ceiling", "hourly", "amount"].iter().any(|key| path.ends_with(&format!(".{key}")));
    match value {
        Value::Null => "rien".to_owned(),
        Value::String(text) => format!("« {text} »"),
        Value::Number(n) if money || path.contains(".contributions.") || path.contains(".grants.") => {
            Cents(n.as_i64().unwrap_or_default()).to_string()
        }
        Value::Number(n) if path.contains(".quotas.") || path.ends_with(".hours") => {
            i32::try_from(n.as_i64().unwrap_or_default())
                .map(|minutes| Minutes(minutes).to_string())
                .unwrap_or_default()
        }
        Value::Object(_) => "une entrée".to_owned(),
        Value::Array(list) => {
            let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            format!("« {} »", texts.join(", "))
        }
        other => other.to_string(),
    }
}
