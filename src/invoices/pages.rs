//! One invoice: the document seen in the page, its lines, its story, its files, and the next step.

use std::collections::BTreeMap;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;
use diesel::QueryResult;
use serde_json::Value;

use super::files::{FileRequest, file};
use super::step::StepRefusal;
use super::{Invoice, InvoiceKind, InvoiceState, Line, PaymentClock, Reader, look_up};
use super::{deposit::deposit, order_payment::order_payment, pay::pay, reject::reject};
use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Accountant, Caller, Psychologist, Role};
use crate::app::App;
use crate::calendar::french_date;
use crate::children;
use crate::db::{AnyConnection, Tx};
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::ids::{AccountId, InvoiceId};
use crate::journal::{self, StoredEntry};
use crate::links;
use crate::web::{self, Flash, FormState, Layout, Query, Status, Tone, filters};

/// The longest reason that is kept.
pub(super) const LONGEST_REASON: usize = 500;

#[derive(Template)]
#[template(path = "invoices/show.html")]
struct InvoicePage {
    layout: Layout,
    view: View,
    is_accountant: bool,
    form: FormState,
    clock: PaymentClock,
    today: NaiveDate,
}

/// An invoice with all that its page shows.
struct View {
    invoice: Invoice,
    lines: Vec<Line>,
    corrects: Option<Invoice>,
    credit_note: Option<Invoice>,
    story: Vec<Told>,
}

/// A step of the story.
struct Told {
    state: &'static str,
    title: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "invoices/reject.html")]
struct RejectPage {
    layout: Layout,
    form: FormState,
    invoice: Invoice,
}

impl InvoicePage {
    fn is_credit_note(&self) -> bool {
        self.view.invoice.kind == InvoiceKind::CreditNote
    }

    /// What the accountant records next: its button, its address.
    fn next_step(&self) -> Option<NextStep> {
        let id = self.view.invoice.id;
        let step = match (self.view.invoice.kind, self.view.invoice.state) {
            _ if !self.is_accountant => return None,
            (_, InvoiceState::Issued) => NextStep {
                what: "Date de réception",
                button: "Enregistrer le dépôt",
                action: links::invoice_deposit(id),
            },
            (InvoiceKind::Invoice, InvoiceState::Deposited) => NextStep {
                what: "Date du mandatement",
                button: "Enregistrer le mandatement",
                action: links::invoice_payment_order(id),
            },
            (InvoiceKind::Invoice, InvoiceState::Ordered) => NextStep {
                what: "Date du paiement",
                button: "Enregistrer le paiement",
                action: links::invoice_payment(id),
            },
            _ => return None,
        };
        Some(step)
    }

    fn may_reject(&self) -> bool {
        let invoice = &self.view.invoice;
        self.is_accountant && invoice.kind == InvoiceKind::Invoice && invoice.state.leads_to(InvoiceState::Rejected)
    }

    fn may_credit(&self) -> bool {
        !self.is_accountant && self.view.invoice.may_be_credited()
    }
}

/// A step that is recorded with its date.
struct NextStep {
    what: &'static str,
    button: &'static str,
    action: String,
}

/// What the pages show of an invoice.
impl Invoice {
    pub(super) fn link(&self) -> String {
        links::invoice(self.id)
    }

    fn file_link(&self, file: &str) -> String {
        links::invoice_file(self.id, file)
    }

    pub(super) fn credit_link(&self) -> String {
        links::invoice_credit(self.id)
    }

    pub(super) fn reissue_link(&self) -> String {
        links::invoice_reissue(self.id)
    }

    fn rejection_link(&self) -> String {
        links::invoice_rejection(self.id)
    }

    /// The state as a mark.
    pub(super) fn status(&self) -> Status {
        let tone = match (self.kind, self.state) {
            (InvoiceKind::CreditNote, _) | (_, InvoiceState::Credited) => Tone::Neutral,
            (_, InvoiceState::Issued | InvoiceState::Deposited) => Tone::Waiting,
            (_, InvoiceState::Ordered) => Tone::Info,
            (_, InvoiceState::Paid) => Tone::Good,
            (_, InvoiceState::Rejected) => Tone::Bad,
        };
        Status::new(tone, self.state_french())
    }
}

/// Whose invoices the person reads in the role that they use.
pub(super) fn reader(who: &SignedIn) -> Result<Reader, AppError> {
    let reader = match who.role_in_use {
        Role::Accountant => Accountant::of(who).map(|caller| Reader::from(&caller)),
        Role::Psychologist => Psychologist::of(who).map(|caller| Reader::from(&caller)),
        _ => None,
    };
    reader.ok_or(AppError::Forbidden(Role::Accountant.french()))
}

/// Shows an invoice.
///
/// # Errors
/// When it is not the reader's, or the database fails.
pub async fn show_invoice(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    id: Path<InvoiceId>,
) -> Result<HttpResponse, AppError> {
    let page = invoice_page(&app, &who, &request, id.into_inner(), FormState::new()).await?;
    Ok(web::page(&request, &page)?)
}

