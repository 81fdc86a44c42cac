//! Invoices for programs: the same verbs as the pages.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path, Query};
use chrono::NaiveDate;

use super::credit::credit;
use super::files::{FileRequest, file};
use super::issue::{Issuance, IssueRefusal, Order, issue};
use super::look_up::{self, ListFilter};
use super::preview::{Preview, previews};
use super::reissue::{Reissued, reissue};
use super::step::StepRefusal;
use super::{Invoice, InvoiceKind, InvoiceState, Line, Reader};
use super::{deposit::deposit, order_payment::order_payment, pay::pay, reject::reject};
use crate::accounts::guards::{As, SignedIn};
use crate::accounts::{Accountant, Caller, Psychologist, Role};
use crate::app::App;
use crate::calendar::Month;
use crate::clock::Clock;
use crate::conventions::ServiceType;
use crate::db::Tx;
use crate::documents::VatRegime;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::hours::Minutes;
use crate::idempotency::{Key, Once, once};
use crate::ids::{ConventionId, InvoiceId, ProgrammeId, PsychologistId, ServiceId, SessionId};
use crate::money::Cents;
use crate::sql_types::Ts;
use crate::web::json::{Paged, Posted, answered, key};
use crate::web::{self, Page};

/// An invoice or a credit note; amounts are in cents.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct InvoiceAnswer {
    id: InvoiceId,
    /// In the series of its issuer; credit notes are in the same.
    number: String,
    kind: InvoiceKind,
    state: InvoiceState,
    psychologist_id: PsychologistId,
    psychologist: String,
    convention_id: ConventionId,
    /// The month billed, such as `2026-10`.
    month: String,
    issued_on: NaiveDate,
    net_cents: Cents,
    vat_cents: Cents,
    gross_cents: Cents,
    /// The last day to pay; it moves with the deposit.
    due_on: NaiveDate,
    deposited_on: Option<NaiveDate>,
    ordered_on: Option<NaiveDate>,
    paid_on: Option<NaiveDate>,
    rejected_on: Option<NaiveDate>,
    rejection_reason: Option<String>,
    /// The invoice that a credit note takes back.
    corrects_id: Option<InvoiceId>,
}

impl From<Invoice> for InvoiceAnswer {
    fn from(invoice: Invoice) -> Self {
        Self {
            id: invoice.id,
            number: invoice.number,
            kind: invoice.kind,
            state: invoice.state,
            psychologist_id: invoice.psychologist,
            psychologist: invoice.psychologist_name,
            convention_id: invoice.convention,
            month: invoice.month.iso(),
            issued_on: invoice.issued_on,
            net_cents: invoice.net,
            vat_cents: invoice.vat,
            gross_cents: invoice.gross,
            due_on: invoice.due_on,
            deposited_on: invoice.deposited_on,
            ordered_on: invoice.ordered_on,
            paid_on: invoice.paid_on,
            rejected_on: invoice.rejected_on,
            rejection_reason: invoice.rejection_reason,
            corrects_id: invoice.corrects,
        }
    }
}

/// A line: the sessions of one programme, or the services of all, of one service type, rate and tax.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct LineAnswer {
    position: u32,
    /// None for services, which are common to all programmes.
    programme_id: Option<ProgrammeId>,
    programme: String,
    service: ServiceType,
    /// How many sessions, or services.
    sessions: i32,
    minutes: Minutes,
    hourly_cents: Cents,
    vat: VatRegime,
    net_cents: Cents,
}

impl From<Line> for LineAnswer {
    fn from(line: Line) -> Self {
        Self {
            position: line.shown.position,
            programme_id: line.programme,
            programme: line.shown.programme,
            service: line.service,
            sessions: line.session_count,
            minutes: line.shown.duration_minutes,
            hourly_cents: line.shown.hourly_rate_cents,
            vat: line.shown.vat,
            net_cents: line.shown.net_cents,
        }
    }
}

