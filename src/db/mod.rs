//! Sessions: one dedicated connection to one database, and what can be done on it.
//!
//! A [`Session`] is a narrow port: an engine adapts its driver's connection to it, and every behaviour (the lock,
//! the history, execution) is written once on top. To add an engine, implement [`Session`] over its connection,
//! map its errors to [`SqlError`], and give `dialect` its SQL texts; `tests/it` runs the same suite on it.

mod adapter;
mod backoff;
mod batch;
mod driver;
mod driver_error;
mod error;
pub mod events_table;
mod file_lock;
pub mod history_table;
mod keep_alive;
mod leading_word;
mod liveness;
pub mod lock;
mod mysql;
pub mod notices;
mod observe;
mod options;
mod postgres;
pub mod readiness;
mod row;
pub mod sqlite;
mod table_sizes;
pub mod unfinished;

pub use error::{Position, SqlError, SqlErrorKind};
pub use keep_alive::kept_alive;
pub use liveness::Liveness;
pub use observe::{Activity, Blocker, Observation, Observer};
pub use options::{ConnectOptions, Network, Server, SessionOptions, SqliteFile, Tls, TlsMode};
pub use row::Row;
pub use table_sizes::table_sizes;

use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::dialect::Engine;
use crate::fail_point;
use backoff::Backoff;
use notices::Notice;

/// How one statement of a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementResult {
    /// Rows inserted, updated, deleted or returned; None where the engine does not say.
    pub rows: Option<u64>,
    /// Time since the statement before it ended (or since the batch was sent).
    pub elapsed: Duration,
}

/// A batch ended early: statement `index` failed, those after it were not executed.
///
/// Those before it were executed, except that PostgreSQL parses a whole message first: a syntax error in one keeps
/// its neighbours of the same message from running. Either way the transaction they share is void.
#[derive(Debug, thiserror::Error)]
#[error("statement {index}: {error}")]
pub struct BatchError {
    /// Index into the batch.
    pub index: usize,
    /// What the server said; its position is relative to that statement.
    pub error: SqlError,
}

/// What the server is, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ServerInfo {
    /// `PostgreSQL`, `MySQL`, `MariaDB`, `SQLite`.
    pub product: String,
    /// `15.18`, `10.11.19-MariaDB`, `3.51.3`.
    pub version: String,
    /// The database user of this session; empty on SQLite.
    pub user: String,
    /// The server's id for this session (PostgreSQL backend pid, MySQL connection id); 0 on SQLite.
    pub session_id: i64,
    /// Whether the connection is encrypted; None where that does not matter (a socket, the loopback interface,
    /// SQLite) or the server does not tell.
    pub encrypted: Option<bool>,
}

impl ServerInfo {
    /// Whether the server ends each statement, of whatever kind, that runs longer than
    /// [`SessionOptions::statement_timeout`].
    pub fn bounds_statements(&self) -> bool {
        !matches!(self.product.as_str(), "MySQL" | "SQLite")
    }
}

/// One dedicated connection. Dropping it closes the connection.
///
/// Everything it sends is text that is already quoted ([`crate::dialect::literal`]); no prepared statements, no pool,
/// no hidden session changes: what a migration does here is what it does in the engine's own client.
#[async_trait]
pub trait Session: Send {
    /// The engine behind it.
    fn engine(&self) -> Engine;

    /// What the server said on connecting.
    fn server(&self) -> &ServerInfo;

    /// Runs `statements`, each without the semicolon that ends it, in order and reads every result to its end. Stops at the first error.
    ///
    /// Statements travel in as few messages as bounds allow, so the server may start the next one before the result
    /// of the one before is seen: callers put several into one batch only where one transaction holds them, and a
    /// statement that cannot run in a transaction goes alone. `done` hears of each finished statement, in order.
    async fn run(
        &mut self,
        statements: &[&str],
        done: &mut (dyn FnMut(usize, StatementResult) + Send),
    ) -> Result<(), BatchError>;

    /// Runs one query of the tool's own and returns all its rows. Cells of any type are read as text.
    async fn query(&mut self, sql: &str) -> Result<Vec<Row>, SqlError>;

    /// Runs several of them, in one message where the engine has messages, and returns the rows of each. Stops at the
    /// first that fails.
    async fn query_each(&mut self, queries: &[&str]) -> Result<Vec<Vec<Row>>, SqlError> {
        let mut results = Vec::with_capacity(queries.len());
        for query in queries {
            results.push(self.query(query).await?);
        }
        Ok(results)
    }

    /// Runs the last query of the session, together with what leaves the connection fit for others. What is asked after
    /// it finds the session without its settings.
    async fn query_at_the_end(&mut self, sql: &str) -> Result<Vec<Row>, SqlError>;

    /// Runs one statement of the tool's own and returns the number of rows it changed.
    async fn execute(&mut self, sql: &str) -> Result<u64, SqlError>;

