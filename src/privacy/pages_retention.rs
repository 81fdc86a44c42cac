//! Pages of how long identities are kept: the coordinator sees what comes and extends it, the data-protection officer what
//! comes and what was destroyed, by references.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{Months, NaiveDate};

use crate::accounts::guards::As;
use crate::accounts::{Auditor, Coordinator};
use crate::app::App;
use crate::calendar::short_date;
use crate::children::{Child, Reader, look_up as children, trace};
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::ids::ChildId;
use crate::links;
use crate::privacy::{Destroyed, ExtensionReason, Kept, extend, look_up, retention};
use crate::readings::{Means, Opened};
use crate::web::pagination::PageLinks;
use crate::web::{self, Choice, Flash, FormState, Layout, Page, Query, Status, filters};

/// How far one looks ahead.
const AHEAD: Months = Months::new(6);

/// A file whose identity will be destroyed.
struct Row {
    /// Where it is read, for its coordinator.
    href: String,
    /// Who it is, for its coordinator.
    name: String,
    kept: Kept,
    destroyed_on: NaiveDate,
}

impl Row {
    /// What was decided or told.
    fn statuses(&self) -> Vec<Status> {
        let extended = self.kept.extended.map(|(until, _)| Status::info(format!("Prolongé au {}", short_date(until))));
        let told = self
            .kept
            .told_at
            .map(|at| Status::waiting(format!("Prévenu le {}", short_date(crate::calendar::local_date(at)))));
        extended.into_iter().chain(told).collect()
    }
}

fn ahead(today: NaiveDate) -> NaiveDate {
    today.checked_add_months(AHEAD).unwrap_or(today)
}

#[derive(Template)]
#[template(path = "privacy/retention.html")]
struct RetentionPage {
    layout: Layout,
    rows: Vec<Row>,
    total: i64,
    months: u32,
    page_links: PageLinks,
}

/// Lists the coordinator's children whose identity will be destroyed in the coming months.
///
/// # Errors
/// When the database fails.
pub async fn list_ahead(app: Data<App>, who: As<Coordinator>, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let (query, caller, terms, today) =
        (Query::parse(request.query_string()), Coordinator::clone(&who), app.config.retention, app.clock.today());
    let (asked, vault) = (query.clone(), app.vault.clone());
    let (rows, page) = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let all = retention::preview(conn, terms, Some(&caller.programmes), ahead(today))?;
            let page = Page::from_query(&asked, i64::try_from(all.len()).unwrap_or(i64::MAX));
            let shown = shown(all, page);
            let of: Vec<ChildId> = shown.iter().map(|kept| kept.child).collect();
            let mut names = children::full_names(conn, &vault, &Reader::from(&caller), &of)?;
            let row = |kept: Kept| Row {
                href: links::child_retention(kept.child),
                name: names.remove(&kept.child).unwrap_or_default(),
                destroyed_on: kept.destroyed_on(today, terms),
                kept,
            };
            Ok((shown.into_iter().map(row).collect::<Vec<_>>(), page))
        })
        .await?;
    let page = RetentionPage {
        layout: who
            .layout(&request, "Conservation")
            .lead("Les dossiers dont l’identité sera détruite dans les six mois, faute de contact.")
            .under("Enfants", links::CHILDREN),
        rows,
        total: page.total,
        months: terms.identity_months,
        page_links: page.links(&query),
    };
    Ok(web::page(&request, &page)?)
}

/// A page of a list that was read whole.
fn shown(all: Vec<Kept>, page: Page) -> Vec<Kept> {
    let number = |n: i64| usize::try_from(n).unwrap_or_default();
    all.into_iter().skip(number(page.offset())).take(number(page.size)).collect()
}

#[derive(Template)]
#[template(path = "privacy/report.html")]
struct ReportPage {
    layout: Layout,
    /// What comes first, by reference.
    rows: Vec<Row>,
    ahead: i64,
    destroyed: Vec<Destroyed>,
    total: i64,
    months: u32,
    page_links: PageLinks,
}

