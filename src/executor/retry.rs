use std::time::{Duration, Instant};

use crate::db::SqlErrorKind;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// When to try a segment again that met a lock timeout or a deadlock: pauses doubling from 200 ms to 10 s, until the
/// whole has taken `budget`.
pub(super) struct Retry {
    started: Instant,
    budget: Duration,
    attempt: u32,
}

impl Retry {
    pub(super) fn new(budget: Duration) -> Self {
        Retry { started: Instant::now(), budget, attempt: 0 }
    }

    /// How many tries there were.
    pub(super) fn attempt(&self) -> u32 {
        self.attempt
    }

    /// How long to wait before the next try; None when it would be pointless or too late.
    pub(super) fn next_pause(&mut self, kind: SqlErrorKind) -> Option<Duration> {
        if !kind.is_conflict() {
            return None;
        }
        self.attempt += 1;
        let pause = FIRST_PAUSE.saturating_mul(1 << (self.attempt - 1).min(16)).min(LONGEST_PAUSE);
        // Half of it varies, so that two runs that met each other do not meet again at once.
        let spread = u64::from(self.started.elapsed().subsec_nanos()) % 1000;
        let pause = pause / 2 + pause.mul_f64(spread as f64 / 2000.0);
        (self.started.elapsed() + pause < self.budget).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lock_conflicts_are_tried_again_and_not_for_ever() {
        let mut retry = Retry::new(Duration::from_secs(60));
        assert_eq!(retry.next_pause(SqlErrorKind::Statement), None);
        let first = retry.next_pause(SqlErrorKind::LockTimeout).expect("a pause");
        assert!(first >= FIRST_PAUSE / 2 && first <= FIRST_PAUSE);
        for _ in 0..4 {
            retry.next_pause(SqlErrorKind::Deadlock);
        }
        assert!(retry.next_pause(SqlErrorKind::Deadlock).is_some_and(|pause| pause <= LONGEST_PAUSE));
        assert_eq!(Retry::new(Duration::ZERO).next_pause(SqlErrorKind::LockTimeout), None);
    }
}
