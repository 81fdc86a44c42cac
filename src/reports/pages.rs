//! The yearly report on a page, and as files to take away.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::files::{self, Place};
use super::look_up::{self, chosen};
use super::{Aspect, Figures, Group, Observation, Report, Scope};
use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::budgets::Money;
use crate::budgets::look_up::YearOf;
use crate::children::Gender;
use crate::error::AppError;
use crate::exports::ExportFormat;
use crate::failure::Failure;
use crate::links;
use crate::money::Cents;
use crate::web::{self, Choice, FormState, Layout, Query, filters};

#[derive(Template)]
#[template(path = "reports/report.html")]
struct ReportPage {
    layout: Layout,
    form: FormState,
    years: Vec<Choice>,
    view: Option<View>,
}

/// A report as it is shown.
struct View {
    report: Report,
    places: Vec<PlaceView>,
    contributions: Vec<(String, [Cents; 4])>,
    spending: Vec<(String, Money)>,
    pdf: String,
    xlsx: String,
}

impl View {
    fn is_too_few(&self) -> bool {
        self.report.observation == Observation::TooFew
    }

    /// The whole, told first; the others are folded under it.
    fn whole(&self) -> Option<&PlaceView> {
        self.places.last()
    }

    /// Those of the parts of which there is something to say.
    fn told(&self) -> Vec<&PlaceView> {
        self.parts().iter().filter(|place| place.all.figures.is_some()).collect()
    }

    /// Each programme, and its neighbourhoods.
    fn parts(&self) -> &[PlaceView] {
        self.places.split_last().map_or(&[], |(_, parts)| parts)
    }
}

/// The six figures of a line.
#[derive(Template)]
#[template(path = "reports/figures.html")]
struct Cells {
    figures: Option<Figures>,
}

/// A place as it is shown.
#[derive(Template)]
#[template(path = "reports/place.html")]
struct PlaceView {
    /// Such as `lieu-1`.
    anchor: String,
    name: String,
    all: Cells,
    groups: Vec<GroupView>,
    ages_anchor: String,
    ages_name: String,
    ages: Vec<(&'static str, Vec<AgeCell>)>,
}

/// How many children of an age are of a gender, or of all.
struct AgeCell {
    gender: &'static str,
    children: String,
}

impl PlaceView {
    fn new(at: usize, place: &Place<'_>) -> Self {
        let genders = Gender::ALL.iter().map(|gender| Aspect::gender(*gender)).chain(["Ensemble"]);
        let cells = |line: Vec<Option<i64>>| {
            let children = line.into_iter().map(files::count);
            genders.clone().zip(children).map(|(gender, children)| AgeCell { gender, children }).collect()
        };
        Self {
            anchor: format!("lieu-{at}"),
            name: place.title.clone(),
            all: Cells { figures: place.counts.all() },
            groups: place.counts.groups().into_iter().map(GroupView::new).collect(),
            ages_anchor: format!("lieu-{at}-ages"),
            ages_name: format!("{} : enfants suivis par âge et par genre", place.title),
            ages: place.counts.ages_by_gender().into_iter().map(|(age, line)| (age, cells(line))).collect(),
        }
    }
}

/// Lines under a title, as they are shown.
struct GroupView {
    title: &'static str,
    lines: Vec<(String, Cells)>,
}

impl GroupView {
    fn new(group: Group) -> Self {
        let lines = group.lines.into_iter().map(|(label, figures)| (label, Cells { figures }));
        Self { title: group.title, lines: lines.collect() }
    }
}

impl askama::filters::HtmlSafe for Cells {}
impl askama::filters::HtmlSafe for PlaceView {}

fn scope(who: &SignedIn) -> Result<Scope, AppError> {
    Scope::of(who).ok_or(AppError::Forbidden("Administration"))
}

/// What a year is called in an address: its label, or its identifier when another has the same label.
fn word(years: &[YearOf], of: &YearOf) -> String {
    let is_alone = years.iter().filter(|other| other.year.label == of.year.label).count() == 1;
    if is_alone { of.year.label.clone() } else { of.year.id.to_string() }
}

fn choices(years: &[YearOf]) -> Vec<Choice> {
    let is_alone = years.iter().all(|of| of.convention == years[0].convention);
    let label = |of: &YearOf| if is_alone { of.year.label.clone() } else { format!("{}, {}", of.year.label, of.title) };
    years.iter().map(|of| Choice::new(word(years, of), label(of))).collect()
}

fn view(word: &str, report: Report) -> View {
    let places = files::places(&report).iter().enumerate().map(|(at, place)| PlaceView::new(at, place)).collect();
    View {
        places,
        contributions: files::contributions(&report),
        spending: files::spending(&report),
        pdf: links::report_file(word, "pdf"),
        xlsx: links::report_file(word, "xlsx"),
        report,
    }
}

/// Shows the report of a budget year: the one asked for, or that of today.
///
/// # Errors
/// When the role reads no report, there is no such budget year for it, or the database fails.
pub async fn show_report(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let (scope, today, vault) = (scope(&who)?, app.clock.today(), app.vault.clone());
    let asked = Query::parse(request.query_string()).get("annee").map(str::to_owned);
    let is_asked = asked.is_some();
    let (years, found) = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let years = look_up::years(conn, &scope.reach())?;
            let of = chosen(&years, asked.as_deref(), today);
            let report = of.as_ref().map(|of| look_up::report(conn, &vault, &scope, of, today)).transpose()?;
            let word = of.map(|of| word(&years, &of)).unwrap_or_default();
            Ok((years, report.map(|report| (word, report))))
        })
        .await?;
    if is_asked && found.is_none() {
        return Err(AppError::NotFound);
    }
    let mut form = FormState::new();
    let mut layout = who.layout(&request, "Bilan").wide();
    if let Some((word, report)) = &found {
        form = form.with("annee", word);
        layout = who.layout(&request, format!("Bilan {}", report.year.label)).wide().lead(&report.convention);
    }
    let page =
        ReportPage { layout, form, years: choices(&years), view: found.map(|(word, report)| view(&word, report)) };
    Ok(web::page(&request, &page)?)
}

/// Gives a file such as `2026.pdf` or `2026.xlsx`: what the page shows, to keep.
///
/// # Errors
/// When the role reads no report, there is no such budget year or format, or the database fails.
pub async fn show_file(app: Data<App>, who: SignedIn, file: Path<String>) -> Result<HttpResponse, AppError> {
    let (scope, now, today, vault) = (scope(&who)?, app.clock.now(), app.clock.today(), app.vault.clone());
    let (word, extension) =
        file.rsplit_once('.').map(|(word, end)| (word.to_owned(), end.to_owned())).ok_or(AppError::NotFound)?;
    let (name, media_type, bytes) = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let years = look_up::years(conn, &scope.reach())?;
            let of = chosen(&years, Some(&word), today).ok_or(AppError::NotFound)?;
            let report = look_up::report(conn, &vault, &scope, &of, today)?;
            // a label is the convention's words: only what a file's name may hold is kept
            let label: String = of.year.label.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            let (media_type, bytes) = match extension.as_str() {
                "pdf" => {
                    let bytes = files::pdf(&report, today).map_err(|e| AppError::Internal(e.to_string()))?;
                    ("application/pdf", bytes)
                }
                "xlsx" => (ExportFormat::Xlsx.media_type(), files::xlsx(&report, now).map_err(Failure::Refused)?),
                _ => return Err(AppError::NotFound),
            };
            Ok((format!("psypre-bilan-{label}.{extension}"), media_type, bytes))
        })
        .await?;
    Ok(web::attachment(&name, media_type, bytes))
}
