//! Which sessions take place, and what becomes of each: drawn before anything is written.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Weekday};

use crate::hours::Minutes;
use crate::seed::{Dice, SeedError, Size, place_of};
use crate::sessions::{Attendance, Slot};

/// Sessions of a psychologist's day, one an hour from eight.
const A_DAY: usize = 10;
const FIRST_HOUR: u32 = 8;
/// How far ahead people book.
const AHEAD: u64 = 14;
/// Decided on by then.
const DECIDED_WITHIN: u64 = 7;
/// Recorded by then.
const RECORDED_WITHIN: u64 = 2;
/// The most that a referral grants.
pub(super) const REFERRAL: Minutes = Minutes::from_hours(200);

/// What becomes of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is to come, or nobody has recorded it yet.
    Booked,
    Cancelled,
    /// It waits to be approved.
    Recorded,
    Refused,
    Approved,
}

/// A session to play.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned {
    /// The ranks of the child, of their programme and of their psychologist.
    pub child: u32,
    pub programme: u32,
    pub psychologist: u32,
    pub slot: Slot,
    pub attendance: Attendance,
    pub was_booked: bool,
    pub fate: Fate,
}

/// Draws every session, in the order of time.
pub(super) fn draw(size: Size, seed: u64, start: NaiveDate, today: NaiveDate) -> Result<Vec<Planned>, SeedError> {
    check(size)?;
    let past = working_days(start, today);
    let coming = working_days(today + Days::new(1), today + Days::new(AHEAD));
    let to_come = size.sessions / 50;
    let mut dice = Dice::new(seed);
    let mut all = Vec::with_capacity(size.sessions as usize);
    for psychologist in 0..size.psychologists {
        let children: Vec<u32> = (psychologist..size.children).step_by(size.psychologists as usize).collect();
        for (days, sessions) in [(&past, size.sessions - to_come), (&coming, to_come)] {
            let own = share(sessions, psychologist, size.psychologists) as usize;
            let hours = days.len() * A_DAY;
            if own > hours {
                return Err(too_many_sessions(own, hours));
            }
            for n in 0..own {
                let hour = n * hours / own;
                let child = children[n % children.len()];
                all.push(session(&mut dice, size, child, (days[hour / A_DAY], hour % A_DAY), today)?);
            }
        }
    }
    check_referrals(size, &all)?;
    all.sort_by_key(|one| (one.slot.starts_at, one.psychologist));
    Ok(all)
}

fn check(size: Size) -> Result<(), SeedError> {
    let wrong = match size {
        Size { programmes: 0, .. } | Size { psychologists: 0, .. } => {
            "give at least one programme and one psychologist"
        }
        Size { programmes: 601.., .. } => "give 600 programmes at most",
        Size { psychologists: 9001.., .. } => "give 9000 psychologists at most",
        Size { months: 0, .. } | Size { months: 25.., .. } => "give from 1 to 24 months",
        size if size.children < size.psychologists => "give at least one child for each psychologist",
        _ => return Ok(()),
    };
    Err(SeedError::Size(wrong.to_owned()))
}

fn too_many_sessions(own: usize, hours: usize) -> SeedError {
    SeedError::Size(format!(
        "{own} sessions for a psychologist do not fit in the {hours} hours of these months: give more psychologists or more \
         months"
    ))
}

fn check_referrals(size: Size, all: &[Planned]) -> Result<(), SeedError> {
    let mut held = vec![Minutes::ZERO; size.children as usize];
    for one in all {
        held[one.child as usize] += one.slot.duration;
    }
    match held.into_iter().max() {
        Some(most) if most > REFERRAL => Err(SeedError::Size(format!(
            "a child would be seen for {most}, and a referral grants {REFERRAL} at most: give more children"
        ))),
        _ => Ok(()),
    }
}

/// An equal part of something, the first ones a bit more.
fn share(all: u32, rank: u32, among: u32) -> u32 {
    all / among + u32::from(rank < all % among)
}

/// Monday to Friday, the last day left out.
fn working_days(from: NaiveDate, until: NaiveDate) -> Vec<NaiveDate> {
    let works = |day: &NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    from.iter_days().take_while(|day| *day < until).filter(works).collect()
}

fn session(
    dice: &mut Dice,
    size: Size,
    child: u32,
    (day, hour): (NaiveDate, usize),
    today: NaiveDate,
) -> Result<Planned, SeedError> {
    let (programme, psychologist) = place_of(child, size);
    let time = NaiveTime::from_hms_opt(FIRST_HOUR + hour as u32, 0, 0).unwrap_or_default();
    let duration = Minutes(dice.one_of(&[30, 45, 45, 45, 60, 60]));
    let slot = Slot::new(day, time, duration).map_err(|refusal| SeedError::Refused(refusal.to_string()))?;
    let attendance = match dice.under(100) {
        0..3 => Attendance::ExcusedAbsence,
        3..5 => Attendance::UnexcusedAbsence,
        _ => Attendance::Held,
    };
    let fate = fate(dice, day, today);
    let was_booked = matches!(fate, Fate::Booked | Fate::Cancelled) || dice.under(4) == 0;
    Ok(Planned { child, programme, psychologist, slot, attendance, was_booked, fate })
}

fn fate(dice: &mut Dice, day: NaiveDate, today: NaiveDate) -> Fate {
    match dice.under(100) {
        0..3 => Fate::Cancelled,
        _ if day >= today => Fate::Booked,
        3..30 if day + Days::new(RECORDED_WITHIN) >= today => Fate::Booked,
        _ if day + Days::new(DECIDED_WITHIN) >= today => Fate::Recorded,
        3 => Fate::Refused,
        _ => Fate::Approved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn drawn(size: Size) -> Result<Vec<Planned>, SeedError> {
        draw(size, 7, day("2026-06-01"), day("2026-11-20"))
    }

    const SMALL: Size = Size { programmes: 3, psychologists: 4, children: 10, sessions: 500, months: 5 };

    #[test]
    fn as_many_as_asked_most_of_them_approved() {
        let all = drawn(SMALL).unwrap();
        let of = |fate: Fate| all.iter().filter(|one| one.fate == fate).count();
        assert_eq!(all.len(), 500);
        assert!(of(Fate::Approved) > 400);
        for fate in [Fate::Booked, Fate::Cancelled, Fate::Recorded, Fate::Refused] {
            assert!(of(fate) > 0, "{fate:?}");
        }
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let text = |seed| format!("{:?}", draw(SMALL, seed, day("2026-06-01"), day("2026-11-20")).unwrap());
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }

    #[test]
    fn figures_that_do_not_go_together_are_refused() {
        let refused = |size: Size| drawn(size).unwrap_err().to_string();
        assert!(refused(Size { children: 3, ..SMALL }).contains("one child for each"));
        assert!(refused(Size { sessions: 6000, children: 50, ..SMALL }).contains("more psychologists"));
        assert!(refused(Size { sessions: 4000, children: 4, ..SMALL }).contains("more children"));
        assert!(refused(Size { programmes: 0, ..SMALL }).contains("at least one"));
    }
}
