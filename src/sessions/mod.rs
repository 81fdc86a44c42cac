//! Sessions (*séances*): one meeting of a psychologist and a child, from booking to payment.
//!
//! A session is booked, recorded, approved, invoiced; or cancelled, or refused and corrected. Its state carries the
//! facts of its stage, and each transition consumes the state that it leaves. What a session holds of its quota and of
//! its referral is reserved while it is booked or recorded, used once it is approved, and given back otherwise.

pub mod admission;
pub mod api;
pub mod api_planning;
pub mod approve;
pub mod approve_many;
pub mod book;
pub mod book_many;
pub mod cancel;
pub mod correct;
mod facts;
pub mod feed;
pub mod freed;
pub mod look_up;
mod notices;
pub mod pages;
pub mod pages_approvals;
pub mod pages_book;
pub mod pages_feed;
pub mod pages_plan;
pub mod pages_record;
pub mod pages_session;
pub mod pages_today;
mod reason;
pub mod record;
pub mod record_usual;
pub mod recurrence;
pub mod refuse;
pub mod reschedule;
pub mod restore;
mod scope;
mod slot;
mod store;
pub mod undo_record;
mod unusual;
pub mod want_earlier;
pub mod warnings;
pub mod withdraw;

pub use reason::{LONGEST_REASON, Reason, ReasonRefusal};
pub use scope::{Filter, Order, Scope, Viewer};
pub use slot::{Slot, SlotRefusal, latest_free_start, nearest_free_start};
pub use unusual::Unusual;

use chrono::NaiveDate;

use crate::conventions::{AbsenceKind, ServiceType, Terms};
use crate::hours::Minutes;
use crate::ids::{
    AccountId, ChildId, InvoiceId, ProgrammeId, PsychologistId, QuotaId, ReferralId, SeriesId, SessionId,
};
use crate::sql_types::Ts;

crate::text_enum! {
    /// Where a session stands, without its facts.
    Phase {
        /// To come (*rendez-vous*).
        Booked => "booked",
        /// Waiting for approval.
        Recorded => "recorded",
        /// The service is certified as rendered.
        Approved => "approved",
        /// To be corrected by the psychologist.
        Refused => "refused",
        /// It does not take place, or is given up.
        Cancelled => "cancelled",
        /// On an invoice.
        Invoiced => "invoiced",
    }
}

impl Phase {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Booked => "Rendez-vous",
            Self::Recorded => "À valider",
            Self::Approved => "Validée",
            Self::Refused => "Refusée",
            Self::Cancelled => "Annulée",
            Self::Invoiced => "Facturée",
        }
    }

    /// The end of a sentence such as "cette séance …".
    const fn clause(self) -> &'static str {
        match self {
            Self::Booked => "n’est qu’un rendez-vous",
            Self::Recorded => "attend sa validation",
            Self::Approved => "est validée",
            Self::Refused => "est refusée",
            Self::Cancelled => "est annulée",
            Self::Invoiced => "est facturée",
        }
    }
}

crate::text_enum! {
    /// What happened at a session.
    Attendance {
        /// The child came (*tenue*).
        Held => "held",
        /// The absence was announced, or for a good reason (*absence excusée*).
        ExcusedAbsence => "excused_absence",
        /// Nobody came, nobody said so (*absence non excusée*).
        UnexcusedAbsence => "unexcused_absence",
    }
}

impl Attendance {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Held => "Tenue",
            Self::ExcusedAbsence => "Absence excusée",
            Self::UnexcusedAbsence => "Absence non excusée",
        }
    }

    /// The kind of absence, unless the session was held.
    pub const fn absence(self) -> Option<AbsenceKind> {
        match self {
            Self::Held => None,
            Self::ExcusedAbsence => Some(AbsenceKind::Excused),
            Self::UnexcusedAbsence => Some(AbsenceKind::Unexcused),
        }
    }
}

crate::text_enum! {
    /// What was decided on a session.
    DecisionKind {
        /// The service is certified as rendered (*validation*).
        Approval => "approval",
        /// It is not, for a reason (*refus*).
        Refusal => "refusal",
        /// An approval is taken back, for a reason (*retrait*).
        Withdrawal => "withdrawal",
    }
}

impl DecisionKind {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Approval => "Validée",
            Self::Refusal => "Refusée",
            Self::Withdrawal => "Validation retirée",
        }
    }
}

