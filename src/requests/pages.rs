//! Asking for a session, following what was asked, and answering.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Caller, Coordinator, Referent};
use crate::app::App;
use crate::children::look_up::{self as children, Search};
use crate::children::{Reader, look_up::ListedChild};
use crate::db::DbError;
use crate::error::AppError;
use crate::failure::Failure;
use crate::hours::Minutes;
use crate::idempotency::{Once, write_once};
use crate::ids::{ChildId, RequestId};
use crate::links;
use crate::requests::look_up::{self, Listed};
use crate::requests::{
    Asked, DAYS, DeclinedFor, Moment, Request, Standing, Weekdays, Wish, answerer, ask, decline, withdraw,
};
use crate::sql_types::Ts;
use crate::web::{self, Choice, Flash, FormState, Layout, Page, Query, Status, filters};

/// Who reads requests: in the role in use, or the page that says for whom it is.
fn reader(who: &SignedIn) -> Result<Reader, AppError> {
    Reader::of(who).ok_or(AppError::Forbidden(<Coordinator as Caller>::ROLE.french()))
}

#[derive(Template)]
#[template(path = "requests/list.html")]
struct RequestsPage {
    layout: Layout,
    form: FormState,
    rows: Vec<Row>,
    standings: Vec<Choice>,
    reasons: Vec<Choice>,
    page: Page,
    query: Query,
    is_filtered: bool,
    asks: bool,
}

/// A request as it is shown.
struct Row {
    child: String,
    child_href: String,
    reference: String,
    programme: String,
    asker: String,
    duration: Minutes,
    from: NaiveDate,
    /// "mardi, jeudi, après 16 h".
    when: String,
    wish: Option<&'static str>,
    wants_earlier: bool,
    status: Status,
    reason: Option<&'static str>,
    requested_at: Ts,
    session_href: Option<String>,
    is_open: bool,
    booking_href: String,
    refusal_href: String,
    withdrawal_href: String,
}

impl Row {
    fn of(listed: Listed, name: Option<String>, reader: &Reader) -> Self {
        let Listed { request, around } = listed;
        let asked = request.asked;
        let id = request.id;
        let sees_sessions = !matches!(reader, Reader::Referent { .. });
        Self {
            child: name.unwrap_or_else(|| around.reference.clone()),
            child_href: links::child(asked.child),
            reference: around.reference,
            programme: around.programme,
            asker: around.asker,
            duration: asked.duration,
            from: asked.from,
            when: when(&request),
            wish: (asked.wish != Wish::Nothing).then(|| asked.wish.french()),
            wants_earlier: asked.wants_earlier,
            status: status(request.standing),
            reason: request.declined_for.map(DeclinedFor::french),
            requested_at: request.requested_at,
            session_href: request.session_id.filter(|_| sees_sessions).map(links::session),
            is_open: request.standing == Standing::Open,
            booking_href: links::booking_for(id, asked.child, asked.from, asked.duration.0),
            refusal_href: links::request_refusal(id),
            withdrawal_href: links::request_withdrawal(id),
        }
    }
}

fn when(request: &Request) -> String {
    match request.asked.moment {
        Moment::Any => request.asked.weekdays.to_string(),
        moment => format!("{}, {}", request.asked.weekdays, moment.french().to_lowercase()),
    }
}

fn status(standing: Standing) -> Status {
    match standing {
        Standing::Open => Status::waiting(standing.french()),
        Standing::Booked => Status::good(standing.french()),
        Standing::Declined => Status::bad(standing.french()),
        Standing::Withdrawn => Status::neutral(standing.french()),
    }
}

/// Lists the requests of whoever asks.
///
/// # Errors
/// When the role sees none, or the database fails.
pub async fn list_requests(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let page = requests_page(&app, &who, &request, FormState::new()).await?;
    Ok(web::page(&request, &page)?)
}

async fn requests_page(
    app: &App,
    who: &SignedIn,
    request: &HttpRequest,
    form: FormState,
) -> Result<RequestsPage, AppError> {
    let (reader, query) = (reader(who)?, Query::parse(request.query_string()));
    let standing: Option<Standing> = query.get("etat").and_then(|word| word.parse().ok());
    let (vault, asked, by) = (app.vault.clone(), query.clone(), reader.clone());
    let (rows, page) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let page = Page::from_query(&asked, look_up::count(conn, &by, standing)?);
            let listed = look_up::list(conn, &by, standing, (page.offset(), page.size))?;
            let of: Vec<ChildId> = listed.iter().map(|row| row.request.asked.child).collect();
            let names = children::full_names(conn, &vault, &by, &of)?;
            let rows = listed
                .into_iter()
                .map(|row| {
                    let name = names.get(&row.request.asked.child).cloned();
                    Row::of(row, name, &by)
                })
                .collect();
            Ok((rows, page))
        })
        .await?;
    let asks = matches!(reader, Reader::Referent { .. });
    let layout = who.layout(request, "Demandes de séance").for_form(&form);
    Ok(RequestsPage {
        layout: if asks { layout.action("Demander une séance", links::NEW_REQUEST) } else { layout },
        form: form.with("etat", query.get("etat").unwrap_or_default()),
        standings: Standing::ALL.iter().map(|standing| Choice::new(standing, standing.french())).collect(),
        reasons: DeclinedFor::ALL.iter().map(|reason| Choice::new(reason, reason.french())).collect(),
        is_filtered: standing.is_some(),
        rows,
        page,
        query,
        asks,
    })
}

#[derive(Template)]
#[template(path = "requests/new.html")]
struct NewRequestPage {
    layout: Layout,
    form: FormState,
    children: Vec<Choice>,
    lengths: Vec<Choice>,
    days: Vec<Choice>,
    moments: Vec<Choice>,
    wishes: Vec<Choice>,
    today: NaiveDate,
}

