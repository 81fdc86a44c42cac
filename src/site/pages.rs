//! Accessibility, legal notices, personal data, help; and the components, in the demonstration.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::frame;
use crate::app::App;
use crate::config::{Publisher, Retention};
use crate::error::AppError;
use crate::web::{self, Layout, components_page};

/// Writes a page that only needs to know who publishes the site, and how long it keeps what names people.
macro_rules! pages {
    ($($(#[$doc:meta])* $handler:ident, $page:ident, $path:tt, $title:literal;)+) => {$(
        #[derive(Template)]
        #[template(path = $path)]
        struct $page {
            layout: Layout,
            publisher: Publisher,
            // one of the pages says it
            #[allow(dead_code)]
            retention: Retention,
            /// Whether people may come in with ProConnect.
            #[allow(dead_code)]
            has_proconnect: bool,
        }

        $(#[$doc])*
        ///
        /// # Errors
        /// When the page cannot be made.
        pub async fn $handler(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, AppError> {
            let layout = frame::layout(&request, $title);
            let (publisher, retention) = (app.config.publisher.clone(), app.config.retention);
            let has_proconnect = app.config.proconnect.is_some();
            Ok(web::page(&request, &$page { layout, publisher, retention, has_proconnect })?)
        }
    )+};
}

pages! {
    /// Shows the declaration of accessibility (RGAA).
    show_accessibility, AccessibilityPage, "site/accessibility.html", "Accessibilité : non conforme";
    /// Shows the legal notices.
    show_legal, LegalPage, "site/legal.html", "Mentions légales";
    /// Shows what is done with personal data (GDPR, article 13).
    show_privacy, PrivacyPage, "site/privacy.html", "Données personnelles";
    /// Shows the help, role by role.
    show_help, HelpPage, "site/help.html", "Aide";
}

/// Shows every component in every state, in the demonstration only.
///
/// # Errors
/// When this is no demonstration.
pub async fn show_components(app: Data<App>) -> Result<HttpResponse, AppError> {
    if !app.config.demonstration {
        return Err(AppError::NotFound);
    }
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(components_page::render()?))
}
