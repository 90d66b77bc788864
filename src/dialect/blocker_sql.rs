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

/// The questions to a MySQL or MariaDB server about connection `id`. Each but the first may be refused: rights, plugins
/// and instruments differ. They expect the session's time zone to be the system's, which `trx_started` is in.
pub struct MySqlQuestions {
    id: i64,
    mariadb: bool,
}

impl MySqlQuestions {
    /// About connection `id` of a MariaDB, or of a MySQL.
    pub fn new(id: i64, mariadb: bool) -> Self {
        MySqlQuestions { id, mariadb }
    }

    /// The connection's own command and state; no row where there is none.
    pub fn own(&self) -> String {
        format!("SELECT COMMAND, STATE FROM information_schema.PROCESSLIST WHERE ID = {}", self.id)
    }

    /// Who holds the row lock it waits for.
    pub fn row_locks(&self) -> String {
        let id = self.id;
        if self.mariadb {
            return format!(
                "SELECT DISTINCT {} FROM information_schema.INNODB_TRX AS own \
                 JOIN information_schema.INNODB_LOCK_WAITS AS w ON w.requesting_trx_id = own.trx_id \
                 JOIN information_schema.INNODB_TRX AS t ON t.trx_id = w.blocking_trx_id \
                 LEFT JOIN information_schema.PROCESSLIST AS p ON p.ID = t.trx_mysql_thread_id \
                 WHERE own.trx_mysql_thread_id = {id} ORDER BY t.trx_started LIMIT 20",
                self.columns("t.trx_mysql_thread_id", "t.trx_started", "1")
            );
        }
        format!(
            "SELECT DISTINCT {} FROM performance_schema.threads AS own \
             JOIN performance_schema.data_lock_waits AS w ON w.REQUESTING_THREAD_ID = own.THREAD_ID \
             {OTHER_THREAD} ON b.THREAD_ID = w.BLOCKING_THREAD_ID {OF_THREAD} \
             WHERE own.PROCESSLIST_ID = {id} LIMIT 20",
            self.columns("b.PROCESSLIST_ID", "t.trx_started", "1")
        )
    }

    /// Who holds the metadata lock it waits for. MariaDB lists only what is granted: where the connection itself has a
    /// lock on the same table it is certain, else it is any holder of a lock in this database.
    pub fn metadata_locks(&self) -> String {
        let id = self.id;
        if self.mariadb {
            let certain = format!(
                "EXISTS (SELECT 1 FROM information_schema.METADATA_LOCK_INFO AS own WHERE own.THREAD_ID = {id} \
                 AND own.LOCK_TYPE = m.LOCK_TYPE AND own.TABLE_SCHEMA = m.TABLE_SCHEMA AND own.TABLE_NAME = m.TABLE_NAME)"
            );
            return format!(
                "SELECT DISTINCT {} FROM information_schema.METADATA_LOCK_INFO AS m \
                 LEFT JOIN information_schema.PROCESSLIST AS p ON p.ID = m.THREAD_ID \
                 LEFT JOIN information_schema.INNODB_TRX AS t ON t.trx_mysql_thread_id = m.THREAD_ID \
                 WHERE m.THREAD_ID NOT IN ({id}, CONNECTION_ID()) AND m.LOCK_TYPE = 'Table metadata lock' \
                 AND m.TABLE_SCHEMA = DATABASE() ORDER BY 11 DESC LIMIT 20",
                self.columns("m.THREAD_ID", "t.trx_started", &certain)
            );
        }
        format!(
            "SELECT DISTINCT {} FROM performance_schema.threads AS own \
             JOIN performance_schema.metadata_locks AS w ON w.OWNER_THREAD_ID = own.THREAD_ID \
             AND w.LOCK_STATUS = 'PENDING' \
             JOIN performance_schema.metadata_locks AS g ON g.LOCK_STATUS = 'GRANTED' \
             AND g.OBJECT_TYPE = w.OBJECT_TYPE AND g.OBJECT_SCHEMA <=> w.OBJECT_SCHEMA \
             AND g.OBJECT_NAME <=> w.OBJECT_NAME AND g.OWNER_THREAD_ID <> own.THREAD_ID \
             {OTHER_THREAD} ON b.THREAD_ID = g.OWNER_THREAD_ID {OF_THREAD} \
             WHERE own.PROCESSLIST_ID = {id} LIMIT 20",
            self.columns("b.PROCESSLIST_ID", "t.trx_started", "1")
        )
    }

