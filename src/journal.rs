//! Who did what to what: an entry in the same transaction as what it tells, chained to the one before by its hash.
//!
//! There is a chain for each programme, convention and account: writers who share nothing else do not wait for each
//! other. The head and the length of each chain stand apart, so that a cut tail shows. No name of a child may stand in
//! an entry: references and identifiers only.

use diesel::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::db::{AnyConnection, MultiBackend, Tx};
use crate::each;
use crate::ids::{AccountId, ConventionId, JournalEntryId, ProgrammeId};
use crate::prepared::prepared;
use crate::schema::{accounts, journal_chains, journal_entries};
use crate::sql_types::Ts;

/// Who acts: a person, or the system itself (commands, mandated invoices, clean-up).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A person signed in.
    Account(AccountId),
    /// The program, by itself or from its command line.
    System,
}

impl Actor {
    /// The account, when a person acts.
    pub fn account(self) -> Option<AccountId> {
        match self {
            Self::Account(id) => Some(id),
            Self::System => None,
        }
    }
}

/// The chain that an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// Children, referrals, sessions and quotas of a programme.
    Programme(ProgrammeId),
    /// Rules, rates, buyer of a convention.
    Convention(ConventionId),
    /// Rights and invoices of a person.
    Account(AccountId),
    /// What concerns all of it: its keys.
    Installation,
}

impl std::fmt::Display for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Programme(id) => write!(f, "programme:{id}"),
            Self::Convention(id) => write!(f, "convention:{id}"),
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Installation => f.write_str("installation"),
        }
    }
}

/// What happened.
#[derive(Debug)]
pub struct Entry {
    /// Where it is written.
    pub chain: Chain,
    /// Who did it.
    pub actor: Actor,
    /// A past participle after the noun, such as `session.approved`.
    pub action: &'static str,
    /// The noun, such as `session`.
    pub subject: &'static str,
    /// The identifier of the thing.
    pub subject_id: uuid::Uuid,
    /// The facts before, when it existed.
    pub before: Option<Value>,
    /// The facts after, when it still exists.
    pub after: Option<Value>,
}

/// An entry as it is stored.
#[derive(Debug, Clone, Queryable, Insertable, serde::Serialize)]
#[diesel(table_name = journal_entries)]
pub struct StoredEntry {
    id: JournalEntryId,
    /// The chain that it belongs to.
    pub chain: String,
    /// Its place in the chain, from 1.
    pub position: i64,
    /// When.
    pub at: Ts,
    /// Who; absent for the system.
    pub actor_id: Option<AccountId>,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// To which.
    pub subject_id: crate::ids::JournalSubjectId,
    /// The facts before, as JSON.
    pub before: Option<String>,
    /// The facts after, as JSON.
    pub after: Option<String>,
    #[serde(skip)]
    previous_hash: Vec<u8>,
    #[serde(skip)]
    hash: Vec<u8>,
}

impl StoredEntry {
    fn digest(&self) -> Vec<u8> {
        let mut hasher = Sha256::new();
        let mut field = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        };
        field(&self.previous_hash);
        field(self.id.0.as_bytes());
        field(self.chain.as_bytes());
        field(&self.position.to_be_bytes());
        field(self.at.rfc3339().as_bytes());
        field(self.actor_id.map(|id| id.to_string()).unwrap_or_default().as_bytes());
        field(self.action.as_bytes());
        field(self.subject.as_bytes());
        field(self.subject_id.0.as_bytes());
        for facts in [&self.before, &self.after] {
            // absent and empty are told apart
            field(&[u8::from(facts.is_some())]);
            field(facts.as_deref().unwrap_or_default().as_bytes());
        }
        hasher.finalize().to_vec()
    }
}

/// Writes an entry at the end of its chain, in the transaction of what it tells.
///
/// # Errors
/// When the database fails.
pub fn write(tx: &mut Tx<'_>, clock: &Clock, entry: Entry) -> QueryResult<()> {
    let chain = entry.chain.to_string();
    let (position, previous_hash) = lengthen(tx, &chain)?;
    let mut stored = StoredEntry {
        id: JournalEntryId::new(),
        chain,
        position,
        at: clock.now(),
        actor_id: entry.actor.account(),
        action: entry.action.to_owned(),
        subject: entry.subject.to_owned(),
        subject_id: crate::ids::JournalSubjectId(entry.subject_id),
        before: entry.before.map(|facts| facts.to_string()),
        after: entry.after.map(|facts| facts.to_string()),
        previous_hash,
        hash: Vec::new(),
    };
    stored.hash = stored.digest();
    let head = diesel::update(journal_chains::table.find(&stored.chain)).set(journal_chains::head.eq(&stored.hash));
    head.execute(&mut **tx)?;
    diesel::insert_into(journal_entries::table).values(&stored).execute(&mut **tx)?;
    Ok(())
}

/// Takes the next position of a chain; the row stays locked until the transaction ends.
fn lengthen(tx: &mut Tx<'_>, chain: &str) -> QueryResult<(i64, Vec<u8>)> {
    let take = |tx: &mut Tx<'_>| {
        let next = diesel::update(journal_chains::table.find(chain))
            .set(journal_chains::length.eq(journal_chains::length + 1))
            .returning((journal_chains::length, journal_chains::head));
        prepared(next).get_result::<(i64, Vec<u8>)>(&mut **tx).optional()
    };
    if let Some(taken) = take(tx)? {
        return Ok(taken);
    }
    let new = (journal_chains::chain.eq(chain), journal_chains::length.eq(0), journal_chains::head.eq(Vec::new()));
    let conn = &mut **tx;
    each!(conn => diesel::insert_into(journal_chains::table).values(new).on_conflict_do_nothing().execute(conn))?;
    take(tx)?.ok_or(diesel::result::Error::NotFound)
}

