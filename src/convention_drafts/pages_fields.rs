//! The fields of each part of a draft: an entry of a list is a group of them, and an empty group adds one.

use super::Part;
use crate::conventions::file::{ConventionFile, DefaultRate, Grant, Heading, Programme, ServiceLine, Signatory, Year};
use crate::conventions::{
    AbsenceRule, Buyer, InvoiceChannel, Period, RequiredReference, ServiceType, SignatoryKind, Terms,
};
use crate::money::Cents;
use crate::web::{Choice, Field, FormState};

/// The fields of one entry.
pub(super) struct Group {
    pub title: String,
    pub fields: Vec<Field>,
    /// The box that removes the entry; none for what is there once, and for a new one.
    pub removal: Option<Field>,
}

impl Group {
    fn one(title: &str, fields: Vec<Field>) -> Self {
        Self { title: title.to_owned(), fields, removal: None }
    }
}

/// What an absence does, as one choice: billed, counted.
pub(super) const ABSENCES: [AbsenceRule; 4] = [
    AbsenceRule { billed: false, counted: false },
    AbsenceRule { billed: false, counted: true },
    AbsenceRule { billed: true, counted: false },
    AbsenceRule { billed: true, counted: true },
];

/// The word of an absence's rule in a form.
pub(super) fn absence_word(rule: AbsenceRule) -> String {
    format!("{}-{}", u8::from(rule.billed), u8::from(rule.counted))
}

/// The groups of a part, with what the form holds, or else what the draft says.
pub(super) fn groups(part: Part, form: &FormState, file: &ConventionFile) -> Vec<Group> {
    match part {
        Part::Heading => vec![Group::one("Convention", heading(form, &file.convention))],
        Part::Buyer => vec![Group::one("Acheteur", buyer(form, &file.buyer))],
        Part::Signatories => list(
            form,
            &file.signatories,
            ("Partie", "Ajouter une partie"),
            |s| s.name.clone(),
            |i, one| signatory(form, i, one),
        ),
        Part::Programmes => {
            let named = |p: &Programme| p.name.clone();
            list(form, &file.programmes, ("PRE", "Ajouter un PRE"), named, |i, one| programme(form, i, one, file))
        }
        Part::Grants => {
            let named = |g: &Grant| g.name.clone();
            list(form, &file.grants, ("Subvention", "Ajouter une subvention"), named, |i, one| grant(form, i, one))
        }
        Part::ServiceLines => {
            let named = |line: &ServiceLine| format!("{}, {}", line.year, line.service.french());
            list(form, &file.service_lines, ("Ligne", "Ajouter une ligne"), named, |i, one| {
                service_line(form, i, one, file)
            })
        }
        Part::Years => {
            let named = |y: &Year| y.label.clone();
            list(form, &file.budget_years, ("Exercice", "Ajouter un exercice"), named, |i, one| {
                year(form, i, one, file)
            })
        }
        Part::Terms => {
            let dated = |t: &Terms| t.period.to_string();
            list(form, &file.terms, ("Règles", "Ajouter des règles"), dated, |i, one| terms(form, i, one, file))
        }
        Part::Rates => {
            let named = |r: &DefaultRate| r.service.french().to_owned();
            list(form, &file.rates, ("Tarif", "Ajouter un tarif"), named, |i, one| rate(form, i, one, file))
        }
    }
}

fn list<T>(
    form: &FormState,
    entries: &[T],
    (noun, adding): (&str, &str),
    name: impl Fn(&T) -> String,
    fields: impl Fn(usize, Option<&T>) -> Vec<Field>,
) -> Vec<Group> {
    let known = entries.iter().enumerate().map(|(i, entry)| {
        let name = name(entry);
        let title = match name.as_str() {
            "" => format!("{noun} n° {}", i + 1),
            named if named.starts_with(noun) => named.to_owned(),
            _ => format!("{noun}\u{a0}: {name}"),
        };
        let removal = form.checkbox(&format!("remove-{i}"), "Retirer");
        Group { title, fields: fields(i, Some(entry)), removal: Some(removal) }
    });
    let mut groups: Vec<Group> = known.collect();
    groups.push(Group::one(adding, fields(entries.len(), None)));
    groups
}

fn heading(form: &FormState, of: &Heading) -> Vec<Field> {
    vec![
        form.text("title", "Titre").initially(&of.title).longest(300),
        form.text("slug", "Nom court")
            .hint("Sans espace ni accent, comme dijon-2027-2029 : il ne change plus après la signature")
            .initially(&of.slug)
            .longest(40)
            .autocomplete("off"),
        form.date("from", "Premier jour").initially(of.period.from),
        form.date("until", "Dernier jour").initially(of.period.until),
    ]
}

