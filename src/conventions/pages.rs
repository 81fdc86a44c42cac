//! Pages of the administrator: the convention as it stands, the buyer's settings, a psychologist's rate.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;
use diesel::QueryResult;

use super::add_rate::{self, NewRate};
use super::change_buyer::{self, BuyerSettings};
use super::{
    BudgetYear, Buyer, Convention, Grant, InvoiceChannel, MonthReopening, Neighbourhood, Programme, RequiredReference,
    ServiceType, Signatory, Stage, Terms, look_up,
};
use crate::accounts::Administrator;
use crate::accounts::guards::As;
use crate::app::App;
use crate::db::AnyConnection;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::hours::Minutes;
use crate::idempotency::{Once, once};
use crate::ids::{ConventionId, PsychologistId, RateId};
use crate::links;
use crate::money::Cents;
use crate::web::{self, Choice, Flash, FormState, Layout, Query, Status, Tone, filters};

/// A convention with all that its page shows.
struct View {
    convention: Convention,
    years: Vec<BudgetYear>,
    contributions: Vec<ContributionRow>,
    /// The grants that it names, and what each budget year gives them.
    grants: Vec<(String, Vec<Cents>)>,
    programmes: Vec<ProgrammeRow>,
    allotted: Vec<Minutes>,
    terms: Vec<Terms>,
    rates: Vec<RateRow>,
    reopenings: Vec<MonthReopening>,
    amendments: Vec<look_up::AmendmentSummary>,
    buyer: Buyer,
}

/// A signatory and what it pays in each budget year.
struct ContributionRow {
    signatory: Signatory,
    amounts: Vec<Cents>,
}

/// A programme, its territory, and what it may use in each budget year.
struct ProgrammeRow {
    programme: Programme,
    signatory: String,
    neighbourhoods: String,
    allotted: Vec<Minutes>,
}

/// A rate and whose it is.
struct RateRow {
    service: String,
    whose: String,
    hourly: Cents,
    from: NaiveDate,
}

#[derive(Template)]
#[template(path = "conventions/convention.html")]
struct ConventionPage {
    layout: Layout,
    view: Option<View>,
    others: Vec<Convention>,
    buyer_link: String,
    rate_link: String,
    reopening_link: String,
    amendment_link: String,
    transfer_link: String,
    file_link: String,
    status: Status,
}

impl ConventionPage {
    /// "Règles", with their days when there are others.
    fn rules_title(&self, terms: &Terms) -> String {
        match &self.view {
            Some(view) if view.terms.len() > 1 => format!("Règles {}", terms.period),
            _ => "Règles".to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "conventions/buyer.html")]
struct BuyerPage {
    layout: Layout,
    form: FormState,
    action: String,
    back: String,
    siret_hint: String,
    channels: Vec<Choice>,
    requirements: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "conventions/rate.html")]
struct RatePage {
    layout: Layout,
    form: FormState,
    action: String,
    back: String,
    psychologists: Vec<Choice>,
    services: Vec<Choice>,
    first: NaiveDate,
    last: NaiveDate,
}

