//! Who opened which child's file: one row an opening, written before what was read is shown, so that nobody reads a name
//! without a trace of it.
//!
//! Opening a file is what is kept; a page that lists the names of one's own children is not
//! ([decision 7](../docs/decisions/0007-reading-leaves-a-trace.md)). Rows are deleted after the months that the settings give.

use std::collections::BTreeMap;

use chrono::{Days, Months, NaiveDate, NaiveTime};
use diesel::prelude::*;

use crate::accounts::{Person, Role};
use crate::calendar;
use crate::clock::Clock;
use crate::db::{AnyConnection, Db, DbError, MultiBackend};
use crate::ids::{AccountId, ChildId, ReadingId};
use crate::schema::{accounts, children, file_readings};
use crate::sql_types::Ts;

crate::text_enum! {
    /// By what somebody read.
    Means {
        /// A page.
        Page => "page",
        /// The API.
        Api => "api",
        /// A file to take away.
        Export => "export",
    }
}

impl Means {
    /// As users see it.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Page => "Page",
            Self::Api => "API",
            Self::Export => "Fichier",
        }
    }
}

crate::text_enum! {
    /// What was opened.
    Opened {
        /// The child's file, or a form of it.
        File => "file",
        /// How to reach a guardian.
        Guardian => "guardian",
        /// A referral, with its consents.
        Referral => "referral",
        /// Several children at once, for a program.
        List => "list",
        /// All that is kept of a child, for the family's request.
        Request => "request",
    }
}

impl Opened {
    /// As users see it.
    pub const fn french(self) -> &'static str {
        match self {
            Self::File => "Fiche",
            Self::Guardian => "Responsable légal",
            Self::Referral => "Orientation",
            Self::List => "Liste d’enfants",
            Self::Request => "Données remises à la famille",
        }
    }
}

/// An opening to write.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// Who reads.
    pub account: AccountId,
    /// In which capacity.
    pub role: Role,
    /// By what.
    pub means: Means,
    /// What.
    pub opened: Opened,
    /// Whose file; absent when several are read at once.
    pub child: Option<ChildId>,
    /// How many children are read.
    pub children: usize,
}

impl Reading {
    /// One child's file, by somebody in a capacity.
    pub fn of(who: &Person, role: Role, means: Means, opened: Opened, child: ChildId) -> Self {
        Self { account: who.account, role, means, opened, child: Some(child), children: 1 }
    }
}

/// Writes an opening: to be awaited before what was read is shown.
///
/// # Errors
/// When the database fails: what was read is then not shown.
pub async fn leave(db: &Db, clock: &Clock, reading: Reading) -> Result<(), DbError> {
    let at = clock.now();
    db.write_async(move |tx| {
        use file_readings as f;
        diesel::insert_into(f::table)
            .values((
                f::id.eq(ReadingId::new()),
                f::at.eq(at),
                f::account_id.eq(reading.account),
                f::role.eq(reading.role),
                f::means.eq(reading.means),
                f::opened.eq(reading.opened),
                f::child_id.eq(reading.child),
                f::children.eq(i32::try_from(reading.children).unwrap_or(i32::MAX)),
            ))
            .execute(&mut **tx)?;
        Ok(())
    })
    .await
}

/// What one looks for among the openings.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Part of the name or address of who read.
    pub person: Option<String>,
    /// The reference of a child, or the beginning of it.
    pub reference: Option<String>,
    /// One child.
    pub child: Option<ChildId>,
    /// The first local day.
    pub from: Option<NaiveDate>,
    /// The last local day.
    pub until: Option<NaiveDate>,
}

/// An opening, with who and which by name and reference.
#[derive(Debug, Clone)]
pub struct Listed {
    /// When.
    pub at: Ts,
    /// Who.
    pub account: AccountId,
    /// Their name.
    pub person: String,
    /// In which capacity.
    pub role: Role,
    /// By what.
    pub means: Means,
    /// What.
    pub opened: Opened,
    /// The child's reference, when it was one.
    pub reference: Option<String>,
    /// How many children.
    pub children: i64,
}

