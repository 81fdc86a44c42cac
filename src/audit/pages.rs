//! The page of the journal, for auditors and administrators.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::audit;
use crate::audit::guard::{filter_of, may_read};
use crate::db::{DbError, blocking};
use crate::error::AppError;
use crate::journal::{self, ReadEntry};
use crate::links;
use crate::seals::{Seal, verify};
use crate::sql_types::Ts;
use crate::web::pagination::PageLinks;
use crate::web::{self, Choice, Flash, FormState, Layout, Page, Query, filters};

#[derive(Template)]
#[template(path = "audit/journal.html")]
struct JournalPage {
    layout: Layout,
    form: FormState,
    actions: Vec<Choice>,
    entries: Vec<ReadEntry>,
    seals: Vec<ShownSeal>,
    total: i64,
    page_links: PageLinks,
}

/// How many seals are shown.
const SEALS: i64 = 7;

/// A seal as the page shows it.
struct ShownSeal {
    number: i64,
    at: Ts,
    entries: i64,
    digest: String,
    state: &'static str,
}

impl From<(Seal, Option<bool>)> for ShownSeal {
    fn from((seal, authentic): (Seal, Option<bool>)) -> Self {
        let state = match authentic {
            Some(true) => "Authentique",
            Some(false) => "Faux",
            None => "Clé absente",
        };
        let digest = seal.digest_start();
        Self { number: seal.number, at: seal.sealed_at, entries: seal.entries, digest, state }
    }
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
    let vault = app.vault.clone();
    let (actions, entries, total, seals) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let total = journal::count_found(conn, &filter)?;
            let page = Page::from_query(&asked, total);
            let entries = journal::search(conn, &filter, page.offset(), page.size)?;
            Ok((journal::actions(conn)?, entries, total, verify::latest(conn, &vault, SEALS)?))
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
        seals: seals.into_iter().map(ShownSeal::from).collect(),
        total,
        page_links: Page::from_query(&query, total).links(&query),
    };
    Ok(web::page(&request, &page)?)
}

/// Verifies every chain and every seal, and says what was found.
///
/// # Errors
/// When the database fails.
pub async fn create_verification(app: Data<App>, who: SignedIn, _form: FormState) -> Result<HttpResponse, AppError> {
    may_read(&who)?;
    let (db, vault) = (app.db.clone(), app.vault.clone());
    // one instant of the database: what is written meanwhile is not taken for a change
    let verified = blocking(move || db.snapshot::<_, DbError>(|conn| Ok(verify::all(conn, &vault)?))).await?;
    let message = match verified.findings.first() {
        None => Flash::success(format!(
            "Le journal est intact : {} entrées vérifiées, aucune modifiée, retirée ni déplacée ; {}.",
            verified.entries,
            if verified.seals == 1 {
                "1 sceau vérifié".to_owned()
            } else {
                format!("{} sceaux vérifiés", verified.seals)
            }
        )),
        Some(first) => Flash::error(format!(
            "Le journal ne tient pas : {} endroits modifiés, dont {}. Prévenez la personne responsable de la sécurité.",
            verified.findings.len(),
            first.french()
        )),
    };
    Ok(web::see_other_with(links::JOURNAL, &message))
}
