//! Backups of SQLite databases: the file itself under its lock, or page by page where there is a write-ahead log.
//!
//! Opened through the library that holds every other connection of this process: a second one would drop the first
//! one's locks when it closes the file (<https://www.sqlite.org/howtocorrupt.html>, 2.2).

mod copy;
mod dump;
mod file_copy;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OpenFlags};

use super::error::BackupError;
use super::manifest::{Method, Product};
use super::pipe::{reader, telling};
use super::settings::Settings;
use super::store::{Archive, Pending};
use super::technique::{Dumped, OnProgress, Scratch, Swapped, Technique};
use crate::db::sqlite::{meaning, waits};
use crate::db::{ConnectOptions, ServerInfo, Session, SessionOptions, SqliteFile};
use crate::fail_point;
use copy::Stop;
use dump::{Dump, dump};

/// How long a restore waits for those who are just writing.
const SWAP_PATIENCE: Duration = Duration::from_secs(10);

/// What stands beside a database file, by the end of its name.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// See the module.
pub(super) struct SqliteTechnique {
    path: PathBuf,
    zstd: Option<i32>,
}

impl SqliteTechnique {
    pub(super) fn new(path: &Path, settings: &Settings) -> Self {
        SqliteTechnique { path: path.to_path_buf(), zstd: settings.compression }
    }
}

#[async_trait]
impl Technique for SqliteTechnique {
    fn method(&self) -> Method {
        Method::SqliteFile
    }

    async fn tool(&mut self, server: &ServerInfo) -> Result<Product, BackupError> {
        Ok(Product { name: "SQLite's online backup".to_owned(), version: server.version.clone() })
    }

    /// The file as it is; compressed, it stands there twice for a moment.
    async fn estimate(&self, _session: &mut dyn Session) -> Result<Option<u64>, BackupError> {
        let size = |path: &Path| path.metadata().map_or(0, |found| found.len());
        let bytes = size(&self.path) + size(&with_suffix(&self.path, "-wal"));
        Ok(Some(if self.zstd.is_some() { bytes + bytes / 2 } else { bytes }))
    }

    async fn dump(
        &self,
        options: &SessionOptions,
        pending: &Pending,
        progress: OnProgress<'_>,
    ) -> Result<Dumped, BackupError> {
        let (source, zstd, file) = (self.path.clone(), self.zstd, pending.file()?);
        let plain = if zstd.is_some() { pending.scratch() } else { pending.path().to_path_buf() };
        let patience = waits::patience(options);
        let counter = Arc::new(AtomicU64::new(0));
        let (stop, stopped) = Stop::pair();
        let work = {
            let counter = Arc::clone(&counter);
            move || Ok(dump(&Dump { source, plain, zstd, patience, stopped, counter }, file))
        };
        let done = telling(work, &counter, progress).await.map_err(BackupError::io("write", pending.path()));
        drop(stop);
        let (written, tables) = done??;
        Ok(Dumped { written: Some(written), tables })
    }

    /// Connecting to write makes the file.
    async fn make_missing(&self) -> Result<(), BackupError> {
        Ok(())
    }

    fn scratch(&self, name: Option<&str>, run_id: &str) -> Scratch {
        let path = match name {
            Some(name) => PathBuf::from(name),
            None => with_suffix(&self.path, &format!("-restore-{run_id}")),
        };
        let name = path.display().to_string();
        Scratch {
            name,
            connect: ConnectOptions::Sqlite(SqliteFile { path: Some(path), create: false, read_only: false }),
        }
    }

    async fn load(
        &mut self,
        archive: &Archive,
        scratch: &Scratch,
        progress: OnProgress<'_>,
    ) -> Result<(), BackupError> {
        let path = path_of(scratch);
        if path.exists() {
            return Err(BackupError::Exists(path.display().to_string()));
        }
        let (mut from, to) = (reader(archive)?, path.clone());
        let counter = Arc::new(AtomicU64::new(0));
        let (stop, stopped) = Stop::pair();
        let work = {
            let counter = Arc::clone(&counter);
            move || -> io::Result<()> {
                let mut file = super::store::new_file(&to)?;
                copy::bytes(&mut from, &mut file, &stopped, &counter)?;
                file.sync_all()
            }
        };
        let done = telling(work, &counter, progress).await.map_err(BackupError::io("write", &path));
        drop(stop);
        done?;
        let check = {
            let path = path.clone();
            move || Ok(soundness(&path))
        };
        let problems = telling(check, &counter, progress).await.map_err(BackupError::io("read", &path))?;
        match problems {
            Ok(problems) if problems.is_empty() => Ok(()),
            Ok(problems) => Err(BackupError::Differs(problems)),
            Err(error) => Err(meaning(&error).into()),
        }
    }

    async fn discard(&self, scratch: &Scratch) -> Result<(), BackupError> {
        let path = path_of(scratch);
        for path in COMPANIONS.iter().map(|suffix| with_suffix(&path, suffix)).chain([path.clone()]) {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(BackupError::io("remove", path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Nobody needs to leave: a restore is a transaction like any other, and who is connected sees its outcome.
    async fn in_use(&self, _session: &mut dyn Session, _force: bool) -> Result<Vec<String>, BackupError> {
        Ok(Vec::new())
    }

    /// The backup is copied into the database file in one transaction: a kill leaves the old content, which SQLite's
    /// journal restores. Renaming a file over it would leave those who have it open writing to the old one.
    async fn swap(&self, session: Box<dyn Session>, scratch: &Scratch, _force: bool) -> Result<Swapped, BackupError> {
        session.close().await;
        let (source, target) = (path_of(scratch), self.path.clone());
        let work = move || {
            let counter = AtomicU64::new(0);
            let (_stop, stopped) = Stop::pair();
            waits::allow(SWAP_PATIENCE, || false);
            let source = read_write(&source)?;
            let mut target = read_write(&target)?;
            copy::whole(&source, &mut target, SWAP_PATIENCE, &stopped, &counter)
        };
        fail_point::pass("to be swapped");
        let done = tokio::task::spawn_blocking(work).await;
        fail_point::pass("swapped");
        let not_swapped = |problem: String| BackupError::NotSwapped {
            problem,
            state: format!("{} is as it was before", self.path.display()),
        };
        match done {
            Ok(Ok(())) => Ok(Swapped { old: None, notes: Vec::new() }),
            Ok(Err(error)) => Err(not_swapped(meaning(&error).message)),
            Err(error) => Err(not_swapped(error.to_string())),
        }
    }
}

fn path_of(scratch: &Scratch) -> PathBuf {
    PathBuf::from(&scratch.name)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Waits for others as this thread does.
fn read_write(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    waits::govern(&connection)?;
    Ok(connection)
}

/// A file that nobody writes, read without making anything beside it.
fn unchanging(path: &Path) -> rusqlite::Result<Connection> {
    let path: String = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{path}?immutable=1"), flags)?;
    // Nobody shortens this file: it can be read without a call for every page.
    connection.query_row("PRAGMA mmap_size = 1099511627776", [], |_| Ok(()))?;
    Ok(connection)
}

/// What SQLite finds wrong with a file.
fn soundness(path: &Path) -> rusqlite::Result<Vec<String>> {
    let connection = unchanging(path)?;
    let mut check = connection.prepare("PRAGMA integrity_check(5)")?;
    let said = check.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(said.into_iter().filter(|line| line != "ok").collect())
}
