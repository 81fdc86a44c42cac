//! How long a child's identity is kept: two years after the last contact, longer when a coordinator says why, and never
//! destroyed before the coordinator was told ([decision 11](../../docs/decisions/0011-identities-are-destroyed.md)).

use std::collections::BTreeMap;

use chrono::{Days, Duration, Months, NaiveDate};

use crate::accounts::{Recipient, Role, recipients};
use crate::children::destroy_identity::{self, DestroyRefusal};
use crate::children::{ChildReference, Destruction};
use crate::clock::Clock;
use crate::config::Retention;
use crate::db::{AnyConnection, Db, DbError, Tx};
use crate::failure::Failure;
use crate::ids::{AccountId, ChildId, ProgrammeId};
use crate::journal::Actor;
use crate::mails::{RetentionNotice, RetentionReport};
use crate::outbox;
use crate::privacy::{Among, Kept, store};
use crate::sql_types::Ts;
use crate::vault::Vault;

/// How many identities are destroyed in one transaction: writers wait meanwhile.
const AT_ONCE: usize = 50;
/// For how many days after a destruction what the database had set aside is swept again.
const SWEPT_FOR: i64 = 3;

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Of which the coordinators were told.
    pub told: Vec<String>,
    /// Destroyed.
    pub destroyed: Vec<ChildReference>,
}

/// Whose identities are to be destroyed by a day, the first first: in some programmes, or everywhere.
///
/// # Errors
/// When the database fails.
pub fn preview(
    conn: &mut AnyConnection,
    terms: Retention,
    programmes: Option<&[ProgrammeId]>,
    until: NaiveDate,
) -> diesel::QueryResult<Vec<Kept>> {
    // whoever was entered later cannot be due
    let entered_by = until.checked_sub_months(Months::new(terms.identity_months)).unwrap_or(until);
    let mut kept = look_up(conn, terms, &Among::EnteredBy(entered_by, programmes))?;
    kept.retain(|one| one.due_on() <= until);
    kept.sort_by(|a, b| (a.due_on(), &a.reference).cmp(&(b.due_on(), &b.reference)));
    Ok(kept)
}

/// How long the identity of one child is kept; nothing once it is destroyed.
///
/// # Errors
/// When the database fails.
pub fn of_child(conn: &mut AnyConnection, terms: Retention, id: ChildId) -> diesel::QueryResult<Option<Kept>> {
    Ok(look_up(conn, terms, &Among::One(id))?.pop())
}

fn look_up(conn: &mut AnyConnection, terms: Retention, among: &Among<'_>) -> diesel::QueryResult<Vec<Kept>> {
    let months = Months::new(terms.identity_months);
    let after = |day: NaiveDate| day.checked_add_months(months).unwrap_or(NaiveDate::MAX);
    let mut kept = store::last_contacts(conn, among)?;
    for one in &mut kept {
        one.ends_on = after(one.last_contact_on);
    }
    store::add_extensions_and_notices(conn, &mut kept)?;
    Ok(kept)
}

/// Tells the coordinators of what comes, destroys what is due and was told, and reports it. Several instances may run it:
/// each notice and each destruction happens once.
///
/// # Errors
/// When the database fails.
pub fn run(db: &Db, vault: &Vault, clock: &Clock, terms: Retention) -> Result<Done, DbError> {
    let (today, now) = (clock.today(), clock.now());
    let soon = today + Days::new(terms.notice_days.into());
    let due = db.read::<_, DbError>(|conn| Ok(preview(conn, terms, None, soon)?))?;
    let untold: Vec<&Kept> = due.iter().filter(|one| one.told_at.is_none()).collect();
    let mut done = Done::default();
    if !untold.is_empty() {
        done.told = db.write::<_, DbError>(|tx| Ok(tell(tx, clock, &untold, terms)?))?;
    }
    let ready: Vec<ChildId> = due.iter().filter(|one| one.is_due(today, now, terms)).map(|one| one.child).collect();
    for some in ready.chunks(AT_ONCE) {
        done.destroyed.extend(db.write::<_, DbError>(|tx| destroy(tx, vault, clock, terms, some))?);
    }
    let since = Ts::new(now.utc() - Duration::days(SWEPT_FOR));
    if !done.destroyed.is_empty() || db.read::<_, DbError>(|conn| Ok(store::destroyed_since(conn, since)?))? {
        db.sweep()?;
    }
    Ok(done)
}

