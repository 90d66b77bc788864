//! What PostgreSQL's SQLSTATEs mean for a run.
//! <https://www.postgresql.org/docs/current/errcodes-appendix.html>

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

use crate::db::{Position, SqlError, SqlErrorKind};

/// All fields of the server's error.
pub(super) fn from_server(error: &dyn DatabaseError) -> SqlError {
    let Some(error) = error.try_downcast_ref::<PgDatabaseError>() else {
        return SqlError::new(SqlErrorKind::Protocol, error.message());
    };
    let position = match error.position() {
        Some(PgErrorPosition::Original(position)) => Some(Position::Character(position.saturating_sub(1))),
        // Within a text that is not in the file, such as a query that a function puts together.
        Some(PgErrorPosition::Internal { .. }) => None,
        None => Position::quoted(error.message(), '"'),
    };
    SqlError {
        kind: kind(error.code(), error.message()),
        message: error.message().to_owned(),
        code: Some(error.code().to_owned()),
        detail: error.detail().map(str::to_owned),
        hint: error.hint().map(str::to_owned),
        context: error.r#where().map(str::to_owned),
        position,
    }
}

pub(super) fn kind(code: &str, message: &str) -> SqlErrorKind {
    match code {
        // A SET TRANSACTION that comes too late has the same code.
        "25001" if !message.starts_with("SET TRANSACTION") => SqlErrorKind::InTransaction,
        // COMMIT in a procedure or a DO block
        "2D000" => SqlErrorKind::InTransaction,
        "42501" => SqlErrorKind::PermissionDenied,
        "25006" => SqlErrorKind::ReadOnly,
        "55P03" => SqlErrorKind::LockTimeout,
        "40P01" | "40001" => SqlErrorKind::Deadlock,
        // One code for both; where the server speaks another language, a cancelled statement is the likelier one.
        "57014" if message.contains("statement timeout") => SqlErrorKind::StatementTimeout,
        "57014" => SqlErrorKind::Cancelled,
        "28P01" | "28000" => SqlErrorKind::AuthenticationFailed,
        "58030" => SqlErrorKind::OutOfResources,
        "53300" => SqlErrorKind::NoFreeConnection,
        "XX001" | "XX002" => SqlErrorKind::Damaged,
        // idle_in_transaction_session_timeout, transaction_timeout; shutdown, crash, idle_session_timeout
        "25P03" | "25P04" | "57P01" | "57P02" | "57P03" | "57P05" => SqlErrorKind::ConnectionLost,
        _ => match code.get(..2) {
            Some("08") => SqlErrorKind::ConnectionLost,
            Some("53") => SqlErrorKind::OutOfResources,
            _ => SqlErrorKind::Statement,
        },
    }
}

/// What a code means instead when there is no session yet.
pub(super) fn at_login(error: &SqlError) -> Option<SqlErrorKind> {
    let message = error.message.as_str();
    match error.code.as_deref()? {
        "3D000" => Some(SqlErrorKind::DatabaseMissing),
        // CONNECT on the database was revoked, or the role may not log in.
        "42501" => Some(SqlErrorKind::AuthenticationFailed),
        "57P01" | "57P02" | "57P03" => Some(SqlErrorKind::Unreachable),
        // PgBouncer reports everything as a protocol violation.
        "08P01" if message.contains("no such database") => Some(SqlErrorKind::DatabaseMissing),
        "08P01" if message.contains("authentication failed") || message.contains("no such user") => {
            Some(SqlErrorKind::AuthenticationFailed)
        }
        code if code.starts_with("08") => Some(SqlErrorKind::Unreachable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_meaning() {
        for (code, message, expected) in [
            ("42601", "syntax error at or near \"x\"", SqlErrorKind::Statement),
            ("42P01", "relation \"x\" does not exist", SqlErrorKind::Statement),
            ("23505", "duplicate key value", SqlErrorKind::Statement),
            ("25001", "ALTER SYSTEM cannot run inside a transaction block", SqlErrorKind::InTransaction),
            ("25001", "SET TRANSACTION ISOLATION LEVEL must be called before any query", SqlErrorKind::Statement),
            ("2D000", "invalid transaction termination", SqlErrorKind::InTransaction),
            ("42501", "permission denied for schema public", SqlErrorKind::PermissionDenied),
            ("25006", "cannot execute in a read-only transaction", SqlErrorKind::ReadOnly),
            ("55P03", "canceling statement due to lock timeout", SqlErrorKind::LockTimeout),
            ("40P01", "deadlock detected", SqlErrorKind::Deadlock),
            ("40001", "could not serialize access", SqlErrorKind::Deadlock),
            ("57014", "canceling statement due to statement timeout", SqlErrorKind::StatementTimeout),
            ("57014", "canceling statement due to user request", SqlErrorKind::Cancelled),
            ("57P01", "terminating connection due to administrator command", SqlErrorKind::ConnectionLost),
            ("08006", "connection failure", SqlErrorKind::ConnectionLost),
            ("53100", "could not extend file", SqlErrorKind::OutOfResources),
            ("53300", "sorry, too many clients already", SqlErrorKind::NoFreeConnection),
        ] {
            assert_eq!(kind(code, message), expected, "{code} {message}");
        }
    }

    #[test]
    fn some_mean_something_else_before_there_is_a_session() {
        let at_login = |code: &str, message: &str| {
            at_login(&SqlError { code: Some(code.into()), ..SqlError::new(SqlErrorKind::Statement, message) })
        };
        assert_eq!(at_login("3D000", "database \"x\" does not exist"), Some(SqlErrorKind::DatabaseMissing));
        assert_eq!(at_login("57P03", "the database system is starting up"), Some(SqlErrorKind::Unreachable));
        assert_eq!(at_login("08P01", "no such database: x"), Some(SqlErrorKind::DatabaseMissing));
        assert_eq!(at_login("08P01", "password authentication failed"), Some(SqlErrorKind::AuthenticationFailed));
        assert_eq!(at_login("08P01", "server login has been failing"), Some(SqlErrorKind::Unreachable));
        assert_eq!(at_login("28P01", "password authentication failed"), None);
    }
}
