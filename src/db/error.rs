use std::fmt;

/// What a server (or the way to it) answered, in the same terms for every engine.
///
/// Never made from a driver error's `Display`: that can hold the password, or a line number of the server's own
/// source code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError {
    /// What it means for the run.
    pub kind: SqlErrorKind,
    /// The server's message, one or more lines, no position, no code.
    pub message: String,
    /// SQLSTATE, MySQL error number or SQLite's extended result code, as the engine's manual lists it.
    pub code: Option<String>,
    /// PostgreSQL's DETAIL. Can hold values of rows: shown only with `-v`.
    pub detail: Option<String>,
    /// PostgreSQL's HINT.
    pub hint: Option<String>,
    /// PostgreSQL's CONTEXT (the PL/pgSQL stack).
    pub context: Option<String>,
    /// Where in the statement.
    pub position: Option<Position>,
}

/// Where in the statement's text an error is, as precisely as the engine tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// 0-based index in characters into the statement (PostgreSQL).
    Character(usize),
    /// 1-based line of the statement (MySQL: `near '…' at line 3`), with the text it stopped at where given.
    Line(usize, Option<String>),
    /// A piece of the statement that the message quotes (SQLite: `near "x"`).
    Text(String),
}

/// What an error means for the run. Decides retry, exit code and hints; finer distinctions stay in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SqlErrorKind {
    /// The statement is wrong, or the data does not allow it.
    Statement,
    /// The statement cannot run in a transaction, or ends one (PostgreSQL).
    InTransaction,
    /// The user lacks a right.
    PermissionDenied,
    /// The database or the server is read-only.
    ReadOnly,
    /// A database file, or a file beside it, may not be read, written or made (SQLite).
    NoFileAccess,
    /// What the database holds is damaged.
    Damaged,
    /// A lock was not had in time (PostgreSQL 55P03, MySQL 1205, SQLite BUSY).
    LockTimeout,
    /// The engine chose this transaction as the victim of a deadlock or a serialization conflict.
    Deadlock,
    /// `statement_timeout` (or `max_statement_time`) ended it.
    StatementTimeout,
    /// It was cancelled from outside.
    Cancelled,
    /// The fence found that this session does not hold the migration lock any more.
    LockLost,
    /// The connection ended before the answer: the statement's outcome is unknown.
    ConnectionLost,
    /// No server answers there.
    Unreachable,
    /// The server has no free connection.
    NoFreeConnection,
    /// The server refused the login.
    AuthenticationFailed,
    /// The database does not exist.
    DatabaseMissing,
    /// TLS could not be had as asked, or the certificate did not verify.
    Tls,
    /// A pooler in transaction mode stands before the server: each transaction may run on another connection, so
    /// that neither the migration lock nor a setting would hold.
    TransactionPooler,
    /// The server's lock excludes nobody, or only on one node of a cluster: two runs could be at work at once.
    LockIneffective,
    /// The disk is full, or another resource ran out.
    OutOfResources,
    /// The driver gave up on something it does not understand.
    Protocol,
}

impl SqlErrorKind {
    /// Whether another transaction was in the way, so that the same statement can succeed when it is gone.
    pub fn is_conflict(self) -> bool {
        matches!(self, SqlErrorKind::LockTimeout | SqlErrorKind::Deadlock)
    }

    /// Whether nothing more can be said on the session.
    pub fn ends_session(self) -> bool {
        matches!(self, SqlErrorKind::ConnectionLost | SqlErrorKind::Protocol)
    }
}

impl Position {
    /// The first piece that `message` puts in `quotes`: `relation "userz" does not exist`. Often a word of the
    /// statement, where the server tells no place.
    pub(super) fn quoted(message: &str, quotes: char) -> Option<Position> {
        let piece = message.split(quotes).nth(1).filter(|piece| !piece.is_empty())?;
        Some(Position::Text(piece.to_owned()))
    }
}

impl SqlError {
    /// An error with a message and nothing else.
    pub fn new(kind: SqlErrorKind, message: impl Into<String>) -> Self {
        SqlError { kind, message: message.into(), code: None, detail: None, hint: None, context: None, position: None }
    }
}

impl SqlError {
    /// The message without what may be a value of a row or a literal of the statement, and the code.
    ///
    /// Engines quote both kinds, and names too, which is why everything from the first quote to the last goes. A text
    /// that a routine of the user raises can hold anything: of that only the code is kept.
    pub fn without_values(&self) -> String {
        let message = if self.is_raised_by_a_routine() { "an error raised by a routine" } else { &self.message };
        // Some languages of PostgreSQL have quotes of their own.
        let quotes = ['\'', '"', '«', '»', '„', '“', '‘'];
        let message = match message.find(quotes) {
            Some(first) => {
                let (before, quoted) = message.split_at(first);
                let quote = quoted.chars().next().unwrap_or_default();
                let behind = quoted[quote.len_utf8()..].rsplit_once(quote).map(|(_, behind)| behind);
                // Where it is not certain that the last quote is its end, nothing behind it is kept.
                match behind.filter(|behind| !behind.contains(quotes)) {
                    Some(behind) => format!("{before}{quote}…{quote}{behind}"),
                    None => format!("{before}{quote}…"),
                }
            }
            None => message.to_string(),
        };
        match &self.code {
            Some(code) => format!("{message} ({code})"),
            None => message,
        }
    }

    /// RAISE of PL/pgSQL and the other languages of PostgreSQL, SIGNAL of MySQL, RAISE() in a trigger of SQLite.
    fn is_raised_by_a_routine(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        let raised = self.context.as_deref().is_some_and(|context| context.contains(" at RAISE"));
        raised || ["P0001", "1644", "1811"].contains(&code) || (code.len() == 5 && code.starts_with("38"))
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SqlError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_holds_no_value_of_a_row() {
        for (code, message, expected) in [
            ("1062", "Duplicate entry 'me@home.example' for key 'email'", "Duplicate entry '…' (1062)"),
            (
                "22P02",
                "invalid input syntax for type integer: \"it's me\"",
                "invalid input syntax for type integer: \"…\" (22P02)",
            ),
            ("1064", "near 'IDENTIFED BY 'hunter2'' at line 1", "near '…' at line 1 (1064)"),
            ("2067", "UNIQUE constraint failed: t.a", "UNIQUE constraint failed: t.a (2067)"),
            ("1", "unrecognized token: \"'hunter2", "unrecognized token: \"… (1)"),
            (
                "22P02",
                "ungültige Eingabesyntax für Typ integer: »hunter2«",
                "ungültige Eingabesyntax für Typ integer: »… (22P02)",
            ),
            ("1366", "Incorrect value: 'hunter2' for column \"a\"", "Incorrect value: '… (1366)"),
            ("P0001", "no account for me@home.example", "an error raised by a routine (P0001)"),
        ] {
            let error = SqlError { code: Some(code.into()), ..SqlError::new(SqlErrorKind::Statement, message) };
            assert_eq!(error.without_values(), expected);
        }
        let mut raised = SqlError::new(SqlErrorKind::Statement, "hunter2");
        raised.context = Some("PL/pgSQL function f() line 3 at RAISE".into());
        assert_eq!(raised.without_values(), "an error raised by a routine");
    }
}
