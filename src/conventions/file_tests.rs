//! The real convention reads without a remark; each mistake is answered with its line, its field and its reason.

use proptest::prelude::*;

use super::file::{ConventionFile, Grant, ReadFile, Remark, SECTIONS, ServiceLine, read};
use super::write::write;
use super::{InvoiceChannel, RequiredReference, ServiceType};
use crate::hours::Minutes;
use crate::money::Cents;

const DIJON: &str = include_str!("../../conventions/dijon-2024-2026.toml");
const GUIDE: &str = include_str!("../../docs/convention-file.md");

fn dijon() -> ConventionFile {
    let ReadFile { file, warnings } = read(DIJON).expect("the real convention");
    assert_eq!(warnings, []);
    file
}

/// The real convention with a passage replaced, once.
fn altered(old: &str, new: &str) -> String {
    assert!(DIJON.contains(old), "the file does not contain {old:?}");
    DIJON.replacen(old, new, 1)
}

/// Asserts that a text has just one refusal: on the line marked `# ICI`, of a field, for a reason.
#[track_caller]
fn assert_refused(source: &str, field: &str, reason: &str) {
    let refusals = read(source).expect_err("a refusal");
    assert_eq!(refusals.len(), 1, "one refusal expected: {refusals:#?}");
    assert_refused_first(source, field, reason);
}

/// The same, when the mistake brings others after it.
#[track_caller]
fn assert_refused_first(source: &str, field: &str, reason: &str) {
    let refusals = read(source).expect_err("a refusal");
    let refusal = &refusals[0];
    let marked = 1 + source.lines().position(|line| line.contains("# ICI")).expect("a marked line");
    assert_eq!((refusal.line, refusal.field.as_str()), (marked, field), "{refusal}");
    assert!(refusal.reason.contains(reason), "{refusal}");
}

#[track_caller]
fn assert_change_refused(old: &str, new: &str, field: &str, reason: &str) {
    assert_refused(&altered(old, new), field, reason);
}

#[test]
fn the_real_convention_has_its_figures() {
    let file = dijon();
    assert_eq!(file.convention.period.to_string(), "du 01/01/2024 au 31/12/2026");
    assert_eq!(
        file.programmes.iter().map(|p| p.code.as_str()).collect::<Vec<_>>(),
        ["CHE", "DIJ", "LON", "TAL", "QUE"]
    );
    assert_eq!((file.signatories.len(), file.neighbourhoods.len(), file.budget_years.len()), (6, 6, 3));
    for year in &file.budget_years {
        assert_eq!(year.budget, Cents(2_000_000));
        assert_eq!(year.contributions.values().copied().sum::<Cents>(), Cents(2_000_000));
        assert_eq!(year.contributions["ccas-dijon"], Cents(482_000));
        let hours: Minutes = year.quotas.values().copied().sum();
        assert_eq!(hours, Minutes::from_hours(260));
        assert_eq!(year.quotas["TAL"], Minutes::ZERO);
        let interview = file.rates.iter().find(|r| r.service == ServiceType::Interview).expect("a rate");
        assert_eq!(interview.hourly.for_time(hours) + year.fixed_share, year.budget);
    }
    assert_eq!(file.buyer.siren, "242100410");
    assert_eq!(file.buyer.channel, InvoiceChannel::Reform);
    assert_eq!(file.buyer.required_reference, RequiredReference::Service);
    assert_eq!((file.terms[0].min_age, file.terms[0].max_age), (2, 16));
}

#[test]
fn what_was_read_survives_being_kept_as_json() {
    let file = dijon();
    let json = serde_json::to_string(&file).expect("json");
    assert_eq!(serde_json::from_str::<ConventionFile>(&json).expect("the same file"), file);
}

