//! What happens, week after week: bookings on Monday, sessions in their hours, decisions on the next Monday, invoices at
//! the turn of the month.

use chrono::{Datelike, Days, NaiveDate};

use crate::calendar::Month;
use crate::db::Tx;
use crate::failure::Failure;
use crate::ids::{ConventionId, SessionId};
use crate::invoices::issue::{self, Issuance, IssueRefusal, Order};
use crate::seed::people::Cast;
use crate::seed::plan::{Fate, Planned};
use crate::seed::{SeedError, Stage, Stop, stop};
use crate::sessions::book::{self, Booking};
use crate::sessions::record::{self, Recording};
use crate::sessions::{Reason, Viewer, approve_many, cancel, refuse};

/// How many sessions share a transaction.
const AT_ONCE: usize = 200;
/// The day of the next month on which invoices are issued: by then every session was decided on.
const ISSUED_ON: u32 = 10;

/// Plays the plan; gives how many invoices were issued.
pub(super) fn play(
    stage: &Stage,
    convention: ConventionId,
    cast: &Cast,
    plan: &[Planned],
    tell: &mut dyn FnMut(String),
) -> Result<u32, SeedError> {
    let mut life = Life { stage, convention, cast, invoices: 0 };
    let (mut entered, mut month) = (0, Month::of(stage.start));
    for week in plan.chunk_by(|a, b| monday(a.slot.on) == monday(b.slot.on)) {
        let monday = monday(week[0].slot.on);
        while monday.min(stage.today) >= issue_day(month) && month.next() < Month::of(stage.today) {
            life.bill(month)?;
            month = month.next();
        }
        let made = life.enter(week, monday)?;
        entered += week.len();
        life.decide(week, &made, monday + Days::new(7))?;
        tell(format!("{entered} of {} sessions, until {}", plan.len(), week[week.len() - 1].slot.on));
    }
    while month.next() < Month::of(stage.today) {
        life.bill(month)?;
        month = month.next();
    }
    tell(format!("{} invoices", life.invoices));
    Ok(life.invoices)
}

fn monday(day: NaiveDate) -> NaiveDate {
    day - Days::new(u64::from(day.weekday().num_days_from_monday()))
}

fn issue_day(month: Month) -> NaiveDate {
    let next = month.next().first();
    next.with_day(ISSUED_ON).unwrap_or(next)
}

struct Life<'s> {
    stage: &'s Stage,
    convention: ConventionId,
    cast: &'s Cast,
    invoices: u32,
}

impl Life<'_> {
    /// The sessions of a week are booked, then held, cancelled or missed. Gives each its identifier.
    fn enter(&self, week: &[Planned], monday: NaiveDate) -> Result<Vec<SessionId>, SeedError> {
        let mut made = Vec::with_capacity(week.len());
        for part in week.chunks(AT_ONCE) {
            made.extend(self.stage.write(|tx| {
                self.stage.at(monday.clamp(self.stage.start, self.stage.today), 6, 0);
                let booked: Vec<_> = part.iter().map(|one| self.book(tx, one)).collect::<Result<_, _>>()?;
                part.iter().zip(booked).map(|(one, id)| self.hold(tx, one, id)).collect::<Result<Vec<_>, _>>()
            })?);
        }
        Ok(made)
    }

    fn book(&self, tx: &mut Tx<'_>, one: &Planned) -> Result<Option<SessionId>, Failure<Stop>> {
        if !one.was_booked {
            return Ok(None);
        }
        let app = &self.stage.app;
        let who = self.cast.psychologists[one.psychologist as usize];
        let child = self.cast.children[one.child as usize].child;
        let booking = Booking { child, psychologist: who.id, slot: one.slot, place: None };
        book::book(tx, &app.clock, &app.vault, &Viewer::from(&who), &booking).map(Some).map_err(stop)
    }

    fn hold(&self, tx: &mut Tx<'_>, one: &Planned, booked: Option<SessionId>) -> Result<SessionId, Failure<Stop>> {
        let app = &self.stage.app;
        let who = self.cast.psychologists[one.psychologist as usize];
        match (booked, one.fate) {
            (Some(id), Fate::Booked) => return Ok(id),
            (Some(id), Fate::Cancelled) => {
                return cancel::cancel(tx, &app.clock, &Viewer::from(&who), id, None).map(|()| id).map_err(stop);
            }
            _ => app.clock.set(one.slot.ends_at().utc()),
        }
        if let Some(id) = booked {
            let recorded = record::record_booked(tx, &app.clock, &app.vault, &who, id, one.attendance);
            return recorded.map(|()| id).map_err(stop);
        }
        let child = self.cast.children[one.child as usize].child;
        let recording = Recording { child, slot: one.slot, attendance: one.attendance, place: None };
        record::record(tx, &app.clock, &app.vault, &who, &recording).map_err(stop)
    }

    /// Each coordinator approves the week's sessions, and refuses a few.
    fn decide(&self, week: &[Planned], made: &[SessionId], day: NaiveDate) -> Result<(), SeedError> {
        let app = &self.stage.app;
        let reason = Reason::new("L’heure ne correspond pas : vérifiez, puis enregistrez à nouveau.")
            .map_err(|why| SeedError::Refused(why.to_string()))?;
        self.stage.at(day, 8, 0);
        self.stage.write(|tx| {
            for (programme, who) in (0..).zip(&self.cast.coordinators) {
                let of = |fate: Fate| -> Vec<SessionId> {
                    let theirs = |(one, _): &(&Planned, &SessionId)| one.programme == programme && one.fate == fate;
                    week.iter().zip(made).filter(theirs).map(|(_, id)| *id).collect()
                };
                for part in of(Fate::Approved).chunks(AT_ONCE) {
                    approve_many::approve_many(tx, &app.clock, who, part).map_err(stop)?;
                }
                for id in of(Fate::Refused) {
                    refuse::refuse(tx, &app.clock, who, id, &reason).map_err(stop)?;
                }
            }
            Ok(())
        })
    }

    /// Each psychologist issues the month's invoice, if there is something on it.
    fn bill(&mut self, month: Month) -> Result<(), SeedError> {
        let app = &self.stage.app;
        self.stage.at(issue_day(month), 18, 0);
        let order = Order { month, convention: self.convention, seen: None };
        for who in &self.cast.psychologists {
            let issued = app.db.write(|tx| issue::issue(tx, &app.clock, Issuance::Own(who), order));
            match issued {
                Ok(_) => self.invoices += 1,
                // nothing was approved that month
                Err(Failure::Refused(IssueRefusal::Preflight(_))) => {}
                Err(other) => return Err(stop(other).into()),
            }
        }
        Ok(())
    }
}
