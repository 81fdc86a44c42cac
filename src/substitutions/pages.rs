//! Who approves in whose place: named, seen and ended on one page.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Caller, Coordinator};
use crate::app::App;
use crate::db::DbError;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::idempotency::{Once, write_once};
use crate::ids::{AccountId, ProgrammeId, SubstitutionId};
use crate::links;
use crate::substitutions::api::party;
use crate::substitutions::name::{self, Naming};
use crate::substitutions::{Candidate, Party, Standing, Substitution, days, end, look_up};
use crate::web::{self, Choice, Flash, FormState, Layout, Page, Query, Status};

#[derive(Template)]
#[template(path = "substitutions/list.html")]
struct ListPage {
    layout: Layout,
    form: FormState,
    /// Whether they coordinate, and so may name somebody.
    names: bool,
    programmes: Vec<Choice>,
    candidates: Vec<Choice>,
    rows: Vec<Row>,
    page: Page,
    query: Query,
}

/// A substitution, as its parties see it.
struct Row {
    who: String,
    programme: String,
    days: String,
    status: Status,
    end_href: Option<String>,
}

impl Row {
    fn of(told: Substitution, reader: AccountId, today: NaiveDate) -> Self {
        let standing = told.standing(today);
        let called = |account: AccountId, name: &str| {
            if account == reader { "vous".to_owned() } else { name.to_owned() }
        };
        let substitute = called(told.substitute, &told.substitute_name);
        let absent = called(told.named_by, &told.named_by_name);
        let verb = if told.substitute == reader { "validez" } else { "valide" };
        let who = format!("{substitute} {verb} à la place de {absent}");
        let open = matches!(standing, Standing::ToCome | Standing::InForce);
        Self {
            who: capitalised(&who),
            programme: told.programme_name.clone(),
            days: told.days(),
            status: status(standing),
            end_href: open.then(|| links::substitution_end(told.id)),
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn status(standing: Standing) -> Status {
    match standing {
        Standing::ToCome => Status::info("À venir"),
        Standing::InForce => Status::good("En cours"),
        Standing::Over => Status::neutral("Fini"),
        Standing::EndedEarly => Status::neutral("Terminé avant la fin"),
    }
}

/// What the form offers to a coordinator.
#[derive(Default)]
struct Offered {
    programmes: Vec<Choice>,
    candidates: Vec<Choice>,
}

fn offered(programmes: Vec<(ProgrammeId, String)>, candidates: Vec<Candidate>) -> Offered {
    let candidate = |known: Candidate| Choice::new(known.account, format!("{} ({})", known.name, known.role));
    Offered {
        programmes: programmes.into_iter().map(|(id, name)| Choice::new(id, name)).collect(),
        candidates: candidates.into_iter().map(candidate).collect(),
    }
}

async fn list_page(app: &App, request: &HttpRequest, who: &SignedIn, form: FormState) -> Result<ListPage, AppError> {
    let (reader, coordinator) = (party(who)?, Coordinator::of(who));
    let grants = who.grants.iter().filter(|grant| reader.programmes.iter().any(|id| grant.programme == Some(*id)));
    let mut programmes: Vec<(ProgrammeId, String)> =
        grants.filter_map(|grant| Some((grant.programme?, grant.programme_name.clone()?))).collect();
    programmes.dedup();
    let (query, today, account) = (Query::parse(request.query_string()), app.clock.today(), who.account);
    let (asked, names) = (query.clone(), coordinator.is_some());
    let (offered, rows, page) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let offered = match &coordinator {
                Some(own) => offered(programmes.clone(), look_up::candidates(conn, own)?),
                None => Offered::default(),
            };
            let page = Page::from_query(&asked, look_up::count(conn, &reader)?);
            let rows = look_up::list(conn, &reader, (page.offset(), page.size))?;
            Ok((offered, rows, page))
        })
        .await?;
    let lead = if names {
        "Avant de vous absenter, dites qui valide les séances à votre place, et pour quels jours."
    } else {
        "Quand une personne de la coordination s’absente, elle peut vous demander de valider à sa place."
    };
    Ok(ListPage {
        layout: who.layout(request, "Remplacements").lead(lead).under("À valider", links::APPROVALS).for_form(&form),
        form,
        names,
        programmes: offered.programmes,
        candidates: offered.candidates,
        rows: rows.into_iter().map(|told| Row::of(told, account, today)).collect(),
        page,
        query,
    })
}

/// Shows who approves in whose place.
///
/// # Errors
/// When the role has nothing to do with it, or the database fails.
pub async fn list_substitutions(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    Ok(web::page(&request, &list_page(&app, &request, &who, FormState::new()).await?)?)
}

/// Names a substitute.
///
/// # Errors
/// When the programme is not the caller's, or the database fails.
pub async fn create_substitution(
    app: Data<App>,
    who: SignedIn,
    coordinator: As<Coordinator>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let Some(naming) = read(&mut form, &coordinator.programmes) else {
        return Ok(web::refused(&request, &list_page(&app, &request, &who, form).await?)?);
    };
    let key = form.key(who.account, "name_substitute", format!("{naming:?}"));
    let (clock, by) = (app.clock.clone(), (*coordinator).clone());
    let outcome = write_once(&app.db, &app.clock, key, move |tx| name::name(tx, &clock, &by, naming)).await;
    match outcome {
        Ok(Once::Answer(_)) => {
            let when = days(naming.starts_on, naming.ends_on);
            let done = Flash::success(format!("Cette personne valide à votre place {when}. Un message la prévient."));
            Ok(web::see_other_with(links::SUBSTITUTIONS, &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), refusal);
            Ok(web::refused(&request, &list_page(&app, &request, &who, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// What the form says; the programme need not be said by who coordinates one.
fn read(form: &mut FormState, own: &[ProgrammeId]) -> Option<Naming> {
    let programme = match own {
        [only] => Some(*only),
        _ => form.required_id("programme", "le PRE"),
    };
    let substitute = form.required_id("substitute", "la personne");
    let starts_on = form.required_date("starts_on", "le premier jour");
    let ends_on = form.required_date("ends_on", "le dernier jour");
    Some(Naming { programme: programme?, substitute: substitute?, starts_on: starts_on?, ends_on: ends_on? })
}

/// Ends a substitution before its last day.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_end(
    app: Data<App>,
    who: SignedIn,
    id: Path<SubstitutionId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let (by, id): (Party, _) = (party(&who)?, id.into_inner());
    let key = form.key(who.account, "end_substitution", id.to_string());
    let clock = app.clock.clone();
    let flash = match write_once(&app.db, &app.clock, key, move |tx| end::end(tx, &clock, &by, id)).await {
        Ok(Once::Answer(())) => Flash::success("Le remplacement est terminé. Un message prévient l’autre personne."),
        Ok(Once::KeyReused) => return Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Flash::info(refusal),
        Err(other) => return Err(other.into()),
    };
    Ok(web::see_other_with(links::SUBSTITUTIONS, &flash))
}