#[test]
fn sums_must_agree() {
    assert_change_refused(
        "budget = 20000",
        "budget = 20000.50 # ICI",
        "budget_years[0].budget",
        "les participations font 20\u{202f}000,00\u{a0}€, et le budget de l’exercice 20\u{202f}000,50\u{a0}€",
    );
    assert_change_refused(
        "fixed_share = 4400",
        "fixed_share = 20000.01 # ICI",
        "budget_years[0].fixed_share",
        "dépasse le budget",
    );
    assert_change_refused(
        "budget = 20000",
        "budget = 20000\nceiling = 19999.99 # ICI",
        "budget_years[0].ceiling",
        "dépasse ce plafond de 19\u{202f}999,99\u{a0}€",
    );
    assert!(read(&altered("budget = 20000", "budget = 20000\nceiling = 20000")).is_ok());
}

#[test]
fn amounts_are_exact_decimals() {
    let rate = |new: &str, reason: &str| {
        assert_change_refused("hourly = 60", &format!("hourly = {new} # ICI"), "rates[0].hourly", reason);
    };
    for not_decimal in ["\"soixante\"", "\"60,50\"", "6e1", "inf", "0x3C", "true", "\"\"", "\".5\"", "\"5.\""] {
        rate(not_decimal, "nombre décimal");
    }
    rate("60.505", "deux décimales");
    rate("-60", "négatif");
    rate("0", "n’est pas nul");
    rate("12345678901", "trop grand");
    let read_as = |written: &str| read(&altered("hourly = 60", &format!("hourly = {written}"))).expect("a rate").file;
    for (written, cents) in [("60.5", 6050), ("\"60.50\"", 6050), ("0.29", 29), ("1_0", 1000)] {
        assert_eq!(read_as(written).rates[0].hourly, Cents(cents), "{written}");
    }
}

#[test]
fn quotas_are_quarters_of_an_hour() {
    let quota = |new: &str, reason: &str| {
        assert_change_refused("CHE = 60", &format!("CHE = {new} # ICI"), "budget_years[0].quotas.CHE", reason);
    };
    quota("60.10", "quarts d’heure");
    quota("-1", "négatif");
    quota("100000.25", "trop grand");
    let file = read(&altered("CHE = 60", "CHE = 59.75")).expect("a quota").file;
    assert_eq!(file.budget_years[0].quotas["CHE"], Minutes(59 * 60 + 45));
}

#[test]
fn too_many_hours_for_the_budget_are_only_a_warning() {
    let ReadFile { warnings, .. } = read(&altered("CHE = 60", "CHE = 61")).expect("allowed");
    let [Remark { field, reason, .. }] = warnings.as_slice() else { panic!("one warning: {warnings:?}") };
    assert_eq!(field, "budget_years[0].quotas");
    assert!(reason.contains("dépassent le budget de 60,00\u{a0}€"), "{reason}");
}

#[test]
fn references_must_exist() {
    assert_change_refused(
        "neighbourhoods = [\"mail\"]",
        "neighbourhoods = [\"mail\", \"lac\"] # ICI",
        "programmes[0].neighbourhoods",
        "quartier inconnu : « lac »",
    );
    assert_change_refused(
        "signatory = \"ccas-chenove\"",
        "signatory = \"chenove\" # ICI",
        "programmes[0].signatory",
        "signataire inconnu : « chenove »",
    );
    assert_change_refused(
        "ccas-talant = 430",
        "ccas-tallant = 430 # ICI",
        "budget_years[0].contributions.ccas-tallant",
        "signataire inconnu",
    );
    assert_change_refused("TAL = 0", "TAL = 0\nTOU = 1 # ICI", "budget_years[0].quotas.TOU", "PRE inconnu : « TOU »");
    assert_change_refused(
        "neighbourhoods = [\"bief-du-moulin\"]",
        "neighbourhoods = [\"bief-du-moulin\", \"mail\"] # ICI",
        "programmes[2].neighbourhoods",
        "appartient déjà au PRE CHE",
    );
    assert_change_refused(
        "neighbourhoods = [\"bief-du-moulin\"]",
        "neighbourhoods = [] # ICI",
        "programmes[2].neighbourhoods",
        "au moins un quartier",
    );
    assert_refused(
        &altered("TAL = 0\n", "").replacen("[budget_years.quotas]", "[budget_years.quotas] # ICI", 1),
        "budget_years[0].quotas",
        "la quotité du PRE TAL manque",
    );
}