/// Shows a convention: the one asked for, or that of today, or else the latest.
///
/// # Errors
/// When there is none of that name, or the database fails.
pub async fn show_convention(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let wanted = Query::parse(request.query_string()).get("convention").map(str::to_owned);
    let today = app.clock.today();
    let (view, others) = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let mut all = look_up::conventions(conn)?;
            let chosen = match &wanted {
                Some(slug) => Some(all.iter().position(|c| c.slug == *slug).ok_or(AppError::NotFound)?),
                None => all.iter().position(|c| c.period.contains(today)).or((!all.is_empty()).then_some(0)),
            };
            let view = chosen.map(|index| view(conn, all.remove(index))).transpose()?;
            Ok((view, all))
        })
        .await?;
    let id = view.as_ref().map(|view| view.convention.id);
    let status = match view.as_ref().map(|view| view.convention.stage(today)) {
        Some(Stage::InForce) => Status::good("En vigueur"),
        Some(Stage::Ended) => Status::neutral("Terminée"),
        Some(Stage::ToCome) | None => Status::info("Signée, à venir"),
    };
    let mut layout = who.layout(&request, "Convention").wide();
    layout.lead = view.as_ref().map(|view| view.convention.title.clone());
    let page = ConventionPage {
        layout,
        view,
        others,
        buyer_link: id.map(links::buyer).unwrap_or_default(),
        rate_link: id.map(links::new_rate).unwrap_or_default(),
        reopening_link: id.map(links::reopening).unwrap_or_default(),
        amendment_link: id.map(links::new_amendment).unwrap_or_default(),
        transfer_link: id.map(links::transfer).unwrap_or_default(),
        file_link: id.map(links::convention_file).unwrap_or_default(),
        status,
    };
    Ok(web::page(&request, &page)?)
}

fn view(conn: &mut AnyConnection, convention: Convention) -> QueryResult<View> {
    let id = convention.id;
    let years = look_up::budget_years(conn, id)?;
    let signatories = look_up::signatories(conn, id)?;
    let programmes = programme_rows(conn, id, &years, &signatories)?;
    Ok(View {
        allotted: (0..years.len()).map(|i| programmes.iter().map(|row| row.allotted[i]).sum()).collect(),
        contributions: contribution_rows(conn, &years, signatories)?,
        grants: grant_rows(conn, id, &years)?,
        programmes,
        years,
        terms: look_up::terms(conn, id)?,
        rates: rate_rows(conn, id)?,
        reopenings: look_up::reopenings(conn, id)?,
        amendments: look_up::amendments(conn, id)?,
        buyer: look_up::buyer(conn, id)?,
        convention,
    })
}

fn contribution_rows(
    conn: &mut AnyConnection,
    years: &[BudgetYear],
    signatories: Vec<Signatory>,
) -> QueryResult<Vec<ContributionRow>> {
    let paid = years.iter().map(|year| look_up::contributions(conn, year.id)).collect::<QueryResult<Vec<_>>>()?;
    let amount = |signatory: &Signatory, year: &[(_, Cents)]| {
        year.iter().find(|(payer, _)| *payer == signatory.id).map_or(Cents::ZERO, |(_, amount)| *amount)
    };
    Ok(signatories
        .into_iter()
        .map(|signatory| ContributionRow {
            amounts: paid.iter().map(|year| amount(&signatory, year)).collect(),
            signatory,
        })
        .collect())
}

fn grant_rows(
    conn: &mut AnyConnection,
    convention: ConventionId,
    years: &[BudgetYear],
) -> QueryResult<Vec<(String, Vec<Cents>)>> {
    let granted = years.iter().map(|year| look_up::granted(conn, year.id)).collect::<QueryResult<Vec<_>>>()?;
    let row = |grant: Grant| {
        let amount = |year: &Vec<(_, Cents)>| {
            year.iter().find(|(to, _)| *to == grant.id).map_or(Cents::ZERO, |(_, amount)| *amount)
        };
        (grant.name.clone(), granted.iter().map(amount).collect())
    };
    Ok(look_up::grants(conn, convention)?.into_iter().map(row).collect())
}

