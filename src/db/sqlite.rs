//! SQLite sessions.

mod errors;
mod message;
mod observer;
mod place;
mod settings;
mod statements;
mod thread;
pub mod waits;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rusqlite::{Connection, OpenFlags};

use super::batch::{self, Bounds};
use super::leading_word::rows;
use super::{
    BatchError, Canceller, Observer, Row, ServerInfo, Session, SessionOptions, SqlError, SqlErrorKind, SqliteFile,
    StatementResult,
};
use crate::dialect::Engine;
pub use errors::meaning;
use message::Message;
use observer::SqliteObserver;
pub use place::{Place, has_no_locks};
use statements::{Outcome, Rows, Worker};
use thread::{SqliteThread, Stop};
use waits::patience;

/// How much goes to the other thread at a time: it is copied.
const BOUNDS: Bounds = Bounds { bytes: 256 * 1024, statements: usize::MAX };

/// How long a statement's end may go unheard while others of its message run.
const BETWEEN_REPORTS: Duration = Duration::from_millis(100);

/// How long what comes behind a reset waits for another's lock.
const BRIEF_WAIT: Duration = Duration::from_millis(200);

/// The smallest database file: one page, and pages have at least 512 bytes (https://www.sqlite.org/fileformat2.html).
const SMALLEST_PAGE: u64 = 512;

/// Opens the database and gives the session its settings.
pub(super) async fn connect(file: &SqliteFile, session: &SessionOptions) -> Result<Box<dyn Session>, SqlError> {
    let place = match &file.path {
        Some(path) => {
            refuse_missing(path, file.create)?;
            path.display().to_string()
        }
        None => ":memory:".to_owned(),
    };
    let thread = open(file).and_then(SqliteThread::start);
    let thread = thread.map_err(|error| unopened(&place, errors::meaning(&error)))?;
    let server = ServerInfo {
        product: "SQLite".to_owned(),
        version: rusqlite::version().to_owned(),
        user: String::new(),
        session_id: 0,
        encrypted: None,
    };
    let mut opened = SqliteSession { thread, path: file.path.clone(), patience: patience(session), server };
    opened.wait_in_our_way().await.map_err(|error| unopened(&place, error))?;
    let mut statements = settings::setup(session);
    // The first look into the file: one that is no database says so here, without its name.
    statements.push("PRAGMA schema_version".to_owned());
    opened.execute(&statements.join(";\n")).await.map_err(|error| unopened(&place, error))?;
    Ok(Box::new(opened))
}

fn open(file: &SqliteFile) -> rusqlite::Result<Connection> {
    let kind = match file {
        SqliteFile { read_only: true, .. } => OpenFlags::SQLITE_OPEN_READ_ONLY,
        SqliteFile { create: true, .. } | SqliteFile { path: None, .. } => {
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
        }
        _ => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let flags = kind | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    match &file.path {
        Some(path) => Connection::open_with_flags(plain(path), flags),
        None => Connection::open_in_memory_with_flags(flags),
    }
}

fn unopened(place: &str, error: SqlError) -> SqlError {
    const NOT_A_DATABASE: &str = "26";
    let kind = if error.code.as_deref() == Some(NOT_A_DATABASE) { SqlErrorKind::DatabaseMissing } else { error.kind };
    let missing = (kind == SqlErrorKind::NoFileAccess).then(|| place::missing_right(Path::new(place))).flatten();
    let why = missing.map(|missing| format!(" ({missing})")).unwrap_or_default();
    // The library names the file behind SQLite's words, as it was told to open it.
    let path = format!(": {}", plain(Path::new(place)).display());
    let said = error.message.strip_suffix(&path).unwrap_or(&error.message);
    let message = format!("cannot open database {place}: {said}{why}");
    SqlError { kind, message, position: None, ..error }
}

/// SQLite's own answer to a missing file is "unable to open database file", and a file is all it would create.
fn refuse_missing(path: &Path, create: bool) -> Result<(), SqlError> {
    let missing = |message| Err(SqlError::new(SqlErrorKind::DatabaseMissing, message));
    if path.is_dir() {
        return missing(format!("{} is a folder, not a database file", path.display()));
    }
    if let Ok(found) = path.metadata() {
        // SQLite takes a file that is smaller than one page for an empty database, and overwrites it.
        return match found.len() {
            0 | SMALLEST_PAGE.. => Ok(()),
            _ => missing(format!("{} is not a database file", path.display())),
        };
    }
    if !create {
        return missing(format!("there is no database file {}", path.display()));
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.exists() => {
            missing(format!("there is no folder {} to create the database in", folder.display()))
        }
        _ => Ok(()),
    }
}

/// A path that SQLite cannot take for a URI (`file:…`) or for a database in memory.
fn plain(path: &Path) -> std::path::PathBuf {
    if path.is_absolute() { path.to_path_buf() } else { Path::new(".").join(path) }
}

/// A session whose engine is in this process.
struct SqliteSession {
    thread: SqliteThread,
    /// None in memory.
    path: Option<PathBuf>,
    /// How long a statement waits for another's lock.
    patience: Duration,
    server: ServerInfo,
}

impl SqliteSession {
    /// Until somebody sets a `busy_timeout`.
    async fn wait_in_our_way(&mut self) -> Result<(), SqlError> {
        let governed = self.thread.call(self.patience, |worker| waits::govern(worker.connection)).await?;
        governed.map_err(|error| errors::meaning(&error))
    }

    /// The outcome of each text.
    async fn ask(&mut self, texts: &[&str]) -> Result<Vec<Outcome>, SqlError> {
        let message = Message::of(texts);
        message.sent();
        let work = move |worker: &Worker<'_>| {
            let mut outcomes = Vec::with_capacity(1);
            worker.run(&message, Rows::Kept, &mut |_, outcome| outcomes.push(outcome)).map(|()| outcomes)
        };
        self.thread.call(self.patience, work).await?
    }

    async fn run_message(
        &mut self,
        statements: &[&str],
        first: usize,
        done: &mut (dyn FnMut(usize, StatementResult) + Send),
    ) -> Result<(), BatchError> {
        let message = Message::of(statements);
        message.sent();
        let finished = Finished::default();
        let work = {
            let finished = finished.clone();
            move |worker: &Worker<'_>| {
                let mut started = Instant::now();
                worker.run(&message, Rows::Counted, &mut |statement, Outcome { affected, returned, .. }| {
                    let (rows, now) = (rows(Engine::Sqlite, statement, affected, returned), Instant::now());
                    finished.add(StatementResult { rows, elapsed: now - started });
                    started = now;
                })
            }
        };
        let mut next = first;
        let mut report = || {
            for result in finished.take() {
                done(next, result);
                next += 1;
            }
        };
        let mut working = std::pin::pin!(self.thread.call(self.patience, work));
        let ended = loop {
            match tokio::time::timeout(BETWEEN_REPORTS, &mut working).await {
                Ok(ended) => break ended,
                Err(_) => report(),
            }
        };
        report();
        ended.flatten().map_err(|error| BatchError { index: next, error })
    }
}