#[test]
fn a_code_is_given_once() {
    for (old, new, field, reason) in [
        ("code = \"ccas-dijon\"", "code = \"metropole\" # ICI", "signatories[2].code", "déjà donné à signatories[0]"),
        ("code = \"LON\"", "code = \"L0N\" # ICI", "programmes[2].code", "lettres majuscules"),
        ("code = \"mail\"", "code = \"le mail\" # ICI", "neighbourhoods[0].code", "sans espace"),
        ("label = \"2025\"", "label = \"2024\" # ICI", "budget_years[1].label", "déjà donné"),
        ("slug = \"dijon-2024-2026\"", "slug = \"à venir\" # ICI", "convention.slug", "sans espace"),
    ] {
        assert_refused_first(&altered(old, new), field, reason);
    }
}

#[test]
fn periods_neither_overlap_nor_leave_a_gap() {
    assert_change_refused(
        "from = 2025-01-01",
        "from = 2024-12-31 # ICI",
        "budget_years[1].from",
        "chevauche budget_years[0], qui va du 01/01/2024 au 31/12/2024",
    );
    let gap =
        altered("from = 2025-01-01", "from = 2025-01-02").replacen("[[budget_years]]", "[[budget_years]] # ICI", 1);
    assert_refused(&gap, "budget_years", "rien n’est prévu du 01/01/2025 au 01/01/2025");
    let rate = "service = \"interview\"\nhourly = 60\nfrom = 2024-01-01";
    let gap = altered(rate, &rate.replace("2024", "2025")).replacen("[[rates]]", "[[rates]] # ICI", 1);
    assert_refused(&gap, "rates", "rien n’est prévu du 01/01/2024 au 31/12/2024");
    let twice = format!(
        "{DIJON}\n[[rates]]\nservice = \"interview\"\nhourly = 65\nfrom = 2026-10-01 # ICI\nuntil = 2026-12-31\n"
    );
    assert_refused(&twice, "rates[3].from", "chevauche rates[0]");
    let (terms, rates) = (DIJON.find("[[terms]]").expect("terms"), DIJON.find("[[rates]]").expect("rates"));
    let block = &DIJON[terms..rates];
    let two_terms = DIJON.replacen(block, &format!("{block}{block}"), 1);
    let refusals = read(&two_terms).expect_err("a refusal");
    assert_eq!(refusals.iter().map(|r| r.field.as_str()).collect::<Vec<_>>(), ["terms[1].from"], "{refusals:?}");
    assert_refused(&DIJON.replacen(block, "", 1).replacen("# Conv", "# ICI # Conv", 1), "terms", "rien n’est prévu");
}

/// The periods of a rate are held to the days of the convention, the first and the last included.
#[test]
fn rates_lie_inside_the_convention() {
    let days = "service = \"training\"\nhourly = 60\nfrom = 2024-01-01\nuntil = 2026-12-31";
    let rate = |from: &str, until: &str| {
        format!("\n[[rates]]\nservice = \"training\"\nhourly = 60\nfrom = {from}\nuntil = {until}\n")
    };
    let parted = altered(days, "service = \"training\"\nhourly = 60\nfrom = 2024-01-02\nuntil = 2026-12-30");
    let whole = parted + &rate("2024-01-01", "2024-01-01") + &rate("2026-12-31", "2026-12-31");
    assert!(read(&whole).is_ok(), "{:?}", read(&whole));
    for outside in ["2023-12-31", "2027-01-01"] {
        let refusals = read(&format!("{DIJON}{}", rate(outside, outside))).expect_err("refusals");
        let fields: Vec<&str> = refusals.iter().map(|refusal| refusal.field.as_str()).collect();
        assert_eq!(fields, ["rates[3].from", "rates[3].until"], "{refusals:?}");
    }
}

