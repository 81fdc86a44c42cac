//! The SQL of the yearly report: the approved sessions of a budget year, and where each referral came from.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::children::{ReferralReason, ReferralSource};
use crate::conventions::ServiceType;
use crate::db::AnyConnection;
use crate::hours::Minutes;
use crate::ids::{BudgetYearId, ChildId, PsychologistId};
use crate::schema::{quotas, referrals, sessions};
use crate::sessions::{Attendance, Phase};

/// A session as it is counted.
pub struct CountedSession {
    /// Whose.
    pub child: ChildId,
    /// Its day.
    pub on: NaiveDate,
    /// Who gave it.
    pub psychologist: PsychologistId,
    /// What it is.
    pub service: ServiceType,
    /// What happened.
    pub attendance: Option<Attendance>,
    /// What it takes of the quota.
    pub quota: Minutes,
    /// What is billed.
    pub billed: Minutes,
    /// Who asked for the referral.
    pub source: ReferralSource,
    /// Why, in general.
    pub reason: ReferralReason,
}

type Row = (
    (ChildId, NaiveDate, PsychologistId),
    (ServiceType, Option<Attendance>),
    (Minutes, Minutes),
    (ReferralSource, ReferralReason),
);

/// The sessions of a budget year that were approved or invoiced, up to a day, the first held first.
pub fn sessions_of(conn: &mut AnyConnection, year: BudgetYearId, until: NaiveDate) -> QueryResult<Vec<CountedSession>> {
    let rows: Vec<Row> = sessions::table
        .inner_join(quotas::table)
        .inner_join(referrals::table)
        .filter(quotas::budget_year_id.eq(year))
        .filter(sessions::state.eq_any([Phase::Approved, Phase::Invoiced]))
        .filter(sessions::session_on.le(until))
        .order((sessions::starts_at, sessions::id))
        .select((
            (sessions::child_id, sessions::session_on, sessions::psychologist_id),
            (sessions::service_type, sessions::attendance),
            (sessions::quota_minutes, sessions::billed_minutes),
            (referrals::source, referrals::reason),
        ))
        .load(conn)?;
    let read = |((child, on, psychologist), (service, attendance), (quota, billed), (source, reason)): Row| {
        CountedSession { child, on, psychologist, service, attendance, quota, billed, source, reason }
    };
    Ok(rows.into_iter().map(read).collect())
}
