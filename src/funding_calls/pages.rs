//! The pages of calls for funds: what is owed for a budget year, a call with its letter, its sending, its payments.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use super::draft::{self, DraftRefusal};
use super::receive::{self, Payment};
use super::send::{self, Sending};
use super::{CallState, FundingCall, Receipt, Treasurer, due_on, look_up, reverse};
use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Administrator, Caller};
use crate::app::App;
use crate::calendar::french_date;
use crate::conventions::look_up as conventions;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::idempotency::{Once, write_once};
use crate::ids::{BudgetYearId, FundingCallId, FundingReceiptId};
use crate::links;
use crate::money::Cents;
use crate::web::{self, Choice, Flash, FormState, Layout, Query, Status, Tone, filters};

#[derive(Template)]
#[template(path = "funding_calls/list.html")]
struct CallsPage {
    layout: Layout,
    form: FormState,
    years: Vec<Choice>,
    budget_year: BudgetYearId,
    caption: String,
    lines: Vec<Line>,
    /// Called, received, owed.
    total: (Cents, Cents, Cents),
    overdue: i64,
    overdue_sum: Cents,
    not_called: i64,
    may_draft: bool,
    /// Who calls.
    own: String,
    csv_href: String,
    xlsx_href: String,
}

/// A call in the list.
struct Line {
    call: FundingCall,
    href: String,
    status: Status,
}

#[derive(Template)]
#[template(path = "funding_calls/show.html")]
struct CallPage {
    layout: Layout,
    form: FormState,
    call: FundingCall,
    status: Status,
    note: Option<String>,
    receipts: Vec<Receipt>,
    /// Whether a payment recorded by mistake can still be taken back.
    may_reverse: bool,
    may_send: bool,
    due_if_sent: NaiveDate,
    today: NaiveDate,
    letter_href: String,
    sending_href: String,
    receipts_href: String,
}

/// What the page shows of a payment.
impl Receipt {
    fn reversal_href(&self) -> String {
        links::funding_receipt_reversal(self.id)
    }
}

fn status(call: &FundingCall, today: NaiveDate) -> Status {
    match call.state {
        CallState::Draft => Status::neutral("Brouillon"),
        CallState::Received => Status::good("Reçu"),
        CallState::Sent if call.is_overdue(today) => Status::bad("En retard"),
        CallState::Sent if call.received > Cents::ZERO => Status::waiting("Reçu en partie"),
        CallState::Sent => Status::waiting("Envoyé"),
    }
}

/// Shows the calls of a budget year.
///
/// # Errors
/// When there is no such budget year, or the database fails.
pub async fn list_calls(app: Data<App>, who: As<Treasurer>, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let query = Query::parse(request.query_string());
    let asked = query.get("exercice").map(str::parse).transpose().map_err(|_| AppError::NotFound)?;
    match list_page(&app, &SignedIn(who.person.clone()), &request, asked, FormState::new()).await? {
        Some(page) => Ok(web::page(&request, &page)?),
        None => Ok(web::see_other(links::HOME)),
    }
}

