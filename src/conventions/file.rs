//! The file in which a convention is written (TOML); `docs/convention-file.md` tells its keys to those who write one.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use toml::de::DeTable;

pub use super::reader::Remark;
use super::reader::{Node, Reader, amount, date, flag, hours, text, texts, whole};
use super::{
    AbsenceRule, Buyer, InvoiceChannel, Period, RequiredReference, Rounding, ServiceType, SignatoryKind, Terms,
};
use crate::hours::Minutes;
use crate::money::Cents;

/// A convention as it is written in a file, once everything in it agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConventionContent)]
#[serde(deny_unknown_fields)]
pub struct ConventionFile {
    /// The agreement itself.
    pub convention: Heading,
    /// Who is invoiced.
    pub buyer: Buyer,
    /// The parties.
    pub signatories: Vec<Signatory>,
    /// Where the children live.
    pub neighbourhoods: Vec<Neighbourhood>,
    /// The programmes that follow them.
    pub programmes: Vec<Programme>,
    /// The grants that its budget is made of, when it names some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Grant>,
    /// The years of its budget.
    pub budget_years: Vec<Year>,
    /// What its years keep for services that are not a child's session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_lines: Vec<ServiceLine>,
    /// Its dated rules.
    pub terms: Vec<Terms>,
    /// The hourly rates of everybody.
    pub rates: Vec<DefaultRate>,
}

impl ConventionFile {
    /// Whether its figures can be reckoned with: none is negative, nor more than a file may say.
    pub fn is_within_bounds(&self) -> bool {
        let money = |amount: Cents| (Cents::ZERO..=Cents::MOST).contains(&amount);
        self.rates.iter().all(|rate| money(rate.hourly))
            && self.service_lines.iter().all(|line| money(line.amount) && line.hours >= Minutes::ZERO)
            && self.budget_years.iter().all(Year::is_within_bounds)
    }
}

impl Year {
    fn is_within_bounds(&self) -> bool {
        let sums = [self.budget, self.fixed_share, self.ceiling.unwrap_or_default()];
        let money = sums.iter().chain(self.contributions.values()).chain(self.grants.values());
        let time: i64 = self.quotas.values().map(|time| i64::from(time.0)).sum();
        money.into_iter().all(|amount| (Cents::ZERO..=Cents::MOST).contains(amount))
            && self.quotas.values().all(|time| *time >= Minutes::ZERO)
            && time <= i64::from(Minutes::MOST.0)
    }
}

/// The agreement itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConventionHeading)]
#[serde(deny_unknown_fields)]
pub struct Heading {
    /// Its short name, stable for ever: a file of the same name is the same convention.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its days.
    pub period: Period,
    /// The day on which it was signed.
    pub signed_on: Option<NaiveDate>,
    /// Whether it is invented; the screens then say so.
    #[serde(default)]
    pub is_example: bool,
}

/// A party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConventionSignatory)]
#[serde(deny_unknown_fields)]
pub struct Signatory {
    /// Its code in the file.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SignatoryKind,
    /// Where its calls for funds are sent.
    pub contact_email: Option<String>,
}

/// A neighbourhood (*quartier*), or any territory of a programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConventionNeighbourhood)]
#[serde(deny_unknown_fields)]
pub struct Neighbourhood {
    /// Its code in the file.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// A programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConventionProgramme)]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// Its code: the child references begin with it.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its town.
    pub town: String,
    /// The code of the signatory that runs it.
    pub signatory: String,
    /// The codes of its neighbourhoods.
    pub neighbourhoods: Vec<String>,
    /// A sentence shown beside its quota.
    pub note: Option<String>,
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConventionGrant)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Its code in the file.
    pub code: String,
    /// Its name: `Médiation sociale`.
    pub name: String,
}

