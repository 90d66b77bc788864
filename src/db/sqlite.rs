//! SQLite sessions.

mod errors;
mod observer;
mod place;
mod settings;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteQueryResult, SqliteRow};
use sqlx::{ConnectOptions as _, Connection, Row as _, Sqlite, TypeInfo, ValueRef};

use super::adapter::Adapter;
use super::batch::Bounds;
use super::driver::{Answers, Driver, send};
use super::driver_error::{connect_error, session_error};
use super::{Canceller, Observer, ServerInfo, Session, SessionOptions, SqlError, SqlErrorKind, SqliteFile};
use crate::dialect::Engine;
use observer::SqliteObserver;
pub use place::{Place, has_no_locks};

/// Instructions of SQLite's virtual machine between two looks at the cancel flag: well under a millisecond.
const STEPS_BETWEEN_CHECKS: i32 = 1000;

/// Rows that the driver's thread may read before they are taken: with its usual 50, both threads would wait for each
/// other all through a long history.
const ROWS_AHEAD: usize = 4096;

/// The smallest database file: one page, and pages have at least 512 bytes (https://www.sqlite.org/fileformat2.html).
const SMALLEST_PAGE: u64 = 512;

/// Opens the database and gives the session its settings.
pub(super) async fn connect(file: &SqliteFile, session: &SessionOptions) -> Result<Box<dyn Session>, SqlError> {
    let mut options =
        SqliteConnectOptions::new().statement_cache_capacity(0).row_buffer_size(ROWS_AHEAD).disable_statement_logging();
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
    let driver = SqliteDriver { connection, path: file.path.clone(), cancelled, patience: patience(session) };
    let mut adapter = Adapter::new(driver, server);
    let mut statements = settings::setup(session);
    statements.push("SELECT sqlite_version()".to_owned());
    // The first look into the file: one that is no database says so here, without its name.
    let rows = adapter.query(&statements.join(";\n")).await.map_err(|error| unopened(&place, error))?;
    adapter.server.version = rows.last().and_then(|row| row.text(0)).unwrap_or_default().to_owned();
    Ok(Box::new(adapter))
}

