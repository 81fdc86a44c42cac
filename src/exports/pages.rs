//! The accountant's page of exports: what a month holds, and its four files.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::export::{Exporter, export};
use super::{ExportFormat, ProgrammeTotal, Totals, look_up};
use crate::accounts::Accountant;
use crate::accounts::guards::As;
use crate::app::App;
use crate::calendar::Month;
use crate::db;
use crate::error::AppError;
use crate::links;
use crate::web::{self, FormState, Icon, Layout, Query, Tone, filters};

/// A file that one may take.
struct Download {
    label: &'static str,
    purpose: &'static str,
    href: String,
}

#[derive(Template)]
#[template(path = "exports/month.html")]
struct MonthPage {
    layout: Layout,
    form: FormState,
    month: Month,
    totals: Totals,
    programmes: Vec<ProgrammeTotal>,
    downloads: Vec<Download>,
    /// The latest month with invoices, when this one has none.
    latest: Option<Month>,
}

impl MonthPage {
    fn is_empty(&self) -> bool {
        self.totals.invoices + self.totals.credit_notes == 0
    }

    fn latest_link(&self) -> String {
        self.latest.map(links::exports).unwrap_or_default()
    }
}

/// Shows what a month holds; the last whole month when none is asked.
///
/// # Errors
/// When the database fails.
pub async fn show_exports(app: Data<App>, who: As<Accountant>, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let asked = Query::parse(request.query_string()).get("mois").and_then(Month::parse);
    let month = asked.unwrap_or_else(|| Month::of(app.clock.today()).previous());
    let clock = app.clock.clone();
    let (export, latest) = app
        .db
        .read_async::<_, AppError>(move |conn| Ok((look_up::month(conn, &clock, month)?, look_up::latest_month(conn)?)))
        .await?;
    let page = MonthPage {
        layout: who
            .layout(&request, "Exports")
            .lead("Les factures d’un mois en un fichier, pour payer, comptabiliser et conserver."),
        form: FormState::new().with("mois", month.iso()),
        month,
        totals: export.totals(),
        programmes: export.by_programme(),
        downloads: ExportFormat::ALL.iter().map(|format| download(*format, month)).collect(),
        latest: latest.filter(|latest| *latest != month),
    };
    Ok(web::page(&request, &page)?)
}

fn download(format: ExportFormat, month: Month) -> Download {
    let (label, purpose) = match format {
        ExportFormat::Csv => {
            ("Le tableau (CSV)", "Une ligne par facture, à importer dans le logiciel de comptabilité ou un tableur.")
        }
        ExportFormat::Xlsx => {
            ("Le classeur (XLSX)", "Trois feuilles à lire et à filtrer : factures, lignes, totaux par PRE.")
        }
        ExportFormat::Json => {
            ("Les données (JSON)", "Pour un programme : les mêmes chiffres, en centimes et en euros.")
        }
        ExportFormat::Zip => (
            "Le dossier complet (ZIP)",
            "Factures Factur-X, avoirs, relevés de séances, certificats de service fait, et leurs empreintes.",
        ),
    };
    Download { label, purpose, href: links::export_file(month, format.as_str()) }
}

/// Gives a file such as `2026-10.csv`. Taking it away is written in the journal, although it is a GET: a link can be
/// kept, and nothing else changes.
///
/// # Errors
/// When there is no such file, when a document was altered, or the database fails.
pub async fn show_file(app: Data<App>, who: As<Accountant>, file: Path<String>) -> Result<HttpResponse, AppError> {
    let (month, format) = file.split_once('.').ok_or(AppError::NotFound)?;
    let month = Month::parse(month).ok_or(AppError::NotFound)?;
    let format: ExportFormat = format.parse().map_err(|_| AppError::NotFound)?;
    let (db, clock, who) = (app.db.clone(), app.clock.clone(), Exporter::Accountant(*who));
    let file = db::blocking(move || export(&db, &clock, who, month, format)).await?;
    Ok(web::attachment(&file.name, format.media_type(), file.bytes))
}