/// A budget year with what each pays and what each may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConventionYear)]
#[serde(deny_unknown_fields)]
pub struct Year {
    /// Its name: `2026`, or `2016-2017`.
    pub label: String,
    /// Its days.
    pub period: Period,
    /// What it may cost: the sum of the contributions, in cents.
    pub budget: Cents,
    /// The part of the budget kept for training and practice analysis, in cents.
    pub fixed_share: Cents,
    /// What the budget may not exceed, in cents, when the convention says so.
    pub ceiling: Option<Cents>,
    /// The day by which the contributions are called, when the convention names one.
    pub call_by: Option<NaiveDate>,
    /// What each signatory pays, in cents, by its code.
    pub contributions: BTreeMap<String, Cents>,
    /// What each programme may use, in minutes, by its code.
    pub quotas: BTreeMap<String, Minutes>,
    /// What each grant is given, in cents, by its code: together the budget, when the convention names grants.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub grants: BTreeMap<String, Cents>,
}

/// What a budget year keeps for a type of service that is not a child's session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConventionServiceLine)]
#[serde(deny_unknown_fields)]
pub struct ServiceLine {
    /// The name of the budget year.
    pub year: String,
    /// For what: practice analysis or training.
    pub service: ServiceType,
    /// How long, in minutes.
    pub hours: Minutes,
    /// How much, in cents and with tax.
    pub amount: Cents,
}

/// An hourly rate for every psychologist who has none of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConventionRate)]
#[serde(deny_unknown_fields)]
pub struct DefaultRate {
    /// For what.
    pub service: ServiceType,
    /// Cents an hour.
    pub hourly: Cents,
    /// The days on which it is in force.
    pub period: Period,
}

/// The keys that one kind of table of the file may have.
#[derive(Debug)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// Whether the file may have several.
    pub repeated: bool,
    /// Its keys; those of `contributions`, `quotas` and `grants` are codes.
    pub keys: &'static [&'static str],
}

impl Section {
    /// How its title is written: `[convention]`, `[[programmes]]`.
    pub fn title(&self) -> String {
        match (self.name, self.repeated) {
            ("", _) => "tout le fichier".to_owned(),
            (name, true) => format!("[[{name}]]"),
            (name, false) => format!("[{name}]"),
        }
    }

    /// Whether it has a key.
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains(&key)
    }
}