/// A place where the journal does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The chain.
    pub chain: String,
    /// The position, from 1.
    pub position: i64,
    /// What does not hold there.
    pub what: &'static str,
}

impl std::fmt::Display for Break {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} entry {}: {}", self.chain, self.position, self.what)
    }
}

const VERIFIED_AT_ONCE: i64 = 1000;

/// Recomputes every chain and tells each place where it does not hold.
///
/// # Errors
/// When the database fails.
pub fn verify(conn: &mut AnyConnection) -> QueryResult<Vec<Break>> {
    let chains: Vec<(String, i64, Vec<u8>)> = journal_chains::table.order(journal_chains::chain).load(conn)?;
    let mut breaks = Vec::new();
    for (chain, length, head) in chains {
        verify_chain(conn, &chain, length, &head, &mut breaks)?;
    }
    Ok(breaks)
}

fn verify_chain(
    conn: &mut AnyConnection,
    chain: &str,
    length: i64,
    head: &[u8],
    breaks: &mut Vec<Break>,
) -> QueryResult<()> {
    let mut position = 0;
    let mut previous = Vec::new();
    let mut report = |position, what| breaks.push(Break { chain: chain.to_owned(), position, what });
    loop {
        let entries: Vec<StoredEntry> = journal_entries::table
            .filter(journal_entries::chain.eq(chain).and(journal_entries::position.gt(position)))
            .order(journal_entries::position)
            .limit(VERIFIED_AT_ONCE)
            .load(conn)?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            if entry.position != position + 1 {
                report(position + 1, "missing");
            }
            if entry.hash != entry.digest() {
                report(entry.position, "altered");
            }
            if entry.previous_hash != previous {
                report(entry.position, "does not follow the one before");
            }
            position = entry.position;
            previous = entry.hash;
        }
    }
    if position != length {
        report(length, "the end of the chain is missing or was added to");
    } else if previous != head {
        report(length, "the head of the chain is not its last entry");
    }
    Ok(())
}

/// The entries about a thing, oldest first.
///
/// # Errors
/// When the database fails.
pub fn story(conn: &mut AnyConnection, subject_id: uuid::Uuid) -> QueryResult<Vec<StoredEntry>> {
    journal_entries::table
        .filter(journal_entries::subject_id.eq(crate::ids::JournalSubjectId(subject_id)))
        .order((journal_entries::at, journal_entries::position))
        .load(conn)
}

/// What one looks for in the journal.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// One action, such as `session.approved`.
    pub action: Option<String>,
    /// Part of the name or address of who acted.
    pub actor: Option<String>,
}

/// An entry, with the name of who acted.
#[derive(Debug, Clone)]
pub struct ReadEntry {
    /// The entry.
    pub entry: StoredEntry,
    /// The name; absent for the system.
    pub actor_name: Option<String>,
}

/// The latest entries that a filter keeps, newest first, a page at a time.
///
/// # Errors
/// When the database fails.
pub fn search(conn: &mut AnyConnection, filter: &Filter, offset: i64, limit: i64) -> QueryResult<Vec<ReadEntry>> {
    let entries: Vec<StoredEntry> = kept_by(filter)
        .order((journal_entries::at.desc(), journal_entries::id.desc()))
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    let actors: Vec<AccountId> = entries.iter().filter_map(|entry| entry.actor_id).collect();
    let names: Vec<(AccountId, String)> = accounts::table
        .filter(accounts::id.eq_any(actors))
        .select((accounts::id, accounts::display_name))
        .load(conn)?;
    let name = |id: AccountId| names.iter().find(|(known, _)| *known == id).map(|(_, name)| name.clone());
    Ok(entries.into_iter().map(|entry| ReadEntry { actor_name: entry.actor_id.and_then(name), entry }).collect())
}

/// How many entries there are.
///
/// # Errors
/// When the database fails.
pub fn count(conn: &mut AnyConnection) -> QueryResult<i64> {
    journal_entries::table.count().get_result(conn)
}

/// How many entries a filter keeps.
///
/// # Errors
/// When the database fails.
pub fn count_found(conn: &mut AnyConnection, filter: &Filter) -> QueryResult<i64> {
    kept_by(filter).count().get_result(conn)
}

/// The actions that the journal holds.
///
/// # Errors
/// When the database fails.
pub fn actions(conn: &mut AnyConnection) -> QueryResult<Vec<String>> {
    journal_entries::table.select(journal_entries::action).distinct().order(journal_entries::action).load(conn)
}

fn kept_by(filter: &Filter) -> journal_entries::BoxedQuery<'static, MultiBackend> {
    let mut kept = journal_entries::table.into_boxed();
    if let Some(action) = &filter.action {
        kept = kept.filter(journal_entries::action.eq(action.clone()));
    }
    if let Some(actor) = &filter.actor {
        let pattern = format!("%{}%", actor.to_lowercase().replace(['\\', '%', '_'], ""));
        let name = diesel::dsl::sql::<diesel::sql_types::Text>("LOWER(accounts.display_name)");
        let actors = accounts::table
            .filter(accounts::email.like(pattern.clone()).or(name.like(pattern)))
            .select(accounts::id.nullable());
        kept = kept.filter(journal_entries::actor_id.eq_any(actors));
    }
    kept
}
