//! The tables of calls for funds.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::{CallState, FundingCall, Receipt, Reversal};
use crate::clock::Clock;
use crate::conventions::SignatoryKind;
use crate::db::{AnyConnection, Tx};
use crate::each;
use crate::ids::{AccountId, BudgetYearId, ConventionId, FundingCallId, FundingReceiptId, ProgrammeId, SignatoryId};
use crate::money::Cents;
use crate::schema::{
    accounts, budget_years, contributions, convention_programmes, conventions, funding_call_counters,
    funding_call_letters, funding_calls, funding_receipt_reversals, funding_receipts, signatories,
};
use crate::sql_types::Ts;

type CallRow = (
    (FundingCallId, CallState, Option<Cents>, Cents, Option<String>),
    (Option<NaiveDate>, Option<NaiveDate>, Option<String>),
    (ConventionId, String),
    (BudgetYearId, String, Option<NaiveDate>),
    (SignatoryId, String, Option<String>, Cents),
);

/// The calls, with the contribution that each calls.
macro_rules! calls {
    () => {
        funding_calls::table
            .inner_join(budget_years::table.inner_join(conventions::table))
            .inner_join(signatories::table)
            .inner_join(
                contributions::table.on(contributions::budget_year_id
                    .eq(funding_calls::budget_year_id)
                    .and(contributions::signatory_id.eq(funding_calls::signatory_id))),
            )
            .select((
                (
                    funding_calls::id,
                    funding_calls::state,
                    funding_calls::amount_cents,
                    funding_calls::received_cents,
                    funding_calls::number,
                ),
                (funding_calls::due_on, funding_calls::sent_on, funding_calls::sent_to),
                (conventions::id, conventions::title),
                (budget_years::id, budget_years::label, budget_years::call_by_on),
                (signatories::id, signatories::name, signatories::contact_email, contributions::amount_cents),
            ))
    };
}

fn call(row: CallRow) -> FundingCall {
    let ((id, state, frozen, received, number), (due_on, sent_on, sent_to), (convention, convention_title), of, from) =
        row;
    let (budget_year, year, call_by) = of;
    let (signatory, signatory_name, contact, contribution) = from;
    FundingCall {
        id,
        convention,
        convention_title,
        budget_year,
        year,
        call_by,
        signatory,
        signatory_name,
        contact,
        state,
        amount: frozen.unwrap_or(contribution),
        received,
        number,
        due_on,
        sent_on,
        sent_to,
    }
}

/// A call.
pub fn load(conn: &mut AnyConnection, id: FundingCallId) -> QueryResult<FundingCall> {
    calls!().filter(funding_calls::id.eq(id)).first::<CallRow>(conn).map(call)
}

/// The calls of a budget year, in the order of the signatories.
pub fn of_year(conn: &mut AnyConnection, year: BudgetYearId) -> QueryResult<Vec<FundingCall>> {
    let rows = calls!().filter(funding_calls::budget_year_id.eq(year)).order(signatories::id).load::<CallRow>(conn)?;
    Ok(rows.into_iter().map(call).collect())
}

/// The calls sent, not received in full, and due before a day.
pub fn overdue(conn: &mut AnyConnection, today: NaiveDate) -> QueryResult<Vec<FundingCall>> {
    let rows = calls!()
        .filter(funding_calls::state.eq(CallState::Sent).and(funding_calls::due_on.lt(today)))
        .order(funding_calls::due_on)
        .load::<CallRow>(conn)?;
    Ok(rows.into_iter().map(call).collect())
}

/// A budget year whose contributions are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalledYear {
    /// Which.
    pub id: BudgetYearId,
    /// Its name.
    pub label: String,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub until: NaiveDate,
    /// The convention.
    pub convention: ConventionId,
    /// Its title.
    pub title: String,
}

/// Every budget year, the latest first.
pub fn years(conn: &mut AnyConnection) -> QueryResult<Vec<CalledYear>> {
    let rows = budget_years::table
        .inner_join(conventions::table)
        .select((
            budget_years::id,
            budget_years::label,
            budget_years::starts_on,
            budget_years::ends_on,
            conventions::id,
            conventions::title,
        ))
        .order((budget_years::starts_on.desc(), budget_years::id))
        .load::<(BudgetYearId, String, NaiveDate, NaiveDate, ConventionId, String)>(conn)?;
    let read = |(id, label, from, until, convention, title)| CalledYear { id, label, from, until, convention, title };
    Ok(rows.into_iter().map(read).collect())
}

/// The convention of a budget year.
pub fn convention_of(conn: &mut AnyConnection, year: BudgetYearId) -> QueryResult<ConventionId> {
    budget_years::table.find(year).select(budget_years::convention_id).first(conn)
}

/// The signatories that owe something for a budget year and have no call yet, but for the one that calls.
pub fn to_call(conn: &mut AnyConnection, year: BudgetYearId) -> QueryResult<Vec<SignatoryId>> {
    let called =
        funding_calls::table.filter(funding_calls::budget_year_id.eq(year)).select(funding_calls::signatory_id);
    contributions::table
        .inner_join(signatories::table)
        .filter(contributions::budget_year_id.eq(year).and(contributions::amount_cents.gt(Cents::ZERO)))
        .filter(signatories::kind.ne(SignatoryKind::Metropole))
        .filter(signatories::id.ne_all(called))
        .select(signatories::id)
        .order(signatories::id)
        .load(conn)
}

