//! What happens, in the order of time: bookings, sessions, approvals on Fridays, invoices at the turn of the month.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveTime, Utc, Weekday};

use crate::accounts::Coordinator;
use crate::calendar::{self, Month};
use crate::db::DbError;
use crate::demo::people::{Cast, Followed};
use crate::demo::{DemoError, Stage, convention};
use crate::failure::Failure;
use crate::hours::Minutes;
use crate::ids::{InvoiceId, ProgrammeId, SessionId};
use crate::invoices::issue::{Issuance, Order};
use crate::invoices::{self};
use crate::journal::Actor;
use crate::requests::{Asked, Moment, Weekdays, Wish, ask};
use crate::school_calendar::{DayOff, SchoolCalendar, look_up};
use crate::sessions::book::{self, Booking};
use crate::sessions::correct::{self, Correction};
use crate::sessions::record::{self, Recording};
use crate::sessions::{Attendance, Reason, Slot, Viewer, approve_many, refuse};
use crate::substitutions::name::{self, Naming};

/// How many days before its day a session is booked.
const BOOKED_BEFORE: Duration = Duration::days(5);
/// The coordinator who has not cleared the last queue.
const LATE_COORDINATOR: usize = 1;
/// The programme whose quota is 0 h has no session.
const TALANT: usize = 3;

/// Something that happens at an instant.
#[derive(Debug, Clone, Copy)]
enum Event {
    Book(usize),
    Record(usize),
    /// A coordinator, on Friday.
    Approve(usize),
    Refuse(usize),
    Correct(usize),
    Issue(Month, usize),
    Deposit(Month, usize),
    Reject(Month, usize),
    Reissue(Month, usize),
    Order(Month, usize),
    Pay(Month, usize),
}

/// A session to be played.
struct Planned {
    followed: Followed,
    slot: Slot,
    attendance: Attendance,
    is_booked: bool,
    id: Option<SessionId>,
}

struct Life<'s> {
    stage: &'s Stage,
    cast: &'s Cast,
    sessions: Vec<Planned>,
    invoices: BTreeMap<(Month, usize), InvoiceId>,
    events: Vec<(DateTime<Utc>, Event)>,
}

/// Plays everything until the present, and books what comes next.
pub(super) fn play(stage: &Stage, cast: &Cast) -> Result<(), DemoError> {
    let mut life = Life { stage, cast, sessions: Vec::new(), invoices: BTreeMap::new(), events: Vec::new() };
    life.plan_sessions()?;
    life.plan_fridays();
    life.plan_invoices();
    // a stable order at the same instant: what is written first happens first
    life.events.sort_by_key(|(at, _)| *at);
    for (at, event) in std::mem::take(&mut life.events) {
        if at >= stage.now.utc() {
            break;
        }
        stage.app.clock.set(at);
        life.happen(event)?;
    }
    life.name_a_substitute()?;
    life.ask_for_a_session()
}

/// The days on which psychologists see nobody: public holidays, school holidays, and of the summer three weeks of August.
fn is_off(calendar: &SchoolCalendar, day: NaiveDate) -> bool {
    match calendar.day_off(day) {
        Some(DayOff::SchoolBreak(_)) if matches!(day.month(), 7 | 8) => day.month() == 8 && day.day() < 24,
        Some(_) => true,
        None => false,
    }
}

fn at(day: NaiveDate, hour: u32, minute: u32) -> Result<DateTime<Utc>, DemoError> {
    let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
    calendar::instant(day, time).map(|ts| ts.utc()).ok_or_else(|| DemoError::new("no such time"))
}

