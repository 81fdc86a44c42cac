//! How a psychologist bills: identity, bank, VAT, mandate. The administrator sees who is ready, never a bank account.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::mandate::{revoke_mandate, sign_mandate};
use super::set_vat_regime::set_vat_regime;
use super::update_billing::{BillingRefusal, update_billing};
use super::{
    BillingFlaw, BillingIdentity, DatedVatRegime, Issuer, Mandate, VatRegime, look_up, regime_french, regime_in_force,
};
use crate::accounts::guards::As;
use crate::accounts::{Administrator, Psychologist};
use crate::app::App;
use crate::conventions::ServiceType;
use crate::db::DbError;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::ids::PsychologistId;
use crate::links;
use crate::web::{self, Choice, Flash, FormState, Layout, Status, Tone, filters};

/// Which form of the page is shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Identity,
    Vat,
    Mandate,
}

#[derive(Template)]
#[template(path = "psychologists/billing.html")]
struct BillingPage {
    layout: Layout,
    identity: FormState,
    vat: FormState,
    mandate: FormState,
    issuer: Issuer,
    missing: Vec<BillingFlaw>,
    regimes: Vec<RegimeRow>,
    services: Vec<Choice>,
    regime_choices: Vec<Choice>,
    today: chrono::NaiveDate,
}

/// A type of service and its regime today, and those to come.
struct RegimeRow {
    service: &'static str,
    current: &'static str,
    next: Vec<DatedVatRegime>,
}

#[derive(Template)]
#[template(path = "psychologists/list.html")]
struct ListPage {
    layout: Layout,
    issuers: Vec<Issuer>,
}

#[derive(Template)]
#[template(path = "psychologists/show.html")]
struct ShowPage {
    layout: Layout,
    issuer: Issuer,
    flaws: Vec<BillingFlaw>,
    regimes: Vec<RegimeRow>,
}

/// What the pages show of an issuer.
impl Issuer {
    fn link(&self) -> String {
        links::psychologist(self.id)
    }

    fn readiness(&self) -> Status {
        match self.flaws().len() {
            0 if self.billing.professional_number().is_none() => Status::neutral("Complète, hors séances"),
            0 => Status::good("Complète"),
            1 => Status::waiting("1 point à compléter"),
            n => Status::waiting(format!("{n} points à compléter")),
        }
    }
}

/// Shows a psychologist their billing identity.
///
/// # Errors
/// When the database fails.
pub async fn show_billing(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    Ok(web::page(&request, &billing_page(&app, &who, &request, None).await?)?)
}

/// The page, with a refused form in its section.
async fn billing_page(
    app: &App,
    who: &As<Psychologist>,
    request: &HttpRequest,
    refused: Option<(Section, FormState)>,
) -> Result<BillingPage, AppError> {
    let id = who.id;
    let (issuer, regimes) = app
        .db
        .read_async::<_, DbError>(move |conn| Ok((look_up::load(conn, id)?, look_up::vat_regimes(conn, id)?)))
        .await?;
    let today = app.clock.today();
    let mut page = BillingPage {
        layout: who
            .layout(request, "Facturation")
            .lead("Ce qui figure sur vos factures. Les factures déjà émises gardent ce qu’elles portaient."),
        identity: filled(&issuer.billing),
        vat: FormState::new(),
        mandate: FormState::new(),
        missing: issuer.flaws(),
        issuer,
        regimes: regime_rows(&regimes, today),
        services: ServiceType::ALL.iter().map(|service| Choice::new(service, the_service(*service))).collect(),
        regime_choices: regime_choices(),
        today,
    };
    if let Some((section, form)) = refused {
        page.layout = page.layout.for_form(&form);
        *match section {
            Section::Identity => &mut page.identity,
            Section::Vat => &mut page.vat,
            Section::Mandate => &mut page.mandate,
        } = form;
    }
    Ok(page)
}

fn filled(billing: &BillingIdentity) -> FormState {
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    FormState::new()
        .with("legal_name", &billing.legal_name)
        .with("street", &billing.street)
        .with("postcode", &billing.postcode)
        .with("city", &billing.city)
        .with("siret", &billing.siret)
        .with("rpps", optional(&billing.rpps))
        .with("adeli", optional(&billing.adeli))
        .with("iban", &billing.iban)
        .with("bic", optional(&billing.bic))
        .with("vat_number", optional(&billing.vat_number))
}

fn the_service(service: ServiceType) -> &'static str {
    match service {
        ServiceType::Interview => "Entretiens psychologiques",
        ServiceType::PracticeAnalysis => "Analyse de la pratique",
        ServiceType::Training => "Formations",
    }
}

fn regime_choices() -> Vec<Choice> {
    vec![
        Choice::new(VatRegime::ExemptCare, "Exonérée").hint("Soins : article 261, 4-1° du CGI"),
        Choice::new(VatRegime::Franchise, "Non applicable").hint("Franchise en base : article 293 B du CGI"),
        Choice::new(VatRegime::Standard, "20 %").hint("Il faut un numéro de TVA"),
    ]
}

fn regime_rows(regimes: &[DatedVatRegime], today: chrono::NaiveDate) -> Vec<RegimeRow> {
    let row = |service: &ServiceType| RegimeRow {
        service: the_service(*service),
        current: regime_in_force(regimes, *service, today)
            .map_or("à indiquer avant la première facture", regime_french),
        next: regimes.iter().filter(|regime| regime.service == *service && regime.from > today).copied().collect(),
    };
    ServiceType::ALL.iter().map(row).collect()
}

