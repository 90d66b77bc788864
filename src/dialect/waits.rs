//! Waits for the locks of others that have to be brief.

use std::time::Duration;

use super::{Engine, literal};

/// How long: longer than others hold the lock of a table for a moment, and too brief to be noticed.
const BRIEF_WAIT: Duration = Duration::from_millis(200);

/// Has PostgreSQL wait only briefly for the locks of others, to the end of the message or of the transaction; never
/// longer than `lock_timeout`, where zero means without a bound.
///
/// For what is asked while connecting, because connecting itself is bounded and does not tell who is in the way, and for
/// what holds locks of its own meanwhile.
pub fn wait_briefly(lock_timeout: Option<Duration>) -> String {
    let timeout = lock_timeout.filter(|timeout| !timeout.is_zero()).map_or(BRIEF_WAIT, |limit| limit.min(BRIEF_WAIT));
    let quote = |text| literal(Engine::Postgres, text);
    let milliseconds = timeout.as_millis().max(1).to_string();
    format!("SELECT pg_catalog.set_config({}, {}, true)", quote("lock_timeout"), quote(&milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_brief_and_never_for_ever() {
        for (asked, expected) in [(None, 200), (Some(0), 200), (Some(5000), 200), (Some(50), 50)] {
            let text = wait_briefly(asked.map(Duration::from_millis));
            assert!(text.ends_with(&format!("E'lock_timeout', E'{expected}', true)")), "{asked:?} {text}");
        }
    }
}