/// The list of a budget year; none when no convention has any.
async fn list_page(
    app: &App,
    who: &SignedIn,
    request: &HttpRequest,
    asked: Option<BudgetYearId>,
    form: FormState,
) -> Result<Option<CallsPage>, AppError> {
    let today = app.clock.today();
    let found = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let years = look_up::years(conn)?;
            let chosen = match asked {
                Some(id) => Some(years.iter().find(|year| year.id == id).ok_or(AppError::NotFound)?),
                None => look_up::present(&years, today),
            };
            let Some(year) = chosen.cloned() else { return Ok(None) };
            let calls = look_up::of_year(conn, year.id)?;
            let not_called = look_up::not_called(conn, year.id)?;
            let own = conventions::buyer(conn, year.convention)?.name;
            Ok(Some((years, year, calls, not_called, own)))
        })
        .await?;
    let Some((years, year, calls, not_called, own)) = found else { return Ok(None) };
    let sum = |part: fn(&FundingCall) -> Cents| calls.iter().map(part).sum::<Cents>();
    let late: Vec<&FundingCall> = calls.iter().filter(|call| call.is_overdue(today)).collect();
    let is_alone = years.iter().all(|other| other.convention == year.convention);
    let label = |label: &str, title: &str| if is_alone { label.to_owned() } else { format!("{label}, {title}") };
    Ok(Some(CallsPage {
        layout: who.layout(request, format!("Appels de fonds {}", year.label)).lead(&year.title).wide().for_form(&form),
        form: form.with("exercice", year.id),
        years: years.iter().map(|one| Choice::new(one.id, label(&one.label, &one.title))).collect(),
        budget_year: year.id,
        caption: format!("Ce que les signataires versent pour {}", year.label),
        total: (sum(|call| call.amount), sum(|call| call.received), sum(FundingCall::owed)),
        overdue: late.len() as i64,
        overdue_sum: late.iter().map(|call| call.owed()).sum(),
        not_called: not_called as i64,
        may_draft: Administrator::of(who).is_some(),
        own,
        csv_href: links::funding_calls_export(year.id, "csv"),
        xlsx_href: links::funding_calls_export(year.id, "xlsx"),
        lines: calls
            .into_iter()
            .map(|call| Line { href: links::funding_call(call.id), status: status(&call, today), call })
            .collect(),
    }))
}

