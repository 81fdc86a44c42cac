//! Forms of the coordinator: a child entered or changed, guardians, the end of a follow-up.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;
use diesel::QueryResult;

use crate::accounts::Coordinator;
use crate::accounts::guards::As;
use crate::app::App;
use crate::children::create_child::ChildEntry;
use crate::children::{
    Child, ChildIdentity, Gender, Guardian, GuardianContact, LONGEST_NAME, Reader, add_guardian, close_child,
    create_child, edit_child, edit_guardian, look_up, trace,
};
use crate::conventions;
use crate::db::AnyConnection;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::idempotency::{Key, Once, once};
use crate::ids::{ChildId, GuardianId, NeighbourhoodId, ProgrammeId};
use crate::links;
use crate::readings::{Means, Opened};
use crate::web::{self, Choice, Flash, FormState, Layout};

/// The lists that the form of a child offers.
struct Offered {
    neighbourhoods: Vec<Choice>,
    referents: Vec<Choice>,
    /// The programme of each neighbourhood: choosing where the child lives chooses who follows (rule 3).
    programmes: Vec<(NeighbourhoodId, ProgrammeId)>,
}

impl Offered {
    /// The neighbourhood that can only be meant, when the programme has one.
    fn only_neighbourhood(&self) -> &str {
        if let [only] = self.neighbourhoods.as_slice() { &only.value } else { "" }
    }
}

#[derive(Template)]
#[template(path = "children/entry.html")]
struct EntryPage {
    layout: Layout,
    form: FormState,
    /// Whose form it is: the guardians are entered with a new child only.
    is_new: bool,
    action: String,
    back: String,
    offered: Offered,
    genders: Vec<Choice>,
    today: NaiveDate,
}

#[derive(Template)]
#[template(path = "children/guardian.html")]
struct GuardianPage {
    layout: Layout,
    form: FormState,
    action: String,
    back: String,
}

#[derive(Template)]
#[template(path = "children/closing.html")]
struct ClosingPage {
    layout: Layout,
    form: FormState,
    child: Child,
    today: NaiveDate,
}

/// Reads what the form offers: in one programme, or in all those of the coordinator.
fn offered(conn: &mut AnyConnection, programmes: &[ProgrammeId]) -> QueryResult<Offered> {
    let names = look_up::programme_names(conn, programmes)?;
    let several = programmes.len() > 1;
    let named = |label: &str, programme: Option<ProgrammeId>| match programme.and_then(|id| names.get(&id)) {
        Some(name) if several => format!("{label} ({name})"),
        _ => label.to_owned(),
    };
    let homes = conventions::look_up::neighbourhoods(conn, programmes)?;
    let referents = look_up::referents(conn, programmes)?;
    Ok(Offered {
        neighbourhoods: homes
            .iter()
            .map(|home| Choice::new(home.id, named(&home.name, Some(home.programme))))
            .collect(),
        programmes: homes.iter().map(|home| (home.id, home.programme)).collect(),
        referents: referents
            .iter()
            .map(|(account, programme, name)| Choice::new(account, named(name, *programme)))
            .collect(),
    })
}

fn entry_page(layout: Layout, form: FormState, child: Option<&Child>, offered: Offered, today: NaiveDate) -> EntryPage {
    let words = [(Gender::Girl, "Fille"), (Gender::Boy, "Garçon"), (Gender::Unspecified, "Non précisé")];
    EntryPage {
        layout: layout.for_form(&form),
        form,
        is_new: child.is_none(),
        action: child.map_or_else(|| links::NEW_CHILD.to_owned(), |child| links::edit_child(child.id)),
        back: child.map_or_else(|| links::CHILDREN.to_owned(), |child| links::child(child.id)),
        offered,
        genders: words.map(|(gender, label)| Choice::new(gender, label)).to_vec(),
        today,
    }
}

fn new_layout(who: &As<Coordinator>, request: &HttpRequest) -> Layout {
    who.layout(request, "Inscrire un enfant")
        .under("Enfants", links::CHILDREN)
        .lead("Le nom et les coordonnées sont chiffrés. Hors du PRE, l’enfant n’est connu que par sa référence.")
}

/// Shows the form of a new child.
///
/// # Errors
/// When the database fails.
pub async fn show_new_child(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let offered = load_offered(&app, who.programmes.clone()).await?;
    let page = entry_page(new_layout(&who, &request), FormState::new(), None, offered, app.clock.today());
    Ok(web::page(&request, &page)?)
}

async fn load_offered(app: &App, programmes: Vec<ProgrammeId>) -> Result<Offered, AppError> {
    app.db.read_async(move |conn| Ok(offered(conn, &programmes)?)).await
}

