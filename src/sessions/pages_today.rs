//! A psychologist's first page: what waits, today and tomorrow, the hours left, the month's invoice.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{Days, NaiveDate};

use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Caller, Psychologist};
use crate::app::App;
use crate::calendar::{Month, french_day};
use crate::db::DbError;
use crate::error::AppError;
use crate::failure::Failure;
use crate::hours::Minutes;
use crate::idempotency::{Once, write_once};
use crate::ids::SessionId;
use crate::links;
use crate::quotas::{Reach, look_up as quotas};
use crate::requests::{Standing, look_up as requests};
use crate::school_calendar::look_up as school_calendar;
use crate::sessions::look_up;
use crate::sessions::pages::{self, Shown};
use crate::sessions::{Attendance, Phase, Scope, record, undo_record};
use crate::web::{self, Flash, FormState, Icon, Layout, Meter, Status, Tone, filters};

#[derive(Template)]
#[template(path = "sessions/today.html")]
struct TodayPage {
    layout: Layout,
    /// When the school holidays that are known run out.
    warning: Option<String>,
    to_record: Vec<Waiting>,
    refused: Vec<Shown>,
    today: Vec<Shown>,
    tomorrow: Vec<Shown>,
    tomorrow_on: NaiveDate,
    quotas: Vec<Meter>,
    referrals: Vec<ReferralLine>,
    invoice: MonthSoFar,
    /// How many requests for a session wait for an answer.
    requests: i64,
}

impl TodayPage {
    /// How many sessions are past and not recorded.
    fn count_to_record(&self) -> String {
        match self.to_record.iter().filter(|waiting| waiting.is_over).count() {
            0 => "Rien à enregistrer encore".to_owned(),
            1 => "1 séance à enregistrer".to_owned(),
            n => format!("{n} séances à enregistrer"),
        }
    }
}

/// A booked session that has started.
struct Waiting {
    session: Shown,
    /// Whether it is over: it may be recorded as held.
    is_over: bool,
    is_today: bool,
}

/// A referral and what is left of it.
struct ReferralLine {
    child_href: String,
    meter: Meter,
    name: String,
    ends_on: NaiveDate,
    left: Minutes,
}

/// What the month's invoice is made of so far.
struct MonthSoFar {
    title: String,
    to_bill: i64,
    billed: Minutes,
    waiting: i64,
    refused: i64,
    href: String,
}

/// Shows a psychologist their day.
///
/// # Errors
/// When the database fails.
pub async fn show_today(app: &App, who: &SignedIn, request: &HttpRequest) -> Result<HttpResponse, AppError> {
    let Some(psychologist) = Psychologist::of(who) else { return Ok(web::see_other(links::BILLING)) };
    let (clock, vault, today) = (app.clock.clone(), app.vault.clone(), app.clock.today());
    let layout = who
        .layout(request, "Aujourd’hui")
        .lead(capital(&french_day(today)))
        .action("Saisir une séance", links::RECORD_SESSION);
    let page = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let scope = Scope::Psychologist(psychologist.id);
            let day = look_up::day(conn, &clock, psychologist.id)?;
            let now = clock.now();
            let over: Vec<bool> = day.to_record.iter().map(|row| row.session.slot.ends_at() <= now).collect();
            let mut named = |listed| pages::shown(conn, &vault, &scope, listed);
            let (to_record, refused) = (named(day.to_record)?, named(day.refused)?);
            let (on_today, on_tomorrow) = (named(day.today)?, named(day.tomorrow)?);
            let to_record = to_record
                .into_iter()
                .zip(over)
                .map(|(session, is_over)| Waiting { is_today: session.on == today, session, is_over })
                .collect();
            let quotas = quotas::lines_on(conn, &Reach::Psychologist(psychologist.id), today)?
                .into_iter()
                .map(|line| Meter::hours(line.programme, line.quota.used, line.quota.reserved, line.quota.allotted))
                .collect();
            Ok(TodayPage {
                layout,
                warning: school_calendar::calendar(conn)?.warning(today),
                to_record,
                refused,
                today: on_today,
                tomorrow: on_tomorrow,
                tomorrow_on: today.checked_add_days(Days::new(1)).unwrap_or(today),
                quotas,
                referrals: referrals(conn, &vault, &scope, today)?,
                requests: requests::count(conn, &scope.reader(), Some(Standing::Open))?,
                invoice: month_so_far(conn, &scope, Month::of(today))?,
            })
        })
        .await?;
    Ok(web::page(request, &page)?)
}

