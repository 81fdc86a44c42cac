//! Booking several sessions in one gesture: all of them, or none and each reason. Before that, what would become of
//! each is shown, with what can be booked instead.

use chrono::{NaiveDate, NaiveTime};

use crate::calendar::french_day;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::{ChildId, ProgrammeId, PsychologistId, RequestId, SeriesId, SessionId};
use crate::requests::answer;
use crate::sessions::admission::AdmissionRefusal;
use crate::sessions::book::{self, BookRefusal, Booking};
use crate::sessions::notices::{self, Planned};
use crate::sessions::warnings::{self, Warning};
use crate::sessions::{Session, Slot, Viewer, store};
use crate::vault::Vault;

/// Sessions to book together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whom.
    pub child: ChildId,
    /// With whom.
    pub psychologist: PsychologistId,
    /// Where, if it is said.
    pub place: Option<String>,
    /// When: each time that was chosen.
    pub chosen: Vec<Chosen>,
    /// The request that they answer, if one was made.
    pub request: Option<RequestId>,
}

/// A time that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// When.
    pub slot: Slot,
    /// Whether it is wanted although it is unusual (a holiday, outside the openings).
    pub although_unusual: bool,
}

/// Why nothing was done of what was asked for several sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManyRefused {
    /// How many were asked.
    pub asked: usize,
    /// The days that cannot be, and why: at least one.
    pub refused: Vec<(NaiveDate, BookRefusal)>,
}

impl ManyRefused {
    /// Whether nothing but what is unusual stands against it: it may be insisted on.
    pub fn is_only_unusual(&self) -> bool {
        self.refused.iter().all(|(_, refusal)| matches!(refusal, BookRefusal::Unusual { .. }))
    }
}

/// One reason is said as it is; several are said day by day.
impl std::fmt::Display for ManyRefused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let (1, [(_, only)]) = (self.asked, self.refused.as_slice()) {
            return only.fmt(f);
        }
        write!(f, "Rien n’est enregistré\u{a0}: {} sur {} ne conviennent pas.", self.refused.len(), self.asked)?;
        self.refused.iter().try_for_each(|(on, refusal)| write!(f, " Le {}\u{a0}: {refusal}", french_day(*on)))
    }
}

impl std::error::Error for ManyRefused {}

impl Refusal for ManyRefused {
    fn code(&self) -> &'static str {
        match (self.asked, self.refused.as_slice()) {
            (1, [(_, only)]) => only.code(),
            _ => "bookings_refused",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match (self.asked, self.refused.as_slice()) {
            (1, [(_, only)]) => only.field(),
            _ => None,
        }
    }
}

/// Books sessions of a child with a psychologist: all, or none. Several share a series. Gives them in order.
///
/// # Errors
/// When the child is not theirs, or a rule refuses some: the refusal names each.
pub fn book_many(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Viewer,
    plan: &Plan,
) -> Result<Vec<SessionId>, Failure<ManyRefused>> {
    let series = (plan.chosen.len() > 1).then(SeriesId::new);
    let mut chosen = plan.chosen.clone();
    chosen.sort_by_key(|chosen| chosen.slot.starts_at);
    let days: Vec<NaiveDate> = chosen.iter().map(|chosen| chosen.slot.on).collect();
    let Some(period) = period(&days) else { return Ok(Vec::new()) };
    lock(tx, who, plan.child, &days)?;
    let unusual = warnings::surroundings(tx, plan.psychologist, period)?;
    let (mut booked, mut refused) = (Vec::<Session>::new(), Vec::new());
    for Chosen { slot, although_unusual } in &chosen {
        let warnings = if *although_unusual { Vec::new() } else { unusual.warnings(*slot) };
        let outcome = match warnings.is_empty() {
            true => tx.attempt(|tx| book::enter(tx, clock, vault, who, &plan.booking(*slot), series)),
            false => refuse(BookRefusal::Unusual { warnings }),
        };
        match outcome {
            Ok(session) => booked.push(session),
            Err(Failure::Refused(refusal)) => refused.push((slot.on, refusal)),
            Err(Failure::NotFound) => return Err(Failure::NotFound),
            Err(Failure::Db(e)) => return Err(Failure::Db(e)),
        }
    }
    if !refused.is_empty() {
        return refuse(ManyRefused { asked: chosen.len(), refused });
    }
    answer_request(tx, clock, who, plan, booked.first())?;
    notices::planned(tx, clock, who.account, Planned::Booked, &booked)?;
    Ok(booked.into_iter().map(|session| session.id).collect())
}

