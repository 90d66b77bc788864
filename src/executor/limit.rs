//! `statement_timeout` where the server does not see to it: MySQL's `max_execution_time` is for `SELECT` alone
//! (<https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_max_execution_time>), and SQLite has
//! nothing of the kind.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::db::{SqlError, SqlErrorKind};

/// How long each statement of a call may run.
pub(super) struct Limit {
    each: Duration,
    since: Mutex<Instant>,
    is_over: AtomicBool,
}

impl Limit {
    /// From now on.
    pub(super) fn new(each: Duration) -> Self {
        Limit { each, since: Mutex::new(Instant::now()), is_over: AtomicBool::new(false) }
    }

    /// The next one begins.
    pub(super) fn statement_ended(&self) {
        *self.since() = Instant::now();
    }

    /// Waits until a statement has run for too long.
    pub(super) async fn is_over(&self) {
        loop {
            let end = *self.since() + self.each;
            if end <= Instant::now() {
                self.is_over.store(true, Ordering::Relaxed);
                return;
            }
            sleep_until(end).await;
        }
    }

    /// What ended a statement that was told to end.
    pub(super) fn explain(&self, error: SqlError) -> SqlError {
        if error.kind != SqlErrorKind::Cancelled || !self.is_over.load(Ordering::Relaxed) {
            return error;
        }
        let message = format!("it ran longer than the statement timeout ({} ms)", self.each.as_millis());
        SqlError { kind: SqlErrorKind::StatementTimeout, message, ..error }
    }

    fn since(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_statement_has_its_own_time_and_only_its_end_by_us_is_a_timeout() {
        let limit = Limit::new(Duration::from_millis(30));
        let cancelled = || SqlError::new(SqlErrorKind::Cancelled, "interrupted");
        assert_eq!(limit.explain(cancelled()).kind, SqlErrorKind::Cancelled);
        let begun = Instant::now();
        tokio::join!(limit.is_over(), async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            limit.statement_ended();
        });
        assert!(begun.elapsed() >= Duration::from_millis(50), "{:?}", begun.elapsed());
        assert_eq!(limit.explain(cancelled()).kind, SqlErrorKind::StatementTimeout);
        let other = SqlError::new(SqlErrorKind::Statement, "no such table");
        assert_eq!(limit.explain(other).kind, SqlErrorKind::Statement);
    }
}
