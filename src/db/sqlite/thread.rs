//! The thread that SQLite works on: it owns the connection, and does what it is sent, one call after the other.
//!
//! SQLite works on the thread that calls it, and the runtime's own has signals and clocks to listen to. It is one
//! thread for the whole session, because memory that several have in hand is spread over as many heaps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Error, ffi};
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::statements::Worker;
use super::waits;
use crate::db::{SqlError, SqlErrorKind};
use crate::heap;

/// Instructions of SQLite's virtual machine between two looks at [`Stop`]: well under a millisecond.
const STEPS_BETWEEN_CHECKS: i32 = 1000;

/// How long either side looks for the other's next word before it sleeps: to wake a sleeping thread takes longer than
/// most calls do. Nothing where there is one processor for both.
const LOOKS: Duration = Duration::from_micros(50);

/// What SQLite keeps of the pages it has read, unless told otherwise (<https://www.sqlite.org/pragma.html#pragma_cache_size>).
const ROOM: usize = 1_900_000;

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// The way to the thread.
pub(super) struct SqliteThread {
    jobs: Sender<Job>,
    stop: Arc<Stop>,
    looks: Duration,
    thread: JoinHandle<()>,
    closed: oneshot::Receiver<()>,
}

impl SqliteThread {
    pub fn start(connection: Connection) -> rusqlite::Result<Self> {
        let stop = Arc::new(Stop::default());
        let seen = Arc::clone(&stop);
        connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(move || seen.is_asked_for()))?;
        let given_up = Arc::clone(&stop);
        let (jobs, queue) = channel();
        let (closing, closed) = oneshot::channel();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let looks = if processors > 1 { LOOKS } else { Duration::ZERO };
        let thread = std::thread::Builder::new()
            .name("sqlite".to_owned())
            .spawn(move || {
                waits::allow(Duration::ZERO, move || given_up.is_asked_for());
                work_off(connection, &queue, looks, closing);
            })
            .map_err(|error| Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_NOMEM), Some(error.to_string())))?;
        Ok(SqliteThread { jobs, stop, looks, thread, closed })
    }

    /// What ends a call that is going on.
    pub fn stop(&self) -> Arc<Stop> {
        Arc::clone(&self.stop)
    }

    /// Has `work` done, and waits for its end. Where the wait is given up, so is the work, and the next call begins when
    /// it has ended: nothing goes on unseen.
    ///
    /// # Errors
    /// Where the thread has ended, which it does by a panic only.
    pub async fn call<T: Send + 'static>(
        &mut self,
        patience: Duration,
        work: impl FnOnce(&Worker<'_>) -> T + Send + 'static,
    ) -> Result<T, SqlError> {
        let (answer, mut answered) = oneshot::channel();
        let (call, stop) = (self.stop.issue(), self.stop());
        let job = move |connection: &Connection| {
            stop.begin(call);
            waits::allow_for(patience);
            // Nobody hears it who has given up.
            let _ = answer.send(work(&Worker { connection, stop: &stop, patience }));
        };
        let mut unheard = Unheard { stop: &self.stop, call: Some(call) };
        let _ = self.jobs.send(Box::new(job));
        let at_once = look_for(self.looks, || match answered.try_recv() {
            Ok(answer) => Some(Ok(answer)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => Some(Err(())),
        });
        let ended = match at_once {
            Some(ended) => ended,
            None => answered.await.map_err(drop),
        };
        unheard.call = None;
        ended.map_err(|_| SqlError::new(SqlErrorKind::Protocol, "the thread that SQLite works on has ended"))
    }

    /// Closes the file, after the calls that are going on. That can write, too: the last one to leave empties the
    /// write-ahead log.
    pub async fn close(self) {
        drop(self.jobs);
        let _ = self.closed.await;
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

fn work_off(connection: Connection, queue: &Receiver<Job>, looks: Duration, closing: oneshot::Sender<()>) {
    // A `DROP TABLE` gives back what the next one takes again.
    heap::keep_room();
    heap::make_room(ROOM);
    while let Some(job) = look_for(looks, || queue.try_recv().ok()).or_else(|| queue.recv().ok()) {
        job(&connection);
    }
    drop(connection);
    let _ = closing.send(());
}

/// Looks for something again and again, for so long.
fn look_for<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        let found = look();
        if found.is_some() || started.elapsed() >= patience {
            return found;
        }
        std::hint::spin_loop();
    }
}

/// Which calls are to end before they have come to their end. They are numbered from 1 on.
#[derive(Debug, Default)]
pub(super) struct Stop {
    issued: AtomicU64,
    running: AtomicU64,
    /// This one and all before it.
    stopped: AtomicU64,
}

impl Stop {
    fn issue(&self) -> u64 {
        self.issued.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn begin(&self, call: u64) {
        self.running.store(call, Ordering::SeqCst);
    }

    /// Ends the calls that were made so far, also one that has not begun yet.
    pub fn ask(&self) {
        self.ask_for(self.issued.load(Ordering::SeqCst));
    }

    fn ask_for(&self, call: u64) {
        self.stopped.fetch_max(call, Ordering::SeqCst);
    }

    /// Whether the running call is one of them.
    pub fn is_asked_for(&self) -> bool {
        self.running.load(Ordering::Relaxed) <= self.stopped.load(Ordering::Relaxed)
    }
}

/// Ends a call that nobody waits for any more.
struct Unheard<'a> {
    stop: &'a Stop,
    call: Option<u64>,
}

impl Drop for Unheard<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.call {
            self.stop.ask_for(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_for_the_calls_that_were_made_and_for_no_later_one() {
        let stop = Stop::default();
        let first = stop.issue();
        stop.begin(first);
        assert!(!stop.is_asked_for());
        let second = stop.issue();
        stop.ask_for(first);
        assert!(stop.is_asked_for());
        stop.begin(second);
        assert!(!stop.is_asked_for());
        stop.ask();
        assert!(stop.is_asked_for());
        stop.begin(stop.issue());
        assert!(!stop.is_asked_for());
    }
}
