//! Copying a database file byte by byte while others use it: several times as fast as page by page.
//!
//! A file without a write-ahead log is the database as long as somebody holds a shared lock on it: who writes does so
//! under an exclusive one (<https://www.sqlite.org/lockingv3.html>).

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ffi};
use sha2::{Digest, Sha256};

use super::copy::{CHUNK, RESTARTS, Stopped};
use crate::backup::flush::Flusher;
use crate::backup::sink::Written;

/// Chunks that may wait for being digested.
const AHEAD: usize = 8;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub(super) enum CopyError {
    /// SQLite's.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// The operating system's.
    #[error(transparent)]
    File(#[from] io::Error),
}

/// A copy that is whole, of one moment, but not necessarily on the disk yet.
#[derive(Debug)]
pub(super) enum Copied {
    /// With its size and digest.
    Whole(Written),
    /// There is a write-ahead log: what the file holds is not the database. Nothing of use was written.
    HasLog,
}

/// What the digesting thread hears.
enum Piece {
    /// The next bytes.
    Bytes(Vec<u8>),
    /// What came so far is void.
    Restart,
}

/// Copies the file at `path`, which `source` has opened, into the empty `target`.
///
/// Holds the shared lock for `step` at a time and starts from the beginning where somebody wrote in between; after
/// [`RESTARTS`] of those it keeps the lock to the end.
///
/// # Errors
/// See [`CopyError`].
pub(super) fn copy_file(
    source: &Connection,
    path: &Path,
    target: &File,
    step: Duration,
    stopped: &Stopped,
    counter: &AtomicU64,
) -> Result<Copied, CopyError> {
    // Never closed: that would drop all locks that this process holds on the file, SQLite's own too
    // (<https://www.sqlite.org/howtocorrupt.html>, 2.2). The process ends soon.
    let file = std::mem::ManuallyDrop::new(File::open(path)?);
    std::thread::scope(|scope| {
        let (pieces, to_digest) = sync_channel(AHEAD);
        let (used, empty) = sync_channel(AHEAD + 2);
        let digesting = scope.spawn(move || digest(&to_digest, &used));
        let flusher = Flusher::of(target)?;
        let mut copying = Copying { source, file: &file, target, pieces, empty, flusher, step, stopped, counter };
        let whole = copying.run()?;
        drop(copying);
        let sha256 = digesting.join().map_err(|_| io::Error::other("the digesting ended"))?;
        Ok(match whole {
            Some(bytes) => Copied::Whole(Written { bytes, sha256 }),
            None => {
                target.set_len(0)?;
                Copied::HasLog
            }
        })
    })
}

/// The SHA-256 of what came since the last restart; gives the buffers back.
fn digest(pieces: &Receiver<Piece>, used: &SyncSender<Vec<u8>>) -> String {
    let mut hasher = Sha256::new();
    for piece in pieces {
        match piece {
            Piece::Restart => hasher = Sha256::new(),
            Piece::Bytes(bytes) => {
                hasher.update(&bytes);
                let _ = used.try_send(bytes);
            }
        }
    }
    hex::encode(hasher.finalize())
}

struct Copying<'a> {
    source: &'a Connection,
    file: &'a File,
    target: &'a File,
    pieces: SyncSender<Piece>,
    empty: Receiver<Vec<u8>>,
    flusher: Flusher,
    step: Duration,
    stopped: &'a Stopped,
    counter: &'a AtomicU64,
}

/// The file as it is under the lock.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    /// Changes with every commit of another connection.
    version: i64,
    bytes: u64,
}

impl Copying<'_> {
    /// How many bytes there are; None with a write-ahead log.
    fn run(&mut self) -> Result<Option<u64>, CopyError> {
        let (mut begun, mut restarts, mut done) = (None, 0, 0);
        loop {
            self.stopped.check()?;
            let locked = Instant::now();
            // The first look into the file takes the lock, and rolls back what a crash has left.
            self.source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
            let Some(state) = self.state()? else {
                self.source.execute_batch("COMMIT")?;
                return Ok(None);
            };
            if begun != Some(state) {
                restarts += u32::from(begun.is_some());
                begun = Some(state);
                self.restart()?;
                done = 0;
            }
            while done < state.bytes {
                self.stopped.check()?;
                done += self.chunk(state.bytes - done)?;
                self.flusher.written(done);
                self.counter.store(done, Ordering::Relaxed);
                if locked.elapsed() >= self.step && restarts <= RESTARTS {
                    break;
                }
            }
            self.source.execute_batch("COMMIT")?;
            if done == state.bytes {
                return Ok(Some(done));
            }
        }
    }

    /// None with a write-ahead log.
    fn state(&self) -> rusqlite::Result<Option<State>> {
        let ask = |what: &str| self.source.query_row(&format!("PRAGMA {what}"), [], |row| row.get::<_, i64>(0));
        if self.source.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0))? == "wal" {
            return Ok(None);
        }
        let bytes = u64::try_from(ask("page_count")? * ask("page_size")?).unwrap_or_default();
        Ok(Some(State { version: ask("data_version")?, bytes }))
    }

    fn restart(&mut self) -> io::Result<()> {
        let (mut file, mut target) = (self.file, self.target);
        file.rewind()?;
        target.rewind()?;
        target.set_len(0)?;
        self.hand_over(Piece::Restart)
    }

    /// Moves the next bytes, at most `left`.
    fn chunk(&mut self, left: u64) -> Result<u64, CopyError> {
        let mut bytes = self.empty.try_recv().unwrap_or_else(|_| vec![0; CHUNK]);
        bytes.resize(CHUNK.min(usize::try_from(left).unwrap_or(CHUNK)), 0);
        let (mut file, mut target) = (self.file, self.target);
        file.read_exact(&mut bytes).map_err(too_short)?;
        target.write_all(&bytes)?;
        let moved = bytes.len() as u64;
        self.hand_over(Piece::Bytes(bytes))?;
        Ok(moved)
    }

    fn hand_over(&self, piece: Piece) -> io::Result<()> {
        self.pieces.send(piece).map_err(|_| io::Error::other("the digesting ended"))
    }
}