/// Shows the form of a request.
///
/// # Errors
/// When the database fails.
pub async fn show_new_request(
    app: Data<App>,
    who: As<Referent>,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let query = Query::parse(request.query_string());
    let form = FormState::new().with("child", query.get("enfant").unwrap_or_default());
    Ok(web::page(&request, &new_request_page(&app, &who, &request, form).await?)?)
}

async fn new_request_page(
    app: &App,
    who: &As<Referent>,
    request: &HttpRequest,
    form: FormState,
) -> Result<NewRequestPage, AppError> {
    let (vault, reader, today) = (app.vault.clone(), Reader::from(&**who), app.clock.today());
    let followed: Vec<ListedChild> = app
        .db
        .read_async::<_, DbError>(move |conn| Ok(children::search(conn, &vault, &reader, &Search::default(), today)?))
        .await?;
    let open = followed.into_iter().filter(|listed| !listed.child.is_closed_on(today));
    Ok(NewRequestPage {
        layout: who
            .layout(request, "Demander une séance")
            .under("Demandes", links::REQUESTS)
            .lead("La psychologue et la coordination du PRE reçoivent la demande et vous répondent ici.")
            .for_form(&form),
        children: open
            .map(|listed| Choice::new(listed.child.id, listed.child.identity.full_name()).hint(&listed.child.reference))
            .collect(),
        lengths: [30, 45, 60, 75, 90, 120].map(|n| Choice::new(format!("{n}m"), Minutes(n))).to_vec(),
        days: DAYS.iter().map(|(_, name, french)| Choice::new(name, french)).collect(),
        moments: Moment::ALL.iter().map(|moment| Choice::new(moment, moment.french())).collect(),
        wishes: Wish::ALL.iter().map(|wish| Choice::new(wish, wish.french())).collect(),
        today,
        form,
    })
}

fn read_asked(form: &mut FormState) -> Option<Asked> {
    let child = form.required_id::<ChildId>("child", "un enfant");
    let duration = form.required_minutes("duration", "la durée");
    let from = form.required_date("from_on", "la date");
    let moment = form.required_choice("moment", "un moment", |word| word.parse::<Moment>().ok());
    let wish = form.required_choice("wish", "un souhait", |word| word.parse::<Wish>().ok());
    let weekdays = Weekdays::named(form.all("weekdays"));
    if weekdays.is_none() {
        form.refuse("weekdays", "Choisissez des jours de la liste.");
    }
    let wants_earlier = form.has("wants_earlier");
    Some(Asked {
        child: child?,
        duration: duration?,
        from: from?,
        weekdays: weekdays?,
        moment: moment?,
        wish: wish?,
        wants_earlier,
    })
}

/// Asks for a session.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn create_request(
    app: Data<App>,
    who: As<Referent>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let Some(asked) = read_asked(&mut form) else {
        return Ok(web::refused(&request, &new_request_page(&app, &who, &request, form).await?)?);
    };
    let key = form.key(who.account, "ask", format!("{asked:?}"));
    let (clock, vault, by) = (app.clock.clone(), app.vault.clone(), (*who).clone());
    match write_once(&app.db, &app.clock, key, move |tx| ask::ask(tx, &clock, &vault, &by, asked)).await {
        Ok(Once::Answer(_)) => {
            Ok(web::see_other_with(links::REQUESTS, &Flash::success("La demande est envoyée. La réponse arrive ici.")))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            use crate::failure::Refusal;
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            Ok(web::refused(&request, &new_request_page(&app, &who, &request, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Declines a request, for a reason of the list.
///
/// # Errors
/// When it is not theirs to answer, or the database fails.
pub async fn create_refusal(
    app: Data<App>,
    who: SignedIn,
    id: Path<RequestId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let reader = answerer(&who).ok_or(AppError::Forbidden(<Coordinator as Caller>::ROLE.french()))?;
    // what is not theirs is not found, whatever they send
    let by = reader.clone();
    app.db.read_async::<_, DbError>(move |conn| Ok(look_up::load(conn, &by, id)?)).await?;
    let Ok(reason) = form.value("reason").parse::<DeclinedFor>() else {
        return Ok(web::see_other_with(
            links::REQUESTS,
            &Flash::error("Choisissez pourquoi aucun rendez-vous n’est pris."),
        ));
    };
    let key = form.key(who.account, "decline", format!("{id} {reason}"));
    let (clock, account) = (app.clock.clone(), who.account);
    let outcome =
        write_once(&app.db, &app.clock, key, move |tx| decline::decline(tx, &clock, (account, &reader), id, reason))
            .await;
    told(outcome, "La demande est refusée : qui l’a faite en est averti.")
}

/// Gives a request up.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_withdrawal(
    app: Data<App>,
    who: As<Referent>,
    id: Path<RequestId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let key = form.key(who.account, "withdraw_request", id.to_string());
    let (clock, by) = (app.clock.clone(), (*who).clone());
    let outcome = write_once(&app.db, &app.clock, key, move |tx| withdraw::withdraw(tx, &clock, &by, id)).await;
    told(outcome, "La demande est retirée.")
}

fn told(
    outcome: Result<Once<()>, Failure<crate::requests::AnswerRefusal>>,
    done: &str,
) -> Result<HttpResponse, AppError> {
    let message = match outcome {
        Ok(Once::Answer(())) => Flash::success(done),
        Ok(Once::KeyReused) => return Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Flash::error(refusal),
        Err(other) => return Err(other.into()),
    };
    Ok(web::see_other_with(links::REQUESTS, &message))
}
