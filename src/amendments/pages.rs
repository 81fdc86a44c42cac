//! The administrator's pages of amendments: written, read again with what it changes, signed, shown.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use super::sign::{self, Prepared};
use super::{Amendment, Change, Faults, LONGEST_REASON, Line, Proposal, YearFigures, fields, look_up};
use crate::accounts::Administrator;
use crate::accounts::guards::As;
use crate::app::App;
use crate::calendar::french_date;
use crate::conventions::Convention;
use crate::conventions::look_up as conventions;
use crate::error::AppError;
use crate::failure::Failure;
use crate::idempotency::{Once, write_once};
use crate::ids::{AmendmentId, ConventionId};
use crate::links;
use crate::money::Cents;
use crate::web::{self, Field, Flash, FormState, Layout, Tone, filters};

#[derive(Template)]
#[template(path = "amendments/new.html")]
struct NewPage {
    layout: Layout,
    form: FormState,
    years: Vec<YearForm>,
    action: String,
    back: String,
    transfer: String,
    seen: String,
    today: NaiveDate,
}

/// The figures of a budget year, each in its field.
struct YearForm {
    title: String,
    quotas: Vec<Field>,
    contributions: Vec<Field>,
    grants: Vec<Field>,
    sums: Vec<Field>,
}

#[derive(Template)]
#[template(path = "amendments/preview.html")]
pub(super) struct PreviewPage {
    layout: Layout,
    number: i32,
    signed_on: NaiveDate,
    reason: String,
    lines: Vec<Line>,
    checks: Vec<YearCheck>,
    hidden: Vec<(String, String)>,
    sign_href: String,
    edit_href: String,
    back: String,
}

/// What was verified in a budget year, in words.
struct YearCheck {
    title: String,
    sentences: Vec<String>,
}

#[derive(Template)]
#[template(path = "amendments/show.html")]
struct ShowPage {
    layout: Layout,
    amendment: Amendment,
}

/// A convention, its figures, and the number of its last amendment.
#[derive(Clone)]
pub(super) struct Scene {
    pub convention: Convention,
    pub years: Vec<YearFigures>,
    pub last: i32,
}

impl Scene {
    /// The budget years that an amendment may still touch.
    pub fn open_years(&self, today: NaiveDate) -> impl Iterator<Item = &YearFigures> {
        self.years.iter().filter(move |figures| today <= figures.open_until)
    }
}

pub(super) async fn scene(app: &App, id: ConventionId) -> Result<Scene, AppError> {
    app.db
        .read_async::<_, AppError>(move |conn| {
            let convention = conventions::load_convention(conn, id)?;
            let last = conventions::last_amendment(conn, id)?;
            Ok(Scene { convention, years: look_up::figures(conn, id)?, last })
        })
        .await
}

/// Shows the form of an amendment, filled with the figures as they stand.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn show_new_amendment(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionId>,
) -> Result<HttpResponse, AppError> {
    let scene = scene(&app, id.into_inner()).await?;
    Ok(web::page(&request, &new_page(&app, &who, &request, &scene, FormState::new()))?)
}

fn new_page(app: &App, who: &As<Administrator>, request: &HttpRequest, scene: &Scene, form: FormState) -> NewPage {
    let (id, today) = (scene.convention.id, app.clock.today());
    let back = links::convention(&scene.convention.slug);
    // what was typed is compared with what its writer saw
    let seen = if form.has("seen") { form.value("seen").to_owned() } else { scene.last.to_string() };
    NewPage {
        layout: who
            .layout(request, format!("Avenant n° {}", scene.last + 1))
            .under("Convention", &back)
            .lead(
                "Changez les chiffres que l’avenant modifie, et laissez les autres. Vous relirez tout avant de signer.",
            )
            .wide()
            .for_form(&form),
        years: scene.open_years(today).map(|figures| year_form(&form, figures)).collect(),
        form,
        action: links::new_amendment(id),
        back,
        transfer: links::transfer(id),
        seen,
        today,
    }
}

