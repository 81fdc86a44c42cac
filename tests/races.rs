//! Many at once, from several connections: exactly what fits, whatever the database; the recount agrees.

use std::collections::BTreeMap;
use std::sync::Barrier;

use chrono::TimeDelta;
use diesel::prelude::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use psypre::checks;
use psypre::failure::Failure;
use psypre::hours::Minutes;
use psypre::ids::{ChildId, SessionId};
use psypre::quotas::QuotaRefusal;
use psypre::schema::{quotas, referrals, session_decisions, session_revisions, sessions};
use psypre::sessions::admission::AdmissionRefusal;
use psypre::sessions::approve::{Approval, approve};
use psypre::sessions::book::{BookRefusal, Booking, book};
use psypre::sessions::book_many::{Chosen, ManyRefused, Plan, book_many};
use psypre::sessions::cancel::{cancel, cancel_with_following};
use psypre::sessions::correct::{Correction, correct};
use psypre::sessions::freed::take;
use psypre::sessions::record::{Recording, record, record_booked};
use psypre::sessions::refuse::refuse;
use psypre::sessions::reschedule::{Move, reschedule};
use psypre::sessions::restore::restore;
use psypre::sessions::undo_record::undo_record;
use psypre::sessions::want_earlier::want_earlier;
use psypre::sessions::withdraw::withdraw;
use psypre::sessions::{Attendance, Reason, Slot, Viewer};

use crate::booking::{held, leave, slot};
use crate::on_both_databases;
use crate::recording::recorded;
use crate::support::app::{NOW, TestApp};
use crate::support::world::World;

/// How many connections ask at the same time.
const THREADS: usize = 20;