fn unopened(place: &str, error: SqlError) -> SqlError {
    const NOT_A_DATABASE: &str = "26";
    let kind = if error.code.as_deref() == Some(NOT_A_DATABASE) { SqlErrorKind::DatabaseMissing } else { error.kind };
    let missing = (kind == SqlErrorKind::NoFileAccess).then(|| place::missing_right(Path::new(place))).flatten();
    let why = missing.map(|missing| format!(" ({missing})")).unwrap_or_default();
    let message = format!("cannot open database {place}: {}{why}", error.message);
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

/// SQLite's part of a session.
struct SqliteDriver {
    connection: SqliteConnection,
    /// None in memory.
    path: Option<PathBuf>,
    cancelled: Arc<AtomicBool>,
    /// How long a statement waits for another's lock.
    patience: Duration,
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

    /// Without a line break before the semicolon, where no comment needs it: SQLite keeps the text of CREATE INDEX up
    /// to there, and the schema would not equal the one that the shell makes.
    fn join(statements: &[&str]) -> String {
        let has_comment = |text: &str| text.lines().next_back().is_some_and(|line| line.contains("--"));
        let ended = |text: &&str| format!("{text}{};", if has_comment(text) { "\n" } else { "" });
        statements.iter().map(ended).collect::<Vec<_>>().join("\n")
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
                let text = match value.type_info().name() {
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

    fn reset_statements(&mut self, options: &SessionOptions) -> Result<Vec<String>, SqlError> {
        self.patience = patience(options);
        let mut statements: Vec<String> = settings::SHELL_DEFAULTS.iter().map(|sql| (*sql).to_owned()).collect();
        statements.extend(settings::setup(options));
        Ok(statements)
    }

    fn may_wait(&self, error: SqlError, waited: Duration) -> Result<(), SqlError> {
        if error.kind != SqlErrorKind::LockTimeout || waited >= self.patience {
            return Err(error);
        }
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(SqlError { kind: SqlErrorKind::Cancelled, ..error });
        }
        Ok(())
    }

    fn canceller(&self) -> Box<dyn Canceller> {
        Box::new(SqliteCanceller(Arc::clone(&self.cancelled)))
    }

    fn observer(&self) -> Box<dyn Observer> {
        Box::new(SqliteObserver(self.path.clone()))
    }

    async fn close(self) {
        let _ = self.connection.close().await;
    }
}

/// Raises the flag that SQLite's progress handler looks at. While a statement waits for another process's lock
/// nothing looks: SQLite waits in small pieces, between which [`SqliteDriver::may_wait`] does.
struct SqliteCanceller(Arc<AtomicBool>);

#[async_trait]
impl Canceller for SqliteCanceller {
    async fn cancel(&self) -> Result<(), SqlError> {
        self.0.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// How long a statement waits for a lock: what was asked, else a time that lets an application finish its transaction.
fn patience(options: &SessionOptions) -> Duration {
    match options.lock_timeout {
        None => Duration::from_secs(5),
        Some(Duration::ZERO) => Duration::MAX,
        Some(timeout) => timeout,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{BatchError, Position, StatementResult};

    async fn in_memory() -> Box<dyn Session> {
        let file = SqliteFile { path: None, create: false, read_only: false };
        connect(&file, &SessionOptions::default()).await.unwrap()
    }

    async fn cell(session: &mut dyn Session, sql: &str) -> Option<String> {
        session.query(sql).await.unwrap()[0].0[0].clone()
    }

    async fn run(
        session: &mut dyn Session,
        statements: &[&str],
    ) -> (Vec<(usize, Option<u64>)>, Result<(), BatchError>) {
        let mut finished = Vec::new();
        let mut done = |index, result: StatementResult| finished.push((index, result.rows));
        let ended = session.run(statements, &mut done).await;
        (finished, ended)
    }

    #[tokio::test]
    async fn each_statement_of_a_batch_is_heard_of_and_the_failing_one_is_named() {
        let mut session = in_memory().await;
        let statements = [
            "CREATE TABLE t (a INTEGER) -- no semicolon; no end",
            "INSERT INTO t VALUES (1), (2)",
            "SELECT a FROM t",
            "INSERT INTO nowhere VALUES (1)",
            "DROP TABLE t",
        ];
        let (finished, ended) = run(&mut *session, &statements).await;
        assert_eq!(finished, [(0, None), (1, Some(2)), (2, Some(2))]);
        let failure = ended.unwrap_err();
        assert_eq!(failure.index, 3);
        assert_eq!(failure.error.position, Some(Position::Text("nowhere".to_owned())));
        assert_eq!(
            cell(&mut *session, "SELECT count(*) FROM t").await.as_deref(),
            Some("2"),
            "what follows is not run"
        );
    }

    #[tokio::test]
    async fn the_schema_keeps_a_statement_as_it_was_written() {
        let mut session = in_memory().await;
        let index = "CREATE INDEX i ON t (a)";
        run(&mut *session, &["CREATE TABLE t (a)", index, "SELECT 1"]).await.1.unwrap();
        let kept = cell(&mut *session, "SELECT sql FROM sqlite_schema WHERE name = 'i'").await;
        assert_eq!(kept.as_deref(), Some(index));
    }

    #[tokio::test]
    async fn a_batch_longer_than_a_message_keeps_its_indexes() {
        let mut session = in_memory().await;
        let mut statements = vec!["SELECT 1"; 100];
        statements[77] = "SELEC 1";
        let (finished, ended) = run(&mut *session, &statements).await;
        assert_eq!(finished.len(), 77);
        assert_eq!(ended.unwrap_err().index, 77);
    }

    #[tokio::test]
    async fn a_statement_of_nothing_but_a_comment_counts() {
        let mut session = in_memory().await;
        let (finished, ended) = run(&mut *session, &["SELECT 1", "-- nothing"]).await;
        assert!(ended.is_ok());
        assert_eq!(finished, [(0, Some(1)), (1, None)]);
    }

    #[tokio::test]
    async fn cells_of_every_type_read_as_text() {
        let mut session = in_memory().await;
        let rows = session.query("SELECT 7, 1.5, 'é', x'41', NULL, 1 = 1").await.unwrap();
        let cells: Vec<Option<&str>> = (0..6).map(|index| rows[0].text(index)).collect();
        assert_eq!(cells, [Some("7"), Some("1.5"), Some("é"), Some("A"), None, Some("1")]);
    }

    #[tokio::test]
    async fn a_reset_goes_back_to_the_shells_defaults() {
        let mut session = in_memory().await;
        assert_eq!(cell(&mut *session, "PRAGMA foreign_keys").await.as_deref(), Some("0"));
        session.execute("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON").await.unwrap();
        session.reset(&SessionOptions::default(), &[]).await.unwrap();
        for pragma in ["foreign_keys", "recursive_triggers"] {
            assert_eq!(cell(&mut *session, &format!("PRAGMA {pragma}")).await.as_deref(), Some("0"), "{pragma}");
        }
    }

    #[tokio::test]
    async fn a_running_statement_is_cancelled_and_the_session_goes_on() {
        let mut session = in_memory().await;
        let canceller = session.canceller();
        let endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c";
        let cancel = async {
            // The flag is cleared when a statement starts: raise it again until one was hit.
            loop {
                canceller.cancel().await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let ended = tokio::select! { ended = session.query(endless) => ended, () = cancel => unreachable!() };
        assert_eq!(ended.unwrap_err().kind, SqlErrorKind::Cancelled);
        assert!(session.ping().await.is_ok());
    }

    #[tokio::test]
    async fn a_missing_file_is_made_only_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db");
        let open = |create| SqliteFile { path: Some(path.clone()), create, read_only: false };
        let refused = connect(&open(false), &SessionOptions::default()).await.err().unwrap();
        assert_eq!(refused.kind, SqlErrorKind::DatabaseMissing);
        assert!(!path.exists());
        assert!(connect(&open(true), &SessionOptions::default()).await.is_ok());
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), &[b'x'; 4096]).unwrap();
        let file = SqliteFile { path: Some(path.clone()), create: false, read_only: false };
        let error = connect(&file, &SessionOptions::default()).await.err().unwrap();
        assert_eq!(error.kind, SqlErrorKind::DatabaseMissing);
        assert!(error.message.contains("notes.txt"), "{}", error.message);
    }
}
