//! The migration lock of SQLite: a lock of the operating system on a file beside the database.
//!
//! Not on the database itself: closing any handle to it drops the locks that SQLite holds on it in this process
//! (<https://www.sqlite.org/howtocorrupt.html>, section 2.2). The kernel gives the lock back when its process ends,
//! however it ends.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::lock::LockHolder;
use crate::fail_point;

/// What the holder writes into the file, for those who wait.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Owner {
    pid: u32,
    host: String,
    application: String,
    since: String,
}

/// A lock that is held. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// The lock file of `database`: the same for every path that leads to it.
    pub fn path_for(database: &Path) -> PathBuf {
        let real =
            std::fs::canonicalize(database).unwrap_or_else(|_| match (database.parent(), database.file_name()) {
                // The database does not exist yet; its folder does.
                (Some(folder), Some(name)) => {
                    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                    std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf()).join(name)
                }
                _ => database.to_path_buf(),
            });
        let mut path = OsString::from(real);
        path.push(".dbwarden-lock");
        PathBuf::from(path)
    }

    /// Takes the lock; None when another process has it.
    pub fn try_acquire(path: &Path, application: &str) -> io::Result<Option<FileLock>> {
        loop {
            let (file, writable) = open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // A holder removes the file when it leaves: a lock on a removed file excludes nobody.
            if !is_at(&file, path)? {
                continue;
            }
            let mut lock = FileLock { file, path: path.to_path_buf() };
            fail_point::pass("lock file unsigned");
            if writable {
                // On a full disk nobody learns who holds it; that it is held is what counts.
                let _ = lock.sign(application);
                return Ok(Some(lock));
            }
            // Left behind by a run of another user that was killed: it is locked now, and nobody's any more. Where it
            // cannot be removed, its lock serves as it is.
            if std::fs::remove_file(path).is_err() {
                return Ok(Some(lock));
            }
        }
    }

    fn sign(&mut self, application: &str) -> io::Result<()> {
        let owner = Owner {
            pid: std::process::id(),
            host: host(),
            application: application.to_owned(),
            since: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        };
        self.file.set_len(0)?;
        self.file.write_all(serde_json::to_string(&owner)?.as_bytes())?;
        self.file.flush()
    }

    /// Who holds the lock at `path`. Changes nothing.
    pub fn holder(path: &Path) -> io::Result<Option<LockHolder>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            Ok(()) => return Ok(None),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        // Empty for the moment between taking the lock and signing it.
        let owner: Option<Owner> = serde_json::from_str(&text).ok();
        Ok(Some(match owner {
            Some(owner) => LockHolder {
                id: i64::from(owner.pid),
                application: Some(owner.application),
                client: Some(owner.host),
                since: Some(owner.since),
                ..LockHolder::default()
            },
            None => LockHolder::default(),
        }))
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Before the lock is given back, so that no one else's file is removed. Where it cannot be removed it stays
        // as an empty file, which holds nothing.
        let _ = self.file.set_len(0);
        fail_point::pass("lock file emptied");
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Opens the lock file, made where there is none, and says whether it may be written. Never through a symbolic link:
/// in a folder that others can write to, it could lead to any file of this user.
fn open(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
    }
    match options.open(path) {
        Ok(file) => Ok((file, true)),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            // A lock needs no right to write.
            let file = options.write(false).create(false).open(path).map_err(|_| error)?;
            Ok((file, false))
        }
        Err(error) => Err(error),
    }
}

/// The name of this machine.
pub(super) fn host() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// Whether `file` still is what `path` leads to.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok(ours.dev() == there.dev() && ours.ino() == there.ino()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = FileLock::path_for(&folder.path().join("app.db"));
        assert_eq!(FileLock::holder(&path).unwrap(), None);

        let lock = FileLock::try_acquire(&path, "dbwarden/1 run").unwrap();
        assert!(lock.is_some());
        assert!(FileLock::try_acquire(&path, "other").unwrap().is_none());
        let holder = FileLock::holder(&path).unwrap().unwrap();
        assert_eq!((holder.id, holder.application.as_deref()), (i64::from(std::process::id()), Some("dbwarden/1 run")));

        drop(lock);
        assert!(!path.exists());
        assert!(FileLock::try_acquire(&path, "other").unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn every_path_to_a_database_leads_to_one_lock() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("app.db");
        File::create(&database).unwrap();
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&database, &link).unwrap();
        assert_eq!(FileLock::path_for(&link), FileLock::path_for(&database));
    }

    #[cfg(unix)]
    #[test]
    fn a_planted_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        std::io::Write::write_all(&mut File::create(&victim).unwrap(), b"precious").unwrap();
        let path = folder.path().join("app.db.dbwarden-lock");
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        assert!(FileLock::try_acquire(&path, "run").is_err());
        let mut text = String::new();
        File::open(&victim).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "precious");
    }

    #[test]
    fn an_unsigned_lock_has_an_unknown_holder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let file = File::create(&path).unwrap();
        file.try_lock().unwrap();
        assert_eq!(FileLock::holder(&path).unwrap(), Some(LockHolder::default()));
    }
}
