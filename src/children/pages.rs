//! Pages of whoever may read children's files: the list with its search, and a child's file.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{Days, NaiveDate};
use diesel::QueryResult;

use crate::accounts::Role;
use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::calendar::short_date;
use crate::children::look_up::{self, Followed, ListedChild, Order, Search};
use crate::children::{Child, Consent, Guardian, Reader, Referral, trace};
use crate::conventions;
use crate::db::AnyConnection;
use crate::error::AppError;
use crate::hours::Minutes;
use crate::ids::{ChildId, ProgrammeId, PsychologistId, ReferralId};
use crate::links;
use crate::readings::{Means, Opened};
use crate::vault::Vault;
use crate::web::{self, Choice, FormState, Icon, Layout, Meter, Page, Query, Sort, Status, Tone, filters};

/// How many days before its end a referral is said to end soon.
const SOON: Days = Days::new(21);

/// The person as a reader of children's files.
pub(super) fn reader(who: &SignedIn) -> Result<Reader, AppError> {
    Reader::of(who).ok_or(AppError::Forbidden(Role::Coordinator.french()))
}

/// A line of the list.
struct Row {
    href: String,
    name: String,
    reference: String,
    age: i32,
    programme: String,
    referral: Option<ReferralMark>,
    last_session_on: Option<NaiveDate>,
    statuses: Vec<Status>,
}

/// A referral as lists and files show it.
pub(super) struct ReferralMark {
    pub href: String,
    pub psychologist: String,
    pub referral: Referral,
    pub meter: Meter,
    pub statuses: Vec<Status>,
}

#[derive(Template)]
#[template(path = "children/list.html")]
struct ChildrenPage {
    layout: Layout,
    reader: Reader,
    form: FormState,
    searched: String,
    query: Query,
    sort: Sort,
    followed: Vec<Choice>,
    rows: Vec<Row>,
    /// The page of the list; a search shows its first results only.
    page: Page,
    several_programmes: bool,
}

impl ChildrenPage {
    /// What is listed, and how many.
    fn caption(&self) -> String {
        let total = self.page.total;
        let plural = if total < 2 { "" } else { "s" };
        if self.searched.is_empty() {
            format!("{total} enfant{plural}")
        } else {
            format!("{total} enfant{plural} trouvé{plural}")
        }
    }
}

/// Shows the children that the person may see, a page at a time.
///
/// # Errors
/// When they may see none by their role, or the database fails.
pub async fn show_children(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    list(&app, &who, &request, FormState::new()).await
}

/// Searches the children that the person may see: by POST, so that no name is in an address.
///
/// # Errors
/// When they may see none by their role, or the database fails.
pub async fn find_children(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    list(&app, &who, &request, form).await
}

async fn list(
    app: &Data<App>,
    who: &SignedIn,
    request: &HttpRequest,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let reader = reader(who)?;
    let query = Query::parse(request.query_string());
    let sort = Sort::from_query(&query, &["nom", "reference", "seance"]);
    let searched = form.value("nom").to_owned();
    let search = Search {
        text: searched.clone(),
        followed: match query.get("suivi") {
            Some("clos") => Followed::Closed,
            Some("tous") => Followed::All,
            _ => Followed::Open,
        },
        order: match sort.column.as_str() {
            "reference" => Order::Reference,
            "seance" => Order::LastSession,
            _ => Order::Name,
        },
        descending: sort.descending,
    };
    let (today, app, asked, asks) = (app.clock.today(), app.clone(), query.clone(), reader.clone());
    let db = app.db.clone();
    let (rows, page) = db
        .read_async::<_, AppError>(move |conn| {
            let found = look_up::search(conn, &app.vault, &asks, &search, today)?;
            let page = Page::from_query(&asked, i64::try_from(found.len()).unwrap_or(i64::MAX));
            let (offset, size) = (usize::try_from(page.offset()), usize::try_from(page.size));
            let shown = found.into_iter().skip(offset.unwrap_or(0)).take(size.unwrap_or(50)).collect();
            Ok((rows(conn, &asks, shown, today)?, page))
        })
        .await?;
    let layout = list_layout(who, request, &reader);
    let several_programmes = rows.iter().any(|row| row.programme != rows[0].programme);
    let form = form.with("suivi", query.get("suivi").unwrap_or_default());
    let followed = [("", "Suivis en cours"), ("clos", "Suivis clos"), ("tous", "Tous")]
        .map(|(value, label)| Choice::new(value, label));
    let followed = followed.to_vec();
    let page = ChildrenPage { layout, reader, form, searched, query, sort, followed, rows, page, several_programmes };
    Ok(web::page(request, &page)?)
}