/// The openings that a filter keeps, the latest first, a page at a time.
///
/// # Errors
/// When the database fails.
pub fn search(conn: &mut AnyConnection, filter: &Filter, offset: i64, limit: i64) -> QueryResult<Vec<Listed>> {
    use file_readings as f;
    type Row = (Ts, AccountId, Role, Means, Opened, Option<ChildId>, i32);
    let rows: Vec<Row> = kept_by(filter)
        .order((f::at.desc(), f::id.desc()))
        .offset(offset)
        .limit(limit)
        .select((f::at, f::account_id, f::role, f::means, f::opened, f::child_id, f::children))
        .load(conn)?;
    let people: Vec<AccountId> = rows.iter().map(|row| row.1).collect();
    let people: BTreeMap<AccountId, String> = accounts::table
        .filter(accounts::id.eq_any(people))
        .select((accounts::id, accounts::display_name))
        .load::<(AccountId, String)>(conn)?
        .into_iter()
        .collect();
    let of: Vec<ChildId> = rows.iter().filter_map(|row| row.5).collect();
    let references: BTreeMap<ChildId, String> = children::table
        .filter(children::id.eq_any(of))
        .select((children::id, children::reference))
        .load::<(ChildId, String)>(conn)?
        .into_iter()
        .collect();
    let listed = |(at, account, role, means, opened, child, children): Row| Listed {
        at,
        account,
        person: people.get(&account).cloned().unwrap_or_default(),
        role,
        means,
        opened,
        reference: child.and_then(|child| references.get(&child).cloned()),
        children: i64::from(children),
    };
    Ok(rows.into_iter().map(listed).collect())
}

/// How many openings a filter keeps.
///
/// # Errors
/// When the database fails.
pub fn count(conn: &mut AnyConnection, filter: &Filter) -> QueryResult<i64> {
    kept_by(filter).count().get_result(conn)
}

fn kept_by(filter: &Filter) -> file_readings::BoxedQuery<'static, MultiBackend> {
    use file_readings as f;
    let mut kept = f::table.into_boxed();
    if let Some(child) = filter.child {
        kept = kept.filter(f::child_id.eq(child));
    }
    if let Some(from) = filter.from.and_then(start_of) {
        kept = kept.filter(f::at.ge(from));
    }
    if let Some(after) = filter.until.and_then(|day| day.checked_add_days(Days::new(1))).and_then(start_of) {
        kept = kept.filter(f::at.lt(after));
    }
    if let Some(reference) = &filter.reference {
        let pattern = format!("{}%", plain(reference).to_uppercase());
        let of = children::table.filter(children::reference.like(pattern)).select(children::id.nullable());
        kept = kept.filter(f::child_id.eq_any(of));
    }
    if let Some(person) = &filter.person {
        let pattern = format!("%{}%", plain(person).to_lowercase());
        let name = diesel::dsl::sql::<diesel::sql_types::Text>("LOWER(accounts.display_name)");
        let people =
            accounts::table.filter(accounts::email.like(pattern.clone()).or(name.like(pattern))).select(accounts::id);
        kept = kept.filter(f::account_id.eq_any(people));
    }
    kept
}

/// Without what LIKE reads as something else than itself.
fn plain(text: &str) -> String {
    text.replace(['\\', '%', '_'], "")
}

fn start_of(day: NaiveDate) -> Option<Ts> {
    calendar::instant(day, NaiveTime::MIN)
}

/// Deletes the openings older than some months; gives how many.
///
/// # Errors
/// When the database fails.
pub fn purge(db: &Db, clock: &Clock, months: u32) -> Result<usize, DbError> {
    let Some(oldest) = oldest_kept(clock, months) else { return Ok(0) };
    db.write(|tx| Ok(diesel::delete(file_readings::table.filter(file_readings::at.lt(oldest))).execute(&mut **tx)?))
}

/// How many openings are older than some months.
///
/// # Errors
/// When the database fails.
pub fn count_old(conn: &mut AnyConnection, clock: &Clock, months: u32) -> QueryResult<i64> {
    let Some(oldest) = oldest_kept(clock, months) else { return Ok(0) };
    file_readings::table.filter(file_readings::at.lt(oldest)).count().get_result(conn)
}

fn oldest_kept(clock: &Clock, months: u32) -> Option<Ts> {
    start_of(clock.today().checked_sub_months(Months::new(months))?)
}
