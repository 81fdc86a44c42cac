//! The accounts, for the administrator: who may do what, invited, closed, opened again.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::create::{self, CreateRefusal, Created, LONGEST_NAME, NewAccount};
use crate::accounts::guards::As;
use crate::accounts::store::{AccountFilter, ListedAccount, StoredAccount};
use crate::accounts::{Administrator, Grant, Role, RoleIn, change_roles, close, invite, reset_factor, store};
use crate::app::App;
use crate::calendar;
use crate::db::{DbError, Tx};
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::ids::{AccountId, ProgrammeId};
use crate::journal::Actor;
use crate::links;
use crate::sql_types::Ts;
use crate::web::pagination::PageLinks;
use crate::web::{self, Choice, Flash, FormState, Layout, Page, Query, Status, filters};

#[derive(Template)]
#[template(path = "accounts/list.html")]
struct ListPage {
    layout: Layout,
    form: FormState,
    roles: Vec<Choice>,
    listed: Vec<ListedAccount>,
    total: i64,
    filtered: bool,
    page_links: PageLinks,
}

/// Lists the accounts, by name.
///
/// # Errors
/// When the database fails.
pub async fn list_accounts(
    app: Data<App>,
    request: HttpRequest,
    who: As<Administrator>,
) -> Result<HttpResponse, AppError> {
    let query = Query::parse(request.query_string());
    let filter = AccountFilter {
        words: query.get("q").map(str::to_owned),
        role: query.get("role").and_then(|role| role.parse().ok()),
    };
    let filtered = filter.words.is_some() || filter.role.is_some();
    let form = FormState::new()
        .with("q", filter.words.as_deref().unwrap_or_default())
        .with("role", filter.role.map_or("", Role::as_str));
    let asked = query.clone();
    let (listed, total) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let page = |total| {
                let page = Page::from_query(&asked, total);
                (page.offset(), page.size)
            };
            Ok(store::list_accounts(conn, &filter, page)?)
        })
        .await?;
    let page = ListPage {
        layout: who.layout(&request, "Comptes").action("Inviter une personne", links::NEW_ACCOUNT).wide(),
        form,
        roles: Role::ALL.iter().map(|role| Choice::new(role, role.french())).collect(),
        listed,
        total,
        filtered,
        page_links: Page::from_query(&query, total).links(&query),
    };
    Ok(web::page(&request, &page)?)
}

impl StoredAccount {
    /// Where an account stands, as a mark.
    fn standing(&self, has_password: &bool) -> Status {
        match (self.disabled_at, has_password) {
            (Some(_), _) => Status::neutral("Désactivé"),
            (None, true) => Status::good("En service"),
            (None, false) => Status::waiting("Invité"),
        }
    }
}

#[derive(Template)]
#[template(path = "accounts/new.html")]
struct NewAccountPage {
    layout: Layout,
    form: FormState,
    wide_roles: Vec<Choice>,
    coordinations: Vec<Choice>,
    referents: Vec<Choice>,
}

async fn new_account_page(
    app: &App,
    request: &HttpRequest,
    who: &As<Administrator>,
    form: FormState,
) -> Result<NewAccountPage, AppError> {
    let programmes = app.db.read_async::<_, DbError>(|conn| Ok(store::programmes(conn)?)).await?;
    let in_programmes = |role: Role| {
        let choice = |(id, name): &(ProgrammeId, String)| Choice::new(RoleIn { role, programme: Some(*id) }, name);
        programmes.iter().map(choice).collect()
    };
    let wide = Role::ALL.iter().filter(|role| !role.is_for_a_programme());
    Ok(NewAccountPage {
        layout: who
            .layout(request, "Inviter une personne")
            .under("Comptes", links::ACCOUNTS)
            .lead("Elle reçoit un message avec un lien, valable sept jours, pour choisir son mot de passe.")
            .for_form(&form),
        form,
        wide_roles: wide.map(|role| Choice::new(role, role.french()).hint(explained(*role))).collect(),
        coordinations: in_programmes(Role::Coordinator),
        referents: in_programmes(Role::Referent),
    })
}

/// What a role lets one do, in a line.
fn explained(role: Role) -> &'static str {
    match role {
        Role::Psychologist => "Enregistre ses séances, émet ses factures.",
        Role::Coordinator => "Suit les enfants d’un PRE, oriente, valide les séances.",
        Role::Referent => "Suit le parcours d’enfants d’un PRE.",
        Role::Administrator => "Convention, quotités, tarifs, comptes. Aucun nom d’enfant.",
        Role::Accountant => "Factures, exports, paiements. Aucun nom d’enfant.",
        Role::Auditor => "Journal et contrôles, sans rien changer.",
    }
}