fn programme_rows(
    conn: &mut AnyConnection,
    convention: ConventionId,
    years: &[BudgetYear],
    signatories: &[Signatory],
) -> QueryResult<Vec<ProgrammeRow>> {
    let programmes = look_up::programmes(conn, convention)?;
    let ids: Vec<_> = programmes.iter().map(|programme| programme.id).collect();
    let homes = look_up::neighbourhoods(conn, &ids)?;
    let allotted = years.iter().map(|year| look_up::allotted(conn, year.id)).collect::<QueryResult<Vec<_>>>()?;
    let names = |of: &Programme| {
        let mine = homes.iter().filter(|home: &&Neighbourhood| home.programme == of.id);
        mine.map(|home| home.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let time = |of: &Programme, year: &[(_, Minutes)]| {
        year.iter().find(|(user, _)| *user == of.id).map_or(Minutes::ZERO, |(_, time)| *time)
    };
    Ok(programmes
        .into_iter()
        .map(|programme| ProgrammeRow {
            signatory: signatories
                .iter()
                .find(|s| s.id == programme.signatory)
                .map(|s| s.name.clone())
                .unwrap_or_default(),
            neighbourhoods: names(&programme),
            allotted: allotted.iter().map(|year| time(&programme, year)).collect(),
            programme,
        })
        .collect())
}

fn rate_rows(conn: &mut AnyConnection, convention: ConventionId) -> QueryResult<Vec<RateRow>> {
    let names = look_up::psychologist_names(conn)?;
    let name = |of: PsychologistId| names.iter().find(|(id, _)| *id == of).map(|(_, name)| name.clone());
    let mut rates = look_up::rates(conn, convention)?;
    rates.sort_by_key(|rate| (rate.service, rate.psychologist.is_some(), rate.from));
    Ok(rates
        .into_iter()
        .map(|rate| RateRow {
            service: capital(rate.service.french()),
            whose: match rate.psychologist {
                None => "tous les psychologues".to_owned(),
                Some(id) => name(id).unwrap_or_else(|| "un compte fermé".to_owned()),
            },
            hourly: rate.hourly,
            from: rate.from,
        })
        .collect())
}

/// Shows the form of the buyer's settings.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn show_buyer(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionId>,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let (convention, buyer) = load_buyer(&app, id).await?;
    let form = FormState::new()
        .with("siret", &buyer.siret)
        .with("channel", buyer.channel)
        .with("required_reference", buyer.required_reference)
        .with("service_code", buyer.service_code.as_deref().unwrap_or_default())
        .with("engagement_number", buyer.engagement_number.as_deref().unwrap_or_default())
        .with("contract_number", buyer.contract_number.as_deref().unwrap_or_default());
    Ok(web::page(&request, &buyer_page(&who, &request, &convention, &buyer, form))?)
}

async fn load_buyer(app: &App, id: ConventionId) -> Result<(Convention, Buyer), AppError> {
    app.db.read_async(move |conn| Ok((look_up::load_convention(conn, id)?, look_up::buyer(conn, id)?))).await
}

fn buyer_page(
    who: &As<Administrator>,
    request: &HttpRequest,
    convention: &Convention,
    buyer: &Buyer,
    form: FormState,
) -> BuyerPage {
    let back = links::convention(&convention.slug);
    BuyerPage {
        layout: who
            .layout(request, "Références de facturation")
            .under("Convention", &back)
            .lead(format!("Ce que {} demande sur les factures, selon l’annuaire de Chorus Pro.", buyer.name))
            .for_form(&form),
        form,
        action: links::buyer(convention.id),
        back,
        siret_hint: format!("14 chiffres, qui commencent par le SIREN {}", buyer.siren),
        channels: InvoiceChannel::ALL.iter().map(|channel| Choice::new(channel, capital(channel.french()))).collect(),
        requirements: RequiredReference::ALL
            .iter()
            .map(|required| Choice::new(required, capital(required.french())))
            .collect(),
    }
}

/// Changes the buyer's settings.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn create_buyer_change(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let (convention, buyer) = load_buyer(&app, id).await?;
    let Some(settings) = read_settings(&mut form) else {
        return Ok(web::refused(&request, &buyer_page(&who, &request, &convention, &buyer, form))?);
    };
    let (clock, actor) = (app.clock.clone(), who.person.actor());
    let outcome =
        app.db.write_async(move |tx| change_buyer::change_buyer(tx, &clock, actor, id, settings.clone())).await;
    match outcome {
        Ok(()) => {
            let done =
                Flash::success("Les références de facturation sont à jour. Les factures déjà émises ne changent pas.");
            Ok(web::see_other_with(&links::convention(&convention.slug), &done))
        }
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), refusal);
            Ok(web::refused(&request, &buyer_page(&who, &request, &convention, &buyer, form))?)
        }
        Err(other) => Err(other.into()),
    }
}

