//! Lets threads through one at a time, in the order in which they came.
//!
//! A mutex of the standard library is not fair: who just let it go takes it again before a thread that slept has woken,
//! so that under load a few go on while others wait for a second. Here each hands its turn to who has waited longest.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Who is through, and who waits.
#[derive(Debug, Default)]
pub struct Turnstile(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    is_taken: bool,
    waiting: VecDeque<Arc<Ticket>>,
}

/// Called when it is its holder's turn.
#[derive(Debug, Default)]
struct Ticket {
    called: Mutex<bool>,
    bell: Condvar,
}

/// A turn; the next in line has theirs when it goes away.
#[derive(Debug)]
pub struct Turn<'t>(&'t Turnstile);

impl Turnstile {
    /// Waits for one's turn.
    pub fn enter(&self) -> Turn<'_> {
        let mut queue = held(&self.0);
        if !queue.is_taken {
            queue.is_taken = true;
            return Turn(self);
        }
        let ticket = Arc::new(Ticket::default());
        queue.waiting.push_back(ticket.clone());
        drop(queue);
        let mut called = held(&ticket.called);
        while !*called {
            called = ticket.bell.wait(called).unwrap_or_else(PoisonError::into_inner);
        }
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut queue = held(&self.0.0);
        match queue.waiting.pop_front() {
            // still taken, by another
            Some(next) => {
                *held(&next.called) = true;
                next.bell.notify_one();
            }
            None => queue.is_taken = false,
        }
    }
}

/// What these hold is whole at every instant, even if a thread died.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn one_at_a_time_and_nobody_is_forgotten() {
        let (turnstile, inside, done) = (Turnstile::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let _turn = turnstile.enter();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(done.load(Ordering::SeqCst), 3200);
    }

    #[test]
    fn who_came_first_goes_first() {
        let (turnstile, order) = (Turnstile::default(), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            let first = turnstile.enter();
            for n in 0..8 {
                let (turnstile, order) = (&turnstile, &order);
                scope.spawn(move || {
                    let _turn = turnstile.enter();
                    held(order).push(n);
                });
                while held(&turnstile.0).waiting.len() <= n {
                    std::thread::yield_now();
                }
            }
            drop(first);
        });
        assert_eq!(held(&order).clone(), (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn a_thread_that_dies_gives_its_turn_back() {
        let turnstile = Turnstile::default();
        let died = std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    let _turn = turnstile.enter();
                    panic!("on purpose");
                })
                .join()
        });
        assert!(died.is_err());
        drop(turnstile.enter());
    }
}