/// A file that has fewer pages than it says is damaged, in SQLite's words too.
fn too_short(error: io::Error) -> CopyError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), None).into()
        }
        _ => error.into(),
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "backups are files; the ban on std::fs is about migration files")]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::super::copy::Stop;
    use super::*;
    use crate::db::sqlite::waits;
    use crate::db::sqlite::waits::tests::beside_one_who_never_rests;

    /// A database of a few chunks, in the way that `journal_mode` says.
    fn database(folder: &Path, journal_mode: &str) -> Connection {
        let connection = Connection::open(folder.join("app.db")).unwrap();
        connection.busy_timeout(Duration::from_secs(60)).unwrap();
        connection.query_row(&format!("PRAGMA journal_mode = {journal_mode}"), [], |_| Ok(())).unwrap();
        // The two numbers are far from each other in the file.
        let fill = "CREATE TABLE a (n int); INSERT INTO a VALUES (1000);
            CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(5000000));
            CREATE TABLE b (n int); INSERT INTO b VALUES (1000);";
        connection.execute_batch(&format!("PRAGMA synchronous = OFF; {fill}")).unwrap();
        connection
    }

    fn copied(folder: &Path, step: Duration) -> Copied {
        let source = Connection::open(folder.join("app.db")).unwrap();
        waits::allow(Duration::from_secs(5), || false);
        waits::govern(&source).unwrap();
        let target = File::create(folder.join("copy.db")).unwrap();
        let (_stop, stopped) = Stop::pair();
        copy_file(&source, &folder.join("app.db"), &target, step, &stopped, &AtomicU64::new(0)).unwrap()
    }

    fn total(path: &Path) -> i64 {
        let copy = Connection::open(path).unwrap();
        copy.query_row("SELECT a.n + b.n FROM a, b", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn the_copy_is_the_file_and_the_digest_is_its() {
        let folder = tempfile::tempdir().unwrap();
        drop(database(folder.path(), "DELETE"));
        let Copied::Whole(written) = copied(folder.path(), Duration::from_secs(60)) else { panic!("there is no log") };
        let copy = std::fs::read(folder.path().join("copy.db")).unwrap();
        assert_eq!(copy, std::fs::read(folder.path().join("app.db")).unwrap());
        assert_eq!(written, Written { bytes: copy.len() as u64, sha256: hex::encode(Sha256::digest(&copy)) });
    }

    #[test]
    fn it_starts_again_when_others_write_in_between() {
        let folder = tempfile::tempdir().unwrap();
        let writer = database(folder.path(), "DELETE");
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let over = &over;
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    writer.execute_batch("BEGIN; UPDATE a SET n = n - 1; UPDATE b SET n = n + 1; COMMIT").unwrap();
                }
            });
            for _ in 0..5 {
                let result = std::panic::catch_unwind(|| {
                    let Copied::Whole(written) = copied(folder.path(), Duration::ZERO) else { panic!("no log") };
                    assert_eq!(total(&folder.path().join("copy.db")), 2000);
                    let copy = std::fs::read(folder.path().join("copy.db")).unwrap();
                    assert_eq!(written.sha256, hex::encode(Sha256::digest(&copy)));
                });
                if let Err(panic) = result {
                    over.store(true, Ordering::Relaxed);
                    std::panic::resume_unwind(panic);
                }
            }
            over.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn it_gets_its_turn_beside_one_who_never_rests() {
        let folder = tempfile::tempdir().unwrap();
        drop(database(folder.path(), "DELETE"));
        let copies = || (0..5).map(|_| copied(folder.path(), Duration::from_millis(50))).collect::<Vec<_>>();
        let copies = beside_one_who_never_rests(&folder.path().join("app.db"), copies);
        assert!(copies.iter().all(|copied| matches!(copied, Copied::Whole(_))), "{copies:?}");
    }

    #[test]
    fn a_file_with_a_log_is_left_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let _open = database(folder.path(), "WAL");
        assert!(matches!(copied(folder.path(), Duration::ZERO), Copied::HasLog));
    }

    #[test]
    fn the_locks_of_the_process_stay() {
        let folder = tempfile::tempdir().unwrap();
        let holder = database(folder.path(), "DELETE");
        holder.execute_batch("BEGIN; SELECT count(*) FROM a").unwrap();
        copied(folder.path(), Duration::ZERO);
        // Another process sees whether the shared lock is still there.
        let path = folder.path().join("app.db");
        let other = std::process::Command::new("sqlite3").arg(path).arg("UPDATE a SET n = 0").output().unwrap();
        assert!(String::from_utf8_lossy(&other.stderr).contains("locked"), "{other:?}");
    }
}
