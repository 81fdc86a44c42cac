//! Lists of invoices: a psychologist's months, and the accountant's month.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;
use diesel::QueryResult;

use super::look_up::{self, ListFilter, MonthOfPsychologist, MonthSummary, Search};
use super::pages::{of_month, reader};
use super::pages_issue::asked_month;
use super::{Invoice, InvoiceKind, InvoiceState, Reader};
use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::calendar::Month;
use crate::db::AnyConnection;
use crate::error::AppError;
use crate::ids::PsychologistId;
use crate::links;
use crate::psychologists;
use crate::web::{self, Choice, FormState, Layout, Page, Query, Tone, filters};

#[derive(Template)]
#[template(path = "invoices/own_list.html")]
struct OwnListPage {
    layout: Layout,
    to_issue: Vec<MonthOfPsychologist>,
    waiting: Vec<MonthOfPsychologist>,
    invoices: Vec<Invoice>,
    missing: i64,
    this_month: Month,
    today: NaiveDate,
}

#[derive(Template)]
#[template(path = "invoices/list.html")]
struct ListPage {
    layout: Layout,
    month: Month,
    this_month: String,
    previous: String,
    next: Option<String>,
    summary: MonthSummary,
    invoices: Vec<Invoice>,
    page: Page,
    query: Query,
    form: FormState,
    states: Vec<Choice>,
    today: NaiveDate,
}

/// What a row of the accountant's list records next.
struct RowStep {
    label: String,
    button: &'static str,
    action: String,
    field: String,
}

/// What the page shows of a month.
impl MonthOfPsychologist {
    fn of(&self) -> String {
        of_month(self.month)
    }

    fn link(&self) -> String {
        links::preview_of_month(self.month)
    }
}

impl ListPage {
    fn exports_link(&self) -> String {
        format!("{}?mois={}", links::EXPORTS, self.month.iso())
    }

    fn is_filtered(&self) -> bool {
        self.query.get("statut").is_some() || self.query.get("q").is_some()
    }

    fn step(&self, invoice: &Invoice) -> Option<RowStep> {
        let (what, button, action) = match (invoice.kind, invoice.state) {
            (_, InvoiceState::Issued) => ("Reçue le", "Déposée", links::invoice_deposit(invoice.id)),
            (InvoiceKind::Invoice, InvoiceState::Deposited) => {
                ("Mandatée le", "Mandatée", links::invoice_payment_order(invoice.id))
            }
            (InvoiceKind::Invoice, InvoiceState::Ordered) => ("Payée le", "Payée", links::invoice_payment(invoice.id)),
            _ => return None,
        };
        Some(RowStep {
            label: format!("{} : {what}", invoice.title()),
            button,
            action,
            field: format!("on-{}", invoice.id),
        })
    }
}

/// Lists invoices: the psychologist's own by month, or all those of a month for the accountant.
///
/// # Errors
/// When the database fails.
pub async fn list_invoices(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    match reader(&who)? {
        Reader::Psychologist(id) => list_own(&app, &who, &request, id).await,
        Reader::Accountant => list_month(&app, &who, &request).await,
    }
}

async fn list_own(
    app: &App,
    who: &SignedIn,
    request: &HttpRequest,
    id: PsychologistId,
) -> Result<HttpResponse, AppError> {
    let today = app.clock.today();
    let (months, invoices, issuer) = app
        .db
        .read_async::<_, AppError>(move |conn| {
            Ok((
                look_up::months_of_psychologist(conn, id, today)?,
                look_up::of_psychologist(conn, id)?,
                psychologists::look_up::load(conn, id)?,
            ))
        })
        .await?;
    let this_month = Month::of(today);
    let (to_issue, waiting) = months.into_iter().partition(|month| month.approved > 0);
    let page = OwnListPage {
        layout: who.layout(request, "Factures").wide(),
        to_issue,
        waiting,
        invoices,
        missing: i64::try_from(issuer.flaws().len()).unwrap_or(i64::MAX),
        this_month,
        today,
    };
    Ok(web::page(request, &page)?)
}

async fn list_month(app: &App, who: &SignedIn, request: &HttpRequest) -> Result<HttpResponse, AppError> {
    let query = Query::parse(request.query_string());
    let month = asked_month(app, &query);
    let asked = query.clone();
    let (summary, invoices, page) = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let filter = filter(conn, month, &asked)?;
            let page = Page::from_query(&asked, look_up::list_count(conn, &filter)?);
            let invoices = look_up::list(conn, &filter, page.offset(), page.size)?;
            Ok((look_up::summary(conn, Reader::Accountant, month)?, invoices, page))
        })
        .await?;
    let today = app.clock.today();
    let form = FormState::new()
        .with("q", query.get("q").unwrap_or_default())
        .with("statut", query.get("statut").unwrap_or_default());
    let list = ListPage {
        layout: who.layout(request, format!("Factures {}", of_month(month))).wide(),
        this_month: links::invoices_of_month(month),
        previous: links::invoices_of_month(month.previous()),
        next: (month < Month::of(today)).then(|| links::invoices_of_month(month.next())),
        month,
        summary,
        invoices,
        page,
        query,
        form,
        states: InvoiceState::ALL.iter().map(|state| Choice::new(state, state.french())).collect(),
        today,
    };
    Ok(web::page(request, &list)?)
}

fn filter(conn: &mut AnyConnection, month: Month, query: &Query) -> QueryResult<ListFilter> {
    let search = match query.get("q") {
        None => None,
        Some(words) => Some(Search {
            number: words.to_owned(),
            psychologists: psychologists::look_up::all(conn)?
                .into_iter()
                .filter(|issuer| name_holds(&issuer.display_name, words))
                .map(|issuer| issuer.id)
                .collect(),
        }),
    };
    let state = query.get("statut").and_then(|word| word.parse().ok());
    Ok(ListFilter { reader: Reader::Accountant, month: Some(month), state, search })
}

/// Whether a psychologist's name holds the words searched, in whatever case.
fn name_holds(name: &str, words: &str) -> bool {
    name.to_lowercase().contains(&words.to_lowercase())
}
