use super::{Error, ErrorKind, Excerpt, ServerMessage, line_and_column, statement_position};
use crate::db::{SqlError, SqlErrorKind};
use crate::model::Script;

/// How much of a statement is kept, in bytes: a bulk insert can have the size of the file.
const LONGEST_STATEMENT: usize = 4000;

/// The statement of a migration that a server refused.
#[derive(Debug, Clone, Copy)]
pub struct FailedStatement<'a> {
    /// The migration's label: `0002 add_orders`.
    pub label: &'a str,
    /// The file its text comes from, as shown to people.
    pub file: &'a str,
    /// The section it belongs to.
    pub script: &'a Script,
    /// Its index in the section.
    pub index: usize,
}

impl Error {
    /// A statement of a migration failed: says where in the file, and shows it.
    ///
    /// What was kept is the executor's knowledge: callers add it as notes, and change the kind where the step was
    /// not undone whole.
    pub fn from_statement(error: &SqlError, failed: &FailedStatement<'_>) -> Self {
        let span = statement_position(failed.script, failed.index, error.position.as_ref());
        let (line, column) = line_and_column(&failed.script.source, span.start);
        let message = format!("{} failed: {}", failed.label, error.message);
        let mut failure = Error::new(kind_in_migration(error.kind), message).at(failed.file, Some(line), Some(column));
        failure.excerpt = Some(Excerpt::around(&failed.script.source, span));
        failure.statement = Some(beginning(failed.script.statement_text(failed.index)));
        failure.server = server_message(error);
        failure.hints.extend(next_step(error.kind).map(str::to_string));
        failure
    }
}

/// An error of a statement of our own, or of connecting.
impl From<&SqlError> for Error {
    fn from(error: &SqlError) -> Self {
        let message = match error.kind {
            SqlErrorKind::ReadOnly => format!("the database is read-only: {}", error.message),
            _ => error.message.clone(),
        };
        let mut failure = Error::new(kind_elsewhere(error.kind), message);
        failure.server = server_message(error);
        failure.hints.extend(next_step(error.kind).map(str::to_string));
        failure
    }
}

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        Error::from(&error)
    }
}

/// For a statement of a migration, where everything of its step was undone.
fn kind_in_migration(kind: SqlErrorKind) -> ErrorKind {
    match kind {
        SqlErrorKind::Statement
        | SqlErrorKind::InTransaction
        | SqlErrorKind::PermissionDenied
        | SqlErrorKind::StatementTimeout
        | SqlErrorKind::OutOfResources
        | SqlErrorKind::Damaged
        | SqlErrorKind::Protocol => ErrorKind::Sql,
        other => kind_elsewhere(other),
    }
}

/// For the tool's own statements and for connecting.
fn kind_elsewhere(kind: SqlErrorKind) -> ErrorKind {
    match kind {
        SqlErrorKind::PermissionDenied
        | SqlErrorKind::ReadOnly
        | SqlErrorKind::NoFileAccess
        | SqlErrorKind::Damaged
        | SqlErrorKind::Tls
        | SqlErrorKind::LockIneffective
        | SqlErrorKind::TransactionPooler => ErrorKind::Refused,
        SqlErrorKind::LockTimeout
        | SqlErrorKind::Deadlock
        | SqlErrorKind::StatementTimeout
        | SqlErrorKind::Cancelled => ErrorKind::Blocked,
        SqlErrorKind::LockLost
        | SqlErrorKind::ConnectionLost
        | SqlErrorKind::Unreachable
        | SqlErrorKind::NoFreeConnection
        | SqlErrorKind::AuthenticationFailed
        | SqlErrorKind::DatabaseMissing
        | SqlErrorKind::OutOfResources
        | SqlErrorKind::Protocol => ErrorKind::Connection,
        // The tool's own SQL was refused: neither the user's files nor the server is to blame.
        SqlErrorKind::Statement | SqlErrorKind::InTransaction => ErrorKind::Bug,
    }
}