/// Enters a child.
///
/// # Errors
/// When the database fails.
pub async fn create_child(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let offered = load_offered(&app, who.programmes.clone()).await?;
    let (entry, guardians) = (read_entry(&mut form), read_guardians(&mut form));
    let programme =
        entry.as_ref().and_then(|entry| offered.programmes.iter().find(|(home, _)| *home == entry.neighbourhood_id));
    let refused = |form: FormState, offered: Offered| {
        let page = entry_page(new_layout(&who, &request), form, None, offered, app.clock.today());
        Ok(web::refused(&request, &page)?)
    };
    let (Some(entry), Some(guardians)) = (&entry, guardians) else { return refused(form, offered) };
    let Some((_, programme)) = programme.copied() else {
        form.refuse("neighbourhood", create_child::ChildRefusal::OtherNeighbourhood);
        return refused(form, offered);
    };
    let key = key(&form, &who, "child.create");
    let (caller, entry, clock, vault) = (Coordinator::clone(&who), entry.clone(), app.clock.clone(), app.vault.clone());
    let outcome = app
        .db
        .write_async(move |tx| {
            once::<ChildId, _>(tx, &clock, key.as_ref(), |tx| {
                create_child::create(tx, &vault, &clock, &caller, programme, &entry, &guardians)
            })
        })
        .await;
    match outcome {
        Ok(Once::Answer(id)) => {
            let done = Flash::success("L’enfant est inscrit. La suite : l’orienter vers une psychologue.");
            Ok(web::see_other_with(&links::child(id), &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), refusal);
            refused(form, offered)
        }
        Err(other) => Err(other.into()),
    }
}

/// The key of a form. What was typed is hashed with the token of the sign-in, which stands nowhere in clear: the hash
/// tells nothing of a name.
pub(super) fn key(form: &FormState, who: &As<Coordinator>, verb: &str) -> Option<Key> {
    form.key(who.account, verb, form.digest())
}

fn read_entry(form: &mut FormState) -> Option<ChildEntry> {
    let first_name = form.required_text_within("first_name", "le prénom", LONGEST_NAME);
    let last_name = form.required_text_within("last_name", "le nom de famille", LONGEST_NAME);
    let born_on = form.required_date("born_on", "la date de naissance");
    let gender = form.required_choice("gender", "le genre", |word| word.parse().ok());
    let neighbourhood = form.required_id("neighbourhood", "un quartier");
    let followed_since = form.required_date("followed_since", "le début du suivi");
    let referent = match form.optional_text("referent") {
        None => Some(None),
        Some(_) => form.required_id("referent", "un référent de parcours").map(Some),
    };
    let school = match form.optional_text("school") {
        None => Some(None),
        Some(_) => form.required_text_within("school", "l’école", LONGEST_NAME).map(Some),
    };
    let identity = ChildIdentity { first_name: first_name?, last_name: last_name?, born_on: born_on?, school: school? };
    Some(ChildEntry {
        identity,
        gender: gender?,
        neighbourhood_id: neighbourhood?,
        referent_id: referent?,
        followed_since: followed_since?,
    })
}

/// The first guardian, and the second when there is one.
fn read_guardians(form: &mut FormState) -> Option<Vec<GuardianContact>> {
    let first = read_contact(form, "guardian");
    let names = ["name", "relation", "phone", "email"];
    if names.iter().all(|name| form.value(&format!("second_{name}")).is_empty()) {
        return first.map(|first| vec![first]);
    }
    let second = read_contact(form, "second");
    Some(vec![first?, second?])
}

fn read_contact(form: &mut FormState, prefix: &str) -> Option<GuardianContact> {
    let field = |name: &str| format!("{prefix}_{name}");
    let name = form.required_text_within(&field("name"), "le nom du responsable légal", LONGEST_NAME);
    let relation = form.required_text_within(&field("relation"), "le lien avec l’enfant", LONGEST_NAME);
    let phone =
        form.optional(&field("phone"), "le téléphone", "dix chiffres au moins, par exemple 06 12 34 56 78", read_phone);
    let email = match form.optional_text(&field("email")) {
        None => Some(None),
        Some(_) => form.required_email(&field("email"), "l’adresse électronique").map(Some),
    };
    let contact = GuardianContact { name: name?, relation: relation?, phone: phone?, email: email? };
    if !contact.is_reachable() {
        form.refuse(&field("phone"), add_guardian::GuardianRefusal::Unreachable);
        return None;
    }
    Some(contact)
}

/// Reads a telephone number: digits, spaces, dots, and a plus sign before them.
fn read_phone(text: &str) -> Option<String> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '.' | '-' | '+' | '(' | ')' | '\u{a0}'));
    (plain && (10..=15).contains(&digits)).then(|| text.to_owned())
}

