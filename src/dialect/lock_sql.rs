//! The SQL text of the migration lock on a server. SQLite has none: there it is a lock of the operating system.
//!
//! Function names are qualified where the engine knows schemas, so that a planted function does not get called.

use crate::model::sha256_hex;

/// The class of the tool's advisory locks on PostgreSQL, apart from those of applications: `dbwd` in ASCII.
const CLASS: u32 = 0x6462_7764;

/// PostgreSQL's own equality: a role's search path may hold a planted one.
const IS: &str = "OPERATOR(pg_catalog.=)";

/// The lock of one history table on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockSql {
    /// An advisory lock; its scope is the database.
    Postgres {
        /// The second half of its key, as `pg_locks` shows it.
        object: u32,
    },
    /// A named lock; its scope is the whole server.
    MySql {
        /// Lower case, and short enough for MySQL's 64 characters.
        name: String,
    },
}

impl LockSql {
    /// The lock of `schema.table` in the database of the session.
    pub fn postgres(schema: &str, table: &str) -> Self {
        let digest = sha256_hex(format!("{schema}\0{table}").as_bytes());
        // Eight hexadecimal digits always are a number.
        LockSql::Postgres { object: u32::from_str_radix(&digest[..8], 16).unwrap_or_default() }
    }

    /// The lock of `table` in `database`. In lower case, because servers may or may not tell names apart by case.
    pub fn mysql(database: &str, table: &str) -> Self {
        let digest = sha256_hex(format!("{}\0{}", database.to_lowercase(), table.to_lowercase()).as_bytes());
        LockSql::MySql { name: format!("dbwarden:{}", &digest[..40]) }
    }

