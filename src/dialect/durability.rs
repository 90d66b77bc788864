//! Commits that do not wait for the disk, and what makes them durable.

use super::Engine;

/// Within a transaction: its commit does not wait for the disk. The log is written in order, so that the next commit
/// that waits makes this one durable, too; until then a crash of the server takes all of it back, or nothing
/// (<https://www.postgresql.org/docs/current/wal-async-commit.html>). None on engines that share commits otherwise.
pub fn without_waiting(engine: Engine) -> Option<&'static str> {
    (engine == Engine::Postgres).then_some("SET LOCAL synchronous_commit = off")
}

/// Waits until what was committed is on the disk: a commit of its own, which a write to the log makes one that waits.
/// Everybody may call the function, and nobody listens.
pub fn wait_for_the_disk(engine: Engine) -> Option<&'static str> {
    (engine == Engine::Postgres).then_some("SELECT pg_catalog.pg_logical_emit_message(true, 'dbwarden', '')")
}
