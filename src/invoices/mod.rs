//! Invoices and credit notes: what a psychologist bills to the buyer of a convention, from preview to payment.
//!
//! A preview is computed, never stored. Issuing gives the number, freezes the content and keeps the files (rule 9);
//! from then on only the place where the invoice stands may change: deposited, ordered, paid, or rejected and credited.

pub mod api;
pub mod credit;
pub mod deposit;
pub mod files;
mod freeze;
pub mod issue;
pub mod issue_mandated;
pub mod look_up;
mod notices;
pub mod order_payment;
pub mod pages;
pub mod pages_issue;
pub mod pages_list;
pub mod pay;
pub mod preflight;
pub mod preview;
pub mod reissue;
pub mod reject;
pub mod step;
mod store;

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveTime};

use crate::accounts::{Accountant, Psychologist};
use crate::calendar::{self, Month};
use crate::conventions::ServiceType;
use crate::documents::{InvoiceContent, InvoiceLine, StatementContent};
use crate::hours::Minutes;
use crate::ids::{AccountId, ConventionId, InvoiceId, ProgrammeId, PsychologistId, ServiceId, SessionId};
use crate::money::Cents;
use crate::psychologists::VatRegime;
use crate::sql_types::Ts;

crate::text_enum! {
    /// Invoice or credit note: they share one series of numbers.
    InvoiceKind {
        /// What is owed (*facture*).
        Invoice => "invoice",
        /// What takes back an invoice (*avoir*).
        CreditNote => "credit_note",
    }
}

impl InvoiceKind {
    /// The word that users read, with a capital.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Invoice => "Facture",
            Self::CreditNote => "Avoir",
        }
    }
}

crate::text_enum! {
    /// Where an invoice stands.
    InvoiceState {
        /// Numbered and frozen (*émise*).
        Issued => "issued",
        /// Received by the buyer (*déposée*): the thirty days run.
        Deposited => "deposited",
        /// The order to pay was given (*mandatée*).
        Ordered => "ordered",
        /// Paid (*payée*).
        Paid => "paid",
        /// Refused by the buyer with a reason (*rejetée*).
        Rejected => "rejected",
        /// Taken back by a credit note (*annulée par un avoir*).
        Credited => "credited",
    }
}

impl InvoiceState {
    /// The word that users read, with a capital, in the feminine of *facture*.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Issued => "Émise",
            Self::Deposited => "Déposée",
            Self::Ordered => "Mandatée",
            Self::Paid => "Payée",
            Self::Rejected => "Rejetée",
            Self::Credited => "Annulée par avoir",
        }
    }

    /// Whether an invoice may go from this state to another.
    pub const fn leads_to(self, next: Self) -> bool {
        use InvoiceState::{Credited, Deposited, Issued, Ordered, Paid, Rejected};
        matches!(
            (self, next),
            (Issued, Deposited)
                | (Deposited, Ordered)
                | (Ordered, Paid)
                | (Issued | Deposited, Rejected)
                | (Issued | Deposited | Rejected, Credited)
        )
    }
}

crate::text_enum! {
    /// A file that is kept with its hash.
    FileKind {
        /// The invoice as Factur-X.
        FacturX => "factur_x",
        /// The statement of sessions (*relevé de séances*).
        Statement => "statement",
    }
}

/// The number of an invoice or a credit note: at most 20 characters among those that Chorus Pro takes.
pub fn number(year: i32, sequence: i32) -> String {
    format!("F{year:04}-{sequence:04}")
}

/// Whose invoices are read: one's own, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A psychologist reads their own.
    Psychologist(PsychologistId),
    /// The accountant reads all.
    Accountant,
}

impl From<&Psychologist> for Reader {
    fn from(who: &Psychologist) -> Self {
        Self::Psychologist(who.id)
    }
}

impl From<&Accountant> for Reader {
    fn from(_: &Accountant) -> Self {
        Self::Accountant
    }
}

/// An invoice or a credit note as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Its identifier.
    pub id: InvoiceId,
    /// Who issued it.
    pub psychologist: PsychologistId,
    /// Their account, on whose chain its story is told.
    pub account: AccountId,
    /// How they are called.
    pub psychologist_name: String,
    /// The convention under which it bills.
    pub convention: ConventionId,
    /// Invoice or credit note.
    pub kind: InvoiceKind,
    /// Its number in the series of its issuer.
    pub number: String,
    /// The month billed.
    pub month: Month,
    /// The day on which it was issued.
    pub issued_on: NaiveDate,
    /// Sum without tax.
    pub net: Cents,
    /// Tax.
    pub vat: Cents,
    /// What is owed.
    pub gross: Cents,
    /// Where it stands.
    pub state: InvoiceState,
    /// The last day to pay.
    pub due_on: NaiveDate,
    /// The day on which the buyer received it.
    pub deposited_on: Option<NaiveDate>,
    /// The day of the payment order.
    pub ordered_on: Option<NaiveDate>,
    /// The day of the payment.
    pub paid_on: Option<NaiveDate>,
    /// The day of the rejection.
    pub rejected_on: Option<NaiveDate>,
    /// Why it was rejected.
    pub rejection_reason: Option<String>,
    /// The invoice that this credit note takes back.
    pub corrects: Option<InvoiceId>,
}

