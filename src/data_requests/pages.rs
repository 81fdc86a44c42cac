//! The screen of families' requests: the list with what is due, a request with its next step, the data handed over.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Auditor, Coordinator, Role};
use crate::app::App;
use crate::calendar::short_date;
use crate::data_requests::gather::{self, Gathered};
use crate::data_requests::look_up::{self, Followed};
use crate::data_requests::record::{self, NewRequest};
use crate::data_requests::{
    DataRequestKind, DataRequestState, Follower, RefusedFor, answer, find_child, json_file, refuse,
};
use crate::documents::family_file;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::idempotency::{Once, once};
use crate::ids::{DataRequestId, ProgrammeId};
use crate::links;
use crate::privacy::retention;
use crate::readings::{self, Means, Opened, Reading};
use crate::web::pagination::PageLinks;
use crate::web::{self, Choice, Flash, FormState, Layout, Page, Query, Status, Tone, filters};

pub(super) fn follower(who: &SignedIn) -> Result<Follower, AppError> {
    Follower::of(who).ok_or(AppError::Forbidden(Role::Auditor.french()))
}

/// How a request stands today.
fn status(one: &Followed, today: NaiveDate) -> Status {
    let request = &one.request;
    match request.state {
        DataRequestState::Open if request.due_on < today => {
            Status::bad(format!("En retard depuis le {}", short_date(request.due_on)))
        }
        DataRequestState::Open => Status::waiting(format!("Avant le {}", short_date(request.due_on))),
        DataRequestState::Answered => Status::good("Répondue"),
        DataRequestState::Refused => Status::neutral("Refusée"),
    }
}

/// A line of the list.
struct Row {
    href: String,
    one: Followed,
    programme: String,
    status: Status,
}

#[derive(Template)]
#[template(path = "data_requests/list.html")]
struct ListPage {
    layout: Layout,
    form: FormState,
    kinds: Vec<Choice>,
    programmes: Vec<Choice>,
    rows: Vec<Row>,
    total: i64,
    today: NaiveDate,
    page_links: PageLinks,
}

/// Lists the requests that the person follows, with the form of a new one.
///
/// # Errors
/// When their role follows none, or the database fails.
pub async fn list_requests(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let follower = follower(&who)?;
    let page = list_page(&app, &who, &request, follower, FormState::new()).await?;
    Ok(web::page(&request, &page)?)
}

async fn list_page(
    app: &App,
    who: &SignedIn,
    request: &HttpRequest,
    follower: Follower,
    form: FormState,
) -> Result<ListPage, AppError> {
    let (query, today) = (Query::parse(request.query_string()), app.clock.today());
    let asked = query.clone();
    let (rows, programmes, page) = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let page = Page::from_query(&asked, look_up::count(conn, &follower)?);
            let listed = look_up::list(conn, &follower, page.offset(), page.size)?;
            let mut programmes = look_up::programmes(conn)?;
            programmes.retain(|(id, _)| follower.programmes().is_none_or(|own| own.contains(id)));
            Ok((rows(listed, &programmes, today), programmes, page))
        })
        .await?;
    Ok(ListPage {
        layout: who
            .layout(request, "Demandes des familles")
            .lead("Voir, corriger ou effacer ce qui est conservé : la réponse est due dans le mois.")
            .for_form(&form),
        form,
        kinds: DataRequestKind::ALL.iter().map(|kind| Choice::new(kind, kind.french())).collect(),
        programmes: programmes.into_iter().map(|(id, name)| Choice::new(id, name)).collect(),
        rows,
        total: page.total,
        today,
        page_links: page.links(&query),
    })
}

fn rows(listed: Vec<Followed>, programmes: &[(ProgrammeId, String)], today: NaiveDate) -> Vec<Row> {
    let name = |id: ProgrammeId| programmes.iter().find(|(known, _)| *known == id).map(|(_, name)| name.clone());
    let row = |one: Followed| Row {
        href: links::data_request(one.request.id),
        programme: name(one.request.programme).unwrap_or_default(),
        status: status(&one, today),
        one,
    };
    listed.into_iter().map(row).collect()
}

