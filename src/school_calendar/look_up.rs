//! What others ask of the school calendar.

use super::{SchoolCalendar, store};
use crate::db::AnyConnection;

/// Every school holiday that is known: some six a year, so all at once.
///
/// # Errors
/// When the database fails.
pub fn calendar(conn: &mut AnyConnection) -> diesel::QueryResult<SchoolCalendar> {
    store::breaks(conn).map(SchoolCalendar::new)
}