impl Invoice {
    /// `Facture F2026-0001`.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind.french(), self.number)
    }

    /// Where it stands, in words: a credit note is never paid.
    pub fn state_french(&self) -> &'static str {
        match (self.kind, self.state) {
            (InvoiceKind::CreditNote, InvoiceState::Issued) => "Émis",
            (InvoiceKind::CreditNote, InvoiceState::Deposited) => "Déposé",
            (_, state) => state.french(),
        }
    }

    /// How much time is left to pay it.
    pub fn clock(&self, today: NaiveDate) -> PaymentClock {
        match (self.kind, self.state) {
            (InvoiceKind::Invoice, InvoiceState::Issued) => PaymentClock::NotStarted,
            (InvoiceKind::Invoice, InvoiceState::Deposited | InvoiceState::Ordered) => {
                PaymentClock::Running { due_on: self.due_on, today }
            }
            _ => PaymentClock::Stopped,
        }
    }

    /// Whether a credit note may take it back.
    pub fn may_be_credited(&self) -> bool {
        self.kind == InvoiceKind::Invoice && self.state.leads_to(InvoiceState::Credited)
    }
}

/// The thirty days of the public buyer (CCP art. R. 2192-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentClock {
    /// The buyer has not received the invoice.
    NotStarted,
    /// It runs.
    Running {
        /// The last day to pay.
        due_on: NaiveDate,
        /// The day on which the clock is read.
        today: NaiveDate,
    },
    /// Nothing is to be paid any more.
    Stopped,
}

impl PaymentClock {
    /// Whether the last day is past.
    pub fn is_late(self) -> bool {
        matches!(self, Self::Running { due_on, today } if due_on < today)
    }
}

/// `à payer avant le 14 décembre, 22 jours`.
impl std::fmt::Display for PaymentClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (due_on, today) = match self {
            Self::NotStarted => return f.write_str("le délai court dès le dépôt"),
            Self::Stopped => return Ok(()),
            Self::Running { due_on, today } => (*due_on, *today),
        };
        let date = day_and_month(due_on, today);
        match (due_on - today).num_days() {
            0 => f.write_str("à payer aujourd’hui"),
            1 => write!(f, "à payer avant le {date}, demain"),
            days @ 2.. => write!(f, "à payer avant le {date}, {days}\u{a0}jours"),
            -1 => write!(f, "en retard d’un jour, échéance le {date}"),
            days => write!(f, "en retard de {}\u{a0}jours, échéance le {date}", -days),
        }
    }
}

/// `14 décembre`, with the year when it is not this one.
fn day_and_month(day: NaiveDate, today: NaiveDate) -> String {
    let whole = calendar::french_date(day);
    match whole.rsplit_once(' ') {
        Some((short, _)) if Month::of(day).iso().get(..4) == Month::of(today).iso().get(..4) => short.to_owned(),
        _ => whole,
    }
}

/// The last day to pay: so many days from the later of receipt and of the certificate that the service was rendered.
pub fn due_on(received_on: NaiveDate, service_done_on: Option<NaiveDate>, payment_days: i32) -> NaiveDate {
    let start = service_done_on.map_or(received_on, |done| done.max(received_on));
    let days = Days::new(u64::from(payment_days.unsigned_abs()));
    start.checked_add_days(days).unwrap_or(start)
}

/// An approved session that no invoice bills yet. A reference stands for the child: finance reads no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillableSession {
    /// Its identifier.
    pub id: SessionId,
    /// The convention of its quota.
    pub convention: ConventionId,
    /// The programme that follows the child.
    pub programme: ProgrammeId,
    /// Its name.
    pub programme_name: String,
    /// For what.
    pub service: ServiceType,
    /// Its day.
    pub on: NaiveDate,
    /// When it began.
    pub starts_at: Ts,
    /// The time that is billed.
    pub minutes: Minutes,
    /// The child's reference.
    pub child_reference: String,
}

