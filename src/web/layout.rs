//! The frame of every page: name, role in use, navigation, message, breadcrumb, title, footer.

use actix_web::HttpRequest;
use askama::Template;
use askama::filters::HtmlSafe;
use uuid::Uuid;

use crate::web::assets;
use crate::web::flash::Flash;
use crate::web::forms::{CSRF_FIELD, FormState, IDEMPOTENCY_FIELD};
use crate::web::icons::Icon;

/// What `layout.html` needs; each page's template has it as its field `layout`.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The name of the page, in the browser's title and, unless `heading` says otherwise, its `h1`;
    /// never a child's name.
    pub title: String,
    /// The `h1` when it is not the title.
    pub heading: Option<String>,
    /// A line or two under the `h1`.
    pub lead: Option<String>,
    /// The pages above this one, from the top; shown from depth two.
    pub breadcrumbs: Vec<Link>,
    /// The one obvious next step, beside the `h1`.
    pub action: Option<Link>,
    /// The message left by the page before.
    pub flash: Option<Flash>,
    /// Who is signed in.
    pub person: Option<Person>,
    /// At most five entries for the role in use.
    pub nav: Vec<NavEntry>,
    /// The token that every form of the page posts back.
    pub csrf: String,
    /// A notice over every page, such as that of the demonstration.
    pub notice: Option<String>,
    /// Whether a form of the page was refused.
    pub refused: bool,
    /// Whether the page, and the frame with it, takes more than the width of a table.
    pub wide: bool,
    /// The name of this deployment, beside the product's: "Dijon Métropole".
    pub deployment: Option<String>,
}

/// A link and its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it says.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// The roles that they hold; the one in use is marked.
    pub roles: Vec<RoleChoice>,
}

/// A role that a person may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleChoice {
    /// What the switch posts as `role`.
    pub value: String,
    /// "Coordinatrice, PRE de Longvic".
    pub label: String,
    /// Whether it is in use.
    pub current: bool,
}

/// An entry of the navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavEntry {
    /// One short word or two: it stands under its icon on phones.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// Its icon.
    pub icon: Icon,
    /// Whether the page is in this part.
    pub current: bool,
    /// How many things wait there.
    pub badge: i64,
}

impl NavEntry {
    /// An entry of the navigation.
    pub fn new(label: impl ToString, href: impl ToString, icon: Icon) -> Self {
        Self { label: label.to_string(), href: href.to_string(), icon, current: false, badge: 0 }
    }

    /// Says how many things wait there.
    #[must_use]
    pub fn badge(mut self, count: i64) -> Self {
        self.badge = count;
        self
    }
}

impl Person {
    /// The role in use.
    pub fn role(&self) -> Option<&RoleChoice> {
        self.roles.iter().find(|role| role.current)
    }
}

/// Where the frame's own forms and links lead.
impl Layout {
    /// The home page.
    pub const HOME: &'static str = "/";
    /// The sign-in page.
    pub const SIGN_IN: &'static str = "/connexion";
    /// Signs out, by POST.
    pub const SIGN_OUT: &'static str = "/deconnexion";
    /// Takes another role, by POST of `role`.
    pub const SWITCH_ROLE: &'static str = "/role";
    /// The person's own settings.
    pub const ACCOUNT: &'static str = "/mon-compte";
    /// The help.
    pub const HELP: &'static str = "/aide";
}

impl Layout {
    /// The frame of a page of this name.
    pub fn new(title: impl ToString) -> Self {
        Self { title: title.to_string(), ..Self::default() }
    }

    /// Another `h1` than the title.
    #[must_use]
    pub fn heading(mut self, heading: impl ToString) -> Self {
        self.heading = Some(heading.to_string());
        self
    }

    /// A line under the `h1`.
    #[must_use]
    pub fn lead(mut self, lead: impl ToString) -> Self {
        self.lead = Some(lead.to_string());
        self
    }

    /// Adds the page above, after those already added.
    #[must_use]
    pub fn under(mut self, label: impl ToString, href: impl ToString) -> Self {
        self.breadcrumbs.push(Link { label: label.to_string(), href: href.to_string() });
        self
    }