fn buyer(form: &FormState, of: &Buyer) -> Vec<Field> {
    let text = |name: &str, label: &str, value: &str| form.text(name, label).initially(value).autocomplete("off");
    let maybe = |name: &str, label: &str, value: &Option<String>| {
        text(name, label, value.as_deref().unwrap_or_default()).optional().medium()
    };
    let channels: Vec<Choice> = InvoiceChannel::ALL.iter().map(|one| Choice::new(one, one.french())).collect();
    let required: Vec<Choice> = RequiredReference::ALL.iter().map(|one| Choice::new(one, one.french())).collect();
    vec![
        text("name", "Nom", &of.name),
        text("siren", "SIREN", &of.siren).hint("9 chiffres").medium(),
        text("siret", "SIRET de l’établissement facturé", &of.siret).hint("14 chiffres").medium(),
        text("street", "Adresse", &of.street),
        text("postcode", "Code postal", &of.postcode).short(),
        text("city", "Ville", &of.city),
        form.select("channel", "Canal des factures", &channels).initially(of.channel),
        form.select("required_reference", "Références exigées", &required).initially(of.required_reference),
        maybe("service_code", "Code service", &of.service_code),
        maybe("engagement_number", "Numéro d’engagement", &of.engagement_number),
        maybe("contract_number", "Numéro de marché", &of.contract_number),
        form.number("payment_days", "Délai de paiement").suffix("jours").short().initially(of.payment_days),
    ]
}

fn signatory(form: &FormState, i: usize, of: Option<&Signatory>) -> Vec<Field> {
    let kinds: Vec<Choice> = SignatoryKind::ALL.iter().map(|kind| Choice::new(kind, kind.french())).collect();
    vec![
        form.text(&format!("name-{i}"), "Nom").initially(of.map_or("", |s| s.name.as_str())).autocomplete("off"),
        form.select(&format!("kind-{i}"), "Nature", &kinds).initially(of.map_or(SignatoryKind::Ccas, |s| s.kind)),
        form.email(&format!("email-{i}"), "Adresse des appels de fonds")
            .optional()
            .initially(of.and_then(|s| s.contact_email.as_deref()).unwrap_or_default()),
    ]
}

fn programme(form: &FormState, i: usize, of: Option<&Programme>, file: &ConventionFile) -> Vec<Field> {
    let parties: Vec<Choice> = file.signatories.iter().map(|s| Choice::new(&s.code, &s.name)).collect();
    let name_of = |code: &String| file.neighbourhoods.iter().find(|n| n.code == *code).map(|n| n.name.as_str());
    let homes: Vec<&str> = of.map(|p| p.neighbourhoods.iter().filter_map(name_of).collect()).unwrap_or_default();
    vec![
        form.text(&format!("code-{i}"), "Code")
            .hint("De 2 à 5 lettres majuscules : les références des enfants commencent par elles")
            .short()
            .initially(of.map_or("", |p| p.code.as_str()))
            .autocomplete("off"),
        form.text(&format!("name-{i}"), "Nom").initially(of.map_or("", |p| p.name.as_str())).autocomplete("off"),
        form.text(&format!("town-{i}"), "Commune").initially(of.map_or("", |p| p.town.as_str())).autocomplete("off"),
        form.select(&format!("signatory-{i}"), "Conduit par", &parties)
            .or_none("Choisissez…")
            .initially(of.map_or("", |p| p.signatory.as_str())),
        form.textarea(&format!("homes-{i}"), "Quartiers").hint("Un par ligne").rows(3).initially(homes.join("\n")),
        form.text(&format!("note-{i}"), "Note")
            .hint("Affichée près de sa quotité")
            .optional()
            .initially(of.and_then(|p| p.note.as_deref()).unwrap_or_default()),
    ]
}

fn grant(form: &FormState, i: usize, of: Option<&Grant>) -> Vec<Field> {
    let name = form.text(&format!("name-{i}"), "Nom").hint("Ce qu’elle finance, comme médiation sociale");
    vec![name.initially(of.map_or("", |g| g.name.as_str())).longest(300).autocomplete("off")]
}

fn service_line(form: &FormState, i: usize, of: Option<&ServiceLine>, file: &ConventionFile) -> Vec<Field> {
    let years: Vec<Choice> = file.budget_years.iter().map(|year| Choice::new(&year.label, &year.label)).collect();
    let services: Vec<Choice> = [ServiceType::PracticeAnalysis, ServiceType::Training]
        .iter()
        .map(|one| Choice::new(one, one.french()))
        .collect();
    vec![
        form.select(&format!("year-{i}"), "Exercice", &years)
            .or_none("Choisissez…")
            .initially(of.map_or("", |line| line.year.as_str())),
        form.select(&format!("service-{i}"), "Prestation", &services)
            .initially(of.map_or(ServiceType::PracticeAnalysis, |line| line.service)),
        form.text(&format!("hours-{i}"), "Heures")
            .hint("Comme 10 h ou 7 h 30")
            .short()
            .initially(of.map(|line| line.hours.to_string()).unwrap_or_default())
            .autocomplete("off"),
        form.text(&format!("amount-{i}"), "Montant, TVA comprise")
            .hint("Pris sur la part fixe de l’exercice")
            .suffix("€")
            .short()
            .initially(of.map(|line| line.amount.typed()).unwrap_or_default())
            .autocomplete("off"),
    ]
}