fn referrals(
    conn: &mut crate::db::AnyConnection,
    vault: &crate::vault::Vault,
    scope: &Scope,
    on: NaiveDate,
) -> Result<Vec<ReferralLine>, DbError> {
    let open = look_up::open_referrals(conn, scope, on)?;
    let ids: Vec<_> = open.iter().map(|referral| referral.child_id).collect();
    let names = crate::children::look_up::full_names(conn, vault, &pages::reader(scope), &ids)?;
    let mut lines: Vec<ReferralLine> = open
        .into_iter()
        .map(|referral| ReferralLine {
            child_href: links::child(referral.child_id),
            name: names.get(&referral.child_id).cloned().unwrap_or_else(|| referral.reference.clone()),
            meter: Meter::hours("", referral.used, referral.reserved, referral.minutes),
            ends_on: referral.ends_on,
            left: referral.minutes - referral.reserved - referral.used,
        })
        .collect();
    // the nearest to their end first
    lines.sort_by_key(|line| (line.left, line.ends_on));
    Ok(lines)
}

fn month_so_far(conn: &mut crate::db::AnyConnection, scope: &Scope, month: Month) -> Result<MonthSoFar, DbError> {
    let totals = look_up::totals(conn, scope, month)?;
    let of = |phase: Phase| totals.get(&phase).copied().unwrap_or_default();
    let approved = of(Phase::Approved);
    Ok(MonthSoFar {
        title: format!(
            "Ma facture {}{}",
            if month.name().starts_with(['a', 'o']) { "d’" } else { "de " },
            month.name()
        ),
        to_bill: approved.billed_sessions,
        billed: approved.billed,
        waiting: of(Phase::Recorded).sessions,
        refused: of(Phase::Refused).sessions,
        href: format!("{}?mois={}", links::INVOICE_PREVIEW, month.iso()),
    })
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Says what happened at a booked session, by one press.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_attendance(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<SessionId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let attendance: Attendance = form
        .value("attendance")
        .parse()
        .map_err(|_| AppError::Unreadable("Choisissez ce qui s’est passé : tenue ou absence.".to_owned()))?;
    let key = form.key(who.account, "record_booked", format!("{id} {attendance}"));
    let (clock, vault, psychologist) = (app.clock.clone(), app.vault.clone(), *who);
    let outcome = write_once(&app.db, &app.clock, key, move |tx| {
        record::record_booked(tx, &clock, &vault, &psychologist, id, attendance)
    })
    .await;
    match outcome {
        Ok(Once::Answer(())) => {
            let what = pages::load_told(&app, Scope::Psychologist(who.id), id).await?;
            let message = format!("{} : {what}.", attendance.french());
            let done = Flash::success(message).with_undo("Annuler", links::session_recording_undone(id));
            Ok(web::see_other_with(links::HOME, &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            let why = Flash::error(refusal).with_link("Voir la séance", links::session(id));
            Ok(web::see_other_with(links::HOME, &why))
        }
        Err(other) => Err(other.into()),
    }
}

/// Undoes what was just recorded.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub async fn create_recording_undone(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<SessionId>,
    form: FormState,
) -> Result<HttpResponse, AppError> {
    let id = id.into_inner();
    let key = form.key(who.account, "undo_record", id.to_string());
    let (clock, psychologist) = (app.clock.clone(), *who);
    let outcome =
        write_once(&app.db, &app.clock, key, move |tx| undo_record::undo_record(tx, &clock, &psychologist, id)).await;
    match outcome {
        Ok(Once::Answer(())) => {
            let what = pages::load_told(&app, Scope::Psychologist(who.id), id).await?;
            Ok(web::see_other_with(links::HOME, &Flash::info(format!("La saisie est annulée : {what}."))))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            let why = Flash::error(refusal).with_link("Voir la séance", links::session(id));
            Ok(web::see_other_with(links::HOME, &why))
        }
        Err(other) => Err(other.into()),
    }
}
