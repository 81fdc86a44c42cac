//! Pages of referrals: a new one, and one with its hours, its consents and its end.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{Months, NaiveDate};
use diesel::QueryResult;

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Coordinator, Person};
use crate::app::App;
use crate::children::add_consent::{self, ConsentRefusal, GivenConsent};
use crate::children::change_referral::{self, Change};
use crate::children::pages::{self, ReferralMark};
use crate::children::pages_child::{child_layout, key};
use crate::children::refer::{self, Grant, ReferRefusal};
use crate::children::{Child, Consent, Guardian, Origin, Reader, ReferralReason, ReferralSource, look_up, trace};
use crate::clock::Clock;
use crate::conventions::{self, Period};
use crate::db::AnyConnection;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::idempotency::{Once, once};
use crate::ids::{AccountId, ChildId, ReferralId};
use crate::links;
use crate::readings::{Means, Opened};
use crate::vault::Vault;
use crate::web::{self, Choice, Flash, FormState, Layout, filters};

/// How long a referral lasts when nothing else is said.
const USUAL_LENGTH: Months = Months::new(6);

#[derive(Template)]
#[template(path = "children/new_referral.html")]
struct NewReferralPage {
    layout: Layout,
    form: FormState,
    child: Child,
    guardians: Vec<Guardian>,
    psychologists: Vec<Choice>,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    last: NaiveDate,
    today: NaiveDate,
}

/// What the form of a new referral needs.
struct Offered {
    child: Child,
    guardians: Vec<Guardian>,
    psychologists: Vec<Choice>,
    /// The last day of the convention.
    last: NaiveDate,
}

async fn load_offered(app: &App, who: &As<Coordinator>, id: ChildId) -> Result<Offered, AppError> {
    let (vault, caller, today) = (app.vault.clone(), Coordinator::clone(who), app.clock.today());
    let offered = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let child = look_up::load_for(conn, &vault, &caller, id)?;
            let psychologists = conventions::look_up::psychologist_names(conn)?;
            let convention = conventions::look_up::convention_of(conn, child.programme_id, today)?;
            Ok(Offered {
                guardians: look_up::guardians(conn, &vault, &child)?,
                psychologists: psychologists.into_iter().map(|(id, name)| Choice::new(id, name)).collect(),
                last: convention.map_or(today, |convention| convention.period.until),
                child,
            })
        })
        .await?;
    trace::opened(app, &who.person, &Reader::from(&**who), (Means::Page, Opened::File), id).await?;
    Ok(offered)
}

fn new_page(
    who: &As<Coordinator>,
    request: &HttpRequest,
    clock: &Clock,
    offered: Offered,
    form: FormState,
) -> NewReferralPage {
    let today = clock.today();
    let Offered { child, guardians, psychologists, last } = offered;
    let layout = child_layout(who, request, &child, "Orienter vers une psychologue").for_form(&form);
    let ends_on = today.checked_add_months(USUAL_LENGTH).unwrap_or(last).min(last);
    NewReferralPage { layout, form, child, guardians, psychologists, starts_on: today, ends_on, last, today }
}

/// Shows the form of a new referral.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn show_new_referral(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ChildId>,
) -> Result<HttpResponse, AppError> {
    let offered = load_offered(&app, &who, id.into_inner()).await?;
    Ok(web::page(&request, &new_page(&who, &request, &app.clock, offered, FormState::new()))?)
}

