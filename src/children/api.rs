//! Children and referrals for the programs of those who care for them. Names stand in answers to whoever may read the
//! child's file, never in an address: a list is filtered by reference.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path, Query};
use chrono::NaiveDate;

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Coordinator, Role};
use crate::app::App;
use crate::children::add_consent::{self, GivenConsent};
use crate::children::agree_to_reminders;
use crate::children::create_child::{self, ChildEntry};
use crate::children::look_up::{self, Followed, ListedChild, Order, Search};
use crate::children::refer::{self, Grant};
use crate::children::{
    Child, ChildIdentity, ChildReference, Consent, Gender, Guardian, GuardianContact, Origin, Reader, Referral,
    ReferralReason, ReferralSource, trace,
};
use crate::conventions::Period;
use crate::error::AppError;
use crate::hours::Minutes;
use crate::idempotency::once;
use crate::ids::{AccountId, ChildId, ConsentId, GuardianId, NeighbourhoodId, ProgrammeId, PsychologistId, ReferralId};
use crate::readings::{Means, Opened};
use crate::sql_types::Ts;
use crate::web::Page;
use crate::web::json::{Paged, Posted, answered, key};

/// Which children are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChildrenOf {
    /// The reference, or a part of it.
    reference: Option<String>,
    /// `open` (the default), `closed` or `all`.
    #[param(inline)]
    status: Option<FollowUp>,
    /// The page, from 1.
    page: Option<i64>,
}

/// Whether a follow-up goes on.
#[derive(Debug, Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum FollowUp {
    Open,
    Closed,
    All,
}

/// A child, as far as the caller may read.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ChildAnswer {
    id: ChildId,
    reference: ChildReference,
    programme_id: ProgrammeId,
    first_name: String,
    last_name: String,
    /// In whole years, today.
    age: i32,
    /// Absent for psychologists.
    born_on: Option<NaiveDate>,
    /// Absent for psychologists.
    school: Option<String>,
    gender: Gender,
    neighbourhood_id: NeighbourhoodId,
    referent_id: Option<AccountId>,
    followed_since: NaiveDate,
    closed_on: Option<NaiveDate>,
}

impl ChildAnswer {
    fn of(child: Child, reader: &Reader, today: NaiveDate) -> Self {
        let age = child.identity.age_on(today);
        let ChildIdentity { first_name, last_name, born_on, school } = child.identity;
        let whole = !matches!(reader, Reader::Psychologist { .. });
        Self {
            id: child.id,
            reference: child.reference,
            programme_id: child.programme_id,
            first_name,
            last_name,
            age,
            born_on: whole.then_some(born_on),
            school: school.filter(|_| whole),
            gender: child.gender,
            neighbourhood_id: child.neighbourhood_id,
            referent_id: child.referent_id,
            followed_since: child.followed_since,
            closed_on: child.closed_on,
        }
    }
}

/// A child of a list.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ListedChildAnswer {
    #[serde(flatten)]
    child: ChildAnswer,
    /// The day of the last session held; for a psychologist, held by them.
    last_session_on: Option<NaiveDate>,
    /// Those that the caller sees, the latest first.
    referrals: Vec<ReferralAnswer>,
}

/// A child with their guardians.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ChildFileAnswer {
    #[serde(flatten)]
    child: ChildAnswer,
    guardians: Vec<GuardianAnswer>,
}

/// A guardian.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct GuardianAnswer {
    id: GuardianId,
    name: String,
    relation: String,
    phone: Option<String>,
    /// Absent for psychologists.
    email: Option<String>,
}

impl GuardianAnswer {
    fn of(guardian: Guardian, reader: &Reader) -> Self {
        let GuardianContact { name, relation, phone, email } = guardian.contact;
        let whole = !matches!(reader, Reader::Psychologist { .. });
        Self { id: guardian.id, name, relation, phone, email: email.filter(|_| whole) }
    }
}

/// A referral with its consents, in minutes.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ReferralAnswer {
    id: ReferralId,
    child_id: ChildId,
    child: ChildReference,
    psychologist_id: PsychologistId,
    minutes: Minutes,
    /// Held by sessions booked or recorded.
    reserved_minutes: Minutes,
    /// Held by sessions approved or invoiced.
    used_minutes: Minutes,
    remaining_minutes: Minutes,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    /// Who asked for it.
    source: ReferralSource,
    /// Why, in general.
    reason: ReferralReason,
    consents: Vec<ConsentAnswer>,
}

/// A guardian's consent.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ConsentAnswer {
    id: ConsentId,
    guardian_id: GuardianId,
    given_on: NaiveDate,
    collected_by: AccountId,
    recorded_at: Ts,
}