impl BillableSession {
    /// When it began, in local time.
    pub fn time(&self) -> NaiveTime {
        calendar::local_time(self.starts_at)
    }
}

/// A session with the rate and the tax of its day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedSession {
    /// The session.
    pub session: BillableSession,
    /// Price of an hour without tax.
    pub hourly: Cents,
    /// Tax.
    pub vat: VatRegime,
}

/// An approved service that no invoice bills yet, with the rate and the tax that were kept when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillableService {
    /// Its identifier.
    pub id: ServiceId,
    /// For what: practice analysis or training.
    pub service: ServiceType,
    /// Its day.
    pub on: NaiveDate,
    /// When it began.
    pub starts_at: Ts,
    /// How long it lasted.
    pub minutes: Minutes,
    /// How many people attended.
    pub participants: i32,
    /// The names of the programmes that it concerns; none when it is all of them.
    pub programmes: Vec<String>,
    /// Price of an hour without tax.
    pub hourly: Cents,
    /// Tax.
    pub vat: VatRegime,
}

impl BillableService {
    /// When it began, in local time.
    pub fn time(&self) -> NaiveTime {
        calendar::local_time(self.starts_at)
    }

    /// For whom, in words.
    pub fn concerned(&self) -> String {
        if self.programmes.is_empty() { "Tous les PRE".to_owned() } else { self.programmes.join(", ") }
    }
}

/// What stands in the column of programmes on a line of services: the share that pays for it is common to all.
pub const COMMON: &str = "Commun aux PRE";

/// Sessions of the month that cannot be invoiced yet.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// Booked and past: to be recorded.
    pub to_record: i64,
    /// Recorded: to be approved by the coordinator.
    pub to_approve: i64,
    /// Refused: to be corrected.
    pub to_correct: i64,
    /// Services recorded or refused: to be approved by the Métropole, or corrected.
    pub services: i64,
}

/// A line of an invoice, with what the tables keep of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The programme; none for services, which are common to all.
    pub programme: Option<ProgrammeId>,
    /// For what.
    pub service: ServiceType,
    /// How many sessions or services it adds up.
    pub session_count: i32,
    /// As it stands on the invoice.
    pub shown: InvoiceLine,
}

impl Line {
    /// Whether it bills care, which takes a registered psychologist: a child's session, or what is exempt as care is.
    pub fn is_care(&self) -> bool {
        self.service == ServiceType::Interview || self.shown.vat == VatRegime::ExemptCare
    }

    /// How many sessions it adds up: services are counted apart.
    pub fn sessions(&self) -> i32 {
        if self.service == ServiceType::Interview { self.session_count } else { 0 }
    }

    /// How many, with their noun where it is not that of the column: `3`, `2 prestations`.
    pub fn counted(&self) -> String {
        match (self.service, self.session_count) {
            (ServiceType::Interview, count) => count.to_string(),
            (_, 1) => "1\u{a0}prestation".to_owned(),
            (_, count) => format!("{count}\u{a0}prestations"),
        }
    }
}

/// Groups sessions by programme, service type, rate and tax, then services by type, rate and tax; each group is rounded
/// once (rule 8).
pub fn lines(sessions: &[PricedSession], services: &[BillableService]) -> Vec<Line> {
    let mut groups: BTreeMap<_, (Minutes, i32)> = BTreeMap::new();
    let mut add = |key, minutes| {
        let group: &mut (Minutes, i32) = groups.entry(key).or_default();
        group.0 += minutes;
        group.1 += 1;
    };
    for PricedSession { session, hourly, vat } in sessions {
        let programme = (session.programme_name.as_str(), session.programme);
        add((false, programme.0, Some(programme.1), session.service, *hourly, *vat), session.minutes);
    }
    for service in services {
        add((true, COMMON, None, service.service, service.hourly, service.vat), service.minutes);
    }
    let line = |(position, ((_, name, programme, service, hourly, vat), (time, session_count)))| Line {
        programme,
        service,
        session_count,
        shown: InvoiceLine::new(position, name, &service_name(service), time, hourly, vat),
    };
    (1..).zip(groups).map(line).collect()
}

/// `Entretien psychologique`: generic, with a capital; never a child's name.
pub fn service_name(service: ServiceType) -> String {
    let mut letters = service.french().chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// All that an invoice was made from, frozen: its files can be made again from this alone.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FrozenContent {
    /// What stands on the invoice.
    pub invoice: InvoiceContent,
    /// What stands on the statement of sessions; a credit note has none.
    pub statement: Option<StatementContent>,
}

