//! Data between a program and an archive, with progress told on the way.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::process::Command;

use super::error::BackupError;
use super::printed::Printed;
use super::program::Running;
use super::sink::{Sink, Written};
use super::store::{Archive, Pending};
use super::technique::{OnProgress, Progress};

/// What is moved at a time.
const CHUNK: usize = 256 * 1024;

/// How often progress is told.
const TICK: Duration = Duration::from_millis(250);

/// Runs `command`, called `name` in messages, and writes what it prints into `pending`, compressed at a zstd level
/// where one is given. `tap` sees every byte as the program printed it, in order.
///
/// # Errors
/// [`BackupError::ProgramFailed`], and [`BackupError::Io`] where the archive cannot be written.
pub(super) async fn collect<T: Tap>(
    name: &str,
    command: &mut Command,
    pending: &Pending,
    zstd: Option<i32>,
    mut tap: T,
    progress: OnProgress<'_>,
) -> Result<(Written, T), BackupError> {
    let mut running = Running::start(name, command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let from = running.child.stdout.take().map(|stdout| stdout.into_owned_fd());
    let raw = Arc::new(AtomicU64::new(0));
    let sink = Sink::new(pending.file()?, zstd, Arc::clone(&raw)).map_err(BackupError::io("write", pending.path()))?;
    let copying = move || -> io::Result<(Written, T)> {
        let Some(from) = from else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let (mut printed, mut sink) = (Printed::new(File::from(from?)), sink);
        loop {
            match printed.next()? {
                [] => return Ok((sink.finish()?, tap)),
                piece => {
                    sink.write_all(piece)?;
                    tap.see(piece);
                }
            }
        }
    };
    // A full disk ends the copying, which ends the program: it can write no more.
    let copied = telling(copying, &raw, progress).await.map_err(BackupError::io("write", pending.path()));
    let copied = copied?;
    running.finish().await?;
    Ok(copied)
}

/// Runs `command` with an archive on its standard input, decompressed where it was compressed by us.
///
/// # Errors
/// As [`collect`].
pub(super) async fn feed(
    name: &str,
    command: &mut Command,
    archive: &Archive,
    progress: OnProgress<'_>,
) -> Result<(), BackupError> {
    let mut running = Running::start(name, command.stdin(Stdio::piped()).stdout(Stdio::null()))?;
    let to = running.child.stdin.take().map(|stdin| stdin.into_owned_fd());
    let mut from = reader(archive)?;
    let raw = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&raw);
    let copying = move || -> io::Result<()> {
        let Some(to) = to else { return Ok(()) };
        let (mut to, mut buffer) = (File::from(to?), vec![0; CHUNK]);
        loop {
            let read = match from.read(&mut buffer)? {
                0 => return Ok(()),
                read => read,
            };
            match to.write_all(&buffer[..read]) {
                // The program has ended: it will say why.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                other => other?,
            }
            counter.fetch_add(read as u64, Ordering::Relaxed);
        }
    };
    telling(copying, &raw, progress).await.map_err(BackupError::io("read", &archive.path))?;
    running.finish().await.map(drop)
}

/// The archive's content, decompressed where it was compressed by us.
pub(super) fn reader(archive: &Archive) -> Result<Box<dyn Read + Send>, BackupError> {
    let open = |path: &Path| -> io::Result<Box<dyn Read + Send>> {
        let file = BufReader::with_capacity(CHUNK, File::open(path)?);
        match archive.manifest.zstd {
            Some(_) => Ok(Box::new(zstd::Decoder::with_buffer(file)?)),
            None => Ok(Box::new(file)),
        }
    };
    open(&archive.path).map_err(BackupError::io("read", &archive.path))
}

/// Does blocking work on another thread and tells meanwhile what it counts.
pub(super) async fn telling<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
    counter: &AtomicU64,
    progress: OnProgress<'_>,
) -> io::Result<T> {
    let mut work = tokio::task::spawn_blocking(work);
    loop {
        if let Ok(ended) = tokio::time::timeout(TICK, &mut work).await {
            return ended.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        }
        progress(Progress { bytes: counter.load(Ordering::Relaxed), tables: None });
    }
}

/// Reads much of `path` on another thread: this one has to keep the session alive that holds the lock.
pub(super) async fn aside<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or_else(|panic| Err(BackupError::io("read", path)(io::Error::other(panic))))
}

/// Sees what passes by.
pub(super) trait Tap: Send + 'static {
    /// The next bytes.
    fn see(&mut self, bytes: &[u8]);
}

/// Sees nothing.
pub(super) struct NoTap;

impl Tap for NoTap {
    fn see(&mut self, _bytes: &[u8]) {}
}