impl ReferralAnswer {
    fn of(referral: Referral, consents: &[Consent], child: &ChildReference) -> Self {
        let consent = |one: &Consent| ConsentAnswer {
            id: one.id,
            guardian_id: one.guardian_id,
            given_on: one.given_on,
            collected_by: one.collected_by,
            recorded_at: one.recorded_at,
        };
        Self {
            id: referral.id,
            child_id: referral.child_id,
            child: child.clone(),
            psychologist_id: referral.psychologist_id,
            minutes: referral.minutes,
            reserved_minutes: referral.reserved,
            used_minutes: referral.used,
            remaining_minutes: referral.remaining(),
            starts_on: referral.starts_on,
            ends_on: referral.ends_on,
            source: referral.source,
            reason: referral.reason,
            consents: consents.iter().map(consent).collect(),
        }
    }
}

fn reader(who: &SignedIn) -> Result<Reader, AppError> {
    Reader::of(who).ok_or(AppError::Forbidden(Role::Coordinator.french()))
}

/// Cuts a page out of a list that was read whole.
fn paged<T>(all: Vec<T>, asked: Option<i64>) -> Paged<T> {
    let page = Page::new(asked.unwrap_or(1), Page::USUAL_SIZE, i64::try_from(all.len()).unwrap_or(i64::MAX));
    let skipped = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let kept = usize::try_from(page.size).unwrap_or(usize::MAX);
    let items = all.into_iter().skip(skipped).take(kept).collect();
    Paged { items, page: page.number, size: page.size, total: page.total }
}

/// Lists the children whom the caller may read, by reference.
///
/// # Errors
/// When the caller's roles read none, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/children", tag = "children", params(ChildrenOf),
    responses((status = 200, description = "A page of children", body = Paged<ListedChildAnswer>))
)]
pub async fn list_children(
    app: Data<App>,
    who: SignedIn,
    asked: Query<ChildrenOf>,
) -> Result<Json<Paged<ListedChildAnswer>>, AppError> {
    let (reader, asked, today, vault) = (reader(&who)?, asked.into_inner(), app.clock.today(), app.vault.clone());
    let search = Search {
        text: String::new(),
        followed: match asked.status {
            None | Some(FollowUp::Open) => Followed::Open,
            Some(FollowUp::Closed) => Followed::Closed,
            Some(FollowUp::All) => Followed::All,
        },
        order: Order::Reference,
        descending: false,
    };
    let part = asked.reference.unwrap_or_default().to_uppercase();
    let asks = reader.clone();
    let answer = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let mut found = look_up::search(conn, &vault, &asks, &search, today)?;
            found.retain(|row| row.child.reference.as_str().contains(&part));
            let answer = |row: ListedChild| ListedChildAnswer {
                referrals: referral_answers(&row),
                last_session_on: row.last_session_on,
                child: ChildAnswer::of(row.child, &asks, today),
            };
            let Paged { items, page, size, total } = paged(found, asked.page);
            Ok(Json(Paged { items: items.into_iter().map(answer).collect::<Vec<_>>(), page, size, total }))
        })
        .await?;
    trace::listed(&app, &who, &reader, answer.items.len()).await?;
    Ok(answer)
}

fn referral_answers(row: &ListedChild) -> Vec<ReferralAnswer> {
    let answer =
        |(referral, consents): &(Referral, Vec<Consent>)| ReferralAnswer::of(*referral, consents, &row.child.reference);
    row.referrals.iter().map(answer).collect()
}

/// Shows a child with their guardians.
///
/// # Errors
/// When there is none that is the caller's, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/children/{child}", tag = "children", params(("child" = ChildId, Path)),
    responses((status = 200, description = "The child", body = ChildFileAnswer))
)]
pub async fn show_child(app: Data<App>, who: SignedIn, id: Path<ChildId>) -> Result<Json<ChildFileAnswer>, AppError> {
    let (reader, id, today, vault) = (reader(&who)?, id.into_inner(), app.clock.today(), app.vault.clone());
    let asks = reader.clone();
    let answer = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let child = look_up::load_for(conn, &vault, asks.clone(), id)?;
            let guardians = look_up::guardians(conn, &vault, &child)?;
            Ok(Json(ChildFileAnswer {
                guardians: guardians.into_iter().map(|guardian| GuardianAnswer::of(guardian, &asks)).collect(),
                child: ChildAnswer::of(child, &asks, today),
            }))
        })
        .await?;
    trace::opened(&app, &who, &reader, (Means::Api, Opened::File), id).await?;
    Ok(answer)
}

