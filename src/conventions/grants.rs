//! Named grants (*subventions*): the budget of a convention may be made of several, each for what it pays.

use crate::ids::GrantId;

/// A grant that a convention names; each budget year gives it its amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its identifier.
    pub id: GrantId,
    /// Its code in the convention.
    pub code: String,
    /// Its name: `Médiation sociale`.
    pub name: String,
}