/// The results of statements that have ended and were not yet told of.
#[derive(Clone, Default)]
struct Finished(Arc<Mutex<Vec<StatementResult>>>);

impl Finished {
    fn add(&self, result: StatementResult) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(result);
    }

    fn take(&self) -> Vec<StatementResult> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Session for SqliteSession {
    fn engine(&self) -> Engine {
        Engine::Sqlite
    }

    fn server(&self) -> &ServerInfo {
        &self.server
    }

    async fn run(
        &mut self,
        statements: &[&str],
        done: &mut (dyn FnMut(usize, StatementResult) + Send),
    ) -> Result<(), BatchError> {
        for message in batch::messages(statements, BOUNDS, |_| false) {
            self.run_message(&statements[message.clone()], message.start, done).await?;
        }
        Ok(())
    }

    async fn query(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        Ok(self.ask(&[sql]).await?.pop().unwrap_or_default().rows)
    }

    async fn query_each(&mut self, queries: &[&str]) -> Result<Vec<Vec<Row>>, SqlError> {
        Ok(self.ask(queries).await?.into_iter().map(|outcome| outcome.rows).collect())
    }

    /// Nobody comes after it.
    async fn query_at_the_end(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        self.query(sql).await
    }

    async fn execute(&mut self, sql: &str) -> Result<u64, SqlError> {
        Ok(self.ask(&[sql]).await?.pop().unwrap_or_default().affected)
    }

    async fn copy_in(&mut self, _statement: &str, _data: &str) -> Result<u64, SqlError> {
        Err(SqlError::new(SqlErrorKind::Protocol, "COPY … FROM STDIN belongs to PostgreSQL"))
    }

    async fn ping(&mut self) -> Result<(), SqlError> {
        self.execute("SELECT 1").await.map(drop)
    }

    async fn reset(&mut self, options: &SessionOptions, behind: &[String]) -> Result<(), SqlError> {
        self.patience = patience(options);
        let mut statements: Vec<String> = settings::SHELL_DEFAULTS.iter().map(|sql| (*sql).to_owned()).collect();
        statements.extend(settings::setup(options));
        self.wait_in_our_way().await?;
        self.execute(&statements.join(";\n")).await?;
        if behind.is_empty() {
            return Ok(());
        }
        let patience = self.patience;
        self.patience = patience.min(BRIEF_WAIT);
        let ended = self.execute(&behind.join(";\n")).await;
        self.patience = patience;
        ended.map(drop)
    }

    /// The shell has no server to learn any from, and the lock on the file beside the database is not SQLite's.
    async fn learn_client_defaults(&mut self, _try_lock: Option<&str>) -> Result<(), SqlError> {
        Ok(())
    }

    fn canceller(&self) -> Box<dyn Canceller> {
        Box::new(SqliteCanceller(self.thread.stop()))
    }

    fn observer(&self) -> Box<dyn Observer> {
        Box::new(SqliteObserver(self.path.clone()))
    }

    async fn close(self: Box<Self>) {
        self.thread.close().await;
    }
}

/// Asks for what SQLite's progress handler looks at, and [`Worker`] between two statements and while another process's
/// lock is waited for.
struct SqliteCanceller(Arc<Stop>);

#[async_trait]
impl Canceller for SqliteCanceller {
    async fn cancel(&self) -> Result<(), SqlError> {
        self.0.ask();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