async fn load_child(app: &App, who: &As<Coordinator>, id: ChildId) -> Result<Child, AppError> {
    let (vault, caller) = (app.vault.clone(), Coordinator::clone(who));
    let child = app.db.read_async::<_, AppError>(move |conn| Ok(look_up::load_for(conn, &vault, &caller, id)?)).await?;
    trace::opened(app, &who.person, &Reader::from(&**who), (Means::Page, Opened::File), id).await?;
    Ok(child)
}

/// The frame of a form about a child: its title is the reference, never the name.
pub(super) fn child_layout(who: &As<Coordinator>, request: &HttpRequest, child: &Child, what: &str) -> Layout {
    who.layout(request, format!("{what} – {}", child.reference))
        .heading(what)
        .lead(format!("{}, {}", child.identity.full_name(), child.reference))
        .under("Enfants", links::CHILDREN)
        .under(&child.reference, links::child(child.id))
}

/// Shows the form of a child who was entered.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn show_edit(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ChildId>,
) -> Result<HttpResponse, AppError> {
    let child = load_child(&app, &who, id.into_inner()).await?;
    let offered = load_offered(&app, vec![child.programme_id]).await?;
    let identity = &child.identity;
    let form = FormState::new()
        .with("first_name", &identity.first_name)
        .with("last_name", &identity.last_name)
        .with("born_on", identity.born_on)
        .with("school", identity.school.as_deref().unwrap_or_default())
        .with("gender", child.gender)
        .with("neighbourhood", child.neighbourhood_id)
        .with("referent", child.referent_id.map(|id| id.to_string()).unwrap_or_default())
        .with("followed_since", child.followed_since);
    let layout = child_layout(&who, &request, &child, "Modifier la fiche");
    Ok(web::page(&request, &entry_page(layout, form, Some(&child), offered, app.clock.today()))?)
}

/// Changes what is said of a child.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn create_edit(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ChildId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let child = load_child(&app, &who, id.into_inner()).await?;
    let offered = load_offered(&app, vec![child.programme_id]).await?;
    if let Some(entry) = read_entry(&mut form) {
        let (caller, clock, vault, id) = (Coordinator::clone(&who), app.clock.clone(), app.vault.clone(), child.id);
        let outcome = app.db.write_async(move |tx| edit_child::edit(tx, &vault, &clock, &caller, id, &entry)).await;
        match outcome {
            Ok(()) => return Ok(web::see_other_with(&links::child(id), &Flash::success("La fiche est à jour."))),
            Err(Failure::Refused(refusal)) => form.refuse(refusal.field().unwrap_or_default(), refusal),
            Err(other) => return Err(other.into()),
        }
    }
    let layout = child_layout(&who, &request, &child, "Modifier la fiche");
    Ok(web::refused(&request, &entry_page(layout, form, Some(&child), offered, app.clock.today()))?)
}

/// Shows what closing a follow-up does.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn show_closing(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ChildId>,
) -> Result<HttpResponse, AppError> {
    let child = load_child(&app, &who, id.into_inner()).await?;
    Ok(web::page(&request, &closing_page(&who, &request, child, FormState::new(), app.clock.today()))?)
}

fn closing_page(
    who: &As<Coordinator>,
    request: &HttpRequest,
    child: Child,
    form: FormState,
    today: NaiveDate,
) -> ClosingPage {
    let layout = child_layout(who, request, &child, "Clore le suivi").for_form(&form);
    ClosingPage { layout, form, child, today }
}

/// Closes the follow-up of a child.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn create_closing(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ChildId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let child = load_child(&app, &who, id.into_inner()).await?;
    if let Some(on) = form.required_date("closed_on", "le dernier jour du suivi") {
        let (caller, clock, vault, id) = (Coordinator::clone(&who), app.clock.clone(), app.vault.clone(), child.id);
        let outcome = app.db.write_async(move |tx| close_child::close(tx, &vault, &clock, &caller, id, on)).await;
        match outcome {
            Ok(()) => {
                let done = Flash::success(format!("Le suivi de {} est clos.", child.reference))
                    .with_undo("Annuler", links::reopen_child(child.id));
                return Ok(web::see_other_with(links::CHILDREN, &done));
            }
            Err(Failure::Refused(refusal)) => form.refuse(refusal.field().unwrap_or_default(), refusal),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(web::refused(&request, &closing_page(&who, &request, child, form, app.clock.today()))?)
}

/// Opens the follow-up of a child again.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn create_reopening(
    app: Data<App>,
    who: As<Coordinator>,
    id: Path<ChildId>,
    _form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let (caller, clock, vault) = (Coordinator::clone(&who), app.clock.clone(), app.vault.clone());
    app.db.write_async(move |tx| close_child::reopen(tx, &vault, &clock, &caller, id)).await?;
    Ok(web::see_other_with(&links::child(id), &Flash::success("Le suivi est rouvert.")))
}