    /// The one obvious next step: a strong link beside the `h1`.
    #[must_use]
    pub fn action(mut self, label: impl ToString, href: impl ToString) -> Self {
        self.action = Some(Link { label: label.to_string(), href: href.to_string() });
        self
    }

    /// Gives the page, and the frame with it, more than the width of a table: for a week.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// Says in the title that the form is refused, if it is.
    #[must_use]
    pub fn for_form(mut self, form: &FormState) -> Self {
        self.refused = form.is_refused();
        self
    }

    /// Takes the message left by the page before.
    #[must_use]
    pub fn with_flash_of(mut self, request: &HttpRequest) -> Self {
        self.flash = Flash::from_request(request);
        self
    }

    /// Sets the navigation, marking the entry that this path is in.
    #[must_use]
    pub fn with_nav(mut self, entries: Vec<NavEntry>, path: &str) -> Self {
        self.nav = entries;
        let longest = self.nav.iter().filter(|entry| is_within(path, &entry.href)).map(|entry| entry.href.len()).max();
        for entry in &mut self.nav {
            entry.current = is_within(path, &entry.href) && Some(entry.href.len()) == longest;
        }
        self
    }

    /// The browser's title.
    pub fn document_title(&self) -> String {
        let refused = if self.refused { "Erreur : " } else { "" };
        format!("{refused}{} – PsyPRE", self.title)
    }

    /// The words of the `h1`.
    pub fn h1(&self) -> &str {
        self.heading.as_deref().unwrap_or(&self.title)
    }

    /// The hidden fields that every POST form starts with: `{{ layout.hidden_fields() }}`.
    ///
    /// They hold the CSRF token and a new idempotency key: the same page pressed twice acts once.
    pub fn hidden_fields(&self) -> HiddenFields {
        HiddenFields { csrf: self.csrf.clone(), key: Uuid::now_v7().to_string() }
    }

    /// The address of one of our files, with the hash of its content.
    pub fn asset(&self, path: &str) -> String {
        assets::url(path)
    }
}

/// Whether a path is at an address or under it; the home page holds only itself.
fn is_within(path: &str, href: &str) -> bool {
    path == href || (href != "/" && path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/')))
}

/// The hidden fields of a POST form.
#[derive(Debug, Template)]
#[template(
    ext = "html",
    source = r#"<input type="hidden" name="{{ CSRF_FIELD }}" value="{{ csrf }}"><input type="hidden" name="{{ IDEMPOTENCY_FIELD }}" value="{{ key }}">"#
)]
pub struct HiddenFields {
    csrf: String,
    key: String,
}

impl HtmlSafe for HiddenFields {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_one_entry_of_the_navigation() {
        let entries = || {
            vec![
                NavEntry::new("Aujourd’hui", "/", Icon::Home),
                NavEntry::new("Enfants", "/enfants", Icon::People),
                NavEntry::new("Orientations", "/enfants/orientations", Icon::List),
            ]
        };
        for (path, current) in [
            ("/", vec!["/"]),
            ("/enfants/42", vec!["/enfants"]),
            ("/enfants/orientations", vec!["/enfants/orientations"]),
            ("/enfantsx", vec![]),
        ] {
            let layout = Layout::new("Enfants").with_nav(entries(), path);
            let marked: Vec<_> = layout.nav.iter().filter(|e| e.current).map(|e| e.href.as_str()).collect();
            assert_eq!(marked, current, "{path}");
        }
    }

    #[test]
    fn each_form_has_its_own_key() {
        let layout = Layout { csrf: "jeton".to_owned(), ..Layout::new("Essai") };
        let (first, second) = (layout.hidden_fields().to_string(), layout.hidden_fields().to_string());
        assert!(first.contains(r#"name="csrf" value="jeton""#), "{first}");
        assert_ne!(first, second);
    }

    #[test]
    fn the_title_announces_a_refusal() {
        let mut form = FormState::new();
        form.refuse("name", "Indiquez le prénom.");
        assert_eq!(Layout::new("Nouvel enfant").for_form(&form).document_title(), "Erreur : Nouvel enfant – PsyPRE");
    }
}
