//! The year at a glance: hours and euros by programme, alerts first, and the curve of the year.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use super::curve::{self, Curve, WeekRow};
use super::look_up::{self, ProgrammeYear, YearOf, YearSeen};
use super::{Money, Outlook};
use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::calendar::french_day;
use crate::db::DbError;
use crate::error::AppError;
use crate::hours::Minutes;
use crate::ids::BudgetYearId;
use crate::links;
use crate::money::Cents;
use crate::quotas::Reach;
use crate::school_calendar::look_up as school_calendar;
use crate::services::BudgetLine;
use crate::web::{self, Choice, FormState, Layout, Meter, Query, Status, Tone, filters};

/// From how many percent held a quota is told of.
const NEARLY_HELD: i32 = 80;

#[derive(Template)]
#[template(path = "budgets/year.html")]
struct YearPage {
    layout: Layout,
    form: FormState,
    years: Vec<Choice>,
    programmes: Vec<Choice>,
    alerts: Vec<String>,
    view: Option<View>,
}

/// A budget year as it is shown.
struct View {
    lines: Vec<Line>,
    total: Option<Line>,
    curve: Option<Curve>,
    curve_of: Option<String>,
    rows: Vec<WeekRow>,
    services: Vec<ServiceLine>,
    euros_title: String,
    euros: Vec<(String, Money)>,
    euros_total: Option<(String, Money)>,
    /// Whether the euros are the reader's own.
    is_own: bool,
    /// Where the yearly report is.
    report: String,
    /// Whether the reader administers the convention.
    decides: bool,
}

/// The hours of a programme.
struct Line {
    name: String,
    note: Option<String>,
    meter: Meter,
    allotted: Minutes,
    reserved: Minutes,
    used: Minutes,
    left: Minutes,
    pace: String,
    status: Option<Status>,
    foreseen: String,
}

impl Line {
    fn new(name: &str, (allotted, reserved, used): (Minutes, Minutes, Minutes), outlook: Outlook) -> Self {
        Self {
            name: name.to_owned(),
            note: None,
            meter: Meter::hours("", used, reserved, allotted),
            allotted,
            reserved,
            used,
            left: allotted - reserved - used,
            pace: outlook.pace().map_or_else(|| "–".to_owned(), |pace| pace.a_week().to_string()),
            status: status(outlook),
            foreseen: foreseen(outlook),
        }
    }

    fn of(one: &ProgrammeYear) -> Self {
        let quota = one.quota;
        let line = Self::new(&one.name, (quota.allotted, quota.reserved, quota.used), one.outlook);
        Self { note: one.note.clone(), ..line }
    }

    /// All together, when there are several.
    fn total(seen: &YearSeen) -> Option<Self> {
        let sum = |part: fn(&ProgrammeYear) -> Minutes| seen.programmes.iter().map(part).sum::<Minutes>();
        let sums = (seen.allotted, sum(|one| one.quota.reserved), sum(|one| one.quota.used));
        (seen.programmes.len() > 1).then(|| Self::new("Ensemble", sums, seen.outlook))
    }
}

fn status(outlook: Outlook) -> Option<Status> {
    match outlook {
        Outlook::NotNow | Outlook::Nothing => None,
        Outlook::TooEarly => Some(Status::neutral("Trop tôt")),
        Outlook::Exhausted => Some(Status::bad("Épuisée")),
        Outlook::Lasts { .. } => Some(Status::good("Suffit")),
        Outlook::RunsOut { .. } => Some(Status::waiting("Insuffisante")),
    }
}

fn foreseen(outlook: Outlook) -> String {
    match outlook {
        Outlook::NotNow | Outlook::Nothing => "–".to_owned(),
        Outlook::TooEarly => "Pas encore assez de semaines".to_owned(),
        Outlook::Exhausted => "Toutes les heures sont réservées ou validées".to_owned(),
        Outlook::Lasts { left, .. } => format!("Il resterait {left}"),
        Outlook::RunsOut { week, missing, .. } => {
            format!("Épuisée la semaine du {} ; il manquerait {missing}", french_day(week))
        }
    }
}

