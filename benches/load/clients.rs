//! Clients that all work at once for a while.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What one client does again and again.
pub type Work<'w> = Box<dyn FnMut() + Send + 'w>;

/// How it went.
#[derive(Debug, Default, Clone)]
pub struct Spell {
    pub done: usize,
    pub took: Duration,
    /// Microseconds that each piece of work took.
    latencies: Vec<u32>,
}

impl Spell {
    /// Pieces of work a second.
    pub fn rate(&self) -> f64 {
        self.done as f64 / self.took.as_secs_f64()
    }

    /// Adds another spell of the same.
    pub fn add(&mut self, other: Self) {
        self.done += other.done;
        self.took += other.took;
        self.latencies.extend(other.latencies);
    }

    /// Milliseconds within which this part of the work was done.
    pub fn within(&self, part: f64) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        sorted.get((last as f64 * part) as usize).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

/// Lets clients work for a while; each ends what it began.
pub fn during(clients: Vec<Work<'_>>, spell: Duration) -> Spell {
    let stop = AtomicBool::new(false);
    together(
        clients,
        |client| {
            while !stop.load(Ordering::Relaxed) {
                client.once();
            }
        },
        || {
            std::thread::sleep(spell);
            stop.store(true, Ordering::Relaxed);
        },
    )
}

/// Lets clients work a number of times each.
pub fn times(clients: Vec<Work<'_>>, times: usize) -> Spell {
    together(clients, |client| (0..times).for_each(|_| client.once()), || {})
}

struct Client<'w> {
    work: Work<'w>,
    latencies: Vec<u32>,
}

impl Client<'_> {
    fn once(&mut self) {
        let started = Instant::now();
        (self.work)();
        self.latencies.push(u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
}

fn together(clients: Vec<Work<'_>>, live: impl Fn(&mut Client<'_>) + Sync, meanwhile: impl FnOnce()) -> Spell {
    let start = Barrier::new(clients.len() + 1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = clients
            .into_iter()
            .map(|work| {
                scope.spawn(|| {
                    let mut client = Client { work, latencies: Vec::new() };
                    start.wait();
                    live(&mut client);
                    client.latencies
                })
            })
            .collect();
        start.wait();
        let started = Instant::now();
        meanwhile();
        let latencies: Vec<u32> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        Spell { done: latencies.len(), took: started.elapsed(), latencies }
    })
}
