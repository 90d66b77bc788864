//! Growing pauses between attempts.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// The longest pause: what a waiter loses at most after the way is free.
const LONGEST: Duration = Duration::from_secs(2);

/// Pauses that double up to two seconds, each shortened by a random part, so that replicas that start together do
/// not ask together.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    /// Begins with a pause of at most `first`.
    pub fn new(first: Duration) -> Self {
        Backoff { next: first }
    }

    /// The next pause.
    pub fn pause(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(LONGEST);
        whole.mul_f64(0.5 + random_fraction() / 2.0)
    }
}

/// A number from 0 to 1. The standard library seeds its hash maps at random; a pause needs nothing better.
fn random_fraction() -> f64 {
    f64::from(RandomState::new().build_hasher().finish() as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_two_seconds_and_keep_at_least_half() {
        let mut backoff = Backoff::new(Duration::from_millis(50));
        for milliseconds in [50, 100, 200, 400, 800, 1600, 2000, 2000] {
            let whole = Duration::from_millis(milliseconds);
            let pause = backoff.pause();
            assert!(pause >= whole / 2 && pause <= whole, "{pause:?} of {whole:?}");
        }
    }
}