/// Shows a budget year: the one asked for, or that of today.
///
/// # Errors
/// When the role sees no quota, there is no such budget year for it, or the database fails.
pub async fn show_year(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let reach = Reach::of(&who).ok_or(AppError::Forbidden("Administration"))?;
    let query = Query::parse(request.query_string());
    let asked = query.get("exercice").map(str::parse::<BudgetYearId>).transpose().map_err(|_| AppError::NotFound)?;
    let today = app.clock.today();
    let is_told = reach == Reach::Everything;
    let (years, seen, warning) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let years = look_up::years(conn, &reach)?;
            let wanted = asked.or(look_up::present(&years, today));
            let of = years.iter().find(|of| Some(of.year.id) == wanted).cloned();
            let seen = of.map(|of| look_up::year(conn, &reach, of, today)).transpose()?;
            let warning = if is_told { school_calendar::calendar(conn)?.warning(today) } else { None };
            Ok((years, seen, warning))
        })
        .await?;
    if asked.is_some() && seen.is_none() {
        return Err(AppError::NotFound);
    }
    let wanted = query.get("pre").map(str::to_owned);
    let mut form = FormState::new().with("pre", wanted.clone().unwrap_or_default());
    let mut layout = who.layout(&request, "L’année").wide();
    if let Some(seen) = &seen {
        form = form.with("exercice", seen.of.year.id);
        layout = who.layout(&request, format!("L’année {}", seen.of.year.label)).wide().lead(&seen.of.title);
    }
    let page = YearPage {
        layout,
        form,
        years: choices(&years),
        programmes: seen
            .iter()
            .flat_map(|seen| &seen.programmes)
            .map(|one| Choice::new(&one.code, &one.name))
            .collect(),
        alerts: seen.as_ref().map(alerts).unwrap_or_default().into_iter().chain(warning).collect(),
        view: seen.map(|seen| view(&seen, wanted.as_deref(), today)),
    };
    Ok(web::page(&request, &page)?)
}

/// The budget years, with their convention when there are several.
fn choices(years: &[YearOf]) -> Vec<Choice> {
    let is_alone = years.iter().all(|of| of.convention == years[0].convention);
    let label = |of: &YearOf| if is_alone { of.year.label.clone() } else { format!("{}, {}", of.year.label, of.title) };
    years.iter().map(|of| Choice::new(of.year.id, label(of))).collect()
}

/// What to look at first: the quotas that run out, and those that are nearly held.
fn alerts(seen: &YearSeen) -> Vec<String> {
    let told = |one: &ProgrammeYear| match one.outlook {
        Outlook::RunsOut { week, missing, .. } => Some(format!(
            "{} : à ce rythme, les heures s’épuisent la semaine du {}. Il manquerait {missing}.",
            one.name,
            french_day(week)
        )),
        Outlook::Exhausted => Some(format!("{} : toutes les heures sont réservées ou validées.", one.name)),
        Outlook::Lasts { .. } | Outlook::TooEarly if one.quota.percent_held() >= NEARLY_HELD => {
            Some(format!("{} : il reste {}.", one.name, one.quota.remaining()))
        }
        _ => None,
    };
    seen.programmes.iter().filter_map(told).collect()
}

