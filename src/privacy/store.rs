//! The SQL of how long identities are kept.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::dsl::max;
use diesel::prelude::*;

use crate::calendar::local_date;
use crate::children::Destruction;
use crate::db::{AnyConnection, MultiBackend, Tx};
use crate::each;
use crate::ids::{AccountId, ChildId, JournalSubjectId, ProgrammeId, RetentionExtensionId};
use crate::privacy::{Among, Destroyed, ExtensionReason, Kept};
use crate::schema::{
    children, consents, journal_entries, programmes, referrals, retention_extensions, retention_notices, sessions,
};
use crate::sql_types::Ts;

/// What of the journal is a contact with the family.
const CONTACTS: [&str; 3] = ["child.created", "child.edited", "child.reopened"];

/// The children among whom one looks, as long as they are known.
fn candidates<'a>(among: &'a Among<'_>) -> children::BoxedQuery<'a, MultiBackend> {
    let known = children::table.filter(children::identity_destroyed_at.is_null()).into_boxed();
    match among {
        Among::EnteredBy(day, None) => known.filter(children::followed_since_on.le(*day)),
        Among::EnteredBy(day, Some(ids)) => {
            known.filter(children::followed_since_on.le(*day)).filter(children::programme_id.eq_any(*ids))
        }
        Among::One(id) => known.filter(children::id.eq(*id)),
    }
}

/// As many children as one question asks of: a database takes so many values and no more.
const AT_ONCE: usize = 10_000;

type Days = BTreeMap<ChildId, NaiveDate>;

/// The last contact with each child: see [`crate::privacy::retention`].
pub fn last_contacts(conn: &mut AnyConnection, among: &Among<'_>) -> QueryResult<Vec<Kept>> {
    type Row = (ChildId, ProgrammeId, String, NaiveDate, Option<NaiveDate>);
    let rows: Vec<Row> = candidates(among)
        .select((
            children::id,
            children::programme_id,
            children::reference,
            children::followed_since_on,
            children::closed_on,
        ))
        .load(conn)?;
    let (mut contacts, mut entrusted) = (Days::new(), Days::new());
    let ids: Vec<ChildId> = rows.iter().map(|row| row.0).collect();
    for some in ids.chunks(AT_ONCE) {
        for (child, day) in contacts_with(conn, some)? {
            let known = contacts.entry(child).or_insert(day);
            *known = day.max(*known);
        }
        entrusted.extend(last_entrusted_days(conn, some)?);
    }
    let kept = |(child, programme, reference, followed_since, closed_on): Row| {
        // an orientation ends with the follow-up
        let entrusted = entrusted.get(&child).map(|day| closed_on.map_or(*day, |closed_on| closed_on.min(*day)));
        let days = [contacts.get(&child).copied(), entrusted, closed_on];
        let last_contact_on = days.into_iter().flatten().fold(followed_since, NaiveDate::max);
        Kept { child, programme, reference, last_contact_on, ends_on: last_contact_on, extended: None, told_at: None }
    };
    Ok(rows.into_iter().map(kept).collect())
}

/// The last session, the last consent and the last change of the file, of each of these children.
fn contacts_with(conn: &mut AnyConnection, some: &[ChildId]) -> QueryResult<Vec<(ChildId, NaiveDate)>> {
    let seen: Vec<(ChildId, Option<NaiveDate>)> = sessions::table
        .filter(sessions::state.ne("cancelled").and(sessions::child_id.eq_any(some)))
        .group_by(sessions::child_id)
        .select((sessions::child_id, max(sessions::session_on)))
        .load(conn)?;
    let agreed: Vec<(ChildId, Option<NaiveDate>)> = consents::table
        .inner_join(referrals::table)
        .filter(referrals::child_id.eq_any(some))
        .group_by(referrals::child_id)
        .select((referrals::child_id, max(consents::given_on)))
        .load(conn)?;
    let subjects: Vec<JournalSubjectId> = some.iter().map(|child| JournalSubjectId(child.0)).collect();
    let told: Vec<(JournalSubjectId, Option<Ts>)> = journal_entries::table
        .filter(journal_entries::subject_id.eq_any(subjects).and(journal_entries::action.eq_any(CONTACTS)))
        .group_by(journal_entries::subject_id)
        .select((journal_entries::subject_id, max(journal_entries::at)))
        .load(conn)?;
    let told = told.into_iter().map(|(subject, at)| (ChildId(subject.0), at.map(local_date)));
    Ok(seen.into_iter().chain(agreed).chain(told).filter_map(|(child, day)| Some((child, day?))).collect())
}

