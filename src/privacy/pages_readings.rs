//! Pages of who opened which child's file: all of them for the data-protection officer, one child's for the coordinator.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::guards::As;
use crate::accounts::{Auditor, Coordinator};
use crate::app::App;
use crate::children::look_up;
use crate::db;
use crate::error::AppError;
use crate::ids::ChildId;
use crate::links;
use crate::privacy::{filter_of, readings_file};
use crate::readings::{self, Filter, Listed};
use crate::web::pagination::PageLinks;
use crate::web::{self, FormState, Layout, Page, Query, filters};

/// What the query of the page calls the four filters.
const NAMES: [&str; 4] = ["personne", "enfant", "du", "au"];

#[derive(Template)]
#[template(path = "privacy/readings.html")]
struct ReadingsPage {
    layout: Layout,
    form: FormState,
    listed: Vec<Listed>,
    total: i64,
    months: u32,
    /// The same openings as a file.
    file_href: String,
    page_links: PageLinks,
}

#[derive(Template)]
#[template(path = "privacy/child_readings.html")]
struct ChildReadingsPage {
    layout: Layout,
    listed: Vec<Listed>,
    total: i64,
    months: u32,
    page_links: PageLinks,
}

async fn load(app: &App, filter: Filter, query: &Query) -> Result<(Vec<Listed>, Page), AppError> {
    let query = query.clone();
    app.db
        .read_async(move |conn| {
            let page = Page::from_query(&query, readings::count(conn, &filter)?);
            Ok((readings::search(conn, &filter, page.offset(), page.size)?, page))
        })
        .await
}

/// Lists who opened which file, for the data-protection officer.
///
/// # Errors
/// When the database fails.
pub async fn list_readings(app: Data<App>, who: As<Auditor>, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let query = Query::parse(request.query_string());
    let (listed, page) = load(&app, filter_of(&query, NAMES), &query).await?;
    let form = NAMES.iter().fold(FormState::new(), |form, name| form.with(name, query.get(name).unwrap_or_default()));
    let page = ReadingsPage {
        layout: who
            .layout(&request, "Consultations")
            .lead("Qui a ouvert le dossier de quel enfant, et quand. Les enfants n’y sont que des références."),
        form,
        listed,
        total: page.total,
        months: app.config.retention.readings_months,
        file_href: format!("{}{}", links::READINGS_FILE, query.without("page").href()),
        page_links: page.links(&query),
    };
    Ok(web::page(&request, &page)?)
}

/// Gives the openings that the filters keep as CSV.
///
/// # Errors
/// When the database fails.
pub async fn show_file(app: Data<App>, who: As<Auditor>, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let filter = filter_of(&Query::parse(request.query_string()), NAMES);
    let (db, clock, who) = (app.db.clone(), app.clock.clone(), *who);
    let bytes = db::blocking(move || readings_file::make(&db, &clock, who, &filter)).await?;
    Ok(web::attachment("psypre-consultations.csv", "text/csv; charset=utf-8", bytes))
}

/// Lists who opened the file of a child of the coordinator.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn list_readings_of_child(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ChildId>,
) -> Result<HttpResponse, AppError> {
    let (id, query) = (id.into_inner(), Query::parse(request.query_string()));
    let (vault, caller) = (app.vault.clone(), Coordinator::clone(&who));
    let child = app.db.read_async::<_, AppError>(move |conn| Ok(look_up::load_for(conn, &vault, &caller, id)?)).await?;
    let (listed, page) = load(&app, Filter { child: Some(id), ..Filter::default() }, &query).await?;
    let page = ChildReadingsPage {
        layout: who
            .layout(&request, format!("Consultations – {}", child.reference))
            .heading("Qui a consulté ce dossier")
            .lead(&child.reference)
            .under("Enfants", links::CHILDREN)
            .under(&child.reference, links::child(id)),
        listed,
        total: page.total,
        months: app.config.retention.readings_months,
        page_links: page.links(&query),
    };
    Ok(web::page(&request, &page)?)
}