fn read_settings(form: &mut FormState) -> Option<BuyerSettings> {
    let siret = form.required_text("siret", "le SIRET");
    let channel = form.required_choice("channel", "le canal des factures", |word| word.parse().ok());
    let required = form.required_choice("required_reference", "les références exigées", |word| word.parse().ok());
    Some(BuyerSettings {
        siret: siret?.split_whitespace().collect(),
        channel: channel?,
        required_reference: required?,
        service_code: form.optional_text("service_code"),
        engagement_number: form.optional_text("engagement_number"),
        contract_number: form.optional_text("contract_number"),
    })
}

/// Shows the form of a psychologist's rate.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn show_new_rate(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionId>,
) -> Result<HttpResponse, AppError> {
    let (convention, psychologists) = load_psychologists(&app, id.into_inner()).await?;
    Ok(web::page(&request, &rate_page(&who, &request, &convention, psychologists, FormState::new()))?)
}

async fn load_psychologists(app: &App, id: ConventionId) -> Result<(Convention, Vec<Choice>), AppError> {
    app.db
        .read_async(move |conn| {
            let names = look_up::psychologist_names(conn)?;
            let choices = names.into_iter().map(|(id, name)| Choice::new(id, name)).collect();
            Ok((look_up::load_convention(conn, id)?, choices))
        })
        .await
}

fn rate_page(
    who: &As<Administrator>,
    request: &HttpRequest,
    convention: &Convention,
    psychologists: Vec<Choice>,
    form: FormState,
) -> RatePage {
    let back = links::convention(&convention.slug);
    RatePage {
        layout: who
            .layout(request, "Tarif d’un psychologue")
            .under("Convention", &back)
            .lead("Il l’emporte sur le tarif de la convention, pour les séances à partir du jour choisi.")
            .for_form(&form),
        form,
        action: links::new_rate(convention.id),
        back,
        psychologists,
        services: ServiceType::ALL.iter().map(|service| Choice::new(service, capital(service.french()))).collect(),
        first: convention.period.from,
        last: convention.period.until,
    }
}

/// Gives a psychologist a rate of their own.
///
/// # Errors
/// When there is no such convention, or the database fails.
pub async fn create_rate(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<ConventionId>,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let (convention, psychologists) = load_psychologists(&app, id).await?;
    let Some(new) = read_rate(&mut form) else {
        return Ok(web::refused(&request, &rate_page(&who, &request, &convention, psychologists, form))?);
    };
    let key = form.key(who.account, "rate", format!("{id} {new:?}"));
    let (clock, actor) = (app.clock.clone(), who.person.actor());
    let outcome = app
        .db
        .write_async(move |tx| {
            once::<RateId, _>(tx, &clock, key.as_ref(), |tx| add_rate::add_rate(tx, &clock, actor, id, new))
        })
        .await;
    match outcome {
        Ok(Once::Answer(_)) => {
            let done = Flash::success(format!("Le tarif de {} l’heure est enregistré.", new.hourly));
            Ok(web::see_other_with(&links::convention(&convention.slug), &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), refusal);
            Ok(web::refused(&request, &rate_page(&who, &request, &convention, psychologists, form))?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Words at the head of a line.
fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn read_rate(form: &mut FormState) -> Option<NewRate> {
    let psychologist = form.required_id("psychologist", "un psychologue");
    let service = form.required_choice("service", "une prestation", |word| word.parse().ok());
    let hourly = form.required_cents("hourly", "le tarif horaire");
    let from = form.required_date("from", "le premier jour");
    Some(NewRate { psychologist: psychologist?, service: service?, hourly: hourly?, from: from? })
}
