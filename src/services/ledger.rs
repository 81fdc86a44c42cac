//! Moves hours and euros of a budget line: free → reserved → used, and back, both at once.

use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::BudgetLineId;
use crate::money::Cents;
use crate::services::{Part, of_kind, store};

/// Why hours or euros are not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineRefusal {
    /// Too few hours are left.
    #[error(
        "Il reste {left} {what} pour {year} ; cette prestation en demande {asked}. Réduisez la durée, ou demandez à la Métropole d’augmenter la ligne de budget."
    )]
    Hours {
        /// What is left.
        left: Minutes,
        /// What was asked.
        asked: Minutes,
        /// `d’analyse de la pratique`.
        what: String,
        /// The budget year.
        year: String,
    },
    /// Too few euros are left.
    #[error(
        "Il reste {left} {what} pour {year}, TVA comprise ; cette prestation coûte {asked}. Réduisez la durée, ou demandez à la Métropole d’augmenter la ligne de budget."
    )]
    Euros {
        /// What is left.
        left: Cents,
        /// What it would cost.
        asked: Cents,
        /// `d’analyse de la pratique`.
        what: String,
        /// The budget year.
        year: String,
    },
}

impl Refusal for LineRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Hours { .. } => "budget_line_hours_exhausted",
            Self::Euros { .. } => "budget_line_euros_exhausted",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("duration")
    }
}

/// Reserves hours and euros of a line.
///
/// # Errors
/// When too little is left of either: the refusal gives the figures.
pub fn reserve(tx: &mut Tx<'_>, line: BudgetLineId, part: Part) -> Result<(), Failure<LineRefusal>> {
    if store::reserve_if_left(tx, line, part)? {
        return Ok(());
    }
    let found = store::line(tx, line)?;
    let (left, what, year) = (found.line.left(), of_kind(found.line.kind), found.year_label);
    refuse(if left.time < part.time {
        LineRefusal::Hours { left: left.time, asked: part.time, what, year }
    } else {
        LineRefusal::Euros { left: left.cost, asked: part.cost, what, year }
    })
}

/// Gives back what was reserved: a refusal, a service given up.
///
/// # Errors
/// When the database fails.
pub fn release(tx: &mut Tx<'_>, line: BudgetLineId, part: Part) -> diesel::QueryResult<()> {
    store::shift(tx, line, part, (-1, 0))
}

/// Reserved becomes used: an approval.
///
/// # Errors
/// When the database fails.
pub fn consume(tx: &mut Tx<'_>, line: BudgetLineId, part: Part) -> diesel::QueryResult<()> {
    store::shift(tx, line, part, (-1, 1))
}

/// Used becomes reserved again: an approval withdrawn.
///
/// # Errors
/// When the database fails.
pub fn reopen(tx: &mut Tx<'_>, line: BudgetLineId, part: Part) -> diesel::QueryResult<()> {
    store::shift(tx, line, part, (1, -1))
}
