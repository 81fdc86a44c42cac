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
pub mod record;
pub mod record_usual;
pub mod recurrence;
pub mod refuse;
pub mod reschedule;
pub mod restore;
mod store;
pub mod undo_record;
pub mod want_earlier;
pub mod warnings;
pub mod withdraw;

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};

use crate::accounts::{Approver, Caller, Coordinator, Person, Psychologist, Role};
use crate::calendar::{self, Month};
use crate::children::Reader;
use crate::conventions::{AbsenceKind, ServiceType, Terms};
use crate::failure::Refusal;
use crate::hours::Minutes;
use crate::ids::{
    AccountId, ChildId, InvoiceId, ProgrammeId, PsychologistId, QuotaId, ReferralId, SeriesId, SessionId,
};
use crate::sql_types::Ts;

/// The most characters of a reason.
pub const LONGEST_REASON: usize = 500;

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

/// When a session takes place: a local day and time in Dijon, and a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Slot {
    /// The local date, by which rules, quotas and months are read.
    pub on: NaiveDate,
    /// The instant at which it starts.
    pub starts_at: Ts,
    /// How long it lasts, in minutes.
    pub duration: Minutes,
}

impl Slot {
    /// A slot of a day.
    ///
    /// # Errors
    /// When the length is no session's, or the clocks skip that time of that night (rule 5).
    pub fn new(on: NaiveDate, time: NaiveTime, duration: Minutes) -> Result<Self, SlotRefusal> {
        if !duration.is_session_length() {
            return Err(SlotRefusal::Length { asked: duration });
        }
        let starts_at = calendar::instant(on, time).ok_or(SlotRefusal::NoSuchTime { on, time })?;
        Ok(Self { on, starts_at, duration })
    }

    /// The instant at which it ends.
    pub fn ends_at(self) -> Ts {
        Ts::new(self.starts_at.utc() + chrono::Duration::minutes(i64::from(self.duration.0)))
    }

    /// The local time at which it starts.
    pub fn start_time(self) -> NaiveTime {
        calendar::local_time(self.starts_at)
    }

    /// The local time at which it ends.
    pub fn end_time(self) -> NaiveTime {
        calendar::local_time(self.ends_at())
    }

    /// Whether the two share an instant.
    pub fn overlaps(self, other: Self) -> bool {
        self.starts_at < other.ends_at() && other.starts_at < self.ends_at()
    }
}

/// `mardi 24 novembre de 14 h 30 à 15 h 30`.
impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (start, end) = (calendar::french_time(self.start_time()), calendar::french_time(self.end_time()));
        write!(f, "{} de {start} à {end}", calendar::french_day(self.on))
    }
}

/// Why a length or a time is no session's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlotRefusal {
    /// Not a whole number of quarters of an hour, too short or too long.
    #[error("Une séance dure de 15\u{a0}min à 4\u{a0}h, par quarts d’heure ; {asked} ne convient pas. {}", nearest(*asked))]
    Length {
        /// What was asked.
        asked: Minutes,
    },
    /// The clocks go forward over it.
    #[error(
        "{} n’existe pas le {} : on passe à l’heure d’été. Choisissez une autre heure.",
        calendar::french_time(*time),
        calendar::french_date(*on)
    )]
    NoSuchTime {
        /// The day.
        on: NaiveDate,
        /// The time that it skips.
        time: NaiveTime,
    },
}

/// What to choose instead of a length that does not suit.
fn nearest(asked: Minutes) -> String {
    let (quarter, longest) = (Minutes::QUARTER, Minutes::LONGEST_SESSION);
    if asked < quarter {
        return format!("Choisissez au moins {quarter}.");
    }
    if asked > longest {
        return format!("Choisissez {longest} au plus.");
    }
    let below = Minutes(asked.0 / quarter.0 * quarter.0);
    format!("Choisissez {below} ou {}.", below + quarter)
}

impl Refusal for SlotRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "session_length",
            Self::NoSuchTime { .. } => "no_such_time",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Length { .. } => Some("duration"),
            Self::NoSuchTime { .. } => Some("starts_at"),
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

/// The latest quarter of an hour of a day at which a session of a length could have started to be over now, between
/// the sessions that the psychologist had; `None` when there was no room since seven in the morning.
pub fn latest_free_start(on: NaiveDate, duration: Minutes, busy: &[Slot], now: Ts) -> Option<NaiveTime> {
    const QUARTERS_OF_A_DAY: u32 = 24 * 4;
    const FIRST: u32 = 7 * 4;
    (FIRST..QUARTERS_OF_A_DAY).rev().find_map(|quarter| {
        let time = NaiveTime::from_hms_opt(quarter / 4, quarter % 4 * 15, 0)?;
        let slot = Slot::new(on, time, duration).ok()?;
        let free = !busy.iter().any(|other| other.overlaps(slot));
        (slot.ends_at() <= now && free).then_some(time)
    })
}