fn next_step(kind: SqlErrorKind) -> Option<&'static str> {
    match kind {
        SqlErrorKind::InTransaction => {
            Some("put `-- @dbwarden:autocommit` on the line before the statement: it then runs outside the transaction")
        }
        SqlErrorKind::PermissionDenied => {
            Some("grant the right to the user of the migrations, or set `role`; the README lists the rights it needs")
        }
        SqlErrorKind::ReadOnly => Some("point database_url (or migration_url) at the primary server"),
        SqlErrorKind::NoFileAccess => Some(
            "give the user that runs dbwarden the right to write the database file and its folder, where SQLite keeps \
             its journal",
        ),
        SqlErrorKind::Damaged => Some("restore a backup, or repair the database with the engine's own tools"),
        SqlErrorKind::LockTimeout => Some("run it again when the blocking session is gone, or raise `lock_timeout`"),
        SqlErrorKind::Deadlock => Some("run it again: the database ended this transaction to solve a conflict"),
        SqlErrorKind::StatementTimeout => Some("raise `statement_timeout`, in the configuration or in the file"),
        SqlErrorKind::Cancelled => Some("someone cancelled the statement on the server: run it again"),
        SqlErrorKind::LockLost | SqlErrorKind::ConnectionLost => {
            Some("run `dbwarden status`, then the same command again")
        }
        SqlErrorKind::Unreachable => {
            Some("check host and port with `dbwarden config`; `--wait-for-db` waits for a server that is starting")
        }
        SqlErrorKind::NoFreeConnection => Some(
            "end sessions that are not needed, or raise the limit of the server, the database or the user; \
             `--wait-for-db` waits for a free one",
        ),
        SqlErrorKind::AuthenticationFailed => {
            Some("check user and password; `dbwarden config` says where each comes from")
        }
        SqlErrorKind::DatabaseMissing => Some("create the database first, or correct its name in the URL"),
        SqlErrorKind::TransactionPooler => {
            Some("set migration_url to a direct connection, or to a pooler in session mode")
        }
        SqlErrorKind::LockIneffective => Some(
            "set migration_url to one server that every run uses, without a proxy before it; a server whose locks do \
             nothing (CockroachDB, for one) cannot keep two runs apart",
        ),
        SqlErrorKind::Tls => Some("check sslmode and sslrootcert; nothing was sent without TLS"),
        SqlErrorKind::OutOfResources => Some("free the resource on the server, then run it again"),
        SqlErrorKind::Statement | SqlErrorKind::Protocol => None,
    }
}

fn beginning(statement: &str) -> String {
    let end = statement.floor_char_boundary(LONGEST_STATEMENT);
    let cut = if end < statement.len() { "..." } else { "" };
    format!("{}{cut}", &statement[..end])
}

fn server_message(error: &SqlError) -> Option<ServerMessage> {
    let message = ServerMessage {
        code: error.code.clone(),
        detail: error.detail.clone(),
        hint: error.hint.clone(),
        context: error.context.clone(),
    };
    (message != ServerMessage::default()).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Position;
    use crate::model::StatementKind;
    use crate::model::test_support::script;

    #[test]
    fn a_failed_statement_says_where_and_what() {
        let script = script("select", &[StatementKind::Dml, StatementKind::Dml]);
        let mut error = SqlError::new(SqlErrorKind::Statement, "no such thing");
        error.position = Some(Position::Character(7));
        error.code = Some("42P01".into());
        let failed =
            FailedStatement { label: "0002 add_orders", file: "m/0002_add_orders.sql", script: &script, index: 1 };
        let error = Error::from_statement(&error, &failed);
        assert_eq!(error.kind, ErrorKind::Sql);
        assert_eq!(error.message, "0002 add_orders failed: no such thing");
        assert_eq!(error.location.expect("a place").to_string(), "m/0002_add_orders.sql:2:8");
        assert_eq!(error.statement.as_deref(), Some("select 1"));
        assert_eq!(error.server.expect("a code").code.as_deref(), Some("42P01"));
    }

    #[test]
    fn a_bulk_insert_is_not_repeated_whole() {
        assert_eq!(beginning("select 1"), "select 1");
        let long = beginning(&"ä".repeat(1_000_000));
        assert!(long.len() <= LONGEST_STATEMENT + 3 && long.ends_with("ä..."), "{}", long.len());
    }

    #[test]
    fn the_same_error_means_different_things_in_a_migration_and_elsewhere() {
        for (kind, in_migration, elsewhere) in [
            (SqlErrorKind::Statement, ErrorKind::Sql, ErrorKind::Bug),
            (SqlErrorKind::PermissionDenied, ErrorKind::Sql, ErrorKind::Refused),
            (SqlErrorKind::ReadOnly, ErrorKind::Refused, ErrorKind::Refused),
            (SqlErrorKind::NoFileAccess, ErrorKind::Refused, ErrorKind::Refused),
            (SqlErrorKind::Damaged, ErrorKind::Sql, ErrorKind::Refused),
            (SqlErrorKind::LockTimeout, ErrorKind::Blocked, ErrorKind::Blocked),
            (SqlErrorKind::Unreachable, ErrorKind::Connection, ErrorKind::Connection),
            (SqlErrorKind::Tls, ErrorKind::Refused, ErrorKind::Refused),
        ] {
            assert_eq!(kind_in_migration(kind), in_migration, "{kind:?}");
            assert_eq!(kind_elsewhere(kind), elsewhere, "{kind:?}");
        }
    }
}