#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn session(programme: u8, minutes: i32, hourly: i64) -> PricedSession {
        let id = uuid::Uuid::from_u128(u128::from(programme));
        PricedSession {
            session: BillableSession {
                id: SessionId::new(),
                convention: ConventionId(id),
                programme: ProgrammeId(id),
                programme_name: format!("PRE {programme}"),
                service: ServiceType::Interview,
                on: day("2026-10-05"),
                starts_at: calendar::instant(day("2026-10-05"), chrono::NaiveTime::MIN).expect("an instant"),
                minutes: Minutes(minutes),
                child_reference: "CHE-2026-0001".to_owned(),
            },
            hourly: Cents(hourly),
            vat: VatRegime::ExemptCare,
        }
    }

    fn invoice(kind: InvoiceKind, state: InvoiceState) -> Invoice {
        Invoice {
            id: InvoiceId::new(),
            psychologist: PsychologistId::new(),
            account: AccountId::new(),
            psychologist_name: "Personne inventée".to_owned(),
            convention: ConventionId::new(),
            kind,
            number: number(2026, 1),
            month: Month::of(day("2026-10-05")),
            issued_on: day("2026-11-01"),
            net: Cents(6000),
            vat: Cents::ZERO,
            gross: Cents(6000),
            state,
            due_on: day("2026-12-02"),
            deposited_on: None,
            ordered_on: None,
            paid_on: None,
            rejected_on: None,
            rejection_reason: None,
            corrects: None,
        }
    }

    #[test]
    fn states_follow_one_another() {
        use InvoiceState::{Credited, Deposited, Issued, Ordered, Paid, Rejected};
        let allowed: Vec<_> = InvoiceState::ALL
            .iter()
            .flat_map(|from| InvoiceState::ALL.iter().map(move |to| (*from, *to)))
            .filter(|(from, to)| from.leads_to(*to))
            .collect();
        assert_eq!(
            allowed,
            [
                (Issued, Deposited),
                (Issued, Rejected),
                (Issued, Credited),
                (Deposited, Ordered),
                (Deposited, Rejected),
                (Deposited, Credited),
                (Ordered, Paid),
                (Rejected, Credited),
            ]
        );
    }

    #[test]
    fn numbers_are_those_that_chorus_pro_takes() {
        assert_eq!(number(2026, 1), "F2026-0001");
        assert_eq!(number(2026, 12_345), "F2026-12345");
        assert!(number(9999, i32::MAX).len() <= 20);
    }

    #[test]
    fn the_clock_speaks_french() {
        let words = |due: &str| PaymentClock::Running { due_on: day(due), today: day("2026-11-22") }.to_string();
        assert_eq!(words("2026-12-14"), "à payer avant le 14 décembre, 22\u{a0}jours");
        assert_eq!(words("2027-01-01"), "à payer avant le 1er janvier 2027, 40\u{a0}jours");
        assert_eq!(words("2026-11-23"), "à payer avant le 23 novembre, demain");
        assert_eq!(words("2026-11-22"), "à payer aujourd’hui");
        assert_eq!(words("2026-11-21"), "en retard d’un jour, échéance le 21 novembre");
        assert_eq!(words("2026-11-12"), "en retard de 10\u{a0}jours, échéance le 12 novembre");
    }

    #[test]
    fn the_clock_runs_from_deposit_to_payment() {
        use InvoiceState::{Credited, Deposited, Issued, Ordered, Paid, Rejected};
        let today = day("2026-11-22");
        let clock = |kind, state| invoice(kind, state).clock(today);
        let running = PaymentClock::Running { due_on: day("2026-12-02"), today };
        assert_eq!(clock(InvoiceKind::Invoice, Issued), PaymentClock::NotStarted);
        assert_eq!([Deposited, Ordered].map(|state| clock(InvoiceKind::Invoice, state)), [running; 2]);
        assert_eq!(
            [Paid, Rejected, Credited].map(|state| clock(InvoiceKind::Invoice, state)),
            [PaymentClock::Stopped; 3]
        );
        assert_eq!(clock(InvoiceKind::CreditNote, Issued), PaymentClock::Stopped);
        let late = |today: &str| PaymentClock::Running { due_on: day("2026-12-02"), today: day(today) }.is_late();
        assert!(!late("2026-12-02") && late("2026-12-03"), "the last day is not late");
        assert!(!PaymentClock::NotStarted.is_late() && !PaymentClock::Stopped.is_late());
    }

    #[test]
    fn a_credit_note_takes_back_an_invoice_that_is_not_ordered() {
        let may = |kind, state| invoice(kind, state).may_be_credited();
        let takes_back: Vec<_> =
            InvoiceState::ALL.iter().copied().filter(|state| may(InvoiceKind::Invoice, *state)).collect();
        assert_eq!(takes_back, [InvoiceState::Issued, InvoiceState::Deposited, InvoiceState::Rejected]);
        assert!(InvoiceState::ALL.iter().copied().all(|state| !may(InvoiceKind::CreditNote, state)));
    }

    #[test]
    fn services_are_told_with_their_time_and_for_whom() {
        let service = |programmes: &[&str]| BillableService {
            id: ServiceId::new(),
            service: ServiceType::PracticeAnalysis,
            on: day("2026-11-20"),
            starts_at: calendar::instant(day("2026-11-20"), NaiveTime::from_hms_opt(14, 30, 0).expect("a time"))
                .expect("an instant"),
            minutes: Minutes(120),
            participants: 6,
            programmes: programmes.iter().map(ToString::to_string).collect(),
            hourly: Cents(8000),
            vat: VatRegime::ExemptCare,
        };
        assert_eq!(Some(service(&[]).time()), NaiveTime::from_hms_opt(14, 30, 0));
        assert_eq!(service(&[]).concerned(), "Tous les PRE");
        assert_eq!(service(&["PRE A", "PRE B"]).concerned(), "PRE A, PRE B");
        let session = BillableSession { starts_at: service(&[]).starts_at, ..session(1, 60, 6000).session };
        assert_eq!(session.time(), service(&[]).time());
    }

    #[test]
    fn a_line_of_services_adds_up_no_session() {
        let line = lines(&[session(1, 60, 6000), session(1, 30, 6000)], &[]).remove(0);
        assert_eq!(line.sessions(), 2);
        let services = Line { service: ServiceType::Training, programme: None, ..line.clone() };
        assert_eq!(services.sessions(), 0);
        // a session is care whatever its tax, and so is what is exempt as care is
        let taxed = |service, vat| Line { service, shown: InvoiceLine { vat, ..line.shown.clone() }, ..line.clone() };
        assert!(taxed(ServiceType::Interview, VatRegime::Standard).is_care());
        assert!(taxed(ServiceType::Training, VatRegime::ExemptCare).is_care());
        assert!(!taxed(ServiceType::Training, VatRegime::Standard).is_care());
    }

    #[test]
    fn the_thirty_days_run_from_the_later_of_receipt_and_approval() {
        assert_eq!(due_on(day("2026-11-02"), None, 30), day("2026-12-02"));
        assert_eq!(due_on(day("2026-11-02"), Some(day("2026-10-30")), 30), day("2026-12-02"));
        assert_eq!(due_on(day("2026-11-02"), Some(day("2026-11-05")), 30), day("2026-12-05"));
    }

    #[test]
    fn a_line_is_rounded_once() {
        let found =
            lines(&[session(2, 15, 5001), session(1, 60, 6000), session(2, 15, 5001), session(2, 45, 6000)], &[]);
        let shown: Vec<_> = found.iter().map(|l| (l.shown.position, l.session_count, l.shown.net_cents.0)).collect();
        // 30 min at 50,01 € is 25,005 €, half-up; twice 15 min would have made 25,00 €
        assert_eq!(shown, [(1, 1, 6000), (2, 2, 2501), (3, 1, 4500)]);
        assert_eq!(found[0].shown.service_type, "Entretien psychologique");
    }

    proptest! {
        #[test]
        fn lines_lose_no_session_and_no_minute(
            rows in proptest::collection::vec((0u8..4, 1i32..17, prop_oneof![Just(6000i64), Just(5001), 1i64..20_000]), 0..80),
        ) {
            let sessions: Vec<_> = rows.iter().map(|(p, quarters, rate)| session(*p, quarters * 15, *rate)).collect();
            let found = lines(&sessions, &[]);
            let minutes: i32 = found.iter().map(|l| l.shown.duration_minutes.0).sum();
            prop_assert_eq!(minutes, rows.iter().map(|(_, quarters, _)| quarters * 15).sum::<i32>());
            prop_assert_eq!(found.iter().map(|l| l.session_count as usize).sum::<usize>(), rows.len());
            for (at, line) in found.iter().enumerate() {
                prop_assert_eq!(line.shown.position as usize, at + 1);
                let (net, time) = (i128::from(line.shown.net_cents.0), i128::from(line.shown.duration_minutes.0));
                let exact = i128::from(line.shown.hourly_rate_cents.0) * time;
                // half-up: net - 1/2 <= exact / 60 < net + 1/2
                prop_assert!(2 * exact >= 120 * net - 60 && 2 * exact < 120 * net + 60);
            }
            let mut turned = sessions;
            turned.reverse();
            prop_assert_eq!(lines(&turned, &[]), found);
        }
    }
}