/// A session needs its rate as soon as a programme has hours; nothing else needs one.
#[test]
fn rates_are_needed_for_the_hours_that_there_are() {
    let interview = "[[rates]]\nservice = \"interview\"\nhourly = 60\nfrom = 2024-01-01\nuntil = 2026-12-31\n";
    let without = altered(interview, "");
    let refusals = read(&without).expect_err("a refusal");
    assert_eq!(refusals.iter().map(|r| r.field.as_str()).collect::<Vec<_>>(), ["rates"], "{refusals:?}");
    let is_quota =
        |line: &str| ["CHE", "DIJ", "LON", "TAL", "QUE"].iter().any(|code| line.starts_with(&format!("{code} = ")));
    let no_hours: Vec<String> = without
        .lines()
        .map(|line| if is_quota(line) { format!("{} = 0", &line[..3]) } else { line.to_owned() })
        .collect();
    assert!(read(&no_hours.join("\n")).is_ok(), "{:?}", read(&no_hours.join("\n")));
    let training = "service = \"training\"\nhourly = 60";
    let dear = read(&altered(training, "service = \"training\"\nhourly = 90")).expect("a rate");
    assert_eq!(dear.warnings, [], "hours of sessions cost what sessions cost");
}

#[test]
fn dates_lie_inside_the_convention() {
    assert_change_refused(
        "call_by = 2025-06-30",
        "call_by = 2027-06-30 # ICI",
        "budget_years[1].call_by",
        "hors de la",
    );
    let late = "label = \"2026\"\nfrom = 2026-01-01\nuntil = 2026-12-31";
    assert_change_refused(
        late,
        &late.replace("2026-12-31", "2027-01-01 # ICI"),
        "budget_years[2].until",
        "hors de la convention, qui va du 01/01/2024 au 31/12/2026",
    );
    assert_change_refused(
        "until = 2026-12-31 # article 2",
        "until = 2023-12-31 # ICI",
        "convention.until",
        "la fin précède le début",
    );
    for wrong in ["2025-02-30", "\"30/06/2025\"", "2025-06-30T10:00:00Z", "2025"] {
        let refusals = read(&altered("2025-06-30", wrong)).expect_err("a refusal");
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        assert_eq!(refusals[0].line, 1 + DIJON[..DIJON.find("2025-06-30").expect("a date")].matches('\n').count());
    }
}

#[test]
fn ages_are_in_order() {
    assert_change_refused("max_age = 16", "max_age = 1 # ICI", "terms[0].max_age", "inférieur au plus jeune");
    assert_change_refused("min_age = 2", "min_age = -2 # ICI", "terms[0].min_age", "de 0 à 120");
    assert!(read(&altered("max_age = 16", "max_age = 2")).is_ok(), "one age alone");
}

