//! The demonstration: the real convention, invented people, and three months of their life played through the same verbs as
//! theirs, on a clock that moves.

mod amendment;
mod convention;
mod families;
mod funds;
mod life;
mod openings;
mod people;
mod services;

use chrono::NaiveDate;

use crate::accounts::Psychologist;
use crate::app::App;
use crate::calendar::{self, Month};
use crate::clock::Clock;
use crate::db::DbError;
use crate::ids::{ConventionId, InvoiceId};
use crate::invoices::issue::{self, Issuance, Order};
use crate::sql_types::Ts;

pub use people::{Account, PASSWORD};

/// What was played.
#[derive(Debug, Clone)]
pub struct Played {
    /// Who can sign in.
    pub accounts: Vec<Account>,
    /// The last full month.
    pub month: Month,
    /// Who has not issued its invoice yet.
    pub late: Psychologist,
    /// The convention of that month.
    convention: ConventionId,
}

/// Why the demonstration cannot be played. It goes through the same rules as people: a refusal here is a fault of ours.
#[derive(Debug, thiserror::Error)]
#[error("the demonstration cannot be played: {0}")]
pub struct DemoError(String);

impl DemoError {
    /// What went wrong, in words.
    fn new(cause: impl std::fmt::Display) -> Self {
        Self(cause.to_string())
    }
}

impl From<DbError> for DemoError {
    fn from(e: DbError) -> Self {
        Self::new(e)
    }
}

/// Full months played before the present one.
const MONTHS: u32 = 3;

/// Fills an empty database with three months of life until now.
///
/// # Errors
/// When the database fails, or a rule refuses what the play does.
pub fn fill(app: &App) -> Result<Played, DemoError> {
    let now = app.clock.now();
    let today = calendar::local_date(now);
    let start = (0..MONTHS).fold(Month::of(today), |month, _| month.previous()).first();
    let stage = Stage { app: App { clock: Clock::fixed(opening(start, now).utc()), ..app.clone() }, start, now };
    let convention = convention::enter(&stage)?;
    let cast = people::gather(&stage, convention)?;
    openings::open(&stage, &cast)?;
    amendment::sign(&stage, &cast, convention)?;
    funds::call(&stage, &cast, convention)?;
    convention::prepare_next(&stage, &cast, convention)?;
    services::allot(&stage, &cast)?;
    life::play(&stage, &cast)?;
    services::lead(&stage, &cast)?;
    families::ask(&stage, &cast)?;
    funds::receive(&stage, &cast, convention)?;
    let month = Month::of(today).previous();
    let convention = convention::of_month(&stage, cast.coordinators[0].programmes[0], month)?;
    Ok(Played { accounts: cast.accounts, month, late: cast.psychologists[0], convention })
}

/// Plays the end of the last full month: the invoice that was left is issued.
///
/// # Errors
/// When the database fails, or a rule refuses the invoice.
pub fn end_month(app: &App, played: &Played) -> Result<InvoiceId, DemoError> {
    let order = Order { month: played.month, convention: played.convention, seen: None };
    let issuance = Issuance::Own(&played.late);
    app.db.write(|tx| issue::issue(tx, &app.clock, issuance, order)).map_err(DemoError::new)
}

/// Eight in the morning of the first day.
fn opening(start: NaiveDate, now: Ts) -> Ts {
    let morning = chrono::NaiveTime::from_hms_opt(8, 0, 0).unwrap_or_default();
    calendar::instant(start, morning).unwrap_or(now)
}

/// Where it is played: the application on a clock of its own.
struct Stage {
    app: App,
    /// The first day.
    start: NaiveDate,
    /// The instant at which the play stops: the present.
    now: Ts,
}

impl Stage {
    fn today(&self) -> NaiveDate {
        calendar::local_date(self.now)
    }
}
