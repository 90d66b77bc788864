//! A dump that its program writes by itself, read behind it.
//!
//! The program's output is the file: a pipe would wake two processes for every few kilobytes, and make three copies of
//! each byte. Only for programs that write from the beginning to the end.

use std::fs::File;
use std::io::{self, Read};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rustix::fs::statvfs;
use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::error::BackupError;
use super::pipe::{Tap, telling};
use super::program::Running;
use super::sink::Written;
use super::store::Pending;
use super::technique::OnProgress;

/// What is read at a time.
const CHUNK: usize = 1 << 20;

/// How long to wait for more.
const PAUSE: Duration = Duration::from_millis(5);

/// After so much the disk is waited for, while the program goes on: at the end little is left to wait for.
const FLUSH: u64 = 16 << 20;

/// Less room than this is none.
const NO_ROOM: u64 = 64 * 1024;

/// Runs `command`, called `name` in messages, with `pending` as its output, until that is on the disk. `tap` sees every
/// byte, in order.
///
/// # Errors
/// [`BackupError::ProgramFailed`], and [`BackupError::Io`] where the disk is full.
pub(super) async fn follow<T: Tap>(
    name: &str,
    command: &mut Command,
    pending: &Pending,
    mut tap: T,
    progress: OnProgress<'_>,
) -> Result<(Written, T), BackupError> {
    let running = Running::start(name, command.stdin(Stdio::null()).stdout(pending.file()?))?;
    let mut file = File::open(pending.path()).map_err(BackupError::io("open", pending.path()))?;
    let (raw, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    // Ends the reading also where this is dropped.
    let whole = Ended(Arc::clone(&ended));
    let counter = Arc::clone(&raw);
    let reading = move || -> io::Result<(Written, T)> {
        let (mut hasher, mut buffer, mut flushed) = (Sha256::new(), vec![0; CHUNK], 0);
        loop {
            // Asked first: what is there after the end is all there is.
            let last = ended.load(Ordering::Acquire);
            match file.read(&mut buffer)? {
                0 if last => break,
                0 => std::thread::sleep(PAUSE),
                read => {
                    hasher.update(&buffer[..read]);
                    tap.see(&buffer[..read]);
                    let bytes = counter.fetch_add(read as u64, Ordering::Relaxed);
                    if bytes - flushed > FLUSH && !last {
                        file.sync_data()?;
                        flushed = bytes;
                    }
                }
            }
        }
        file.sync_all()?;
        let bytes = counter.load(Ordering::Relaxed);
        Ok((Written { bytes, sha256: hex::encode(hasher.finalize()) }, tap))
    };
    let program = async {
        let finished = running.finish().await;
        drop(whole);
        finished
    };
    let (finished, read) = tokio::join!(program, telling(reading, &raw, progress));
    let full = || statvfs(pending.path()).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < NO_ROOM);
    match finished {
        Err(_) if full() => Err(BackupError::io("write", pending.path())(io::ErrorKind::StorageFull.into())),
        Err(error) => Err(error),
        Ok(_) => read.map_err(BackupError::io("read", pending.path())),
    }
}

/// Tells the reading, when it is dropped, that no more will be written.
struct Ended(Arc<AtomicBool>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