#[test]
fn the_buyer_can_be_invoiced() {
    assert_change_refused("siren = \"242100410\"", "siren = \"242100411\" # ICI", "buyer.siren", "clé de Luhn");
    assert_change_refused("siren = \"242100410\"", "siren = \"242 100 410\" # ICI", "buyer.siren", "9 chiffres");
    assert_change_refused("24210041099992\"", "24210041099993\" # ICI", "buyer.siret", "clé de Luhn");
    assert_change_refused("24210041099992\"", "73282932000074\" # ICI", "buyer.siret", "commence par le SIREN");
    assert_change_refused("postcode = \"21000\"", "postcode = \"2100\" # ICI", "buyer.postcode", "5 chiffres");
    assert_change_refused("channel = \"reform\"", "channel = \"mail\" # ICI", "buyer.channel", "reform, chorus_direct");
    assert_change_refused(
        "required_reference = \"service\"",
        "required_reference = \"both\" # ICI",
        "buyer.required_reference",
        "none, service, engagement, service_or_engagement, service_and_engagement",
    );
    assert_change_refused("\"PRE-EXEMPLE\"", "\"PRE/1\" # ICI", "buyer.service_code", "des tirets et des soulignés");
    assert_change_refused("payment_days = 30", "payment_days = 90 # ICI", "buyer.payment_days", "de 1 à 60");
    assert_change_refused("siren = \"242100410\"", "siren = \"24210041A\" # ICI", "buyer.siren", "9 chiffres");
    let contract = |length: usize| format!("contract_number = \"{}\" # ICI\npayment_days = 30", "1".repeat(length));
    assert_change_refused("payment_days = 30", &contract(51), "buyer.contract_number", "50 caractères");
    assert!(read(&altered("payment_days = 30", &contract(50))).is_ok());
    for email in ["ccas", "ccas@localhost", "a b@example.org", "ccas@@example.org", "ccas@exämple.org"] {
        let new = format!("contact_email = \"{email}\" # ICI");
        assert_change_refused(
            "contact_email = \"ccas@chenove.example.org\"",
            &new,
            "signatories[1].contact_email",
            "adresse électronique",
        );
    }
}

#[test]
fn missing_references_of_the_buyer_are_a_warning() {
    let ReadFile { warnings, .. } = read(&altered("service_code = ", "engagement_number = ")).expect("allowed");
    let [warning] = warnings.as_slice() else { panic!("one warning: {warnings:?}") };
    assert_eq!(warning.field, "buyer.required_reference");
    assert!(warning.reason.contains("un code service"), "{warning}");
}

#[test]
fn unknown_and_missing_keys() {
    assert_change_refused(
        "town = \"Longvic\"",
        "town = \"Longvic\"\ncity = \"x\" # ICI",
        "programmes[2].city",
        "clé inconnue",
    );
    assert_change_refused("[convention]", "[conventions] # ICI\n[convention]", "conventions", "clé inconnue");
    assert_refused(
        &altered("name = \"PRE de Longvic\"\n", "").replacen(
            "[[programmes]]\ncode = \"LON\"",
            "[[programmes]] # ICI\ncode = \"LON\"",
            1,
        ),
        "programmes[2].name",
        "cette clé manque",
    );
    assert_change_refused("rounding = \"half_up\"", "rounding = \"down\" # ICI", "terms[0].rounding", "half_up");
    assert_change_refused(
        "excused_absence_billed = false",
        "excused_absence_billed = \"non\" # ICI",
        "terms[0].excused_absence_billed",
        "true (oui) ou false (non)",
    );
    assert_change_refused("name = \"le Mail\"", "name = 3 # ICI", "neighbourhoods[0].name", "entre guillemets");
    assert_change_refused("name = \"le Mail\"", "name = \" \" # ICI", "neighbourhoods[0].name", "vide");
}

#[test]
fn what_is_not_toml_is_refused_by_line() {
    assert_change_refused("budget = 20000", "budget = 20 000 # ICI", "", "ce n’est pas du TOML");
    assert_change_refused("TAL = 0", "TAL = 0\nTAL = 1 # ICI", "", "deux fois");
    assert_eq!(read("").expect_err("refusals")[0].to_string(), "ligne 1, buyer : la section [buyer] manque");
}

#[test]
fn every_mistake_is_told_at_once_and_in_order() {
    let wrong = altered("siren = \"242100410\"", "siren = \"1\"")
        .replacen("neighbourhoods = [\"mail\"]", "neighbourhoods = [\"lac\"]", 1)
        .replacen("budget = 20000", "budget = \"beaucoup\"", 1)
        .replacen("max_age", "older_age", 1);
    let refusals = read(&wrong).expect_err("refusals");
    let fields: Vec<&str> = refusals.iter().map(|r| r.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "buyer.siren",
            "programmes[0].neighbourhoods",
            "budget_years[0].budget",
            "terms[0].max_age",
            "terms[0].older_age"
        ]
    );
    assert!(refusals.is_sorted_by_key(|r| r.line));
}

