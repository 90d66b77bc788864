//! The connection, lent to one call at a time, and the thread that a call works on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Mutex;

use super::statements::Worker;
use crate::db::{SqlError, SqlErrorKind};

/// Instructions of SQLite's virtual machine between two looks at the cancel flag: well under a millisecond.
const STEPS_BETWEEN_CHECKS: i32 = 1000;

/// Lends the connection to whoever works on it.
///
/// SQLite works on the thread that calls it, and the runtime's own thread has signals and clocks to listen to: work is
/// done on another one. A future that is dropped stops its work there, and the next call begins when it has ended:
/// nothing goes on unseen, and the connection is never lost.
pub(super) struct Exclusive {
    connection: Arc<Mutex<Connection>>,
    cancelled: Arc<AtomicBool>,
}

impl Exclusive {
    pub fn new(connection: Connection) -> rusqlite::Result<Self> {
        let cancelled = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&cancelled);
        connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(move || flag.load(Ordering::Relaxed)))?;
        Ok(Exclusive { connection: Arc::new(Mutex::new(connection)), cancelled })
    }

    /// Raised, it ends the work that is going on.
    pub fn cancelled(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cancelled)
    }

    /// Has `work` done on another thread, and waits for its end.
    ///
    /// # Errors
    /// Where the program is ending and takes on no more work.
    pub async fn call<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce(&Worker<'_>) -> T + Send + 'static,
    ) -> Result<T, SqlError> {
        let lent = Arc::clone(&self.connection).lock_owned().await;
        self.cancelled.store(false, Ordering::Relaxed);
        let mut stop = StopWhenDropped(Some(self.cancelled()));
        let cancelled = self.cancelled();
        let working =
            tokio::task::spawn_blocking(move || work(&Worker { connection: &lent, cancelled: &cancelled, patience }));
        let ended = working.await;
        stop.0 = None;
        ended.map_err(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => SqlError::new(SqlErrorKind::ConnectionLost, "the connection was closed: the program is ending"),
        })
    }

    /// Closes the file, once the work that is going on has ended. Closing can write: the last one to leave empties the
    /// write-ahead log.
    pub async fn close(self) {
        let connection = self.connection.lock_owned().await;
        let _ = tokio::task::spawn_blocking(move || drop(connection)).await;
    }
}

/// Stops work whose end nobody waits for any more.
struct StopWhenDropped(Option<Arc<AtomicBool>>);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        if let Some(cancelled) = &self.0 {
            cancelled.store(true, Ordering::Relaxed);
        }
    }
}