/// A child to enter.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChild {
    programme_id: ProgrammeId,
    first_name: String,
    last_name: String,
    born_on: NaiveDate,
    school: Option<String>,
    gender: Gender,
    /// One of the programme.
    neighbourhood_id: NeighbourhoodId,
    /// A pathway referent of the programme.
    referent_id: Option<AccountId>,
    followed_since: NaiveDate,
    /// At least one, with a telephone number or an e-mail address.
    guardians: Vec<NewGuardian>,
}

/// A guardian to enter.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGuardian {
    name: String,
    /// What they are to the child, such as "mère".
    relation: String,
    phone: Option<String>,
    email: Option<String>,
}

/// What was created.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct CreatedChild {
    id: ChildId,
    /// Given here.
    reference: ChildReference,
}

/// Enters a child in a programme of the coordinator.
///
/// # Errors
/// When a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/children", tag = "children", request_body = NewChild,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key does the same thing once")),
    responses((status = 201, description = "Entered", body = CreatedChild))
)]
pub async fn create_child(
    app: Data<App>,
    who: As<Coordinator>,
    posted: Posted<NewChild>,
) -> Result<HttpResponse, AppError> {
    let key = key(&posted, who.account, "child.create")?;
    let NewChild { programme_id, first_name, last_name, born_on, school, gender, .. } = posted.value;
    let entry = ChildEntry {
        identity: ChildIdentity { first_name, last_name, born_on, school: school.filter(|school| !school.is_empty()) },
        gender,
        neighbourhood_id: posted.value.neighbourhood_id,
        referent_id: posted.value.referent_id,
        followed_since: posted.value.followed_since,
    };
    let contact = |NewGuardian { name, relation, phone, email }| GuardianContact { name, relation, phone, email };
    let guardians: Vec<GuardianContact> = posted.value.guardians.into_iter().map(contact).collect();
    let (caller, clock, vault) = (Coordinator::clone(&who), app.clock.clone(), app.vault.clone());
    let outcome = app
        .db
        .write_async(move |tx| {
            once::<ChildId, _>(tx, &clock, key.as_ref(), |tx| {
                create_child::create(tx, &vault, &clock, &caller, programme_id, &entry, &guardians)
            })
        })
        .await?;
    let id = answered(outcome)?;
    let reference = app.db.read_async::<_, AppError>(move |conn| Ok(look_up::reference_of(conn, id)?)).await?;
    Ok(HttpResponse::Created().json(CreatedChild { id, reference }))
}

/// Which referrals are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReferralsOf {
    /// Those of a child.
    child: Option<ChildId>,
    /// Those to a psychologist.
    psychologist: Option<PsychologistId>,
    /// Those valid on a day.
    on: Option<NaiveDate>,
    /// The page, from 1.
    page: Option<i64>,
}

impl ReferralsOf {
    fn takes(&self, referral: Referral) -> bool {
        self.child.is_none_or(|child| child == referral.child_id)
            && self.psychologist.is_none_or(|psychologist| psychologist == referral.psychologist_id)
            && self.on.is_none_or(|day| referral.period().contains(day))
    }
}

/// Lists the referrals that the caller may read.
///
/// # Errors
/// When the caller's roles read none, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/referrals", tag = "children", params(ReferralsOf),
    responses((status = 200, description = "A page of referrals", body = Paged<ReferralAnswer>))
)]
pub async fn list_referrals(
    app: Data<App>,
    who: SignedIn,
    asked: Query<ReferralsOf>,
) -> Result<Json<Paged<ReferralAnswer>>, AppError> {
    let (reader, asked, today, vault) = (reader(&who)?, asked.into_inner(), app.clock.today(), app.vault.clone());
    let search = Search { followed: Followed::All, order: Order::Reference, ..Search::default() };
    app.db
        .read_async(move |conn| {
            let mut found = look_up::search(conn, &vault, &reader, &search, today)?;
            for row in &mut found {
                row.referrals.retain(|(referral, _)| asked.takes(*referral));
            }
            Ok(Json(paged(found.iter().flat_map(referral_answers).collect(), asked.page)))
        })
        .await
}

/// A referral to create.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReferral {
    child_id: ChildId,
    psychologist_id: PsychologistId,
    /// A multiple of 15.
    minutes: Minutes,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    /// Who asked for it; `unspecified` when absent.
    source: Option<ReferralSource>,
    /// Why, in general; `unspecified` when absent.
    reason: Option<ReferralReason>,
    /// Those given already; without one, no session is possible.
    #[serde(default)]
    consents: Vec<NewConsent>,
}

/// A consent to record: collected by the caller.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConsent {
    guardian_id: GuardianId,
    given_on: NaiveDate,
}