/// What was recorded of a session: what happened, who said it, when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// What happened.
    pub attendance: Attendance,
    /// Who recorded it.
    pub by: AccountId,
    /// When it was recorded.
    pub at: Ts,
}

/// Who decided something, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Who.
    pub by: AccountId,
    /// When.
    pub at: Ts,
}

/// Where a session stands, with the facts of that stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// To come.
    Booked,
    /// Waiting for approval.
    Recorded(Record),
    /// Approved by a coordinator.
    Approved(Record, Stamp),
    /// Refused by a coordinator, for a reason.
    Refused(Record, Stamp, String),
    /// Given up, possibly for a reason.
    Cancelled(Stamp, Option<String>),
    /// On an invoice.
    Invoiced(Record, Stamp, InvoiceId),
}

/// Why a transition does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The session stands elsewhere.
    Elsewhere(Phase),
    /// Who recorded a session does not approve it.
    OwnRecord,
}

/// Transitions: each consumes the state that it leaves.
impl State {
    /// The state without its facts.
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Booked => Phase::Booked,
            Self::Recorded(..) => Phase::Recorded,
            Self::Approved(..) => Phase::Approved,
            Self::Refused(..) => Phase::Refused,
            Self::Cancelled(..) => Phase::Cancelled,
            Self::Invoiced(..) => Phase::Invoiced,
        }
    }

    /// What was recorded, once it was.
    pub const fn record(&self) -> Option<Record> {
        match self {
            Self::Recorded(record)
            | Self::Approved(record, _)
            | Self::Refused(record, ..)
            | Self::Invoiced(record, ..) => Some(*record),
            Self::Booked | Self::Cancelled(..) => None,
        }
    }

    /// A booked session has happened.
    ///
    /// # Errors
    /// When it is not booked.
    pub fn recorded(self, record: Record) -> Result<Self, Obstacle> {
        match self {
            Self::Booked => Ok(Self::Recorded(record)),
            other => Err(Obstacle::Elsewhere(other.phase())),
        }
    }

    /// What was recorded is said again, before any approval.
    ///
    /// # Errors
    /// When it is neither recorded nor refused.
    pub fn corrected(self, record: Record) -> Result<Self, Obstacle> {
        match self {
            Self::Recorded(_) | Self::Refused(..) => Ok(Self::Recorded(record)),
            other => Err(Obstacle::Elsewhere(other.phase())),
        }
    }

    /// A coordinator certifies that the service was rendered. Nobody approves what they recorded (rule 7).
    ///
    /// # Errors
    /// When it is not recorded, or was by the same person.
    pub fn approved(self, stamp: Stamp) -> Result<Self, Obstacle> {
        match self {
            Self::Recorded(record) if record.by == stamp.by => Err(Obstacle::OwnRecord),
            Self::Recorded(record) => Ok(Self::Approved(record, stamp)),
            other => Err(Obstacle::Elsewhere(other.phase())),
        }
    }

    /// A coordinator refuses to certify it.
    ///
    /// # Errors
    /// When it is not recorded.
    pub fn refused(self, stamp: Stamp, reason: String) -> Result<Self, Obstacle> {
        match self {
            Self::Recorded(record) => Ok(Self::Refused(record, stamp, reason)),
            other => Err(Obstacle::Elsewhere(other.phase())),
        }
    }

    /// A coordinator takes an approval back, before any invoice.
    ///
    /// # Errors
    /// When it is not approved.
    pub fn withdrawn(self) -> Result<Self, Obstacle> {
        match self {
            Self::Approved(record, _) => Ok(Self::Recorded(record)),
            other => Err(Obstacle::Elsewhere(other.phase())),
        }
    }

    /// It does not take place, or the psychologist gives it up.
    ///
    /// # Errors
    /// When it is approved, invoiced, or cancelled already.
    pub fn cancelled(self, stamp: Stamp, reason: Option<String>) -> Result<Self, Obstacle> {
        match self {
            Self::Booked | Self::Recorded(_) | Self::Refused(..) => Ok(Self::Cancelled(stamp, reason)),
            other => Err(Obstacle::Elsewhere(other.phase())),
        }
    }

    /// What was cancelled by mistake is to come again.
    ///
    /// # Errors
    /// When it is not cancelled.
    pub fn restored(self) -> Result<Self, Obstacle> {
        match self {
            Self::Cancelled(..) => Ok(Self::Booked),
            other => Err(Obstacle::Elsewhere(other.phase())),
        }
    }

    /// A booking recorded by mistake is to come again.
    ///
    /// # Errors
    /// When it is not recorded.
    pub fn unrecorded(self) -> Result<Self, Obstacle> {
        match self {
            Self::Recorded(_) => Ok(Self::Booked),
            other => Err(Obstacle::Elsewhere(other.phase())),
        }
    }
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// The programme that follows the child.
    pub programme_id: ProgrammeId,
    /// The quota that pays.
    pub quota_id: QuotaId,
    /// The child.
    pub child_id: ChildId,
    /// The referral that allows it.
    pub referral_id: ReferralId,
    /// The psychologist.
    pub psychologist_id: PsychologistId,
    /// What for.
    pub service_type: ServiceType,
    /// When.
    pub slot: Slot,
    /// What it holds of the quota and of the referral.
    pub quota_minutes: Minutes,
    /// What is to be invoiced.
    pub billed_minutes: Minutes,
    /// Where, if it was said.
    pub place: Option<String>,
    /// Who entered it first.
    pub created_by: AccountId,
    /// When it was entered first.
    pub created_at: Ts,
    /// When it was booked, if it was before it was recorded.
    pub booked_at: Option<Ts>,
    /// The series that it was booked with, if it was.
    pub series_id: Option<SeriesId>,
    /// Whether an earlier place would be taken.
    pub wants_earlier: bool,
    /// Where it stands.
    pub state: State,
}

