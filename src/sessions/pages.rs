//! The list of sessions, and what the pages of sessions share.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{NaiveDate, NaiveTime};

use crate::accounts::guards::SignedIn;
use crate::accounts::{Caller, Psychologist};
use crate::app::App;
use crate::calendar::Month;
use crate::children::{Reader, look_up as children};
use crate::db::{AnyConnection, DbError};
use crate::error::AppError;
use crate::failure::Refusal;
use crate::hours::Minutes;
use crate::ids::{ChildId, SessionId};
use crate::links;
use crate::sessions::look_up::{self, Listed};
use crate::sessions::{Filter, Order, Phase, Scope, Slot, State, Viewer};
use crate::vault::Vault;
use crate::web::{self, Choice, FormState, Layout, Page, Query, Sort, Status, filters};

/// A session as a page of the care circle shows it.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub id: SessionId,
    pub child: String,
    pub reference: String,
    pub psychologist: String,
    pub programme: String,
    pub on: NaiveDate,
    pub start: NaiveTime,
    pub end: NaiveTime,
    pub duration: Minutes,
    pub attendance: Option<&'static str>,
    pub place: Option<String>,
    pub status: Status,
    pub reason: Option<String>,
    pub referral_left: Minutes,
    pub quota_left: Minutes,
}

impl Shown {
    pub(super) fn of(listed: Listed, names: &BTreeMap<ChildId, String>) -> Self {
        let Listed { session, around } = listed;
        let reason = match &session.state {
            State::Refused(_, _, reason) | State::Cancelled(_, Some(reason)) => Some(reason.clone()),
            _ => None,
        };
        Self {
            id: session.id,
            child: names.get(&session.child_id).cloned().unwrap_or_else(|| around.reference.clone()),
            reference: around.reference,
            psychologist: around.psychologist,
            programme: around.programme,
            on: session.slot.on,
            start: session.slot.start_time(),
            end: session.slot.end_time(),
            duration: session.slot.duration,
            attendance: session.state.record().map(|record| record.attendance.french()),
            status: status(session.state.phase()),
            place: session.place,
            reason,
            referral_left: around.referral_left,
            quota_left: around.quota_left,
        }
    }
}

/// Addresses of what can be done.
impl Shown {
    pub(super) fn href(&self) -> String {
        links::session(self.id)
    }

    pub(super) fn attendance_href(&self) -> String {
        links::session_attendance(self.id)
    }

    pub(super) fn correction_href(&self) -> String {
        links::session_correction(self.id)
    }
}

/// A phase as a mark.
pub(super) fn status(phase: Phase) -> Status {
    match phase {
        Phase::Booked => Status::info(phase.french()),
        Phase::Recorded => Status::waiting(phase.french()),
        Phase::Approved | Phase::Invoiced => Status::good(phase.french()),
        Phase::Refused => Status::bad(phase.french()),
        Phase::Cancelled => Status::neutral(phase.french()),
    }
}

/// Names the children of some sessions, for whoever may see them.
pub(super) fn shown(
    conn: &mut AnyConnection,
    vault: &Vault,
    scope: &Scope,
    listed: Vec<Listed>,
) -> Result<Vec<Shown>, DbError> {
    let names = names(conn, vault, scope, &listed)?;
    Ok(listed.into_iter().map(|row| Shown::of(row, &names)).collect())
}

/// How the children of some sessions are called.
pub(super) fn names(
    conn: &mut AnyConnection,
    vault: &Vault,
    scope: &Scope,
    listed: &[Listed],
) -> Result<BTreeMap<ChildId, String>, DbError> {
    let of: Vec<ChildId> = listed.iter().map(|row| row.session.child_id).collect();
    Ok(children::full_names(conn, vault, &reader(scope), &of)?)
}

/// Who reads sessions reads the files of their children.
pub(super) fn reader(scope: &Scope) -> Reader {
    scope.reader()
}

/// Who looks at sessions, or the page that says for whom it is.
pub(super) fn viewer(who: &SignedIn) -> Result<Viewer, AppError> {
    Viewer::of(who).ok_or(AppError::Forbidden(<Psychologist as Caller>::ROLE.french()))
}

