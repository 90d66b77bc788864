//! What went wrong, as the user sees it, and the exit code it means: the only place that decides either.
//!
//! Layers below speak in their own typed errors. Each source of errors has one small file here (`from_*.rs`) that
//! turns them into an [`Error`] once, with the kind, what was kept, and what to do next.

mod excerpt;
mod from_backup;
mod from_bookkeeping;
mod from_catalog;
mod from_config;
mod from_git;
mod from_io;
mod from_lock;
mod from_parse;
mod from_plan;
mod from_source;
mod from_sql;
mod from_step;
mod kind;
mod position;
mod redact;

pub use excerpt::Excerpt;
pub use from_sql::FailedStatement;
pub use kind::{ErrorKind, Exit};
pub use position::{line_and_column, statement_position};

use std::fmt;

use crate::db::Blocker;

/// A failure, ready to be shown to a person or written as JSON.
///
/// All texts may hold what came from files and servers; `output` makes them harmless when it shows them. None may
/// hold a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Decides the exit code.
    pub kind: ErrorKind,
    /// What happened, in one sentence without a full stop.
    pub message: String,
    /// Where in which file.
    pub location: Option<Location>,
    /// The text at that place.
    pub excerpt: Option<Excerpt>,
    /// The SQL statement that failed; a very long one is cut.
    pub statement: Option<String>,
    /// What was edited, as `diff -u` shows it.
    pub difference: Option<String>,
    /// What the server said beside its message.
    pub server: Option<ServerMessage>,
    /// What was kept, what was undone.
    pub notes: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
    /// Whom a statement waited for in vain; empty where it did not, or where the server does not tell.
    pub blockers: Vec<Blocker>,
    /// The single errors this one sums up: every wrong file is named, not only the first.
    pub related: Vec<Error>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file, as shown to people.
    pub file: String,
    /// 1-based; None when the whole file is meant.
    pub line: Option<usize>,
    /// 1-based, in characters; None when the whole line is meant.
    pub column: Option<usize>,
}

/// What a server said beside its message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerMessage {
    /// SQLSTATE, MySQL error number or SQLite's extended result code.
    pub code: Option<String>,
    /// Can hold values of rows: shown only with `-v`.
    pub detail: Option<String>,
    /// The server's own advice.
    pub hint: Option<String>,
    /// The stack of routines the error came from.
    pub context: Option<String>,
}

impl Error {
    /// An error with a message and nothing else.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: message.into(),
            location: None,
            excerpt: None,
            statement: None,
            difference: None,
            server: None,
            notes: Vec::new(),
            hints: Vec::new(),
            blockers: Vec::new(),
            related: Vec::new(),
        }
    }

    /// One error that stands for several: itself if there is only one, else a summary of the gravest kind with
    /// each of them in [`Error::related`].
    pub fn summary(message: impl Into<String>, mut errors: Vec<Error>) -> Self {
        if errors.len() == 1 {
            return errors.remove(0);
        }
        let kind = ErrorKind::gravest(errors.iter().map(|error| error.kind)).unwrap_or(ErrorKind::Bug);
        Error { related: errors, ..Error::new(kind, message) }
    }

    /// Replaces the kind, where the caller knows more about the outcome than the error's source does.
    pub fn with_kind(self, kind: ErrorKind) -> Self {
        Error { kind, ..self }
    }

    /// Replaces the message.
    pub fn retitled(self, message: impl Into<String>) -> Self {
        Error { message: message.into(), ..self }
    }

    /// Says in which file it is.
    pub fn in_file(self, file: impl Into<String>) -> Self {
        self.at(file, None, None)
    }

    /// Says where it is: 1-based line and column.
    pub fn at(self, file: impl Into<String>, line: Option<usize>, column: Option<usize>) -> Self {
        Error { location: Some(Location { file: file.into(), line, column }), ..self }
    }

    /// Adds what was kept or undone.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_of_one_is_that_one() {
        let single = Error::new(ErrorKind::Usage, "broken").in_file("a.sql");
        assert_eq!(Error::summary("2 files cannot be used", vec![single.clone()]), single);
    }

    #[test]
    fn a_summary_takes_the_gravest_kind_and_keeps_every_error() {
        let errors = vec![Error::new(ErrorKind::Usage, "a"), Error::new(ErrorKind::Partial, "b")];
        let summary = Error::summary("2 errors", errors.clone());
        assert_eq!((summary.kind, summary.related), (ErrorKind::Partial, errors));
    }

    #[test]
    fn a_location_reads_as_editors_understand_it() {
        let location = |line, column| Location { file: "a.sql".into(), line, column }.to_string();
        assert_eq!(location(None, None), "a.sql");
        assert_eq!(location(Some(7), None), "a.sql:7");
        assert_eq!(location(Some(7), Some(14)), "a.sql:7:14");
    }
}