/// What an attendance does to the quota and to the pay (rule 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// Held of the quota and of the referral.
    pub quota: Minutes,
    /// To be invoiced.
    pub billed: Minutes,
}

impl Effect {
    /// Nothing held, nothing invoiced.
    pub const NONE: Self = Self { quota: Minutes::ZERO, billed: Minutes::ZERO };

    /// The effect of what happened at a session of a length, under the rules of its day.
    pub fn of(terms: &Terms, attendance: Attendance, duration: Minutes) -> Self {
        let Some(kind) = attendance.absence() else { return Self { quota: duration, billed: duration } };
        let rule = terms.absence(kind);
        let if_so = |so| if so { duration } else { Minutes::ZERO };
        Self { quota: if_so(rule.counted), billed: if_so(rule.billed) }
    }
}

/// Whether a session may be recorded now: once it is over, or for an absence once it should have started (rule 5).
pub fn has_happened(slot: Slot, attendance: Attendance, now: Ts) -> bool {
    match attendance {
        Attendance::Held => slot.ends_at() <= now,
        Attendance::ExcusedAbsence | Attendance::UnexcusedAbsence => slot.starts_at <= now,
    }
}

/// The last day on which a session of a day may be recorded: the convention's late-entry window, or the later day until
/// which the month was reopened (rule 5).
pub fn last_entry_day(terms: &Terms, on: NaiveDate, reopened_until: Option<NaiveDate>) -> NaiveDate {
    let usual = terms.last_entry_day(on);
    reopened_until.map_or(usual, |until| until.max(usual))
}