fn year_form(form: &FormState, figures: &YearFigures) -> YearForm {
    let year = &figures.year;
    let quotas = figures.quotas.iter().map(|quota| {
        let hint = format!("{} réservées, {} utilisées", quota.reserved, quota.used);
        let field = form.text(&fields::quota(year.id, quota.programme.id), &quota.programme.name);
        field.initially(quota.allotted).hint(hint).short().autocomplete("off")
    });
    let euros = |name: &str, label: &str| form.text(name, label).suffix("€").short().autocomplete("off");
    let contributions = figures.contributions.iter().map(|one| {
        let field = euros(&fields::contribution(year.id, one.signatory.id), &one.signatory.name);
        let field = field.initially(one.amount.typed());
        match &one.called {
            Some(number) => field.hint(format!("Appelée par {number} : ne change plus")),
            None => field,
        }
    });
    let grants = figures
        .grants
        .iter()
        .map(|one| euros(&fields::grant(year.id, one.grant.id), &one.grant.name).initially(one.amount.typed()));
    let ceiling = euros(&fields::ceiling(year.id), "Plafond").optional();
    let call_by = form.date(&fields::call_by(year.id), "Date limite de l’appel de fonds").optional();
    YearForm {
        title: format!("Exercice {}", year.label),
        quotas: quotas.collect(),
        contributions: contributions.collect(),
        grants: grants.collect(),
        sums: vec![
            euros(&fields::budget(year.id), "Budget prévisionnel")
                .initially(year.budget.typed())
                .hint("La somme des participations"),
            euros(&fields::fixed_share(year.id), "dont part fixe")
                .initially(year.fixed_share.typed())
                .hint("Formations et analyse de la pratique"),
            ceiling.initially(year.ceiling.map(Cents::typed).unwrap_or_default()),
            call_by.initially(year.call_by.map(|day| day.to_string()).unwrap_or_default()),
        ],
    }
}

/// Reads the figures that the form holds; a field that was not posted leaves its figure as it is.
fn read_changes(form: &mut FormState, years: &[YearFigures]) -> Option<Vec<Change>> {
    let mut changes: Vec<Option<Change>> = Vec::new();
    for YearFigures { year, quotas, contributions, grants, .. } in years {
        let budget_year_id = year.id;
        for quota in quotas {
            let (programme_id, name) = (quota.programme.id, fields::quota(year.id, quota.programme.id));
            if form.has(&name) {
                let read = form.required_minutes(&name, &format!("la quotité du {}", quota.programme.name));
                changes.push(read.map(|minutes| Change::Quota { budget_year_id, programme_id, minutes }));
            }
        }
        for one in contributions {
            let (signatory_id, name) = (one.signatory.id, fields::contribution(year.id, one.signatory.id));
            if form.has(&name) {
                let read = form.required_cents(&name, &format!("la participation de {}", one.signatory.name));
                changes.push(read.map(|amount_cents| Change::Contribution {
                    budget_year_id,
                    signatory_id,
                    amount_cents,
                }));
            }
        }
        for one in grants {
            let (grant_id, name) = (one.grant.id, fields::grant(year.id, one.grant.id));
            if form.has(&name) {
                let read = form.required_cents(&name, &format!("la subvention {}", one.grant.name));
                changes.push(read.map(|amount_cents| Change::Grant { budget_year_id, grant_id, amount_cents }));
            }
        }
        let (budget, share) = (fields::budget(year.id), fields::fixed_share(year.id));
        if form.has(&budget) {
            let read = form.required_cents(&budget, "le budget prévisionnel");
            changes.push(read.map(|amount_cents| Change::Budget { budget_year_id, amount_cents }));
        }
        if form.has(&share) {
            let read = form.required_cents(&share, "la part fixe");
            changes.push(read.map(|amount_cents| Change::FixedShare { budget_year_id, amount_cents }));
        }
        let (ceiling, call_by) = (fields::ceiling(year.id), fields::call_by(year.id));
        if form.has(&ceiling) {
            let read = form.optional_cents(&ceiling, "le plafond");
            changes.push(read.map(|amount_cents| Change::Ceiling { budget_year_id, amount_cents }));
        }
        if form.has(&call_by) {
            let read = form.optional_date(&call_by, "la date limite");
            changes.push(read.map(|on| Change::CallBy { budget_year_id, on }));
        }
    }
    changes.into_iter().collect()
}

fn read_proposal(form: &mut FormState, years: &[YearFigures]) -> Option<Proposal> {
    let changes = read_changes(form, years);
    let signed_on = form.required_date("signed_on", "la date de signature");
    let reason = form.required_text_within("reason", "l’objet", LONGEST_REASON);
    let seen = form.value("seen").parse().ok();
    Some(Proposal { changes: changes?, signed_on: signed_on?, reason: reason?, seen })
}

/// Shows what an amendment would change, before it is signed; or the form again, when something forbids it.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn create_preview(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let scene = scene(&app, id.into_inner()).await?;
    if form.has("correct") {
        return Ok(web::page(&request, &new_page(&app, &who, &request, &scene, form))?);
    }
    let Some(proposal) = read_proposal(&mut form, &scene.years) else {
        return Ok(web::refused(&request, &new_page(&app, &who, &request, &scene, form))?);
    };
    let prepared = prepared(&app, scene.convention.id, proposal.clone()).await?;
    if prepared.faults.is_empty() {
        return Ok(web::page(&request, &preview_page(&who, &request, &scene, &proposal, prepared))?);
    }
    refuse(&mut form, &Faults(prepared.faults));
    Ok(web::refused(&request, &new_page(&app, &who, &request, &scene, form))?)
}

pub(super) async fn prepared(app: &App, id: ConventionId, proposal: Proposal) -> Result<Prepared, AppError> {
    let today = app.clock.today();
    app.db.read_async(move |conn| Ok::<_, AppError>(sign::prepare(conn, today, id, &proposal)?)).await
}

