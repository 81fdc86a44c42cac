//! Calls for funds for programs.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path, Query};
use chrono::NaiveDate;

use super::receive::{self, Payment};
use super::reverse;
use super::send::{self, Sending};
use super::{CallState, FundingCall, Receipt, Treasurer, draft, look_up};
use crate::accounts::Administrator;
use crate::accounts::guards::As;
use crate::app::App;
use crate::db::AnyConnection;
use crate::error::AppError;
use crate::ids::{BudgetYearId, FundingCallId, FundingReceiptId};
use crate::money::Cents;
use crate::sql_types::Ts;
use crate::web;
use crate::web::json::{self, Posted};

/// Which calls are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FundingCallsOf {
    /// The budget year; that of today when absent.
    budget_year: Option<BudgetYearId>,
}

/// A call for funds.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct FundingCallAnswer {
    id: FundingCallId,
    budget_year_id: BudgetYearId,
    year: String,
    signatory: String,
    state: CallState,
    /// Absent from a draft.
    number: Option<String>,
    amount_cents: Cents,
    received_cents: Cents,
    owed_cents: Cents,
    sent_on: Option<NaiveDate>,
    due_on: Option<NaiveDate>,
}

impl From<FundingCall> for FundingCallAnswer {
    fn from(call: FundingCall) -> Self {
        Self {
            owed_cents: call.owed(),
            id: call.id,
            budget_year_id: call.budget_year,
            year: call.year,
            signatory: call.signatory_name,
            state: call.state,
            number: call.number,
            amount_cents: call.amount,
            received_cents: call.received,
            sent_on: call.sent_on,
            due_on: call.due_on,
        }
    }
}

/// The calls to draft: those that a budget year still lacks.
#[derive(Debug, Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFundingCalls {
    budget_year_id: BudgetYearId,
}

/// A call to send.
#[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FundingCallSending {
    /// The address that the letter goes to.
    to: String,
    /// The amount of the call as it was read.
    amount_cents: Cents,
}

/// A payment received.
#[derive(Debug, Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFundingReceipt {
    received_on: NaiveDate,
    amount_cents: Cents,
}

/// A payment received for a call.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct FundingReceiptAnswer {
    id: FundingReceiptId,
    received_on: NaiveDate,
    amount_cents: Cents,
    /// How it was taken back, if it was: then it counts no more.
    reversal: Option<ReversalAnswer>,
}

/// A payment taken back.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ReversalAnswer {
    reason: String,
    reversed_at: Ts,
}

impl From<Receipt> for FundingReceiptAnswer {
    fn from(receipt: Receipt) -> Self {
        let reversal = receipt.reversal.map(|one| ReversalAnswer { reason: one.reason, reversed_at: one.at });
        Self { id: receipt.id, received_on: receipt.on, amount_cents: receipt.amount, reversal }
    }
}

/// Why a payment is taken back.
#[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReversal {
    /// At most 500 characters.
    reason: String,
}

/// Lists the calls of a budget year, in the order of the signatories.
///
/// # Errors
/// When the database fails.
#[utoipa::path(
    get, path = "/api/v1/funding-calls", tag = "funding calls", params(FundingCallsOf),
    responses((status = 200, body = Vec<FundingCallAnswer>))
)]
pub async fn list_calls(
    app: Data<App>,
    _who: As<Treasurer>,
    asked: Query<FundingCallsOf>,
) -> Result<Json<Vec<FundingCallAnswer>>, AppError> {
    let (asked, today) = (asked.budget_year, app.clock.today());
    app.db
        .read_async::<_, AppError>(move |conn| {
            let years = look_up::years(conn)?;
            let chosen = asked.or(look_up::present(&years, today).map(|year| year.id));
            let Some(id) = chosen else { return Ok(Json(Vec::new())) };
            Ok(Json(look_up::of_year(conn, id)?.into_iter().map(FundingCallAnswer::from).collect()))
        })
        .await
}

/// Drafts the calls that a budget year still lacks: one for each signatory that owes something.
///
/// # Errors
/// When a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/funding-calls", tag = "funding calls", request_body = NewFundingCalls,
    responses((status = 201, description = "The drafts made", body = Vec<FundingCallAnswer>))
)]
pub async fn create_drafts(
    app: Data<App>,
    who: As<Administrator>,
    posted: Posted<NewFundingCalls>,
) -> Result<HttpResponse, AppError> {
    let key = json::key(&posted, who.account, "funding-calls")?;
    let (clock, caller, year) = (app.clock.clone(), *who, posted.value.budget_year_id);
    let made = json::run(&app, key, move |tx| draft::draft(tx, &clock, &caller, year)).await?;
    let calls = app
        .db
        .read_async::<_, AppError>(move |conn| Ok(look_up::of_year(conn, year)?))
        .await?
        .into_iter()
        .filter(|call| made.contains(&call.id))
        .map(FundingCallAnswer::from);
    Ok(HttpResponse::Created().json(calls.collect::<Vec<_>>()))
}