    /// Who may be it: sessions of this database that have had a transaction open, or run a statement, for longer than
    /// the connection waits.
    pub fn suspects(&self) -> String {
        format!(
            "SELECT {} FROM information_schema.PROCESSLIST AS p \
             JOIN information_schema.PROCESSLIST AS own ON own.ID = {id} \
             LEFT JOIN information_schema.INNODB_TRX AS t ON t.trx_mysql_thread_id = p.ID \
             WHERE {OTHERS} AND (p.COMMAND <> 'Sleep' AND p.TIME >= own.TIME \
             OR t.trx_started <= NOW() - INTERVAL own.TIME SECOND) ORDER BY t.trx_started IS NULL, t.trx_started LIMIT 5",
            self.columns("p.ID", "t.trx_started", "0"),
            id = self.id
        )
    }

    /// The same for a user who may not see transactions: an idle session may have one open.
    pub fn suspects_without_rights(&self) -> String {
        format!(
            "SELECT {} FROM information_schema.PROCESSLIST AS p \
             JOIN information_schema.PROCESSLIST AS own ON own.ID = {id} \
             WHERE {OTHERS} AND p.TIME >= own.TIME ORDER BY p.COMMAND = 'Sleep', p.TIME DESC LIMIT 5",
            self.columns("p.ID", "NULL", "0"),
            id = self.id
        )
    }

    /// The columns of a blocker out of the process list `p`.
    fn columns(&self, id: &str, transaction: &str, certain: &str) -> String {
        let in_transaction = match transaction {
            "NULL" => "'idle, perhaps in a transaction'".to_owned(),
            started => format!("IF({started} IS NULL, 'idle', 'idle in transaction')"),
        };
        let millis = if self.mariadb { "CAST(p.TIME_MS AS SIGNED)" } else { "p.TIME * 1000" };
        // MySQL remembers a session's last statement and what its client calls itself; MariaDB does neither by default.
        let (application, query) = match (self.mariadb, id) {
            (false, "b.PROCESSLIST_ID") => ("c.ATTR_VALUE", "COALESCE(p.INFO, e.SQL_TEXT)"),
            _ => ("NULL", "p.INFO"),
        };
        let since = "DATE_FORMAT(UTC_TIMESTAMP() - INTERVAL p.TIME SECOND, '%Y-%m-%dT%H:%i:%sZ')";
        format!(
            "{id}, p.USER, {application}, \
             IF(p.HOST LIKE '%:%', LEFT(p.HOST, CHAR_LENGTH(p.HOST) - LOCATE(':', REVERSE(p.HOST))), p.HOST), \
             IF(p.COMMAND = 'Sleep', {in_transaction}, CONCAT_WS(': ', p.COMMAND, NULLIF(p.STATE, ''))), {since}, \
             {millis}, TIMESTAMPDIFF(SECOND, {transaction}, NOW()) * 1000, IF(p.COMMAND = 'Sleep', NULL, {since}), \
             {query}, {certain}"
        )
    }
}

/// Other sessions of this database that are not themselves waiting.
const OTHERS: &str = "p.ID NOT IN (own.ID, CONNECTION_ID()) AND p.DB = DATABASE() AND p.USER <> 'system user' \
                      AND p.COMMAND <> 'Daemon' AND COALESCE(p.STATE, '') NOT LIKE 'Waiting for %lock'";

/// MySQL's own view of a thread, and what it knows of it.
const OTHER_THREAD: &str = "JOIN performance_schema.threads AS b";
const OF_THREAD: &str = "LEFT JOIN information_schema.PROCESSLIST AS p ON p.ID = b.PROCESSLIST_ID \
                         LEFT JOIN information_schema.INNODB_TRX AS t ON t.trx_mysql_thread_id = b.PROCESSLIST_ID \
                         LEFT JOIN performance_schema.events_statements_current AS e ON e.THREAD_ID = b.THREAD_ID \
                         AND e.NESTING_EVENT_ID IS NULL \
                         LEFT JOIN performance_schema.session_connect_attrs AS c ON c.PROCESSLIST_ID = b.PROCESSLIST_ID \
                         AND c.ATTR_NAME = 'program_name'";

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
