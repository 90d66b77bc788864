//! How long a migration took, as the database counts it.

use super::Engine;
use super::bookkeeping::Tables;

/// The setting that [`Tables::mark_time`] writes.
const MARK: &str = "dbwarden.began";

/// The same on MySQL and MariaDB, where it stays with the session.
const MARK_VARIABLE: &str = "@dbwarden_began";

/// How long a migration took, for its row and its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Took {
    /// Known when the row is made.
    Milliseconds(i64),
    /// The row travels in one message with the migration's statements: the database counts when it writes it.
    UntilWritten {
        /// When the migration began, in milliseconds since 1970, for engines that do not know when a transaction did.
        began: i64,
    },
    /// The same, since [`Tables::mark_time`].
    SinceMark,
    /// An even share of the time of the transaction that this many share (PostgreSQL).
    Share(usize),
}

impl Tables {
    /// Notes the time for [`Took::SinceMark`]: on PostgreSQL, which dates all transactions of a message with the
    /// message's arrival, in a setting that ends with the transaction. None where steps share no message.
    pub fn mark_time(&self) -> Option<String> {
        match self.engine {
            Engine::Postgres => Some(format!(
                "SELECT pg_catalog.set_config('{MARK}', CAST(EXTRACT(epoch FROM pg_catalog.clock_timestamp()) AS \
                 pg_catalog.text), true)"
            )),
            Engine::MySql => Some(format!("SET {MARK_VARIABLE} = {}", self.now())),
            Engine::Sqlite => None,
        }
    }

    /// An expression for a time in milliseconds.
    pub(super) fn milliseconds(&self, took: Took) -> String {
        let began = match took {
            Took::Milliseconds(milliseconds) => return milliseconds.to_string(),
            Took::UntilWritten { began } => began,
            Took::Share(of) => {
                return format!(
                    "CAST(EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) \
                     pg_catalog.transaction_timestamp()) OPERATOR(pg_catalog.*) {} AS bigint)",
                    1000.0 / of.max(1) as f64
                );
            }
            Took::SinceMark if self.engine == Engine::MySql => {
                return format!("TIMESTAMPDIFF(MICROSECOND, {MARK_VARIABLE}, {}) DIV 1000", self.now());
            }
            Took::SinceMark => {
                return format!(
                    "CAST((EXTRACT(epoch FROM pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.-) \
                     CAST(pg_catalog.current_setting('{MARK}') AS double precision)) OPERATOR(pg_catalog.*) 1000 AS \
                     bigint)"
                );
            }
        };
        match self.engine {
            Engine::Postgres => "CAST(EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) \
                                 pg_catalog.transaction_timestamp()) OPERATOR(pg_catalog.*) 1000 AS bigint)"
                .to_string(),
            Engine::MySql => format!("TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {}) DIV 1000 - {began}", self.now()),
            // Days, counted from noon in the year -4713: https://www.sqlite.org/lang_datefunc.html
            Engine::Sqlite => {
                format!("max(0, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) - {began})")
            }
        }
    }
}
