//! What sessions are told and weighed with: totals, names, what is usual, the referrals that they may be booked under.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::calendar::Month;
use crate::db::{AnyConnection, MultiBackend};
use crate::hours::Minutes;
use crate::ids::{ChildId, ProgrammeId, PsychologistId, ReferralId, SessionId};
use crate::schema::{accounts, budget_years, children, programmes, psychologists, quotas, referrals, sessions};
use crate::sessions::store::through;
use crate::sessions::{Phase, Scope};

/// What stands in a phase.
#[derive(Debug, Clone, Copy, Default)]
pub struct PhaseTotal {
    /// Sessions.
    pub sessions: i64,
    /// Of these, those that are billed: not the absences that the convention does not pay.
    pub billed_sessions: i64,
    /// What is billed of them.
    pub billed: Minutes,
}

/// What stands in each phase of somebody's sessions, those of a month only.
///
/// # Errors
/// When the database fails.
pub fn totals(conn: &mut AnyConnection, scope: &Scope, month: Month) -> QueryResult<BTreeMap<Phase, PhaseTotal>> {
    let rows: Vec<(Phase, Minutes)> = through(scope)
        .filter(sessions::session_on.between(month.first(), month.last()))
        .select((sessions::state, sessions::billed_minutes))
        .load(conn)?;
    let mut totals = BTreeMap::new();
    for (phase, billed) in rows {
        let total: &mut PhaseTotal = totals.entry(phase).or_default();
        total.sessions += 1;
        total.billed_sessions += i64::from(billed.0 > 0);
        total.billed.0 += billed.0;
    }
    Ok(totals)
}

/// The psychologists who recorded sessions that wait for somebody, by name.
///
/// # Errors
/// When the database fails.
pub fn waiting_psychologists(conn: &mut AnyConnection, scope: &Scope) -> QueryResult<Vec<(PsychologistId, String)>> {
    let ids: Vec<PsychologistId> = through(scope)
        .filter(sessions::state.eq(Phase::Recorded))
        .select(sessions::psychologist_id)
        .distinct()
        .load(conn)?;
    psychologists::table
        .inner_join(accounts::table)
        .filter(psychologists::id.eq_any(ids))
        .select((psychologists::id, accounts::display_name))
        .order(accounts::display_name)
        .load(conn)
}

/// The programme of a child whom somebody may see: of their programmes, or once entrusted to the psychologist.
///
/// # Errors
/// When there is no such child, or the database fails.
pub fn load_programme_of(conn: &mut AnyConnection, scope: &Scope, child: ChildId) -> QueryResult<ProgrammeId> {
    let found =
        children::table.filter(children::id.eq(child)).select(children::programme_id).into_boxed::<MultiBackend>();
    let found = match scope {
        Scope::Programmes(ids) => found.filter(children::programme_id.eq_any(ids)),
        Scope::Psychologist(id) => found.filter(diesel::dsl::exists(
            referrals::table.filter(referrals::child_id.eq(child).and(referrals::psychologist_id.eq(*id))),
        )),
    };
    found.first(conn)
}

/// What a session is told with, beside its own facts: nothing that names the child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Around {
    /// The child's reference.
    pub reference: String,
    /// The psychologist's name.
    pub psychologist: String,
    /// The programme's name.
    pub programme: String,
    /// What is left of the referral.
    pub referral_left: Minutes,
    /// What the referral grants.
    pub referral_granted: Minutes,
    /// What is left of the quota.
    pub quota_left: Minutes,
    /// The budget year of the quota.
    pub year: String,
}

type AroundRow = (SessionId, String, String, String, (Minutes, Minutes, Minutes), (Minutes, Minutes, Minutes), String);

/// What some sessions are told with.
///
/// # Errors
/// When the database fails.
pub fn around(conn: &mut AnyConnection, ids: &[SessionId]) -> QueryResult<Vec<(SessionId, Around)>> {
    let rows: Vec<AroundRow> = sessions::table
        .inner_join(children::table)
        .inner_join(programmes::table)
        .inner_join(psychologists::table.inner_join(accounts::table))
        .inner_join(referrals::table)
        .inner_join(quotas::table.inner_join(budget_years::table))
        .filter(sessions::id.eq_any(ids))
        .select((
            sessions::id,
            children::reference,
            accounts::display_name,
            programmes::name,
            (referrals::minutes, referrals::reserved_minutes, referrals::used_minutes),
            (quotas::allotted_minutes, quotas::reserved_minutes, quotas::used_minutes),
            budget_years::label,
        ))
        .load(conn)?;
    let left = |(all, reserved, used): (Minutes, Minutes, Minutes)| all - reserved - used;
    let read = |(id, reference, psychologist, programme, referral, quota, year): AroundRow| {
        let around = Around {
            reference,
            psychologist,
            programme,
            referral_left: left(referral),
            referral_granted: referral.0,
            quota_left: left(quota),
            year,
        };
        (id, around)
    };
    Ok(rows.into_iter().map(read).collect())
}

