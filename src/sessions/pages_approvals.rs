//! What waits for a coordinator: all that one needs to decide, decided one by one or together.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::DateTime;

use crate::accounts::guards::As;
use crate::accounts::{Approver, StandIn};
use crate::app::App;
use crate::db::DbError;
use crate::error::AppError;
use crate::failure::Failure;
use crate::idempotency::{Once, write_once};
use crate::ids::{PsychologistId, SessionId};
use crate::links;
use crate::requests::{Standing, look_up as requests};
use crate::sessions::approve_many::{self, NotApproved};
use crate::sessions::look_up::{self, Pending};
use crate::sessions::pages::{self, Shown};
use crate::sessions::{Filter, Phase, Scope, Viewer, withdraw};
use crate::sql_types::Ts;
use crate::web::many_approved::{self, ManyApproved, Noun};
use crate::web::{self, Choice, Flash, FormState, Layout, Page, Query, Status, Tone, filters};

#[derive(Template)]
#[template(path = "sessions/approvals.html")]
struct ApprovalsPage {
    layout: Layout,
    form: FormState,
    psychologists: Vec<Choice>,
    rows: Vec<Row>,
    page: Page,
    query: Query,
    is_filtered: bool,
    /// How many requests for a session wait for an answer.
    requests: i64,
    /// In whose place whoever looks approves today.
    stands_in: Vec<StandIn>,
}

/// A session that waits.
struct Row {
    shown: Shown,
    unusual: Vec<Status>,
    own: bool,
    refusal_href: String,
}

/// Rows a page: as many as one decides on at once.
const SIZE: i64 = 100;

/// Shows what waits.
///
/// # Errors
/// When the database fails.
pub async fn list_approvals(app: Data<App>, who: As<Approver>, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let query = Query::parse(request.query_string());
    let psychologist: Option<PsychologistId> = query.get("psychologue").and_then(|id| id.parse().ok());
    let filter = Filter { phase: Some(Phase::Recorded), psychologist, ..Filter::default() };
    let (viewer, vault, asked) = (Viewer::from(&*who), app.vault.clone(), query.clone());
    let own = Scope::Programmes(who.programmes.clone());
    let (rows, page, psychologists, requests) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let number = asked.get("page").and_then(|page| page.parse().ok()).unwrap_or(1);
            let page = Page::new(number, SIZE, look_up::count(conn, &viewer.scope, &filter)?);
            let pending = look_up::pending(conn, &viewer, &filter, (page.offset(), page.size))?;
            let listed: Vec<_> = pending.iter().map(|row| row.listed.clone()).collect();
            // who stands in decides by reference: the names stay with those who follow the children
            let names = pages::names(conn, &vault, &own, &listed)?;
            let rows = pending.into_iter().map(|pending| row(pending, &names)).collect();
            let requests = requests::count(conn, &own.reader(), Some(Standing::Open))?;
            Ok((rows, page, look_up::waiting_psychologists(conn, &viewer.scope)?, requests))
        })
        .await?;
    let page = ApprovalsPage {
        layout: who.layout(&request, "À valider").lead(lead(page.total)).wide(),
        requests,
        stands_in: who.stands_in.clone(),
        form: FormState::new().with("psychologue", query.get("psychologue").unwrap_or_default()),
        psychologists: psychologists.into_iter().map(|(id, name)| Choice::new(id, name)).collect(),
        is_filtered: psychologist.is_some(),
        rows,
        page,
        query,
    };
    Ok(web::page(&request, &page)?)
}

fn lead(waiting: i64) -> String {
    match waiting {
        0 => "Tout est décidé.".to_owned(),
        1 => "1 séance attend votre décision. Valider certifie que le service a été fait.".to_owned(),
        n => format!("{n} séances attendent votre décision. Valider certifie que le service a été fait."),
    }
}

fn row(pending: Pending, names: &BTreeMap<crate::ids::ChildId, String>) -> Row {
    let id = pending.listed.session.id;
    Row {
        shown: Shown::of(pending.listed, names),
        unusual: pending.unusual.iter().map(Status::waiting).collect(),
        own: pending.own,
        refusal_href: links::session_refusal(id),
    }
}

/// Approves the chosen sessions; each is answered by itself.
///
/// # Errors
/// When the database fails.
pub async fn create_approvals(app: Data<App>, who: As<Approver>, form: FormState) -> Result<HttpResponse, AppError> {
    let ids: Vec<SessionId> = form.all("session").iter().filter_map(|id| id.parse().ok()).collect();
    if ids.is_empty() {
        return Ok(web::see_other_with(links::APPROVALS, &Flash::error("Choisissez au moins une séance à valider.")));
    }
    let key = form.key(who.account, "approve_many", format!("{ids:?}"));
    let (clock, by) = (app.clock.clone(), (*who).clone());
    let outcome = write_once(&app.db, &app.clock, key, move |tx| {
        approve_many::approve_many(tx, &clock, &by, &ids).map(|approvals| summary(&approvals))
    })
    .await;
    match outcome {
        Ok(Once::Answer(summary)) => {
            Ok(web::see_other_with(links::APPROVALS, &summary.flash(APPROVED, links::approvals_undone)))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(other) => Err(other.into()),
    }
}

/// What pages call what is approved.
const APPROVED: Noun = Noun { one: "séance", many: "séances" };

fn summary(approvals: &approve_many::Approvals) -> ManyApproved {
    let refusals = approvals.answers.iter().filter_map(|(_, answer)| answer.as_ref().err());
    let told = refusals.map(|refusal| match refusal {
        NotApproved::NotFound => "Elle n’est pas à vous, ou n’existe pas.".to_owned(),
        NotApproved::Refused(refusal) => refusal.to_string(),
    });
    ManyApproved::new(approvals.done(), &told.collect::<Vec<_>>(), approvals.at.utc().timestamp_micros())
}

/// Withdraws together what was just approved together.
///
/// # Errors
/// When the address holds no instant, or the database fails.
pub async fn create_approvals_undone(
    app: Data<App>,
    who: As<Approver>,
    at: Path<i64>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let at = DateTime::from_timestamp_micros(at.into_inner()).map(Ts::new).ok_or(AppError::NotFound)?;
    let key = form.key(who.account, "undo_approvals", at.rfc3339());
    let (clock, by) = (app.clock.clone(), (*who).clone());
    let outcome = write_once(&app.db, &app.clock, key, move |tx| withdraw::undo_approvals(tx, &clock, &by, at)).await;
    let flash = match outcome {
        Ok(Once::Answer(count)) => many_approved::withdrawn(count, APPROVED),
        Ok(Once::KeyReused) => return Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Flash::error(refusal),
        Err(other) => return Err(other.into()),
    };
    Ok(web::see_other_with(links::APPROVALS, &flash))
}