/// The free start of a day that is nearest to the one wanted, for a session of a length: between eight and seven in the
/// evening, by quarters of an hour, inside one of these periods if there are any, where nothing of what is taken
/// overlaps, and after now; the earlier of two as near.
pub fn nearest_free_start(wanted: Slot, taken: &[Slot], inside: &[(Ts, Ts)], now: Ts) -> Option<Slot> {
    const FIRST: u32 = 8 * 4;
    const END: u32 = 19 * 4;
    let quarters = u32::try_from(wanted.duration.0 / Minutes::QUARTER.0).ok()?;
    let is_inside = |slot: &Slot| {
        inside.is_empty() || inside.iter().any(|(from, until)| *from <= slot.starts_at && slot.ends_at() <= *until)
    };
    (FIRST..=END.checked_sub(quarters)?)
        .filter_map(|quarter| {
            let time = NaiveTime::from_hms_opt(quarter / 4, quarter % 4 * 15, 0)?;
            Slot::new(wanted.on, time, wanted.duration).ok()
        })
        .filter(is_inside)
        .filter(|slot| slot.starts_at > now && !taken.iter().any(|other| other.overlaps(*slot)))
        .min_by_key(|slot| ((slot.starts_at.utc() - wanted.starts_at.utc()).num_minutes().abs(), slot.starts_at))
}

/// What a coordinator should notice before approving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusual {
    /// On a Saturday or a Sunday.
    Weekend(Weekday),
    /// Longer than this child's sessions usually are.
    Long {
        /// How long they usually are.
        usual: Minutes,
    },
    /// Recorded many days after.
    Late {
        /// How many days.
        days: i64,
    },
    /// The child has another session that day.
    SecondThatDay,
    /// The child did not come several times under this referral, without an excuse.
    Missed {
        /// How many times.
        times: i64,
    },
}

/// Recorded more than so many days after, a session is late.
const LATE_AFTER_DAYS: i64 = 14;

impl Unusual {
    /// What is unusual about a recorded session.
    pub fn of(slot: Slot, recorded_at: Ts, usual: Option<Minutes>, others_that_day: i64) -> Vec<Self> {
        let days = (calendar::local_date(recorded_at) - slot.on).num_days();
        let weekday = slot.on.weekday();
        let weekend = matches!(weekday, Weekday::Sat | Weekday::Sun).then_some(Self::Weekend(weekday));
        let long = usual.filter(|usual| slot.duration > *usual).map(|usual| Self::Long { usual });
        let late = (days > LATE_AFTER_DAYS).then_some(Self::Late { days });
        let second = (others_that_day > 0).then_some(Self::SecondThatDay);
        [weekend, long, late, second].into_iter().flatten().collect()
    }
}

impl std::fmt::Display for Unusual {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Weekend(Weekday::Sat) => f.write_str("Un samedi"),
            Self::Weekend(_) => f.write_str("Un dimanche"),
            Self::Long { usual } => write!(f, "Plus longue que d’habitude ({usual})"),
            Self::Late { days } => write!(f, "Saisie {days}\u{a0}jours après"),
            Self::SecondThatDay => f.write_str("Deuxième séance du jour"),
            Self::Missed { times } => write!(f, "Absent {times}\u{a0}fois sans excuse"),
        }
    }
}

/// Who looks at sessions, and which are theirs: a row is loaded through it, or is not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// Who.
    pub account: AccountId,
    /// Which sessions.
    pub scope: Scope,
}

/// Which sessions are somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// A psychologist's own.
    Psychologist(PsychologistId),
    /// Those of programmes.
    Programmes(Vec<ProgrammeId>),
}

impl Viewer {
    /// A person as a viewer: in the role in use, or else in one that they hold; `None` when they hold none.
    pub fn of(person: &Person) -> Option<Self> {
        let psychologist = || Psychologist::of(person).as_ref().map(Self::from);
        let coordinator = || Coordinator::of(person).as_ref().map(Self::from);
        match person.role_in_use {
            Role::Coordinator => coordinator().or_else(psychologist),
            _ => psychologist().or_else(coordinator),
        }
    }

    /// Whether they decide rather than record.
    pub fn is_coordinator(&self) -> bool {
        matches!(self.scope, Scope::Programmes(_))
    }
}

impl From<&Psychologist> for Viewer {
    fn from(who: &Psychologist) -> Self {
        Self { account: who.account, scope: Scope::Psychologist(who.id) }
    }
}

impl From<&Coordinator> for Viewer {
    fn from(who: &Coordinator) -> Self {
        Self { account: who.account, scope: Scope::Programmes(who.programmes.clone()) }
    }
}

impl From<&Approver> for Viewer {
    fn from(who: &Approver) -> Self {
        Self { account: who.account, scope: Scope::Programmes(who.all_programmes()) }
    }
}

impl Scope {
    /// Who plans sessions reads the files of their children.
    pub fn reader(&self) -> Reader {
        match self {
            Self::Psychologist(id) => Reader::Psychologist { id: *id },
            Self::Programmes(ids) => Reader::Coordinator { programmes: ids.clone() },
        }
    }
}