/// How often each length was approved for some children: what is usual for them.
///
/// # Errors
/// When the database fails.
pub fn approved_lengths(conn: &mut AnyConnection, of: &[ChildId]) -> QueryResult<Vec<(ChildId, Minutes, i64)>> {
    sessions::table
        .filter(sessions::child_id.eq_any(of))
        .filter(sessions::state.eq_any([Phase::Approved, Phase::Invoiced]))
        .group_by((sessions::child_id, sessions::duration_minutes))
        .select((sessions::child_id, sessions::duration_minutes, diesel::dsl::count_star()))
        .load(conn)
}

/// The days on which some children have sessions that stand, between two days: one line a session.
///
/// # Errors
/// When the database fails.
pub fn days_of(
    conn: &mut AnyConnection,
    of: &[ChildId],
    from: NaiveDate,
    until: NaiveDate,
) -> QueryResult<Vec<(ChildId, NaiveDate)>> {
    sessions::table
        .filter(sessions::child_id.eq_any(of))
        .filter(sessions::session_on.between(from, until))
        .filter(sessions::state.ne_all([Phase::Cancelled, Phase::Refused]))
        .select((sessions::child_id, sessions::session_on))
        .load(conn)
}

/// A child as finance and programs know them: a reference; with the referral that is valid on a day.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct OpenReferral {
    /// Which.
    pub id: ReferralId,
    /// The child.
    pub child_id: ChildId,
    /// The child's reference.
    pub reference: String,
    /// The programme.
    pub programme_id: ProgrammeId,
    /// The programme's name.
    pub programme: String,
    /// What is granted.
    pub minutes: Minutes,
    /// Held by sessions booked or recorded.
    pub reserved: Minutes,
    /// Held by sessions approved or invoiced.
    pub used: Minutes,
    /// To whom the child is entrusted.
    pub psychologist_id: PsychologistId,
    /// The psychologist's name.
    pub psychologist: String,
    /// The last day.
    pub ends_on: NaiveDate,
}

/// The referrals valid on a day or later within a period, of children still followed: to a psychologist, or of programmes.
///
/// # Errors
/// When the database fails.
pub fn open_referrals(
    conn: &mut AnyConnection,
    scope: &Scope,
    on: NaiveDate,
    until: NaiveDate,
) -> QueryResult<Vec<OpenReferral>> {
    let query = referrals::table
        .inner_join(children::table.inner_join(programmes::table))
        .inner_join(psychologists::table.inner_join(accounts::table.on(accounts::id.eq(psychologists::account_id))))
        .filter(referrals::starts_on.le(until).and(referrals::ends_on.ge(on)))
        .filter(children::closed_on.is_null().or(children::closed_on.ge(on)))
        .order((children::reference, referrals::starts_on, referrals::id))
        .select((
            referrals::id,
            children::id,
            children::reference,
            programmes::id,
            programmes::name,
            referrals::minutes,
            referrals::reserved_minutes,
            referrals::used_minutes,
            psychologists::id,
            accounts::display_name,
            referrals::ends_on,
        ))
        .into_boxed::<MultiBackend>();
    match scope {
        Scope::Psychologist(id) => query.filter(referrals::psychologist_id.eq(*id)).load(conn),
        Scope::Programmes(ids) => query.filter(children::programme_id.eq_any(ids)).load(conn),
    }
}

/// The latest session of each child with a psychologist that was recorded: when and how long.
///
/// # Errors
/// When the database fails.
pub fn latest_of_children(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    of: &[ChildId],
) -> QueryResult<Vec<(ChildId, NaiveDate, Minutes)>> {
    let rows: Vec<(ChildId, NaiveDate, Minutes)> = sessions::table
        .filter(sessions::psychologist_id.eq(psychologist).and(sessions::child_id.eq_any(of)))
        .filter(sessions::state.eq_any([Phase::Recorded, Phase::Approved, Phase::Invoiced]))
        .order((sessions::starts_at.desc(), sessions::id))
        .select((sessions::child_id, sessions::session_on, sessions::duration_minutes))
        .load(conn)?;
    let mut seen = std::collections::BTreeSet::new();
    Ok(rows.into_iter().filter(|(child, ..)| seen.insert(*child)).collect())
}