/// Runs each attempt once, spread over threads that start together; gives all outcomes.
pub fn at_once<T: Send>(attempts: usize, attempt: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(THREADS);
    let (attempt, barrier) = (&attempt, &barrier);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    barrier.wait();
                    (thread..attempts).step_by(THREADS).map(attempt).collect::<Vec<T>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// Books from a thread of its own.
fn try_to_book(app: &TestApp, who: &Viewer, asked: &Booking) -> Result<SessionId, Failure<BookRefusal>> {
    app.app.db.write(|tx| book(tx, &app.app.clock, &app.app.vault, who, asked))
}

/// Books a series from a thread of its own.
fn try_to_book_many(app: &TestApp, who: &Viewer, plan: &Plan) -> Result<Vec<SessionId>, Failure<ManyRefused>> {
    app.app.db.write(|tx| book_many(tx, &app.app.clock, &app.app.vault, who, plan))
}

/// Times of a child with the first psychologist, whatever is unusual about them.
fn plan(world: &World, child: ChildId, slots: &[Slot]) -> Plan {
    let chosen = slots.iter().map(|slot| Chosen { slot: *slot, although_unusual: true }).collect();
    Plan { child, psychologist: world.claire, place: None, chosen, request: None }
}

/// A slot that overlaps no other of its number.
pub fn nth_slot(n: usize) -> Slot {
    let (day, quarter) = (n / 40, n % 40);
    slot(&format!("2026-12-{:02}", day + 1), &format!("{:02}:{:02}", 8 + quarter / 4, quarter % 4 * 15), 15)
}

on_both_databases! {
    /// Two hundred attempts of a quarter of an hour on the last ten hours of a quota: forty fit.
    fn the_last_hours_of_a_quota_are_given_once(app: &TestApp) {
        let world = World::new(app);
        let child = world.child(world.longvic, "Zoé", "Exemple");
        world.referral(child, world.claire, 200 * 15);
        leave(&world, world.longvic, 40 * 15);
        let who = Viewer::from(&world.psychologist());
        let outcomes = at_once(200, |n| {
            try_to_book(app, &who, &Booking { child, psychologist: world.claire, slot: nth_slot(n), place: None })
        });
        let booked = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let exhausted = outcomes.iter().filter(|outcome| {
            matches!(outcome, Err(Failure::Refused(BookRefusal::Admission(AdmissionRefusal::Quota(QuotaRefusal::Exhausted { .. })))))
        });
        assert_eq!((booked, exhausted.count()), (40, 160));
        assert_eq!(held(&world, world.longvic), (600, 0));
    }

    /// Forty children want the same hour of the same psychologist: one has it, and one hour is held.
    fn the_same_slot_is_given_once(app: &TestApp) {
        let world = World::new(app);
        let children: Vec<_> = (0..40).map(|n| world.entrusted_child(world.dijon, &format!("Enfant {n}"), "Exemple")).collect();
        let who = Viewer::from(&world.psychologist());
        let wanted = slot("2026-12-01", "09:00", 60);
        let outcomes = at_once(children.len(), |n| {
            try_to_book(app, &who, &Booking { child: children[n], psychologist: world.claire, slot: wanted, place: None })
        });
        let busy = outcomes.iter().filter(|outcome| {
            matches!(outcome, Err(Failure::Refused(BookRefusal::Admission(AdmissionRefusal::PsychologistBusy { .. }))))
        });
        assert_eq!((busy.count(), outcomes.iter().filter(|outcome| outcome.is_ok()).count()), (39, 1));
        assert_eq!(held(&world, world.dijon), (60, 0));
    }

    /// A thousand bookings of the same ten slots give ten sessions, and ten hours are held.
    fn a_thousand_bookings_of_ten_slots_give_ten_sessions(app: &TestApp) {
        let world = World::new(app);
        let children: Vec<_> = (0..50).map(|n| world.entrusted_child(world.dijon, &format!("Enfant {n}"), "Exemple")).collect();
        let who = Viewer::from(&world.psychologist());
        let outcomes = at_once(1000, |n| {
            let slot = slot("2026-12-01", &format!("{:02}:00", 8 + n % 10), 60);
            // ten children ask for the ten slots first: one who had them all would have no minutes left to ask with
            let child = children[(n / 10 + n % 10 * 5) % 50];
            try_to_book(app, &who, &Booking { child, psychologist: world.claire, slot, place: None })
        });
        let busy = outcomes.iter().filter(|outcome| {
            matches!(outcome, Err(Failure::Refused(BookRefusal::Admission(
                AdmissionRefusal::PsychologistBusy { .. } | AdmissionRefusal::ChildBusy { .. }
            ))))
        });
        assert_eq!((outcomes.iter().filter(|outcome| outcome.is_ok()).count(), busy.count()), (10, 990));
        assert_eq!(held(&world, world.dijon), (600, 0));
    }

    /// Twenty children want the same four weeks: one series is whole, and nothing is kept of the others.
    fn the_same_series_is_given_once(app: &TestApp) {
        let world = World::new(app);
        let children: Vec<_> = (0..20).map(|n| world.entrusted_child(world.dijon, &format!("Enfant {n}"), "Exemple")).collect();
        let who = Viewer::from(&world.psychologist());
        let wanted = ["2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15"].map(|on| slot(on, "09:00", 60));
        let outcomes = at_once(children.len(), |n| try_to_book_many(app, &who, &plan(&world, children[n], &wanted)));
        assert_eq!(outcomes.iter().filter(|outcome| outcome.as_ref().is_ok_and(|ids| ids.len() == 4)).count(), 1);
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(Failure::Refused(_)))).count(), 19);
        assert_eq!(held(&world, world.dijon), (240, 0));
    }

    /// Ten sessions move to the same hour at once, some with what follows them: one has it.
    fn the_same_hour_is_moved_to_once(app: &TestApp) {
        let world = World::new(app);
        let who = Viewer::from(&world.psychologist());
        let booked: Vec<SessionId> = (0..10)
            .map(|n| {
                let child = world.entrusted_child(world.dijon, &format!("Enfant {n}"), "Exemple");
                let weeks = ["2026-11-24", "2026-12-01"].map(|on| slot(on, &format!("{:02}:00", 8 + n), 60));
                try_to_book_many(app, &who, &plan(&world, child, &weeks)).unwrap()[0]
            })
            .collect();
        let outcomes = at_once(booked.len(), |n| {
            let slot = slot("2026-12-02", "09:00", 60);
            let to = Move { slot, place: None, with_following: n % 2 == 0, although_unusual: false };
            app.app.db.write(|tx| reschedule(tx, &app.app.clock, &app.app.vault, &who, booked[n], &to))
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(Failure::Refused(_)))).count(), 9);
        assert_eq!(held(&world, world.dijon), (1200, 0));
    }

    /// Approve pressed twenty times at once approves once.
    fn approve_pressed_at_once_approves_once(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let id = recorded(&world, child, slot("2026-11-19", "09:00", 60), Attendance::Held);
        let who = world.coordinator(world.chenove);
        let outcomes = at_once(20, |_| app.app.db.write(|tx| approve(tx, &app.app.clock, &who, id)).unwrap());
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Approval::Done).count(), 1);
        assert_eq!(held(&world, world.chenove), (0, 60));
    }
}

