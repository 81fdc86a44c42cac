//! The journal for programs.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json};

use crate::accounts::guards::SignedIn;
use crate::app::App;
use crate::audit::guard::{filter_of, may_read};
use crate::db::DbError;
use crate::error::AppError;
use crate::ids::{AccountId, JournalSubjectId};
use crate::journal::{self, ReadEntry};
use crate::sql_types::Ts;
use crate::web::json::{Paged, check_page};
use crate::web::{Page, Query};

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

/// Lists the journal's entries, latest first; for auditors and administrators.
///
/// # Errors
/// When the caller may not read it, or the database fails.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "audit",
    params(
        ("action" = Option<String>, Query, description = "One action, such as session.approved"),
        ("actor" = Option<String>, Query, description = "Part of the name or address of who acted"),
        ("page" = Option<i64>, Query, description = "The page, from 1"),
    ),
    responses((status = 200, description = "A page of entries", body = Paged<AuditEntry>))
)]
pub async fn list_audit(
    app: Data<App>,
    request: HttpRequest,
    who: SignedIn,
) -> Result<Json<Paged<AuditEntry>>, AppError> {
    may_read(&who)?;
    let query = Query::parse(request.query_string());
    check_page(&query)?;
    let filter = filter_of(&query, "action", "actor");
    let paged = app
        .db
        .read_async::<_, DbError>(move |conn| {
            let total = journal::count_found(conn, &filter)?;
            let page = Page::from_query(&query, total);
            let entries = journal::search(conn, &filter, page.offset(), page.size)?;
            let items = entries.into_iter().map(AuditEntry::from).collect();
            Ok(Paged { items, page: page.number, size: page.size, total })
        })
        .await?;
    Ok(Json(paged))
}
