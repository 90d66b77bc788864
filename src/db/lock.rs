//! The migration lock: one run at a time for each history table.
//!
//! On a server it is held by the session that runs the migrations and writes the history: who loses the session
//! loses the ability to write, and no other connection can go on after the lock is gone.

mod end;
mod holder;

pub use end::{end_own, terminate};
pub use holder::LockHolder;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::file_lock::FileLock;
use super::sqlite::{self, has_no_locks};
use super::{ConnectOptions, Row, Session, SqlError, SqlErrorKind};
use crate::dialect::lock_sql::LockSql;
use crate::fail_point;

/// Pause after the first vain attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// How often the lock is given back where the server says that the session does not have it.
const RELEASES: usize = 10;

/// Which lock: that of one history table in one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockKey {
    place: Place,
    /// Who takes it, for those who wait; where the server does not know it by itself.
    application: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Server(LockSql),
    File(PathBuf),
    /// A database in memory belongs to this process alone.
    Nowhere,
}

impl LockKey {
    /// The lock of the history table `table` (on PostgreSQL in `schema`) of the database at `connect`.
    /// `application` is what others see as its holder: `dbwarden/<version> <run id>`.
    pub fn new(connect: &ConnectOptions, schema: &str, table: &str, application: &str) -> Self {
        let place = match connect {
            ConnectOptions::Postgres(_) => Place::Server(LockSql::postgres(schema, table)),
            ConnectOptions::MySql(server) => Place::Server(LockSql::mysql(&server.database, table)),
            ConnectOptions::Sqlite(file) => match &file.path {
                Some(path) => Place::File(path.clone()),
                None => Place::Nowhere,
            },
        };
        LockKey { place, application: application.to_owned() }
    }

    /// The file system of a SQLite database, where its locks may not reach every machine that uses it.
    pub fn doubtful_place(&self) -> Option<&'static str> {
        match &self.place {
            Place::File(database) => sqlite::Place::of(database).doubtful,
            Place::Server(_) | Place::Nowhere => None,
        }
    }
}