async fn invoice_page(
    app: &App,
    who: &SignedIn,
    request: &HttpRequest,
    id: InvoiceId,
    form: FormState,
) -> Result<InvoicePage, AppError> {
    let reader = reader(who)?;
    let view = app.db.read_async::<_, AppError>(move |conn| Ok(view(conn, reader, id)?)).await?;
    let today = app.clock.today();
    let invoice = &view.invoice;
    let mut layout = who.layout(request, invoice.title()).under("Factures", links::INVOICES).wide().for_form(&form);
    layout.lead = Some(match reader {
        Reader::Psychologist(_) => format!("Séances {}", of_month(invoice.month)),
        Reader::Accountant => format!("{}, séances {}", invoice.psychologist_name, of_month(invoice.month)),
    });
    Ok(InvoicePage {
        layout,
        is_accountant: reader == Reader::Accountant,
        clock: invoice.clock(today),
        view,
        form,
        today,
    })
}

/// "d’octobre 2026", "de novembre 2026".
pub(super) fn of_month(month: crate::calendar::Month) -> String {
    let french = month.french();
    if french.starts_with(['a', 'o']) { format!("d’{french}") } else { format!("de {french}") }
}

fn view(conn: &mut AnyConnection, reader: Reader, id: InvoiceId) -> QueryResult<View> {
    let invoice = look_up::load_for(conn, reader, id)?;
    let corrects = invoice.corrects.map(|corrected| look_up::load(conn, corrected)).transpose()?;
    let credit_note = look_up::credit_note_of(conn, id)?;
    let entries = journal::story(conn, id.0)?;
    let authors: Vec<AccountId> = entries.iter().filter_map(|entry| entry.actor_id).collect();
    let names = children::look_up::names_of(conn, &authors)?;
    let mut story: Vec<_> = entries.iter().map(|entry| told(entry, &names, credit_note.as_ref())).collect();
    story.extend(still_to_come(&invoice));
    Ok(View { lines: look_up::lines(conn, id)?, invoice, corrects, credit_note, story })
}

/// What an entry of the journal says, in words.
fn told(entry: &StoredEntry, names: &BTreeMap<AccountId, String>, credit_note: Option<&Invoice>) -> Told {
    let after: Value = entry.after.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let on = |what: &str| match after["on"].as_str().and_then(|day| day.parse::<NaiveDate>().ok()) {
        Some(day) => format!("{what} le {}", french_date(day)),
        None => what.to_owned(),
    };
    let reason = |what: &str| match after["reason"].as_str() {
        Some(reason) => format!("{what}\u{a0}: {reason}"),
        None => what.to_owned(),
    };
    let title = match entry.action.as_str() {
        "invoice.issued" if after["mandate_signed_on"].is_string() => "Émise sous mandat de facturation".to_owned(),
        "invoice.issued" => "Émise".to_owned(),
        "credit_note.issued" => reason("Avoir émis"),
        "invoice.deposited" => on("Reçue"),
        "invoice.ordered" => on("Mandatée"),
        "invoice.paid" => on("Payée"),
        "invoice.rejected" => reason("Rejetée"),
        "invoice.credited" => match credit_note {
            Some(note) => format!("Annulée par l’avoir {}", note.number),
            None => "Annulée par un avoir".to_owned(),
        },
        other => other.to_owned(),
    };
    let author = match entry.actor_id {
        Some(id) => names.get(&id).cloned().unwrap_or_else(|| "un compte fermé".to_owned()),
        None => "PsyPRE".to_owned(),
    };
    let local = crate::calendar::local(entry.at);
    let (day, time) = (french_date(local.date_naive()), crate::calendar::french_time(local.time()));
    Told { state: "done", title, detail: format!("{author}, {day} à {time}") }
}

/// The steps that an invoice still has before it; the first of them is what is waited for.
fn still_to_come(invoice: &Invoice) -> Vec<Told> {
    use InvoiceState::{Deposited, Issued, Ordered};
    let steps: &[&str] = match (invoice.kind, invoice.state) {
        (InvoiceKind::CreditNote, Issued) => &["Réception par l’acheteur"],
        (InvoiceKind::Invoice, Issued) => &["Réception par l’acheteur", "Mandatement", "Paiement"],
        (InvoiceKind::Invoice, Deposited) => &["Mandatement", "Paiement"],
        (InvoiceKind::Invoice, Ordered) => &["Paiement"],
        _ => &[],
    };
    let step = |(at, title): (usize, &&str)| Told {
        state: if at == 0 { "current" } else { "next" },
        title: (*title).to_owned(),
        detail: String::new(),
    };
    steps.iter().enumerate().map(step).collect()
}

