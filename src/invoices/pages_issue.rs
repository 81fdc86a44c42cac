//! From the preview of a month to its invoice, and from a wrong invoice to its credit note: the psychologist's pages.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::credit::credit;
use super::issue::{Issuance, Order, Seen, issue_all};
use super::pages::{LONGEST_REASON, of_month};
use super::preflight::Finding;
use super::preview::{Preview, preview, previews};
use super::reissue::{Reissued, reissue};
use super::{Invoice, InvoiceState, look_up};
use crate::accounts::Psychologist;
use crate::accounts::guards::As;
use crate::app::App;
use crate::calendar::Month;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::idempotency::{Once, once};
use crate::ids::{ConventionId, InvoiceId};
use crate::links;
use crate::money::Cents;
use crate::web::{self, Flash, FormState, Layout, Query, Tone, filters};

#[derive(Template)]
#[template(path = "invoices/preview.html")]
struct PreviewPage {
    layout: Layout,
    month: Month,
    previous: String,
    next: Option<String>,
    previews: Vec<Preview>,
}

#[derive(Template)]
#[template(path = "invoices/issue.html")]
struct IssuePage {
    layout: Layout,
    form: FormState,
    preview: Preview,
    warnings: Vec<Finding>,
    button: String,
    back: String,
}

#[derive(Template)]
#[template(path = "invoices/credit.html")]
struct CreditPage {
    layout: Layout,
    form: FormState,
    invoice: Invoice,
    /// What the new invoice would be.
    preview: Preview,
    /// What it would bill: the sessions of this invoice and those approved since.
    again: Again,
}

/// What a new invoice would bill.
struct Again {
    sessions: i64,
    blocking: Vec<Finding>,
}

impl PreviewPage {
    fn blocking(&self, preview: &Preview) -> Vec<Finding> {
        preview.findings().into_iter().filter(Finding::is_blocking).collect()
    }

    fn warnings(&self, preview: &Preview) -> Vec<Finding> {
        preview.findings().into_iter().filter(|finding| !finding.is_blocking()).collect()
    }

    fn issue_link(&self, preview: &Preview) -> String {
        issue_link(preview.month, preview.convention.id)
    }
}

fn issue_link(month: Month, convention: ConventionId) -> String {
    format!("{}?mois={}&convention={convention}", links::INVOICE_ISSUE, month.iso())
}

/// What the pages show of a preview.
impl Preview {
    fn count(&self) -> i64 {
        i64::try_from(self.sessions.len()).unwrap_or(i64::MAX)
    }

    fn service_count(&self) -> i64 {
        i64::try_from(self.services.len()).unwrap_or(i64::MAX)
    }

    /// `4 séances et 1 prestation`.
    fn counted(&self) -> String {
        let of = |count: i64, one: &str, many: &str| format!("{count}\u{a0}{}", if count > 1 { many } else { one });
        let sessions = of(self.count(), "séance", "séances");
        let services = of(self.service_count(), "prestation", "prestations");
        match (self.sessions.is_empty(), self.services.is_empty()) {
            (_, true) => sessions,
            (true, false) => services,
            (false, false) => format!("{sessions} et {services}"),
        }
    }
}

/// The month that a query asks for; else the one before today's, which is the one to invoice.
pub(super) fn asked_month(app: &App, query: &Query) -> Month {
    query.get("mois").and_then(Month::parse).unwrap_or_else(|| Month::of(app.clock.today()).previous())
}

/// Shows what the invoice of a month would be.
///
/// # Errors
/// When the database fails.
pub async fn show_preview(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let month = asked_month(&app, &Query::parse(request.query_string()));
    let (clock, id) = (app.clock.clone(), who.id);
    let found = app.db.read_async::<_, AppError>(move |conn| Ok(previews(conn, &clock, id, month)?)).await?;
    let page = PreviewPage {
        layout: who
            .layout(&request, format!("Facture {}", of_month(month)))
            .under("Factures", links::INVOICES)
            .lead("Aperçu : rien n’est émis tant que vous ne l’avez pas confirmé.")
            .wide(),
        previous: links::preview_of_month(month.previous()),
        next: (month < Month::of(app.clock.today())).then(|| links::preview_of_month(month.next())),
        month,
        previews: found,
    };
    Ok(web::page(&request, &page)?)
}