const fn section(name: &'static str, repeated: bool, keys: &'static [&'static str]) -> Section {
    Section { name, repeated, keys }
}

const CONVENTION: Section = section("convention", false, &["slug", "title", "from", "until", "signed_on", "example"]);
const BUYER: Section = section(
    "buyer",
    false,
    &[
        "name",
        "siren",
        "siret",
        "street",
        "postcode",
        "city",
        "channel",
        "required_reference",
        "service_code",
        "engagement_number",
        "contract_number",
        "payment_days",
    ],
);
const SIGNATORIES: Section = section("signatories", true, &["code", "name", "kind", "contact_email"]);
const NEIGHBOURHOODS: Section = section("neighbourhoods", true, &["code", "name"]);
const PROGRAMMES: Section =
    section("programmes", true, &["code", "name", "town", "signatory", "neighbourhoods", "note"]);
const GRANTS: Section = section("grants", true, &["code", "name"]);
const BUDGET_YEARS: Section = section(
    "budget_years",
    true,
    &["label", "from", "until", "budget", "fixed_share", "ceiling", "call_by", "contributions", "quotas", "grants"],
);
const SERVICE_LINES: Section = section("service_lines", true, &["year", "service", "hours", "amount"]);
const TERMS: Section = section(
    "terms",
    true,
    &[
        "from",
        "until",
        "min_age",
        "max_age",
        "late_entry_months",
        "rounding",
        "excused_absence_billed",
        "excused_absence_counted",
        "unexcused_absence_billed",
        "unexcused_absence_counted",
    ],
);
const RATES: Section = section("rates", true, &["service", "hourly", "from", "until"]);

/// Every section of the file, in the order of its documentation.
pub const SECTIONS: [&Section; 10] = [
    &CONVENTION,
    &BUYER,
    &SIGNATORIES,
    &NEIGHBOURHOODS,
    &PROGRAMMES,
    &GRANTS,
    &BUDGET_YEARS,
    &SERVICE_LINES,
    &TERMS,
    &RATES,
];

/// The whole document, whose keys are the sections.
const DOCUMENT: Section = section(
    "",
    false,
    &[
        "convention",
        "buyer",
        "signatories",
        "neighbourhoods",
        "programmes",
        "grants",
        "budget_years",
        "service_lines",
        "terms",
        "rates",
    ],
);

/// A file that was read, and what in it deserves another look.
#[derive(Debug)]
pub struct ReadFile {
    /// What it says.
    pub file: ConventionFile,
    /// What is allowed and perhaps not meant.
    pub warnings: Vec<Remark>,
}

/// Reads a convention's file.
///
/// # Errors
/// Everything that has to be corrected, by line.
pub fn read(source: &str) -> Result<ReadFile, Vec<Remark>> {
    let mut reader = Reader::new(source);
    let (document, errors) = DeTable::parse_recoverable(source);
    let mut file = None;
    if reader.accepts_syntax(&errors) {
        let root = reader.enter(document.get_ref(), String::new(), &DOCUMENT);
        file = read_document(&mut reader, &root);
        if let Some(file) = &file {
            super::file_checks::check(&mut reader, file);
        }
    }
    let warnings = reader.finish()?;
    // without a remark both single sections were there
    let mut file = file.ok_or_else(Vec::new)?;
    file.budget_years.sort_by_key(|year| year.period);
    let years: Vec<String> = file.budget_years.iter().map(|year| year.label.clone()).collect();
    let place = |label: &str| years.iter().position(|known| known == label);
    file.service_lines.sort_by_key(|line| (place(&line.year), line.service));
    file.terms.sort_by_key(|terms| terms.period);
    file.rates.sort_by_key(|rate| (rate.service, rate.period));
    Ok(ReadFile { file, warnings })
}

fn read_document(reader: &mut Reader<'_>, root: &Node<'_>) -> Option<ConventionFile> {
    let convention = reader.table(root, &CONVENTION).map(|node| heading(reader, &node));
    let buyer = reader.table(root, &BUYER).map(|node| buyer(reader, &node));
    let signatories = each(reader, root, &SIGNATORIES, signatory);
    let neighbourhoods = each(reader, root, &NEIGHBOURHOODS, neighbourhood);
    let programmes = each(reader, root, &PROGRAMMES, programme);
    let grants = each(reader, root, &GRANTS, grant);
    let budget_years = each(reader, root, &BUDGET_YEARS, year);
    let service_lines = each(reader, root, &SERVICE_LINES, service_line);
    let terms = each(reader, root, &TERMS, terms);
    let rates = each(reader, root, &RATES, rate);
    Some(ConventionFile {
        convention: convention?,
        buyer: buyer?,
        signatories,
        neighbourhoods,
        programmes,
        grants,
        budget_years,
        service_lines,
        terms,
        rates,
    })
}

fn each<T>(
    reader: &mut Reader<'_>,
    root: &Node<'_>,
    section: &Section,
    read: fn(&mut Reader<'_>, &Node<'_>) -> T,
) -> Vec<T> {
    let nodes = reader.tables(root, section);
    nodes.iter().map(|node| read(reader, node)).collect()
}

fn heading(reader: &mut Reader<'_>, node: &Node<'_>) -> Heading {
    Heading {
        slug: reader.required(node, "slug", text),
        title: reader.required(node, "title", text),
        period: reader.period(node),
        signed_on: reader.optional(node, "signed_on", date),
        is_example: reader.optional(node, "example", flag).unwrap_or_default(),
    }
}

fn buyer(reader: &mut Reader<'_>, node: &Node<'_>) -> Buyer {
    Buyer {
        name: reader.required(node, "name", text),
        siren: reader.required(node, "siren", text),
        siret: reader.required(node, "siret", text),
        street: reader.required(node, "street", text),
        postcode: reader.required(node, "postcode", text),
        city: reader.required(node, "city", text),
        channel: reader.word(node, "channel", InvoiceChannel::ALL),
        required_reference: reader.word(node, "required_reference", RequiredReference::ALL),
        service_code: reader.optional(node, "service_code", text),
        engagement_number: reader.optional(node, "engagement_number", text),
        contract_number: reader.optional(node, "contract_number", text),
        payment_days: reader.required(node, "payment_days", whole(1..=60)),
    }
}

fn signatory(reader: &mut Reader<'_>, node: &Node<'_>) -> Signatory {
    Signatory {
        code: reader.required(node, "code", text),
        name: reader.required(node, "name", text),
        kind: reader.word(node, "kind", SignatoryKind::ALL),
        contact_email: reader.optional(node, "contact_email", text),
    }
}

fn neighbourhood(reader: &mut Reader<'_>, node: &Node<'_>) -> Neighbourhood {
    Neighbourhood { code: reader.required(node, "code", text), name: reader.required(node, "name", text) }
}

fn programme(reader: &mut Reader<'_>, node: &Node<'_>) -> Programme {
    Programme {
        code: reader.required(node, "code", text),
        name: reader.required(node, "name", text),
        town: reader.required(node, "town", text),
        signatory: reader.required(node, "signatory", text),
        neighbourhoods: reader.required(node, "neighbourhoods", texts),
        note: reader.optional(node, "note", text),
    }
}

fn grant(reader: &mut Reader<'_>, node: &Node<'_>) -> Grant {
    Grant { code: reader.required(node, "code", text), name: reader.required(node, "name", text) }
}

fn service_line(reader: &mut Reader<'_>, node: &Node<'_>) -> ServiceLine {
    ServiceLine {
        year: reader.required(node, "year", text),
        service: reader.word(node, "service", &[ServiceType::PracticeAnalysis, ServiceType::Training]),
        hours: reader.required(node, "hours", hours),
        amount: reader.required(node, "amount", amount),
    }
}

fn year(reader: &mut Reader<'_>, node: &Node<'_>) -> Year {
    Year {
        label: reader.required(node, "label", text),
        period: reader.period(node),
        budget: reader.required(node, "budget", amount),
        fixed_share: reader.optional(node, "fixed_share", amount).unwrap_or_default(),
        ceiling: reader.optional(node, "ceiling", amount),
        call_by: reader.optional(node, "call_by", date),
        contributions: reader.entries(node, "contributions", amount),
        quotas: reader.entries(node, "quotas", hours),
        grants: reader.entries(node, "grants", amount),
    }
}

fn terms(reader: &mut Reader<'_>, node: &Node<'_>) -> Terms {
    Terms {
        period: reader.period(node),
        min_age: reader.required(node, "min_age", whole(0..=120)),
        max_age: reader.required(node, "max_age", whole(0..=120)),
        late_entry_months: reader.required(node, "late_entry_months", whole(0..=12)),
        rounding: reader.word(node, "rounding", Rounding::ALL),
        excused_absence: AbsenceRule {
            billed: reader.required(node, "excused_absence_billed", flag),
            counted: reader.required(node, "excused_absence_counted", flag),
        },
        unexcused_absence: AbsenceRule {
            billed: reader.required(node, "unexcused_absence_billed", flag),
            counted: reader.required(node, "unexcused_absence_counted", flag),
        },
    }
}

fn rate(reader: &mut Reader<'_>, node: &Node<'_>) -> DefaultRate {
    DefaultRate {
        service: reader.word(node, "service", ServiceType::ALL),
        hourly: reader.required(node, "hourly", amount),
        period: reader.period(node),
    }
}
