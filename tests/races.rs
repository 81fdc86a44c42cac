//! Many at once, from several connections: exactly what fits, whatever the database; the recount agrees.

use std::sync::Barrier;

use psypre::failure::Failure;
use psypre::ids::SessionId;
use psypre::quotas::QuotaRefusal;
use psypre::sessions::admission::AdmissionRefusal;
use psypre::sessions::approve::{Approval, approve};
use psypre::sessions::book::{BookRefusal, Booking, book};
use psypre::sessions::{Attendance, Slot, Viewer};

use crate::booking::{held, leave, slot};
use crate::on_both_databases;
use crate::recording::recorded;
use crate::support::app::TestApp;
use crate::support::world::World;

/// How many connections ask at the same time.
const THREADS: usize = 10;

/// Runs each attempt once, spread over threads that start together; gives all outcomes.
fn at_once<T: Send>(attempts: usize, attempt: impl Fn(usize) -> T + Sync) -> Vec<T> {
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

/// A slot that overlaps no other of its number.
fn nth_slot(n: usize) -> Slot {
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
