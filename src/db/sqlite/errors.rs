//! What SQLite's result codes mean for a run. <https://www.sqlite.org/rescode.html>

use rusqlite::Error;

use crate::db::{Position, SqlError, SqlErrorKind};

const INTERRUPT: u32 = 9;

/// What an error of SQLite's library means: code, message and the piece of the statement that the message names.
pub fn meaning(error: &Error) -> SqlError {
    let (said, message) = match error {
        Error::SqliteFailure(said, Some(message)) => (said, message.clone()),
        Error::SqlInputError { error: said, msg, .. } => (said, msg.clone()),
        Error::SqliteFailure(said, None) => (said, said.to_string()),
        // A name that cannot be one, or the like: SQLite was not asked.
        other => return SqlError::new(SqlErrorKind::Protocol, other.to_string()),
    };
    let kind = u32::try_from(said.extended_code).map_or(SqlErrorKind::Statement, kind);
    let position = if kind == SqlErrorKind::Statement { named(&message) } else { None };
    let code = Some(said.extended_code.to_string());
    SqlError { code, position: position.map(Position::Text), ..SqlError::new(kind, message) }
}

/// What SQLite says of a statement that was told to stop, for one that had not begun.
pub(super) fn interrupted() -> SqlError {
    SqlError { code: Some(INTERRUPT.to_string()), ..SqlError::new(SqlErrorKind::Cancelled, "interrupted") }
}

fn kind(code: u32) -> SqlErrorKind {
    const BUSY_SNAPSHOT: u32 = 517;
    match (code, code & 0xff) {
        // The transaction read before another one wrote: only its repetition helps.
        (BUSY_SNAPSHOT, _) => SqlErrorKind::Deadlock,
        (_, 5 | 6) => SqlErrorKind::LockTimeout,
        // A file that may not be written; also one that exists and cannot be opened, or a journal that cannot be made beside it
        (_, 3 | 8 | 14 | 23) => SqlErrorKind::NoFileAccess,
        (_, 7 | 10 | 13) => SqlErrorKind::OutOfResources,
        (_, INTERRUPT) => SqlErrorKind::Cancelled,
        (_, 11) => SqlErrorKind::Damaged,
        _ => SqlErrorKind::Statement,
    }
}

/// The word of the statement that `message` is about.
fn named(message: &str) -> Option<String> {
    let quoted = |start: &str| {
        let rest = message.strip_prefix(start)?.strip_prefix('"')?;
        // `near "x": syntax error`; the quoted text may hold quotes itself.
        let end = rest.rfind("\": ").or_else(|| rest.rfind('"'))?;
        Some(&rest[..end])
    };
    let behind = |start: &str| message.strip_prefix(start);
    let name = quoted("near ")
        .or_else(|| quoted("unrecognized token: "))
        .or_else(|| behind("no such column: "))
        .or_else(|| behind("no such table: "))
        .or_else(|| behind("no such index: "))
        .or_else(|| behind("no such function: "))
        .or_else(|| behind("no such view: "))
        .or_else(|| behind("no such trigger: "))
        .or_else(|| behind("no such collation sequence: "))
        .or_else(|| behind("no such savepoint: "))
        .or_else(|| behind("ambiguous column name: "))
        .or_else(|| behind("duplicate column name: "))
        .or_else(|| message.split_once(" has no column named ").map(|(_, name)| name))
        .or_else(|| already_exists(message))?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// `table x already exists`, `there is already a table named x`
fn already_exists(message: &str) -> Option<&str> {
    if let Some((_, name)) = message.split_once(" named ")
        && message.starts_with("there is already ")
    {
        return Some(name);
    }
    let name = message.strip_suffix(" already exists")?;
    name.split_once(' ').map(|(_, name)| name.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_meaning() {
        for (code, expected) in [
            (1, SqlErrorKind::Statement),
            (19, SqlErrorKind::Statement),
            (787, SqlErrorKind::Statement),
            (5, SqlErrorKind::LockTimeout),
            (261, SqlErrorKind::LockTimeout),
            (517, SqlErrorKind::Deadlock),
            (8, SqlErrorKind::NoFileAccess),
            (1032, SqlErrorKind::NoFileAccess),
            (11, SqlErrorKind::Damaged),
            (267, SqlErrorKind::Damaged),
            (9, SqlErrorKind::Cancelled),
            (13, SqlErrorKind::OutOfResources),
            (14, SqlErrorKind::NoFileAccess),
            (23, SqlErrorKind::NoFileAccess),
        ] {
            assert_eq!(kind(code), expected, "{code}");
        }
    }

    #[test]
    fn messages_name_a_piece_of_the_statement() {
        for (message, expected) in [
            ("near \"SELEC\": syntax error", Some("SELEC")),
            ("near \"\"x\"\": syntax error", Some("\"x\"")),
            ("unrecognized token: \"'abc\"", Some("'abc")),
            ("no such column: t.a", Some("t.a")),
            ("no such table: main.t", Some("main.t")),
            ("table t has no column named b", Some("b")),
            ("table t already exists", Some("t")),
            ("there is already a table named t", Some("t")),
            ("index \"i\" already exists", Some("i")),
            ("incomplete input", None),
            ("UNIQUE constraint failed: t.a", None),
        ] {
            assert_eq!(named(message).as_deref(), expected, "{message}");
        }
    }
}
