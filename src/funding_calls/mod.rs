//! Calls for funds (*appels de fonds*): the one call of a budget year to each signatory, until it is received.
//!
//! The amount is the signatory's contribution in the convention. The association of towns that calls does not call
//! itself: its own contribution is in its budget already. A call is a draft, then sent (numbered, frozen, with its
//! letter), then received, in one payment or several.

pub mod api;
pub mod draft;
pub mod look_up;
pub mod notices;
pub mod pages;
pub mod pages_reversal;
pub mod receive;
pub mod reverse;
pub mod send;
mod store;

use chrono::{Days, NaiveDate};

use crate::accounts::{Accountant, Administrator, Caller, Person, Role};
use crate::ids::{AccountId, BudgetYearId, ConventionId, FundingCallId, FundingReceiptId, SignatoryId};
use crate::money::Cents;
use crate::sql_types::Ts;

crate::text_enum! {
    /// Where a call stands.
    CallState {
        /// It may still change: its amount is that of the convention.
        Draft => "draft",
        /// Numbered, frozen, and sent (*envoyé*).
        Sent => "sent",
        /// Received in full (*reçu*).
        Received => "received",
    }
}

/// Days to pay a call for which the convention gives no day to come.
pub const DAYS_TO_PAY: u64 = 30;
/// How often one is reminded of a call that is overdue, in days.
pub const DAYS_BETWEEN_REMINDERS: i64 = 30;

/// The number of a call.
pub fn number(year: i32, sequence: i32) -> String {
    format!("AF{year:04}-{sequence:04}")
}

/// The day by which a call sent on a day is paid: that of the convention, or thirty days later when the convention
/// names none (on adoption, in its first year) or when it has passed.
pub fn due_on(call_by: Option<NaiveDate>, sent_on: NaiveDate) -> NaiveDate {
    let later = sent_on.checked_add_days(Days::new(DAYS_TO_PAY)).unwrap_or(sent_on);
    call_by.filter(|day| *day >= sent_on).unwrap_or(later)
}

/// A call for funds as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundingCall {
    /// Which.
    pub id: FundingCallId,
    /// The convention, on whose chain its story is told.
    pub convention: ConventionId,
    /// Its title.
    pub convention_title: String,
    /// The budget year.
    pub budget_year: BudgetYearId,
    /// Its name.
    pub year: String,
    /// The day by which the convention has it called.
    pub call_by: Option<NaiveDate>,
    /// Who is called.
    pub signatory: SignatoryId,
    /// Its name.
    pub signatory_name: String,
    /// Where the convention says to write to it.
    pub contact: Option<String>,
    /// Where it stands.
    pub state: CallState,
    /// The contribution of the convention, frozen once the call is sent.
    pub amount: Cents,
    /// What was received so far.
    pub received: Cents,
    /// Its number, once sent.
    pub number: Option<String>,
    /// The last day to pay, once sent.
    pub due_on: Option<NaiveDate>,
    /// The day on which it was sent.
    pub sent_on: Option<NaiveDate>,
    /// To what address.
    pub sent_to: Option<String>,
}

impl FundingCall {
    /// What is still owed: nothing before the call is sent.
    pub fn owed(&self) -> Cents {
        if self.state == CallState::Draft { Cents::ZERO } else { self.amount - self.received }
    }

    /// Whether its last day to pay is past, with something owed.
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.state == CallState::Sent && self.due_on.is_some_and(|due| due < today)
    }

    /// `Appel de fonds AF2026-0001`, or that it is a draft.
    pub fn title(&self) -> String {
        match &self.number {
            Some(number) => format!("Appel de fonds {number}"),
            None => format!("Projet d’appel de fonds {}", self.year),
        }
    }
}

/// A payment received for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Which.
    pub id: FundingReceiptId,
    /// The day on which it came.
    pub on: NaiveDate,
    /// How much.
    pub amount: Cents,
    /// Who recorded it, by name.
    pub by: String,
    /// How it was taken back, if it was: then it counts no more.
    pub reversal: Option<Reversal>,
}

/// A payment taken back (*annulation*): it was recorded by mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversal {
    /// Why.
    pub reason: String,
    /// Who took it back, by name.
    pub by: String,
    /// When.
    pub at: Ts,
}

/// Who records what is received for the Métropole: its administrator, or its accountant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Treasurer {
    /// Their account.
    pub account: AccountId,
}

impl Caller for Treasurer {
    const ROLE: Role = Role::Accountant;

    fn of(person: &Person) -> Option<Self> {
        let accountant = Accountant::of(person).map(|who| who.account);
        let account = accountant.or_else(|| Administrator::of(person).map(|who| who.account))?;
        Some(Self { account })
    }
}

#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod tests {
    use super::*;

    fn call(state: CallState, number: Option<&str>) -> FundingCall {
        FundingCall {
            id: FundingCallId::new(),
            convention: ConventionId::new(),
            convention_title: String::new(),
            budget_year: BudgetYearId::new(),
            year: "2026".to_owned(),
            call_by: None,
            signatory: SignatoryId::new(),
            signatory_name: String::new(),
            contact: None,
            state,
            amount: Cents(6000),
            received: Cents(1000),
            number: number.map(str::to_owned),
            due_on: "2026-06-30".parse().ok(),
            sent_on: None,
            sent_to: None,
        }
    }

    #[test]
    fn a_call_sent_is_overdue_the_day_after_its_last() {
        let overdue = |state, today: &str| call(state, None).is_overdue(today.parse().expect("a date"));
        assert!(!overdue(CallState::Sent, "2026-06-30") && overdue(CallState::Sent, "2026-07-01"));
        assert!(!overdue(CallState::Draft, "2026-07-01"));
        assert_eq!(
            (call(CallState::Sent, None).owed(), call(CallState::Draft, None).owed()),
            (Cents(5000), Cents::ZERO)
        );
    }

    #[test]
    fn a_call_goes_by_its_number_once_sent() {
        assert_eq!(call(CallState::Sent, Some("AF2026-0001")).title(), "Appel de fonds AF2026-0001");
        assert_eq!(call(CallState::Draft, None).title(), "Projet d’appel de fonds 2026");
    }

    #[test]
    fn a_call_is_due_on_the_day_of_the_convention_or_thirty_days_later() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        for (call_by, sent, due) in [
            (Some("2026-06-30"), "2026-05-12", "2026-06-30"),
            (Some("2026-06-30"), "2026-06-30", "2026-06-30"),
            (Some("2026-06-30"), "2026-07-01", "2026-07-31"),
            (None, "2024-02-01", "2024-03-02"),
        ] {
            assert_eq!(due_on(call_by.map(day), day(sent)), day(due), "{call_by:?} {sent}");
        }
    }
}
