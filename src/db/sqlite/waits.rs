//! How a connection to a SQLite file waits for the lock of another.
//!
//! The lock has no queue: whoever asks while it is free has it. SQLite's own wait asks ever less often
//! (<https://www.sqlite.org/c3ref/busy_timeout.html>), and starves beside somebody who writes all the time.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::db::SessionOptions;

/// The pause before the lock is asked for again. What others leave free between two transactions is shorter still.
const PAUSE: Duration = Duration::from_millis(1);

/// Of the work that goes on on a thread: the handler that SQLite calls has no state of its own.
struct Waits {
    patience: Duration,
    is_given_up: Box<dyn Fn() -> bool>,
    begun: Instant,
}

thread_local! {
    static WAITS: RefCell<Option<Waits>> = const { RefCell::new(None) };
}

/// How long a statement waits for a lock: what was asked, else a time that lets an application finish its transaction.
pub fn patience(options: &SessionOptions) -> Duration {
    match options.lock_timeout {
        None => Duration::from_secs(5),
        Some(Duration::ZERO) => Duration::MAX,
        Some(timeout) => timeout,
    }
}

/// How long the connections that are used on this thread wait from now on, and what ends a wait earlier.
pub fn allow(patience: Duration, is_given_up: impl Fn() -> bool + 'static) {
    let waits = Waits { patience, is_given_up: Box::new(is_given_up), begun: Instant::now() };
    WAITS.set(Some(waits));
}

/// From now on `patience` is how long; what ends a wait earlier stays.
pub(super) fn allow_for(patience: Duration) {
    WAITS.with_borrow_mut(|waits| {
        if let Some(waits) = waits {
            waits.patience = patience;
        }
    });
}

/// Has `connection` wait as [`allow`] says on the thread that uses it, and not at all where nothing is said.
///
/// `PRAGMA busy_timeout` takes this back.
///
/// # Errors
/// SQLite's.
pub fn govern(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(ask_again))
}

/// Called for the `asked`th time (from 0 on) in one wait.
fn ask_again(asked: i32) -> bool {
    WAITS.with_borrow_mut(|waits| {
        let Some(waits) = waits else { return false };
        if asked == 0 {
            waits.begun = Instant::now();
        }
        let again = waits.begun.elapsed() < waits.patience && !(waits.is_given_up)();
        if again {
            std::thread::sleep(PAUSE);
        }
        again
    })
}

#[cfg(test)]
#[allow(missing_docs, reason = "tests")]
pub mod tests {
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Runs `work` beside somebody who writes into the database at `path` all the time, on a slow disk.
    pub fn beside_one_who_never_rests<T>(path: &Path, work: impl FnOnce() -> T) -> T {
        struct Over<'a>(&'a AtomicBool);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let over = AtomicBool::new(false);
        let writer = Connection::open(path).unwrap();
        writer.busy_timeout(Duration::from_secs(60)).unwrap();
        writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
        std::thread::scope(|scope| {
            let _over = Over(&over);
            let over = &over;
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    // The disk.
                    std::thread::sleep(Duration::from_millis(30));
                    writer.execute_batch("COMMIT").unwrap();
                    // The rest of the work, in which others have their only chance.
                    let begun = Instant::now();
                    while begun.elapsed() < Duration::from_micros(300) {
                        std::hint::spin_loop();
                    }
                    writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
                }
                writer.execute_batch("COMMIT").unwrap();
            });
            work()
        })
    }

    #[test]
    fn a_lock_timeout_of_zero_is_none() {
        let waits = |lock_timeout| patience(&SessionOptions { lock_timeout, ..SessionOptions::default() });
        assert_eq!(waits(None), Duration::from_secs(5));
        assert_eq!(waits(Some(Duration::from_millis(25))), Duration::from_millis(25));
        assert_eq!(waits(Some(Duration::ZERO)), Duration::MAX);
    }

    #[test]
    fn a_wait_ends_with_the_patience_or_when_it_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let holder = Connection::open(folder.path().join("app.db")).unwrap();
        holder.execute_batch("CREATE TABLE t (a); BEGIN EXCLUSIVE").unwrap();
        let waiting = Connection::open(folder.path().join("app.db")).unwrap();
        govern(&waiting).unwrap();
        let refused = |waiting: &Connection| {
            let error = waiting.execute_batch("SELECT count(*) FROM t").unwrap_err();
            assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy), "{error}");
        };
        refused(&waiting);
        let started = Instant::now();
        allow(Duration::from_millis(20), || false);
        refused(&waiting);
        assert!(started.elapsed() >= Duration::from_millis(20));
        let asked = std::rc::Rc::new(std::cell::Cell::new(0));
        let seen = std::rc::Rc::clone(&asked);
        allow(Duration::MAX, move || {
            seen.set(seen.get() + 1);
            seen.get() == 3
        });
        refused(&waiting);
        assert_eq!(asked.get(), 3);
    }
}
