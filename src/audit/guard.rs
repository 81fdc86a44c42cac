//! Who may read the journal, and what of it one asks for.

use crate::accounts::Role;
use crate::accounts::guards::SignedIn;
use crate::error::AppError;
use crate::journal::Filter;
use crate::web::Query;

/// Refuses whoever may not read the journal.
pub(super) fn may_read(who: &SignedIn) -> Result<(), AppError> {
    let may = who.holds(Role::Auditor) || who.holds(Role::Administrator);
    if may { Ok(()) } else { Err(AppError::Forbidden(Role::Auditor.french())) }
}

/// The filter that a query asks for, by the names that its two values have there.
pub(super) fn filter_of(query: &Query, action: &str, actor: &str) -> Filter {
    Filter { action: query.get(action).map(str::to_owned), actor: query.get(actor).map(str::to_owned) }
}
