//! Who holds the locks of a database file: the kernel's list, by inode. The file itself is never opened, because closing
//! it again would drop the locks that SQLite holds on it in this process
//! (<https://www.sqlite.org/howtocorrupt.html>, section 2.2).

use std::io::Read;
use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;

use crate::db::{Blocker, Observation, Observer, SqlError};
use crate::dialect::Engine;
use crate::dialect::blocker_sql::end_session;

/// The bytes that SQLite locks in the database file (<https://www.sqlite.org/lockingv3.html>, `os.h`).
const PENDING: u64 = 0x4000_0000;
const SHARED: RangeInclusive<u64> = PENDING + 2..=PENDING + 511;

/// The byte of the `-shm` file that the one writer of a database in WAL mode locks
/// (<https://www.sqlite.org/walformat.html>, section 2.3.1).
const WAL_WRITE: u64 = 120;

/// Reads `/proc/locks`. Elsewhere than on Linux there is none, and nobody is seen.
pub(super) struct SqliteObserver(pub Option<PathBuf>);

#[async_trait]
impl Observer for SqliteObserver {
    async fn observe(&mut self) -> Result<Observation, SqlError> {
        let blockers = self.0.as_deref().map(blockers).unwrap_or_default();
        Ok(Observation { blockers, ..Observation::default() })
    }

    fn patience(&self) -> Duration {
        Duration::MAX
    }

    async fn close(self: Box<Self>) {}
}

fn blockers(database: &Path) -> Vec<Blocker> {
    let Some(listed) = text("/proc/locks") else { return Vec::new() };
    let inode = |path: &Path| std::fs::metadata(path).ok().map(|found| found.ino());
    let Some(file) = inode(database) else { return Vec::new() };
    let mut shared_memory = database.as_os_str().to_owned();
    shared_memory.push("-shm");
    let locks: Vec<Lock> = listed.lines().filter_map(Lock::parse).collect();
    in_the_way(&locks, i64::from(std::process::id()), file, inode(Path::new(&shared_memory)))
        .into_iter()
        .map(|(pid, state)| describe(pid, state))
        .collect()
}

fn describe(pid: i64, state: &str) -> Blocker {
    let owner = std::fs::metadata(format!("/proc/{pid}")).ok();
    Blocker {
        id: pid,
        certain: true,
        process: true,
        user: owner.map(|process| format!("uid {}", process.uid())),
        // Not its arguments, which can hold a password.
        application: text(&format!("/proc/{pid}/comm")).map(|name| name.trim().to_owned()),
        state: Some(state.to_owned()),
        end_with: end_session(Engine::Sqlite, pid),
        ..Blocker::default()
    }
}

fn text(path: &str) -> Option<String> {
    let mut text = String::new();
    std::fs::File::open(path).ok()?.read_to_string(&mut text).ok()?;
    Some(text)
}

/// A lock that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lock {
    write: bool,
    pid: i64,
    inode: u64,
    bytes: RangeInclusive<u64>,
}

impl Lock {
    /// `1: POSIX  ADVISORY  WRITE 1234 08:01:131090 1073741825 1073741825`
    fn parse(line: &str) -> Option<Lock> {
        let mut words = line.split_whitespace().skip(1);
        // Not `->`, which waits, and not FLOCK, which SQLite does not use.
        if words.next() != Some("POSIX") {
            return None;
        }
        let write = words.nth(1)? == "WRITE";
        let pid = words.next()?.parse().ok()?;
        let inode = words.next()?.rsplit(':').next()?.parse().ok()?;
        let start: u64 = words.next()?.parse().ok()?;
        let end = words.next()?;
        let end = if end == "EOF" { u64::MAX } else { end.parse().ok()? };
        Some(Lock { write, pid, inode, bytes: start..=end })
    }

