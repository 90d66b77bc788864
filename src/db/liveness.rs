//! A silent network: nothing comes any more, and nobody says so. While an answer takes long, a second connection asks
//! the server about the session; what it says, or its own silence, ends the wait.

use std::time::{Duration, Instant};

use super::{Activity, Observation, Observer, SqlError, SqlErrorKind};

/// How long a call of the tool's own goes unwatched.
const UNWATCHED: Duration = Duration::from_secs(2);

/// How long between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Whether a session that does not answer still can, after what is seen of it from outside.
#[derive(Debug)]
pub struct Liveness {
    patience: Duration,
    out_of_reach: Option<Instant>,
    not_at_work: Option<Instant>,
}

impl Liveness {
    /// For a session of which the server may be out of reach for `patience`. A fifth of it is enough where the server
    /// itself says that it is not at work for the session any more: only an answer on its way is then waited for.
    pub fn new(patience: Duration) -> Self {
        Liveness { patience, out_of_reach: None, not_at_work: None }
    }

    /// Takes in a look at the time `now`. An error once the session counts as lost.
    ///
    /// # Errors
    /// [`SqlErrorKind::ConnectionLost`].
    pub fn take_in(&mut self, look: &Result<Observation, SqlError>, now: Instant) -> Result<(), SqlError> {
        let silent = |error: &SqlError| matches!(error.kind, SqlErrorKind::Unreachable | SqlErrorKind::ConnectionLost);
        let (since, limit, what) = match look {
            // A refused login is an answer too.
            Err(error) if silent(error) => (&mut self.out_of_reach, self.patience, "the server cannot be reached"),
            Ok(Observation { activity: Activity::Gone, .. }) => {
                (&mut self.not_at_work, self.patience / 5, "the server has ended the session")
            }
            Ok(Observation { activity: Activity::Idle, .. }) => {
                (&mut self.not_at_work, self.patience / 5, "the server has answered, and the answer did not arrive")
            }
            _ => {
                (self.out_of_reach, self.not_at_work) = (None, None);
                return Ok(());
            }
        };
        // Never at the first look: an answer may have been on its way.
        let since = *since.get_or_insert(now);
        if since == now || now.duration_since(since) < limit {
            return Ok(());
        }
        Err(SqlError::new(SqlErrorKind::ConnectionLost, format!("the connection was lost: {what}")))
    }
}

/// Waits for `call`, and ends the wait when the session is lost. `call` must not be used any more then, nor the
/// session it is made on.
///
/// # Errors
/// [`SqlErrorKind::ConnectionLost`].
pub(super) async fn heard<T>(mut observer: Box<dyn Observer>, call: impl Future<Output = T>) -> Result<T, SqlError> {
    let mut liveness = Liveness::new(observer.patience());
    tokio::pin!(call);
    let mut pause = UNWATCHED;
    loop {
        let look = async {
            tokio::time::sleep(pause).await;
            observer.observe().await
        };
        tokio::select! {
            // An answer that is there counts before what a look says of it.
            biased;
            answer = &mut call => {
                observer.close().await;
                return Ok(answer);
            }
            look = look => liveness.take_in(&look, Instant::now())?,
        }
        pause = BETWEEN_LOOKS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_given_up_after_its_time_and_not_at_one_look() {
        let seen = |activity| Ok(Observation { activity, ..Observation::default() });
        let failed = |kind| Err(SqlError::new(kind, "no"));
        let silent = || failed(SqlErrorKind::Unreachable);
        let refused = || failed(SqlErrorKind::OutOfResources);
        for (looks, lost_at) in [
            (vec![(0, seen(Activity::Idle)), (14, seen(Activity::Idle)), (15, seen(Activity::Gone))], Some(15)),
            (vec![(0, seen(Activity::Idle)), (14, seen(Activity::Busy)), (16, seen(Activity::Idle))], None),
            (vec![(0, silent()), (74, silent()), (75, silent())], Some(75)),
            (vec![(0, silent()), (74, seen(Activity::Unknown)), (76, silent())], None),
            (vec![(0, refused()), (100, refused()), (200, refused())], None),
            (vec![(0, seen(Activity::Gone))], None),
        ] {
            let (mut liveness, start) = (Liveness::new(Duration::from_secs(75)), Instant::now());
            let lost = looks
                .iter()
                .find(|(second, look)| liveness.take_in(look, start + Duration::from_secs(*second)).is_err());
            assert_eq!(lost.map(|(second, _)| *second), lost_at, "{looks:?}");
        }
    }

    #[test]
    fn no_single_look_is_enough_even_without_patience() {
        let (mut liveness, now) = (Liveness::new(Duration::ZERO), Instant::now());
        let gone = Ok(Observation { activity: Activity::Gone, ..Observation::default() });
        assert!(liveness.take_in(&gone, now).is_ok());
        assert!(liveness.take_in(&gone, now + Duration::from_secs(1)).is_err());
    }
}
