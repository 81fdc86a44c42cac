//! One service: recording it, reading it, saying it again, and deciding on it.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Administrator, Psychologist};
use crate::app::App;
use crate::conventions::look_up as conventions;
use crate::db::DbError;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::hours::Minutes;
use crate::idempotency::{Once, write_once};
use crate::ids::ServiceId;
use crate::links;
use crate::psychologists::regime_french;
use crate::services::look_up::{self, Decided, Listed};
use crate::services::pages::{self, Shown};
use crate::services::{
    LONGEST, LONGEST_TEXT, Phase, Reader, Said, approve, correct, give_up, record, refuse, withdraw_approval,
};
use crate::sessions::Reason;
use crate::sql_types::Ts;
use crate::web::{self, Choice, Flash, FormState, Layout, Tone, filters};

/// Fields of the form, by which refusals find their place.
const FIELDS: [&str; 9] =
    ["kind", "convention", "service_on", "starts_at", "duration", "place", "participants", "label", "programmes"];

#[derive(Template)]
#[template(path = "services/entry.html")]
struct EntryPage {
    layout: Layout,
    form: FormState,
    action: String,
    back: String,
    button: &'static str,
    kinds: Vec<Choice>,
    lengths: Vec<Choice>,
    programmes: Vec<Choice>,
    /// The conventions that have budget lines, when there is a choice.
    conventions: Vec<Choice>,
    today: NaiveDate,
    /// Why it was refused, if it was.
    reason: Option<String>,
}

/// What the form offers to choose from.
struct Offered {
    programmes: Vec<Choice>,
    conventions: Vec<Choice>,
}

async fn offered(app: &App) -> Result<Offered, AppError> {
    let today = app.clock.today();
    app.db
        .read_async::<_, AppError>(move |conn| {
            let conventions: Vec<Choice> =
                look_up::convention_choices(conn)?.into_iter().map(|(id, name)| Choice::new(id, name)).collect();
            let mut programmes = Vec::new();
            for convention in conventions::conventions_on(conn, today)? {
                let known = conventions::programmes(conn, convention.id)?;
                programmes.extend(known.into_iter().map(|known| Choice::new(known.id, known.name)));
            }
            Ok(Offered { programmes, conventions })
        })
        .await
}

/// Lengths to choose from.
fn lengths() -> Vec<Choice> {
    (1..=LONGEST.0 / 15)
        .map(|quarters| Minutes(quarters * 15))
        .map(|length| Choice::new(format!("{}m", length.0), length))
        .collect()
}