    fn covers(&self, inode: u64, bytes: &RangeInclusive<u64>) -> bool {
        self.inode == inode && self.bytes.start() <= bytes.end() && bytes.start() <= self.bytes.end()
    }
}

/// The processes that `own` has to wait for on the database `file` (and, in WAL mode, its `shared_memory`), and what
/// they do. Who holds the write lock waits for readers at most, when it commits; everybody else for the writer.
fn in_the_way(locks: &[Lock], own: i64, file: u64, shared_memory: Option<u64>) -> Vec<(i64, &'static str)> {
    let holds = |pid: Option<i64>, write: bool, inode: u64, bytes: RangeInclusive<u64>| {
        let mut pids: Vec<i64> = locks
            .iter()
            .filter(|lock| lock.covers(inode, &bytes) && lock.write == write)
            .filter(|lock| pid.map_or(lock.pid != own, |pid| lock.pid == pid))
            .map(|lock| lock.pid)
            .collect();
        pids.sort_unstable();
        pids.dedup();
        pids
    };
    let writers = |pid: Option<i64>| {
        let mut found = holds(pid, true, file, PENDING..=*SHARED.end());
        found.extend(shared_memory.iter().flat_map(|memory| holds(pid, true, *memory, WAL_WRITE..=WAL_WRITE)));
        found
    };
    if writers(Some(own)).is_empty() {
        return writers(None).into_iter().map(|pid| (pid, "writing")).collect();
    }
    if holds(Some(own), true, file, PENDING..=PENDING).is_empty() {
        return Vec::new();
    }
    holds(None, false, file, SHARED).into_iter().map(|pid| (pid, "reading")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESERVED: u64 = PENDING + 1;

    fn found(locks: &str, shared_memory: Option<u64>) -> Vec<(i64, &'static str)> {
        let locks: Vec<Lock> = locks.lines().filter_map(Lock::parse).collect();
        in_the_way(&locks, 7, 42, shared_memory)
    }

    #[test]
    fn the_writer_is_in_the_way_and_readers_only_of_a_commit() {
        let shared = |pid: i64| format!("1: POSIX  ADVISORY  READ {pid} fe:00:42 1073741826 1073742335\n");
        let write = |pid: i64, byte: u64| format!("2: POSIX  ADVISORY  WRITE {pid} fe:00:42 {byte} {byte}\n");
        let all = |parts: &[String]| parts.concat();
        assert_eq!(found(&all(&[shared(8), write(8, RESERVED), shared(7)]), None), [(8, "writing")]);
        assert_eq!(found(&all(&[shared(8), shared(7)]), None), [], "readers do not exclude each other");
        assert_eq!(found(&all(&[shared(8), shared(7), write(7, RESERVED)]), None), [], "we are at work");
        let commit = all(&[shared(8), shared(9), shared(7), write(7, RESERVED), write(7, PENDING)]);
        assert_eq!(found(&commit, None), [(8, "reading"), (9, "reading")]);
    }

    #[test]
    fn a_writer_in_wal_mode_is_seen_by_its_shared_memory() {
        let text = "1: POSIX  ADVISORY  WRITE 8 fe:00:43 120 120\n2: POSIX  ADVISORY  READ 9 fe:00:43 124 124\n";
        assert_eq!(found(text, Some(43)), [(8, "writing")]);
        assert_eq!(found(text, None), []);
    }

    #[test]
    fn who_waits_and_who_locks_something_else_is_left_out() {
        let text = "1: POSIX  ADVISORY  WRITE 8 fe:00:99 1073741825 1073741825\n\
                    1: -> POSIX  ADVISORY  WRITE 8 fe:00:42 1073741825 1073741825\n\
                    2: FLOCK  ADVISORY  WRITE 8 fe:00:42 0 EOF\n\
                    3: POSIX  ADVISORY  WRITE 8 fe:00:42 0 EOF\n";
        assert_eq!(found(text, None), [(8, "writing")], "the last one covers every byte");
    }
}