/// An invoice with its lines.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct InvoiceFileAnswer {
    #[serde(flatten)]
    invoice: InvoiceAnswer,
    lines: Vec<LineAnswer>,
    /// The credit note that takes it back.
    credit_note_id: Option<InvoiceId>,
}

/// What a month's invoice would be.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct PreviewAnswer {
    convention_id: ConventionId,
    month: String,
    lines: Vec<LineAnswer>,
    sessions: Vec<PreviewSession>,
    services: Vec<PreviewService>,
    /// How many invoices would be issued: two when their taxes cannot share one.
    invoices: usize,
    /// Absent when the lines cannot share an invoice.
    gross_cents: Option<Cents>,
    /// What would be refused, then what is only to know.
    findings: Vec<FindingAnswer>,
    /// Whether nothing prevents the issue.
    may_be_issued: bool,
}

/// A session of a preview; a reference stands for the child.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct PreviewSession {
    id: SessionId,
    session_on: NaiveDate,
    starts_at: Ts,
    child: String,
    programme_id: ProgrammeId,
    billed_minutes: Minutes,
    hourly_cents: Cents,
}

/// A service of a preview.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct PreviewService {
    id: ServiceId,
    service: ServiceType,
    service_on: NaiveDate,
    starts_at: Ts,
    minutes: Minutes,
    hourly_cents: Cents,
    vat: VatRegime,
}

/// Something to mend, or to know, before the invoice is issued.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct FindingAnswer {
    /// A stable name.
    code: String,
    blocking: bool,
    /// In French.
    detail: String,
}

impl From<Preview> for PreviewAnswer {
    fn from(preview: Preview) -> Self {
        let findings = preview.findings();
        Self {
            convention_id: preview.convention.id,
            month: preview.month.iso(),
            gross_cents: preview.totals.as_ref().ok().map(|totals| totals.gross_cents),
            may_be_issued: !findings.iter().any(super::preflight::Finding::is_blocking),
            findings: findings
                .iter()
                .map(|finding| FindingAnswer {
                    code: finding.code().to_owned(),
                    blocking: finding.is_blocking(),
                    detail: finding.to_string(),
                })
                .collect(),
            sessions: preview
                .sessions
                .into_iter()
                .map(|priced| PreviewSession {
                    id: priced.session.id,
                    session_on: priced.session.on,
                    starts_at: priced.session.starts_at,
                    child: priced.session.child_reference,
                    programme_id: priced.session.programme,
                    billed_minutes: priced.session.minutes,
                    hourly_cents: priced.hourly,
                })
                .collect(),
            invoices: preview.parts.len(),
            services: preview
                .services
                .into_iter()
                .map(|service| PreviewService {
                    id: service.id,
                    service: service.service,
                    service_on: service.on,
                    starts_at: service.starts_at,
                    minutes: service.minutes,
                    hourly_cents: service.hourly,
                    vat: service.vat,
                })
                .collect(),
            lines: preview.lines.into_iter().map(LineAnswer::from).collect(),
        }
    }
}

/// Which invoices are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InvoicesOf {
    /// The month billed, such as `2026-10`; every month when absent.
    month: Option<String>,
    state: Option<InvoiceState>,
    /// The page, from 1.
    page: Option<i64>,
}

/// Which preview is asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PreviewOf {
    /// The month, such as `2026-10`.
    month: String,
}

/// Whose invoices a program reads: all those of an accountant, a psychologist's own.
fn reader(who: &SignedIn) -> Result<Reader, AppError> {
    let own = || Psychologist::of(who).map(|caller| Reader::from(&caller));
    let all = || Accountant::of(who).map(|caller| Reader::from(&caller));
    let reader = if who.role_in_use == Role::Psychologist { own().or_else(all) } else { all().or_else(own) };
    reader.ok_or(AppError::Forbidden(Role::Accountant.french()))
}

fn month(text: &str) -> Result<Month, AppError> {
    let unreadable = || format!("Le mois « {text} » ne se lit pas : écrivez-le comme 2026-10.");
    Month::parse(text).ok_or_else(|| AppError::Unreadable(unreadable()))
}

