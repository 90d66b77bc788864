//! A session that holds the lock while others do the work.

use std::time::Duration;

use super::{Session, SqlError};

/// How long it says nothing: less than any server, proxy or firewall is known to bear.
const SILENCE: Duration = Duration::from_secs(1);

/// Does `work`, which is done elsewhere, while `session` says now and then that it is still there: servers end sessions
/// that say nothing for a while, and the migration lock with them. Afterwards the session is known to be there.
///
/// # Errors
/// The session's end, as soon as it is noticed; `work` is dropped then.
pub async fn kept_alive<T>(session: &mut dyn Session, work: impl Future<Output = T>) -> Result<T, SqlError> {
    tokio::pin!(work);
    loop {
        if let Ok(done) = tokio::time::timeout(SILENCE, &mut work).await {
            session.ping().await?;
            return Ok(done);
        }
        // An answer is always waited for: the session is to be used again.
        let ping = session.ping();
        tokio::pin!(ping);
        tokio::select! {
            biased;
            answer = &mut ping => answer?,
            done = &mut work => {
                ping.await?;
                return Ok(done);
            }
        }
    }
}