/// The example of a title in the guide.
fn example(title: &str) -> &'static str {
    let section = GUIDE.split_once(title).expect("a title of the guide").1;
    let block = section.split_once("```toml\n").expect("an example").1;
    block.split_once("```").expect("the end of the example").0
}

#[test]
fn the_guide_names_every_key_and_no_other() {
    for section in SECTIONS {
        let title = format!("### `{}`", section.title());
        let text = GUIDE.split_once(&title).unwrap_or_else(|| panic!("the guide has no {title}")).1;
        let text = text.split("\n### ").next().unwrap_or_default().split("\n## ").next().unwrap_or_default();
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        assert_eq!(rows.collect::<Vec<_>>(), section.keys, "{title}");
        let example = text.split_once("```toml\n").unwrap_or_else(|| panic!("{title} has no example")).1;
        for key in section.keys {
            assert!(example.contains(key), "the example of {title} does not show {key}");
        }
    }
}

#[test]
fn a_school_year_outside_the_priority_neighbourhoods_can_be_written() {
    let ReadFile { file, warnings } = read(example("## Une année scolaire")).expect("the example of the guide");
    assert_eq!(warnings, []);
    assert_eq!(file.budget_years[0].period.to_string(), "du 01/09/2016 au 31/08/2017");
    assert_eq!(file.budget_years[0].ceiling, Some(Cents(4_997_500)));
}

#[test]
fn a_convention_of_grants_alone_can_be_written() {
    let ReadFile { file, warnings } =
        read(example("## Des subventions sans heures")).expect("the example of the guide");
    assert_eq!(warnings, []);
    assert!(file.programmes.is_empty() && file.rates.is_empty() && file.terms.is_empty());
    let year = &file.budget_years[0];
    assert_eq!((year.budget, &year.grants), (Cents(50_000_000), &mpdm().budget_years[0].grants));
}

const MPDM: &str = include_str!("../../conventions/mpdm-2024-2026.toml");

fn mpdm() -> ConventionFile {
    let ReadFile { file, warnings } = read(MPDM).expect("two grants a year");
    assert_eq!(warnings, []);
    file
}

#[test]
fn grants_are_the_budget() {
    let altered = |old: &str, new: &str| MPDM.replacen(old, new, 1);
    assert_refused(
        &altered("= 280000 }", "= 279999.99 } # ICI"),
        "budget_years[0].grants",
        "les subventions font 499\u{202f}999,99\u{a0}€, et le budget de l’exercice 500\u{202f}000,00\u{a0}€",
    );
    let other = altered("{ mediation-sociale = 220000, prevention-specialisee = 280000 }", "{ autre = 500000 } # ICI");
    assert_refused(&other, "budget_years[0].grants.autre", "subvention inconnue : « autre »");
    assert_refused(
        &altered("code = \"prevention-specialisee\"", "code = \"mediation-sociale\" # ICI")
            .replace(", prevention-specialisee = 280000", "")
            .replace("mediation-sociale = 220000", "mediation-sociale = 500000"),
        "grants[1].code",
        "déjà donné à grants[0]",
    );
}

