//! The budget lines of services: what each budget year keeps, what is left, and fixing them.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::Administrator;
use crate::accounts::guards::As;
use crate::app::App;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::idempotency::{Once, write_once};
use crate::ids::BudgetYearId;
use crate::links;
use crate::services::allot::{self, Allotment};
use crate::services::look_up::{self, LineTold};
use crate::services::{BudgetLine, Part, pages, title};
use crate::web::{self, Choice, Flash, FormState, Layout, Meter};

#[derive(Template)]
#[template(path = "services/lines.html")]
struct LinesPage {
    layout: Layout,
    form: FormState,
    years: Vec<LineTold>,
    choices: Vec<Choice>,
    kinds: Vec<Choice>,
}

/// The meters of a line: hours, and euros with tax.
fn meters(line: &BudgetLine) -> [Meter; 2] {
    let (used, reserved, allotted) = (line.used, line.reserved, line.allotted);
    [
        Meter::hours(format!("{}, heures", title(line.kind)), used.time, reserved.time, allotted.time),
        Meter::money(format!("{}, euros TVA comprise", title(line.kind)), used.cost + reserved.cost, allotted.cost),
    ]
}

async fn lines_page(
    app: &App,
    who: &As<Administrator>,
    request: &HttpRequest,
    form: FormState,
) -> Result<LinesPage, AppError> {
    let mut years = app.db.read_async::<_, AppError>(|conn| Ok(look_up::lines_told(conn)?)).await?;
    // the year that runs, those before it, then those to come
    let today = app.clock.today();
    years.sort_by_key(|told| told.period.from > today);
    let choice = |told: &LineTold| Choice::new(told.year, format!("{}, {}", told.year_label, told.convention_title));
    Ok(LinesPage {
        layout: who
            .layout(request, "Lignes de budget des prestations")
            .under("Prestations", links::SERVICES)
            .lead("La part fixe d’un exercice paie l’analyse de la pratique et les formations : ses lignes disent combien pour chacune.")
            .for_form(&form),
        form,
        choices: years.iter().map(choice).collect(),
        years,
        kinds: pages::kinds(),
    })
}

/// Shows the lines.
///
/// # Errors
/// When the database fails.
pub async fn show_lines(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    Ok(web::page(&request, &lines_page(&app, &who, &request, FormState::new()).await?)?)
}

/// Fixes a line.
///
/// # Errors
/// When there is no such budget year, or the database fails.
pub async fn create_line(
    app: Data<App>,
    who: As<Administrator>,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let year = form.required_id::<BudgetYearId>("year", "l’exercice");
    let kind = form.required_choice("kind", "le type de prestation", |word| word.parse().ok());
    let time = form.required_minutes("hours", "le nombre d’heures");
    let cost = form.required_cents("euros", "le montant");
    let (Some(year), Some(kind), Some(time), Some(cost)) = (year, kind, time, cost) else {
        return Ok(web::refused(&request, &lines_page(&app, &who, &request, form).await?)?);
    };
    let key = form.key(who.account, "allot_line", format!("{year} {kind} {time:?} {cost:?}"));
    let (clock, by) = (app.clock.clone(), allot::author(&who));
    let outcome = write_once(&app.db, &app.clock, key, move |tx| {
        let known = look_up::lines_told(tx)?.into_iter().find(|told| told.year == year).ok_or(Failure::NotFound)?;
        let new = Allotment { convention: known.convention, year, kind, part: Part { time, cost } };
        allot::allot(tx, &clock, by, new)
    })
    .await;
    match outcome {
        Ok(Once::Answer(_)) => {
            let done = Flash::success(format!("La ligne est fixée : {}, {time} et {cost}.", title(kind)));
            Ok(web::see_other_with(links::BUDGET_LINES, &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            form.refuse(refusal.field().unwrap_or_default(), refusal);
            Ok(web::refused(&request, &lines_page(&app, &who, &request, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}