/// Puts a refusal beside the field that it is about, if the form has it.
pub(super) fn refuse(form: &mut FormState, refusal: &impl Refusal, fields: &[&str]) {
    let field = refusal.field().filter(|field| fields.contains(field));
    form.refuse(field.unwrap_or_default(), refusal);
}

/// "de LON-2026-0007, vendredi 20 novembre de 9 h 00 à 10 h 00", for messages: no name is in a cookie.
pub(super) fn told(reference: &str, slot: Slot) -> String {
    format!("{reference}, {slot}")
}

/// Lengths to choose from.
pub(super) fn lengths() -> Vec<Choice> {
    (1..=16)
        .map(|quarters| Minutes(quarters * 15))
        .map(|length| Choice::new(format!("{}m", length.0), length))
        .collect()
}

#[derive(Template)]
#[template(path = "sessions/list.html")]
struct ListPage {
    layout: Layout,
    form: FormState,
    phases: Vec<Choice>,
    rows: Vec<Shown>,
    sort: Sort,
    page: Page,
    query: Query,
    is_coordinator: bool,
    is_filtered: bool,
}

/// Lists the sessions of whoever asks.
///
/// # Errors
/// When the role sees no session, or the database fails.
pub async fn list_sessions(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let viewer = viewer(&who)?;
    let query = latest_first(Query::parse(request.query_string()));
    let filter = filter(&query);
    let sort = Sort::from_query(&query, &["date", "duree"]);
    let order = order(&sort);
    let (vault, scope, asked) = (app.vault.clone(), viewer.scope.clone(), filter.clone());
    let page_query = query.clone();
    let (rows, page) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let page = Page::from_query(&page_query, look_up::count(conn, &scope, &asked)?);
            let listed = look_up::list(conn, &scope, &asked, order, (page.offset(), page.size))?;
            Ok((shown(conn, &vault, &scope, listed)?, page))
        })
        .await?;
    let is_coordinator = viewer.is_coordinator();
    let layout = who.layout(&request, "Séances").wide();
    let page = ListPage {
        layout: if is_coordinator {
            layout.action("Prendre un rendez-vous", links::BOOK_SESSION)
        } else {
            layout.action("Saisir une séance", links::RECORD_SESSION)
        },
        form: FormState::new()
            .with("mois", query.get("mois").unwrap_or_default())
            .with("etat", query.get("etat").unwrap_or_default()),
        phases: Phase::ALL.iter().map(|phase| Choice::new(phase, phase.french())).collect(),
        is_filtered: filter != Filter::default(),
        rows,
        sort,
        page,
        query,
        is_coordinator,
    };
    Ok(web::page(&request, &page)?)
}

/// A list that says nothing of its order shows the latest first.
fn latest_first(query: Query) -> Query {
    if query.get("tri").is_some() { query } else { query.with("tri", "-date") }
}

fn filter(query: &Query) -> Filter {
    Filter {
        month: query.get("mois").and_then(Month::parse),
        phase: query.get("etat").and_then(|word| word.parse().ok()),
        programme: query.get("pre").and_then(|id| id.parse().ok()),
        psychologist: query.get("psychologue").and_then(|id| id.parse().ok()),
        child: query.get("enfant").and_then(|id| id.parse().ok()),
    }
}

fn order(sort: &Sort) -> Order {
    match (sort.column.as_str(), sort.descending) {
        ("duree", true) => Order::LongestFirst,
        ("duree", false) => Order::ShortestFirst,
        (_, true) => Order::LatestFirst,
        (_, false) => Order::EarliestFirst,
    }
}

/// A session, as messages tell it.
pub(super) async fn load_told(app: &App, scope: Scope, id: SessionId) -> Result<String, AppError> {
    app.db
        .read_async(move |conn| {
            let listed = look_up::load(conn, &scope, id)?;
            Ok(told(&listed.around.reference, listed.session.slot))
        })
        .await
}
