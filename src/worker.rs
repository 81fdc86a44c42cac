//! What the program does by itself while it serves: it queues what the day brings, and sends the mails that wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::app::App;
use crate::mailer::{Mailer, MailerError, Round};
use crate::{day_before, reminders};

/// How soon a mail leaves after what causes it.
const PAUSE: Duration = Duration::from_secs(2);
/// How often to look at the calendar.
const REMINDERS: Duration = Duration::from_secs(300);
/// How long to leave a peer that fails alone, at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Why the program does not start to work by itself.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// No mail could ever leave.
    #[error(transparent)]
    Mailer(#[from] MailerError),
    /// No thread starts.
    #[error("thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// The thread that works beside the server. When it goes away, the mail in hand is finished first.
#[derive(Debug)]
pub struct Worker {
    stopping: Arc<AtomicBool>,
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts working.
    ///
    /// # Errors
    /// When the way out of mails cannot be read from the settings, or no thread starts.
    pub fn start(app: App) -> Result<Self, WorkerError> {
        let mut mailer = day_before::mailer(&app)?;
        let stopping = Arc::new(AtomicBool::new(false));
        let (wake, woken) = channel();
        let theirs = Arc::clone(&stopping);
        let thread = std::thread::Builder::new()
            .name("mail".to_owned())
            .spawn(move || work(&app, &mut mailer, &theirs, &woken))?;
        Ok(Self { stopping, wake: Some(wake), thread: Some(thread) })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        drop(self.wake.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that sends mails had panicked");
        }
    }
}

fn work(app: &App, mailer: &mut Mailer, stopping: &AtomicBool, woken: &Receiver<()>) {
    let stop = || stopping.load(Ordering::SeqCst);
    let mut pause = PAUSE;
    let mut reminded: Option<Instant> = None;
    while !stop() {
        if reminded.is_none_or(|at| at.elapsed() >= REMINDERS) {
            reminded = Some(Instant::now());
            if let Err(e) = reminders::run(&app.db, &app.clock) {
                tracing::error!(error = %e, "reminders cannot be queued");
            }
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