fn list_layout(who: &SignedIn, request: &HttpRequest, reader: &Reader) -> Layout {
    let layout = who.layout(request, "Enfants");
    match reader {
        Reader::Coordinator { .. } => layout.action("Inscrire un enfant", links::NEW_CHILD),
        Reader::Psychologist { .. } => {
            layout.lead("Les enfants que les PRE vous confient, et les heures de chaque orientation.")
        }
        Reader::Referent { .. } => layout.lead("Les enfants dont vous suivez le parcours."),
    }
}

fn rows(
    conn: &mut AnyConnection,
    reader: &Reader,
    listed: Vec<ListedChild>,
    today: NaiveDate,
) -> QueryResult<Vec<Row>> {
    let names = psychologist_names(conn)?;
    let programmes: Vec<ProgrammeId> = listed.iter().map(|row| row.child.programme_id).collect();
    let programmes = look_up::programme_names(conn, &programmes)?;
    let shown = listed.iter().filter_map(|row| row.referral_on(today)).map(|(referral, _)| referral.id);
    let under: Vec<ReferralId> = shown.filter(|_| reader.is_coordinator()).collect();
    let missed = look_up::missed_too_often(conn, &under)?;
    let row = |listed: ListedChild| {
        let child = &listed.child;
        let referral = listed
            .referral_on(today)
            .map(|(referral, consents)| referral_mark(*referral, consents, &names, reader, today));
        Row {
            href: links::child(child.id),
            name: child.identity.full_name(),
            reference: child.reference.to_string(),
            age: child.identity.age_on(today),
            programme: programmes.get(&child.programme_id).cloned().unwrap_or_default(),
            statuses: child_statuses(child, referral.as_ref(), today)
                .into_iter()
                .chain(referral.as_ref().and_then(|mark| missed.get(&mark.referral.id)).map(|n| missed_mark(*n)))
                .collect(),
            last_session_on: listed.last_session_on,
            referral,
        }
    };
    Ok(listed.into_iter().map(row).collect())
}

pub(super) fn psychologist_names(conn: &mut AnyConnection) -> QueryResult<BTreeMap<PsychologistId, String>> {
    Ok(conventions::look_up::psychologist_names(conn)?.into_iter().collect())
}

/// A referral with its meter and what it needs; a psychologist reads its days rather than their own name.
pub(super) fn referral_mark(
    referral: Referral,
    consents: &[Consent],
    names: &BTreeMap<PsychologistId, String>,
    reader: &Reader,
    today: NaiveDate,
) -> ReferralMark {
    let psychologist =
        names.get(&referral.psychologist_id).cloned().unwrap_or_else(|| "Psychologue sans compte".to_owned());
    let label = match reader {
        Reader::Psychologist { .. } => format!("Jusqu’au {}", short_date(referral.ends_on)),
        _ => psychologist.clone(),
    };
    ReferralMark {
        href: links::referral(referral.id),
        meter: Meter::hours(label, referral.used, referral.reserved, referral.minutes),
        statuses: referral_statuses(referral, consents, today),
        psychologist,
        referral,
    }
}

/// Who missed too often shows as such, in words.
fn missed_mark(times: i64) -> Status {
    Status::waiting(format!("Absent {times}\u{a0}fois sans excuse"))
}

/// What is missing of a child's file, or that nothing is.
fn child_statuses(child: &Child, referral: Option<&ReferralMark>, today: NaiveDate) -> Vec<Status> {
    match (child.closed_on, referral) {
        (Some(_), _) if child.is_closed_on(today) => vec![Status::neutral("Suivi clos")],
        (_, None) => vec![Status::waiting("Sans orientation")],
        (_, Some(mark)) => mark.statuses.clone(),
    }
}