/// Reads which month and convention are meant.
fn which(app: &App, text: &str) -> Result<(Month, ConventionId), AppError> {
    let query = Query::parse(text);
    let convention = query.get("convention").and_then(|id| id.parse().ok()).ok_or(AppError::NotFound)?;
    Ok((asked_month(app, &query), convention))
}

async fn load_preview(
    app: &App,
    who: &Psychologist,
    month: Month,
    convention: ConventionId,
) -> Result<Preview, AppError> {
    let (clock, id) = (app.clock.clone(), who.id);
    app.db.read_async::<_, AppError>(move |conn| Ok(preview(conn, &clock, id, month, convention)?)).await
}

/// Says what will happen when the invoice is issued, and shows the button.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn show_issue(app: Data<App>, who: As<Psychologist>, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let (month, convention) = which(&app, request.query_string())?;
    let preview = load_preview(&app, &who, month, convention).await?;
    if preview.findings().iter().any(Finding::is_blocking) {
        return Ok(web::see_other(&links::preview_of_month(month)));
    }
    Ok(web::page(&request, &issue_page(&who, &request, preview, FormState::new()))?)
}

fn issue_page(who: &As<Psychologist>, request: &HttpRequest, preview: Preview, form: FormState) -> IssuePage {
    let month = preview.month;
    let of = of_month(month);
    let of = of.rsplit_once(' ').map_or(of.as_str(), |(of, _)| of);
    IssuePage {
        layout: who
            .layout(request, format!("Émettre la facture {of}"))
            .under("Factures", links::INVOICES)
            .under("Aperçu", links::preview_of_month(month))
            .for_form(&form),
        button: match preview.parts.len() {
            0 | 1 => format!("Émettre la facture {of} ({})", preview.gross()),
            n => format!("Émettre les {n} factures {of} ({})", preview.gross()),
        },
        warnings: preview.findings().into_iter().filter(|finding| !finding.is_blocking()).collect(),
        back: links::preview_of_month(month),
        form,
        preview,
    }
}

