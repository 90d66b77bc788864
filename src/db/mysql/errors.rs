//! What MySQL's and MariaDB's error numbers mean for a run.
//! <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>,
//! <https://mariadb.com/kb/en/mariadb-error-code-reference/>

use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;

use crate::db::{Position, SqlError, SqlErrorKind};

/// Number, message and the place that a syntax error names.
pub(super) fn from_server(error: &dyn DatabaseError) -> SqlError {
    let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() else {
        return SqlError::new(SqlErrorKind::Protocol, error.message());
    };
    SqlError {
        code: Some(error.number().to_string()),
        position: position(error.message()),
        ..SqlError::new(kind(error.number(), error.message()), error.message())
    }
}

fn kind(number: u16, message: &str) -> SqlErrorKind {
    match number {
        // Access denied to database, table, column, routine, for a privilege
        1044 | 1142 | 1143 | 1227 | 1370 | 1410 | 1419 => SqlErrorKind::PermissionDenied,
        1045 | 1698 => SqlErrorKind::AuthenticationFailed,
        // "running with the --read-only option": the number serves every option
        1290 if message.contains("read-only") || message.contains("read_only") => SqlErrorKind::ReadOnly,
        1792 | 1836 => SqlErrorKind::ReadOnly,
        // Lock wait timeout; NOWAIT on MySQL
        1205 | 3572 => SqlErrorKind::LockTimeout,
        // Deadlock; record changed since the snapshot; deadlock of a metadata lock in XA
        1213 | 1020 | 1614 => SqlErrorKind::Deadlock,
        // max_statement_time of MariaDB, max_execution_time of MySQL
        1969 | 3024 => SqlErrorKind::StatementTimeout,
        1317 => SqlErrorKind::Cancelled,
        // Marked as crashed; corrupted index or table
        1034 | 1035 | 1194 | 1195 | 1712 | 1877 => SqlErrorKind::Damaged,
        // Shutdown, aborted, network errors, killed
        1053 | 1152 | 1158..=1161 | 1927 | 3169 => SqlErrorKind::ConnectionLost,
        // Idle for too long on MySQL; MariaDB has the number for a trigger that FOLLOWS one that is not there
        4031 if message.contains("inactivity") => SqlErrorKind::ConnectionLost,
        // Disk full, table full, out of memory
        1021 | 1037 | 1038 | 1041 | 1114 => SqlErrorKind::OutOfResources,
        // 1226 is also an hourly limit of the account.
        1040 | 1203 => SqlErrorKind::NoFreeConnection,
        1226 if message.contains("connection") => SqlErrorKind::NoFreeConnection,
        1226 => SqlErrorKind::OutOfResources,
        _ => SqlErrorKind::Statement,
    }
}

/// What a number means instead when there is no session yet.
pub(super) fn at_login(error: &SqlError) -> Option<SqlErrorKind> {
    match error.code.as_deref()? {
        "1049" => Some(SqlErrorKind::DatabaseMissing),
        // No right to the database; host blocked or not allowed; authentication method refused; password
        // expired; account locked
        "1044" | "1129" | "1130" | "1251" | "1862" | "2059" | "3118" | "4151" => {
            Some(SqlErrorKind::AuthenticationFailed)
        }
        "1053" => Some(SqlErrorKind::Unreachable),
        _ => None,
    }
}

/// `… near 'FROM t' at line 3`
fn position(message: &str) -> Option<Position> {
    let Some((before, line)) = message.rsplit_once(" at line ") else {
        return Position::quoted(message, '\'');
    };
    let line = line.trim_end().parse().ok()?;
    let text = before.split_once(" near '").and_then(|(_, text)| text.strip_suffix('\''));
    Some(Position::Line(line, text.filter(|text| !text.is_empty()).map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_its_meaning() {
        for (number, message, expected) in [
            (1064, "You have an error in your SQL syntax", SqlErrorKind::Statement),
            (1146, "Table 'app.x' doesn't exist", SqlErrorKind::Statement),
            (1049, "Unknown database 'x'", SqlErrorKind::Statement),
            (1142, "CREATE command denied", SqlErrorKind::PermissionDenied),
            (1290, "running with the --read-only option", SqlErrorKind::ReadOnly),
            (1290, "running with the --secure-file-priv option", SqlErrorKind::Statement),
            (1205, "Lock wait timeout exceeded", SqlErrorKind::LockTimeout),
            (1213, "Deadlock found", SqlErrorKind::Deadlock),
            (1969, "max_statement_time exceeded", SqlErrorKind::StatementTimeout),
            (1317, "Query execution was interrupted", SqlErrorKind::Cancelled),
            (1927, "Connection was killed", SqlErrorKind::ConnectionLost),
            (4031, "The client was disconnected by the server because of inactivity.", SqlErrorKind::ConnectionLost),
            (4031, "Referenced trigger 't' for the given action time does not exist", SqlErrorKind::Statement),
            (1114, "The table is full", SqlErrorKind::OutOfResources),
        ] {
            assert_eq!(kind(number, message), expected, "{number} {message}");
        }
    }

    #[test]
    fn syntax_errors_name_a_line_and_the_text_they_stopped_at() {
        let near = |text| format!("check the manual for the right syntax to use near '{text}' at line 3");
        assert_eq!(position(&near("FRM 't'")), Some(Position::Line(3, Some("FRM 't'".into()))));
        assert_eq!(position(&near("")), Some(Position::Line(3, None)));
        assert_eq!(position("Unknown data type: 'strange'"), Some(Position::Text("strange".into())));
        assert_eq!(position("No database selected"), None);
    }

    #[test]
    fn an_unknown_database_is_a_missing_one_only_before_there_is_a_session() {
        let error = SqlError { code: Some("1049".into()), ..SqlError::new(SqlErrorKind::Statement, "") };
        assert_eq!(at_login(&error), Some(SqlErrorKind::DatabaseMissing));
    }
}