/// Sends a file of an invoice, to be seen in the page or, with `telecharger`, to be kept.
///
/// # Errors
/// When the invoice is not the reader's or has no such file, or when the kept file was altered.
pub async fn show_file(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    path: Path<(InvoiceId, String)>,
) -> Result<HttpResponse, AppError> {
    let (id, name) = path.into_inner();
    let reader = reader(&who)?;
    let asked: FileRequest = name.parse().map_err(|_| AppError::NotFound)?;
    let found = app.db.read_async(move |conn| file(conn, reader, id, asked)).await?;
    let kept = Query::parse(request.query_string()).get("telecharger").is_some();
    let how = if kept { "attachment" } else { "inline" };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, found.media_type))
        .insert_header((CONTENT_DISPOSITION, format!("{how}; filename=\"{}\"", found.name)))
        .body(found.bytes))
}

type StepVerb =
    fn(&mut Tx<'_>, &crate::clock::Clock, &Accountant, InvoiceId, NaiveDate) -> Result<(), Failure<StepRefusal>>;

/// Records that an invoice was received.
///
/// # Errors
/// When there is no such invoice, or the database fails.
pub async fn create_deposit(
    app: Data<App>,
    who: As<Accountant>,
    request: HttpRequest,
    id: Path<InvoiceId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    record_step(&app, &who, &request, id.into_inner(), form, deposit, "La réception est enregistrée.").await
}

/// Records the payment order of an invoice.
///
/// # Errors
/// When there is no such invoice, or the database fails.
pub async fn create_payment_order(
    app: Data<App>,
    who: As<Accountant>,
    request: HttpRequest,
    id: Path<InvoiceId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    record_step(&app, &who, &request, id.into_inner(), form, order_payment, "Le mandatement est enregistré.").await
}

/// Records the payment of an invoice.
///
/// # Errors
/// When there is no such invoice, or the database fails.
pub async fn create_payment(
    app: Data<App>,
    who: As<Accountant>,
    request: HttpRequest,
    id: Path<InvoiceId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    record_step(&app, &who, &request, id.into_inner(), form, pay, "Le paiement est enregistré.").await
}

async fn record_step(
    app: &App,
    who: &As<Accountant>,
    request: &HttpRequest,
    id: InvoiceId,
    mut form: FormState,
    verb: StepVerb,
    done: &str,
) -> Result<HttpResponse, AppError> {
    let invoice = load(app, id).await?;
    if let Some(on) = form.required_date("on", "la date") {
        let (clock, caller) = (app.clock.clone(), **who);
        match app.db.write_async(move |tx| verb(tx, &clock, &caller, id, on)).await {
            Ok(()) => {
                let back = match form.value("retour") {
                    "liste" => links::invoices_of_month(invoice.month),
                    _ => links::invoice(id),
                };
                return Ok(web::see_other_with(&back, &Flash::success(format!("{} : {done}", invoice.title()))));
            }
            Err(Failure::Refused(refusal)) => form.refuse(refusal.field().unwrap_or_default(), refusal),
            Err(other) => return Err(other.into()),
        }
    }
    let page = invoice_page(app, &SignedIn(who.person.clone()), request, id, form).await?;
    Ok(web::refused(request, &page)?)
}

async fn load(app: &App, id: InvoiceId) -> Result<Invoice, AppError> {
    app.db.read_async::<_, AppError>(move |conn| Ok(look_up::load(conn, id)?)).await
}

/// Shows the form that asks why an invoice is rejected.
///
/// # Errors
/// When there is no such invoice, or the database fails.
pub async fn show_rejection(
    app: Data<App>,
    who: As<Accountant>,
    request: HttpRequest,
    id: Path<InvoiceId>,
) -> Result<HttpResponse, AppError> {
    let invoice = load(&app, id.into_inner()).await?;
    Ok(web::page(&request, &reject_page(&who, &request, invoice, FormState::new()))?)
}

fn reject_page(who: &As<Accountant>, request: &HttpRequest, invoice: Invoice, form: FormState) -> RejectPage {
    let title = format!("Rejeter la facture {}", invoice.number);
    let layout = who
        .layout(request, title)
        .under("Factures", links::INVOICES)
        .under(invoice.title(), links::invoice(invoice.id))
        .for_form(&form);
    RejectPage { layout, form, invoice }
}

/// Rejects an invoice.
///
/// # Errors
/// When there is no such invoice, or the database fails.
pub async fn create_rejection(
    app: Data<App>,
    who: As<Accountant>,
    request: HttpRequest,
    id: Path<InvoiceId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let invoice = load(&app, id.into_inner()).await?;
    if let Some(reason) = form.required_text_within("reason", "le motif du rejet", LONGEST_REASON) {
        let (clock, caller, id) = (app.clock.clone(), *who, invoice.id);
        match app.db.write_async(move |tx| reject(tx, &clock, &caller, id, &reason)).await {
            Ok(()) => {
                let done =
                    Flash::success(format!("La facture {} est rejetée. Le psychologue voit le motif.", invoice.number));
                return Ok(web::see_other_with(&links::invoice(id), &done));
            }
            Err(Failure::Refused(refusal)) => form.refuse(refusal.field().unwrap_or_default(), refusal),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(web::refused(&request, &reject_page(&who, &request, invoice, form))?)
}