fn view(seen: &YearSeen, wanted: Option<&str>, today: NaiveDate) -> View {
    let is_own = seen.is_own;
    let chosen = seen.programmes.iter().find(|one| Some(one.code.as_str()) == wanted);
    let only = chosen.or(if seen.programmes.len() == 1 { seen.programmes.first() } else { None });
    let (weeks, allotted, outlook) = match only {
        Some(one) => (&one.weeks, one.quota.allotted, one.outlook),
        None => (&seen.weeks, seen.allotted, seen.outlook),
    };
    let rows = curve::rows(weeks, outlook, today);
    let name = only.map_or("tous les PRE", |one| &one.name);
    let period = seen.of.year.period;
    let is_drawn = !seen.programmes.is_empty();
    View {
        lines: seen.programmes.iter().map(Line::of).collect(),
        total: Line::total(seen),
        curve: is_drawn.then(|| Curve::new(name, period, allotted, &rows, outlook, today)).flatten(),
        curve_of: chosen.map(|one| one.name.clone()),
        rows,
        services: seen.lines().map(|(one, line)| ServiceLine::new(one.name(), line)).collect(),
        euros_title: euros_title(seen).to_owned(),
        euros: euros(seen, is_own),
        euros_total: euros_total(seen, is_own),
        is_own,
        report: links::report(&seen.of.year.id.to_string()),
        decides: seen.is_whole,
    }
}

fn euros_title(seen: &YearSeen) -> &'static str {
    let leads = seen.fixed_share.committed + seen.fixed_share.invoiced != Cents::ZERO;
    match (seen.is_own, seen.programmes.is_empty(), leads) {
        (false, ..) => "Euros",
        (true, true, _) => "Euros de vos prestations",
        (true, false, false) => "Euros de vos séances",
        (true, false, true) => "Euros de vos séances et prestations",
    }
}

/// The hours and euros of a type of service, with tax.
struct ServiceLine {
    name: &'static str,
    meter: Meter,
    allotted: Minutes,
    reserved: Minutes,
    used: Minutes,
    budget: Cents,
    budget_left: Cents,
}

impl ServiceLine {
    fn new(name: &'static str, line: BudgetLine) -> Self {
        let (allotted, reserved, used) = (line.allotted.time, line.reserved.time, line.used.time);
        Self {
            name,
            meter: Meter::hours("", used, reserved, allotted),
            allotted,
            reserved,
            used,
            budget: line.allotted.cost,
            budget_left: line.left().cost,
        }
    }
}

/// The programmes, then the services: for who sees the whole convention, against their lines; for a provider, their own.
fn euros(seen: &YearSeen, is_own: bool) -> Vec<(String, Money)> {
    let mut rows: Vec<(String, Money)> = seen.programmes.iter().map(|one| (one.name.clone(), one.money)).collect();
    let lines = seen.services.iter().filter(|one| {
        let led = one.money.committed + one.money.invoiced != Cents::ZERO;
        (seen.is_whole && one.line.is_some()) || (is_own && led)
    });
    rows.extend(lines.map(|one| (format!("{} (TTC)", one.name()), one.money)));
    let granted = |(name, amount): &(String, Cents)| (name.clone(), Money { budgeted: *amount, ..Money::default() });
    rows.extend(seen.grants.iter().map(granted));
    let shared: Cents = seen.services.iter().map(|one| one.money.budgeted).sum();
    if seen.is_whole && shared < seen.fixed_share.budgeted {
        let name = if shared == Cents::ZERO {
            "Part fixe : analyse de la pratique et formation, sans ligne de budget"
        } else {
            "Part fixe non répartie"
        };
        rows.push((name.to_owned(), Money { budgeted: seen.fixed_share.budgeted - shared, ..Money::default() }));
    }
    rows
}

fn euros_total(seen: &YearSeen, is_own: bool) -> Option<(String, Money)> {
    if seen.is_whole {
        return Some((format!("Budget {}", seen.of.year.label), seen.whole_money()));
    }
    let name = match (is_own, seen.programmes.is_empty()) {
        (true, true) => "Toutes vos prestations",
        (true, false) => "Toutes vos séances et prestations",
        (false, _) => "Ensemble",
    };
    let led = if is_own { Money { budgeted: Cents::ZERO, ..seen.fixed_share } } else { Money::default() };
    (euros(seen, is_own).len() > 1).then(|| (name.to_owned(), seen.programmes_money() + led))
}
