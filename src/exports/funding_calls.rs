//! The calls for funds of a budget year, as accountants take them away: one row a call, as CSV or XLSX.

use diesel::QueryResult;

use super::tables::{Cell, Column, Table, column, summed};
use super::{ExportFormat, ExportRefusal, text_file, workbook};
use crate::db::AnyConnection;
use crate::funding_calls::{CallState, FundingCall, look_up};
use crate::ids::BudgetYearId;
use crate::sql_types::Ts;

const CALLS: &[Column] = &[
    column("Exercice", 12),
    column("Convention", 40),
    column("Signataire", 28),
    column("Numéro", 14),
    column("État", 12),
    column("Envoyé le", 12),
    column("À verser avant le", 16),
    summed("Participation", 14),
    summed("Reçu", 14),
    summed("Reste dû", 14),
    column("Dernier versement le", 16),
];

/// The table of a budget year.
///
/// # Errors
/// When the database fails.
pub fn table(conn: &mut AnyConnection, year: BudgetYearId) -> QueryResult<Table> {
    let last = look_up::last_receipts(conn, year)?;
    let state = |call: &FundingCall| match call.state {
        CallState::Draft => "Brouillon",
        CallState::Sent => "Envoyé",
        CallState::Received => "Reçu",
    };
    let row = |call: FundingCall| {
        vec![
            Cell::text(&call.year),
            Cell::text(&call.convention_title),
            Cell::text(&call.signatory_name),
            Cell::text(call.number.as_deref().unwrap_or_default()),
            Cell::text(state(&call)),
            Cell::Date(call.sent_on),
            Cell::Date(call.due_on),
            Cell::Money(call.amount),
            Cell::Money(call.received),
            Cell::Money(call.owed()),
            Cell::Date(last.get(&call.id).copied()),
        ]
    };
    let rows = look_up::of_year(conn, year)?.into_iter().map(row).collect();
    Ok(Table { name: "Appels de fonds", columns: CALLS, rows })
}

/// Writes the table; only spreadsheets are made of it.
///
/// # Errors
/// When the file cannot be written.
pub fn write(table: &Table, format: ExportFormat, made_at: Ts) -> Result<Option<Vec<u8>>, ExportRefusal> {
    match format {
        ExportFormat::Csv => text_file::write(table).map(Some),
        ExportFormat::Xlsx => workbook::write_table_alone(table, made_at).map(Some),
        ExportFormat::Json | ExportFormat::Zip => Ok(None),
    }
}