/// Lists invoices and credit notes by due date.
///
/// # Errors
/// When the month cannot be read, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/invoices", tag = "invoices", params(InvoicesOf),
    responses((status = 200, description = "A page of invoices", body = Paged<InvoiceAnswer>))
)]
pub async fn list_invoices(
    app: Data<App>,
    who: SignedIn,
    asked: Query<InvoicesOf>,
) -> Result<Json<Paged<InvoiceAnswer>>, AppError> {
    let month = asked.month.as_deref().map(month).transpose()?;
    let filter = ListFilter { reader: reader(&who)?, month, state: asked.state, search: None };
    app.db
        .read_async::<_, AppError>(move |conn| {
            let total = look_up::list_count(conn, &filter)?;
            let page = Page::new(asked.page.unwrap_or(1), Page::USUAL_SIZE, total);
            let items = look_up::list(conn, &filter, page.offset(), page.size)?;
            let items = items.into_iter().map(InvoiceAnswer::from).collect();
            Ok(Json(Paged { items, page: page.number, size: page.size, total }))
        })
        .await
}

/// Shows what the invoice of a month would be: one preview a convention.
///
/// # Errors
/// When the month cannot be read, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/invoices/preview", tag = "invoices", params(PreviewOf),
    responses((status = 200, description = "Computed now, never stored", body = Vec<PreviewAnswer>))
)]
pub async fn show_preview(
    app: Data<App>,
    who: As<Psychologist>,
    asked: Query<PreviewOf>,
) -> Result<Json<Vec<PreviewAnswer>>, AppError> {
    let (month, clock, id) = (month(&asked.month)?, app.clock.clone(), who.id);
    app.db
        .read_async::<_, AppError>(move |conn| {
            Ok(Json(previews(conn, &clock, id, month)?.into_iter().map(PreviewAnswer::from).collect()))
        })
        .await
}

/// Shows an invoice with its lines.
///
/// # Errors
/// When it is not the caller's, or the database fails.
#[utoipa::path(
    get, path = "/api/v1/invoices/{invoice}", tag = "invoices", params(("invoice" = InvoiceId, Path)),
    responses((status = 200, description = "The invoice", body = InvoiceFileAnswer))
)]
pub async fn show_invoice(
    app: Data<App>,
    who: SignedIn,
    id: Path<InvoiceId>,
) -> Result<Json<InvoiceFileAnswer>, AppError> {
    let (reader, id) = (reader(&who)?, id.into_inner());
    app.db
        .read_async::<_, AppError>(move |conn| {
            let invoice = look_up::load_for(conn, reader, id)?;
            let lines = look_up::lines(conn, id)?.into_iter().map(LineAnswer::from).collect();
            let credit_note_id = look_up::credit_note_of(conn, id)?.map(|note| note.id);
            Ok(Json(InvoiceFileAnswer { invoice: invoice.into(), lines, credit_note_id }))
        })
        .await
}

/// Sends a file of an invoice.
///
/// # Errors
/// When the invoice is not the caller's or has no such file, or when the kept file was altered.
#[utoipa::path(
    get, path = "/api/v1/invoices/{invoice}/{file}", tag = "invoices",
    params(("invoice" = InvoiceId, Path), ("file" = inline(FileRequest), Path)),
    responses((status = 200, description = "The file", content(
        (Vec<u8> = "application/pdf"),
        (String = "application/xml"),
    )))
)]
pub async fn show_file(
    app: Data<App>,
    who: SignedIn,
    path: Path<(InvoiceId, String)>,
) -> Result<HttpResponse, AppError> {
    let (id, name) = path.into_inner();
    let reader = reader(&who)?;
    let asked: FileRequest = name.parse().map_err(|_| AppError::NotFound)?;
    let found = app.db.read_async(move |conn| file(conn, reader, id, asked)).await?;
    Ok(web::attachment(&found.name, found.media_type, found.bytes))
}

