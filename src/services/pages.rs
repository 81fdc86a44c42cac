//! The list of services: one's own for who gives them, all of them with what waits for the administrator.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, NaiveDate, NaiveTime};

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Administrator, Caller, Psychologist};
use crate::app::App;
use crate::db::DbError;
use crate::documents::VatRegime;
use crate::error::AppError;
use crate::failure::Failure;
use crate::hours::Minutes;
use crate::idempotency::{Once, write_once};
use crate::ids::{AccountId, ServiceId};
use crate::links;
use crate::money::Cents;
use crate::services::approve_many::{self, NotApproved};
use crate::services::look_up::{self, Listed};
use crate::services::{Filter, KINDS, Phase, Reader, State, title, withdraw_approval};
use crate::sql_types::Ts;
use crate::web::many_approved::{self, ManyApproved, Noun};
use crate::web::{self, Choice, Flash, FormState, Layout, Page, Query, Status, filters};

/// A service as pages show it.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub id: ServiceId,
    pub kind: &'static str,
    pub label: String,
    pub provider: String,
    pub on: NaiveDate,
    pub start: NaiveTime,
    pub end: NaiveTime,
    pub duration: Minutes,
    pub place: String,
    pub participants: i64,
    pub programmes: String,
    pub hourly: Cents,
    pub net: Cents,
    pub gross: Cents,
    pub vat: VatRegime,
    pub year: String,
    pub left_time: Minutes,
    pub left_cost: Cents,
    pub status: Status,
    pub phase: Phase,
    pub reason: Option<String>,
    pub recorded_by: AccountId,
}

impl Shown {
    pub(super) fn of(Listed { service, around }: Listed) -> Self {
        let reason = if let State::Refused(_, reason) = &service.state { Some(reason.clone()) } else { None };
        Self {
            id: service.id,
            kind: title(service.kind),
            provider: around.provider,
            on: service.slot.on,
            start: service.slot.start_time(),
            end: service.slot.end_time(),
            duration: service.slot.duration,
            participants: i64::from(service.participants),
            programmes: if around.programmes.is_empty() {
                "Tous les PRE".to_owned()
            } else {
                around.programmes.join(", ")
            },
            hourly: service.hourly,
            net: service.net(),
            gross: service.gross,
            vat: service.vat,
            year: around.year,
            left_time: around.left.time,
            left_cost: around.left.cost,
            status: status(service.state.phase()),
            phase: service.state.phase(),
            reason,
            recorded_by: service.recorded.by,
            label: service.label,
            place: service.place,
        }
    }

    pub(super) fn href(&self) -> String {
        links::service(self.id)
    }

    /// Whether somebody may choose it among those to approve.
    fn is_to_approve(&self, by: AccountId) -> bool {
        self.phase == Phase::Recorded && self.recorded_by != by
    }
}

/// A phase as a mark.
fn status(phase: Phase) -> Status {
    match phase {
        Phase::Recorded => Status::waiting(phase.french()),
        Phase::Approved | Phase::Invoiced => Status::good(phase.french()),
        Phase::Refused => Status::bad(phase.french()),
        Phase::Withdrawn => Status::neutral(phase.french()),
    }
}

/// Who looks at services, or the page that says for whom it is.
pub(super) fn reader(who: &SignedIn) -> Result<Reader, AppError> {
    Reader::of(who).ok_or(AppError::Forbidden(<Psychologist as Caller>::ROLE.french()))
}

/// The types to choose from.
pub(super) fn kinds() -> Vec<Choice> {
    KINDS.iter().map(|kind| Choice::new(kind, title(*kind))).collect()
}

#[derive(Template)]
#[template(path = "services/list.html")]
struct ListPage {
    layout: Layout,
    form: FormState,
    phases: Vec<Choice>,
    kinds: Vec<Choice>,
    providers: Vec<Choice>,
    rows: Vec<Shown>,
    page: Page,
    query: Query,
    account: AccountId,
    /// Whether whoever looks approves.
    decides: bool,
    /// Whether some of the rows wait for their decision.
    some_wait: bool,
    is_filtered: bool,
}