/// The request that was made, if one was, has its answer.
fn answer_request(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Viewer,
    plan: &Plan,
    first: Option<&Session>,
) -> Result<(), Failure<ManyRefused>> {
    let (Some(request), Some(first)) = (plan.request, first) else { return Ok(()) };
    let reader = who.scope.reader();
    answer::answer(tx, clock, (who.account, &reader), request, (first.child_id, first.id)).map_err(|failure| {
        failure.map(|refusal| ManyRefused { asked: 1, refused: vec![(first.slot.on, BookRefusal::Request(refusal))] })
    })
}

impl Plan {
    fn booking(&self, slot: Slot) -> Booking {
        Booking { child: self.child, psychologist: self.psychologist, slot, place: self.place.clone() }
    }
}

/// Waits for whoever is moving minutes of the quotas that pay for some days.
fn lock(tx: &mut Tx<'_>, who: &Viewer, child: ChildId, days: &[NaiveDate]) -> diesel::QueryResult<()> {
    let programme = store::load_programme_of(tx, &who.scope, child)?;
    lock_days(tx, programme, days)
}

/// Waits for whoever is moving minutes of the quotas of a programme that pay for some days.
pub(super) fn lock_days(tx: &mut Tx<'_>, programme: ProgrammeId, days: &[NaiveDate]) -> diesel::QueryResult<()> {
    let Some(period) = period(days) else { return Ok(()) };
    let quotas = store::quotas_between(tx, programme, period)?;
    store::lock_quotas(tx, &quotas)
}

/// The first and the last of some days.
pub(super) fn period(days: &[NaiveDate]) -> Option<(NaiveDate, NaiveDate)> {
    Some((*days.iter().min()?, *days.iter().max()?))
}

/// Days on which a session would be booked at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Whom.
    pub child: ChildId,
    /// With whom.
    pub psychologist: PsychologistId,
    /// The local time of day.
    pub time: NaiveTime,
    /// How long.
    pub duration: Minutes,
    /// The days.
    pub days: Vec<NaiveDate>,
}

/// What would become of a day if it were booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// The day.
    pub on: NaiveDate,
    /// When, unless that time does not exist on that day.
    pub slot: Option<Slot>,
    /// Why not, if a rule refuses it.
    pub refusal: Option<BookRefusal>,
    /// What is unusual about it.
    pub warnings: Vec<Warning>,
    /// The nearest time of that day that could be booked instead, when somebody is taken or the time is outside the
    /// openings.
    pub instead: Option<Slot>,
    /// Whether something is unusual about that time instead too.
    pub instead_is_unusual: bool,
}

/// Says of each day of a wish what would become of it, those before it booked: inside
/// [`crate::db::Db::rehearse`], which keeps nothing.
///
/// # Errors
/// When the child is not theirs, or the database fails.
pub fn foresee(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Viewer,
    wish: &Wish,
) -> Result<Vec<Foreseen>, Failure<BookRefusal>> {
    let Some(period) = period(&wish.days) else { return Ok(Vec::new()) };
    lock(tx, who, wish.child, &wish.days)?;
    let unusual = warnings::surroundings(tx, wish.psychologist, period)?;
    let taken = store::taken(tx, (wish.child, wish.psychologist), period)?;
    let mut foreseen = Vec::new();
    for on in wish.days.iter().copied() {
        let slot = Slot::new(on, wish.time, wish.duration);
        let outcome = tx.attempt(|tx| {
            let slot = slot.map_err(|e| Failure::Refused(BookRefusal::Admission(AdmissionRefusal::Slot(e))))?;
            book::enter(tx, clock, vault, who, &wish.booking(slot), None)
        });
        let refusal = match outcome {
            Ok(_) => None,
            Err(Failure::Refused(refusal)) => Some(refusal),
            Err(other) => return Err(other),
        };
        let warnings = slot.map(|slot| unusual.warnings(slot)).unwrap_or_default();
        let is_misplaced = match &refusal {
            Some(refusal) => is_taken(refusal),
            None => warnings.iter().any(|warning| matches!(warning, Warning::OutsideOpenings { .. })),
        };
        let instead = slot.ok().filter(|_| is_misplaced).and_then(|slot| unusual.instead_of(slot, &taken, clock.now()));
        let instead_is_unusual = instead.is_some_and(|slot| !unusual.warnings(slot).is_empty());
        foreseen.push(Foreseen { on, slot: slot.ok(), refusal, warnings, instead, instead_is_unusual });
    }
    Ok(foreseen)
}

impl Wish {
    fn booking(&self, slot: Slot) -> Booking {
        Booking { child: self.child, psychologist: self.psychologist, slot, place: None }
    }
}

fn is_taken(refusal: &BookRefusal) -> bool {
    use AdmissionRefusal::{ChildBusy, PsychologistBusy};
    matches!(refusal, BookRefusal::Admission(PsychologistBusy { .. } | ChildBusy { .. }))
}