/// An invoice to issue.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvoice {
    /// The month, such as `2026-10`.
    month: String,
    /// Needed only when the month has sessions under several conventions.
    convention_id: Option<ConventionId>,
}

/// A step that happened on a day.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepOn {
    /// Not in the future, nor before the step that comes before.
    on: NaiveDate,
}

/// A rejection.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// What the psychologist must correct.
    reason: String,
}

/// A credit note.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCreditNote {
    /// Why; that of the rejection when absent.
    reason: Option<String>,
    /// Whether the month is invoiced anew in the same gesture.
    #[serde(default)]
    reissue: bool,
}

/// What a credit note made.
#[derive(Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Credited {
    credit_note_id: InvoiceId,
    /// The new invoice, when one was asked for.
    invoice_id: Option<InvoiceId>,
}

/// Runs a verb once for its key, and gives the invoice that it left.
async fn once_for_invoice<R>(
    app: &App,
    key: Option<Key>,
    verb: impl Fn(&mut Tx<'_>, &Clock) -> Result<InvoiceId, Failure<R>> + Send + 'static,
) -> Result<InvoiceAnswer, AppError>
where
    R: Refusal + Send + 'static,
{
    let clock = app.clock.clone();
    let done = app
        .db
        .write_async(move |tx| {
            Ok::<_, Failure<R>>(match once(tx, &clock, key.as_ref(), |tx| verb(tx, &clock))? {
                Once::Answer(id) => Once::Answer(look_up::load(tx, id)?),
                Once::KeyReused => Once::KeyReused,
            })
        })
        .await?;
    Ok(answered(done)?.into())
}

/// Issues the invoice of a month.
///
/// # Errors
/// When the month cannot be read, when a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/invoices", tag = "invoices", request_body = NewInvoice,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key does the same thing once")),
    responses((status = 201, description = "Issued", body = InvoiceAnswer))
)]
pub async fn create_invoice(
    app: Data<App>,
    who: As<Psychologist>,
    posted: Posted<NewInvoice>,
) -> Result<HttpResponse, AppError> {
    let key = key(&posted, who.account, "invoice")?;
    let (month, caller, asked) = (month(&posted.value.month)?, *who, posted.value.convention_id);
    let issued = once_for_invoice(&app, key, move |tx, clock| {
        let convention = match asked {
            Some(convention) => convention,
            None => only_convention(tx, clock, &caller, month)?,
        };
        issue(tx, clock, Issuance::Own(&caller), Order { month, convention, seen: None })
    });
    Ok(HttpResponse::Created().json(issued.await?))
}

/// The convention of a month, when it has one only.
fn only_convention(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    month: Month,
) -> Result<ConventionId, Failure<IssueRefusal>> {
    let found = previews(tx, clock, who.id, month)?;
    match found.as_slice() {
        [only] => Ok(only.convention.id),
        _ => Err(Failure::Refused(IssueRefusal::WhichConvention(month))),
    }
}

type StepVerb = fn(&mut Tx<'_>, &Clock, &Accountant, InvoiceId, NaiveDate) -> Result<(), Failure<StepRefusal>>;

async fn record_step(
    app: &App,
    who: &As<Accountant>,
    id: InvoiceId,
    posted: Posted<StepOn>,
    (name, verb): (&str, StepVerb),
) -> Result<Json<InvoiceAnswer>, AppError> {
    let key = key(&posted, who.account, &format!("{name} {id}"))?;
    let (caller, on) = (**who, posted.value.on);
    let answer = once_for_invoice(app, key, move |tx, clock| verb(tx, clock, &caller, id, on).map(|()| id)).await?;
    Ok(Json(answer))
}

/// Records that an invoice was received: the thirty days run from then.
///
/// # Errors
/// When there is no such invoice, when a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/invoices/{invoice}/deposit", tag = "invoices", request_body = StepOn,
    params(("invoice" = InvoiceId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, description = "Recorded", body = InvoiceAnswer))
)]
pub async fn create_deposit(
    app: Data<App>,
    who: As<Accountant>,
    id: Path<InvoiceId>,
    posted: Posted<StepOn>,
) -> Result<Json<InvoiceAnswer>, AppError> {
    record_step(&app, &who, id.into_inner(), posted, ("deposit", deposit)).await
}