async fn shown(app: &App, id: FundingCallId) -> Result<Json<FundingCallAnswer>, AppError> {
    app.db.read_async::<_, AppError>(move |conn| Ok(Json(look_up::load(conn, id)?.into()))).await
}

/// Sends a call: it takes its number, and its letter leaves by mail.
///
/// # Errors
/// When a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/funding-calls/{call}/sending", tag = "funding calls",
    params(("call" = FundingCallId, Path)), request_body = FundingCallSending,
    responses((status = 200, description = "The call as sent", body = FundingCallAnswer))
)]
pub async fn create_sending(
    app: Data<App>,
    who: As<Administrator>,
    id: Path<FundingCallId>,
    posted: Posted<FundingCallSending>,
) -> Result<Json<FundingCallAnswer>, AppError> {
    let id = id.into_inner();
    let key = json::key(&posted, who.account, &format!("funding-call-sending {id}"))?;
    let (clock, caller) = (app.clock.clone(), *who);
    let FundingCallSending { to, amount_cents } = posted.value;
    let sending = Sending { to, amount: amount_cents };
    json::run(&app, key, move |tx| send::send(tx, &clock, &caller, id, &sending)).await?;
    shown(&app, id).await
}

/// Records a payment received for a call.
///
/// # Errors
/// When a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/funding-calls/{call}/receipts", tag = "funding calls",
    params(("call" = FundingCallId, Path)), request_body = NewFundingReceipt,
    responses((status = 200, description = "The call with this payment", body = FundingCallAnswer))
)]
pub async fn create_receipt(
    app: Data<App>,
    who: As<Treasurer>,
    id: Path<FundingCallId>,
    posted: Posted<NewFundingReceipt>,
) -> Result<Json<FundingCallAnswer>, AppError> {
    let id = id.into_inner();
    let key = json::key(&posted, who.account, &format!("funding-receipt {id}"))?;
    let (clock, caller) = (app.clock.clone(), *who);
    let payment = Payment { on: posted.value.received_on, amount: posted.value.amount_cents };
    json::run(&app, key, move |tx| receive::receive(tx, &clock, &caller, id, payment)).await?;
    shown(&app, id).await
}

/// Lists the payments received for a call, those taken back too, by day.
///
/// # Errors
/// When there is no such call, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/funding-calls/{call}/receipts", tag = "funding calls",
    params(("call" = FundingCallId, Path)),
    responses((status = 200, body = Vec<FundingReceiptAnswer>))
)]
pub async fn list_receipts(
    app: Data<App>,
    _who: As<Treasurer>,
    id: Path<FundingCallId>,
) -> Result<Json<Vec<FundingReceiptAnswer>>, AppError> {
    let id = id.into_inner();
    let load = move |conn: &mut AnyConnection| {
        let call = look_up::load(conn, id)?;
        Ok(look_up::receipts(conn, call.id)?)
    };
    let receipts = app.db.read_async::<_, AppError>(load).await?;
    Ok(Json(receipts.into_iter().map(FundingReceiptAnswer::from).collect()))
}

/// Takes back a payment that was recorded by mistake.
///
/// # Errors
/// When a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/funding-receipts/{receipt}/reversal", tag = "funding calls",
    params(("receipt" = FundingReceiptId, Path)), request_body = NewReversal,
    responses((status = 200, description = "The call without this payment", body = FundingCallAnswer))
)]
pub async fn create_reversal(
    app: Data<App>,
    who: As<Treasurer>,
    id: Path<FundingReceiptId>,
    posted: Posted<NewReversal>,
) -> Result<Json<FundingCallAnswer>, AppError> {
    let id = id.into_inner();
    let key = json::key(&posted, who.account, &format!("funding-receipt-reversal {id}"))?;
    let (clock, caller, reason) = (app.clock.clone(), *who, posted.value.reason);
    let call = json::run(&app, key, move |tx| reverse::reverse(tx, &clock, &caller, id, &reason)).await?;
    shown(&app, call).await
}

/// Sends the letter of a call; that of a draft says that it is one.
///
/// # Errors
/// When there is no such call, or when what is kept was altered.
#[utoipa::path(
    get, path = "/api/v1/funding-calls/{call}/letter.pdf", tag = "funding calls",
    params(("call" = FundingCallId, Path)),
    responses((status = 200, description = "The letter", body = Vec<u8>, content_type = "application/pdf"))
)]
pub async fn show_letter(
    app: Data<App>,
    _who: As<Treasurer>,
    id: Path<FundingCallId>,
) -> Result<HttpResponse, AppError> {
    let (id, today) = (id.into_inner(), app.clock.today());
    let letter = app.db.read_async(move |conn| look_up::letter(conn, id, today)).await?;
    Ok(web::attachment(&letter.name, "application/pdf", letter.bytes))
}
