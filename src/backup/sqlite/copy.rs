//! Copying a database page by page while others use it.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, ffi};

/// How long one step may keep writers out, roughly: outside WAL mode, reading locks them out.
pub(super) const STEP: Duration = Duration::from_millis(50);

/// After so many starts from the beginning, because others wrote meanwhile, the rest is copied in one step.
pub(super) const RESTARTS: u32 = 3;

/// What is moved at a time where bytes are moved.
pub(super) const CHUNK: usize = 1 << 20;

/// Asks work on another thread to end when it is dropped.
pub(super) struct Stop(Arc<AtomicBool>);

/// Learns of it.
#[derive(Clone)]
pub(super) struct Stopped(Arc<AtomicBool>);

impl Stop {
    pub(super) fn pair() -> (Stop, Stopped) {
        let flag = Arc::new(AtomicBool::new(false));
        (Stop(Arc::clone(&flag)), Stopped(flag))
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Stopped {
    pub(super) fn check(&self) -> rusqlite::Result<()> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_INTERRUPT), None)),
            false => Ok(()),
        }
    }
}

/// Copies all of `source` as it is at one moment into `target`, an empty file that nobody else knows, unflushed.
pub(super) fn copy(
    source: &Connection,
    target: &mut Connection,
    stopped: &Stopped,
    counter: &AtomicU64,
) -> rusqlite::Result<()> {
    // Nobody needs this file after a crash: its own journal and its waits for the disk are for nothing.
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")?;
    let wal = source.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0))? == "wal";
    if wal {
        // A reader of the write-ahead log keeps nobody out, and reads one moment of it to the end.
        source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
    }
    let page = source.query_row("PRAGMA page_size", [], |row| row.get::<_, u32>(0))?;
    let copied = steps(source, target, page, stopped, counter);
    if wal {
        source.execute_batch("COMMIT")?;
    }
    copied
}

fn steps(
    source: &Connection,
    target: &mut Connection,
    page: u32,
    stopped: &Stopped,
    counter: &AtomicU64,
) -> rusqlite::Result<()> {
    let backup = Backup::new(source, target)?;
    let (mut pages, mut restarts, mut done) = (256, 0, 0);
    loop {
        stopped.check()?;
        let started = Instant::now();
        let result = backup.step(if restarts > RESTARTS { -1 } else { pages })?;
        let progress = backup.progress();
        let now = progress.pagecount - progress.remaining;
        restarts += u32::from(now < done);
        done = now;
        counter.store(u64::try_from(done).unwrap_or_default() * u64::from(page), Ordering::Relaxed);
        match result {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            // SQLite has waited its busy timeout already.
            _ => return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None)),
        }
        pages = if started.elapsed() < STEP / 2 { pages.saturating_mul(2) } else { pages };
        if started.elapsed() > STEP {
            pages = (pages / 2).max(16);
        }
    }
}

/// Copies all of `source` over what `target` holds, in one transaction of `target`; waits up to `patience` for those
/// who use it.
pub(super) fn whole(
    source: &Connection,
    target: &mut Connection,
    patience: Duration,
    stopped: &Stopped,
    counter: &AtomicU64,
) -> rusqlite::Result<()> {
    let started = Instant::now();
    let backup = Backup::new(source, target)?;
    loop {
        stopped.check()?;
        let result = backup.step(-1);
        match result {
            Ok(StepResult::Done) => return Ok(()),
            Ok(StepResult::More) => {}
            Ok(_) if started.elapsed() < patience => std::thread::sleep(Duration::from_millis(20)),
            Err(error) if is_busy(&error) && started.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(_) => return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None)),
            Err(error) => return Err(error),
        }
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Moves bytes until there are no more.
pub(super) fn bytes(from: &mut dyn Read, to: &mut dyn Write, stopped: &Stopped, counter: &AtomicU64) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        stopped.check().map_err(io::Error::other)?;
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            read => {
                to.write_all(&buffer[..read])?;
                counter.fetch_add(read as u64, Ordering::Relaxed);
            }
        }
    }
}
