//! The page that takes back a payment recorded by mistake.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::pages::refuse;
use super::reverse::{self, LONGEST_REASON};
use super::{FundingCall, Receipt, Treasurer, look_up};
use crate::accounts::guards::As;
use crate::app::App;
use crate::error::AppError;
use crate::failure::Failure;
use crate::idempotency::{Once, write_once};
use crate::ids::{FundingCallId, FundingReceiptId};
use crate::links;
use crate::web::{self, Flash, FormState, Layout, filters};

#[derive(Template)]
#[template(path = "funding_calls/reverse.html")]
struct ReversalPage {
    layout: Layout,
    form: FormState,
    call: FundingCall,
    receipt: Receipt,
    reversal_href: String,
    call_href: String,
}

async fn reversal_page(
    app: &App,
    who: &As<Treasurer>,
    request: &HttpRequest,
    id: FundingReceiptId,
    form: FormState,
) -> Result<ReversalPage, AppError> {
    let (call, receipt) = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let (call, receipt) = look_up::receipt(conn, id)?;
            Ok((look_up::load(conn, call)?, receipt))
        })
        .await?;
    let call_href = links::funding_call(call.id);
    let layout = who
        .layout(request, format!("Annuler le versement de {}", receipt.amount))
        .under("Appels de fonds", links::funding_calls(call.budget_year))
        .under(call.title(), call_href.as_str())
        .lead(&call.signatory_name)
        .for_form(&form);
    Ok(ReversalPage { layout, form, receipt, reversal_href: links::funding_receipt_reversal(id), call_href, call })
}

/// Asks why a payment is taken back.
///
/// # Errors
/// When there is no such payment, or the database fails.
pub async fn show_reversal(
    app: Data<App>,
    who: As<Treasurer>,
    request: HttpRequest,
    id: Path<FundingReceiptId>,
) -> Result<HttpResponse, AppError> {
    Ok(web::page(&request, &reversal_page(&app, &who, &request, id.into_inner(), FormState::new()).await?)?)
}

/// Takes a payment back.
///
/// # Errors
/// When there is no such payment, or the database fails.
pub async fn create_reversal(
    app: Data<App>,
    who: As<Treasurer>,
    request: HttpRequest,
    id: Path<FundingReceiptId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    app.db.read_async::<_, AppError>(move |conn| Ok(look_up::receipt(conn, id)?)).await?;
    if let Some(reason) = form.required_text_within("reason", "le motif de l’annulation", LONGEST_REASON) {
        let (clock, caller) = (app.clock.clone(), *who);
        let key = form.key(who.account, "funding-receipt-reversal", format!("{id} {reason}"));
        let outcome = write_once::<FundingCallId, _>(&app.db, &app.clock, key, move |tx| {
            reverse::reverse(tx, &clock, &caller, id, &reason)
        })
        .await;
        match outcome {
            Ok(Once::Answer(call)) => {
                let done = "Le versement est annulé : la somme est de nouveau due.";
                return Ok(web::see_other_with(&links::funding_call(call), &Flash::success(done)));
            }
            Ok(Once::KeyReused) => return Err(AppError::KeyReused),
            Err(Failure::Refused(refusal)) => refuse(&mut form, &refusal),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(web::refused(&request, &reversal_page(&app, &who, &request, id, form).await?)?)
}
