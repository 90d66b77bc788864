//! Waiting for the server's answer, with an eye on what happens meanwhile: a request to stop, or the end of its time,
//! ends the statement on the server, who keeps a slow statement waiting is found out and told, and a connection that has gone silent is given
//! up.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::limit::Limit;
use super::{Event, Interrupt};
use crate::db::{Blocker, Canceller, Liveness, Observation, Observer, SqlError};

/// How long a statement may go on after it was told to stop, until it is told again.
const CANCEL_AGAIN: Duration = Duration::from_millis(500);

/// How long a call goes unwatched: the ordinary one is over by then, and costs no second connection.
const UNWATCHED: Duration = Duration::from_secs(1);

/// How long between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// How often the same blockers are named again.
const TELL_AGAIN: Duration = Duration::from_secs(10);

/// What stands by while a call to the server runs.
pub(super) struct Watch<'a> {
    /// Hears of a request to stop; None where the call must get through (the tool's own writing is brief).
    pub interrupt: Option<&'a mut Interrupt>,
    pub canceller: Box<dyn Canceller>,
    pub observer: Box<dyn Observer>,
    /// How long each statement may run; None where the server sees to it.
    pub limit: Option<&'a Limit>,
    /// When to look first; see [`first_look`].
    pub first_look: Duration,
    /// Hears what was seen, and how long the call has been running.
    pub seen: &'a mut (dyn FnMut(Observation, Duration) + Send),
}

impl Watch<'_> {
    /// Waits for `work`; when somebody asks to stop, or a statement has taken too long, ends the statement on the server and hears how it ended. Dropping
    /// the call would leave it running there. Where cancelling fails, the server finishes by itself and the answer
    /// still comes.
    ///
    /// # Errors
    /// The connection is lost, although nobody said so: see [`Liveness`].
    pub(super) async fn over<T>(mut self, work: impl Future<Output = T>) -> Result<T, SqlError> {
        tokio::pin!(work);
        let started = Instant::now();
        let mut liveness = Liveness::new(self.observer.patience());
        let mut pause = self.first_look;
        loop {
            tokio::select! {
                // An answer that is there counts before what a look says of it.
                biased;
                result = &mut work => {
                    self.observer.close().await;
                    return Ok(result);
                }
                () = stop_requested(&mut self.interrupt) => break,
                () = is_over(self.limit) => break,
                look = look(&mut *self.observer, pause) => {
                    liveness.take_in(&look, Instant::now())?;
                    // What cannot be seen (no right, no free connection) stops nothing.
                    (self.seen)(look.unwrap_or_default(), started.elapsed());
                    pause = BETWEEN_LOOKS;
                }
            }
        }
        // Whoever asks to stop does not wait for a network that has gone.
        liveness = Liveness::new(self.observer.patience() / 5);
        loop {
            let _ = self.canceller.cancel().await;
            // The request may have come before the statement had arrived there, or between two of one message.
            if let Ok(result) = tokio::time::timeout(CANCEL_AGAIN, &mut work).await {
                self.observer.close().await;
                return Ok(result);
            }
            liveness.take_in(&self.observer.observe().await, Instant::now())?;
        }
    }
}

async fn stop_requested(interrupt: &mut Option<&mut Interrupt>) {
    match interrupt {
        Some(interrupt) => drop(interrupt.requested().await),
        None => std::future::pending().await,
    }
}

async fn is_over(limit: Option<&Limit>) {
    match limit {
        Some(limit) => limit.is_over().await,
        None => std::future::pending().await,
    }
}

/// One look after `pause`.
async fn look(observer: &mut dyn Observer, pause: Duration) -> Result<Observation, SqlError> {
    tokio::time::sleep(pause).await;
    observer.observe().await
}

/// When to look first: well before a lock timeout ends the wait, so that the blocker can be named with it also where
/// connecting takes its time.
pub(super) fn first_look(lock_timeout: Option<Duration>) -> Duration {
    match lock_timeout {
        Some(timeout) if !timeout.is_zero() => (timeout / 4).min(UNWATCHED),
        _ => UNWATCHED,
    }
}

/// Who keeps the step's statements waiting, over all tries.
#[derive(Debug, Default)]
pub(super) struct Blocked {
    blockers: Vec<Blocker>,
    now: bool,
    told: Option<(BTreeSet<i64>, Instant)>,
}

impl Blocked {
    /// A statement is about to be sent: what an earlier one waited for is over.
    pub(super) fn forget(&mut self) {
        self.blockers.clear();
        self.now = false;
    }

    /// Those who were last seen in the way.
    pub(super) fn blockers(&self) -> &[Blocker] {
        &self.blockers
    }

    /// Whether the last look saw any.
    pub(super) fn is_now(&self) -> bool {
        self.now
    }

    /// Takes in a look, and tells of it where it is news, or has not been told for a while.
    pub(super) fn seen(&mut self, observation: Observation, waited: Duration, tell: &mut dyn FnMut(Event<'_>)) {
        self.now = !observation.blockers.is_empty();
        if !self.now {
            return;
        }
        self.blockers = observation.blockers;
        let ids: BTreeSet<i64> = self.blockers.iter().map(|blocker| blocker.id).collect();
        let told = self.told.as_ref().is_some_and(|(before, at)| *before == ids && at.elapsed() < TELL_AGAIN);
        if !told {
            self.told = Some((ids, Instant::now()));
            tell(Event::Blocked { blockers: &self.blockers, waited });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_look_comes_before_a_lock_timeout() {
        for (timeout, expected) in [(None, 1000), (Some(0), 1000), (Some(5000), 1000), (Some(1000), 250)] {
            let look = first_look(timeout.map(Duration::from_millis));
            assert_eq!(look, Duration::from_millis(expected), "{timeout:?}");
        }
    }

    #[test]
    fn blockers_are_told_once_and_again_when_they_change() {
        let mut blocked = Blocked::default();
        let mut told = Vec::new();
        for ids in [&[7][..], &[7], &[], &[7], &[7, 8], &[8, 7]] {
            let blockers = ids.iter().map(|id| Blocker { id: *id, ..Blocker::default() }).collect();
            let observation = Observation { blockers, ..Observation::default() };
            blocked.seen(observation, Duration::ZERO, &mut |event| {
                if let Event::Blocked { blockers, .. } = event {
                    told.push(blockers.iter().map(|blocker| blocker.id).collect::<Vec<_>>());
                }
            });
        }
        assert_eq!(told, [vec![7], vec![7, 8]]);
        assert!(blocked.is_now());
        blocked.forget();
        assert!(blocked.blockers().is_empty() && !blocked.is_now());
    }
}
