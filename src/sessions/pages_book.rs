//! Booking a session: by its psychologist, or by a coordinator for a child of theirs.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::calendar::french_date;
use crate::children::look_up as children;
use crate::error::AppError;
use crate::failure::Failure;
use crate::idempotency::{Once, write_once};
use crate::ids::{ChildId, PsychologistId};
use crate::links;
use crate::sessions::book::{self, Booking};
use crate::sessions::look_up::{self, OpenReferral};
use crate::sessions::{Viewer, pages, pages_record};
use crate::web::{self, Choice, Flash, FormState, Layout};

const FIELDS: [&str; 5] = ["child", "session_on", "starts_at", "duration", "place"];

#[derive(Template)]
#[template(path = "sessions/book.html")]
struct BookPage {
    layout: Layout,
    form: FormState,
    children: Vec<Choice>,
    lengths: Vec<Choice>,
    today: NaiveDate,
    is_coordinator: bool,
}

/// Shows the form.
///
/// # Errors
/// When the role books nothing, or the database fails.
pub async fn show_booking(app: Data<App>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, AppError> {
    let viewer = pages::viewer(&who)?;
    let page = book_page(&app, &who, &viewer, &request, FormState::new()).await?;
    Ok(web::page(&request, &page)?)
}

async fn book_page(
    app: &App,
    who: &SignedIn,
    viewer: &Viewer,
    request: &HttpRequest,
    form: FormState,
) -> Result<BookPage, AppError> {
    let (vault, today, scope) = (app.vault.clone(), app.clock.today(), viewer.scope.clone());
    let is_coordinator = viewer.is_coordinator();
    let children = app
        .db
        .read_async::<_, AppError>(move |conn| {
            let open = look_up::open_referrals(conn, &scope, today)?;
            let ids: Vec<ChildId> = open.iter().map(|referral| referral.child_id).collect();
            let names = children::full_names(conn, &vault, &pages::reader(&scope), &ids)?;
            let mut choices: Vec<Choice> = open
                .iter()
                .map(|referral| {
                    let name = names.get(&referral.child_id).unwrap_or(&referral.reference);
                    choice(referral, name, is_coordinator)
                })
                .collect();
            choices.sort_by(|a, b| a.label.cmp(&b.label));
            Ok(choices)
        })
        .await?;
    Ok(BookPage {
        layout: who.layout(request, "Prendre un rendez-vous").under("Séances", links::SESSIONS).for_form(&form),
        form,
        children,
        lengths: pages::lengths(),
        today,
        is_coordinator,
    })
}

fn choice(referral: &OpenReferral, name: &str, is_coordinator: bool) -> Choice {
    let left = referral.minutes - referral.reserved - referral.used;
    let label = if is_coordinator { format!("{name}, avec {}", referral.psychologist) } else { name.to_owned() };
    Choice::new(format!("{}+{}", referral.child_id, referral.psychologist_id), label)
        .hint(format!("reste {left} jusqu’au {}", french_date(referral.ends_on)))
}

/// Reads "child+psychologist".
fn read_pair(text: &str) -> Option<(ChildId, PsychologistId)> {
    let (child, psychologist) = text.split_once('+')?;
    Some((child.parse().ok()?, psychologist.parse().ok()?))
}

/// Books a session.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub async fn create_booking(
    app: Data<App>,
    who: SignedIn,
    request: HttpRequest,
    mut form: FormState,
) -> Result<HttpResponse, AppError> {
    let viewer = pages::viewer(&who)?;
    let Some(booking) = read_booking(&mut form) else {
        return Ok(web::refused(&request, &book_page(&app, &who, &viewer, &request, form).await?)?);
    };
    let key = pages::key(&form, viewer.account, "book", &format!("{booking:?}"));
    let (clock, vault, by) = (app.clock.clone(), app.vault.clone(), viewer.clone());
    let outcome = write_once(&app.db, &app.clock, key, move |tx| book::book(tx, &clock, &vault, &by, &booking)).await;
    match outcome {
        Ok(Once::Answer(id)) => {
            let what = pages::load_told(&app, viewer.scope.clone(), id).await?;
            let done = Flash::success(format!("Le rendez-vous est pris : {what}."))
                .with_undo("Annuler", links::session_cancellation(id));
            Ok(web::see_other_with(&links::session(id), &done))
        }
        Ok(Once::KeyReused) => Err(AppError::KeyReused),
        Err(Failure::Refused(refusal)) => {
            pages::refuse(&mut form, &refusal, &FIELDS);
            Ok(web::refused(&request, &book_page(&app, &who, &viewer, &request, form).await?)?)
        }
        Err(other) => Err(other.into()),
    }
}

fn read_booking(form: &mut FormState) -> Option<Booking> {
    let pair = form.required_choice("child", "un enfant", read_pair);
    let slot = pages_record::read_slot(form);
    let place = pages_record::read_place(form);
    let (child, psychologist) = pair?;
    Some(Booking { child, psychologist, slot: slot?, place: place? })
}