/// Entrusts a child to a psychologist.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn create_referral(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ChildId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let offered = load_offered(&app, &who, id.into_inner()).await?;
    let (grant, consents) = (read_grant(&mut form), read_consents(&mut form, &offered.guardians, app.clock.today()));
    if let (Some(grant), Some(consents)) = (grant, consents) {
        let key = key(&form, &who, "referral.create");
        let (caller, clock, vault) = (Coordinator::clone(&who), app.clock.clone(), app.vault.clone());
        let (id, complete) = (offered.child.id, !consents.is_empty());
        let outcome = app
            .db
            .write_async(move |tx| {
                once::<ReferralId, _>(tx, &clock, key.as_ref(), |tx| {
                    refer::refer(tx, &vault, &clock, &caller, id, grant, &consents)
                })
            })
            .await;
        match outcome {
            Ok(Once::Answer(referral)) => return Ok(referred(referral, complete)),
            Ok(Once::KeyReused) => return Err(AppError::KeyReused),
            Err(Failure::Refused(refusal)) => form.refuse(refusal.field().unwrap_or_default(), refusal),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(web::refused(&request, &new_page(&who, &request, &app.clock, offered, form))?)
}

fn referred(referral: ReferralId, complete: bool) -> HttpResponse {
    let done = if complete {
        Flash::success("L’orientation est enregistrée. La psychologue peut prévoir des séances.")
    } else {
        Flash::info(
            "L’orientation est enregistrée. Il reste à recueillir le consentement d’un responsable légal : sans lui, aucune séance n’est possible.",
        )
    };
    web::see_other_with(&links::referral(referral), &done)
}

fn read_grant(form: &mut FormState) -> Option<Grant> {
    let psychologist = form.required_id("psychologist", "une psychologue");
    let minutes = form.required_minutes("minutes", "les heures accordées");
    let from = form.required_date("starts_on", "le premier jour");
    let until = form.required_date("ends_on", "le dernier jour");
    let origin = read_origin(form, Origin::default());
    let period = Period { from: from?, until: until? };
    Some(Grant { psychologist: psychologist?, minutes: minutes?, period, origin: origin? })
}

/// What is chosen from to say who asked.
fn sources() -> Vec<Choice> {
    ReferralSource::ALL.iter().map(|source| Choice::new(source, source.french())).collect()
}

/// What is chosen from to say why.
fn reasons() -> Vec<Choice> {
    ReferralReason::ALL.iter().map(|reason| Choice::new(reason, reason.french())).collect()
}

/// Who asked and why; what a form does not say stays as it was.
fn read_origin(form: &mut FormState, before: Origin) -> Option<Origin> {
    let source = match form.optional_text("source") {
        None => Some(before.source),
        Some(_) => form.required_choice("source", "dans la liste qui a demandé", |word| word.parse().ok()),
    };
    let reason = match form.optional_text("reason") {
        None => Some(before.reason),
        Some(_) => form.required_choice("reason", "un motif de la liste", |word| word.parse().ok()),
    };
    Some(Origin { source: source?, reason: reason? })
}

/// What a change asks for.
fn read_change(form: &mut FormState, before: Origin) -> Option<Change> {
    let minutes = form.required_minutes("minutes", "les heures accordées");
    let ends_on = form.required_date("ends_on", "le dernier jour");
    let origin = read_origin(form, before);
    Some(Change { minutes: minutes?, ends_on: ends_on?, origin: origin? })
}

/// The date of each guardian's consent, where one was typed.
fn read_consents(form: &mut FormState, guardians: &[Guardian], today: NaiveDate) -> Option<Vec<GivenConsent>> {
    let mut given = Vec::new();
    let mut sound = true;
    for guardian in guardians {
        let name = consent_field(guardian);
        match form.optional_date(&name, "la date du consentement") {
            Some(None) => {}
            Some(Some(given_on)) if given_on > today => {
                form.refuse(&name, ConsentRefusal::GivenLater(given_on));
                sound = false;
            }
            Some(Some(given_on)) => given.push(GivenConsent { guardian: guardian.id, given_on }),
            None => sound = false,
        }
    }
    sound.then_some(given)
}

/// The name of the field of a guardian's consent.
fn consent_field(guardian: &Guardian) -> String {
    format!("consent_{}", guardian.id)
}

#[derive(Template)]
#[template(path = "children/referral.html")]
struct ReferralPage {
    layout: Layout,
    reader: Reader,
    view: View,
    change: FormState,
    consent: FormState,
    today: NaiveDate,
}

/// All that a reader sees of a referral.
struct View {
    child: Child,
    mark: ReferralMark,
    consents: Vec<Consent>,
    guardians: Vec<Guardian>,
    collectors: BTreeMap<AccountId, String>,
    /// The guardians who have not consented.
    missing: Vec<Choice>,
}

impl View {
    /// Who can only be meant, when one guardian is left.
    fn only_missing(&self) -> &str {
        if let [only] = self.missing.as_slice() { &only.value } else { "" }
    }

    fn guardian(&self, consent: &Consent) -> String {
        let known = self.guardians.iter().find(|guardian| guardian.id == consent.guardian_id);
        known.map(|known| format!("{} ({})", known.contact.name, known.contact.relation)).unwrap_or_default()
    }

    fn collector(&self, consent: &Consent) -> &str {
        self.collectors.get(&consent.collected_by).map_or("la coordination", String::as_str)
    }
}

fn view(
    conn: &mut AnyConnection,
    vault: &Vault,
    reader: &Reader,
    id: ReferralId,
    today: NaiveDate,
) -> QueryResult<View> {
    let (child, referral) = look_up::load_referral_for(conn, vault, reader.clone(), id)?;
    let consents = look_up::consents_to(conn, &[id])?;
    let names = pages::psychologist_names(conn)?;
    let guardians = look_up::guardians(conn, vault, &child)?;
    let collectors: Vec<AccountId> = consents.iter().map(|consent| consent.collected_by).collect();
    let waits = |guardian: &&Guardian| !consents.iter().any(|consent| consent.guardian_id == guardian.id);
    Ok(View {
        mark: pages::referral_mark(referral, &consents, &names, reader, today),
        collectors: look_up::names_of(conn, &collectors)?,
        missing: guardians
            .iter()
            .filter(waits)
            .map(|guardian| Choice::new(guardian.id, &guardian.contact.name).hint(&guardian.contact.relation))
            .collect(),
        child,
        consents,
        guardians,
    })
}

async fn load_view(app: &App, who: &Person, reader: &Reader, id: ReferralId) -> Result<View, AppError> {
    let (vault, asks, today) = (app.vault.clone(), reader.clone(), app.clock.today());
    let found = app.db.read_async::<_, AppError>(move |conn| Ok(view(conn, &vault, &asks, id, today)?)).await?;
    trace::opened(app, who, reader, (Means::Page, Opened::Referral), found.child.id).await?;
    Ok(found)
}

/// The page, with the forms as they were typed.
fn referral_page(
    who: &SignedIn,
    request: &HttpRequest,
    today: NaiveDate,
    reader: Reader,
    view: View,
    (change, consent): (Option<FormState>, FormState),
) -> ReferralPage {
    let referral = view.mark.referral;
    let change = change.unwrap_or_else(|| {
        FormState::new()
            .with("minutes", referral.minutes)
            .with("ends_on", referral.ends_on)
            .with("source", referral.source)
            .with("reason", referral.reason)
    });
    let mut layout = who
        .layout(request, format!("Orientation de {}", view.child.reference))
        .heading(format!("Orientation de {}", view.child.identity.full_name()))
        .lead(format!("{}, {}", view.mark.psychologist, referral.period()))
        .under("Enfants", links::CHILDREN)
        .under(&view.child.reference, links::child(view.child.id));
    layout.refused = change.is_refused() || consent.is_refused();
    ReferralPage { layout, reader, view, change, consent, today }
}

/// Shows a referral.
///
/// # Errors
/// When there is none that is theirs, or the database fails.
pub async fn show_referral(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    id: Path<ReferralId>,
) -> Result<HttpResponse, AppError> {
    let reader = pages::reader(&who)?;
    let view = load_view(&app, &who, &reader, id.into_inner()).await?;
    let page = referral_page(&who, &request, app.clock.today(), reader, view, (None, FormState::new()));
    Ok(web::page(&request, &page)?)
}

/// Extends a referral, adds hours to it, or ends it.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_change(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ReferralId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (id, reader) = (id.into_inner(), Reader::from(&*who));
    let view = load_view(&app, &who.person, &reader, id).await?;
    if let Some(change) = read_change(&mut form, view.mark.referral.origin()) {
        let (caller, clock, vault) = (Coordinator::clone(&who), app.clock.clone(), app.vault.clone());
        let outcome =
            app.db.write_async(move |tx| change_referral::change(tx, &vault, &clock, &caller, id, change)).await;
        match outcome {
            Ok(after) => {
                let period = after.period();
                let done = Flash::success(format!("L’orientation vaut {period}, pour {}.", after.minutes));
                return Ok(web::see_other_with(&links::referral(id), &done));
            }
            Err(Failure::Refused(refusal)) => refuse_change(&mut form, &refusal),
            Err(other) => return Err(other.into()),
        }
    }
    let who = SignedIn(who.person.clone());
    let page = referral_page(&who, &request, app.clock.today(), reader, view, (Some(form), FormState::new()));
    Ok(web::refused(&request, &page)?)
}