fn period(form: &FormState, i: usize, of: Option<Period>) -> [Field; 2] {
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    [
        form.date(&format!("from-{i}"), "Premier jour").initially(day(of.map(|p| p.from))),
        form.date(&format!("until-{i}"), "Dernier jour").initially(day(of.map(|p| p.until))),
    ]
}

fn year(form: &FormState, i: usize, of: Option<&Year>, file: &ConventionFile) -> Vec<Field> {
    let euros = |name: String, label: &str, amount: Option<Cents>| {
        form.text(&name, label)
            .suffix("€")
            .short()
            .initially(amount.map(Cents::typed).unwrap_or_default())
            .autocomplete("off")
    };
    let mut fields = vec![
        form.text(&format!("label-{i}"), "Nom")
            .hint("2027, ou 2026-2027")
            .short()
            .initially(of.map_or("", |y| y.label.as_str())),
    ];
    fields.extend(period(form, i, of.map(|y| y.period)));
    fields.push(
        euros(format!("budget-{i}"), "Budget prévisionnel", of.map(|y| y.budget)).hint("La somme des participations"),
    );
    fields.push(
        euros(format!("share-{i}"), "dont part fixe", of.map(|y| y.fixed_share))
            .hint("Formations et analyse de la pratique")
            .optional(),
    );
    fields.push(euros(format!("ceiling-{i}"), "Plafond", of.and_then(|y| y.ceiling)).optional());
    let call_by = of.and_then(|y| y.call_by).map(|day| day.to_string()).unwrap_or_default();
    fields.push(form.date(&format!("call-{i}"), "Date limite de l’appel de fonds").optional().initially(call_by));
    fields.extend(file.signatories.iter().map(|s| {
        let label = format!("Participation\u{a0}: {}", s.name);
        euros(format!("pays-{i}-{}", s.code), &label, of.and_then(|y| y.contributions.get(&s.code).copied())).optional()
    }));
    fields.extend(file.grants.iter().map(|g| {
        let label = format!("Subvention\u{a0}: {}", g.name);
        euros(format!("grant-{i}-{}", g.code), &label, of.and_then(|y| y.grants.get(&g.code).copied())).optional()
    }));
    fields.extend(file.programmes.iter().map(|p| {
        let time = of.and_then(|y| y.quotas.get(&p.code)).map(ToString::to_string).unwrap_or_default();
        let field = form.text(&format!("hours-{i}-{}", p.code), format!("Quotité\u{a0}: {}", p.name));
        field.hint("En heures, comme 60 h ou 39 h 45").short().initially(time).optional().autocomplete("off")
    }));
    fields
}

fn terms(form: &FormState, i: usize, of: Option<&Terms>, file: &ConventionFile) -> Vec<Field> {
    let rules: Vec<Choice> = ABSENCES.iter().map(|rule| Choice::new(absence_word(*rule), rule.french())).collect();
    let whole = file.terms.is_empty().then_some(file.convention.period);
    let number = |name: &str, label: &str, value: Option<i32>| {
        let field = form.number(&format!("{name}-{i}"), label).short();
        field.initially(value.map(|value| value.to_string()).unwrap_or_default())
    };
    let absence = |name: &str, label: &str, rule: AbsenceRule| {
        form.select(&format!("{name}-{i}"), label, &rules).initially(absence_word(rule))
    };
    let mut fields = period(form, i, of.map(|t| t.period).or(whole)).to_vec();
    fields.push(number("min", "Âge le plus jeune", of.map(|t| t.min_age)).suffix("ans"));
    fields.push(
        number("max", "Âge le plus élevé", of.map(|t| t.max_age))
            .suffix("ans")
            .hint("Jusqu’à la veille de l’anniversaire suivant"),
    );
    fields.push(
        number("late", "Saisie tardive", of.map(|t| t.late_entry_months))
            .suffix("mois")
            .hint("0 : jusqu’à la fin du mois de la séance ; 1 : du mois suivant"),
    );
    fields.push(absence("excused", "Absence excusée", of.map(|t| t.excused_absence).unwrap_or_default()));
    fields.push(absence("unexcused", "Absence non excusée", of.map(|t| t.unexcused_absence).unwrap_or_default()));
    fields
}

fn rate(form: &FormState, i: usize, of: Option<&DefaultRate>, file: &ConventionFile) -> Vec<Field> {
    let services: Vec<Choice> = ServiceType::ALL.iter().map(|one| Choice::new(one, one.french())).collect();
    let mut fields = vec![
        form.select(&format!("service-{i}"), "Prestation", &services)
            .initially(of.map_or(ServiceType::Interview, |r| r.service)),
        form.text(&format!("hourly-{i}"), "Tarif horaire")
            .suffix("€")
            .short()
            .initially(of.map(|r| r.hourly.typed()).unwrap_or_default())
            .autocomplete("off"),
    ];
    fields.extend(period(form, i, of.map(|r| r.period).or(of.is_none().then_some(file.convention.period))));
    fields
}
