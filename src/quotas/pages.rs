//! The page of hour quotas: what each programme was allotted, and what is reserved, used and left.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::db::DbError;
use crate::error::AppError;
use crate::hours::Minutes;
use crate::quotas::Reach;
use crate::quotas::look_up::{self, QuotaLine};
use crate::school_calendar::look_up as school_calendar;
use crate::web::{self, Choice, FormState, Layout, Meter, Query, Tone};

#[derive(Template)]
#[template(path = "quotas/list.html")]
struct QuotasPage {
    layout: Layout,
    /// When the school holidays that are known run out, for those who can import the next.
    warning: Option<String>,
    form: FormState,
    years: Vec<Choice>,
    lines: Vec<Line>,
    total: Option<Line>,
}

/// A programme's quota as it is shown.
struct Line {
    programme: String,
    meter: Meter,
    allotted: Minutes,
    reserved: Minutes,
    used: Minutes,
    left: Minutes,
    percent: i32,
    note: Option<String>,
}

impl Line {
    fn of(line: QuotaLine) -> Self {
        let quota = line.quota;
        Self {
            meter: Meter::hours("", quota.used, quota.reserved, quota.allotted),
            allotted: quota.allotted,
            reserved: quota.reserved,
            used: quota.used,
            left: quota.remaining(),
            percent: quota.percent_held(),
            programme: line.programme,
            note: line.note,
        }
    }

    /// All together, when there are several.
    fn total(lines: &[Self]) -> Option<Self> {
        let sum = |part: fn(&Self) -> Minutes| lines.iter().map(part).sum::<Minutes>();
        let (allotted, reserved, used) = (sum(|l| l.allotted), sum(|l| l.reserved), sum(|l| l.used));
        let percent = if allotted.0 == 0 { 100 } else { (reserved + used).0 * 100 / allotted.0 };
        (lines.len() > 1).then(|| Self {
            programme: "Ensemble".to_owned(),
            meter: Meter::hours("", used, reserved, allotted),
            allotted,
            reserved,
            used,
            left: allotted - reserved - used,
            percent,
            note: None,
        })
    }
}

/// Shows the quotas of a year.
///
/// # Errors
/// When the role sees no quota, or the database fails.
pub async fn list_quotas(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let reach = Reach::of(&who).ok_or(AppError::Forbidden("Administration"))?;
    let query = Query::parse(request.query_string());
    let asked = query.get("annee").map(str::to_owned);
    let today = app.clock.today();
    let is_told = reach == Reach::Everything;
    let (years, lines, warning) = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let years = look_up::labels_of_years(conn)?;
            let lines = match &asked {
                Some(label) => look_up::lines_of_year(conn, &reach, label)?,
                None => look_up::lines_on(conn, &reach, today)?,
            };
            let warning = if is_told { school_calendar::calendar(conn)?.warning(today) } else { None };
            Ok((years, lines, warning))
        })
        .await?;
    let year = lines.first().map(|line| line.year.clone()).or_else(|| query.get("annee").map(str::to_owned));
    let lead = "Ce que la Métropole et les signataires ont fixé d’avance, ce qui est réservé et ce qui est validé.";
    let lines: Vec<Line> = lines.into_iter().map(Line::of).collect();
    let page = QuotasPage {
        layout: who.layout(&request, title(year.as_deref())).lead(lead).wide(),
        warning,
        form: FormState::new().with("annee", year.unwrap_or_default()),
        years: years.into_iter().map(|label| Choice::new(&label, &label)).collect(),
        total: Line::total(&lines),
        lines,
    };
    Ok(web::page(&request, &page)?)
}

fn title(year: Option<&str>) -> String {
    year.map_or_else(|| "Quotités horaires".to_owned(), |year| format!("Quotités horaires {year}"))
}