impl Life<'_> {
    /// Longvic's coordinator is away for a fortnight that began this week: Dijon's approves in her place.
    fn name_a_substitute(&mut self) -> Result<(), DemoError> {
        let [dijon, longvic] = [1, 2].map(|which| &self.cast.coordinators[which]);
        let (starts_on, app) = (self.stage.today(), &self.stage.app);
        app.clock.set(self.stage.now.utc());
        let (substitute, programme) = (dijon.account, longvic.programmes[0]);
        let naming = Naming { programme, substitute, starts_on, ends_on: starts_on + Days::new(13) };
        app.db.write(|tx| name::name(tx, &app.clock, longvic, naming)).map_err(DemoError::new).map(drop)
    }

    fn plan_sessions(&mut self) -> Result<(), DemoError> {
        let last = self.stage.today() + Days::new(12);
        let mut monday = self.stage.start;
        while monday.weekday() != Weekday::Mon {
            monday = monday + Days::new(1);
        }
        let calendar = self.stage.app.db.read::<_, DbError>(|conn| Ok(look_up::calendar(conn)?))?;
        let mut week = 0;
        while monday <= last {
            for (n, followed) in self.cast.followed.iter().enumerate() {
                let day = monday + Days::new(followed.weekday);
                let is_seen = followed.programme != self.cast.coordinators[TALANT].programmes[0];
                if is_seen && !is_off(&calendar, day) && day <= last {
                    self.plan_session(*followed, day, week * 17 + n)?;
                }
            }
            monday = monday + Days::new(7);
            week += 1;
        }
        Ok(())
    }

    fn plan_session(&mut self, followed: Followed, day: NaiveDate, n: usize) -> Result<(), DemoError> {
        let time = NaiveTime::from_hms_opt(followed.hour, 0, 0).unwrap_or_default();
        let slot = Slot::new(day, time, followed.duration).map_err(DemoError::new)?;
        let attendance = match n % 19 {
            7 => Attendance::ExcusedAbsence,
            15 => Attendance::UnexcusedAbsence,
            _ => Attendance::Held,
        };
        let is_future = slot.starts_at >= self.stage.now;
        let is_booked = is_future || !n.is_multiple_of(3);
        let index = self.sessions.len();
        self.sessions.push(Planned { followed, slot, attendance, is_booked, id: None });
        if is_booked {
            // what comes next was booked by now
            let booked_at = (slot.starts_at.utc() - BOOKED_BEFORE).min(self.stage.now.utc() - Duration::hours(2));
            self.events.push((booked_at.max(at(self.stage.start, 9, 0)?), Event::Book(index)));
        }
        // some sessions of the last two days wait to be recorded
        let waits = self.stage.now.utc() - slot.ends_at().utc() < Duration::hours(60) && n.is_multiple_of(2);
        if !(waits && is_booked) {
            self.events.push((slot.ends_at().utc() + Duration::minutes(5), Event::Record(index)));
        }
        Ok(())
    }

    /// Each coordinator clears the queue on Friday, and refuses a session now and then, which the psychologist corrects on
    /// Monday. On the last Friday one queue waits still, and so does a refusal.
    fn plan_fridays(&mut self) {
        let fridays: Vec<NaiveDate> = self
            .stage
            .start
            .iter_days()
            .take_while(|day| *day <= self.stage.today())
            .filter(|day| day.weekday() == Weekday::Fri)
            .filter(|day| at(*day, 18, 0).is_ok_and(|evening| evening < self.stage.now.utc()))
            .collect();
        for friday in &fridays {
            let is_last = Some(friday) == fridays.last();
            let (Ok(refused_at), Ok(approved_at)) = (at(*friday, 17, 30), at(*friday, 17, 45)) else { continue };
            if let Some(index) = self.to_refuse(*friday, is_last) {
                self.events.push((refused_at, Event::Refuse(index)));
                if !is_last {
                    self.events.push((refused_at + Duration::hours(64), Event::Correct(index)));
                }
            }
            for coordinator in 0..self.cast.coordinators.len() {
                if !(is_last && coordinator == LATE_COORDINATOR) {
                    self.events.push((approved_at, Event::Approve(coordinator)));
                }
            }
        }
    }

    /// A session of the week, on the first and the third Friday of a month, and on the last of all.
    fn to_refuse(&self, friday: NaiveDate, is_last: bool) -> Option<usize> {
        let is_chosen = is_last || friday.day() <= 7 || (15..=21).contains(&friday.day());
        let first = friday - Days::new(4);
        is_chosen.then(|| {
            self.sessions.iter().position(|session| {
                (first..=friday).contains(&session.slot.on)
                    && session.attendance == Attendance::Held
                    && session.followed.psychologist == 0
            })
        })?
    }

    /// The invoice of a month is issued on the 3rd of the next, and paid within thirty days. One was rejected, and made again;
    /// the first psychologist has not issued the last month's: that is left to whoever tries the demonstration.
    fn plan_invoices(&mut self) {
        let mut month = Month::of(self.stage.start);
        let rejected = Month::of(self.stage.today()).previous().previous();
        while month < Month::of(self.stage.today()) {
            let is_last = month.next() == Month::of(self.stage.today());
            for psychologist in usize::from(is_last)..self.cast.psychologists.len() {
                let on = month.next().first();
                let mut plan = |days: u64, hour: u32, event: Event| {
                    if let Ok(instant) = at(on + Days::new(days), hour, psychologist as u32) {
                        self.events.push((instant, event));
                    }
                };
                plan(2, 18, Event::Issue(month, psychologist));
                plan(4, 9, Event::Deposit(month, psychologist));
                if month == rejected && psychologist == 1 {
                    plan(7, 9, Event::Reject(month, psychologist));
                    plan(8, 18, Event::Reissue(month, psychologist));
                    plan(9, 9, Event::Deposit(month, psychologist));
                }
                // the third is slow to be paid
                plan(12 + 4 * psychologist as u64, 10, Event::Order(month, psychologist));
                plan(20 + 3 * psychologist as u64, 10, Event::Pay(month, psychologist));
            }
            month = month.next();
        }
    }

    fn happen(&mut self, event: Event) -> Result<(), DemoError> {
        match event {
            Event::Book(index) => self.book(index),
            Event::Record(index) => self.record(index),
            Event::Approve(coordinator) => self.approve(coordinator),
            Event::Refuse(index) => self.refuse(index),
            Event::Correct(index) => self.correct(index),
            Event::Issue(month, psychologist) => self.issue(month, psychologist),
            Event::Deposit(month, psychologist) => self.step(month, psychologist, Step::Deposit),
            Event::Reject(month, psychologist) => self.step(month, psychologist, Step::Reject),
            Event::Order(month, psychologist) => self.step(month, psychologist, Step::Order),
            Event::Pay(month, psychologist) => self.step(month, psychologist, Step::Pay),
            Event::Reissue(month, psychologist) => self.reissue(month, psychologist),
        }
    }

    /// The referent asks for a session for the first child they follow, which waits for an answer.
    fn ask_for_a_session(&self) -> Result<(), DemoError> {
        let (app, who) = (&self.stage.app, &self.cast.referent);
        let Some(followed) = self.cast.followed.iter().find(|one| who.programmes.contains(&one.programme)) else {
            return Ok(());
        };
        let asked = Asked {
            child: followed.child,
            duration: Minutes(45),
            from: app.clock.today() + Days::new(7),
            weekdays: Weekdays::named(["tuesday", "thursday"]).unwrap_or_default(),
            moment: Moment::Evening,
            wish: Wish::NearSchool,
            wants_earlier: true,
        };
        app.db.write(|tx| ask::ask(tx, &app.clock, &app.vault, who, asked)).map(drop).map_err(DemoError::new)
    }

    fn book(&mut self, index: usize) -> Result<(), DemoError> {
        let app = &self.stage.app;
        let planned = &self.sessions[index];
        let who = self.cast.psychologists[planned.followed.psychologist];
        let booking =
            Booking { child: planned.followed.child, psychologist: who.id, slot: planned.slot, place: place(planned) };
        let viewer = Viewer::from(&who);
        let booked = app.db.write(|tx| book::book(tx, &app.clock, &app.vault, &viewer, &booking));
        self.keep(index, booked)
    }

    fn record(&mut self, index: usize) -> Result<(), DemoError> {
        let app = &self.stage.app;
        let planned = &self.sessions[index];
        let who = self.cast.psychologists[planned.followed.psychologist];
        if let Some(id) = planned.id {
            let attendance = planned.attendance;
            return app
                .db
                .write(|tx| record::record_booked(tx, &app.clock, &app.vault, &who, id, attendance))
                .map_err(DemoError::new);
        }
        if planned.is_booked {
            return Ok(());
        }
        let recording = Recording {
            child: planned.followed.child,
            slot: planned.slot,
            attendance: planned.attendance,
            place: place(planned),
        };
        let recorded = app.db.write(|tx| record::record(tx, &app.clock, &app.vault, &who, &recording));
        self.keep(index, recorded)
    }

    /// A quota that runs out is life too: then the session does not take place.
    fn keep<R>(&mut self, index: usize, made: Result<SessionId, Failure<R>>) -> Result<(), DemoError> {
        match made {
            Ok(id) => self.sessions[index].id = Some(id),
            Err(Failure::Refused(_)) => {}
            Err(Failure::NotFound) => return Err(DemoError::new("a session of nobody's")),
            Err(Failure::Db(e)) => return Err(e.into()),
        }
        Ok(())
    }

    fn approve(&mut self, coordinator: usize) -> Result<(), DemoError> {
        let app = &self.stage.app;
        let who = &self.cast.coordinators[coordinator];
        let today = calendar::local_date(app.clock.now());
        let week = today - Days::new(6)..=today;
        let ids: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|session| session.followed.programme == who.programmes[0])
            .filter(|session| week.contains(&session.slot.on) || is_corrected_since(session, *week.start()))
            .filter_map(|session| session.id)
            .collect();
        app.db.write(|tx| approve_many::approve_many(tx, &app.clock, who, &ids)).map_err(DemoError::new)?;
        Ok(())
    }

    fn coordinator_of(&self, programme: ProgrammeId) -> Result<&Coordinator, DemoError> {
        let found = self.cast.coordinators.iter().find(|who| who.programmes[0] == programme);
        found.ok_or_else(|| DemoError::new("a programme without a coordinator"))
    }

    fn refuse(&mut self, index: usize) -> Result<(), DemoError> {
        let app = &self.stage.app;
        let planned = &self.sessions[index];
        let Some(id) = planned.id else { return Ok(()) };
        let who = self.coordinator_of(planned.followed.programme)?;
        let words =
            "La famille dit être venue une demi-heure plus tard : vérifiez l’heure, puis enregistrez à nouveau.";
        let reason = Reason::new(words).map_err(DemoError::new)?;
        app.db.write(|tx| refuse::refuse(tx, &app.clock, who, id, &reason)).map_err(DemoError::new)
    }

    fn correct(&mut self, index: usize) -> Result<(), DemoError> {
        let app = &self.stage.app;
        let planned = &self.sessions[index];
        let Some(id) = planned.id else { return Ok(()) };
        let who = self.cast.psychologists[planned.followed.psychologist];
        let time = planned.slot.start_time() + Duration::minutes(15);
        let slot = Slot::new(planned.slot.on, time, Minutes(planned.slot.duration.0)).map_err(DemoError::new)?;
        let correction = Correction { slot, attendance: planned.attendance, place: place(planned) };
        app.db.write(|tx| correct::correct(tx, &app.clock, &app.vault, &who, id, &correction)).map_err(DemoError::new)
    }

    fn order(&self, month: Month) -> Result<Order, DemoError> {
        let convention = convention::of_month(self.stage, self.cast.coordinators[0].programmes[0], month)?;
        Ok(Order { month, convention, seen: None })
    }

    fn issue(&mut self, month: Month, psychologist: usize) -> Result<(), DemoError> {
        let app = &self.stage.app;
        let who = self.cast.psychologists[psychologist];
        let order = self.order(month)?;
        // the third has signed a billing mandate
        let issuance = match psychologist {
            2 => Issuance::Mandated { by: Actor::System, psychologist: who.id },
            _ => Issuance::Own(&who),
        };
        match app.db.write(|tx| invoices::issue::issue(tx, &app.clock, issuance, order)) {
            Ok(id) => {
                self.invoices.insert((month, psychologist), id);
                Ok(())
            }
            // a month of holidays bills nothing
            Err(Failure::Refused(invoices::issue::IssueRefusal::Preflight(_))) => Ok(()),
            Err(other) => Err(DemoError::new(other)),
        }
    }

    fn reissue(&mut self, month: Month, psychologist: usize) -> Result<(), DemoError> {
        let app = &self.stage.app;
        let Some(id) = self.invoices.get(&(month, psychologist)).copied() else { return Ok(()) };
        let who = self.cast.psychologists[psychologist];
        let again = app
            .db
            .write(|tx| {
                invoices::reissue::reissue(tx, &app.clock, &who, id, "Numéro d’engagement absent de la facture.")
            })
            .map_err(DemoError::new)?;
        self.invoices.insert((month, psychologist), again.invoice);
        Ok(())
    }

    fn step(&mut self, month: Month, psychologist: usize, step: Step) -> Result<(), DemoError> {
        let app = &self.stage.app;
        let Some(id) = self.invoices.get(&(month, psychologist)).copied() else { return Ok(()) };
        let (who, on) = (&self.cast.accountant, calendar::local_date(app.clock.now()));
        app.db
            .write(|tx| match step {
                Step::Deposit => invoices::deposit::deposit(tx, &app.clock, who, id, on),
                Step::Reject => invoices::reject::reject(
                    tx,
                    &app.clock,
                    who,
                    id,
                    "Le numéro d’engagement manque : facture à refaire.",
                ),
                Step::Order => invoices::order_payment::order_payment(tx, &app.clock, who, id, on),
                Step::Pay => invoices::pay::pay(tx, &app.clock, who, id, on),
            })
            .map_err(DemoError::new)
    }
}

/// What the accountant does with an invoice.
#[derive(Debug, Clone, Copy)]
enum Step {
    Deposit,
    Reject,
    Order,
    Pay,
}

/// Where the psychologist receives.
fn place(planned: &Planned) -> Option<String> {
    (planned.followed.psychologist == 0).then(|| "Cabinet, 1 rue des Exemples".to_owned())
}

/// A session of the week before, refused then and corrected since.
fn is_corrected_since(session: &Planned, monday: NaiveDate) -> bool {
    (monday - Days::new(7)..monday).contains(&session.slot.on)
}