    /// Runs `COPY … FROM STDIN` with its data. Engines without it never get one, because only PostgreSQL's
    /// classifier finds them.
    async fn copy_in(&mut self, statement: &str, data: &str) -> Result<u64, SqlError>;

    /// Whether the connection still answers.
    async fn ping(&mut self) -> Result<(), SqlError>;

    /// Takes back what a migration changed in the session (settings, role, schema, time zone), without giving up
    /// the migration lock, and applies `options` again; then runs `behind`, statements of the tool's own, which wait for
    /// others only briefly where the engine can bound that: nobody tells who is in the way. Cheap: at most one message.
    async fn reset(&mut self, options: &SessionOptions, behind: &[String]) -> Result<(), SqlError>;

    /// Finds out the defaults that the engine's own client would have had from the server, where the driver sends its
    /// own instead (PostgreSQL: TimeZone and DateStyle): the next [`Session::reset`] and every later one apply them.
    /// And makes sure that the migration lock, which this session holds, excludes others: `try_lock`, where it can be
    /// tried, is [`lock::MigrationLock::another_try`]. Costs a connection, so it is called once, outside a transaction,
    /// before the first migration.
    ///
    /// # Errors
    /// Those of connecting; [`SqlErrorKind::TransactionPooler`] and [`SqlErrorKind::LockIneffective`], which two
    /// connections side by side bring to light.
    async fn learn_client_defaults(&mut self, try_lock: Option<&str>) -> Result<(), SqlError>;

    /// What the server said beside results since the last call (PostgreSQL), or about the last statement (MySQL,
    /// where asking costs a round trip).
    async fn warnings(&mut self) -> Result<Vec<Notice>, SqlError> {
        Ok(Vec::new())
    }

    /// A handle that stops this session's running statement on the server, usable while the session is busy.
    fn canceller(&self) -> Box<dyn Canceller>;

    /// A handle that sees from outside what this session waits for, usable while the session is busy.
    fn observer(&self) -> Box<dyn Observer>;

    /// Closes the connection politely.
    async fn close(self: Box<Self>);
}

/// Stops the statement a session is running, on the server, from outside.
#[async_trait]
pub trait Canceller: Send + Sync {
    /// Asks the server to stop the statement that runs now. The session's own call then ends with
    /// [`SqlErrorKind::Cancelled`]. Does nothing when no statement runs.
    async fn cancel(&self) -> Result<(), SqlError>;
}
/// Opens the session that runs migrations: its settings equal those of the engine's own client, `options` applied.
///
/// # Errors
/// [`SqlErrorKind::Unreachable`], [`SqlErrorKind::AuthenticationFailed`], [`SqlErrorKind::DatabaseMissing`] or
/// [`SqlErrorKind::Tls`]. Tries once; [`connect_within`] retries.
pub async fn connect(connect: &ConnectOptions, session: &SessionOptions) -> Result<Box<dyn Session>, SqlError> {
    connect_and_ask(connect, session, &[]).await
}

/// The same. Where it saves a round trip, `questions` are asked together with what every session begins with; the
/// answers are there for the call of [`Session::query_each`] that is the session's first and asks the same.
async fn connect_and_ask(
    connect: &ConnectOptions,
    session: &SessionOptions,
    questions: &[String],
) -> Result<Box<dyn Session>, SqlError> {
    fail_point::pass("connect");
    match connect {
        ConnectOptions::Postgres(server) => postgres::connect(server, session, questions).await,
        ConnectOptions::MySql(server) => mysql::connect(server, session).await,
        ConnectOptions::Sqlite(file) => sqlite::connect(file, session).await,
    }
}

/// Like [`connect`], but tries again with growing pauses for as long as `patience` where waiting can help: no server
/// there yet, one that is starting up or shutting down, or one with no free connection. A patience of zero tries
/// once. A refused login is never tried again: servers lock accounts for that.
///
/// `questions` are queries that [`Session::query_each`] is asked first of all: where that saves a round trip, the
/// answers are fetched while connecting. `on_retry` hears of each failed attempt and the time waited so far.
///
/// # Errors
/// That of the last attempt; see [`connect`].
pub async fn connect_within(
    connect_options: &ConnectOptions,
    session: &SessionOptions,
    questions: &[String],
    patience: Duration,
    on_retry: &mut (dyn FnMut(&SqlError, Duration) + Send),
) -> Result<Box<dyn Session>, SqlError> {
    let started = Instant::now();
    let mut backoff = Backoff::new(Duration::from_millis(100));
    loop {
        let error = match connect_and_ask(connect_options, session, questions).await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        let waited = started.elapsed();
        if waited >= patience || !is_passing(&error) {
            return Err(error);
        }
        on_retry(&error, waited);
        tokio::time::sleep(backoff.pause().min(patience - waited)).await;
    }
}

/// Whether an error of connecting can pass by itself.
fn is_passing(error: &SqlError) -> bool {
    matches!(error.kind, SqlErrorKind::Unreachable | SqlErrorKind::NoFreeConnection)
}