async fn entry_page(
    app: &App,
    layout: Layout,
    form: FormState,
    (action, back, button): (String, String, &'static str),
) -> Result<EntryPage, AppError> {
    let Offered { programmes, conventions } = offered(app).await?;
    Ok(EntryPage {
        layout: layout.for_form(&form),
        form,
        action,
        back,
        button,
        kinds: pages::kinds(),
        lengths: lengths(),
        programmes,
        conventions: if conventions.len() > 1 { conventions } else { Vec::new() },
        today: app.clock.today(),
        reason: None,
    })
}

async fn recording_page(
    app: &App,
    who: &As<Psychologist>,
    request: &HttpRequest,
    form: FormState,
) -> Result<EntryPage, AppError> {
    let layout = who
        .layout(request, "Saisir une prestation")
        .under("Prestations", links::SERVICES)
        .lead("Une analyse de la pratique ou une formation que vous avez animée. Aucun enfant n’y figure.");
    let hrefs = (links::RECORD_SERVICE.to_owned(), links::SERVICES.to_owned(), "Enregistrer la prestation");
    entry_page(app, layout, form, hrefs).await
}

/// Shows the form for a service that is over.
///
/// # Errors
/// When the database fails.
pub async fn show_recording(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    Ok(web::page(&request, &recording_page(&app, &who, &request, FormState::new()).await?)?)
}

/// Records a service.
///
/// # Errors
/// When the database fails.
pub async fn create_recording(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let Some(said) = read_said(&mut form) else {
        return Ok(web::refused(&request, &recording_page(&app, &who, &request, form).await?)?);
    };
    let key = form.key(who.account, "record_service", format!("{said:?}"));
    let (clock, by) = (app.clock.clone(), *who);
    match write_once(&app.db, &app.clock, key, move |tx| record::record(tx, &clock, &by, &said)).await {
        Ok(Once::Answer(id)) => {
            let done = Flash::success("La prestation est enregistrée : elle attend la validation de la Métropole.")
                .with_link("Modifier", links::service_correction(id));
            Ok(web::see_other_with(&links::service(id), &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            put(&mut form, &refusal);
            Ok(web::refused(&request, &recording_page(&app, &who, &request, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Puts a refusal beside the field that it is about, if the form has it.
fn put(form: &mut FormState, refusal: &impl Refusal) {
    let field = refusal.field().filter(|field| FIELDS.contains(field));
    form.refuse(field.unwrap_or_default(), refusal);
}

fn read_said(form: &mut FormState) -> Option<Said> {
    let kind = form.required_choice("kind", "le type de prestation", |word| word.parse().ok());
    let convention = match form.value("convention") {
        "" => Some(None),
        _ => form.required_id("convention", "la convention").map(Some),
    };
    let on = form.required_date("service_on", "la date");
    let starts_at = form.required_time("starts_at", "l’heure de début");
    let duration = form.required_minutes("duration", "la durée");
    let place = form.required_text_within("place", "le lieu", LONGEST_TEXT);
    let participants =
        form.required("participants", "le nombre de participants", "un nombre entier, par exemple 12", |text| {
            text.parse().ok()
        });
    let label = form.required_text_within("label", "l’objet", LONGEST_TEXT);
    let programmes: Option<Vec<_>> = form.all("programmes").iter().map(|id| id.parse().ok()).collect();
    if programmes.is_none() {
        form.refuse("programmes", "Choisissez les PRE dans la liste.");
    }
    Some(Said {
        kind: kind?,
        convention: convention?,
        on: on?,
        starts_at: starts_at?,
        duration: duration?,
        place: place?,
        participants: participants?,
        label: label?,
        programmes: programmes?,
    })
}

async fn load(app: &App, reader: Reader, id: ServiceId) -> Result<Listed, AppError> {
    app.db.read_async(move |conn| Ok(look_up::load_told(conn, reader, id)?)).await
}

async fn correction_page(
    app: &App,
    who: &As<Psychologist>,
    request: &HttpRequest,
    listed: &Listed,
    form: FormState,
) -> Result<EntryPage, AppError> {
    let shown = Shown::of(listed.clone());
    let layout = who
        .layout(request, "Corriger une prestation")
        .under("Prestations", links::SERVICES)
        .under(shown.kind, shown.href())
        .lead(listed.service.told());
    let hrefs = (links::service_correction(shown.id), shown.href(), "Corriger la prestation");
    Ok(EntryPage { reason: shown.reason.clone(), ..entry_page(app, layout, form, hrefs).await? })
}

/// Shows the form that says a service again.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn show_correction(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    id: Path<ServiceId>,
) -> Result<HttpResponse, AppError> {
    let listed = load(&app, Reader::from(&*who), id.into_inner()).await?;
    let service = &listed.service;
    let form = FormState::new()
        .with("kind", service.kind)
        .with("convention", listed.around.convention)
        .with("service_on", service.slot.on)
        .with("starts_at", service.slot.start_time().format("%H:%M"))
        .with("duration", format!("{}m", service.slot.duration.0))
        .with("place", &service.place)
        .with("participants", service.participants)
        .with("label", &service.label);
    let form = service.programmes.iter().fold(form, |form, programme| form.with("programmes", programme));
    Ok(web::page(&request, &correction_page(&app, &who, &request, &listed, form).await?)?)
}

/// Says a service again.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_correction(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    id: Path<ServiceId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let listed = load(&app, Reader::from(&*who), id).await?;
    let Some(said) = read_said(&mut form) else {
        return Ok(web::refused(&request, &correction_page(&app, &who, &request, &listed, form).await?)?);
    };
    let key = form.key(who.account, "correct_service", format!("{id} {said:?}"));
    let (clock, by) = (app.clock.clone(), *who);
    match write_once(&app.db, &app.clock, key, move |tx| correct::correct(tx, &clock, &by, id, &said)).await {
        Ok(Once::Answer(())) => {
            let done = Flash::success("La prestation est corrigée : elle attend de nouveau sa validation.");
            Ok(web::see_other_with(&links::service(id), &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            put(&mut form, &refusal);
            Ok(web::refused(&request, &correction_page(&app, &who, &request, &listed, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Gives a service up.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_giving_up(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<ServiceId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let key = form.key(who.account, "give_up_service", id.to_string());
    let (clock, by) = (app.clock.clone(), *who);
    let flash = match write_once(&app.db, &app.clock, key, move |tx| give_up::give_up(tx, &clock, &by, id)).await {
        Ok(Once::Answer(())) => {
            Flash::success("La prestation est retirée : ses heures sont rendues à la ligne de budget.")
        }
        Ok(Once::KeyReused) => return Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Flash::error(refusal),
        Err(other) => return Err(other.into()),
    };
    Ok(web::see_other_with(&links::service(id), &flash))
}

#[derive(Template)]
#[template(path = "services/service.html")]
struct ServicePage {
    layout: Layout,
    form: FormState,
    shown: Shown,
    vat: &'static str,
    story: Vec<Step>,
    /// Whether they recorded it themselves and so do not decide.
    own: bool,
    may_decide: bool,
    may_withdraw: bool,
    may_change: bool,
}

/// A step of the story of a service.
struct Step {
    title: &'static str,
    by: String,
    at: Ts,
    reason: Option<String>,
}

impl ServicePage {
    fn approval_href(&self) -> String {
        links::service_approval(self.shown.id)
    }

    fn refusal_href(&self) -> String {
        links::service_refusal(self.shown.id)
    }

    fn withdrawal_href(&self) -> String {
        links::service_approval_withdrawal(self.shown.id)
    }

    fn correction_href(&self) -> String {
        links::service_correction(self.shown.id)
    }

    fn giving_up_href(&self) -> String {
        links::service_giving_up(self.shown.id)
    }
}

async fn service_page(
    app: &App,
    who: &SignedIn,
    request: &HttpRequest,
    id: ServiceId,
    form: FormState,
) -> Result<ServicePage, AppError> {
    let reader = pages::reader(who)?;
    let (listed, decided) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            Ok((look_up::load_told(conn, reader, id)?, look_up::decisions(conn, id)?))
        })
        .await?;
    let (recorded, phase) = (listed.service.recorded, listed.service.state.phase());
    let heading = listed.service.told();
    let shown = Shown::of(listed);
    let own = recorded.by == who.account;
    Ok(ServicePage {
        layout: who.layout(request, shown.kind).heading(heading).under("Prestations", links::SERVICES).for_form(&form),
        form,
        vat: regime_french(shown.vat),
        story: story(&shown, recorded.at, decided),
        may_decide: reader.decides() && phase == Phase::Recorded && !own,
        may_withdraw: reader.decides() && phase == Phase::Approved,
        may_change: !reader.decides() && matches!(phase, Phase::Recorded | Phase::Refused),
        own: own && reader.decides() && phase == Phase::Recorded,
        shown,
    })
}

fn story(shown: &Shown, recorded_at: Ts, decided: Vec<Decided>) -> Vec<Step> {
    let recorded = Step { title: "Enregistrée", by: shown.provider.clone(), at: recorded_at, reason: None };
    let decided = decided.into_iter().map(|step| Step {
        title: step.kind.french(),
        by: step.by,
        at: step.at,
        reason: step.reason,
    });
    let mut story: Vec<Step> = std::iter::once(recorded).chain(decided).collect();
    story.sort_by_key(|step| step.at);
    story
}

/// Shows a service.
///
/// # Errors
/// When it is not theirs to see, or the database fails.
pub async fn show_service(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    id: Path<ServiceId>,
) -> Result<HttpResponse, AppError> {
    Ok(web::page(&request, &service_page(&app, &who, &request, id.into_inner(), FormState::new()).await?)?)
}

/// Approves a service.
///
/// # Errors
/// When there is none, or the database fails.
pub async fn create_approval(
    app: Data<App>,
    who: As<Administrator>,
    id: Path<ServiceId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let key = form.key(who.account, "approve_service", id.to_string());
    let (clock, by) = (app.clock.clone(), *who);
    let flash = match write_once(&app.db, &app.clock, key, move |tx| approve::approve(tx, &clock, &by, id)).await {
        Ok(Once::Answer(_)) => Flash::success("La prestation est validée."),
        Ok(Once::KeyReused) => return Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Flash::error(refusal),
        Err(other) => return Err(other.into()),
    };
    Ok(web::see_other_with(&links::service(id), &flash))
}

fn read_reason(form: &mut FormState) -> Option<Reason> {
    match Reason::new(form.value("reason")) {
        Ok(reason) => Some(reason),
        Err(refusal) => {
            form.refuse("reason", refusal);
            None
        }
    }
}

/// Refuses a service, for a reason.
///
/// # Errors
/// When there is none, or the database fails.
pub async fn create_refusal(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ServiceId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let Some(reason) = read_reason(&mut form) else {
        let person = SignedIn(who.person.clone());
        return Ok(web::refused(&request, &service_page(&app, &person, &request, id, form).await?)?);
    };
    let key = form.key(who.account, "refuse_service", format!("{id} {reason:?}"));
    let (clock, by) = (app.clock.clone(), *who);
    let flash = match write_once(&app.db, &app.clock, key, move |tx| refuse::refuse(tx, &clock, &by, id, &reason)).await
    {
        Ok(Once::Answer(())) => Flash::success("La prestation est refusée : un message prévient qui l’a saisie."),
        Ok(Once::KeyReused) => return Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Flash::error(refusal),
        Err(other) => return Err(other.into()),
    };
    Ok(web::see_other_with(&links::service(id), &flash))
}

/// Takes an approval back, for a reason.
///
/// # Errors
/// When there is none, or the database fails.
pub async fn create_withdrawal(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ServiceId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let Some(reason) = read_reason(&mut form) else {
        let person = SignedIn(who.person.clone());
        return Ok(web::refused(&request, &service_page(&app, &person, &request, id, form).await?)?);
    };
    let key = form.key(who.account, "withdraw_service", format!("{id} {reason:?}"));
    let (clock, by) = (app.clock.clone(), *who);
    let outcome = write_once(&app.db, &app.clock, key, move |tx| {
        withdraw_approval::withdraw_approval(tx, &clock, &by, id, &reason)
    })
    .await;
    let flash = match outcome {
        Ok(Once::Answer(())) => Flash::success("La validation est retirée : la prestation attend de nouveau."),
        Ok(Once::KeyReused) => return Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => Flash::error(refusal),
        Err(other) => return Err(other.into()),
    };
    Ok(web::see_other_with(&links::service(id), &flash))
}