/// Shows the form of a new guardian.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn show_new_guardian(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ChildId>,
) -> Result<HttpResponse, AppError> {
    let child = load_child(&app, &who, id.into_inner()).await?;
    let action = links::new_guardian(child.id);
    Ok(web::page(&request, &guardian_page(&who, &request, &child, FormState::new(), action))?)
}

fn guardian_page(
    who: &As<Coordinator>,
    request: &HttpRequest,
    child: &Child,
    form: FormState,
    action: String,
) -> GuardianPage {
    let layout = child_layout(who, request, child, "Responsable légal").for_form(&form);
    GuardianPage { layout, form, action, back: links::child(child.id) }
}

/// Adds a guardian.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn create_guardian(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    id: Path<ChildId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let child = load_child(&app, &who, id.into_inner()).await?;
    if let Some(contact) = read_contact(&mut form, "guardian") {
        let key = key(&form, &who, "guardian.add");
        let (caller, clock, vault, id) = (Coordinator::clone(&who), app.clock.clone(), app.vault.clone(), child.id);
        let outcome = app
            .db
            .write_async(move |tx| {
                once::<GuardianId, _>(tx, &clock, key.as_ref(), |tx| {
                    add_guardian::add(tx, &vault, &clock, &caller, id, &contact)
                })
            })
            .await;
        match outcome {
            Ok(Once::Answer(_)) => {
                let done = Flash::success("Le responsable légal est ajouté.");
                return Ok(web::see_other_with(&links::child(child.id), &done));
            }
            Ok(Once::KeyReused) => return Err(AppError::KeyReused),
            Err(Failure::Refused(refusal)) => form.refuse(refusal.field().unwrap_or_default(), refusal),
            Err(other) => return Err(other.into()),
        }
    }
    let action = links::new_guardian(child.id);
    Ok(web::refused(&request, &guardian_page(&who, &request, &child, form, action))?)
}

pub(super) async fn load_guardian(
    app: &App,
    who: &As<Coordinator>,
    (child, id): (ChildId, GuardianId),
) -> Result<(Child, Guardian), AppError> {
    let (vault, caller) = (app.vault.clone(), Coordinator::clone(who));
    let found = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let child = look_up::load_for(conn, &vault, &caller, child)?;
            let known = look_up::guardians(conn, &vault, &child)?;
            let guardian = known.into_iter().find(|guardian| guardian.id == id).ok_or(AppError::NotFound)?;
            Ok((child, guardian))
        })
        .await?;
    trace::opened(app, &who.person, &Reader::from(&**who), (Means::Page, Opened::Guardian), child).await?;
    Ok(found)
}

/// Shows the form of a guardian who was entered.
///
/// # Errors
/// When the child is not theirs, the guardian not the child's, or the database fails.
pub async fn show_guardian(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    ids: Path<(ChildId, GuardianId)>,
) -> Result<HttpResponse, AppError> {
    let (child, Guardian { id, contact, .. }) = load_guardian(&app, &who, ids.into_inner()).await?;
    let form = FormState::new()
        .with("guardian_name", contact.name)
        .with("guardian_relation", contact.relation)
        .with("guardian_phone", contact.phone.unwrap_or_default())
        .with("guardian_email", contact.email.unwrap_or_default());
    let action = links::guardian(child.id, id);
    Ok(web::page(&request, &guardian_page(&who, &request, &child, form, action))?)
}

/// Changes a guardian.
///
/// # Errors
/// When the child is not theirs, the guardian not the child's, or the database fails.
pub async fn create_guardian_edit(
    app: Data<App>,
    who: As<Coordinator>,
    request: HttpRequest,
    ids: Path<(ChildId, GuardianId)>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (child, guardian) = load_guardian(&app, &who, ids.into_inner()).await?;
    if let Some(contact) = read_contact(&mut form, "guardian") {
        let (caller, clock, vault) = (Coordinator::clone(&who), app.clock.clone(), app.vault.clone());
        let (id, of) = (guardian.id, child.id);
        let outcome =
            app.db.write_async(move |tx| edit_guardian::edit(tx, &vault, &clock, &caller, of, id, &contact)).await;
        match outcome {
            Ok(()) => {
                let done = Flash::success("Le responsable légal est à jour.");
                return Ok(web::see_other_with(&links::child(child.id), &done));
            }
            Err(Failure::Refused(refusal)) => form.refuse(refusal.field().unwrap_or_default(), refusal),
            Err(other) => return Err(other.into()),
        }
    }
    let action = links::guardian(child.id, guardian.id);
    Ok(web::refused(&request, &guardian_page(&who, &request, &child, form, action))?)
}
