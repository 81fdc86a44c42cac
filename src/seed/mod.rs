//! Synthetic data of any size, for measurements: plainly invented people and months of sessions, entered through the
//! same verbs as everybody's on a clock that moves, so that no rule is ever left out. Many verbs share a transaction:
//! that is what makes ten thousand sessions a matter of seconds.
//!
//! The same size, seed and day give the same people, days and states; identifiers and sealed names differ.

mod convention;
mod life;
mod people;
mod plan;

use chrono::{NaiveDate, NaiveTime};

use crate::accounts::{Coordinator, Psychologist};
use crate::app::App;
use crate::calendar::{self, Month};
use crate::clock::Clock;
use crate::db::{DbError, Tx};
use crate::demo::Account;
use crate::failure::Failure;
use crate::ids::{ChildId, ConventionId, ProgrammeId};
use crate::journal;

/// How much is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Programmes, each with a coordinator and a referent.
    pub programmes: u32,
    /// Psychologists.
    pub psychologists: u32,
    /// Children, each entrusted to one psychologist.
    pub children: u32,
    /// Sessions: one in fifty is to come, the others are spread over the months.
    pub sessions: u32,
    /// Full months before the present one.
    pub months: u32,
}

/// A child and who sees them.
#[derive(Debug, Clone, Copy)]
pub struct Entrusted {
    /// The child.
    pub child: ChildId,
    /// Their programme.
    pub programme: ProgrammeId,
    /// The rank of their psychologist.
    pub psychologist: usize,
}

/// What was made.
#[derive(Debug, Clone)]
pub struct Seeded {
    /// Who can sign in: one of each role, with the password of the demonstration.
    pub accounts: Vec<Account>,
    /// The invented convention.
    pub convention: ConventionId,
    /// Every psychologist.
    pub psychologists: Vec<Psychologist>,
    /// The coordinator of each programme.
    pub coordinators: Vec<Coordinator>,
    /// Every child.
    pub children: Vec<Entrusted>,
    /// How many invoices were issued: those of every full month but the last.
    pub invoices: u32,
}

/// Why nothing is made, or not all.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// Synthetic data never mixes with anything else.
    #[error(
        "this database holds data already ({entries} entries in its journal); synthetic data goes into an empty one: give \
         another DATABASE_URL"
    )]
    NotEmpty {
        /// How many entries its journal has.
        entries: i64,
    },
    /// The figures do not go together.
    #[error("{0}")]
    Size(String),
    /// A verb refused what it was asked: the fault is ours.
    #[error("a rule refused synthetic data: {0}")]
    Refused(String),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What a verb refused, in its words.
#[derive(Debug)]
struct Stop(String);

/// Says any verb's refusal as a [`Stop`], so that many verbs share a transaction.
fn stop<R: std::fmt::Display>(failure: Failure<R>) -> Failure<Stop> {
    failure.map(|refusal| Stop(refusal.to_string()))
}

impl From<Failure<Stop>> for SeedError {
    fn from(failure: Failure<Stop>) -> Self {
        match failure {
            Failure::NotFound => Self::Refused("a row is not there".to_owned()),
            Failure::Refused(Stop(why)) => Self::Refused(why),
            Failure::Db(e) => Self::Db(e),
        }
    }
}

/// Where it is played: the application on a clock of its own.
struct Stage {
    app: App,
    /// The first day.
    start: NaiveDate,
    today: NaiveDate,
}

impl Stage {
    /// Runs verbs in one transaction.
    fn write<T>(&self, body: impl FnMut(&mut Tx<'_>) -> Result<T, Failure<Stop>>) -> Result<T, SeedError> {
        Ok(self.app.db.write(body)?)
    }

    /// Moves the clock to a time of a day.
    fn at(&self, day: NaiveDate, hour: u32, minute: u32) {
        let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
        if let Some(at) = calendar::instant(day, time) {
            self.app.clock.set(at.utc());
        }
    }
}

/// Fills an empty database, and tells how far it is.
///
/// # Errors
/// When the database is not empty, the figures do not go together, or the database fails.
pub fn fill(app: &App, size: Size, seed: u64, tell: &mut dyn FnMut(String)) -> Result<Seeded, SeedError> {
    let entries = app.db.read::<_, DbError>(|conn| Ok(journal::count(conn)?))?;
    if entries > 0 {
        return Err(SeedError::NotEmpty { entries });
    }
    let now = app.clock.now();
    let today = calendar::local_date(now);
    let start = (0..size.months).fold(Month::of(today), |month, _| month.previous()).first();
    let plan = plan::draw(size, seed, start, today)?;
    let stage = Stage { app: App { clock: Clock::fixed(now.utc()), ..app.clone() }, start, today };
    stage.at(start, 6, 0);
    let convention = convention::enter(&stage, size, &plan)?;
    let cast = people::gather(&stage, convention, size, seed, tell)?;
    let invoices = life::play(&stage, convention, &cast, &plan, tell)?;
    let people::Cast { accounts, psychologists, coordinators, children } = cast;
    Ok(Seeded { accounts, convention, psychologists, coordinators, children, invoices })
}

/// A stream of numbers that a seed gives (SplitMix64): the same on every machine, and no secret.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0, under a bound that is not 0.
    fn under(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// One of several.
    fn one_of<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.under(among.len() as u64) as usize]
    }
}

/// The programme and the psychologist of a child, by rank: each round of children goes to all psychologists, one
/// programme further.
fn place_of(child: u32, size: Size) -> (u32, u32) {
    let (round, psychologist) = (child / size.psychologists, child % size.psychologists);
    ((psychologist + round) % size.programmes, psychologist)
}