/// What a list of sessions is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of a month.
    pub month: Option<Month>,
    /// Those that stand there.
    pub phase: Option<Phase>,
    /// Those of a programme.
    pub programme: Option<ProgrammeId>,
    /// Those of a psychologist.
    pub psychologist: Option<PsychologistId>,
    /// Those of a child.
    pub child: Option<ChildId>,
}

/// How a list of sessions is sorted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By time, the latest first.
    #[default]
    LatestFirst,
    /// By time, the earliest first.
    EarliestFirst,
    /// The longest first.
    LongestFirst,
    /// The shortest first.
    ShortestFirst,
}

/// A reason that must be given: not empty, at most [`LONGEST_REASON`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Reads a reason.
    ///
    /// # Errors
    /// When it is empty or too long.
    pub fn new(text: &str) -> Result<Self, ReasonRefusal> {
        let text = text.trim();
        let length = text.chars().count();
        match length {
            0 => Err(ReasonRefusal::Missing),
            _ if length > LONGEST_REASON => Err(ReasonRefusal::Long { over: length - LONGEST_REASON }),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The reason of what was pressed by mistake and undone at once.
    pub fn undone() -> Self {
        Self("Validation annulée par la personne qui venait de la donner.".to_owned())
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReasonRefusal {
    /// Nothing is written.
    #[error("Indiquez le motif : la psychologue le lira.")]
    Missing,
    /// Too much is written.
    #[error("Raccourcissez le motif : {LONGEST_REASON} caractères au plus, il y en a {over} de trop.")]
    Long {
        /// How many characters too many.
        over: usize,
    },
}

impl Refusal for ReasonRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "reason_missing",
            Self::Long { .. } => "reason_too_long",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("reason")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::{AbsenceRule, Period, Rounding};
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
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
    fn a_wrong_length_is_refused_with_what_to_choose() {
        let refused = |minutes| {
            let time = NaiveTime::from_hms_opt(9, 0, 0).expect("a time");
            Slot::new(day("2026-11-20"), time, Minutes(minutes)).expect_err("a refusal").to_string()
        };
        assert!(refused(50).ends_with("50\u{a0}min ne convient pas. Choisissez 45\u{a0}min ou 1\u{a0}h."));
        assert!(refused(5).ends_with("Choisissez au moins 15\u{a0}min."));
        assert!(refused(255).ends_with("Choisissez 4\u{a0}h au plus."));
    }

    #[test]
    fn the_night_of_summer_time_skips_an_hour() {
        let time = NaiveTime::from_hms_opt(2, 30, 0).expect("a time");
        let refusal = Slot::new(day("2026-03-29"), time, Minutes(60)).expect_err("a refusal");
        assert_eq!(refusal, SlotRefusal::NoSuchTime { on: day("2026-03-29"), time });
    }

    #[test]
    fn slots_that_touch_do_not_overlap() {
        let morning = slot("2026-11-20", "09:00:00", 60);
        assert!(!morning.overlaps(slot("2026-11-20", "10:00:00", 60)));
        assert!(morning.overlaps(slot("2026-11-20", "09:45:00", 60)));
        assert_eq!(morning.to_string(), "vendredi 20 novembre de 9\u{a0}h\u{a0}00 à 10\u{a0}h\u{a0}00");
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

    #[test]
    fn the_latest_free_quarter_ends_before_now() {
        let now = at("2026-11-20T09:07:00Z");
        let free = |busy: &[Slot]| latest_free_start(day("2026-11-20"), Minutes(60), busy, now);
        assert_eq!(free(&[]), NaiveTime::from_hms_opt(9, 0, 0));
        assert_eq!(free(&[slot("2026-11-20", "09:30:00", 30)]), NaiveTime::from_hms_opt(8, 30, 0));
        assert_eq!(free(&[slot("2026-11-20", "07:30:00", 150)]), None);
    }

    #[test]
    fn the_unusual_is_said_in_words() {
        let said = |slot: Slot, recorded: &str, usual, others| -> Vec<String> {
            Unusual::of(slot, at(recorded), usual, others).iter().map(ToString::to_string).collect()
        };
        let saturday = slot("2026-11-14", "09:00:00", 120);
        assert_eq!(
            said(saturday, "2026-11-30T09:00:00Z", Some(Minutes(60)), 1),
            [
                "Un samedi",
                "Plus longue que d’habitude (1\u{a0}h)",
                "Saisie 16\u{a0}jours après",
                "Deuxième séance du jour"
            ]
        );
        assert!(said(slot("2026-11-13", "09:00:00", 60), "2026-11-13T12:00:00Z", Some(Minutes(60)), 0).is_empty());
    }

    #[test]
    fn reasons_are_said_and_short() {
        assert_eq!(Reason::new("  "), Err(ReasonRefusal::Missing));
        assert_eq!(Reason::new(&"é".repeat(502)), Err(ReasonRefusal::Long { over: 2 }));
        assert_eq!(Reason::new(&"é".repeat(500)).map(|r| r.as_str().chars().count()), Ok(500));
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
