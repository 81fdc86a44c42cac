//! The few icons of the product: each stands beside its word, so each is hidden from screen readers.

use askama::Template;
use askama::filters::HtmlSafe;

/// An icon, written as an inline picture of 24 by 24 in the colour of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Template)]
#[template(path = "components/icon.html")]
pub enum Icon {
    /// Today, home.
    Home,
    /// Agenda, dates.
    Calendar,
    /// Children, people.
    People,
    /// Sessions: a speech bubble.
    Session,
    /// Approvals, done.
    Check,
    /// Invoices, documents.
    Invoice,
    /// Exports.
    Download,
    /// Budget, report, quotas.
    Chart,
    /// Conventions, rules.
    Book,
    /// Waiting.
    Clock,
    /// Refused.
    Cross,
    /// Something to know.
    Info,
    /// Something to beware of.
    Warning,
    /// Search.
    Search,
    /// The person's menu.
    Person,
    /// Journal, traces.
    List,
    /// Settings, users' accounts.
    Settings,
    /// Funding calls, money.
    Euro,
    /// Add.
    Plus,
    /// Previous.
    Left,
    /// Next, and breadcrumb.
    Right,
    /// Print.
    Print,
    /// Consents, secrecy.
    Lock,
}

impl HtmlSafe for Icon {}