/// Issues the invoice of a month.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn create_invoice(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let query = format!("mois={}&convention={}", form.value("mois"), form.value("convention"));
    let (month, convention) = which(&app, &query)?;
    let order = Order { month, convention, seen: seen(&form) };
    let key = form.key(who.account, "invoice", format!("{order:?}"));
    let (clock, caller) = (app.clock.clone(), *who);
    let issued = app
        .db
        .write_async(move |tx| {
            let done = once::<Vec<InvoiceId>, _>(tx, &clock, key.as_ref(), |tx| {
                issue_all(tx, &clock, Issuance::Own(&caller), order)
            })?;
            Ok(match done {
                Once::Answer(ids) => {
                    Once::Answer(ids.into_iter().map(|id| look_up::load(tx, id)).collect::<Result<Vec<Invoice>, _>>()?)
                }
                Once::KeyReused => Once::KeyReused,
            })
        })
        .await;
    match issued {
        Ok(Once::Answer(invoices)) => Ok(issued_answer(&invoices)),
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            form.refuse_whole(refusal);
            let preview = load_preview(&app, &who, month, convention).await?;
            Ok(web::refused(&request, &issue_page(&who, &request, preview, form))?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Sends to what was issued: the invoice, or the list when there are several.
fn issued_answer(invoices: &[Invoice]) -> HttpResponse {
    match invoices {
        [invoice] => {
            let done = Flash::success(format!(
                "La facture {} est émise. Déposez maintenant son Factur-X auprès de l’acheteur.",
                invoice.number
            ));
            web::see_other_with(&links::invoice(invoice.id), &done)
        }
        several => {
            let numbers: Vec<&str> = several.iter().map(|invoice| invoice.number.as_str()).collect();
            let done = Flash::success(format!(
                "Les factures {} sont émises. Déposez maintenant le Factur-X de chacune auprès de l’acheteur.",
                numbers.join(" et ")
            ));
            web::see_other_with(links::INVOICES, &done)
        }
    }
}

/// What the confirmation page showed.
fn seen(form: &FormState) -> Option<Seen> {
    let items = form.value("sessions").parse().ok()?;
    let gross = form.value("gross").parse().ok().map(Cents)?;
    Some(Seen { items, gross })
}

/// Says what a credit note does, alone or with a new invoice.
///
/// # Errors
/// When the invoice is not the psychologist's, or the database fails.
pub async fn show_credit(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    id: Path<InvoiceId>,
) -> Result<HttpResponse, AppError> {
    let page = credit_page(&app, &who, &request, id.into_inner(), FormState::new()).await?;
    if !page.invoice.may_be_credited() {
        return Ok(web::see_other(&links::invoice(page.invoice.id)));
    }
    Ok(web::page(&request, &page)?)
}

async fn credit_page(
    app: &App,
    who: &As<Psychologist>,
    request: &HttpRequest,
    id: InvoiceId,
    form: FormState,
) -> Result<CreditPage, AppError> {
    let (clock, caller) = (app.clock.clone(), **who);
    let (invoice, preview, billed) = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let invoice = look_up::load_for(conn, (&caller).into(), id)?;
            let preview = preview(conn, &clock, caller.id, invoice.month, invoice.convention)?;
            let billed: i64 = look_up::lines(conn, id)?.iter().map(|line| i64::from(line.sessions())).sum();
            Ok((invoice, preview, billed))
        })
        .await?;
    let blocking = preview
        .findings()
        .into_iter()
        .filter(|finding| finding.is_blocking() && !matches!(finding, Finding::Nothing(_)))
        .collect();
    let layout = who
        .layout(request, format!("Annuler la facture {}", invoice.number))
        .under("Factures", links::INVOICES)
        .under(invoice.title(), links::invoice(invoice.id))
        .for_form(&form);
    let again = Again { sessions: billed + preview.count(), blocking };
    Ok(CreditPage { layout, form, invoice, preview, again })
}

/// Issues the credit note of an invoice.
///
/// # Errors
/// When the invoice is not the psychologist's, or the database fails.
pub async fn create_credit_note(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    id: Path<InvoiceId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let reason = form.value("reason").to_owned();
    let key = form.key(who.account, "credit_note", format!("{id} {reason}"));
    let (clock, caller) = (app.clock.clone(), *who);
    let credited = app
        .db
        .write_async(move |tx| {
            once::<InvoiceId, _>(tx, &clock, key.as_ref(), |tx| credit(tx, &clock, &caller, id, &reason))
        })
        .await;
    match credited {
        Ok(Once::Answer(note)) => {
            let done = Flash::success("L’avoir est émis. Les séances sont de nouveau à facturer.");
            Ok(web::see_other_with(&links::invoice(note), &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), refusal);
            Ok(web::refused(&request, &credit_page(&app, &who, &request, id, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Cancels an invoice and issues it anew.
///
/// # Errors
/// When the invoice is not the psychologist's, or the database fails.
pub async fn create_reissue(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    id: Path<InvoiceId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let reason = form.value("reason").to_owned();
    let key = form.key(who.account, "reissue", format!("{id} {reason}"));
    let (clock, caller) = (app.clock.clone(), *who);
    let reissued = app
        .db
        .write_async(move |tx| {
            once::<Reissued, _>(tx, &clock, key.as_ref(), |tx| reissue(tx, &clock, &caller, id, &reason))
        })
        .await;
    match reissued {
        Ok(Once::Answer(made)) => {
            let done = Flash::success("L’avoir et la nouvelle facture sont émis. Déposez-les auprès de l’acheteur.")
                .with_link("Voir l’avoir", links::invoice(made.credit_note));
            Ok(web::see_other_with(&links::invoice(made.invoice), &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), refusal);
            Ok(web::refused(&request, &credit_page(&app, &who, &request, id, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}
