//! The text of the questions about a session that waits: is it there, what does it do, who keeps it waiting.
//!
//! Every query gives the same columns of a blocker, in this order: id, user, application, client, state, since (UTC,
//! RFC 3339), milliseconds in that state, milliseconds of its transaction, start of its statement (UTC, RFC 3339),
//! statement, and 1 where the server names it or 0 where it only may be it.

use super::Engine;

/// PostgreSQL's own operators: a role's search path may hold planted ones.
const IS: &str = "OPERATOR(pg_catalog.=)";

/// One row for each blocker of backend `pid`, or one whose blocker is NULL where it waits for nobody; none where there
/// is no such backend. Two columns stand before those of the blocker: the backend's own state, and what kind of thing
/// it waits for.
///
/// `pg_blocking_pids` stops the lock manager for a moment, so it is asked only where the backend waits for a lock
/// (<https://www.postgresql.org/docs/current/functions-info.html>).
pub fn postgres_observation(pid: i64) -> String {
    let utc =
        |column: &str| format!("pg_catalog.to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')");
    let millis = |column: &str| {
        format!(
            "(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) {column}) \
             OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8"
        )
    };
    format!(
        "SELECT own.state, own.wait_event_type, blocking.pid, a.usename, a.application_name, \
         pg_catalog.host(a.client_addr), a.state, {since}, {state_ms}, {transaction_ms}, {started}, a.query, 1 \
         FROM pg_catalog.pg_stat_activity AS own \
         LEFT JOIN LATERAL (SELECT DISTINCT pid FROM pg_catalog.unnest(\
         CASE WHEN own.wait_event_type {IS} 'Lock' THEN pg_catalog.pg_blocking_pids(own.pid) END) AS pid) AS blocking \
         ON TRUE \
         LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid {IS} blocking.pid \
         WHERE own.pid {IS} {pid} ORDER BY a.xact_start, blocking.pid",
        since = utc("a.state_change"),
        state_ms = millis("a.state_change"),
        transaction_ms = millis("a.xact_start"),
        started = utc("a.query_start"),
    )
}

/// What ends session `id` on a server.
pub fn end_session(engine: Engine, id: i64) -> Option<String> {
    match engine {
        // A prepared transaction has none.
        _ if id == 0 => None,
        Engine::Postgres => Some(format!("SELECT pg_terminate_backend({id})")),
        Engine::MySql => Some(format!("KILL {id}")),
        Engine::Sqlite => Some(format!("kill {id}")),
    }
}