/// The form of a change has neither a first day nor a psychologist.
fn refuse_change(form: &mut FormState, refusal: &ReferRefusal) {
    let field = refusal.field().filter(|field| ["minutes", "ends_on"].contains(field)).unwrap_or("ends_on");
    form.refuse(field, refusal);
}

/// Records a guardian's consent.
///
/// # Errors
/// When the referral is not theirs, or the database fails.
pub async fn create_consent(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ReferralId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (id, reader) = (id.into_inner(), Reader::from(&*who));
    let view = load_view(&app, &who.person, &reader, id).await?;
    let guardian = form.required_id("guardian", "qui a consenti");
    let given_on = form.required_date("given_on", "le jour du consentement");
    if let (Some(guardian), Some(given_on)) = (guardian, given_on) {
        let given = GivenConsent { guardian, given_on };
        let (caller, clock, vault) = (Coordinator::clone(&who), app.clock.clone(), app.vault.clone());
        let outcome = app.db.write_async(move |tx| add_consent::add(tx, &vault, &clock, &caller, id, given)).await;
        match outcome {
            Ok(_) => {
                let done = Flash::success("Le consentement est enregistré.");
                return Ok(web::see_other_with(&links::referral(id), &done));
            }
            Err(Failure::Refused(refusal)) => form.refuse(refusal.field().unwrap_or_default(), refusal),
            Err(other) => return Err(other.into()),
        }
    }
    let who = SignedIn(who.person.clone());
    let page = referral_page(&who, &request, app.clock.today(), reader, view, (None, form));
    Ok(web::refused(&request, &page)?)
}