/// Shows the form of an invitation.
///
/// # Errors
/// When the database fails.
pub async fn show_new_account(
    app: Data<App>,
    request: HttpRequest,
    who: As<Administrator>,
) -> Result<HttpResponse, AppError> {
    Ok(web::page(&request, &new_account_page(&app, &request, &who, FormState::new()).await?)?)
}

/// Makes an account and invites its person.
///
/// # Errors
/// When the database fails.
pub async fn create_account(
    app: Data<App>,
    request: HttpRequest,
    who: As<Administrator>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let email = form.required_email("email", "l’adresse électronique");
    let display_name = form.required_text_within("name", "le nom", LONGEST_NAME);
    let roles = chosen_roles(&mut form);
    let (Some(email), Some(display_name), Some(roles)) = (email, display_name, roles) else {
        return Ok(web::refused(&request, &new_account_page(&app, &request, &who, form).await?)?);
    };
    let (lent, author) = (app.clone(), who.person.actor());
    let new = NewAccount { email, display_name, roles };
    let outcome: Result<Created, Failure<CreateRefusal>> =
        app.db.write_async(move |tx| create::create(tx, &lent, author, &new)).await;
    match outcome {
        Ok(created) => {
            let until = calendar::french_date(created.invited.until);
            let done = format!("L’invitation est partie à {}. Elle sert jusqu’au {until}.", created.invited.email);
            Ok(web::see_other_with(&links::account(created.account), &Flash::success(done)))
        }
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            Ok(web::refused(&request, &new_account_page(&app, &request, &who, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// The roles ticked, at least one.
fn chosen_roles(form: &mut FormState) -> Option<Vec<RoleIn>> {
    let ticked = ["roles", "coordinations", "referents"].map(|name| form.all(name)).concat();
    let roles: Result<Vec<RoleIn>, String> = ticked.iter().map(|text| text.parse()).collect();
    match roles {
        Ok(roles) if !roles.is_empty() => Some(roles),
        _ => {
            form.refuse("roles", CreateRefusal::NoRole);
            None
        }
    }
}

#[derive(Template)]
#[template(path = "accounts/show.html")]
struct AccountPage {
    layout: Layout,
    form: FormState,
    account: StoredAccount,
    has_password: bool,
    invited_until: Option<Ts>,
    grants: Vec<Grant>,
    givable: Vec<Choice>,
    is_own: bool,
    has_factor: bool,
}

impl AccountPage {
    fn address(&self, gesture: &str) -> String {
        format!("{}/{gesture}", links::account(self.account.id))
    }
}

async fn account_page(
    app: &App,
    request: &HttpRequest,
    who: &As<Administrator>,
    id: AccountId,
    form: FormState,
) -> Result<AccountPage, AppError> {
    let now = app.clock.now();
    let (account, has_password, has_factor, invited_until, grants, programmes) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let account = store::load_account(conn, id)?;
            let has_password = store::has_password(conn, id)?;
            let has_factor = store::find_factor(conn, id)?.is_some();
            let invited_until = store::invited_until(conn, id, now)?;
            let (grants, programmes) = (store::grants_of(conn, id)?, store::programmes(conn)?);
            Ok((account, has_password, has_factor, invited_until, grants, programmes))
        })
        .await?;
    Ok(AccountPage {
        layout: who.layout(request, account.display_name.clone()).under("Comptes", links::ACCOUNTS).for_form(&form),
        form,
        has_password,
        has_factor,
        invited_until,
        givable: givable(&grants, &programmes),
        grants,
        is_own: who.account == account.id,
        account,
    })
}

/// The roles that an account does not hold yet.
fn givable(held: &[Grant], programmes: &[(ProgrammeId, String)]) -> Vec<Choice> {
    let mut all: Vec<Grant> = Vec::new();
    for role in Role::ALL.iter().copied() {
        if role.is_for_a_programme() {
            all.extend(programmes.iter().map(|(id, name)| Grant {
                role,
                programme: Some(*id),
                programme_name: Some(name.clone()),
            }));
        } else {
            all.push(Grant { role, programme: None, programme_name: None });
        }
    }
    all.retain(|grant| !held.contains(grant));
    all.iter().map(|grant| Choice::new(RoleIn::of(grant), grant.label())).collect()
}

/// Shows an account.
///
/// # Errors
/// When there is none, or the database fails.
pub async fn show_account(
    app: Data<App>,
    request: HttpRequest,
    who: As<Administrator>,
    id: Path<AccountId>,
) -> Result<HttpResponse, AppError> {
    Ok(web::page(&request, &account_page(&app, &request, &who, *id, FormState::new()).await?)?)
}

/// What a gesture on an account works with.
struct Gesture<'t, 'c> {
    tx: &'t mut Tx<'c>,
    app: &'t App,
    author: Actor,
    account: AccountId,
}

/// Runs a gesture on an account: says what was done, or shows the account again with the refusal.
async fn act<R: Refusal + Send + 'static>(
    (app, request, who): (Data<App>, HttpRequest, As<Administrator>),
    id: AccountId,
    mut form: FormState,
    gesture: impl Fn(Gesture<'_, '_>) -> Result<String, Failure<R>> + Send + 'static,
) -> Result<HttpResponse, AppError> {
    let (lent, author) = (app.get_ref().clone(), who.person.actor());
    let outcome = app.db.write_async(move |tx| gesture(Gesture { tx, app: &lent, author, account: id })).await;
    match outcome {
        Ok(done) => Ok(web::see_other_with(&links::account(id), &Flash::success(done))),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), &refusal);
            Ok(web::refused(&request, &account_page(&app, &request, &who, id, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Sends a new invitation.
///
/// # Errors
/// When there is no such account, or the database fails.
pub async fn create_invitation(
    app: Data<App>,
    request: HttpRequest,
    who: As<Administrator>,
    id: Path<AccountId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    act((app, request, who), *id, form, |on| {
        let invited = invite::invite(on.tx, on.app, on.author, on.account)?;
        let until = calendar::french_date(invited.until);
        Ok(format!("Une invitation est partie à {}. Elle sert jusqu’au {until}.", invited.email))
    })
    .await
}

/// Withdraws the invitation that was sent.
///
/// # Errors
/// When there is no such account, or the database fails.
pub async fn create_invitation_withdrawal(
    app: Data<App>,
    request: HttpRequest,
    who: As<Administrator>,
    id: Path<AccountId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    act((app, request, who), *id, form, |on| {
        let withdrawn = invite::withdraw(on.tx, &on.app.clock, on.author, on.account)?;
        let done = if withdrawn {
            "L’invitation est annulée : son lien ne sert plus."
        } else {
            "Aucune invitation n’attendait."
        };
        Ok(done.to_owned())
    })
    .await
}

/// Gives a role.
///
/// # Errors
/// When there is no such account, or the database fails.
pub async fn create_role(
    app: Data<App>,
    request: HttpRequest,
    who: As<Administrator>,
    id: Path<AccountId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let Some(role) = form.required_choice("role", "un rôle", |text| text.parse::<RoleIn>().ok()) else {
        return Ok(web::refused(&request, &account_page(&app, &request, &who, *id, form).await?)?);
    };
    act((app, request, who), *id, form, move |on| {
        change_roles::give(on.tx, &on.app.clock, &on.app.config.base_url, on.author, on.account, role)?;
        Ok("Le rôle est donné. La personne en est prévenue par message.".to_owned())
    })
    .await
}

/// Withdraws a role.
///
/// # Errors
/// When there is no such account, or the database fails.
pub async fn create_role_withdrawal(
    app: Data<App>,
    request: HttpRequest,
    who: As<Administrator>,
    id: Path<AccountId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let unreadable = |_| AppError::Unreadable("Choisissez le rôle à retirer.".to_owned());
    let role: RoleIn = form.value("role").parse().map_err(unreadable)?;
    act((app, request, who), *id, form, move |on| {
        change_roles::withdraw(on.tx, &on.app.clock, &on.app.config.base_url, on.author, on.account, role)?;
        Ok("Le rôle est retiré. La personne en est prévenue par message.".to_owned())
    })
    .await
}

/// Takes the second factor of somebody away.
///
/// # Errors
/// When there is no such account, or the database fails.
pub async fn create_factor_reset(
    app: Data<App>,
    request: HttpRequest,
    who: As<Administrator>,
    id: Path<AccountId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    act((app, request, who), *id, form, |on| {
        reset_factor::reset(on.tx, &on.app.clock, on.author, on.account)?;
        Ok("Le second facteur est retiré. La personne en est prévenue par message.".to_owned())
    })
    .await
}

/// Closes an account.
///
/// # Errors
/// When there is no such account, or the database fails.
pub async fn create_closing(
    app: Data<App>,
    request: HttpRequest,
    who: As<Administrator>,
    id: Path<AccountId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    act((app, request, who), *id, form, |on| {
        close::disable(on.tx, &on.app.clock, on.author, on.account)?;
        Ok("Le compte est désactivé : ses connexions et ses jetons ne servent plus.".to_owned())
    })
    .await
}

/// Opens an account again.
///
/// # Errors
/// When there is no such account, or the database fails.
pub async fn create_opening(
    app: Data<App>,
    request: HttpRequest,
    who: As<Administrator>,
    id: Path<AccountId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    act((app, request, who), *id, form, |on| {
        close::enable(on.tx, &on.app.clock, on.author, on.account)?;
        Ok("Le compte est réactivé, avec son mot de passe d’avant. Ses jetons restent révoqués.".to_owned())
    })
    .await
}
