//! The page of the journal, for auditors and administrators.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::audit;
use crate::audit::guard::{filter_of, may_read};
use crate::db::DbError;
use crate::error::AppError;
use crate::journal::{self, ReadEntry};
use crate::links;
use crate::web::pagination::PageLinks;
use crate::web::{self, Choice, Flash, FormState, Layout, Page, Query, filters};

#[derive(Template)]
#[template(path = "audit/journal.html")]
struct JournalPage {
    layout: Layout,
    form: FormState,
    actions: Vec<Choice>,
    entries: Vec<ReadEntry>,
    total: i64,
    page_links: PageLinks,
}

impl ReadEntry {
    fn happened(&self) -> &str {
        audit::french(&self.entry.action)
    }

    fn by(&self) -> &str {
        self.actor_name.as_deref().unwrap_or("Le logiciel")
    }
}

/// Lists the latest entries.
///
/// # Errors
/// When the database fails.
pub async fn list_entries(app: Data<App>, request: HttpRequest, who: SignedIn) -> Result<HttpResponse, AppError> {
    may_read(&who)?;
    let query = Query::parse(request.query_string());
    let filter = filter_of(&query, "geste", "auteur");
    let form = FormState::new()
        .with("geste", filter.action.as_deref().unwrap_or_default())
        .with("auteur", filter.actor.as_deref().unwrap_or_default());
    let asked = query.clone();
    let (actions, entries, total) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let total = journal::count_found(conn, &filter)?;
            let page = Page::from_query(&asked, total);
            let entries = journal::search(conn, &filter, page.offset(), page.size)?;
            Ok((journal::actions(conn)?, entries, total))
        })
        .await?;
    let mut actions: Vec<Choice> = actions.iter().map(|action| Choice::new(action, audit::french(action))).collect();
    actions.sort_by(|a, b| a.label.cmp(&b.label));
    let page = JournalPage {
        layout: who
            .layout(&request, "Journal")
            .lead("Qui a fait quoi, et quand : droits, argent, quotités, dossiers. Aucun nom d’enfant n’y figure.")
            .wide(),
        form,
        actions,
        entries,
        total,
        page_links: Page::from_query(&query, total).links(&query),
    };
    Ok(web::page(&request, &page)?)
}

/// Verifies every chain, and says what was found.
///
/// # Errors
/// When the database fails.
pub async fn create_verification(app: Data<App>, who: SignedIn, _form: FormState) -> Result<HttpResponse, AppError> {
    may_read(&who)?;
    let (breaks, total) =
        app.db.read_async::<_, DbError>(|conn| Ok((journal::verify(conn)?, journal::count(conn)?))).await?;
    let message = match breaks.first() {
        None => Flash::success(format!(
            "Le journal est intact : {total} entrées vérifiées, aucune modifiée, retirée ni déplacée."
        )),
        Some(first) => Flash::error(format!(
            "Le journal ne tient pas en {} endroits, dont {first}. Prévenez la personne responsable de la sécurité.",
            breaks.len()
        )),
    };
    Ok(web::see_other_with(links::JOURNAL, &message))
}
