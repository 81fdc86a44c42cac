//! `/_composants`: every component in every state on one page, for developers; demonstration mode only.

use askama::Template;
use chrono::NaiveDate;

use crate::hours::Minutes;
use crate::money::Cents;
use crate::web::filters;
use crate::web::flash::Flash;
use crate::web::forms::{Choice, FormState};
use crate::web::icons::Icon;
use crate::web::layout::{Layout, NavEntry, Person, RoleChoice};
use crate::web::marks::{Meter, Status, Tone};
use crate::web::pagination::Page;
use crate::web::query::{Query, Sort};

#[derive(Template)]
#[template(path = "components_page.html")]
struct ComponentsPage {
    layout: Layout,
    fresh: FormState,
    refused: FormState,
    children: Vec<Choice>,
    lengths: Vec<Choice>,
    days: Vec<Choice>,
    rows: Vec<Row>,
    sort: Sort,
    query: Query,
    page: Page,
    today: NaiveDate,
}

/// An invented session of the example table.
struct Row {
    reference: &'static str,
    psychologist: &'static str,
    length: Minutes,
    amount: Cents,
    status: Status,
}

/// The page, as HTML.
pub fn render() -> askama::Result<String> {
    let query = Query::parse("tri=-duree&page=3");
    ComponentsPage {
        layout: example_layout(),
        fresh: FormState::new().with("child", "LON-2026-0007").with("days", "1").with("starts_at", "14:30"),
        refused: example_refusals(),
        children: vec![
            Choice::new("LON-2026-0007", "LON-2026-0007").hint("Dernière séance mardi 17 novembre"),
            Choice::new("LON-2026-0012", "LON-2026-0012").hint("Reste 1\u{a0}h\u{a0}30 sur l’orientation"),
            Choice::new("CHE-2026-0042", "CHE-2026-0042").hint("Première séance"),
        ],
        lengths: [45, 60, 90].map(|minutes| Choice::new(minutes, Minutes(minutes))).to_vec(),
        days: ["lundi", "mardi", "mercredi", "jeudi", "vendredi"]
            .iter()
            .zip(1..)
            .map(|(day, n)| Choice::new(n, day))
            .collect(),
        rows: example_rows(),
        sort: Sort::from_query(&query, &["reference", "duree", "montant"]),
        page: Page::from_query(&query, 312),
        query,
        today: NaiveDate::default(),
    }
    .render()
}

fn example_layout() -> Layout {
    let role =
        |value: &str, label: &str, current| RoleChoice { value: value.to_owned(), label: label.to_owned(), current };
    let nav = vec![
        NavEntry::new("Aujourd’hui", "/", Icon::Home),
        NavEntry::new("À valider", "/validations", Icon::Check).badge(12),
        NavEntry::new("Enfants", "/_composants", Icon::People),
        NavEntry::new("Agenda", "/agenda", Icon::Calendar),
        NavEntry::new("Bilan", "/bilan", Icon::Chart),
    ];
    Layout {
        person: Some(Person {
            name: "Camille Exemple".to_owned(),
            roles: vec![
                role("coordinator", "Coordination, PRE de Longvic", true),
                role("referent", "Référent de parcours, PRE de Longvic", false),
            ],
        }),
        flash: Some(Flash::success("12 séances sont validées.").with_undo("Annuler", "/_composants")),
        notice: Some("Démonstration : les personnes et leurs séances sont inventées.".to_owned()),
        deployment: Some("Dijon Métropole".to_owned()),
        ..Layout::new("Composants")
    }
    .lead("Chaque composant, dans chaque état. Cette page n’existe qu’en démonstration.")
    .under("Aujourd’hui", "/")
    .action("Enregistrer une séance", "/_composants")
    .with_nav(nav, "/_composants")
}

fn example_refusals() -> FormState {
    let mut form = FormState::parse(b"refused_email=camille&refused_length=2+h&refused_born_on=31%2F02%2F2015");
    form.refuse_whole("Il reste 1\u{a0}h\u{a0}30 sur la quotité 2026 du PRE de Longvic ; cette séance en demande 2\u{a0}h. Réduisez la durée ou demandez un avenant à la Métropole.");
    form.required_email("refused_email", "l’adresse électronique");
    form.required_text("refused_reason", "le motif du refus");
    form.required_choice("refused_child", "un enfant", |_| None::<()>);
    form.refuse("refused_length", "La durée dépasse ce qui reste : 1\u{a0}h\u{a0}30.");
    form.refuse("refused_consent", "Confirmez que le consentement a été recueilli.");
    form
}

fn example_rows() -> Vec<Row> {
    let row = |reference, psychologist, length, amount, status| Row { reference, psychologist, length, amount, status };
    vec![
        row("LON-2026-0007", "Dominique Modèle", Minutes(60), Cents(6000), Status::waiting("À valider")),
        row("LON-2026-0012", "Dominique Modèle", Minutes(90), Cents(9000), Status::good("Validée")),
        row(
            "LON-2026-0015",
            "Alix Un-Nom-De-Famille-Remarquablement-Long-Pour-Un-Tableau",
            Minutes(45),
            Cents(4500),
            Status::bad("Refusée"),
        ),
        row("LON-2026-0021", "Sacha Invention", Minutes(240), Cents(24_000), Status::info("Facturée")),
        row("LON-2026-0022", "Sacha Invention", Minutes(60), Cents(123_450), Status::neutral("Annulée")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn obeys_the_content_security_policy() {
        let html = render().expect("the page");
        for forbidden in [" style=", "<style", "onclick=", "<script>", "javascript:"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        assert_eq!(html.matches("<h1").count(), 1);
    }

    #[test]
    fn every_id_is_unique_and_every_label_has_its_field() {
        let html = render().expect("the page");
        let ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), ids.len());
        for attribute in [" for=\"", " aria-describedby=\"", " aria-labelledby=\"", " href=\"#"] {
            for target in html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
                for id in target.split(' ') {
                    assert!(ids.contains(&id), "{attribute}{id}");
                }
            }
        }
    }
}