/// What is missing of a referral, or that it is in force.
fn referral_statuses(referral: Referral, consents: &[Consent], today: NaiveDate) -> Vec<Status> {
    if referral.ends_on < today {
        return vec![Status::neutral(format!("Finie le {}", short_date(referral.ends_on)))];
    }
    let mut statuses = Vec::new();
    if consents.is_empty() {
        statuses.push(Status::bad("Sans consentement"));
    }
    if referral.remaining() == Minutes::ZERO {
        statuses.push(Status::waiting("Heures épuisées"));
    }
    if today.checked_add_days(SOON).is_some_and(|soon| referral.ends_on <= soon) {
        statuses.push(Status::waiting(format!("Finit le {}", short_date(referral.ends_on))));
    }
    if referral.starts_on > today {
        statuses.push(Status::info(format!("Commence le {}", short_date(referral.starts_on))));
    }
    if statuses.is_empty() {
        statuses.push(Status::good("En cours"));
    }
    statuses
}

#[derive(Template)]
#[template(path = "children/child.html")]
struct ChildPage {
    layout: Layout,
    reader: Reader,
    file: ChildFile,
}

impl ChildPage {
    /// A psychologist reads what caring for the child takes.
    fn is_psychologist(&self) -> bool {
        matches!(self.reader, Reader::Psychologist { .. })
    }
}

/// All that a reader sees of a child.
pub(super) struct ChildFile {
    pub child: Child,
    pub age: i32,
    pub programme: String,
    pub neighbourhood: String,
    pub referent: Option<String>,
    pub guardians: Vec<Guardian>,
    pub referrals: Vec<ReferralMark>,
    pub last_session_on: Option<NaiveDate>,
}

impl ChildFile {
    /// A telephone link: digits and the plus sign only.
    fn telephone(phone: &str) -> String {
        format!("tel:{}", phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect::<String>())
    }
}

/// Shows a child's file, as far as the reader may see it.
///
/// # Errors
/// When there is none that is theirs, or the database fails.
pub async fn show_child(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    id: Path<ChildId>,
) -> Result<HttpResponse, AppError> {
    let (reader, id, today) = (reader(&who)?, id.into_inner(), app.clock.today());
    let (vault, asks) = (app.vault.clone(), reader.clone());
    let file = app.db.read_async::<_, AppError>(move |conn| Ok(load_file(conn, &vault, &asks, id, today)?)).await?;
    trace::opened(&app, &who, &reader, (Means::Page, Opened::File), id).await?;
    let child = &file.child;
    let mut layout = who
        .layout(&request, &child.reference)
        .heading(child.identity.full_name())
        .lead(format!("{} ans, {}", file.age, file.programme))
        .under("Enfants", links::CHILDREN);
    if reader.is_coordinator() && child.closed_on.is_none() {
        layout = layout.action("Orienter vers une psychologue", links::new_referral(child.id));
    }
    Ok(web::page(&request, &ChildPage { layout, reader, file })?)
}

/// Reads a child's file.
pub(super) fn load_file(
    conn: &mut AnyConnection,
    vault: &Vault,
    reader: &Reader,
    id: ChildId,
    today: NaiveDate,
) -> QueryResult<ChildFile> {
    let child = look_up::load_for(conn, vault, reader.clone(), id)?;
    let names = psychologist_names(conn)?;
    let listed = look_up::with_referrals(conn, reader, child)?;
    let mark =
        |(referral, consents): &(Referral, Vec<Consent>)| referral_mark(*referral, consents, &names, reader, today);
    let referrals = listed.referrals.iter().map(mark).collect();
    let (child, last_session_on) = (listed.child, listed.last_session_on);
    let neighbourhoods = conventions::look_up::neighbourhoods(conn, &[child.programme_id])?;
    let home = neighbourhoods.into_iter().find(|home| home.id == child.neighbourhood_id);
    let referent = match child.referent_id {
        Some(referent) => look_up::names_of(conn, &[referent])?.remove(&referent),
        None => None,
    };
    Ok(ChildFile {
        age: child.identity.age_on(today),
        programme: look_up::programme_names(conn, &[child.programme_id])?
            .remove(&child.programme_id)
            .unwrap_or_default(),
        neighbourhood: home.map(|home| home.name).unwrap_or_default(),
        referent,
        guardians: look_up::guardians(conn, vault, &child)?,
        referrals,
        last_session_on,
        child,
    })
}
