//! What may be read of calls for funds.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::QueryResult;
use sha2::{Digest, Sha256};

pub use super::store::{CalledYear, load, note, of_year, overdue, receipt, receipts, years};
use super::{CallState, FundingCall, send, store};
use crate::db::AnyConnection;
use crate::error::AppError;
use crate::ids::{BudgetYearId, FundingCallId};

/// The budget year to show first: that of today, or else the last one begun.
pub fn present(years: &[CalledYear], today: NaiveDate) -> Option<&CalledYear> {
    let now = years.iter().find(|year| year.from <= today && today <= year.until);
    now.or_else(|| years.iter().find(|year| year.from <= today)).or(years.last())
}

/// How many signatories of a budget year have no call yet.
///
/// # Errors
/// When the database fails.
pub fn not_called(conn: &mut AnyConnection, year: BudgetYearId) -> QueryResult<usize> {
    Ok(store::to_call(conn, year)?.len())
}

/// The last day of payment of each call of a budget year that received something.
///
/// # Errors
/// When the database fails.
pub fn last_receipts(conn: &mut AnyConnection, year: BudgetYearId) -> QueryResult<BTreeMap<FundingCallId, NaiveDate>> {
    let rows = store::last_receipts(conn, year)?;
    Ok(rows.into_iter().filter_map(|(call, on)| Some((call, on?))).collect())
}

/// A letter to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The name of its file.
    pub name: String,
    /// A PDF.
    pub bytes: Vec<u8>,
}

/// The letter of a call: as it was sent, or for a draft as it would be sent on a day.
///
/// # Errors
/// When there is no such call, when what is kept was altered, or the database fails.
pub fn letter(conn: &mut AnyConnection, id: FundingCallId, today: NaiveDate) -> Result<Letter, AppError> {
    let call = load(conn, id)?;
    if call.state == CallState::Draft {
        let content = send::content(conn, &call, None, today)?;
        let bytes = crate::documents::funding_call(&content).map_err(|e| AppError::Internal(e.to_string()))?;
        return Ok(Letter { name: "projet-appel-de-fonds.pdf".to_owned(), bytes });
    }
    let (sha256, bytes) = store::letter(conn, id)?;
    if Sha256::digest(&bytes).as_slice() != sha256 {
        return Err(AppError::Internal("the letter of a call for funds was altered".to_owned()));
    }
    Ok(Letter { name: file_name(&call), bytes })
}

/// `appel-de-fonds-AF2026-0001.pdf`
pub fn file_name(call: &FundingCall) -> String {
    format!("appel-de-fonds-{}.pdf", call.number.as_deref().unwrap_or("projet"))
}