    /// What makes reads that share a message with [`LockSql::try_acquire`] and come behind it see what was written
    /// before the lock was had: the message may be one transaction, and the first look of a transaction can decide what
    /// all of it sees.
    pub fn fresh_view(&self) -> &'static str {
        match self {
            // Where the server's default is a stricter level.
            LockSql::Postgres { .. } => "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
            // Ends the transaction of an earlier look, where the server's default is `autocommit = 0`.
            LockSql::MySql { .. } => "ROLLBACK",
        }
    }

    /// One cell: 1 when the lock was had, 0 when another session holds it, anything else is an error.
    pub fn try_acquire(&self) -> String {
        format!("SELECT {}", self.attempt())
    }

    /// The same as an expression.
    pub fn attempt(&self) -> String {
        match self {
            // Never the form that waits: CREATE INDEX CONCURRENTLY waits for every transaction, also for one that
            // waits for this lock.
            // Twice, as the server counts: see LockSql::fence.
            LockSql::Postgres { .. } => {
                let once = self.postgres_call("pg_try_advisory_lock");
                format!("(CASE WHEN {once} THEN {once} ELSE FALSE END)::pg_catalog.int4")
            }
            // 0 and not a negative time, which MariaDB answers with NULL at once.
            LockSql::MySql { name } => format!("GET_LOCK('{name}', 0)"),
        }
    }

    /// One cell: 1 when this session held the lock and gave it back.
    pub fn release(&self) -> String {
        match self {
            LockSql::Postgres { .. } => {
                let once = self.postgres_call("pg_advisory_unlock");
                format!("SELECT (CASE WHEN {once} THEN {once} ELSE FALSE END)::pg_catalog.int4")
            }
            LockSql::MySql { name } => format!("SELECT RELEASE_LOCK('{name}')"),
        }
    }

    /// A condition that holds while this very session has the lock.
    ///
    /// On PostgreSQL it gives back one of the two holds and takes it again, which only counts within the session:
    /// `pg_advisory_unlock` is true where this session has the lock, and the other hold keeps it from everybody else
    /// meanwhile (<https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADVISORY-LOCKS>). Looking
    /// into `pg_locks` costs ten times as much, a third of what creating a small table does.
    pub fn fence(&self) -> String {
        match self {
            LockSql::Postgres { .. } => format!(
                "CASE WHEN {} THEN {} ELSE FALSE END",
                self.postgres_call("pg_advisory_unlock"),
                self.postgres_call("pg_try_advisory_lock")
            ),
            LockSql::MySql { name } => format!("IS_USED_LOCK('{name}') = CONNECTION_ID()"),
        }
    }

    /// At most one row: session id, user, application, client, since, state, query; all but the first may be NULL.
    pub fn holder(&self) -> String {
        match self {
            LockSql::Postgres { .. } => format!(
                "SELECT l.pid, a.usename, a.application_name, \
                 pg_catalog.host(a.client_addr), \
                 pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
                 a.state, a.query \
                 FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid {IS} l.pid \
                 WHERE {}",
                self.pg_locks_condition()
            ),
            // The process list shows other users' sessions only with the PROCESS privilege: the id always comes.
            LockSql::MySql { name } => format!(
                "SELECT h.id, p.USER, NULL, p.HOST, NULL, \
                 CONCAT_WS(': ', p.COMMAND, NULLIF(p.STATE, '')), p.INFO \
                 FROM (SELECT IS_USED_LOCK('{name}') AS id) AS h \
                 LEFT JOIN information_schema.PROCESSLIST AS p ON p.ID = h.id WHERE h.id IS NOT NULL"
            ),
        }
    }

    /// Ends session `id`, if it still holds the lock: a row with 1 when it was told to. On MySQL the statement must
    /// be preceded by a look at [`LockSql::holder`], because `KILL` takes no condition.
    pub fn terminate(&self, id: i64) -> String {
        match self {
            LockSql::Postgres { .. } => format!(
                "SELECT pg_catalog.pg_terminate_backend(l.pid)::pg_catalog.int4 FROM pg_catalog.pg_locks AS l \
                 WHERE {} AND l.pid {IS} {id}",
                self.pg_locks_condition()
            ),
            LockSql::MySql { .. } => format!("KILL CONNECTION {id}"),
        }
    }

    /// A row whose second cell says for how many seconds the server has been up; None where a session's application
    /// name tells whose it is.
    pub fn uptime(&self) -> Option<&'static str> {
        match self {
            LockSql::Postgres { .. } => None,
            LockSql::MySql { .. } => Some("SHOW GLOBAL STATUS LIKE 'Uptime'"),
        }
    }

    /// One of PostgreSQL's functions on this lock's key, whose halves it takes as signed numbers.
    fn postgres_call(&self, function: &str) -> String {
        let LockSql::Postgres { object } = self else { return "FALSE".to_owned() };
        format!("pg_catalog.{function}({CLASS}, {})", *object as i32)
    }

    fn pg_locks_condition(&self) -> String {
        let LockSql::Postgres { object } = self else { return "FALSE".to_owned() };
        format!(
            "l.locktype {IS} 'advisory' AND l.classid {IS} {CLASS} AND l.objid {IS} {object} AND l.objsubid {IS} 2 \
             AND l.granted AND l.database {IS} (SELECT d.oid FROM pg_catalog.pg_database AS d \
             WHERE d.datname {IS} pg_catalog.current_database())"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_history_table_has_a_lock_of_its_own() {
        assert_ne!(LockSql::postgres("public", "a"), LockSql::postgres("public", "b"));
        assert_ne!(LockSql::postgres("a", "b_c"), LockSql::postgres("a_b", "c"));
        assert_ne!(LockSql::mysql("app", "t"), LockSql::mysql("app2", "t"));
        assert_eq!(LockSql::mysql("App", "T"), LockSql::mysql("app", "t"));
    }

    #[test]
    fn a_key_never_changes_between_releases() {
        // An old and a new dbwarden on one database must exclude each other.
        assert_eq!(LockSql::postgres("public", "_dbwarden_migrations"), LockSql::Postgres { object: 0xbcdf9060 });
        assert_eq!(
            LockSql::mysql("app", "_dbwarden_migrations"),
            LockSql::MySql { name: "dbwarden:fac1eac09fc4c79381cdd0bb98a9ac9c67ae3c7c".to_owned() }
        );
    }

    #[test]
    fn names_fit_into_mysql() {
        let LockSql::MySql { name } = LockSql::mysql(&"long".repeat(50), &"x".repeat(64)) else { panic!() };
        assert!(name.len() < 64);
        assert_eq!(name, name.to_lowercase());
    }

    #[test]
    fn a_key_above_the_signed_range_is_locked_signed_and_looked_up_unsigned() {
        let lock = LockSql::Postgres { object: u32::MAX };
        for call in [lock.try_acquire(), lock.release(), lock.fence()] {
            assert_eq!(call.matches(", -1)").count(), 2, "held twice: {call}");
        }
        assert!(lock.holder().contains(&format!("l.objid {IS} 4294967295")));
    }
}