/// What somebody tries to do; sessions are chosen among those made so far.
#[derive(Debug, Clone)]
enum Attempt {
    Book(Slot),
    /// The same time, so many weeks.
    Series(Slot, u32),
    Move(usize, Slot, bool),
    CancelFollowing(usize),
    Restore(usize),
    Earlier(usize, bool),
    /// A session is given up, and another takes its place.
    Take(usize, usize),
    Record(Slot, Attendance),
    RecordBooked(usize, Attendance),
    Correct(usize, Slot, Attendance),
    Cancel(usize, bool),
    Undo(usize),
    Approve(usize),
    Refuse(usize),
    Withdraw(usize),
    Wait(i64),
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let attendance = || proptest::sample::select(Attendance::ALL);
    let of_day = |from: u32, until: u32| {
        (from..=until, 8u32..12, 1i32..=8).prop_map(|(day, hour, quarters)| {
            slot(&format!("2026-11-{day:02}"), &format!("{hour:02}:00"), quarters * 15)
        })
    };
    let attempt = prop_oneof![
        3 => of_day(20, 24).prop_map(Attempt::Book),
        3 => (of_day(20, 24), 2..7u32).prop_map(|(slot, weeks)| Attempt::Series(slot, weeks)),
        3 => (0..9usize, of_day(20, 30), any::<bool>()).prop_map(|(n, slot, all)| Attempt::Move(n, slot, all)),
        1 => (0..9usize).prop_map(Attempt::CancelFollowing),
        3 => (0..9usize).prop_map(Attempt::Restore),
        1 => (0..9usize, any::<bool>()).prop_map(|(n, wanted)| Attempt::Earlier(n, wanted)),
        3 => (0..9usize, 0..9usize).prop_map(|(n, other)| Attempt::Take(n, other)),
        4 => (of_day(16, 20), attendance()).prop_map(|(slot, what)| Attempt::Record(slot, what)),
        5 => (0..9usize, attendance()).prop_map(|(n, what)| Attempt::RecordBooked(n, what)),
        2 => (0..9usize, of_day(16, 21), attendance()).prop_map(|(n, slot, what)| Attempt::Correct(n, slot, what)),
        1 => (0..9usize, any::<bool>()).prop_map(|(n, by_coordinator)| Attempt::Cancel(n, by_coordinator)),
        1 => (0..9usize).prop_map(Attempt::Undo),
        3 => (0..9usize).prop_map(Attempt::Approve),
        2 => (0..9usize).prop_map(Attempt::Refuse),
        4 => (0..9usize).prop_map(Attempt::Withdraw),
        3 => (1..48i64).prop_map(Attempt::Wait),
    ];
    proptest::collection::vec(attempt, 1..30)
}