/// Drafts the calls of a budget year that are missing.
///
/// # Errors
/// When there is no such budget year, or the database fails.
pub async fn create_drafts(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let year: BudgetYearId = form.value("budget_year").parse().map_err(|_| AppError::NotFound)?;
    let (clock, caller) = (app.clock.clone(), *who);
    let key = form.key(who.account, "funding-calls", format!("{year:?}"));
    let outcome = write_once(&app.db, &app.clock, key, move |tx| draft::draft(tx, &clock, &caller, year)).await;
    match outcome {
        Ok(Once::Answer(made)) => {
            let done = match made.len() {
                1 => "Un appel de fonds est préparé : relisez-le, puis envoyez-le.".to_owned(),
                n => format!("{n} appels de fonds sont préparés : relisez chacun, puis envoyez-le."),
            };
            Ok(web::see_other_with(&links::funding_calls(year), &Flash::success(done)))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal @ DraftRefusal::NobodyToCall)) => {
            form.refuse_whole(refusal);
            let page = list_page(&app, &SignedIn(who.person.clone()), &request, Some(year), form)
                .await?
                .ok_or(AppError::NotFound)?;
            Ok(web::refused(&request, &page)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Shows a call.
///
/// # Errors
/// When there is no such call, or the database fails.
pub async fn show_call(
    app: Data<App>,
    who: As<Treasurer>,
    request: HttpRequest,
    id: Path<FundingCallId>,
) -> Result<HttpResponse, AppError> {
    let page = call_page(&app, &SignedIn(who.person.clone()), &request, id.into_inner(), FormState::new()).await?;
    Ok(web::page(&request, &page)?)
}

async fn call_page(
    app: &App,
    who: &SignedIn,
    request: &HttpRequest,
    id: FundingCallId,
    form: FormState,
) -> Result<CallPage, AppError> {
    let (note, receipts, until, call) = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let call = look_up::load(conn, id)?;
            let until = reverse::reversible_until(conn, &call)?;
            Ok((look_up::note(conn, &call)?, look_up::receipts(conn, id)?, until, call))
        })
        .await?;
    let today = app.clock.today();
    let layout = who
        .layout(request, call.title())
        .under("Appels de fonds", links::funding_calls(call.budget_year))
        .lead(&call.signatory_name)
        .wide()
        .for_form(&form);
    Ok(CallPage {
        layout,
        form,
        status: status(&call, today),
        note,
        receipts,
        may_reverse: today <= until,
        may_send: Administrator::of(who).is_some(),
        due_if_sent: due_on(call.call_by, today),
        today,
        letter_href: links::funding_call_letter(id),
        sending_href: links::funding_call_sending(id),
        receipts_href: links::funding_call_receipts(id),
        call,
    })
}

/// Sends a call.
///
/// # Errors
/// When there is no such call, or the database fails.
pub async fn create_sending(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<FundingCallId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let call = load(&app, id).await?;
    let to = form.required_email("to", "l’adresse du signataire");
    let amount = form.required_cents("amount", "le montant");
    if let (Some(to), Some(amount)) = (to, amount) {
        let (clock, caller, sending) = (app.clock.clone(), *who, Sending { to, amount });
        let key = form.key(who.account, "funding-call-sending", format!("{id} {sending:?}"));
        let outcome =
            write_once(&app.db, &app.clock, key, move |tx| send::send(tx, &clock, &caller, id, &sending)).await;
        match outcome {
            Ok(Once::Answer(())) => {
                let sent = load(&app, id).await?;
                let due = sent.due_on.map(french_date).unwrap_or_default();
                let done = format!("{} est envoyé : à verser avant le {due}.", sent.title());
                return Ok(web::see_other_with(&links::funding_call(id), &Flash::success(done)));
            }
            Ok(Once::KeyReused) => return Err(AppError::KeyReused),
            Err(Failure::Refused(refusal)) => refuse(&mut form, &refusal),
            Err(other) => return Err(other.into()),
        }
    }
    // the amount shown again is that of today
    let form = form.with("amount", call.amount.plain());
    let page = call_page(&app, &SignedIn(who.person.clone()), &request, id, form).await?;
    Ok(web::refused(&request, &page)?)
}

pub(super) fn refuse(form: &mut FormState, refusal: &(impl Refusal + std::fmt::Display)) {
    match refusal.field() {
        Some(field) => form.refuse(field, refusal),
        None => form.refuse_whole(refusal),
    }
}

async fn load(app: &App, id: FundingCallId) -> Result<FundingCall, AppError> {
    app.db.read_async::<_, AppError>(move |conn| Ok(look_up::load(conn, id)?)).await
}

/// Records a payment.
///
/// # Errors
/// When there is no such call, or the database fails.
pub async fn create_receipt(
    app: Data<App>,
    who: As<Treasurer>,
    request: HttpRequest,
    id: Path<FundingCallId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    load(&app, id).await?;
    let on = form.required_date("received_on", "la date");
    let amount = form.required_cents("amount", "le montant");
    if let (Some(on), Some(amount)) = (on, amount) {
        let (clock, caller, payment) = (app.clock.clone(), *who, Payment { on, amount });
        let key = form.key(who.account, "funding-receipt", format!("{id} {payment:?}"));
        let outcome = write_once::<FundingReceiptId, _>(&app.db, &app.clock, key, move |tx| {
            receive::receive(tx, &clock, &caller, id, payment)
        })
        .await;
        match outcome {
            Ok(Once::Answer(_)) => {
                let done = format!("Le versement de {amount} est enregistré.");
                return Ok(web::see_other_with(&links::funding_call(id), &Flash::success(done)));
            }
            Ok(Once::KeyReused) => return Err(AppError::KeyReused),
            Err(Failure::Refused(refusal)) => refuse(&mut form, &refusal),
            Err(other) => return Err(other.into()),
        }
    }
    let page = call_page(&app, &SignedIn(who.person.clone()), &request, id, form).await?;
    Ok(web::refused(&request, &page)?)
}

/// Sends the letter of a call, to be seen in the page.
///
/// # Errors
/// When there is no such call, or when what is kept was altered.
pub async fn show_letter(
    app: Data<App>,
    _who: As<Treasurer>,
    id: Path<FundingCallId>,
) -> Result<HttpResponse, AppError> {
    let (id, today) = (id.into_inner(), app.clock.today());
    let letter = app.db.read_async(move |conn| look_up::letter(conn, id, today)).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/pdf"))
        .insert_header((CONTENT_DISPOSITION, format!("inline; filename=\"{}\"", letter.name)))
        .body(letter.bytes))
}
