//! The journal for programs.

use actix_web::web::{Data, Json, Query};

use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::audit::guard::may_read;
use crate::db::DbError;
use crate::error::AppError;
use crate::ids::{AccountId, JournalSubjectId};
use crate::journal::{self, Filter, ReadEntry};
use crate::sql_types::Ts;
use crate::web::Page;
use crate::web::json::{Paged, said};

/// An entry of the journal.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct AuditEntry {
    /// The chain that it belongs to: a programme, a convention or an account.
    chain: String,
    /// Its place in the chain, from 1.
    position: i64,
    /// When.
    at: Ts,
    /// Who; absent for the program itself.
    actor: Option<AccountId>,
    /// What was done, such as `session.approved`.
    action: String,
    /// To what, such as `session`.
    subject: String,
    /// To which.
    subject_id: JournalSubjectId,
    /// The facts before.
    before: Option<serde_json::Value>,
    /// The facts after.
    after: Option<serde_json::Value>,
}

impl From<ReadEntry> for AuditEntry {
    fn from(read: ReadEntry) -> Self {
        let facts = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        let entry = read.entry;
        Self {
            chain: entry.chain,
            position: entry.position,
            at: entry.at,
            actor: entry.actor_id,
            action: entry.action,
            subject: entry.subject,
            subject_id: entry.subject_id,
            before: facts(entry.before),
            after: facts(entry.after),
        }
    }
}

/// Which entries are asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EntriesOf {
    /// One action, such as `session.approved`.
    action: Option<String>,
    /// Part of the name or address of who acted.
    actor: Option<String>,
    /// From 1.
    page: Option<i64>,
}

/// Lists the journal's entries, latest first; for auditors and administrators.
///
/// # Errors
/// When the caller may not read it, or the database fails.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "audit",
    params(EntriesOf),
    responses((status = 200, description = "A page of entries", body = Paged<AuditEntry>))
)]
pub async fn list_audit(
    app: Data<App>,
    who: SignedIn,
    asked: Query<EntriesOf>,
) -> Result<Json<Paged<AuditEntry>>, AppError> {
    may_read(&who)?;
    let EntriesOf { action, actor, page } = asked.into_inner();
    let filter = Filter { action: said(action), actor: said(actor) };
    let paged = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let total = journal::count_found(conn, &filter)?;
            let page = Page::new(page.unwrap_or(1), Page::USUAL_SIZE, total);
            let entries = journal::search(conn, &filter, page.offset(), page.size)?;
            let items = entries.into_iter().map(AuditEntry::from).collect();
            Ok(Paged { items, page: page.number, size: page.size, total })
        })
        .await?;
    Ok(Json(paged))
}