/// Records a request.
///
/// # Errors
/// When their role follows none, or the database fails.
pub async fn create_request(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let follower = follower(&who)?;
    let kind = form.required_choice("kind", "ce que la famille demande", |word| word.parse::<DataRequestKind>().ok());
    let received_on = form.required_date("received_on", "le jour de la réception");
    if let (Some(kind), Some(received_on)) = (kind, received_on) {
        let new = NewRequest {
            kind,
            received_on,
            programme: form.optional_text("programme").and_then(|id| id.parse().ok()),
            reference: form.optional_text("reference"),
        };
        let (clock, recorder) = (app.clock.clone(), follower.clone());
        let key = form.key(who.account, "data_request.record", form.digest());
        let outcome = app
            .db
            .write_async(move |tx| {
                once::<DataRequestId, _>(tx, &clock, key.as_ref(), |tx| record::record(tx, &clock, &recorder, &new))
            })
            .await;
        match outcome {
            Ok(Once::Answer(id)) => {
                let done = Flash::success("La demande est enregistrée. La réponse est due dans le mois.");
                return Ok(web::see_other_with(&links::data_request(id), &done));
            }
            Ok(Once::KeyReused) => return Err(AppError::KeyReused),
            Err(Failure::Refused(refusal)) => form.refuse(refusal.field().unwrap_or_default(), refusal),
            Err(other) => return Err(other.into()),
        }
    }
    let page = list_page(&app, &who, &request, follower, form).await?;
    Ok(web::refused(&request, &page)?)
}

#[derive(Template)]
#[template(path = "data_requests/show.html")]
struct ShowPage {
    layout: Layout,
    form: FormState,
    one: Followed,
    status: Status,
    /// Whether the reader coordinates the programme, and so answers.
    answers: bool,
    /// Whether the reader protects the data, and so may refuse.
    refuses: bool,
    reasons: Vec<Choice>,
    child_href: Option<String>,
}

impl ShowPage {
    fn is_open(&self) -> bool {
        self.one.request.state == DataRequestState::Open
    }
}

async fn show_page(
    app: &App,
    who: &SignedIn,
    request: &HttpRequest,
    id: DataRequestId,
    form: FormState,
) -> Result<ShowPage, AppError> {
    let follower = follower(who)?;
    let asks = follower.clone();
    let one = app.db.read_async::<_, AppError>(move |conn| Ok(look_up::load_for(conn, &asks, id)?)).await?;
    let answers = matches!(follower, Follower::Coordinator(_));
    Ok(ShowPage {
        layout: who
            .layout(request, format!("Demande {}", one.request.number))
            .lead(format!("{}, reçue le {}", one.request.kind.french(), short_date(one.request.received_on)))
            .under("Demandes des familles", links::DATA_REQUESTS)
            .for_form(&form),
        form,
        status: status(&one, app.clock.today()),
        answers,
        refuses: !answers,
        reasons: RefusedFor::ALL.iter().map(|reason| Choice::new(reason, reason.french())).collect(),
        child_href: one.request.child.filter(|_| answers).map(links::child),
        one,
    })
}

/// Shows a request, and what to do next.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn show_request(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    id: Path<DataRequestId>,
) -> Result<HttpResponse, AppError> {
    let page = show_page(&app, &who, &request, id.into_inner(), FormState::new()).await?;
    Ok(web::page(&request, &page)?)
}

