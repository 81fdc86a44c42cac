//! Sessions as those who pay see them, and those that still wait at the end of a month.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::calendar::Month;
use crate::conventions::ServiceType;
use crate::db::AnyConnection;
use crate::hours::Minutes;
use crate::ids::{AccountId, ConventionId, ProgrammeId, PsychologistId, SessionId};
use crate::schema::{budget_years, children, programmes, psychologists, quotas, sessions};
use crate::sessions::{Attendance, Phase};
use crate::sql_types::Ts;

/// A session as those who pay know it: a reference, never a name.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct PaidSession {
    /// Which.
    pub id: SessionId,
    /// The child's reference.
    pub reference: String,
    /// The programme.
    pub programme_id: ProgrammeId,
    /// What for.
    pub service_type: ServiceType,
    /// The local date.
    pub session_on: NaiveDate,
    /// How long it lasted.
    pub duration: Minutes,
    /// What is to be invoiced.
    pub billed: Minutes,
    /// What happened.
    pub attendance: Option<Attendance>,
    /// Who approved it.
    pub decided_by: Option<AccountId>,
    /// When it was approved.
    pub decided_at: Option<Ts>,
}

/// The sessions of a psychologist and a month that stand in a phase, as those who pay know them, in order.
///
/// # Errors
/// When the database fails.
pub fn paid_sessions(
    conn: &mut AnyConnection,
    psychologist: PsychologistId,
    month: Month,
    phase: Phase,
) -> QueryResult<Vec<PaidSession>> {
    sessions::table
        .inner_join(children::table)
        .filter(sessions::psychologist_id.eq(psychologist).and(sessions::state.eq(phase)))
        .filter(sessions::session_on.between(month.first(), month.last()))
        .order((sessions::starts_at, sessions::id))
        .select((
            sessions::id,
            children::reference,
            sessions::programme_id,
            sessions::service_type,
            sessions::session_on,
            sessions::duration_minutes,
            sessions::billed_minutes,
            sessions::attendance,
            sessions::decided_by,
            sessions::decided_at,
        ))
        .load(conn)
}

/// A session that is past and neither approved nor given up.
#[derive(Debug, Clone, Queryable)]
pub struct Unfinished {
    /// The account of its psychologist.
    pub account: AccountId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// The programme's name.
    pub programme_name: String,
    /// The convention that pays.
    pub convention: ConventionId,
    /// Where it stands: booked, recorded or refused.
    pub phase: Phase,
    /// Its day.
    pub on: NaiveDate,
}

/// The sessions of a period that are past and neither approved nor given up, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn unfinished(
    conn: &mut AnyConnection,
    (from, until): (NaiveDate, NaiveDate),
    now: Ts,
) -> QueryResult<Vec<Unfinished>> {
    sessions::table
        .inner_join(psychologists::table)
        .inner_join(programmes::table)
        .inner_join(quotas::table.inner_join(budget_years::table))
        .filter(sessions::session_on.between(from, until).and(sessions::ends_at.le(now)))
        .filter(sessions::state.eq_any([Phase::Booked, Phase::Recorded, Phase::Refused]))
        .order((sessions::session_on, sessions::id))
        .select((
            psychologists::account_id,
            sessions::programme_id,
            programmes::name,
            budget_years::convention_id,
            sessions::state,
            sessions::session_on,
        ))
        .load(conn)
}