#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::{AbsenceRule, Period, Rounding};
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn states_and_decisions_are_named() {
        assert_eq!(
            Phase::ALL.iter().map(|one| one.french()).collect::<Vec<_>>(),
            ["Rendez-vous", "À valider", "Validée", "Refusée", "Annulée", "Facturée"]
        );
        assert_eq!(
            DecisionKind::ALL.iter().map(|one| one.french()).collect::<Vec<_>>(),
            ["Validée", "Refusée", "Validation retirée"]
        );
    }

    fn slot(on: &str, time: &str, minutes: i32) -> Slot {
        Slot::new(day(on), time.parse().expect("a time"), Minutes(minutes)).expect("a slot")
    }

    fn at(text: &str) -> Ts {
        Ts::new(text.parse().expect("an instant"))
    }

    fn terms(excused: AbsenceRule, unexcused: AbsenceRule) -> Terms {
        Terms {
            period: Period { from: day("2024-01-01"), until: day("2026-12-31") },
            min_age: 2,
            max_age: 16,
            late_entry_months: 1,
            rounding: Rounding::HalfUp,
            excused_absence: excused,
            unexcused_absence: unexcused,
        }
    }

    fn stamp(by: AccountId) -> Stamp {
        Stamp { by, at: at("2026-11-20T09:00:00Z") }
    }

    fn record(by: AccountId) -> Record {
        Record { attendance: Attendance::Held, by, at: at("2026-11-19T09:00:00Z") }
    }

    #[test]
    fn a_session_is_recorded_once_over_and_an_absence_once_due() {
        let slot = slot("2026-11-20", "10:00:00", 60);
        let half_past = at("2026-11-20T09:30:00Z");
        assert!(!has_happened(slot, Attendance::Held, half_past));
        assert!(has_happened(slot, Attendance::ExcusedAbsence, half_past));
        assert!(!has_happened(slot, Attendance::UnexcusedAbsence, at("2026-11-20T08:59:00Z")));
        assert!(has_happened(slot, Attendance::Held, at("2026-11-20T10:00:00Z")));
    }

    #[test]
    fn a_reopened_month_gives_more_time_never_less() {
        let terms = terms(AbsenceRule::default(), AbsenceRule::default());
        let october = day("2026-10-07");
        assert_eq!(last_entry_day(&terms, october, None), day("2026-11-30"));
        assert_eq!(last_entry_day(&terms, october, Some(day("2026-12-15"))), day("2026-12-15"));
        assert_eq!(last_entry_day(&terms, october, Some(day("2026-11-15"))), day("2026-11-30"));
    }

    #[test]
    fn nobody_approves_what_they_recorded() {
        let (psychologist, coordinator) = (AccountId::new(), AccountId::new());
        let recorded = || State::Recorded(record(psychologist));
        assert_eq!(recorded().approved(stamp(psychologist)), Err(Obstacle::OwnRecord));
        assert_eq!(recorded().approved(stamp(coordinator)).map(|s| s.phase()), Ok(Phase::Approved));
    }

    fn rules() -> impl Strategy<Value = AbsenceRule> {
        (any::<bool>(), any::<bool>()).prop_map(|(billed, counted)| AbsenceRule { billed, counted })
    }

    fn states() -> impl Strategy<Value = State> {
        let (by, decided) = (AccountId::new(), stamp(AccountId::new()));
        proptest::sample::select(vec![
            State::Booked,
            State::Recorded(record(by)),
            State::Approved(record(by), decided),
            State::Refused(record(by), decided, "motif".to_owned()),
            State::Cancelled(decided, None),
            State::Invoiced(record(by), decided, InvoiceId::new()),
        ])
    }

    proptest! {
        /// Whatever the rules, a session holds and bills all of its length or nothing of it; held, all.
        #[test]
        fn an_effect_is_all_or_nothing(excused in rules(), unexcused in rules(), quarters in 1..=16, which in 0..3usize) {
            let attendance = Attendance::ALL[which];
            let length = Minutes(quarters * 15);
            let effect = Effect::of(&terms(excused, unexcused), attendance, length);
            let rule = match attendance {
                Attendance::Held => AbsenceRule { billed: true, counted: true },
                Attendance::ExcusedAbsence => excused,
                Attendance::UnexcusedAbsence => unexcused,
            };
            prop_assert_eq!(effect.quota, if rule.counted { length } else { Minutes::ZERO });
            prop_assert_eq!(effect.billed, if rule.billed { length } else { Minutes::ZERO });
        }

        /// Invoiced and cancelled are ends; an approval only comes from what was recorded.
        #[test]
        fn the_life_cycle_has_no_other_way(state in states()) {
            let who = stamp(AccountId::new());
            let from = state.phase();
            let to = [
                (Phase::Booked, state.clone().unrecorded()),
                (Phase::Recorded, state.clone().recorded(record(who.by))),
                (Phase::Recorded, state.clone().corrected(record(who.by))),
                (Phase::Recorded, state.clone().withdrawn()),
                (Phase::Approved, state.clone().approved(who)),
                (Phase::Refused, state.clone().refused(who, "motif".to_owned())),
                (Phase::Cancelled, state.clone().cancelled(who, None)),
            ];
            for (phase, outcome) in to {
                match outcome {
                    Ok(next) => {
                        prop_assert_eq!(next.phase(), phase);
                        prop_assert!(!matches!(from, Phase::Invoiced | Phase::Cancelled));
                        prop_assert!(phase != Phase::Approved || from == Phase::Recorded);
                    }
                    Err(obstacle) => prop_assert_eq!(obstacle, Obstacle::Elsewhere(from)),
                }
            }
        }
    }
}
