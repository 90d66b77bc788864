//! SQL text on an open connection, statement by statement, on the thread that calls.

// The room that the ban on `Batch` names.
#![allow(clippy::disallowed_methods)]

use std::borrow::Cow;
use std::time::{Duration, Instant};

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, Statement};

use super::errors;
use super::message::Message;
use super::thread::Stop;
use crate::db::{Row, SqlError, SqlErrorKind, row};

/// The pause before something is tried again that met another's lock.
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// What came of a text.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Its rows, where they are kept.
    pub rows: Vec<Row>,
    /// How many it returned.
    pub returned: u64,
    /// How many it inserted, updated or deleted.
    pub affected: u64,
}

impl Outcome {
    fn add(&mut self, mut other: Outcome) {
        self.rows.append(&mut other.rows);
        self.returned += other.returned;
        self.affected += other.affected;
    }
}

/// What becomes of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    Kept,
    /// A migration's: they are read to the end, and nobody looks at them.
    Counted,
}

/// A connection, with what ends or bounds the work on it.
pub(super) struct Worker<'a> {
    pub connection: &'a Connection,
    /// Asked for by whoever wants the work to end.
    pub stop: &'a Stop,
    /// How long a statement waits for another's lock.
    pub patience: Duration,
}

impl Worker<'_> {
    /// Runs each text of `message` in order, and stops at the first statement that fails. `ended` hears of each text.
    pub fn run(&self, message: &Message, rows: Rows, ended: &mut dyn FnMut(&str, Outcome)) -> Result<(), SqlError> {
        message.texts().try_for_each(|text| {
            ended(text, self.run_text(message, text, rows)?);
            Ok(())
        })
    }

    /// Mostly one statement; none where there are only comments.
    fn run_text(&self, message: &Message, text: &str, rows: Rows) -> Result<Outcome, SqlError> {
        let mut outcome = Outcome::default();
        let mut statements = Batch::new(self.connection, text);
        while let Some(mut statement) = self.patiently(|| statements.next())? {
            // The progress handler sees nothing of statements that are done before it looks.
            if self.stop.is_asked_for() {
                return Err(errors::interrupted());
            }
            let ended = self.patiently(|| self.step(&mut statement, rows));
            message.answered();
            outcome.add(ended?);
        }
        Ok(outcome)
    }

    fn step(&self, statement: &mut Statement<'_>, wanted: Rows) -> rusqlite::Result<Outcome> {
        let written = self.connection.total_changes();
        let mut outcome = Outcome::default();
        // Parameters (`?`, `:name`) have no values: they are NULL.
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            outcome.returned += 1;
            if wanted == Rows::Kept {
                // Not known before: the first step prepares anew what was made before the schema changed.
                let columns = row.as_ref().column_count();
                let mut cells = Row::with_capacity(columns);
                for index in 0..columns {
                    cells.push(text(row.get_ref(index)?).as_deref());
                }
                outcome.rows.push(cells);
            }
        }
        drop(rows);
        // What is not DML leaves the count of the statement before it (https://www.sqlite.org/c3ref/changes.html).
        if self.connection.total_changes() != written {
            outcome.affected = self.connection.changes();
        }
        Ok(outcome)
    }

    /// Tries again what met another's lock: not everywhere does SQLite itself wait for one
    /// (<https://www.sqlite.org/c3ref/busy_handler.html>), nor where a migration has said so.
    fn patiently<T>(&self, mut attempt: impl FnMut() -> rusqlite::Result<T>) -> Result<T, SqlError> {
        let in_transaction = !self.connection.is_autocommit();
        let started = Instant::now();
        loop {
            let error = match attempt() {
                Ok(done) => return Ok(done),
                Err(error) => errors::meaning(&error),
            };
            // Where the transaction is gone, a second try would stand without what came before it.
            let is_undone = in_transaction && self.connection.is_autocommit();
            if error.kind != SqlErrorKind::LockTimeout || is_undone || started.elapsed() >= self.patience {
                return Err(error);
            }
            if self.stop.is_asked_for() {
                return Err(SqlError { kind: SqlErrorKind::Cancelled, ..error });
            }
            std::thread::sleep(BETWEEN_TRIES);
        }
    }
}

/// A cell as text, by its value and not by the column's declared type: SQLite keeps them apart.
fn text(value: ValueRef<'_>) -> Option<Cow<'_, str>> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string().into()),
        ValueRef::Real(number) => Some(number.to_string().into()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(row::lossy(bytes)),
    }
}