/// Says whom a request is about.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_child(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<DataRequestId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let reference = form.optional_text("reference").unwrap_or_default();
    let (clock, caller) = (app.clock.clone(), Coordinator::clone(&who));
    match app.db.write_async(move |tx| find_child::find(tx, &clock, &caller, id, &reference)).await {
        Ok(()) => Ok(web::see_other_with(&links::data_request(id), &Flash::success("L’enfant est indiqué."))),
        Err(Failure::Refused(refusal)) => {
            form.refuse("reference", refusal);
            refused(&app, SignedIn(who.person.clone()), &request, id, form).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn refused(
    app: &App,
    who: SignedIn,
    request: &HttpRequest,
    id: DataRequestId,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let page = show_page(app, &who, request, id, form).await?;
    Ok(web::refused(request, &page)?)
}

/// Answers a request: handed over, corrected, or erased now.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_answer(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<DataRequestId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let (clock, vault, caller) = (app.clock.clone(), app.vault.clone(), Coordinator::clone(&who));
    match app.db.write_async(move |tx| answer::answer(tx, &vault, &clock, &caller, id)).await {
        Ok(kind) => {
            let done = if kind == DataRequestKind::Erasure {
                retention::sweep_soon(&app.db).await;
                Flash::success("L’identité est détruite. La demande est close.")
            } else {
                Flash::success("La demande est close.")
            };
            Ok(web::see_other_with(&links::data_request(id), &done))
        }
        Err(Failure::Refused(refusal)) => {
            form.refuse("reference", refusal);
            refused(&app, SignedIn(who.person.clone()), &request, id, form).await
        }
        Err(other) => Err(other.into()),
    }
}

/// Refuses a request.
///
/// # Errors
/// When there is none, or the database fails.
pub async fn create_refusal(
    app: Data<App>,
    who: As<Auditor>,
    request: HttpRequest,
    id: Path<DataRequestId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (id, clock, caller) = (id.into_inner(), app.clock.clone(), *who);
    let reason = form.required_choice("reason", "pourquoi", |word| word.parse::<RefusedFor>().ok());
    if let Some(reason) = reason {
        match app.db.write_async(move |tx| refuse::refuse(tx, &clock, caller, id, reason)).await {
            Ok(()) => {
                let done =
                    Flash::success("La demande est refusée. Écrivez le motif à la famille, et la voie de la CNIL.");
                return Ok(web::see_other_with(&links::data_request(id), &done));
            }
            Err(Failure::Refused(refusal)) => form.refuse("reason", refusal),
            Err(other) => return Err(other.into()),
        }
    }
    refused(&app, SignedIn(who.person.clone()), &request, id, form).await
}

/// Gathers what is handed over; that it was is written before it is shown.
async fn gathered(app: &App, who: &As<Coordinator>, id: DataRequestId) -> Result<Gathered, AppError> {
    let (vault, caller, terms) = (app.vault.clone(), Coordinator::clone(who), app.config.retention);
    let all = app.db.read_async(move |conn| gather::gather(conn, &vault, terms, &caller, id)).await?;
    let reading = Reading::of(&who.person, Role::Coordinator, Means::Export, Opened::Request, all.child.id);
    readings::leave(&app.db, &app.clock, reading).await?;
    Ok(all)
}

/// Gives all that is kept of the child as JSON.
///
/// # Errors
/// When the request is not theirs or names no child, or the database fails.
pub async fn show_json(
    app: Data<App>,
    who: As<Coordinator>,
    id: Path<DataRequestId>,
) -> Result<HttpResponse, AppError> {
    let all = gathered(&app, &who, id.into_inner()).await?;
    let bytes = serde_json::to_vec_pretty(&json_file::value(&all)).map_err(|e| AppError::Internal(e.to_string()))?;
    Ok(web::attachment(&format!("{}.json", all.number), "application/json", bytes))
}

/// Gives all that is kept of the child as a PDF to read.
///
/// # Errors
/// As [`show_json`].
pub async fn show_pdf(app: Data<App>, who: As<Coordinator>, id: Path<DataRequestId>) -> Result<HttpResponse, AppError> {
    let all = gathered(&app, &who, id.into_inner()).await?;
    let content = json_file::family_file(&all, app.clock.today());
    let bytes =
        crate::db::blocking(move || family_file(&content).map_err(|e| AppError::Internal(e.to_string()))).await?;
    Ok(web::attachment(&format!("{}.pdf", all.number), "application/pdf", bytes))
}