/// The last day of the last orientation of each of these children.
fn last_entrusted_days(conn: &mut AnyConnection, some: &[ChildId]) -> QueryResult<Days> {
    let days: Vec<(ChildId, Option<NaiveDate>)> = referrals::table
        .filter(referrals::child_id.eq_any(some))
        .group_by(referrals::child_id)
        .select((referrals::child_id, max(referrals::ends_on)))
        .load(conn)?;
    Ok(days.into_iter().filter_map(|(child, day)| Some((child, day?))).collect())
}

/// Adds to each the latest extension, and when its coordinator was told of its day.
pub fn add_extensions_and_notices(conn: &mut AnyConnection, kept: &mut [Kept]) -> QueryResult<()> {
    use {retention_extensions as e, retention_notices as n};
    for some in kept.chunks_mut(AT_ONCE) {
        let ids: Vec<ChildId> = some.iter().map(|one| one.child).collect();
        let extensions: Vec<(ChildId, NaiveDate, ExtensionReason)> = e::table
            .filter(e::child_id.eq_any(&ids))
            .order((e::decided_at, e::id))
            .select((e::child_id, e::until_on, e::reason))
            .load(conn)?;
        let extensions: BTreeMap<ChildId, (NaiveDate, ExtensionReason)> =
            extensions.into_iter().map(|(child, until_on, reason)| (child, (until_on, reason))).collect();
        let notices: Vec<(ChildId, NaiveDate, Ts)> = n::table.filter(n::child_id.eq_any(&ids)).load(conn)?;
        let notices: BTreeMap<(ChildId, NaiveDate), Ts> =
            notices.into_iter().map(|(child, due_on, told_at)| ((child, due_on), told_at)).collect();
        for one in some {
            one.extended = extensions.get(&one.child).copied();
            one.told_at = notices.get(&(one.child, one.due_on())).copied();
        }
    }
    Ok(())
}

/// Keeps that the coordinator is told of a day; gives `false` when somebody else already did.
pub fn insert_notice(tx: &mut Tx<'_>, child: ChildId, due_on: NaiveDate, now: Ts) -> QueryResult<bool> {
    use retention_notices as n;
    let new = (n::child_id.eq(child), n::due_on.eq(due_on), n::told_at.eq(now));
    let conn = &mut **tx;
    let written = each!(conn => diesel::insert_into(n::table).values(new).on_conflict_do_nothing().execute(conn))?;
    Ok(written == 1)
}

/// Inserts an extension.
pub fn insert_extension(
    tx: &mut Tx<'_>,
    id: RetentionExtensionId,
    child: ChildId,
    (until_on, reason): (NaiveDate, ExtensionReason),
    by: AccountId,
    now: Ts,
) -> QueryResult<()> {
    use retention_extensions as e;
    diesel::insert_into(e::table)
        .values((
            e::id.eq(id),
            e::child_id.eq(child),
            e::until_on.eq(until_on),
            e::reason.eq(reason),
            e::decided_by.eq(by),
            e::decided_at.eq(now),
        ))
        .execute(&mut **tx)
        .map(drop)
}

/// Whether an identity was destroyed since an instant.
pub fn destroyed_since(conn: &mut AnyConnection, since: Ts) -> QueryResult<bool> {
    let found: i64 =
        children::table.filter(children::identity_destroyed_at.gt(since).assume_not_null()).count().get_result(conn)?;
    Ok(found > 0)
}

/// How many identities were destroyed.
pub fn count_destroyed(conn: &mut AnyConnection) -> QueryResult<i64> {
    children::table.filter(children::identity_destroyed_at.is_not_null()).count().get_result(conn)
}

/// The identities that were destroyed, the latest first, a page at a time.
pub fn destroyed(conn: &mut AnyConnection, offset: i64, limit: i64) -> QueryResult<Vec<Destroyed>> {
    let rows: Vec<(String, String, Option<Ts>, Option<Destruction>)> = children::table
        .inner_join(programmes::table)
        .filter(children::identity_destroyed_at.is_not_null())
        .order((children::identity_destroyed_at.desc(), children::reference))
        .offset(offset)
        .limit(limit)
        .select((
            children::reference,
            programmes::name,
            children::identity_destroyed_at,
            children::identity_destroyed_for,
        ))
        .load(conn)?;
    let told = |(reference, programme, at, cause): (String, String, Option<Ts>, Option<Destruction>)| {
        Some(Destroyed { reference, programme, at: at?, cause: cause? })
    };
    Ok(rows.into_iter().filter_map(told).collect())
}