/// Why the lock was not had, or could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run has it, and had it for as long as we waited.
    #[error("the migration lock is held by session {}", .0.id)]
    Held(Box<LockHolder>),
    /// The server refused, or the connection was lost.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// The file system of a SQLite database cannot lock files.
    #[error("no locks for {}", .path.display())]
    NoLocks {
        /// The lock file.
        path: PathBuf,
        /// The file system, where it is one that is known for it.
        file_system: Option<&'static str>,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file of a SQLite database has several names. Each would have a lock of its own, and a journal of its own.
    #[error("{} has {names} names", .path.display())]
    SeveralNames {
        /// The database.
        path: PathBuf,
        /// How many.
        names: u64,
    },
    /// The lock file of a SQLite database could not be made or read.
    #[error("lock file {}", .path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// The lock, held. Give it back with [`MigrationLock::release`]; when that is not reached, the end of the session
/// (on SQLite of this value) gives it back.
#[derive(Debug)]
pub struct MigrationLock {
    place: Place,
    file: Option<FileLock>,
}

impl MigrationLock {
    /// Takes the lock, waiting up to `wait` for it; zero tries once. `on_wait` hears after each vain attempt who
    /// holds it and how long we have waited.
    ///
    /// Asks again and again, outside any transaction, instead of waiting in the server: a session that waits in a
    /// statement keeps `CREATE INDEX CONCURRENTLY` of the holder from ever ending.
    ///
    /// # Errors
    /// [`LockError::Held`] after `wait`.
    pub async fn acquire(
        session: &mut dyn Session,
        key: &LockKey,
        wait: Duration,
        on_wait: &mut (dyn FnMut(&LockHolder, Duration) + Send),
    ) -> Result<MigrationLock, LockError> {
        Ok(Self::acquire_and_ask(session, key, wait, on_wait, &[]).await?.0)
    }

    /// The same. Where the lock is had at once, `questions` are asked under it in the same message, and answered; None
    /// where they are still to be asked.
    ///
    /// # Errors
    /// As [`MigrationLock::acquire`].
    pub async fn acquire_and_ask(
        session: &mut dyn Session,
        key: &LockKey,
        wait: Duration,
        on_wait: &mut (dyn FnMut(&LockHolder, Duration) + Send),
        questions: &[&str],
    ) -> Result<(MigrationLock, Option<Vec<Vec<Row>>>), LockError> {
        let started = Instant::now();
        if let (Place::Server(sql), false) = (&key.place, questions.is_empty())
            && let Some(answers) = try_and_ask(session, sql, questions).await?
        {
            fail_point::pass("lock taken");
            return Ok((MigrationLock { place: key.place.clone(), file: None }, Some(answers)));
        }
        let mut backoff = Backoff::new(FIRST_PAUSE);
        let mut last_attempt = false;
        loop {
            if let Some(lock) = try_acquire(session, key).await? {
                fail_point::pass("lock taken");
                return Ok((lock, None));
            }
            let waited = started.elapsed();
            let mut pause = backoff.pause();
            let holder = holder(session, key).await?;
            // Without a holder it was given back in this moment: worth one more attempt, also when time is up. Not for
            // ever: a user without the right to see other sessions never sees one.
            if waited >= wait && (holder.is_some() || last_attempt) {
                return Err(LockError::Held(Box::new(holder.unwrap_or_default())));
            }
            last_attempt = waited >= wait;
            if let Some(holder) = holder {
                on_wait(&holder, waited);
            }
            fail_point::pass("lock waited for");
            pause = pause.min(wait.saturating_sub(waited).max(FIRST_PAUSE));
            tokio::time::sleep(pause).await;
        }
    }

    /// The same as [`MigrationLock::release`] where nothing else will be said on the session.
    ///
    /// # Errors
    /// As there.
    pub async fn release_at_the_end(self, session: &mut dyn Session) -> Result<(), SqlError> {
        if let Place::Server(sql) = &self.place
            && session.query_at_the_end(&sql.release()).await?.first().and_then(|row| row.number(0)) == Some(1)
        {
            return Ok(());
        }
        self.release(session).await
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// [`SqlErrorKind::LockLost`] when this session did not hold it any more.
    pub async fn release(self, session: &mut dyn Session) -> Result<(), SqlError> {
        drop(self.file);
        let Place::Server(sql) = &self.place else { return Ok(()) };
        for _ in 0..RELEASES {
            if only_number(session, &sql.release()).await? == Some(1) {
                return Ok(());
            }
            // A pooler may have given this statement another connection than the one that has the lock, where it would
            // stay behind. Where somebody else has it, giving back what we do not have does no harm.
            if session.query(&sql.holder()).await?.is_empty() {
                break;
            }
            tokio::time::sleep(FIRST_PAUSE).await;
        }
        Err(SqlError::new(SqlErrorKind::LockLost, "the session did not hold the migration lock any more"))
    }

    /// The expression that takes the lock: on another session it must not be 1 as long as this one is held. None where
    /// the operating system holds it.
    pub fn another_try(&self) -> Option<String> {
        match &self.place {
            Place::Server(sql) => Some(sql.attempt()),
            Place::File(_) | Place::Nowhere => None,
        }
    }

    /// A condition in SQL that is true while this session holds the lock, to make writes depend on it. None where
    /// it cannot be lost: the operating system takes back a lock on a file only from a process that ended.
    pub fn fence_condition(&self) -> Option<String> {
        match &self.place {
            Place::Server(sql) => Some(sql.fence()),
            Place::File(_) | Place::Nowhere => None,
        }
    }
}

/// Tries the lock and asks `questions` behind it. None where it was not had, or something stood in the way of an
/// answer: then it is as if nothing had been asked.
async fn try_and_ask(
    session: &mut dyn Session,
    sql: &LockSql,
    questions: &[&str],
) -> Result<Option<Vec<Vec<Row>>>, SqlError> {
    let attempt = sql.try_acquire();
    let mut queries = vec![sql.fresh_view(), &attempt];
    let before = queries.len();
    queries.extend(questions);
    match session.query_each(&queries).await {
        Ok(mut answers) => {
            let had = answers[before - 1].first().and_then(|row| row.number(0)) == Some(1);
            Ok(had.then(|| answers.split_off(before)))
        }
        Err(error) if error.kind.ends_session() => Err(error),
        Err(_) => {
            // It may have been had before a question failed. Where it was not, giving it back does no harm.
            session.query(&sql.release()).await?;
            Ok(None)
        }
    }
}

async fn try_acquire(session: &mut dyn Session, key: &LockKey) -> Result<Option<MigrationLock>, LockError> {
    let place = key.place.clone();
    match &key.place {
        Place::Nowhere => Ok(Some(MigrationLock { place, file: None })),
        Place::File(database) => {
            let path = FileLock::path_for(database);
            let found = sqlite::Place::of(database);
            if found.names > 1 {
                return Err(LockError::SeveralNames { path: database.clone(), names: found.names });
            }
            let file =
                FileLock::try_acquire(&path, &key.application).map_err(|source| match has_no_locks(&source) {
                    true => LockError::NoLocks { path, file_system: found.doubtful, source },
                    false => LockError::Io { path, source },
                })?;
            Ok(file.map(|file| MigrationLock { place, file: Some(file) }))
        }
        Place::Server(sql) => match only_number(session, &sql.try_acquire()).await.map_err(unknown_here)? {
            Some(1) => Ok(Some(MigrationLock { place, file: None })),
            Some(0) => Ok(None),
            // MySQL's NULL: out of memory, or the thread was killed.
            _ => {
                Err(SqlError::new(SqlErrorKind::OutOfResources, "the server could not give the migration lock").into())
            }
        },
    }
}

/// A server that does not know how to lock says so with an error of the statement.
fn unknown_here(error: SqlError) -> SqlError {
    match error.kind {
        SqlErrorKind::Statement => {
            let message = format!("the server cannot take the migration lock: {}", error.message);
            SqlError { kind: SqlErrorKind::LockIneffective, message, ..error }
        }
        _ => error,
    }
}

async fn only_number(session: &mut dyn Session, sql: &str) -> Result<Option<i64>, SqlError> {
    only_number_in(session, sql, 0).await
}

async fn only_number_in(session: &mut dyn Session, sql: &str, column: usize) -> Result<Option<i64>, SqlError> {
    Ok(session.query(sql).await?.first().and_then(|row| row.number(column)))
}

/// Who holds the lock; None when nobody does. Reads only.
///
/// # Errors
/// [`LockError::Sql`] and [`LockError::Io`].
pub async fn holder(session: &mut dyn Session, key: &LockKey) -> Result<Option<LockHolder>, LockError> {
    match &key.place {
        Place::Nowhere => Ok(None),
        Place::File(database) => {
            let path = FileLock::path_for(database);
            FileLock::holder(&path).map_err(|source| LockError::Io { path, source })
        }
        Place::Server(sql) => Ok(session.query(&sql.holder()).await?.first().map(LockHolder::from_row)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{SessionOptions, SqliteFile, connect};

    #[tokio::test]
    async fn a_second_run_waits_and_hears_who_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteFile { path: Some(folder.path().join("app.db")), create: true, read_only: false };
        let options = ConnectOptions::Sqlite(file);
        let key = LockKey::new(&options, "", "_dbwarden_migrations", "dbwarden/1 first");
        let mut session = connect(&options, &SessionOptions::default()).await.unwrap();
        let session = &mut *session;

        let first = MigrationLock::acquire(session, &key, Duration::ZERO, &mut |_, _| {}).await.unwrap();
        assert_eq!(first.fence_condition(), None);
        let mut heard = Vec::new();
        let mut on_wait = |holder: &LockHolder, _| heard.push(holder.application.clone());
        let refused = MigrationLock::acquire(session, &key, Duration::from_millis(60), &mut on_wait).await;
        assert!(matches!(refused, Err(LockError::Held(holder)) if holder.id == i64::from(std::process::id())));
        assert_eq!(heard.first(), Some(&Some("dbwarden/1 first".to_owned())));

        first.release(session).await.unwrap();
        assert_eq!(holder(session, &key).await.unwrap(), None);
        assert!(MigrationLock::acquire(session, &key, Duration::ZERO, &mut |_, _| {}).await.is_ok());
    }
}
