//! What the program does by itself while it serves: it queues what the day brings, and sends the mails that wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::{NaiveDate, Timelike};

use crate::accounts::unused;
use crate::app::App;
use crate::keys::KeysError;
use crate::keys::announce::Announcer;
use crate::mailer::{Mailer, MailerError, Round};
use crate::seals::seal;
use crate::{calendar, data_requests, day_before, privacy, readings, reminders};

/// How soon a mail leaves after what causes it, and a change of keys is followed.
const PAUSE: Duration = Duration::from_secs(2);
/// How often to look at the calendar.
const REMINDERS: Duration = Duration::from_secs(300);
/// The hour in Dijon from which what is kept no longer is deleted.
const EARLIEST: u32 = 5;
/// How long to leave a peer that fails alone, at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Why the program does not start to work by itself.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// No mail could ever leave.
    #[error(transparent)]
    Mailer(#[from] MailerError),
    /// The keys are not those of the database.
    #[error("keys: {0}")]
    Keys(#[from] KeysError),
    /// No thread starts.
    #[error("thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// The threads that work beside the server. When they go away, the mail in hand is finished first.
#[derive(Debug)]
pub struct Worker {
    stopping: Arc<AtomicBool>,
    /// Each wakes its thread when it goes away.
    wakes: Vec<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Worker {
    /// Announces the keys that are here, then starts working.
    ///
    /// # Errors
    /// When the way out of mails cannot be read from the settings, a key is missing, or no thread starts.
    pub fn start(app: App) -> Result<Self, WorkerError> {
        let mut mailer = day_before::mailer(&app)?;
        let mut announcer = Announcer::new();
        announcer.follow(&app.db, &app.clock, &app.vault)?;
        let stopping = Arc::new(AtomicBool::new(false));
        let mut working = Self { stopping: Arc::clone(&stopping), wakes: Vec::new(), threads: Vec::new() };
        let keys_app = app.clone();
        working.spawn("keys", move |woken| follow_keys(&keys_app, announcer, &woken))?;
        working.spawn("mail", move |woken| work(&app, &mut mailer, &stopping, &woken))?;
        Ok(working)
    }

    fn spawn(&mut self, name: &str, body: impl FnOnce(Receiver<()>) + Send + 'static) -> std::io::Result<()> {
        let (wake, woken) = channel();
        self.threads.push(std::thread::Builder::new().name(name.to_owned()).spawn(move || body(woken))?);
        self.wakes.push(wake);
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.wakes.clear();
        for thread in self.threads.drain(..) {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                tracing::error!(name, "a thread that works beside the server had panicked");
            }
        }
    }
}

/// Follows the keys until the server stops.
fn follow_keys(app: &App, mut announcer: Announcer, woken: &Receiver<()>) {
    while woken.recv_timeout(PAUSE) != Err(RecvTimeoutError::Disconnected) {
        if let Err(e) = announcer.follow(&app.db, &app.clock, &app.vault) {
            tracing::error!(error = %e, "the keys cannot be followed");
        }
    }
    if let Err(e) = announcer.leave(&app.db) {
        tracing::warn!(error = %e, "the server could not say that it stops");
    }
}

/// Seals the journal of the day, and deletes old logs.
fn keep_house(app: &App) {
    if let Err(e) = seal::run(&app.db, &app.clock, &app.vault, app.config.publisher.dpo_email.as_deref()) {
        tracing::error!(error = %e, "the journal cannot be sealed");
    }
    if let Some(Err(e)) = app.config.logs.as_ref().map(|logs| logs.purge(app.clock.today())) {
        tracing::error!(error = %e, "old logs cannot be deleted");
    }
}

fn work(app: &App, mailer: &mut Mailer, stopping: &AtomicBool, woken: &Receiver<()>) {
    let stop = || stopping.load(Ordering::SeqCst);
    let mut pause = PAUSE;
    let mut reminded: Option<Instant> = None;
    let mut kept_on: Option<NaiveDate> = None;
    while !stop() {
        if reminded.is_none_or(|at| at.elapsed() >= REMINDERS) {
            reminded = Some(Instant::now());
            if let Err(e) = unused::run(&app.db, &app.clock) {
                tracing::error!(error = %e, "unused accounts cannot be closed");
            }
            if let Err(e) = reminders::run(&app.db, &app.clock) {
                tracing::error!(error = %e, "reminders cannot be queued");
            }
            kept_on = keep_to_terms(app, kept_on);
            keep_house(app);
        }
        pause = match mailer.drain(&app.db, &app.clock, &stop) {
            Ok(Round { cut_short: None, .. }) => PAUSE,
            Ok(Round { cut_short: Some(why), .. }) => {
                tracing::warn!(%why, "mail cannot leave");
                (pause * 2).min(LONGEST_PAUSE)
            }
            Err(e) => {
                tracing::error!(error = %e, "the queue of mails cannot be read");
                (pause * 2).min(LONGEST_PAUSE)
            }
        };
        if woken.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// Once a day: deletes and destroys what is kept no longer. Gives the day for which it is done.
fn keep_to_terms(app: &App, done_on: Option<NaiveDate>) -> Option<NaiveDate> {
    let today = app.clock.today();
    if done_on == Some(today) || calendar::local_time(app.clock.now()).hour() < EARLIEST {
        return done_on;
    }
    let terms = app.config.retention;
    let outcome = privacy::retention::run(&app.db, &app.vault, &app.clock, terms)
        .and_then(|done| data_requests::notices::remind(&app.db, &app.clock).map(|()| done))
        .and_then(|done| readings::purge(&app.db, &app.clock, terms.readings_months).map(|_| done));
    match outcome {
        Ok(done) => {
            if !done.destroyed.is_empty() {
                tracing::info!(identities = done.destroyed.len(), "destroyed at the end of their retention");
            }
            Some(today)
        }
        Err(e) => {
            tracing::error!(error = %e, "what is kept no longer cannot be deleted");
            done_on
        }
    }
}