/// Saves the billing identity.
///
/// # Errors
/// When the database fails.
pub async fn create_billing_change(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let identity = read_identity(&form);
    let (clock, caller) = (app.clock.clone(), *who);
    let saved = app.db.write_async(move |tx| update_billing(tx, &clock, &caller, identity.clone())).await;
    match saved {
        Ok(()) => Ok(web::see_other_with(links::BILLING, &Flash::success("Votre identité de facturation est à jour."))),
        Err(Failure::Refused(BillingRefusal(flaws))) => {
            for flaw in flaws {
                form.refuse(flaw.field.name(), flaw);
            }
            let page = billing_page(&app, &who, &request, Some((Section::Identity, form))).await?;
            Ok(web::refused(&request, &page)?)
        }
        Err(other) => Err(other.into()),
    }
}

fn read_identity(form: &FormState) -> BillingIdentity {
    let text = |name: &str| form.value(name).to_owned();
    BillingIdentity {
        legal_name: text("legal_name"),
        siret: text("siret"),
        rpps: form.optional_text("rpps"),
        adeli: form.optional_text("adeli"),
        vat_number: form.optional_text("vat_number"),
        iban: text("iban"),
        bic: form.optional_text("bic"),
        street: text("street"),
        postcode: text("postcode"),
        city: text("city"),
    }
}

/// Sets a VAT regime from a day on.
///
/// # Errors
/// When the database fails.
pub async fn create_vat_regime(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let service = form.required_choice("service", "une prestation", |word| word.parse().ok());
    let regime = form.required_choice("regime", "un régime de TVA", |word| word.parse().ok());
    let from = form.required_date("from", "la date de début");
    if let (Some(service), Some(regime), Some(from)) = (service, regime, from) {
        let (clock, caller) = (app.clock.clone(), *who);
        let new = DatedVatRegime { service, from, regime };
        let set = app.db.write_async(move |tx| set_vat_regime(tx, &clock, &caller, new)).await;
        if let Some(answer) = settled(set, &mut form, "Le régime de TVA est enregistré.")? {
            return Ok(answer);
        }
    }
    Ok(web::refused(&request, &billing_page(&app, &who, &request, Some((Section::Vat, form))).await?)?)
}

/// Gives the billing mandate.
///
/// # Errors
/// When the database fails.
pub async fn create_mandate(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let signed_on = form.required_date("signed_on", "la date de signature");
    let signed_by = form.required_text_within("signed_by", "le nom du signataire", 99);
    if let (Some(signed_on), Some(signed_by)) = (signed_on, signed_by) {
        let (clock, caller) = (app.clock.clone(), *who);
        let mandate = Mandate { signed_on, signed_by };
        let given = app.db.write_async(move |tx| sign_mandate(tx, &clock, &caller, &mandate)).await;
        if let Some(answer) = settled(given, &mut form, "Le mandat de facturation est en vigueur.")? {
            return Ok(answer);
        }
    }
    Ok(web::refused(&request, &billing_page(&app, &who, &request, Some((Section::Mandate, form))).await?)?)
}

/// Takes the billing mandate back.
///
/// # Errors
/// When the database fails.
pub async fn create_mandate_end(
    app: Data<App>,
    who: As<Psychologist>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let (clock, caller) = (app.clock.clone(), *who);
    let ended = app.db.write_async(move |tx| revoke_mandate(tx, &clock, &caller)).await;
    let done = "Le mandat est retiré : vous seul pouvez émettre vos factures.";
    if let Some(answer) = settled(ended, &mut form, done)? {
        return Ok(answer);
    }
    Ok(web::refused(&request, &billing_page(&app, &who, &request, Some((Section::Mandate, form))).await?)?)
}

/// The answer when it is done; nothing when a rule refused, which the form then says.
fn settled<R: Refusal>(
    outcome: Result<(), Failure<R>>,
    form: &mut FormState,
    done: &str,
) -> Result<Option<HttpResponse>, AppError> {
    match outcome {
        Ok(()) => Ok(Some(web::see_other_with(links::BILLING, &Flash::success(done)))),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), refusal);
            Ok(None)
        }
        Err(other) => Err(other.into()),
    }
}

/// Lists the psychologists for the administrator: who is ready to invoice, who gave a mandate.
///
/// # Errors
/// When the database fails.
pub async fn list_psychologists(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let issuers = app.db.read_async::<_, DbError>(|conn| Ok(look_up::all(conn)?)).await?;
    let layout = who.layout(&request, "Psychologues").wide().lead("Qui peut facturer, et ce qui manque.");
    Ok(web::page(&request, &ListPage { layout, issuers })?)
}

/// Shows a psychologist's billing identity to the administrator, without bank details.
///
/// # Errors
/// When there is no such psychologist, or the database fails.
pub async fn show_psychologist(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    id: Path<PsychologistId>,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let (issuer, regimes) = app
        .db
        .read_async::<_, DbError>(move |conn| Ok((look_up::load(conn, id)?, look_up::vat_regimes(conn, id)?)))
        .await?;
    let page = ShowPage {
        layout: who.layout(&request, &issuer.display_name).under("Psychologues", links::PSYCHOLOGISTS),
        flaws: issuer.flaws(),
        regimes: regime_rows(&regimes, app.clock.today()),
        issuer,
    };
    Ok(web::page(&request, &page)?)
}
