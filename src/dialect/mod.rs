//! What differs between engines, as pure facts: data for the lexer and the classifier, limits, and the text of the
//! tool's own SQL. No connection is needed to ask any of it.

pub mod blocker_sql;
mod bookkeeping;
mod durability;
mod effect_sql;
mod event_sql;
mod forms;
mod grants;
mod history_sql;
mod journal_sql;
mod lex_rules;
mod literal;
pub mod lock_sql;
mod mysql;
mod postgres;
mod probe_sql;
mod role;
mod sqlite;
mod table_sizes;
mod table_sql;
mod took;
mod unfinished_sql;
mod waits;
mod warnings;

pub use bookkeeping::Tables;
pub use durability::{wait_for_the_disk, without_waiting};
pub use effect_sql::{
    LooksBefore, before, before_of, drop_index_concurrently, go_to_place, looks_before_each, place, read_only,
    select_leftovers, select_look,
};
pub use forms::{Continuation, Forms};
pub use grants::grant_for;
pub use history_sql::{LOCK_LOST, NewRow};
pub use journal_sql::{EventKind, NewEvent};
pub use lex_rules::{BodyRules, ClientCommands, LexRules};
pub use literal::{identifier, literal};
pub use role::{role_begin, role_end};
pub use table_sizes::{SELECT_ROWID_TABLES, select_sqlite_sizes, select_table_sizes};
pub use table_sql::{count_rows, list_tables};
pub use took::Took;
pub use unfinished_sql::{finish, select_unfinished};
pub use waits::wait_briefly;
pub use warnings::ask_for_warnings;

use std::fmt;

/// A database engine dbwarden knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// PostgreSQL.
    #[serde(rename = "postgresql")]
    Postgres,
    /// MySQL and MariaDB; which of the two is found on connecting.
    MySql,
    /// SQLite, embedded.
    Sqlite,
}

impl Engine {
    /// Every engine, for tests and messages that list them.
    pub const ALL: [Engine; 3] = [Engine::Postgres, Engine::MySql, Engine::Sqlite];

    /// The value of `database_type`.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Postgres => "postgresql",
            Engine::MySql => "mysql",
            Engine::Sqlite => "sqlite",
        }
    }

    /// Whether DDL takes part in transactions, so that a migration can be undone whole.
    pub fn transactional_ddl(self) -> bool {
        match self {
            Engine::Postgres | Engine::Sqlite => true,
            Engine::MySql => false,
        }
    }

    /// The query that lists violated foreign keys, where the engine does not check them by itself in our sessions:
    /// SQLite's are off, as in its shell, because with them on a table rebuild deletes child rows
    /// (<https://www.sqlite.org/lang_altertable.html#otheralter>).
    pub fn foreign_key_check(self) -> Option<&'static str> {
        match self {
            Engine::Sqlite => Some("PRAGMA main.foreign_key_check"),
            Engine::Postgres | Engine::MySql => None,
        }
    }

    /// The statement that opens a migration's transaction.
    pub fn begin(self) -> &'static str {
        match self {
            Engine::Postgres => "BEGIN",
            Engine::MySql => "START TRANSACTION",
            // Takes the write lock at once: a deferred transaction that reads first can fail with SQLITE_BUSY when
            // it wants to write, and waiting does not help then (https://www.sqlite.org/lang_transaction.html).
            Engine::Sqlite => "BEGIN IMMEDIATE",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Postgres => "PostgreSQL",
            Engine::MySql => "MySQL/MariaDB",
            Engine::Sqlite => "SQLite",
        })
    }
}