impl From<NewConsent> for GivenConsent {
    fn from(new: NewConsent) -> Self {
        Self { guardian: new.guardian_id, given_on: new.given_on }
    }
}

/// Entrusts a child of the coordinator to a psychologist.
///
/// # Errors
/// When a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/referrals", tag = "children", request_body = NewReferral,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key does the same thing once")),
    responses((status = 201, description = "Created", body = ReferralAnswer))
)]
pub async fn create_referral(
    app: Data<App>,
    who: As<Coordinator>,
    posted: Posted<NewReferral>,
) -> Result<HttpResponse, AppError> {
    let key = key(&posted, who.account, "referral.create")?;
    let NewReferral { child_id, psychologist_id, minutes, starts_on, ends_on, source, reason, consents } = posted.value;
    let period = Period { from: starts_on, until: ends_on };
    let unsaid = Origin::default();
    let origin = Origin { source: source.unwrap_or(unsaid.source), reason: reason.unwrap_or(unsaid.reason) };
    let grant = Grant { psychologist: psychologist_id, minutes, period, origin };
    let consents: Vec<GivenConsent> = consents.into_iter().map(GivenConsent::from).collect();
    let (caller, clock, vault) = (Coordinator::clone(&who), app.clock.clone(), app.vault.clone());
    let outcome = app
        .db
        .write_async(move |tx| {
            once::<ReferralId, _>(tx, &clock, key.as_ref(), |tx| {
                refer::refer(tx, &vault, &clock, &caller, child_id, grant, &consents)
            })
        })
        .await?;
    let created = load_referral(&app, &who, answered(outcome)?).await?;
    Ok(HttpResponse::Created().json(created))
}

async fn load_referral(app: &App, who: &As<Coordinator>, id: ReferralId) -> Result<ReferralAnswer, AppError> {
    let (caller, vault) = (Coordinator::clone(who), app.vault.clone());
    app.db
        .read_async(move |conn| {
            let (child, referral) = look_up::load_referral_for(conn, &vault, &caller, id)?;
            let consents = look_up::consents_to(conn, &[id])?;
            Ok(ReferralAnswer::of(referral, &consents, &child.reference))
        })
        .await
}

/// Whether a guardian is reminded by e-mail the day before.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reminders {
    /// The day on which they agreed; absent or null: they are not reminded.
    #[serde(default)]
    agreed_on: Option<NaiveDate>,
}

/// Records that a guardian agrees to be reminded the day before, or no longer.
///
/// # Errors
/// When the child is not the caller's, the guardian not the child's, or a rule refuses.
#[utoipa::path(
    post, path = "/api/v1/children/{child}/guardians/{guardian}/reminders", tag = "children", request_body = Reminders,
    params(("child" = ChildId, Path), ("guardian" = GuardianId, Path)),
    responses((status = 204, description = "Recorded"))
)]
pub async fn create_reminders(
    app: Data<App>,
    who: As<Coordinator>,
    ids: Path<(ChildId, GuardianId)>,
    posted: Posted<Reminders>,
) -> Result<HttpResponse, AppError> {
    let (both, agreed_on) = (ids.into_inner(), posted.value.agreed_on);
    let (caller, clock, vault) = (Coordinator::clone(&who), app.clock.clone(), app.vault.clone());
    app.db.write_async(move |tx| agree_to_reminders::agree(tx, &vault, &clock, &caller, both, agreed_on)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Records a guardian's consent to a referral, collected by the coordinator.
///
/// # Errors
/// When the referral is not theirs, or a rule refuses.
#[utoipa::path(
    post, path = "/api/v1/referrals/{referral}/consents", tag = "children", request_body = NewConsent,
    params(
        ("referral" = ReferralId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key does the same thing once")
    ),
    responses((status = 201, description = "Recorded", body = ReferralAnswer))
)]
pub async fn create_consent(
    app: Data<App>,
    who: As<Coordinator>,
    id: Path<ReferralId>,
    posted: Posted<NewConsent>,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let key = key(&posted, who.account, &format!("consent.add {id}"))?;
    let given = GivenConsent::from(posted.value);
    let (caller, clock, vault) = (Coordinator::clone(&who), app.clock.clone(), app.vault.clone());
    let outcome = app
        .db
        .write_async(move |tx| {
            once::<ConsentId, _>(tx, &clock, key.as_ref(), |tx| {
                add_consent::add(tx, &vault, &clock, &caller, id, given)
            })
        })
        .await?;
    answered(outcome)?;
    Ok(HttpResponse::Created().json(load_referral(&app, &who, id).await?))
}