/// Puts each fault beside its field.
pub(super) fn refuse(form: &mut FormState, faults: &Faults) {
    for fault in &faults.0 {
        form.refuse(&fields::of(fault), fault);
    }
}

/// What is read again before signing. The figures of the years that change travel in hidden fields.
pub(super) fn preview_page(
    who: &As<Administrator>,
    request: &HttpRequest,
    scene: &Scene,
    proposal: &Proposal,
    prepared: Prepared,
) -> PreviewPage {
    let id = scene.convention.id;
    let back = links::convention(&scene.convention.slug);
    let mut hidden = vec![
        ("seen".to_owned(), scene.last.to_string()),
        ("signed_on".to_owned(), proposal.signed_on.to_string()),
        ("reason".to_owned(), proposal.reason.clone()),
    ];
    hidden.extend(prepared.years.iter().flat_map(|(_, after)| hidden_figures(after)));
    PreviewPage {
        layout: who
            .layout(request, format!("Relire l’avenant n° {}", prepared.number))
            .under("Convention", &back)
            .lead("Voici ce que l’avenant change. Rien n’est encore enregistré."),
        number: prepared.number,
        signed_on: proposal.signed_on,
        reason: proposal.reason.clone(),
        checks: prepared.years.iter().map(|(_, after)| year_check(after)).collect(),
        lines: prepared.lines,
        hidden,
        sign_href: links::amendments(id),
        edit_href: links::new_amendment(id),
        back,
    }
}

fn hidden_figures(after: &YearFigures) -> Vec<(String, String)> {
    let year = &after.year;
    let quotas = after.quotas.iter().map(|q| (fields::quota(year.id, q.programme.id), q.allotted.to_string()));
    let paid = after.contributions.iter().map(|c| (fields::contribution(year.id, c.signatory.id), c.amount.typed()));
    let sums = [
        (fields::budget(year.id), year.budget.typed()),
        (fields::fixed_share(year.id), year.fixed_share.typed()),
        (fields::ceiling(year.id), year.ceiling.map(Cents::typed).unwrap_or_default()),
        (fields::call_by(year.id), year.call_by.map(|day| day.to_string()).unwrap_or_default()),
    ];
    let grants = after.grants.iter().map(|g| (fields::grant(year.id, g.grant.id), g.amount.typed()));
    quotas.chain(paid).chain(grants).chain(sums).collect()
}

fn year_check(after: &YearFigures) -> YearCheck {
    let year = &after.year;
    let mut sentences = vec![format!("Les participations font {}, comme le budget.", after.paid())];
    if !after.grants.is_empty() {
        sentences.push(format!("Les subventions font {}, comme le budget.", after.granted()));
    }
    if after.quotas.is_empty() {
        return YearCheck { title: format!("Vérifié pour {}", year.label), sentences };
    }
    sentences.push("Aucune quotité n’est sous ce qui est réservé et utilisé.".to_owned());
    sentences.push(format!(
        "{} à {} l’heure et la part fixe de {} coûtent {}, pour un budget de {}.",
        after.hours(),
        after.hourly,
        year.fixed_share,
        after.cost(),
        year.budget
    ));
    YearCheck { title: format!("Vérifié pour {}", year.label), sentences }
}

/// Signs an amendment that was read again.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn create_amendment(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let scene = scene(&app, id).await?;
    if let Some(proposal) = read_proposal(&mut form, &scene.years) {
        let key = form.key(who.account, "amendment", format!("{id} {proposal:?}"));
        let (clock, caller) = (app.clock.clone(), *who);
        let outcome = write_once::<AmendmentId, _>(&app.db, &app.clock, key, move |tx| {
            sign::sign(tx, &clock, &caller, id, &proposal)
        });
        match outcome.await {
            Ok(Once::Answer(made)) => {
                let done = Flash::success("L’avenant est enregistré : ses chiffres sont en vigueur.");
                return Ok(web::see_other_with(&links::amendment(made), &done));
            }
            Ok(Once::KeyReused) => return Err(AppError::KeyReused),
            Err(Failure::Refused(faults)) => refuse(&mut form, &faults),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(web::refused(&request, &new_page(&app, &who, &request, &scene, form))?)
}

/// Shows an amendment.
///
/// # Errors
/// When there is none, or the database fails.
pub async fn show_amendment(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<AmendmentId>,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let (amendment, convention) = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let (amendment, convention) = look_up::load(conn, id)?;
            Ok((amendment, conventions::load_convention(conn, convention)?))
        })
        .await?;
    let layout = who
        .layout(&request, format!("Avenant n° {}", amendment.number))
        .under("Convention", links::convention(&convention.slug))
        .lead(format!("Signé le {}.", french_date(amendment.signed_on)));
    Ok(web::page(&request, &ShowPage { layout, amendment })?)
}