/// Takes what was just destroyed out of the files of the database, unless somebody reads them: then the worker does, later.
pub async fn sweep_soon(db: &Db) {
    let lent = db.clone();
    if let Err(error) = crate::db::blocking(move || lent.sweep()).await {
        tracing::warn!(%error, "what was destroyed leaves the files of the database later");
    }
}

/// Queues the notices of what was not told yet, a mail for each coordinator.
fn tell(tx: &mut Tx<'_>, clock: &Clock, untold: &[&Kept], terms: Retention) -> diesel::QueryResult<Vec<String>> {
    let mut told = Vec::new();
    let mut by_reader: BTreeMap<AccountId, (Recipient, Vec<Kept>)> = BTreeMap::new();
    for one in untold {
        if !store::insert_notice(tx, one.child, one.due_on(), clock.now())? {
            continue;
        }
        told.push(one.reference.clone());
        let one = Kept { told_at: Some(clock.now()), ..(*one).clone() };
        for reader in readers(tx, one.programme)? {
            by_reader.entry(reader.account).or_insert_with(|| (reader, Vec::new())).1.push(one.clone());
        }
    }
    for (account, (reader, mut kept)) in by_reader {
        kept.sort_by(|a, b| (a.due_on(), &a.reference).cmp(&(b.due_on(), &b.reference)));
        let lines = kept.iter().map(|one| (one.reference.clone(), one.destroyed_on(clock.today(), terms))).collect();
        let mail = RetentionNotice { recipient: reader.email, account, on: clock.today(), lines };
        outbox::enqueue(tx, clock, mail.message()?)?;
    }
    Ok(told)
}

/// Whoever coordinates the programme; whoever audits when nobody does.
fn readers(tx: &mut Tx<'_>, programme: ProgrammeId) -> diesel::QueryResult<Vec<Recipient>> {
    let coordinators = recipients::coordinators(tx, programme)?;
    if coordinators.is_empty() { recipients::holders(tx, Role::Auditor) } else { Ok(coordinators) }
}

/// Destroys what is still due once the child's row is locked, and reports it to the data-protection officer.
fn destroy(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    terms: Retention,
    some: &[ChildId],
) -> Result<Vec<ChildReference>, DbError> {
    let (today, now) = (clock.today(), clock.now());
    let mut destroyed = Vec::new();
    for id in some {
        crate::children::look_up::lock(tx, *id)?;
        // extended, booked or destroyed since it was looked for: left alone
        if of_child(tx, terms, *id)?.is_none_or(|one| !one.is_due(today, now, terms)) {
            continue;
        }
        match destroy_identity::destroy(tx, vault, clock, Actor::System, *id, Destruction::Retention) {
            Ok(reference) => destroyed.push(reference),
            Err(Failure::NotFound | Failure::Refused(DestroyRefusal::Booked(_))) => {}
            Err(Failure::Db(e)) => return Err(e),
        }
    }
    if let Some(first) = some.first().filter(|_| !destroyed.is_empty()) {
        for officer in recipients::holders(tx, Role::Auditor)? {
            let references = destroyed.iter().map(ToString::to_string).collect();
            let mail = RetentionReport {
                recipient: officer.email,
                key: format!("{first}:{}", officer.account),
                on: today,
                references,
            };
            outbox::enqueue(tx, clock, mail.message()?)?;
        }
    }
    Ok(destroyed)
}
