//! The frame of a signed-in person's pages: their roles, their navigation, the token of their forms.

use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};

use crate::accounts::guards::{As, SignedIn, person_of};
use crate::accounts::{Person, Role};
use crate::app::App;
use crate::config::{Config, SecondFactor};
use crate::links;
use crate::web::csrf::ExpectedToken;
use crate::web::layout::{NavEntry, Person as Badge, RoleChoice};
use crate::web::{Icon, Layout};

/// The frame of a page for whoever asks, signed in or not.
pub fn layout(request: &HttpRequest, title: impl ToString) -> Layout {
    let mut layout = Layout::new(title).with_flash_of(request);
    layout.notice = request.app_data::<Data<App>>().and_then(|app| notice(&app.config));
    if let Some(ExpectedToken(csrf)) = request.extensions().get::<ExpectedToken>() {
        layout.csrf.clone_from(csrf);
    }
    if let Some(person) = person_of(request) {
        layout.person = Some(badge(&person));
        layout = layout.with_nav(navigation(&person), request.path());
    }
    layout
}

/// What the demonstration says of itself on every page.
fn notice(config: &Config) -> Option<String> {
    let invented = "Démonstration : les personnes et les montants d’exemple sont inventés";
    let asked = match config.second_factor {
        SecondFactor::Optional => ", et la connexion ne demande que le mot de passe.",
        SecondFactor::Required => ".",
    };
    config.demonstration.then(|| format!("{invented}{asked}"))
}

impl<C> As<C> {
    /// The frame of a page.
    pub fn layout(&self, request: &HttpRequest, title: impl ToString) -> Layout {
        layout(request, title)
    }
}

impl SignedIn {
    /// The frame of a page.
    pub fn layout(&self, request: &HttpRequest, title: impl ToString) -> Layout {
        layout(request, title)
    }
}

fn badge(person: &Person) -> Badge {
    let roles = Role::ALL
        .iter()
        .filter(|role| person.holds(**role))
        .map(|role| RoleChoice {
            value: role.as_str().to_owned(),
            label: role_label(person, *role),
            current: *role == person.role_in_use,
        })
        .collect();
    Badge { name: person.display_name.clone(), roles }
}

/// "Coordination, PRE de Longvic, PRE de Talant".
fn role_label(person: &Person, role: Role) -> String {
    let programmes: Vec<&str> =
        person.grants.iter().filter(|grant| grant.role == role).filter_map(|g| g.programme_name.as_deref()).collect();
    if programmes.is_empty() {
        role.french().to_owned()
    } else {
        format!("{}, {}", role.french(), programmes.join(", "))
    }
}

/// At most five entries for each role; who stands in for a coordinator finds there what to approve.
fn navigation(person: &Person) -> Vec<NavEntry> {
    let mut entries = navigation_of(person.role_in_use);
    if !person.stands_in.is_empty() && person.role_in_use != Role::Coordinator {
        entries.push(NavEntry::new("À valider", links::APPROVALS, Icon::Check));
    }
    entries
}

fn navigation_of(role: Role) -> Vec<NavEntry> {
    let home = NavEntry::new("Aujourd’hui", links::HOME, Icon::Home);
    let agenda = NavEntry::new("Agenda", links::AGENDA, Icon::Calendar);
    let sessions = NavEntry::new("Séances", links::SESSIONS, Icon::Session);
    let children = NavEntry::new("Enfants", links::CHILDREN, Icon::People);
    let year = NavEntry::new("L’année", links::YEAR, Icon::Chart);
    let invoices = NavEntry::new("Factures", links::INVOICES, Icon::Invoice);
    match role {
        Role::Psychologist => vec![home, agenda, sessions, children, invoices],
        Role::Coordinator => {
            vec![NavEntry::new("À valider", links::APPROVALS, Icon::Check), agenda, sessions, children, year]
        }
        Role::Referent => vec![children, NavEntry::new("Demandes", links::REQUESTS, Icon::List)],
        Role::Administrator => vec![
            year,
            NavEntry::new("Convention", links::CONVENTION, Icon::Book),
            NavEntry::new("Fonds", links::FUNDING_CALLS, Icon::Invoice),
            NavEntry::new("Comptes", links::ACCOUNTS, Icon::People),
            NavEntry::new("Journal", links::JOURNAL, Icon::List),
        ],
        Role::Accountant => vec![
            invoices,
            NavEntry::new("Appels de fonds", links::FUNDING_CALLS, Icon::List),
            NavEntry::new("Exports", links::EXPORTS, Icon::Download),
        ],
        Role::Auditor => vec![
            NavEntry::new("Journal", links::JOURNAL, Icon::List),
            NavEntry::new("Consultations", links::READINGS, Icon::People),
            NavEntry::new("Conservation", links::RETENTION_REPORT, Icon::Check),
            NavEntry::new("Demandes", links::DATA_REQUESTS, Icon::Book),
        ],
    }
}