/// What the convention says of a contribution: its own note, or else that of the programmes that the signatory runs.
pub fn note(conn: &mut AnyConnection, call: &FundingCall) -> QueryResult<Option<String>> {
    let own: Option<String> =
        contributions::table.find((call.budget_year, call.signatory)).select(contributions::note).first(conn)?;
    if own.is_some() {
        return Ok(own);
    }
    let notes: Vec<(ProgrammeId, Option<String>)> = convention_programmes::table
        .filter(convention_programmes::convention_id.eq(call.convention))
        .filter(convention_programmes::signatory_id.eq(call.signatory))
        .select((convention_programmes::programme_id, convention_programmes::note))
        .order(convention_programmes::programme_id)
        .load(conn)?;
    let notes: Vec<String> = notes.into_iter().filter_map(|(_, note)| note).collect();
    Ok((!notes.is_empty()).then(|| notes.join(" ")))
}

/// Drafts a call.
pub fn insert_draft(
    tx: &mut Tx<'_>,
    clock: &Clock,
    by: AccountId,
    year: BudgetYearId,
    signatory: SignatoryId,
) -> QueryResult<FundingCallId> {
    let id = FundingCallId::new();
    diesel::insert_into(funding_calls::table)
        .values((
            funding_calls::id.eq(id),
            funding_calls::budget_year_id.eq(year),
            funding_calls::signatory_id.eq(signatory),
            funding_calls::state.eq(CallState::Draft),
            funding_calls::created_by.eq(by),
            funding_calls::created_at.eq(clock.now()),
            funding_calls::received_cents.eq(Cents::ZERO),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Takes the next number of a year; the row stays locked until the transaction ends.
pub fn take_number(tx: &mut Tx<'_>, year: i32) -> QueryResult<i32> {
    let new = (funding_call_counters::year.eq(year), funding_call_counters::last_number.eq(0));
    let conn = &mut **tx;
    each!(conn => diesel::insert_into(funding_call_counters::table).values(new).on_conflict_do_nothing().execute(conn))?;
    diesel::update(funding_call_counters::table.find(year))
        .set(funding_call_counters::last_number.eq(funding_call_counters::last_number + 1))
        .returning(funding_call_counters::last_number)
        .get_result(&mut **tx)
}

/// What a call holds once sent.
#[derive(Debug)]
pub struct Sent<'s> {
    pub year: i32,
    pub sequence: i32,
    pub number: &'s str,
    pub amount: Cents,
    pub due_on: NaiveDate,
    pub sent_on: NaiveDate,
    pub sent_to: &'s str,
    pub sent_by: AccountId,
}

/// Freezes a draft as sent, if it is one still; gives how many rows changed.
pub fn set_sent(tx: &mut Tx<'_>, clock: &Clock, id: FundingCallId, sent: &Sent<'_>) -> QueryResult<usize> {
    diesel::update(funding_calls::table.find(id))
        .filter(funding_calls::state.eq(CallState::Draft))
        .set((
            funding_calls::state.eq(CallState::Sent),
            funding_calls::year.eq(sent.year),
            funding_calls::sequence.eq(sent.sequence),
            funding_calls::number.eq(sent.number),
            funding_calls::amount_cents.eq(sent.amount),
            funding_calls::due_on.eq(sent.due_on),
            funding_calls::sent_on.eq(sent.sent_on),
            funding_calls::sent_to.eq(sent.sent_to),
            funding_calls::sent_by.eq(sent.sent_by),
            funding_calls::sent_at.eq(clock.now()),
        ))
        .execute(&mut **tx)
}

/// Keeps the letter of a call.
pub fn insert_letter(tx: &mut Tx<'_>, id: FundingCallId, sha256: &[u8], bytes: &[u8]) -> QueryResult<()> {
    diesel::insert_into(funding_call_letters::table)
        .values((
            funding_call_letters::funding_call_id.eq(id),
            funding_call_letters::sha256.eq(sha256),
            funding_call_letters::bytes.eq(bytes),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The letter of a call as it was sent, with its hash.
pub fn letter(conn: &mut AnyConnection, id: FundingCallId) -> QueryResult<(Vec<u8>, Vec<u8>)> {
    funding_call_letters::table.find(id).select((funding_call_letters::sha256, funding_call_letters::bytes)).first(conn)
}

/// Adds to what a call received, if it owes as much; gives how many rows changed.
pub fn add_received(tx: &mut Tx<'_>, id: FundingCallId, amount: Cents) -> QueryResult<usize> {
    let changed = diesel::update(funding_calls::table.find(id))
        .filter(funding_calls::state.eq(CallState::Sent))
        .filter((funding_calls::received_cents + amount.0).lt(funding_calls::amount_cents.assume_not_null()))
        .set(funding_calls::received_cents.eq(funding_calls::received_cents + amount.0))
        .execute(&mut **tx)?;
    if changed == 1 {
        return Ok(changed);
    }
    // the last of it
    diesel::update(funding_calls::table.find(id))
        .filter(funding_calls::state.eq(CallState::Sent))
        .filter((funding_calls::received_cents + amount.0).eq(funding_calls::amount_cents.assume_not_null()))
        .set((
            funding_calls::received_cents.eq(funding_calls::received_cents + amount.0),
            funding_calls::state.eq(CallState::Received),
        ))
        .execute(&mut **tx)
}

/// Records a payment received.
pub fn insert_receipt(
    tx: &mut Tx<'_>,
    clock: &Clock,
    by: AccountId,
    call: FundingCallId,
    (on, amount): (NaiveDate, Cents),
) -> QueryResult<FundingReceiptId> {
    let id = FundingReceiptId::new();
    diesel::insert_into(funding_receipts::table)
        .values((
            funding_receipts::id.eq(id),
            funding_receipts::funding_call_id.eq(call),
            funding_receipts::received_on.eq(on),
            funding_receipts::amount_cents.eq(amount),
            funding_receipts::recorded_by.eq(by),
            funding_receipts::recorded_at.eq(clock.now()),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Gives back what a payment came to, as the call still has it; gives how many rows changed.
pub fn take_received(tx: &mut Tx<'_>, id: FundingCallId, amount: Cents) -> QueryResult<usize> {
    diesel::update(funding_calls::table.find(id))
        .filter(funding_calls::state.eq_any([CallState::Sent, CallState::Received]))
        .filter(funding_calls::received_cents.ge(amount))
        .set((
            funding_calls::received_cents.eq(funding_calls::received_cents - amount.0),
            funding_calls::state.eq(CallState::Sent),
        ))
        .execute(&mut **tx)
}

/// Takes a payment back, once: the key of the row is its own.
pub fn insert_reversal(
    tx: &mut Tx<'_>,
    clock: &Clock,
    by: AccountId,
    receipt: FundingReceiptId,
    reason: &str,
) -> QueryResult<()> {
    diesel::insert_into(funding_receipt_reversals::table)
        .values((
            funding_receipt_reversals::receipt_id.eq(receipt),
            funding_receipt_reversals::reason.eq(reason),
            funding_receipt_reversals::recorded_by.eq(by),
            funding_receipt_reversals::recorded_at.eq(clock.now()),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The payments received for a call, those taken back too, by day.
pub fn receipts(conn: &mut AnyConnection, call: FundingCallId) -> QueryResult<Vec<Receipt>> {
    let rows: Vec<(FundingReceiptId, NaiveDate, Cents, String)> = funding_receipts::table
        .inner_join(accounts::table)
        .filter(funding_receipts::funding_call_id.eq(call))
        .select((
            funding_receipts::id,
            funding_receipts::received_on,
            funding_receipts::amount_cents,
            accounts::display_name,
        ))
        .order((funding_receipts::received_on, funding_receipts::id))
        .load(conn)?;
    let ids: Vec<FundingReceiptId> = rows.iter().map(|row| row.0).collect();
    let taken_back: Vec<(FundingReceiptId, String, String, Ts)> = funding_receipt_reversals::table
        .inner_join(accounts::table)
        .filter(funding_receipt_reversals::receipt_id.eq_any(ids))
        .select((
            funding_receipt_reversals::receipt_id,
            funding_receipt_reversals::reason,
            accounts::display_name,
            funding_receipt_reversals::recorded_at,
        ))
        .load(conn)?;
    let mut reversals: BTreeMap<FundingReceiptId, Reversal> =
        taken_back.into_iter().map(|(id, reason, by, at)| (id, Reversal { reason, by, at })).collect();
    let receipts = rows.into_iter().map(|(id, on, amount, by)| {
        let reversal = reversals.remove(&id);
        Receipt { id, on, amount, by, reversal }
    });
    Ok(receipts.collect())
}

/// A payment, and the call that it is for.
pub fn receipt(conn: &mut AnyConnection, id: FundingReceiptId) -> QueryResult<(FundingCallId, Receipt)> {
    let call = funding_receipts::table.find(id).select(funding_receipts::funding_call_id).first(conn)?;
    let found = receipts(conn, call)?.into_iter().find(|receipt| receipt.id == id);
    found.map(|receipt| (call, receipt)).ok_or(diesel::result::Error::NotFound)
}

/// The last day of payment of each call of a budget year, among those that still count.
pub fn last_receipts(
    conn: &mut AnyConnection,
    year: BudgetYearId,
) -> QueryResult<Vec<(FundingCallId, Option<NaiveDate>)>> {
    funding_receipts::table
        .inner_join(funding_calls::table)
        .filter(funding_calls::budget_year_id.eq(year))
        .filter(not(exists(
            funding_receipt_reversals::table.filter(funding_receipt_reversals::receipt_id.eq(funding_receipts::id)),
        )))
        .group_by(funding_receipts::funding_call_id)
        .select((funding_receipts::funding_call_id, diesel::dsl::max(funding_receipts::received_on)))
        .load(conn)
}