/// Shows the data-protection officer what will be destroyed, and what was.
///
/// # Errors
/// When the database fails.
pub async fn show_report(app: Data<App>, who: As<Auditor>, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let (query, terms, today) = (Query::parse(request.query_string()), app.config.retention, app.clock.today());
    let asked = query.clone();
    let (rows, coming, destroyed, page) = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let all = retention::preview(conn, terms, None, ahead(today))?;
            let coming = i64::try_from(all.len()).unwrap_or(i64::MAX);
            let first = shown(all, Page::new(1, Page::USUAL_SIZE, coming));
            let row = |kept: Kept| Row {
                href: String::new(),
                name: String::new(),
                destroyed_on: kept.destroyed_on(today, terms),
                kept,
            };
            let page = Page::from_query(&asked, look_up::count_destroyed(conn)?);
            let destroyed = look_up::destroyed(conn, page.offset(), page.size)?;
            Ok((first.into_iter().map(row).collect::<Vec<_>>(), coming, destroyed, page))
        })
        .await?;
    let page = ReportPage {
        layout: who.layout(&request, "Conservation").lead(
            "Les identités qui seront détruites dans les six mois, et celles qui l’ont été. Des références seulement.",
        ),
        rows,
        ahead: coming,
        destroyed,
        total: page.total,
        months: terms.identity_months,
        page_links: page.links(&query),
    };
    Ok(web::page(&request, &page)?)
}

#[derive(Template)]
#[template(path = "privacy/extend.html")]
struct ExtendPage {
    layout: Layout,
    form: FormState,
    child: Child,
    kept: Kept,
    destroyed_on: NaiveDate,
    reasons: Vec<Choice>,
    latest: NaiveDate,
    months: u32,
}

async fn load(app: &App, who: &As<Coordinator>, id: ChildId) -> Result<(Child, Kept), AppError> {
    let (vault, caller, terms) = (app.vault.clone(), Coordinator::clone(who), app.config.retention);
    let found = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let child = children::load_for(conn, &vault, &caller, id)?;
            let kept = retention::of_child(conn, terms, id)?.ok_or(AppError::NotFound)?;
            Ok((child, kept))
        })
        .await?;
    trace::opened(app, &who.person, &Reader::from(&**who), (Means::Page, Opened::File), id).await?;
    Ok(found)
}

fn extend_page(
    app: &App,
    who: &As<Coordinator>,
    request: &HttpRequest,
    (child, kept): (Child, Kept),
    form: FormState,
) -> ExtendPage {
    let today = app.clock.today();
    ExtendPage {
        layout: who
            .layout(request, format!("Conservation – {}", child.reference))
            .heading("Conservation du dossier")
            .lead(format!("{}, {}", child.identity.full_name(), child.reference))
            .under("Enfants", links::CHILDREN)
            .under(&child.reference, links::child(child.id))
            .for_form(&form),
        form,
        destroyed_on: kept.destroyed_on(today, app.config.retention),
        reasons: ExtensionReason::ALL.iter().map(|reason| Choice::new(reason, reason.french())).collect(),
        latest: today.checked_add_months(extend::LONGEST).unwrap_or(today),
        months: app.config.retention.identity_months,
        child,
        kept,
    }
}

/// Shows how long the identity of a child is kept, and the form that keeps it longer.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn show_child(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ChildId>,
) -> Result<HttpResponse, AppError> {
    let found = load(&app, &who, id.into_inner()).await?;
    Ok(web::page(&request, &extend_page(&app, &who, &request, found, FormState::new()))?)
}

/// Keeps the identity of a child longer.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn create_extension(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ChildId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let found = load(&app, &who, id.into_inner()).await?;
    let until = form.required_date("until_on", "jusqu’à quel jour");
    let reason = form.required_choice("reason", "pourquoi", |word| word.parse::<ExtensionReason>().ok());
    if let (Some(until), Some(reason)) = (until, reason) {
        let (caller, clock, vault, terms) =
            (Coordinator::clone(&who), app.clock.clone(), app.vault.clone(), app.config.retention);
        let id = found.0.id;
        let outcome =
            app.db.write_async(move |tx| extend::extend(tx, &vault, &clock, terms, &caller, id, (until, reason))).await;
        match outcome {
            Ok(_) => {
                let done = Flash::success(format!("L’identité est gardée jusqu’au {}.", short_date(until)));
                return Ok(web::see_other_with(&links::child_retention(id), &done));
            }
            Err(Failure::Refused(refusal)) => form.refuse(refusal.field().unwrap_or_default(), refusal),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(web::refused(&request, &extend_page(&app, &who, &request, found, form))?)
}
