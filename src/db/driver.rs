//! An engine's part of a session, and how text is sent through sqlx.

// The room that the ban on `raw_sql` names.
#![allow(clippy::disallowed_methods)]

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use sqlx::{AssertSqlSafe, Database, Either, Executor};

use super::batch::Bounds;
use super::{Canceller, Observer, Row, SessionOptions, SqlError, SqlErrorKind};
use crate::dialect::Engine;
use crate::fail_point;

/// What comes back for a text: the rows of each statement, then its end.
pub(super) type Answers<'c, DB> =
    BoxStream<'c, Result<Either<<DB as Database>::QueryResult, <DB as Database>::Row>, sqlx::Error>>;

/// Sends `sql` as it is, any number of statements, without preparing anything.
pub(super) fn send<'c, DB>(connection: &'c mut DB::Connection, sql: String) -> Answers<'c, DB>
where
    DB: Database,
    &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    if !fail_point::ACTIVE {
        return sqlx::raw_sql(AssertSqlSafe(sql)).fetch_many(connection);
    }
    fail_point::pass(&format!("message {sql}"));
    let answered = format!("answer {sql}");
    let answers = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_many(connection);
    let each = move |answer: &Result<Either<DB::QueryResult, DB::Row>, sqlx::Error>| {
        if !matches!(answer, Ok(Either::Right(_))) {
            fail_point::pass(&answered);
        }
    };
    answers.inspect(each).boxed()
}

/// Reads every answer and keeps none.
pub(super) async fn drain<DB: Database>(mut answers: Answers<'_, DB>) -> Result<(), sqlx::Error> {
    while let Some(answer) = answers.next().await {
        answer?;
    }
    Ok(())
}

/// Reads every row, each cell as text.
pub(super) async fn read<D: Driver>(mut answers: Answers<'_, D::Database>) -> Result<Vec<Row>, SqlError> {
    let mut rows = Vec::new();
    while let Some(answer) = answers.next().await {
        if let Either::Right(row) = answer.map_err(|error| D::error(&error))? {
            rows.push(D::text_of(&row).map_err(|error| D::error(&error))?);
        }
    }
    Ok(rows)
}

/// An engine's part of a session.
#[async_trait]
pub(super) trait Driver: Send + Sync {
    /// The engine.
    const ENGINE: Engine;
    /// Bounds of one message.
    const BOUNDS: Bounds;
    /// sqlx's name for the engine.
    type Database: Database;

    /// What leaves a connection fit for others, where they may get it after us.
    const FAREWELL: Option<&'static str> = None;

    /// Whether `statement` must not share a message.
    fn goes_alone(statement: &str) -> bool;

    /// Sends `sql` through [`send`].
    fn send(&mut self, sql: String) -> Answers<'_, Self::Database>;

    /// Rows written, as the server counts them.
    fn affected(result: &<Self::Database as Database>::QueryResult) -> u64;

    /// All cells of a row as text.
    fn text_of(row: &<Self::Database as Database>::Row) -> Result<Row, sqlx::Error>;

    /// What an error of the driver means; a position counts from the start of the text that was sent.
    fn error(error: &sqlx::Error) -> SqlError;

    /// The statements that [`Session::reset`] runs.
    ///
    /// # Errors
    /// Where `options` name a setting that cannot be one.
    fn reset_statements(&mut self, options: &SessionOptions) -> Result<Vec<String>, SqlError>;

    /// What keeps the rest of a message from waiting long for others, where an engine can say so.
    fn brief_waits(_options: &SessionOptions) -> Option<String> {
        None
    }

    /// See [`Session::canceller`].
    fn canceller(&self) -> Box<dyn Canceller>;

    /// See [`Session::observer`].
    fn observer(&self) -> Box<dyn Observer>;

    /// Closes the connection politely.
    async fn close(self);

    /// See [`Session::copy_in`].
    async fn copy_in(&mut self, _statement: &str, _data: &str) -> Result<u64, SqlError> {
        Err(SqlError::new(SqlErrorKind::Protocol, "COPY … FROM STDIN belongs to PostgreSQL"))
    }

    /// See [`Session::learn_client_defaults`].
    async fn learn_client_defaults(&mut self, _try_lock: Option<&str>) -> Result<(), SqlError> {
        Ok(())
    }

    /// The query whose rows are the warnings of the last statement, as level, code and message.
    fn warnings_query() -> Option<&'static str> {
        None
    }

    /// `statement` with that query behind it, where both may travel in one message.
    fn asking_for_warnings(_statement: &str) -> Option<String> {
        None
    }
}