/// Lists services.
///
/// # Errors
/// When the role sees none, or the database fails.
pub async fn list_services(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let reader = reader(&who)?;
    let query = Query::parse(request.query_string());
    let filter = Filter {
        phase: query.get("etat").and_then(|word| word.parse().ok()),
        kind: query.get("type").and_then(|word| word.parse().ok()),
        psychologist: query.get("qui").and_then(|id| id.parse().ok()),
    };
    let asked = query.clone();
    let (rows, page, providers, waiting) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let page = Page::from_query(&asked, look_up::count(conn, reader, filter)?);
            let services = look_up::list(conn, reader, filter, (page.offset(), page.size))?;
            let rows: Vec<Shown> = look_up::told(conn, services)?.into_iter().map(Shown::of).collect();
            let waiting = Filter { phase: Some(Phase::Recorded), ..Filter::default() };
            Ok((rows, page, look_up::providers(conn)?, look_up::count(conn, reader, waiting)?))
        })
        .await?;
    let decides = reader.decides();
    let layout = who.layout(&request, "Prestations").wide().lead(lead(decides, waiting));
    let page = ListPage {
        layout: if decides { layout } else { layout.action("Saisir une prestation", links::RECORD_SERVICE) },
        form: ["etat", "type", "qui"]
            .iter()
            .fold(FormState::new(), |form, name| form.with(name, query.get(name).unwrap_or_default())),
        phases: Phase::ALL.iter().map(|phase| Choice::new(phase, phase.french())).collect(),
        kinds: kinds(),
        providers: providers.into_iter().map(|(id, name)| Choice::new(id, name)).collect(),
        some_wait: decides && rows.iter().any(|row| row.is_to_approve(who.account)),
        is_filtered: filter != Filter::default(),
        account: who.account,
        rows,
        page,
        query,
        decides,
    };
    Ok(web::page(&request, &page)?)
}

fn lead(decides: bool, waiting: i64) -> String {
    let (one, many) = if decides {
        ("attend votre décision", "attendent votre décision")
    } else {
        ("attend sa validation", "attendent leur validation")
    };
    match waiting {
        0 => "Analyse de la pratique et formations : ce qui n’est pas la séance d’un enfant.".to_owned(),
        1 => format!("1 prestation {one}."),
        n => format!("{n} prestations {many}."),
    }
}

/// Approves the chosen services; each is answered by itself.
///
/// # Errors
/// When the database fails.
pub async fn create_approvals(
    app: Data<App>,
    who: As<Administrator>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let ids: Vec<ServiceId> = form.all("service").iter().filter_map(|id| id.parse().ok()).collect();
    if ids.is_empty() {
        return Ok(web::see_other_with(
            links::SERVICES,
            &Flash::error("Choisissez au moins une prestation à valider."),
        ));
    }
    let key = form.key(who.account, "approve_services", format!("{ids:?}"));
    let (clock, by) = (app.clock.clone(), *who);
    let outcome = write_once(&app.db, &app.clock, key, move |tx| {
        approve_many::approve_many(tx, &clock, &by, &ids).map(|approvals| summary(&approvals))
    })
    .await;
    match outcome {
        Ok(Once::Answer(summary)) => {
            Ok(web::see_other_with(links::SERVICES, &summary.flash(APPROVED, links::service_approvals_undone)))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(other) => Err(other.into()),
    }
}

/// What pages call what is approved.
const APPROVED: Noun = Noun { one: "prestation", many: "prestations" };

fn summary(approvals: &approve_many::Approvals) -> ManyApproved {
    let refusals = approvals.answers.iter().filter_map(|(_, answer)| answer.as_ref().err());
    let told = refusals.map(|refusal| match refusal {
        NotApproved::NotFound => "Elle n’existe pas.".to_owned(),
        NotApproved::Refused(refusal) => refusal.to_string(),
    });
    ManyApproved::new(approvals.done().len(), &told.collect::<Vec<_>>(), approvals.at.utc().timestamp_micros())
}

/// Withdraws together what was just approved together.
///
/// # Errors
/// When the address holds no instant, or the database fails.
pub async fn create_approvals_undone(
    app: Data<App>,
    who: As<Administrator>,
    at: Path<i64>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let at = DateTime::from_timestamp_micros(at.into_inner()).map(Ts::new).ok_or(AppError::NotFound)?;
    let key = form.key(who.account, "undo_service_approvals", at.rfc3339());
    let (clock, by) = (app.clock.clone(), *who);
    let outcome =
        write_once(&app.db, &app.clock, key, move |tx| withdraw_approval::undo_approvals(tx, &clock, &by, at)).await;
    let flash = match outcome {
        Ok(Once::Answer(count)) => many_approved::withdrawn(count, APPROVED),
        Ok(Once::KeyReused) => return Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Flash::error(refusal),
        Err(other) => return Err(other.into()),
    };
    Ok(web::see_other_with(links::SERVICES, &flash))
}