#[test]
fn lines_of_services_fit_in_the_fixed_share() {
    let line = |year: &str, service: &str, amount: &str| {
        format!("\n[[service_lines]]\nyear = \"{year}\"\nservice = \"{service}\"\nhours = 10\namount = {amount}\n")
    };
    let with = |lines: &str| format!("{DIJON}{lines}");
    let fits = with(&(line("2026", "training", "2400") + &line("2026", "practice_analysis", "2000")));
    let ReadFile { file, warnings } = read(&fits).expect("lines");
    assert_eq!(warnings, []);
    assert!(
        read(&with(&(line("2025", "training", "2400") + &line("2026", "training", "2400")))).is_ok(),
        "a line a year"
    );
    assert_eq!(file.service_lines[0].service, ServiceType::PracticeAnalysis, "in the order of the services");
    assert_eq!((file.service_lines[0].hours, file.service_lines[1].amount), (Minutes::from_hours(10), Cents(240_000)));
    assert_refused(
        &with(&(line("2026", "training", "2400") + &line("2026", "practice_analysis", "2000.01 # ICI"))),
        "service_lines[1].amount",
        "les lignes de 2026 font 4\u{202f}400,01\u{a0}€, et sa part fixe est de 4\u{202f}400,00\u{a0}€",
    );
    let unread = line("2026", "training", "1").replace("\"2026\"", "2026 # ICI");
    assert_refused(&with(&unread), "service_lines[0].year", "");
    assert_refused(
        &with(&line("2030\" # ICI\n#\"", "training", "1")),
        "service_lines[0].year",
        "exercice inconnu : « 2030 »",
    );
    assert_refused(
        &with(&(line("2026", "training", "1") + &line("2026\" # ICI\n#\"", "training", "1"))),
        "service_lines[1].year",
        "a déjà une ligne pour cette prestation : formation",
    );
    assert_refused(
        &with(&line("2026", "interview\" # ICI\n#\"", "1")),
        "service_lines[0].service",
        "choisissez parmi : practice_analysis, training",
    );
}

/// What a file may say of a year: its grants in cents; for each kind of service, quarters of an hour and cents.
type YearSaid = (Vec<i64>, [Option<(i32, i64)>; 2]);

fn said() -> impl Strategy<Value = (Vec<String>, Vec<YearSaid>)> {
    let name = "\\PC{0,30}[a-z\"\\\\]\\PC{0,30}".prop_map(|name| name.trim().to_owned());
    proptest::collection::vec(name, 1..5).prop_flat_map(|names| {
        let amounts = proptest::collection::vec(0..100_000_000_000_i64, names.len());
        let line = || proptest::option::of((0..4_000_i32, 0..100_000_000_000_i64));
        (Just(names), proptest::collection::vec((amounts, [line(), line()]), 3))
    })
}

proptest! {
    #[test]
    fn whatever_it_says_of_grants_and_lines_reads_back_the_same((names, years) in said()) {
        let mut file = mpdm();
        file.grants = names.iter().enumerate().map(|(i, name)| Grant { code: format!("g-{i}"), name: name.clone() }).collect();
        for (year, (amounts, lines)) in file.budget_years.iter_mut().zip(&years) {
            year.grants = file.grants.iter().map(|g| g.code.clone()).zip(amounts.iter().copied().map(Cents)).collect();
            year.budget = year.grants.values().copied().sum();
            year.contributions.insert("metropole".to_owned(), year.budget);
            let kinds = [ServiceType::PracticeAnalysis, ServiceType::Training];
            let kept = kinds.into_iter().zip(lines).filter_map(|(service, line)| line.map(|line| (service, line)));
            for (service, (quarters, cents)) in kept {
                // each takes a half of the budget at most
                let (hours, amount) = (Minutes(quarters * 15), Cents(cents.min(year.budget.0 / 2)));
                file.service_lines.push(ServiceLine { year: year.label.clone(), service, hours, amount });
            }
            year.fixed_share = year.budget;
        }
        let read = read(&write(&file)).map(|read| read.file);
        prop_assert_eq!(read.map_err(|remarks| remarks[0].to_string()), Ok(file.clone()));
        let json = serde_json::to_string(&file).expect("json");
        prop_assert_eq!(serde_json::from_str::<ConventionFile>(&json).expect("the same file"), file);
    }
}