/// Records the payment order of an invoice.
///
/// # Errors
/// When there is no such invoice, when a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/invoices/{invoice}/payment-order", tag = "invoices", request_body = StepOn,
    params(("invoice" = InvoiceId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, description = "Recorded", body = InvoiceAnswer))
)]
pub async fn create_payment_order(
    app: Data<App>,
    who: As<Accountant>,
    id: Path<InvoiceId>,
    posted: Posted<StepOn>,
) -> Result<Json<InvoiceAnswer>, AppError> {
    record_step(&app, &who, id.into_inner(), posted, ("payment-order", order_payment)).await
}

/// Records the payment of an invoice.
///
/// # Errors
/// When there is no such invoice, when a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/invoices/{invoice}/payment", tag = "invoices", request_body = StepOn,
    params(("invoice" = InvoiceId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, description = "Recorded", body = InvoiceAnswer))
)]
pub async fn create_payment(
    app: Data<App>,
    who: As<Accountant>,
    id: Path<InvoiceId>,
    posted: Posted<StepOn>,
) -> Result<Json<InvoiceAnswer>, AppError> {
    record_step(&app, &who, id.into_inner(), posted, ("payment", pay)).await
}

/// Rejects an invoice.
///
/// # Errors
/// When there is no such invoice, when a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/invoices/{invoice}/rejection", tag = "invoices", request_body = Rejection,
    params(("invoice" = InvoiceId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, description = "Rejected", body = InvoiceAnswer))
)]
pub async fn create_rejection(
    app: Data<App>,
    who: As<Accountant>,
    id: Path<InvoiceId>,
    posted: Posted<Rejection>,
) -> Result<Json<InvoiceAnswer>, AppError> {
    let (caller, id) = (*who, id.into_inner());
    let key = key(&posted, who.account, &format!("rejection {id}"))?;
    let reason = posted.value.reason;
    let answer =
        once_for_invoice(&app, key, move |tx, clock| reject(tx, clock, &caller, id, &reason).map(|()| id)).await?;
    Ok(Json(answer))
}

/// Takes an invoice back by a credit note, and invoices its month anew if that is asked.
///
/// # Errors
/// When the invoice is not the caller's, when a rule refuses, or the database fails.
#[utoipa::path(
    post, path = "/api/v1/invoices/{invoice}/credit-note", tag = "invoices", request_body = NewCreditNote,
    params(("invoice" = InvoiceId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "Issued", body = Credited))
)]
pub async fn create_credit_note(
    app: Data<App>,
    who: As<Psychologist>,
    id: Path<InvoiceId>,
    posted: Posted<NewCreditNote>,
) -> Result<HttpResponse, AppError> {
    let (caller, id) = (*who, id.into_inner());
    let key = key(&posted, who.account, &format!("credit-note {id}"))?;
    let NewCreditNote { reason, reissue: again } = posted.value;
    let (clock, reason) = (app.clock.clone(), reason.unwrap_or_default());
    let made = if again {
        let done = app.db.write_async(move |tx| {
            once(tx, &clock, key.as_ref(), |tx| {
                let Reissued { credit_note, invoice } = reissue(tx, &clock, &caller, id, &reason)?;
                Ok(Credited { credit_note_id: credit_note, invoice_id: Some(invoice) })
            })
        });
        answered(done.await?)?
    } else {
        let done = app.db.write_async(move |tx| {
            once(tx, &clock, key.as_ref(), |tx| {
                let credit_note_id = credit(tx, &clock, &caller, id, &reason)?;
                Ok(Credited { credit_note_id, invoice_id: None })
            })
        });
        answered(done.await?)?
    };
    Ok(HttpResponse::Created().json(made))
}