/// Makes one attempt; gives whether it was done, and adds the session that it made.
fn make(world: &World, child: ChildId, made: &mut Vec<SessionId>, attempt: &Attempt) -> bool {
    let app = &world.app.app;
    let (clock, vault, psychologist) = (&app.clock, &app.vault, world.psychologist());
    let (coordinator, reason) = (world.coordinator(world.chenove), Reason::new("motif").unwrap());
    let (own, theirs) = (Viewer::from(&psychologist), Viewer::from(&coordinator));
    let chosen = |n: usize| made.get(n % made.len().max(1)).copied().unwrap_or_else(SessionId::new);
    let new = match attempt.clone() {
        Attempt::Book(slot) => {
            let asked = Booking { child, psychologist: world.claire, slot, place: None };
            app.db.write(|tx| book(tx, clock, vault, &own, &asked)).ok()
        }
        Attempt::Series(slot, weeks) => {
            let week = |n: u32| chrono::Days::new(u64::from(n) * 7);
            let days = (0..weeks).filter_map(|n| Slot::new(slot.on + week(n), slot.start_time(), slot.duration).ok());
            let plan = plan(world, child, &days.collect::<Vec<_>>());
            let Ok(ids) = try_to_book_many(world.app, &own, &plan) else { return false };
            made.extend(ids);
            return true;
        }
        Attempt::Move(n, slot, with_following) => {
            let (id, to) = (chosen(n), Move { slot, place: None, with_following, although_unusual: true });
            return app.db.write(|tx| reschedule(tx, clock, vault, &theirs, id, &to)).is_ok();
        }
        Attempt::CancelFollowing(n) => {
            let id = chosen(n);
            return app.db.write(|tx| cancel_with_following(tx, clock, &theirs, id, None)).is_ok();
        }
        Attempt::Restore(n) => {
            let id = chosen(n);
            return app.db.write(|tx| restore(tx, clock, vault, &own, id)).is_ok();
        }
        Attempt::Earlier(n, wanted) => {
            let id = chosen(n);
            return app.db.write(|tx| want_earlier(tx, clock, &own, id, wanted)).is_ok();
        }
        Attempt::Take(n, other) => {
            let (freed, taker) = (chosen(n), chosen(other));
            let given_up_and_taken = app.db.write(|tx| {
                // one that was cancelled already is refused here, and may be taken all the same
                let _ = tx.attempt(|tx| cancel(tx, clock, &own, freed, None));
                take(tx, clock, vault, &own, freed, taker)
            });
            return given_up_and_taken.is_ok();
        }
        Attempt::Record(slot, attendance) => {
            let asked = Recording { child, slot, attendance, place: None };
            app.db.write(|tx| record(tx, clock, vault, &psychologist, &asked)).ok()
        }
        Attempt::RecordBooked(n, what) => {
            let id = chosen(n);
            return app.db.write(|tx| record_booked(tx, clock, vault, &psychologist, id, what)).is_ok();
        }
        Attempt::Correct(n, slot, attendance) => {
            let (id, new) = (chosen(n), Correction { slot, attendance, place: None });
            return app.db.write(|tx| correct(tx, clock, vault, &psychologist, id, &new)).is_ok();
        }
        Attempt::Cancel(n, by_coordinator) => {
            let (id, who) = (chosen(n), if by_coordinator { &theirs } else { &own });
            return app.db.write(|tx| cancel(tx, clock, who, id, None)).is_ok();
        }
        Attempt::Undo(n) => {
            let id = chosen(n);
            return app.db.write(|tx| undo_record(tx, clock, &psychologist, id)).is_ok();
        }
        Attempt::Approve(n) => {
            let id = chosen(n);
            return app.db.write(|tx| approve(tx, clock, &coordinator, id)).is_ok();
        }
        Attempt::Refuse(n) => {
            let id = chosen(n);
            return app.db.write(|tx| refuse(tx, clock, &coordinator, id, &reason)).is_ok();
        }
        Attempt::Withdraw(n) => {
            let id = chosen(n);
            return app.db.write(|tx| withdraw(tx, clock, &coordinator, id, &reason)).is_ok();
        }
        Attempt::Wait(hours) => {
            clock.advance(TimeDelta::hours(hours));
            return true;
        }
    };
    made.extend(new);
    new.is_some()
}

on_both_databases! {
    /// Whatever people try in whatever order, what is refused changes nothing, and every invariant holds.
    fn whatever_is_tried_every_invariant_holds(app: &TestApp) {
        try_whatever(app);
    }
}

fn try_whatever(app: &TestApp) {
    let world = World::new(app);
    let done_by_kind = std::cell::RefCell::new(BTreeMap::<String, usize>::new());
    let try_case = |attempts: Vec<Attempt>| {
        app.app.clock.set(NOW.parse().unwrap());
        forget_sessions(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let (reserved, used) = held(&world, world.chenove);
        leave(&world, world.chenove, reserved + used + 300);
        let mut made = Vec::new();
        for attempt in &attempts {
            let before = held(&world, world.chenove);
            let is_done = make(&world, child, &mut made, attempt);
            let kind = format!("{attempt:?}").split('(').next().unwrap_or_default().to_owned();
            *done_by_kind.borrow_mut().entry(kind).or_default() += usize::from(is_done);
            prop_assert!(is_done || held(&world, world.chenove) == before, "{attempt:?} was refused and moved minutes");
        }
        let broken = app.read(checks::run);
        if broken.is_empty() { Ok(()) } else { Err(TestCaseError::fail(format!("{broken:?}"))) }
    };
    // a verb that was always refused would prove nothing: the rarest, which needs two others before it, may take its time
    for _ in 0..8 {
        let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
        runner.run(&attempts(), try_case).unwrap();
        if done_by_kind.borrow().values().all(|done| *done > 0) {
            return;
        }
    }
    panic!("always refused: {:?}", done_by_kind.borrow());
}

/// Begins again with an empty agenda: otherwise the later cases would find every hour taken.
fn forget_sessions(app: &TestApp) {
    app.write(|tx| {
        let conn = &mut **tx;
        diesel::delete(session_decisions::table).execute(conn)?;
        diesel::delete(session_revisions::table).execute(conn)?;
        diesel::delete(sessions::table).execute(conn)?;
        let none = Minutes::ZERO;
        diesel::update(quotas::table)
            .set((quotas::reserved_minutes.eq(none), quotas::used_minutes.eq(none)))
            .execute(conn)?;
        diesel::update(referrals::table)
            .set((referrals::reserved_minutes.eq(none), referrals::used_minutes.eq(none)))
            .execute(conn)
    });
}
