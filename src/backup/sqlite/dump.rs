//! The work of taking a backup: all of it blocks.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use rusqlite::Connection;

use super::copy::{STEP, Stopped, copy};
use super::file_copy::{Copied, CopyError, copy_file};
use super::{read_write, unchanging};
use crate::backup::compare::TableCount;
use crate::backup::error::BackupError;
use crate::backup::sink::{self, Sink, Written};
use crate::backup::store::new_file;
use crate::db::sqlite::{meaning, waits};
use crate::dialect::{Engine, count_rows, list_tables};

/// A backup to take.
pub(super) struct Dump {
    /// The database file.
    pub(super) source: PathBuf,
    /// Where its copy goes: the archive, or with compression a file beside it, which is removed.
    pub(super) plain: PathBuf,
    /// The level of compression.
    pub(super) zstd: Option<i32>,
    /// How long to wait for those who are just writing.
    pub(super) patience: Duration,
    pub(super) stopped: Stopped,
    pub(super) counter: Arc<AtomicU64>,
}

/// Copies the database into the archive, which is `file` and empty, flushes it, and counts the rows of the copy.
///
/// # Errors
/// [`BackupError::Database`] and [`BackupError::Io`].
pub(super) fn dump(dump: &Dump, file: File) -> Result<(Written, Vec<TableCount>), BackupError> {
    let failed = |error: rusqlite::Error| BackupError::from(meaning(&error));
    let unwritten = || BackupError::io("write", &dump.plain);
    let stopped = dump.stopped.clone();
    waits::allow(dump.patience, move || stopped.check().is_err());
    let source = read_write(&dump.source).map_err(failed)?;
    let plain = match dump.zstd {
        Some(_) => new_file(&dump.plain),
        None => file.try_clone(),
    };
    let plain = plain.map_err(unwritten())?;
    let copied = copy_file(&source, &dump.source, &plain, STEP, &dump.stopped, &dump.counter);
    let copied = copied.map_err(|error| match error {
        CopyError::Database(error) => failed(error),
        CopyError::File(error) => unwritten()(error),
    })?;
    if let Copied::HasLog = copied {
        let mut target = Connection::open(&dump.plain).map_err(failed)?;
        copy(&source, &mut target, &dump.stopped, &dump.counter).map_err(failed)?;
    }
    // The counting and the writing need different parts of the machine.
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| match (dump.zstd, copied) {
            (Some(level), _) => compress(&dump.plain, file, level),
            (None, Copied::Whole(written)) => file.sync_all().map(|()| written),
            (None, Copied::HasLog) => sink::written(&file, &dump.plain),
        });
        let counted = count(&dump.plain);
        let written = writing.join().unwrap_or_else(|_| Err(io::Error::other("the writing ended")));
        Ok((written.map_err(unwritten())?, counted.map_err(failed)?))
    })
}

fn compress(plain: &Path, file: File, level: i32) -> io::Result<Written> {
    let mut sink = Sink::new(file, Some(level), Arc::new(AtomicU64::new(0)))?;
    io::copy(&mut File::open(plain)?, &mut sink)?;
    sink.flush()?;
    let written = sink.finish()?;
    std::fs::remove_file(plain)?;
    Ok(written)
}

fn count(path: &Path) -> rusqlite::Result<Vec<TableCount>> {
    let connection = unchanging(path)?;
    let mut listing = connection.prepare(&list_tables(Engine::Sqlite))?;
    let names = listing.query_map([], |row| row.get::<_, String>(1))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let rows = |name: String| {
        let sql = count_rows(Engine::Sqlite, None, &name);
        let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        Ok(TableCount { schema: None, name, rows: u64::try_from(rows).unwrap_or_default() })
    };
    let mut tables = names.into_iter().map(rows).collect::<rusqlite::Result<Vec<_>>>()?;
    tables.sort();
    Ok(tables)
}
