//! SQLite sessions.

mod errors;
mod settings;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteQueryResult, SqliteRow};
use sqlx::{ConnectOptions as _, Connection, Row as _, Sqlite, TypeInfo, ValueRef};

use super::adapter::{Adapter, Answers, Driver, send};
use super::batch::Bounds;
use super::driver_error::{connect_error, session_error};
use super::{Canceller, ServerInfo, Session, SessionOptions, SqlError, SqlErrorKind, SqliteFile};
use crate::dialect::Engine;

/// Instructions of SQLite's virtual machine between two looks at the cancel flag: well under a millisecond.
const STEPS_BETWEEN_CHECKS: i32 = 1000;

/// Opens the database and gives the session its settings.
pub(super) async fn connect(file: &SqliteFile, session: &SessionOptions) -> Result<Box<dyn Session>, SqlError> {
    let mut options = SqliteConnectOptions::new().statement_cache_capacity(0).disable_statement_logging();
    let place = match &file.path {
        Some(path) => {
            refuse_missing(path, file.create)?;
            options = options.filename(plain(path)).create_if_missing(file.create).read_only(file.read_only);
            path.display().to_string()
        }
        None => {
            options = options.filename(":memory:");
            ":memory:".to_owned()
        }
    };
    let mut connection = options
        .connect()
        .await
        .map_err(|error| unopened(&place, connect_error(&error, &place, errors::from_server, |_| None)))?;

    let cancelled = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cancelled);
    connection
        .lock_handle()
        .await
        .map_err(|error| SqliteDriver::error(&error))?
        .set_progress_handler(STEPS_BETWEEN_CHECKS, move || !flag.load(Ordering::Relaxed));

    let server = ServerInfo {
        product: "SQLite".to_owned(),
        version: String::new(),
        user: String::new(),
        session_id: 0,
        encrypted: None,
    };
    let mut adapter = Adapter { driver: SqliteDriver { connection, cancelled }, server };
    let mut statements = settings::setup(session);
    statements.push("SELECT sqlite_version()".to_owned());
    // The first look into the file: one that is no database says so here, without its name.
    let rows = adapter.query(&statements.join(";\n")).await.map_err(|error| unopened(&place, error))?;
    adapter.server.version = rows.last().and_then(|row| row.text(0)).unwrap_or_default().to_owned();
    Ok(Box::new(adapter))
}

fn unopened(place: &str, error: SqlError) -> SqlError {
    SqlError { message: format!("cannot open database {place}: {}", error.message), position: None, ..error }
}

/// SQLite's own answer to a missing file is "unable to open database file", and a file is all it would create.
fn refuse_missing(path: &Path, create: bool) -> Result<(), SqlError> {
    let missing = |message| Err(SqlError::new(SqlErrorKind::DatabaseMissing, message));
    if path.exists() {
        return Ok(());
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

/// SQLite's part of a session.
struct SqliteDriver {
    connection: SqliteConnection,
    cancelled: Arc<AtomicBool>,
}

#[async_trait]
impl Driver for SqliteDriver {
    const ENGINE: Engine = Engine::Sqlite;
    /// Small: for each statement SQLite copies all that is left of the text.
    const BOUNDS: Bounds = Bounds { bytes: 16 * 1024, statements: 32 };
    type Database = Sqlite;

    fn goes_alone(_statement: &str) -> bool {
        false
    }

    fn send(&mut self, sql: String) -> Answers<'_, Sqlite> {
        self.cancelled.store(false, Ordering::Relaxed);
        send::<Sqlite>(&mut self.connection, sql)
    }

    fn affected(result: &SqliteQueryResult) -> u64 {
        result.rows_affected()
    }

    fn cells(row: &SqliteRow) -> Result<Vec<Option<String>>, sqlx::Error> {
        (0..row.len())
            .map(|index| {
                let value = row.try_get_raw(index)?;
                if value.is_null() {
                    return Ok(None);
                }
                // By the value, not by the column's declared type: SQLite keeps them apart.
                let kind = value.type_info().name().to_owned();
                let text = match kind.as_str() {
                    "INTEGER" | "BOOLEAN" => row.try_get_unchecked::<i64, _>(index)?.to_string(),
                    "REAL" => row.try_get_unchecked::<f64, _>(index)?.to_string(),
                    _ => String::from_utf8_lossy(row.try_get_unchecked::<&[u8], _>(index)?).into_owned(),
                };
                Ok(Some(text))
            })
            .collect()
    }

    fn error(error: &sqlx::Error) -> SqlError {
        session_error(error, errors::from_server)
    }

    fn reset_statements(&self, options: &SessionOptions) -> Result<Vec<String>, SqlError> {
        let mut statements: Vec<String> = settings::SHELL_DEFAULTS.iter().map(|sql| (*sql).to_owned()).collect();
        statements.extend(settings::setup(options));
        Ok(statements)
    }

    fn canceller(&self) -> Box<dyn Canceller> {
        Box::new(SqliteCanceller(Arc::clone(&self.cancelled)))
    }

    async fn close(self) {
        let _ = self.connection.close().await;
    }
}

/// Raises the flag that SQLite's progress handler looks at. While a statement waits for another process's lock
/// nothing looks; that wait is bounded by the lock timeout.
struct SqliteCanceller(Arc<AtomicBool>);

#[async_trait]
impl Canceller for SqliteCanceller {
    async fn cancel(&self) -> Result<(), SqlError> {
        self.0.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// How long SQLite waits for a lock: what was asked, else a time that lets an application finish its transaction.
fn busy_timeout(options: &SessionOptions) -> Duration {
    match options.lock_timeout {
        None => Duration::from_secs(5),
        Some(Duration::ZERO) => Duration::from_millis(i32::MAX as u64),
        Some(timeout) => timeout.min(Duration::from_millis(i32::MAX as u64)),
    }
}
